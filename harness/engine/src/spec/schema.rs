//! Compares a document with the JSON Schema of the Rust type it is to become, so that every
//! mistake is found, at its place, and the types stay the one definition of the format.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::mistake::{Mistake, Path};
use super::node::{Document, Kind, Node};
use super::suggest::{did_you_mean, expected};

/// How a Rust type is written.
pub(crate) struct Form<T> {
    schema: Value,
    becomes: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned + Serialize + JsonSchema> Form<T> {
    pub(crate) fn new() -> Self {
        Self { schema: schemars::schema_for!(T).to_value(), becomes: PhantomData }
    }

    /// Reads a value out of a document, or reports all that is wrong with it.
    pub(crate) fn read(
        &self,
        document: &Document,
        node: &Node,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<T> {
        let before = mistakes.len();
        let mut walk = Walk { document, root: &self.schema, mistakes };
        walk.check(node, &self.schema, "value");
        if mistakes.len() > before {
            return None;
        }
        match serde_json::from_value::<T>(node.to_json()) {
            Ok(value) => {
                // An optional recipe that is null is easily taken for one that is absent.
                let read = serde_json::to_value(&value).unwrap_or_default();
                node.each_null(&read, &mut |null| {
                    let message =
                        "null cannot be said in this place: it means that the key is absent";
                    let mistake = Mistake::new(&Path::default(), message)
                        .help("to send null, write `arguments = [{ \"$\" = \"null\" }]`");
                    mistakes.push(document.locate(mistake, null.span.clone()));
                });
                (mistakes.len() == before).then_some(value)
            }
            Err(error) => {
                let mistake = Mistake::new(&Path::default(), error.to_string());
                mistakes.push(document.locate(mistake, node.span.clone()));
                None
            }
        }
    }
}

struct Walk<'a> {
    document: &'a Document,
    root: &'a Value,
    mistakes: &'a mut Vec<Mistake>,
}

impl<'a> Walk<'a> {
    /// `noun` is what a value of this schema is called in messages.
    fn check(&mut self, node: &Node, schema: &'a Value, noun: &str) {
        let (schema, noun) = self.resolve(schema, noun);
        let Some(map) = schema.as_object() else { return };
        if let Some(variants) = map.get("oneOf").or_else(|| map.get("anyOf")) {
            let variants = variants.as_array().map_or(&[][..], Vec::as_slice);
            return self.check_variants(node, variants, &noun);
        }
        let types = types(map);
        if !types.is_empty() && !types.iter().any(|name| fits(node, name)) {
            let wanted: Vec<&str> =
                types.iter().filter(|n| **n != "null").map(|name| article(name)).collect();
            return self
                .add(node, format!("expected {}, found {}", wanted.join(" or "), node.name()));
        }
        if let (Some(minimum), Kind::Number(number)) = (map.get("minimum"), &node.kind)
            && number.as_f64() < minimum.as_f64()
        {
            return self.add(node, format!("expected at least {minimum}, found {number}"));
        }
        match &node.kind {
            Kind::String(text) => {
                let words = words(map);
                if !words.is_empty() && !words.contains(&text.as_str()) {
                    self.unknown(node, &noun, text, &words);
                }
            }
            Kind::Array(items) => self.check_items(node, items, map),
            Kind::Object(_) => self.check_object(node, map, &noun),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) => {}
        }
    }

    fn check_items(&mut self, node: &Node, items: &[Node], schema: &'a Map<String, Value>) {
        if let Some(prefix) = schema.get("prefixItems").and_then(Value::as_array) {
            if items.len() != prefix.len() {
                let (want, have) = (prefix.len(), items.len());
                self.add(node, format!("expected {want} elements, found {have}"));
            }
            for (item, schema) in items.iter().zip(prefix) {
                self.check(item, schema, "value");
            }
        } else if let Some(schema) = schema.get("items") {
            for item in items {
                self.check(item, schema, "value");
            }
        }
    }

    fn check_object(&mut self, node: &Node, schema: &'a Map<String, Value>, noun: &str) {
        let known = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        for entry in node.entries() {
            if let Some(schema) = known.and_then(|known| known.get(&entry.key)) {
                self.check(&entry.value, schema, "value");
                continue;
            }
            if others != Some(&Value::Bool(false)) {
                if let Some(others) = others {
                    self.check(&entry.value, others, "value");
                }
                continue;
            }
            let keys: Vec<&str> =
                known.map(|known| known.keys().map(String::as_str).collect()).unwrap_or_default();
            let mistake = Mistake::new(&Path::default(), format!("unknown key `{}`", entry.key))
                .maybe_help(did_you_mean(&entry.key, keys.iter().copied()))
                .maybe_help(expected(keys));
            self.mistakes.push(self.document.locate(mistake, entry.key_span.clone()));
        }
        let required = schema.get("required").and_then(Value::as_array);
        for key in required.into_iter().flatten().filter_map(Value::as_str) {
            if node.get(key).is_none() {
                let of = tag_of(schema).map_or_else(
                    || if noun == "value" { String::new() } else { format!(" of the {noun}") },
                    |(_, name)| format!(" of `{name}`"),
                );
                self.add(node, format!("missing key `{key}`{of}"));
            }
        }
    }

    /// A value that may take one of several forms.
    fn check_variants(&mut self, node: &Node, variants: &'a [Value], noun: &str) {
        let variants: Vec<(&'a Value, String)> =
            variants.iter().map(|variant| self.resolve(variant, noun)).collect();
        let forms: Vec<&(&'a Value, String)> =
            variants.iter().filter(|(schema, _)| !is_null(schema)).collect();
        if node.is_null() && forms.len() < variants.len() {
            return;
        }
        if let [(schema, noun)] = forms.as_slice() {
            return self.check(node, schema, noun);
        }
        if matches!(node.kind, Kind::Object(_)) {
            return self.check_object_variants(node, &forms, noun);
        }
        let possible: Vec<_> =
            forms.iter().filter(|(schema, _)| self.accepts(schema, node)).collect();
        if let (Kind::String(text), false) = (&node.kind, possible.is_empty()) {
            let words: Vec<&str> = possible
                .iter()
                .flat_map(|(schema, _)| schema.as_object().map(words).unwrap_or_default())
                .collect();
            if !words.is_empty() && !words.contains(&text.as_str()) {
                self.unknown(node, noun, text, &words);
            }
            return;
        }
        match possible.first() {
            Some((schema, noun)) => self.check(node, schema, noun),
            None => {
                let wanted: BTreeSet<&str> = forms
                    .iter()
                    .filter_map(|(schema, _)| schema.as_object())
                    .flat_map(
                        |map| if map.contains_key("oneOf") { vec!["object"] } else { types(map) },
                    )
                    .map(article)
                    .collect();
                let wanted: Vec<&str> = wanted.into_iter().collect();
                self.add(node, format!("expected {}, found {}", wanted.join(" or "), node.name()));
            }
        }
    }

    fn check_object_variants(&mut self, node: &Node, forms: &[&(&'a Value, String)], noun: &str) {
        let maps: Vec<&'a Map<String, Value>> = forms
            .iter()
            .filter_map(|(schema, _)| schema.as_object())
            .filter(|map| map.contains_key("oneOf") || types(map).contains(&"object"))
            .collect();
        // Variants told apart by a word under one key, such as `do`.
        let tags: Vec<(&str, &str)> = maps.iter().filter_map(|map| tag_of(map)).collect();
        if let Some((key, _)) = tags.first() {
            let words: Vec<&str> = tags.iter().map(|(_, word)| *word).collect();
            let Some(tag) = node.get(key) else {
                let mistake = Mistake::new(&Path::default(), format!("missing key `{key}`"));
                return self.mistakes.push(
                    self.document.locate(mistake.maybe_help(expected(words)), node.span.clone()),
                );
            };
            let Some(word) = tag.as_str() else {
                return self.add(tag, format!("expected a string, found {}", tag.name()));
            };
            match maps.iter().find(|map| tag_of(map).is_some_and(|(_, name)| name == word)) {
                Some(map) => self.check_object(node, map, noun),
                None => self.unknown(tag, noun, word, &words),
            }
            return;
        }
        // A recipe: plain unless it has the key that plain ones must not have.
        let barred = |map: &Map<String, Value>| {
            let properties = map.get("properties").and_then(Value::as_object);
            properties
                .into_iter()
                .flatten()
                .any(|(key, schema)| *schema == Value::Bool(false) && node.get(key).is_some())
        };
        if let Some(nested) = forms.iter().find(|(s, _)| s.get("oneOf").is_some()) {
            return match maps.iter().find(|m| !m.contains_key("oneOf") && !barred(m)) {
                Some(map) => self.check_object(node, map, noun),
                None => self.check(node, nested.0, &nested.1),
            };
        }
        // Variants told apart by their only key, such as `returns`.
        let keys: Vec<&str> = maps
            .iter()
            .filter_map(|map| map.get("required")?.as_array()?.first()?.as_str())
            .collect();
        let chosen = maps.iter().zip(&keys).find(|(_, key)| node.get(key).is_some());
        match (chosen, node.entries().first()) {
            (Some((map, _)), _) => self.check_object(node, map, noun),
            (None, Some(entry)) if !keys.is_empty() => {
                let mistake =
                    Mistake::new(&Path::default(), format!("unknown key `{}`", entry.key))
                        .maybe_help(did_you_mean(&entry.key, keys.iter().copied()))
                        .maybe_help(expected(keys));
                self.mistakes.push(self.document.locate(mistake, entry.key_span.clone()));
            }
            _ => self.add(node, format!("expected a {noun}, found {}", node.name())),
        }
    }

    fn accepts(&self, schema: &Value, node: &Node) -> bool {
        schema.as_object().is_some_and(|map| types(map).iter().any(|name| fits(node, name)))
    }

    /// Follows references; what a reference leads to gives its name to what stands there.
    fn resolve(&self, schema: &'a Value, noun: &str) -> (&'a Value, String) {
        let (mut schema, mut noun) = (schema, noun.to_owned());
        while let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.trim_start_matches("#/$defs/");
            noun = noun_of(name);
            schema = self.root.get("$defs").and_then(|defs| defs.get(name)).unwrap_or(&Value::Null);
        }
        (schema, noun)
    }

    fn unknown(&mut self, node: &Node, noun: &str, word: &str, words: &[&str]) {
        let mistake = Mistake::new(&Path::default(), format!("unknown {noun} `{word}`"))
            .maybe_help(did_you_mean(word, words.iter().copied()))
            .maybe_help(expected(words.iter().copied()));
        self.mistakes.push(self.document.locate(mistake, node.span.clone()));
    }

    fn add(&mut self, node: &Node, message: String) {
        let mistake = Mistake::new(&Path::default(), message);
        self.mistakes.push(self.document.locate(mistake, node.span.clone()));
    }
}

impl Node {
    fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// Visits each null that is not null in `read`, which was made from this.
    fn each_null(&self, read: &Value, visit: &mut dyn FnMut(&Self)) {
        match &self.kind {
            Kind::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.each_null(&read[index], visit);
                }
            }
            Kind::Object(entries) => {
                for entry in entries {
                    match read.get(&entry.key) {
                        Some(read) => entry.value.each_null(read, visit),
                        None if entry.value.is_null() => visit(&entry.value),
                        None => {}
                    }
                }
            }
            _ => {}
        }
    }
}

/// What a value of the type is called.
fn noun_of(definition: &str) -> String {
    match definition.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "Tagged" | "Recipe" => "kind of value".to_owned(),
        "Inspect" => "inspect name".to_owned(),
        "RolePlan" => "role".to_owned(),
        "When" => "part of the event loop".to_owned(),
        name => name.trim_start_matches("Raw").to_lowercase(),
    }
}

/// The key and word by which a variant is known.
fn tag_of(schema: &Map<String, Value>) -> Option<(&str, &str)> {
    let properties = schema.get("properties")?.as_object()?;
    properties.iter().find_map(|(key, schema)| Some((key.as_str(), schema.get("const")?.as_str()?)))
}

/// The words that a schema of strings allows, if only some.
fn words(schema: &Map<String, Value>) -> Vec<&str> {
    match (schema.get("enum"), schema.get("const")) {
        (Some(words), _) => {
            words.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
        }
        (None, Some(word)) => word.as_str().into_iter().collect(),
        (None, None) => Vec::new(),
    }
}

fn types(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is_null(schema: &Value) -> bool {
    schema.get("type") == Some(&json!("null"))
}

fn fits(node: &Node, name: &str) -> bool {
    match &node.kind {
        Kind::Null => name == "null",
        Kind::Bool(_) => name == "boolean",
        Kind::Number(number) => name == "number" || name == "integer" && !number.is_f64(),
        Kind::String(_) => name == "string",
        Kind::Array(_) => name == "array",
        Kind::Object(_) => name == "object",
    }
}

fn article(name: &str) -> &str {
    match name {
        "boolean" => "a boolean",
        "number" => "a number",
        "integer" => "an integer",
        "string" => "a string",
        "array" => "an array",
        "object" => "a table",
        other => other,
    }
}
