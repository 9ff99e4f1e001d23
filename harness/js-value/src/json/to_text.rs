//! `String(value)`, for functions that speak of `this`.

use super::lookup::{BUFFER_OF_PROXY, Lookup, Returned, This, URL_OF_PROXY};
use crate::object::{Element, element};
use crate::{
    Behaviour, Exception, Graph, JsString, Kind, ObjectId, Properties, Prototype, Slot, Value,
    ViewClass, number_to_string,
};

/// `String(object)`. Own `toString` and `valueOf` are not looked for.
pub(super) fn object_to_text(lookup: Lookup<'_>, id: ObjectId) -> Result<JsString, Exception> {
    let mut units = Vec::new();
    // Arrays whose elements are being joined, outermost first, with the place reached.
    let mut open: Vec<(ObjectId, Elements<'_>, usize)> = Vec::new();
    let mut next = Some(id);
    loop {
        if let Some(id) = next.take() {
            match joined(lookup.graph, id)? {
                // An array inside itself is the empty string.
                Joined::Elements(elements) if open.iter().all(|(outer, ..)| *outer != id) => {
                    open.push((id, elements, 0));
                }
                Joined::Elements(_) => {}
                Joined::Text(text) => units.extend(text.encode_utf16()),
            }
        }
        let Some((id, elements, at)) = open.last_mut() else {
            return Ok(JsString::from_utf16(&units));
        };
        if *at == elements.length {
            open.pop();
            continue;
        }
        if *at > 0 {
            units.push(u16::from(b','));
        }
        *at += 1;
        match elements.at(*at - 1, *id, lookup)? {
            Returned::Value(Value::Undefined | Value::Null) => {}
            Returned::Value(Value::Object(id)) => next = Some(*id),
            Returned::Value(primitive) => {
                units.extend(primitive_to_text(primitive)?.encode_utf16())
            }
            Returned::Text(text) => units.extend(text.encode_utf16()),
        }
    }
}

enum Joined<'g> {
    Elements(Elements<'g>),
    Text(JsString),
}

struct Elements<'g> {
    values: &'g [Option<Value>],
    length: usize,
    /// Where those are that `values` has no place for.
    properties: &'g Properties,
}

impl<'g> Elements<'g> {
    /// The element at an index of this array, which is open.
    fn at(
        &self,
        index: usize,
        id: ObjectId,
        lookup: Lookup<'g>,
    ) -> Result<Returned<'g>, Exception> {
        if let Some(Some(value)) = self.values.get(index) {
            return Ok(Returned::Value(value));
        }
        let property = u32::try_from(index).ok().and_then(|index| self.properties.index(index));
        match property.map(|property| &property.slot) {
            None => Ok(Returned::Value(&Value::Undefined)),
            Some(Slot::Data(value)) => Ok(Returned::Value(value)),
            // The array inside itself again.
            Some(Slot::Getter(Behaviour::ReturnsThis { prefix })) => {
                Ok(Returned::Text(prefix.as_str().into()))
            }
            Some(Slot::Getter(getter)) => lookup.call(getter, This::Object(id), None),
        }
    }
}

fn joined(graph: &Graph, id: ObjectId) -> Result<Joined<'_>, Exception> {
    let (object, proxied) = graph.target(id);
    let text = match &object.prototype {
        Prototype::Null => {
            return Err(Exception::type_error("Cannot convert object to primitive value"));
        }
        Prototype::Inherits(_) => format!("[object {}]", own_tag(&object.kind, proxied)).into(),
        Prototype::Default | Prototype::Class(_) => match &object.kind {
            kind if proxied && let Some(refusal) = refusal_of_proxy(kind) => {
                return Err(Exception::type_error(refusal));
            }
            Kind::Array(values) => {
                let (length, properties) = (values.len(), &object.properties);
                return Ok(Joined::Elements(Elements { values, length, properties }));
            }
            Kind::SparseArray { length } => {
                let (length, properties) = (*length as usize, &object.properties);
                return Ok(Joined::Elements(Elements { values: &[], length, properties }));
            }
            Kind::RawJson(_) => {
                return Err(Exception::type_error("Cannot convert object to primitive value"));
            }
            Kind::Boxed(value) => primitive_to_text(value)?,
            Kind::Url(href) => href.clone(),
            Kind::RegExp { source, flags } => {
                let mut units: Vec<u16> = "/".encode_utf16().chain(source.encode_utf16()).collect();
                units.extend("/".encode_utf16().chain(flags.encode_utf16()));
                JsString::from_utf16(&units)
            }
            Kind::Error { class, message, .. } => match message {
                Some(message) if !message.is_empty() => message.prefixed(&format!("{class}: ")),
                _ => class.name().into(),
            },
            Kind::View { class: ViewClass::Buffer, bytes } => {
                String::from_utf8_lossy(bytes).into_owned().into()
            }
            Kind::View { class, bytes } if class.element_size().is_some() => {
                let elements: Vec<String> = (0..)
                    .map_while(|index| element(*class, bytes, index))
                    .map(|element| match element {
                        Element::Number(n) => number_to_string(n),
                        Element::BigInt(n) => n.to_string(),
                    })
                    .collect();
                elements.join(",").into()
            }
            kind => format!("[object {}]", builtin_tag(kind, proxied)).into(),
        },
    };
    Ok(Joined::Text(text))
}

/// What the `toString` of a class says of a proxy of one of its objects, unless it takes anything.
fn refusal_of_proxy(kind: &Kind) -> Option<String> {
    Some(match kind {
        Kind::Boxed(value) => {
            let (method, class) = match value {
                Value::Bool(_) => ("Boolean.prototype.toString", "Boolean"),
                Value::Number(_) => ("Number.prototype.toString", "Number"),
                Value::BigInt(_) => ("BigInt.prototype.toString", "BigInt"),
                Value::String(_) => ("String.prototype.toString", "String"),
                Value::Symbol(_) => ("Symbol.prototype [ @@toPrimitive ]", "Symbol"),
                Value::Undefined | Value::Null | Value::Object(_) => return None,
            };
            format!("{method} requires that 'this' be a {class}")
        }
        Kind::RegExp { .. } => "RegExp.prototype.source getter called on non-RegExp object".into(),
        Kind::Url(_) => URL_OF_PROXY.into(),
        Kind::View { class: ViewClass::Buffer, .. } => BUFFER_OF_PROXY.into(),
        Kind::View { class, .. } if class.element_size().is_some() => format!(
            "Method %TypedArray%.prototype.join called on incompatible receiver [object {class}]"
        ),
        _ => return None,
    })
}

/// The name in `[object …]` of an object that has the tag of its class.
fn builtin_tag(kind: &Kind, proxied: bool) -> &'static str {
    match kind {
        Kind::Map(_) => "Map",
        Kind::Set(_) => "Set",
        Kind::ArrayBuffer { shared: false, .. } => "ArrayBuffer",
        Kind::ArrayBuffer { shared: true, .. } => "SharedArrayBuffer",
        Kind::View { class, .. } => class.name(),
        Kind::Opaque(class) => class.name(),
        _ => own_tag(kind, proxied),
    }
}

/// The name in `[object …]` of an object that inherits nothing of its class.
fn own_tag(kind: &Kind, proxied: bool) -> &'static str {
    match kind {
        Kind::Array(_) | Kind::SparseArray { .. } => "Array",
        Kind::Function(_) => "Function",
        _ if proxied => "Object",
        Kind::Error { .. } => "Error",
        Kind::Boxed(Value::Bool(_)) => "Boolean",
        Kind::Boxed(Value::Number(_)) => "Number",
        Kind::Boxed(Value::String(_)) => "String",
        Kind::Date(_) => "Date",
        Kind::RegExp { .. } => "RegExp",
        Kind::Arguments(_) => "Arguments",
        _ => "Object",
    }
}

pub(super) fn primitive_to_text(value: &Value) -> Result<JsString, Exception> {
    Ok(match value {
        Value::Undefined => "undefined".into(),
        Value::Null => "null".into(),
        Value::Bool(true) => "true".into(),
        Value::Bool(false) => "false".into(),
        Value::Number(n) => number_to_string(*n).into(),
        Value::BigInt(n) => n.to_string().into(),
        Value::String(text) => text.clone(),
        Value::Symbol(_) => {
            return Err(Exception::type_error("Cannot convert a Symbol value to a string"));
        }
        Value::Object(_) => "[object Object]".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::StringifyOptions;
    use crate::{BigInt, ErrorClass, Object, Property, Symbol};

    fn check(build: impl FnOnce(&mut Graph) -> Value, expected: &str) {
        let mut graph = Graph::default();
        let Value::Object(id) = build(&mut graph) else { panic!("builds an object") };
        let options = StringifyOptions::default();
        let lookup = Lookup { graph: &graph, options: &options };
        let text = match object_to_text(lookup, id) {
            Ok(text) => text.to_string_lossy().into_owned(),
            Err(exception) => exception.to_string(),
        };
        assert_eq!(text, expected);
    }

    #[test]
    fn texts_of_objects() {
        let add = |kind| move |graph: &mut Graph| Value::Object(graph.add(Object::new(kind)));
        check(|graph| graph.add_object([("a", Value::Null)]), "[object Object]");
        check(add(Kind::Map(vec![])), "[object Map]");
        check(add(Kind::Boxed(Value::Bool(false))), "false");
        check(add(Kind::RegExp { source: "a".into(), flags: "g".into() }), "/a/g");
        check(add(Kind::View { class: ViewClass::Int8Array, bytes: vec![1, 255].into() }), "1,-1");
        check(
            add(Kind::Boxed(Symbol::new("").into())),
            "TypeError: Cannot convert a Symbol value to a string",
        );
        check(
            |graph| {
                let inner = graph.add_array([Value::from("x"), Value::Null, Value::Undefined]);
                let plain = graph.add_object([("a", Value::Null)]);
                let outer = graph.add_array([inner.clone(), Value::from(1), plain]);
                let Value::Object(id) = inner else { unreachable!("an array") };
                graph.object_mut(id).define("3", Property::data(outer.clone()));
                outer
            },
            "x,,,,1,[object Object]",
        );
        check(
            |graph| {
                let mut object = Object::new(Kind::Plain);
                object.prototype = Prototype::Null;
                Value::Object(graph.add(object))
            },
            "TypeError: Cannot convert object to primitive value",
        );
    }

    #[test]
    fn elements_that_are_hidden_or_made_by_getters_are_joined() {
        let array = |graph: &mut Graph| {
            let array = graph.add_array([Value::from(1)]);
            let Value::Object(id) = array else { unreachable!("an array") };
            (array, id)
        };
        check(
            |graph| {
                let (array, id) = array(graph);
                let inner = graph.add_array([Value::from(4), Value::from(5)]);
                let text = |prefix: &str| prefix.to_owned();
                for (index, property) in [
                    Property::data(2).hidden(),
                    Property::getter(Behaviour::Returns(inner)),
                    Property::getter(Behaviour::ReturnsKey { prefix: text("k") }),
                    Property::getter(Behaviour::ReturnsThis { prefix: text("t") }),
                    Property::getter(Behaviour::Returns(Value::Null)),
                ]
                .into_iter()
                .enumerate()
                {
                    graph.object_mut(id).define((index + 1).to_string(), property);
                }
                array
            },
            "1,2,4,5,kundefined,t,",
        );
        check(
            |graph| {
                let (array, id) = array(graph);
                let message = "boom".to_owned();
                let boom = Behaviour::Throws { class: ErrorClass::RangeError, message };
                graph.object_mut(id).define("1", Property::getter(boom));
                array
            },
            "RangeError: boom",
        );
    }

    #[test]
    fn proxies_of_objects_with_a_method_of_their_own() {
        let proxy = |object: Object| {
            move |graph: &mut Graph| {
                let target = graph.add(object);
                Value::Object(graph.add(Object::new(Kind::Proxy(target))))
            }
        };
        let view = |class, bytes: &[u8]| Kind::View { class, bytes: bytes.to_vec().into() };
        for (kind, expected) in [
            (Kind::Plain, "[object Object]"),
            (Kind::Array(vec![Some(1.into()), Some(2.into())]), "1,2"),
            (Kind::Map(vec![]), "[object Map]"),
            (Kind::Arguments(vec![]), "[object Object]"),
            (view(ViewClass::DataView, &[]), "[object DataView]"),
            (
                Kind::Boxed(true.into()),
                "TypeError: Boolean.prototype.toString requires that 'this' be a Boolean",
            ),
            (
                Kind::Boxed(1.into()),
                "TypeError: Number.prototype.toString requires that 'this' be a Number",
            ),
            (
                Kind::Boxed("a".into()),
                "TypeError: String.prototype.toString requires that 'this' be a String",
            ),
            (
                Kind::Boxed(BigInt::from(1_u64).into()),
                "TypeError: BigInt.prototype.toString requires that 'this' be a BigInt",
            ),
            (
                Kind::Boxed(Symbol::new("").into()),
                "TypeError: Symbol.prototype [ @@toPrimitive ] requires that 'this' be a Symbol",
            ),
            (
                Kind::RegExp { source: "a".into(), flags: String::new() },
                "TypeError: RegExp.prototype.source getter called on non-RegExp object",
            ),
            (Kind::Url("x:".into()), "TypeError: Receiver must be an instance of class URL"),
            (
                view(ViewClass::Int8Array, &[1]),
                "TypeError: Method %TypedArray%.prototype.join called on incompatible receiver \
                 [object Int8Array]",
            ),
            (
                view(ViewClass::Buffer, b"a"),
                "TypeError: Method get TypedArray.prototype.length called on incompatible \
                 receiver [object Uint8Array]",
            ),
        ] {
            check(proxy(Object::new(kind)), expected);
        }
        // Without what they inherit from their class there is nothing to refuse.
        let mut bare = Object::new(Kind::Boxed(1.into()));
        bare.prototype = Prototype::Inherits(Properties::new());
        check(proxy(bare), "[object Object]");
    }
}
