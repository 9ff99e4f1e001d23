//! What a connection reports, and the queue it is kept in.

use std::collections::VecDeque;

use js_value::Graph;

use crate::error::{InvalidMessage, Undelivered};

/// Something that happened on a channel.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A message of the peer's program.
    Message(Graph),
    /// A message of the peer's runtime: an object whose `cmd` starts with `NODE_`. Most programs
    /// ignore these.
    Reserved(Graph),
    /// A message that `send()` took is done with: its last byte was handed to the kernel, or never
    /// will be.
    Sent {
        /// The number that `send()` answered.
        id: MessageId,
        /// Whether it was written.
        result: Result<(), Undelivered>,
    },
    /// The peer sent a line that is no message. The channel stays usable.
    Invalid(InvalidMessage),
    /// The channel is closed, from either side. Reported once, and always last.
    Disconnected,
}

/// Number of a message of this end, counted from 0 in the order of `send()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub(crate) u64);

impl MessageId {
    /// The number itself.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// Events in order. A run of completions takes one entry, so a program that sends for hours and
/// never asks for its completions does not grow.
#[derive(Debug, Default)]
pub(crate) struct EventQueue {
    queue: VecDeque<Entry>,
}

#[derive(Debug)]
enum Entry {
    Event(Event),
    Sent { first: u64, last: u64, result: Result<(), Undelivered> },
}

impl EventQueue {
    pub(crate) fn push(&mut self, event: Event) {
        let Event::Sent { id: MessageId(id), result } = event else {
            self.queue.push_back(Entry::Event(event));
            return;
        };
        match self.queue.back_mut() {
            Some(Entry::Sent { last, result: before, .. })
                if *last + 1 == id && *before == result =>
            {
                *last = id
            }
            _ => self.queue.push_back(Entry::Sent { first: id, last: id, result }),
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Event> {
        if let Some(Entry::Sent { first, last, result }) = self.queue.front_mut()
            && *first < *last
        {
            let event = Event::Sent { id: MessageId(*first), result: *result };
            *first += 1;
            return Some(event);
        }
        Some(match self.queue.pop_front()? {
            Entry::Event(event) => event,
            Entry::Sent { first, result, .. } => Event::Sent { id: MessageId(first), result },
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    #[cfg(test)]
    pub(crate) fn entries(&self) -> usize {
        self.queue.len()
    }
}
