//! What an end accepts.

/// What an end accepts from a peer it does not trust, and from its own program.
///
/// The default limits only what no honest peer comes near: what piles up here, descriptors and
/// messages that nobody takes. Everything else is unlimited, as in Node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Longest message that is accepted, in bytes: of the line without its LF, or of the frame
    /// without its length. A longer one is reported once and skipped without being kept.
    ///
    /// What a message takes in memory depends on how it is read. As a value
    /// ([`Graph`](js_value::Graph)) it takes the more, the more objects it has for its length: at
    /// worst 160 times its length in JSON (`[[[…]]]`), and 260 times as a structured clone (a Set of
    /// boxed booleans). Raw (`wait_raw()`) and as a type (`recv_as()`) it takes a few times its
    /// length at most, beside the value of the type. But what the peer's runtime says (`NODE_…`),
    /// and with it a message that comes with a handle, is always read as a value.
    pub max_message_bytes: Option<usize>,
    /// Deepest nesting of a received message. What Node puts around a message that comes with a handle
    /// counts as one level.
    ///
    /// The handle of a message that is too deep or too long is closed, and the peer told that it was
    /// refused.
    pub max_depth: Option<usize>,
    /// Most bytes that may wait in user space for the peer to read. `send()` refuses a message that
    /// would exceed it. What proves to have no serialized form when its turn comes counts nothing.
    /// The protocol's own answers are due all the same: 64 KiB of them may wait beyond it.
    pub max_queued_bytes: Option<usize>,
    /// Most received descriptors that this end holds before the program takes them: those of
    /// messages that were not taken, and those whose message is not here yet. Any more are closed
    /// on arrival.
    pub max_descriptors: Option<usize>,
    /// Most handles that may wait for the peer's acknowledgement, or for that of the one before.
    /// `send_with()` refuses any more.
    pub max_queued_handles: Option<usize>,
    /// How much may wait to be taken beyond the first message: bytes of messages, and 256 for each
    /// event of any kind. Nothing is read while more waits, so the peer is held up, as by a program
    /// that does not receive. A message of any size is read if nothing waits before it.
    ///
    /// Only calls that read although something waits can reach it: those that wait to write
    /// (`ready()`, `flush()` and `close()`, with
    /// [`FlushError::Untaken`](crate::FlushError::Untaken)), and [`drive`](crate::Channel::drive).
    /// It is checked before each read of 64 KiB at most. What is read as a value on arrival takes
    /// more than the bytes that count here: see [`max_message_bytes`](Self::max_message_bytes).
    pub max_received_bytes: Option<usize>,
}

impl Limits {
    /// No limits at all.
    pub fn none() -> Self {
        Self {
            max_message_bytes: None,
            max_depth: None,
            max_queued_bytes: None,
            max_descriptors: None,
            max_queued_handles: None,
            max_received_bytes: None,
        }
    }

    /// Sets [`max_message_bytes`](Self::max_message_bytes).
    #[must_use]
    pub fn message_bytes(mut self, limit: usize) -> Self {
        self.max_message_bytes = Some(limit);
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

    /// Sets [`max_descriptors`](Self::max_descriptors).
    #[must_use]
    pub fn descriptors(mut self, limit: usize) -> Self {
        self.max_descriptors = Some(limit);
        self
    }

    /// Sets [`max_queued_handles`](Self::max_queued_handles).
    #[must_use]
    pub fn queued_handles(mut self, limit: usize) -> Self {
        self.max_queued_handles = Some(limit);
        self
    }

    /// Sets [`max_received_bytes`](Self::max_received_bytes).
    #[must_use]
    pub fn received_bytes(mut self, limit: usize) -> Self {
        self.max_received_bytes = Some(limit);
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_descriptors: Some(DESCRIPTORS),
            max_received_bytes: Some(RECEIVED_BYTES),
            ..Self::none()
        }
    }
}

/// A peer has one descriptor on its way at a time; more wait here only if the program is slow to
/// take them. A process may usually have 1024 open.
const DESCRIPTORS: usize = 256;

/// A peer that reads has read long before it has sent so much.
const RECEIVED_BYTES: usize = 64 << 20;
