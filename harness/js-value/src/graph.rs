//! A value and all the objects it leads to.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::bigint::BigInt;
use crate::object::{Kind, Object, Property, PropertyKey};
use crate::string::JsString;
use crate::view::View;

/// A JavaScript value. An object is a number of its [`Graph`].
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// `undefined`.
    #[default]
    Undefined,
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A BigInt.
    BigInt(BigInt),
    /// A string.
    String(JsString),
    /// A symbol.
    Symbol(Symbol),
    /// An object.
    Object(ObjectId),
}

/// An object of a [`Graph`]: means nothing in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(u32);

/// A symbol: equal to its clones only.
#[derive(Clone, Debug)]
pub struct Symbol(Arc<str>);

impl Symbol {
    /// A new symbol.
    pub fn new(description: &str) -> Self {
        Self(description.into())
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

/// As `String(symbol)`.
impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Symbol({})", self.0)
    }
}

/// A value with all the objects it leads to.
///
/// Objects live side by side and refer to each other by number, so that cycles, shared objects and any depth cost
/// nothing special, and dropping never recurses.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    objects: Vec<Object>,
    root: Value,
}

impl Graph {
    /// A graph of one value.
    pub fn new(root: Value) -> Self {
        Self { objects: Vec::new(), root }
    }

    /// The value.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// Replaces the value.
    pub fn set_root(&mut self, root: Value) {
        self.root = root;
    }

    /// Adds an object.
    ///
    /// # Panics
    ///
    /// With more than 2³² objects.
    pub fn add(&mut self, object: Object) -> ObjectId {
        let id = u32::try_from(self.objects.len()).expect("a graph holds at most 2^32 objects");
        self.objects.push(object);
        ObjectId(id)
    }

    /// Adds a plain object.
    pub fn add_object<K: Into<PropertyKey>>(
        &mut self,
        entries: impl IntoIterator<Item = (K, Value)>,
    ) -> Value {
        let mut object = Object::new(Kind::Plain);
        for (key, value) in entries {
            object.properties.insert(key.into(), Property::data(value));
        }
        Value::Object(self.add(object))
    }

    /// Adds an array.
    pub fn add_array(&mut self, items: impl IntoIterator<Item = Value>) -> Value {
        Value::Object(self.add(Object::new(Kind::Array(items.into_iter().map(Some).collect()))))
    }

    /// An object.
    ///
    /// # Panics
    ///
    /// If the number is of another graph and too large for this.
    pub fn object(&self, id: ObjectId) -> &Object {
        &self.objects[id.0 as usize]
    }

    /// An object, to change it.
    ///
    /// # Panics
    ///
    /// As [`object`](Self::object).
    pub fn object_mut(&mut self, id: ObjectId) -> &mut Object {
        &mut self.objects[id.0 as usize]
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there are no objects.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// A cursor on the value.
    pub fn view(&self) -> View<'_> {
        View::new(self, &self.root)
    }

    pub(crate) fn index(id: ObjectId) -> usize {
        id.0 as usize
    }
}

impl From<Value> for Graph {
    fn from(value: Value) -> Self {
        Self::new(value)
    }
}

impl From<&str> for Graph {
    fn from(text: &str) -> Self {
        Self::new(Value::String(text.into()))
    }
}

impl From<String> for Graph {
    fn from(text: String) -> Self {
        Self::new(Value::String(text.into()))
    }
}

impl From<f64> for Graph {
    fn from(number: f64) -> Self {
        Self::new(Value::Number(number))
    }
}

impl From<bool> for Graph {
    fn from(b: bool) -> Self {
        Self::new(Value::Bool(b))
    }
}
