//! `JSON.stringify`.

use std::fmt::Write as _;
use std::io::Write as _;

use super::date;
use super::quote::quote;
use crate::error::Exception;
use crate::graph::{Graph, ObjectId, Value};
use crate::object::{
    Behaviour, Function, Kind, Object, Properties, PropertyKey, Prototype, Slot, ViewClass,
};
use crate::string::JsString;

/// Circumstances of [`stringify`]. By default there is no limit and nothing is patched.
#[derive(Clone, Debug, Default)]
pub struct StringifyOptions {
    /// How deep containers may be nested. JavaScript engines have a limit of their own, somewhere in the thousands,
    /// and throw a RangeError; here there is none unless said so.
    pub max_depth: Option<usize>,
    /// Functions that the program has put into built-in prototypes.
    pub prototypes: PatchedPrototypes,
}

/// `toJSON` functions in built-in prototypes that have none by themselves.
#[derive(Clone, Debug, Default)]
pub struct PatchedPrototypes {
    /// `BigInt.prototype.toJSON`.
    pub bigint: Option<Behaviour>,
    /// `Object.prototype.toJSON`.
    pub object: Option<Behaviour>,
}

/// The JSON text of a graph's value; `None` where `JSON.stringify` gives `undefined`.
///
/// # Errors
///
/// What `JSON.stringify` throws: of its own for cycles and BigInts, and whatever getters and `toJSON` throw.
pub fn stringify(graph: &Graph, options: &StringifyOptions) -> Result<Option<String>, Exception> {
    stringify_value(graph, graph.root(), options)
}

/// The same for any value of the graph.
///
/// # Errors
///
/// As [`stringify`].
pub fn stringify_value(
    graph: &Graph,
    value: &Value,
    options: &StringifyOptions,
) -> Result<Option<String>, Exception> {
    let mut out = Vec::new();
    let written = write(graph, value, options, &mut out)?;
    Ok(written.then(|| String::from_utf8(out).expect("JSON text is written from text only")))
}

/// Appends the JSON text of a value; answers whether there is any. On an error, and where there is none, `out` is as
/// before.
///
/// # Errors
///
/// As [`stringify`].
pub fn write(
    graph: &Graph,
    value: &Value,
    options: &StringifyOptions,
    out: &mut Vec<u8>,
) -> Result<bool, Exception> {
    let before = out.len();
    let mut writer = Writer { graph, options, out, frames: Vec::new(), open: Vec::new() };
    let result = writer.run(value);
    if !matches!(result, Ok(true)) {
        out.truncate(before);
    }
    result
}

struct Writer<'a> {
    graph: &'a Graph,
    options: &'a StringifyOptions,
    out: &'a mut Vec<u8>,
    frames: Vec<Frame<'a>>,
    /// Whether each object of the graph is among the frames; made with the first frame.
    open: Vec<bool>,
}

/// A container that is being written.
struct Frame<'a> {
    id: ObjectId,
    /// How it was reached.
    key: Key<'a>,
    /// The object itself, or what a proxy leads to.
    object: &'a Object,
    next: usize,
    wrote: bool,
}

#[derive(Clone, Copy)]
enum Key<'a> {
    Root,
    Index(usize),
    Name(&'a JsString),
}

/// What a value comes to.
enum Prepared<'a> {
    /// Nothing: the property is left out.
    Nothing,
    /// Text that was written already.
    Written,
    /// A container to be entered.
    Container(ObjectId, &'a Object),
}

impl<'a> Writer<'a> {
    fn run(&mut self, root: &Value) -> Result<bool, Exception> {
        match self.prepare(Key::Root, root)? {
            Prepared::Nothing => return Ok(false),
            Prepared::Written => return Ok(true),
            Prepared::Container(id, object) => self.enter(id, object, Key::Root)?,
        }
        while let Some(frame) = self.frames.last_mut() {
            let is_array = matches!(frame.object.kind, Kind::Array(_));
            let Some((key, slot)) = next_slot(frame) else {
                let id = frame.id;
                self.out.push(if is_array { b']' } else { b'}' });
                self.open[Graph::index(id)] = false;
                self.frames.pop();
                continue;
            };
            let given;
            let value = match slot {
                Found::Value(value) => value,
                Found::Owned(value) => {
                    given = value;
                    &given
                }
                Found::Getter(behaviour) => {
                    given = call(behaviour, None, "[object Object]")?;
                    &given
                }
            };
            let start = self.out.len();
            if frame.wrote {
                self.out.push(b',');
            }
            match key {
                Key::Name(name) => {
                    quote(name, self.out);
                    self.out.push(b':');
                }
                Key::Index(index) if !is_array => {
                    let _infallible = write!(self.out, "\"{index}\":");
                }
                _ => {}
            }
            match self.prepare(key, value)? {
                Prepared::Written => {}
                Prepared::Container(id, object) => {
                    self.mark_written();
                    self.enter(id, object, key)?;
                    continue;
                }
                Prepared::Nothing if is_array => self.out.extend_from_slice(b"null"),
                Prepared::Nothing => {
                    self.out.truncate(start);
                    continue;
                }
            }
            self.mark_written();
        }
        Ok(true)
    }

    fn mark_written(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.wrote = true;
        }
    }

    fn enter(&mut self, id: ObjectId, object: &'a Object, key: Key<'a>) -> Result<(), Exception> {
        if self.open.is_empty() {
            self.open = vec![false; self.graph.len()];
        }
        if self.open[Graph::index(id)] {
            return Err(self.circle(id, key));
        }
        if let Some(limit) = self.options.max_depth
            && self.frames.len() >= limit
        {
            return Err(Exception::TooDeep { limit });
        }
        self.open[Graph::index(id)] = true;
        self.out.push(if matches!(object.kind, Kind::Array(_)) { b'[' } else { b'{' });
        self.frames.push(Frame { id, key, object, next: 0, wrote: false });
        Ok(())
    }

    /// Writes a value that is no container, or says which container it is.
    fn prepare(&mut self, key: Key<'_>, value: &Value) -> Result<Prepared<'a>, Exception> {
        let replaced;
        let value = match self.to_json(value)? {
            ToJson::None => value,
            ToJson::Call(behaviour) => {
                replaced = call(behaviour, Some(key), &self.string_of(value))?;
                &replaced
            }
            ToJson::Text(text) => {
                match text {
                    Some(text) => quote(&text, self.out),
                    None => self.out.extend_from_slice(b"null"),
                }
                return Ok(Prepared::Written);
            }
            ToJson::Buffer(bytes) => {
                self.out.extend_from_slice(b"{\"type\":\"Buffer\",\"data\":[");
                for (index, byte) in bytes.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    let _infallible = write!(self.out, "{comma}{byte}");
                }
                self.out.extend_from_slice(b"]}");
                return Ok(Prepared::Written);
            }
        };
        let id = match value {
            Value::Object(id) => *id,
            primitive => return self.primitive(primitive),
        };
        let graph = self.graph;
        match &graph.object(id).kind {
            Kind::Boxed(Value::Symbol(_)) => {}
            Kind::Boxed(primitive) => return self.primitive(primitive),
            Kind::RawJson(text) => {
                self.out.extend_from_slice(text.as_bytes());
                return Ok(Prepared::Written);
            }
            _ => {}
        }
        let object = self.behind_proxies(id);
        Ok(match object.kind {
            Kind::Function(_) => Prepared::Nothing,
            _ => Prepared::Container(id, object),
        })
    }

    fn primitive(&mut self, value: &Value) -> Result<Prepared<'a>, Exception> {
        match value {
            Value::Null => self.out.extend_from_slice(b"null"),
            Value::Bool(true) => self.out.extend_from_slice(b"true"),
            Value::Bool(false) => self.out.extend_from_slice(b"false"),
            Value::Number(number) => self.number(*number),
            Value::String(text) => quote(text, self.out),
            Value::BigInt(_) => {
                return Err(Exception::type_error("Do not know how to serialize a BigInt"));
            }
            Value::Undefined | Value::Symbol(_) | Value::Object(_) => return Ok(Prepared::Nothing),
        }
        Ok(Prepared::Written)
    }

    fn number(&mut self, number: f64) {
        if !number.is_finite() {
            self.out.extend_from_slice(b"null");
        } else if number.fract() == 0.0 && number.abs() < 1e15 {
            let _infallible = write!(self.out, "{}", number as i64);
        } else {
            self.out.extend_from_slice(ryu_js::Buffer::new().format(number).as_bytes());
        }
    }

    fn behind_proxies(&self, id: ObjectId) -> &'a Object {
        let mut object = self.graph.object(id);
        // A proxy wraps something older, so that the way ends; a chain made otherwise ends here too.
        for _ in 0..self.graph.len() {
            match &object.kind {
                Kind::Proxy(target) => object = self.graph.object(*target),
                _ => break,
            }
        }
        object
    }

    /// What `value.toJSON` is.
    fn to_json(&self, value: &Value) -> Result<ToJson<'a>, Exception> {
        let patches = &self.options.prototypes;
        let id = match value {
            Value::Object(id) => *id,
            Value::BigInt(_) => {
                return Ok(patches
                    .bigint
                    .as_ref()
                    .or(patches.object.as_ref())
                    .map_or(ToJson::None, ToJson::Call));
            }
            _ => return Ok(ToJson::None),
        };
        let object = self.behind_proxies(id);
        if let Some(own) = self.function_in(&object.properties)? {
            return Ok(own);
        }
        match &object.prototype {
            Prototype::Null => return Ok(ToJson::None),
            Prototype::Inherits(properties) => {
                if let Some(inherited) = self.function_in(properties)? {
                    return Ok(inherited);
                }
            }
            Prototype::Class(_) => {}
            Prototype::Default => match &object.kind {
                // Through a proxy, the methods of a Date and a URL find no Date and no URL; neither is sent that way.
                Kind::Date(time) => return Ok(ToJson::Text(date::iso(*time).map(JsString::from))),
                Kind::Url(href) => return Ok(ToJson::Text(Some(href.clone()))),
                Kind::View { class: ViewClass::Buffer, bytes } => return Ok(ToJson::Buffer(bytes)),
                Kind::RawJson(_) => return Ok(ToJson::None),
                _ => {}
            },
        }
        Ok(patches.object.as_ref().map_or(ToJson::None, ToJson::Call))
    }

    /// A property `toJSON`: the function it is, or that it stands in the way of others.
    fn function_in(&self, properties: &'a Properties) -> Result<Option<ToJson<'a>>, Exception> {
        let Some(property) = properties.get("toJSON") else { return Ok(None) };
        let given;
        let value = match &property.slot {
            Slot::Data(value) => value,
            Slot::Getter(behaviour) => {
                given = call(behaviour, None, "[object Object]")?;
                &given
            }
        };
        Ok(Some(match value {
            Value::Object(id) => match &self.behind_proxies(*id).kind {
                Kind::Function(Function { behaviour, .. }) => ToJson::Call(behaviour),
                _ => ToJson::None,
            },
            _ => ToJson::None,
        }))
    }

    /// `String(value)`, as far as a patched prototype can meet it.
    fn string_of(&self, value: &Value) -> String {
        match value {
            Value::BigInt(number) => number.to_string(),
            _ => "[object Object]".to_owned(),
        }
    }

    /// The error for a circle that closes with this object.
    fn circle(&self, id: ObjectId, key: Key<'_>) -> Exception {
        let start = self.frames.iter().position(|frame| frame.id == id).unwrap_or(0);
        let mut message = String::from("Converting circular structure to JSON");
        let name = |frame: &Frame<'_>| constructor(self.graph.object(frame.id));
        let inner = &self.frames[start + 1..];
        let _infallible = write!(
            message,
            "\n    --> starting at object with constructor '{}'",
            name(&self.frames[start])
        );
        for (index, frame) in inner.iter().enumerate() {
            // The first two and the last are named.
            if index < 2 || index + 1 == inner.len() {
                let _infallible = write!(
                    message,
                    "\n    |     {} -> object with constructor '{}'",
                    words(frame.key),
                    name(frame)
                );
            } else if index == 2 {
                message.push_str("\n    |     ...");
            }
        }
        let _infallible = write!(message, "\n    --- {} closes the circle", words(key));
        Exception::type_error(message)
    }
}

enum ToJson<'a> {
    /// There is none to call.
    None,
    /// This function.
    Call(&'a Behaviour),
    /// A built-in one, which gives this string, or null.
    Text(Option<JsString>),
    /// That of a Buffer.
    Buffer(&'a [u8]),
}

enum Found<'a> {
    Value(&'a Value),
    Owned(Value),
    Getter(&'a Behaviour),
}

/// The next element or enumerable property with a string key.
fn next_slot<'a>(frame: &mut Frame<'a>) -> Option<(Key<'a>, Found<'a>)> {
    let object = frame.object;
    let elements = match &object.kind {
        Kind::Array(items) => {
            let index = frame.next;
            let item = items.get(index)?;
            frame.next += 1;
            return Some((
                Key::Index(index),
                item.as_ref().map_or(Found::Owned(Value::Undefined), Found::Value),
            ));
        }
        Kind::Arguments(values) => values.len(),
        Kind::View { class, bytes } => bytes.len() / element_size(*class)?,
        _ => 0,
    };
    if frame.next < elements {
        let index = frame.next;
        frame.next += 1;
        let found = match &object.kind {
            Kind::Arguments(values) => Found::Value(&values[index]),
            Kind::View { class, bytes } => Found::Owned(element(*class, bytes, index)),
            _ => return None,
        };
        return Some((Key::Index(index), found));
    }
    next_property(frame, elements)
}

fn next_property<'a>(frame: &mut Frame<'a>, elements: usize) -> Option<(Key<'a>, Found<'a>)> {
    let object = frame.object;
    loop {
        let (key, property) = object.properties.at(frame.next - elements)?;
        frame.next += 1;
        if let PropertyKey::String(name) = key
            && property.enumerable
        {
            let found = match &property.slot {
                Slot::Data(value) => Found::Value(value),
                Slot::Getter(behaviour) => Found::Getter(behaviour),
            };
            return Some((Key::Name(name), found));
        }
    }
}

/// Bytes of an element. A DataView has none.
fn element_size(class: ViewClass) -> Option<usize> {
    Some(match class {
        ViewClass::Int8Array
        | ViewClass::Uint8Array
        | ViewClass::Uint8ClampedArray
        | ViewClass::Buffer => 1,
        ViewClass::Int16Array | ViewClass::Uint16Array | ViewClass::Float16Array => 2,
        ViewClass::Int32Array | ViewClass::Uint32Array | ViewClass::Float32Array => 4,
        ViewClass::Float64Array | ViewClass::BigInt64Array | ViewClass::BigUint64Array => 8,
        // Larger than any.
        ViewClass::DataView => usize::MAX,
    })
}

fn element(class: ViewClass, bytes: &[u8], index: usize) -> Value {
    fn at<const N: usize>(bytes: &[u8], index: usize) -> [u8; N] {
        let mut element = [0; N];
        element.copy_from_slice(&bytes[index * N..][..N]);
        element
    }
    Value::Number(match class {
        ViewClass::Int8Array => f64::from(i8::from_le_bytes(at(bytes, index))),
        ViewClass::Int16Array => f64::from(i16::from_le_bytes(at(bytes, index))),
        ViewClass::Uint16Array => f64::from(u16::from_le_bytes(at(bytes, index))),
        ViewClass::Int32Array => f64::from(i32::from_le_bytes(at(bytes, index))),
        ViewClass::Uint32Array => f64::from(u32::from_le_bytes(at(bytes, index))),
        ViewClass::Float16Array => half(u16::from_le_bytes(at(bytes, index))),
        ViewClass::Float32Array => f64::from(f32::from_le_bytes(at(bytes, index))),
        ViewClass::Float64Array => f64::from_le_bytes(at(bytes, index)),
        ViewClass::BigInt64Array => {
            return Value::BigInt(i64::from_le_bytes(at(bytes, index)).into());
        }
        ViewClass::BigUint64Array => {
            return Value::BigInt(u64::from_le_bytes(at(bytes, index)).into());
        }
        ViewClass::Uint8Array
        | ViewClass::Uint8ClampedArray
        | ViewClass::Buffer
        | ViewClass::DataView => f64::from(bytes[index]),
    })
}

/// A number of half precision.
fn half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2_f64.powi(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (fraction + 1024.0) * 2_f64.powi(exponent - 25),
    }
}

/// Calls a function; a `toJSON` gets the key, a getter nothing.
fn call(behaviour: &Behaviour, key: Option<Key<'_>>, this: &str) -> Result<Value, Exception> {
    let key = || match key {
        Some(Key::Root) => JsString::default(),
        Some(Key::Index(index)) => index.to_string().into(),
        Some(Key::Name(name)) => name.clone(),
        None => "undefined".into(),
    };
    Ok(match behaviour {
        Behaviour::Returns(value) => value.clone(),
        Behaviour::Throws { class, message } => {
            return Err(Exception::Thrown { class: *class, message: message.clone() });
        }
        Behaviour::ReturnsKey { prefix } => {
            let units: Vec<u16> = prefix.encode_utf16().chain(key().encode_utf16()).collect();
            Value::String(JsString::from_utf16(&units))
        }
        Behaviour::ReturnsJsonKey { prefix } => {
            let mut text = Vec::new();
            quote(&key(), &mut text);
            Value::String(format!("{prefix}{}", String::from_utf8_lossy(&text)).into())
        }
        Behaviour::ReturnsThis { prefix } => Value::String(format!("{prefix}{this}").into()),
    })
}

/// The name of an object's constructor, for messages.
fn constructor(object: &Object) -> &str {
    match (&object.prototype, &object.kind) {
        (Prototype::Class(name), _) => name,
        (Prototype::Null | Prototype::Inherits(_), _) => "Object",
        (Prototype::Default, Kind::Array(_)) => "Array",
        (Prototype::Default, Kind::Map(_)) => "Map",
        (Prototype::Default, Kind::Set(_)) => "Set",
        (Prototype::Default, Kind::Date(_)) => "Date",
        (Prototype::Default, Kind::RegExp { .. }) => "RegExp",
        (Prototype::Default, Kind::Error { class, .. }) => class.name(),
        (Prototype::Default, Kind::View { class, .. }) => class.name(),
        (Prototype::Default, Kind::Opaque(class)) => class.name(),
        (Prototype::Default, _) => "Object",
    }
}

fn words(key: Key<'_>) -> String {
    match key {
        Key::Root => "property ''".to_owned(),
        Key::Index(index) => format!("index {index}"),
        Key::Name(name) => format!("property '{name}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{ParseLimits, parse};
    use crate::object::{ErrorClass, OpaqueClass, Property};
    use crate::{BigInt, Symbol};

    fn text(value: impl FnOnce(&mut Graph) -> Value) -> String {
        let mut graph = Graph::default();
        let root = value(&mut graph);
        graph.set_root(root);
        match stringify(&graph, &StringifyOptions::default()) {
            Ok(Some(text)) => text,
            Ok(None) => "undefined".to_owned(),
            Err(exception) => exception.to_string(),
        }
    }

    fn of(kind: impl Into<Kind>) -> String {
        let kind = kind.into();
        text(|graph| Value::Object(graph.add(Object::new(kind))))
    }

    #[test]
    fn primitives() {
        for (number, expected) in [
            (f64::NAN, "null"),
            (f64::INFINITY, "null"),
            (-0.0, "0"),
            (1e21, "1e+21"),
            (1e-7, "1e-7"),
            (5e-324, "5e-324"),
            (0.1 + 0.2, "0.30000000000000004"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
            (-1.5, "-1.5"),
        ] {
            assert_eq!(text(|_| Value::Number(number)), expected);
        }
        assert_eq!(text(|_| Value::Undefined), "undefined");
        assert_eq!(text(|_| Value::Symbol(Symbol::new("s"))), "undefined");
        assert_eq!(
            text(|_| Value::BigInt(BigInt::from(1_u64))),
            "TypeError: Do not know how to serialize a BigInt"
        );
        for (units, expected) in [
            (&[0xd800][..], r#""\ud800""#),
            (&[0xdc00, 0x78, 0xd83d, 0xde00], r#""\udc00x😀""#),
            (
                &[0, 1, 8, 9, 10, 11, 12, 13, 0x1f, 0x7f, 0x80, 0x2028],
                "\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\u{7f}\u{80}\u{2028}\"",
            ),
            (&[0x22, 0x5c, 0x2f], r#""\"\\/""#),
        ] {
            assert_eq!(text(|_| Value::String(JsString::from_utf16(units))), expected);
        }
    }

    #[test]
    fn objects_by_kind() {
        assert_eq!(of(Kind::Map(vec![(Value::Null, Value::Null)])), "{}");
        assert_eq!(of(Kind::Set(vec![Value::Null])), "{}");
        assert_eq!(of(Kind::Opaque(OpaqueClass::Promise)), "{}");
        assert_eq!(of(Kind::Date(0.0)), r#""1970-01-01T00:00:00.000Z""#);
        assert_eq!(of(Kind::Date(f64::NAN)), "null");
        assert_eq!(of(Kind::Boxed(Value::Number(3.0))), "3");
        assert_eq!(of(Kind::Boxed(Value::Symbol(Symbol::new("q")))), "{}");
        assert_eq!(
            of(Kind::Boxed(Value::BigInt(1_u64.into()))),
            "TypeError: Do not know how to serialize a BigInt"
        );
        assert_eq!(
            of(Kind::View { class: ViewClass::Buffer, bytes: b"hi".to_vec() }),
            r#"{"type":"Buffer","data":[104,105]}"#
        );
        assert_eq!(
            of(Kind::View { class: ViewClass::Uint16Array, bytes: vec![1, 0, 0, 1] }),
            r#"{"0":1,"1":256}"#
        );
        assert_eq!(of(Kind::View { class: ViewClass::DataView, bytes: vec![1, 2] }), "{}");
        assert_eq!(of(Kind::Url("http://x/y".into())), r#""http://x/y""#);
        assert_eq!(of(Kind::Arguments(vec![Value::Bool(true), Value::Undefined])), r#"{"0":true}"#);
        assert_eq!(
            of(Kind::Array(vec![None, Some(Value::Undefined), Some(Value::Null)])),
            "[null,null,null]"
        );
        assert_eq!(of(Kind::RawJson("12345678901234567890".into())), "12345678901234567890");
        assert_eq!(
            of(Kind::Function(Function {
                name: "f".into(),
                behaviour: Behaviour::Returns(Value::Null)
            })),
            "undefined"
        );
    }

    fn to_json(graph: &mut Graph, behaviour: Behaviour) -> Value {
        let function =
            graph.add(Object::new(Kind::Function(Function { name: "toJSON".into(), behaviour })));
        graph.add_object([("toJSON", Value::Object(function))])
    }

    #[test]
    fn to_json_is_called_with_the_key() {
        assert_eq!(
            text(|graph| {
                let inner = to_json(graph, Behaviour::ReturnsKey { prefix: "key=".into() });
                let list = graph.add_array([inner.clone()]);
                graph.add_object([("a", inner), ("b", list)])
            }),
            r#"{"a":"key=a","b":["key=0"]}"#
        );
        assert_eq!(
            text(|graph| to_json(graph, Behaviour::ReturnsJsonKey { prefix: "top=".into() })),
            r#""top=\"\"""#
        );
        assert_eq!(text(|graph| to_json(graph, Behaviour::Returns(Value::Undefined))), "undefined");
        let boom = Behaviour::Throws { class: ErrorClass::RangeError, message: "boom".into() };
        assert_eq!(text(|graph| to_json(graph, boom)), "RangeError: boom");
    }

    #[test]
    fn properties_that_do_not_show() {
        assert_eq!(
            text(|graph| {
                let mut object = Object::new(Kind::Plain);
                object.properties.insert("a".into(), Property::data(Value::Undefined));
                object
                    .properties
                    .insert(PropertyKey::Symbol(Symbol::new("k")), Property::data(Value::Null));
                let hidden = Property { slot: Slot::Data(Value::Null), enumerable: false };
                object.properties.insert("h".into(), hidden);
                let getter = Behaviour::Returns(Value::Number(2.0));
                object
                    .properties
                    .insert("g".into(), Property { slot: Slot::Getter(getter), enumerable: true });
                object.properties.insert("__proto__".into(), Property::data(Value::Null));
                Value::Object(graph.add(object))
            }),
            r#"{"g":2,"__proto__":null}"#
        );
    }

    #[test]
    fn circles_are_named() {
        let expected = "TypeError: Converting circular structure to JSON\n    --> starting at object with constructor \
                        'Object'\n    |     property 'l' -> object with constructor 'Array'\n    --- index 1 closes the circle";
        assert_eq!(
            text(|graph| {
                let root = graph.add_object([("l", Value::Null)]);
                let list = graph.add_array([Value::Null, root.clone()]);
                if let Value::Object(id) = &root {
                    graph.object_mut(*id).properties.insert("l".into(), Property::data(list));
                }
                root
            }),
            expected
        );
    }

    #[test]
    fn a_shared_object_is_written_twice() {
        assert_eq!(
            text(|graph| {
                let shared = graph.add_object([("x", Value::Null)]);
                graph.add_array([shared.clone(), shared])
            }),
            r#"[{"x":null},{"x":null}]"#
        );
    }

    #[test]
    fn a_million_levels_are_read_written_and_dropped() {
        let depth = 1_000_000;
        let source = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let graph = parse(&source, &ParseLimits::default()).unwrap();
        assert_eq!(graph.len(), depth);
        let options = StringifyOptions::default();
        assert_eq!(stringify(&graph, &options).unwrap().as_deref(), Some(source.as_str()));
        let limited = StringifyOptions { max_depth: Some(1000), ..options };
        assert_eq!(stringify(&graph, &limited), Err(Exception::TooDeep { limit: 1000 }));
        assert!(parse(&source, &ParseLimits { max_depth: Some(1000) }).is_err());
    }
}
