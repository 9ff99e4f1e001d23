//! From a value recipe to a value of the Rust channel.

mod notation;

use std::collections::BTreeMap;

use ipc_plan::{self as plan, Recipe, Tagged, Thrown};
use js_value::{
    Behaviour, Function, Graph, JsString, Kind, Object, ObjectId, Property, PropertyKey, Prototype,
    Slot, Symbol, Value, ViewClass,
};
use notation::{bigint, error_class, number, opaque, stack_of, unhex, view_class};

/// Why a recipe cannot be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BuildError {
    /// It is written wrong.
    Malformed(String),
    /// There is no such value in this runtime.
    Unsupported(String),
}

/// The value that the recipe describes.
pub(crate) fn build(recipe: &Recipe) -> Result<Graph, BuildError> {
    let mut builder = Builder { graph: Graph::default(), named: BTreeMap::new() };
    let root = builder.value(recipe)?;
    builder.graph.set_root(root);
    Ok(builder.graph)
}

/// An array with an element further behind the others than this is sparse.
const MAX_HOLES: usize = 1024;

struct Builder {
    graph: Graph,
    named: BTreeMap<u32, ObjectId>,
}

fn malformed<T>(message: impl Into<String>) -> Result<T, BuildError> {
    Err(BuildError::Malformed(message.into()))
}

fn unsupported<T>(message: impl Into<String>) -> Result<T, BuildError> {
    Err(BuildError::Unsupported(message.into()))
}

impl Builder {
    fn value(&mut self, recipe: &Recipe) -> Result<Value, BuildError> {
        Ok(match recipe {
            Recipe::Null => Value::Null,
            Recipe::Bool(b) => Value::Bool(*b),
            Recipe::Number(n) => Value::Number(*n),
            Recipe::String(text) => Value::String(text.as_str().into()),
            Recipe::Array(items) => {
                let items = items
                    .iter()
                    .map(|item| self.value(item).map(Some))
                    .collect::<Result<_, _>>()?;
                self.add(Object::new(Kind::Array(items)))
            }
            Recipe::Object(entries) => {
                let mut object = Object::new(Kind::Plain);
                for (key, value) in entries {
                    let value = self.value(value)?;
                    object
                        .properties
                        .insert(PropertyKey::String(key.as_str().into()), Property::data(value));
                }
                self.add(object)
            }
            Recipe::Tagged(tagged) => self.tagged(tagged)?,
        })
    }

    fn add(&mut self, object: Object) -> Value {
        Value::Object(self.graph.add(object))
    }

    /// Adds an object without parts, or with parts that cannot refer to it.
    fn add_as(&mut self, id: Option<u32>, object: Object) -> Result<Value, BuildError> {
        self.add_named(id, |_| Ok(object))
    }

    /// Adds an object that its own parts may refer to by `id`: `fill` makes the parts.
    fn add_named(
        &mut self,
        id: Option<u32>,
        fill: impl FnOnce(&mut Self) -> Result<Object, BuildError>,
    ) -> Result<Value, BuildError> {
        let place = self.graph.add(Object::new(Kind::Plain));
        if let Some(id) = id
            && self.named.insert(id, place).is_some()
        {
            return malformed(format!("two objects have the id {id}"));
        }
        let object = fill(self)?;
        *self.graph.object_mut(place) = object;
        Ok(Value::Object(place))
    }

    fn tagged(&mut self, tagged: &Tagged) -> Result<Value, BuildError> {
        Ok(match tagged {
            Tagged::Undefined {} => Value::Undefined,
            Tagged::Number { value } => Value::Number(number(value)?),
            Tagged::Bigint { value } => Value::BigInt(bigint(value)?),
            Tagged::Utf16 { units } => Value::String(JsString::from_utf16(units)),
            Tagged::Repeat { text, times } => Value::String(text.repeat(*times as usize).into()),
            Tagged::Symbol { description } => Value::Symbol(Symbol::new(description.as_str())),
            Tagged::Function { name, behaviour } => {
                let behaviour = match behaviour {
                    Some(behaviour) => self.behaviour(behaviour)?,
                    None => Behaviour::Returns(Value::Undefined),
                };
                self.add(Object::new(Kind::Function(Function { name: name.clone(), behaviour })))
            }
            Tagged::Object(object) => self.object(object)?,
            Tagged::Array { id, elements, length, properties } => {
                let length = length.unwrap_or(0) as usize;
                self.add_named(*id, |this| this.array(elements, length, properties))?
            }
            Tagged::Hole {} => return malformed("a hole outside an array"),
            Tagged::Ref { id } => match self.named.get(id) {
                Some(place) => Value::Object(*place),
                None => return malformed(format!("no object with the id {id} stands before this")),
            },
            Tagged::Date { id, time, properties } => {
                let time = match time {
                    Recipe::Number(time) => *time,
                    Recipe::String(text) if text == "NaN" => f64::NAN,
                    _ => return malformed("the time of a date is a number or \"NaN\""),
                };
                self.add_named(*id, |this| this.with_properties(Kind::Date(time), properties))?
            }
            Tagged::Regexp { id, source, flags, last_index } => {
                let kind = Kind::RegExp { source: source.as_str().into(), flags: flags.clone() };
                let mut object = Object::new(kind);
                let last_index = Property::data(last_index.unwrap_or(0)).hidden();
                object.properties.insert("lastIndex", last_index);
                self.add_as(*id, object)?
            }
            Tagged::Error { id, subclass, class, message, stack, cause, properties } => {
                let class = error_class(class)?;
                let kind = Kind::Error {
                    class,
                    message: message.as_deref().map(JsString::from),
                    stack: Some(match stack {
                        Some(stack) => stack.as_str().into(),
                        None => stack_of(class, message.as_deref()).into(),
                    }),
                    cause: cause.as_ref().map(|cause| self.value(cause)).transpose()?,
                };
                self.add_named(*id, |this| this.instance(subclass, kind, properties))?
            }
            Tagged::Boxed { id, value } => {
                let value = self.value(value)?;
                self.add_as(*id, Object::new(Kind::Boxed(value)))?
            }
            Tagged::Map { entries, id, properties } => self.add_named(*id, |this| {
                let entries = entries
                    .iter()
                    .map(|(key, value)| Ok((this.value(key)?, this.value(value)?)))
                    .collect::<Result<_, _>>()?;
                this.with_properties(Kind::map(entries), properties)
            })?,
            Tagged::Set { values, id, properties } => self.add_named(*id, |this| {
                let values = this.values(values)?;
                this.with_properties(Kind::set(values), properties)
            })?,
            Tagged::ArrayBuffer { detached: true, .. } => {
                return unsupported("no detached ArrayBuffer");
            }
            Tagged::ArrayBuffer { id, bytes, times, max_byte_length, shared, detached: false } => {
                let kind = Kind::ArrayBuffer {
                    bytes: unhex(bytes)?.repeat(times.unwrap_or(1) as usize),
                    max_byte_length: max_byte_length.map(|n| n as usize),
                    shared: *shared,
                };
                self.add_as(*id, Object::new(kind))?
            }
            Tagged::View { id, class, subclass, bytes, buffer, offset, length, properties } => {
                let class = view_class(class)?;
                let bytes = match buffer {
                    None => unhex(bytes)?,
                    Some(buffer) => {
                        let buffer = self.value(buffer)?;
                        self.viewed(&buffer, class, offset.unwrap_or(0), *length)?
                    }
                };
                let kind = Kind::View { class, bytes: bytes.into() };
                self.add_named(*id, |this| this.instance(subclass, kind, properties))?
            }
            Tagged::Url { href } => self.add(Object::new(Kind::Url(href.as_str().into()))),
            Tagged::Proxy { target } => match self.value(target)? {
                Value::Object(target) => self.add(Object::new(Kind::Proxy(target))),
                _ => return malformed("the target of a proxy is an object"),
            },
            Tagged::Arguments { values } => {
                let values = self.values(values)?;
                self.add(Object::new(Kind::Arguments(values)))
            }
            Tagged::RawJson { text } => self.add(Object::new(Kind::RawJson(text.clone()))),
            Tagged::Opaque { class } => self.add(Object::new(Kind::Opaque(opaque(class)?))),
            Tagged::Nest { container, depth } => self.nest(container, *depth)?,
            Tagged::Callback { .. } => return malformed("a callback is no message"),
            Tagged::Global { name } => return unsupported(format!("no global variable '{name}'")),
            Tagged::Text { .. } | Tagged::Deeper { .. } | Tagged::Handle { .. } => {
                return malformed("this notation describes a value and cannot build one");
            }
        })
    }

    fn values(&mut self, recipes: &[Recipe]) -> Result<Vec<Value>, BuildError> {
        recipes.iter().map(|recipe| self.value(recipe)).collect()
    }

    fn object(&mut self, object: &plan::Object) -> Result<Value, BuildError> {
        self.add_named(object.id, |this| {
            let prototype = match &object.prototype {
                None => Prototype::Default,
                Some(plan::Prototype::Null) => Prototype::Null,
                Some(plan::Prototype::Class(name)) => Prototype::Class(name.clone()),
                Some(plan::Prototype::Inherits(properties)) => {
                    Prototype::Inherits(this.with_properties(Kind::Plain, properties)?.properties)
                }
            };
            let mut made = this.with_properties(Kind::Plain, &object.properties)?;
            made.prototype = prototype;
            Ok(made)
        })
    }

    /// An instance of a built-in class, or of a class of this name that extends it.
    fn instance(
        &mut self,
        subclass: &Option<String>,
        kind: Kind,
        properties: &[plan::Property],
    ) -> Result<Object, BuildError> {
        let mut object = self.with_properties(kind, properties)?;
        if let Some(name) = subclass {
            object.prototype = Prototype::Class(name.clone());
        }
        Ok(object)
    }

    fn array(
        &mut self,
        elements: &[Recipe],
        length: usize,
        properties: &[plan::Property],
    ) -> Result<Object, BuildError> {
        let indices = properties.iter().filter_map(|property| match &property.key {
            Recipe::String(key) => notation::index(key),
            _ => None,
        });
        let last = indices.map(|index| index as usize + 1).max().unwrap_or(0);
        let length = length.max(elements.len());
        let is_dense = last.max(length) <= elements.len() + MAX_HOLES;
        let mut array = Object::new(if is_dense {
            Kind::Array(vec![None; length])
        } else {
            let length = u32::try_from(length);
            Kind::SparseArray { length: length.or_else(|_| malformed("the array is too long"))? }
        });
        for (index, element) in elements.iter().enumerate() {
            if !matches!(element.tagged(), Some(Tagged::Hole {})) {
                array.define(index.to_string(), Property::data(self.value(element)?));
            }
        }
        self.define_all(&mut array, properties)?;
        Ok(array)
    }

    /// The bytes of a part of an ArrayBuffer. A view holds its own here: nothing changes them.
    fn viewed(
        &self,
        buffer: &Value,
        class: ViewClass,
        offset: u32,
        length: Option<u32>,
    ) -> Result<Vec<u8>, BuildError> {
        let kind = match buffer {
            Value::Object(id) => Some(&self.graph.object(*id).kind),
            _ => None,
        };
        let Some(Kind::ArrayBuffer { bytes, .. }) = kind else {
            return malformed("a view is one of an ArrayBuffer");
        };
        let start = offset as usize;
        let size = class.element_size().unwrap_or(1);
        let end = length.map_or(bytes.len(), |length| start + length as usize * size);
        match bytes.get(start..end) {
            Some(viewed) => Ok(viewed.to_vec()),
            None => malformed("the view is longer than its ArrayBuffer"),
        }
    }

    fn with_properties(
        &mut self,
        kind: Kind,
        properties: &[plan::Property],
    ) -> Result<Object, BuildError> {
        let mut object = Object::new(kind);
        self.define_all(&mut object, properties)?;
        Ok(object)
    }

    fn define_all(
        &mut self,
        object: &mut Object,
        properties: &[plan::Property],
    ) -> Result<(), BuildError> {
        for property in properties {
            let key = match &property.key {
                Recipe::String(text) => PropertyKey::String(text.as_str().into()),
                key => match key.tagged() {
                    Some(Tagged::Utf16 { units }) => {
                        PropertyKey::String(JsString::from_utf16(units))
                    }
                    Some(Tagged::Symbol { description }) => {
                        PropertyKey::Symbol(Symbol::new(description.as_str()))
                    }
                    _ => return malformed("a key is a string, utf16 or symbol"),
                },
            };
            let slot = match (&property.value, &property.get) {
                (Some(value), None) => Slot::Data(self.value(value)?),
                (None, Some(get)) => Slot::Getter(self.behaviour(get)?),
                _ => return malformed("a property has either a value or a getter"),
            };
            let enumerable = property.enumerable.unwrap_or(true);
            object.define(key, Property { slot, enumerable });
        }
        Ok(())
    }

    fn behaviour(&mut self, behaviour: &plan::Behaviour) -> Result<Behaviour, BuildError> {
        Ok(match behaviour {
            plan::Behaviour::Returns(value) => Behaviour::Returns(self.value(value)?),
            plan::Behaviour::Throws(Thrown { class, message }) => {
                Behaviour::Throws { class: error_class(class)?, message: message.clone() }
            }
            plan::Behaviour::ReturnsArgument(prefix) => {
                Behaviour::ReturnsJsonKey { prefix: prefix.clone() }
            }
            plan::Behaviour::ReturnsThis(prefix) => {
                Behaviour::ReturnsThis { prefix: prefix.clone() }
            }
        })
    }

    fn nest(&mut self, container: &str, depth: u32) -> Result<Value, BuildError> {
        let mut inner: Option<Value> = None;
        for _ in 0..depth {
            let mut object = match container {
                "array" => Object::new(Kind::Array(inner.take().map(Some).into_iter().collect())),
                "object" => Object::new(Kind::Plain),
                other => return malformed(format!("a nest of '{other}': array or object")),
            };
            if let Some(value) = inner.take() {
                object.properties.insert(PropertyKey::String("a".into()), Property::data(value));
            }
            inner = Some(self.add(object));
        }
        inner.map_or_else(|| malformed("a nest has a depth of at least 1"), Ok)
    }
}
