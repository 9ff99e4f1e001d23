//! What a channel and a receiving half have in common.

use js_value::Graph;

use super::Receiver;
use crate::error::RecvError;

/// The methods that wait for what the peer sends: for every type that has
/// `fn receiver(&mut self) -> &mut Receiver`.
macro_rules! receiving_methods {
    () => {
        /// Waits for the next message of the peer's program; `None` once the channel is closed.
        ///
        /// A handle that comes with the message is closed: programs that expect handles call
        /// [`recv_message`](Self::recv_message). Completions and reserved messages are passed over;
        /// use [`wait`](Self::wait) to see them. After [`RecvError::Invalid`] the channel is
        /// usable: call again.
        ///
        /// # Errors
        ///
        /// [`Invalid`](RecvError::Invalid) for each line or frame that is no message, or is beyond
        /// a limit, and for each message whose handle cannot be used; it is taken by this.
        pub async fn recv(&mut self) -> Result<Option<Graph>, RecvError> {
            Ok(self.recv_message().await?.map(|message| message.value))
        }

        /// As [`recv`](Self::recv), with the handle if one comes along.
        ///
        /// # Errors
        ///
        /// Those of [`recv`](Self::recv).
        pub async fn recv_message(&mut self) -> Result<Option<Message>, RecvError> {
            let taken = self.receiver().take(|state| state.link.connection.poll_message());
            taken.await.unwrap_or(Ok(None))
        }

        /// As [`recv`](Self::recv), with the message as a value of a type. A handle that comes with
        /// it is closed: see [`wait_as`](Self::wait_as). Needs the feature `serde`.
        ///
        /// # Errors
        ///
        /// [`Invalid`](RecvError::Invalid) as with [`recv`](Self::recv), and for each message that
        /// is not of the type.
        #[cfg(feature = "serde")]
        pub async fn recv_as<T: serde::de::DeserializeOwned>(
            &mut self,
        ) -> Result<Option<T>, RecvError> {
            let taken = self.receiver().take(|state| state.link.connection.poll_message_as());
            taken.await.unwrap_or(Ok(None))
        }

        /// Waits for the next event of any kind; `None` once the channel is closed and
        /// [`Event::Disconnected`] was given.
        ///
        /// # Errors
        ///
        /// None so far. What is no message is no error here, but an
        /// [`Event::Invalid`](crate::Event::Invalid).
        pub async fn wait(&mut self) -> Result<Option<Event>, RecvError> {
            Ok(self.receiver().take(|state| state.link.connection.poll_event()).await)
        }

        /// As [`wait`](Self::wait), with a message as a value of a type, and with the handle that
        /// came along. Needs the feature `serde`.
        ///
        /// # Errors
        ///
        /// None so far. A message that is not of the type is no error here: see
        /// [`Typed`](crate::Typed).
        #[cfg(feature = "serde")]
        pub async fn wait_as<T: serde::de::DeserializeOwned>(
            &mut self,
        ) -> Result<Option<crate::Typed<T>>, RecvError> {
            Ok(self.receiver().take(|state| state.link.connection.poll_as()).await)
        }

        /// As [`wait`](Self::wait), with messages as the bytes that came: to pass them on with
        /// `send_raw()`, or to read them in another way.
        ///
        /// # Errors
        ///
        /// None so far. Nobody has looked whether a message is valid.
        pub async fn wait_raw(&mut self) -> Result<Option<Raw<'_>>, RecvError> {
            let receiver = self.receiver();
            let mut raw = std::mem::take(&mut receiver.raw);
            let taken = receiver.take(|state| state.link.connection.poll_raw_into(&mut raw)).await;
            receiver.raw = raw;
            Ok(taken.map(|event| event.map_or(Raw::Message(&receiver.raw), Raw::Event)))
        }

        /// Messages until the channel is closed, without their handles.
        pub fn messages(&mut self) -> Messages<'_> {
            Messages::new(self.receiver())
        }

        /// The next event that is already here. No I/O.
        pub fn next_event(&mut self) -> Option<Event> {
            self.receiver().shared.look(|state| {
                let event = state.link.connection.poll_event();
                state.taken();
                event
            })
        }

        /// As [`next_event`](Self::next_event), with messages as the bytes that came.
        pub fn next_raw(&mut self) -> Option<Raw<'_>> {
            let Receiver { shared, raw } = self.receiver();
            let taken = shared.look(|state| {
                let event = state.link.connection.poll_raw_into(raw);
                state.taken();
                event
            });
            taken.map(|event| event.map_or(Raw::Message(raw), Raw::Event))
        }

        /// Whether [`next_event`](Self::next_event) has something to give.
        pub fn has_events(&self) -> bool {
            self.look(|link| link.connection.has_events())
        }
    };
}

pub(super) use receiving_methods;

/// Messages one after the other: see [`Channel::messages`](super::Channel::messages).
///
/// A stream without the trait, which is in no library that this one uses.
///
/// ```no_run
/// # async fn example(mut channel: node_channel::tokio::Channel) -> Result<(), Box<dyn std::error::Error>> {
/// let mut messages = channel.messages();
/// while let Some(message) = messages.next().await {
///     println!("{:?}", message?);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Messages<'a> {
    receiver: &'a mut Receiver,
}

impl<'a> Messages<'a> {
    pub(super) fn new(receiver: &'a mut Receiver) -> Self {
        Self { receiver }
    }

    /// Waits for the next message; `None` once the channel is closed. Gives an error for each line
    /// or frame that is no message, and goes on after it.
    pub async fn next(&mut self) -> Option<Result<Graph, RecvError>> {
        self.receiver.recv().await.transpose()
    }
}
