//! JSON text as values of types.

use std::borrow::Cow;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, Error, IntoDeserializer, Unexpected, Visitor};

use super::error::Failure;
use super::members::{Elements, Members};
use super::superseded::Superseded;
use super::{ParseError, ParseLimits};
use crate::json::scanner::{Number, Scanner, Text};
use crate::json::walk::{Container, Depth, Parts, walk};
use crate::number::MAX_SAFE_INTEGER;

/// Without a limit of the caller.
const DEFAULT_MAX_DEPTH: usize = 128;

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
    pub(super) fn new(text: &'de str, limits: &ParseLimits) -> Self {
        let limit = limits.max_depth.unwrap_or(DEFAULT_MAX_DEPTH);
        Self {
            text,
            scanner: Scanner::new(text),
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
            None if failure.is_of_text() => return Err(failure),
            None => Superseded::find(self.text)?,
        };
        if superseded.is_empty() {
            return Err(failure);
        }
        self.superseded = Some(superseded);
        self.scanner = Scanner::new(self.text);
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
    fn integer<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Failure> {
        let start = self.scanner.position();
        if !matches!(self.scanner.peek(), Some(b'-' | b'0'..=b'9')) {
            return Err(self.mismatch(&visitor));
        }
        let number = self.scanner.number()?;
        visit_integer(number, visitor).map_err(|failure| failure.at(start))
    }

    #[inline]
    fn float<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Failure> {
        let start = self.scanner.position();
        if !matches!(self.scanner.peek(), Some(b'-' | b'0'..=b'9')) {
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
        let text = self.scanner.string()?;
        visit_text(text, visitor).map_err(|failure| failure.at(start))
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

/// Hands a number to a type of integers.
#[inline]
fn visit_integer<'de, V: Visitor<'de>>(number: Number, visitor: V) -> Result<V::Value, Failure> {
    match safe_integer(number) {
        Some((false, magnitude)) => visitor.visit_u64(magnitude),
        Some((true, magnitude)) => visitor.visit_i64(-(magnitude as i64)),
        None => {
            let n = number.as_f64();
            Err(if n.fract() == 0.0 {
                Failure::new(format_args!(
                    "an integer beyond ±(2^53 - 1), where numbers of JavaScript are not exact, \
                     expected {}",
                    &visitor as &dyn de::Expected
                ))
            } else {
                Failure::invalid_type(Unexpected::Float(n), &visitor)
            })
        }
    }
}

/// The sign and size of a number that is an integer and exact.
#[inline]
fn safe_integer(number: Number) -> Option<(bool, u64)> {
    let (negative, magnitude) = match number {
        Number::Integer { negative, magnitude } => (negative, magnitude),
        Number::Double(n) if n.fract() == 0.0 => (n.is_sign_negative(), n.abs() as u64),
        Number::Double(_) => return None,
    };
    (magnitude <= MAX_SAFE_INTEGER).then_some((negative, magnitude))
}

/// Hands a string to a type.
#[inline]
pub(super) fn visit_text<'de, V: Visitor<'de>>(
    text: Text<'de>,
    visitor: V,
) -> Result<V::Value, Failure> {
    match text {
        Text::Utf8(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
        Text::Utf8(Cow::Owned(text)) => visitor.visit_string(text),
        Text::Wide(_) => Err(lone_surrogate(&visitor)),
    }
}

/// Hands a name to an enum, as a variant with nothing in it.
pub(super) fn visit_variant<'de, V: Visitor<'de>>(
    name: Text<'de>,
    visitor: V,
) -> Result<V::Value, Failure> {
    match name {
        Text::Utf8(name) => visitor.visit_enum(name.into_deserializer()),
        Text::Wide(_) => Err(lone_surrogate(&visitor)),
    }
}

#[cold]
fn lone_surrogate(visitor: &dyn de::Expected) -> Failure {
    Failure::new(format_args!(
        "a string with a lone surrogate, which has no UTF-8 form, expected {visitor}"
    ))
}

/// Hands a string to a type of bytes, in WTF-8.
pub(super) fn visit_bytes<'de, V: Visitor<'de>>(
    text: Text<'de>,
    visitor: V,
) -> Result<V::Value, Failure> {
    match text {
        Text::Utf8(Cow::Borrowed(text)) => visitor.visit_borrowed_bytes(text.as_bytes()),
        Text::Utf8(Cow::Owned(text)) => visitor.visit_byte_buf(text.into_bytes()),
        Text::Wide(units) => visitor.visit_byte_buf(wtf8(&units)),
    }
}

fn wtf8(units: &[u16]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(units.len());
    for unit in char::decode_utf16(units.iter().copied()) {
        match unit {
            Ok(character) => {
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            // Three bytes, as UTF-8 would have them for a code point of this size.
            Err(lone) => {
                let [high, low] = lone.unpaired_surrogate().to_be_bytes();
                bytes.extend([0xe0 | high >> 4, 0x80 | (high & 0xf) << 2 | low >> 6]);
                bytes.push(0x80 | low & 0x3f);
            }
        }
    }
    bytes
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.scanner.peek() {
            Some(b'"') => self.string(visitor),
            Some(b'-' | b'0'..=b'9') => {
                let start = self.scanner.position();
                let number = self.scanner.number()?;
                match safe_integer(number) {
                    None | Some((true, 0)) => visitor.visit_f64(number.as_f64()),
                    Some(_) => visit_integer(number, visitor),
                }
                .map_err(|failure| failure.at(start))
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

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.integer(visitor)
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.integer(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.integer(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.integer(visitor)
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.integer(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.integer(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.integer(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.integer(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.integer(visitor)
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.integer(visitor)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.float(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.float(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.string(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.string(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.string(visitor)
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

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_bytes(visitor)
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

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.array(visitor)
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

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.object(visitor)
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
