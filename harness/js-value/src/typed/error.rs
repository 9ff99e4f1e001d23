//! Why a value of a type was not written or read.

use std::error::Error;
use std::fmt;

use crate::Exception;
use crate::clone::ReadError;
use crate::json::ParseError;

/// Why a value of a type was not written or read, as JSON text or as payload of a structured clone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TypedError {
    /// The value has no form that JavaScript reads as the same, or its `Serialize` failed.
    Value {
        /// What is wrong with it.
        message: String,
    },
    /// `JSON.parse` would throw a SyntaxError, or the text is too deep.
    Text(ParseError),
    /// Node would not read the payload, or it is too deep.
    Payload(ReadError),
    /// The text or payload is not what the type takes.
    Type {
        /// Where the value begins that is not, in bytes of the text in UTF-8 or of the payload.
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
            Self::Payload(error) => error.fmt(f),
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

impl From<ReadError> for TypedError {
    fn from(error: ReadError) -> Self {
        Self::Payload(error)
    }
}

/// The same while it is on its way: one word, so that results stay small.
#[derive(Debug)]
pub(crate) struct Failure(Box<Reason>);

#[derive(Debug)]
enum Reason {
    Text(ParseError),
    Payload(ReadError),
    /// Of a type. The place is known to those who called it.
    Type {
        position: Option<usize>,
        message: String,
    },
}

impl Failure {
    #[cold]
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Self(Box::new(Reason::Type { position: None, message: message.to_string() }))
    }

    /// With its place, unless that is known already.
    #[cold]
    pub(crate) fn at(mut self, place: usize) -> Self {
        if let Reason::Type { position: position @ None, .. } = &mut *self.0 {
            *position = Some(place);
        }
        self
    }

    /// Whether it is of a type, and not of the text or payload itself.
    pub(crate) fn is_of_type(&self) -> bool {
        matches!(*self.0, Reason::Type { .. })
    }

    pub(crate) fn of_reading(self) -> TypedError {
        match *self.0 {
            Reason::Text(error) => TypedError::Text(error),
            Reason::Payload(error) => TypedError::Payload(error),
            Reason::Type { position, message } => {
                TypedError::Type { position: position.unwrap_or_default(), message }
            }
        }
    }

    pub(crate) fn of_writing(self) -> TypedError {
        match *self.0 {
            Reason::Text(error) => TypedError::Text(error),
            Reason::Payload(error) => TypedError::Payload(error),
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

impl From<ReadError> for Failure {
    #[cold]
    fn from(error: ReadError) -> Self {
        Self(Box::new(Reason::Payload(error)))
    }
}

impl From<Exception> for Failure {
    #[cold]
    fn from(exception: Exception) -> Self {
        Self::new(exception)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Reason::Text(error) => error.fmt(f),
            Reason::Payload(error) => error.fmt(f),
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
