//! Values of types as payloads.

use std::fmt;
use std::ops::Range;

use serde::ser::{self, Serialize};

use crate::clone::input::Input;
use crate::clone::output::{Output, fits};
use crate::clone::{VERSION, WriteOptions, tag};
use crate::number::MAX_SAFE_INTEGER;
use crate::string::array_index;
use crate::typed::{Failure, KeyOutput, KeyWriter, too_large};
use crate::{Exception, JsString, ViewClass};

/// A payload that is being written.
pub(super) struct Payload<'o> {
    out: Output<'o>,
    options: &'o WriteOptions,
    depth: usize,
}

impl<'o> Payload<'o> {
    pub(super) fn new(options: &'o WriteOptions, out: &'o mut Vec<u8>) -> Self {
        Self { out: Output::new(out), options, depth: 0 }
    }

    /// Appends the whole payload of a value; nothing if that fails.
    pub(super) fn write<T: Serialize + ?Sized>(mut self, value: &T) -> Result<(), Failure> {
        self.out.extend(&[tag::VERSION, VERSION]);
        let written = value.serialize(&mut self);
        if written.is_err() {
            self.out.undo();
        }
        written
    }

    fn enter(&mut self) -> Result<(), Failure> {
        match self.options.max_depth {
            Some(limit) if self.depth >= limit => Err(Exception::TooDeep { limit }.into()),
            _ => {
                self.depth += 1;
                Ok(())
            }
        }
    }

    fn tag(&mut self, tag: u8) -> Result<(), Failure> {
        self.out.push(tag);
        Ok(())
    }

    fn array(&mut self, length: Option<usize>) -> Result<Parts<'_, 'o>, Failure> {
        self.enter()?;
        self.out.push(tag::BEGIN_DENSE_ARRAY);
        let length = match length {
            Some(length) => {
                self.out.vint(fits(length, "Invalid array length")?);
                Length::Announced(length)
            }
            None => Length::Later(self.out.later_vint()),
        };
        Ok(Parts { payload: self, written: 0, holder: Holder::Array(length), in_variant: false })
    }

    fn object(&mut self, holder: Holder) -> Result<Parts<'_, 'o>, Failure> {
        self.enter()?;
        self.out.push(tag::BEGIN_OBJECT);
        Ok(Parts { payload: self, written: 0, holder, in_variant: false })
    }

    /// Begins the object that a variant is, up to its value.
    fn variant(&mut self, name: &str) -> Result<(), Failure> {
        self.enter()?;
        self.out.push(tag::BEGIN_OBJECT);
        self.push_key(name)
    }

    fn end_variant(&mut self) {
        self.out.push(tag::END_OBJECT);
        self.out.vint(1);
        self.depth -= 1;
    }
}

impl KeyOutput for Payload<'_> {
    /// An array index is written as number, as V8 has it.
    #[inline]
    fn push_key(&mut self, key: &str) -> Result<(), Failure> {
        match array_index(key) {
            Some(index) => self.out.index(index),
            None => self.out.text(key)?,
        }
        Ok(())
    }
}

/// An array or object that is open.
pub(super) struct Parts<'p, 'o> {
    payload: &'p mut Payload<'o>,
    written: usize,
    holder: Holder,
    /// Whether it is the value of a variant, which ends with it.
    in_variant: bool,
}

enum Holder {
    Array(Length),
    Struct,
    /// With the places of its keys.
    Map(Vec<Range<usize>>),
}

enum Length {
    Announced(usize),
    /// To be written at this place.
    Later(usize),
}

impl Parts<'_, '_> {
    fn in_variant(mut self) -> Self {
        self.in_variant = true;
        self
    }

    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.written += 1;
        value.serialize(&mut *self.payload)
    }

    #[inline]
    fn member<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        self.payload.push_key(key)?;
        self.element(value)
    }

    #[inline]
    fn close(self) -> Result<(), Failure> {
        let Payload { out, depth, .. } = &mut *self.payload;
        let written = fits(self.written, "Invalid array length")?;
        match self.holder {
            Holder::Array(length) => {
                match length {
                    Length::Announced(length) if length == self.written => {}
                    Length::Announced(length) => {
                        return Err(Failure::new(format_args!(
                            "a sequence said that it has {length} elements and has {written}"
                        )));
                    }
                    Length::Later(place) => out.set_vint(place, written),
                }
                out.push(tag::END_DENSE_ARRAY);
                out.vint(0);
            }
            Holder::Struct => out.push(tag::END_OBJECT),
            Holder::Map(keys) => {
                refuse_repeated(out.written(), keys)?;
                out.push(tag::END_OBJECT);
            }
        }
        out.vint(written);
        *depth -= 1;
        if self.in_variant {
            self.payload.end_variant();
        }
        Ok(())
    }
}

/// Checks that no two keys of a map are the same: Node does not read such an object.
fn refuse_repeated(payload: &[u8], mut keys: Vec<Range<usize>>) -> Result<(), Failure> {
    let bytes = |key: &Range<usize>| match &payload[key.clone()] {
        [tag::PADDING, key @ ..] => key,
        key => key,
    };
    keys.sort_unstable_by(|a, b| bytes(a).cmp(bytes(b)));
    match keys.windows(2).find(|pair| bytes(&pair[0]) == bytes(&pair[1])) {
        None => Ok(()),
        Some(pair) => {
            let mut input = Input { bytes: &payload[pair[0].clone()], at: 0 };
            let key = input.key().map(JsString::from).unwrap_or_default();
            Err(Failure::new(format_args!(
                "a map has the key {key:?} twice, and Node does not read such an object"
            )))
        }
    }
}

impl<'p, 'o> ser::Serializer for &'p mut Payload<'o> {
    type Ok = ();
    type Error = Failure;
    type SerializeSeq = Parts<'p, 'o>;
    type SerializeTuple = Parts<'p, 'o>;
    type SerializeTupleStruct = Parts<'p, 'o>;
    type SerializeTupleVariant = Parts<'p, 'o>;
    type SerializeMap = Parts<'p, 'o>;
    type SerializeStruct = Parts<'p, 'o>;
    type SerializeStructVariant = Parts<'p, 'o>;

    fn serialize_bool(self, v: bool) -> Result<(), Failure> {
        self.tag(if v { tag::TRUE } else { tag::FALSE })
    }

    fn serialize_i8(self, v: i8) -> Result<(), Failure> {
        self.serialize_i32(v.into())
    }

    fn serialize_i16(self, v: i16) -> Result<(), Failure> {
        self.serialize_i32(v.into())
    }

    fn serialize_i32(self, v: i32) -> Result<(), Failure> {
        self.out.int32(v);
        Ok(())
    }

    fn serialize_i64(self, v: i64) -> Result<(), Failure> {
        match i32::try_from(v) {
            Ok(v) => self.out.int32(v),
            Err(_) if v.unsigned_abs() > MAX_SAFE_INTEGER => return too_large(v),
            Err(_) => self.out.double(tag::DOUBLE, v as f64),
        }
        Ok(())
    }

    fn serialize_i128(self, v: i128) -> Result<(), Failure> {
        match i64::try_from(v) {
            Ok(v) => self.serialize_i64(v),
            Err(_) => too_large(v),
        }
    }

    fn serialize_u8(self, v: u8) -> Result<(), Failure> {
        self.serialize_i32(v.into())
    }

    fn serialize_u16(self, v: u16) -> Result<(), Failure> {
        self.serialize_i32(v.into())
    }

    fn serialize_u32(self, v: u32) -> Result<(), Failure> {
        self.serialize_i64(v.into())
    }

    fn serialize_u64(self, v: u64) -> Result<(), Failure> {
        match i64::try_from(v) {
            Ok(v) => self.serialize_i64(v),
            Err(_) => too_large(v),
        }
    }

    fn serialize_u128(self, v: u128) -> Result<(), Failure> {
        match i64::try_from(v) {
            Ok(v) => self.serialize_i64(v),
            Err(_) => too_large(v),
        }
    }

    fn serialize_f32(self, v: f32) -> Result<(), Failure> {
        self.serialize_f64(v.into())
    }

    fn serialize_f64(self, v: f64) -> Result<(), Failure> {
        self.out.number(v);
        Ok(())
    }

    fn serialize_char(self, v: char) -> Result<(), Failure> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, v: &str) -> Result<(), Failure> {
        Ok(self.out.text(v)?)
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<(), Failure> {
        Ok(self.out.view(self.options.dialect, ViewClass::Buffer, v)?)
    }

    fn serialize_none(self) -> Result<(), Failure> {
        self.tag(tag::NULL)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Failure> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Failure> {
        self.tag(tag::NULL)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Failure> {
        self.tag(tag::NULL)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Failure> {
        self.serialize_str(variant)
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
        variant: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        self.variant(variant)?;
        value.serialize(&mut *self)?;
        self.end_variant();
        Ok(())
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Parts<'p, 'o>, Failure> {
        self.array(length)
    }

    fn serialize_tuple(self, length: usize) -> Result<Parts<'p, 'o>, Failure> {
        self.array(Some(length))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        length: usize,
    ) -> Result<Parts<'p, 'o>, Failure> {
        self.array(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Parts<'p, 'o>, Failure> {
        self.variant(variant)?;
        self.array(Some(length)).map(Parts::in_variant)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'p, 'o>, Failure> {
        self.object(Holder::Map(Vec::new()))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'p, 'o>, Failure> {
        self.object(Holder::Struct)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'p, 'o>, Failure> {
        self.variant(variant)?;
        self.object(Holder::Struct).map(Parts::in_variant)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), Failure> {
        let mut text = String::new();
        fmt::write(&mut text, format_args!("{value}"))
            .map_err(|_| Failure::new("the Display of the value failed"))?;
        self.serialize_str(&text)
    }
}

/// Traits for what has elements or fields, which are all written alike.
macro_rules! parts {
    ($($of:ident: $method:ident($($key:ident: $name:ty)?) => $to:ident;)*) => {$(
        impl ser::$of for Parts<'_, '_> {
            type Ok = ();
            type Error = Failure;

            #[inline]
            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($key: $name,)?
                value: &T,
            ) -> Result<(), Failure> {
                self.$to($($key,)? value)
            }

            #[inline]
            fn end(self) -> Result<(), Failure> {
                self.close()
            }
        }
    )*};
}

parts! {
    SerializeSeq: serialize_element() => element;
    SerializeTuple: serialize_element() => element;
    SerializeTupleStruct: serialize_field() => element;
    SerializeTupleVariant: serialize_field() => element;
    SerializeStruct: serialize_field(key: &'static str) => member;
    SerializeStructVariant: serialize_field(key: &'static str) => member;
}

impl ser::SerializeMap for Parts<'_, '_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failure> {
        let start = self.payload.out.written().len();
        key.serialize(KeyWriter { out: &mut *self.payload })?;
        if let Holder::Map(keys) = &mut self.holder {
            keys.push(start..self.payload.out.written().len());
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.element(value)
    }

    fn end(self) -> Result<(), Failure> {
        self.close()
    }
}
