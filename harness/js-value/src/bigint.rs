//! Integers of any size.

use std::fmt;
use std::str::FromStr;

/// A BigInt: sign and magnitude.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct BigInt {
    negative: bool,
    /// 64-bit digits, the lowest first, without zeros at the end; empty for zero.
    magnitude: Vec<u64>,
}

impl BigInt {
    /// The number of this sign and magnitude, 64-bit digits with the lowest first. Zero has no sign.
    pub fn new(negative: bool, mut magnitude: Vec<u64>) -> Self {
        while magnitude.last() == Some(&0) {
            magnitude.pop();
        }
        Self { negative: negative && !magnitude.is_empty(), magnitude }
    }

    /// Whether it is less than zero.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// The magnitude in 64-bit digits, the lowest first, without zeros at the end.
    pub fn magnitude(&self) -> &[u64] {
        &self.magnitude
    }
}

impl From<i128> for BigInt {
    fn from(number: i128) -> Self {
        let magnitude = number.unsigned_abs();
        Self::new(number < 0, vec![magnitude as u64, (magnitude >> 64) as u64])
    }
}

impl From<i64> for BigInt {
    fn from(number: i64) -> Self {
        Self::from(i128::from(number))
    }
}

impl From<u64> for BigInt {
    fn from(number: u64) -> Self {
        Self::new(false, vec![number])
    }
}

/// A text that is no decimal integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseBigIntError;

impl fmt::Display for ParseBigIntError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a decimal integer")
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
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ParseBigIntError);
        }
        let mut magnitude = Vec::new();
        for digit in digits.bytes() {
            let mut carry = u128::from(digit - b'0');
            for limb in &mut magnitude {
                let wide = u128::from(*limb) * 10 + carry;
                *limb = wide as u64;
                carry = wide >> 64;
            }
            if carry > 0 {
                magnitude.push(carry as u64);
            }
        }
        Ok(Self::new(negative, magnitude))
    }
}

impl fmt::Display for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// The largest power of ten in a digit.
        const CHUNK: u64 = 10_000_000_000_000_000_000;
        let mut rest = self.magnitude.clone();
        let mut chunks = Vec::new();
        while !rest.is_empty() {
            let mut remainder = 0_u128;
            for limb in rest.iter_mut().rev() {
                let wide = (remainder << 64) | u128::from(*limb);
                *limb = (wide / u128::from(CHUNK)) as u64;
                remainder = wide % u128::from(CHUNK);
            }
            chunks.push(remainder as u64);
            while rest.last() == Some(&0) {
                rest.pop();
            }
        }
        let mut text = chunks.pop().unwrap_or(0).to_string();
        for chunk in chunks.iter().rev() {
            text.push_str(&format!("{chunk:019}"));
        }
        f.pad_integral(!self.negative, "", &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_text_survives() {
        for text in [
            "0",
            "1",
            "-1",
            "18446744073709551616",
            "-340282366920938463463374607431768211456",
            "10000000000000000000",
        ] {
            assert_eq!(text.parse::<BigInt>().unwrap().to_string(), text);
        }
        assert_eq!("-0".parse::<BigInt>().unwrap().to_string(), "0");
        for text in ["", "-", "+1", "1n", "0x1", "١"] {
            assert_eq!(text.parse::<BigInt>(), Err(ParseBigIntError), "{text}");
        }
        assert_eq!(BigInt::from(i128::MIN).to_string(), i128::MIN.to_string());
    }
}
