//! Values of types from payloads.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use js_value::clone::{self, ReadError, ReadLimits, TypedError};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::{Raw, payload, read};

fn check<T: DeserializeOwned + PartialEq + Debug>(value: &str, expected: T) {
    assert_eq!(read::<T>(&payload(value)), Ok(expected), "{value}");
}

fn refused<T: DeserializeOwned + Debug>(value: &str, expected: &str) {
    assert_eq!(read::<T>(&payload(value)).unwrap_err().to_string(), expected, "{value}");
}

#[derive(Debug, PartialEq, Deserialize)]
struct Message {
    r#type: String,
    #[serde(default)]
    id: Option<u32>,
    #[serde(default)]
    v: Vec<u32>,
}

#[test]
fn numbers() {
    check("4902", 1_u8);
    check("4901", -1_i64);
    check("55ffffffff0f", u32::MAX);
    check("4effffffffffff3f43", 9_007_199_254_740_991_u64);
    check("4e0000000000000080", 0_u8);
    check("4902", 1.0_f64);
    check("6e000000000000f83f", 1.5_f32); // a Number object
    check("44000000000000f03f", 1_u64); // a Date
    check("44000000000000f03f", 1.0);
    check("5a10ffffffffffffffff", u64::MAX); // BigInts
    check("5a110000000000000080", i64::MIN);
    check("5a20ffffffffffffffffffffffffffffffff", u128::MAX);
    check("5a2100000000000000000000000000000080", i128::MIN);
    check("7a100500000000000000", 5_u8);
    check("5a2001000000000000000000000000000000", 1_i8);
    refused::<u8>("49 8004", "invalid value: integer `256`, expected u8 at byte 2");
    refused::<u8>("5a100001000000000000", "invalid value: integer `256`, expected u8 at byte 2");
    refused::<u32>(
        "4e000000000000f83f",
        "invalid type: floating point `1.5`, expected u32 at byte 2",
    );
    refused::<u64>(
        "4e0000000000004043",
        "an integer beyond ±(2^53 - 1), where numbers of JavaScript are not exact, \
         expected u64 at byte 2",
    );
    refused::<f64>("5a100500000000000000", "invalid type: a BigInt, expected f64 at byte 2");
    refused::<i128>(
        "5a20ffffffffffffffffffffffffffffffff",
        "invalid value: u128, expected i128 at byte 2",
    );
}

#[test]
fn strings_and_bytes() {
    let ascii = payload("2203616263");
    assert!(matches!(read::<&str>(&ascii), Ok("abc")));
    assert!(matches!(read::<Raw<'_>>(&ascii), Ok(Raw(Cow::Borrowed(b"abc")))));
    check("2201e9", "é".to_owned());
    check("006302ac20", '€');
    check("5303efbbbf", "\u{feff}".to_owned());
    check("73220161", "a".to_owned());
    let latin1 = payload("2201e9");
    assert_eq!(
        read::<&str>(&latin1).unwrap_err().to_string(),
        "invalid type: string \"é\", expected a borrowed string at byte 2"
    );
    refused::<String>(
        "630200d8",
        "a string with a lone surrogate, which has no UTF-8 form, expected a string at byte 2",
    );
    let lone = payload("630200d8");
    assert_eq!(read(&lone), Ok(Raw(b"\xed\xa0\x80".into())));
    for bytes in ["5c000a026869", "5c0001026869", "42026869", "7e02096869", "5c0009026869"] {
        let bytes = payload(bytes);
        assert_eq!(read::<&[u8]>(&bytes), Ok(&b"hi"[..]));
        assert_eq!(read(&bytes), Ok(b"hi".to_vec()));
    }
    // V8's own record of a view.
    let view = payload("4203686968 56 42 01 02 00");
    assert_eq!(read::<&[u8]>(&view), Ok(&b"ih"[..]));
    check("41024904490 6240002", vec![2_u8, 3]);
    let list = payload("410249044906240002");
    assert_eq!(read(&list), Ok(Raw(vec![2, 3].into())));
    check("5c000304ffff0100", vec![-1_i16, 1]);
    check("5c000304ffff0100", [-1.0, 1.0]);
    check("5c000b08ffffffffffffffff", [-1]);
    refused::<Vec<u8>>("5c000304ffff0100", "invalid value: integer `-1`, expected u8 at byte 2");
    refused::<[u8; 1]>("5c000a020102", "Buffer with more elements than expected at byte 2");
    refused::<u8>("5c000304ffff0100", "invalid type: Int16Array, expected u8 at byte 2");
}

#[test]
fn objects_and_maps() {
    let expected = |id| Message { r#type: "x".to_owned(), id, v: vec![1] };
    let v = "220176 41014902240001";
    check(&format!("6f 220474797065 220178 22026964 4902 {v} 7b03"), expected(Some(1)));
    check(&format!("3b 220474797065 220178 22026964 4902 {v} 3a06"), expected(Some(1)));
    // Members that are undefined or not of the struct.
    check(
        &format!("6f 220474797065 220178 22026964 5f {v} 220179 3b30303a02 7b04"),
        expected(None),
    );
    check("6f 4904 4902 220133 5f 7b02", BTreeMap::from([(2, 1)]));
    check("6f 4904 4902 7b01", HashMap::from([("2".to_owned(), Some(1))]));
    check("3b 4904 5f 3a02", BTreeMap::from([(2, None::<u8>)]));
    check("3b 4904 4902 220161 4902 3a04", vec![(2, 1)].into_iter().collect::<Lenient>());
    refused::<Message>("6f7b00", "missing field `type` at byte 2");
    refused::<Message>("52220161 01", "invalid type: a RegExp, expected struct Message at byte 2");
    refused::<bool>("27 2c00", "invalid type: a Set, expected a boolean at byte 2");
    let error = "72 54 6d220178 73220179 63 4902 2e";
    #[derive(Debug, PartialEq, Deserialize)]
    struct Thrown {
        name: String,
        message: Option<String>,
        stack: Option<String>,
        cause: Option<u8>,
    }
    let text = |text: &str| Some(text.to_owned());
    let name = "TypeError".to_owned();
    check(error, Thrown { name, message: text("x"), stack: text("y"), cause: Some(1) });
    let name = "Error".to_owned();
    check("722e", Thrown { name, message: None, stack: None, cause: None });
}

/// A Map whose keys are of more than one type.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(transparent)]
struct Lenient(BTreeMap<LenientKey, u8>);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(untagged)]
enum LenientKey {
    Number(u8),
    Text(String),
}

impl FromIterator<(u8, u8)> for Lenient {
    fn from_iter<I: IntoIterator<Item = (u8, u8)>>(pairs: I) -> Self {
        let numbers = pairs.into_iter().map(|(key, value)| (LenientKey::Number(key), value));
        Self(numbers.chain([(LenientKey::Text("a".to_owned()), 1)]).collect())
    }
}

#[test]
fn arrays() {
    check("4102 49022d 240002", vec![Some(1), None]);
    check("4102 49025f 240002", (1, ()));
    check("27 4902 4904 2c02", vec![1, 2]);
    // What Node makes of holes, and of arrays that once had some.
    check("6104 4902 4904 4906 30 4002 04", vec![None, Some(2), None, None]);
    check("6102 4900 4902 4902 4904 4002 02", [1, 2]);
    check("6102 4900 4902 4904 4904 4002 02", vec![Some(1), None, Some(2)]);
    check("4101 4902 220161 30 240101", vec![1]);
    refused::<Vec<Option<u8>>>(
        "6102 4902 4902 4900 4902 4002 02",
        "an element after one of a later index at byte 8",
    );
    refused::<Vec<u8>>(
        "4101 4902 4900 30 240101",
        "an array with a key that it has twice at byte 9",
    );
    refused::<(u8,)>(
        "4102 4902 4904 240002",
        "an array with more elements than expected at byte 2",
    );
    refused::<(u8, u8)>(
        "4101 4902 240001",
        "invalid length 1, expected a tuple of size 2 at byte 2",
    );
    refused::<Vec<u8>>("4101 2d 240001", "invalid type: unit value, expected u8 at byte 2");
    refused::<Vec<Option<u8>>>(
        "61ffffffff0f 40 00 ffffffff0f",
        "holes and objects that are referred to again come to far more than the payload at byte 2",
    );
    assert!(read::<IgnoredAny>(&payload("61ffffffff0f 40 00 ffffffff0f")).is_ok());
}

#[test]
fn enums_and_options() {
    #[derive(Debug, PartialEq, Deserialize)]
    enum Choice {
        Unit,
        New(Option<u8>),
        Pair(u8, u8),
        Fields { x: u8 },
    }
    check("2204556e6974", Choice::Unit);
    check("6f 22034e6577 30 7b01", Choice::New(None));
    check("6f 220450616972 4102 4902 4904 240002 7b01", Choice::Pair(1, 2));
    check("6f 22064669656c6473 6f 220178 4902 7b01 7b01", Choice::Fields { x: 1 });
    refused::<Choice>("4902", "invalid type: a number, expected enum Choice at byte 2");
    refused::<Choice>(
        "6f 22034e6577 30 220178 30 7b02",
        "an object with more members than expected at byte 2",
    );
    check("30", None::<u8>);
    check("5f", None::<u8>);
    check("5f", ());
    check("79", Some(true));
}

#[test]
fn objects_that_are_referred_to_again() {
    check("4102 6f2201614902 7b01 5e01 240002", vec![BTreeMap::from([("a".to_owned(), 1)]); 2]);
    check("4103 5c000a0168 5e01 4904 240003", (vec![b'h'], vec![b'h'], 2));
    check("4103 4202 0102 5e01 5642010100 5e02 240003", vec![vec![1_u8, 2], vec![2], vec![2]]);
    // What is referred to is in what is skipped.
    check(
        "6f 220161 6f 220162 2701000000 2c02 7b01 220178 5e01 7b02"
            .replace("2701000000", "27 4902 4904")
            .as_str(),
        BTreeMap::from([("x".to_owned(), BTreeMap::from([("b".to_owned(), vec![1, 2])]))])
            .into_iter()
            .collect::<OnlyX>(),
    );
    #[derive(Debug, PartialEq, Deserialize)]
    struct Node {
        next: Option<Box<Self>>,
    }
    refused::<Node>("6f 22046e657874 5e00 7b01", "an object that holds itself at byte 9");
    refused::<Vec<IgnoredAny>>("5e00", "a reference to no object at byte 2");
    refused::<Vec<Vec<u8>>>("4102 5e02 4100240000 240002", "a reference to no object at byte 4");
    assert!(read::<IgnoredAny>(&payload("6f 22046e657874 5e00 7b01")).is_ok());
    // Each level holds the one before many times.
    let mut bomb = "4100240000".to_owned();
    for level in 1..60 {
        bomb = format!("{bomb} 410a {} 24000a", format!("5e{:02x}", level).repeat(10));
    }
    let bomb = format!("413c {bomb} 24003c");
    #[derive(Debug, PartialEq, Deserialize)]
    struct Nest(Vec<Self>);
    let error = read::<Nest>(&payload(&bomb)).unwrap_err().to_string();
    assert!(error.starts_with("holes and objects that are referred to again"), "{error}");
    assert!(read::<IgnoredAny>(&payload(&bomb)).is_ok());
}

#[derive(Debug, PartialEq, Deserialize)]
struct OnlyX {
    x: BTreeMap<String, Vec<u8>>,
}

impl FromIterator<(String, BTreeMap<String, Vec<u8>>)> for OnlyX {
    fn from_iter<I: IntoIterator<Item = (String, BTreeMap<String, Vec<u8>>)>>(all: I) -> Self {
        Self { x: all.into_iter().next().expect("there is one").1 }
    }
}

#[test]
fn objects_of_a_host() {
    check("5c01 6f 220161 4902 7b01", BTreeMap::from([("a".to_owned(), 1)]));
    check("4102 5c01 4101 4902 240001 5e01 240002", vec![vec![1]; 2]);
    refused::<u8>("5c01 4902", "a host object that is no object at byte 6");
}

#[test]
fn limits_of_depth() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Nest(Vec<Self>);
    let nested = |levels: usize| {
        payload(&format!("{}410024 0000{}", "4101".repeat(levels - 1), "240001".repeat(levels - 1)))
    };
    let too_deep =
        |limit| Err(TypedError::Payload(ReadError::TooDeep { position: 2 + 2 * limit, limit }));
    assert!(read::<Nest>(&nested(128)).is_ok());
    assert_eq!(read::<Nest>(&nested(129)), too_deep(128));
    assert!(read::<IgnoredAny>(&nested(100_000)).is_ok());
    let limits = ReadLimits { max_depth: Some(200), ..ReadLimits::default() };
    assert!(clone::from_payload::<Nest>(&nested(200), &limits).is_ok());
    assert_eq!(clone::from_payload::<Nest>(&nested(201), &limits), too_deep(200));
    assert_eq!(
        clone::from_payload::<IgnoredAny>(&nested(201), &limits).map(drop),
        too_deep(200).map(|_: Nest| ())
    );
}

#[test]
fn broken_payloads() {
    let broken = |value: &str, expected: &str| {
        let payload = payload(value);
        for error in [
            read::<BTreeMap<String, u8>>(&payload).unwrap_err(),
            read::<IgnoredAny>(&payload).unwrap_err(),
            read::<bool>(&payload).unwrap_err(),
        ] {
            assert!(matches!(error, TypedError::Payload(_)), "{error:?}");
            assert_eq!(error.to_string(), expected);
        }
    };
    broken("6f 220161 4902 220161 4902 7b02", "an object with a key that it has twice at byte 13");
    broken("6f 4902 4902 220131 4902 7b02", "an object with a key that it has twice at byte 12");
    broken("6f 220161 4902 7b02", "a count that differs from what was counted at byte 9");
    broken("6f 220161 49", "unexpected end of the payload at byte 7");
    assert_eq!(
        read::<u8>(b"\xff\x10I\0"),
        Err(TypedError::Payload(ReadError::Version { found: Some(16) }))
    );
    // More keys than are compared one by one.
    let many: String =
        (0..1000).map(|n| format!("2203{}30", super::hex(format!("{n:03}").as_bytes()))).collect();
    let all = read::<BTreeMap<String, ()>>(&payload(&format!("6f {many} 7be807"))).unwrap();
    assert_eq!(all.len(), 1000);
    broken(
        &format!("6f {many} 2203303030 30 7be907"),
        "an object with a key that it has twice at byte 6009",
    );
}
