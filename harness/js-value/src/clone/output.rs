//! A payload as far as it is written, and what holds no other value in it.

use super::tag;
use super::text::{Encoded, encoded};
use crate::{BigInt, ErrorClass, Exception, JsString};

/// A buffer that a payload is appended to.
pub(super) struct Output<'o> {
    bytes: &'o mut Vec<u8>,
    /// Where the payload begins.
    start: usize,
}

impl<'o> Output<'o> {
    pub(super) fn new(bytes: &'o mut Vec<u8>) -> Self {
        Self { start: bytes.len(), bytes }
    }

    /// Takes back all that was appended.
    pub(super) fn undo(&mut self) {
        self.bytes.truncate(self.start);
    }

    pub(super) fn push(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn number(&mut self, n: f64) {
        match small_integer(n) {
            Some(n) => self.int32(n),
            None => self.double(tag::DOUBLE, n),
        }
    }

    pub(super) fn int32(&mut self, n: i32) {
        self.bytes.push(tag::INT32);
        self.vint((n << 1 ^ n >> 31) as u32);
    }

    pub(super) fn double(&mut self, tag: u8, n: f64) {
        let n = if n.is_nan() { f64::NAN } else { n };
        self.bytes.push(tag);
        self.bytes.extend_from_slice(&n.to_le_bytes());
    }

    pub(super) fn big_int(&mut self, n: &BigInt) -> Result<(), Exception> {
        let digits = n.magnitude();
        // Two bits of the number are for other things.
        let length = digits.len().saturating_mul(8);
        let length = fits(length.saturating_mul(4), "Maximum BigInt size exceeded")? / 4;
        self.vint(length << 1 | u32::from(n.is_negative()));
        digits.iter().for_each(|digit| self.bytes.extend_from_slice(&digit.to_le_bytes()));
        Ok(())
    }

    pub(super) fn string(&mut self, string: &JsString) -> Result<(), Exception> {
        match encoded(string) {
            Encoded::Ascii(text) => {
                let length = fits(text.len(), "Invalid string length")?;
                self.bytes.push(tag::ONE_BYTE_STRING);
                self.vint(length);
                self.bytes.extend_from_slice(text.as_bytes());
            }
            Encoded::OneByte(text) => {
                let length = fits(text.chars().count(), "Invalid string length")?;
                self.bytes.push(tag::ONE_BYTE_STRING);
                self.vint(length);
                self.bytes.reserve(length as usize);
                let mut utf8 = text.bytes();
                while let Some(byte) = utf8.next() {
                    self.bytes.push(match byte {
                        0..0x80 => byte,
                        // One of c2 and c3, before the six low bits.
                        lead => lead << 6 | utf8.next().unwrap_or(0) & 0x3f,
                    });
                }
            }
            Encoded::TwoByte(string, units) => {
                let length = fits(units * 2, "Invalid string length")?;
                // The units begin at an even place of the payload.
                let before = self.bytes.len() - self.start + 1 + vint_length(length);
                if before % 2 == 1 {
                    self.bytes.push(tag::PADDING);
                }
                self.bytes.push(tag::TWO_BYTE_STRING);
                self.vint(length);
                self.bytes.reserve(units * 2);
                string.encode_utf16().for_each(|unit| {
                    self.bytes.extend_from_slice(&unit.to_le_bytes());
                });
            }
        }
        Ok(())
    }

    pub(super) fn vint(&mut self, mut n: u32) {
        while n >= 0x80 {
            self.bytes.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.bytes.push(n as u8);
    }
}

/// A length as the format has it. In Node none is longer, because of this RangeError.
pub(super) fn fits(length: usize, message: &str) -> Result<u32, Exception> {
    u32::try_from(length).map_err(|_| Exception::Thrown {
        class: ErrorClass::RangeError,
        message: message.to_owned(),
    })
}

/// The number as V8's small integers have it.
pub(super) fn small_integer(n: f64) -> Option<i32> {
    let integer = n as i32;
    (f64::from(integer).to_bits() == n.to_bits()).then_some(integer)
}

fn vint_length(n: u32) -> usize {
    (32 - (n | 1).leading_zeros()).div_ceil(7) as usize
}
