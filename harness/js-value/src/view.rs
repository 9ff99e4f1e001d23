//! Reading a graph.

use crate::graph::{Graph, Value};
use crate::object::{Kind, Object, PropertyKey, Slot};

/// A value in its graph. Copied freely; every step answers `None` where there is nothing.
///
/// ```
/// use js_value::json;
///
/// let graph = json::parse(r#"{"type":"start","files":["a","b"]}"#, &json::ParseLimits::default())?;
/// let message = graph.view();
/// assert_eq!(message.get("type").and_then(|kind| kind.as_str()), Some("start"));
/// assert_eq!(message.get("files").map(|files| files.len()), Some(2));
/// # Ok::<(), json::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct View<'g> {
    graph: &'g Graph,
    value: &'g Value,
}

impl<'g> View<'g> {
    pub(crate) fn new(graph: &'g Graph, value: &'g Value) -> Self {
        Self { graph, value }
    }

    /// The value itself.
    pub fn value(self) -> &'g Value {
        self.value
    }

    /// The object, if it is one.
    pub fn object(self) -> Option<&'g Object> {
        match self.value {
            Value::Object(id) => Some(self.graph.object(*id)),
            _ => None,
        }
    }

    /// The text, if it is a string without lone surrogates.
    pub fn as_str(self) -> Option<&'g str> {
        match self.value {
            Value::String(text) => text.as_str(),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub fn as_f64(self) -> Option<f64> {
        match self.value {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The boolean, if it is one.
    pub fn as_bool(self) -> Option<bool> {
        match self.value {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// Whether it is `undefined`.
    pub fn is_undefined(self) -> bool {
        matches!(self.value, Value::Undefined)
    }

    /// The value of an own data property.
    pub fn get(self, key: &str) -> Option<Self> {
        match &self.object()?.properties.get(key)?.slot {
            Slot::Data(value) => Some(Self::new(self.graph, value)),
            Slot::Getter(_) => None,
        }
    }

    /// An element of an array.
    pub fn index(self, index: usize) -> Option<Self> {
        match &self.object()?.kind {
            Kind::Array(items) => {
                items.get(index)?.as_ref().map(|value| Self::new(self.graph, value))
            }
            _ => None,
        }
    }

    /// The number of elements of an array, or of own properties of another object; 0 for what is no object.
    pub fn len(self) -> usize {
        match self.object() {
            Some(Object { kind: Kind::Array(items), .. }) => items.len(),
            Some(object) => object.properties.len(),
            None => 0,
        }
    }

    /// Whether [`len`](Self::len) is 0.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Own data properties with string keys, in own-key order.
    pub fn entries(self) -> impl Iterator<Item = (&'g crate::JsString, Self)> {
        self.object().into_iter().flat_map(move |object| {
            object.properties.iter().filter_map(move |(key, property)| {
                match (key, &property.slot) {
                    (PropertyKey::String(key), Slot::Data(value)) => {
                        Some((key, Self::new(self.graph, value)))
                    }
                    _ => None,
                }
            })
        })
    }
}
