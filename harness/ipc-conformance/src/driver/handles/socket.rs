//! `net.Socket` without its system calls: what was read and written, and when it ends.

use std::os::fd::{AsFd, BorrowedFd};

use rustix::event::PollFlags;

use super::HandleId;
use super::endpoint::Endpoint;

/// Node reads no further ahead of a program that takes nothing.
const HIGH_WATER: usize = 65_536;

/// A socket, or another stream.
#[derive(Debug, Default)]
pub(super) struct Socket {
    /// Node's `_handle`: none once the socket was sent, or is destroyed.
    pub(super) end: Option<Endpoint>,
    /// The server that has accepted it.
    pub(super) server: Option<HandleId>,
    pub(super) allow_half_open: bool,
    /// Node's `readableFlowing`.
    pub(super) flowing: Option<bool>,
    /// Whether it is for writing only.
    pub(super) is_output: bool,
    /// Read, while nobody takes it.
    buffer: Vec<u8>,
    /// Taken, and not received by a step yet.
    data: Vec<u8>,
    /// Bytes that were read from the kernel.
    pub(super) bytes_read: usize,
    /// The other end has ended.
    pub(super) at_end: bool,
    /// Its `'end'` was emitted.
    pub(super) ended: bool,
    /// What waits to be written.
    pub(super) outgoing: Vec<u8>,
    /// Callbacks of `write()` that wait.
    pub(super) writing: u32,
    /// `end()` was called.
    pub(super) ending: bool,
    /// All is written, and the end too.
    pub(super) finished: bool,
    /// Callbacks of `end()` that wait.
    pub(super) finishing: u32,
    pub(super) is_destroyed: bool,
}

impl Socket {
    /// A connected one.
    pub(super) fn new(end: Endpoint, allow_half_open: bool) -> Self {
        Self { end: Some(end), allow_half_open, ..Self::default() }
    }

    /// One that did not get a connection.
    pub(super) fn destroyed(allow_half_open: bool) -> Self {
        Self { allow_half_open, is_destroyed: true, ..Self::default() }
    }

    /// A stream that can only be written.
    pub(super) fn output(end: Endpoint) -> Self {
        Self { is_output: true, ..Self::new(end, false) }
    }

    /// Says that it was accepted by a server, which may have it paused.
    pub(super) fn accepted_by(&mut self, server: HandleId, pauses: bool) {
        self.server = Some(server);
        self.flowing = pauses.then_some(false);
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.end.as_ref().map(AsFd::as_fd)
    }

    /// What the event loop waits for.
    pub(super) fn interest(&self) -> PollFlags {
        let mut interest = PollFlags::empty();
        interest.set(PollFlags::IN, self.reads());
        interest.set(PollFlags::OUT, !self.outgoing.is_empty());
        interest
    }

    /// Whether it is read from the kernel.
    pub(super) fn reads(&self) -> bool {
        self.end.is_some()
            && !self.is_output
            && !self.at_end
            && self.flowing != Some(false)
            && self.buffer.len() < HIGH_WATER
    }

    /// Data came from the kernel.
    pub(super) fn came(&mut self, chunk: &[u8]) {
        self.bytes_read += chunk.len();
        let flows = self.flowing == Some(true);
        if flows { &mut self.data } else { &mut self.buffer }.extend_from_slice(chunk);
    }

    /// Somebody takes the data from now on; unless it is paused.
    pub(super) fn flow(&mut self) {
        if self.flowing.is_none() {
            self.flowing = Some(true);
            self.data.append(&mut self.buffer);
        }
    }

    /// Whether the program has got everything up to the end.
    pub(super) fn is_drained(&self) -> bool {
        self.at_end && self.buffer.is_empty()
    }

    /// Whether nothing more comes.
    pub(super) fn is_over(&self) -> bool {
        self.ended || self.is_destroyed
    }

    /// Whether this much was taken, or all there is.
    pub(super) fn has(&self, bytes: Option<usize>) -> bool {
        self.is_over() || bytes.is_some_and(|bytes| self.data.len() >= bytes)
    }

    /// What was taken, up to so much, and whether that is less.
    pub(super) fn receive(&mut self, bytes: Option<usize>) -> (String, bool) {
        let wanted = bytes.unwrap_or(usize::MAX);
        let ended = self.data.len() < wanted;
        let text = self.data.drain(..wanted.min(self.data.len())).collect::<Vec<_>>();
        (String::from_utf8_lossy(&text).into_owned(), ended)
    }
}
