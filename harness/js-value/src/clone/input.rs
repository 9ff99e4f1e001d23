//! The bytes of a payload, and what holds no other value in them.

use super::text::{from_latin1, from_utf16_le};
use super::{ReadError, tag};
use crate::{BigInt, JsString};

/// A payload, read up to a place.
pub(super) struct Input<'p> {
    pub(super) bytes: &'p [u8],
    pub(super) at: usize,
}

pub(super) fn malformed(position: usize, message: &'static str) -> ReadError {
    ReadError::Malformed { position, message }
}

impl<'p> Input<'p> {
    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next tag, past any padding.
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes[self.at..].iter().copied().find(|byte| *byte != tag::PADDING)
    }

    /// Reads a tag with the padding before it.
    pub(super) fn tag(&mut self) -> Result<u8, ReadError> {
        let padding = self.bytes[self.at..].iter().take_while(|byte| **byte == tag::PADDING);
        self.at += padding.count();
        let tag = self.bytes.get(self.at).ok_or_else(|| malformed(self.at, END))?;
        self.at += 1;
        Ok(*tag)
    }

    /// Reads the tag of a value, past any number of objects that V8 skips.
    pub(super) fn tag_of_value(&mut self) -> Result<u8, ReadError> {
        loop {
            match self.tag()? {
                tag::VERIFY_OBJECT_COUNT => {
                    self.vint()?;
                }
                tag => return Ok(tag),
            }
        }
    }

    /// Reads a number of seven bits a byte. Bits beyond 32 are ignored, as V8 does.
    pub(super) fn vint(&mut self) -> Result<u32, ReadError> {
        let mut n = 0_u32;
        let mut shift = 0;
        loop {
            let byte = *self.bytes.get(self.at).ok_or_else(|| malformed(self.at, END))?;
            self.at += 1;
            if shift < u32::BITS {
                n |= u32::from(byte & 0x7f) << shift;
                shift += 7;
            }
            if byte & 0x80 == 0 {
                return Ok(n);
            }
        }
    }

    /// Reads a number that must be this one.
    pub(super) fn expect(&mut self, expected: usize) -> Result<(), ReadError> {
        let position = self.at;
        match self.vint()? {
            n if n as usize == expected => Ok(()),
            _ => Err(malformed(position, "a count that differs from what was counted")),
        }
    }

    pub(super) fn int32(&mut self) -> Result<i32, ReadError> {
        let n = self.vint()?;
        Ok((n >> 1) as i32 ^ -((n & 1) as i32))
    }

    pub(super) fn double(&mut self) -> Result<f64, ReadError> {
        let (bytes, _) = self.take(8)?.as_chunks::<8>();
        let n = bytes.first().map_or(0.0, |bytes| f64::from_le_bytes(*bytes));
        Ok(if n.is_nan() { f64::NAN } else { n })
    }

    pub(super) fn big_int(&mut self) -> Result<BigInt, ReadError> {
        let position = self.at;
        let bits = self.vint()?;
        // The highest bit means nothing.
        let bytes = self.take(bits << 1 >> 2)?;
        if bytes.is_empty() && bits & 1 == 1 {
            return Err(malformed(position, "a BigInt that is -0"));
        }
        let digits = bytes.chunks(8).map(|chunk| {
            let mut digit = [0; 8];
            digit[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(digit)
        });
        Ok(BigInt::new(bits & 1 == 1, digits.collect()))
    }

    /// Reads a value that must be a string.
    pub(super) fn string(&mut self) -> Result<JsString, ReadError> {
        let position = self.at;
        match self.tag_of_value()? {
            tag @ (tag::ONE_BYTE_STRING | tag::TWO_BYTE_STRING | tag::UTF8_STRING) => {
                self.string_of(tag)
            }
            _ => Err(malformed(position, "something else where a string must be")),
        }
    }

    /// Reads a string past its tag.
    pub(super) fn string_of(&mut self, tag: u8) -> Result<JsString, ReadError> {
        let position = self.at;
        let length = self.vint()?;
        let bytes = self.take(length)?;
        match tag {
            tag::ONE_BYTE_STRING => Ok(from_latin1(bytes)),
            tag::UTF8_STRING => Ok(String::from_utf8_lossy(bytes).into_owned().into()),
            _ if bytes.len() % 2 == 1 => Err(malformed(position, "half a code unit")),
            _ => Ok(from_utf16_le(bytes)),
        }
    }

    pub(super) fn take(&mut self, length: u32) -> Result<&'p [u8], ReadError> {
        let taken = self.bytes[self.at..].get(..length as usize);
        let taken =
            taken.ok_or_else(|| malformed(self.at, "a length beyond the end of the payload"))?;
        self.at += taken.len();
        Ok(taken)
    }
}

const END: &str = "unexpected end of the payload";
