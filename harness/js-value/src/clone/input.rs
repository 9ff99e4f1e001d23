//! The bytes of a payload, and what holds no other value in them.

use super::text::{from_latin1, from_utf16_le};
use super::{ReadError, tag};
use crate::BigInt;
use crate::string::Text;

/// A payload, read up to a place.
#[derive(Clone, Copy)]
pub(super) struct Input<'p> {
    pub(super) bytes: &'p [u8],
    pub(super) at: usize,
}

/// A string as the payload has it.
#[derive(Clone, Copy)]
pub(super) struct Units<'p> {
    pub(super) tag: u8,
    pub(super) bytes: &'p [u8],
}

/// A BigInt as the payload has it.
#[derive(Clone, Copy)]
pub(super) struct Digits<'p> {
    pub(super) negative: bool,
    /// The magnitude, little-endian.
    pub(super) bytes: &'p [u8],
}

#[cold]
pub(super) fn malformed(position: usize, message: &'static str) -> ReadError {
    ReadError::Malformed { position, message }
}

impl<'p> Input<'p> {
    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next tag, past any padding.
    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        match self.bytes.get(self.at) {
            Some(&tag::PADDING) => {
                self.bytes[self.at..].iter().copied().find(|byte| *byte != tag::PADDING)
            }
            next => next.copied(),
        }
    }

    /// Reads a tag with the padding before it.
    #[inline]
    pub(super) fn tag(&mut self) -> Result<u8, ReadError> {
        loop {
            let tag = *self.bytes.get(self.at).ok_or_else(|| malformed(self.at, END))?;
            self.at += 1;
            if tag != tag::PADDING {
                return Ok(tag);
            }
        }
    }

    /// Reads a tag if it is this one, with nothing before it.
    #[cfg(feature = "serde")]
    #[inline]
    pub(super) fn is_at(&mut self, tag: u8) -> bool {
        let found = self.bytes.get(self.at) == Some(&tag);
        self.at += usize::from(found);
        found
    }

    /// Reads the tag of a value, past any number of objects that V8 skips.
    #[inline]
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
    #[inline]
    pub(super) fn vint(&mut self) -> Result<u32, ReadError> {
        match self.bytes.get(self.at) {
            Some(byte @ 0..0x80) => {
                self.at += 1;
                Ok(u32::from(*byte))
            }
            _ => self.long_vint(),
        }
    }

    fn long_vint(&mut self) -> Result<u32, ReadError> {
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
    #[inline]
    pub(super) fn expect(&mut self, expected: usize) -> Result<(), ReadError> {
        let position = self.at;
        match self.vint()? {
            n if n as usize == expected => Ok(()),
            _ => Err(malformed(position, "a count that differs from what was counted")),
        }
    }

    #[inline]
    pub(super) fn int32(&mut self) -> Result<i32, ReadError> {
        let n = self.vint()?;
        Ok((n >> 1) as i32 ^ -((n & 1) as i32))
    }

    pub(super) fn double(&mut self) -> Result<f64, ReadError> {
        let (bytes, _) = self.take(8)?.as_chunks::<8>();
        let n = bytes.first().map_or(0.0, |bytes| f64::from_le_bytes(*bytes));
        Ok(if n.is_nan() { f64::NAN } else { n })
    }

    pub(super) fn big_int(&mut self) -> Result<Digits<'p>, ReadError> {
        let position = self.at;
        let bits = self.vint()?;
        // The highest bit means nothing.
        let bytes = self.take(bits << 1 >> 2)?;
        let negative = bits & 1 == 1;
        if bytes.is_empty() && negative {
            return Err(malformed(position, "a BigInt that is -0"));
        }
        Ok(Digits { negative, bytes })
    }

    /// Reads a value that must be a string.
    pub(super) fn string(&mut self) -> Result<Units<'p>, ReadError> {
        let position = self.at;
        match self.tag_of_value()? {
            tag @ (tag::ONE_BYTE_STRING | tag::TWO_BYTE_STRING | tag::UTF8_STRING) => {
                self.units(tag)
            }
            _ => Err(malformed(position, "something else where a string must be")),
        }
    }

    /// Reads a string past its tag.
    #[inline]
    pub(super) fn units(&mut self, tag: u8) -> Result<Units<'p>, ReadError> {
        let position = self.at;
        let length = self.vint()?;
        let bytes = self.take(length)?;
        if tag == tag::TWO_BYTE_STRING && bytes.len() % 2 == 1 {
            return Err(malformed(position, "half a code unit"));
        }
        Ok(Units { tag, bytes })
    }

    /// Reads a tag if it is this one.
    #[inline]
    pub(super) fn closes(&mut self, tag: u8) -> Result<bool, ReadError> {
        let found = self.peek() == Some(tag);
        if found {
            self.tag()?;
        }
        Ok(found)
    }

    #[inline]
    pub(super) fn take(&mut self, length: u32) -> Result<&'p [u8], ReadError> {
        let taken = self.bytes[self.at..].get(..length as usize);
        let taken =
            taken.ok_or_else(|| malformed(self.at, "a length beyond the end of the payload"))?;
        self.at += taken.len();
        Ok(taken)
    }
}

impl<'p> Units<'p> {
    /// The string that they are.
    #[inline]
    pub(super) fn text(self) -> Text<'p> {
        match self.tag {
            tag::ONE_BYTE_STRING => from_latin1(self.bytes),
            tag::UTF8_STRING => Text::Utf8(String::from_utf8_lossy(self.bytes)),
            _ => from_utf16_le(self.bytes),
        }
    }
}

impl From<Digits<'_>> for BigInt {
    fn from(digits: Digits<'_>) -> Self {
        let magnitude = digits.bytes.chunks(8).map(|chunk| {
            let mut digit = [0; 8];
            digit[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(digit)
        });
        Self::new(digits.negative, magnitude.collect())
    }
}

pub(super) const NO_OBJECT: &str = "a reference to no object";
pub(super) const NO_HOST_OBJECT: &str = "a host object that is no object";
const END: &str = "unexpected end of the payload";
