//! The one hash of the formats.

/// FNV-1a, 32 bits: stable over versions and machines, and short.
pub fn fnv1a(bytes: &[u8]) -> u32 {
    let mut hash = START;
    for byte in bytes {
        hash = step(hash, *byte);
    }
    hash
}

/// The same over UTF-16 code units, the lower byte of each first.
pub fn fnv1a_utf16(units: &[u16]) -> u32 {
    let mut hash = START;
    for unit in units {
        let [low, high] = unit.to_le_bytes();
        hash = step(step(hash, low), high);
    }
    hash
}

const START: u32 = 0x811c_9dc5;

#[inline(always)]
fn step(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as u32).wrapping_mul(0x0100_0193)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(fnv1a(b""), 0x811c_9dc5);
        assert_eq!(fnv1a(b"a"), 0xe40c_292c);
        assert_eq!(fnv1a(b"foobar"), 0xbf9c_f968);
        assert_eq!(fnv1a_utf16(&[0x6f66]), fnv1a(b"fo"));
    }
}
