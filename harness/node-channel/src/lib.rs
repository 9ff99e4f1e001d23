//! Node's child-process IPC channel, spoken from Rust.
//!
//! With this crate a Rust program forks Node children and exchanges messages with them, or is
//! itself forked by Node and answers `process.send()`. Messages are JavaScript values
//! ([`js_value::Graph`]); what goes over the wire is what Node writes and reads, including backlog
//! answers, reserved messages, disconnect and the wording of errors.
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
//! # Layers
//!
//! [`proto`] is the protocol without I/O. [`Channel`] puts it on a Unix socket: blocking calls for
//! programs without an event loop, and building blocks for those with one. [`Fork`] starts
//! children.
//!
//! # Where it differs from Node
//!
//! On purpose, and only where Node's behaviour is an accident that no program can want:
//!
//! - A line that is no JSON is reported as [`Event::Invalid`] and costs that line only. Node loses
//!   the rest of what it read with it, and every later message if the bad line came in more than
//!   one read.
//! - A message that stringifies to nothing is refused with [`SendError::Nothing`]. Node writes the
//!   word `undefined`, which kills the receiver.
//! - A message that was still waiting when the channel closed completes with an error. Node reports
//!   success.
//! - An acknowledgement that nothing waits for (`NODE_HANDLE_ACK`, `NODE_HANDLE_NACK`) is reported
//!   as [`Event::Reserved`] and otherwise ignored. Node dies of it.
//! - `disconnect()` drops an unfinished line of the peer. Node waits for its end, and then never
//!   reports the disconnect.
//! - The descriptor in `NODE_CHANNEL_FD` must be an open socket. Node also takes the write end of a
//!   pipe.
//! - [`Fork`] sets `NODE_CHANNEL_FD` and `NODE_CHANNEL_SERIALIZATION_MODE` last. In Node the
//!   caller's own values win, which a program that hands its whole environment on cannot want.
//!
//! # What is not the channel's
//!
//! Modules that Node builds on the channel, such as `cluster`, and what belongs to the language:
//! `this` in callbacks, promises, AbortSignal, worker threads, functions that a program replaces.
//! What Node refuses at run time because an argument has the wrong type, Rust's types rule out.
//!
//! # Not there yet
//!
//! Advanced serialization (refused with an error that says so), passing of handles (descriptors
//! that arrive are closed, and the peer is told so with `NODE_HANDLE_NACK`), `timeout`,
//! `killSignal`, user and group ids for children, and an async front end. Unix only.

#![deny(unsafe_code)]

mod channel;
mod error;
mod fork;
mod handle;
mod inherited;
pub mod proto;
mod signal;
mod socket;

pub use channel::{Batch, Channel, Messages, Ready, Receipt};
pub use error::{
    Blame, DisconnectError, EnvError, FlushError, HandleError, InvalidMessage, RecvError,
    SendError, SpawnError, Undelivered,
};
pub use fork::{Child, ExitStatus, Fork, Stdio};
pub use handle::{ConvertError, Counted, Handle, HandleKind, UnsupportedDescriptor};
pub use inherited::{CHANNEL_FD, SERIALIZATION_MODE, remove_variables, scrub};
pub use js_value;
pub use proto::{
    BACKLOG_THRESHOLD, Event, KeepAlive, Limits, Message, MessageId, Raw, Role, SendOptions,
    Serialization,
};
pub use signal::Signal;
