//! The async front end, for tokio. Needs the feature `tokio`.
//!
//! The names are those of the [blocking front end](crate::Channel); what waits there is `async`
//! here, and takes no timeout: use `tokio::time::timeout`. There alone are:
//!
//! - what serves an event loop of the program's own (`fd()`, `wants_read()`, `wants_write()`,
//!   `wake_fd()`, `drive()`, and `pidfd()` of a child): here the runtime does it;
//! - the variants with a timeout (`recv_timeout()`, `recv_as_timeout()`, and `wait_timeout()` of a
//!   child), which `tokio::time::timeout` around the call without one replaces;
//! - reading without a copy: `recv_as()` and `wait_as()` give values that borrow nothing, and the
//!   bytes of `wait_raw()` and `next_raw()` are a copy;
//! - `set_busy_poll()`, since the runtime does the waiting.
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
//! Outside one that is an error; in one without I/O, tokio panics.

mod child;
mod driver;
mod halves;
mod receiving;

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use js_value::Graph;
use tokio::runtime::Handle as Runtime;

use crate::channel::{Batch, Link, Receipt, batch_target, common_methods, sending_methods};
use crate::error::{DisconnectError, EnvError, FlushError, NotSent, RecvError, SendError};
use crate::handle::Handle;
use crate::proto::{
    Connection, Event, KeepAlive, Limits, Message, MessageId, Raw, Role, SendOptions, Serialization,
};

pub use child::{Child, Process};
use driver::Stream;
pub use halves::{Receiver, Sender};
pub use receiving::Messages;
use receiving::receiving_methods;

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
    ///
    /// # Errors
    ///
    /// Those of [`Channel::new`](crate::Channel::new), and outside a runtime.
    pub fn new(
        socket: impl Into<OwnedFd>,
        role: Role,
        serialization: Serialization,
        limits: Limits,
    ) -> io::Result<Self> {
        crate::Channel::new(socket, role, serialization, limits)?.try_into()
    }

    /// As [`Channel::from_env`](crate::Channel::from_env).
    ///
    /// # Errors
    ///
    /// Those of [`Channel::from_env`](crate::Channel::from_env), and [`Os`](EnvError::Os) outside a
    /// runtime: the channel is closed then.
    pub fn from_env() -> Result<Option<Self>, EnvError> {
        Self::from_env_with(Limits::default())
    }

    /// As [`Channel::from_env_with`](crate::Channel::from_env_with).
    ///
    /// # Errors
    ///
    /// Those of [`from_env`](Self::from_env).
    pub fn from_env_with(limits: Limits) -> Result<Option<Self>, EnvError> {
        let channel = crate::Channel::from_env_with(limits)?.map(Self::try_from).transpose();
        channel.map_err(|source| EnvError::Os { source })
    }

    /// Both ends of a new channel in this process, parent first. For tests.
    ///
    /// # Errors
    ///
    /// Those of [`Channel::pair`](crate::Channel::pair), and outside a runtime.
    pub fn pair(serialization: Serialization) -> io::Result<(Self, Self)> {
        let (parent, child) = crate::Channel::pair(serialization)?;
        Ok((parent.try_into()?, child.try_into()?))
    }

    /// A sending and a receiving half, to be used in two tasks.
    pub fn split(self) -> (Sender, Receiver) {
        (self.sender, self.receiver)
    }

    common_methods!();
    sending_methods!();
    receiving_methods!();

    /// As [`Sender::ready`].
    ///
    /// # Errors
    ///
    /// Those of [`Sender::ready`].
    pub async fn ready(&mut self) -> Result<(), FlushError> {
        self.sender.ready().await
    }

    /// As [`Sender::flush`].
    ///
    /// # Errors
    ///
    /// Those of [`Sender::flush`].
    pub async fn flush(&mut self) -> Result<(), FlushError> {
        self.sender.flush().await
    }

    /// As [`Sender::close`].
    ///
    /// # Errors
    ///
    /// Those of [`Sender::close`].
    pub async fn close(&mut self) -> Result<(), FlushError> {
        self.sender.close().await
    }

    fn receiver(&mut self) -> &mut Receiver {
        &mut self.receiver
    }

    fn look<R>(&self, look: impl FnOnce(&Link<Stream>) -> R) -> R {
        self.sender.look(look)
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
