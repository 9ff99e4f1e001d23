//! Keys that come again in the same object.

use crate::string::Text;

/// The keys that an object had so far, as far as that costs next to nothing.
#[derive(Default)]
pub(crate) struct Seen {
    prints: [u32; 32],
    count: usize,
}

impl Seen {
    /// Adds a key. Returns whether it may be one that was added before.
    #[inline]
    pub(crate) fn add(&mut self, key: &Text<'_>) -> bool {
        let (before, free) = self.prints.split_at_mut(self.count);
        let (Text::Utf8(key), Some(place)) = (key, free.first_mut()) else { return true };
        *place = print(key.as_bytes());
        self.count += 1;
        before.contains(place)
    }
}

/// The same for the same keys, and mostly different for others.
#[inline]
fn print(key: &[u8]) -> u32 {
    let word = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
    let ends = match (key.first_chunk(), key.last_chunk()) {
        (Some(first), Some(last)) => word(first) | word(last) << 32,
        _ => key.iter().fold(0, |ends, byte| ends << 8 | u64::from(*byte)),
    };
    let mixed = (ends ^ (key.len() as u64) << 56).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32
}
