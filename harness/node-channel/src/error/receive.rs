//! What can go wrong with received messages, and while waiting for them.

use std::fmt;

use super::Blame;

/// Something of the peer that is no message, or a message whose handle cannot be had. The channel
/// stays usable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidMessage {
    /// The line is not JSON.
    Syntax {
        /// The first characters of the line.
        start: String,
        /// What is wrong, and where.
        message: String,
    },
    /// The frame is no structured clone.
    Clone {
        /// The first bytes of the frame, in hexadecimal.
        start: String,
        /// What is wrong, and where.
        message: String,
    },
    /// The message is not of the type that was asked for. Only from `recv_as()`.
    Type {
        /// The first characters of the line, or the first bytes of the frame in hexadecimal.
        start: String,
        /// What was expected, what is there, and where.
        message: String,
    },
    /// The message is nested deeper than [`Limits::max_depth`](crate::Limits::max_depth).
    TooDeep {
        /// The first characters of the line, or the first bytes of the frame in hexadecimal.
        start: String,
        /// The configured limit.
        limit: usize,
    },
    /// The message is longer than
    /// [`Limits::max_message_bytes`](crate::Limits::max_message_bytes). The rest of it is skipped.
    TooLong {
        /// The first characters of the line, or the first bytes of the frame in hexadecimal.
        start: String,
        /// The configured limit.
        limit: usize,
    },
    /// The message came with a handle that cannot be used. It is closed, and the message is not
    /// delivered.
    Handle(HandleError),
}

/// Why a received handle cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandleError {
    /// The peer names a type that this version does not know, or none.
    UnknownType {
        /// What it names.
        found: String,
    },
    /// The descriptor is of another kind than the peer says.
    Mismatch {
        /// What the peer says: `net.Server`.
        announced: &'static str,
        /// What the descriptor is: `a UDP socket`.
        found: &'static str,
    },
    /// Descriptors were lost on the way: this process, or the system, has too many open.
    Lost,
    /// More descriptors came than [`Limits::max_descriptors`](crate::Limits::max_descriptors)
    /// allows to be held.
    TooMany {
        /// The configured limit.
        limit: usize,
    },
}

impl HandleError {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::UnknownType { .. } | Self::Mismatch { .. } => Blame::Peer,
            Self::Lost => Blame::Os,
            Self::TooMany { .. } => Blame::Limit,
        }
    }
}

impl fmt::Display for HandleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownType { found } => write!(f, "{found:?} is no type of a handle"),
            Self::Mismatch { announced, found } => {
                write!(f, "the handle is announced as {announced}, and is {found}")
            }
            Self::Lost => f.write_str(
                "a handle was lost: this process has no descriptor left for it (see ulimit -n)",
            ),
            Self::TooMany { limit } => {
                write!(f, "more than {limit} received descriptors, the limit, wait to be taken")
            }
        }
    }
}

impl std::error::Error for HandleError {}

impl InvalidMessage {
    /// How the message begins: the first characters of a line, or the first bytes of a frame in
    /// hexadecimal. Empty if the message itself is fine.
    pub fn start(&self) -> &str {
        match self {
            Self::Syntax { start, .. }
            | Self::Clone { start, .. }
            | Self::Type { start, .. }
            | Self::TooDeep { start, .. }
            | Self::TooLong { start, .. } => start,
            Self::Handle(_) => "",
        }
    }

    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Syntax { .. } | Self::Clone { .. } | Self::Type { .. } => Blame::Peer,
            Self::TooDeep { .. } | Self::TooLong { .. } => Blame::Limit,
            Self::Handle(error) => error.blame(),
        }
    }

    /// Node's `error.code`. Most of what Node throws here has none.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Handle(HandleError::Lost) => Some("EMFILE"),
            _ => None,
        }
    }

    /// Node's error class.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "SyntaxError",
            Self::TooDeep { .. } | Self::TooLong { .. } => "RangeError",
            // As Node, which has no converter for it.
            Self::Handle(HandleError::UnknownType { .. }) => "TypeError",
            Self::Type { .. } => "TypeError",
            Self::Clone { .. } | Self::Handle(_) => "Error",
        }
    }
}

impl fmt::Display for InvalidMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { message, .. }
            | Self::Clone { message, .. }
            | Self::Type { message, .. } => f.write_str(message),
            Self::TooDeep { start, limit } => {
                write!(f, "the message is nested deeper than the limit of {limit}: {start:?}")
            }
            Self::TooLong { start, limit } => {
                write!(f, "the message is longer than the limit of {limit} bytes: {start:?}")
            }
            Self::Handle(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for InvalidMessage {}

/// `recv()` has no message to give.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecvError {
    /// The peer sent something that is no message. Call again for the next one.
    Invalid(InvalidMessage),
    /// The time is up.
    TimedOut,
    /// Waiting failed.
    Os {
        /// The raw errno of poll(2).
        errno: i32,
    },
}

impl RecvError {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Invalid(error) => error.blame(),
            Self::TimedOut => Blame::Limit,
            Self::Os { .. } => Blame::Os,
        }
    }

    /// Node's `error.code`.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Invalid(error) => error.code(),
            Self::TimedOut => None,
            Self::Os { errno } => super::errno_name(*errno),
        }
    }

    /// Node's error class.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Invalid(error) => error.name(),
            Self::TimedOut | Self::Os { .. } => "Error",
        }
    }
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) => error.fmt(f),
            Self::TimedOut => f.write_str("timed out waiting for a message"),
            Self::Os { errno } => match super::errno_name(*errno) {
                Some(name) => write!(f, "poll {name}"),
                None => write!(f, "poll errno {errno}"),
            },
        }
    }
}

impl std::error::Error for RecvError {}
