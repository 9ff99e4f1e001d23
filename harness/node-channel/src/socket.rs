//! The few system calls a channel makes on its socket.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, FdFlags, fcntl_getfd, fcntl_setfd};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, send,
    sendmsg, socketpair,
};

use crate::channel::Ready;

/// A connected pair, both ends close-on-exec and blocking.
pub(crate) fn pair() -> rustix::io::Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
}

/// Makes a descriptor non-blocking and close-on-exec.
pub(crate) fn prepare(fd: BorrowedFd<'_>) -> rustix::io::Result<()> {
    fcntl_setfd(fd, fcntl_getfd(fd)? | FdFlags::CLOEXEC)?;
    make_nonblocking(fd)
}

/// Makes a descriptor non-blocking.
pub(crate) fn make_nonblocking(fd: BorrowedFd<'_>) -> rustix::io::Result<()> {
    fcntl_setfl(fd, fcntl_getfl(fd)? | OFlags::NONBLOCK)
}

/// What a read brought.
pub(crate) struct Read {
    /// How many bytes, 0 at the end of the stream; an error, none if there is nothing now.
    pub(crate) bytes: Result<usize, Option<Errno>>,
    /// What came along, close-on-exec.
    pub(crate) descriptors: Vec<OwnedFd>,
    /// Some that came along could not be had: too many are open.
    pub(crate) descriptors_lost: bool,
}

/// One read.
pub(crate) fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> Read {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
    loop {
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let bytes = match recvmsg(fd, &mut [IoSliceMut::new(buffer)], &mut control, flags) {
            Ok(message) => {
                let descriptors_lost = message.flags.contains(ReturnFlags::CTRUNC);
                let rights = control.drain().filter_map(|message| match message {
                    RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
                    _ => None,
                });
                let descriptors = rights.flatten().collect();
                return Read { bytes: Ok(message.bytes), descriptors, descriptors_lost };
            }
            Err(Errno::INTR) => continue,
            Err(Errno::AGAIN) => Err(None),
            Err(errno) => Err(Some(errno)),
        };
        return Read { bytes, descriptors: Vec::new(), descriptors_lost: false };
    }
}

/// One write: how many bytes the kernel took, 0 if it takes none now. The descriptor goes with the
/// first byte.
pub(crate) fn write(
    fd: BorrowedFd<'_>,
    bytes: &[u8],
    descriptor: Option<BorrowedFd<'_>>,
) -> Result<usize, Errno> {
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    loop {
        let written = match &descriptor {
            None => send(fd, bytes, flags),
            Some(descriptor) => {
                let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
                let mut control = SendAncillaryBuffer::new(&mut space);
                let descriptors = std::slice::from_ref(descriptor);
                let fits = control.push(SendAncillaryMessage::ScmRights(descriptors));
                debug_assert!(fits, "there is room for one");
                sendmsg(fd, &[IoSlice::new(bytes)], &mut control, flags)
            }
        };
        return match written {
            Ok(count) => Ok(count),
            Err(Errno::INTR) => continue,
            Err(Errno::AGAIN) => Ok(0),
            Err(error) => Err(error),
        };
    }
}

/// What a wait ended with.
pub(crate) struct Found {
    /// What can be done with the descriptor.
    pub(crate) ready: Ready,
    /// The second descriptor is readable.
    pub(crate) woken: bool,
}

/// What a wait is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interest {
    pub(crate) read: bool,
    pub(crate) write: bool,
}

/// How a wait is done.
#[derive(Debug)]
pub(crate) struct Patience<'a> {
    pub(crate) deadline: &'a mut Deadline,
    /// How long to ask again and again before sleeping.
    pub(crate) busy_poll: Duration,
}

/// When a call gives up. What is there by then is found: the first wait after it still takes a look.
#[derive(Debug)]
pub(crate) struct Deadline {
    /// `None` for never.
    at: Option<Instant>,
    passed: bool,
}

impl Deadline {
    pub(crate) fn never() -> Self {
        Self { at: None, passed: false }
    }

    /// Never, if the clock cannot express it.
    pub(crate) fn after(timeout: Duration) -> Self {
        Self { at: Instant::now().checked_add(timeout), passed: false }
    }

    pub(crate) fn of(timeout: Option<Duration>) -> Self {
        timeout.map_or_else(Self::never, Self::after)
    }

    fn left(&mut self) -> Option<Duration> {
        let left = self.at?.saturating_duration_since(Instant::now());
        self.passed = left.is_zero();
        Some(left)
    }
}

/// Waits until what is asked for can be done with the descriptor, or the second one is readable;
/// `None` when the deadline has passed.
///
/// A peer that is not read may be waiting for just that. So a wait that is not for reading takes
/// only a look, unless it has a deadline, and ends when the peer is gone.
pub(crate) fn wait(
    fd: BorrowedFd<'_>,
    interest: Interest,
    wake: Option<BorrowedFd<'_>>,
    Patience { deadline, busy_poll }: Patience<'_>,
) -> Result<Option<Found>, Errno> {
    if deadline.passed {
        return Ok(None);
    }
    let mut events = PollFlags::empty();
    events.set(PollFlags::IN, interest.read);
    events.set(PollFlags::OUT, interest.write);
    let begun = (!busy_poll.is_zero()).then(Instant::now);
    loop {
        let left = deadline.left().or_else(|| (!interest.read).then_some(Duration::ZERO));
        let busy = begun.is_some_and(|begun| begun.elapsed() < busy_poll)
            && left.is_none_or(|left| !left.is_zero());
        let timeout = if busy { Some(Duration::ZERO) } else { left };
        // A time that the kernel cannot express is as good as none.
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        let mut fds = [
            PollFd::from_borrowed_fd(fd, events),
            PollFd::from_borrowed_fd(wake.unwrap_or(fd), PollFlags::IN),
        ];
        let watched = if wake.is_some() { &mut fds[..] } else { &mut fds[..1] };
        match poll(watched, timeout.as_ref()) {
            // The peer may need this core to answer.
            Ok(0) if busy => std::thread::yield_now(),
            Ok(0) => return Ok(None),
            Ok(_) => {
                let found = fds[0].revents();
                let failed = found.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL);
                let ready = Ready {
                    readable: interest.read && (failed || found.contains(PollFlags::IN)),
                    writable: interest.write && (failed || found.contains(PollFlags::OUT)),
                };
                let woken = wake.is_some() && fds[1].revents().contains(PollFlags::IN);
                let any = ready.readable || ready.writable || woken;
                return Ok(any.then_some(Found { ready, woken }));
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// More than the kernel passes in one message.
const MAX_DESCRIPTORS: usize = 256;
