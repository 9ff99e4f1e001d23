//! JavaScript values in Rust, and JSON as JavaScript reads and writes it.
//!
//! A [`Graph`] holds a value and every object it leads to: cycles, shared objects and any depth are possible, and
//! dropping one never recurses. [`json::stringify`] and [`json::parse`] have the semantics of `JSON.stringify` and
//! `JSON.parse`: own-key order with integer keys first, lone surrogates, `toJSON`, getters, what is dropped, what is
//! refused and with which words.
//!
//! ```
//! use js_value::{Graph, Value, json};
//!
//! let mut graph = Graph::default();
//! let root = graph.add_object([("b", Value::Number(f64::NAN)), ("1", Value::Bool(true))]);
//! graph.set_root(root);
//! let text = json::stringify(&graph, &json::StringifyOptions::default())?;
//! assert_eq!(text.as_deref(), Some(r#"{"1":true,"b":null}"#));
//! # Ok::<(), js_value::Exception>(())
//! ```
//!
//! No crate that reads JSON into a dynamic value keeps all of this; `serde_json`'s own value refuses lone surrogates,
//! numbers beyond the range of a double, and deep nesting.

#![forbid(unsafe_code)]

mod bigint;
mod error;
mod graph;
pub mod json;
mod number;
mod object;
mod string;
mod view;

pub use bigint::{BigInt, ParseBigIntError};
pub use error::Exception;
pub use graph::{Graph, ObjectId, Symbol, Value};
pub use number::number_to_string;
pub use object::{
    Behaviour, ErrorClass, Function, Kind, Object, OpaqueClass, Properties, Property, PropertyKey,
    Prototype, Slot, ViewClass,
};
pub use string::JsString;
pub use view::View;
