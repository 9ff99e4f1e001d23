//! A type that takes whatever is there, to compare with what the value model reads.

use std::collections::BTreeMap;
use std::fmt;

use js_value::{Kind, ValueKind, View};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// What serde makes of a value.
#[derive(Debug)]
pub enum Tree {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Tree>),
    Members(BTreeMap<String, Tree>),
}

impl Tree {
    /// Whether the value model says the same, as far as JSON can say it.
    pub fn agrees(&self, view: View<'_>) -> bool {
        match (self, view.kind()) {
            (Self::Null, ValueKind::Null | ValueKind::Undefined) => true,
            (Self::Bool(value), ValueKind::Bool) => view.as_bool() == Some(*value),
            (Self::Number(number), ValueKind::Number) => {
                let found = view.as_f64().expect("it is a number");
                found.to_bits() == number.to_bits() || found.is_nan() && number.is_nan()
            }
            (Self::Text(text), ValueKind::String) => view.as_str() == Some(text),
            (Self::List(items), ValueKind::Array) => {
                items.len() == view.len()
                    && items.iter().zip(view.elements()).all(|(item, element)| match element {
                        Some(element) => item.agrees(element),
                        None => matches!(item, Self::Null),
                    })
            }
            (Self::Members(members), ValueKind::Object) if is_plain(view) => {
                let there = view.entries().filter(|(_, value)| !value.is_undefined()).count();
                there == members.len()
                    && members
                        .iter()
                        .all(|(key, value)| view.get(key).is_some_and(|found| value.agrees(found)))
            }
            // Dates, Maps, Buffers and so on have forms of their own.
            (_, kind) => kind == ValueKind::BigInt || kind == ValueKind::Object && !is_plain(view),
        }
    }
}

fn is_plain(view: View<'_>) -> bool {
    view.as_object().is_some_and(|object| matches!(object.kind, Kind::Plain))
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
        Ok(Tree::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        Ok(Tree::Number(number as f64))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Tree, E> {
        Ok(Tree::Number(number as f64))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Tree, E> {
        Ok(Tree::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Tree, E> {
        Ok(Tree::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Tree, E> {
        Ok(Tree::List(bytes.iter().map(|byte| Tree::Number(f64::from(*byte))).collect()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((key, value)) = entries.next_entry()? {
            members.insert(key, value);
        }
        Ok(Tree::Members(members))
    }
}
