//! The system calls of a relay on its two sockets.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, fstat};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, sockopt};

use super::recording::End;
use crate::channel;

/// A read that waits for nothing.
const NOW: RecvFlags = RecvFlags::DONTWAIT;

/// Bytes, and what came with the first of them.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    pub(super) descriptors: Vec<OwnedFd>,
}

/// What a read brought.
#[derive(Debug)]
pub(super) enum Read {
    Chunk(Chunk),
    End(End),
    /// There is nothing now.
    Nothing,
}

/// Reads one of the sockets.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// A byte that was read already, with the descriptors that came with it.
    begun: Option<Chunk>,
}

impl Reader {
    /// Reads up to about `most` bytes: those before the next descriptors, or those from the byte
    /// on that descriptors came with.
    ///
    /// The kernel hands out descriptors with all bytes that are read together with theirs. A look
    /// at what is there tells only that there are some ahead; then each byte is read alone.
    pub(super) fn read(&mut self, fd: BorrowedFd<'_>, most: usize) -> Read {
        let mut chunk = self.begun.take().unwrap_or_default();
        let mut buffer = vec![0; most];
        let (length, mut step) = match channel::receive(fd, &mut buffer, NOW | RecvFlags::PEEK) {
            Ok((length, descriptors)) if descriptors.is_empty() => (length, length.max(1)),
            Ok((length, _)) => (length, 1),
            Err(_) => (0, 1),
        };
        let mut read = 0;
        while read < length || chunk.bytes.is_empty() {
            let (count, descriptors) = match channel::receive(fd, &mut buffer[..step], NOW) {
                Ok((0, _)) if chunk.bytes.is_empty() => {
                    return Read::End(if is_hung_up(fd) { End::Closed } else { End::Half });
                }
                Err(Errno::AGAIN) if chunk.bytes.is_empty() => return Read::Nothing,
                Err(_) if chunk.bytes.is_empty() => return Read::End(End::Reset),
                // The next read tells it again.
                Ok((0, _)) | Err(_) => break,
                Ok(some) => some,
            };
            read += count;
            if descriptors.is_empty() {
                chunk.bytes.extend(&buffer[..count]);
                continue;
            }
            let next = Chunk { bytes: buffer[..count].to_vec(), descriptors };
            if !chunk.bytes.is_empty() {
                self.begun = Some(next);
                break;
            }
            chunk = next;
            // A look goes no further than to the end of what descriptors came with.
            step = length.saturating_sub(read).max(1);
        }
        Read::Chunk(chunk)
    }

    /// Whether there is something to read that no poll tells of.
    pub(super) fn has_begun(&self) -> bool {
        self.begun.is_some()
    }
}

/// Writes what the kernel takes now, 0 bytes where it takes none. Descriptors go with the first.
pub(super) fn write(
    fd: BorrowedFd<'_>,
    bytes: &[u8],
    descriptors: &[OwnedFd],
) -> Result<usize, Errno> {
    let descriptors: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
    match channel::send(fd, bytes, &descriptors, SendFlags::DONTWAIT) {
        Err(Errno::AGAIN) => Ok(0),
        other => other,
    }
}

/// Whether there is something to read, the end too.
pub(super) fn is_readable(fd: BorrowedFd<'_>) -> bool {
    look(fd, PollFlags::IN).intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR)
}

/// Whether the peer has closed both directions.
fn is_hung_up(fd: BorrowedFd<'_>) -> bool {
    look(fd, PollFlags::empty()).contains(PollFlags::HUP)
}

fn look(fd: BorrowedFd<'_>, events: PollFlags) -> PollFlags {
    let mut fds = [PollFd::from_borrowed_fd(fd, events)];
    loop {
        match poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
            Err(Errno::INTR) => {}
            _ => return fds[0].revents(),
        }
    }
}

/// Whether it is a Unix stream socket, as every channel is.
pub(super) fn is_channel(fd: BorrowedFd<'_>) -> bool {
    sockopt::socket_domain(fd) == Ok(AddressFamily::UNIX)
        && sockopt::socket_type(fd) == Ok(SocketType::STREAM)
}

/// What a descriptor is, in words.
pub(super) fn kind(fd: &OwnedFd) -> String {
    let words = match fstat(fd).map(|stat| FileType::from_raw_mode(stat.st_mode)) {
        Ok(FileType::Socket) => return socket_kind(fd),
        Ok(FileType::RegularFile) => "file",
        Ok(FileType::Directory) => "directory",
        Ok(FileType::Fifo) => "pipe",
        Ok(FileType::CharacterDevice) => "character device",
        Ok(FileType::BlockDevice) => "block device",
        _ => "descriptor",
    };
    words.to_owned()
}

fn socket_kind(fd: &OwnedFd) -> String {
    let family = sockopt::socket_domain(fd);
    let protocol = match (family, sockopt::socket_type(fd)) {
        (Ok(AddressFamily::INET | AddressFamily::INET6), Ok(SocketType::STREAM)) => "tcp",
        (Ok(AddressFamily::INET | AddressFamily::INET6), Ok(SocketType::DGRAM)) => "udp",
        (Ok(AddressFamily::UNIX), Ok(SocketType::STREAM)) => "unix",
        (Ok(AddressFamily::UNIX), _) => "unix datagram",
        _ => "other",
    };
    let listens = sockopt::socket_acceptconn(fd).unwrap_or(false);
    format!("{protocol} {}", if listens { "server" } else { "socket" })
}
