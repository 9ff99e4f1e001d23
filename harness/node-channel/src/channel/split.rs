//! The two halves of a channel, for two threads.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use js_value::Graph;

use super::receive::{Receive, receiving_methods};
use super::wake::Wake;
use super::{Batch, Link, Messages, Receipt, batch_target, common_methods, sending_methods};
use crate::error::{DisconnectError, FlushError, NotSent, RecvError, SendError, Undelivered};
use crate::handle::Handle;
use crate::proto::{
    Connection, Event, KeepAlive, Message, MessageId, Raw, SendOptions, Serialization,
};
use crate::socket::{self, Deadline, Patience};

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
enum For {
    /// Something that comes from the peer.
    Peer,
    /// That, or any event.
    Events,
    /// That something is taken: there is no room for what comes from the peer.
    Room,
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
    /// [`Receiver`]; see [`flush`](Self::flush) for what happens once that is too much.
    ///
    /// # Errors
    ///
    /// Those of [`Channel::ready`](crate::Channel::ready).
    pub fn ready(&mut self, timeout: Option<Duration>) -> Result<(), FlushError> {
        self.write_until(&mut Deadline::of(timeout), Link::accepts)
    }

    /// Waits until nothing waits to be written, behind a handle included. What arrives meanwhile is
    /// kept for the [`Receiver`].
    ///
    /// What is said about [`Channel::flush`](crate::Channel::flush) and
    /// [`Limits::max_received_bytes`](crate::Limits::max_received_bytes) holds here too; with a
    /// timeout the wait goes on when the receiver takes what is here.
    ///
    /// # Errors
    ///
    /// Those of [`Channel::flush`](crate::Channel::flush).
    pub fn flush(&mut self, timeout: Option<Duration>) -> Result<(), FlushError> {
        self.flush_until(&mut Deadline::of(timeout))
    }

    /// Waits until all is written and the last handle acknowledged, then disconnects; disconnects in
    /// any case. The [`Receiver`] still has what arrived.
    ///
    /// # Errors
    ///
    /// Those of [`Channel::close`](crate::Channel::close).
    pub fn close(&mut self, timeout: Option<Duration>) -> Result<(), FlushError> {
        let deadline = &mut Deadline::of(timeout);
        let since = self.look(Link::losses);
        let flushed = self.flush_until(deadline);
        let is_all_out = self.look(|link| link.is_all_out(since));
        if self.connected() {
            let _was_connected = self.disconnect();
        }
        while is_all_out && !self.look(Link::is_closed) {
            let state = self.0.lock();
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

    fn flush_until(&mut self, deadline: &mut Deadline) -> Result<(), FlushError> {
        let since = self.look(Link::losses);
        self.write_until(deadline, |link| link.flushed(since))
    }

    /// Writes until `done` has an answer.
    fn write_until(
        &mut self,
        deadline: &mut Deadline,
        done: impl Fn(&Link<Arc<OwnedFd>>) -> Option<Result<(), Undelivered>>,
    ) -> Result<(), FlushError> {
        loop {
            let state = self.0.lock();
            if let Some(done) = done(&state.link) {
                return done.map_err(FlushError::Undelivered);
            }
            match self.0.turn(state, For::Peer, deadline) {
                Ok(true) => {}
                Ok(false) => return Err(self.0.lock().link.unflushed()),
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
    ///
    /// # Errors
    ///
    /// Those of [`Channel::wait_raw`](crate::Channel::wait_raw).
    pub fn wait_raw(&mut self, timeout: Option<Duration>) -> Result<Option<Raw<'_>>, RecvError> {
        let Self { half, raw } = self;
        let taken = half.take(For::Events, &mut Deadline::of(timeout), |connection| {
            connection.poll_raw_into(raw)
        });
        Ok(taken?.map(|event| event.map_or(Raw::Message(raw), Raw::Event)))
    }

    /// As [`next_event`](Self::next_event), with messages as a copy of the bytes that came.
    pub fn next_raw(&mut self) -> Option<Raw<'_>> {
        let Self { half, raw } = self;
        let taken = half.with(|link| link.connection.poll_raw_into(raw));
        taken.map(|event| event.map_or(Raw::Message(raw), Raw::Event))
    }

    fn look<R>(&self, look: impl FnOnce(&Link<Arc<OwnedFd>>) -> R) -> R {
        look(&self.half.lock().link)
    }

    fn with_link<R>(&mut self, act: impl FnOnce(&mut Link<Arc<OwnedFd>>) -> R) -> R {
        self.half.with(act)
    }

    fn message_until(&mut self, deadline: &mut Deadline) -> Result<Option<Message>, RecvError> {
        self.poll_until(deadline, Connection::poll_message)
    }

    /// Waits until `poll` takes a message; `None` once nothing more will come.
    pub(super) fn poll_until<R>(
        &mut self,
        deadline: &mut Deadline,
        poll: impl FnMut(&mut Connection) -> Option<Result<Option<R>, RecvError>>,
    ) -> Result<Option<R>, RecvError> {
        self.half.take(For::Peer, deadline, poll)?.unwrap_or(Ok(None))
    }

    fn wait_until(&mut self, deadline: &mut Deadline) -> Result<Option<Event>, RecvError> {
        self.take_until(deadline, Connection::poll_event)
    }

    /// Waits until `take` takes an event of any kind; `None` once nothing more will come.
    pub(super) fn take_until<R>(
        &mut self,
        deadline: &mut Deadline,
        take: impl FnMut(&mut Connection) -> Option<R>,
    ) -> Result<Option<R>, RecvError> {
        self.half.take(For::Events, deadline, take)
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
        } else {
            self.make_room(&state);
        }
        result
    }

    /// Waits until `take` takes something; `None` once nothing more will come. It passes over what
    /// it does not take with the lock held, so the other side cannot keep it from giving up in time.
    fn take<R>(
        &self,
        what: For,
        deadline: &mut Deadline,
        mut take: impl FnMut(&mut Connection) -> Option<R>,
    ) -> Result<Option<R>, RecvError> {
        loop {
            let mut state = self.lock();
            let taken = take(&mut state.link.connection);
            self.make_room(&state);
            match taken {
                Some(taken) => return Ok(Some(taken)),
                None if state.link.is_closed() => return Ok(None),
                None => {}
            }
            match self.turn(state, what, deadline) {
                Ok(true) => {}
                Ok(false) => return Err(RecvError::TimedOut),
                Err(errno) => return Err(RecvError::Os { errno: errno.raw_os_error() }),
            }
        }
    }

    /// Waits until something can be done, and does it; false if the time is up first.
    /// The lock is open while it waits.
    fn turn(
        &self,
        mut state: MutexGuard<'_, State>,
        what: For,
        deadline: &mut Deadline,
    ) -> rustix::io::Result<bool> {
        let Some(socket) = state.link.socket().cloned() else { return Ok(true) };
        let interest = state.link.interest();
        state.waits[self.side] = Some(if interest.read { what } else { For::Room });
        drop(state);
        let wake = &self.shared.wakes[self.side];
        let patience = Patience { deadline, busy_poll: self.shared.busy_poll };
        let found = socket::wait(socket.as_fd(), interest, Some(wake.fd()), patience);
        drop(socket);
        let mut state = self.lock();
        state.waits[self.side] = None;
        let Some(found) = found? else { return Ok(false) };
        if found.woken {
            wake.clear();
        }
        state.link.process(found.ready);
        self.wake_other(&state);
        Ok(true)
    }

    /// Wakes the other side if it waits for something to be taken, and enough was.
    fn make_room(&self, state: &State) {
        if state.waits[self.other()] == Some(For::Room) && state.link.interest().read {
            self.wake_other(state);
        }
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
