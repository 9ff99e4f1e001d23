//! Tests of `JSON.parse`.

use super::{ParseError, ParseLimits, StringifyOptions, parse_with_plain, plain_length, stringify};
use crate::{Graph, JsString, ValueKind};

/// What is read, once it is sure that types of serde are read from the same texts.
fn parse(text: &str, limits: &ParseLimits) -> Result<Graph, ParseError> {
    let read = super::parse(text, limits);
    #[cfg(feature = "serde")]
    {
        let ignored = super::from_text::<serde::de::IgnoredAny>(text, limits);
        let expected = read.as_ref().map(drop).map_err(|error| error.clone().into());
        assert_eq!(ignored.map(drop), expected, "{text:.200}");
    }
    read
}

/// What is read, as `JSON.stringify` writes it, or where the error is.
fn check(text: &str, expected: &str) {
    let found = match parse(text, &ParseLimits::default()) {
        Ok(graph) => stringify(&graph, &StringifyOptions::default()).unwrap().unwrap(),
        Err(error) => error.to_string(),
    };
    assert_eq!(found, expected, "{text:?}");
}

fn refused(text: &str) {
    assert!(parse(text, &ParseLimits::default()).is_err(), "{text:?}");
}

#[test]
fn values() {
    // RX-001, RX-004, RX-005, RX-023, RX-026 … RX-028, RX-037, RX-039
    for (text, expected) in [
        (r#"{"a":1}"#, r#"{"a":1}"#),
        ("{\"a\":1}\r", r#"{"a":1}"#),
        (
            " \t\r\n{\"a\" : [ 1 , true ] , \"b\":{ } , \"c\" : [ ] } \t",
            r#"{"a":[1,true],"b":{},"c":[]}"#,
        ),
        ("null", "null"),
        ("true", "true"),
        ("false", "false"),
        ("\"x\"", "\"x\""),
        ("[]", "[]"),
        ("[[],[[]],{}]", "[[],[[]],{}]"),
        ("12345678901234567890", "12345678901234567000"),
        ("\"a\u{2028}b\u{85}\u{7f}\"", "\"a\u{2028}b\u{85}\u{7f}\""),
        (r#""x\u0000\/\b\f\n\r\t\"\\""#, r#""x\u0000/\b\f\n\r\t\"\\""#),
        (r#""\u00e9\u20AC\ud83d\uDE00z""#, "\"é€😀z\""),
        ("\"\u{feff}\"", "\"\u{feff}\""),
    ] {
        check(text, expected);
    }
}

#[test]
fn numbers() {
    // RX-025
    let check = |text: &str, expected: f64| {
        let graph = parse(text, &ParseLimits::default()).unwrap();
        assert_eq!(graph.view().as_f64().unwrap().to_bits(), expected.to_bits(), "{text}");
    };
    for (text, expected) in [
        ("0", 0.0),
        ("-0", -0.0),
        ("-0.0", -0.0),
        ("-0e5", -0.0),
        ("1e400", f64::INFINITY),
        ("-1e400", f64::NEG_INFINITY),
        ("1e-400", 0.0),
        ("0.1", 0.1),
        ("-123.456", -123.456),
        ("1E+2", 100.0),
        ("1e-2", 0.01),
        ("10.00", 10.0),
        ("0.30000000000000004", 0.1 + 0.2),
        ("999999999999999", 999_999_999_999_999.0),
        ("9007199254740993", 9_007_199_254_740_992.0),
        ("0.000000000000001", 1e-15),
        ("0.000000000000000000000000001", 1e-27),
        ("123456789012345.6", 123_456_789_012_345.6),
        ("5e-324", 5e-324),
        ("1.7976931348623157e308", f64::MAX),
    ] {
        check(text, expected);
    }
    for text in ["-", "+1", ".5", "1.", "1.e1", "01", "-01", "00", "1e", "1e+", "0x1", "1_0", "1a"]
    {
        refused(text);
    }
}

#[test]
fn invalid_texts() {
    // RX-006 … RX-009, RX-011, RX-012, RX-016, RX-024, RX-030, RX-035, RX-037, RX-038
    for text in [
        "",
        "\r",
        "   ",
        "{bad}",
        "undefined",
        "{'a':1}",
        "\u{feff}{\"a\":1}",
        "\"a\0b\"",
        "NaN",
        "Infinity",
        "{\"a\":1} {\"b\":2}",
        "\"a\u{b}\"",
        "\"a\u{c}\"",
        "1\u{b}",
        "\u{a0}1",
        "\"\n\"",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[",
        "]",
        "[}",
        "{",
        "}",
        "{]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{1:2}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{a:1}",
        "tru",
        "truee",
        "True",
        "nul",
        "\"",
        "\"\\",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\\u12\"",
        "\"\\ud800\\x\"",
        "\"\\U0041\"",
        "//",
        "1//",
        "[1]]",
        "\"\\u+123\"",
    ] {
        refused(text);
    }
    check("[1,x]", "expected a value at byte 3");
    check("[1", "unexpected end of the text: expected ',' or ']' at byte 2");
    check("{\"é\":1]", "expected ',' or '}' at byte 7");
    check("\"é\u{1}\"", "unexpected control character in a string at byte 3");
    check("1 2", "expected the end of the text at byte 2");
}

#[test]
fn lone_surrogates() {
    // RX-021, SER-115
    let check_units = |text: &str, units: &[u16]| {
        let graph = parse(text, &ParseLimits::default()).unwrap();
        assert_eq!(graph.view().as_js_string(), Some(&JsString::from_utf16(units)), "{text}");
    };
    check_units(r#""\ud800""#, &[0xd800]);
    check_units(r#""aé\udc00b\n""#, &[0x61, 0xe9, 0xdc00, 0x62, 0x0a]);
    check_units(r#""\ud83d\ud83d\ude00\ude00""#, &[0xd83d, 0xd83d, 0xde00, 0xde00]);
    check_units(r#""\udc00\ud83d\ude00""#, &[0xdc00, 0xd83d, 0xde00]);
    check_units(r#""\ud800\u0041😀""#, &[0xd800, 0x41, 0xd83d, 0xde00]);
    check_units(r#""\ud800\n""#, &[0xd800, 0x0a]);
    check_units(r#""\ud83d\uDE00""#, &[0xd83d, 0xde00]);
    check(r#"{"\ud800":"\udfff\u0001"}"#, r#"{"\ud800":"\udfff\u0001"}"#);
}

#[test]
fn keys() {
    // RX-013, RX-014, SER-114, SER-116
    check(r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#);
    check(r#"{"a":1,"\u0061":{}}"#, r#"{"a":{}}"#);
    check(r#"{"__proto__":{"x":1}}"#, r#"{"__proto__":{"x":1}}"#);
    check(r#"{"z":1,"10":2,"a":3,"9":4,"10":5}"#, r#"{"9":4,"10":5,"z":1,"a":3}"#);
    let many: Vec<String> = (0..2000).map(|n| format!("\"k{}\":{n}", n % 1000)).collect();
    let graph = parse(&format!("{{{}}}", many.join(",")), &ParseLimits::default()).unwrap();
    assert_eq!(graph.view().len(), 1000);
    assert_eq!(graph.view().get("k7").and_then(|v| v.as_f64()), Some(1007.0));
    let first = graph.view().entries().next().unwrap();
    assert_eq!((first.0.as_str(), first.1.as_f64()), (Some("k0"), Some(1000.0)));
}

#[test]
fn depth() {
    // RX-031, RX-042
    const DEPTH: usize = 1_000_000;
    let arrays = format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH));
    let objects = format!("{}1{}", "{\"a\":".repeat(DEPTH), "}".repeat(DEPTH));
    for text in [&arrays, &objects] {
        let graph = parse(text, &ParseLimits::default()).unwrap();
        assert_eq!(graph.len(), DEPTH);
        let again = stringify(&graph, &StringifyOptions::default()).unwrap().unwrap();
        assert!(&again == text);
        drop(graph);
        let limited = |limit| parse(text, &ParseLimits { max_depth: Some(limit) });
        assert!(limited(DEPTH).is_ok());
        assert_eq!(limited(3).unwrap_err(), ParseError::TooDeep { limit: 3 });
    }
    refused(&arrays[..DEPTH]);
    let limits = ParseLimits { max_depth: Some(0) };
    assert_eq!(parse("1", &limits).unwrap().view().kind(), ValueKind::Number);
    assert_eq!(parse("[]", &limits).unwrap_err(), ParseError::TooDeep { limit: 0 });
}

#[test]
fn every_prefix_is_refused() {
    let text = r#"{"a\n":[-1.5e+3,true,null,"\ud83d\ude00é",{"b":[]}]}"#;
    for (end, _) in text.char_indices() {
        refused(&text[..end]);
    }
    check(text, r#"{"a\n":[-1500,true,null,"😀é",{"b":[]}]}"#);
}

#[test]
fn what_is_known_to_be_plain_changes_nothing() {
    let text = "[\"plain é\u{20ac}\",{\"key\":\"\u{1f600} and more\",\"\":\"a\\nb\"},\"\"]";
    let limits = ParseLimits::default();
    let again = |graph| stringify(&graph, &StringifyOptions::default()).unwrap();
    let expected = again(parse(text, &limits).unwrap());
    let bytes = text.as_bytes();
    for start in 0..=bytes.len() {
        let longest = plain_length(&bytes[start..]);
        for end in start..=start + longest {
            let found = again(parse_with_plain(text, start..end, &limits).unwrap());
            assert_eq!(found, expected, "{start}..{end}");
        }
    }
    // One that is wrong is the caller's fault, and no panic.
    for start in 0..bytes.len() + 3 {
        for end in 0..bytes.len() + 3 {
            let _any = parse_with_plain(text, start..end, &limits);
        }
    }
}
