//! Many messages with few writes.

use std::fmt;

use js_value::Graph;

use super::Receipt;
use crate::error::SendError;
use crate::proto::{Connection, MessageId, Outlet};

/// Sends messages together: see [`Channel::batch`](super::Channel::batch).
///
/// A message is written when 64 KiB have come together, and with the last one: when this is dropped.
/// Everything else is as with [`Channel::send`](super::Channel::send); a failed write is reported with the
/// [`Event::Sent`](crate::Event::Sent) of its messages.
///
/// ```
/// use js_value::Graph;
/// use node_channel::{Channel, Serialization};
///
/// let (mut parent, mut child) = Channel::pair(Serialization::Json)?;
/// let mut batch = parent.batch();
/// for number in 0..3 {
///     batch.send(&Graph::from(number))?;
/// }
/// drop(batch);
/// assert_eq!(child.messages().take(3).count(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Batch<'a> {
    target: &'a mut (dyn Target + Send),
    /// Bytes that waited after the last attempt to write.
    waited: usize,
}

/// What queues one message, parts of which the outlet may take at once.
pub(crate) type Queue<'q> =
    &'q mut dyn FnMut(&mut Connection, Outlet<'_>) -> Result<MessageId, SendError>;

/// What a batch is sent through: a channel, or a sending half.
pub(crate) trait Target: fmt::Debug {
    /// As [`Link::attempt_later`](super::Link::attempt_later).
    fn attempt_later(
        &mut self,
        bytes: usize,
        waited: &mut usize,
        queue: Queue<'_>,
    ) -> Result<Receipt, SendError>;

    /// As [`Link::write_beyond`](super::Link::write_beyond).
    fn write_beyond(&mut self, waited: &mut usize);
}

impl<'a> Batch<'a> {
    pub(crate) fn new(target: &'a mut (dyn Target + Send)) -> Self {
        let mut waited = usize::MAX;
        target.write_beyond(&mut waited);
        Self { target, waited }
    }

    /// As [`Channel::send`](super::Channel::send).
    ///
    /// # Errors
    ///
    /// Those of [`Channel::send`](super::Channel::send); the messages before it are not touched.
    pub fn send(&mut self, message: &Graph) -> Result<Receipt, SendError> {
        self.add(&mut |connection, outlet| connection.send_through(message, outlet))
    }

    /// As [`Channel::send_raw`](super::Channel::send_raw).
    ///
    /// # Errors
    ///
    /// Those of [`Channel::send_raw`](super::Channel::send_raw); the messages before it are not
    /// touched.
    pub fn send_raw(&mut self, raw: &[u8]) -> Result<Receipt, SendError> {
        self.add(&mut |connection, outlet| connection.send_raw_through(raw, outlet))
    }

    pub(super) fn add(&mut self, queue: Queue<'_>) -> Result<Receipt, SendError> {
        self.target.attempt_later(WRITE_BYTES, &mut self.waited, queue)
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.target.write_beyond(&mut self.waited);
    }
}

/// So much is written at once. Large enough that the call costs little beside the bytes, and small
/// enough that the peer reads while this end goes on.
const WRITE_BYTES: usize = 65_536;
