//! One end of a channel.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;

use js_value::Graph;

use super::codec::Codec;
use super::counts::{Counts, Waker};
use super::event::{Event, EventQueue, Message, MessageId, Taken};
use super::handshake::{Held, Outgoing, Unacknowledged};
use super::inbox::{Inbox, Place};
use super::outbox::Outbox;
use super::reserved::Glance;
use super::{KeepAlive, Limits, Serialization};
use crate::error::{DisconnectError, InvalidMessage, RecvError, Undelivered};

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
/// much of it went out, reads into the [`room`](Self::room) and says what came, unless this end
/// [is full](Self::is_full), says when nothing more can be read, and takes
/// [events](Self::poll_event).
///
/// ```
/// use js_value::Graph;
/// use node_channel::proto::{Connection, Event, Limits, Role, Serialization};
///
/// let mut parent = Connection::new(Role::Parent, Serialization::Json, Limits::default());
/// let mut child = Connection::new(Role::Child, Serialization::Json, Limits::default());
/// parent.send(&Graph::from("hello"))?;
/// child.receive(parent.transmit());
/// parent.transmitted(parent.transmit().len());
/// let Some(Event::Message(message)) = child.poll_event() else { panic!("no message") };
/// assert_eq!(message.value.view().as_str(), Some("hello"));
/// # Ok::<(), node_channel::SendError>(())
/// ```
#[derive(Debug)]
pub struct Connection {
    pub(super) state: State,
    /// A message was cut by a failed write; what follows would be garbage to the peer.
    pub(super) broken: Option<i32>,
    pub(super) next_id: u64,
    pub(super) codec: Codec,
    pub(super) inbox: Inbox,
    pub(super) glance: Glance,
    /// Bytes that came while a message waited to be taken, since none did.
    pub(super) read_ahead: usize,
    /// Received descriptors whose messages are not here yet.
    pub(super) descriptors: VecDeque<OwnedFd>,
    /// A handle was taken since the last read began.
    pub(super) took_handle: bool,
    /// The message that is skipped comes with a handle.
    pub(super) skips_handle: bool,
    pub(super) reports_wrappers: bool,
    pub(super) outbox: Outbox,
    pub(super) unacknowledged: Option<Unacknowledged>,
    pub(super) held: Held,
    /// Why a message was lost alone, until that is asked for.
    pub(super) lost: Option<Undelivered>,
    pub(super) counts: Counts,
    pub(super) events: EventQueue,
    pub(super) keep_alive: KeepAlive,
    pub(super) limits: Limits,
    /// What a typed message borrows from that was not UTF-8.
    #[cfg(feature = "serde")]
    pub(super) repaired: String,
    /// What a typed message borrows from that came with a handle.
    #[cfg(feature = "serde")]
    pub(super) unwrapped: Vec<u8>,
}

/// How far the end of a channel has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// Disconnected by the program, while the peer still owes an acknowledgement.
    Closing,
    Closed,
}

/// What [`Connection::poll_raw`] answers.
#[derive(Debug)]
pub enum Raw<'a> {
    /// A message of the peer's program as it came, without its framing: the text of a line, or the
    /// payload of a frame. Nobody has looked whether it is valid.
    Message(&'a [u8]),
    /// Any other event, messages with a handle among them.
    Event(Event),
}

impl Connection {
    /// An open end.
    pub fn new(role: Role, serialization: Serialization, limits: Limits) -> Self {
        Self {
            state: State::Open,
            broken: None,
            next_id: 0,
            codec: Codec { serialization, max_depth: limits.max_depth },
            inbox: Inbox::new(serialization, limits.max_message_bytes),
            glance: Glance::new(),
            read_ahead: 0,
            descriptors: VecDeque::new(),
            took_handle: false,
            skips_handle: false,
            reports_wrappers: false,
            outbox: Outbox::default(),
            unacknowledged: None,
            held: Held::default(),
            lost: None,
            counts: Counts::default(),
            events: EventQueue::default(),
            keep_alive: KeepAlive::new(role),
            limits,
            #[cfg(feature = "serde")]
            repaired: String::new(),
            #[cfg(feature = "serde")]
            unwrapped: Vec::new(),
        }
    }

    /// Whether messages can be sent: false from `disconnect()` or the end of the peer's stream on.
    pub fn connected(&self) -> bool {
        self.state == State::Open
    }

    /// Whether there is nothing more to read or write. A channel that was disconnected while the
    /// peer owed the acknowledgement of a handle closes after that.
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// How messages are written.
    pub fn serialization(&self) -> Serialization {
        self.codec.serialization
    }

    /// Bytes that wait in user space.
    pub fn queued_bytes(&self) -> usize {
        self.outbox.len() + self.held.bytes()
    }

    /// Whether any message waits in user space.
    pub(crate) fn has_queued(&self) -> bool {
        self.outbox.len() > 0 || self.held.len() > 0
    }

    /// Why a message was lost, if one was since the last time and what waits behind it still goes
    /// out.
    pub(crate) fn take_lost(&mut self) -> Option<Undelivered> {
        self.lost.take()
    }

    /// Handles that wait to be acknowledged, or to be sent.
    pub fn queued_handles(&self) -> usize {
        usize::from(self.unacknowledged.is_some()) + self.held.handles()
    }

    /// Node's answer to `send()`. Ask after the write attempt.
    ///
    /// Usually whether fewer than [`BACKLOG_THRESHOLD`] bytes wait. Behind a handle that is not
    /// acknowledged it is true for the first message only.
    pub fn accepts(&self) -> bool {
        match self.held.len() {
            0 => self.outbox.len() < BACKLOG_THRESHOLD,
            waiting => waiting == 1,
        }
    }

    /// Closes both directions at once. What waits in user space is dropped, and completes with an
    /// error.
    ///
    /// While a handle is not acknowledged, that comes first, as in Node: nothing can be sent from
    /// now on, but what waits behind the handle still goes out, and what the peer sends is still
    /// received.
    ///
    /// # Errors
    ///
    /// When the channel is disconnected already, by this side or by the end of the peer.
    pub fn disconnect(&mut self) -> Result<(), DisconnectError> {
        if self.state != State::Open {
            return Err(DisconnectError);
        }
        if self.unacknowledged.is_some() {
            self.state = State::Closing;
        } else {
            self.close(Undelivered::Disconnected);
        }
        Ok(())
    }

    /// Closes both directions at once, whatever waits.
    pub fn abandon(&mut self) {
        self.close(Undelivered::Disconnected);
    }

    /// The next event, oldest first. [`Event::Disconnected`] is the last.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.take_event();
        self.tidy();
        event
    }

    /// The next message of the peer's program, as `recv()` gives it: an error if there is something
    /// that is none, `None` inside if the channel is closed, `None` if nothing is here.
    #[inline(always)]
    pub(crate) fn poll_message(&mut self) -> Option<Result<Option<Message>, RecvError>> {
        loop {
            // As most are: without the detour through an event.
            if let Some(place) = self.events.pop_place() {
                let read = self.read(&place);
                self.tidy();
                return Some(read.map(|value| Some(value.into())).map_err(RecvError::Invalid));
            }
            match self.poll_event()? {
                Event::Message(message) => return Some(Ok(Some(message))),
                Event::Invalid(error) => return Some(Err(RecvError::Invalid(error))),
                Event::Disconnected => return Some(Ok(None)),
                _ => {}
            }
        }
    }

    fn take_event(&mut self) -> Option<Event> {
        let read = match self.events.pop()? {
            Taken::Event(event) => return Some(event),
            Taken::Place(place) => self.read(&place),
            Taken::Read(place, message) => {
                self.inbox.take(&place);
                Ok(message)
            }
        };
        Some(match read {
            Ok(message) => Event::Message(message.into()),
            Err(error) => Event::Invalid(error),
        })
    }

    /// Reads the message that is there, and takes it.
    #[inline(always)]
    fn read(&mut self, place: &Place) -> Result<Graph, InvalidMessage> {
        let read = self.codec.decode(self.inbox.payload(place));
        self.inbox.take(place);
        read
    }

    /// The next event, with a message of the peer's program as the bytes that came.
    #[must_use]
    pub fn poll_raw(&mut self) -> Option<Raw<'_>> {
        self.tidy();
        Some(match self.events.pop()? {
            Taken::Event(event) => Raw::Event(event),
            Taken::Place(place) | Taken::Read(place, _) => {
                self.inbox.take(&place);
                Raw::Message(self.inbox.bytes(&place))
            }
        })
    }

    /// As [`poll_raw`](Self::poll_raw), with the bytes of a message in `copy` alone: `None` inside.
    pub(crate) fn poll_raw_into(&mut self, copy: &mut Vec<u8>) -> Option<Option<Event>> {
        Some(match self.poll_raw()? {
            Raw::Event(event) => Some(event),
            Raw::Message(bytes) => {
                copy.clear();
                copy.extend_from_slice(bytes);
                None
            }
        })
    }

    /// Whether [`poll_event`](Self::poll_event) has something to give.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// Whether as much waits to be taken as [`Limits::max_received_bytes`] allows. A front end then
    /// reads nothing until something was taken.
    pub fn is_full(&self) -> bool {
        self.reached_limit().is_some()
    }

    /// The limit, if as much waits to be taken as it allows.
    pub(crate) fn reached_limit(&self) -> Option<usize> {
        self.limits.max_received_bytes.filter(|limit| self.has_events() && self.untaken() >= *limit)
    }

    /// What waits to be taken, beyond the first message.
    fn untaken(&self) -> usize {
        let places = match self.events.has_places() {
            true => self.inbox.kept().min(self.read_ahead),
            // What is there is a message that is not complete.
            false => 0,
        };
        places + self.events.weight()
    }

    /// Drops the events that nobody will take, with the handles in them.
    #[cfg(feature = "tokio")]
    pub(crate) fn forget_events(&mut self) {
        self.events = EventQueue::default();
        self.tidy();
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
        !self.is_closed() && (self.keep_alive.holds() || self.outbox.len() > 0)
    }

    /// Whether the peer waits for received connections to be closed, so that the channel may have
    /// something to write although nothing came: see [`set_waker`](Self::set_waker).
    pub fn awaits_sockets(&self) -> bool {
        !self.is_closed() && self.counts.awaited()
    }

    /// What to call, on any thread, when the last connection of a server was dropped that the peer
    /// waits for. [`settle`](Self::settle) then has something to write.
    pub fn set_waker(&mut self, waker: impl Fn() + Send + Sync + 'static) {
        let waker: Waker = std::sync::Arc::new(waker);
        self.counts.set_waker(Some(waker));
    }

    pub(super) fn close(&mut self, reason: Undelivered) {
        if std::mem::replace(&mut self.state, State::Closed) == State::Closed {
            return;
        }
        self.fail_all(Err(reason));
        self.descriptors.clear();
        self.counts.set_waker(None);
        self.events.push(Event::Disconnected);
        self.inbox.forget_unfinished();
    }

    /// Completes all that waits in user space, and gives back the handles that nobody will answer
    /// for.
    pub(super) fn fail_all(&mut self, result: Result<(), Undelivered>) {
        let events = &mut self.events;
        self.outbox.discard(|id| report(events, id, result));
        if let Some(Unacknowledged { id, outgoing, end, .. }) = self.unacknowledged.take() {
            let handle = outgoing.handle;
            events.push(if self.outbox.has_written(end) {
                Event::HandleUnanswered { id, handle }
            } else {
                // Over there, a descriptor is nobody's until its message is whole.
                Event::HandleRefused { id, handle }
            });
        }
        self.held.discard(|id, outgoing| {
            report(events, Some(id), result);
            if let Some(Outgoing { handle, .. }) = outgoing {
                events.push(Event::HandleRefused { id, handle });
            }
        });
    }

    /// Gives back what the messages took that nobody will ask for again.
    pub(super) fn tidy(&mut self) {
        self.inbox.tidy(!self.events.has_places());
    }
}

pub(super) fn report(
    events: &mut EventQueue,
    id: Option<MessageId>,
    result: Result<(), Undelivered>,
) {
    if let Some(id) = id {
        events.push(Event::Sent { id, result });
    }
}
