//! From a value to what is written in its place: `toJSON`, getters, unboxing.

use super::to_text::{object_to_text, primitive_to_text};
use super::{PatchedPrototypes, StringifyOptions};
use crate::date::to_iso;
use crate::{
    Behaviour, BigInt, Exception, Graph, JsString, Kind, ObjectId, Properties, PropertyKey,
    Prototype, Slot, Value, ViewClass,
};

/// The key that a value is found under.
#[derive(Clone, Copy, Debug)]
pub(super) enum Key<'g> {
    /// That of the outermost value, `""`.
    Root,
    /// An index.
    Index(usize),
    /// A name.
    Name(&'g PropertyKey),
    /// A name of the serializer's own.
    Text(&'static str),
}

impl Key<'_> {
    pub(super) fn to_js_string(self) -> JsString {
        match self {
            Key::Root => JsString::default(),
            Key::Index(index) => index.to_string().into(),
            Key::Name(PropertyKey::String(name)) => name.clone(),
            Key::Name(PropertyKey::Symbol(symbol)) => symbol.to_string().into(),
            Key::Text(text) => text.into(),
        }
    }
}

/// What is to be written.
#[derive(Debug)]
pub(super) enum Item<'g> {
    /// Nothing: `undefined`, a function, a symbol.
    Nothing,
    Primitive(Primitive<'g>),
    /// A text that was made on the way.
    Made(JsString),
    /// `JSON.rawJSON`.
    Raw(&'g str),
    /// An array or an object.
    Container(ObjectId),
    /// What `Buffer.prototype.toJSON` returns: a new object with the bytes as `data`.
    Buffer(&'g [u8]),
}

/// A primitive that JSON has: written as it is, whatever surrounds it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Primitive<'g> {
    Null,
    Bool(bool),
    Number(f64),
    String(&'g JsString),
}

impl<'g> Primitive<'g> {
    #[inline]
    pub(super) fn of(value: &'g Value) -> Option<Self> {
        Some(match value {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Number(n) => Self::Number(*n),
            Value::String(text) => Self::String(text),
            _ => return None,
        })
    }
}

impl<'g> From<Primitive<'g>> for Item<'g> {
    fn from(primitive: Primitive<'g>) -> Self {
        Self::Primitive(primitive)
    }
}

/// What a call returns.
pub(crate) enum Returned<'g> {
    Value(&'g Value),
    Text(JsString),
}

/// What a function is called on.
#[derive(Clone, Copy, Debug)]
pub(super) enum This<'a> {
    Object(ObjectId),
    BigInt(&'a BigInt),
    /// The array of a Buffer's bytes.
    Bytes(&'a [u8]),
}

/// What a `toJSON` found on an object does.
enum ToJson<'g> {
    Call(&'g Behaviour),
    Date(f64),
    Buffer(&'g [u8]),
    Url(&'g JsString),
}

/// What methods of Buffers and URLs say to proxies of these.
pub(super) const BUFFER_OF_PROXY: &str =
    "Method get TypedArray.prototype.length called on incompatible receiver [object Uint8Array]";
pub(super) const URL_OF_PROXY: &str = "Receiver must be an instance of class URL";

/// What a getter of an object returns, where no prototype is patched.
pub(crate) fn call_getter<'g>(
    graph: &'g Graph,
    getter: &'g Behaviour,
    holder: ObjectId,
) -> Result<Returned<'g>, Exception> {
    let lookup = Lookup { graph, options: &UNPATCHED };
    lookup.call(getter, This::Object(holder), None)
}

/// `String(value)`, where no prototype is patched.
pub(crate) fn value_to_text(graph: &Graph, value: &Value) -> Result<JsString, Exception> {
    match value {
        Value::Object(id) => object_to_text(Lookup { graph, options: &UNPATCHED }, *id),
        primitive => primitive_to_text(primitive),
    }
}

static UNPATCHED: StringifyOptions = StringifyOptions {
    max_depth: None,
    prototypes: PatchedPrototypes { big_int_to_json: None, object_to_json: None },
};

#[derive(Clone, Copy, Debug)]
pub(super) struct Lookup<'g> {
    pub(super) graph: &'g Graph,
    pub(super) options: &'g StringifyOptions,
}

impl<'g> Lookup<'g> {
    /// What is written for a value found under a key.
    pub(super) fn item(self, value: &'g Value, key: Key<'_>) -> Result<Item<'g>, Exception> {
        match value {
            Value::Object(id) => self.object(*id, key),
            Value::BigInt(n) => self.big_int(n, key),
            primitive => primitive_item(primitive),
        }
    }

    fn object(self, id: ObjectId, key: Key<'_>) -> Result<Item<'g>, Exception> {
        match self.to_json(id)? {
            None => self.unboxed(id),
            Some(ToJson::Call(behaviour)) => {
                self.call(behaviour, This::Object(id), Some(key))?.into_item(self)
            }
            Some(ToJson::Date(time)) => Ok(to_iso(time)
                .map_or(Item::Primitive(Primitive::Null), |text| Item::Made(text.into()))),
            Some(ToJson::Buffer(bytes)) => Ok(Item::Buffer(bytes)),
            Some(ToJson::Url(href)) => Ok(Primitive::String(href).into()),
        }
    }

    /// What is written for a BigInt.
    pub(super) fn big_int(self, n: &BigInt, key: Key<'_>) -> Result<Item<'g>, Exception> {
        match self.big_int_to_json() {
            Some(behaviour) => self.call(behaviour, This::BigInt(n), Some(key))?.into_item(self),
            None => Err(big_int_error()),
        }
    }

    /// What is written for a property.
    pub(super) fn slot(
        self,
        slot: &'g Slot,
        holder: ObjectId,
        key: Key<'_>,
    ) -> Result<Item<'g>, Exception> {
        match slot {
            Slot::Data(value) => self.item(value, key),
            Slot::Getter(getter) => match self.call(getter, This::Object(holder), None)? {
                Returned::Value(value) => self.item(value, key),
                Returned::Text(text) => Ok(Item::Made(text)),
            },
        }
    }

    /// What is written for the place of an array where no element is.
    pub(super) fn hole(self, holder: ObjectId, index: usize) -> Result<Item<'g>, Exception> {
        let (object, _) = self.graph.target(holder);
        let inherited = match &object.prototype {
            Prototype::Inherits(properties) => Some(properties),
            _ => None,
        };
        let property = u32::try_from(index)
            .ok()
            .and_then(|index| object.properties.index(index).or_else(|| inherited?.index(index)));
        match property {
            Some(property) => self.slot(&property.slot, holder, Key::Index(index)),
            None => Ok(Item::Nothing),
        }
    }

    /// What is written for the `data` of a Buffer; `None` if it is the array of its bytes.
    pub(super) fn buffer_data(self, bytes: &'g [u8]) -> Result<Option<Item<'g>>, Exception> {
        match &self.options.prototypes.object_to_json {
            None => Ok(None),
            Some(behaviour) => {
                let key = Key::Text("data");
                self.call(behaviour, This::Bytes(bytes), Some(key))?.into_item(self).map(Some)
            }
        }
    }

    /// The object's `toJSON`, if that is a function.
    fn to_json(self, id: ObjectId) -> Result<Option<ToJson<'g>>, Exception> {
        let (object, proxied) = self.graph.target(id);
        if let Some(found) = self.own_to_json(&object.properties, id)? {
            return Ok(found);
        }
        match &object.prototype {
            Prototype::Null => return Ok(None),
            Prototype::Inherits(properties) => {
                if let Some(found) = self.own_to_json(properties, id)? {
                    return Ok(found);
                }
                return Ok(self.object_to_json());
            }
            Prototype::Default | Prototype::Class(_) => {}
        }
        match &object.kind {
            Kind::Date(_) if proxied => Err(Exception::type_error("this is not a Date object.")),
            Kind::View { class: ViewClass::Buffer, .. } if proxied => {
                Err(Exception::type_error(BUFFER_OF_PROXY))
            }
            Kind::Url(_) if proxied => Err(Exception::type_error(URL_OF_PROXY)),
            Kind::Date(time) => Ok(Some(ToJson::Date(*time))),
            Kind::View { class: ViewClass::Buffer, bytes } => Ok(Some(ToJson::Buffer(bytes))),
            Kind::Url(href) => Ok(Some(ToJson::Url(href))),
            Kind::RawJson(_) => Ok(None),
            Kind::Boxed(Value::BigInt(_)) => Ok(self.big_int_to_json().map(ToJson::Call)),
            _ => Ok(self.object_to_json()),
        }
    }

    /// The `toJSON` among these properties: `Some(None)` if it hides any other without being a
    /// function.
    fn own_to_json(
        self,
        properties: &'g Properties,
        holder: ObjectId,
    ) -> Result<Option<Option<ToJson<'g>>>, Exception> {
        let value = match properties.get("toJSON").map(|property| &property.slot) {
            None => return Ok(None),
            Some(Slot::Data(value)) => value,
            Some(Slot::Getter(getter)) => match self.call(getter, This::Object(holder), None)? {
                Returned::Value(value) => value,
                Returned::Text(_) => return Ok(Some(None)),
            },
        };
        Ok(Some(match value {
            Value::Object(id) => match &self.graph.target(*id).0.kind {
                Kind::Function(function) => Some(ToJson::Call(&function.behaviour)),
                _ => None,
            },
            _ => None,
        }))
    }

    fn object_to_json(self) -> Option<ToJson<'g>> {
        self.options.prototypes.object_to_json.as_ref().map(ToJson::Call)
    }

    fn big_int_to_json(self) -> Option<&'g Behaviour> {
        let prototypes = &self.options.prototypes;
        prototypes.big_int_to_json.as_ref().or(prototypes.object_to_json.as_ref())
    }

    /// What is written for an object once `toJSON` had its say.
    fn unboxed(self, id: ObjectId) -> Result<Item<'g>, Exception> {
        let object = self.graph.object(id);
        Ok(match &object.kind {
            Kind::RawJson(text) => Item::Raw(text),
            Kind::Boxed(Value::Number(n)) => match object.prototype {
                Prototype::Null => return Err(no_primitive()),
                // The number that "[object Number]" is.
                Prototype::Inherits(_) => Primitive::Null.into(),
                Prototype::Default | Prototype::Class(_) => Primitive::Number(*n).into(),
            },
            Kind::Boxed(Value::String(text)) => match object.prototype {
                Prototype::Null => return Err(no_primitive()),
                Prototype::Inherits(_) => Item::Made("[object String]".into()),
                Prototype::Default | Prototype::Class(_) => Primitive::String(text).into(),
            },
            Kind::Boxed(Value::Bool(b)) => Primitive::Bool(*b).into(),
            Kind::Boxed(Value::BigInt(_)) => return Err(big_int_error()),
            Kind::Function(_) => Item::Nothing,
            Kind::Proxy(_) if matches!(self.graph.target(id).0.kind, Kind::Function(_)) => {
                Item::Nothing
            }
            _ => Item::Container(id),
        })
    }

    /// Calls a function, or a getter if there is no key.
    pub(super) fn call(
        self,
        behaviour: &'g Behaviour,
        this: This<'_>,
        key: Option<Key<'_>>,
    ) -> Result<Returned<'g>, Exception> {
        let text = match behaviour {
            Behaviour::Returns(value) => return Ok(Returned::Value(value)),
            Behaviour::Throws { class, message } => {
                return Err(Exception::Thrown { class: *class, message: message.clone() });
            }
            Behaviour::ReturnsKey { prefix } => {
                let key = key.map_or_else(|| "undefined".into(), Key::to_js_string);
                key.prefixed(prefix)
            }
            Behaviour::ReturnsJsonKey { prefix } => {
                let mut text = prefix.clone().into_bytes();
                match key {
                    Some(key) => super::text::push_string(&key.to_js_string(), &mut text),
                    None => text.extend_from_slice(b"undefined"),
                }
                String::from_utf8(text).expect("JSON text is UTF-8").into()
            }
            Behaviour::ReturnsThis { prefix } => match this {
                This::Object(id) => object_to_text(self, id)?.prefixed(prefix),
                This::BigInt(n) => format!("{prefix}{n}").into(),
                This::Bytes(bytes) => {
                    let bytes: Vec<String> = bytes.iter().map(u8::to_string).collect();
                    format!("{prefix}{}", bytes.join(",")).into()
                }
            },
        };
        Ok(Returned::Text(text))
    }
}

impl<'g> Returned<'g> {
    /// What is written for what a `toJSON` returned.
    fn into_item(self, lookup: Lookup<'g>) -> Result<Item<'g>, Exception> {
        match self {
            Returned::Value(Value::Object(id)) => lookup.unboxed(*id),
            Returned::Value(primitive) => primitive_item(primitive),
            Returned::Text(text) => Ok(Item::Made(text)),
        }
    }
}

fn primitive_item(value: &Value) -> Result<Item<'_>, Exception> {
    if let Some(primitive) = Primitive::of(value) {
        return Ok(primitive.into());
    }
    match value {
        Value::BigInt(_) => Err(big_int_error()),
        Value::Object(id) => Ok(Item::Container(*id)),
        _ => Ok(Item::Nothing),
    }
}

fn big_int_error() -> Exception {
    Exception::type_error("Do not know how to serialize a BigInt")
}

fn no_primitive() -> Exception {
    Exception::type_error("Cannot convert object to primitive value")
}
