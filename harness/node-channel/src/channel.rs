//! The blocking front end.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};
use std::{fmt, io};

use js_value::Graph;

use crate::error::{DisconnectError, FlushError, RecvError, SendError, Undelivered};
use crate::proto::{Connection, Event, KeepAlive, Limits, MessageId, Role};
use crate::socket::{self, Read};

/// One end of a channel on a Unix socket.
///
/// Two ways to use it. A program without an event loop calls [`send`](Self::send) and
/// [`recv`](Self::recv). An event loop watches [`fd`](Self::fd) for reading, and for writing while
/// [`wants_write`](Self::wants_write); calls [`process`](Self::process) with what it found; and
/// takes events with [`next_event`](Self::next_event) until there are none.
///
/// Dropping a channel closes it without waiting: what the kernel did not take yet is lost.
/// [`close`](Self::close) waits.
pub struct Channel {
    connection: Connection,
    /// None once disconnected.
    socket: Option<OwnedFd>,
    /// Where reads go; empty until the first.
    scratch: Vec<u8>,
}

/// What `send()` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The number under which [`Event::Sent`] reports the message.
    pub id: MessageId,
    /// Whether fewer than [`BACKLOG_THRESHOLD`](crate::BACKLOG_THRESHOLD) bytes wait in user space
    /// now. False is advice to stop for a while: the message was taken all the same.
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
    pub fn new(socket: impl Into<OwnedFd>, role: Role, limits: Limits) -> io::Result<Self> {
        let socket = socket.into();
        socket::prepare(socket.as_fd())?;
        Ok(Self {
            connection: Connection::new(role, limits),
            socket: Some(socket),
            scratch: Vec::new(),
        })
    }

    /// Both ends of a new channel in this process, parent first. For tests.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (parent, child) = UnixStream::pair()?;
        Ok((
            Self::new(parent, Role::Parent, Limits::none())?,
            Self::new(child, Role::Child, Limits::none())?,
        ))
    }

    /// Whether the channel is open.
    pub fn connected(&self) -> bool {
        self.connection.connected()
    }

    /// Sends a message. Never blocks.
    ///
    /// If nothing waits already, the write is attempted at once, so a message that fits the
    /// kernel's buffer is on its way when this returns. Otherwise it queues behind what waits, and
    /// goes out in [`process`](Self::process), [`recv`](Self::recv), [`flush`](Self::flush) or
    /// [`close`](Self::close). Every message that is taken is followed by one [`Event::Sent`].
    pub fn send(&mut self, message: &Graph) -> Result<Receipt, SendError> {
        let idle = !self.wants_write();
        let id = self.connection.send(message)?;
        if idle {
            // A failed write is reported as the completion of the message.
            let _reported = self.write_pending();
        }
        Ok(Receipt { id, accepted: self.connection.accepts() })
    }

    /// Waits for the next message of the peer's program; `None` once the channel is closed.
    ///
    /// Completions and reserved messages are passed over; use [`wait`](Self::wait) to see them.
    /// Bytes that wait to be written go out meanwhile. After [`RecvError::Invalid`] the channel is
    /// usable: call again.
    pub fn recv(&mut self) -> Result<Option<Graph>, RecvError> {
        self.recv_until(None)
    }

    /// As [`recv`](Self::recv), but gives up after a time with [`RecvError::TimedOut`].
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<Graph>, RecvError> {
        self.recv_until(deadline_after(timeout))
    }

    /// Waits for the next event of any kind; `None` once the channel is closed and
    /// [`Event::Disconnected`] was given.
    pub fn wait(&mut self, timeout: Option<Duration>) -> Result<Option<Event>, RecvError> {
        self.wait_until(timeout.and_then(deadline_after))
    }

    /// Messages until the channel is closed.
    pub fn messages(&mut self) -> Messages<'_> {
        Messages { channel: self, failed: false }
    }

    /// Waits until nothing waits to be written. What arrives meanwhile is kept for
    /// [`recv`](Self::recv).
    pub fn flush(&mut self, timeout: Option<Duration>) -> Result<(), FlushError> {
        let deadline = timeout.and_then(deadline_after);
        while self.wants_write() {
            let Some(fd) = self.fd() else { break };
            let ready = match socket::wait(fd, true, deadline) {
                Ok(Some(ready)) => ready,
                Ok(None) => {
                    return Err(FlushError::TimedOut { queued: self.connection.queued_bytes() });
                }
                Err(errno) => {
                    return Err(FlushError::Undelivered(Undelivered::Os {
                        errno: errno.raw_os_error(),
                    }));
                }
            };
            if ready.readable {
                self.read_once();
                if !self.connected() {
                    return Err(FlushError::Undelivered(Undelivered::PeerClosed));
                }
            }
            if ready.writable {
                self.write_pending().map_err(FlushError::Undelivered)?;
            }
        }
        Ok(())
    }

    /// Waits until all is written, then disconnects; disconnects in any case. A closed channel
    /// stays closed.
    pub fn close(&mut self, timeout: Option<Duration>) -> Result<(), FlushError> {
        let flushed = self.flush(timeout);
        if self.connected() {
            let _was_connected = self.disconnect();
        }
        flushed
    }

    /// Closes both directions at once, as Node's `disconnect()`: what waits in user space is
    /// dropped, what the kernel took is delivered. Events that are already here stay available, and
    /// [`Event::Disconnected`] follows them.
    pub fn disconnect(&mut self) -> Result<(), DisconnectError> {
        self.connection.disconnect()?;
        self.socket = None;
        Ok(())
    }

    /// The descriptor to watch; `None` once the channel is closed.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.socket.as_ref().map(AsFd::as_fd)
    }

    /// Whether to watch for writing too.
    pub fn wants_write(&self) -> bool {
        !self.connection.transmit().is_empty()
    }

    /// Bytes that wait in user space.
    pub fn queued_bytes(&self) -> usize {
        self.connection.queued_bytes()
    }

    /// Does what is possible without blocking: at most one read of 64 KiB, then the pending writes.
    /// What comes of it is in [`next_event`](Self::next_event).
    pub fn process(&mut self, ready: Ready) {
        let idle = !self.wants_write();
        if ready.readable {
            self.read_once();
        }
        // What was read may call for an answer; like a message, it is attempted at once if nothing
        // waits before it.
        if ready.writable || idle {
            // A failed write is reported as the completion of the messages.
            let _reported = self.write_pending();
        }
    }

    /// The next event that is already here. No I/O.
    pub fn next_event(&mut self) -> Option<Event> {
        self.connection.poll_event()
    }

    /// Whether [`next_event`](Self::next_event) has something to give.
    pub fn has_events(&self) -> bool {
        self.connection.has_events()
    }

    /// Listeners and explicit references.
    pub fn keep_alive(&self) -> &KeepAlive {
        self.connection.keep_alive()
    }

    /// Listeners and explicit references, to change them.
    pub fn keep_alive_mut(&mut self) -> &mut KeepAlive {
        self.connection.keep_alive_mut()
    }

    /// Whether the channel keeps an event loop alive.
    pub fn is_referenced(&self) -> bool {
        self.connection.is_referenced()
    }

    fn recv_until(&mut self, deadline: Option<Instant>) -> Result<Option<Graph>, RecvError> {
        loop {
            match self.wait_until(deadline)? {
                Some(Event::Message(message)) => return Ok(Some(message)),
                Some(Event::Invalid(error)) => return Err(RecvError::Invalid(error)),
                Some(Event::Reserved(_) | Event::Sent { .. }) => {}
                Some(Event::Disconnected) | None => return Ok(None),
            }
        }
    }

    fn wait_until(&mut self, deadline: Option<Instant>) -> Result<Option<Event>, RecvError> {
        loop {
            if let Some(event) = self.next_event() {
                return Ok(Some(event));
            }
            let Some(fd) = self.fd() else {
                return Ok(None);
            };
            match socket::wait(fd, self.wants_write(), deadline) {
                Ok(Some(found)) => {
                    self.process(Ready { readable: found.readable, writable: found.writable });
                }
                Ok(None) => return Err(RecvError::TimedOut),
                Err(errno) => return Err(RecvError::Os { errno: errno.raw_os_error() }),
            }
        }
    }

    fn read_once(&mut self) {
        let Some(socket) = &self.socket else { return };
        if self.scratch.is_empty() {
            self.scratch = vec![0; socket::READ_BYTES];
        }
        match socket::read(socket.as_fd(), &mut self.scratch) {
            Read::Bytes(count) => self.connection.receive(&self.scratch[..count]),
            Read::Nothing => {}
            Read::End => {
                self.connection.receive_end();
                self.socket = None;
            }
        }
    }

    /// Writes until the kernel takes no more. An error was reported as completions already.
    fn write_pending(&mut self) -> Result<(), Undelivered> {
        while let Some(socket) = &self.socket
            && self.wants_write()
        {
            match socket::write(socket.as_fd(), self.connection.transmit()) {
                Ok(0) => break,
                Ok(count) => self.connection.transmitted(count),
                Err(errno) => {
                    let errno = errno.raw_os_error();
                    self.connection.transmit_failed(errno);
                    return Err(Undelivered::Os { errno });
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("connected", &self.connected())
            .field("fd", &self.socket)
            .field("queued_bytes", &self.queued_bytes())
            .finish_non_exhaustive()
    }
}

/// Iterator over messages: see [`Channel::messages`].
///
/// Gives an error for each line that is no message, and goes on after it.
#[derive(Debug)]
pub struct Messages<'a> {
    channel: &'a mut Channel,
    failed: bool,
}

impl Iterator for Messages<'_> {
    type Item = Result<Graph, RecvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.channel.recv().transpose();
        self.failed = matches!(next, Some(Err(RecvError::Os { .. })));
        next
    }
}

/// `None`, so no deadline, if the clock cannot express it.
fn deadline_after(timeout: Duration) -> Option<Instant> {
    Instant::now().checked_add(timeout)
}
