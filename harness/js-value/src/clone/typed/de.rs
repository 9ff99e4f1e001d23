//! Payloads as values of types.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, Expected, Unexpected, Visitor};

use super::elements::{Elements, visit_elements_of};
use super::members::{Entries, ErrorMembers, Members};
use super::reader::Reader;
use super::scalar::visit_big_int;
use crate::ViewClass;
use crate::clone::part::{Bytes, Part};
use crate::clone::tag;
use crate::json::scanner::Number;
use crate::typed::{
    Failure, forward, visit_bytes, visit_integer, visit_number, visit_text, visit_variant,
};

impl<'de> Reader<'de> {
    #[inline]
    fn number<V: Visitor<'de>>(
        &mut self,
        visitor: V,
        visit: impl FnOnce(Number, V) -> Result<V::Value, Failure>,
        visit_big: impl FnOnce(Part<'de>, V) -> Result<V::Value, Failure>,
    ) -> Result<V::Value, Failure> {
        self.value(|_, part, _| match part {
            Part::Int32(n) => visit(integer(n), visitor),
            Part::Number(n) | Part::BoxedNumber(n) | Part::Date(n) => {
                visit(Number::Double(n), visitor)
            }
            part => visit_big(part, visitor),
        })
    }

    // The most frequent forms of a value come first in what follows, without a part of a payload in
    // between.

    #[inline]
    fn integer<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Failure> {
        let start = self.input.at;
        if self.input.is_at(tag::INT32) {
            let n = integer(self.input.int32()?);
            return visit_integer(n, visitor).map_err(|failure| failure.at(start));
        }
        self.number(visitor, visit_integer, |part, visitor| match part {
            Part::BigInt(digits) | Part::BoxedBigInt(digits) => visit_big_int(digits, visitor),
            part => Err(mismatch(&part, &visitor)),
        })
    }

    #[inline]
    fn float<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Failure> {
        let visit = |number: Number, visitor: V| visitor.visit_f64(number.as_f64());
        self.number(visitor, visit, |part, visitor| Err(mismatch(&part, &visitor)))
    }

    #[inline]
    fn string<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Failure> {
        let start = self.input.at;
        if self.input.is_at(tag::ONE_BYTE_STRING) {
            let text = self.input.units(tag::ONE_BYTE_STRING)?.text();
            return visit_text(text, visitor).map_err(|failure| failure.at(start));
        }
        self.value(|_, part, _| match part {
            Part::String(units) | Part::BoxedString(units) => visit_text(units.text(), visitor),
            part => Err(mismatch(&part, &visitor)),
        })
    }

    #[inline]
    fn sequence<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Failure> {
        let start = self.input.at;
        if self.input.is_at(tag::BEGIN_DENSE_ARRAY) {
            let length = self.input.dense_length(start)?;
            self.enter(start)?;
            let elements = Elements::dense(self, length);
            return elements.visit(visitor).map_err(|failure| failure.at(start));
        }
        self.value(|reader, part, start| reader.visit_sequence(part, start, visitor))
    }

    fn visit_sequence<V: Visitor<'de>>(
        &mut self,
        part: Part<'de>,
        start: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match part {
            Part::Bytes(bytes) => return visit_elements_of(bytes, visitor),
            Part::DenseArray(_) | Part::SparseArray(_) | Part::Set => self.enter(start)?,
            part => return Err(mismatch(&part, &visitor)),
        }
        let elements = match part {
            Part::DenseArray(length) => Elements::dense(self, length),
            Part::SparseArray(length) => Elements::sparse(self, length),
            _ => Elements::set(self),
        };
        elements.visit(visitor)
    }

    #[inline]
    fn members<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Failure> {
        let start = self.input.at;
        if self.input.is_at(tag::BEGIN_OBJECT) {
            return self.visit_object(start, visitor).map_err(|failure| failure.at(start));
        }
        self.value(|reader, part, start| reader.visit_members(part, start, visitor))
    }

    #[inline]
    fn visit_object<V: Visitor<'de>>(
        &mut self,
        start: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.enter(start)?;
        let mut members = Members::new(self);
        let value = visitor.visit_map(&mut members)?;
        members.close()?;
        Ok(value)
    }

    fn visit_members<V: Visitor<'de>>(
        &mut self,
        part: Part<'de>,
        start: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match part {
            Part::Object => self.visit_object(start, visitor),
            Part::Map => {
                self.enter(start)?;
                let mut entries = Entries::new(self);
                let value = visitor.visit_map(&mut entries)?;
                entries.close()?;
                Ok(value)
            }
            Part::Error => {
                self.enter(start)?;
                let mut members = ErrorMembers::new(self);
                let value = visitor.visit_map(&mut members)?;
                members.close()?;
                Ok(value)
            }
            part => Err(mismatch(&part, &visitor)),
        }
    }
}

fn integer(n: i32) -> Number {
    Number::Integer { negative: n < 0, magnitude: n.unsigned_abs().into() }
}

/// The error for a value that the visitor does not take.
#[cold]
fn mismatch(part: &Part<'_>, visitor: &dyn Expected) -> Failure {
    let found = match part {
        Part::Undefined => "undefined",
        Part::Null => "null",
        Part::Bool(_) | Part::BoxedBool(_) => "a boolean",
        Part::Int32(_) | Part::Number(_) | Part::BoxedNumber(_) => "a number",
        Part::BigInt(_) | Part::BoxedBigInt(_) => "a BigInt",
        Part::String(_) | Part::BoxedString(_) => "a string",
        Part::Object | Part::Host | Part::Reference(_) => "an object",
        Part::DenseArray(_) | Part::SparseArray(_) => "an array",
        Part::Map => "a Map",
        Part::Set => "a Set",
        Part::Error => "an Error",
        Part::Date(_) => "a Date",
        Part::RegExp { .. } => "a RegExp",
        Part::Bytes(Bytes::Buffer { .. }) => "an ArrayBuffer",
        Part::Bytes(Bytes::View { class, .. }) => class.name(),
    };
    Failure::invalid_type(Unexpected::Other(found), visitor)
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Failure;

    forward! {
        integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
            deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128;
        float: deserialize_f32 deserialize_f64;
        string: deserialize_char deserialize_str deserialize_string deserialize_identifier;
        sequence: deserialize_seq;
        members: deserialize_map;
        deserialize_bytes: deserialize_byte_buf;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.value(|reader, part, start| match part {
            Part::Undefined | Part::Null => visitor.visit_unit(),
            Part::Bool(value) | Part::BoxedBool(value) => visitor.visit_bool(value),
            Part::Int32(n) => visit_number(integer(n), visitor),
            Part::Number(n) | Part::BoxedNumber(n) | Part::Date(n) => {
                visit_number(Number::Double(n), visitor)
            }
            Part::BigInt(digits) | Part::BoxedBigInt(digits) => visit_big_int(digits, visitor),
            Part::String(units) | Part::BoxedString(units) => visit_text(units.text(), visitor),
            Part::Bytes(Bytes::Buffer { bytes, .. }) => visitor.visit_borrowed_bytes(bytes),
            Part::Bytes(Bytes::View {
                class:
                    ViewClass::Buffer
                    | ViewClass::Uint8Array
                    | ViewClass::Uint8ClampedArray
                    | ViewClass::DataView,
                bytes,
            }) => visitor.visit_borrowed_bytes(bytes),
            part @ (Part::Object | Part::Map | Part::Error) => {
                reader.visit_members(part, start, visitor)
            }
            part => reader.visit_sequence(part, start, visitor),
        })
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.value(|_, part, _| match part {
            Part::Bool(value) | Part::BoxedBool(value) => visitor.visit_bool(value),
            part => Err(mismatch(&part, &visitor)),
        })
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.value(|reader, part, start| match part {
            Part::Bytes(Bytes::Buffer { bytes, .. } | Bytes::View { bytes, .. }) => {
                visitor.visit_borrowed_bytes(bytes)
            }
            Part::String(units) | Part::BoxedString(units) => visit_bytes(units.text(), visitor),
            part => reader.visit_sequence(part, start, visitor),
        })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let start = self.input.at;
        match self.input.tag_of_value()? {
            tag::UNDEFINED | tag::NULL => visitor.visit_none().map_err(|e: Failure| e.at(start)),
            _ => {
                self.input.at = start;
                visitor.visit_some(self)
            }
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.value(|_, part, _| match part {
            Part::Undefined | Part::Null => visitor.visit_unit(),
            part => Err(mismatch(&part, &visitor)),
        })
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
        self.sequence(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.sequence(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.members(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.value(|reader, part, start| match part {
            Part::String(units) | Part::BoxedString(units) => visit_variant(units.text(), visitor),
            Part::Object => {
                reader.enter(start)?;
                let mut members = Members::new(reader);
                let value = visitor.visit_enum(MapAccessDeserializer::new(&mut members))?;
                members.close()?;
                Ok(value)
            }
            part => Err(mismatch(&part, &visitor)),
        })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.skip()?;
        visitor.visit_unit()
    }
}
