//! From a received value to its description.

use std::collections::{BTreeMap, BTreeSet};

use ipc_plan::{Property, Prototype, Recipe, Tagged, fnv1a, fnv1a_utf16};
use js_value::{Graph, JsString, Kind, Object, ObjectId, PropertyKey, Slot, Value};

use crate::parts;

/// Containers this far down are summed up.
const MAX_LEVEL: usize = 30;
/// Longer strings, in code units, are summed up.
const MAX_UNITS: usize = 256;
/// More bytes are summed up.
const MAX_BYTES: usize = 256;
/// More holes in a row are not listed.
const MAX_HOLES: usize = 32;

/// The description of a message, in canonical form.
pub(crate) fn describe(graph: &Graph) -> Recipe {
    let shared = match graph.root() {
        Value::Object(id) => parts::shared(graph, *id),
        _ => BTreeSet::new(),
    };
    let mut describer = Describer { graph, shared, ids: BTreeMap::new() };
    describer.value(graph.root(), 0)
}

/// The description of a string.
pub(crate) fn string(text: &JsString) -> Recipe {
    let length = text.len_utf16();
    if length <= MAX_UNITS {
        return units(text);
    }
    let units = text.to_utf16();
    Tagged::Text {
        length: length as u64,
        hash: format!("{:08x}", fnv1a_utf16(&units)),
        start: String::from_utf16_lossy(&units[..32]),
    }
    .into()
}

fn units(text: &JsString) -> Recipe {
    Recipe::utf16(text.to_utf16())
}

fn hex(bytes: &[u8]) -> String {
    if bytes.len() > MAX_BYTES {
        return format!("{}:{:08x}", bytes.len(), fnv1a(bytes));
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Describer<'g> {
    graph: &'g Graph,
    /// Objects that occur more than once.
    shared: BTreeSet<ObjectId>,
    /// Their ids, as far as they were described.
    ids: BTreeMap<ObjectId, u32>,
}

impl Describer<'_> {
    fn value(&mut self, value: &Value, level: usize) -> Recipe {
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
            Value::Object(id) => self.object(*id, level),
        }
    }

    fn object(&mut self, place: ObjectId, level: usize) -> Recipe {
        if let Some(id) = self.ids.get(&place) {
            return Tagged::Ref { id: *id }.into();
        }
        if level >= MAX_LEVEL {
            let (levels, containers) = parts::depth(self.graph, place);
            return Tagged::Deeper { levels, containers }.into();
        }
        let id = self.shared.contains(&place).then(|| {
            let id = self.ids.len() as u32 + 1;
            self.ids.insert(place, id);
            id
        });
        self.body(self.graph.object(place), level, id)
    }

    fn body(&mut self, object: &Object, level: usize, id: Option<u32>) -> Recipe {
        match &object.kind {
            Kind::Plain => self.plain(object, level, id),
            Kind::Array(_) | Kind::SparseArray { .. } => self.array(object, level, id),
            Kind::Error { class, message, stack, cause } => {
                let lossy = |text: &JsString| text.to_string_lossy().into_owned();
                let cause = cause.as_ref().map(|cause| self.value(cause, level + 1));
                Tagged::Error {
                    id,
                    class: class.name().to_owned(),
                    subclass: None,
                    message: message.as_ref().map(lossy),
                    stack: stack.as_ref().map(|stack| head(&lossy(stack)).to_owned()),
                    cause,
                    properties: self.properties(object, level),
                }
                .into()
            }
            Kind::View { class, bytes } => Tagged::View {
                class: class.name().to_owned(),
                id,
                subclass: None,
                bytes: hex(bytes),
                buffer: None,
                offset: None,
                length: None,
                properties: self.properties(object, level),
            }
            .into(),
            Kind::Date(time) => {
                let time = if time.is_nan() { "NaN".into() } else { Recipe::Number(*time) };
                Tagged::Date { id, time, properties: self.properties(object, level) }.into()
            }
            Kind::RegExp { source, flags } => Tagged::Regexp {
                id,
                source: source.to_string_lossy().into_owned(),
                flags: flags.clone(),
                last_index: None,
            }
            .into(),
            Kind::Map(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| (self.value(key, level + 1), self.value(value, level + 1)))
                    .collect();
                Tagged::Map { entries, id, properties: self.properties(object, level) }.into()
            }
            Kind::Set(values) => {
                let values = values.iter().map(|value| self.value(value, level + 1)).collect();
                Tagged::Set { values, id, properties: self.properties(object, level) }.into()
            }
            Kind::ArrayBuffer { bytes, max_byte_length, .. } => Tagged::ArrayBuffer {
                id,
                bytes: hex(bytes),
                times: None,
                max_byte_length: max_byte_length.and_then(|length| u32::try_from(length).ok()),
                shared: false,
                detached: false,
            }
            .into(),
            Kind::Boxed(value) => Tagged::Boxed { id, value: self.value(value, level + 1) }.into(),
            // Nothing else arrives.
            other => Tagged::Opaque { class: format!("{other:?}") }.into(),
        }
    }

    /// The plain notation where it can say all there is.
    fn plain(&mut self, object: &Object, level: usize, id: Option<u32>) -> Recipe {
        let is_simple = |key: &PropertyKey, property: &js_value::Property| match key {
            PropertyKey::String(key) => {
                key.len_utf16() <= MAX_UNITS
                    && key.as_str().is_some_and(|key| key != "$")
                    && property.enumerable
                    && property.value().is_some()
            }
            PropertyKey::Symbol(_) => false,
        };
        let has_default_prototype = object.prototype != js_value::Prototype::Null;
        if id.is_none()
            && has_default_prototype
            && object.properties.iter().all(|(key, property)| is_simple(key, property))
        {
            let entries = object.properties.iter().filter_map(|(key, property)| {
                let PropertyKey::String(key) = key else { return None };
                let value = self.value(property.value()?, level + 1);
                Some((key.to_string_lossy().into_owned(), value))
            });
            return Recipe::Object(entries.collect());
        }
        let prototype = (!has_default_prototype).then_some(Prototype::Null);
        let properties = self.properties(object, level);
        Tagged::Object(ipc_plan::Object { id, prototype, properties }).into()
    }

    fn array(&mut self, object: &Object, level: usize, id: Option<u32>) -> Recipe {
        let length = match &object.kind {
            Kind::SparseArray { length } => *length as usize,
            Kind::Array(items) => items.len(),
            _ => 0,
        };
        let (mut elements, mut holes, mut last) = (Vec::new(), false, 0);
        while elements.len() < length && elements.len() - last <= MAX_HOLES {
            match element(object, elements.len()) {
                Some(value) => {
                    elements.push(self.value(value, level + 1));
                    last = elements.len();
                }
                None => {
                    holes = true;
                    elements.push(Tagged::Hole {}.into());
                }
            }
        }
        let mut properties = Vec::new();
        if let Kind::Array(items) = &object.kind {
            for (index, item) in items.iter().enumerate().skip(last) {
                if let Some(value) = item {
                    let value = Some(self.value(value, level + 1));
                    let key = Recipe::String(index.to_string());
                    properties.push(Property { key, value, get: None, enumerable: None });
                }
            }
        }
        for (key, property) in object.properties.iter() {
            let listed = matches!(key, PropertyKey::String(key)
                if key.as_str().is_some_and(|key| is_index_below(key, last)));
            if !listed {
                properties.push(self.property(key, property, level));
            }
        }
        if id.is_none() && !holes && properties.is_empty() {
            return Recipe::Array(elements);
        }
        elements.truncate(last);
        let length = (length > last).then_some(length as u32);
        Tagged::Array { id, elements, length, properties }.into()
    }

    fn properties(&mut self, object: &Object, level: usize) -> Vec<Property> {
        let own = object.properties.iter();
        own.map(|(key, property)| self.property(key, property, level)).collect()
    }

    fn property(
        &mut self,
        key: &PropertyKey,
        property: &js_value::Property,
        level: usize,
    ) -> Property {
        let key = match key {
            PropertyKey::String(key) => units(key),
            PropertyKey::Symbol(symbol) => {
                Tagged::Symbol { description: symbol.description().to_owned() }.into()
            }
        };
        let (value, get) = match &property.slot {
            Slot::Data(value) => (Some(self.value(value, level + 1)), None),
            Slot::Getter(_) => (None, Some(ipc_plan::Behaviour::Returns(Recipe::undefined()))),
        };
        Property { key, value, get, enumerable: (!property.enumerable).then_some(false) }
    }
}

/// An element of an array, if there is one.
fn element(array: &Object, index: usize) -> Option<&Value> {
    match &array.kind {
        Kind::Array(items) => items.get(index)?.as_ref(),
        _ => array.properties.get(&*index.to_string())?.value(),
    }
}

/// Whether a key is the canonical text of an index below this: `01` is a name.
fn is_index_below(key: &str, end: usize) -> bool {
    key.parse().is_ok_and(|index: usize| index < end && index.to_string() == key)
}

/// A stack up to the first line that tells a place in a program.
fn head(stack: &str) -> &str {
    stack.split("\n    at ").next().unwrap_or(stack)
}
