//! What a connection reports, and the queue it is kept in.

use std::collections::VecDeque;

use js_value::Graph;

use super::inbox::Place;
use crate::error::{InvalidMessage, SendError, Undelivered};
use crate::handle::Handle;

/// A message with what came along.
#[derive(Debug)]
#[non_exhaustive]
pub struct Message {
    /// The message itself.
    pub value: Graph,
    /// The socket that came with it. Dropping it closes it.
    pub handle: Option<Handle>,
}

/// Something that happened on a channel.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A message of the peer's program.
    Message(Message),
    /// A message of the peer's runtime: an object whose `cmd` starts with `NODE_`. Most programs
    /// ignore these. A message around a handle (`NODE_HANDLE`) is not among them unless its handle
    /// is missing, or these are [asked for](crate::Channel::report_wrappers): what is reported is the
    /// message inside. Of more than four inside one another, which no Node sends, the fifth is.
    Reserved(Message),
    /// A message that `send()` took is done with: its last byte was handed to the kernel, or never
    /// will be.
    Sent {
        /// The number that `send()` answered.
        id: MessageId,
        /// Whether it was written.
        result: Result<(), Undelivered>,
    },
    /// A message that waited behind a handle has no serialized form, which is said when its turn
    /// comes, as in Node. An [`Event::Sent`] follows, and [`Event::HandleRefused`] if a handle went
    /// with it; what waits behind it goes out.
    Unserializable {
        /// The number that `send()` answered.
        id: MessageId,
        /// What `send()` says where no handle is waited for.
        error: SendError,
    },
    /// The peer did not take a handle, and does not have it: it refused it, the kernel did, its
    /// message has no serialized form, or the channel closed before the whole message was written.
    /// Node has no handle for its program then, nor the message that went with it.
    HandleRefused {
        /// The number that `send_with()` answered.
        id: MessageId,
        /// The handle, given back.
        handle: Handle,
    },
    /// The channel closed when a handle was written, and the peer had not answered for it.
    ///
    /// Nobody knows whether the peer has it. If the peer ended the channel, its program most likely
    /// never saw it, for a Node answers first. If this end did, without waiting for the answer, the
    /// peer may still come to it, and a socket that both then use has its bytes torn apart.
    HandleUnanswered {
        /// The number that `send_with()` answered.
        id: MessageId,
        /// This end's copy of the handle, given back.
        handle: Handle,
    },
    /// How many connections of a server the peer holds: the answer to
    /// [`request_count`](crate::Channel::request_count).
    SocketCount {
        /// The key that the sockets were sent with.
        key: String,
        /// How many are open.
        count: u64,
    },
    /// The peer holds no more connections of a server: the answer to
    /// [`notify_close`](crate::Channel::notify_close).
    SocketsClosed {
        /// The key that the sockets were sent with.
        key: String,
    },
    /// The peer sent something that is no message, or a handle that cannot be used. The channel
    /// stays usable.
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

impl From<Graph> for Message {
    fn from(value: Graph) -> Self {
        Self { value, handle: None }
    }
}

impl Event {
    fn has_handle(&self) -> bool {
        matches!(self, Self::Message(message) | Self::Reserved(message) if message.handle.is_some())
    }
}

/// Events in order. A run of completions takes one entry, so a program that sends for hours and
/// never asks for its completions does not grow.
#[derive(Debug, Default)]
pub(crate) struct EventQueue {
    queue: VecDeque<Entry>,
    /// How many entries are places in the inbox.
    places: usize,
    /// How many received handles wait to be taken.
    handles: usize,
    /// Bytes that the events which are no places were made of.
    bytes: usize,
}

/// Small, since there may be as many as fit into one read.
#[derive(Debug)]
enum Entry {
    Place(Place),
    /// A message of the peer's program that had to be read already.
    Read(Box<(Place, Graph)>),
    /// Any other, with the bytes that it was made of.
    Event(Box<(Event, usize)>),
    Sent {
        first: u64,
        last: u64,
        result: Result<(), Undelivered>,
    },
}

/// An event, or the place in the inbox of a message of the peer's program; with the message if it
/// had to be read already.
#[derive(Debug)]
pub(crate) enum Taken {
    Place(Place),
    Read(Place, Graph),
    Event(Event),
}

impl EventQueue {
    pub(crate) fn push(&mut self, event: Event) {
        let Event::Sent { id: MessageId(id), result } = event else {
            return self.push_made_of(event, 0);
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

    /// As [`push`](Self::push), with an event that holds what so many bytes of the peer stood for.
    pub(crate) fn push_made_of(&mut self, event: Event, bytes: usize) {
        self.handles += usize::from(event.has_handle());
        self.bytes += bytes;
        self.queue.push_back(Entry::Event(Box::new((event, bytes))));
    }

    #[inline]
    pub(crate) fn push_place(&mut self, place: Place) {
        self.places += 1;
        self.queue.push_back(Entry::Place(place));
    }

    pub(crate) fn push_read(&mut self, place: Place, message: Graph) {
        self.places += 1;
        self.queue.push_back(Entry::Read(Box::new((place, message))));
    }

    /// The place of the next event, if it is a message that nobody has read.
    #[inline]
    pub(crate) fn pop_place(&mut self) -> Option<Place> {
        let Some(Entry::Place(_)) = self.queue.front() else { return None };
        let Some(Entry::Place(place)) = self.queue.pop_front() else { return None };
        self.places -= 1;
        Some(place)
    }

    pub(crate) fn pop(&mut self) -> Option<Taken> {
        if let Some(Entry::Sent { first, last, result }) = self.queue.front_mut()
            && *first < *last
        {
            let event = Event::Sent { id: MessageId(*first), result: *result };
            *first += 1;
            return Some(Taken::Event(event));
        }
        Some(match self.queue.pop_front()? {
            Entry::Place(place) => {
                self.places -= 1;
                Taken::Place(place)
            }
            Entry::Read(read) => {
                self.places -= 1;
                let (place, message) = *read;
                Taken::Read(place, message)
            }
            Entry::Event(event) => {
                let (event, bytes) = *event;
                self.bytes -= bytes;
                self.handles -= usize::from(event.has_handle());
                Taken::Event(event)
            }
            Entry::Sent { first, result, .. } => {
                Taken::Event(Event::Sent { id: MessageId(first), result })
            }
        })
    }

    /// Whether the next is a message of the peer's program.
    #[cfg(feature = "serde")]
    #[inline]
    pub(crate) fn next_is_message(&self) -> bool {
        match self.queue.front() {
            Some(Entry::Place(_) | Entry::Read(_)) => true,
            Some(Entry::Event(event)) => matches!(event.0, Event::Message(_)),
            Some(Entry::Sent { .. }) | None => false,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether bytes of the inbox wait to be taken.
    pub(crate) fn has_places(&self) -> bool {
        self.places > 0
    }

    /// Received handles that wait to be taken.
    pub(crate) fn handles(&self) -> usize {
        self.handles
    }

    /// What the queue itself holds, without what is in the inbox: bytes of the peer, and a fixed
    /// price for each entry.
    pub(crate) fn weight(&self) -> usize {
        self.bytes + self.queue.len() * ENTRY_BYTES
    }

    #[cfg(test)]
    pub(crate) fn entries(&self) -> usize {
        self.queue.len()
    }
}

/// The price of an entry.
const ENTRY_BYTES: usize = 256;

/// A queue that grows has room for twice as many, and an event is in a place of its own.
const _: () = assert!(2 * size_of::<Entry>() + size_of::<Event>() <= ENTRY_BYTES);
