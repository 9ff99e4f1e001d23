//! `String(value)`, for functions that speak of `this`.

use crate::object::{Element, element};
use crate::{
    Exception, Graph, JsString, Kind, Object, ObjectId, Prototype, Value, ViewClass,
    number_to_string,
};

/// `String(object)`. Own `toString` and `valueOf` are not looked for.
pub(super) fn object_to_text(graph: &Graph, id: ObjectId) -> Result<JsString, Exception> {
    let mut units = Vec::new();
    // Arrays whose elements are being joined, outermost first, with the place reached.
    let mut open: Vec<(ObjectId, &[Option<Value>], usize)> = Vec::new();
    let mut next = Some(id);
    loop {
        if let Some(id) = next.take() {
            match joined(graph, id)? {
                // An array inside itself is the empty string.
                Joined::Elements(elements) if open.iter().all(|(outer, ..)| *outer != id) => {
                    open.push((id, elements, 0));
                }
                Joined::Elements(_) => {}
                Joined::Text(text) => units.extend(text.encode_utf16()),
            }
        }
        let Some((_, elements, at)) = open.last_mut() else {
            return Ok(JsString::from_utf16(&units));
        };
        let Some(element) = elements.get(*at) else {
            open.pop();
            continue;
        };
        if *at > 0 {
            units.push(u16::from(b','));
        }
        *at += 1;
        match element {
            None | Some(Value::Undefined | Value::Null) => {}
            Some(Value::Object(id)) => next = Some(*id),
            Some(primitive) => units.extend(primitive_to_text(primitive)?.encode_utf16()),
        }
    }
}

enum Joined<'g> {
    Elements(&'g [Option<Value>]),
    Text(JsString),
}

fn joined(graph: &Graph, id: ObjectId) -> Result<Joined<'_>, Exception> {
    let (object, _) = graph.target(id);
    let text = match &object.prototype {
        Prototype::Null => {
            return Err(Exception::type_error("Cannot convert object to primitive value"));
        }
        Prototype::Inherits(_) => format!("[object {}]", inherited_tag(object)).into(),
        Prototype::Default | Prototype::Class(_) => match &object.kind {
            Kind::Array(elements) => return Ok(Joined::Elements(elements)),
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
            _ => format!("[object {}]", builtin_tag(object)).into(),
        },
    };
    Ok(Joined::Text(text))
}

/// The name in `[object …]` of an object that has the tag of its class.
fn builtin_tag(object: &Object) -> &'static str {
    match &object.kind {
        Kind::Map(_) => "Map",
        Kind::Set(_) => "Set",
        Kind::ArrayBuffer { shared: false, .. } => "ArrayBuffer",
        Kind::ArrayBuffer { shared: true, .. } => "SharedArrayBuffer",
        Kind::View { class, .. } => class.name(),
        Kind::Opaque(class) => class.name(),
        _ => inherited_tag(object),
    }
}

/// The name in `[object …]` of an object that inherits nothing of its class.
fn inherited_tag(object: &Object) -> &'static str {
    match &object.kind {
        Kind::Array(_) => "Array",
        Kind::Function(_) => "Function",
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

fn primitive_to_text(value: &Value) -> Result<JsString, Exception> {
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
    use crate::Symbol;

    fn check(build: impl FnOnce(&mut Graph) -> Value, expected: &str) {
        let mut graph = Graph::default();
        let Value::Object(id) = build(&mut graph) else { panic!("builds an object") };
        let text = match object_to_text(&graph, id) {
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
        check(add(Kind::View { class: ViewClass::Int8Array, bytes: vec![1, 255] }), "1,-1");
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
                graph.object_mut(id).define("3", crate::Property::data(outer.clone()));
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
}
