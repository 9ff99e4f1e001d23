//! A type that takes and gives what JSON can say, NaN and infinities too.

use std::fmt;

use js_value::json::{self, ParseLimits};
use js_value::{Graph, Value, ValueKind, View};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Any {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Self>),
    /// Members in the order of the text.
    Map(Vec<(String, Self)>),
}

impl Any {
    /// What the value model has, without lone surrogates.
    pub(crate) fn of(view: View<'_>) -> Self {
        let text = |text: Option<&str>| text.expect("no lone surrogate").to_owned();
        match view.kind() {
            ValueKind::Null => Self::Null,
            ValueKind::Bool => Self::Bool(view.as_bool().expect("a boolean")),
            ValueKind::Number => Self::Number(view.as_f64().expect("a number")),
            ValueKind::String => Self::Text(text(view.as_str())),
            ValueKind::Array => {
                Self::List(view.elements().map(|view| Self::of(view.expect("no hole"))).collect())
            }
            ValueKind::Object => Self::Map(
                view.entries().map(|(key, view)| (text(key.as_str()), Self::of(view))).collect(),
            ),
            kind => panic!("not of JSON: {kind:?}"),
        }
    }

    /// What the value model reads.
    pub(crate) fn parsed(text: &str) -> Result<Self, json::ParseError> {
        json::parse(text, &ParseLimits::default()).map(|graph| Self::of(graph.view()))
    }

    /// The same with members in one order: that of a text and that of JavaScript differ.
    pub(crate) fn sorted(self) -> Self {
        match self {
            Self::List(list) => Self::List(list.into_iter().map(Self::sorted).collect()),
            Self::Map(members) => {
                let mut members: Vec<_> =
                    members.into_iter().map(|(key, value)| (key, value.sorted())).collect();
                members.sort_by(|(a, _), (b, _)| a.cmp(b));
                Self::Map(members)
            }
            other => other,
        }
    }

    fn add(&self, graph: &mut Graph) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::from(*value),
            Self::Number(n) => Value::from(*n),
            Self::Text(text) => Value::from(text.as_str()),
            Self::List(list) => {
                let list: Vec<Value> = list.iter().map(|any| any.add(graph)).collect();
                graph.add_array(list)
            }
            Self::Map(members) => {
                let members: Vec<(&str, Value)> =
                    members.iter().map(|(key, any)| (key.as_str(), any.add(graph))).collect();
                graph.add_object(members)
            }
        }
    }

    /// The same as a graph.
    pub(crate) fn graph(&self) -> Graph {
        let mut graph = Graph::default();
        let root = self.add(&mut graph);
        graph.set_root(root);
        graph
    }
}

impl Serialize for Any {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Bool(value) => value.serialize(serializer),
            Self::Number(n) => n.serialize(serializer),
            Self::Text(text) => text.serialize(serializer),
            Self::List(list) => list.serialize(serializer),
            Self::Map(members) => {
                serializer.collect_map(members.iter().map(|(key, value)| (key, value)))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Any;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Any, E> {
        Ok(Any::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Any, E> {
        Ok(Any::Bool(value))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Any, E> {
        Ok(Any::Number(n as f64))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Any, E> {
        Ok(Any::Number(n as f64))
    }

    fn visit_f64<E>(self, n: f64) -> Result<Any, E> {
        Ok(Any::Number(n))
    }

    fn visit_str<E>(self, text: &str) -> Result<Any, E> {
        Ok(Any::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Any, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = access.next_element()? {
            list.push(element);
        }
        Ok(Any::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Any, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Any::Map(members))
    }
}
