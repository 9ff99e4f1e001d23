//! Objects, Maps and errors that are being read.

use std::borrow::Cow;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, MapAccess};

use super::reader::Reader;
use crate::clone::input::Input;
use crate::clone::part::{ErrorPart, Key};
use crate::clone::{ReadError, tag};
use crate::number_to_string;
use crate::string::Text;
use crate::typed::{Failure, KeyReader, Seen};

/// An open object.
pub(super) struct Members<'r, 'de> {
    reader: &'r mut Reader<'de>,
    read: usize,
    ended: bool,
    seen: Seen,
}

impl<'r, 'de> Members<'r, 'de> {
    /// Of an object that was entered.
    #[inline]
    pub(super) fn new(reader: &'r mut Reader<'de>) -> Self {
        Self { reader, read: 0, ended: false, seen: Seen::default() }
    }

    /// Checks that all members are read.
    #[inline]
    pub(super) fn close(mut self) -> Result<(), Failure> {
        match self.key()? {
            None => Ok(()),
            Some(_) => Err(Failure::new("an object with more members than expected")),
        }
    }

    /// Reads the next key whose value is not `undefined`. Returns it and its place.
    #[inline]
    fn key(&mut self) -> Result<Option<(Text<'de>, usize)>, Failure> {
        while !self.ended {
            let input = &mut self.reader.input;
            if input.closes(tag::END_OBJECT)? {
                input.expect(self.read)?;
                self.reader.leave();
                self.ended = true;
                break;
            }
            let position = input.at;
            let key = text(input)?;
            self.read += 1;
            let undefined = input.closes(tag::UNDEFINED)?;
            if key.utf8().is_none_or(|key| self.seen.add(key)) {
                self.reader.check()?;
            }
            if !undefined {
                return Ok(Some((key, position)));
            }
        }
        Ok(None)
    }
}

/// Reads a key.
#[inline]
fn text<'de>(input: &mut Input<'de>) -> Result<Text<'de>, ReadError> {
    if input.is_at(tag::ONE_BYTE_STRING) {
        return Ok(input.units(tag::ONE_BYTE_STRING)?.text());
    }
    Ok(match input.key()? {
        Key::String(units) => units.text(),
        Key::Index(index) => Text::Utf8(Cow::Owned(index.to_string())),
        Key::Number(n) => Text::Utf8(Cow::Owned(number_to_string(n))),
    })
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = Failure;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Failure> {
        let Some((key, position)) = self.key()? else { return Ok(None) };
        seed.deserialize(KeyReader(key)).map(Some).map_err(|failure| failure.at(position))
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        seed.deserialize(&mut *self.reader)
    }
}

/// An open Map.
pub(super) struct Entries<'r, 'de> {
    reader: &'r mut Reader<'de>,
    read: usize,
    ended: bool,
}

impl<'r, 'de> Entries<'r, 'de> {
    /// Of a Map that was entered.
    pub(super) fn new(reader: &'r mut Reader<'de>) -> Self {
        Self { reader, read: 0, ended: false }
    }

    /// Checks that all entries are read.
    pub(super) fn close(mut self) -> Result<(), Failure> {
        match self.advance()? {
            false => Ok(()),
            true => Err(Failure::new("a Map with more entries than expected")),
        }
    }

    /// Reads up to the next entry, if there is one.
    fn advance(&mut self) -> Result<bool, Failure> {
        if !self.ended && self.reader.input.closes(tag::END_MAP)? {
            self.reader.input.expect(self.read)?;
            self.reader.leave();
            self.ended = true;
        }
        self.read += 2;
        Ok(!self.ended)
    }
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Failure> {
        match self.advance()? {
            true => seed.deserialize(&mut *self.reader).map(Some),
            false => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        seed.deserialize(&mut *self.reader)
    }
}

/// An open error, as an object with the members `name`, `message`, `stack` and `cause`, of which
/// the first is always there.
pub(super) struct ErrorMembers<'r, 'de> {
    reader: &'r mut Reader<'de>,
    named: bool,
    ended: bool,
    /// The value of the member whose key was read, if that is the name. Others come next.
    name: Option<&'static str>,
}

impl<'r, 'de> ErrorMembers<'r, 'de> {
    /// Of an error that was entered.
    pub(super) fn new(reader: &'r mut Reader<'de>) -> Self {
        Self { reader, named: false, ended: false, name: None }
    }

    /// Checks that all members are read.
    pub(super) fn close(mut self) -> Result<(), Failure> {
        match self.key()? {
            None => Ok(()),
            Some(_) => Err(Failure::new("an Error with more members than expected")),
        }
    }

    fn key(&mut self) -> Result<Option<&'static str>, Failure> {
        if self.ended {
            return Ok(None);
        }
        let start = self.reader.input;
        let part = self.reader.input.error_part()?;
        if !self.named {
            self.named = true;
            self.name = Some(match part {
                ErrorPart::Class(class) => class.name(),
                _ => {
                    self.reader.input = start;
                    "Error"
                }
            });
            return Ok(Some("name"));
        }
        let key = match part {
            ErrorPart::Class(_) => {
                let failure = Failure::new("an Error whose class is not its first part");
                return Err(failure.at(start.at));
            }
            ErrorPart::Message(_) => "message",
            ErrorPart::Stack(_) => "stack",
            ErrorPart::Cause => return Ok(Some("cause")),
            ErrorPart::End => {
                self.reader.leave();
                self.ended = true;
                return Ok(None);
            }
        };
        // Up to the string, which is a value like any other.
        self.reader.input = start;
        self.reader.input.vint()?;
        Ok(Some(key))
    }
}

impl<'de> MapAccess<'de> for ErrorMembers<'_, 'de> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Failure> {
        let Some(key) = self.key()? else { return Ok(None) };
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        match self.name.take() {
            Some(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
            None => seed.deserialize(&mut *self.reader),
        }
    }
}
