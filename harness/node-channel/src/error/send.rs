//! What can go wrong between `send()` and the kernel.

use std::fmt;

use js_value::Exception;

use super::{Blame, errno_name, is_of_the_peer};
use crate::handle::Handle;
use crate::proto::exception_name;

/// `send()` refused the message. Nothing was queued, and the channel is as usable as before. As part
/// of [`Event::Unserializable`](crate::Event::Unserializable): it was refused when its turn came.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SendError {
    /// The channel is closed. The value was not looked at.
    Closed,
    /// The value is `undefined`.
    Missing,
    /// The value is a function, a symbol or a bigint.
    InvalidType {
        /// What was given, in Node's words: `function foo`, `type bigint (10n)`.
        received: String,
    },
    /// The serializer threw. `JSON.stringify`: a cycle, a bigint inside, or an exception of user
    /// code (`toJSON`, a getter). Structured clone: something that cannot be cloned.
    Serialize(Exception),
    /// The value of a Rust type has no form that JavaScript reads as the same. Only from
    /// `send_as()`.
    Value {
        /// What is wrong with it.
        message: String,
    },
    /// `JSON.stringify` answered `undefined`, as when `toJSON()` returns nothing.
    ///
    /// Node writes the word `undefined` in this case, which is not JSON and kills the receiver.
    /// Refused here.
    Nothing,
    /// The clone is longer than a frame can be: 4 GiB.
    TooLarge {
        /// Bytes of the clone.
        size: usize,
    },
    /// What was given to `send_raw()` is empty, or holds an LF and so is more than one line.
    NotRaw,
    /// More bytes would wait in user space than
    /// [`Limits::max_queued_bytes`](crate::Limits::max_queued_bytes) allows.
    QueueFull {
        /// Bytes that wait already.
        queued: usize,
        /// Bytes of the refused message.
        size: usize,
        /// The configured limit.
        limit: usize,
    },
    /// More handles would wait for acknowledgement than
    /// [`Limits::max_queued_handles`](crate::Limits::max_queued_handles) allows.
    HandlesFull {
        /// The configured limit.
        limit: usize,
    },
}

impl SendError {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Serialize(Exception::TooDeep { .. })
            | Self::TooLarge { .. }
            | Self::QueueFull { .. }
            | Self::HandlesFull { .. } => Blame::Limit,
            Self::Closed
            | Self::Missing
            | Self::InvalidType { .. }
            | Self::Value { .. }
            | Self::Nothing
            | Self::NotRaw
            | Self::Serialize(_) => Blame::Caller,
        }
    }

    /// Whether it is the serializer that refused the message.
    pub(crate) fn is_of_serializer(&self) -> bool {
        matches!(self, Self::Serialize(_) | Self::Nothing | Self::TooLarge { .. })
    }

    /// Node's `error.code`; `None` where Node's error has none, or where Node has no such error.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Closed => Some("ERR_IPC_CHANNEL_CLOSED"),
            Self::Missing => Some("ERR_MISSING_ARGS"),
            Self::InvalidType { .. } => Some("ERR_INVALID_ARG_TYPE"),
            Self::Serialize(_)
            | Self::Value { .. }
            | Self::Nothing
            | Self::TooLarge { .. }
            | Self::NotRaw
            | Self::QueueFull { .. }
            | Self::HandlesFull { .. } => None,
        }
    }

    /// Node's error class.
    pub fn name(&self) -> &str {
        match self {
            Self::Missing
            | Self::InvalidType { .. }
            | Self::Value { .. }
            | Self::Nothing
            | Self::NotRaw => "TypeError",
            Self::Serialize(exception) => exception_name(exception),
            Self::TooLarge { .. } => "RangeError",
            Self::Closed | Self::QueueFull { .. } | Self::HandlesFull { .. } => "Error",
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("Channel closed"),
            Self::Missing => f.write_str("The \"message\" argument must be specified"),
            Self::InvalidType { received } => write!(
                f,
                "The \"message\" argument must be one of type string, object, number, or boolean. \
                 Received {received}"
            ),
            Self::Serialize(exception) => match exception {
                Exception::Thrown { message, .. } => f.write_str(message),
                other => other.fmt(f),
            },
            Self::Value { message } => f.write_str(message),
            Self::Nothing => {
                f.write_str("the message has no JSON form: JSON.stringify answered undefined")
            }
            Self::TooLarge { size } => {
                write!(f, "the message has {size} bytes; a frame has room for 4294967295")
            }
            Self::NotRaw => f.write_str("a raw message is one line, not empty and without LF"),
            Self::HandlesFull { limit } => {
                write!(f, "{limit} handles wait for the peer already, as many as the limit allows")
            }
            Self::QueueFull { queued, size, limit } => write!(
                f,
                "{size} more bytes on top of {queued} that wait for the peer exceed the limit of {limit}"
            ),
        }
    }
}

impl std::error::Error for SendError {}

/// `send_with()` refused the message. Nothing was queued, and the handle is given back.
///
/// It reads as the [`SendError`] that it holds, and `?` makes one of it where that is what a
/// function answers. Dropping it closes the handle.
#[derive(Debug)]
#[non_exhaustive]
pub struct NotSent {
    /// Why.
    pub error: SendError,
    /// The handle, as it was.
    pub handle: Handle,
}

impl NotSent {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        self.error.blame()
    }

    /// Node's `error.code`.
    pub fn code(&self) -> Option<&'static str> {
        self.error.code()
    }

    /// Node's error class.
    pub fn name(&self) -> &str {
        self.error.name()
    }
}

/// Closes the handle.
impl From<NotSent> for SendError {
    fn from(NotSent { error, .. }: NotSent) -> Self {
        error
    }
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for NotSent {
    // What is displayed is the error itself, so its source comes next.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

/// A message that `send()` took did not reach the kernel whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Undelivered {
    /// This side disconnected before the last byte was written.
    Disconnected,
    /// The peer closed the channel, or died, before the last byte was written.
    PeerClosed,
    /// The write failed.
    Os {
        /// The raw errno.
        errno: i32,
    },
    /// It waited behind a handle, and when its turn came it had no serialized form:
    /// [`Event::Unserializable`](crate::Event::Unserializable) comes before and says why.
    Unserializable,
}

impl Undelivered {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Disconnected | Self::Unserializable => Blame::Caller,
            Self::PeerClosed => Blame::Peer,
            Self::Os { errno } if is_of_the_peer(*errno) => Blame::Peer,
            Self::Os { .. } => Blame::Os,
        }
    }

    /// Node's `error.code`. For the first two Node itself reports success; the code is ours, from
    /// Node's vocabulary.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Disconnected => Some("ERR_IPC_DISCONNECTED"),
            Self::PeerClosed => Some("ERR_IPC_CHANNEL_CLOSED"),
            Self::Os { errno } => errno_name(*errno),
            Self::Unserializable => None,
        }
    }

    /// Node's error class.
    pub fn name(&self) -> &'static str {
        "Error"
    }
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disconnected => f.write_str("disconnected before the message was written"),
            Self::PeerClosed => {
                f.write_str("the peer closed the channel before the message was written")
            }
            Self::Os { errno } => match errno_name(*errno) {
                Some(name) => write!(f, "write {name}"),
                None => write!(f, "write errno {errno}"),
            },
            Self::Unserializable => f.write_str("the message could not be serialized"),
        }
    }
}

impl std::error::Error for Undelivered {}

/// `disconnect()` on a channel that is already disconnected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisconnectError;

impl DisconnectError {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        Blame::Caller
    }

    /// Node's `error.code`.
    pub fn code(&self) -> Option<&'static str> {
        Some("ERR_IPC_DISCONNECTED")
    }

    /// Node's error class.
    pub fn name(&self) -> &'static str {
        "Error"
    }
}

impl fmt::Display for DisconnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IPC channel is already disconnected")
    }
}

impl std::error::Error for DisconnectError {}

/// Not everything could be handed to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlushError {
    /// The time is up; the bytes still wait and the channel is open.
    TimedOut {
        /// Bytes that still wait.
        queued: usize,
    },
    /// The peer takes nothing, and as much of what it sent waits to be taken as
    /// [`Limits::max_received_bytes`](crate::Limits::max_received_bytes) allows, so nothing more is
    /// read: receive some, and call again. The bytes still wait and the channel is open.
    Untaken {
        /// Bytes that still wait.
        queued: usize,
        /// The configured limit.
        limit: usize,
    },
    /// The channel was closed, or some of what waited was lost.
    Undelivered(Undelivered),
}

impl FlushError {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::TimedOut { .. } | Self::Untaken { .. } => Blame::Limit,
            Self::Undelivered(error) => error.blame(),
        }
    }

    /// Node's `error.code`.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::TimedOut { .. } | Self::Untaken { .. } => None,
            Self::Undelivered(error) => error.code(),
        }
    }

    /// Node's error class.
    pub fn name(&self) -> &'static str {
        "Error"
    }
}

impl fmt::Display for FlushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut { queued } => write!(f, "timed out with {queued} bytes not yet written"),
            Self::Untaken { queued, limit } => write!(
                f,
                "{queued} bytes not yet written, and nothing is read while what waits to be taken \
                 exceeds the limit of {limit} bytes: receive some"
            ),
            Self::Undelivered(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FlushError {}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn a_write_that_fails_because_of_the_peer_is_blamed_on_it() {
        for errno in [Errno::PIPE, Errno::CONNRESET, Errno::NOTCONN, Errno::CONNREFUSED] {
            let errno = errno.raw_os_error();
            assert_eq!(Undelivered::Os { errno }.blame(), Blame::Peer, "{errno}");
        }
        for errno in [Errno::BADF, Errno::NOMEM, Errno::TOOMANYREFS] {
            let errno = errno.raw_os_error();
            assert_eq!(Undelivered::Os { errno }.blame(), Blame::Os, "{errno}");
        }
    }
}
