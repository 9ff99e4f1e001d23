//! A TOML document as JSON that still knows where each part of it stands.

use std::ops::Range;

use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::{Location, Mistake, Part, Path};

/// A value and its place in the text.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Array(Vec<Node>),
    Object(Vec<Entry>),
}

/// A key of an object, and what stands under it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) value: Node,
}

/// A file of TOML.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) file: String,
    pub(crate) text: String,
    pub(crate) root: Node,
}

impl Document {
    /// Reads all that can be read, and reports the rest.
    pub(crate) fn parse(file: &str, text: &str, mistakes: &mut Vec<Mistake>) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        // What follows the first error is mostly its consequence.
        for error in errors.iter().take(1) {
            let mistake = Mistake::new(&Path::default(), error.message().replace('\n', "; "));
            mistakes.push(mistake.at(Location::new(file, text, error.span().unwrap_or(0..0))));
        }
        let mut unfit = Vec::new();
        let span = table.span();
        let kind = if errors.is_empty() {
            object(table.get_ref(), &mut unfit)
        } else {
            Kind::Object(Vec::new())
        };
        mistakes.extend(unfit.into_iter().map(|(span, message)| {
            let mistake = Mistake::new(&Path::default(), message);
            mistake.at(Location::new(file, text, span))
        }));
        let root = Node { span, kind };
        Self { file: file.to_owned(), text: text.to_owned(), root }
    }

    pub(crate) fn locate(&self, mistake: Mistake, span: Range<usize>) -> Mistake {
        mistake.at(Location::new(&self.file, &self.text, span))
    }

    /// The mistake, at the place its path leads to from this node, or as near as that gets.
    pub(crate) fn locate_path(&self, from: &Node, mistake: Mistake) -> Mistake {
        let span = from.find(&mistake.path);
        self.locate(mistake, span)
    }
}

impl Node {
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Object(entries) => entries,
            _ => &[],
        }
    }

    pub(crate) fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::Array(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The kind in words.
    pub(crate) fn name(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Number(n) if n.is_f64() => "a number with a fraction",
            Kind::Number(_) => "an integer",
            Kind::String(_) => "a string",
            Kind::Array(_) => "an array",
            Kind::Object(_) => "a table",
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(b) => Value::Bool(*b),
            Kind::Number(n) => Value::Number(n.clone()),
            Kind::String(s) => Value::String(s.clone()),
            Kind::Array(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Kind::Object(entries) => Value::Object(
                entries.iter().map(|e| (e.key.clone(), e.value.to_json())).collect::<Map<_, _>>(),
            ),
        }
    }

    /// The place a path leads to; where it ends early, the last place on the way. A last key
    /// stands for its value.
    pub(crate) fn find(&self, path: &Path) -> Range<usize> {
        let mut node = self;
        for part in &path.0 {
            let next = match part {
                Part::Key(key) => node.get(key),
                Part::Index(index) => node.items().get(*index),
            };
            let Some(next) = next else { break };
            node = next;
        }
        node.span.clone()
    }
}

type Unfit = Vec<(Range<usize>, String)>;

fn object(table: &DeTable<'_>, unfit: &mut Unfit) -> Kind {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_span: key.span(),
            value: node(value, unfit),
        })
        .collect();
    // The order of keys is part of a JavaScript object.
    entries.sort_by_key(|entry| entry.key_span.start);
    match entries.as_slice() {
        // TOML has no null.
        [Entry { key, value: Node { kind: Kind::String(text), .. }, .. }]
            if key == "$" && text == "null" =>
        {
            Kind::Null
        }
        _ => Kind::Object(entries),
    }
}

fn node(value: &Spanned<DeValue<'_>>, unfit: &mut Unfit) -> Node {
    let span = value.span();
    let mut problem = |message: String| {
        unfit.push((span.clone(), message));
        Kind::Null
    };
    let kind = match value.get_ref() {
        DeValue::String(text) => Kind::String(text.to_string()),
        DeValue::Boolean(b) => Kind::Bool(*b),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => Kind::Number(number.into()),
            Err(_) => problem(format!("the integer {integer} is out of range")),
        },
        DeValue::Float(float) => match float.as_str().parse().ok().and_then(Number::from_f64) {
            Some(number) => Kind::Number(number),
            None => {
                let name = match float.as_str().trim_start_matches('+') {
                    "inf" => "Infinity",
                    "-inf" => "-Infinity",
                    _ => "NaN",
                };
                problem(format!(
                    "{float} is written as a recipe here: {{ \"$\" = \"number\", value = \"{name}\" }}"
                ))
            }
        },
        DeValue::Datetime(date) => problem(format!(
            "{date} is a date of TOML; write {{ \"$\" = \"date\", time = MILLISECONDS }}"
        )),
        DeValue::Array(items) => Kind::Array(items.iter().map(|item| node(item, unfit)).collect()),
        DeValue::Table(table) => object(table, unfit),
    };
    Node { span, kind }
}
