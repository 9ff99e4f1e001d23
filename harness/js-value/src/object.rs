//! Objects.

use crate::{
    BigInt, ErrorClass, JsString, ObjectId, OpaqueClass, Properties, Property, PropertyKey, Slot,
    Value, ViewBytes, ViewClass,
};

/// An object: what it is, what it inherits from, its own properties.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// What it is.
    pub kind: Kind,
    /// What it inherits from.
    pub prototype: Prototype,
    /// Its own properties, apart from those that `kind` holds. A `toJSON` is one whose value is a
    /// function.
    pub properties: Properties,
}

/// What an object inherits from.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Prototype {
    /// The prototype of its kind.
    #[default]
    Default,
    /// `null`.
    Null,
    /// That of a class of this name, which extends the class of its kind and has no `toJSON` of its
    /// own.
    Class(String),
    /// A plain object with these properties, as of `Object.create({…})`. Nothing of its kind is
    /// inherited.
    Inherits(Properties),
}

/// What an object is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// A plain object.
    Plain,
    /// An array by its elements, where `None` is a hole. An element that is an accessor or hidden
    /// is a hole here and one of the properties; see [`Object::define`].
    Array(Vec<Option<Value>>),
    /// An array whose elements are all properties. For arrays of many holes: it takes no memory for
    /// them.
    SparseArray {
        /// Its `length`, more than the index of any element.
        length: u32,
    },
    /// A function.
    Function(Function),
    /// A Map by its entries, no two of the same key; see [`Kind::map`].
    Map(Vec<(Value, Value)>),
    /// A Set by its values, no two the same; see [`Kind::set`].
    Set(Vec<Value>),
    /// A Date: milliseconds since 1970 in UTC. What is no number, or out of range, is invalid.
    Date(f64),
    /// A RegExp.
    RegExp {
        /// Its `source`, escaped as JavaScript does.
        source: JsString,
        /// Its `flags`, in their order.
        flags: String,
    },
    /// An error, with the properties that are not enumerable.
    Error {
        /// Its class.
        class: ErrorClass,
        /// `message`.
        message: Option<JsString>,
        /// `stack`.
        stack: Option<JsString>,
        /// `cause`.
        cause: Option<Value>,
    },
    /// A Number, String, Boolean, BigInt or Symbol object around a primitive.
    Boxed(Value),
    /// An ArrayBuffer or SharedArrayBuffer.
    ArrayBuffer {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Makes it resizable.
        max_byte_length: Option<usize>,
        /// A SharedArrayBuffer.
        shared: bool,
    },
    /// A typed array, DataView or Buffer.
    View {
        /// Its class.
        class: ViewClass,
        /// The viewed bytes, little-endian. An incomplete last element does not count.
        bytes: ViewBytes,
    },
    /// A URL by its href.
    Url(JsString),
    /// A Proxy without traps. Its own prototype and properties mean nothing.
    Proxy(ObjectId),
    /// An `arguments` object by its values, up to the first that is an accessor or hidden; that one
    /// and those after it are properties.
    Arguments(Vec<Value>),
    /// What `JSON.rawJSON(text)` makes. The text is taken as it is.
    RawJson(String),
    /// An object that shows nothing of what it holds.
    Opaque(OpaqueClass),
}

/// A function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// What it does.
    pub behaviour: Behaviour,
}

/// What a function does when it is called.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Behaviour {
    /// Returns this value, the same object each time.
    Returns(Value),
    /// Throws an error.
    Throws {
        /// The class of the error.
        class: ErrorClass,
        /// Its message.
        message: String,
    },
    /// Returns this text with its first argument appended: for a `toJSON`, the property key.
    ReturnsKey {
        /// The text.
        prefix: String,
    },
    /// Returns this text with the JSON text of its first argument appended.
    ReturnsJsonKey {
        /// The text.
        prefix: String,
    },
    /// Returns this text with `String(this)` appended. Not modelled for Dates and functions.
    ReturnsThis {
        /// The text.
        prefix: String,
    },
}

impl Object {
    /// An object of this kind, with the default prototype and no properties.
    pub fn new(kind: Kind) -> Self {
        Self { kind, prototype: Prototype::Default, properties: Properties::new() }
    }

    /// Defines an own property as `Object.defineProperty` would: an index of an array or of an
    /// `arguments` object is an element of it.
    pub fn define(&mut self, key: impl Into<PropertyKey>, property: Property) {
        let key = key.into();
        let index = match &key {
            PropertyKey::String(key) => key.array_index().map(|index| index as usize),
            PropertyKey::Symbol(_) => None,
        };
        match (&mut self.kind, index) {
            (Kind::Array(elements), Some(index)) => {
                if elements.len() <= index {
                    elements.resize(index + 1, None);
                }
                if let Property { slot: Slot::Data(value), enumerable: true } = property {
                    elements[index] = Some(value);
                    self.properties.remove(&key);
                    return;
                }
                elements[index] = None;
            }
            (Kind::SparseArray { length }, Some(index)) => {
                *length = (*length).max(index as u32 + 1);
            }
            (Kind::Arguments(values), Some(index)) if index < values.len() => {
                if let Property { slot: Slot::Data(value), enumerable: true } = property {
                    values[index] = value;
                    return;
                }
                // Properties come after the values, so what follows becomes properties with it.
                for (value, index) in values.split_off(index).into_iter().zip(index..) {
                    self.properties.insert(index.to_string(), Property::data(value));
                }
            }
            _ => {}
        }
        self.properties.insert(key, property);
    }

    /// The name of the constructor, as V8 finds it.
    pub(crate) fn constructor(&self) -> &str {
        match (&self.kind, &self.prototype) {
            // No class can make such an object, only be its prototype later, which V8 does not heed.
            (Kind::Boxed(Value::Symbol(_) | Value::BigInt(_)), _) => {}
            (_, Prototype::Class(name)) => return name,
            // Named by its prototype: V8 itself makes no Buffers.
            (
                Kind::View { class: ViewClass::Buffer, .. },
                Prototype::Null | Prototype::Inherits(_),
            ) => return ViewClass::Uint8Array.name(),
            _ => {}
        }
        match &self.kind {
            Kind::Plain | Kind::Proxy(_) | Kind::RawJson(_) => "Object",
            Kind::Array(_) | Kind::SparseArray { .. } => "Array",
            Kind::Function(_) => "Function",
            Kind::Map(_) => "Map",
            Kind::Set(_) => "Set",
            Kind::Date(_) => "Date",
            Kind::RegExp { .. } => "RegExp",
            Kind::Error { class, .. } => class.name(),
            Kind::Boxed(value) => match value {
                Value::Bool(_) => "Boolean",
                Value::Number(_) => "Number",
                Value::BigInt(_) => "BigInt",
                Value::String(_) => "String",
                Value::Symbol(_) => "Symbol",
                Value::Undefined | Value::Null | Value::Object(_) => "Object",
            },
            Kind::ArrayBuffer { shared: false, .. } => "ArrayBuffer",
            Kind::ArrayBuffer { shared: true, .. } => "SharedArrayBuffer",
            Kind::View { class, .. } => class.name(),
            Kind::Url(_) => "URL",
            Kind::Arguments(_) => "Arguments",
            Kind::Opaque(class) => class.name(),
        }
    }
}

/// An element of a typed array.
#[derive(Debug)]
pub(crate) enum Element {
    Number(f64),
    BigInt(BigInt),
}

/// Element `index` of a typed array over these bytes; `None` past the end and for a DataView.
pub(crate) fn element(class: ViewClass, bytes: &[u8], index: usize) -> Option<Element> {
    let size = class.element_size()?;
    let start = index.checked_mul(size)?;
    let bytes = bytes.get(start..start.checked_add(size)?)?;
    let mut wide = [0; 8];
    wide[..size].copy_from_slice(bytes);
    let bits = u64::from_le_bytes(wide);
    Some(Element::Number(match class {
        ViewClass::Uint8Array | ViewClass::Uint8ClampedArray | ViewClass::Buffer => bits as f64,
        ViewClass::Uint16Array | ViewClass::Uint32Array => bits as f64,
        ViewClass::Int8Array => f64::from(bits as u8 as i8),
        ViewClass::Int16Array => f64::from(bits as u16 as i16),
        ViewClass::Int32Array => f64::from(bits as u32 as i32),
        ViewClass::Float16Array => crate::number::from_half(bits as u16),
        ViewClass::Float32Array => f64::from(f32::from_bits(bits as u32)),
        ViewClass::Float64Array => f64::from_bits(bits),
        ViewClass::BigInt64Array => return Some(Element::BigInt(BigInt::from(bits as i64))),
        ViewClass::BigUint64Array => return Some(Element::BigInt(BigInt::from(bits))),
        ViewClass::DataView => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_of_an_array_is_an_element() {
        let mut array = Object::new(Kind::Array(vec![]));
        array.define("2", Property::data(7));
        array.define("extra", Property::data(8));
        array.define("0", Property::data(9).hidden());
        assert_eq!(array.kind, Kind::Array(vec![None, None, Some(Value::Number(7.0))]));
        assert_eq!(array.properties.len(), 2);
        array.define("0", Property::data(1));
        assert_eq!(array.properties.len(), 1);
    }

    #[test]
    fn a_hidden_argument_keeps_its_place() {
        let mut arguments = Object::new(Kind::Arguments(vec![1.into(), 2.into(), 3.into()]));
        arguments.define("0", Property::data(7));
        arguments.define("1", Property::data(8).hidden());
        assert_eq!(arguments.kind, Kind::Arguments(vec![7.into()]));
        assert_eq!(arguments.properties.get("1"), Some(&Property::data(8).hidden()));
        assert_eq!(arguments.properties.get("2"), Some(&Property::data(3)));
        arguments.define("1", Property::data(9));
        assert_eq!(arguments.properties.get("1"), Some(&Property::data(9)));
    }

    #[test]
    fn elements_of_views() {
        for (class, bytes, expected) in [
            (ViewClass::Int8Array, &[0xff][..], "Number(-1.0)"),
            (ViewClass::Buffer, &[0xff], "Number(255.0)"),
            (ViewClass::Int16Array, &[0xfe, 0xff], "Number(-2.0)"),
            (ViewClass::Uint32Array, &[0xff; 4], "Number(4294967295.0)"),
            (ViewClass::Float32Array, &[0, 0, 0xc0, 0x3f], "Number(1.5)"),
            (ViewClass::Float16Array, &[0, 0x3e], "Number(1.5)"),
            (ViewClass::BigInt64Array, &[0xff; 8], "BigInt(-1n)"),
            (ViewClass::BigUint64Array, &[0xff; 8], "BigInt(18446744073709551615n)"),
        ] {
            let found = element(class, bytes, 0).map(|element| format!("{element:?}"));
            assert_eq!(found.as_deref(), Some(expected), "{class}");
            assert!(element(class, bytes, 1).is_none());
        }
        assert!(element(ViewClass::DataView, &[0; 8], 0).is_none());
    }
}
