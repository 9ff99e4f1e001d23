//! The blocking front end.

mod batch;
mod common;
mod link;
mod receive;
mod sending;
mod split;
#[cfg(feature = "serde")]
mod typed;
mod wake;

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use js_value::Graph;

use crate::error::{DisconnectError, FlushError, NotSent, SendError, Undelivered};
use crate::handle::Handle;
use crate::proto::{Connection, KeepAlive, Limits, MessageId, Role, SendOptions, Serialization};
use crate::socket::{self, Deadline, Patience};

pub use batch::Batch;
pub(crate) use batch::{Queue, Target};
pub(crate) use common::common_methods;
pub(crate) use link::Link;
#[cfg(feature = "tokio")]
pub(crate) use link::Socket;
pub use receive::Messages;
pub(crate) use sending::{batch_target, sending_methods};
pub use split::{Receiver, Sender};
use wake::Wake;

/// One end of a channel on a Unix socket.
///
/// Two ways to use it. A program without an event loop calls [`send`](Self::send) and
/// [`recv`](Self::recv). An event loop watches [`fd`](Self::fd) for reading, and for writing while
/// [`wants_write`](Self::wants_write); calls [`drive`](Self::drive) with what it found; and
/// takes events with [`next_event`](Self::next_event) until there are none. If it receives sockets
/// of Node servers, it also watches [`wake_fd`](Self::wake_fd).
///
/// A message that the kernel does not take at once goes out in [`recv`](Self::recv) and what else
/// waits, in [`flush`](Self::flush), in [`close`](Self::close), or in [`drive`](Self::drive).
/// Dropping a channel closes it without waiting: what the kernel did not take yet is lost.
/// [`close`](Self::close) waits.
///
/// To send and receive on two threads, [`split`](Self::split) it.
pub struct Channel {
    link: Link<OwnedFd>,
    /// There once the peer waits for sockets that it sent to be closed.
    wake: Option<Wake>,
    busy_poll: Duration,
}

/// What `send()` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The number under which [`Event::Sent`](crate::Event::Sent) reports the message.
    pub id: MessageId,
    /// Whether fewer than [`BACKLOG_THRESHOLD`](crate::BACKLOG_THRESHOLD) bytes wait in user space
    /// now. False is advice to stop for a while: the message was taken all the same.
    ///
    /// Behind a handle that the peer has not acknowledged it is true for the first message and false
    /// for all others, as in Node.
    pub accepted: bool,
}

/// What an event loop found out about [`Channel::fd`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// There is something to read, or the peer is gone: POLLIN, POLLHUP or POLLERR.
    pub readable: bool,
    /// There is room to write: POLLOUT or POLLERR.
    pub writable: bool,
}

impl Channel {
    /// A channel on a socket that is connected to a peer. The socket becomes non-blocking and
    /// close-on-exec.
    ///
    /// # Errors
    ///
    /// When the descriptor cannot be set up, as one that is not open. Whether it is a socket shows
    /// later: anything else reads as a peer that is gone.
    pub fn new(
        socket: impl Into<OwnedFd>,
        role: Role,
        serialization: Serialization,
        limits: Limits,
    ) -> io::Result<Self> {
        let socket = socket.into();
        socket::prepare(socket.as_fd())?;
        let connection = Connection::new(role, serialization, limits);
        Ok(Self { link: Link::new(connection, socket), wake: None, busy_poll: Duration::ZERO })
    }

    /// Both ends of a new channel in this process, parent first. For tests.
    ///
    /// # Errors
    ///
    /// When no pair of sockets can be had, since too many descriptors are open (`EMFILE`,
    /// `ENFILE`).
    pub fn pair(serialization: Serialization) -> io::Result<(Self, Self)> {
        let (parent, child) = UnixStream::pair()?;
        Ok((
            Self::new(parent, Role::Parent, serialization, Limits::default())?,
            Self::new(child, Role::Child, serialization, Limits::default())?,
        ))
    }

    common_methods!();

    /// For how long a call that waits asks the kernel again and again before it sleeps; zero, so not
    /// at all, unless set.
    ///
    /// A thread that sleeps is woken some microseconds after a message came: often the larger part
    /// of a round trip. One that polls busily has it at once, and keeps its core busy meanwhile,
    /// although it yields to others that want it. Some 50 microseconds suit a peer that answers at
    /// once; more than it takes to answer is never used. Nothing else changes: what a call returns,
    /// and when it gives up, is the same. The name is that of the kernel's `SO_BUSY_POLL`.
    ///
    /// Both halves of a [`split`](Self::split) channel keep it. On tokio, the runtime does the
    /// waiting, in its own way.
    pub fn set_busy_poll(&mut self, longest: Duration) {
        self.busy_poll = longest;
    }

    sending_methods!();

    /// Waits until [`send`](Self::send) may go on: until the next message would be accepted. Fails
    /// once the channel is closed. What arrives meanwhile is kept for [`recv`](Self::recv); see
    /// [`flush`](Self::flush) for what happens once that is too much.
    ///
    /// ```no_run
    /// # fn example(mut channel: node_channel::Channel) -> Result<(), Box<dyn std::error::Error>> {
    /// for number in 0..1_000_000 {
    ///     if !channel.send(&js_value::Graph::from(number))?.accepted {
    ///         channel.ready(None)?;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Undelivered`](FlushError::Undelivered) once the channel is disconnected, by either side,
    /// or if poll(2) fails. [`TimedOut`](FlushError::TimedOut) when the time is up,
    /// [`Untaken`](FlushError::Untaken) instead if too much waits to be received. Either leaves
    /// everything waiting.
    pub fn ready(&mut self, timeout: Option<Duration>) -> Result<(), FlushError> {
        self.write_until(&mut Deadline::of(timeout), Link::accepts)
    }

    /// Waits until nothing waits to be written, behind a handle included. What arrives meanwhile is
    /// kept for [`recv`](Self::recv).
    ///
    /// Once more is kept than [`Limits::max_received_bytes`] allows, nothing more is read. Without a
    /// timeout that ends the wait as soon as nothing can be written either, since the peer may be
    /// waiting for just that; with one it goes on until then. Either way the error is
    /// [`FlushError::Untaken`]: receive what is here, and call again.
    ///
    /// # Errors
    ///
    /// [`Undelivered`](FlushError::Undelivered) if some of what waits is lost, since a write fails
    /// or the channel is closed meanwhile, or if poll(2) fails. A channel on which nothing waits may
    /// be closed. [`TimedOut`](FlushError::TimedOut) when the time is up,
    /// [`Untaken`](FlushError::Untaken) instead if too much waits to be received. Either leaves
    /// what waits waiting; that a single message was lost meanwhile only its events tell.
    pub fn flush(&mut self, timeout: Option<Duration>) -> Result<(), FlushError> {
        self.flush_until(&mut Deadline::of(timeout))
    }

    /// Waits until all is written and the last handle acknowledged, then disconnects; disconnects in
    /// any case. A closed channel stays closed.
    ///
    /// # Errors
    ///
    /// Those of [`flush`](Self::flush); what waits still is then lost, and completes with an error. A
    /// last handle that is not acknowledged in time is none: it comes back with
    /// [`Event::HandleUnanswered`](crate::Event::HandleUnanswered).
    pub fn close(&mut self, timeout: Option<Duration>) -> Result<(), FlushError> {
        let deadline = &mut Deadline::of(timeout);
        let since = self.link.losses();
        let flushed = self.flush_until(deadline);
        let is_all_out = self.link.is_all_out(since);
        if self.connected() {
            let _was_connected = self.disconnect();
        }
        while is_all_out && !self.link.is_closed() {
            match self.turn(deadline) {
                Ok(true) => {}
                // The peer owes an acknowledgement that nobody waits for any more.
                Ok(false) | Err(_) => break,
            }
        }
        self.link.abandon();
        flushed
    }

    /// A sending and a receiving half, to be used on two threads.
    ///
    /// # Errors
    ///
    /// When the two descriptors that wake one half for the other cannot be had (`EMFILE`,
    /// `ENFILE`). The channel is closed then.
    pub fn split(self) -> io::Result<(Sender, Receiver)> {
        split::split(self.link, self.busy_poll)
    }

    /// The descriptor to watch; `None` once the channel is closed.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.link.socket().map(AsFd::as_fd)
    }

    /// Whether to watch for reading: not while more waits to be taken than
    /// [`Limits::max_received_bytes`] allows. Not to be asked by a program that takes all events
    /// before it waits.
    pub fn wants_read(&self) -> bool {
        self.link.interest().read
    }

    /// Whether to watch for writing too.
    pub fn wants_write(&self) -> bool {
        self.link.wants_write()
    }

    /// A second descriptor to watch for reading, if there is one: the peer waits until sockets that
    /// it sent are closed. Call [`drive`](Self::drive) when it is readable. It comes and goes with
    /// calls of `drive`.
    pub fn wake_fd(&self) -> Option<BorrowedFd<'_>> {
        self.wake.as_ref().filter(|_| self.link.connection.awaits_sockets()).map(Wake::fd)
    }

    /// Does what is possible without blocking: at most one read of 64 KiB, none unless this
    /// [wants to read](Self::wants_read), then the pending writes. What comes of it is in
    /// [`next_event`](Self::next_event).
    pub fn drive(&mut self, ready: Ready) {
        self.link.process(ready);
        self.watch_sockets();
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn into_link(self) -> Link<OwnedFd> {
        self.link
    }

    fn look<R>(&self, look: impl FnOnce(&Link<OwnedFd>) -> R) -> R {
        look(&self.link)
    }

    fn with_link<R>(&mut self, act: impl FnOnce(&mut Link<OwnedFd>) -> R) -> R {
        act(&mut self.link)
    }

    fn flush_until(&mut self, deadline: &mut Deadline) -> Result<(), FlushError> {
        let since = self.link.losses();
        self.write_until(deadline, |link| link.flushed(since))
    }

    /// Writes until `done` has an answer.
    fn write_until(
        &mut self,
        deadline: &mut Deadline,
        done: impl Fn(&Link<OwnedFd>) -> Option<Result<(), Undelivered>>,
    ) -> Result<(), FlushError> {
        loop {
            if let Some(done) = done(&self.link) {
                return done.map_err(FlushError::Undelivered);
            }
            match self.turn(deadline) {
                Ok(true) => {}
                Ok(false) => return Err(self.link.unflushed()),
                Err(errno) => {
                    let errno = errno.raw_os_error();
                    return Err(FlushError::Undelivered(Undelivered::Os { errno }));
                }
            }
        }
    }

    /// Waits until something can be done, and does it; false if the time is up first.
    fn turn(&mut self, deadline: &mut Deadline) -> rustix::io::Result<bool> {
        let Some(fd) = self.fd() else { return Ok(true) };
        let patience = Patience { deadline, busy_poll: self.busy_poll };
        let found = socket::wait(fd, self.link.interest(), self.wake_fd(), patience)?;
        let Some(found) = found else { return Ok(false) };
        self.drive(found.ready);
        Ok(true)
    }

    /// Says what became due because received sockets were closed, and prepares to be woken when the
    /// peer waits for more of them.
    fn watch_sockets(&mut self) {
        let connection = &mut self.link.connection;
        if let Some(wake) = &self.wake {
            wake.clear();
        } else if connection.awaits_sockets() {
            self.wake = Wake::new().ok();
            if let Some(wake) = &self.wake {
                connection.set_waker(wake.ringer());
            }
        }
        self.link.settle();
    }
}

batch_target!(Channel);

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("connected", &self.connected())
            .field("fd", &self.link.socket())
            .field("queued_bytes", &self.queued_bytes())
            .finish_non_exhaustive()
    }
}
