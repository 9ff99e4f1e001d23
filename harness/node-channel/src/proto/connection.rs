//! One end of a channel.

use js_value::Graph;

use super::codec;
use super::deframer::{Deframer, Line};
use super::event::{Event, EventQueue, MessageId};
use super::outbox::Outbox;
use super::{KeepAlive, Limits};
use crate::error::{DisconnectError, InvalidMessage, SendError, Undelivered};

/// `send()` answers `true` while fewer bytes than this wait in user space.
pub const BACKLOG_THRESHOLD: usize = 131_072;

/// Which end of the channel this is. The protocol is the same for both; see [`KeepAlive`] for the
/// difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The process that forked.
    Parent,
    /// The process that was forked.
    Child,
}

/// One end of a channel, without I/O.
///
/// A front end does four things: it writes what [`transmit`](Self::transmit) answers and says how
/// much of it went out, hands over what it reads, says when nothing more can be read, and takes
/// [events](Self::poll_event).
///
/// ```
/// use js_value::Graph;
/// use node_channel::proto::{Connection, Event, Limits, Role};
///
/// let mut parent = Connection::new(Role::Parent, Limits::none());
/// let mut child = Connection::new(Role::Child, Limits::none());
/// parent.send(&Graph::from("hello"))?;
/// child.receive(parent.transmit());
/// parent.transmitted(parent.transmit().len());
/// assert!(matches!(child.poll_event(), Some(Event::Message(m)) if m.view().as_str() == Some("hello")));
/// # Ok::<(), node_channel::SendError>(())
/// ```
#[derive(Debug)]
pub struct Connection {
    connected: bool,
    /// A message was cut by a failed write; what follows would be garbage to the peer.
    broken: Option<i32>,
    next_id: u64,
    deframer: Deframer,
    outbox: Outbox,
    events: EventQueue,
    keep_alive: KeepAlive,
    limits: Limits,
}

impl Connection {
    /// An open end.
    pub fn new(role: Role, limits: Limits) -> Self {
        Self {
            connected: true,
            broken: None,
            next_id: 0,
            deframer: Deframer::new(limits.max_line_bytes),
            outbox: Outbox::default(),
            events: EventQueue::default(),
            keep_alive: KeepAlive::new(role),
            limits,
        }
    }

    /// Whether the channel is open: false from `disconnect()` or the end of the peer's stream on.
    pub fn connected(&self) -> bool {
        self.connected
    }

    /// Queues a message. Serialization happens here; an error leaves the channel as it was.
    ///
    /// Every message that is taken gets one [`Event::Sent`].
    pub fn send(&mut self, message: &Graph) -> Result<MessageId, SendError> {
        if !self.connected {
            return Err(SendError::Closed);
        }
        let queued = self.queued_bytes();
        let buffer = self.outbox.buffer();
        let before = buffer.len();
        codec::encode(message, buffer)?;
        let size = buffer.len() - before;
        if let Some(limit) = self.limits.max_queued_bytes
            && queued.saturating_add(size) > limit
        {
            buffer.truncate(before);
            return Err(SendError::QueueFull { queued, size, limit });
        }
        let id = MessageId(self.next_id);
        self.next_id += 1;
        self.outbox.commit(Some(id));
        self.fail_if_broken();
        Ok(id)
    }

    /// Bytes to write now; empty if there are none. Report back with
    /// [`transmitted`](Self::transmitted) or [`transmit_failed`](Self::transmit_failed).
    pub fn transmit(&self) -> &[u8] {
        self.outbox.pending()
    }

    /// Says that the kernel took the first `count` bytes of [`transmit`](Self::transmit).
    pub fn transmitted(&mut self, count: usize) {
        let events = &mut self.events;
        self.outbox.advance(count, |id| report(events, id, Ok(())));
    }

    /// Says that a write failed for good: all that waits completes with the error.
    ///
    /// As in Node the channel stays connected until the peer's stream ends: a peer that stopped
    /// reading may still talk.
    pub fn transmit_failed(&mut self, errno: i32) {
        let events = &mut self.events;
        let cut = self.outbox.discard(|id| report(events, id, Err(Undelivered::Os { errno })));
        if cut {
            self.broken = Some(errno);
        }
    }

    /// Bytes that wait in user space.
    pub fn queued_bytes(&self) -> usize {
        self.transmit().len()
    }

    /// Node's answer to `send()`: whether fewer than [`BACKLOG_THRESHOLD`] bytes wait. Ask after
    /// the write attempt.
    pub fn accepts(&self) -> bool {
        self.queued_bytes() < BACKLOG_THRESHOLD
    }

    /// Takes the next bytes of the peer's stream.
    pub fn receive(&mut self, bytes: &[u8]) {
        if !self.connected {
            return;
        }
        let Self { deframer, outbox, events, limits, .. } = self;
        deframer.push(bytes, |line| match line {
            Line::Complete(text) => match codec::decode(&text, limits) {
                Ok(message) => match codec::reserved_command(&message) {
                    None => events.push(Event::Message(message)),
                    Some(command) => {
                        if command == "HANDLE" && outbox.replies() < MAX_WAITING_REPLIES {
                            outbox.buffer().extend_from_slice(HANDLE_NACK);
                            outbox.commit(None);
                        }
                        events.push(Event::Reserved(message));
                    }
                },
                Err(error) => events.push(Event::Invalid(error)),
            },
            Line::TooLong { start, limit } => {
                events.push(Event::Invalid(InvalidMessage::LineTooLong { start, limit }));
            }
        });
        self.fail_if_broken();
    }

    /// Says that the peer's stream has ended, or failed: both directions are closed, an unfinished
    /// line is dropped.
    pub fn receive_end(&mut self) {
        self.close(Undelivered::PeerClosed);
    }

    /// Closes both directions at once. What waits in user space is dropped, and completes with an
    /// error.
    pub fn disconnect(&mut self) -> Result<(), DisconnectError> {
        if !self.connected {
            return Err(DisconnectError);
        }
        self.close(Undelivered::Disconnected);
        Ok(())
    }

    /// The next event, oldest first. [`Event::Disconnected`] is the last.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop()
    }

    /// Whether [`poll_event`](Self::poll_event) has something to give.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// Listeners and explicit references.
    pub fn keep_alive(&self) -> &KeepAlive {
        &self.keep_alive
    }

    /// Listeners and explicit references, to change them.
    pub fn keep_alive_mut(&mut self) -> &mut KeepAlive {
        &mut self.keep_alive
    }

    /// Whether the channel keeps an event loop alive.
    pub fn is_referenced(&self) -> bool {
        self.connected && (self.keep_alive.holds() || !self.transmit().is_empty())
    }

    fn close(&mut self, reason: Undelivered) {
        if !std::mem::take(&mut self.connected) {
            return;
        }
        let events = &mut self.events;
        self.outbox.discard(|id| report(events, id, Err(reason)));
        events.push(Event::Disconnected);
        self.deframer.clear();
    }

    fn fail_if_broken(&mut self) {
        if let Some(errno) = self.broken {
            self.transmit_failed(errno);
        }
    }
}

fn report(events: &mut EventQueue, id: Option<MessageId>, result: Result<(), Undelivered>) {
    if let Some(id) = id {
        events.push(Event::Sent { id, result });
    }
}

/// A peer that sends a descriptor waits for an answer, and queues all it sends until it has one.
const HANDLE_NACK: &[u8] = b"{\"cmd\":\"NODE_HANDLE_NACK\"}\n";

/// A peer sends one descriptor at a time, so more unanswered ones are no protocol but a flood: not
/// answered.
const MAX_WAITING_REPLIES: usize = 1024;
