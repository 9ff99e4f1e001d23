//! Strings that were read, handed to types.

use std::borrow::Cow;

use serde::de::{Expected, IntoDeserializer, Visitor};

use super::error::Failure;
use crate::string::Text;

/// Hands a string to a type.
#[inline]
pub(crate) fn visit_text<'de, V: Visitor<'de>>(
    text: Text<'de>,
    visitor: V,
) -> Result<V::Value, Failure> {
    match text {
        Text::Utf8(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
        Text::Utf8(Cow::Owned(text)) => visitor.visit_string(text),
        Text::Wide(_) => Err(lone_surrogate(&visitor)),
    }
}

/// Hands a name to an enum, as a variant with nothing in it.
pub(crate) fn visit_variant<'de, V: Visitor<'de>>(
    name: Text<'de>,
    visitor: V,
) -> Result<V::Value, Failure> {
    match name {
        Text::Utf8(name) => visitor.visit_enum(name.into_deserializer()),
        Text::Wide(_) => Err(lone_surrogate(&visitor)),
    }
}

#[cold]
fn lone_surrogate(visitor: &dyn Expected) -> Failure {
    Failure::new(format_args!(
        "a string with a lone surrogate, which has no UTF-8 form, expected {visitor}"
    ))
}

/// Hands a string to a type of bytes, in WTF-8.
pub(crate) fn visit_bytes<'de, V: Visitor<'de>>(
    text: Text<'de>,
    visitor: V,
) -> Result<V::Value, Failure> {
    match text {
        Text::Utf8(Cow::Borrowed(text)) => visitor.visit_borrowed_bytes(text.as_bytes()),
        Text::Utf8(Cow::Owned(text)) => visitor.visit_byte_buf(text.into_bytes()),
        Text::Wide(units) => visitor.visit_byte_buf(wtf8(&units)),
    }
}

fn wtf8(units: &[u16]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(units.len());
    for unit in char::decode_utf16(units.iter().copied()) {
        match unit {
            Ok(character) => {
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            // Three bytes, as UTF-8 would have them for a code point of this size.
            Err(lone) => {
                let [high, low] = lone.unpaired_surrogate().to_be_bytes();
                bytes.extend([0xe0 | high >> 4, 0x80 | (high & 0xf) << 2 | low >> 6]);
                bytes.push(0x80 | low & 0x3f);
            }
        }
    }
    bytes
}
