//! Generated numbers and strings.

use js_value::JsString;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

pub(crate) fn any_number() -> impl Strategy<Value = f64> {
    (select(SHAPES), any::<u64>()).prop_map(|(shape, bits)| shape(bits))
}

/// Numbers of a shape, from random bits.
const SHAPES: &[fn(u64) -> f64] = &[
    |bits| f64::from(bits as i32 >> 20),
    |bits| NUMBERS[bits as usize % NUMBERS.len()],
    f64::from_bits,
    |bits| bits as i64 as f64,
    // Decimal fractions of any size.
    |bits| f64::from(bits as i16) * 10_f64.powi((bits >> 16) as i32 % 30),
    // Near the borders between plain and exponential notation, and those of integers.
    |bits| {
        let border = BORDERS[bits as usize % BORDERS.len()].to_bits();
        let near = border.wrapping_add(bits >> 8 & 7).wrapping_sub(3);
        f64::from_bits(near | bits & 1 << 63)
    },
];

const NUMBERS: &[f64] = &[
    0.0,
    -0.0,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    5e-324,
    -5e-324,
    f64::MIN_POSITIVE,
    f64::MAX,
    0.1,
    1.5,
    4_294_967_295.0,
    8.64e15,
];

const BORDERS: &[f64] = &[1e21, 1e-6, 1e-7, 9_007_199_254_740_992.0, 9.223_372_036_854_776e18];

/// Lone surrogates, pairs, what needs an escape, sometimes after a longer plain run.
pub(crate) fn any_string() -> impl Strategy<Value = JsString> {
    let plain = select(&[0, 0, 0, 0, 0, 0, 0, 14, 15, 16, 17, 31, 33][..]);
    (plain, vec(select(UNITS), 0..5)).prop_map(|(plain, rest)| {
        let mut units = vec![u16::from(b'x'); plain];
        units.extend(rest);
        JsString::from_utf16(&units)
    })
}

const UNITS: &[u16] = &[
    0x61, 0x62, 0x20, 0x7a, 0x2f, 0x22, 0x5c, 0x00, 0x01, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1f,
    0x7f, 0x80, 0xa0, 0xe9, 0x2028, 0x2029, 0x4e2d, 0xd7ff, 0xd800, 0xd83d, 0xdbff, 0xdc00, 0xde00,
    0xdfff, 0xe000, 0xfeff, 0xfffd, 0xfffe, 0xffff,
];
