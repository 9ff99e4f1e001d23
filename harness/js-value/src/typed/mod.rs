//! What reading and writing types of serde have in common, whatever the form.

mod error;
mod keys;
mod numbers;
mod seen;
mod strings;

pub(crate) use error::Failure;
pub use error::TypedError;
pub(crate) use keys::{KeyOutput, KeyReader, KeyWriter, PlainKey};
pub(crate) use numbers::{too_large, visit_integer, visit_number};
pub(crate) use seen::Seen;
pub(crate) use strings::{visit_bytes, visit_text, visit_variant};

/// How deep values may be nested that take stack, without a limit of the caller.
pub(crate) const DEFAULT_MAX_DEPTH: usize = 128;

/// Methods of a `Deserializer` that are all one.
macro_rules! forward {
    ($($to:ident: $($method:ident)*;)*) => {$($(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            self.$to(visitor)
        }
    )*)*};
}
pub(crate) use forward;
