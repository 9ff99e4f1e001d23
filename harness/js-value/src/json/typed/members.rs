//! Arrays and objects that are being read.

use std::marker::PhantomData;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess};

use super::de::Reader;
use crate::json::walk::{EXPECTED_ELEMENT, EXPECTED_KEY, EXPECTED_MEMBER};
use crate::typed::{Failure, KeyReader, PlainKey, Seen};

/// An open array.
pub(super) struct Elements<'r, 'de> {
    reader: &'r mut Reader<'de>,
    place: Place,
}

/// An open object.
pub(super) struct Members<'r, 'de> {
    reader: &'r mut Reader<'de>,
    place: Place,
    seen: Seen,
}

/// How far an array or object is read.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Up to the first element or member, or to the bracket that closes it.
    First,
    /// Past an element or member.
    Next,
    /// Past the bracket.
    End,
}

impl<'de> Reader<'de> {
    /// Reads the bracket that opens an array or object, up to what comes first.
    #[inline]
    fn open(&mut self) -> Result<(), Failure> {
        self.depth.enter()?;
        self.scanner.bump();
        self.scanner.skip_space();
        Ok(())
    }

    /// Reads up to the next element or member, if there is one; otherwise past the bracket.
    #[inline(always)]
    fn advance(&mut self, place: &mut Place, bracket: u8, expected: &str) -> Result<bool, Failure> {
        if *place == Place::Next {
            self.scanner.skip_space();
        }
        match (*place, self.scanner.peek()) {
            (Place::End, _) => Ok(false),
            (_, Some(byte)) if byte == bracket => {
                self.scanner.bump();
                self.depth.leave();
                *place = Place::End;
                Ok(false)
            }
            (Place::First, _) => {
                *place = Place::Next;
                Ok(true)
            }
            (Place::Next, Some(b',')) => {
                self.scanner.bump();
                self.scanner.skip_space();
                Ok(true)
            }
            (Place::Next, _) => Err(self.scanner.error(expected).into()),
        }
    }
}

impl<'r, 'de> Elements<'r, 'de> {
    #[inline]
    pub(super) fn open(reader: &'r mut Reader<'de>) -> Result<Self, Failure> {
        reader.open()?;
        Ok(Self { reader, place: Place::First })
    }

    /// Checks that all elements are read.
    #[inline]
    pub(super) fn close(&mut self) -> Result<(), Failure> {
        match self.reader.advance(&mut self.place, b']', EXPECTED_ELEMENT)? {
            false => Ok(()),
            true => Err(Failure::new("an array with more elements than expected")),
        }
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Failure;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Failure> {
        match self.reader.advance(&mut self.place, b']', EXPECTED_ELEMENT)? {
            true => seed.deserialize(&mut *self.reader).map(Some),
            false => Ok(None),
        }
    }
}

impl<'r, 'de> Members<'r, 'de> {
    #[inline]
    pub(super) fn open(reader: &'r mut Reader<'de>) -> Result<Self, Failure> {
        reader.open()?;
        Ok(Self { reader, place: Place::First, seen: Seen::default() })
    }

    /// Checks that all members are read.
    #[inline]
    pub(super) fn close(&mut self) -> Result<(), Failure> {
        match self.next_key_seed(PhantomData::<IgnoredAny>)? {
            None => Ok(()),
            Some(_) => Err(Failure::new("an object with more members than expected")),
        }
    }

    /// Reads what follows a key, up to the value. Returns whether the member counts; what does not
    /// is read past its value.
    #[inline(always)]
    fn counts(&mut self, key: Option<&str>, position: usize) -> Result<bool, Failure> {
        self.reader.scanner.colon()?;
        if self.reader.is_superseded(position) {
            self.reader.skip()?;
            return Ok(false);
        }
        if key.is_none_or(|key| self.seen.add(key)) {
            self.reader.may_be_repeated()?;
        }
        Ok(true)
    }
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = Failure;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Failure> {
        while self.reader.advance(&mut self.place, b'}', EXPECTED_MEMBER)? {
            let scanner = &mut self.reader.scanner;
            let position = scanner.position();
            if scanner.peek() != Some(b'"') {
                return Err(scanner.error(EXPECTED_KEY).into());
            }
            let key = match scanner.plain_string() {
                Some(key) => {
                    if !self.counts(Some(key), position)? {
                        continue;
                    }
                    seed.deserialize(PlainKey(key))
                }
                None => {
                    let key = scanner.escaped_string()?;
                    if !self.counts(key.utf8(), position)? {
                        continue;
                    }
                    seed.deserialize(KeyReader(key))
                }
            };
            return key.map(Some).map_err(|failure| failure.at(position));
        }
        Ok(None)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        seed.deserialize(&mut *self.reader)
    }
}
