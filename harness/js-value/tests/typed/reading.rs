//! Values of types from texts.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use js_value::json::{self, ParseError, ParseLimits, TypedError};
use serde::de::{DeserializeOwned, IgnoredAny, Visitor};
use serde::{Deserialize, Deserializer};

use super::any::Any;
use super::read;

fn check<'de, T: Deserialize<'de> + PartialEq + Debug>(text: &'de str, expected: T) {
    assert_eq!(read::<T>(text), Ok(expected), "{text}");
}

fn refused<T: DeserializeOwned + Debug>(text: &str, expected: &str) {
    assert_eq!(read::<T>(text).unwrap_err().to_string(), expected, "{text}");
}

#[derive(Debug, PartialEq, Deserialize)]
struct Message<'a> {
    r#type: &'a str,
    id: u32,
    #[serde(default)]
    v: Vec<u32>,
}

/// A string or bytes, as they are.
#[derive(Debug, PartialEq)]
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Bytes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut a: A) -> Result<Bytes, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = a.next_element()? {
                    bytes.push(byte);
                }
                Ok(Bytes(bytes))
            }
        }
        deserializer.deserialize_bytes(Any)
    }
}

#[test]
fn integers_are_those_of_javascript() {
    check("7", 7_u8);
    check("-0", 0_u8);
    check("1.0", 1_u8);
    check("1e2", 100_i8);
    check("12.5e1", 125_i64);
    check("-1E+2", -100_i16);
    check("-128", i8::MIN);
    check("9007199254740991", 9_007_199_254_740_991_u64);
    check("-9007199254740991", -9_007_199_254_740_991_i128);
    check("9007199254740991.0", 9_007_199_254_740_991_u128);
    refused::<u8>("256", "invalid value: integer `256`, expected u8 at byte 0");
    refused::<u32>("-1", "invalid value: integer `-1`, expected u32 at byte 0");
    refused::<u32>("[]", "invalid type: an array, expected u32 at byte 0");
    refused::<Vec<u32>>("[1,2.5]", "invalid type: floating point `2.5`, expected u32 at byte 3");
    refused::<u32>("1e400", "invalid type: floating point `inf`, expected u32 at byte 0");
    for text in ["9007199254740992", "9007199254740993", "-18446744073709551616", "1e20"] {
        refused::<i128>(
            text,
            "an integer beyond ±(2^53 - 1), where numbers of JavaScript are not exact, \
             expected i128 at byte 0",
        );
    }
}

#[test]
fn floats_are_numbers_of_javascript() {
    check("1e400", f64::INFINITY);
    check("-1e400", f64::NEG_INFINITY);
    check("9007199254740993", 9_007_199_254_740_992.0);
    check("123456789012345678901234567890", 1.234_567_890_123_456_8e29);
    check("0.1", 0.1_f32);
    check("5", 5.0);
    assert!(read::<f64>("-0").unwrap().is_sign_negative());
    refused::<f64>("null", "invalid type: null, expected f64 at byte 0");
    refused::<f64>(" \"1\"", "invalid type: a string, expected f64 at byte 1");
}

#[test]
fn strings_borrow_where_they_can() {
    check("\"é😀\"", "é😀");
    check(r#""a\n\ud83d\ude00""#, "a\n😀".to_owned());
    check(r#""\u0078""#, 'x');
    #[derive(Deserialize)]
    struct Either<'a>(#[serde(borrow)] Cow<'a, str>);
    assert!(matches!(read::<Either<'_>>("\"ab\"").unwrap().0, Cow::Borrowed("ab")));
    assert!(
        matches!(read::<Either<'_>>(r#""a\u0062""#).unwrap().0, Cow::Owned(text) if text == "ab")
    );
    assert_eq!(
        read::<&str>(r#""a\n""#).unwrap_err().to_string(),
        "invalid type: string \"a\\n\", expected a borrowed string at byte 0"
    );
    refused::<char>("\"ab\"", "invalid value: string \"ab\", expected a character at byte 0");
    refused::<String>("1", "invalid type: a number, expected a string at byte 0");
}

#[test]
fn lone_surrogates() {
    refused::<Vec<String>>(
        r#"["\ud800"]"#,
        "a string with a lone surrogate, which has no UTF-8 form, expected a string at byte 1",
    );
    check(
        r#""a\ud800b\n\udfff\ud83d\ude00é""#,
        Bytes(b"a\xed\xa0\x80b\n\xed\xbf\xbf\xf0\x9f\x98\x80\xc3\xa9".to_vec()),
    );
    check("\"é\"", Bytes("é".into()));
    check(r#""\n""#, Bytes("\n".into()));
    check("[0,255]", Bytes(vec![0, 255]));
    refused::<Bytes>("true", "invalid type: a boolean, expected bytes at byte 0");
    // One that no struct can have is a member to ignore.
    check(
        r#"{"\ud800":"\udfff","type":"x","\ud800":1,"id":1}"#,
        Message { r#type: "x", id: 1, v: vec![] },
    );
    refused::<BTreeMap<String, u8>>(
        r#"{"\ud800":1}"#,
        "a string with a lone surrogate, which has no UTF-8 form, expected a string at byte 1",
    );
}

#[test]
fn structs() {
    check(
        " {\"v\" : [ 1 , 2,3 ] , \"id\":1,\"type\":\"x\"} ",
        Message { r#type: "x", id: 1, v: vec![1, 2, 3] },
    );
    check(
        r#"{"a":[{"b":"\"}"},[],{},-1.5e3,true,false,null],"\u0069d":1,"type":"x","z":{}}"#,
        Message { r#type: "x", id: 1, v: vec![] },
    );
    let error = |text| read::<Message<'_>>(text).unwrap_err();
    let at = |position, message: &str| TypedError::Type { position, message: message.to_owned() };
    assert_eq!(error(" {\"type\":\"x\"}"), at(1, "missing field `id`"));
    assert_eq!(error("{\"id\":[]}"), at(6, "invalid type: an array, expected u32"));
    assert_eq!(error("[]"), at(0, "invalid type: an array, expected struct Message"));
    // A text that is no JSON is reported as such, wherever the type stops to take it.
    for (text, message) in [
        ("[],", "expected the end of the text at byte 2"),
        ("{\"id\":[}", "expected a value at byte 7"),
        ("{\"id\":1,\"id\":2} x", "expected the end of the text at byte 16"),
    ] {
        assert_eq!(error(text).to_string(), message);
    }
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        #[serde(rename = "a")]
        _a: u8,
    }
    refused::<Strict>(r#"{"a":1,"b":2}"#, "unknown field `b`, expected `a` at byte 7");
}

#[test]
fn the_last_of_equal_keys_counts() {
    check(
        r#"{"id":[],"type":"y","\u0069d":1,"v":[3],"type":"x","v":[1]}"#,
        Message { r#type: "x", id: 1, v: vec![1] },
    );
    // Of objects in one another, with the escape on either side, and in what is ignored.
    check(
        r#"[{"a":1,"a":2},{"b":{"c":1,"\u0063":2},"b":{"d":1,"d":3}},{}]"#,
        vec![
            HashMap::from([("a".to_owned(), Any::Number(2.0))]),
            HashMap::from([("b".to_owned(), Any::Map(vec![("d".to_owned(), Any::Number(3.0))]))]),
            HashMap::new(),
        ],
    );
    // A type that looks at each member sees only those that count.
    check(
        r#"{"a":1,"b":2,"a":3}"#,
        Any::Map(vec![("b".to_owned(), Any::Number(2.0)), ("a".to_owned(), Any::Number(3.0))]),
    );
    // More keys than are compared one by one.
    let many: Vec<String> = (0..200).map(|n| format!("\"k{}\":{n}", n % 100)).collect();
    let expected: BTreeMap<String, u32> = (0..100).map(|n| (format!("k{n}"), n + 100)).collect();
    check(&format!("{{{}}}", many.join(",")), expected);
    let Any::Map(members) = read(&format!("{{{}}}", many.join(","))).unwrap() else { panic!() };
    assert_eq!(members.len(), 100);
    // What is wrong with a superseded member as JSON is wrong still.
    refused::<BTreeMap<String, u8>>(
        r#"{"a":01,"a":1}"#,
        "unexpected digit after a leading zero at byte 6",
    );
    refused::<BTreeMap<String, u8>>(
        r#"{"a":1,"a":1"#,
        "unexpected end of the text: expected ',' or '}' at byte 12",
    );
}

#[derive(Debug, PartialEq, Deserialize)]
enum Choice {
    Unit,
    New(Option<u8>),
    Pair(u8, u8),
    Fields { x: u8, y: Vec<u8> },
}

#[test]
fn enums() {
    check(r#""Unit""#, Choice::Unit);
    check(r#""\u0055nit""#, Choice::Unit);
    check(r#"{"Unit":null}"#, Choice::Unit);
    check(r#"{ "New" : null } "#, Choice::New(None));
    check(r#"{"Pair":[1,2]}"#, Choice::Pair(1, 2));
    check(r#"{"Fields":{"y":[],"x":1}}"#, Choice::Fields { x: 1, y: vec![] });
    check(r#"{"New":[],"New":4}"#, Choice::New(Some(4)));
    refused::<Choice>("\"New\"", "invalid type: unit variant, expected newtype variant at byte 0");
    refused::<Choice>("{\"Unit\":1}", "invalid type: a number, expected unit at byte 8");
    refused::<Choice>(
        r#"{"New":1,"Unit":null}"#,
        "an object with more members than expected at byte 0",
    );
    refused::<Choice>(
        "\"x\"",
        "unknown variant `x`, expected one of `Unit`, `New`, `Pair`, `Fields` at byte 0",
    );
    refused::<Choice>("7", "invalid type: a number, expected enum Choice at byte 0");
    refused::<Choice>(
        r#""\ud800""#,
        "a string with a lone surrogate, which has no UTF-8 form, expected enum Choice at byte 0",
    );
    assert!(read::<Choice>("{}").is_err());
    refused::<Choice>(r#"{"Pair":[1,2,3]}"#, "an array with more elements than expected at byte 8");
    refused::<Choice>(
        r#"{"Pair":[1]}"#,
        "invalid length 1, expected tuple variant Choice::Pair with 2 elements at byte 8",
    );
}

#[test]
fn types_that_look_before_they_read() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(untagged)]
    enum Loose {
        Integer(i64),
        Number(f64),
        Text(String),
        Flag(bool),
        Nothing(()),
        List(Vec<Self>),
    }
    check("1.0", Loose::Integer(1));
    check("-7", Loose::Integer(-7));
    check("9007199254740992", Loose::Number(9_007_199_254_740_992.0));
    check("1e400", Loose::Number(f64::INFINITY));
    check(
        r#"["a\n",true,false,null,[]]"#,
        Loose::List(vec![
            Loose::Text("a\n".to_owned()),
            Loose::Flag(true),
            Loose::Flag(false),
            Loose::Nothing(()),
            Loose::List(vec![]),
        ]),
    );
    assert!(matches!(read("-0"), Ok(Loose::Number(n)) if n.is_sign_negative()));

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "type")]
    enum Tagged {
        Start { id: u8 },
        Stop,
    }
    check(r#"{"id":1,"type":"Start"}"#, Tagged::Start { id: 1 });
    check(r#"{"type":"Start","id":"x","type":"Stop","id":2}"#, Tagged::Stop);
    check(r#"{"type":"Start","id":"x","id":2}"#, Tagged::Start { id: 2 });

    #[derive(Debug, PartialEq, Deserialize)]
    struct Flat {
        id: u8,
        #[serde(flatten)]
        rest: BTreeMap<String, f64>,
    }
    check(
        r#"{"a":1,"id":9,"a":2,"id":3}"#,
        Flat { id: 3, rest: BTreeMap::from([("a".to_owned(), 2.0)]) },
    );
}

#[test]
fn keys_that_are_no_strings() {
    fn one<K: Ord>(key: K) -> BTreeMap<K, u8> {
        BTreeMap::from([(key, 1)])
    }
    check(r#"{"18446744073709551615":1}"#, one(u64::MAX));
    check(r#"{"-170141183460469231731687303715884105728":1}"#, one(i128::MIN));
    check(r#"{"340282366920938463463374607431768211455":1}"#, one(u128::MAX));
    check(r#"{"-1":1}"#, one(-1_i8));
    check(r#"{"\u0030":1}"#, one(0_u16));
    check(r#"{"true":1}"#, one(Some(true)));
    check(r#"{"x":1}"#, one('x'));
    check(r#"{"Unit":1}"#, HashMap::from([(Name::Unit, 1)]));
    for text in ["01", "+1", "-0", "1.0", "1e2", " 1", "", "-", "x"] {
        let object = format!("{{\"{text}\":1}}");
        refused::<BTreeMap<i32, u8>>(
            &object,
            &format!("invalid type: string {text:?}, expected i32 at byte 1"),
        );
    }
    refused::<BTreeMap<u8, u8>>(
        r#"{"256":1}"#,
        "invalid value: integer `256`, expected u8 at byte 1",
    );
    refused::<BTreeMap<bool, u8>>(
        r#"{"1":1}"#,
        "invalid type: string \"1\", expected a boolean at byte 1",
    );
}

#[derive(Debug, PartialEq, Eq, Hash, Deserialize)]
enum Name {
    Unit,
}

#[test]
fn options_and_units() {
    check("null", None::<u8>);
    check("3", Some(3));
    check("null", ());
    check("[null,1]", (None::<u8>, Some(1)));
    refused::<()>("0", "invalid type: a number, expected unit at byte 0");
    refused::<Option<u8>>("nul", "expected a value at byte 0");
    refused::<[u8; 2]>("[1]", "invalid length 1, expected an array of length 2 at byte 0");
    refused::<[u8; 1]>("[1 2]", "expected ',' or ']' at byte 3");
    refused::<[u8; 1]>("[1,2]", "an array with more elements than expected at byte 0");
    refused::<u8>("1 2", "expected the end of the text at byte 2");
    refused::<u8>("", "unexpected end of the text: expected a value at byte 0");
    refused::<bool>("truth", "expected a value at byte 0");
}

#[derive(Debug, Deserialize)]
struct Nested(Vec<Self>);

impl Nested {
    fn depth(&self) -> usize {
        1 + self.0.first().map_or(0, Self::depth)
    }
}

#[test]
fn depth() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let limited = |max_depth| ParseLimits { max_depth: Some(max_depth) };
    let too_deep = |limit| TypedError::Text(ParseError::TooDeep { limit });
    assert_eq!(read::<Nested>(&nested(128)).unwrap().depth(), 128);
    assert_eq!(read::<Nested>(&nested(129)).unwrap_err(), too_deep(128));
    assert_eq!(read::<Nested>(&nested(1_000_000)).unwrap_err(), too_deep(128));
    let deeper = nested(300);
    assert_eq!(json::from_text::<Nested>(&deeper, &limited(300)).unwrap().depth(), 300);
    assert_eq!(json::from_text::<Nested>(&deeper, &limited(299)).unwrap_err(), too_deep(299));
    assert_eq!(json::from_text::<Vec<u8>>("[]", &limited(0)).unwrap_err(), too_deep(0));
    assert_eq!(json::from_text::<u8>("1", &limited(0)), Ok(1));

    let objects = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert!(read::<Any>(&objects(128)).is_ok());
    assert_eq!(read::<Any>(&objects(129)).unwrap_err(), too_deep(128));

    // What is skipped takes no stack.
    let text = format!(r#"{{"x":{},"type":"x","id":1}}"#, nested(1_000_000));
    check(&text, Message { r#type: "x", id: 1, v: vec![] });
    let message = json::from_text::<Message<'_>>(&text, &limited(1_000_000));
    assert_eq!(message.unwrap_err(), too_deep(1_000_000));
    assert!(json::from_text::<Message<'_>>(&text, &limited(1_000_001)).is_ok());
    let repeated = format!(r#"{{"id":{},"type":"x","id":1}}"#, nested(100_000));
    check(&repeated, Message { r#type: "x", id: 1, v: vec![] });
    // Depth 64 and its multiples are where the memory of what is open changes.
    for depth in 60..200 {
        let mixed = format!("{}1{}", r#"[{"a":"#.repeat(depth), "}]".repeat(depth));
        assert!(read::<IgnoredAny>(&mixed).is_ok());
        let wrong = mixed.replacen("1}]", "1]}", 1);
        assert_eq!(
            read::<IgnoredAny>(&wrong).unwrap_err(),
            json::parse(&wrong, &ParseLimits::default()).unwrap_err().into()
        );
    }
}
