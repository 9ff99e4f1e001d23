//! The two halves of a channel, for two threads.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use js_value::Graph;

use super::receive::{Receive, receiving_methods};
use super::wake::Wake;
use super::{
    Batch, Link, Messages, Receipt, batch_target, common_methods, deadline_after, sending_methods,
};
use crate::error::{DisconnectError, FlushError, NotSent, RecvError, SendError, Undelivered};
use crate::handle::Handle;
use crate::proto::{
    Connection, Event, KeepAlive, Message, MessageId, Raw, SendOptions, Serialization,
};
use crate::socket::{self, Patience};

/// The sending half of a channel: see [`Channel::split`](crate::Channel::split).
///
/// A message that the kernel does not take at once goes out while the [`Receiver`] waits on its
/// thread, or in [`flush`](Self::flush) or [`close`](Self::close).
///
/// The channel is closed once both halves are dropped; what the kernel did not take until then is
/// lost. Dropping one half alone changes nothing for the other.
#[derive(Debug)]
pub struct Sender(Half);

/// The receiving half of a channel: see [`Channel::split`](crate::Channel::split).
///
/// It waits without a lock, so the [`Sender`] is never held up by it. While it waits, it also
/// writes what the sender could not.
#[derive(Debug)]
pub struct Receiver {
    half: Half,
    /// What [`wait_raw`](Self::wait_raw) gave last.
    raw: Vec<u8>,
}

#[derive(Debug)]
struct Half {
    shared: Arc<Shared>,
    side: usize,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// What each side watches beside the socket while it waits.
    wakes: [Wake; 2],
    busy_poll: Duration,
}

#[derive(Debug)]
struct State {
    link: Link<Arc<OwnedFd>>,
    /// What each side waits for, if it does.
    waits: [Option<For>; 2],
}

/// What a side waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// Something that comes from the peer.
    Peer,
    /// That, or any event.
    Events,
}

pub(super) fn split(link: Link<OwnedFd>, busy_poll: Duration) -> io::Result<(Sender, Receiver)> {
    let wakes = [Wake::new()?, Wake::new()?];
    let Ok(mut link) = link.try_map(|socket| Ok::<_, std::convert::Infallible>(Arc::new(socket)));
    let ring = wakes.each_ref().map(Wake::ringer);
    link.connection.set_waker(move || ring.iter().for_each(|ring| ring()));
    let state = Mutex::new(State { link, waits: [None; 2] });
    let shared = Arc::new(Shared { state, wakes, busy_poll });
    let sender = Half { shared: Arc::clone(&shared), side: 0 };
    Ok((Sender(sender), Receiver { half: Half { shared, side: 1 }, raw: Vec::new() }))
}

impl Sender {
    common_methods!();
    sending_methods!();

    /// As [`Channel::ready`](crate::Channel::ready). What arrives meanwhile is kept for the
    /// [`Receiver`].
    pub fn ready(&mut self, timeout: Option<Duration>) -> Result<(), FlushError> {
        self.write_until(timeout.and_then(deadline_after), Link::accepts)
    }

    /// Waits until nothing waits to be written, behind a handle included. What arrives meanwhile is
    /// kept for the [`Receiver`].
    pub fn flush(&mut self, timeout: Option<Duration>) -> Result<(), FlushError> {
        self.flush_until(timeout.and_then(deadline_after))
    }

    /// Waits until all is written and the last handle acknowledged, then disconnects; disconnects in
    /// any case. The [`Receiver`] still has what arrived.
    pub fn close(&mut self, timeout: Option<Duration>) -> Result<(), FlushError> {
        let deadline = timeout.and_then(deadline_after);
        let flushed = self.flush_until(deadline);
        if self.connected() {
            let _was_connected = self.disconnect();
        }
        while flushed.is_ok() {
            let state = self.0.lock();
            if state.link.is_closed() {
                break;
            }
            match self.0.turn(state, For::Peer, deadline) {
                Ok(true) => {}
                // The peer owes an acknowledgement that nobody waits for any more.
                Ok(false) | Err(_) => break,
            }
        }
        self.0.with(Link::abandon);
        flushed
    }

    fn look<R>(&self, look: impl FnOnce(&Link<Arc<OwnedFd>>) -> R) -> R {
        look(&self.0.lock().link)
    }

    fn with_link<R>(&mut self, act: impl FnOnce(&mut Link<Arc<OwnedFd>>) -> R) -> R {
        self.0.with(act)
    }

    fn flush_until(&mut self, deadline: Option<Instant>) -> Result<(), FlushError> {
        let since = self.look(Link::losses);
        self.write_until(deadline, |link| link.flushed(since))
    }

    /// Writes until `done` has an answer.
    fn write_until(
        &mut self,
        deadline: Option<Instant>,
        done: impl Fn(&Link<Arc<OwnedFd>>) -> Option<Result<(), Undelivered>>,
    ) -> Result<(), FlushError> {
        loop {
            let state = self.0.lock();
            if let Some(done) = done(&state.link) {
                return done.map_err(FlushError::Undelivered);
            }
            match self.0.turn(state, For::Peer, deadline) {
                Ok(true) => {}
                Ok(false) => return Err(FlushError::TimedOut { queued: self.queued_bytes() }),
                Err(errno) => {
                    let errno = errno.raw_os_error();
                    return Err(FlushError::Undelivered(Undelivered::Os { errno }));
                }
            }
        }
    }
}

batch_target!(Sender);

impl Receiver {
    common_methods!();
    receiving_methods!();

    /// As [`Channel::wait_raw`](crate::Channel::wait_raw), with a copy of the bytes.
    pub fn wait_raw(&mut self, timeout: Option<Duration>) -> Result<Option<Raw<'_>>, RecvError> {
        let deadline = timeout.and_then(deadline_after);
        loop {
            let mut state = self.half.lock();
            let closed = state.link.is_closed();
            match state.link.connection.poll_raw() {
                Some(Raw::Message(bytes)) => {
                    self.raw.clear();
                    self.raw.extend_from_slice(bytes);
                    break;
                }
                Some(Raw::Event(event)) => return Ok(Some(Raw::Event(event))),
                None if closed => return Ok(None),
                None => self.half.wait(state, For::Events, deadline)?,
            }
        }
        Ok(Some(Raw::Message(&self.raw)))
    }

    /// As [`next_event`](Self::next_event), with messages as a copy of the bytes that came.
    pub fn next_raw(&mut self) -> Option<Raw<'_>> {
        match self.half.lock().link.connection.poll_raw()? {
            Raw::Event(event) => return Some(Raw::Event(event)),
            Raw::Message(bytes) => {
                self.raw.clear();
                self.raw.extend_from_slice(bytes);
            }
        }
        Some(Raw::Message(&self.raw))
    }

    fn look<R>(&self, look: impl FnOnce(&Link<Arc<OwnedFd>>) -> R) -> R {
        look(&self.half.lock().link)
    }

    fn with_link<R>(&mut self, act: impl FnOnce(&mut Link<Arc<OwnedFd>>) -> R) -> R {
        self.half.with(act)
    }

    fn message_until(&mut self, deadline: Option<Instant>) -> Result<Option<Message>, RecvError> {
        loop {
            match self.take(For::Peer, deadline, Connection::poll_event)? {
                Some(Event::Message(message)) => return Ok(Some(message)),
                Some(Event::Invalid(error)) => return Err(RecvError::Invalid(error)),
                Some(Event::Disconnected) | None => return Ok(None),
                Some(_) => {}
            }
        }
    }

    fn wait_until(&mut self, deadline: Option<Instant>) -> Result<Option<Event>, RecvError> {
        self.take(For::Events, deadline, Connection::poll_event)
    }

    /// Waits until `take` takes something; `None` once nothing more will come.
    pub(super) fn take<R>(
        &mut self,
        what: For,
        deadline: Option<Instant>,
        mut take: impl FnMut(&mut Connection) -> Option<R>,
    ) -> Result<Option<R>, RecvError> {
        loop {
            let mut state = self.half.lock();
            match take(&mut state.link.connection) {
                Some(taken) => return Ok(Some(taken)),
                None if state.link.is_closed() => return Ok(None),
                None => self.half.wait(state, what, deadline)?,
            }
        }
    }
}

impl Receive for Receiver {
    fn next_message(&mut self) -> Result<Option<Graph>, RecvError> {
        self.recv()
    }
}

impl Half {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something, and wakes the other side if that concerns it.
    fn with<R>(&self, act: impl FnOnce(&mut Link<Arc<OwnedFd>>) -> R) -> R {
        let mut state = self.lock();
        let wanted_write = state.link.wants_write();
        let result = act(&mut state.link);
        let link = &state.link;
        let concerns = link.is_closed()
            || link.wants_write() && !wanted_write
            || state.waits[self.other()] == Some(For::Events) && link.connection.has_events();
        if concerns {
            self.wake_other(&state);
        }
        result
    }

    fn wait(
        &self,
        state: MutexGuard<'_, State>,
        what: For,
        deadline: Option<Instant>,
    ) -> Result<(), RecvError> {
        match self.turn(state, what, deadline) {
            Ok(true) => Ok(()),
            Ok(false) => Err(RecvError::TimedOut),
            Err(errno) => Err(RecvError::Os { errno: errno.raw_os_error() }),
        }
    }

    /// Waits until something can be done, and does it; false if the time is up first.
    /// The lock is open while it waits.
    fn turn(
        &self,
        mut state: MutexGuard<'_, State>,
        what: For,
        deadline: Option<Instant>,
    ) -> rustix::io::Result<bool> {
        let Some(socket) = state.link.socket().cloned() else { return Ok(true) };
        let for_writing = state.link.wants_write();
        state.waits[self.side] = Some(what);
        drop(state);
        let wake = &self.shared.wakes[self.side];
        let patience = Patience { deadline, busy_poll: self.shared.busy_poll };
        let found = socket::wait(socket.as_fd(), for_writing, Some(wake.fd()), patience);
        drop(socket);
        let mut state = self.lock();
        state.waits[self.side] = None;
        let Some(found) = found? else { return Ok(false) };
        if found.woken {
            wake.clear();
        }
        // A failed write is reported as the completion of the messages.
        let _reported = state.link.process(found.ready);
        self.wake_other(&state);
        Ok(true)
    }

    fn wake_other(&self, state: &State) {
        if state.waits[self.other()].is_some() {
            self.shared.wakes[self.other()].ring();
        }
    }

    fn other(&self) -> usize {
        1 - self.side
    }
}
