//! What is written for values and members, clause by clause.

use super::{add, boom, check, check_kind, function, id, set, with_to_json};
use crate::{
    Behaviour, BigInt, ErrorClass, Graph, JsString, Kind, Object, OpaqueClass, Properties,
    Property, Prototype, Symbol, Value, ViewClass,
};

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
fn built_in_classes() {
    // SER-060 … SER-067, SER-069 … SER-071, SER-078
    for (kind, expected) in [
        (Kind::Map(vec![(Value::from(1), Value::from(2))]), "{}"),
        (Kind::Set(vec![Value::from(1)]), "{}"),
        (Kind::RegExp { source: "a".into(), flags: "g".to_owned() }, "{}"),
        (Kind::View { class: ViewClass::Uint8Array, bytes: vec![1, 2].into() }, r#"{"0":1,"1":2}"#),
        (
            Kind::View {
                class: ViewClass::Float64Array,
                bytes: [1.5_f64.to_le_bytes(), f64::NAN.to_le_bytes()].concat().into(),
            },
            r#"{"0":1.5,"1":null}"#,
        ),
        (Kind::ArrayBuffer { bytes: vec![0; 2], max_byte_length: None, shared: false }, "{}"),
        (Kind::View { class: ViewClass::DataView, bytes: vec![0; 2].into() }, "{}"),
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
    check(
        |graph| {
            let values = vec![Value::from(1), Value::from(2), Value::from(3)];
            let arguments = add(graph, Kind::Arguments(values));
            set(graph, &arguments, "0", Property::data(4).hidden());
            let getter = Behaviour::ReturnsKey { prefix: "k=".to_owned() };
            set(graph, &arguments, "1", Property::getter(getter));
            arguments
        },
        r#"{"1":"k=undefined","2":3}"#,
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
