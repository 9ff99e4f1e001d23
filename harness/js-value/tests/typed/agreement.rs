//! Types of serde and the value model say the same of generated values and texts.

use js_value::json::{self, ParseLimits, StringifyOptions};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::de::IgnoredAny;

use super::any::Any;
use super::{read, write};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn values_are_written_and_read_back(value in value(string())) {
        let text = write(&value).unwrap();
        let stringified = json::stringify(&value.graph(), &StringifyOptions::default());
        prop_assert_eq!(stringified, Ok(Some(text.clone())));
        prop_assert_eq!(read::<Any>(&text), Ok(with_null_for_what_is_not_finite(value)));
    }

    #[test]
    fn texts_are_read_as_the_value_model_reads_them(text in text()) {
        let expected = json::parse(&text, &ParseLimits::default());
        let ignored = read::<IgnoredAny>(&text).map(drop);
        prop_assert_eq!(ignored, expected.as_ref().map(drop).map_err(|e| e.clone().into()));
        match Any::parsed(&text) {
            Ok(expected) => {
                let found = read::<Any>(&text).map(Any::sorted);
                prop_assert_eq!(format!("{found:?}"), format!("{:?}", Ok::<_, ()>(expected.sorted())));
            }
            Err(expected) => prop_assert_eq!(read::<Any>(&text), Err(expected.into())),
        }
    }

    #[test]
    fn limits_of_depth_are_those_of_the_value_model(text in text(), limit in 0_usize..6) {
        let limits = ParseLimits { max_depth: Some(limit) };
        let expected = json::parse(&text, &limits).map(drop).map_err(Into::into);
        prop_assert_eq!(json::from_text::<IgnoredAny>(&text, &limits).map(drop), expected.clone());
        let found = json::from_text::<Any>(&text, &limits).map(drop);
        prop_assert_eq!(found.is_ok(), expected.is_ok(), "{:?} {:?}", found, expected);
    }
}

/// Values whose keys are no array indices, so that JavaScript keeps their order.
fn value(key: impl Strategy<Value = String> + Clone + 'static) -> impl Strategy<Value = Any> {
    let scalar = prop_oneof![
        Just(Any::Null),
        any::<bool>().prop_map(Any::Bool),
        any::<f64>().prop_map(Any::Number),
        (-2_000_i32..2_000).prop_map(|n| Any::Number(n.into())),
        any::<i64>().prop_map(|n| Any::Number(n as f64)),
        string().prop_map(Any::Text),
    ];
    scalar.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Any::List),
            vec((key.clone(), inner), 0..6).prop_map(|members| {
                let numbered = members.into_iter().enumerate();
                Any::Map(numbered.map(|(at, (key, any))| (format!("{key}~{at}"), any)).collect())
            }),
        ]
    })
}

fn string() -> impl Strategy<Value = String> + Clone {
    prop_oneof![".{0,40}", "[ -~\u{0}-\u{1f}]{0,200}", "[a-c]{0,2}"]
}

/// NaN and infinities are written as `null`, and -0 as 0.
fn with_null_for_what_is_not_finite(value: Any) -> Any {
    match value {
        Any::Number(n) if !n.is_finite() => Any::Null,
        Any::Number(n) => Any::Number(n + 0.0),
        Any::List(list) => {
            Any::List(list.into_iter().map(with_null_for_what_is_not_finite).collect())
        }
        Any::Map(members) => Any::Map(
            members.into_iter().map(|(k, v)| (k, with_null_for_what_is_not_finite(v))).collect(),
        ),
        other => other,
    }
}

/// Texts with repeated keys, and what is nearly JSON. None with a lone surrogate.
fn text() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        select(SCALARS).prop_map(str::to_owned),
        any::<f64>().prop_map(|n| if n.is_finite() { format!("{n:e}") } else { "0".to_owned() }),
        any::<i64>().prop_map(|n| n.to_string()),
    ];
    let value = scalar.prop_recursive(4, 40, 6, |inner| {
        let member =
            (select(KEYS), inner.clone()).prop_map(|(key, value)| format!("{key}:{value}"));
        prop_oneof![
            1 => vec(inner, 0..4).prop_map(|list| format!("[{}]", list.join(","))),
            3 => vec(member, 0..7).prop_map(|list| format!("{{ {}}}", list.join(" , "))),
        ]
    });
    let token = select(TOKENS);
    let broken = (value.clone(), any::<Index>(), token.clone(), any::<bool>()).prop_map(
        |(text, place, token, replaces)| {
            let at = text.char_indices().map(|(at, _)| at).nth(place.index(text.chars().count()));
            let (before, after) = text.split_at(at.unwrap_or_default());
            let skipped = if replaces { after.chars().next().map_or(0, char::len_utf8) } else { 0 };
            format!("{before}{token}{}", &after[skipped..])
        },
    );
    prop_oneof![3 => value, 3 => broken, 1 => vec(token, 0..9).prop_map(|list| list.concat())]
}

const SCALARS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "1.0",
    "1e2",
    "1e400",
    "-1.5",
    "\"\"",
    "\"é😀\"",
    r#""a\n\u0041\u00e9""#,
    "[]",
    "{}",
];

const KEYS: &[&str] = &[
    r#""a""#,
    r#""\u0061""#,
    r#""b""#,
    r#""ab""#,
    r#""ba""#,
    r#""""#,
    r#""10""#,
    r#""9""#,
    r#""long key""#,
    r#""long\u0020key""#,
    r#""long kez""#,
    r#""__proto__""#,
    r#""é""#,
];

const TOKENS: &[&str] = &[
    "",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    " ",
    "\n",
    "\u{1}",
    "-",
    ".",
    "e",
    "0",
    "1",
    "01",
    "null",
    "tru",
    "\"a\"",
    "\"a\":",
    "\u{a0}",
    "\\n",
    "[1,2]",
    "{\"a\":1,\"a\":2}",
];
