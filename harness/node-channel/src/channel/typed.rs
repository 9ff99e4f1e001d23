//! Messages of Rust types.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Batch, Channel, Receipt, Receiver};
use crate::error::{RecvError, SendError};
use crate::proto::{Connection, Event, Typed};
use crate::socket::Deadline;

impl Channel {
    /// As [`recv`](Self::recv), with the message as a value of a type, which may borrow from the
    /// bytes that came.
    ///
    /// ```
    /// use node_channel::{Channel, Serialization};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// #[serde(tag = "type", rename_all = "lowercase")]
    /// enum Message<'a> {
    ///     Progress { job: &'a str, percent: u8 },
    ///     Result { job: &'a str },
    /// }
    ///
    /// let (mut parent, mut child) = Channel::pair(Serialization::Json)?;
    /// child.send_as(&Message::Progress { job: "build", percent: 50 })?;
    /// child.send_as(&Message::Result { job: "build" })?;
    /// let mut last = 0;
    /// while let Some(Message::Progress { percent, .. }) = parent.recv_as()? {
    ///     last = percent;
    /// }
    /// assert_eq!(last, 50);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A message that is not of the type is [`InvalidMessage::Type`](crate::InvalidMessage::Type),
    /// and taken: call again for the next one. A handle that comes with a message is closed:
    /// programs that expect handles call [`wait_as`](Self::wait_as).
    ///
    /// # Errors
    ///
    /// [`Invalid`](RecvError::Invalid) as with [`recv`](Self::recv), and for each message that is
    /// not of the type. [`Os`](RecvError::Os) if poll(2) fails.
    pub fn recv_as<'de, T: Deserialize<'de>>(&'de mut self) -> Result<Option<T>, RecvError> {
        self.recv_as_until(&mut Deadline::never())
    }

    /// As [`recv_as`](Self::recv_as), but gives up after a time with [`RecvError::TimedOut`].
    ///
    /// # Errors
    ///
    /// Those of [`recv_as`](Self::recv_as), and [`TimedOut`](RecvError::TimedOut).
    pub fn recv_as_timeout<'de, T: Deserialize<'de>>(
        &'de mut self,
        timeout: Duration,
    ) -> Result<Option<T>, RecvError> {
        self.recv_as_until(&mut Deadline::after(timeout))
    }

    fn recv_as_until<'de, T: Deserialize<'de>>(
        &'de mut self,
        deadline: &mut Deadline,
    ) -> Result<Option<T>, RecvError> {
        loop {
            self.wait_for_event(deadline)?;
            if let Some(place) = self.link.connection.next_unread() {
                let read = self.link.connection.read_as(&place);
                return read.map(Some).map_err(RecvError::Invalid);
            }
            // A loop must not hold on to what it borrows, so only the message itself is taken as a
            // value of the type.
            if self.link.connection.next_is_message() {
                break;
            }
            match self.next_event() {
                Some(Event::Invalid(error)) => return Err(RecvError::Invalid(error)),
                Some(Event::Disconnected) | None => return Ok(None),
                Some(_) => {}
            }
        }
        match self.link.connection.poll_as() {
            Some(Typed::Message { value, .. }) => Ok(Some(value)),
            Some(Typed::Mismatch { error, .. } | Typed::Event(Event::Invalid(error))) => {
                Err(RecvError::Invalid(error))
            }
            Some(Typed::Event(_)) | None => Ok(None),
        }
    }

    /// As [`wait`](Self::wait), with a message as a value of a type, which may borrow from the bytes
    /// that came, and with the handle that came along.
    ///
    /// # Errors
    ///
    /// Those of [`wait`](Self::wait). A message that is not of the type is no error here: see
    /// [`Typed`].
    pub fn wait_as<'de, T: Deserialize<'de>>(
        &'de mut self,
        timeout: Option<Duration>,
    ) -> Result<Option<Typed<T>>, RecvError> {
        self.wait_for_event(&mut Deadline::of(timeout))?;
        Ok(self.link.connection.poll_as())
    }
}

impl Receiver {
    /// As [`Channel::recv_as`], with a value that borrows nothing. A handle that comes with a
    /// message is closed: see [`wait_as`](Self::wait_as).
    ///
    /// # Errors
    ///
    /// [`Invalid`](RecvError::Invalid) as with [`recv`](Self::recv), and for each message that is
    /// not of the type. [`Os`](RecvError::Os) if poll(2) fails.
    pub fn recv_as<T: DeserializeOwned>(&mut self) -> Result<Option<T>, RecvError> {
        self.poll_until(&mut Deadline::never(), Connection::poll_message_as)
    }

    /// As [`recv_as`](Self::recv_as), but gives up after a time with [`RecvError::TimedOut`].
    ///
    /// # Errors
    ///
    /// Those of [`recv_as`](Self::recv_as), and [`TimedOut`](RecvError::TimedOut).
    pub fn recv_as_timeout<T: DeserializeOwned>(
        &mut self,
        timeout: Duration,
    ) -> Result<Option<T>, RecvError> {
        self.poll_until(&mut Deadline::after(timeout), Connection::poll_message_as)
    }

    /// As [`Channel::wait_as`], with a value that borrows nothing.
    ///
    /// # Errors
    ///
    /// Those of [`Channel::wait_as`].
    pub fn wait_as<T: DeserializeOwned>(
        &mut self,
        timeout: Option<Duration>,
    ) -> Result<Option<Typed<T>>, RecvError> {
        self.take_until(&mut Deadline::of(timeout), |connection| connection.poll_as())
    }
}

impl Batch<'_> {
    /// As [`Channel::send_as`].
    ///
    /// # Errors
    ///
    /// Those of [`Channel::send_as`]; the messages before it are not touched.
    pub fn send_as<T: Serialize + ?Sized>(&mut self, message: &T) -> Result<Receipt, SendError> {
        self.add(&mut |connection, outlet| connection.send_as_through(message, outlet))
    }
}
