//! Values of types as JSON text.

use std::fmt::{self, Write};

use serde::ser::{self, Serialize};

use crate::json::Sink;
use crate::json::text::{push_escaped, push_only_text, push_text};
use crate::number::{MAX_SAFE_INTEGER, push_integer, push_json, push_magnitude};
use crate::typed::{Failure, KeyOutput, KeyWriter, too_large};

/// Appends one value. To something else than a `Vec<u8>`, only the outermost one.
pub(super) struct Writer<'o, O: ?Sized = Vec<u8>> {
    pub(super) out: &'o mut O,
}

/// Appends the elements or members of an array or object that is open.
pub(super) struct Members<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
    /// What closes it, with the variant around it if there is one.
    end: &'static str,
}

impl<'o, O: Sink + ?Sized> Writer<'o, O> {
    fn open(self, bracket: u8, end: &'static str) -> Members<'o> {
        let out = self.out.buffer();
        out.push(bracket);
        Members { out, empty: true, end }
    }

    /// Begins the object that a variant is.
    fn variant(self, name: &str) -> Self {
        let out = self.out.buffer();
        out.push(b'{');
        push_text(name, out);
        out.push(b':');
        self
    }

    fn word(self, word: &str) -> Result<(), Failure> {
        self.out.buffer().extend_from_slice(word.as_bytes());
        Ok(())
    }
}

impl<'o, O: Sink + ?Sized> ser::Serializer for Writer<'o, O> {
    type Ok = ();
    type Error = Failure;
    type SerializeSeq = Members<'o>;
    type SerializeTuple = Members<'o>;
    type SerializeTupleStruct = Members<'o>;
    type SerializeTupleVariant = Members<'o>;
    type SerializeMap = Members<'o>;
    type SerializeStruct = Members<'o>;
    type SerializeStructVariant = Members<'o>;

    fn serialize_bool(self, v: bool) -> Result<(), Failure> {
        self.word(if v { "true" } else { "false" })
    }

    fn serialize_i8(self, v: i8) -> Result<(), Failure> {
        self.serialize_i64(v.into())
    }

    fn serialize_i16(self, v: i16) -> Result<(), Failure> {
        self.serialize_i64(v.into())
    }

    fn serialize_i32(self, v: i32) -> Result<(), Failure> {
        self.serialize_i64(v.into())
    }

    fn serialize_i64(self, v: i64) -> Result<(), Failure> {
        if v.unsigned_abs() > MAX_SAFE_INTEGER {
            return too_large(v);
        }
        push_integer(v, self.out.buffer());
        Ok(())
    }

    fn serialize_i128(self, v: i128) -> Result<(), Failure> {
        match i64::try_from(v) {
            Ok(v) => self.serialize_i64(v),
            Err(_) => too_large(v),
        }
    }

    fn serialize_u8(self, v: u8) -> Result<(), Failure> {
        self.serialize_u64(v.into())
    }

    fn serialize_u16(self, v: u16) -> Result<(), Failure> {
        self.serialize_u64(v.into())
    }

    fn serialize_u32(self, v: u32) -> Result<(), Failure> {
        self.serialize_u64(v.into())
    }

    fn serialize_u64(self, v: u64) -> Result<(), Failure> {
        if v > MAX_SAFE_INTEGER {
            return too_large(v);
        }
        push_magnitude(v, self.out.buffer());
        Ok(())
    }

    fn serialize_u128(self, v: u128) -> Result<(), Failure> {
        match u64::try_from(v) {
            Ok(v) => self.serialize_u64(v),
            Err(_) => too_large(v),
        }
    }

    fn serialize_f32(self, v: f32) -> Result<(), Failure> {
        self.serialize_f64(v.into())
    }

    fn serialize_f64(self, v: f64) -> Result<(), Failure> {
        push_json(v, self.out.buffer());
        Ok(())
    }

    fn serialize_char(self, v: char) -> Result<(), Failure> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, v: &str) -> Result<(), Failure> {
        push_only_text(v, self.out);
        Ok(())
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<(), Failure> {
        self.collect_seq(v)
    }

    fn serialize_none(self) -> Result<(), Failure> {
        self.word("null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Failure> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Failure> {
        self.word("null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Failure> {
        self.word("null")
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
        let out = self.variant(variant).out.buffer();
        value.serialize(Writer { out: &mut *out })?;
        out.push(b'}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Members<'o>, Failure> {
        Ok(self.open(b'[', "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Members<'o>, Failure> {
        Ok(self.open(b'[', "]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Members<'o>, Failure> {
        Ok(self.open(b'[', "]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Members<'o>, Failure> {
        Ok(self.variant(variant).open(b'[', "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members<'o>, Failure> {
        Ok(self.open(b'{', "}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'o>, Failure> {
        Ok(self.open(b'{', "}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Members<'o>, Failure> {
        Ok(self.variant(variant).open(b'{', "}}"))
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), Failure> {
        let out = self.out.buffer();
        out.push(b'"');
        write!(Escaping(out), "{value}")
            .map_err(|_| Failure::new("the Display of the value failed"))?;
        out.push(b'"');
        Ok(())
    }
}

impl KeyOutput for Vec<u8> {
    fn push_key(&mut self, key: &str) -> Result<(), Failure> {
        push_text(key, self);
        Ok(())
    }
}

/// Appends what is formatted as part of a string.
struct Escaping<'o>(&'o mut Vec<u8>);

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        push_escaped(text, self.0);
        Ok(())
    }
}

impl Members<'_> {
    /// A comma, unless this is the first.
    #[inline]
    fn separate(&mut self) {
        if !std::mem::replace(&mut self.empty, false) {
            self.out.push(b',');
        }
    }

    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.separate();
        value.serialize(Writer { out: self.out })
    }

    #[inline]
    fn member<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        self.separate();
        push_text(key, self.out);
        self.out.push(b':');
        value.serialize(Writer { out: self.out })
    }

    #[inline]
    fn close(self) -> Result<(), Failure> {
        self.out.extend_from_slice(self.end.as_bytes());
        Ok(())
    }
}

impl ser::SerializeSeq for Members<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.element(value)
    }

    fn end(self) -> Result<(), Failure> {
        self.close()
    }
}

impl ser::SerializeTuple for Members<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.element(value)
    }

    fn end(self) -> Result<(), Failure> {
        self.close()
    }
}

impl ser::SerializeTupleStruct for Members<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.element(value)
    }

    fn end(self) -> Result<(), Failure> {
        self.close()
    }
}

impl ser::SerializeTupleVariant for Members<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.element(value)
    }

    fn end(self) -> Result<(), Failure> {
        self.close()
    }
}

impl ser::SerializeMap for Members<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failure> {
        self.separate();
        key.serialize(KeyWriter { out: self.out })
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.out.push(b':');
        value.serialize(Writer { out: self.out })
    }

    fn end(self) -> Result<(), Failure> {
        self.close()
    }
}

impl ser::SerializeStruct for Members<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        self.member(key, value)
    }

    fn end(self) -> Result<(), Failure> {
        self.close()
    }
}

impl ser::SerializeStructVariant for Members<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        self.member(key, value)
    }

    fn end(self) -> Result<(), Failure> {
        self.close()
    }
}
