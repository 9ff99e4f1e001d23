//! Recipes that have the right form and still cannot be built.

use std::collections::BTreeSet;

use ipc_plan::{Object, Property, Prototype, Recipe, Step, Tagged};

use super::super::suggest::{did_you_mean, expected};
use super::{Mistake, Path};

const NUMBERS: &[&str] = &["NaN", "Infinity", "-Infinity", "-0"];
const VIEWS: &[&str] = &[
    "Int8Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "Int16Array",
    "Uint16Array",
    "Int32Array",
    "Uint32Array",
    "Float16Array",
    "Float32Array",
    "Float64Array",
    "BigInt64Array",
    "BigUint64Array",
    "DataView",
    "Buffer",
];
const OPAQUE: &[&str] = &[
    "Promise",
    "WeakMap",
    "WeakSet",
    "WeakRef",
    "Generator",
    "ArrayIterator",
    "MapIterator",
    "NumberFormat",
    "EventEmitter",
    "MessagePort",
    "KeyObject",
    "Blob",
    "AbortSignal",
    "TextEncoder",
    "DOMException",
    "Headers",
    "Script",
    "TCP",
    "Module",
];
const CONTAINERS: &[&str] = &["array", "object"];

/// Checks the values that a step sends.
pub(super) fn check_step(step: &Step, path: &Path, mistakes: &mut Vec<Mistake>) {
    match step {
        Step::Send { value, arguments, .. } => {
            if let Some(value) = value {
                check(value, &path.key("value"), mistakes);
            }
            for (index, argument) in arguments.iter().flatten().enumerate() {
                if !super::is_callback(argument) {
                    check(argument, &path.key("arguments").index(index), mistakes);
                }
            }
        }
        Step::Set { value, .. } | Step::WorkerSend { value } => {
            check(value, &path.key("value"), mistakes);
        }
        Step::Listen { options: Some(options), .. } => {
            check(options, &path.key("options"), mistakes);
        }
        Step::Await { value: Some(_), .. } => {} // A description, which may be anything.
        _ => {}
    }
}

/// Checks a message.
pub(crate) fn check(recipe: &Recipe, path: &Path, mistakes: &mut Vec<Mistake>) {
    let mut ids = BTreeSet::new();
    collect_ids(recipe, &mut ids);
    Checker { ids, mistakes }.recipe(recipe, path);
}

struct Checker<'a> {
    /// What a `ref` may refer to.
    ids: BTreeSet<u32>,
    mistakes: &'a mut Vec<Mistake>,
}

impl Checker<'_> {
    fn recipe(&mut self, recipe: &Recipe, path: &Path) {
        match recipe {
            Recipe::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.recipe(item, &path.index(index));
                }
            }
            Recipe::Object(entries) => {
                for (key, value) in entries {
                    self.recipe(value, &path.key(key));
                }
            }
            Recipe::Tagged(tagged) => self.tagged(tagged, path),
            Recipe::Null | Recipe::Bool(_) | Recipe::Number(_) | Recipe::String(_) => {}
        }
    }

    fn tagged(&mut self, tagged: &Tagged, path: &Path) {
        match tagged {
            Tagged::Number { value } => self.one_of(value, NUMBERS, &path.key("value")),
            Tagged::Bigint { value } => {
                let digits = value.strip_prefix('-').unwrap_or(value);
                if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    self.add(&path.key("value"), "expected decimal digits");
                }
            }
            Tagged::Text { .. } | Tagged::Deeper { .. } | Tagged::Handle { .. } => {
                self.add(path, "this only describes a value that was seen");
            }
            Tagged::Callback { .. } => self.add(path, "a callback is only an argument of a send"),
            Tagged::Hole {} => self.add(path, "a hole stands only in the `elements` of an `array`"),
            Tagged::Object(Object { prototype, properties, .. }) => {
                if let Some(Prototype::Inherits(inherited)) = prototype {
                    self.properties(inherited, &path.key("prototype").key("inherits"));
                }
                self.properties(properties, &path.key("properties"));
            }
            Tagged::Array { elements, properties, length, .. } => {
                if length.is_some_and(|length| (length as usize) < elements.len()) {
                    self.add(&path.key("length"), "`length` is less than the number of elements");
                }
                self.elements(elements, &path.key("elements"));
                self.properties(properties, &path.key("properties"));
            }
            Tagged::Ref { id } if !self.ids.contains(id) => {
                self.add(&path.key("id"), &format!("nothing in this message has the id {id}"));
            }
            Tagged::Date { time, properties, .. } => {
                let valid = matches!(time, Recipe::Number(_))
                    || matches!(time, Recipe::String(text) if text == "NaN");
                if !valid {
                    self.add(&path.key("time"), "expected milliseconds, or the string `NaN`");
                }
                self.properties(properties, &path.key("properties"));
            }
            Tagged::Error { cause, properties, .. } => {
                if let Some(cause) = cause {
                    self.recipe(cause, &path.key("cause"));
                }
                self.properties(properties, &path.key("properties"));
            }
            Tagged::Boxed { value, .. } => {
                let primitive = match value {
                    Recipe::Bool(_) | Recipe::Number(_) | Recipe::String(_) => true,
                    Recipe::Tagged(tagged) => matches!(
                        **tagged,
                        Tagged::Number { .. }
                            | Tagged::Bigint { .. }
                            | Tagged::Utf16 { .. }
                            | Tagged::Repeat { .. }
                            | Tagged::Symbol { .. }
                    ),
                    _ => false,
                };
                if !primitive {
                    self.add(&path.key("value"), "only a primitive can be boxed");
                }
                self.recipe(value, &path.key("value"));
            }
            Tagged::Map { entries, properties, .. } => {
                for (index, (key, value)) in entries.iter().enumerate() {
                    let path = path.key("entries").index(index);
                    self.recipe(key, &path.index(0));
                    self.recipe(value, &path.index(1));
                }
                self.properties(properties, &path.key("properties"));
            }
            Tagged::Set { values, properties, .. } => {
                self.each(values, &path.key("values"));
                self.properties(properties, &path.key("properties"));
            }
            Tagged::ArrayBuffer { bytes, .. } => self.bytes(bytes, &path.key("bytes")),
            Tagged::View { class, bytes, buffer, offset, length, properties, .. } => {
                self.one_of(class, VIEWS, &path.key("class"));
                self.bytes(bytes, &path.key("bytes"));
                match buffer {
                    Some(_) if !bytes.is_empty() => {
                        self.add(&path.key("bytes"), "`buffer` stands in place of `bytes`");
                    }
                    Some(buffer) => self.recipe(buffer, &path.key("buffer")),
                    None if offset.is_some() || length.is_some() => {
                        self.add(path, "`offset` and `length` are about a `buffer`");
                    }
                    None => {}
                }
                self.properties(properties, &path.key("properties"));
            }
            Tagged::Proxy { target } => self.recipe(target, &path.key("target")),
            Tagged::Arguments { values } => self.each(values, &path.key("values")),
            Tagged::Opaque { class } => self.one_of(class, OPAQUE, &path.key("class")),
            Tagged::Nest { container, .. } => {
                self.one_of(container, CONTAINERS, &path.key("container"));
            }
            Tagged::Undefined {}
            | Tagged::Utf16 { .. }
            | Tagged::Repeat { .. }
            | Tagged::Symbol { .. }
            | Tagged::Function { .. }
            | Tagged::Ref { .. }
            | Tagged::Global { .. }
            | Tagged::Regexp { .. }
            | Tagged::Url { .. }
            | Tagged::RawJson { .. } => {}
        }
    }

    fn each(&mut self, values: &[Recipe], path: &Path) {
        for (index, value) in values.iter().enumerate() {
            self.recipe(value, &path.index(index));
        }
    }

    fn elements(&mut self, elements: &[Recipe], path: &Path) {
        for (index, element) in elements.iter().enumerate() {
            if !matches!(element.tagged(), Some(Tagged::Hole {})) {
                self.recipe(element, &path.index(index));
            }
        }
    }

    fn properties(&mut self, properties: &[Property], path: &Path) {
        for (index, property) in properties.iter().enumerate() {
            let path = path.index(index);
            let key = matches!(property.key, Recipe::String(_))
                || matches!(
                    property.key.tagged(),
                    Some(Tagged::Utf16 { .. } | Tagged::Symbol { .. })
                );
            if !key {
                self.add(&path.key("key"), "a key is a string or a symbol");
            }
            match (&property.value, &property.get) {
                (Some(value), None) => self.recipe(value, &path.key("value")),
                (None, Some(_)) => {}
                _ => self.add(&path, "a property has either `value` or `get`"),
            }
        }
    }

    fn bytes(&mut self, bytes: &str, path: &Path) {
        let hex = bytes.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !hex || !bytes.len().is_multiple_of(2) {
            self.add(path, "expected pairs of lower-case hexadecimal digits");
        }
    }

    fn one_of(&mut self, word: &str, words: &[&str], path: &Path) {
        if !words.contains(&word) {
            let mistake = Mistake::new(path, format!("unknown `{word}`"))
                .maybe_help(did_you_mean(word, words.iter().copied()))
                .maybe_help(expected(words.iter().copied()));
            self.mistakes.push(mistake);
        }
    }

    fn add(&mut self, path: &Path, message: &str) {
        self.mistakes.push(Mistake::new(path, message));
    }
}

/// The ids that are given in a message.
fn collect_ids(recipe: &Recipe, ids: &mut BTreeSet<u32>) {
    let json = serde_json::to_value(recipe).unwrap_or_default();
    let mut open = vec![&json];
    while let Some(value) = open.pop() {
        match value {
            serde_json::Value::Array(items) => open.extend(items),
            serde_json::Value::Object(map) => {
                let tag = map.get("$").and_then(serde_json::Value::as_str);
                let id = map.get("id").and_then(serde_json::Value::as_u64);
                if tag.is_some_and(|tag| tag != "ref") {
                    ids.extend(id.and_then(|id| u32::try_from(id).ok()));
                }
                open.extend(map.values());
            }
            _ => {}
        }
    }
}
