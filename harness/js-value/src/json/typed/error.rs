//! Why a value of a type was not written or read.

use std::error::Error;
use std::fmt;

use super::ParseError;

/// Why a value of a type was not written or read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypedError {
    /// The value has no JSON form that JavaScript reads as the same, or its `Serialize` failed.
    Value {
        /// What is wrong with it.
        message: String,
    },
    /// `JSON.parse` would throw a SyntaxError, or the text is too deep.
    Text(ParseError),
    /// The text is not what the type takes.
    Type {
        /// Where the value begins that is not, in bytes of UTF-8.
        position: usize,
        /// What was expected, and what is there.
        message: String,
    },
}

impl fmt::Display for TypedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { message } => f.write_str(message),
            Self::Text(error) => error.fmt(f),
            Self::Type { position, message } => write!(f, "{message} at byte {position}"),
        }
    }
}

impl Error for TypedError {}

impl From<ParseError> for TypedError {
    fn from(error: ParseError) -> Self {
        Self::Text(error)
    }
}

/// The same while it is on its way: one word, so that results stay small.
#[derive(Debug)]
pub(super) struct Failure(Box<Reason>);

#[derive(Debug)]
enum Reason {
    Text(ParseError),
    /// Of a type. The place is known to those who called it.
    Type {
        position: Option<usize>,
        message: String,
    },
}

impl Failure {
    #[cold]
    pub(super) fn new(message: impl fmt::Display) -> Self {
        Self(Box::new(Reason::Type { position: None, message: message.to_string() }))
    }

    /// With its place, unless that is known already.
    #[cold]
    pub(super) fn at(mut self, place: usize) -> Self {
        if let Reason::Type { position: position @ None, .. } = &mut *self.0 {
            *position = Some(place);
        }
        self
    }

    pub(super) fn is_of_text(&self) -> bool {
        matches!(*self.0, Reason::Text(_))
    }

    pub(super) fn of_reading(self) -> TypedError {
        match *self.0 {
            Reason::Text(error) => TypedError::Text(error),
            Reason::Type { position, message } => {
                TypedError::Type { position: position.unwrap_or_default(), message }
            }
        }
    }

    pub(super) fn of_writing(self) -> TypedError {
        match *self.0 {
            Reason::Text(error) => TypedError::Text(error),
            Reason::Type { message, .. } => TypedError::Value { message },
        }
    }
}

impl From<ParseError> for Failure {
    #[cold]
    fn from(error: ParseError) -> Self {
        Self(Box::new(Reason::Text(error)))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Reason::Text(error) => error.fmt(f),
            Reason::Type { message, .. } => f.write_str(message),
        }
    }
}

impl Error for Failure {}

impl serde::ser::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message)
    }
}

impl serde::de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message)
    }
}
