//! The payload of values of types.

use std::collections::BTreeMap;

use js_value::clone::{Dialect, TypedError, WriteOptions};
use serde::ser::{Error, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::{Raw, hex, write, write_with};

fn check<T: Serialize + ?Sized>(value: &T, expected: &str) {
    let expected: String = expected.split(' ').collect();
    assert_eq!(write(value).map(|payload| hex(&payload)), Ok(format!("ff0f{expected}")));
}

fn refused<T: Serialize + ?Sized>(value: &T, expected: &str) {
    assert_eq!(write(value), Err(TypedError::Value { message: expected.to_owned() }));
}

#[test]
fn numbers() {
    check(&1_u8, "4902");
    check(&-1_i64, "4901");
    check(&i32::MIN, "49ffffffff0f");
    check(&i32::MAX, "49feffffff0f");
    check(&2_147_483_648_u32, "4e000000000000e041");
    check(&9_007_199_254_740_991_u64, "4effffffffffff3f43");
    check(&-9_007_199_254_740_991_i128, "4effffffffffff3fc3");
    check(&1.0, "4902");
    check(&1.5_f32, "4e000000000000f83f");
    check(&-0.0, "4e0000000000000080");
    check(&-f64::NAN, "4e000000000000f87f");
    let advice =
        "is beyond ±(2^53 - 1), where numbers of JavaScript are not exact: send it as a string";
    refused(&9_007_199_254_740_992_u64, &format!("9007199254740992 {advice}"));
    refused(&i64::MIN, &format!("-9223372036854775808 {advice}"));
    refused(&u64::MAX, &format!("18446744073709551615 {advice}"));
    refused(&[u128::MAX], &format!("340282366920938463463374607431768211455 {advice}"));
    refused(&i128::MIN, &format!("-170141183460469231731687303715884105728 {advice}"));
}

#[test]
fn strings_and_bytes() {
    check("", "2200");
    check("aé", "220261e9");
    check(&'ÿ', "2201ff");
    check("€", "6302ac20");
    // The units begin at an even place.
    check(&["x", "€"], "4102 220178 006302ac20 240002");
    check(&format_args!("{}€", 1), "63043100ac20");
    let raw = Raw(b"hi".into());
    check(&raw, "5c000a026869");
    let options = WriteOptions { dialect: Dialect::V8, ..WriteOptions::default() };
    assert_eq!(write_with(&raw, &options), Ok(b"\xff\x0f\\\x0a\x02hi".to_vec()));
}

#[test]
fn kinds_of_types() {
    #[derive(Serialize)]
    struct Fields {
        b: (),
        #[serde(rename = "7")]
        a: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        c: Option<u8>,
    }
    #[derive(Serialize)]
    enum Choice {
        Unit,
        New(u8),
        Pair(u8, u8),
        Fields { x: u8 },
    }
    check(&Fields { b: (), a: Some(true), c: None }, "6f 220162 30 490e 54 7b02");
    check(&Vec::<u8>::new(), "41002400 00");
    check(&(None::<u8>, false), "4102 30 46 240002");
    check(&Choice::Unit, "2204556e6974");
    check(&Choice::New(1), "6f 22034e6577 4902 7b01");
    check(&Choice::Pair(1, 2), "6f 220450616972 4102 4902 4904 240002 7b01");
    check(&Choice::Fields { x: 1 }, "6f 22064669656c6473 6f 220178 4902 7b01 7b01");
    check(
        &BTreeMap::from([(2_u64, 1), (4_294_967_294, 2)]),
        "6f4904490 24e0000c0ffffffef4149047b02",
    );
    // The largest index is one less.
    check(&BTreeMap::from([(u32::MAX, 1)]), "6f 220a34323934393637323935 4902 7b01");
    check(&BTreeMap::from([("1", 1), ("€", 2)]), "6f 4902 4902 006302ac20 4904 7b02");
}

#[test]
fn sequences_that_do_not_know_their_length() {
    struct Of(usize, Option<usize>);
    impl Serialize for Of {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut list = serializer.serialize_seq(self.1)?;
            (0..self.0).try_for_each(|_| list.serialize_element(&true))?;
            list.end()
        }
    }
    check(&Of(2, None), "41 8280808000 5454 240002");
    check(&Of(200, None), &format!("41 c881808000 {} 2400c801", "54".repeat(200)));
    check(&Of(2, Some(2)), "4102 5454 240002");
    refused(&Of(2, Some(3)), "a sequence said that it has 3 elements and has 2");
}

#[test]
fn keys_that_come_twice_are_refused() {
    struct Members(&'static [&'static str]);
    impl Serialize for Members {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            for key in self.0 {
                map.serialize_entry(key, &())?;
            }
            map.end()
        }
    }
    let message =
        |key: &str| format!("a map has the key {key} twice, and Node does not read such an object");
    refused(&Members(&["a", "b", "a"]), &message("\"a\""));
    // One with padding before it and one without.
    refused(&Members(&["€", "", "€"]), &message("\"€\""));
    check(&Members(&["a", "aa"]), "6f 220161 30 22026161 30 7b02");
    refused(
        &BTreeMap::from([(vec![1], 1)]),
        "a sequence cannot be a key: expected a string, number, boolean, char or unit variant",
    );
}

#[test]
fn failures_and_limits() {
    struct Bad;
    impl Serialize for Bad {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom("not today"))
        }
    }
    refused(&("x", [Some(Bad)]), "not today");
    let options = WriteOptions { max_depth: Some(2), ..WriteOptions::default() };
    assert!(write_with(&[[1], [2]], &options).is_ok());
    let message = "nested deeper than the limit of 2".to_owned();
    assert_eq!(write_with(&[[[1]]], &options), Err(TypedError::Value { message }));
}
