//! What JavaScript code throws.

use std::fmt;

use crate::object::ErrorClass;

/// An exception out of `JSON.stringify`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exception {
    /// An error that JavaScript throws: of the engine itself, or of a getter or `toJSON`.
    Thrown {
        /// Its class.
        class: ErrorClass,
        /// Its message.
        message: String,
    },
    /// Containers are nested deeper than [`StringifyOptions::max_depth`](crate::json::StringifyOptions::max_depth).
    TooDeep {
        /// The limit.
        limit: usize,
    },
}

impl Exception {
    pub(crate) fn type_error(message: impl Into<String>) -> Self {
        Self::Thrown { class: ErrorClass::TypeError, message: message.into() }
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Thrown { class, message } => write!(f, "{}: {message}", class.name()),
            Self::TooDeep { limit } => write!(f, "nested deeper than the limit of {limit}"),
        }
    }
}

impl std::error::Error for Exception {}
