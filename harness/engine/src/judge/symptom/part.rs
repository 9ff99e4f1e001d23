//! The innermost place in which two records differ.

use ipc_plan::Recipe;
use serde_json::{Map, Value};

use super::brief;
use crate::judge::fingerprint::is_name;

/// The name of the class of an error, or of another value that has one.
const CLASS: &str = "class";
/// The name of the order in which an object has its keys.
const ORDER: &str = "order";

/// The innermost place in which two records differ.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    /// What kind of value it is a part of; empty for the record itself.
    container: String,
    /// Its name there, without numbers.
    name: String,
    /// The key that a person knows it by.
    shown: String,
    expected: Option<Value>,
    observed: Option<Value>,
}

impl Part {
    pub(super) fn between(expected: &Value, observed: &Value) -> Self {
        let at = Self::default();
        walk(expected, observed, &at).unwrap_or(at)
    }

    /// This part with these values.
    fn with(&self, expected: &Value, observed: &Value) -> Self {
        let (expected, observed) = (Some(expected.clone()), Some(observed.clone()));
        Self { expected, observed, ..self.clone() }
    }

    /// Whether a whole value of the record is another one.
    pub(super) fn is_whole(&self) -> bool {
        self.container.is_empty()
    }

    /// What the reference has, and what the runtime has, in a few words.
    pub(super) fn values(&self) -> (String, String) {
        let words = |value: &Option<Value>| {
            let value = value.clone().unwrap_or_default();
            Recipe::from_json(value).map_or_else(|_| "another value".to_owned(), |v| brief(&v))
        };
        (words(&self.expected), words(&self.observed))
    }

    /// Whether it is the class of an error that is named by its code: a runtime names all so.
    pub(super) fn is_of_any_error(&self) -> bool {
        self.name == CLASS && is_code(self.observed.as_ref())
    }

    /// Whether a text has U+FFFD where the reference has a surrogate that stands alone.
    pub(super) fn replaces_surrogates(&self) -> bool {
        let has = |value: &Option<Value>, part: &str| {
            value.as_ref().is_some_and(|value| value.to_string().contains(part))
        };
        has(&self.expected, "\"utf16\"") && has(&self.observed, "\u{fffd}")
    }

    /// The same for all parts that look alike. What a message names its parts is its own matter.
    pub(super) fn key(&self, of_message: bool) -> String {
        let (want, have) = match (&self.expected, &self.observed) {
            (Some(_), have) if self.name == CLASS && is_code(have.as_ref()) => {
                (String::new(), "code".to_owned())
            }
            (Some(_), Some(Value::String(have))) if self.name == CLASS && have != "Error" => {
                (String::new(), have.clone())
            }
            _ if self.name == "stack" || self.name == "id" => (String::new(), String::new()),
            (Some(want), Some(have)) => (shape(want), shape(have)),
            // What it would have been matters less than that it is not there.
            (want, _) => (want.is_some().to_string(), want.is_none().to_string()),
        };
        let is_own = matches!(self.container.as_str(), "" | "object") && self.name != ORDER;
        let (container, name) = match (self.container.as_str(), self.name.as_str()) {
            _ if of_message && is_own => ("", ""),
            ("map" | "set", name) => ("collection", name),
            (_, "id") => ("value", "id"),
            names => names,
        };
        format!("{container} {name} {want} {have}")
    }

    /// What is other, inside of a value.
    pub(super) fn words(&self, reference: &str) -> String {
        let (want, have) = self.values();
        let shown = &self.shown;
        let vowel = self.container.starts_with(['a', 'e', 'i', 'o', 'u']);
        let kind = format!("{} {}", if vowel { "an" } else { "a" }, self.container);
        match (&self.expected, &self.observed) {
            _ if self.name == ORDER => {
                format!("the keys of {kind} are {have} where {reference} has {want}")
            }
            (None, _) if shown == "id" => {
                format!("{kind} stands in several places; with {reference} it does not")
            }
            (_, None) if shown == "id" => {
                format!("{kind} stands in one place; with {reference} it stands in several")
            }
            (_, None) => format!("{kind} lacks `{shown}`, which is {want} with {reference}"),
            (None, _) => format!("{kind} has `{shown}` {have}, which it has not with {reference}"),
            _ if self.container == "object" => {
                format!("`{shown}` is {have} where {reference} has {want}")
            }
            _ => format!("`{shown}` of {kind} is {have} where {reference} has {want}"),
        }
    }
}

/// Whether it is a code such as `ERR_IPC_DISCONNECTED`.
fn is_code(value: Option<&Value>) -> bool {
    value.and_then(Value::as_str).is_some_and(|text| text.starts_with("ERR_"))
}

/// The first place below `at` in which the values differ.
fn walk(want: &Value, have: &Value, at: &Part) -> Option<Part> {
    match (want, have) {
        (Value::Object(a), Value::Object(b)) if a.get("$") == b.get("$") => {
            // The record itself has no kind of value, an object in it has.
            let container = match a.get("$").and_then(Value::as_str) {
                Some(kind) => kind,
                None if at.name.is_empty() => "",
                None => "object",
            };
            in_objects(a, b, container)
        }
        (Value::Array(a), Value::Array(b)) if at.name == "properties" => {
            let own = |list: &[Value]| -> Map<String, Value> {
                let key = |property: &Value| match &property["key"] {
                    Value::String(key) => key.clone(),
                    other => other.to_string(),
                };
                list.iter().map(|property| (key(property), property["value"].clone())).collect()
            };
            match in_objects(&own(a), &own(b), &at.container) {
                // That there is one more matters more than its name.
                Some(part) if part.expected.is_none() || part.observed.is_none() => {
                    Some(Part { name: at.name.clone(), ..part })
                }
                None if want != have => Some(at.with(want, have)),
                part => part,
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).find_map(|(want, have)| walk(want, have, at))
        }
        _ if want == have => None,
        _ => Some(at.with(want, have)),
    }
}

/// The first key under which two objects differ, or the order of their keys.
fn in_objects(a: &Map<String, Value>, b: &Map<String, Value>, container: &str) -> Option<Part> {
    let mut keys: Vec<&String> =
        a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))).collect();
    // What an error says, and which objects are one, matters least.
    keys.sort_by_key(|key| matches!(key.as_str(), "message" | "id"));
    let at = |name: &str| Part {
        container: container.to_owned(),
        name: name.to_owned(),
        shown: name.to_owned(),
        ..Part::default()
    };
    let none = Value::Array(Vec::new());
    let found = keys.into_iter().find_map(|key| match (a.get(key), b.get(key)) {
        (Some(want), Some(have)) => walk(want, have, &at(key)),
        (want, have) if key == "properties" => {
            walk(want.unwrap_or(&none), have.unwrap_or(&none), &at(key))
        }
        (want, have) => Some(Part { expected: want.cloned(), observed: have.cloned(), ..at(key) }),
    });
    let order = |map: &Map<String, Value>| Some(map.keys().cloned().collect::<Vec<_>>().into());
    found.or_else(|| {
        let part = Part { expected: order(a), observed: order(b), ..at(ORDER) };
        (part.expected != part.observed).then_some(part)
    })
}

/// What kind of value it is: names and what is no text or number stand for themselves.
fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(_) => "number".to_owned(),
        Value::String(text) if is_name(text) => text.clone(),
        Value::String(_) => "string".to_owned(),
        Value::Array(_) => "array".to_owned(),
        Value::Object(map) => map.get("$").and_then(Value::as_str).unwrap_or("object").to_owned(),
    }
}
