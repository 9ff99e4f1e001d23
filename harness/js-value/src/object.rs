//! Objects: what they are, and their own properties.

use std::collections::HashMap;
use std::fmt;

use crate::ObjectId;
use crate::graph::{Symbol, Value};
use crate::string::JsString;

/// An object.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Object {
    /// What it is.
    pub kind: Kind,
    /// What it inherits from.
    pub prototype: Prototype,
    /// Own properties, apart from those that belong to its kind (elements of an array, bytes of a view).
    pub properties: Properties,
}

impl Object {
    /// An object of this kind without other properties.
    pub fn new(kind: Kind) -> Self {
        Self { kind, prototype: Prototype::Default, properties: Properties::default() }
    }

    /// Defines an own property, as `Object.defineProperty` does: on an array, an index is an element.
    pub fn define(&mut self, key: PropertyKey, property: Property) {
        if let (Kind::Array(items), PropertyKey::String(name), Slot::Data(value)) =
            (&mut self.kind, &key, &property.slot)
            && let Some(index) = array_index(name)
            && (index as usize) <= items.len()
        {
            let index = index as usize;
            if index == items.len() {
                items.push(None);
            }
            items[index] = Some(value.clone());
            return;
        }
        self.properties.insert(key, property);
    }
}

/// What an object inherits from.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Prototype {
    /// The built-in prototype of its kind.
    #[default]
    Default,
    /// Nothing.
    Null,
    /// The prototype of a class of this name.
    Class(String),
    /// An object with these properties, as after `Object.create({…})`.
    Inherits(Properties),
}

/// What an object is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// An ordinary object.
    Plain,
    /// An array; `None` is a hole.
    Array(Vec<Option<Value>>),
    /// A function.
    Function(Function),
    /// A Map.
    Map(Vec<(Value, Value)>),
    /// A Set.
    Set(Vec<Value>),
    /// A Date: milliseconds since 1970 in UTC, NaN for an invalid one.
    Date(f64),
    /// A RegExp.
    RegExp {
        /// The pattern.
        source: JsString,
        /// The flags.
        flags: String,
    },
    /// An error. None of this is enumerable.
    Error {
        /// Its class.
        class: ErrorClass,
        /// Its own message.
        message: Option<JsString>,
        /// Its stack.
        stack: Option<JsString>,
        /// Its cause.
        cause: Option<Value>,
    },
    /// An object around a number, string, boolean, BigInt or symbol.
    Boxed(Value),
    /// An ArrayBuffer.
    ArrayBuffer {
        /// Its bytes.
        bytes: Vec<u8>,
        /// How far it can be resized.
        max_byte_length: Option<usize>,
        /// Whether it is a SharedArrayBuffer.
        shared: bool,
    },
    /// A typed array, DataView or Buffer.
    View {
        /// Which.
        class: ViewClass,
        /// The viewed bytes, little-endian.
        bytes: Vec<u8>,
    },
    /// A URL: its href.
    Url(JsString),
    /// A Proxy without traps.
    Proxy(ObjectId),
    /// An arguments object.
    Arguments(Vec<Value>),
    /// What `JSON.rawJSON` made of this text.
    RawJson(String),
    /// An object of a built-in class with nothing in it that could be seen.
    Opaque(OpaqueClass),
}

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// What it does when called.
    pub behaviour: Behaviour,
}

/// What a function does when called.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Behaviour {
    /// Returns this.
    Returns(Value),
    /// Throws.
    Throws {
        /// The class of the error.
        class: ErrorClass,
        /// Its message.
        message: String,
    },
    /// Returns a text with its first argument, the key that `toJSON` gets, appended.
    ReturnsKey {
        /// What stands before the key.
        prefix: String,
    },
    /// The same with the JSON text of the key.
    ReturnsJsonKey {
        /// What stands before the key.
        prefix: String,
    },
    /// Returns a text with `String(this)` appended.
    ReturnsThis {
        /// What stands before it.
        prefix: String,
    },
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!("`", stringify!($variant), "`.")] $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The class's name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)*
                }
            }

            /// The class of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|class| class.name() == name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

named! {
    /// Classes of errors.
    ErrorClass { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError }
}

named! {
    /// Classes of views on bytes.
    ViewClass {
        Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float16Array,
        Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView, Buffer,
    }
}

named! {
    /// Built-in classes whose objects show nothing of what is in them.
    OpaqueClass { Promise, WeakMap, WeakSet, WeakRef, Generator }
}

/// The key of a property.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PropertyKey {
    /// A string.
    String(JsString),
    /// A symbol.
    Symbol(Symbol),
}

impl From<&str> for PropertyKey {
    fn from(key: &str) -> Self {
        Self::String(key.into())
    }
}

/// An own property.
#[derive(Clone, Debug)]
pub struct Property {
    /// Its value, or where it comes from.
    pub slot: Slot,
    /// Whether it is enumerable.
    pub enumerable: bool,
}

impl Property {
    /// An enumerable property with a value.
    pub fn data(value: Value) -> Self {
        Self { slot: Slot::Data(value), enumerable: true }
    }
}

/// Where the value of a property comes from.
#[derive(Clone, Debug)]
pub enum Slot {
    /// It is here.
    Data(Value),
    /// A getter gives it.
    Getter(Behaviour),
}

/// Own properties in JavaScript's own-key order: array indices ascending, then other strings as they came, then symbols
/// as they came.
#[derive(Clone, Debug, Default)]
pub struct Properties {
    /// In own-key order.
    entries: Vec<(PropertyKey, Property)>,
    /// How many of them are array indices.
    indices: usize,
    /// How many are array indices or other strings.
    strings: usize,
    /// Where each key stands; only once there are many.
    places: HashMap<PropertyKey, usize>,
}

/// From so many properties on, keys are found by hash.
const MANY: usize = 16;

impl Properties {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The property of this string key.
    pub fn get(&self, key: &str) -> Option<&Property> {
        if self.entries.len() < MANY {
            return self
                .iter()
                .find(|(have, _)| matches!(have, PropertyKey::String(have) if *have == key))
                .map(|(_, p)| p);
        }
        self.get_key(&key.into())
    }

    /// The property of this key.
    pub fn get_key(&self, key: &PropertyKey) -> Option<&Property> {
        self.place(key).map(|place| &self.entries[place].1)
    }

    /// Adds a property. Where the key is there already, the property takes its place.
    pub fn insert(&mut self, key: PropertyKey, property: Property) {
        if let Some(place) = self.place(&key) {
            self.entries[place].1 = property;
            return;
        }
        let place = match &key {
            PropertyKey::Symbol(_) => self.entries.len(),
            PropertyKey::String(name) => match array_index(name) {
                None => self.strings,
                Some(index) => {
                    let before = |(key, _): &(PropertyKey, Property)| matches!(key, PropertyKey::String(name) if array_index(name) < Some(index));
                    self.entries[..self.indices].partition_point(before)
                }
            },
        };
        if let PropertyKey::String(name) = &key {
            self.strings += 1;
            self.indices += usize::from(array_index(name).is_some());
        }
        self.insert_at(place, key, property);
    }

    /// Removes a property.
    pub fn remove(&mut self, key: &PropertyKey) -> Option<Property> {
        let place = self.place(key)?;
        let (key, property) = self.entries.remove(place);
        if let PropertyKey::String(name) = &key {
            self.strings -= 1;
            self.indices -= usize::from(array_index(name).is_some());
        }
        self.places.clear();
        if self.entries.len() >= MANY {
            self.index_from(0);
        }
        Some(property)
    }

    /// All of them, in own-key order.
    pub fn iter(&self) -> impl Iterator<Item = (&PropertyKey, &Property)> {
        self.entries.iter().map(|(key, property)| (key, property))
    }

    /// The property at this place of the own-key order.
    pub(crate) fn at(&self, place: usize) -> Option<(&PropertyKey, &Property)> {
        self.entries.get(place).map(|(key, property)| (key, property))
    }

    fn place(&self, key: &PropertyKey) -> Option<usize> {
        if self.entries.len() < MANY {
            return self.entries.iter().position(|(have, _)| have == key);
        }
        self.places.get(key).copied()
    }

    fn insert_at(&mut self, place: usize, key: PropertyKey, property: Property) {
        let last = place == self.entries.len();
        self.entries.insert(place, (key, property));
        if self.entries.len() < MANY {
            return;
        }
        if self.entries.len() == MANY {
            self.index_from(0);
        } else if last {
            self.places.insert(self.entries[place].0.clone(), place);
        } else {
            self.index_from(place);
        }
    }

    fn index_from(&mut self, start: usize) {
        for (place, (key, _)) in self.entries.iter().enumerate().skip(start) {
            self.places.insert(key.clone(), place);
        }
    }

    /// Puts properties that came in this order into own-key order. Much faster than one `insert` each where indices
    /// came out of order.
    pub(crate) fn from_unordered(entries: Vec<(JsString, Value)>) -> Self {
        let ordered = entries.iter().all(|(name, _)| array_index(name).is_none());
        let mut properties = Self::default();
        if ordered {
            for (name, value) in entries {
                properties.insert(PropertyKey::String(name), Property::data(value));
            }
            return properties;
        }
        let mut indices = std::collections::BTreeMap::new();
        let mut rest = Vec::new();
        for (name, value) in entries {
            match array_index(&name) {
                Some(index) => {
                    indices.insert(index, (name, value));
                }
                None => rest.push((name, value)),
            }
        }
        for (name, value) in indices.into_values().chain(rest) {
            properties.insert(PropertyKey::String(name), Property::data(value));
        }
        properties
    }
}

/// The array index that a key is: a canonical integer from 0 to 4294967294.
pub(crate) fn array_index(name: &JsString) -> Option<u32> {
    let text = name.as_str()?;
    if !text.as_bytes().first()?.is_ascii_digit()
        || (text.starts_with('0') && text != "0")
        || text.len() > 10
    {
        return None;
    }
    text.parse().ok().filter(|index| *index != u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> Vec<String> {
        let mut properties = Properties::default();
        for name in names {
            properties.insert((*name).into(), Property::data(Value::Null));
        }
        properties
            .iter()
            .map(|(key, _)| match key {
                PropertyKey::String(name) => name.to_string(),
                PropertyKey::Symbol(_) => "symbol".to_owned(),
            })
            .collect()
    }

    #[test]
    fn indices_come_first() {
        assert_eq!(
            keys(&["b", "2", "a", "1", "-1", "01", "4294967295", "4294967294"]),
            ["1", "2", "4294967294", "b", "a", "-1", "01", "4294967295"]
        );
    }

    #[test]
    fn many_keys_keep_their_places() {
        let names: Vec<String> = (0..100)
            .map(|n| if n % 3 == 0 { format!("{}", 200 - n) } else { format!("k{n}") })
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let listed = keys(&names);
        assert_eq!(listed.len(), 100);
        let mut properties = Properties::default();
        for name in &names {
            properties.insert((*name).into(), Property::data(Value::Null));
        }
        properties.insert("k1".into(), Property::data(Value::Bool(true)));
        assert!(matches!(properties.get("k1").unwrap().slot, Slot::Data(Value::Bool(true))));
        assert!(properties.remove(&"k1".into()).is_some());
        assert!(properties.get("k1").is_none());
        for name in names.iter().filter(|name| **name != "k1") {
            assert!(properties.get(name).is_some(), "{name}");
        }
        assert_eq!(properties.len(), 99);
    }
}
