//! From a received value to its description.

use ipc_plan::{Recipe, Tagged};
use js_value::{Graph, JsString, Kind, ObjectId, PropertyKey, Slot, Value};

/// Containers this far down are summed up.
const MAX_LEVEL: usize = 30;
/// Longer strings, in code units, are summed up.
const MAX_UNITS: usize = 256;

/// The description of a message, in canonical form.
pub(crate) fn describe(graph: &Graph) -> Recipe {
    value(graph, graph.root(), 0)
}

/// The description of a string.
pub(crate) fn string(text: &JsString) -> Recipe {
    let length = text.len_utf16();
    if length <= MAX_UNITS {
        return Recipe::utf16(text.encode_utf16().collect());
    }
    let mut hash = 0x811c_9dc5_u32;
    for byte in text.encode_utf16().flat_map(u16::to_le_bytes) {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    let start: Vec<u16> = text.encode_utf16().take(32).collect();
    Tagged::Text {
        length: length as u64,
        hash: format!("{hash:08x}"),
        start: String::from_utf16_lossy(&start),
    }
    .into()
}

fn value(graph: &Graph, value: &Value, level: usize) -> Recipe {
    match value {
        Value::Undefined => Recipe::undefined(),
        Value::Null => Recipe::Null,
        Value::Bool(b) => Recipe::Bool(*b),
        Value::Number(n) => Recipe::number(*n),
        Value::BigInt(n) => Tagged::Bigint { value: n.to_string() }.into(),
        Value::String(text) => string(text),
        Value::Symbol(symbol) => {
            Tagged::Symbol { description: symbol.description().to_owned() }.into()
        }
        Value::Object(id) => object(graph, *id, level),
    }
}

fn object(graph: &Graph, id: ObjectId, level: usize) -> Recipe {
    if level >= MAX_LEVEL {
        return deeper(graph, id);
    }
    let object = graph.object(id);
    match &object.kind {
        Kind::Array(items) => Recipe::Array(
            items
                .iter()
                .map(|item| match item {
                    Some(item) => value(graph, item, level + 1),
                    None => Tagged::Hole {}.into(),
                })
                .collect(),
        ),
        Kind::Plain => {
            let entries: Vec<_> = object
                .properties
                .iter()
                .filter_map(|(key, property)| match (key, &property.slot) {
                    (PropertyKey::String(key), Slot::Data(data)) => {
                        Some((key, value(graph, data, level + 1)))
                    }
                    // JSON text has no other properties.
                    _ => None,
                })
                .collect();
            plain(entries)
        }
        // Nor other objects.
        other => Tagged::Opaque { class: format!("{other:?}") }.into(),
    }
}

/// The plain notation where it can say the keys.
fn plain(entries: Vec<(&JsString, Recipe)>) -> Recipe {
    let says_all = entries
        .iter()
        .all(|(key, _)| key.len_utf16() <= MAX_UNITS && key.as_str().is_some_and(|key| key != "$"));
    if says_all {
        return Recipe::Object(
            entries
                .into_iter()
                .map(|(key, value)| (key.to_string_lossy().into_owned(), value))
                .collect(),
        );
    }
    let properties = entries
        .into_iter()
        .map(|(key, value)| ipc_plan::Property {
            key: Recipe::utf16(key.encode_utf16().collect()),
            value: Some(value),
            get: None,
            enumerable: None,
        })
        .collect();
    Tagged::Object(ipc_plan::Object { id: None, prototype: None, properties }).into()
}

/// Sums up a container and all it holds, however deep.
fn deeper(graph: &Graph, id: ObjectId) -> Recipe {
    let (mut levels, mut containers) = (0, 0);
    let mut here = vec![id];
    while !here.is_empty() {
        levels += 1;
        containers += here.len() as u64;
        here = here.iter().flat_map(|id| children(graph, *id)).collect();
    }
    Tagged::Deeper { levels, containers }.into()
}

fn children(graph: &Graph, id: ObjectId) -> Vec<ObjectId> {
    let object = graph.object(id);
    let as_object = |value: &Value| match value {
        Value::Object(id) => Some(*id),
        _ => None,
    };
    match &object.kind {
        Kind::Array(items) => items.iter().flatten().filter_map(as_object).collect(),
        _ => object
            .properties
            .iter()
            .filter_map(|(_, property)| match &property.slot {
                Slot::Data(value) => as_object(value),
                Slot::Getter(_) => None,
            })
            .collect(),
    }
}
