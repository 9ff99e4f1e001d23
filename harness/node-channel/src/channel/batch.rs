//! Many messages with few writes.

use js_value::Graph;

use super::{Channel, Receipt};
use crate::error::SendError;
use crate::proto::{Connection, MessageId};

/// Sends messages together: see [`Channel::batch`].
///
/// A message is written when 64 KiB have come together, and with the last one: when this is dropped.
/// Everything else is as with [`Channel::send`]; a failed write is reported with the
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
    channel: &'a mut Channel,
    /// Bytes that waited after the last attempt to write.
    waited: usize,
}

impl<'a> Batch<'a> {
    pub(super) fn new(channel: &'a mut Channel) -> Self {
        let waited = channel.connection.transmit().len();
        Self { channel, waited }
    }

    /// As [`Channel::send`].
    pub fn send(&mut self, message: &Graph) -> Result<Receipt, SendError> {
        self.add(|connection| connection.send(message))
    }

    /// As [`Channel::send_raw`].
    pub fn send_raw(&mut self, raw: &[u8]) -> Result<Receipt, SendError> {
        self.add(|connection| connection.send_raw(raw))
    }

    fn add(
        &mut self,
        queue: impl FnOnce(&mut Connection) -> Result<MessageId, SendError>,
    ) -> Result<Receipt, SendError> {
        let connection = &mut self.channel.connection;
        let id = queue(connection)?;
        if connection.transmit().len() - self.waited.min(connection.transmit().len()) >= WRITE_BYTES
        {
            self.write();
        }
        Ok(Receipt { id, accepted: self.channel.connection.accepts() })
    }

    fn write(&mut self) {
        // A failed write is reported as the completion of the messages.
        let _reported = self.channel.write_pending();
        self.waited = self.channel.connection.transmit().len();
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if self.channel.connection.transmit().len() > self.waited {
            self.write();
        }
    }
}

/// So much is written at once. Large enough that the call costs little beside the bytes, and small
/// enough that the peer reads while this end goes on.
const WRITE_BYTES: usize = 65_536;
