//! What ends a serialization.

use std::fmt;

use crate::ErrorClass;

/// What `JSON.stringify` or Node's serializer throws, or a limit of the caller that Node does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exception {
    /// An error of JavaScript: of the serializer, or of a getter or `toJSON`.
    Thrown {
        /// The class of the error.
        class: ErrorClass,
        /// Its message.
        message: String,
    },
    /// The value is nested deeper than the caller's `max_depth`.
    TooDeep {
        /// The limit.
        limit: usize,
    },
}

impl Exception {
    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self::Thrown { class: ErrorClass::Error, message: message.into() }
    }

    pub(crate) fn type_error(message: impl Into<String>) -> Self {
        Self::Thrown { class: ErrorClass::TypeError, message: message.into() }
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Thrown { class, message } => write!(f, "{class}: {message}"),
            Self::TooDeep { limit } => write!(f, "nested deeper than the limit of {limit}"),
        }
    }
}

impl std::error::Error for Exception {}
