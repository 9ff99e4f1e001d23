//! Circles, depth and what is left after an error.

use super::{check, set};
use crate::json::{StringifyOptions, stringify, write};
use crate::{
    BigInt, Exception, Graph, Kind, Object, Properties, Property, Prototype, Symbol, Value,
    ViewClass,
};

#[test]
fn circles() {
    // SER-051, SER-052, SER-054
    check(
        |graph| {
            let shared = graph.add_object([("x", Value::from(1))]);
            graph.add_object([("a", shared.clone()), ("b", shared)])
        },
        r#"{"a":{"x":1},"b":{"x":1}}"#,
    );
    check(
        |graph| {
            let object = graph.add_object::<&str>([]);
            set(graph, &object, "o", Property::data(object.clone()));
            object
        },
        "TypeError: Converting circular structure to JSON
    --> starting at object with constructor 'Object'
    --- property 'o' closes the circle",
    );
    check(
        |graph| {
            let array = graph.add_array([]);
            set(graph, &array, "0", Property::data(array.clone()));
            graph.add_object([("a", array)])
        },
        "TypeError: Converting circular structure to JSON
    --> starting at object with constructor 'Array'
    --- index 0 closes the circle",
    );
    check(
        |graph| {
            let root = graph.add_object::<&str>([]);
            let e = graph.add_object([("", root.clone())]);
            let d = graph.add_object([("e", e)]);
            let mut c = Object::new(Kind::Plain);
            c.prototype = Prototype::Class("Foo".to_owned());
            c.define("d", Property::data(d));
            let c = Value::Object(graph.add(c));
            let b = graph.add_object([("7", c)]);
            let array = graph.add_array([Value::Null, b]);
            set(graph, &root, "b", Property::data(array));
            root
        },
        "TypeError: Converting circular structure to JSON
    --> starting at object with constructor 'Object'
    |     property 'b' -> object with constructor 'Array'
    |     index 1 -> object with constructor 'Object'
    |     ...
    |     property 'e' -> object with constructor 'Object'
    --- <anonymous> closes the circle",
    );
}

#[test]
fn names_in_circles() {
    let mut inherits = Properties::new();
    inherits.insert("a", Property::data(1));
    let buffer = || Kind::View { class: ViewClass::Buffer, bytes: vec![].into() };
    let symbol = || Kind::Boxed(Symbol::new("").into());
    let foo = || Prototype::Class("Foo".to_owned());
    for (kind, prototype, name) in [
        (Kind::Map(vec![]), Prototype::Default, "Map"),
        (Kind::Map(vec![]), Prototype::Null, "Map"),
        (Kind::Map(vec![]), foo(), "Foo"),
        (Kind::Arguments(vec![]), Prototype::Default, "Arguments"),
        (buffer(), Prototype::Default, "Buffer"),
        (buffer(), foo(), "Foo"),
        (buffer(), Prototype::Null, "Uint8Array"),
        (buffer(), Prototype::Inherits(inherits), "Uint8Array"),
        (symbol(), Prototype::Default, "Symbol"),
        (symbol(), foo(), "Symbol"),
    ] {
        let mut object = Object::new(kind);
        object.prototype = prototype;
        object.define("toJSON", Property::data(1).hidden());
        check(
            |graph| {
                let object = Value::Object(graph.add(object));
                set(graph, &object, "o", Property::data(object.clone()));
                object
            },
            &format!(
                "TypeError: Converting circular structure to JSON
    --> starting at object with constructor '{name}'
    --- property 'o' closes the circle"
            ),
        );
    }
}

#[test]
fn depth() {
    // SER-110, SER-111
    const DEPTH: usize = 1_000_000;
    let mut graph = Graph::default();
    let mut root = graph.add_array([]);
    for level in 1..DEPTH {
        root =
            if level % 2 == 0 { graph.add_array([root]) } else { graph.add_object([("", root)]) };
    }
    graph.set_root(root);
    let text = stringify(&graph, &StringifyOptions::default()).unwrap().unwrap();
    assert_eq!(text.len(), 2 * DEPTH + DEPTH / 2 * 3);
    let limited = |limit| StringifyOptions { max_depth: Some(limit), ..Default::default() };
    assert_eq!(stringify(&graph, &limited(DEPTH)), Ok(Some(text)));
    let too_deep = |limit| Err(Exception::TooDeep { limit });
    assert_eq!(stringify(&graph, &limited(DEPTH - 1)), too_deep(DEPTH - 1));
    assert_eq!(stringify(&graph, &limited(0)), too_deep(0));
    assert_eq!(stringify(&Graph::from(1), &limited(0)), Ok(Some("1".to_owned())));
    drop(graph.clone());
}

#[test]
fn the_buffer_is_as_before_when_nothing_is_written() {
    let mut graph = Graph::default();
    let bad = graph.add_array([Value::from(1), BigInt::from(1_i64).into()]);
    let options = StringifyOptions::default();
    let mut out = b"before".to_vec();
    assert!(write(&graph, &bad, &options, &mut out).is_err());
    assert_eq!(out, b"before");
    assert_eq!(write(&graph, &Value::Undefined, &options, &mut out), Ok(false));
    assert_eq!(out, b"before");
    assert_eq!(write(&graph, &Value::Null, &options, &mut out), Ok(true));
    assert_eq!(out, b"beforenull");
}
