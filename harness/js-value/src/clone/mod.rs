//! The wire format of structured clones: what a channel with `serialization: 'advanced'` carries in
//! its frames, and what `v8.serialize` returns.
//!
//! [`write()`] gives the bytes that Node gives, or the [`Exception`](crate::Exception) that it
//! throws; [`read`] gives the value that Node gives. Both are iterative, so a value may be nested to
//! any depth, and both copy a long string or buffer once.
//!
//! ```
//! use js_value::clone::{self, ReadLimits, WriteOptions};
//! use js_value::{Graph, Kind, Object, ViewClass};
//!
//! let mut graph = Graph::default();
//! let buffer = Kind::View { class: ViewClass::Buffer, bytes: b"hi".to_vec().into() };
//! let buffer = graph.add(Object::new(buffer));
//! let root = graph.add_object([("b", buffer.into())]);
//! let mut payload = Vec::new();
//! clone::write(&graph, &root, &WriteOptions::default(), &mut payload)?;
//! assert_eq!(payload, b"\xff\x0fo\"\x01b\\\x00\x0a\x02hi{\x01");
//!
//! let graph = clone::read(&payload, &ReadLimits::default())?;
//! let bytes = graph.view().get("b").and_then(|b| Some(b.as_object()?.kind.clone()));
//! assert_eq!(bytes, Some(Kind::View { class: ViewClass::Buffer, bytes: b"hi".to_vec().into() }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With the feature `serde`, `to_payload` and `from_payload` do the same for types of serde, without
//! a graph between the type and the payload.
//!
//! # Versions
//!
//! Version 15 is written, `ff 0f`: Node 18 to 26 write it and read 13 to 15, and 13 to 15 are read
//! here. Version 16 is refused as all of them refuse it: no release of Node writes it, and V8 lays
//! out lengths otherwise in it.
//!
//! # What differs from Node
//!
//! - An error is written as message, stack, cause. Node 18 and 20 write the cause before the stack,
//!   which Node 22 to 26 do not read; the order here is read by all. Any order is read.
//! - A string whose code units all fit in a byte is written as one-byte string. Node sometimes
//!   writes it as two-byte string, by its history.
//! - The choice between a dense and a sparse array is by its holes, and numbers of an array are
//!   written as doubles if one of them needs it. In Node both depend on the history of the array.
//! - A function has no source text here: its refusal shows it as a native function.
//! - `v8.serialize` refuses a view without its own prototype by `util.inspect`, which is not
//!   modelled: the refusal names the class.
//! - The pattern of a RegExp is read without a look at its syntax.
//! - An immutable ArrayBuffer, which only Node 26 reads, is read as any other.
//! - A BigInt that is -0 is refused as Node 20 to 26 do; Node 18 reads it.
//! - Node runs out of stack some thousand levels deep; here only `max_depth` ends.

mod error_object;
mod input;
mod lookup;
mod members;
mod output;
mod part;
mod read;
mod refusal;
mod regexp;
mod tag;
#[cfg(test)]
mod tests;
mod text;
#[cfg(feature = "serde")]
mod typed;
#[cfg(feature = "serde")]
mod walk;
mod write;

use std::fmt;

pub use read::read;
#[cfg(feature = "serde")]
pub use typed::{TypedError, from_payload, to_payload};
pub use write::write;

/// How views and other host objects are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// As the channel between a parent and a child process has them: `5c`, then 0 and a view, or 1
    /// and a plain object of the own properties.
    #[default]
    Channel,
    /// As `v8.serialize` has them: `5c` and a view.
    V8,
}

/// How to write a payload. By default it is for a channel, and there is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// The form of host objects.
    pub dialect: Dialect,
    /// How many objects may be nested in one another: 1 allows those of primitives.
    pub max_depth: Option<usize>,
}

/// What a payload may be. By default it is of a channel, and there is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadLimits {
    /// The form of host objects.
    pub dialect: Dialect,
    /// How many objects may be nested in one another.
    pub max_depth: Option<usize>,
}

/// Why a payload was not read. Positions are in bytes from the start of the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadError {
    /// The payload does not begin with `ff` and a version from 13 to 15. Node: "Unable to
    /// deserialize cloned data due to invalid or unsupported version."
    Version {
        /// The version, if there is one.
        found: Option<u32>,
    },
    /// The payload breaks the format, and Node throws "Unable to deserialize cloned data." or, for
    /// host objects, another error.
    Malformed {
        /// Where.
        position: usize,
        /// What is wrong there.
        message: &'static str,
    },
    /// The payload is nested deeper than [`ReadLimits::max_depth`].
    TooDeep {
        /// Where.
        position: usize,
        /// The limit.
        limit: usize,
    },
    /// Views of one ArrayBuffer, which Node does not write, are together longer than the payload.
    /// Each would be a copy.
    ViewsTooLong {
        /// Where.
        position: usize,
        /// The bytes of the payload.
        limit: usize,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { found: None } => {
                f.write_str("the payload does not begin with ff and a version")
            }
            Self::Version { found: Some(found) } => {
                write!(f, "the payload is of version {found}; 13 to 15 can be read")
            }
            Self::Malformed { position, message } => write!(f, "{message} at byte {position}"),
            Self::TooDeep { position, limit } => {
                write!(f, "nested deeper than the limit of {limit} at byte {position}")
            }
            Self::ViewsTooLong { position, limit } => write!(
                f,
                "views of shared buffers take more than the {limit} bytes of the payload at byte \
                 {position}"
            ),
        }
    }
}

impl std::error::Error for ReadError {}

/// The version that is written.
const VERSION: u8 = 15;
