//! The few system calls a channel makes on its socket.

use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, FdFlags, fcntl_getfd, fcntl_setfd};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvFlags, SendFlags, SocketFlags, SocketType, recvmsg,
    send, socketpair,
};

/// One read takes at most this much, as in Node: what one read brings is delivered together.
pub(crate) const READ_BYTES: usize = 65_536;

/// A connected pair, both ends close-on-exec and blocking.
pub(crate) fn pair() -> rustix::io::Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
}

/// Makes a descriptor non-blocking and close-on-exec.
pub(crate) fn prepare(fd: BorrowedFd<'_>) -> rustix::io::Result<()> {
    fcntl_setfd(fd, fcntl_getfd(fd)? | FdFlags::CLOEXEC)?;
    fcntl_setfl(fd, fcntl_getfl(fd)? | OFlags::NONBLOCK)
}

/// What a read brought.
pub(crate) enum Read {
    Bytes(usize),
    Nothing,
    End,
}

/// One read. Any failure but "nothing there" is the end of the stream, as in Node. Descriptors that
/// come along are closed.
pub(crate) fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> Read {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    loop {
        // Owns what it received, and closes it when dropped.
        let mut descriptors = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
        return match recvmsg(fd, &mut [IoSliceMut::new(buffer)], &mut descriptors, flags) {
            Ok(message) if message.bytes == 0 => Read::End,
            Ok(message) => Read::Bytes(message.bytes),
            Err(Errno::INTR) => continue,
            Err(Errno::AGAIN) => Read::Nothing,
            Err(_) => Read::End,
        };
    }
}

/// One write: how many bytes the kernel took, 0 if it takes none now.
pub(crate) fn write(fd: BorrowedFd<'_>, bytes: &[u8]) -> Result<usize, Errno> {
    loop {
        return match send(fd, bytes, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
            Ok(count) => Ok(count),
            Err(Errno::INTR) => continue,
            Err(Errno::AGAIN) => Ok(0),
            Err(error) => Err(error),
        };
    }
}

/// What poll(2) said about a descriptor.
pub(crate) struct Polled {
    pub(crate) readable: bool,
    pub(crate) writable: bool,
}

/// Waits until the descriptor is readable, or writable if asked; `None` when the deadline has
/// passed.
pub(crate) fn wait(
    fd: BorrowedFd<'_>,
    for_writing: bool,
    deadline: Option<Instant>,
) -> Result<Option<Polled>, Errno> {
    let mut interest = PollFlags::IN;
    interest.set(PollFlags::OUT, for_writing);
    loop {
        let timeout = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        // A time that the kernel cannot express is as good as none.
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        let mut fds = [PollFd::from_borrowed_fd(fd.as_fd(), interest)];
        match poll(&mut fds, timeout.as_ref()) {
            Ok(0) => return Ok(None),
            Ok(_) => {
                let found = fds[0].revents();
                let failed = found.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL);
                return Ok(Some(Polled {
                    readable: failed || found.contains(PollFlags::IN),
                    writable: for_writing && (failed || found.contains(PollFlags::OUT)),
                }));
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// More than the kernel passes in one message.
const MAX_DESCRIPTORS: usize = 256;
