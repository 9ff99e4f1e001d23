//! From `send()` to the bytes of the wire, handles included.

use std::os::fd::{AsFd, BorrowedFd};

use js_value::Graph;

use super::buffer::Buffer;
use super::codec::{self, Codec};
use super::connection::{Connection, State, report};
use super::event::{Event, MessageId};
use super::handshake::{Outgoing, Unacknowledged, Waiting};
use super::outbox::Queued;
use super::reserved::{self, Command};
use super::tail::{Outlet, Tail, stays};
use crate::error::{NotSent, SendError, Undelivered, is_of_the_peer};
use crate::handle::{Handle, HandleKind};

/// What goes with a handle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SendOptions {
    /// This process goes on using the stream, through a clone of it. As with `keepOpen` in Node, a
    /// stream that the peer refuses is then not sent again.
    pub keep_open: bool,
    /// The server that accepted the stream: the peer counts the streams that it holds under this
    /// key. Node's own keys are the address family, address and port that were listened on, as
    /// `4:127.0.0.1:8000`. Only for handles that travel as `net.Socket`.
    pub key: Option<String>,
}

impl SendOptions {
    /// Sets [`keep_open`](Self::keep_open).
    #[must_use]
    pub fn keep_open(mut self, keep_open: bool) -> Self {
        self.keep_open = keep_open;
        self
    }

    /// Sets [`key`](Self::key).
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
}

impl Connection {
    /// Queues a message. Serialization happens here; an error leaves the channel as it was.
    ///
    /// While the peer owes the acknowledgement of a handle, what the serializer refuses is taken, and
    /// [`Event::Unserializable`] says so when its turn comes.
    ///
    /// Every message that is taken gets one [`Event::Sent`].
    ///
    /// # Errors
    ///
    /// [`Closed`](SendError::Closed) once the channel is disconnected, by either side. For what is
    /// wrong with the value: [`Missing`](SendError::Missing) and
    /// [`InvalidType`](SendError::InvalidType) before it is serialized,
    /// [`Serialize`](SendError::Serialize) if the serializer throws,
    /// [`Nothing`](SendError::Nothing) if that answers nothing, and
    /// [`TooLarge`](SendError::TooLarge). [`QueueFull`](SendError::QueueFull) beyond
    /// [`Limits::max_queued_bytes`](crate::Limits::max_queued_bytes). Nothing is queued in any
    /// case.
    pub fn send(&mut self, message: &Graph) -> Result<MessageId, SendError> {
        self.send_through(message, &mut stays)
    }

    /// As [`send`](Self::send); parts of a long message may leave while it is being serialized.
    pub(crate) fn send_through(
        &mut self,
        message: &Graph,
        outlet: Outlet<'_>,
    ) -> Result<MessageId, SendError> {
        let sent = self.send_encoded(outlet, |codec, out| {
            codec::check(message)?;
            codec.encode(message, out)
        });
        match sent {
            Err(error) if self.says_later(&error) => Ok(self.hold(Err(error), None)),
            sent => sent,
        }
    }

    /// Queues a message and a handle.
    ///
    /// The message gets its [`Event::Sent`] when it is written. The peer answers later; until then,
    /// everything else that is sent waits. The handle is closed once the peer has acknowledged it.
    /// It is given back with [`Event::HandleRefused`] if the peer does not take it, with
    /// [`Event::HandleUnanswered`] if nobody will know, and with the error if nothing was queued.
    ///
    /// What the handle stands for should be non-blocking: a Node that receives it leaves that as it
    /// is. [`Channel`](crate::Channel) sees to it.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), and [`HandlesFull`](SendError::HandlesFull) if as many
    /// handles wait as [`Limits::max_queued_handles`](crate::Limits::max_queued_handles) allows.
    /// Each gives the handle back.
    pub fn send_with(
        &mut self,
        message: &Graph,
        handle: Handle,
        options: &SendOptions,
    ) -> Result<MessageId, NotSent> {
        let appended = self.append_with(message, &handle, options);
        let outgoing = |handle| Some(Outgoing { handle, keep_open: options.keep_open });
        match appended {
            Ok(size) => Ok(self.take(size, outgoing(handle))),
            Err(error) if self.says_later(&error) => Ok(self.hold(Err(error), outgoing(handle))),
            Err(error) => Err(NotSent { error, handle }),
        }
    }

    /// Queues a message that is serialized already, as [`poll_raw`](Self::poll_raw) gives it. Only
    /// the framing is added. Whether the peer can read it is the caller's business.
    ///
    /// # Errors
    ///
    /// [`Closed`](SendError::Closed), [`TooLarge`](SendError::TooLarge) and
    /// [`QueueFull`](SendError::QueueFull) as with [`send`](Self::send);
    /// [`NotRaw`](SendError::NotRaw) if there is nothing, or an LF in a line.
    pub fn send_raw(&mut self, raw: &[u8]) -> Result<MessageId, SendError> {
        self.send_raw_through(raw, &mut stays)
    }

    /// As [`send_raw`](Self::send_raw); parts of a long message may leave while it is copied.
    pub(crate) fn send_raw_through(
        &mut self,
        raw: &[u8],
        outlet: Outlet<'_>,
    ) -> Result<MessageId, SendError> {
        self.send_encoded(outlet, |codec, out| {
            codec.check_raw(raw)?;
            codec.frame_raw(raw, out)
        })
    }

    /// Asks the peer how many open connections it holds of a server: see
    /// [`Event::SocketCount`]. A peer that got none does not answer.
    ///
    /// # Errors
    ///
    /// [`Closed`](SendError::Closed), [`TooLarge`](SendError::TooLarge) and
    /// [`QueueFull`](SendError::QueueFull) as with [`send`](Self::send).
    pub fn request_count(&mut self, key: &str) -> Result<MessageId, SendError> {
        let message = Command::GetCount { key: key.to_owned() }.message();
        self.send_encoded(&mut stays, |codec, out| codec.encode(&message, out))
    }

    /// Asks the peer to say when it has closed all connections that it holds of a server: see
    /// [`Event::SocketsClosed`]. A peer that got none does not answer.
    ///
    /// # Errors
    ///
    /// [`Closed`](SendError::Closed), [`TooLarge`](SendError::TooLarge) and
    /// [`QueueFull`](SendError::QueueFull) as with [`send`](Self::send).
    pub fn notify_close(&mut self, key: &str) -> Result<MessageId, SendError> {
        let message = Command::NotifyClose { key: key.to_owned() }.message();
        self.send_encoded(&mut stays, |codec, out| codec.encode(&message, out))
    }

    /// Queues what `write` appends, which is one message with its framing, or an error that leaves
    /// the buffer as it was.
    pub(crate) fn send_encoded<E: From<SendError>>(
        &mut self,
        outlet: Outlet<'_>,
        write: impl FnOnce(Codec, &mut Tail<'_>) -> Result<(), E>,
    ) -> Result<MessageId, E> {
        let size = self.append(outlet, write)?;
        Ok(self.take(size, None))
    }

    /// Appends a message around a handle: see [`append`](Self::append).
    fn append_with(
        &mut self,
        message: &Graph,
        handle: &Handle,
        options: &SendOptions,
    ) -> Result<usize, SendError> {
        if !self.connected() {
            return Err(SendError::Closed);
        }
        codec::check(message)?;
        if let Some(limit) = self.limits.max_queued_handles
            && self.queued_handles() >= limit
        {
            return Err(SendError::HandlesFull { limit });
        }
        let kind = handle.kind();
        let key = options.key.as_deref().filter(|_| kind == HandleKind::Socket);
        let wrapped = reserved::wrap(message, kind.name(), key, handle.datagram_type());
        self.append(&mut stays, |codec, out| codec.encode(&wrapped, out))
    }

    /// Appends a message to what waits, and answers how much of it does. Follow with
    /// [`take`](Self::take). An error leaves everything as it was.
    fn append<E: From<SendError>>(
        &mut self,
        outlet: Outlet<'_>,
        write: impl FnOnce(Codec, &mut Tail<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        if !self.connected() {
            return Err(SendError::Closed.into());
        }
        let (codec, limit) = (self.codec, self.limits.max_queued_bytes);
        let queued = self.queued_bytes();
        let is_free = queued == 0 && limit.is_none() && self.broken.is_none();
        let before = self.last_buffer().len();
        let mut tail = match self.unacknowledged {
            None if is_free => Tail::parts(&mut self.outbox, outlet),
            _ => Tail::whole(self.last_buffer()),
        };
        write(codec, &mut tail)?;
        let buffer = self.last_buffer();
        let size = buffer.len() - before;
        if let Some(limit) = limit
            && queued.saturating_add(size) > limit
        {
            buffer.truncate(before);
            return Err(SendError::QueueFull { queued, size, limit }.into());
        }
        Ok(size)
    }

    /// The buffer that the next message is appended to.
    fn last_buffer(&mut self) -> &mut Buffer {
        match self.unacknowledged {
            Some(_) => self.held.buffer(),
            None => self.outbox.buffer(),
        }
    }

    /// Takes the message that was appended, which is done with once from now on.
    fn take(&mut self, size: usize, outgoing: Option<Outgoing>) -> MessageId {
        if self.unacknowledged.is_some() {
            return self.hold(Ok(size), outgoing);
        }
        let id = self.next_id();
        self.commit(id, size, outgoing);
        self.fail_if_broken();
        id
    }

    /// Whether what is wrong with a message is said when its turn comes: where a handle is waited
    /// for, Node serializes no sooner.
    fn says_later(&self, error: &SendError) -> bool {
        self.unacknowledged.is_some() && error.is_of_serializer()
    }

    /// Takes a message that waits behind a handle.
    fn hold(&mut self, size: Result<usize, SendError>, outgoing: Option<Outgoing>) -> MessageId {
        let id = self.next_id();
        self.held.commit(Waiting { id, size, outgoing });
        self.fail_if_broken();
        id
    }

    fn next_id(&mut self) -> MessageId {
        let id = MessageId(self.next_id);
        self.next_id += 1;
        id
    }

    /// The bytes of a message of the program are at the end of the outbox.
    fn commit(&mut self, id: MessageId, size: usize, outgoing: Option<Outgoing>) {
        let end = self.outbox.commit(Queued::Message(id));
        let Some(outgoing) = outgoing else { return };
        self.outbox.attach_descriptor();
        let again = if outgoing.is_resent() {
            let bytes = self.outbox.buffer().bytes();
            bytes[bytes.len() - size..].to_vec()
        } else {
            Vec::new()
        };
        self.unacknowledged = Some(Unacknowledged { outgoing, id, end, again, resent: 0 });
    }

    /// Bytes to write now; empty if there are none. Report back with
    /// [`transmitted`](Self::transmitted) or [`transmit_failed`](Self::transmit_failed).
    pub fn transmit(&self) -> &[u8] {
        self.outbox.writable()
    }

    /// The descriptor to send along with [`transmit`](Self::transmit): with its first byte, once.
    pub fn transmit_descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.transmit_handle().map(Handle::as_fd)
    }

    /// The handle whose descriptor that is.
    pub(crate) fn transmit_handle(&self) -> Option<&Handle> {
        let unacknowledged = self.unacknowledged.as_ref()?;
        self.outbox.descriptor_is_next().then_some(&unacknowledged.outgoing.handle)
    }

    /// Says that the kernel took the first `count` bytes of [`transmit`](Self::transmit), with the
    /// descriptor if there was one.
    pub fn transmitted(&mut self, count: usize) {
        let events = &mut self.events;
        self.outbox.advance(count, |id| report(events, id, Ok(())));
        self.finish_closing();
    }

    /// Says that a write failed for good.
    ///
    /// If it is the descriptor that could not be sent, its message alone completes with the error,
    /// and nothing of it was written: the handle is given back. Otherwise all that waits does. As
    /// in Node the channel stays connected until the peer's stream ends: a peer that stopped
    /// reading may still talk.
    pub fn transmit_failed(&mut self, errno: i32) {
        let result = Err(Undelivered::Os { errno });
        let of_descriptor = self.outbox.descriptor_is_next() && !is_of_the_peer(errno);
        if of_descriptor && self.broken.is_none() {
            let id = self.outbox.drop_front();
            report(&mut self.events, id, result);
            self.lost = result.err();
            if let Some(Unacknowledged { id, outgoing, .. }) = self.unacknowledged.take() {
                self.events.push(Event::HandleRefused { id, handle: outgoing.handle });
            }
            self.release_held();
            return self.finish_closing();
        }
        let events = &mut self.events;
        if self.outbox.discard(|id| report(events, id, result)) {
            self.broken = Some(errno);
        }
        // A peer that has the handle may still answer.
        let in_flight = self.unacknowledged.as_ref();
        if !in_flight.is_some_and(|sent| self.outbox.has_written(sent.end)) {
            self.fail_all(result);
        }
        self.finish_closing();
    }

    /// The peer has the handle.
    pub(super) fn acknowledged(&mut self) {
        if self.take_answered().is_some() {
            self.release_held();
            self.finish_closing();
        }
    }

    /// The peer did not get the handle.
    pub(super) fn refused(&mut self) {
        let Some(mut unacknowledged) = self.take_answered() else { return };
        if unacknowledged.outgoing.is_resent() && unacknowledged.resent < MAX_RESENT {
            unacknowledged.resent += 1;
            self.outbox.buffer().end().extend_from_slice(&unacknowledged.again);
            unacknowledged.end = self.outbox.commit(Queued::Again);
            self.outbox.attach_descriptor();
            self.unacknowledged = Some(unacknowledged);
            return self.fail_if_broken();
        }
        let Unacknowledged { id, outgoing, .. } = unacknowledged;
        self.events.push(Event::HandleRefused { id, handle: outgoing.handle });
        self.release_held();
        self.finish_closing();
    }

    /// The handle that the peer answers for. An answer that nothing waits for is ignored.
    fn take_answered(&mut self) -> Option<Unacknowledged> {
        self.unacknowledged.take_if(|unacknowledged| self.outbox.has_written(unacknowledged.end))
    }

    /// Appends an answer of the protocol itself, which never waits behind a handle.
    ///
    /// It is due whatever the program has queued, so answers have room of their own. A peer that
    /// asks for more than it reads gets no more answers.
    pub(super) fn reply(&mut self, command: &Command) {
        let buffer = self.outbox.buffer();
        let before = buffer.len();
        // Plain data: there is nothing that could not be serialized.
        if self.codec.encode(&command.message(), buffer.end()).is_err() {
            return;
        }
        let size = buffer.len() - before;
        if self.outbox.reply_bytes() + size <= MAX_REPLY_BYTES {
            self.outbox.commit(Queued::Reply);
        } else {
            self.outbox.buffer().truncate(before);
        }
    }

    /// Answers that became due because received connections were closed. Call it after the
    /// [waker](Self::set_waker) was called.
    pub fn settle(&mut self) {
        for key in self.counts.take_closed() {
            if !self.is_closed() {
                self.reply(&Command::AllClosed { key });
            }
        }
        self.fail_if_broken();
    }

    pub(super) fn fail_if_broken(&mut self) {
        if let Some(errno) = self.broken {
            self.transmit_failed(errno);
        }
    }

    /// Lets messages go that waited for the acknowledgement, up to and including the next handle.
    fn release_held(&mut self) {
        while self.unacknowledged.is_none() {
            let Some(message) = self.held.pop(self.outbox.buffer()) else { break };
            let Waiting { id, size, outgoing } = message;
            match size {
                Ok(size) => self.commit(id, size, outgoing),
                Err(error) => self.unserializable(id, error, outgoing),
            }
        }
        self.fail_if_broken();
    }

    fn unserializable(&mut self, id: MessageId, error: SendError, outgoing: Option<Outgoing>) {
        self.events.push(Event::Unserializable { id, error });
        let reason = Undelivered::Unserializable;
        report(&mut self.events, Some(id), Err(reason));
        self.lost = Some(reason);
        if let Some(Outgoing { handle, .. }) = outgoing {
            self.events.push(Event::HandleRefused { id, handle });
        }
    }

    fn finish_closing(&mut self) {
        if self.state == State::Closing && self.unacknowledged.is_none() && self.outbox.len() == 0 {
            self.close(Undelivered::Disconnected);
        }
    }
}

/// Node sends a refused stream again so often.
const MAX_RESENT: u32 = 3;

/// So many bytes of answers wait at most. A peer sends one descriptor at a time and asks seldom for
/// counts, so more unanswered ones are no protocol but a flood: not answered.
pub(super) const MAX_REPLY_BYTES: usize = 65_536;
