//! Values.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::{BigInt, JsString, ObjectId};

/// A JavaScript value. Objects live in a [`Graph`](crate::Graph).
///
/// `==` is that of primitives (so NaN is unequal to itself) and the identity of objects within one
/// graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `undefined`.
    #[default]
    Undefined,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A BigInt.
    BigInt(BigInt),
    /// A string.
    String(JsString),
    /// A symbol.
    Symbol(Symbol),
    /// An object: anything else, functions included.
    Object(ObjectId),
}

/// A symbol: equal to its clones only.
#[derive(Clone)]
pub struct Symbol(Arc<str>);

impl Symbol {
    /// A fresh symbol, unequal to all others.
    pub fn new(description: &str) -> Self {
        Self(Arc::from(description))
    }

    /// Its description.
    pub fn description(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Symbol {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Symbol {}

impl Hash for Symbol {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).cast::<u8>().hash(state);
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Symbol({})", self.0)
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! from {
    ($($type:ty => |$it:ident| $value:expr;)*) => {
        $(impl From<$type> for Value {
            fn from($it: $type) -> Self {
                $value
            }
        })*
    };
}

from! {
    bool => |b| Self::Bool(b);
    f64 => |n| Self::Number(n);
    i32 => |n| Self::Number(f64::from(n));
    u32 => |n| Self::Number(f64::from(n));
    &str => |text| Self::String(text.into());
    String => |text| Self::String(text.into());
    JsString => |text| Self::String(text);
    BigInt => |n| Self::BigInt(n);
    Symbol => |symbol| Self::Symbol(symbol);
    ObjectId => |id| Self::Object(id);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_themselves_only() {
        let symbol = Symbol::new("a");
        assert_eq!(symbol, symbol.clone());
        assert_ne!(symbol, Symbol::new("a"));
        assert_ne!(Symbol::new(""), Symbol::new(""));
        assert_eq!(symbol.to_string(), "Symbol(a)");
    }

    #[test]
    fn values_are_small() {
        assert_eq!(size_of::<Value>(), 24);
    }
}
