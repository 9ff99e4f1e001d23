//! A connection on a socket, without waiting: what every front end is made of.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::io::Errno;

use super::{Queue, Ready, Receipt};
use crate::error::{DisconnectError, FlushError, SendError, Undelivered};
use crate::handle::Handle;
use crate::proto::{Connection, MessageId, Outlet};
use crate::socket::{self, Interest, Read};

/// A socket that never blocks.
pub(crate) trait Socket: AsFd {
    /// As [`socket::read`].
    fn read(&self, buffer: &mut [u8]) -> Read {
        socket::read(self.as_fd(), buffer)
    }

    /// As [`socket::write`].
    fn write(&self, bytes: &[u8], descriptor: Option<BorrowedFd<'_>>) -> Result<usize, Errno> {
        socket::write(self.as_fd(), bytes, descriptor)
    }
}

impl Socket for OwnedFd {}
impl Socket for Arc<OwnedFd> {}

/// A connection and the socket that it is on.
#[derive(Debug)]
pub(crate) struct Link<S> {
    pub(crate) connection: Connection,
    /// None once closed.
    socket: Option<S>,
    losses: Losses,
    /// Bytes read so far.
    received: usize,
    /// Whether this side ended it.
    left: bool,
}

/// What was lost that waited.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Losses {
    /// All of it.
    all: Loss,
    /// One message: what waits behind it goes out.
    one: Loss,
}

/// How often, and why the last time.
#[derive(Clone, Copy, Debug, Default)]
struct Loss {
    count: u64,
    last: Option<Undelivered>,
}

impl<S: Socket> Link<S> {
    pub(crate) fn new(connection: Connection, socket: S) -> Self {
        Self {
            connection,
            socket: Some(socket),
            losses: Losses::default(),
            received: 0,
            left: false,
        }
    }

    /// The same connection on the same socket in another form.
    pub(crate) fn try_map<T, E>(
        self,
        convert: impl FnOnce(S) -> Result<T, E>,
    ) -> Result<Link<T>, E> {
        let Self { connection, socket, losses, received, left } = self;
        let socket = socket.map(convert).transpose()?;
        Ok(Link { connection, socket, losses, received, left })
    }

    /// None once closed.
    pub(crate) fn socket(&self) -> Option<&S> {
        self.socket.as_ref()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.socket.is_none()
    }

    pub(crate) fn wants_write(&self) -> bool {
        !self.connection.transmit().is_empty()
    }

    /// What there is to wait for. Nothing is read while too much waits to be taken.
    pub(crate) fn interest(&self) -> Interest {
        Interest { read: !self.connection.is_full(), write: self.wants_write() }
    }

    /// Why a wait for what is queued to be written ends before.
    pub(crate) fn unflushed(&self) -> FlushError {
        let queued = self.connection.queued_bytes();
        match self.connection.reached_limit() {
            Some(limit) => FlushError::Untaken { queued, limit },
            None => FlushError::TimedOut { queued },
        }
    }

    /// Queues something, and attempts to write it if nothing waits before it.
    pub(crate) fn attempt<E>(
        &mut self,
        queue: impl FnOnce(&mut Connection, Outlet<'_>) -> Result<MessageId, E>,
    ) -> Result<Receipt, E> {
        let idle = !self.wants_write();
        let id = queue(&mut self.connection, &mut outlet(self.socket.as_ref()))?;
        if idle {
            self.write_pending();
        }
        Ok(Receipt { id, accepted: self.connection.accepts() })
    }

    /// Queues something, and attempts to write once so much waits beyond what the kernel did not
    /// take before.
    pub(crate) fn attempt_later(
        &mut self,
        bytes: usize,
        waited: &mut usize,
        queue: Queue<'_>,
    ) -> Result<Receipt, SendError> {
        *waited = (*waited).min(self.connection.transmit().len());
        let id = queue(&mut self.connection, &mut outlet(self.socket.as_ref()))?;
        if self.connection.transmit().len() >= bytes.saturating_add(*waited) {
            self.write_beyond(waited);
        }
        Ok(Receipt { id, accepted: self.connection.accepts() })
    }

    /// Attempts to write if more waits than the kernel did not take before.
    pub(crate) fn write_beyond(&mut self, waited: &mut usize) {
        if self.connection.transmit().len() > *waited {
            self.write_pending();
        }
        *waited = self.connection.transmit().len();
    }

    /// At most one read, none while too much waits to be taken, then what it calls for, then the
    /// pending writes. What is lost is reported as completions.
    pub(crate) fn process(&mut self, ready: Ready) {
        let idle = !self.wants_write();
        if ready.readable && !self.connection.is_full() {
            self.read_once();
        }
        self.connection.settle();
        // What was read may call for an answer; like a message, it is attempted at once if nothing
        // waits before it.
        if ready.writable || idle {
            self.write_pending();
        }
    }

    /// Says what became due because received sockets were closed.
    pub(crate) fn settle(&mut self) {
        let idle = !self.wants_write();
        self.connection.settle();
        if idle && self.wants_write() {
            self.write_pending();
        }
    }

    pub(crate) fn disconnect(&mut self) -> Result<(), DisconnectError> {
        let waited = self.connection.has_queued();
        self.connection.disconnect()?;
        self.left = true;
        if waited && self.connection.is_closed() {
            self.losses.all.add(Undelivered::Disconnected);
        }
        self.close_if_done();
        Ok(())
    }

    /// Closes at once, whatever waits.
    pub(crate) fn abandon(&mut self) {
        if self.connection.has_queued() {
            self.losses.all.add(Undelivered::Disconnected);
        }
        self.left |= self.connection.connected();
        self.connection.abandon();
        self.socket = None;
    }

    /// Bytes read so far; starts again when it cannot count further.
    #[cfg(feature = "tokio")]
    pub(crate) fn received_bytes(&self) -> usize {
        self.received
    }

    /// Whether the next message would be accepted; `None` while it would not, the reason if none
    /// will be taken any more.
    pub(crate) fn accepts(&self) -> Option<Result<(), Undelivered>> {
        match (self.connection.connected(), self.left) {
            (true, _) => self.connection.accepts().then_some(Ok(())),
            (false, true) => Some(Err(Undelivered::Disconnected)),
            (false, false) => Some(Err(Undelivered::PeerClosed)),
        }
    }

    /// To be compared with later.
    pub(crate) fn losses(&self) -> Losses {
        self.losses
    }

    /// Whether all that waited is written; `None` while it waits, the reason if some of it was lost
    /// since.
    pub(crate) fn flushed(&self, since: Losses) -> Option<Result<(), Undelivered>> {
        if let Some(reason) = self.losses.all.since(since.all) {
            return Some(Err(reason));
        }
        if self.connection.has_queued() && !self.is_closed() {
            return None;
        }
        Some(self.losses.one.since(since.one).map_or(Ok(()), Err))
    }

    /// Whether nothing waits any more, and all of it went out but single messages.
    pub(crate) fn is_all_out(&self, since: Losses) -> bool {
        !self.connection.has_queued() && self.losses.all.since(since.all).is_none()
    }

    fn read_once(&mut self) {
        let Some(socket) = &self.socket else { return };
        let read = socket.read(self.connection.room());
        if read.descriptors_lost {
            self.connection.descriptors_lost();
        }
        match read.bytes {
            Ok(0) | Err(Some(_)) => {
                if self.connection.has_queued() {
                    self.losses.all.add(Undelivered::PeerClosed);
                }
                self.connection.receive_end();
            }
            Ok(count) => {
                self.received = self.received.wrapping_add(count);
                self.connection.received(count, read.descriptors);
                self.count_single_losses();
            }
            Err(None) => {}
        }
        self.close_if_done();
    }

    /// Writes until the kernel takes no more. A failed write is reported as completions.
    fn write_pending(&mut self) {
        while let Some(socket) = &self.socket {
            let bytes = self.connection.transmit();
            if bytes.is_empty() {
                break;
            }
            let size = bytes.len();
            let handle = self.connection.transmit_handle();
            if let Some(handle) = handle.filter(|handle| !handle.came()) {
                // A Node that gets it does not. What is no descriptor is noticed by the write.
                let _not_open = socket::make_nonblocking(handle.as_fd());
            }
            match socket.write(bytes, handle.map(Handle::as_fd)) {
                Ok(count) => {
                    self.connection.transmitted(count);
                    // The kernel takes all that it has room for.
                    if count < size {
                        break;
                    }
                }
                // As in libuv: there is no room for now, or no memory.
                Err(Errno::AGAIN | Errno::NOBUFS) => break,
                Err(errno) => {
                    let errno = errno.raw_os_error();
                    self.connection.transmit_failed(errno);
                    if !self.count_single_losses() {
                        self.losses.all.add(Undelivered::Os { errno });
                    }
                }
            }
        }
        self.close_if_done();
    }

    /// Counts that a message was lost alone, and answers whether one was.
    fn count_single_losses(&mut self) -> bool {
        let lost = self.connection.take_lost();
        if let Some(reason) = lost {
            self.losses.one.add(reason);
        }
        lost.is_some()
    }

    fn close_if_done(&mut self) {
        if self.connection.is_closed() {
            self.socket = None;
        }
    }
}

/// Writes to a socket. An error is met again when the rest of the message is written.
fn outlet<S: Socket>(socket: Option<&S>) -> impl FnMut(&[u8]) -> usize {
    move |bytes| socket.and_then(|socket| socket.write(bytes, None).ok()).unwrap_or_default()
}

impl Loss {
    fn add(&mut self, reason: Undelivered) {
        self.count += 1;
        self.last = Some(reason);
    }

    fn since(self, before: Self) -> Option<Undelivered> {
        self.last.filter(|_| self.count != before.count)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::os::unix::net::UnixStream;

    use js_value::Graph;

    use super::*;
    use crate::proto::{Event, Limits, Role, SendOptions, Serialization};

    /// A socket whose writes end as given, and then as they do.
    struct Moody {
        socket: OwnedFd,
        moods: RefCell<Vec<Errno>>,
    }

    impl AsFd for Moody {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.socket.as_fd()
        }
    }

    impl Socket for Moody {
        fn write(&self, bytes: &[u8], descriptor: Option<BorrowedFd<'_>>) -> Result<usize, Errno> {
            match self.moods.borrow_mut().pop() {
                Some(errno) => Err(errno),
                None => socket::write(self.as_fd(), bytes, descriptor),
            }
        }
    }

    #[test]
    fn a_kernel_that_has_no_room_for_now_is_asked_again() {
        for errno in [Errno::NOBUFS, Errno::AGAIN] {
            let (ours, _theirs) = UnixStream::pair().unwrap();
            let limits = Limits::default();
            let connection = Connection::new(Role::Parent, Serialization::Json, limits);
            let moods = RefCell::new(vec![errno; 2]);
            let mut link = Link::new(connection, Moody { socket: ours.into(), moods });
            link.attempt(|connection, _| connection.send(&Graph::from(1))).unwrap();
            link.process(Ready { readable: false, writable: true });
            assert!(link.wants_write() && !link.connection.has_events());
            link.process(Ready { readable: false, writable: true });
            let sent = link.connection.poll_event();
            assert!(matches!(sent, Some(Event::Sent { result: Ok(()), .. })), "{sent:?}");
        }
    }

    #[test]
    fn a_long_message_whose_parts_cannot_be_written_is_lost_once() {
        for fails_first in [true, false] {
            let (ours, theirs) = UnixStream::pair().unwrap();
            let limits = Limits::default();
            let connection = Connection::new(Role::Parent, Serialization::Json, limits);
            let moods = RefCell::new(vec![Errno::IO; 2 * usize::from(fails_first)]);
            let mut link = Link::new(connection, Moody { socket: ours.into(), moods });
            let long = Graph::from("x".repeat(1 << 20));
            if !fails_first {
                drop(theirs);
            }
            link.attempt(|connection, outlet| connection.send_through(&long, outlet)).unwrap();
            let sent = link.connection.poll_event();
            if fails_first {
                // Some of it was written after that, so the rest waits.
                assert!(sent.is_none() && link.wants_write(), "{sent:?}");
            } else {
                let lost = matches!(sent, Some(Event::Sent { result: Err(_), .. }));
                assert!(lost && !link.wants_write(), "{sent:?}");
            }
            assert!(!link.connection.has_events());
        }
    }

    #[test]
    fn a_handle_that_the_kernel_refuses_is_lost_alone() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let connection = Connection::new(Role::Parent, Serialization::Json, Limits::default());
        // The kernel has no room at first, so that a message waits behind the handle.
        let moods = RefCell::new(vec![Errno::BADF, Errno::AGAIN]);
        let mut link = Link::new(connection, Moody { socket: ours.into(), moods });
        let since = link.losses();
        let (given, _kept) = UnixStream::pair().unwrap();
        let message = Graph::from("h");
        let options = SendOptions::default();
        link.attempt(|connection, _| connection.send_with(&message, given.into(), &options))
            .unwrap();
        link.attempt(|connection, _| connection.send(&Graph::from(1))).unwrap();
        assert_eq!(link.flushed(since), None);
        link.process(Ready { readable: false, writable: true });
        let lost = Undelivered::Os { errno: Errno::BADF.raw_os_error() };
        assert_eq!(link.flushed(since), Some(Err(lost)));
        assert!(link.is_all_out(since), "what waited behind it is written");
        let mut read = [0; 8];
        assert_eq!(std::io::Read::read(&mut &theirs, &mut read).unwrap(), 2);
    }
}
