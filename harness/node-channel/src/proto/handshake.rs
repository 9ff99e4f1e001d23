//! One handle at a time: what waits until the peer has acknowledged it.

use std::collections::VecDeque;

use super::MessageId;
use super::buffer::Buffer;
use crate::error::SendError;
use crate::handle::{Handle, HandleKind};

/// A handle to send, with what decides what becomes of it.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) handle: Handle,
    pub(crate) keep_open: bool,
}

impl Outgoing {
    /// Whether Node would send it again when it is refused.
    pub(crate) fn is_resent(&self) -> bool {
        self.handle.kind() == HandleKind::Socket && !self.keep_open
    }
}

/// The handle that is on its way.
#[derive(Debug)]
pub(crate) struct Unacknowledged {
    pub(crate) outgoing: Outgoing,
    pub(crate) id: MessageId,
    /// Where its message ends in the stream. The peer cannot have answered before.
    pub(crate) end: u64,
    /// The message, if it may have to be sent again.
    pub(crate) again: Vec<u8>,
    pub(crate) resent: u32,
}

/// Messages in the order of `send()` that wait behind a handle.
#[derive(Debug, Default)]
pub(crate) struct Held {
    buffer: Buffer,
    messages: VecDeque<Waiting>,
    handles: usize,
}

/// A message that waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) id: MessageId,
    /// How many bytes it has, or why it has none.
    pub(crate) size: Result<usize, SendError>,
    pub(crate) outgoing: Option<Outgoing>,
}

impl Held {
    /// The buffer to append a message to. Follow with [`commit`](Self::commit), or leave it as it
    /// was.
    pub(crate) fn buffer(&mut self) -> &mut Buffer {
        &mut self.buffer
    }

    /// Adds a message, whose bytes are at the end of the buffer if it has any.
    pub(crate) fn commit(&mut self, message: Waiting) {
        self.handles += usize::from(message.outgoing.is_some());
        self.messages.push_back(message);
    }

    /// Takes the oldest message; its bytes are appended to `out`.
    pub(crate) fn pop(&mut self, out: &mut Buffer) -> Option<Waiting> {
        let message = self.messages.pop_front()?;
        if let Ok(size) = message.size {
            out.end().extend_from_slice(&self.buffer.bytes()[..size]);
            self.buffer.consume(size);
            self.buffer.tidy();
        }
        self.handles -= usize::from(message.outgoing.is_some());
        Some(message)
    }

    /// Drops all, and hands each message to `dropped`, with its handle.
    pub(crate) fn discard(&mut self, mut dropped: impl FnMut(MessageId, Option<Outgoing>)) {
        for message in std::mem::take(self).messages {
            dropped(message.id, message.outgoing);
        }
    }

    /// Messages that wait.
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Bytes of them.
    pub(crate) fn bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Handles among them.
    pub(crate) fn handles(&self) -> usize {
        self.handles
    }
}
