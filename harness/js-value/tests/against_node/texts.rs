//! Generated texts: valid JSON, and what is nearly so.

use js_value::json::{self, ParseLimits, StringifyOptions};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::notation;
use crate::primitives::any_number;
use crate::question::Question;

/// A text that `JSON.parse` is given.
#[derive(Clone, Debug)]
pub(crate) struct TextCase(String);

impl Question for TextCase {
    fn question(&self) -> String {
        notation::question_of_text(&self.0)
    }

    fn expected(&self) -> String {
        match json::parse(&self.0, &ParseLimits::default()) {
            Ok(graph) => {
                let text = json::stringify(&graph, &StringifyOptions::default());
                let text = text.expect("nothing throws").expect("nothing is undefined");
                format!("{text}\t{}", notation::describe(graph.view()))
            }
            Err(json::ParseError::Syntax { .. }) => "!SyntaxError".to_owned(),
            Err(other) => panic!("without a limit: {other}"),
        }
    }

    fn smaller(&self) -> Vec<Self> {
        let without =
            |(at, c): (usize, char)| [&self.0[..at], &self.0[at + c.len_utf8()..]].concat();
        self.0.char_indices().map(without).map(Self).collect()
    }
}

/// Texts, about half of them invalid.
pub(crate) fn texts() -> impl Strategy<Value = TextCase> {
    prop_oneof![
        8 => text(),
        8 => (text(), vec(mutation(), 1..3))
            .prop_map(|(text, mutations)| mutations.iter().fold(text, |text, m| m.apply(&text))),
        1 => nested(),
        2 => vec(select(TOKENS), 0..9).prop_map(|tokens| tokens.concat()),
    ]
    .prop_map(|text| TextCase(without_leading_backslash(&text)))
}

/// The text without strings that begin with a backslash: once Node 24 to 26 has read a key `\n`, of
/// two characters, it may take another for it that is written as `\na` (nodejs/node#63785).
fn without_leading_backslash(text: &str) -> String {
    [r"\\", r"\u005c", r"\u005C"].iter().fold(text.to_owned(), |text, backslash| {
        text.replace(&format!("\"{backslash}"), &format!("\" {backslash}"))
    })
}

/// A valid text.
fn text() -> impl Strategy<Value = String> {
    let value = scalar().prop_recursive(4, 24, 5, |inner| {
        let element =
            (space(), inner.clone(), space()).prop_map(|(a, value, b)| [a, &value, b].concat());
        let member = (space(), key(), space(), space(), inner, space())
            .prop_map(|(a, key, b, c, value, d)| [a, &key, b, ":", c, &value, d].concat());
        prop_oneof![
            1 => (select(&["[", "{"][..]), space()).prop_map(|(open, space)| {
                [open, space, if open == "[" { "]" } else { "}" }].concat()
            }),
            3 => vec(element, 1..5).prop_map(|list| format!("[{}]", list.join(","))),
            4 => vec(member, 1..7).prop_map(|list| format!("{{{}}}", list.join(","))),
        ]
    });
    (space(), value, space()).prop_map(|(a, value, b)| [a, &value, b].concat())
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => select(&["true", "false", "null"][..]).prop_map(str::to_owned),
        2 => number(),
        2 => quoted(),
    ]
}

fn space() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => Just(""), 1 => select(&[" ", "\t", "\n", "\r\n", "\r", " \n\t "][..])]
}

fn number() -> impl Strategy<Value = String> {
    let digits = |size| vec(select(DIGITS), size).prop_map(String::from_iter);
    let whole = prop_oneof![
        2 => Just("0".to_owned()),
        3 => (1..100_000_u32).prop_map(|n| n.to_string()),
        1 => (1..10_u32, digits(0..40)).prop_map(|(first, rest)| format!("{first}{rest}")),
    ];
    let fraction = prop_oneof![3 => digits(1..5), 1 => digits(1..40)];
    let exponent = (select(&["e", "E", "e+", "E+", "e-", "E-"][..]), 0..400_u32, 0..3_usize)
        .prop_map(|(sign, exponent, zeros)| format!("{sign}{}{exponent}", "0".repeat(zeros)));
    let any =
        (any::<bool>(), whole, option::weighted(0.4, fraction), option::weighted(0.3, exponent))
            .prop_map(|(negative, whole, fraction, exponent)| {
                let fraction = fraction.map(|digits| format!(".{digits}"));
                let sign = if negative { "-" } else { "" };
                [sign, &whole, &fraction.unwrap_or_default(), &exponent.unwrap_or_default()]
                    .concat()
            });
    let finite =
        any_number().prop_map(|n| if n.is_finite() { format!("{n:e}") } else { "0".to_owned() });
    prop_oneof![4 => any, 2 => finite, 1 => select(NUMBERS).prop_map(str::to_owned)]
}

/// A string with its quotes.
fn quoted() -> impl Strategy<Value = String> {
    let plain = any::<char>().prop_filter_map("needs an escape", |c| {
        (c >= ' ' && !matches!(c, '"' | '\\')).then(|| c.to_string())
    });
    let unit = prop_oneof![
        any::<u16>(),
        0xd800..0xe000_u16,
        select(&[0, 0x22, 0x5c, 0x2f, 0x61, 0xfeff, 0xffff][..]),
    ];
    let escaped = (unit, any::<bool>()).prop_map(|(unit, upper)| {
        if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") }
    });
    let piece = prop_oneof![
        3 => "[ -!a-z]{1,20}",
        2 => plain,
        1 => select(&["\u{2028}", "\u{7f}", "\u{feff}", "😀", "\u{fffd}", "é"][..]).prop_map(str::to_owned),
        2 => escaped,
        2 => select(ESCAPES).prop_map(str::to_owned),
    ];
    vec(piece, 0..5).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

/// A key, often one that others are equal to.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![5 => select(KEYS).prop_map(str::to_owned), 1 => quoted()]
}

/// A deep text, whose end may be missing or too long.
fn nested() -> impl Strategy<Value = String> {
    let levels = vec(any::<bool>(), 1..300);
    (levels, select(&["", "1", "\"x\"", "[]"][..]), select(&[0, 0, 0, 0, 1, -1][..])).prop_map(
        |(levels, inner, excess)| {
            let mut text: String =
                levels.iter().map(|array| if *array { "[" } else { "{\"a\":" }).collect();
            text.push_str(inner);
            text.extend(levels.iter().rev().map(|array| if *array { ']' } else { '}' }));
            match excess {
                1 => text.push(']'),
                -1 => _ = text.pop(),
                _ => {}
            }
            text
        },
    )
}

/// A change that most texts do not survive.
#[derive(Clone, Debug)]
enum Mutation {
    Delete(Index),
    Insert(Index, &'static str),
    Replace(Index, &'static str),
    Repeat(Index),
    Truncate(Index),
    Append(&'static str),
    Prepend(&'static str),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let wrong = || prop_oneof![select(TOKENS), select(WRONG)];
    prop_oneof![
        any::<Index>().prop_map(Mutation::Delete),
        (any::<Index>(), wrong()).prop_map(|(at, what)| Mutation::Insert(at, what)),
        (any::<Index>(), wrong()).prop_map(|(at, what)| Mutation::Replace(at, what)),
        any::<Index>().prop_map(Mutation::Repeat),
        any::<Index>().prop_map(Mutation::Truncate),
        wrong().prop_map(Mutation::Append),
        wrong().prop_map(Mutation::Prepend),
    ]
}

impl Mutation {
    fn apply(&self, text: &str) -> String {
        // The character at an index.
        let at = |index: &Index| {
            let start = text.char_indices().nth(index.index(text.chars().count().max(1)));
            let (start, c) = start.unwrap_or((0, ' '));
            (start, (start + c.len_utf8()).min(text.len()))
        };
        let with =
            |range: (usize, usize), what: &str| [&text[..range.0], what, &text[range.1..]].concat();
        match self {
            Self::Delete(index) => with(at(index), ""),
            Self::Insert(index, what) => with((at(index).0, at(index).0), what),
            Self::Replace(index, what) => with(at(index), what),
            Self::Repeat(index) => {
                let (start, end) = at(index);
                with((end, end), &text[start..end])
            }
            Self::Truncate(index) => text[..at(index).0].to_owned(),
            Self::Append(what) => [text, what].concat(),
            Self::Prepend(what) => [what, text].concat(),
        }
    }
}

const DIGITS: &[char] = &['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

const NUMBERS: &[&str] = &[
    "-0",
    "-0.0",
    "-0e9",
    "1e400",
    "-1e400",
    "1e-400",
    "-1e-400",
    "5e-324",
    "2.4703282292062327e-324",
    "2.4703282292062328e-324",
    "1.7976931348623157e308",
    "1.7976931348623158e308",
    "1.7976931348623159e308",
    "2.2250738585072011e-308",
    "9007199254740993",
    "9007199254740992.999999999999999999999",
    "9007199254740993.000000000000000000001",
    "0.000001",
    "0.0000001",
    "1e99999999999999999999",
    "1e-99999999999999999999",
    "0e99999999999999999999",
];

const ESCAPES: &[&str] = &[
    "\\\"",
    "\\\\",
    "\\/",
    "\\b",
    "\\f",
    "\\n",
    "\\r",
    "\\t",
    "\\ud83d\\ude00",
    "\\uDBFF\\uDFFF",
    "\\ud800",
    "\\ud800\\udc00",
];

const KEYS: &[&str] = &[
    "\"a\"",
    "\"b\"",
    "\"\\u0061\"",
    "\"\"",
    "\"__proto__\"",
    "\"__pr\\u006fto__\"",
    "\"constructor\"",
    "\"toJSON\"",
    "\"0\"",
    "\"1\"",
    "\"10\"",
    "\"2\"",
    "\"01\"",
    "\"-1\"",
    "\"4294967294\"",
    "\"4294967295\"",
    "\"\\u0031\"",
];

const TOKENS: &[&str] = &[
    "{", "}", "[", "]", ":", ",", "\"a\"", "\"", "1", "-0", "0", "null", "true", "false", " ",
    "\n", "1.5", "e3", "\"b\":2", "[]", "{}",
];

const WRONG: &[&str] = &[
    "\u{feff}",
    "\0",
    "\u{1}",
    "\u{1f}",
    "\u{b}",
    "\u{c}",
    "\u{a0}",
    "\u{2028}",
    "\u{85}",
    "\t",
    "'",
    "\\",
    "\\x41",
    "\\u12",
    "\\u{61}",
    "\\U0061",
    "\\ud8",
    "\\v",
    "\\0",
    "\\'",
    "/",
    "//",
    "/**/",
    "#",
    "+",
    "-",
    ".",
    "00",
    "01",
    "-01",
    ".5",
    "5.",
    "1e",
    "1e+",
    "0x1",
    "1_0",
    "1n",
    "NaN",
    "Infinity",
    "-Infinity",
    "undefined",
    "nul",
    "True",
    "é",
    "😀",
    ",,",
    ",]",
    ",}",
    "...",
];
