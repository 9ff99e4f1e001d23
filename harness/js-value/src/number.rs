//! Numbers as text.

/// The text of a number as JavaScript's `String(n)` has it.
pub fn number_to_string(n: f64) -> String {
    ryu_js::Buffer::new().format(n).to_owned()
}

/// Appends a number as JSON has it: `null` for those that are not finite.
pub(crate) fn push_json(n: f64, out: &mut Vec<u8>) {
    let integer = n as i64;
    if integer as f64 == n && n.abs() < MAX_EXACT {
        push_integer(integer, out);
    } else if n.is_finite() {
        out.extend_from_slice(ryu_js::Buffer::new().format_finite(n).as_bytes());
    } else {
        out.extend_from_slice(b"null");
    }
}

/// Appends the decimal digits of an integer.
pub(crate) fn push_integer(n: i64, out: &mut Vec<u8>) {
    if n < 0 {
        out.push(b'-');
    }
    push_magnitude(n.unsigned_abs(), out);
}

/// Appends the decimal digits of a positive integer, two at a time.
pub(crate) fn push_magnitude(mut rest: u64, out: &mut Vec<u8>) {
    if rest < 10 {
        return out.push(b'0' + rest as u8);
    }
    let mut digits = [0; 20];
    let mut at = digits.len();
    while rest >= 10 {
        at -= 2;
        digits[at..at + 2].copy_from_slice(&PAIRS[(rest % 100) as usize]);
        rest /= 100;
    }
    if rest > 0 {
        at -= 1;
        digits[at] = b'0' + rest as u8;
    }
    out.extend_from_slice(&digits[at..]);
}

/// The digits of 0 … 99.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut n = 0;
    while n < 100 {
        pairs[n] = [b'0' + n as u8 / 10, b'0' + n as u8 % 10];
        n += 1;
    }
    pairs
};

/// JavaScript's `Number.MAX_SAFE_INTEGER`.
#[cfg(feature = "serde")]
pub(crate) const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// The value of a half-precision float.
pub(crate) fn from_half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff);
    let size = match bits >> 10 & 0x1f {
        0 => fraction * 2_f64.powi(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        exponent => (1024.0 + fraction) * 2_f64.powi(i32::from(exponent) - 25),
    };
    if bits & 0x8000 == 0 { size } else { -size }
}

/// 2⁵³: every integer below it is exact.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_numbers() {
        for (n, text, json) in [
            (f64::NAN, "NaN", "null"),
            (f64::NEG_INFINITY, "-Infinity", "null"),
            (-0.0, "0", "0"),
            (5.0, "5", "5"),
            (-123.0, "-123", "-123"),
            (0.1 + 0.2, "0.30000000000000004", "0.30000000000000004"),
            (1e21, "1e+21", "1e+21"),
            (1e20, "100000000000000000000", "100000000000000000000"),
            (1e-7, "1e-7", "1e-7"),
            (5e-324, "5e-324", "5e-324"),
            (f64::MAX, "1.7976931348623157e+308", "1.7976931348623157e+308"),
            (MAX_EXACT, "9007199254740992", "9007199254740992"),
            (-MAX_EXACT + 1.0, "-9007199254740991", "-9007199254740991"),
            (123_456_789_012_345_680_000.0, "123456789012345680000", "123456789012345680000"),
        ] {
            assert_eq!(number_to_string(n), text);
            let mut out = Vec::new();
            push_json(n, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), json);
        }
    }

    #[test]
    fn half_precision() {
        for (bits, n) in [
            (0x0000, 0.0),
            (0x8000, -0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x7c00, f64::INFINITY),
            (0x3555, 0.333_251_953_125),
        ] {
            assert_eq!(from_half(bits).to_bits(), f64::to_bits(n), "{bits:x}");
        }
        assert!(from_half(0x7e00).is_nan());
    }
}
