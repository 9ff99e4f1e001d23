//! Tests of `JSON.stringify`, clause by clause, and what they share.

mod limits;
mod methods;
mod values;

use super::{StringifyOptions, stringify};
use crate::{Behaviour, ErrorClass, Function, Graph, Kind, Object, ObjectId, Property, Value};

/// What the value comes to: its text, `undefined`, or the exception.
fn outcome(graph: &Graph, options: &StringifyOptions) -> String {
    match stringify(graph, options) {
        Ok(Some(text)) => text,
        Ok(None) => "undefined".to_owned(),
        Err(exception) => exception.to_string(),
    }
}

fn check_with(options: &StringifyOptions, build: impl FnOnce(&mut Graph) -> Value, expected: &str) {
    let mut graph = Graph::default();
    let root = build(&mut graph);
    graph.set_root(root);
    assert_eq!(outcome(&graph, options), expected);
}

fn check(build: impl FnOnce(&mut Graph) -> Value, expected: &str) {
    check_with(&StringifyOptions::default(), build, expected);
}

/// An object of a kind and nothing more.
fn check_kind(kind: Kind, expected: &str) {
    check(|graph| add(graph, kind), expected);
}

fn add(graph: &mut Graph, kind: Kind) -> Value {
    Value::Object(graph.add(Object::new(kind)))
}

fn id(value: &Value) -> ObjectId {
    match value {
        Value::Object(id) => *id,
        other => panic!("{other:?} is no object"),
    }
}

fn function(graph: &mut Graph, behaviour: Behaviour) -> Value {
    add(graph, Kind::Function(Function { name: "f".to_owned(), behaviour }))
}

fn set(graph: &mut Graph, object: &Value, key: &str, property: Property) {
    graph.object_mut(id(object)).define(key, property);
}

fn boom() -> Behaviour {
    Behaviour::Throws { class: ErrorClass::RangeError, message: "boom".to_owned() }
}

/// An object with a `toJSON` of this behaviour.
fn with_to_json(graph: &mut Graph, kind: Kind, behaviour: Behaviour) -> Value {
    let object = add(graph, kind);
    let function = function(graph, behaviour);
    set(graph, &object, "toJSON", Property::data(function));
    object
}
