//! The bytes of a typed array, DataView or Buffer.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// The bytes that a view shows: a stretch of memory in which other views may have theirs.
///
/// As in Node, the views that arrive in one message of a channel have their memory together, and no
/// byte in common: it is there until the last of them is dropped. (What V8 itself writes for a view,
/// an ArrayBuffer first, is read as a view with memory of its own.) Clones have all their bytes in
/// common. The bytes do not change; for others make a new one from a `Vec<u8>`, which takes that
/// over.
#[derive(Clone)]
pub struct ViewBytes {
    memory: Arc<Vec<u8>>,
    range: Range<usize>,
}

impl ViewBytes {
    /// A stretch of memory that is shared.
    pub(crate) fn of(memory: &Arc<Vec<u8>>, range: Range<usize>) -> Self {
        Self { memory: Arc::clone(memory), range }
    }

    /// Whether both have their memory together, as two views of one ArrayBuffer.
    pub fn shares_memory_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.memory, &other.memory)
    }

    /// Whether both have a byte in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        let common = self.range.start.max(other.range.start)..self.range.end.min(other.range.end);
        self.shares_memory_with(other) && !common.is_empty()
    }
}

impl Deref for ViewBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.range.clone()]
    }
}

impl From<Vec<u8>> for ViewBytes {
    fn from(bytes: Vec<u8>) -> Self {
        let range = 0..bytes.len();
        Self { memory: Arc::new(bytes), range }
    }
}

/// Copies them, unless they are all that is in their memory, and nobody else has them.
impl From<ViewBytes> for Vec<u8> {
    fn from(bytes: ViewBytes) -> Self {
        match Arc::try_unwrap(bytes.memory) {
            Ok(memory) if bytes.range == (0..memory.len()) => memory,
            Ok(memory) => memory[bytes.range].to_vec(),
            Err(shared) => shared[bytes.range].to_vec(),
        }
    }
}

/// As the bytes are, wherever they are.
impl PartialEq for ViewBytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for ViewBytes {}

impl fmt::Debug for ViewBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_equal_wherever_they_are() {
        let memory = Arc::new(b"abcabc".to_vec());
        let [first, second, rest] = [0..3, 3..6, 1..6].map(|range| ViewBytes::of(&memory, range));
        assert_eq!(first, second);
        assert_ne!(first, rest);
        assert!(first.shares_memory_with(&second) && !first.overlaps(&second));
        assert!(first.overlaps(&rest) && second.overlaps(&rest) && second.overlaps(&second));
        assert_eq!((&*second, format!("{second:?}").as_str()), (&b"abc"[..], "[97, 98, 99]"));
        let own = ViewBytes::from(b"abc".to_vec());
        assert_eq!(own, first);
        assert!(!own.shares_memory_with(&first) && !own.overlaps(&first));
        let empty = ViewBytes::of(&memory, 2..2);
        assert!(empty.shares_memory_with(&first) && !empty.overlaps(&first));
        let address = own.as_ptr();
        let taken = Vec::from(own);
        assert_eq!(taken.as_ptr(), address, "it is taken over");
        assert_eq!(Vec::from(rest), b"bcabc");
    }
}
