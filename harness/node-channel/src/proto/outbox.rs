//! Bytes that wait to be written, and where each message ends in them.

use std::collections::VecDeque;

use super::MessageId;

/// Bytes in the order they go out.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// `bytes[head..]` waits. Bytes before `head` are written and go when they are the larger part.
    bytes: Vec<u8>,
    head: usize,
    /// Messages not written whole, oldest first, each with its end as an offset in the whole
    /// stream.
    ends: VecDeque<(Option<MessageId>, u64)>,
    /// Bytes of the stream written so far.
    written: u64,
    /// Where the oldest message that is not written whole starts in the stream.
    front_start: u64,
    /// How many of `ends` are replies of the protocol itself.
    replies: usize,
}

impl Outbox {
    pub(crate) fn pending(&self) -> &[u8] {
        &self.bytes[self.head..]
    }

    /// The buffer to append a message to. Follow with [`commit`](Self::commit), or leave it as it
    /// was.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Says that the buffer now ends with one more message. One without id is a reply of the
    /// protocol itself.
    pub(crate) fn commit(&mut self, id: Option<MessageId>) {
        let end = self.written + self.pending().len() as u64;
        self.ends.push_back((id, end));
        self.replies += usize::from(id.is_none());
    }

    /// Says that the first `count` pending bytes are written, and hands each message that ends in
    /// them to `done`.
    pub(crate) fn advance(&mut self, count: usize, mut done: impl FnMut(Option<MessageId>)) {
        let count = count.min(self.pending().len());
        self.head += count;
        self.written += count as u64;
        while let Some((id, end)) = self.ends.front().copied()
            && end <= self.written
        {
            self.ends.pop_front();
            self.front_start = end;
            self.replies -= usize::from(id.is_none());
            done(id);
        }
        if self.head == self.bytes.len() {
            self.head = 0;
            if self.bytes.capacity() > KEEP_BYTES {
                self.bytes = Vec::new();
            } else {
                self.bytes.clear();
            }
        } else if self.head > self.bytes.len() / 2 {
            self.bytes.drain(..self.head);
            self.head = 0;
        }
    }

    /// Drops all that waits, and hands each message to `dropped`. Answers whether a message was cut
    /// in the middle.
    pub(crate) fn discard(&mut self, mut dropped: impl FnMut(Option<MessageId>)) -> bool {
        let cut = self.written > self.front_start;
        for (id, _) in self.ends.drain(..) {
            dropped(id);
        }
        *self = Self { written: self.written, front_start: self.written, ..Self::default() };
        cut
    }

    /// Messages of the protocol itself that wait.
    pub(crate) fn replies(&self) -> usize {
        self.replies
    }
}

/// A buffer larger than this is given back once it is written.
const KEEP_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(messages: &[&str]) -> Outbox {
        let mut outbox = Outbox::default();
        for (number, message) in messages.iter().enumerate() {
            outbox.buffer().extend_from_slice(message.as_bytes());
            outbox.commit(Some(MessageId(number as u64)));
        }
        outbox
    }

    fn advance(outbox: &mut Outbox, count: usize) -> Vec<u64> {
        let mut done = Vec::new();
        outbox.advance(count, |id| done.extend(id.map(MessageId::number)));
        done
    }

    #[test]
    fn a_message_is_done_with_its_last_byte() {
        let mut outbox = outbox(&["aaaa", "bb", "c"]);
        assert_eq!(advance(&mut outbox, 3), []);
        assert_eq!(outbox.pending(), b"abbc");
        assert_eq!(advance(&mut outbox, 3), [0, 1]);
        assert_eq!(outbox.pending(), b"c");
        outbox.buffer().extend_from_slice(b"dd");
        outbox.commit(None);
        assert_eq!(outbox.replies(), 1);
        assert_eq!(advance(&mut outbox, 99), [2]);
        assert_eq!(outbox.replies(), 0);
        assert!(outbox.pending().is_empty());
    }

    #[test]
    fn discard_knows_whether_a_message_was_cut() {
        let mut whole = outbox(&["aaaa", "bb"]);
        advance(&mut whole, 4);
        assert!(!whole.discard(|id| assert_eq!(id, Some(MessageId(1)))));
        let mut cut = outbox(&["aaaa", "bb"]);
        advance(&mut cut, 5);
        assert!(cut.discard(|_| {}));
        assert!(cut.pending().is_empty());
        assert!(!cut.discard(|_| unreachable!("nothing is left")));
    }

    #[test]
    fn small_writes_of_a_large_backlog_stay_cheap() {
        let message = "x".repeat(1 << 20);
        let mut outbox = outbox(&[&message, &message]);
        while !outbox.pending().is_empty() {
            outbox.advance(64, |_| {});
        }
    }
}
