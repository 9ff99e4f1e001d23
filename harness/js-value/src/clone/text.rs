//! Strings as the format has them.

use std::borrow::Cow;

use crate::string::Text;

/// Whether all characters are below U+0100: they are encoded with `c2` and `c3` then.
pub(super) fn is_latin1(text: &str) -> bool {
    text.as_bytes().chunks(256).all(|chunk| {
        // Without a branch per byte, so that it compiles to vector instructions.
        !chunk.iter().fold(false, |wide, byte| wide | (*byte > 0xc3))
    })
}

/// The string of these code units of one byte each.
#[inline]
pub(super) fn from_latin1(bytes: &[u8]) -> Text<'_> {
    if bytes.is_ascii()
        && let Ok(text) = str::from_utf8(bytes)
    {
        return Text::Utf8(Cow::Borrowed(text));
    }
    let wide = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    let mut utf8 = Vec::with_capacity(bytes.len() + wide);
    for byte in bytes {
        match byte {
            0..0x80 => utf8.push(*byte),
            _ => utf8.extend_from_slice(&[0xc0 | byte >> 6, 0x80 | byte & 0x3f]),
        }
    }
    let text = String::from_utf8(utf8).expect("each byte became a whole character");
    Text::Utf8(Cow::Owned(text))
}

/// The string of these code units of two bytes each, little-endian.
pub(super) fn from_utf16_le(bytes: &[u8]) -> Text<'static> {
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
            Err(_) => return Text::Wide(units().collect()),
        }
    }
    Text::Utf8(Cow::Owned(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JsString;

    #[test]
    fn strings_come_back() {
        let latin1 = JsString::from(from_latin1(b"a\xe9\x80\xff"));
        assert_eq!(latin1, "aé\u{80}ÿ");
        assert!(is_latin1("aé\u{80}ÿ") && !is_latin1("Ā"));
        assert!(matches!(from_latin1(b"a"), Text::Utf8(Cow::Borrowed("a"))));
        for units in [&[0x61, 0x100][..], &[0xd83d, 0xde00], &[0xd800, 0x61], &[0xffff, 0x7ff]] {
            let bytes: Vec<u8> = units.iter().flat_map(|unit: &u16| unit.to_le_bytes()).collect();
            assert_eq!(JsString::from(from_utf16_le(&bytes)), JsString::from_utf16(units));
        }
        assert_eq!(JsString::from(from_utf16_le(&[0x61, 0, 0xe9, 0])), "aé");
    }
}
