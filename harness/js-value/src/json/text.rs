//! Strings as JSON has them.

use crate::JsString;

/// Appends a string with its quotes.
pub(super) fn push_string(string: &JsString, out: &mut Vec<u8>) {
    match string.parts() {
        Ok(text) => push_text(text, out),
        Err(units) => {
            out.push(b'"');
            for unit in char::decode_utf16(units.iter().copied()) {
                match unit {
                    Ok(c) => push_escaped(c.encode_utf8(&mut [0; 4]), out),
                    Err(lone) => push_unit(lone.unpaired_surrogate(), out),
                }
            }
            out.push(b'"');
        }
    }
}

/// Appends a text with its quotes.
pub(super) fn push_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    push_escaped(text, out);
    out.push(b'"');
}

fn push_escaped(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    loop {
        let (plain, special) = rest.split_at(plain_length(rest));
        out.extend_from_slice(plain);
        let Some((byte, after)) = special.split_first() else { return };
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            control => push_unit(u16::from(*control), out),
        }
        rest = after;
    }
}

fn push_unit(unit: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\\u");
    out.extend([12, 8, 4, 0].map(|shift| b"0123456789abcdef"[usize::from(unit >> shift & 0xf)]));
}

/// How many bytes come before the first that a JSON string cannot hold as it is: a quote, a
/// backslash or a control character.
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    let (chunks, _) = bytes.as_chunks::<CHUNK>();
    let mut at = 0;
    for chunk in chunks {
        // Without a branch per byte, so that it compiles to vector instructions.
        if chunk.iter().fold(false, |special, byte| special | is_special(*byte)) {
            break;
        }
        at += CHUNK;
    }
    let rest = &bytes[at..];
    at + rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len())
}

const CHUNK: usize = 16;

fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_length_is_found_at_every_place() {
        for length in 0..50 {
            let plain = vec![b'x'; length];
            assert_eq!(plain_length(&plain), length);
            for at in 0..length {
                for special in [b'"', b'\\', 0, 0x1f] {
                    let mut bytes = plain.clone();
                    bytes[at] = special;
                    assert_eq!(plain_length(&bytes), at);
                }
            }
        }
        assert_eq!(plain_length("\u{7f}\u{80}\u{2028} 😀".as_bytes()), 11);
    }
}
