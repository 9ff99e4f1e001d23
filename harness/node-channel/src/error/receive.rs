//! What can go wrong with received lines, and while waiting for them.

use std::fmt;

use super::Blame;

/// A line of the peer that is no message. The channel stays usable.
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
    /// The message is nested deeper than [`Limits::max_depth`](crate::Limits::max_depth).
    TooDeep {
        /// The first characters of the line.
        start: String,
        /// The configured limit.
        limit: usize,
    },
    /// The line is longer than [`Limits::max_line_bytes`](crate::Limits::max_line_bytes). The rest
    /// of it is skipped.
    LineTooLong {
        /// The first characters of the line.
        start: String,
        /// The configured limit.
        limit: usize,
    },
}

impl InvalidMessage {
    /// The first characters of the line.
    pub fn line_start(&self) -> &str {
        match self {
            Self::Syntax { start, .. }
            | Self::TooDeep { start, .. }
            | Self::LineTooLong { start, .. } => start,
        }
    }

    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Syntax { .. } => Blame::Peer,
            Self::TooDeep { .. } | Self::LineTooLong { .. } => Blame::Limit,
        }
    }

    /// Node's `error.code`: a `SyntaxError` has none.
    pub fn code(&self) -> Option<&'static str> {
        None
    }

    /// Node's error class.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "SyntaxError",
            Self::TooDeep { .. } | Self::LineTooLong { .. } => "RangeError",
        }
    }
}

impl fmt::Display for InvalidMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { message, .. } => f.write_str(message),
            Self::TooDeep { start, limit } => {
                write!(f, "the message is nested deeper than the limit of {limit}: {start:?}")
            }
            Self::LineTooLong { start, limit } => {
                write!(f, "the line is longer than the limit of {limit} bytes: {start:?}")
            }
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
