//! Keys of objects, which are strings in JavaScript whatever they are in Rust.

use std::borrow::Cow;
use std::fmt::Display;

use serde::de::{Deserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde::ser::{Impossible, Serialize, Serializer};

use super::error::Failure;
use super::forward;
use super::strings::{visit_bytes, visit_text, visit_variant};
use crate::number::number_to_string;
use crate::string::Text;

/// What keys are appended to.
pub(crate) trait KeyOutput {
    /// Appends a key.
    fn push_key(&mut self, key: &str) -> Result<(), Failure>;
}

/// Appends a key.
pub(crate) struct KeyWriter<'o, O> {
    pub(crate) out: &'o mut O,
}

/// A key that was read.
pub(crate) struct KeyReader<'de>(pub(crate) Text<'de>);

/// The same, as most are: part of what was read. Small enough to be handed on in registers.
pub(crate) struct PlainKey<'de>(pub(crate) &'de str);

impl<O: KeyOutput> KeyWriter<'_, O> {
    fn text(self, text: &str) -> Result<(), Failure> {
        self.out.push_key(text)
    }

    fn display(self, key: impl Display) -> Result<(), Failure> {
        self.text(&key.to_string())
    }

    fn refused<T>(self, what: &str) -> Result<T, Failure> {
        Err(Failure::new(format_args!(
            "{what} cannot be a key: expected a string, number, boolean, char or unit variant"
        )))
    }
}

type Never = Impossible<(), Failure>;

impl<O: KeyOutput> Serializer for KeyWriter<'_, O> {
    type Ok = ();
    type Error = Failure;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Never;
    type SerializeStructVariant = Never;

    fn serialize_bool(self, v: bool) -> Result<(), Failure> {
        self.text(if v { "true" } else { "false" })
    }

    fn serialize_i8(self, v: i8) -> Result<(), Failure> {
        self.display(v)
    }

    fn serialize_i16(self, v: i16) -> Result<(), Failure> {
        self.display(v)
    }

    fn serialize_i32(self, v: i32) -> Result<(), Failure> {
        self.display(v)
    }

    fn serialize_i64(self, v: i64) -> Result<(), Failure> {
        self.display(v)
    }

    fn serialize_i128(self, v: i128) -> Result<(), Failure> {
        self.display(v)
    }

    fn serialize_u8(self, v: u8) -> Result<(), Failure> {
        self.display(v)
    }

    fn serialize_u16(self, v: u16) -> Result<(), Failure> {
        self.display(v)
    }

    fn serialize_u32(self, v: u32) -> Result<(), Failure> {
        self.display(v)
    }

    fn serialize_u64(self, v: u64) -> Result<(), Failure> {
        self.display(v)
    }

    fn serialize_u128(self, v: u128) -> Result<(), Failure> {
        self.display(v)
    }

    fn serialize_f32(self, v: f32) -> Result<(), Failure> {
        self.serialize_f64(v.into())
    }

    fn serialize_f64(self, v: f64) -> Result<(), Failure> {
        self.text(&number_to_string(v))
    }

    fn serialize_char(self, v: char) -> Result<(), Failure> {
        self.text(v.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, v: &str) -> Result<(), Failure> {
        self.text(v)
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Failure> {
        self.refused("a byte array")
    }

    fn serialize_none(self) -> Result<(), Failure> {
        self.refused("None")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Failure> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Failure> {
        self.refused("a unit")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Failure> {
        self.refused("a unit struct")
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Failure> {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Failure> {
        self.refused("a variant with a value")
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Never, Failure> {
        self.refused("a sequence")
    }

    fn serialize_tuple(self, _: usize) -> Result<Never, Failure> {
        self.refused("a tuple")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Never, Failure> {
        self.refused("a tuple struct")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never, Failure> {
        self.refused("a variant with values")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Never, Failure> {
        self.refused("a map")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Never, Failure> {
        self.refused("a struct")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never, Failure> {
        self.refused("a variant with fields")
    }
}

impl<'de> KeyReader<'de> {
    fn integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let Text::Utf8(text) = &self.0 else { return self.deserialize_any(visitor) };
        if !is_canonical(text) {
            return self.deserialize_any(visitor);
        }
        if let Ok(n) = text.parse() {
            visitor.visit_u64(n)
        } else if let Ok(n) = text.parse() {
            visitor.visit_i64(n)
        } else if let Ok(n) = text.parse() {
            visitor.visit_u128(n)
        } else if let Ok(n) = text.parse() {
            visitor.visit_i128(n)
        } else {
            self.deserialize_any(visitor)
        }
    }

    fn float<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match &self.0 {
            Text::Utf8(text) => match text.parse() {
                Ok(n) if number_to_string(n) == **text => visitor.visit_f64(n),
                _ => self.deserialize_any(visitor),
            },
            Text::Wide(_) => self.deserialize_any(visitor),
        }
    }
}

/// Whether the text may be one of an integer that was printed: without a plus, zeros in front or a
/// negative zero.
fn is_canonical(text: &str) -> bool {
    text == "0" || text.trim_start_matches('-').starts_with(|c: char| ('1'..='9').contains(&c))
}

/// Keys that are not what is expected are reported as the strings that they are.
impl<'de> Deserializer<'de> for KeyReader<'de> {
    type Error = Failure;

    forward! {
        integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
            deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128;
        float: deserialize_f32 deserialize_f64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visit_text(self.0, visitor)
    }

    #[inline]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.0 {
            // Of a member that the struct does not have.
            Text::Wide(_) => visit_bytes(self.0, visitor),
            Text::Utf8(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Text::Utf8(Cow::Owned(text)) => visitor.visit_string(text),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match &self.0 {
            Text::Utf8(text) if text == "true" => visitor.visit_bool(true),
            Text::Utf8(text) if text == "false" => visitor.visit_bool(false),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visit_bytes(self.0, visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visit_bytes(self.0, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visit_variant(self.0, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        char str string unit unit_struct seq tuple tuple_struct map struct
    }
}

macro_rules! as_any_key {
    ($($method:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            KeyReader(Text::Utf8(Cow::Borrowed(self.0))).$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for PlainKey<'de> {
    type Error = Failure;

    as_any_key! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32
        deserialize_i64 deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32
        deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64 deserialize_bytes
        deserialize_byte_buf deserialize_option deserialize_ignored_any
    }

    #[inline]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visit_variant(Text::Utf8(Cow::Borrowed(self.0)), visitor)
    }

    forward_to_deserialize_any! {
        char str string unit unit_struct seq tuple tuple_struct map struct
    }
}
