//! What is found out about a long line while it comes.

use std::ops::Range;

use js_value::json::plain_length;

/// What is known of the beginning of a line.
///
/// It is found out when the bytes come and are in the processor's cache. What would have to be
/// read from memory once more after the last byte, by a reader that is waited for, is little then.
#[derive(Clone, Debug, Default)]
pub(super) struct Ahead {
    /// So many bytes of it are whole characters in UTF-8.
    utf8: usize,
    /// The longest stretch found without anything that a JSON string cannot hold as it is.
    plain: Range<usize>,
    /// The last one.
    last: Range<usize>,
    /// So many bytes of it were looked at.
    seen: usize,
}

impl Ahead {
    /// Looks at what came of a line since the last time. Each time it is the same line, longer.
    pub(super) fn look(&mut self, line: &[u8]) {
        let unchecked = &line[self.utf8..];
        self.utf8 += match simdutf8::compat::from_utf8(unchecked) {
            Ok(_) => unchecked.len(),
            // Of the last character only a part may be here.
            Err(error) => error.valid_up_to(),
        };
        if self.last.end != self.seen {
            self.last = self.seen..self.seen;
        }
        self.last.end += plain_length(&line[self.seen..]);
        if self.last.len() > self.plain.len() {
            self.plain = self.last.clone();
        }
        self.seen = line.len();
    }

    /// How many bytes of the line are valid UTF-8.
    pub(super) fn utf8(&self) -> usize {
        self.utf8
    }

    /// A stretch of the line without anything that a JSON string cannot hold as it is.
    pub(super) fn plain(&self) -> Range<usize> {
        self.plain.clone()
    }
}

/// A shorter line is in the cache when it is whole. What a fuzzer makes is shorter still.
pub(super) const LONG_BYTES: usize = if cfg!(fuzzing) { 8 } else { 1 << 20 };
