//! The protocol without I/O: bytes in, bytes out, events out.
//!
//! [`Connection`] is one end of a channel as data. It never reads a clock, never reads or writes a
//! descriptor, and does not panic on any input. A front end moves bytes and descriptors between it
//! and a socket; [`Channel`](crate::Channel) is one.

mod ahead;
mod buffer;
mod codec;
mod connection;
mod counts;
mod event;
mod handshake;
mod inbox;
mod keep_alive;
mod limits;
mod outbox;
mod pages;
mod payload;
mod receiving;
mod reserved;
mod sending;
mod serialization;
mod tail;
#[cfg(test)]
mod tests;
#[cfg(feature = "serde")]
mod typed;

pub(crate) use codec::exception_name;
pub use connection::{BACKLOG_THRESHOLD, Connection, Raw, Role};
pub(crate) use counts::Guard;
pub use event::{Event, Message, MessageId};
pub use keep_alive::KeepAlive;
pub use limits::Limits;
pub use sending::SendOptions;
pub use serialization::Serialization;
pub(crate) use tail::Outlet;
#[cfg(feature = "serde")]
pub use typed::Typed;
