//! Arrays, Sets and typed arrays that are being read.

use serde::de::{DeserializeSeed, IntoDeserializer, SeqAccess, Visitor};

use super::reader::Reader;
use super::scalar::Scalar;
use crate::ViewClass;
use crate::clone::part::{Bytes, Key};
use crate::clone::tag;
use crate::typed::Failure;

/// An open array or Set.
pub(super) struct Elements<'r, 'de> {
    reader: &'r mut Reader<'de>,
    /// Which element comes next.
    index: u32,
    stage: Stage,
    /// How long it is; of a Set not known.
    length: u32,
    /// How many values were read that are counted: properties of an array, and those of a Set.
    values: usize,
    /// What ends it.
    end: u8,
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    /// Elements up to the length, without keys.
    Dense,
    /// Properties, of which those with indices are elements.
    Properties,
    /// The value of the property with this index comes next, after holes.
    Before(u32),
    /// The values of a Set.
    Set,
    /// Past its end, where only holes are left.
    Past,
}

/// What comes next.
enum Next {
    Value,
    Hole,
    End,
}

impl<'r, 'de> Elements<'r, 'de> {
    /// Of a dense array that was entered.
    #[inline]
    pub(super) fn dense(reader: &'r mut Reader<'de>, length: u32) -> Self {
        let (stage, end) = (Stage::Dense, tag::END_DENSE_ARRAY);
        Self { reader, index: 0, stage, length, values: 0, end }
    }

    /// Of a sparse array, likewise.
    pub(super) fn sparse(reader: &'r mut Reader<'de>, length: u32) -> Self {
        let (stage, end) = (Stage::Properties, tag::END_SPARSE_ARRAY);
        Self { reader, index: 0, stage, length, values: 0, end }
    }

    /// Of a Set, likewise.
    pub(super) fn set(reader: &'r mut Reader<'de>) -> Self {
        Self { reader, index: 0, stage: Stage::Set, length: 0, values: 0, end: tag::END_SET }
    }

    /// Hands all elements to a type.
    #[inline]
    pub(super) fn visit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Failure> {
        let value = visitor.visit_seq(&mut self)?;
        self.close()?;
        Ok(value)
    }

    /// Checks that all elements are read.
    #[inline]
    fn close(mut self) -> Result<(), Failure> {
        match self.advance()? {
            Next::End => Ok(()),
            Next::Value | Next::Hole => {
                Err(Failure::new("an array with more elements than expected"))
            }
        }
    }

    #[inline]
    fn advance(&mut self) -> Result<Next, Failure> {
        if self.stage == Stage::Dense {
            if self.index < self.length {
                self.index += 1;
                let hole = self.reader.input.closes(tag::HOLE)?;
                return Ok(if hole { Next::Hole } else { Next::Value });
            }
            self.stage = Stage::Properties;
        }
        loop {
            match self.stage {
                Stage::Before(index) if self.index < index => return self.hole(),
                Stage::Before(index) => {
                    self.index = index + 1;
                    self.stage = Stage::Properties;
                    return Ok(Next::Value);
                }
                Stage::Past if self.index < self.length => return self.hole(),
                Stage::Past => return Ok(Next::End),
                Stage::Set => {
                    if !self.reader.input.closes(tag::END_SET)? {
                        self.values += 1;
                        return Ok(Next::Value);
                    }
                    self.reader.input.expect(self.values)?;
                    self.reader.leave();
                    self.stage = Stage::Past;
                }
                Stage::Dense | Stage::Properties => self.property()?,
            }
        }
    }

    fn hole(&mut self) -> Result<Next, Failure> {
        self.index += 1;
        self.reader.charge(1)?;
        Ok(Next::Hole)
    }

    /// Reads the end, or a key up to the value of an element, or a property that is no element.
    #[inline]
    fn property(&mut self) -> Result<(), Failure> {
        let input = &mut self.reader.input;
        if input.closes(self.end)? {
            input.expect(self.values)?;
            input.expect(self.length as usize)?;
            self.reader.leave();
            self.stage = Stage::Past;
            return Ok(());
        }
        let position = input.at;
        self.values += 1;
        match input.key()? {
            Key::Index(index) if index >= self.index => self.stage = Stage::Before(index),
            Key::Index(_) => {
                return Err(Failure::new("an element after one of a later index").at(position));
            }
            Key::Number(_) | Key::String(_) => {
                self.reader.skip()?;
                // It might be there twice.
                self.reader.check()?;
            }
        }
        Ok(())
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Failure;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Failure> {
        match self.advance()? {
            Next::Value => seed.deserialize(&mut *self.reader).map(Some),
            Next::Hole => seed.deserialize(().into_deserializer()).map(Some),
            Next::End => Ok(None),
        }
    }

    /// No more than a few: an array may claim to be as long as the rest of the payload.
    #[inline]
    fn size_hint(&self) -> Option<usize> {
        match self.stage {
            Stage::Dense => {
                Some((self.length.saturating_sub(self.index) as usize).min(MOST_HINTED))
            }
            _ => None,
        }
    }
}

const MOST_HINTED: usize = 64;

/// Hands the elements of an ArrayBuffer or view to a type; without a class of elements, the bytes.
pub(super) fn visit_elements_of<'de, V: Visitor<'de>>(
    bytes: Bytes<'de>,
    visitor: V,
) -> Result<V::Value, Failure> {
    let (class, bytes) = match bytes {
        Bytes::Buffer { bytes, .. } | Bytes::View { class: ViewClass::DataView, bytes } => {
            (ViewClass::Uint8Array, bytes)
        }
        Bytes::View { class, bytes } => (class, bytes),
    };
    let mut numbers = Numbers { class, bytes, next: 0 };
    let value = visitor.visit_seq(&mut numbers)?;
    match numbers.left() {
        0 => Ok(value),
        _ => Err(Failure::new(format_args!("{class} with more elements than expected"))),
    }
}

/// The elements of a typed array.
struct Numbers<'de> {
    class: ViewClass,
    bytes: &'de [u8],
    next: usize,
}

impl Numbers<'_> {
    fn left(&self) -> usize {
        self.bytes.len() / self.class.element_size().unwrap_or(1) - self.next
    }
}

impl<'de> SeqAccess<'de> for Numbers<'de> {
    type Error = Failure;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Failure> {
        match Scalar::of(self.class, self.bytes, self.next) {
            Some(scalar) => {
                self.next += 1;
                seed.deserialize(scalar).map(Some)
            }
            None => Ok(None),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left())
    }
}
