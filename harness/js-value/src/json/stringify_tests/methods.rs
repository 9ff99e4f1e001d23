//! `toJSON`, getters and patched prototypes.

use super::{add, boom, check, check_kind, check_with, function, id, outcome, set, with_to_json};
use crate::json::{PatchedPrototypes, StringifyOptions};
use crate::{
    Behaviour, BigInt, ErrorClass, Graph, Kind, Object, Properties, Property, Prototype, Value,
    ViewClass,
};

#[test]
fn to_json() {
    // SER-040 … SER-044, SER-047, SER-049
    let key = || Behaviour::ReturnsKey { prefix: "key=".to_owned() };
    check(
        |graph| {
            let result = graph.add_object([("x", Value::from(1))]);
            with_to_json(graph, Kind::Plain, Behaviour::Returns(result))
        },
        r#"{"x":1}"#,
    );
    check(
        |graph| with_to_json(graph, Kind::Plain, Behaviour::Returns(Value::Undefined)),
        "undefined",
    );
    check(
        |graph| {
            let a = with_to_json(graph, Kind::Plain, Behaviour::Returns(Value::Undefined));
            graph.add_object([("a", a)])
        },
        "{}",
    );
    check(
        |graph| {
            let a = with_to_json(graph, Kind::Plain, key());
            graph.add_object([("a", a)])
        },
        r#"{"a":"key=a"}"#,
    );
    check(
        |graph| {
            let a = with_to_json(graph, Kind::Plain, key());
            graph.add_array([Value::Null, a])
        },
        r#"[null,"key=1"]"#,
    );
    check(
        |graph| {
            let behaviour = Behaviour::ReturnsJsonKey { prefix: "top=".to_owned() };
            with_to_json(graph, Kind::Plain, behaviour)
        },
        r#""top=\"\"""#,
    );
    check(|graph| with_to_json(graph, Kind::Plain, boom()), "RangeError: boom");
    check(
        |graph| {
            let f = function(graph, boom());
            with_to_json(graph, Kind::Plain, Behaviour::Returns(f))
        },
        "undefined",
    );
    // The result of toJSON is not asked again.
    check(
        |graph| {
            let inner = with_to_json(graph, Kind::Plain, boom());
            with_to_json(graph, Kind::Plain, Behaviour::Returns(inner))
        },
        "{}",
    );
    // A function may have a toJSON; what is not a function is a property like any other.
    check(
        |graph| {
            let behaviour = Behaviour::Returns(Value::from(5));
            let f = function(graph, boom());
            let to_json = function(graph, behaviour);
            set(graph, &f, "toJSON", Property::data(to_json).hidden());
            f
        },
        "5",
    );
    check(
        |graph| {
            let date = add(graph, Kind::Date(0.0));
            set(graph, &date, "toJSON", Property::data(7));
            date
        },
        r#"{"toJSON":7}"#,
    );
    // From a getter, or from the prototype.
    check(
        |graph| {
            let to_json = function(graph, key());
            let object = graph.add_object::<&str>([]);
            set(graph, &object, "toJSON", Property::getter(Behaviour::Returns(to_json)));
            graph.add_object([("k", object)])
        },
        r#"{"k":"key=k"}"#,
    );
    check(
        |graph| {
            let to_json = function(graph, key());
            let object = graph.add_object([("a", Value::Null)]);
            let inherited = [("toJSON", Property::data(to_json))];
            graph.object_mut(id(&object)).prototype =
                Prototype::Inherits(inherited.into_iter().collect());
            object
        },
        r#""key=""#,
    );
    check(
        |graph| {
            let behaviour = Behaviour::ReturnsThis { prefix: "this=".to_owned() };
            with_to_json(graph, Kind::Plain, behaviour)
        },
        r#""this=[object Object]""#,
    );
}

#[test]
fn built_in_to_json() {
    // SER-045, SER-046, SER-068, SER-072
    check_kind(Kind::Date(0.0), r#""1970-01-01T00:00:00.000Z""#);
    check(
        |graph| {
            let date = add(graph, Kind::Date(f64::NAN));
            graph.add_object([("d", date)])
        },
        r#"{"d":null}"#,
    );
    let buffer = || Kind::View { class: ViewClass::Buffer, bytes: b"hi".to_vec().into() };
    check_kind(buffer(), r#"{"type":"Buffer","data":[104,105]}"#);
    check_kind(
        Kind::View { class: ViewClass::Buffer, bytes: vec![].into() },
        r#"{"type":"Buffer","data":[]}"#,
    );
    check_kind(Kind::Url("http://x/y".into()), r#""http://x/y""#);
    // Without their prototypes they are objects like any other.
    for (kind, expected) in [
        (Kind::Date(0.0), "{}"),
        (buffer(), r#"{"0":104,"1":105}"#),
        (Kind::Url("x:".into()), "{}"),
    ] {
        for prototype in [Prototype::Null, Prototype::Inherits(Properties::new())] {
            let mut object = Object::new(kind.clone());
            object.prototype = prototype;
            check(|graph| Value::Object(graph.add(object)), expected);
        }
    }
    // They refuse to work on proxies of theirs.
    for (kind, expected) in [
        (Kind::Date(0.0), "TypeError: this is not a Date object."),
        (
            buffer(),
            "TypeError: Method get TypedArray.prototype.length called on incompatible receiver \
             [object Uint8Array]",
        ),
        (Kind::Url("x:".into()), "TypeError: Receiver must be an instance of class URL"),
    ] {
        check(
            |graph| {
                let target = graph.add(Object::new(kind));
                add(graph, Kind::Proxy(target))
            },
            expected,
        );
    }
}

#[test]
fn getters() {
    // SER-048
    check(
        |graph| {
            let object = graph.add_object::<&str>([]);
            let behaviour =
                Behaviour::Throws { class: ErrorClass::RangeError, message: "getter".to_owned() };
            set(graph, &object, "a", Property::getter(behaviour));
            object
        },
        "RangeError: getter",
    );
    check(
        |graph| {
            let object = graph.add_object::<&str>([]);
            let inner =
                with_to_json(graph, Kind::Plain, Behaviour::ReturnsKey { prefix: "k=".to_owned() });
            let key = Behaviour::ReturnsKey { prefix: "k=".to_owned() };
            let json_key = Behaviour::ReturnsJsonKey { prefix: "j=".to_owned() };
            set(graph, &object, "a", Property::getter(Behaviour::Returns(inner)));
            set(graph, &object, "b", Property::getter(key));
            set(graph, &object, "c", Property::getter(json_key));
            set(graph, &object, "d", Property::getter(boom()).hidden());
            object
        },
        r#"{"a":"k=a","b":"k=undefined","c":"j=undefined"}"#,
    );
    check(
        |graph| {
            let array = graph.add_array([Value::from(1)]);
            set(graph, &array, "2", Property::getter(Behaviour::Returns(Value::from(3))));
            array
        },
        "[1,null,3]",
    );
}

#[test]
fn big_ints() {
    // SER-050, SER-053, SER-082
    let error = "TypeError: Do not know how to serialize a BigInt";
    let one = || Value::from(BigInt::from(1_i64));
    check(|graph| graph.add_object([("a", one())]), error);
    check_kind(Kind::Boxed(one()), error);
    let view = Kind::View { class: ViewClass::BigInt64Array, bytes: vec![0xff; 8].into() };
    check_kind(view.clone(), error);
    check_kind(Kind::View { class: ViewClass::BigInt64Array, bytes: vec![].into() }, "{}");
    let options = StringifyOptions {
        prototypes: PatchedPrototypes {
            big_int_to_json: Some(Behaviour::ReturnsThis { prefix: "big:".to_owned() }),
            object_to_json: None,
        },
        max_depth: None,
    };
    check_with(
        &options,
        |graph| {
            let boxed = add(graph, Kind::Boxed(one()));
            let view = add(graph, view);
            graph.add_object([("a", one()), ("b", boxed), ("c", view)])
        },
        r#"{"a":"big:1","b":"big:1","c":{"0":"big:-1"}}"#,
    );
}

#[test]
fn object_prototype_to_json() {
    // SER-113
    let patched = |behaviour| StringifyOptions {
        prototypes: PatchedPrototypes { object_to_json: Some(behaviour), ..Default::default() },
        max_depth: None,
    };
    let text = || patched(Behaviour::Returns("patched".into()));
    check_with(&text(), |graph| graph.add_object([("a", 1.into())]), r#""patched""#);
    check_with(&text(), |_| Value::from(1), "1");
    check_with(&text(), |_| BigInt::from(1_i64).into(), r#""patched""#);
    check_with(&text(), |graph| add(graph, Kind::Date(0.0)), r#""1970-01-01T00:00:00.000Z""#);
    check_with(&text(), |graph| add(graph, Kind::RawJson("1".to_owned())), "1");
    let buffer = || Kind::View { class: ViewClass::Buffer, bytes: b"a".to_vec().into() };
    check_with(&text(), |graph| add(graph, buffer()), r#"{"type":"Buffer","data":"patched"}"#);
    let key = patched(Behaviour::ReturnsKey { prefix: "p".to_owned() });
    check_with(&key, |graph| add(graph, buffer()), r#"{"type":"Buffer","data":"pdata"}"#);
    let none = patched(Behaviour::Returns(Value::Undefined));
    check_with(&none, |graph| add(graph, buffer()), r#"{"type":"Buffer"}"#);
    check_with(
        &text(),
        |graph| {
            let mut object = Object::new(Kind::Plain);
            object.prototype = Prototype::Null;
            object.define("a", Property::data(1));
            Value::Object(graph.add(object))
        },
        r#"{"a":1}"#,
    );
    // A container in place of the bytes, and a circle through it.
    let mut graph = Graph::default();
    let list = graph.add_array([Value::from(1)]);
    let root = add(&mut graph, buffer());
    graph.set_root(root.clone());
    let options = patched(Behaviour::Returns(list.clone()));
    assert_eq!(outcome(&graph, &options), r#"{"type":"Buffer","data":[1]}"#);
    set(&mut graph, &list, "1", Property::data(root));
    let expected = "TypeError: Converting circular structure to JSON
    --> starting at object with constructor 'Array'
    |     index 1 -> object with constructor 'Object'
    --- property 'data' closes the circle";
    assert_eq!(outcome(&graph, &options), expected);
}
