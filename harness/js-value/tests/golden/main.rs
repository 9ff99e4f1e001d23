//! The payloads that real Nodes made, in `fixtures/wire`: each is read as the value it was made
//! from, and that value is written as the same bytes.

#[path = "../shared/describe.rs"]
mod describe;
mod values;

use std::path::Path;

use describe::{describe, from_hex, to_hex};
use js_value::clone::{self, Dialect, ReadLimits, WriteOptions};
use js_value::{Exception, Graph, Value};
use values::{Row, VALUES};

const MAJORS: &[u32] = &[18, 20, 22, 24, 26];

/// A value as a Node wrote it: what `v8.serialize` returned, and what the channel carried of an
/// array with this one element. Each is a payload or what was thrown.
struct Golden {
    major: u32,
    source: String,
    payload: String,
    sent: String,
}

#[test]
fn payloads_are_read_as_what_they_were_made_from() {
    for_each(|golden, row| {
        if golden.payload.starts_with('!') || golden.is_other_value() {
            return;
        }
        let mut expected = Graph::default();
        let value = row.arrival()(&mut expected);
        expected.set_root(value.clone());
        assert_eq!(read(&golden.payload, Dialect::V8), describe(&expected), "{golden}");
        let array = expected.add_array([value]);
        expected.set_root(array);
        assert_eq!(read(&golden.sent, Dialect::Channel), describe(&expected), "{golden}");
    });
}

#[test]
fn values_are_written_as_the_same_bytes() {
    for_each(|golden, row| {
        if golden.is_other_value() {
            return;
        }
        let mut graph = Graph::default();
        let value = (row.value)(&mut graph);
        let payload = write(&graph, &value, Dialect::V8);
        let array = graph.add_array([value]);
        let sent = write(&graph, &array, Dialect::Channel);
        match golden.difference() {
            None => assert_eq!((&payload, &sent), (&golden.payload, &golden.sent), "{golden}"),
            // So that the list of differences stays true.
            Some(_) => assert!(payload != golden.payload && sent != golden.sent, "{golden}"),
        }
    });
}

impl Golden {
    /// Why its bytes are not those that are written here; see the documentation of `clone`.
    fn difference(&self) -> Option<&'static str> {
        match &*self.source {
            "Array(2).fill(0)" if self.major < 24 => Some("an array that once had holes is sparse"),
            "(function f() {})" => Some("a function has no source text"),
            source if source.contains("{ cause: withStack") && self.major < 22 => Some(CAUSE_FIRST),
            source if source.contains("{ cause: undefined") && self.major < 22 => Some(CAUSE_FIRST),
            _ => None,
        }
    }

    /// Whether the source text made another value than it does elsewhere.
    fn is_other_value(&self) -> bool {
        self.major == 18 && self.source.contains("maxByteLength")
    }

    /// Whether this Node cannot make the value.
    fn is_absent(major: u32, source: &str) -> bool {
        match source {
            "/a/v" => major < 20,
            source if source.contains("rawJSON") => major < 22,
            source if source.contains("Float16Array") => major < 24,
            _ => false,
        }
    }
}

const CAUSE_FIRST: &str = "a cause is written before the stack, which newer Nodes do not read";

impl std::fmt::Display for Golden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of Node {}", self.source, self.major)
    }
}

/// Shows each kept payload with its row.
fn for_each(mut check: impl FnMut(&Golden, &Row)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/wire");
    for major in MAJORS {
        let path = folder.join(format!("node{major}.txt"));
        let text = std::fs::read_to_string(&path);
        let text = text.unwrap_or_else(|error| panic!("{}: {error}; make golden", path.display()));
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
        let sources: Vec<&str> = lines.iter().map(|line| line[0]).collect();
        let rows: Vec<&str> = VALUES.iter().map(|row| row.source).collect();
        assert_eq!(sources, rows, "the sources of {} are the rows here", path.display());
        for (line, row) in lines.iter().zip(VALUES) {
            match line[..] {
                [source, payload, sent] => {
                    let [source, payload, sent] = [source, payload, sent].map(str::to_owned);
                    check(&Golden { major: *major, source, payload, sent }, row);
                }
                _ => assert!(Golden::is_absent(*major, row.source), "{line:?} of Node {major}"),
            }
        }
    }
}

fn read(payload: &str, dialect: Dialect) -> String {
    let limits = ReadLimits { dialect, ..ReadLimits::default() };
    match clone::read(&from_hex(payload), &limits) {
        Ok(graph) => describe(&graph),
        Err(error) => format!("!{error}"),
    }
}

fn write(graph: &Graph, value: &Value, dialect: Dialect) -> String {
    let options = WriteOptions { dialect, ..WriteOptions::default() };
    let mut payload = Vec::new();
    match clone::write(graph, value, &options, &mut payload) {
        Ok(()) => to_hex(&payload),
        Err(Exception::Thrown { class, message }) => format!("!{class} {message}"),
        Err(other) => panic!("without a limit: {other}"),
    }
}
