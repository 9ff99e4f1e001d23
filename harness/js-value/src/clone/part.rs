//! A value of a payload, up to the first that it holds.

use std::ops::Range;

use super::input::{Digits, Input, Units, malformed};
use super::{Dialect, ReadError, error_object, regexp, tag};
use crate::date::clipped;
use crate::string::array_index;
use crate::{ErrorClass, JsString, ViewClass, number_to_string};

/// What a value is. Of one that holds others this is the beginning.
#[derive(Clone, Copy)]
pub(super) enum Part<'p> {
    Undefined,
    Null,
    Bool(bool),
    Int32(i32),
    Number(f64),
    BigInt(Digits<'p>),
    String(Units<'p>),
    Reference(u32),
    Object,
    /// With its length.
    DenseArray(u32),
    /// With its length.
    SparseArray(u32),
    Map,
    Set,
    Error,
    /// An object of the host that is no view: an object follows.
    Host,
    Date(f64),
    BoxedBool(bool),
    BoxedNumber(f64),
    BoxedBigInt(Digits<'p>),
    BoxedString(Units<'p>),
    RegExp {
        pattern: Units<'p>,
        /// As bits, of which V8 takes all.
        flags: u32,
    },
    Bytes(Bytes<'p>),
}

/// An ArrayBuffer or a view.
#[derive(Clone, Copy)]
pub(super) enum Bytes<'p> {
    Buffer { bytes: &'p [u8], max_byte_length: Option<u32> },
    View { class: ViewClass, bytes: &'p [u8] },
}

/// The key of a property.
pub(super) enum Key<'p> {
    /// An array index, in whatever form it has.
    Index(u32),
    Number(f64),
    String(Units<'p>),
}

/// Part of an error.
pub(super) enum ErrorPart<'p> {
    Class(ErrorClass),
    Message(Units<'p>),
    Stack(Units<'p>),
    /// A value follows.
    Cause,
    End,
}

impl From<Key<'_>> for JsString {
    fn from(key: Key<'_>) -> Self {
        match key {
            Key::Index(index) => index.to_string().into(),
            Key::Number(n) => number_to_string(n).into(),
            Key::String(units) => units.text().into(),
        }
    }
}

impl<'p> Input<'p> {
    /// Reads a value, of one that holds others the beginning.
    pub(super) fn part(&mut self, dialect: Dialect) -> Result<Part<'p>, ReadError> {
        let position = self.at;
        Ok(match self.tag_of_value()? {
            tag::UNDEFINED => Part::Undefined,
            tag::NULL => Part::Null,
            tag::TRUE => Part::Bool(true),
            tag::FALSE => Part::Bool(false),
            tag::INT32 => Part::Int32(self.int32()?),
            tag::DOUBLE => Part::Number(self.double()?),
            tag @ (tag::ONE_BYTE_STRING | tag::TWO_BYTE_STRING | tag::UTF8_STRING) => {
                Part::String(self.units(tag)?)
            }
            tag::BEGIN_OBJECT => Part::Object,
            tag::BEGIN_DENSE_ARRAY => Part::DenseArray(self.dense_length(position)?),
            tag => return self.rarer_part(tag, position, dialect),
        })
    }

    /// Reads the length of a dense array that begins here.
    #[inline]
    pub(super) fn dense_length(&mut self, position: usize) -> Result<u32, ReadError> {
        let length = self.vint()?;
        if length as usize > self.left() {
            return Err(malformed(position, "an array longer than the payload"));
        }
        Ok(length)
    }

    fn rarer_part(
        &mut self,
        tag: u8,
        position: usize,
        dialect: Dialect,
    ) -> Result<Part<'p>, ReadError> {
        Ok(match tag {
            tag::UINT32 => Part::Number(f64::from(self.vint()?)),
            tag::BIG_INT => Part::BigInt(self.big_int()?),
            tag::OBJECT_REFERENCE => Part::Reference(self.vint()?),
            tag::BEGIN_SPARSE_ARRAY => Part::SparseArray(self.vint()?),
            tag::BEGIN_MAP => Part::Map,
            tag::BEGIN_SET => Part::Set,
            tag::ERROR => Part::Error,
            tag::HOST_OBJECT => return self.host_object(position, dialect),
            tag::DATE => Part::Date(clipped(self.double()?)),
            tag::TRUE_OBJECT => Part::BoxedBool(true),
            tag::FALSE_OBJECT => Part::BoxedBool(false),
            tag::NUMBER_OBJECT => Part::BoxedNumber(self.double()?),
            tag::BIG_INT_OBJECT => Part::BoxedBigInt(self.big_int()?),
            tag::STRING_OBJECT => Part::BoxedString(self.string()?),
            tag::REG_EXP => {
                let pattern = self.string()?;
                let flags = self.vint()?;
                if regexp::flags(flags).is_none() {
                    return Err(malformed(position, "a RegExp with bad flags"));
                }
                Part::RegExp { pattern, flags }
            }
            tag::ARRAY_BUFFER | tag::RESIZABLE_ARRAY_BUFFER | tag::IMMUTABLE_ARRAY_BUFFER => {
                let length = self.vint()?;
                let max_byte_length = match tag {
                    tag::RESIZABLE_ARRAY_BUFFER => Some(self.vint()?),
                    _ => None,
                };
                if max_byte_length.is_some_and(|maximum| length > maximum) {
                    return Err(malformed(position, "an ArrayBuffer beyond its maximum"));
                }
                Part::Bytes(Bytes::Buffer { bytes: self.take(length)?, max_byte_length })
            }
            _ => return Err(malformed(position, "an unknown tag")),
        })
    }

    fn host_object(&mut self, position: usize, dialect: Dialect) -> Result<Part<'p>, ReadError> {
        let host = match dialect {
            Dialect::Channel => self.vint()?,
            Dialect::V8 => tag::HOST_VIEW,
        };
        match host {
            tag::HOST_VIEW => {
                let class = self.vint()?;
                let class = tag::HOST_VIEWS.get(class as usize).copied();
                let class =
                    class.ok_or_else(|| malformed(position, "an unknown class of views"))?;
                let length = self.vint()?;
                let bytes = self.take(length)?;
                let rest = class.element_size().map_or(0, |size| bytes.len() % size);
                let bytes = &bytes[..bytes.len() - rest];
                Ok(Part::Bytes(Bytes::View { class, bytes }))
            }
            tag::HOST_OTHER => Ok(Part::Host),
            _ => Err(malformed(position, "an unknown kind of host object")),
        }
    }

    /// Reads V8's own record of a view after its ArrayBuffer, if there is one: the class, and which
    /// bytes it shows.
    pub(super) fn view_of(
        &mut self,
        bytes: &[u8],
        resizable: bool,
        flagged: bool,
    ) -> Result<Option<(ViewClass, Range<usize>)>, ReadError> {
        let position = self.at;
        let Some([class, start, length, flags]) = self.view_record(flagged)? else {
            return Ok(None);
        };
        let class = tag::view_class(class as u8);
        let (start, length) = (start as usize, length as usize);
        let (tracking, resizable_flag) = (flags & 1 != 0, flags & 2 != 0);
        let size = class.map_or(1, |class| class.element_size().unwrap_or(1));
        let rest = bytes.get(start..).map(<[u8]>::len).filter(|rest| length <= *rest);
        let (Some(class), Some(rest)) = (class, rest) else {
            return Err(malformed(position, "a view beyond its ArrayBuffer"));
        };
        let aligned = start.is_multiple_of(size) && length.is_multiple_of(size);
        if !aligned || resizable_flag != resizable || tracking && !resizable_flag {
            return Err(malformed(position, "a view that does not fit its ArrayBuffer"));
        }
        // One that tracks the length of its ArrayBuffer has no other length.
        let length = if tracking { rest - rest % size } else { length };
        Ok(Some((class, start..start + length)))
    }

    /// Reads such a record, whatever it is of: the class, the start, the length and the flags.
    pub(super) fn view_record(&mut self, flagged: bool) -> Result<Option<[u32; 4]>, ReadError> {
        if !self.closes(tag::ARRAY_BUFFER_VIEW)? {
            return Ok(None);
        }
        let [class, start, length] = [self.vint()?, self.vint()?, self.vint()?];
        Ok(Some([class, start, length, if flagged { self.vint()? } else { 0 }]))
    }

    /// Reads the key of a property.
    #[inline]
    pub(super) fn key(&mut self) -> Result<Key<'p>, ReadError> {
        let position = self.at;
        Ok(match self.tag_of_value()? {
            tag @ (tag::ONE_BYTE_STRING | tag::TWO_BYTE_STRING | tag::UTF8_STRING) => {
                let units = self.units(tag)?;
                match units.array_index() {
                    Some(index) => Key::Index(index),
                    None => Key::String(units),
                }
            }
            tag::INT32 => number_key(f64::from(self.int32()?)),
            tag::UINT32 => number_key(f64::from(self.vint()?)),
            tag::DOUBLE => number_key(self.double()?),
            _ => return Err(malformed(position, "a key that is no string and no number")),
        })
    }

    /// Reads a part of an error, up to the cause if it is that.
    pub(super) fn error_part(&mut self) -> Result<ErrorPart<'p>, ReadError> {
        let position = self.at;
        // A number in the format, of which the lowest bits count.
        Ok(match self.vint()? as u8 {
            tag::ERROR_MESSAGE => ErrorPart::Message(self.string()?),
            tag::ERROR_STACK => ErrorPart::Stack(self.string()?),
            tag::ERROR_CAUSE => ErrorPart::Cause,
            tag::ERROR_END => ErrorPart::End,
            part => match error_object::class_of_tag(part) {
                Some(class) => ErrorPart::Class(class),
                None => return Err(malformed(position, "an unknown part of an error")),
            },
        })
    }
}

fn number_key(n: f64) -> Key<'static> {
    let index = n as u32;
    if f64::from(index) == n && index < u32::MAX { Key::Index(index) } else { Key::Number(n) }
}

impl Units<'_> {
    /// The array index of which these are the text.
    #[inline]
    fn array_index(&self) -> Option<u32> {
        let digits = |bytes: &[u8]| str::from_utf8(bytes).ok().and_then(array_index);
        match self.tag {
            tag::TWO_BYTE_STRING if self.bytes.len() > 20 => None,
            tag::TWO_BYTE_STRING => {
                let (pairs, _) = self.bytes.as_chunks::<2>();
                let low: Option<Vec<u8>> =
                    pairs.iter().map(|[low, high]| (*high == 0).then_some(*low)).collect();
                digits(&low?)
            }
            _ if self.bytes.first().is_none_or(|first| !first.is_ascii_digit()) => None,
            _ => digits(self.bytes),
        }
    }
}
