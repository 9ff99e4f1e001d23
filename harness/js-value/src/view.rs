//! Reading a graph without a look at its arena.

use std::fmt;

use crate::{Graph, JsString, Kind, Object, Property, PropertyKey, Value};

/// A cursor on a value of a graph. Proxies are seen through; getters are not run.
#[derive(Clone, Copy)]
pub struct View<'g> {
    graph: &'g Graph,
    value: &'g Value,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueKind {
    /// `undefined`.
    Undefined,
    /// `null`.
    Null,
    /// A boolean.
    Bool,
    /// A number.
    Number,
    /// A BigInt.
    BigInt,
    /// A string.
    String,
    /// A symbol.
    Symbol,
    /// A function.
    Function,
    /// An array.
    Array,
    /// Any other object.
    Object,
}

impl<'g> View<'g> {
    pub(crate) fn new(graph: &'g Graph, value: &'g Value) -> Self {
        Self { graph, value }
    }

    /// The value itself.
    pub fn value(self) -> &'g Value {
        self.value
    }

    /// What the value is.
    pub fn kind(self) -> ValueKind {
        match self.value {
            Value::Undefined => ValueKind::Undefined,
            Value::Null => ValueKind::Null,
            Value::Bool(_) => ValueKind::Bool,
            Value::Number(_) => ValueKind::Number,
            Value::BigInt(_) => ValueKind::BigInt,
            Value::String(_) => ValueKind::String,
            Value::Symbol(_) => ValueKind::Symbol,
            Value::Object(id) => match self.graph.target(*id).0.kind {
                Kind::Function(_) => ValueKind::Function,
                Kind::Array(_) | Kind::SparseArray { .. } => ValueKind::Array,
                _ => ValueKind::Object,
            },
        }
    }

    /// Whether it is `undefined`.
    pub fn is_undefined(self) -> bool {
        matches!(self.value, Value::Undefined)
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The boolean, if it is one.
    pub fn as_bool(self) -> Option<bool> {
        match self.value {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub fn as_f64(self) -> Option<f64> {
        match self.value {
            Value::Number(n) => Some(*n),
            _ => None,
        }
    }

    /// The string, if it is one that has no lone surrogate.
    pub fn as_str(self) -> Option<&'g str> {
        self.as_js_string()?.as_str()
    }

    /// The string, if it is one.
    pub fn as_js_string(self) -> Option<&'g JsString> {
        match self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The object, if it is one; that behind a proxy.
    pub fn as_object(self) -> Option<&'g Object> {
        match self.value {
            Value::Object(id) => Some(self.graph.target(*id).0),
            _ => None,
        }
    }

    /// The own data property of this name.
    pub fn get(self, key: &str) -> Option<Self> {
        let value = self.as_object()?.properties.get(key)?.value()?;
        Some(Self { value, ..self })
    }

    /// The element of an array at this index, unless it is a hole.
    pub fn index(self, index: usize) -> Option<Self> {
        let object = self.as_object()?;
        let value = match &object.kind {
            Kind::Array(elements) => elements.get(index)?.as_ref()?,
            Kind::SparseArray { .. } => {
                object.properties.index(u32::try_from(index).ok()?)?.value()?
            }
            _ => return None,
        };
        Some(Self { value, ..self })
    }

    /// The elements of an array in order, holes as `None`; nothing for anything else.
    pub fn elements(self) -> impl Iterator<Item = Option<Self>> {
        (0..self.array_length().unwrap_or(0)).map(move |index| self.index(index))
    }

    /// The own enumerable data properties of an object with string keys, in own-key order. The
    /// elements of an array are not among them.
    pub fn entries(self) -> Entries<'g> {
        let entries: Box<dyn Iterator<Item = _>> = match self.as_object() {
            Some(object) => Box::new(object.properties.iter()),
            None => Box::new(std::iter::empty()),
        };
        Entries { view: self, entries }
    }

    /// The length of an array, of a string in code units, or the number of [`entries`] of any other
    /// value.
    ///
    /// [`entries`]: Self::entries
    pub fn len(self) -> usize {
        match (self.value, self.array_length()) {
            (Value::String(text), _) => text.len_utf16(),
            (_, Some(length)) => length,
            _ => self.entries().count(),
        }
    }

    /// Whether [`len`](Self::len) is 0.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    fn array_length(self) -> Option<usize> {
        match &self.as_object()?.kind {
            Kind::Array(elements) => Some(elements.len()),
            Kind::SparseArray { length } => Some(*length as usize),
            _ => None,
        }
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_object() {
            Some(object) => object.fmt(f),
            None => self.value.fmt(f),
        }
    }
}

/// The properties of an object; see [`View::entries`].
pub struct Entries<'g> {
    view: View<'g>,
    entries: Box<dyn Iterator<Item = (&'g PropertyKey, &'g Property)> + 'g>,
}

impl<'g> Iterator for Entries<'g> {
    type Item = (&'g JsString, View<'g>);

    fn next(&mut self) -> Option<Self::Item> {
        self.entries.find_map(|(key, property)| match (key, property.value()) {
            (PropertyKey::String(key), Some(value)) if property.enumerable => {
                Some((key, View { value, ..self.view }))
            }
            _ => None,
        })
    }
}

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries").field("view", &self.view).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Behaviour, Symbol};

    #[test]
    fn cursor() {
        let mut graph = Graph::default();
        let list = graph.add_array([Value::from(1), Value::from("é")]);
        let root = graph.add_object([("list", list), ("flag", true.into()), ("none", Value::Null)]);
        let Value::Object(id) = root else { unreachable!("an object") };
        let object = graph.object_mut(id);
        object.define("hidden", Property::data(1).hidden());
        object.define("getter", Property::getter(Behaviour::Returns(Value::Null)));
        object.define(Symbol::new("s"), Property::data(1));
        let proxy = graph.add(Object::new(Kind::Proxy(id)));
        graph.set_root(proxy.into());

        let view = graph.view();
        assert_eq!(view.kind(), ValueKind::Object);
        assert_eq!(view.len(), 3);
        let keys: Vec<_> = view.entries().filter_map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["list", "flag", "none"]);
        let list = view.get("list").unwrap();
        assert_eq!((list.kind(), list.len()), (ValueKind::Array, 2));
        assert_eq!(list.index(0).and_then(View::as_f64), Some(1.0));
        assert_eq!(list.index(1).and_then(View::as_str), Some("é"));
        assert!(list.index(2).is_none());
        assert_eq!(list.elements().count(), 2);
        assert_eq!(view.get("flag").and_then(View::as_bool), Some(true));
        assert!(view.get("none").unwrap().is_null());
        assert!(view.get("getter").is_none());
        assert_eq!(view.get("hidden").and_then(View::as_f64), Some(1.0));
        assert!(view.get("absent").is_none());
    }
}
