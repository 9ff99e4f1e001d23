//! `JSON.stringify` and `JSON.parse`.
//!
//! With the feature `serde`, `to_text` and `from_text` do the same for types of serde, without a
//! graph between the type and the text.

mod circular;
mod lookup;
mod parse;
#[cfg(test)]
mod parse_tests;
pub(crate) mod scanner;
mod sink;
mod source;
mod stringify;
#[cfg(test)]
mod stringify_tests;
mod text;
mod to_text;
#[cfg(feature = "serde")]
mod typed;
mod walk;

use std::fmt;

use crate::{Behaviour, Exception, Graph, Value};

pub(crate) use lookup::{Returned, call_getter, value_to_text};
pub use parse::{parse, parse_with_plain};
pub use sink::{PART_BYTES, Sink};
pub use stringify::write;
pub use text::plain_length;
#[cfg(feature = "serde")]
pub use typed::{TypedError, from_text, from_text_with_plain, to_text};

/// What surrounds a call of `JSON.stringify`. By default there is no limit and nothing is patched.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StringifyOptions {
    /// How many arrays and objects may be nested in one another: 1 allows those of primitives.
    pub max_depth: Option<usize>,
    /// Changed built-in prototypes.
    pub prototypes: PatchedPrototypes,
}

/// Methods that a program added to built-in prototypes. Objects that they refer to are of the graph
/// that is serialized.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PatchedPrototypes {
    /// `BigInt.prototype.toJSON`.
    pub big_int_to_json: Option<Behaviour>,
    /// `Object.prototype.toJSON`.
    pub object_to_json: Option<Behaviour>,
}

/// What a text may be. By default there is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParseLimits {
    /// How many arrays and objects may be nested in one another.
    pub max_depth: Option<usize>,
}

/// Why a text was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// `JSON.parse` would throw a SyntaxError.
    Syntax {
        /// Where, in bytes of UTF-8.
        position: usize,
        /// What is wrong there.
        message: String,
    },
    /// The text is nested deeper than [`ParseLimits::max_depth`].
    TooDeep {
        /// The limit.
        limit: usize,
    },
}

/// The text of the root of a graph; `None` where `JSON.stringify` returns `undefined`.
///
/// # Errors
///
/// When `JSON.stringify` would throw, or the value is deeper than the options allow.
pub fn stringify(graph: &Graph, options: &StringifyOptions) -> Result<Option<String>, Exception> {
    stringify_value(graph, graph.root(), options)
}

/// The text of a value of a graph; `None` where `JSON.stringify` returns `undefined`.
///
/// # Errors
///
/// When `JSON.stringify` would throw, or the value is deeper than the options allow.
pub fn stringify_value(
    graph: &Graph,
    value: &Value,
    options: &StringifyOptions,
) -> Result<Option<String>, Exception> {
    let mut out = Vec::new();
    let written = write(graph, value, options, &mut out)?;
    Ok(written.then(|| String::from_utf8(out).expect("only whole UTF-8 sequences are written")))
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { position, message } => write!(f, "{message} at byte {position}"),
            Self::TooDeep { limit } => write!(f, "nested deeper than the limit of {limit}"),
        }
    }
}

impl std::error::Error for ParseError {}
