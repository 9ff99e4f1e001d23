//! The async front end, for tokio. Needs the feature `tokio`.
//!
//! The names are those of the [blocking front end](crate::Channel); what waits there is `async`
//! here, and takes no timeout: use `tokio::time::timeout`.
//!
//! ```no_run
//! use js_value::Graph;
//! use node_channel::Fork;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let mut child = Fork::new("worker.js").spawn_tokio()?;
//! child.channel.send(&Graph::from("start"))?;
//! while let Some(message) = child.channel.recv().await? {
//!     println!("{message:?}");
//! }
//! println!("worker ended: {}", child.wait().await?);
//! # Ok(())
//! # }
//! ```
//!
//! # Who moves the bytes
//!
//! `send()` writes at once if nothing waits before it. What the kernel does not take then, and what
//! waits behind a handle, is written by a small task that each channel has on the runtime, whatever
//! the program awaits meanwhile. The task ends with the channel: once it is closed, or once the
//! channel or both of its halves are dropped.
//!
//! The task reads only while the peer owes the acknowledgement of a handle, and then at most 1 MiB
//! more than the program has taken. Everything else is read by the program, so a peer that sends
//! faster than the program receives is held up by the kernel. A program that never receives also
//! never answers the peer's own handles.
//!
//! # Cancel safety
//!
//! Every future here may be dropped at any time. Nothing is lost or doubled: a message is taken in
//! the same step that returns it, and what waits to be written stays queued. A `close()` that is
//! dropped early leaves the channel as far as it came.
//!
//! # Runtime
//!
//! Channels and children are made inside a runtime with I/O enabled (`enable_io`), and stay with it.

mod child;
mod driver;
mod halves;

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use js_value::Graph;
use tokio::runtime::Handle as Runtime;

use crate::channel::{Batch, Link, Receipt, batch_target, sending_methods};
use crate::error::{DisconnectError, EnvError, FlushError, NotSent, RecvError, SendError};
use crate::handle::Handle;
use crate::proto::{
    Connection, Event, Limits, Message, MessageId, Raw, Role, SendOptions, Serialization,
};

pub use child::{Child, Process};
use driver::Stream;
pub use halves::{Receiver, Sender};

/// One end of a channel on a Unix socket, for tokio.
///
/// Dropping a channel closes it without waiting: what the kernel did not take yet is lost.
/// [`close`](Self::close) waits. To send and receive in two tasks, [`split`](Self::split) it.
#[derive(Debug)]
pub struct Channel {
    sender: Sender,
    receiver: Receiver,
}

impl Channel {
    /// As [`Channel::new`](crate::Channel::new).
    pub fn new(
        socket: impl Into<OwnedFd>,
        role: Role,
        serialization: Serialization,
        limits: Limits,
    ) -> io::Result<Self> {
        crate::Channel::new(socket, role, serialization, limits)?.try_into()
    }

    /// As [`Channel::from_env`](crate::Channel::from_env).
    pub fn from_env() -> Result<Option<Self>, EnvError> {
        let channel = crate::Channel::from_env()?.map(Self::try_from).transpose();
        channel.map_err(|source| EnvError::Os { source })
    }

    /// Both ends of a new channel in this process, parent first. For tests.
    pub fn pair(serialization: Serialization) -> io::Result<(Self, Self)> {
        let (parent, child) = crate::Channel::pair(serialization)?;
        Ok((parent.try_into()?, child.try_into()?))
    }

    /// A sending and a receiving half, to be used in two tasks.
    pub fn split(self) -> (Sender, Receiver) {
        (self.sender, self.receiver)
    }

    sending_methods!();

    /// As [`Channel::connected`](crate::Channel::connected).
    pub fn connected(&self) -> bool {
        self.sender.connected()
    }

    /// How messages are written.
    pub fn serialization(&self) -> Serialization {
        self.sender.serialization()
    }

    /// As [`Sender::ready`].
    pub async fn ready(&mut self) -> Result<(), SendError> {
        self.sender.ready().await
    }

    /// As [`Sender::flush`].
    pub async fn flush(&mut self) -> Result<(), FlushError> {
        self.sender.flush().await
    }

    /// As [`Sender::close`].
    pub async fn close(&mut self) -> Result<(), FlushError> {
        self.sender.close().await
    }

    /// As [`Channel::disconnect`](crate::Channel::disconnect).
    pub fn disconnect(&mut self) -> Result<(), DisconnectError> {
        self.sender.disconnect()
    }

    /// As [`Receiver::recv`].
    pub async fn recv(&mut self) -> Result<Option<Graph>, RecvError> {
        self.receiver.recv().await
    }

    /// As [`Receiver::recv_message`].
    pub async fn recv_message(&mut self) -> Result<Option<Message>, RecvError> {
        self.receiver.recv_message().await
    }

    /// As [`Receiver::recv_as`].
    #[cfg(feature = "serde")]
    pub async fn recv_as<T: serde::de::DeserializeOwned>(
        &mut self,
    ) -> Result<Option<T>, RecvError> {
        self.receiver.recv_as().await
    }

    /// As [`Receiver::wait`].
    pub async fn wait(&mut self) -> Result<Option<Event>, RecvError> {
        self.receiver.wait().await
    }

    /// As [`Receiver::wait_raw`].
    pub async fn wait_raw(&mut self) -> Result<Option<Raw<'_>>, RecvError> {
        self.receiver.wait_raw().await
    }

    /// The next event that is already here. No I/O.
    pub fn next_event(&mut self) -> Option<Event> {
        self.receiver.next_event()
    }

    /// Whether [`next_event`](Self::next_event) has something to give.
    pub fn has_events(&self) -> bool {
        self.receiver.has_events()
    }

    /// Bytes that wait in user space.
    pub fn queued_bytes(&self) -> usize {
        self.sender.queued_bytes()
    }

    /// Handles that wait to be sent or to be acknowledged.
    pub fn queued_handles(&self) -> usize {
        self.sender.queued_handles()
    }

    fn with_link<R>(&mut self, act: impl FnOnce(&mut Link<Stream>) -> R) -> R {
        self.sender.with_link(act)
    }
}

batch_target!(Channel);

/// Takes over a blocking channel as it is, with what has arrived and what waits. Fails outside a
/// runtime.
impl TryFrom<crate::Channel> for Channel {
    type Error = io::Error;

    fn try_from(channel: crate::Channel) -> io::Result<Self> {
        let runtime = Runtime::try_current().map_err(io::Error::other)?;
        let link = channel.into_link().try_map(|socket| {
            tokio::net::UnixStream::from_std(UnixStream::from(socket)).map(Stream)
        })?;
        let shared = driver::start(link, &runtime);
        Ok(Self { sender: Sender::new(shared.clone()), receiver: Receiver::new(shared) })
    }
}
