//! What a channel and a sending half have in common.

/// The methods that queue something: for every type that has the [common
/// methods](super::common_methods).
macro_rules! sending_methods {
    () => {
        /// Sends a message. Never blocks.
        ///
        /// If nothing waits already, the write is attempted at once, so a message that fits the
        /// kernel's buffer is on its way when this returns. Otherwise it queues behind what waits:
        /// the type says when that goes out. Every message that is taken is followed by one
        /// [`Event::Sent`](crate::Event::Sent).
        ///
        /// While the peer owes the acknowledgement of a handle, nothing is serialized in Node. What
        /// the serializer refuses is taken then, and its turn tells:
        /// [`Event::Unserializable`](crate::Event::Unserializable).
        ///
        /// In JSON, a long message that is one string is written while it is being serialized, if
        /// nothing waits and nothing limits the queue: the peer reads its beginning meanwhile. So is
        /// one that is [raw](Self::send_raw), in both serializations.
        ///
        /// # Errors
        ///
        /// [`Closed`](SendError::Closed) once the channel is disconnected, by either side. For what
        /// is wrong with the value: [`Missing`](SendError::Missing) and
        /// [`InvalidType`](SendError::InvalidType) before it is serialized,
        /// [`Serialize`](SendError::Serialize) if the serializer throws,
        /// [`Nothing`](SendError::Nothing) if that answers nothing, and
        /// [`TooLarge`](SendError::TooLarge). [`QueueFull`](SendError::QueueFull) beyond
        /// [`Limits::max_queued_bytes`](crate::Limits::max_queued_bytes). Nothing is queued in any
        /// case. A write that fails is no error here, but that of the
        /// [`Event::Sent`](crate::Event::Sent).
        pub fn send(&mut self, message: &Graph) -> Result<Receipt, SendError> {
            self.attempt(|connection, outlet| connection.send_through(message, outlet))
        }

        /// As [`send`](Self::send), with a message of any type that serde can write. Needs the
        /// feature `serde`.
        ///
        /// In JSON it has the form of [`json::to_text`](js_value::json::to_text), as a structured
        /// clone that of [`clone::to_payload`](js_value::clone::to_payload). What is wrong with it is
        /// said at once, behind a handle too; but a `Serialize` that fails after it has written a
        /// long string, and nothing else, is not heard any more.
        ///
        /// # Errors
        ///
        /// [`Closed`](SendError::Closed), [`TooLarge`](SendError::TooLarge) and
        /// [`QueueFull`](SendError::QueueFull) as with [`send`](Self::send);
        /// [`Value`](SendError::Value) if the value has no such form, or its `Serialize` fails.
        #[cfg(feature = "serde")]
        pub fn send_as<T: serde::Serialize + ?Sized>(
            &mut self,
            message: &T,
        ) -> Result<Receipt, SendError> {
            self.attempt(|connection, outlet| connection.send_as_through(message, outlet))
        }

        /// Sends a message and a handle, which is given away: a listener, a stream or a UDP socket.
        /// Never blocks.
        ///
        /// ```no_run
        /// use std::net::TcpListener;
        ///
        /// use js_value::Graph;
        /// use node_channel::{Fork, SendOptions};
        ///
        /// let listener = TcpListener::bind("127.0.0.1:8000")?;
        /// for _ in 0..4 {
        ///     let mut child = Fork::new("server.js").spawn()?;
        ///     let shared = listener.try_clone()?;
        ///     child.channel.send_with(&Graph::from("server"), shared, &SendOptions::default())?;
        /// }
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        ///
        /// When it is written the socket becomes non-blocking, as every socket in Node is; that is
        /// a property of the socket itself, so its clones become so too. Everything that is sent
        /// after it waits until the peer has acknowledged the handle, which has to be read.
        ///
        /// A message that is refused leaves the handle as it is, and [`NotSent`] gives it back:
        ///
        /// ```
        /// # use std::os::unix::net::UnixStream;
        /// # use js_value::Graph;
        /// # use node_channel::{Channel, NotSent, SendOptions, Serialization};
        /// # let (mut first, _child) = Channel::pair(Serialization::Json)?;
        /// # let (mut second, _child) = Channel::pair(Serialization::Json)?;
        /// # let (connection, _client) = UnixStream::pair()?;
        /// # first.disconnect()?;
        /// let message = Graph::from("serve");
        /// let options = SendOptions::default();
        /// if let Err(NotSent { handle, .. }) = first.send_with(&message, connection, &options) {
        ///     second.send_with(&message, handle, &options)?;
        /// }
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        ///
        /// A handle that the peer refuses is sent again up to three times if it is a stream and
        /// [`SendOptions::keep_open`] is not set. After that it comes back as
        /// [`Event::HandleRefused`](crate::Event::HandleRefused), as does one that was not sent
        /// when the channel closed; one that was, and not answered for, as
        /// [`Event::HandleUnanswered`](crate::Event::HandleUnanswered). One that the kernel
        /// refuses, such as a descriptor that is not open, fails its message alone.
        ///
        /// # Errors
        ///
        /// Those of [`send`](Self::send), and [`HandlesFull`](SendError::HandlesFull) if as many
        /// handles wait as [`Limits::max_queued_handles`](crate::Limits::max_queued_handles)
        /// allows. Each gives the handle back.
        pub fn send_with(
            &mut self,
            message: &Graph,
            handle: impl Into<Handle>,
            options: &SendOptions,
        ) -> Result<Receipt, NotSent> {
            self.attempt(|connection, _| connection.send_with(message, handle.into(), options))
        }

        /// Sends a message that is serialized already: a JSON text in one line, or the payload of a
        /// frame, as [`wait_raw`](crate::Channel::wait_raw) gives it. Never blocks.
        ///
        /// Only the framing is added, and nothing is checked but that: a text that is no JSON ends
        /// a Node peer.
        ///
        /// # Errors
        ///
        /// [`Closed`](SendError::Closed), [`TooLarge`](SendError::TooLarge) and
        /// [`QueueFull`](SendError::QueueFull) as with [`send`](Self::send);
        /// [`NotRaw`](SendError::NotRaw) if there is nothing, or an LF in a line.
        pub fn send_raw(&mut self, raw: &[u8]) -> Result<Receipt, SendError> {
            self.attempt(|connection, outlet| connection.send_raw_through(raw, outlet))
        }

        /// Sends many messages with few writes.
        pub fn batch(&mut self) -> Batch<'_> {
            Batch::new(self)
        }

        /// Asks the peer how many connections of a server it holds: those that were sent with this
        /// [key](SendOptions::key). [`Event::SocketCount`](crate::Event::SocketCount) answers,
        /// unless the peer never got one.
        ///
        /// # Errors
        ///
        /// [`Closed`](SendError::Closed), [`TooLarge`](SendError::TooLarge) and
        /// [`QueueFull`](SendError::QueueFull) as with [`send`](Self::send).
        pub fn request_count(&mut self, key: &str) -> Result<Receipt, SendError> {
            self.attempt(|connection, _| connection.request_count(key))
        }

        /// Asks the peer to say when it holds no more connections of a server.
        /// [`Event::SocketsClosed`](crate::Event::SocketsClosed) answers, at once if there are
        /// none, unless the peer never got one.
        ///
        /// # Errors
        ///
        /// [`Closed`](SendError::Closed), [`TooLarge`](SendError::TooLarge) and
        /// [`QueueFull`](SendError::QueueFull) as with [`send`](Self::send).
        pub fn notify_close(&mut self, key: &str) -> Result<Receipt, SendError> {
            self.attempt(|connection, _| connection.notify_close(key))
        }

        /// Bytes that wait in user space.
        pub fn queued_bytes(&self) -> usize {
            self.look(|link| link.connection.queued_bytes())
        }

        /// Handles that wait to be sent or to be acknowledged.
        pub fn queued_handles(&self) -> usize {
            self.look(|link| link.connection.queued_handles())
        }

        /// Queues something, and attempts to write it if nothing waits before it.
        fn attempt<E>(
            &mut self,
            queue: impl FnOnce(&mut Connection, $crate::proto::Outlet<'_>) -> Result<MessageId, E>,
        ) -> Result<Receipt, E> {
            self.with_link(|link| link.attempt(queue))
        }
    };
}

/// Makes a type that has `with_link` one that a batch is sent through.
macro_rules! batch_target {
    ($type:ty) => {
        impl $crate::channel::Target for $type {
            fn attempt_later(
                &mut self,
                bytes: usize,
                waited: &mut usize,
                queue: $crate::channel::Queue<'_>,
            ) -> Result<Receipt, SendError> {
                self.with_link(|link| link.attempt_later(bytes, waited, queue))
            }

            fn write_beyond(&mut self, waited: &mut usize) {
                self.with_link(|link| link.write_beyond(waited));
            }
        }
    };
}

pub(crate) use {batch_target, sending_methods};
