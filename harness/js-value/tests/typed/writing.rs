//! The text of values of types.

use std::collections::BTreeMap;
use std::fmt;

use js_value::json::TypedError;
use serde::ser::{Error, SerializeMap};
use serde::{Serialize, Serializer};

use super::write;

fn check<T: Serialize + ?Sized>(value: &T, expected: &str) {
    let found = match write(value) {
        Ok(text) => text,
        Err(TypedError::Value { message }) => format!("! {message}"),
        Err(other) => panic!("an error of writing: {other:?}"),
    };
    assert_eq!(found, expected);
}

#[test]
fn numbers_are_printed_as_javascript_prints_them() {
    for (n, text) in [
        (1.0, "1"),
        (-0.0, "0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e21, "1e+21"),
        (1e-7, "1e-7"),
        (123_456_789_012_345_680_000.0, "123456789012345680000"),
        (f64::NAN, "null"),
        (f64::INFINITY, "null"),
        (f64::NEG_INFINITY, "null"),
    ] {
        check(&n, text);
    }
    check(&0.1_f32, "0.10000000149011612");
    check(&f32::NAN, "null");
    check(&[u8::MAX], "[255]");
    check(&[i8::MIN], "[-128]");
    check(&[u16::MAX], "[65535]");
    check(&[i16::MIN], "[-32768]");
    check(&[u32::MAX], "[4294967295]");
    check(&[i32::MIN], "[-2147483648]");
    for n in [0_u64, 9, 10, 99, 100, 101, 1000, 1005, 10_000, 123_456, 9_007_199_254_740_991] {
        check(&n, &n.to_string());
        check(&i128::from(n), &n.to_string());
        check(&-(n as i64), &(-(n as i64)).to_string());
    }
}

#[test]
fn integers_that_are_not_exact_in_javascript_are_refused() {
    let refused = |n: &str| {
        format!(
            "! {n} is beyond ±(2^53 - 1), where numbers of JavaScript are not exact: \
             send it as a string"
        )
    };
    check(&9_007_199_254_740_992_u64, &refused("9007199254740992"));
    check(&-9_007_199_254_740_992_i64, &refused("-9007199254740992"));
    check(&u64::MAX, &refused("18446744073709551615"));
    check(&i64::MIN, &refused("-9223372036854775808"));
    check(&u128::MAX, &refused("340282366920938463463374607431768211455"));
    check(&i128::MIN, &refused("-170141183460469231731687303715884105728"));
    check(&[(1, u64::MAX)], &refused("18446744073709551615"));
}

#[test]
fn strings() {
    check("é😀\u{2028}\u{7f}/", "\"é😀\u{2028}\u{7f}/\"");
    check("\"\\\u{8}\t\n\u{c}\r\0\u{1f}", r#""\"\\\b\t\n\f\r\u0000\u001f""#);
    check(&'"', r#""\"""#);
    check(&'é', "\"é\"");
    check(&format_args!("{}\n{}", 1, "\""), r#""1\n\"""#);
}

#[test]
fn kinds_of_types() {
    #[derive(Serialize)]
    struct Unit;
    #[derive(Serialize)]
    struct New(Vec<Option<bool>>);
    #[derive(Serialize)]
    struct Pair(u8, char);
    #[derive(Serialize)]
    struct Fields<'a> {
        a: (),
        #[serde(skip_serializing_if = "Option::is_none")]
        b: Option<u8>,
        c: Option<u8>,
        #[serde(rename = "d\"")]
        d: &'a [Pair],
        e: Unit,
    }
    #[derive(Serialize)]
    enum Choice {
        Unit,
        New(New),
        Pair(u8, u8),
        Fields { x: u8, y: Vec<u8> },
    }
    check(&Unit, "null");
    check(&New(vec![Some(true), None, Some(false)]), "[true,null,false]");
    check(&Pair(1, 'x'), "[1,\"x\"]");
    check(&Some(Some(3)), "3");
    check(
        &Fields { a: (), b: None, c: None, d: &[Pair(1, 'x'), Pair(2, 'y')], e: Unit },
        r#"{"a":null,"c":null,"d\"":[[1,"x"],[2,"y"]],"e":null}"#,
    );
    check(
        &[
            Choice::Unit,
            Choice::New(New(vec![])),
            Choice::Pair(1, 2),
            Choice::Fields { x: 1, y: vec![] },
        ],
        r#"["Unit",{"New":[]},{"Pair":[1,2]},{"Fields":{"x":1,"y":[]}}]"#,
    );
    struct Bytes;
    impl Serialize for Bytes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(&[0, 127, 255])
        }
    }
    check(&Bytes, "[0,127,255]");
}

#[test]
fn keys() {
    #[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
    enum Name {
        #[serde(rename = "a\n")]
        A,
        B(u8),
        C(u8, u8),
        D {
            x: u8,
        },
    }
    #[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
    struct Id(u64);
    #[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
    struct Unit;
    #[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
    struct Field {
        x: u8,
    }
    fn one<K: Ord>(key: K) -> BTreeMap<K, u8> {
        BTreeMap::from([(key, 1)])
    }
    check(&one("x\""), r#"{"x\"":1}"#);
    check(&one(Id(u64::MAX)), r#"{"18446744073709551615":1}"#);
    check(&one(i128::MIN), r#"{"-170141183460469231731687303715884105728":1}"#);
    check(&one(Some(true)), r#"{"true":1}"#);
    check(&one('"'), r#"{"\"":1}"#);
    check(&one(Name::A), r#"{"a\n":1}"#);
    check(&BTreeMap::from([(2, 1), (10, 1)]), r#"{"2":1,"10":1}"#);

    struct Numbers(&'static [f64]);
    impl Serialize for Numbers {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            for n in self.0 {
                map.serialize_entry(n, &())?;
            }
            map.end()
        }
    }
    check(
        &Numbers(&[1.0, -0.0, 0.5, 1e21, f64::NAN, f64::NEG_INFINITY]),
        r#"{"1":null,"0":null,"0.5":null,"1e+21":null,"NaN":null,"-Infinity":null}"#,
    );
    check(&Numbers(&[]), "{}");

    let refused = |what: &str| {
        format!(
            "! {what} cannot be a key: expected a string, number, boolean, char or unit variant"
        )
    };
    check(&one(None::<u8>), &refused("None"));
    check(&one(()), &refused("a unit"));
    check(&one(Unit), &refused("a unit struct"));
    check(&one(vec![1]), &refused("a sequence"));
    check(&one((1, 2)), &refused("a tuple"));
    check(&one(one(1)), &refused("a map"));
    check(&one(Field { x: 1 }), &refused("a struct"));
    check(&one(Name::B(1)), &refused("a variant with a value"));
    check(&one(Name::C(1, 2)), &refused("a variant with values"));
    check(&one(Name::D { x: 1 }), &refused("a variant with fields"));
}

#[test]
fn an_error_of_the_type_leaves_the_buffer_as_before() {
    struct Bad;
    impl Serialize for Bad {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom("not today"))
        }
    }
    impl fmt::Display for Bad {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half")?;
            Err(fmt::Error)
        }
    }
    struct Shown;
    impl Serialize for Shown {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(&Bad)
        }
    }
    check(&("x", [Some(Bad)]), "! not today");
    check(&("x", Shown), "! the Display of the value failed");
}
