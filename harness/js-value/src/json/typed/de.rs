//! JSON text as values of types.

use std::ops::Range;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, Error, Unexpected, Visitor};

use super::members::{Elements, Members};
use super::superseded::Superseded;
use super::{ParseError, ParseLimits};
use crate::json::scanner::{Number, Scanner};
use crate::json::walk::{Container, Depth, Parts, walk};
use crate::number::MAX_SAFE_INTEGER;
use crate::typed::{
    DEFAULT_MAX_DEPTH, Failure, forward, visit_bytes, visit_integer, visit_number, visit_text,
    visit_variant,
};

/// A text and how far it is read.
pub(super) struct Reader<'de> {
    text: &'de str,
    pub(super) scanner: Scanner<'de>,
    pub(super) depth: Depth,
    /// How deep that may be which takes no stack.
    limit_of_skipped: usize,
    /// Known once an object seemed to have the same key twice.
    superseded: Option<Superseded>,
}

impl<'de> Reader<'de> {
    pub(super) fn new(text: &'de str, plain: Range<usize>, limits: &ParseLimits) -> Self {
        let limit = limits.max_depth.unwrap_or(DEFAULT_MAX_DEPTH);
        Self {
            text,
            scanner: Scanner::new(text, plain),
            depth: Depth { reached: 0, limit },
            limit_of_skipped: limits.max_depth.unwrap_or(usize::MAX),
            superseded: None,
        }
    }

    /// Reads the whole text.
    #[inline]
    pub(super) fn read<T: Deserialize<'de>>(&mut self) -> Result<T, Failure> {
        self.scanner.skip_space();
        let value = T::deserialize(&mut *self)?;
        self.scanner.end()?;
        Ok(value)
    }

    /// Reads the text once more without the members that are superseded, if that is why the type
    /// did not take it.
    #[cold]
    pub(super) fn read_again<T: Deserialize<'de>>(
        &mut self,
        failure: Failure,
    ) -> Result<T, Failure> {
        let superseded = match self.superseded.take() {
            Some(superseded) => superseded,
            None if !failure.is_of_type() => return Err(failure),
            None => Superseded::find(self.text)?,
        };
        if superseded.is_empty() {
            return Err(failure);
        }
        self.superseded = Some(superseded);
        self.scanner = Scanner::new(self.text, 0..0);
        self.depth.reached = 0;
        self.read()
    }

    /// Whether the member whose key is at this place is superseded, as far as that is known.
    #[inline]
    pub(super) fn is_superseded(&self, key: usize) -> bool {
        self.superseded.as_ref().is_some_and(|superseded| superseded.contains(key))
    }

    /// Called where the key of a member may be one that the object had before. If any is, what was
    /// read so far is worth nothing.
    #[cold]
    pub(super) fn may_be_repeated(&mut self) -> Result<(), Failure> {
        if self.superseded.is_none() {
            let superseded = self.superseded.insert(Superseded::find(self.text)?);
            if !superseded.is_empty() {
                return Err(Failure::new("a key is repeated"));
            }
        }
        Ok(())
    }

    /// Reads a value for nobody, of any depth that the caller allows.
    pub(super) fn skip(&mut self) -> Result<(), ParseError> {
        let depth = Depth { reached: self.depth.reached, limit: self.limit_of_skipped };
        walk(&mut self.scanner, depth, &mut Nobody)
    }

    /// The error for a value, not read yet, that the visitor does not take.
    #[cold]
    fn mismatch(&self, visitor: &dyn de::Expected) -> Failure {
        let found = match self.scanner.peek() {
            Some(b'"') => "a string",
            Some(b'-' | b'0'..=b'9') => "a number",
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            _ => return self.scanner.error("expected a value").into(),
        };
        Failure::invalid_type(Unexpected::Other(found), visitor).at(self.scanner.position())
    }

    fn word<V: Visitor<'de>>(
        &mut self,
        word: &str,
        visit: impl FnOnce() -> Result<V::Value, Failure>,
    ) -> Result<V::Value, Failure> {
        let start = self.scanner.position();
        self.scanner.word(word)?;
        visit().map_err(|failure| failure.at(start))
    }

    #[inline]
    fn is_at_number(&self) -> bool {
        matches!(self.scanner.peek(), Some(b'-' | b'0'..=b'9'))
    }

    #[inline]
    fn integer<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Failure> {
        let start = self.scanner.position();
        match self.scanner.integer() {
            Some((false, magnitude @ ..=MAX_SAFE_INTEGER)) => visitor.visit_u64(magnitude),
            Some((negative, magnitude)) => {
                visit_integer(Number::Integer { negative, magnitude }, visitor)
            }
            None if self.is_at_number() => visit_integer(self.scanner.unusual_number()?, visitor),
            None => return Err(self.mismatch(&visitor)),
        }
        .map_err(|failure: Failure| failure.at(start))
    }

    #[inline]
    fn float<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Failure> {
        let start = self.scanner.position();
        if !self.is_at_number() {
            return Err(self.mismatch(&visitor));
        }
        let number = self.scanner.number()?;
        visitor.visit_f64(number.as_f64()).map_err(|failure: Failure| failure.at(start))
    }

    #[inline]
    fn string<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Failure> {
        let start = self.scanner.position();
        if self.scanner.peek() != Some(b'"') {
            return Err(self.mismatch(&visitor));
        }
        match self.scanner.plain_string() {
            Some(plain) => visitor.visit_borrowed_str(plain),
            None => visit_text(self.scanner.escaped_string()?, visitor),
        }
        .map_err(|failure| failure.at(start))
    }

    #[inline]
    fn array<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Failure> {
        let start = self.scanner.position();
        if self.scanner.peek() != Some(b'[') {
            return Err(self.mismatch(&visitor));
        }
        let mut elements = Elements::open(self)?;
        let value = visitor.visit_seq(&mut elements).map_err(|failure| failure.at(start))?;
        elements.close().map_err(|failure| failure.at(start))?;
        Ok(value)
    }

    #[inline]
    fn object<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Failure> {
        let start = self.scanner.position();
        if self.scanner.peek() != Some(b'{') {
            return Err(self.mismatch(&visitor));
        }
        let mut members = Members::open(self)?;
        let value = visitor.visit_map(&mut members).map_err(|failure| failure.at(start))?;
        members.close().map_err(|failure| failure.at(start))?;
        Ok(value)
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Failure;

    forward! {
        integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
            deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128;
        float: deserialize_f32 deserialize_f64;
        string: deserialize_char deserialize_str deserialize_string deserialize_identifier;
        array: deserialize_seq;
        object: deserialize_map;
        deserialize_bytes: deserialize_byte_buf;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.scanner.peek() {
            Some(b'"') => self.string(visitor),
            Some(b'-' | b'0'..=b'9') => {
                let start = self.scanner.position();
                let number = self.scanner.number()?;
                visit_number(number, visitor).map_err(|failure| failure.at(start))
            }
            Some(b'{') => self.object(visitor),
            Some(b'[') => self.array(visitor),
            Some(b't') => self.word::<V>("true", || visitor.visit_bool(true)),
            Some(b'f') => self.word::<V>("false", || visitor.visit_bool(false)),
            Some(b'n') => self.word::<V>("null", || visitor.visit_unit()),
            _ => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.scanner.peek() {
            Some(b't') => self.word::<V>("true", || visitor.visit_bool(true)),
            Some(b'f') => self.word::<V>("false", || visitor.visit_bool(false)),
            _ => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let start = self.scanner.position();
        match self.scanner.peek() {
            Some(b'"') => {
                let text = self.scanner.string()?;
                visit_bytes(text, visitor).map_err(|failure| failure.at(start))
            }
            _ => self.array(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.scanner.peek() {
            Some(b'n') => self.word::<V>("null", || visitor.visit_none()),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.scanner.peek() {
            Some(b'n') => self.word::<V>("null", || visitor.visit_unit()),
            _ => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        self.array(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.array(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.object(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let start = self.scanner.position();
        match self.scanner.peek() {
            Some(b'"') => {
                let name = self.scanner.string()?;
                visit_variant(name, visitor)
            }
            Some(b'{') => {
                let mut members = Members::open(self)?;
                let value = visitor.visit_enum(MapAccessDeserializer::new(&mut members));
                value.and_then(|value| members.close().map(|()| value))
            }
            _ => return Err(self.mismatch(&visitor)),
        }
        .map_err(|failure| failure.at(start))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.skip()?;
        visitor.visit_unit()
    }
}

/// Takes the parts of what is skipped.
struct Nobody;

impl<'t> Parts<'t> for Nobody {
    fn string(&mut self, scanner: &mut Scanner<'t>) -> Result<(), ParseError> {
        scanner.skip_string()
    }

    fn key(&mut self, scanner: &mut Scanner<'t>) -> Result<(), ParseError> {
        scanner.skip_string()
    }

    fn number(&mut self, _: Number) {}

    fn bool(&mut self, _: bool) {}

    fn null(&mut self) {}

    fn open(&mut self, _: Container) {}

    fn close(&mut self, _: Container) {}
}
