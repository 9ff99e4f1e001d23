//! Strings as JSON has them.

use super::{PART_BYTES, Sink};
use crate::JsString;

/// Appends a text that is one string, a part at a time if it is long.
pub(super) fn push_only_string<O: Sink + ?Sized>(string: &JsString, out: &mut O) {
    match string.parts() {
        Ok(text) => push_only_text(text, out),
        Err(_) => push_string(string, out.buffer()),
    }
}

/// The same for a text without lone surrogates.
#[inline]
pub(super) fn push_only_text<O: Sink + ?Sized>(text: &str, out: &mut O) {
    if text.len() > PART_BYTES {
        return push_parts(text, out);
    }
    push_text(text, out.buffer());
}

fn push_parts<O: Sink + ?Sized>(mut text: &str, out: &mut O) {
    out.buffer().push(b'"');
    while text.len() > PART_BYTES {
        let (part, rest) = text.split_at(text.floor_char_boundary(PART_BYTES));
        push_escaped(part, out.buffer());
        out.part(rest.len() + 2);
        text = rest;
    }
    push_escaped(text, out.buffer());
    out.buffer().push(b'"');
}

/// Appends a string with its quotes.
#[inline]
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
#[inline]
pub(super) fn push_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    push_escaped(text, out);
    out.push(b'"');
}

/// Appends a text without quotes.
pub(super) fn push_escaped(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    out.reserve(rest.len());
    loop {
        // A piece at a time, so that it is still in the cache when it is copied.
        let piece = &rest[..rest.len().min(PIECE)];
        let plain = plain_length(piece);
        out.extend_from_slice(&piece[..plain]);
        let whole = plain == piece.len();
        rest = &rest[plain..];
        let Some((byte, after)) = rest.split_first() else { return };
        if whole {
            continue;
        }
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
#[inline]
pub fn plain_length(bytes: &[u8]) -> usize {
    let Some(word) = bytes.first_chunk() else { return plain_bytes(bytes) };
    match special_bytes(u64::from_le_bytes(*word)) {
        0 => plain_length_of_more(bytes),
        special => special.trailing_zeros() as usize / 8,
    }
}

/// The same for what is longer than most keys.
fn plain_length_of_more(bytes: &[u8]) -> usize {
    let short = bytes.len().min(SHORT);
    match plain_words(&bytes[..short]) {
        length if length < short || short == bytes.len() => length,
        _ => SHORT + plain_blocks(&bytes[SHORT..]),
    }
}

/// Little enough to be in the fastest cache still, and less than what glibc copies with `rep movsb`,
/// which some processors do several times slower to a place that is not aligned.
const PIECE: usize = 2048;

/// Most strings are not longer.
const SHORT: usize = 32;

/// The same for long strings.
fn plain_blocks(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<64>();
    // Without a branch per byte, so that it compiles to vector instructions.
    let plain = |block: &&[u8; 64]| !block.iter().fold(false, |any, byte| any | is_special(*byte));
    let at = 64 * blocks.iter().take_while(plain).count();
    at + plain_words(&bytes[at..])
}

/// The same, eight bytes at a time.
#[inline]
fn plain_words(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return 8 * at + special.trailing_zeros() as usize / 8;
        }
    }
    8 * words.len() + plain_bytes(rest)
}

/// The same for less than eight bytes.
#[inline]
fn plain_bytes(bytes: &[u8]) -> usize {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let both =
            u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last));
        if special_bytes(both) == 0 {
            return bytes.len();
        }
    }
    bytes.iter().position(|byte| is_special(*byte)).unwrap_or(bytes.len())
}

/// The highest bit of each byte that is special. A byte above a special one may have it by mistake.
#[inline]
fn special_bytes(word: u64) -> u64 {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    let below = |mask: u8, limit: u8| {
        let masked = word ^ (EACH * u64::from(mask));
        masked.wrapping_sub(EACH * u64::from(limit)) & !masked
    };
    (below(b'"' ^ b' ', b' ' + 1) | below(b'\\', 1)) & EACH << 7
}

/// With a quote and a space exchanged, a quote comes right after the control characters.
#[inline]
fn is_special(byte: u8) -> bool {
    byte ^ (b'"' ^ b' ') <= b' ' || byte == b'\\'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_length_is_found_at_every_place() {
        for length in 0..180 {
            let plain: Vec<u8> = [b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xa2, 0xff]
                .into_iter()
                .cycle()
                .take(length)
                .collect();
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
