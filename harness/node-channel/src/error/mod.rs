//! Errors, ordered by whose fault they are.
//!
//! Each error type answers four questions: [`Blame`] (who has to change something), `code()`
//! (Node's `error.code`, where Node has one), `name()` (Node's error class) and `Display` (Node's
//! wording, where Node has any).

mod errno;
mod receive;
mod send;
mod start;

pub(crate) use errno::{errno_name, is_of_the_peer};
pub use receive::{HandleError, InvalidMessage, RecvError};
pub use send::{DisconnectError, FlushError, NotSent, SendError, Undelivered};
pub use start::{EnvError, SpawnError};

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blame {
    /// The other end of the channel, or its absence.
    Peer,
    /// The program that called this library, or the environment it was started in.
    Caller,
    /// The operating system refused.
    Os,
    /// A limit that the caller configured was reached.
    Limit,
}
