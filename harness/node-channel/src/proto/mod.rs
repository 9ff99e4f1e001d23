//! The protocol without I/O: bytes in, bytes out, events out.
//!
//! [`Connection`] is one end of a channel as data. It never reads a clock, never touches a
//! descriptor, and does not panic on any input. A front end moves bytes between it and a socket;
//! [`Channel`](crate::Channel) is one.

mod codec;
mod connection;
mod deframer;
mod event;
mod keep_alive;
mod outbox;
#[cfg(test)]
mod tests;

pub(crate) use codec::exception_name;
pub use connection::{BACKLOG_THRESHOLD, Connection, Role};
pub use deframer::{Deframer, Line};
pub use event::{Event, MessageId};
pub use keep_alive::KeepAlive;

/// What an end accepts from a peer it does not trust, and from its own program. Nothing is limited
/// by default, as in Node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Longest line that is accepted, in bytes without its LF. A longer one is reported once and
    /// skipped.
    pub max_line_bytes: Option<usize>,
    /// Deepest nesting of a received message.
    pub max_depth: Option<usize>,
    /// Most bytes that may wait in user space for the peer to read. `send()` refuses a message that
    /// would exceed it.
    pub max_queued_bytes: Option<usize>,
}

impl Limits {
    /// No limits.
    pub fn none() -> Self {
        Self::default()
    }

    /// Sets [`max_line_bytes`](Self::max_line_bytes).
    #[must_use]
    pub fn line_bytes(mut self, limit: usize) -> Self {
        self.max_line_bytes = Some(limit);
        self
    }

    /// Sets [`max_depth`](Self::max_depth).
    #[must_use]
    pub fn depth(mut self, limit: usize) -> Self {
        self.max_depth = Some(limit);
        self
    }

    /// Sets [`max_queued_bytes`](Self::max_queued_bytes).
    #[must_use]
    pub fn queued_bytes(mut self, limit: usize) -> Self {
        self.max_queued_bytes = Some(limit);
        self
    }
}
