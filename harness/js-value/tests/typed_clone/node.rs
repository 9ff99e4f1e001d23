//! What real Node reads of what types write, and what types read of what it writes.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::Write as _;
use std::process::{Command, Stdio};

use js_value::clone::{self, Dialect, ReadLimits, WriteOptions};
use js_value::json;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde::{Deserialize, Serialize};

use super::agreement::value;
use super::any::Any;
use super::{Raw, bytes, hex};

const VALUES: usize = 300;

/// What Node prints: a line for each of these.
fn node(script: &str, lines: &[String]) -> Vec<String> {
    let program = std::env::var_os("NODE").unwrap_or_else(|| "node".into());
    let spawned = Command::new(&program)
        .args(["-e", script])
        .env_remove("NODE_OPTIONS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = spawned else {
        panic!(
            "install Node.js 18 or newer as `node` on the PATH, or set NODE to its program \
             ({} does not start)",
            program.display()
        );
    };
    let mut questions = child.stdin.take().expect("stdin is piped");
    // Node answers when it has read all.
    questions.write_all(lines.join("\n").as_bytes()).expect("Node reads");
    drop(questions);
    let output = child.wait_with_output().expect("Node ends");
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).expect("answers are UTF-8");
    let answers: Vec<String> = answers.lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), lines.len());
    answers
}

fn written<T: Serialize>(value: &T) -> Vec<u8> {
    let mut payload = Vec::new();
    let options = WriteOptions { dialect: Dialect::V8, ..WriteOptions::default() };
    clone::to_payload(value, &options, &mut payload).expect("it has a payload");
    payload
}

fn read<'de, T: Deserialize<'de>>(payload: &'de [u8]) -> Result<T, clone::TypedError> {
    let limits = ReadLimits { dialect: Dialect::V8, ..ReadLimits::default() };
    clone::from_payload(payload, &limits)
}

const READ: &str = r#"
    const v8 = require('node:v8');
    const lines = require('node:fs').readFileSync(0, 'latin1').split('\n');
    console.log(lines.map((line) => {
        const value = v8.deserialize(Buffer.from(line, 'hex'));
        return `${JSON.stringify(value)}\t${v8.serialize(value).toString('hex')}`;
    }).join('\n'));
"#;

#[test]
fn node_reads_what_types_write() {
    let mut runner = TestRunner::deterministic();
    let value = value();
    let values: Vec<Any> = (0..VALUES)
        .map(|_| value.new_tree(&mut runner).expect("every value can be generated").current())
        .collect();
    let payloads: Vec<String> = values.iter().map(|value| hex(&written(value))).collect();
    for (value, answer) in values.into_iter().zip(node(READ, &payloads)) {
        let (text, again) = answer.split_once('\t').expect("two parts");
        let again = bytes(again);
        let again: Any = read(&again).expect("Node's payload is read");
        let mut ours = Vec::new();
        json::to_text(&value, &mut ours).expect("it has a JSON form");
        let ours = Any::parsed(str::from_utf8(&ours).expect("it is UTF-8")).map(Any::sorted);
        assert_eq!(ours, Any::parsed(text).map(Any::sorted));
        assert_eq!(format!("{:?}", again.sorted()), format!("{:?}", value.sorted()));
    }
}

#[test]
fn node_writes_the_same_bytes() {
    #[derive(Serialize)]
    struct All<'a> {
        s: &'a str,
        n: (i64, f64, u32, f64),
        b: Raw<'a>,
        o: Option<()>,
        m: BTreeMap<u32, &'a str>,
        l: Vec<bool>,
        e: &'a [()],
    }
    let all = All {
        s: "é€",
        n: (-9_007_199_254_740_991, -0.0, u32::MAX, 0.1),
        b: Raw(b"hi".into()),
        o: None,
        m: BTreeMap::from([(1, "ÿ"), (u32::MAX - 1, "")]),
        l: vec![true],
        e: &[],
    };
    let script = r#"
        const all = {
            s: 'é€', n: [-9007199254740991, -0, 4294967295, 0.1], b: Buffer.from('hi'), o: null,
            m: { 1: 'ÿ', 4294967294: '' }, l: [true], e: [],
        };
        console.log(require('node:v8').serialize(all).toString('hex'));
    "#;
    assert_eq!(node(script, &[String::new()]), [hex(&written(&all))]);
}

/// A sequence without a length, and keys that V8 would write in another order.
#[test]
fn node_reads_what_it_would_not_write() {
    struct Words;
    impl Serialize for Words {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq("a €b c".split(' '))
        }
    }
    let mut keys = Vec::new();
    for (at, key) in ["b", "10", "2", "4294967294", "4294967295", "-1", "a"].into_iter().enumerate()
    {
        keys.push((key.to_owned(), Any::Number(at as f64)));
    }
    let payloads = [hex(&written(&Words)), hex(&written(&Any::Map(keys)))];
    let answers = node(READ, &payloads);
    let texts: Vec<&str> = answers.iter().filter_map(|answer| answer.split('\t').next()).collect();
    let object = r#"{"2":2,"10":1,"4294967294":3,"b":0,"4294967295":4,"-1":5,"a":6}"#;
    assert_eq!(texts, [r#"["a","€b","c"]"#, object]);
}

const WRITE: &str = r#"
    const v8 = require('node:v8');
    const lines = require('node:fs').readFileSync(0, 'utf8').split('\n');
    const cycle = {};
    cycle.next = { next: cycle };
    const shared = { a: 1 };
    console.log(lines.map((line) => v8.serialize(eval(line)).toString('hex')).join('\n'));
"#;

#[test]
fn types_read_what_node_writes() {
    type Case<'c> = (&'c str, &'c dyn Fn(&[u8]));
    let check = |expressions: &[Case<'_>]| {
        let lines: Vec<String> = expressions.iter().map(|(text, _)| (*text).to_owned()).collect();
        for ((_, check), answer) in expressions.iter().zip(node(WRITE, &lines)) {
            check(&bytes(&answer));
        }
    };
    fn is<T: for<'de> Deserialize<'de> + PartialEq + Debug>(payload: &[u8], expected: T) {
        assert_eq!(read::<T>(payload), Ok(expected));
    }
    fn fails<T: for<'de> Deserialize<'de> + Debug>(payload: &[u8], expected: &str) {
        let error = read::<T>(payload).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    fn one(value: u8) -> BTreeMap<String, u8> {
        BTreeMap::from([("a".to_owned(), value)])
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Node {
        next: Option<Box<Self>>,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Thrown {
        name: String,
        message: String,
        cause: Option<u8>,
    }
    check(&[
        ("new Map([['a', 1]])", &|p| is(p, one(1))),
        ("new Map([[1, 'x'], [2, undefined]])", &|p| {
            is(p, BTreeMap::from([(1, Some("x".to_owned())), (2, None)]));
        }),
        ("({ a: 1, b: undefined })", &|p| is(p, one(1))),
        ("({ 2: 1, 10: 2, 4294967295: 3 })", &|p| {
            is(p, BTreeMap::from([(2_u64, 1), (10, 2), (4_294_967_295, 3)]));
        }),
        ("new Set([1, 2])", &|p| is(p, vec![1, 2])),
        ("[1, , 3]", &|p| is(p, vec![Some(1), None, Some(3)])),
        ("Array.from({ length: 3 }, (_, at) => at)", &|p| is(p, [0, 1, 2])),
        ("new Array(3).fill(7)", &|p| is(p, [7, 7, 7])),
        ("new Array(1000)", &|p| is(p, vec![None::<u8>; 1000])),
        ("'ab'.match(/./)", &|p| is(p, ["a".to_owned()])),
        ("[1, 2.5]", &|p| is(p, [1.0, 2.5])),
        ("[shared, shared]", &|p| is(p, [one(1), one(1)])),
        ("cycle", &|p| fails::<Node>(p, "an object that holds itself at byte ")),
        ("new Date(5)", &|p| is(p, 5_u64)),
        ("new Date(NaN)", &|p| fails::<u64>(p, "invalid type: floating point `NaN`, expected u64")),
        ("/a/g", &|p| fails::<String>(p, "invalid type: a RegExp, expected a string at byte 2")),
        ("18446744073709551615n", &|p| is(p, u64::MAX)),
        ("-(2n ** 127n)", &|p| is(p, i128::MIN)),
        ("2n ** 128n", &|p| fails::<u128>(p, "invalid value: a BigInt of more than 128 bits")),
        ("[new Number(1.5), Object(2n)]", &|p| is(p, (1.5, 2))),
        ("[new String('x'), new Boolean(false)]", &|p| is(p, ("x".to_owned(), false))),
        ("Object.assign(new TypeError('m', { cause: 7 }), { other: 1 })", &|p| {
            let (name, message) = ("TypeError".to_owned(), "m".to_owned());
            is(p, Thrown { name, message, cause: Some(7) });
        }),
        ("Buffer.from('hi')", &|p| assert_eq!(read::<&[u8]>(p), Ok(&b"hi"[..]))),
        ("Buffer.from('hi').buffer.slice(0, 0)", &|p| assert_eq!(read::<&[u8]>(p), Ok(&b""[..]))),
        ("new Float32Array([0.5, -1])", &|p| is(p, [0.5, -1.0])),
        ("new BigInt64Array([-1n])", &|p| is(p, vec![-1_i64])),
        ("[new Uint8Array([1, 2]), new DataView(new ArrayBuffer(2))]", &|p| {
            is(p, (vec![1_u8, 2], vec![0_u8, 0]));
        }),
        ("'\\xe9'", &|p| is(p, "é".to_owned())),
        ("'\\ud83d\\ude00'", &|p| is(p, '😀')),
    ]);
}
