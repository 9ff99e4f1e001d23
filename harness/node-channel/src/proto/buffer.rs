//! Bytes that are added at the end and consumed from the front.

use super::pages::Keep;

/// A queue of bytes in one piece.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    /// `bytes[head..]` is there. Bytes before `head` are consumed, and go when something is appended
    /// and they are the larger part.
    bytes: Vec<u8>,
    head: usize,
    keep: Keep,
}

impl Buffer {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[self.head..]
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.head
    }

    /// Where to append. What is there is not to be touched.
    pub(crate) fn end(&mut self) -> &mut Vec<u8> {
        if self.head > self.bytes.len() / 2 {
            self.keep.note(self.bytes.len());
            self.bytes.drain(..self.head);
            self.head = 0;
        }
        &mut self.bytes
    }

    /// Drops what was appended since [`len`](Self::len) was this.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.bytes.truncate(self.head + length);
    }

    pub(crate) fn consume(&mut self, count: usize) {
        self.head += count.min(self.len());
        if self.head == self.bytes.len() {
            self.head = 0;
            self.keep.note(self.bytes.len());
            self.bytes.clear();
        }
    }

    /// Says that a message was consumed to its end, after which memory may be given back.
    pub(crate) fn tidy(&mut self) {
        if self.bytes.is_empty() {
            self.keep.tidy(&mut self.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pages::KEEP_BYTES;
    use super::*;

    #[test]
    fn bytes_leave_in_the_order_they_came() {
        let mut buffer = Buffer::default();
        buffer.end().extend_from_slice(b"abc");
        buffer.consume(1);
        buffer.end().extend_from_slice(b"def");
        assert_eq!(buffer.bytes(), b"bcdef");
        buffer.truncate(3);
        buffer.consume(1);
        assert_eq!((buffer.bytes(), buffer.len()), (&b"cd"[..], 2));
        buffer.consume(99);
        assert_eq!(buffer.len(), 0);
    }

    #[test]
    fn small_steps_through_a_large_backlog_stay_cheap_and_short_ones_give_it_back() {
        let mut buffer = Buffer::default();
        let size = 2 * KEEP_BYTES;
        buffer.end().resize(size, b'x');
        while buffer.len() > 0 {
            buffer.consume(64);
            buffer.end();
        }
        buffer.tidy();
        for _ in 0..16 {
            assert!(buffer.bytes.capacity() >= size, "for another large one");
            buffer.end().push(b'x');
            buffer.consume(1);
            buffer.tidy();
        }
        assert!(buffer.bytes.capacity() <= KEEP_BYTES);
    }
}
