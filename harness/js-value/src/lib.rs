//! JavaScript values in Rust, with `JSON.stringify` and `JSON.parse` as JavaScript has them, and
//! structured clones as Node has them.
//!
//! A [`Graph`] holds everything that a JavaScript program may hand to `process.send`: primitives
//! with UTF-16 strings ([`JsString`]) and BigInts, plain objects and arrays with holes, getters and
//! hidden properties, objects of built-in classes, proxies, shared references and cycles. It is an
//! arena: objects refer to one another by [`ObjectId`], so any depth is fine and dropping is flat.
//!
//! [`json::stringify`] gives the exact text that `JSON.stringify` would, or the [`Exception`] that
//! it would throw; [`json::parse`] accepts exactly what `JSON.parse` accepts. [`clone::write()`] and
//! [`clone::read`] do the same for the payloads of a channel with `serialization: 'advanced'`. All are
//! iterative.
//!
//! ```
//! use js_value::{Graph, Value, json};
//!
//! let graph = json::parse(r#"{"b":[1e400,-0],"7":"\ud800"}"#, &json::ParseLimits::default())?;
//! let message = graph.view();
//! assert_eq!(message.get("b").and_then(|b| b.index(0)).and_then(|v| v.as_f64()), Some(f64::INFINITY));
//! let text = json::stringify(&graph, &json::StringifyOptions::default())?;
//! assert_eq!(text.as_deref(), Some(r#"{"7":"\ud800","b":[null,0]}"#));
//!
//! let mut graph = Graph::default();
//! let list = graph.add_array([Value::from("x"), Value::Undefined]);
//! let root = graph.add_object([("list", list), ("dropped", Value::Undefined)]);
//! graph.set_root(root);
//! let text = json::stringify(&graph, &json::StringifyOptions::default())?;
//! assert_eq!(text.as_deref(), Some(r#"{"list":["x",null]}"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is not modelled
//!
//! Code: a function is one of a few [`Behaviour`]s. Overridden conversions (an own `valueOf` of a
//! Number object, an own `toISOString` of a Date) are ignored, and so is an inherited `constructor`
//! in the account of a circle; proxies have no traps, and the length of a string has no limit.

#![forbid(unsafe_code)]

mod bigint;
mod class;
pub mod clone;
mod collection;
mod date;
mod exception;
mod graph;
pub mod json;
mod key;
mod number;
mod object;
mod properties;
mod string;
#[cfg(feature = "serde")]
mod typed;
mod value;
mod view;
mod view_bytes;

pub use bigint::{BigInt, ParseBigIntError};
pub use class::{ErrorClass, OpaqueClass, ViewClass};
pub use exception::Exception;
pub use graph::{Graph, ObjectId};
pub use key::{KeyRef, PropertyKey};
pub use number::number_to_string;
pub use object::{Behaviour, Function, Kind, Object, Prototype};
pub use properties::{Properties, Property, Slot};
pub use string::JsString;
pub use value::{Symbol, Value};
pub use view::{Entries, ValueKind, View};
pub use view_bytes::ViewBytes;
