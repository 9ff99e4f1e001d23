//! The error that V8 throws at what cannot be cloned, with its account of what that is.

use super::lookup::data_property;
use crate::{
    ErrorClass, Exception, Graph, JsString, Kind, Object, ObjectId, OpaqueClass, Prototype, Symbol,
    Value, ViewClass,
};

/// The error at a symbol.
pub(super) fn of_symbol(symbol: &Symbol) -> Exception {
    refusal(&symbol.to_string())
}

/// The error at an object.
pub(super) fn of_object(graph: &Graph, id: ObjectId) -> Exception {
    refusal(&account(graph, behind_proxies(graph, id)))
}

fn refusal(account: &str) -> Exception {
    Exception::error(format!("{account} could not be cloned."))
}

/// The object behind any proxies.
fn behind_proxies(graph: &Graph, mut id: ObjectId) -> ObjectId {
    for _ in 0..graph.len() {
        match graph.object(id).kind {
            Kind::Proxy(target) => id = target,
            _ => break,
        }
    }
    id
}

/// What V8 says that an object is without running any code.
fn account(graph: &Graph, id: ObjectId) -> String {
    let object = graph.object(id);
    match &object.kind {
        Kind::Function(function) => {
            return format!("function {}() {{ [native code] }}", function.name);
        }
        Kind::Error { class, message, .. } => {
            return error_account(graph, id, *class, message.as_ref());
        }
        _ => {}
    }
    if data_property(graph, id, "toString").is_none()
        && inherits_to_string(object)
        && let Some(name) = constructor(graph, id)
        && !name.is_empty()
    {
        return format!("#<{name}>");
    }
    format!("[object {}]", tag(object))
}

/// Whether the `toString` that an object inherits is that of `Object.prototype`.
fn inherits_to_string(object: &Object) -> bool {
    match (&object.prototype, &object.kind) {
        (Prototype::Null, _) => false,
        (Prototype::Inherits(_), _) => true,
        (_, Kind::Array(_) | Kind::SparseArray { .. }) => false,
        (_, Kind::Date(_) | Kind::RegExp { .. } | Kind::Boxed(_) | Kind::Url(_)) => false,
        (_, Kind::RawJson(_)) => false,
        (_, Kind::View { class, .. }) => *class == ViewClass::DataView,
        _ => true,
    }
}

/// The name of the `constructor`, if that is a function.
fn constructor(graph: &Graph, id: ObjectId) -> Option<&str> {
    let object = graph.object(id);
    if let Some(value) = data_property(graph, id, "constructor") {
        let Value::Object(id) = value else { return None };
        return match &graph.object(*id).kind {
            Kind::Function(function) => Some(&function.name),
            _ => None,
        };
    }
    match (&object.prototype, &object.kind) {
        (Prototype::Inherits(_), _) | (_, Kind::Arguments(_)) => Some("Object"),
        (_, Kind::Opaque(OpaqueClass::Generator)) => None,
        _ => Some(object.constructor()),
    }
}

/// The `Symbol.toStringTag`, or else V8's name of the class.
fn tag(object: &Object) -> &str {
    let bare = matches!(object.prototype, Prototype::Null | Prototype::Inherits(_));
    match &object.kind {
        Kind::Array(_) | Kind::SparseArray { .. } => "Array",
        Kind::Map(_) => "Map",
        Kind::Set(_) => "Set",
        Kind::Date(_) => "Date",
        Kind::RegExp { .. } => "RegExp",
        Kind::Boxed(Value::Bool(_)) => "Boolean",
        Kind::Boxed(Value::Number(_)) => "Number",
        Kind::Boxed(Value::String(_)) => "String",
        Kind::Boxed(Value::BigInt(_)) => "BigInt",
        Kind::Boxed(Value::Symbol(_)) => "Symbol",
        Kind::ArrayBuffer { shared: false, .. } => "ArrayBuffer",
        Kind::ArrayBuffer { shared: true, .. } => "SharedArrayBuffer",
        Kind::View { class: ViewClass::DataView, .. } if bare => "Object",
        Kind::View { class: ViewClass::Buffer, .. } => ViewClass::Uint8Array.name(),
        Kind::View { class, .. } => class.name(),
        Kind::Arguments(_) => "Arguments",
        Kind::Opaque(OpaqueClass::Promise | OpaqueClass::WeakRef) if bare => "Object",
        Kind::Opaque(class) => class.name(),
        Kind::Url(_) if !bare => "URL",
        _ => "Object",
    }
}

/// `Error.prototype.toString` without running code.
fn error_account(
    graph: &Graph,
    id: ObjectId,
    class: ErrorClass,
    message: Option<&JsString>,
) -> String {
    // Only strings count, and only data properties are looked at.
    let text = |key: &str, otherwise: Option<&JsString>| {
        let found = match data_property(graph, id, key) {
            Some(Value::String(text)) => Some(text),
            Some(_) => None,
            None => otherwise,
        };
        found.map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let bare = matches!(graph.object(id).prototype, Prototype::Null | Prototype::Inherits(_));
    let name = text("name", (!bare).then(|| class.name().into()).as_ref());
    let message = text("message", message);
    match (name.is_empty(), message.is_empty()) {
        (true, _) => message,
        (_, true) => name,
        _ => format!("{name}: {message}"),
    }
}
