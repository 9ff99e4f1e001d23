//! Node's child-process IPC channel, spoken from Rust.
//!
//! With this crate a Rust program forks Node children and exchanges messages with them, or is
//! itself forked by Node and answers `process.send()`. Messages are JavaScript values
//! ([`js_value::Graph`]), in either [`Serialization`]; sockets travel with them as [`Handle`]s. What
//! goes over the wire is what Node writes and reads, including backlog answers, acknowledgement of
//! handles, counting of connections, reserved messages, disconnect and the wording of errors.
//!
//! # Forking a Node child
//!
//! ```no_run
//! use js_value::Graph;
//! use node_channel::Fork;
//!
//! let mut child = Fork::new("worker.js").spawn()?;
//! child.channel.send(&Graph::from("start"))?;
//! while let Some(message) = child.channel.recv()? {
//!     println!("{message:?}");
//! }
//! println!("worker ended: {}", child.wait()?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Being forked by Node
//!
//! ```no_run
//! use node_channel::Channel;
//!
//! let mut channel = Channel::from_env()?.expect("start me with fork() of node:child_process");
//! while let Some(message) = channel.recv()? {
//!     channel.send(&message)?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # With tokio
//!
//! The feature `tokio` adds `node_channel::tokio`, with the same names:
//!
//! ```no_run
//! # #[cfg(feature = "tokio")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use js_value::Graph;
//! use node_channel::Fork;
//!
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
//! # Two threads
//!
//! [`Channel::split`] gives a [`Sender`] and a [`Receiver`], which two threads use without waiting
//! for each other. [`Child::process`] is for whoever waits for the child or ends it meanwhile.
//!
//! # Handles
//!
//! [`Channel::send_with`] sends a listener, a stream or a UDP socket along with a message;
//! [`Channel::recv_message`] receives one. A handle is given away: it is closed here once the peer
//! has acknowledged it. A program that goes on using it sends a clone. What is not sent comes back:
//! with [`NotSent`] if the message is refused here, with [`Event::HandleRefused`] if the peer does
//! not take it, the channel closes before it is written, or its message proves to have no serialized
//! form when its turn comes, and with [`Event::HandleUnanswered`] if the channel closes before the
//! peer has answered. Who calls [`Channel::recv`] alone passes over these events, which closes the
//! handles in them.
//!
//! A connection that a Node server accepted and passed on is still that server's: the received
//! stream is [`Counted`], and `server.close()` over there completes when it is dropped here.
//!
//! # Peers that are not trusted
//!
//! [`Limits`] bound what a peer can make this process hold: the size and depth of a message, the
//! descriptors that it may leave lying about, what waits because it does not read, and what it sends
//! that is not taken. Each of them ends in a typed error, or in the peer being held up, and the
//! channel goes on.
//!
//! # Layers
//!
//! [`proto`] is the protocol without I/O. [`Channel`] puts it on a Unix socket: blocking calls for
//! programs without an event loop, and building blocks for those with one;
//! `tokio::Channel` is the same for tokio. [`Fork`] starts children.
//!
//! # Where it differs from Node
//!
//! On purpose, and only where Node's behaviour is an accident that no program can want:
//!
//! - A line that is no JSON, or a frame that is no clone, is reported as [`Event::Invalid`] and costs
//!   that message only. Node loses or delays the rest of what it read with it, and loses every later
//!   message if a bad line came in more than one read.
//! - Whether a message of the program is valid is found out when it is taken. Node reads all that
//!   came at once.
//! - A message that stringifies to nothing is refused with [`SendError::Nothing`]. Node writes the
//!   word `undefined`, which kills the receiver.
//! - A message that was still waiting when the channel closed completes with an error. Node reports
//!   success.
//! - An acknowledgement that nothing waits for (`NODE_HANDLE_ACK`, `NODE_HANDLE_NACK`) is reported
//!   as [`Event::Reserved`] and otherwise ignored. Node dies of it.
//! - `disconnect()` drops an unfinished message of the peer. Node waits for its end, and then never
//!   reports the disconnect.
//! - Messages behind a handle are serialized by `send()`. Node does it when the handle is
//!   acknowledged: changes until then are sent too, and what waits behind a message that has no
//!   serialized form is lost.
//! - A refused stream is sent again as it was sent first. Node wraps the whole message in another,
//!   and dies of the two acknowledgements that this brings. What Node wraps is understood, and
//!   acknowledged once.
//! - The second of two handles that came in one read is refused, as in Node, and its descriptor
//!   closed. Node gives that to the message of a later handle, and so on with all that follow.
//! - A handle that the peer does not take is given back with [`Event::HandleRefused`], or with
//!   [`Event::HandleUnanswered`] when the channel closes before the peer answers. Node closes a
//!   stream, and says nothing about the others.
//! - The end of the peer is reported while an acknowledgement is due; Node then never reports the
//!   disconnect. After `disconnect()`, all that waited behind a handle is written; Node drops what
//!   the kernel does not take at once.
//! - A handle never overtakes or falls behind the messages around it. In Node a plain message may
//!   overtake the handle that came in the same read.
//! - A descriptor is checked against what the peer announces, and a mismatch, or an unknown type, is
//!   [`Event::Invalid`]. Node throws, or aborts if it is a file.
//! - Counts of connections are not reported as [`Event::Reserved`]: they have events of their own.
//! - Of the servers whose connections are counted, 1024 are known, with keys of at most 256 bytes.
//!   With one more, those that no connection is open of are forgotten. In Node a peer can make up as
//!   many as it likes.
//! - A message may be nested to any depth that [`Limits::max_depth`] allows. Node throws some thousand
//!   levels down, and dies of a message that is deeper.
//! - The descriptor in `NODE_CHANNEL_FD` must be an open socket. Node also takes the write end of a
//!   pipe.
//! - [`Fork`] sets `NODE_CHANNEL_FD` and `NODE_CHANNEL_SERIALIZATION_MODE` last. In Node the
//!   caller's own values win, which a program that hands its whole environment on cannot want.
//!
//! # What is not the channel's
//!
//! Modules that Node builds on the channel, such as `cluster`, and what belongs to the language:
//! `this` in callbacks, promises, worker threads, functions that a program replaces. For Node's
//! `signal` option, an AbortSignal, there is [`Process::abort`].
//! What Node refuses at run time because an argument has the wrong type, Rust's types rule out.
//!
//! # Not there yet
//!
//! Other systems than Linux.

#![deny(unsafe_code)]

mod channel;
mod error;
mod fork;
mod handle;
mod inherited;
pub mod proto;
mod signal;
mod socket;
#[cfg(feature = "tokio")]
pub mod tokio;

pub use channel::{Batch, Channel, Messages, Ready, Receipt, Receiver, Sender};
pub use error::{
    Blame, DisconnectError, EnvError, FlushError, HandleError, InvalidMessage, NotSent, RecvError,
    SendError, SpawnError, Undelivered,
};
pub use fork::{Child, ExitStatus, Fork, Process, Stdio};
pub use handle::{ConvertError, Counted, Handle, HandleKind, UnsupportedDescriptor};
pub use inherited::{CHANNEL_FD, SERIALIZATION_MODE, remove_variables, scrub};
pub use js_value;
#[cfg(feature = "serde")]
pub use proto::Typed;
pub use proto::{
    BACKLOG_THRESHOLD, Event, KeepAlive, Limits, Message, MessageId, Raw, Role, SendOptions,
    Serialization,
};
pub use signal::Signal;

/// The programs in the README, which the tests of the documentation compile.
#[cfg(all(doctest, feature = "serde", feature = "tokio"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
