//! Keys of properties.

use std::fmt;

use crate::{JsString, Symbol};

/// The key of a property.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum PropertyKey {
    /// A string, array indices included.
    String(JsString),
    /// A symbol.
    Symbol(Symbol),
}

/// A borrowed key, to look for a property.
#[derive(Clone, Copy, Debug)]
pub enum KeyRef<'k> {
    /// A string.
    Text(&'k str),
    /// A string that may have lone surrogates.
    String(&'k JsString),
    /// A symbol.
    Symbol(&'k Symbol),
}

impl PropertyKey {
    /// Whether it is the string of this text.
    #[inline]
    pub(crate) fn is_text(&self, text: &str) -> bool {
        matches!(self, Self::String(string) if string == text)
    }
}

impl<'k> KeyRef<'k> {
    /// The text of a string that has no lone surrogate.
    #[inline]
    pub(crate) fn text(self) -> Option<&'k str> {
        match self {
            Self::Text(text) => Some(text),
            Self::String(string) => string.as_str(),
            Self::Symbol(_) => None,
        }
    }

    /// Whether it is this key.
    pub(crate) fn is(&self, key: &PropertyKey) -> bool {
        match (self, key) {
            (KeyRef::Text(text), PropertyKey::String(key)) => key == *text,
            (KeyRef::String(string), PropertyKey::String(key)) => key == *string,
            (KeyRef::Symbol(symbol), PropertyKey::Symbol(key)) => key == *symbol,
            _ => false,
        }
    }
}

impl<'k> From<&'k str> for KeyRef<'k> {
    fn from(key: &'k str) -> Self {
        Self::Text(key)
    }
}

impl<'k> From<&'k JsString> for KeyRef<'k> {
    fn from(key: &'k JsString) -> Self {
        Self::String(key)
    }
}

impl<'k> From<&'k Symbol> for KeyRef<'k> {
    fn from(key: &'k Symbol) -> Self {
        Self::Symbol(key)
    }
}

impl<'k> From<&'k PropertyKey> for KeyRef<'k> {
    #[inline]
    fn from(key: &'k PropertyKey) -> Self {
        match key {
            PropertyKey::String(string) => Self::String(string),
            PropertyKey::Symbol(symbol) => Self::Symbol(symbol),
        }
    }
}

impl From<&str> for PropertyKey {
    fn from(key: &str) -> Self {
        Self::String(key.into())
    }
}

impl From<String> for PropertyKey {
    fn from(key: String) -> Self {
        Self::String(key.into())
    }
}

impl From<JsString> for PropertyKey {
    fn from(key: JsString) -> Self {
        Self::String(key)
    }
}

impl From<Symbol> for PropertyKey {
    fn from(key: Symbol) -> Self {
        Self::Symbol(key)
    }
}

impl fmt::Debug for PropertyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(key) => key.fmt(f),
            Self::Symbol(key) => key.fmt(f),
        }
    }
}
