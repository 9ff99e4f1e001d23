//! Integers of any size.

use std::fmt;
use std::str::FromStr;

/// A BigInt: an integer of any size, without arithmetic.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BigInt(Box<Repr>); // Boxed, so that a Value is three words.

#[derive(Clone, PartialEq, Eq, Hash)]
struct Repr {
    /// Never set for zero.
    negative: bool,
    /// Little-endian, without leading zeros.
    magnitude: Vec<u64>,
}

impl BigInt {
    /// The integer of this sign and these little-endian digits in base 2⁶⁴. There is no -0.
    pub fn new(negative: bool, mut magnitude: Vec<u64>) -> Self {
        while magnitude.last() == Some(&0) {
            magnitude.pop();
        }
        Self(Box::new(Repr { negative: negative && !magnitude.is_empty(), magnitude }))
    }

    /// Whether it is less than 0.
    pub fn is_negative(&self) -> bool {
        self.0.negative
    }

    /// The digits in base 2⁶⁴, least significant first, without leading zeros; none for 0.
    pub fn magnitude(&self) -> &[u64] {
        &self.0.magnitude
    }
}

/// The largest power of ten in a digit, and its exponent.
const CHUNK: u64 = 10_u64.pow(CHUNK_DIGITS as u32);
const CHUNK_DIGITS: usize = 19;

impl fmt::Display for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.magnitude.clone();
        let mut chunks = Vec::new();
        while !rest.is_empty() {
            let mut remainder = 0_u128;
            for digit in rest.iter_mut().rev() {
                let here = remainder << 64 | u128::from(*digit);
                *digit = (here / u128::from(CHUNK)) as u64;
                remainder = here % u128::from(CHUNK);
            }
            chunks.push(remainder as u64);
            while rest.last() == Some(&0) {
                rest.pop();
            }
        }
        let mut text = chunks.pop().unwrap_or(0).to_string();
        for chunk in chunks.iter().rev() {
            text.push_str(&format!("{chunk:0width$}", width = CHUNK_DIGITS));
        }
        f.pad_integral(!self.0.negative, "", &text)
    }
}

impl fmt::Debug for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}n")
    }
}

/// A text is not decimal digits with an optional leading `-`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseBigIntError;

impl fmt::Display for ParseBigIntError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not decimal digits with an optional leading '-'")
    }
}

impl std::error::Error for ParseBigIntError {}

impl FromStr for BigInt {
    type Err = ParseBigIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ParseBigIntError);
        }
        let mut magnitude: Vec<u64> = Vec::new();
        let mut at = 0;
        while at < digits.len() {
            // The first chunk takes what the others leave over.
            let end = at + (digits.len() - at - 1) % CHUNK_DIGITS + 1;
            let chunk: u64 = digits[at..end].parse().map_err(|_| ParseBigIntError)?;
            let mut carry = u128::from(chunk);
            for digit in &mut magnitude {
                carry += u128::from(*digit) * u128::from(CHUNK);
                *digit = carry as u64;
                carry >>= 64;
            }
            if carry != 0 {
                magnitude.push(carry as u64);
            }
            at = end;
        }
        Ok(Self::new(negative, magnitude))
    }
}

impl From<u64> for BigInt {
    fn from(n: u64) -> Self {
        Self::new(false, vec![n])
    }
}

impl From<i64> for BigInt {
    fn from(n: i64) -> Self {
        Self::new(n < 0, vec![n.unsigned_abs()])
    }
}

impl From<i128> for BigInt {
    fn from(n: i128) -> Self {
        let size = n.unsigned_abs();
        Self::new(n < 0, vec![size as u64, (size >> 64) as u64])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_text_round_trips() {
        for text in [
            "0",
            "1",
            "-1",
            "18446744073709551615",
            "18446744073709551616",
            "-9223372036854775808",
            "10000000000000000000",
            "100000000000000000000000000000000000000",
            "340282366920938463463374607431768211456",
            "123456789012345678901234567890123456789012345678901234567890",
        ] {
            assert_eq!(text.parse::<BigInt>().unwrap().to_string(), text);
        }
        assert_eq!("-000".parse::<BigInt>().unwrap(), BigInt::from(0_u64));
        assert_eq!("-0012".parse::<BigInt>().unwrap(), BigInt::from(-12_i64));
        for text in ["", "-", "+1", "1n", " 1", "0x1", "1_0"] {
            assert_eq!(text.parse::<BigInt>(), Err(ParseBigIntError), "{text}");
        }
    }

    #[test]
    fn conversions() {
        assert_eq!(BigInt::from(i64::MIN).to_string(), i64::MIN.to_string());
        assert_eq!(BigInt::from(i128::MIN).to_string(), i128::MIN.to_string());
        assert_eq!(BigInt::from(u64::MAX).magnitude(), [u64::MAX]);
        assert_eq!(BigInt::new(true, vec![0, 0]), BigInt::from(0_i64));
        assert!(!BigInt::new(true, vec![0, 0]).is_negative());
        assert_eq!(format!("{:?}", BigInt::from(5_u64)), "5n");
    }
}
