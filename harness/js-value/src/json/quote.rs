//! Strings in JSON text.

use crate::string::JsString;

/// Appends a string as `QuoteJSONString` of ECMA-262 writes it: lone surrogates as lower-case escapes, everything else
/// that needs none as it is.
pub(super) fn quote(text: &JsString, out: &mut Vec<u8>) {
    match text.as_str() {
        Some(text) => {
            out.push(b'"');
            push_part(text, out);
            out.push(b'"');
        }
        None => {
            out.push(b'"');
            for unit in char::decode_utf16(text.encode_utf16()) {
                match unit {
                    Ok(c) => push_part(c.encode_utf8(&mut [0; 4]), out),
                    Err(lone) => push_escape(lone.unpaired_surrogate(), out),
                }
            }
            out.push(b'"');
        }
    }
}

fn push_part(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut start = 0;
    for (index, byte) in bytes.iter().enumerate() {
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            8 => b'b',
            9 => b't',
            10 => b'n',
            12 => b'f',
            13 => b'r',
            0..0x20 => 0,
            _ => continue,
        };
        out.extend_from_slice(&bytes[start..index]);
        start = index + 1;
        if short == 0 {
            push_escape(u16::from(*byte), out);
        } else {
            out.extend_from_slice(&[b'\\', short]);
        }
    }
    out.extend_from_slice(&bytes[start..]);
}

fn push_escape(unit: u16, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        out.push(DIGITS[usize::from(unit >> shift) & 0xf]);
    }
}
