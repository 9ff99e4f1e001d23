//! A descriptor that bytes are read from and written to.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;

use ipc_plan::{Direction, RawPiece};
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, epoll, poll};
use rustix::io::Errno;
use rustix::net::sockopt::socket_type;
use rustix::net::{RecvFlags, SendFlags, Shutdown, SocketType, shutdown};

use super::descriptors::{describe, set_blocking};
use super::pieces::Piece;
use crate::channel;

/// An open descriptor, with what was read from it and not yet recorded.
pub(super) struct End {
    fd: OwnedFd,
    /// What kind of socket it is, if it is one.
    socket: Option<SocketType>,
    /// Tells when what was written has been read.
    reads: Option<OwnedFd>,
    read: Vec<u8>,
    /// Descriptors that came, with the position of their byte in `read`.
    came: Vec<(usize, OwnedFd)>,
    /// Why nothing more comes.
    ended: Option<String>,
}

/// Why something was not done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It took too long.
    Patience,
    Os(Errno),
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        Self::Os(errno)
    }
}

impl End {
    /// Makes the descriptor non-blocking, so that nothing but a deadline is waited for.
    pub(super) fn new(fd: OwnedFd) -> std::io::Result<Self> {
        set_blocking(fd.as_fd(), false)?;
        Ok(Self::untouched(fd))
    }

    /// Leaves the descriptor's flags as they are, for one that is only to be sent.
    pub(super) fn untouched(fd: OwnedFd) -> Self {
        let socket = socket_type(&fd).ok();
        Self { fd, socket, reads: None, read: Vec::new(), came: Vec::new(), ended: None }
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// What was read and not yet recorded.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.read
    }

    /// Why nothing more comes, once all that came was read.
    pub(super) fn ended(&self) -> Option<&str> {
        self.ended.as_deref()
    }

    // ---- writing ---------------------------------------------------------------------------

    /// Writes all of it, with descriptors at its first byte, in one write if the kernel has room.
    pub(super) fn write(
        &self,
        mut bytes: &[u8],
        mut descriptors: &[BorrowedFd<'_>],
        deadline: Instant,
    ) -> Result<(), Failure> {
        while !bytes.is_empty() {
            let room = self.wait(PollFlags::OUT, deadline)?;
            let count = match self.write_some(bytes, descriptors) {
                Err(Errno::AGAIN) if room => continue,
                result => result?,
            };
            bytes = &bytes[count..];
            descriptors = &[];
        }
        Ok(())
    }

    /// One write; `EAGAIN` when the kernel has no room.
    pub(super) fn write_some(
        &self,
        bytes: &[u8],
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<usize, Errno> {
        if self.socket.is_none() {
            return rustix::io::write(&self.fd, bytes);
        }
        channel::send(self.fd(), bytes, descriptors, SendFlags::empty())
    }

    /// Begins to watch for the next write to be read. All earlier ones must have been.
    pub(super) fn watch(&mut self) -> Result<(), Errno> {
        if self.reads.is_none() {
            // A Unix socket becomes writable anew, which is an edge, whenever the other side has
            // read the last byte of what one write has put into its buffer: until then that is
            // charged to the writer.
            let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
            let edges = epoll::EventFlags::OUT | epoll::EventFlags::ET;
            epoll::add(&epoll, &self.fd, epoll::EventData::new_u64(0), edges)?;
            self.reads = Some(epoll);
        }
        // What happened before does not count.
        while self.edge(&Timespec { tv_sec: 0, tv_nsec: 0 })? {}
        Ok(())
    }

    /// Waits until what was written since [`Self::watch`] in one write was read, or never can be.
    pub(super) fn wait_until_read(&self, deadline: Instant) -> Result<(), Failure> {
        while !self.edge(&left(deadline).ok_or(Failure::Patience)?)? {}
        Ok(())
    }

    fn edge(&self, timeout: &Timespec) -> Result<bool, Errno> {
        let Some(epoll) = &self.reads else { return Err(Errno::BADF) };
        let mut events = Vec::with_capacity(1);
        match epoll::wait(epoll, spare_capacity(&mut events), Some(timeout)) {
            Ok(count) => Ok(count > 0),
            Err(Errno::INTR) => Ok(false),
            Err(errno) => Err(errno),
        }
    }

    // ---- reading ---------------------------------------------------------------------------

    /// Reads more. Nothing but a deadline is an error: others end what can be read.
    pub(super) fn read_more(&mut self, deadline: Instant) -> Result<(), Failure> {
        self.wait(PollFlags::IN, deadline)?;
        let before = self.read.len();
        match self.read_some() {
            Ok(()) if self.read.len() == before => self.ended = Some("end".to_owned()),
            Ok(()) | Err(Errno::AGAIN | Errno::INTR) => {}
            Err(errno) => self.ended = Some(errno_name(errno)),
        }
        Ok(())
    }

    fn read_some(&mut self) -> Result<(), Errno> {
        let mut buffer = vec![0; BUFFER];
        let mut count = match self.socket {
            None => rustix::io::read(&self.fd, &mut buffer)?,
            Some(SocketType::STREAM) => {
                let (count, came) = channel::receive(self.fd(), &mut buffer, RecvFlags::PEEK)?;
                // One read takes the bytes before a descriptor too. Alone, each byte comes with
                // its own.
                let alone = if came.is_empty() { count } else { count.min(1) };
                let (count, came) =
                    channel::receive(self.fd(), &mut buffer[..alone], RecvFlags::empty())?;
                self.keep(came);
                count
            }
            Some(_) => {
                let (count, came) = channel::receive(self.fd(), &mut buffer, RecvFlags::empty())?;
                self.keep(came);
                count
            }
        };
        count = count.min(buffer.len());
        self.read.extend(&buffer[..count]);
        Ok(())
    }

    fn keep(&mut self, came: Vec<OwnedFd>) {
        let at = self.read.len();
        self.came.extend(came.into_iter().map(|fd| (at, fd)));
    }

    /// Takes the first pieces out of what was read: their records, and their descriptors.
    pub(super) fn take(&mut self, pieces: &[Piece]) -> (Vec<RawPiece>, Vec<OwnedFd>) {
        let end = pieces.last().map_or(0, |piece| piece.range.end);
        let (taken, left) = self.came.drain(..).partition::<Vec<_>, _>(|(at, _)| *at < end);
        self.came = left.into_iter().map(|(at, fd)| (at - end, fd)).collect();
        let shown = |piece: &Piece| {
            let (form, bytes) = piece.shown(&self.read);
            let descriptors = taken
                .iter()
                .filter(|(at, _)| piece.range.contains(at))
                .map(|(at, fd)| describe(fd, (at - piece.range.start) as u64))
                .collect();
            RawPiece { form, bytes, descriptors }
        };
        let records = pieces.iter().map(shown).collect();
        self.read.drain(..end);
        (records, taken.into_iter().map(|(_, fd)| fd).collect())
    }

    // ---- both ------------------------------------------------------------------------------

    pub(super) fn shutdown(&self, direction: Direction) -> Result<(), Errno> {
        let how = match direction {
            Direction::Read => Shutdown::Read,
            Direction::Write => Shutdown::Write,
            Direction::Both => Shutdown::Both,
        };
        shutdown(&self.fd, how)
    }

    /// Waits until something can be done. Says whether it can be done without an error.
    fn wait(&self, flags: PollFlags, deadline: Instant) -> Result<bool, Failure> {
        loop {
            let left = left(deadline).ok_or(Failure::Patience)?;
            let mut fds = [PollFd::new(&self.fd, flags)];
            match poll(&mut fds, Some(&left)) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(fds[0].revents().contains(flags)),
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

/// The time until a deadline that has not passed.
fn left(deadline: Instant) -> Option<Timespec> {
    let left = deadline.checked_duration_since(Instant::now())?;
    Timespec::try_from(left).ok()
}

/// The name of an error, as Node has it in `code`.
pub(super) fn errno_name(errno: Errno) -> String {
    match errno {
        Errno::BADF => "EBADF",
        Errno::CHILD => "ECHILD",
        Errno::CONNRESET => "ECONNRESET",
        Errno::INVAL => "EINVAL",
        Errno::MSGSIZE => "EMSGSIZE",
        Errno::NOTCONN => "ENOTCONN",
        Errno::NOTSOCK => "ENOTSOCK",
        Errno::PIPE => "EPIPE",
        Errno::TOOMANYREFS => "ETOOMANYREFS",
        other => return format!("errno {}", other.raw_os_error()),
    }
    .to_owned()
}

/// How much is read at once, as Node does it.
const BUFFER: usize = 64 * 1024;
