//! Payloads as values of types.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, Expected, Unexpected, Visitor};

use super::elements::{Elements, visit_elements_of};
use super::members::{Entries, ErrorMembers, Members};
use super::scalar::visit_big_int;
use crate::ViewClass;
use crate::clone::input::{Input, NO_HOST_OBJECT, NO_OBJECT, malformed};
use crate::clone::part::{Bytes, Part};
use crate::clone::read::{FLAGGED_VIEWS, header, read};
use crate::clone::walk::{Format, Object, Walk};
use crate::clone::{ReadError, ReadLimits, tag};
use crate::json::scanner::Number;
use crate::typed::{
    DEFAULT_MAX_DEPTH, Failure, forward, visit_bytes, visit_integer, visit_number, visit_text,
    visit_variant,
};

/// A payload and how far it is read.
pub(super) struct Reader<'de> {
    pub(super) input: Input<'de>,
    /// Where the value begins.
    start: usize,
    format: Format,
    limits: ReadLimits,
    depth: usize,
    limit: usize,
    /// All objects by their numbers, once the whole payload was looked through.
    objects: Option<Vec<Object<'de>>>,
    /// For how much that is not in the payload at that place: holes of arrays, and bytes of objects
    /// that are read again.
    credit: usize,
}

/// What is around a value.
struct Around {
    /// Where to go on after an object that is read again.
    back: Option<usize>,
    /// How many objects of the host.
    hosts: usize,
}

impl<'de> Reader<'de> {
    pub(super) fn new(payload: &'de [u8], limits: &ReadLimits) -> Result<Self, ReadError> {
        let (version, start) = header(payload)?;
        let input = Input { bytes: payload, at: start };
        let mut format = Format { dialect: limits.dialect, flagged: version >= FLAGGED_VIEWS };
        let deepest = limits.max_depth.unwrap_or(usize::MAX);
        // Some versions of V8 wrote the flags of views already before.
        if !format.flagged && Walk::of_payload(input, format, deepest).run().is_err() {
            format.flagged = true;
        }
        Ok(Self {
            input,
            start,
            format,
            limits: *limits,
            depth: 0,
            limit: limits.max_depth.unwrap_or(DEFAULT_MAX_DEPTH),
            objects: None,
            credit: payload.len().saturating_mul(CREDIT_PER_BYTE).saturating_add(CREDIT),
        })
    }

    /// Reads the value.
    #[inline]
    pub(super) fn read<T: Deserialize<'de>>(&mut self) -> Result<T, Failure> {
        T::deserialize(self)
    }

    /// Why the value was not read: the type only if the payload is one that Node reads.
    #[cold]
    pub(super) fn reason(&mut self, failure: Failure) -> Failure {
        match self.check() {
            Err(error) if failure.is_of_type() => error.into(),
            _ => failure,
        }
    }

    /// Looks through the whole payload, once.
    #[cold]
    pub(super) fn check(&mut self) -> Result<(), ReadError> {
        if self.objects.is_some() {
            return Ok(());
        }
        let input = Input { at: self.start, ..self.input };
        let deepest = self.limits.max_depth.unwrap_or(usize::MAX);
        let mut walk = Walk::of_payload(input, self.format, deepest);
        walk.run()?;
        if walk.doubt {
            read(self.input.bytes, &self.limits)?;
        }
        self.objects = Some(walk.into_objects());
        Ok(())
    }

    /// Reads a value for nobody, of any depth that the caller allows.
    pub(super) fn skip(&mut self) -> Result<(), Failure> {
        let deepest = self.limits.max_depth.unwrap_or(usize::MAX);
        let mut walk = Walk::of_part(self.input, self.format, self.depth, deepest);
        walk.run()?;
        self.input.at = walk.input.at;
        if walk.doubt {
            self.check()?;
        }
        Ok(())
    }

    /// One level more, that begins here.
    #[inline]
    pub(super) fn enter(&mut self, position: usize) -> Result<(), ReadError> {
        if self.depth >= self.limit {
            return Err(ReadError::TooDeep { position, limit: self.limit });
        }
        self.depth += 1;
        Ok(())
    }

    /// One level less.
    #[inline]
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Takes so much of the credit.
    #[inline]
    pub(super) fn charge(&mut self, amount: usize) -> Result<(), Failure> {
        match self.credit.checked_sub(amount) {
            Some(rest) => {
                self.credit = rest;
                Ok(())
            }
            None => Err(Failure::new(
                "holes and objects that are referred to again come to far more than the payload",
            )),
        }
    }

    /// Reads a value and hands it on.
    #[inline]
    fn value<R>(
        &mut self,
        take: impl FnOnce(&mut Self, Part<'de>, usize) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let start = self.input.at;
        let mut around = Around { back: None, hosts: 0 };
        let part = match self.input.part(self.format.dialect)? {
            part @ (Part::Host | Part::Reference(_) | Part::Bytes(_)) => {
                self.object(part, start, &mut around).map_err(|failure| failure.at(start))?
            }
            part => part,
        };
        let value = take(self, part, start).map_err(|failure| failure.at(start))?;
        if let Some(back) = around.back {
            self.input.at = back;
        }
        self.depth -= around.hosts;
        Ok(value)
    }

    /// The object that one of the host, a reference or an ArrayBuffer stands for.
    fn object(
        &mut self,
        mut part: Part<'de>,
        mut position: usize,
        around: &mut Around,
    ) -> Result<Part<'de>, Failure> {
        loop {
            match part {
                Part::Host => {
                    self.enter(position)?;
                    around.hosts += 1;
                }
                Part::Reference(number) => {
                    self.check()?;
                    let objects = self.objects.as_deref().unwrap_or_default();
                    let object = objects.get(number as usize).copied();
                    let object = object.ok_or_else(|| malformed(position, NO_OBJECT))?;
                    if let Some(bytes) = object.bytes {
                        return self.bytes(bytes);
                    }
                    if (object.start..object.end).contains(&position) {
                        return Err(Failure::new("an object that holds itself"));
                    }
                    self.charge(object.end - object.start)?;
                    around.back.get_or_insert(self.input.at);
                    self.input.at = object.start;
                }
                Part::Bytes(bytes) => return self.bytes(bytes),
                Part::Undefined
                | Part::Null
                | Part::Bool(_)
                | Part::Int32(_)
                | Part::Number(_)
                | Part::BigInt(_)
                | Part::String(_)
                    if around.hosts > 0 =>
                {
                    return Err(malformed(self.input.at, NO_HOST_OBJECT).into());
                }
                part => return Ok(part),
            }
            position = self.input.at;
            part = self.input.part(self.format.dialect)?;
        }
    }

    /// Bytes with the view after them, if there is one.
    fn bytes(&mut self, bytes: Bytes<'de>) -> Result<Part<'de>, Failure> {
        let view = bytes.seen_as_view(&mut self.input, self.format)?;
        if view.is_some() {
            self.check()?;
        }
        Ok(Part::Bytes(view.unwrap_or(bytes)))
    }

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

    #[inline]
    fn integer<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Failure> {
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
        self.value(|_, part, _| match part {
            Part::String(units) | Part::BoxedString(units) => visit_text(units.text(), visitor),
            part => Err(mismatch(&part, &visitor)),
        })
    }

    #[inline]
    fn sequence<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Failure> {
        self.value(|reader, part, start| reader.visit_sequence(part, start, visitor))
    }

    #[inline]
    fn visit_sequence<V: Visitor<'de>>(
        &mut self,
        part: Part<'de>,
        start: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let mut elements = match part {
            Part::DenseArray(length) => Elements::dense(self, length, start)?,
            Part::SparseArray(length) => Elements::sparse(self, length, start)?,
            Part::Set => Elements::set(self, start)?,
            Part::Bytes(bytes) => return visit_elements_of(bytes, visitor),
            part => return Err(mismatch(&part, &visitor)),
        };
        let value = visitor.visit_seq(&mut elements)?;
        elements.close()?;
        Ok(value)
    }

    #[inline]
    fn members<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Failure> {
        self.value(|reader, part, start| reader.visit_members(part, start, visitor))
    }

    #[inline]
    fn visit_members<V: Visitor<'de>>(
        &mut self,
        part: Part<'de>,
        start: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match part {
            Part::Object => {
                let mut members = Members::open(self, start)?;
                let value = visitor.visit_map(&mut members)?;
                members.close()?;
                Ok(value)
            }
            Part::Map => {
                let mut entries = Entries::open(self, start)?;
                let value = visitor.visit_map(&mut entries)?;
                entries.close()?;
                Ok(value)
            }
            Part::Error => {
                let mut members = ErrorMembers::open(self, start)?;
                let value = visitor.visit_map(&mut members)?;
                members.close()?;
                Ok(value)
            }
            part => Err(mismatch(&part, &visitor)),
        }
    }
}

/// Each byte of a payload is worth so much.
const CREDIT_PER_BYTE: usize = 8;
/// Each payload is worth so much more.
const CREDIT: usize = 1 << 16;

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
                let mut members = Members::open(reader, start)?;
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
