//! JSON as `JSON.stringify` and `JSON.parse` write and read it.

mod date;
mod parse;
mod quote;
mod stringify;

pub use parse::{ParseError, ParseLimits, parse};
pub use stringify::{PatchedPrototypes, StringifyOptions, stringify, stringify_value, write};
