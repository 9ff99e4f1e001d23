//! From a value recipe to a value of the Rust channel.

use std::collections::BTreeMap;

use ipc_plan::{self as plan, Recipe, Tagged, Thrown};
use js_value::{
    Behaviour, BigInt, ErrorClass, Function, Graph, JsString, Kind, Object, ObjectId, OpaqueClass,
    Property, PropertyKey, Prototype, Slot, Symbol, Value, ViewClass,
};

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

/// Arrays are dense in `js-value`: an index far away costs all that lies between.
const LONGEST_ARRAY: u32 = 1 << 24;

struct Builder {
    graph: Graph,
    named: BTreeMap<u32, ObjectId>,
}

fn malformed<T>(message: impl Into<String>) -> Result<T, BuildError> {
    Err(BuildError::Malformed(message.into()))
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
            Tagged::Array { id, elements, length, properties } => self.add_named(*id, |this| {
                let mut items = elements
                    .iter()
                    .map(|element| match element.tagged() {
                        Some(Tagged::Hole {}) => Ok(None),
                        _ => this.value(element).map(Some),
                    })
                    .collect::<Result<Vec<_>, _>>()?;
                items.resize(items.len().max(length.unwrap_or(0) as usize), None);
                this.with_properties(Kind::Array(items), properties)
            })?,
            Tagged::Hole {} => return malformed("a hole outside an array"),
            Tagged::Ref { id } => match self.named.get(id) {
                Some(place) => Value::Object(*place),
                None => return malformed(format!("no object with the id {id} stands before this")),
            },
            Tagged::Date { time, properties } => {
                let time = match time {
                    Recipe::Number(time) => *time,
                    Recipe::String(text) if text == "NaN" => f64::NAN,
                    _ => return malformed("the time of a date is a number or \"NaN\""),
                };
                let object = self.with_properties(Kind::Date(time), properties)?;
                self.add(object)
            }
            Tagged::Regexp { source, flags } => self.add(Object::new(Kind::RegExp {
                source: source.as_str().into(),
                flags: flags.clone(),
            })),
            Tagged::Error { class, message, stack, cause, properties } => {
                let kind = Kind::Error {
                    class: error_class(class)?,
                    message: message.as_deref().map(JsString::from),
                    stack: stack.as_deref().map(JsString::from),
                    cause: cause.as_ref().map(|cause| self.value(cause)).transpose()?,
                };
                let object = self.with_properties(kind, properties)?;
                self.add(object)
            }
            Tagged::Boxed { value } => {
                let value = self.value(value)?;
                self.add(Object::new(Kind::Boxed(value)))
            }
            Tagged::Map { entries, id, properties } => self.add_named(*id, |this| {
                let entries = entries
                    .iter()
                    .map(|(key, value)| Ok((this.value(key)?, this.value(value)?)))
                    .collect::<Result<_, _>>()?;
                this.with_properties(Kind::Map(entries), properties)
            })?,
            Tagged::Set { values, id, properties } => self.add_named(*id, |this| {
                let values = this.values(values)?;
                this.with_properties(Kind::Set(values), properties)
            })?,
            Tagged::ArrayBuffer { bytes, max_byte_length, shared } => {
                let bytes = unhex(bytes)?;
                self.add(Object::new(Kind::ArrayBuffer {
                    bytes,
                    max_byte_length: max_byte_length.map(|n| n as usize),
                    shared: *shared,
                }))
            }
            Tagged::View { class, bytes, properties } => {
                let kind = Kind::View { class: view_class(class)?, bytes: unhex(bytes)? };
                let object = self.with_properties(kind, properties)?;
                self.add(object)
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
            Tagged::Text { .. } | Tagged::Deeper { .. } => {
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

    fn with_properties(
        &mut self,
        kind: Kind,
        properties: &[plan::Property],
    ) -> Result<Object, BuildError> {
        let mut object = Object::new(kind);
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
            if let (Kind::Array(_), Recipe::String(key)) = (&object.kind, &property.key)
                // 2³² - 1 is no index.
                && key.parse().is_ok_and(|n| (LONGEST_ARRAY + 1..u32::MAX).contains(&n))
            {
                let reason = format!("an array here has no index over {LONGEST_ARRAY}");
                return Err(BuildError::Unsupported(reason));
            }
            object.define(key, Property { slot, enumerable });
        }
        Ok(object)
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

fn number(text: &str) -> Result<f64, BuildError> {
    match text {
        "NaN" => Ok(f64::NAN),
        "Infinity" => Ok(f64::INFINITY),
        "-Infinity" => Ok(f64::NEG_INFINITY),
        _ => text.parse().or_else(|_| malformed(format!("'{text}' is no number"))),
    }
}

fn bigint(text: &str) -> Result<BigInt, BuildError> {
    text.parse().or_else(|_| malformed(format!("'{text}' is no BigInt")))
}

fn unhex(text: &str) -> Result<Vec<u8>, BuildError> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return malformed("bytes are pairs of hexadecimal digits");
    }
    digits
        .chunks(2)
        .map(|pair| {
            std::str::from_utf8(pair)
                .ok()
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                .map_or_else(|| malformed("bytes are pairs of hexadecimal digits"), Ok)
        })
        .collect()
}

fn error_class(name: &str) -> Result<ErrorClass, BuildError> {
    ErrorClass::from_name(name)
        .map_or_else(|| Err(BuildError::Unsupported(format!("no error class '{name}'"))), Ok)
}

fn view_class(name: &str) -> Result<ViewClass, BuildError> {
    ViewClass::from_name(name)
        .map_or_else(|| Err(BuildError::Unsupported(format!("no view class '{name}'"))), Ok)
}

fn opaque(name: &str) -> Result<OpaqueClass, BuildError> {
    OpaqueClass::from_name(name)
        .map_or_else(|| Err(BuildError::Unsupported(format!("no class '{name}'"))), Ok)
}
