//! Keys that come again in the same object.

use smallvec::SmallVec;

/// The keys that an object had so far, as far as that costs next to nothing.
#[derive(Default)]
pub(crate) struct Seen {
    prints: SmallVec<[u32; 8]>,
}

impl Seen {
    /// Adds a key. Returns whether it may be one that was added before.
    #[inline]
    pub(crate) fn add(&mut self, key: &str) -> bool {
        if self.prints.len() == MOST {
            return true;
        }
        let print = print(key.as_bytes());
        let again = self.prints.contains(&print);
        self.prints.push(print);
        again
    }
}

/// An object with more keys than this is searched with all others, once.
const MOST: usize = 32;

/// The same for the same keys, and mostly different for others.
#[inline]
fn print(key: &[u8]) -> u32 {
    let word = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
    let ends = match (key.first_chunk(), key.last_chunk(), key) {
        (Some(first), Some(last), _) => word(first) | word(last) << 32,
        (_, _, [first, .., last]) => {
            u64::from(*first) | u64::from(key[1]) << 8 | u64::from(*last) << 16
        }
        (_, _, [only]) => u64::from(*only),
        _ => 0,
    };
    let mixed = (ends ^ (key.len() as u64) << 56).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32
}
