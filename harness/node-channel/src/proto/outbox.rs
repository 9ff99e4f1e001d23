//! Bytes that wait to be written, and where each message ends in them.

use std::collections::VecDeque;

use super::MessageId;
use super::buffer::Buffer;

/// Bytes in the order they go out. At most one message in them carries a descriptor: what is sent
/// after it waits for its acknowledgement elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    buffer: Buffer,
    /// Messages not written whole, oldest first, each with its end as an offset in the whole
    /// stream.
    ends: VecDeque<(Queued, u64)>,
    /// Bytes of the stream written so far.
    written: u64,
    /// Where the oldest message that is not written whole starts in the stream.
    front_start: u64,
    /// Bytes of the replies in `ends`, whole.
    reply_bytes: usize,
    /// Where the message starts whose first byte carries the descriptor.
    descriptor_at: Option<u64>,
}

/// What waits to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queued {
    /// A message of the program.
    Message(MessageId),
    /// A message of the program that was written before, and is sent again.
    Again,
    /// An answer of the protocol itself.
    Reply,
}

impl Outbox {
    /// Bytes that wait.
    pub(crate) fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Bytes that may be written now: a message with a descriptor begins a write.
    pub(crate) fn writable(&self) -> &[u8] {
        let bytes = self.buffer.bytes();
        match self.descriptor_at {
            Some(at) if at > self.written => &bytes[..(at - self.written) as usize],
            _ => bytes,
        }
    }

    /// Whether the descriptor goes with the first byte of what is [writable](Self::writable).
    pub(crate) fn descriptor_is_next(&self) -> bool {
        self.descriptor_at == Some(self.written)
    }

    /// The buffer to append a message to. Follow with [`commit`](Self::commit), or leave it as it
    /// was.
    pub(crate) fn buffer(&mut self) -> &mut Buffer {
        &mut self.buffer
    }

    /// Says that the buffer now ends with one more message, and answers where that ends in the
    /// stream.
    pub(crate) fn commit(&mut self, queued: Queued) -> u64 {
        let end = self.written + self.len() as u64;
        if queued == Queued::Reply {
            let start = self.ends.back().map_or(self.front_start, |(_, end)| *end);
            self.reply_bytes += (end - start) as usize;
        }
        self.ends.push_back((queued, end));
        end
    }

    /// Says that the message that was committed last carries a descriptor.
    pub(crate) fn attach_descriptor(&mut self) {
        let before = self.ends.len().checked_sub(2).map(|index| self.ends[index].1);
        self.descriptor_at = Some(before.unwrap_or(self.front_start));
    }

    /// Says that the first `count` bytes are written, and hands each message that ends in them to
    /// `done`.
    pub(crate) fn advance(&mut self, count: usize, mut done: impl FnMut(Option<MessageId>)) {
        let count = count.min(self.writable().len());
        if count > 0 && self.descriptor_is_next() {
            self.descriptor_at = None;
        }
        self.buffer.consume(count);
        self.written += count as u64;
        let waiting = self.ends.len();
        while let Some((queued, end)) = self.ends.front().copied()
            && end <= self.written
        {
            self.ends.pop_front();
            self.pass(queued, end);
            done(queued.id());
        }
        if self.ends.len() < waiting {
            self.buffer.tidy();
        }
    }

    /// Nothing of the oldest message waits any more.
    fn pass(&mut self, queued: Queued, end: u64) {
        if queued == Queued::Reply {
            self.reply_bytes -= (end - self.front_start) as usize;
        }
        self.front_start = end;
    }

    /// Whether all up to this offset in the stream is written.
    pub(crate) fn has_written(&self, end: u64) -> bool {
        self.written >= end
    }

    /// Drops the message that carries the descriptor, which begins what is writable, and answers
    /// its id.
    pub(crate) fn drop_front(&mut self) -> Option<MessageId> {
        let (queued, end) = self.ends.pop_front()?;
        // As if it had been written: the places of what follows stay true.
        self.buffer.consume((end - self.written) as usize);
        self.written = end;
        self.pass(queued, end);
        self.buffer.tidy();
        self.descriptor_at = None;
        queued.id()
    }

    /// Drops all that waits, and hands each message to `dropped`. Answers whether a message was cut
    /// in the middle.
    pub(crate) fn discard(&mut self, mut dropped: impl FnMut(Option<MessageId>)) -> bool {
        let cut = self.written > self.front_start;
        for (queued, _) in self.ends.drain(..) {
            dropped(queued.id());
        }
        *self = Self { written: self.written, front_start: self.written, ..Self::default() };
        cut
    }

    /// Bytes of answers of the protocol itself that wait.
    pub(crate) fn reply_bytes(&self) -> usize {
        self.reply_bytes
    }
}

impl Queued {
    fn id(self) -> Option<MessageId> {
        match self {
            Self::Message(id) => Some(id),
            Self::Again | Self::Reply => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(outbox: &mut Outbox, message: &str, number: u64) -> u64 {
        outbox.buffer().end().extend_from_slice(message.as_bytes());
        outbox.commit(Queued::Message(MessageId(number)))
    }

    fn outbox(messages: &[&str]) -> Outbox {
        let mut outbox = Outbox::default();
        for (number, message) in messages.iter().enumerate() {
            push(&mut outbox, message, number as u64);
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
        assert_eq!(outbox.writable(), b"abbc");
        assert_eq!(advance(&mut outbox, 3), [0, 1]);
        assert_eq!(outbox.writable(), b"c");
        outbox.buffer().end().extend_from_slice(b"dd");
        outbox.commit(Queued::Reply);
        outbox.buffer().end().extend_from_slice(b"eee");
        outbox.commit(Queued::Again);
        assert_eq!(outbox.reply_bytes(), 2);
        assert_eq!(advance(&mut outbox, 2), [2]);
        assert_eq!(outbox.reply_bytes(), 2, "until it is written whole");
        assert_eq!(advance(&mut outbox, 99), []);
        assert_eq!(outbox.reply_bytes(), 0);
        assert_eq!(outbox.len(), 0);
    }

    #[test]
    fn a_descriptor_goes_with_the_first_byte_of_its_message() {
        let mut outbox = outbox(&["aa"]);
        let end = push(&mut outbox, "hh", 1);
        outbox.attach_descriptor();
        push(&mut outbox, "r", 2);
        assert_eq!((outbox.writable(), outbox.descriptor_is_next()), (&b"aa"[..], false));
        assert_eq!(advance(&mut outbox, 1), []);
        assert_eq!((outbox.writable(), outbox.descriptor_is_next()), (&b"a"[..], false));
        assert_eq!(advance(&mut outbox, 99), [0]);
        assert_eq!((outbox.writable(), outbox.descriptor_is_next()), (&b"hhr"[..], true));
        assert_eq!(advance(&mut outbox, 0), []);
        assert!(outbox.descriptor_is_next());
        assert_eq!(advance(&mut outbox, 1), []);
        assert!(!outbox.descriptor_is_next() && !outbox.has_written(end));
        assert_eq!(advance(&mut outbox, 2), [1, 2]);
        assert!(outbox.has_written(end));
        push(&mut outbox, "h", 3);
        outbox.attach_descriptor();
        push(&mut outbox, "i", 4);
        assert!(outbox.descriptor_is_next());
        assert_eq!(outbox.drop_front(), Some(MessageId(3)));
        assert_eq!((outbox.writable(), outbox.descriptor_is_next()), (&b"i"[..], false));
        assert_eq!(advance(&mut outbox, 1), [4]);
    }

    #[test]
    fn discard_knows_whether_a_message_was_cut() {
        let mut whole = outbox(&["aaaa", "bb"]);
        advance(&mut whole, 4);
        assert!(!whole.discard(|id| assert_eq!(id, Some(MessageId(1)))));
        let mut cut = outbox(&["aaaa", "bb"]);
        advance(&mut cut, 5);
        assert!(cut.discard(|_| {}));
        assert_eq!(cut.len(), 0);
        assert!(!cut.discard(|_| unreachable!("nothing is left")));
    }

    #[test]
    fn many_short_messages_that_were_written_at_once_were_one_use_of_the_memory() {
        let mut outbox = Outbox::default();
        let message = "x".repeat(1 << 18);
        for _ in 0..3 {
            for number in 0..32 {
                push(&mut outbox, &message, number);
            }
            assert_eq!(advance(&mut outbox, usize::MAX).len(), 32);
            assert!(outbox.buffer().end().capacity() >= 32 << 18, "for the next ones");
        }
    }
}
