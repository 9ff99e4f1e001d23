//! Tests of `JSON.stringify`, clause by clause.

use super::{PatchedPrototypes, StringifyOptions, stringify};
use crate::{
    Behaviour, BigInt, ErrorClass, Exception, Function, Graph, JsString, Kind, Object, ObjectId,
    OpaqueClass, Properties, Property, Prototype, Symbol, Value, ViewClass,
};

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

#[test]
fn numbers_and_other_primitives() {
    // SER-001 … SER-004, SER-020 … SER-024
    for (value, expected) in [
        (Value::from(f64::NAN), "null"),
        (Value::from(f64::INFINITY), "null"),
        (Value::from(f64::NEG_INFINITY), "null"),
        (Value::from(-0.0), "0"),
        (Value::from(1e21), "1e+21"),
        (Value::from(1e-7), "1e-7"),
        (Value::from(0.1 + 0.2), "0.30000000000000004"),
        (Value::from("str"), "\"str\""),
        (Value::from(""), "\"\""),
        (Value::from(42), "42"),
        (Value::from(true), "true"),
        (Value::from(false), "false"),
        (Value::Null, "null"),
        (Value::Undefined, "undefined"),
        (Value::from(Symbol::new("s")), "undefined"),
        (Value::from(BigInt::from(1_i64)), "TypeError: Do not know how to serialize a BigInt"),
    ] {
        check(|_| value, expected);
    }
}

#[test]
fn what_has_no_json_form() {
    // SER-010 … SER-012, SER-026, SER-029, SER-030
    check(
        |graph| {
            let f = function(graph, Behaviour::Returns(Value::from(1)));
            graph.add_object([
                ("a", Value::Undefined),
                ("b", f),
                ("c", Symbol::new("x").into()),
                ("d", Value::from(1)),
            ])
        },
        r#"{"d":1}"#,
    );
    check(
        |graph| {
            let f = function(graph, Behaviour::Returns(Value::from(1)));
            graph.add_array([Value::Undefined, f, Symbol::new("x").into(), Value::from(1)])
        },
        "[null,null,null,1]",
    );
    check(
        |graph| {
            let object = graph.add_object([("a", Value::from(2))]);
            graph.object_mut(id(&object)).define(Symbol::new("k"), Property::data(1));
            object
        },
        r#"{"a":2}"#,
    );
    check(|graph| function(graph, boom()), "undefined");
    check(|graph| graph.add_array([]), "[]");
    check(|graph| graph.add_object::<&str>([]), "{}");
}

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
    let buffer = || Kind::View { class: ViewClass::Buffer, bytes: b"hi".to_vec() };
    check_kind(buffer(), r#"{"type":"Buffer","data":[104,105]}"#);
    check_kind(
        Kind::View { class: ViewClass::Buffer, bytes: vec![] },
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
    let view = Kind::View { class: ViewClass::BigInt64Array, bytes: vec![0xff; 8] };
    check_kind(view.clone(), error);
    check_kind(Kind::View { class: ViewClass::BigInt64Array, bytes: vec![] }, "{}");
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
    let buffer = || Kind::View { class: ViewClass::Buffer, bytes: b"a".to_vec() };
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
fn built_in_classes() {
    // SER-060 … SER-067, SER-069 … SER-071, SER-078
    for (kind, expected) in [
        (Kind::Map(vec![(Value::from(1), Value::from(2))]), "{}"),
        (Kind::Set(vec![Value::from(1)]), "{}"),
        (Kind::RegExp { source: "a".into(), flags: "g".to_owned() }, "{}"),
        (Kind::View { class: ViewClass::Uint8Array, bytes: vec![1, 2] }, r#"{"0":1,"1":2}"#),
        (
            Kind::View {
                class: ViewClass::Float64Array,
                bytes: [1.5_f64.to_le_bytes(), f64::NAN.to_le_bytes()].concat(),
            },
            r#"{"0":1.5,"1":null}"#,
        ),
        (Kind::ArrayBuffer { bytes: vec![0; 2], max_byte_length: None, shared: false }, "{}"),
        (Kind::View { class: ViewClass::DataView, bytes: vec![0; 2] }, "{}"),
        (Kind::Opaque(OpaqueClass::WeakMap), "{}"),
        (Kind::Opaque(OpaqueClass::Promise), "{}"),
        (Kind::Arguments(vec![Value::from(1), Value::from(2)]), r#"{"0":1,"1":2}"#),
        (Kind::RawJson("12345678901234567890".to_owned()), "12345678901234567890"),
    ] {
        check_kind(kind, expected);
    }
    let error = Kind::Error {
        class: ErrorClass::Error,
        message: Some("m".into()),
        stack: Some("s".into()),
        cause: Some(Value::from(1)),
    };
    check_kind(error.clone(), "{}");
    check(
        |graph| {
            let error = add(graph, error);
            set(graph, &error, "code", Property::data("E"));
            error
        },
        r#"{"code":"E"}"#,
    );
    check(
        |graph| {
            let arguments = add(graph, Kind::Arguments(vec![Value::from(1)]));
            set(graph, &arguments, "a", Property::data(2));
            set(graph, &arguments, "7", Property::data(3));
            set(graph, &arguments, "0", Property::data(4));
            arguments
        },
        r#"{"0":4,"7":3,"a":2}"#,
    );
}

#[test]
fn proxies() {
    // SER-073, SER-074
    fn check_proxy(build: impl FnOnce(&mut Graph) -> Value, expected: &str) {
        check(
            |graph| {
                let target = build(graph);
                let inner = graph.add(Object::new(Kind::Proxy(id(&target))));
                add(graph, Kind::Proxy(inner))
            },
            expected,
        );
    }
    check_proxy(|graph| graph.add_object([("a", Value::from(1))]), r#"{"a":1}"#);
    check_proxy(|graph| graph.add_array([Value::from(1), Value::from(2)]), "[1,2]");
    check_proxy(|graph| function(graph, boom()), "undefined");
    check_proxy(
        |graph| add(graph, Kind::Boxed("aé😀".into())),
        r#"{"0":"a","1":"é","2":"\ud83d","3":"\ude00"}"#,
    );
    check_proxy(|graph| add(graph, Kind::Boxed(1.into())), "{}");
    check_proxy(|graph| add(graph, Kind::RawJson("1".to_owned())), r#"{"rawJSON":"1"}"#);
    check_proxy(
        |graph| with_to_json(graph, Kind::Plain, Behaviour::ReturnsKey { prefix: "k".to_owned() }),
        r#""k""#,
    );
}

#[test]
fn inherited_and_hidden_properties() {
    // SER-075 … SER-077
    let with_prototype = |prototype| {
        let mut object = Object::new(Kind::Plain);
        object.prototype = prototype;
        object.define("own", Property::data(2));
        object.define("hidden", Property::data(3).hidden());
        object
    };
    let inherited: Properties = [("inh", Property::data(1))].into_iter().collect();
    for prototype in
        [Prototype::Inherits(inherited), Prototype::Null, Prototype::Class("A".to_owned())]
    {
        check(|graph| Value::Object(graph.add(with_prototype(prototype))), r#"{"own":2}"#);
    }
}

#[test]
fn boxed_primitives() {
    // SER-080, SER-081, SER-083, SER-084
    for (value, expected) in [
        (Value::from(3), "3"),
        (Value::from("s"), "\"s\""),
        (Value::from(false), "false"),
        (Value::from(f64::NAN), "null"),
        (Value::from(Symbol::new("q")), "{}"),
    ] {
        check_kind(Kind::Boxed(value), expected);
    }
    for (value, prototype, expected) in [
        (Value::from(1), Prototype::Inherits(Properties::new()), "null"),
        (Value::from("s"), Prototype::Inherits(Properties::new()), "\"[object String]\""),
        (Value::from(1), Prototype::Null, "TypeError: Cannot convert object to primitive value"),
        (Value::from(true), Prototype::Null, "true"),
    ] {
        let mut object = Object::new(Kind::Boxed(value));
        object.prototype = prototype;
        check(|graph| Value::Object(graph.add(object)), expected);
    }
}

#[test]
fn arrays() {
    // SER-090 … SER-092
    check_kind(Kind::Array(vec![Some(1.into()), None, Some(3.into())]), "[1,null,3]");
    check_kind(Kind::Array(vec![None; 3]), "[null,null,null]");
    check(
        |graph| {
            let array = graph.add_array([Value::from(1)]);
            set(graph, &array, "extra", Property::data(2));
            array
        },
        "[1]",
    );
    let mut object = Object::new(Kind::Array(vec![None, Some(2.into())]));
    let inherited = [("0", Property::data(9))];
    object.prototype = Prototype::Inherits(inherited.into_iter().collect());
    check(|graph| Value::Object(graph.add(object)), "[9,2]");
}

#[test]
fn keys() {
    // SER-093 … SER-096, SER-106
    check(
        |graph| {
            let keys = ["b", "2", "a", "1", "-1", "01"];
            graph.add_object(keys.map(|key| (key, Value::from(1))))
        },
        r#"{"1":1,"2":1,"b":1,"a":1,"-1":1,"01":1}"#,
    );
    check(
        |graph| {
            let inner = graph.add_object([("x", Value::from(1))]);
            graph.add_object([("__proto__", inner), ("constructor", Value::from(2))])
        },
        r#"{"__proto__":{"x":1},"constructor":2}"#,
    );
    check(
        |graph| graph.add_object([("", Value::from(1)), (" ", Value::from(2))]),
        r#"{"":1," ":2}"#,
    );
    check(
        |graph| graph.add_object([(JsString::from_utf16(&[0xd800]), Value::from(1))]),
        r#"{"\ud800":1}"#,
    );
}

#[test]
fn strings() {
    // SER-100 … SER-108
    for (units, expected) in [
        (&[0xd800][..], r#""\ud800""#),
        (&[0xdc00, 0x78, 0xd83d, 0xde00], r#""\udc00x😀""#),
        (&[0xdbff, 0x0a, 0x22], r#""\udbff\n\"""#),
    ] {
        check(|_| JsString::from_utf16(units).into(), expected);
    }
    for (text, expected) in [
        ("\u{2028}\u{2029}", "\"\u{2028}\u{2029}\""),
        (
            "\0\u{1}\u{8}\t\n\u{b}\u{c}\r\u{1f}\u{7f}\u{80}",
            "\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\u{7f}\u{80}\"",
        ),
        ("\"\\/", r#""\"\\/""#),
        ("é€😀", "\"é€😀\""),
        ("a\nb", r#""a\nb""#),
        ("\u{feff}bom", "\"\u{feff}bom\""),
        (
            "twenty plain bytes.. \" then more of them",
            r#""twenty plain bytes.. \" then more of them""#,
        ),
    ] {
        check(|_| text.into(), expected);
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
    assert!(super::write(&graph, &bad, &options, &mut out).is_err());
    assert_eq!(out, b"before");
    assert_eq!(super::write(&graph, &Value::Undefined, &options, &mut out), Ok(false));
    assert_eq!(out, b"before");
    assert_eq!(super::write(&graph, &Value::Null, &options, &mut out), Ok(true));
    assert_eq!(out, b"beforenull");
}
