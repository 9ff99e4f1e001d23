//! Strings as the format has them.

use crate::JsString;

/// The form in which a string is written.
pub(super) enum Encoded<'s> {
    /// ASCII as it is.
    Ascii(&'s str),
    /// All code units fit in a byte.
    OneByte(&'s str),
    /// Others, and the number of code units.
    TwoByte(&'s JsString, usize),
}

/// How a string is written: as one-byte string if it can.
pub(super) fn encoded(string: &JsString) -> Encoded<'_> {
    match string.as_str() {
        Some(text) if text.is_ascii() => Encoded::Ascii(text),
        Some(text) if is_latin1(text) => Encoded::OneByte(text),
        _ => Encoded::TwoByte(string, string.len_utf16()),
    }
}

/// Whether all characters are below U+0100: they are encoded with `c2` and `c3` then.
fn is_latin1(text: &str) -> bool {
    text.as_bytes().chunks(256).all(|chunk| {
        // Without a branch per byte, so that it compiles to vector instructions.
        !chunk.iter().fold(false, |wide, byte| wide | (*byte > 0xc3))
    })
}

/// The string of these code units of one byte each.
pub(super) fn from_latin1(bytes: &[u8]) -> JsString {
    if bytes.is_ascii()
        && let Ok(text) = str::from_utf8(bytes)
    {
        return JsString::from(text);
    }
    let wide = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    let mut utf8 = Vec::with_capacity(bytes.len() + wide);
    for byte in bytes {
        match byte {
            0..0x80 => utf8.push(*byte),
            _ => utf8.extend_from_slice(&[0xc0 | byte >> 6, 0x80 | byte & 0x3f]),
        }
    }
    JsString::from(String::from_utf8(utf8).expect("each byte became a whole character"))
}

/// The string of these code units of two bytes each, little-endian.
pub(super) fn from_utf16_le(bytes: &[u8]) -> JsString {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units = || pairs.iter().map(|pair| u16::from_le_bytes(*pair));
    let length = units()
        .map(|unit| match unit {
            0..0x80 => 1,
            // Of a pair, each half is two.
            0x80..0x800 | 0xd800..0xe000 => 2,
            _ => 3,
        })
        .sum();
    let mut text = String::with_capacity(length);
    for character in char::decode_utf16(units()) {
        match character {
            Ok(character) => text.push(character),
            Err(_) => return JsString::from_utf16(&units().collect::<Vec<_>>()),
        }
    }
    JsString::from(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back() {
        let latin1 = from_latin1(b"a\xe9\x80\xff");
        assert_eq!(latin1, "aé\u{80}ÿ");
        assert!(matches!(encoded(&latin1), Encoded::OneByte(_)));
        assert!(matches!(encoded(&from_latin1(b"a")), Encoded::Ascii("a")));
        for units in [&[0x61, 0x100][..], &[0xd83d, 0xde00], &[0xd800, 0x61], &[0xffff, 0x7ff]] {
            let bytes: Vec<u8> = units.iter().flat_map(|unit: &u16| unit.to_le_bytes()).collect();
            let string = from_utf16_le(&bytes);
            assert_eq!(string, JsString::from_utf16(units));
            assert!(matches!(encoded(&string), Encoded::TwoByte(_, n) if n == units.len()));
        }
        assert_eq!(from_utf16_le(&[0x61, 0, 0xe9, 0]), "aé");
    }
}
