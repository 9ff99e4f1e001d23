//! The blocking front end.

mod batch;
mod receive;
mod wake;

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use js_value::Graph;

use crate::error::{DisconnectError, FlushError, SendError, Undelivered};
use crate::handle::Handle;
use crate::proto::{Connection, KeepAlive, Limits, MessageId, Role, SendOptions, Serialization};
use crate::socket;

pub use batch::Batch;
pub use receive::Messages;
use wake::Wake;

/// One end of a channel on a Unix socket.
///
/// Two ways to use it. A program without an event loop calls [`send`](Self::send) and
/// [`recv`](Self::recv). An event loop watches [`fd`](Self::fd) for reading, and for writing while
/// [`wants_write`](Self::wants_write); calls [`process`](Self::process) with what it found; and
/// takes events with [`next_event`](Self::next_event) until there are none. If it receives sockets
/// of Node servers, it also watches [`wake_fd`](Self::wake_fd).
///
/// Dropping a channel closes it without waiting: what the kernel did not take yet is lost.
/// [`close`](Self::close) waits.
pub struct Channel {
    connection: Connection,
    /// None once closed.
    socket: Option<OwnedFd>,
    /// There once the peer waits for sockets that it sent to be closed.
    wake: Option<Wake>,
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
    pub fn new(
        socket: impl Into<OwnedFd>,
        role: Role,
        serialization: Serialization,
        limits: Limits,
    ) -> io::Result<Self> {
        let socket = socket.into();
        socket::prepare(socket.as_fd())?;
        let connection = Connection::new(role, serialization, limits);
        Ok(Self { connection, socket: Some(socket), wake: None })
    }

    /// Both ends of a new channel in this process, parent first. For tests.
    pub fn pair(serialization: Serialization) -> io::Result<(Self, Self)> {
        let (parent, child) = UnixStream::pair()?;
        Ok((
            Self::new(parent, Role::Parent, serialization, Limits::default())?,
            Self::new(child, Role::Child, serialization, Limits::default())?,
        ))
    }

    /// Whether messages can be sent: false from `disconnect()` or the end of the peer on.
    pub fn connected(&self) -> bool {
        self.connection.connected()
    }

    /// How messages are written.
    pub fn serialization(&self) -> Serialization {
        self.connection.serialization()
    }

    /// Sends a message. Never blocks.
    ///
    /// If nothing waits already, the write is attempted at once, so a message that fits the
    /// kernel's buffer is on its way when this returns. Otherwise it queues behind what waits, and
    /// goes out in [`process`](Self::process), [`recv`](Self::recv), [`flush`](Self::flush) or
    /// [`close`](Self::close). Every message that is taken is followed by one
    /// [`Event::Sent`](crate::Event::Sent).
    pub fn send(&mut self, message: &Graph) -> Result<Receipt, SendError> {
        self.attempt(|connection| connection.send(message))
    }

    /// Sends a message and a handle, which is given away: a listener, a stream or a UDP socket.
    /// Never blocks.
    ///
    /// ```no_run
    /// use std::net::TcpListener;
    ///
    /// use js_value::Graph;
    /// use node_channel::{Fork, SendOptions};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:8000")?;
    /// for _ in 0..4 {
    ///     let mut child = Fork::new("server.js").spawn()?;
    ///     let shared = listener.try_clone()?;
    ///     child.channel.send_with(&Graph::from("server"), shared, &SendOptions::default())?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// The socket becomes non-blocking, as every socket in Node is; that is a property of the socket
    /// itself, so its clones become so too. Everything that is sent after it waits until the peer
    /// has acknowledged the handle, which takes a call that reads: [`recv`](Self::recv),
    /// [`flush`](Self::flush), [`close`](Self::close) or [`process`](Self::process).
    ///
    /// A handle that the peer refuses is sent again up to three times if it is a stream and
    /// [`SendOptions::keep_open`] is not set. After that it comes back as
    /// [`Event::HandleRefused`](crate::Event::HandleRefused). One that the kernel refuses, such as a
    /// descriptor that is not open, fails its message alone.
    pub fn send_with(
        &mut self,
        message: &Graph,
        handle: impl Into<Handle>,
        options: &SendOptions,
    ) -> Result<Receipt, SendError> {
        let handle = handle.into();
        handle.make_nonblocking();
        self.attempt(|connection| connection.send_with(message, handle, options))
    }

    /// Sends a message that is serialized already: a JSON text in one line, or the payload of a
    /// frame, as [`wait_raw`](Self::wait_raw) gives it. Never blocks.
    ///
    /// Only the framing is added, and nothing is checked but that: a text that is no JSON ends a
    /// Node peer.
    pub fn send_raw(&mut self, raw: &[u8]) -> Result<Receipt, SendError> {
        self.attempt(|connection| connection.send_raw(raw))
    }

    /// Sends many messages with few writes.
    pub fn batch(&mut self) -> Batch<'_> {
        Batch::new(self)
    }

    /// Asks the peer how many connections of a server it holds: those that were sent with this
    /// [key](SendOptions::key). [`Event::SocketCount`](crate::Event::SocketCount) answers, unless
    /// the peer never got one.
    pub fn request_count(&mut self, key: &str) -> Result<Receipt, SendError> {
        self.attempt(|connection| connection.request_count(key))
    }

    /// Asks the peer to say when it holds no more connections of a server.
    /// [`Event::SocketsClosed`](crate::Event::SocketsClosed) answers, at once if there are none,
    /// unless the peer never got one.
    pub fn notify_close(&mut self, key: &str) -> Result<Receipt, SendError> {
        self.attempt(|connection| connection.notify_close(key))
    }

    /// Waits until nothing waits to be written, behind a handle included. What arrives meanwhile is
    /// kept for [`recv`](Self::recv).
    pub fn flush(&mut self, timeout: Option<Duration>) -> Result<(), FlushError> {
        self.flush_until(timeout.and_then(deadline_after))
    }

    /// Waits until all is written and the last handle acknowledged, then disconnects; disconnects in
    /// any case. A closed channel stays closed.
    pub fn close(&mut self, timeout: Option<Duration>) -> Result<(), FlushError> {
        let deadline = timeout.and_then(deadline_after);
        let flushed = self.flush_until(deadline);
        if self.connected() {
            let _was_connected = self.disconnect();
        }
        while flushed.is_ok() && self.socket.is_some() {
            match self.turn(deadline) {
                Ok(true) => {}
                // The peer owes an acknowledgement that nobody waits for any more.
                Ok(false) | Err(_) => break,
            }
        }
        self.connection.abandon();
        self.socket = None;
        flushed
    }

    /// Closes both directions at once, as Node's `disconnect()`: what waits in user space is
    /// dropped, what the kernel took is delivered. Events that are already here stay available, and
    /// [`Event::Disconnected`](crate::Event::Disconnected) follows them.
    ///
    /// While the peer owes the acknowledgement of a handle, that comes first, as in Node: nothing
    /// more can be sent, but what waits behind the handle still goes out. Keep receiving until
    /// `Disconnected`.
    pub fn disconnect(&mut self) -> Result<(), DisconnectError> {
        self.connection.disconnect()?;
        self.close_if_done();
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

    /// A second descriptor to watch for reading, if there is one: the peer waits until sockets that
    /// it sent are closed. Call [`process`](Self::process) when it is readable. It comes and goes
    /// with calls of `process`.
    pub fn wake_fd(&self) -> Option<BorrowedFd<'_>> {
        self.wake.as_ref().filter(|_| self.connection.awaits_sockets()).map(Wake::fd)
    }

    /// Bytes that wait in user space.
    pub fn queued_bytes(&self) -> usize {
        self.connection.queued_bytes()
    }

    /// Handles that wait to be sent or to be acknowledged.
    pub fn queued_handles(&self) -> usize {
        self.connection.queued_handles()
    }

    /// Does what is possible without blocking: at most one read of 64 KiB, then the pending writes.
    /// What comes of it is in [`next_event`](Self::next_event).
    pub fn process(&mut self, ready: Ready) {
        let idle = !self.wants_write();
        if ready.readable {
            self.read_once();
        }
        self.settle();
        // What was read may call for an answer; like a message, it is attempted at once if nothing
        // waits before it.
        if ready.writable || idle {
            // A failed write is reported as the completion of the messages.
            let _reported = self.write_pending();
        }
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

    /// Queues something, and attempts to write it if nothing waits before it.
    fn attempt(
        &mut self,
        queue: impl FnOnce(&mut Connection) -> Result<MessageId, SendError>,
    ) -> Result<Receipt, SendError> {
        let idle = !self.wants_write();
        let id = queue(&mut self.connection)?;
        if idle {
            // A failed write is reported as the completion of the message.
            let _reported = self.write_pending();
        }
        Ok(Receipt { id, accepted: self.connection.accepts() })
    }

    fn flush_until(&mut self, deadline: Option<Instant>) -> Result<(), FlushError> {
        while self.queued_bytes() > 0 {
            let Some(fd) = self.fd() else { break };
            let ready = match socket::wait(fd, self.wants_write(), self.wake_fd(), deadline) {
                Ok(Some(ready)) => ready,
                Ok(None) => return Err(FlushError::TimedOut { queued: self.queued_bytes() }),
                Err(errno) => {
                    let errno = errno.raw_os_error();
                    return Err(FlushError::Undelivered(Undelivered::Os { errno }));
                }
            };
            let idle = !self.wants_write();
            if ready.readable {
                self.read_once();
                // Something waits still, so it is not this end that is done.
                if self.socket.is_none() {
                    return Err(FlushError::Undelivered(Undelivered::PeerClosed));
                }
            }
            self.settle();
            if ready.writable || idle {
                self.write_pending().map_err(FlushError::Undelivered)?;
            }
        }
        Ok(())
    }

    /// Waits until something can be done, and does it; false if the time is up first.
    fn turn(&mut self, deadline: Option<Instant>) -> rustix::io::Result<bool> {
        self.settle();
        let Some(fd) = self.fd() else { return Ok(true) };
        let found = socket::wait(fd, self.wants_write(), self.wake_fd(), deadline)?;
        let Some(ready) = found else { return Ok(false) };
        self.process(ready);
        Ok(true)
    }

    fn read_once(&mut self) {
        let Some(socket) = &self.socket else { return };
        let read = socket::read(socket.as_fd(), self.connection.room());
        if read.descriptors_lost {
            self.connection.descriptors_lost();
        }
        match read.bytes {
            Ok(0) | Err(Some(_)) => self.connection.receive_end(),
            Ok(count) => self.connection.received(count, read.descriptors),
            Err(None) => {}
        }
        self.close_if_done();
    }

    /// Writes until the kernel takes no more. An error was reported as completions already.
    fn write_pending(&mut self) -> Result<(), Undelivered> {
        let mut result = Ok(());
        while let Some(socket) = &self.socket {
            let bytes = self.connection.transmit();
            if bytes.is_empty() {
                break;
            }
            let size = bytes.len();
            let descriptor = self.connection.transmit_descriptor();
            match socket::write(socket.as_fd(), bytes, descriptor) {
                Ok(count) => {
                    self.connection.transmitted(count);
                    // The kernel takes all that it has room for.
                    if count < size {
                        break;
                    }
                }
                Err(errno) => {
                    let errno = errno.raw_os_error();
                    self.connection.transmit_failed(errno);
                    result = Err(Undelivered::Os { errno });
                }
            }
        }
        self.close_if_done();
        result
    }

    /// Says what became due because received sockets were closed, and prepares to be woken when the
    /// peer waits for more of them.
    fn settle(&mut self) {
        if let Some(wake) = &self.wake {
            wake.clear();
        } else if self.connection.awaits_sockets() {
            self.wake = Wake::install(&mut self.connection);
        }
        let idle = !self.wants_write();
        self.connection.settle();
        if idle && self.wants_write() {
            let _reported = self.write_pending();
        }
    }

    fn close_if_done(&mut self) {
        if self.connection.is_closed() {
            self.socket = None;
        }
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

/// `None`, so no deadline, if the clock cannot express it.
fn deadline_after(timeout: Duration) -> Option<Instant> {
    Instant::now().checked_add(timeout)
}
