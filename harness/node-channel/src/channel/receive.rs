//! Waiting for messages and other events.

use std::fmt;
use std::time::Duration;

use js_value::Graph;

use super::Channel;
use crate::error::RecvError;
use crate::proto::{Event, Message, Raw};
use crate::socket::Deadline;

/// The methods that wait, and those that take what is here: the same for a channel and a receiving
/// half, which have the [common methods](super::common_methods) and know how to wait until a
/// deadline.
macro_rules! receiving_methods {
    () => {
        /// Waits for the next message of the peer's program; `None` once the channel is closed.
        ///
        /// A handle that comes with the message is closed: programs that expect handles call
        /// [`recv_message`](Self::recv_message). Completions and reserved messages are passed over; use
        /// [`wait`](Self::wait) to see them. Bytes that wait to be written go out meanwhile. After
        /// [`RecvError::Invalid`] the channel is usable: call again.
        ///
        /// # Errors
        ///
        /// [`Invalid`](RecvError::Invalid) for each line or frame that is no message, or is beyond
        /// a limit, and for each message whose handle cannot be used; it is taken by this.
        /// [`Os`](RecvError::Os) if poll(2) fails.
        pub fn recv(&mut self) -> Result<Option<Graph>, RecvError> {
            Ok(self.message_until(&mut Deadline::never())?.map(|message| message.value))
        }

        /// As [`recv`](Self::recv), but gives up after a time with [`RecvError::TimedOut`].
        ///
        /// # Errors
        ///
        /// Those of [`recv`](Self::recv), and [`TimedOut`](RecvError::TimedOut).
        pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<Graph>, RecvError> {
            Ok(self.message_until(&mut Deadline::after(timeout))?.map(|message| message.value))
        }

        /// As [`recv`](Self::recv), with the handle if one comes along.
        ///
        /// ```no_run
        /// use std::io::Write;
        /// use std::net::TcpStream;
        ///
        /// use node_channel::{Channel, Counted};
        ///
        /// let mut channel = Channel::from_env()?.expect("start me with fork() of node:child_process");
        /// while let Some(message) = channel.recv_message()? {
        ///     if let Some(handle) = message.handle {
        ///         let mut stream = Counted::<TcpStream>::try_from(handle)?;
        ///         stream.write_all(b"hello from Rust\n")?;
        ///     }
        /// }
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        ///
        /// # Errors
        ///
        /// Those of [`recv`](Self::recv).
        pub fn recv_message(&mut self) -> Result<Option<Message>, RecvError> {
            self.message_until(&mut Deadline::never())
        }

        /// Waits for the next event of any kind; `None` once the channel is closed and
        /// [`Event::Disconnected`] was given.
        ///
        /// # Errors
        ///
        /// [`TimedOut`](RecvError::TimedOut) when the time is up, [`Os`](RecvError::Os) if poll(2)
        /// fails. What is no message is no error here, but an
        /// [`Event::Invalid`](crate::Event::Invalid).
        pub fn wait(&mut self, timeout: Option<Duration>) -> Result<Option<Event>, RecvError> {
            self.wait_until(&mut Deadline::of(timeout))
        }

        /// Messages until the channel is closed, without their handles.
        pub fn messages(&mut self) -> Messages<'_> {
            Messages::new(self)
        }

        /// The next event that is already here. No I/O.
        pub fn next_event(&mut self) -> Option<Event> {
            self.with_link(|link| link.connection.poll_event())
        }

        /// Whether [`next_event`](Self::next_event) has something to give.
        pub fn has_events(&self) -> bool {
            self.look(|link| link.connection.has_events())
        }
    };
}

pub(super) use receiving_methods;

impl Channel {
    receiving_methods!();

    /// As [`wait`](Self::wait), with messages as the bytes that came: to pass them on with
    /// [`send_raw`](Self::send_raw), or to read them in another way, without a copy.
    ///
    /// ```no_run
    /// use node_channel::{Channel, Event, Raw, SendOptions};
    ///
    /// /// Passes on what one process says to another.
    /// fn relay(from: &mut Channel, to: &mut Channel) -> Result<(), Box<dyn std::error::Error>> {
    ///     while let Some(next) = from.wait_raw(None)? {
    ///         match next {
    ///             Raw::Message(bytes) => to.send_raw(bytes)?,
    ///             Raw::Event(Event::Message(message)) => match message.handle {
    ///                 Some(handle) => to.send_with(&message.value, handle, &SendOptions::default())?,
    ///                 None => to.send(&message.value)?,
    ///             },
    ///             Raw::Event(_) => continue,
    ///         };
    ///         to.flush(None)?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`TimedOut`](RecvError::TimedOut) when the time is up, [`Os`](RecvError::Os) if poll(2)
    /// fails. Nobody has looked whether a message is valid.
    pub fn wait_raw(&mut self, timeout: Option<Duration>) -> Result<Option<Raw<'_>>, RecvError> {
        self.wait_for_event(&mut Deadline::of(timeout))?;
        Ok(self.link.connection.poll_raw())
    }

    /// As [`next_event`](Self::next_event), with messages as the bytes that came.
    pub fn next_raw(&mut self) -> Option<Raw<'_>> {
        self.link.connection.poll_raw()
    }

    #[inline(always)]
    fn message_until(&mut self, deadline: &mut Deadline) -> Result<Option<Message>, RecvError> {
        loop {
            match self.link.connection.poll_message() {
                Some(taken) => return taken,
                None if self.link.is_closed() => return Ok(None),
                None => self.wait_for_event(deadline)?,
            }
        }
    }

    fn wait_until(&mut self, deadline: &mut Deadline) -> Result<Option<Event>, RecvError> {
        self.wait_for_event(deadline)?;
        Ok(self.next_event())
    }

    /// Returns when there is an event, or when there will be none.
    pub(super) fn wait_for_event(&mut self, deadline: &mut Deadline) -> Result<(), RecvError> {
        while !self.has_events() && !self.link.is_closed() {
            match self.turn(deadline) {
                Ok(true) => {}
                Ok(false) => return Err(RecvError::TimedOut),
                Err(errno) => return Err(RecvError::Os { errno: errno.raw_os_error() }),
            }
        }
        Ok(())
    }
}

/// Iterator over messages: see [`Channel::messages`].
///
/// Gives an error for each line or frame that is no message, and goes on after it.
#[derive(Debug)]
pub struct Messages<'a> {
    source: &'a mut (dyn Receive + Send),
    failed: bool,
}

/// What gives messages: a channel, or a receiving half.
pub(super) trait Receive: fmt::Debug {
    fn next_message(&mut self) -> Result<Option<Graph>, RecvError>;
}

impl Receive for Channel {
    fn next_message(&mut self) -> Result<Option<Graph>, RecvError> {
        self.recv()
    }
}

impl<'a> Messages<'a> {
    pub(super) fn new(source: &'a mut (dyn Receive + Send)) -> Self {
        Self { source, failed: false }
    }
}

impl Iterator for Messages<'_> {
    type Item = Result<Graph, RecvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.source.next_message().transpose();
        self.failed = matches!(next, Some(Err(RecvError::Os { .. })));
        next
    }
}
