//! The values of `fixtures/wire/values.cjs` as graphs.

use js_value::{
    Behaviour, BigInt, ErrorClass, Function, Graph, JsString, Kind, Object, OpaqueClass, Property,
    PropertyKey, Prototype, Symbol, Value, ViewClass,
};

/// A value by its source text.
pub(crate) struct Row {
    pub(crate) source: &'static str,
    pub(crate) value: fn(&mut Graph) -> Value,
    /// What it is after a clone, if that is something else.
    arrives: Option<fn(&mut Graph) -> Value>,
}

impl Row {
    /// Makes what it is after a clone.
    pub(crate) fn arrival(&self) -> fn(&mut Graph) -> Value {
        self.arrives.unwrap_or(self.value)
    }
}

const fn row(source: &'static str, value: fn(&mut Graph) -> Value) -> Row {
    Row { source, value, arrives: None }
}

const fn row_to(
    source: &'static str,
    value: fn(&mut Graph) -> Value,
    arrives: fn(&mut Graph) -> Value,
) -> Row {
    Row { source, value, arrives: Some(arrives) }
}

type G<'g> = &'g mut Graph;

fn add(g: G<'_>, kind: Kind) -> Value {
    g.add(Object::new(kind)).into()
}

/// Changes an object that was just made.
fn with(g: G<'_>, value: Value, change: impl FnOnce(&mut Object)) -> Value {
    let Value::Object(id) = value else { panic!("an object") };
    change(g.object_mut(id));
    value
}

fn define(g: G<'_>, value: Value, key: &str, property: Property) -> Value {
    with(g, value, |object| object.define(key, property))
}

fn one(g: G<'_>, key: &str, value: impl Into<Value>) -> Value {
    g.add_object([(key, value.into())])
}

fn view(g: G<'_>, class: ViewClass, bytes: &[u8]) -> Value {
    add(g, Kind::View { class, bytes: bytes.to_vec().into() })
}

fn buffer(g: G<'_>, bytes: &[u8]) -> Value {
    view(g, ViewClass::Buffer, bytes)
}

fn array_buffer(g: G<'_>, bytes: &[u8], max_byte_length: Option<usize>, shared: bool) -> Value {
    add(g, Kind::ArrayBuffer { bytes: bytes.to_vec(), max_byte_length, shared })
}

fn error(g: G<'_>, class: ErrorClass, message: Option<&str>, stack: Option<&str>) -> Value {
    let text = |text: Option<&str>| text.map(JsString::from);
    add(g, Kind::Error { class, message: text(message), stack: text(stack), cause: None })
}

fn caused(g: G<'_>, by: Value) -> Value {
    let error = error(g, ErrorClass::Error, Some("m"), Some("S"));
    with(g, error, |object| {
        if let Kind::Error { cause, .. } = &mut object.kind {
            *cause = Some(by);
        }
    })
}

fn reg_exp(g: G<'_>, source: &str, flags: &str) -> Value {
    add(g, Kind::RegExp { source: source.into(), flags: flags.to_owned() })
}

fn function(g: G<'_>, name: &str) -> Value {
    let behaviour = Behaviour::Returns(Value::Undefined);
    add(g, Kind::Function(Function { name: name.to_owned(), behaviour }))
}

fn opaque(g: G<'_>, class: OpaqueClass) -> Value {
    add(g, Kind::Opaque(class))
}

fn proxy(g: G<'_>, target: Value) -> Value {
    let Value::Object(id) = target else { panic!("an object") };
    add(g, Kind::Proxy(id))
}

fn url(g: G<'_>, href: &str) -> Value {
    add(g, Kind::Url(href.into()))
}

fn holey(g: G<'_>, elements: &[Option<i32>]) -> Value {
    let elements = elements.iter().map(|element| element.map(Value::from)).collect();
    add(g, Kind::Array(elements))
}

fn string(units: &[u16]) -> Value {
    JsString::from_utf16(units).into()
}

fn class(g: G<'_>, value: Value, name: &str) -> Value {
    with(g, value, |object| object.prototype = Prototype::Class(name.to_owned()))
}

fn a1(g: G<'_>) -> Value {
    one(g, "a", 1)
}

fn x1(g: G<'_>) -> Value {
    one(g, "x", 1)
}

fn plain(g: G<'_>) -> Value {
    add(g, Kind::Plain)
}

/// In the order of `values.cjs`.
pub(crate) const VALUES: &[Row] = &[
    row("undefined", |_| Value::Undefined),
    row("null", |_| Value::Null),
    row("true", |_| true.into()),
    row("false", |_| false.into()),
    row("0", |_| 0.into()),
    row("-1", |_| Value::from(-1)),
    row("127", |_| 127.into()),
    row("128", |_| 128.into()),
    row("2147483647", |_| i32::MAX.into()),
    row("-2147483648", |_| i32::MIN.into()),
    row("2147483648", |_| 2_147_483_648_u32.into()),
    row("-2147483649", |_| Value::from(-2_147_483_649.0)),
    row("-0", |_| Value::from(-0.0)),
    row("1.5", |_| 1.5.into()),
    row("NaN", |_| f64::NAN.into()),
    row("Infinity", |_| f64::INFINITY.into()),
    row("-Infinity", |_| f64::NEG_INFINITY.into()),
    row("5e-324", |_| 5e-324.into()),
    row("0n", |_| BigInt::from(0_u64).into()),
    row("-1n", |_| BigInt::from(-1_i64).into()),
    row("2n ** 64n", |_| BigInt::new(false, vec![0, 1]).into()),
    row("-(2n ** 128n)", |_| BigInt::new(true, vec![0, 0, 1]).into()),
    row("\"\"", |_| "".into()),
    row("\"abc\"", |_| "abc".into()),
    row("\"é\\0ÿ\"", |_| "é\0ÿ".into()),
    row("\"€\"", |_| "€".into()),
    row("\"😀\"", |_| "😀".into()),
    row("\"a\\ud800\"", |_| string(&[0x61, 0xd800])),
    row("\"\\udc00\\ud800\"", |_| string(&[0xdc00, 0xd800])),
    row("\"x\".repeat(200)", |_| "x".repeat(200).into()),
    row("({})", plain),
    row("({ a: 1, b: [true, null] })", |g| {
        let b = g.add_array([true.into(), Value::Null]);
        g.add_object([("a", 1.into()), ("b", b)])
    }),
    row("({ b: 1, 2: 1, a: 1, 1: 1 })", |g| {
        g.add_object(["b", "2", "a", "1"].map(|key| (key, 1.into())))
    }),
    row("({ a: undefined })", |g| one(g, "a", Value::Undefined)),
    row(
        "({ 2147483647: 1, 2147483648: 2, 4294967294: 3, 4294967295: 4, \"-1\": 5, \"01\": 6 })",
        |g| {
            let keys = ["2147483647", "2147483648", "4294967294", "4294967295", "-1", "01"];
            g.add_object(keys.into_iter().zip((1..).map(Value::from)))
        },
    ),
    row("({ a: \"€\" })", |g| one(g, "a", "€")),
    row("({ ab: \"€\" })", |g| one(g, "ab", "€")),
    row("({ \"€\": \"é\" })", |g| one(g, "€", "é")),
    row("JSON.parse('{\"__proto__\":{\"x\":1}}')", |g| {
        let inner = x1(g);
        one(g, "__proto__", inner)
    }),
    row_to(
        "({ [Symbol(\"k\")]: 1, a: 2 })",
        |g| {
            let object = one(g, "a", 2);
            with(g, object, |object| object.define(Symbol::new("k"), Property::data(1)))
        },
        |g| one(g, "a", 2),
    ),
    row_to(
        "Object.defineProperty({ a: 1 }, \"hidden\", { value: 2 })",
        |g| {
            let object = a1(g);
            define(g, object, "hidden", Property::data(2).hidden())
        },
        a1,
    ),
    row_to(
        "({ get a() { return 5; } })",
        |g| {
            let object = plain(g);
            define(g, object, "a", Property::getter(Behaviour::Returns(5.into())))
        },
        |g| one(g, "a", 5),
    ),
    row_to(
        "Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true } })",
        |g| {
            let object = one(g, "own", 2);
            let inherited =
                [(PropertyKey::from("inherited"), Property::data(1))].into_iter().collect();
            with(g, object, |object| object.prototype = Prototype::Inherits(inherited))
        },
        |g| one(g, "own", 2),
    ),
    row_to(
        "Object.assign(Object.create(null), { a: 1 })",
        |g| {
            let object = a1(g);
            with(g, object, |object| object.prototype = Prototype::Null)
        },
        a1,
    ),
    row_to(
        "new (class A { x = 1; get y() { return 2; } m() {} })()",
        |g| {
            let object = x1(g);
            class(g, object, "A")
        },
        x1,
    ),
    row("[]", |g| g.add_array([])),
    row("[1, \"a\", null]", |g| g.add_array([1.into(), "a".into(), Value::Null])),
    row("[1.5, 2]", |g| g.add_array([1.5.into(), 2.into()])),
    row("[1.5, \"a\", 2]", |g| g.add_array([1.5.into(), "a".into(), 2.into()])),
    row("[1, , 3]", |g| holey(g, &[Some(1), None, Some(3)])),
    row("new Array(3)", |g| holey(g, &[None; 3])),
    row("[undefined]", |g| g.add_array([Value::Undefined])),
    row("Array(2).fill(0)", |g| g.add_array([0, 0].map(Value::from))),
    row("Object.assign([], { 1000: 1 })", |g| {
        let array = g.add_array([]);
        define(g, array, "1000", Property::data(1))
    }),
    row("Object.assign([1], { extra: 2 })", |g| {
        let array = g.add_array([1.into()]);
        define(g, array, "extra", Property::data(2))
    }),
    row_to(
        "Object.defineProperty([1, 2], 0, { get: () => 7, enumerable: true })",
        |g| {
            let array = g.add_array([1, 2].map(Value::from));
            define(g, array, "0", Property::getter(Behaviour::Returns(7.into())))
        },
        |g| g.add_array([7, 2].map(Value::from)),
    ),
    row("Object.assign([], { 4294967294: 1 })", |g| {
        let array = add(g, Kind::SparseArray { length: 0 });
        define(g, array, "4294967294", Property::data(1))
    }),
    row("(() => { const o = {}; o.self = o; return o; })()", |g| {
        let object = plain(g);
        define(g, object.clone(), "self", Property::data(object))
    }),
    row("(() => { const a = []; a.push(a); return a; })()", |g| {
        let array = g.add_array([]);
        define(g, array.clone(), "0", Property::data(array))
    }),
    row("(() => { const s = { x: 1 }; return { a: s, b: [s] }; })()", |g| {
        let shared = x1(g);
        let list = g.add_array([shared.clone()]);
        g.add_object([("a", shared), ("b", list)])
    }),
    row("(() => { const m = new Map(); m.set(m, new Set([m])); return m; })()", |g| {
        let map = add(g, Kind::Map(vec![]));
        let set = add(g, Kind::Set(vec![map.clone()]));
        with(g, map.clone(), |object| object.kind = Kind::Map(vec![(map, set)]))
    }),
    row(
        "(() => { const r = {}; return [new Date(0), /a/, Object(1), new Map(), \
         Buffer.from(\"a\"), withStack(new Error(\"m\"), \"S\"), new ArrayBuffer(1), new Set(), \
         1n, \"s\", r, r]; })()",
        |g| {
            let r = plain(g);
            let elements = [
                add(g, Kind::Date(0.0)),
                reg_exp(g, "a", ""),
                add(g, Kind::Boxed(1.into())),
                add(g, Kind::Map(vec![])),
                buffer(g, b"a"),
                error(g, ErrorClass::Error, Some("m"), Some("S")),
                array_buffer(g, &[0], None, false),
                add(g, Kind::Set(vec![])),
                BigInt::from(1_u64).into(),
                "s".into(),
                r.clone(),
                r,
            ];
            g.add_array(elements)
        },
    ),
    row("new Map([[1, \"a\"], [{ k: 1 }, new Map()], [NaN, -0]])", |g| {
        let (key, map) = (one(g, "k", 1), add(g, Kind::Map(vec![])));
        let last = (f64::NAN.into(), Value::from(-0.0));
        add(g, Kind::Map(vec![(1.into(), "a".into()), (key, map), last]))
    }),
    row("new Set([1, \"a\", { x: 1 }])", |g| {
        let object = x1(g);
        add(g, Kind::Set(vec![1.into(), "a".into(), object]))
    }),
    row_to(
        "Object.assign(new Map([[1, 2]]), { extra: 1 })",
        |g| {
            let map = add(g, Kind::Map(vec![(1.into(), 2.into())]));
            define(g, map, "extra", Property::data(1))
        },
        |g| add(g, Kind::Map(vec![(1.into(), 2.into())])),
    ),
    row("new Date(0)", |g| add(g, Kind::Date(0.0))),
    row("new Date(NaN)", |g| add(g, Kind::Date(f64::NAN))),
    row_to("new Date(1.9)", |g| add(g, Kind::Date(1.9)), |g| add(g, Kind::Date(1.0))),
    row_to(
        "Object.assign(new Date(5), { x: 1 })",
        |g| {
            let date = add(g, Kind::Date(5.0));
            define(g, date, "x", Property::data(1))
        },
        |g| add(g, Kind::Date(5.0)),
    ),
    row("/a+/gimsuy", |g| reg_exp(g, "a+", "gimsuy")),
    row("/a/d", |g| reg_exp(g, "a", "d")),
    row("/a/v", |g| reg_exp(g, "a", "v")),
    row("new RegExp(\"\")", |g| reg_exp(g, "(?:)", "")),
    row("new RegExp(\"/\\n\")", |g| reg_exp(g, "\\/\\n", "")),
    row("/€/u", |g| reg_exp(g, "€", "u")),
    row(
        "[Object(3), Object(\"s\"), Object(true), Object(false), Object(1n), Object(\"€\")]",
        |g| {
            let boxed: [Value; 6] = [
                3.into(),
                "s".into(),
                true.into(),
                false.into(),
                BigInt::from(1_u64).into(),
                "€".into(),
            ];
            let boxed = boxed.map(|value| add(g, Kind::Boxed(value)));
            g.add_array(boxed)
        },
    ),
    row("withStack(new Error(\"msg\"), \"S\")", |g| {
        error(g, ErrorClass::Error, Some("msg"), Some("S"))
    }),
    row("withStack(new TypeError(\"t\"), \"S\")", |g| {
        error(g, ErrorClass::TypeError, Some("t"), Some("S"))
    }),
    row("withStack(new RangeError(), undefined)", |g| error(g, ErrorClass::RangeError, None, None)),
    row(
        "[\"EvalError\", \"SyntaxError\", \"ReferenceError\", \"URIError\"].map((name) => \
         withStack(new globalThis[name](\"x\"), \"S\"))",
        |g| {
            let classes = [
                ErrorClass::EvalError,
                ErrorClass::SyntaxError,
                ErrorClass::ReferenceError,
                ErrorClass::UriError,
            ];
            let errors = classes.map(|class| error(g, class, Some("x"), Some("S")));
            g.add_array(errors)
        },
    ),
    row_to(
        "withStack(new AggregateError([1], \"m\"), \"S\")",
        |g| {
            let list = g.add_array([1.into()]);
            let error = error(g, ErrorClass::AggregateError, Some("m"), Some("S"));
            define(g, error, "errors", Property::data(list).hidden())
        },
        |g| error(g, ErrorClass::Error, Some("m"), Some("S")),
    ),
    row_to(
        "withStack(new (class MyError extends TypeError {})(\"m\"), \"S\")",
        |g| {
            let error = error(g, ErrorClass::TypeError, Some("m"), Some("S"));
            class(g, error, "MyError")
        },
        |g| error(g, ErrorClass::TypeError, Some("m"), Some("S")),
    ),
    row_to(
        "withStack(Object.assign(new Error(\"m\"), { name: \"RangeError\", code: \"E\" }), \"S\")",
        |g| {
            let error = error(g, ErrorClass::Error, Some("m"), Some("S"));
            let error = define(g, error, "name", Property::data("RangeError"));
            define(g, error, "code", Property::data("E"))
        },
        |g| error(g, ErrorClass::RangeError, Some("m"), Some("S")),
    ),
    row(
        "withStack(new Error(\"m\", { cause: withStack(new RangeError(\"c\"), \"C\") }), \"S\")",
        |g| {
            let cause = error(g, ErrorClass::RangeError, Some("c"), Some("C"));
            caused(g, cause)
        },
    ),
    row("withStack(new Error(\"m\", { cause: undefined }), \"S\")", |g| {
        caused(g, Value::Undefined)
    }),
    row("Buffer.from(\"hi\")", |g| buffer(g, b"hi")),
    row("Buffer.alloc(0)", |g| buffer(g, b"")),
    row("Buffer.alloc(200, 7)", |g| buffer(g, &[7; 200])),
    row_to(
        "Object.assign(Buffer.from(\"a\"), { extra: 1 })",
        |g| {
            let buffer = buffer(g, b"a");
            define(g, buffer, "extra", Property::data(1))
        },
        |g| buffer(g, b"a"),
    ),
    row("new Int8Array([-1])", |g| view(g, ViewClass::Int8Array, &[0xff])),
    row("new Uint8Array([1, 2, 3]).subarray(1)", |g| view(g, ViewClass::Uint8Array, &[2, 3])),
    row("new Uint8ClampedArray([1, 255])", |g| view(g, ViewClass::Uint8ClampedArray, &[1, 255])),
    row("new Int16Array([-2])", |g| view(g, ViewClass::Int16Array, &[0xfe, 0xff])),
    row("new Uint16Array([65535])", |g| view(g, ViewClass::Uint16Array, &[0xff, 0xff])),
    row("new Int32Array([-2])", |g| view(g, ViewClass::Int32Array, &[0xfe, 0xff, 0xff, 0xff])),
    row("new Uint32Array([1])", |g| view(g, ViewClass::Uint32Array, &[1, 0, 0, 0])),
    row("new Float32Array([1.5])", |g| view(g, ViewClass::Float32Array, &1.5_f32.to_le_bytes())),
    row("new Float64Array([1.5])", |g| view(g, ViewClass::Float64Array, &1.5_f64.to_le_bytes())),
    row("new BigInt64Array([-1n])", |g| view(g, ViewClass::BigInt64Array, &[0xff; 8])),
    row("new BigUint64Array([1n])", |g| view(g, ViewClass::BigUint64Array, &1_u64.to_le_bytes())),
    row("new Float16Array([1.5])", |g| view(g, ViewClass::Float16Array, &[0, 0x3e])),
    row("new DataView(new ArrayBuffer(3), 1, 2)", |g| view(g, ViewClass::DataView, &[0, 0])),
    row_to(
        "new (class U extends Uint8Array {})([1])",
        |g| {
            let view = view(g, ViewClass::Uint8Array, &[1]);
            class(g, view, "U")
        },
        |g| view(g, ViewClass::Uint8Array, &[1]),
    ),
    row_to(
        "Object.setPrototypeOf(Buffer.from(\"a\"), (class B extends Buffer {}).prototype)",
        |g| {
            let buffer = buffer(g, b"a");
            class(g, buffer, "B")
        },
        |g| view(g, ViewClass::Uint8Array, b"a"),
    ),
    row("new Uint8Array(new SharedArrayBuffer(2))", |g| view(g, ViewClass::Uint8Array, &[0, 0])),
    row("(() => { const b = Buffer.from(\"a\"); return { x: b, y: b }; })()", |g| {
        let shared = buffer(g, b"a");
        g.add_object([("x", shared.clone()), ("y", shared)])
    }),
    row(
        "(() => { const b = new ArrayBuffer(2); return [new Uint8Array(b), b, new \
         Uint16Array(b)]; })()",
        |g| {
            let elements = [
                view(g, ViewClass::Uint8Array, &[0, 0]),
                array_buffer(g, &[0, 0], None, false),
                view(g, ViewClass::Uint16Array, &[0, 0]),
            ];
            g.add_array(elements)
        },
    ),
    row("new ArrayBuffer(3)", |g| array_buffer(g, &[0; 3], None, false)),
    row("new ArrayBuffer(2, { maxByteLength: 8 })", |g| array_buffer(g, &[0; 2], Some(8), false)),
    row_to("new URL(\"http://x/y?z=1\")", |g| url(g, "http://x/y?z=1"), plain),
    row_to(
        "Object.assign(new URL(\"x:\"), { own: 1 })",
        |g| {
            let url = url(g, "x:");
            define(g, url, "own", Property::data(1))
        },
        |g| one(g, "own", 1),
    ),
    row("(function f() {})", |g| function(g, "f")),
    row("({ a: [Math.max] })", |g| {
        let max = function(g, "max");
        let list = g.add_array([max]);
        one(g, "a", list)
    }),
    row("Symbol(\"s\")", |_| Symbol::new("s").into()),
    row("[Symbol(\"s\")]", |g| g.add_array([Symbol::new("s").into()])),
    row("Object(Symbol(\"q\"))", |g| add(g, Kind::Boxed(Symbol::new("q").into()))),
    row("new Map([[1, new WeakMap()]])", |g| {
        let weak = opaque(g, OpaqueClass::WeakMap);
        add(g, Kind::Map(vec![(1.into(), weak)]))
    }),
    row("new Set([new WeakSet()])", |g| {
        let weak = opaque(g, OpaqueClass::WeakSet);
        add(g, Kind::Set(vec![weak]))
    }),
    row("[new WeakRef({})]", |g| {
        let weak = opaque(g, OpaqueClass::WeakRef);
        g.add_array([weak])
    }),
    row("({ a: Promise.resolve(1) })", |g| {
        let promise = opaque(g, OpaqueClass::Promise);
        one(g, "a", promise)
    }),
    row("[(function* () {})()]", |g| {
        let generator = opaque(g, OpaqueClass::Generator);
        g.add_array([generator])
    }),
    row("withStack(new Error(\"m\", { cause: new Promise(() => {}) }), \"S\")", |g| {
        let promise = opaque(g, OpaqueClass::Promise);
        caused(g, promise)
    }),
    row("[new SharedArrayBuffer(4)]", |g| {
        let buffer = array_buffer(g, &[0; 4], None, true);
        g.add_array([buffer])
    }),
    row("new Proxy({ a: 1 }, {})", |g| {
        let target = a1(g);
        proxy(g, target)
    }),
    row("[new Proxy([1], {})]", |g| {
        let target = g.add_array([1.into()]);
        let proxy = proxy(g, target);
        g.add_array([proxy])
    }),
    row("[(function () { return arguments; })(1, 2)]", |g| {
        let arguments = add(g, Kind::Arguments(vec![1.into(), 2.into()]));
        g.add_array([arguments])
    }),
    row("[JSON.rawJSON(\"1\")]", |g| {
        let raw = add(g, Kind::RawJson("1".to_owned()));
        g.add_array([raw])
    }),
    row("({ get a() { throw new RangeError(\"boom\"); } })", |g| {
        let object = plain(g);
        let message = "boom".to_owned();
        let boom = Behaviour::Throws { class: ErrorClass::RangeError, message };
        define(g, object, "a", Property::getter(boom))
    }),
];
