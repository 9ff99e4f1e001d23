//! Structured clones: what Node writes and reads of generated values, and of payloads that are
//! broken somewhere.

use std::fmt;

use js_value::Exception;
use js_value::clone::{self, Dialect, ReadError, ReadLimits, WriteOptions};
use js_value::json::PatchedPrototypes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::describe::{describe, from_hex, to_hex};
use crate::notation;
use crate::question::Question;
use crate::values::{self, ValueCase};

/// A value that is written by both and read by both.
#[derive(Clone)]
pub(crate) struct CloneCase(ValueCase);

/// Values for a Node that has these features.
pub(crate) fn values(features: &str) -> impl Strategy<Value = CloneCase> + use<> {
    values::values(features).prop_map(CloneCase)
}

impl CloneCase {
    fn payload(&self) -> Result<Vec<u8>, Exception> {
        let options = WriteOptions { dialect: Dialect::V8, ..WriteOptions::default() };
        let mut payload = Vec::new();
        clone::write(&self.0.graph, self.0.graph.root(), &options, &mut payload)?;
        Ok(payload)
    }
}

impl Question for CloneCase {
    fn question(&self) -> String {
        let value = notation::question_of_value(&self.0.graph, &PatchedPrototypes::default());
        let payload = self.payload().map(|payload| to_hex(&payload));
        format!(">{} {value}", payload.unwrap_or_default())
    }

    fn expected(&self) -> String {
        match self.payload() {
            Ok(payload) => format!("{}\t{}", to_hex(&payload), read(&payload)),
            Err(Exception::Thrown { class, message }) => {
                let host = "Unserializable host object: ";
                let message = if message.starts_with(host) { host } else { &message };
                format!("!{class} {}", message.replace('\\', "\\\\").replace('\n', "\\n"))
            }
            Err(other) => panic!("without a limit: {other}"),
        }
    }

    /// The payloads may differ in how numbers are written; not in what they mean to either.
    fn accepts(&self, answer: &str) -> bool {
        let Ok(payload) = self.payload() else {
            // Node 24 has no words for some views.
            let host = self.expected().starts_with("!Error Unserializable host object");
            return self.expected() == answer || host && answer.starts_with('!');
        };
        let mut parts = answer.split('\t');
        let (Some(theirs), Some(again), Some(ours)) = (parts.next(), parts.next(), parts.next())
        else {
            return false;
        };
        let expected = read(&payload);
        again == expected && ours == expected && read(&from_hex(theirs)) == expected
    }
}

impl fmt::Debug for CloneCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A payload that may be broken.
#[derive(Clone)]
pub(crate) struct PayloadCase {
    payload: Vec<u8>,
    /// Bytes of what this Node may refuse while it is read here.
    refused: Vec<u8>,
    /// Whether this Node reads a BigInt that is -0.
    negative_zero: bool,
}

/// Payloads with a few bytes changed.
pub(crate) fn payloads(features: &str) -> impl Strategy<Value = PayloadCase> + use<> {
    let byte = prop_oneof![3 => select(TAGS), 1 => any::<u8>(), 2 => 0_u8..8];
    let change = (any::<Index>(), any::<Index>(), byte, 0..6_u8);
    // The documentation says so: the order of the parts of an error, the syntax of a RegExp.
    let mut refused = b"rR".to_vec();
    let has = |name: &str| features.split(' ').any(|feature| feature == name);
    if !has("resizable") {
        refused.push(b'~');
    }
    if !has("immutable") {
        refused.push(b'C');
    }
    let negative_zero = has("negativeZeroBigInt");
    if !has("Float16Array") {
        refused.extend(b"h\x0d");
    }
    (values(features), vec(change, 0..4)).prop_map(move |(case, changes)| {
        let mut payload = case.payload().unwrap_or_else(|_| b"\xff\x0f{".to_vec());
        for (at, other, byte, change) in changes {
            let at = at.index(payload.len());
            let end = at + other.index(payload.len() - at + 1).min(12);
            match change {
                0 => payload.truncate(end.max(2)),
                1 => payload.insert(at, byte),
                2 => drop(payload.drain(at..end)),
                3 => {
                    let part = payload[at..end].to_vec();
                    payload.splice(at..at, part);
                }
                _ => payload[at] = byte,
            }
            if payload.is_empty() {
                payload.push(0xff);
            }
        }
        PayloadCase { payload, refused: refused.clone(), negative_zero }
    })
}

impl Question for PayloadCase {
    fn question(&self) -> String {
        format!("<{}", to_hex(&self.payload))
    }

    fn expected(&self) -> String {
        read(&self.payload)
    }

    /// Views of one ArrayBuffer may be too long here.
    fn accepts(&self, answer: &str) -> bool {
        let expected = self.expected();
        match (expected.starts_with('!'), answer.starts_with('!')) {
            (true, true) => true,
            (false, true) => self.refused.iter().any(|tag| self.payload.contains(tag)),
            (true, false) => {
                expected.starts_with("!views of shared")
                    || self.negative_zero && expected.contains("is -0")
            }
            (false, false) => expected == answer,
        }
    }
}

impl fmt::Debug for PayloadCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.payload))
    }
}

/// What is read from a payload, or why nothing is.
fn read(payload: &[u8]) -> String {
    let limits = ReadLimits { dialect: Dialect::V8, ..ReadLimits::default() };
    match clone::read(payload, &limits) {
        Ok(graph) => describe(&graph),
        Err(error @ ReadError::TooDeep { .. }) => panic!("without a limit: {error}"),
        Err(error) => format!("!{error}"),
    }
}

const TAGS: &[u8] = b"\xff\x0d\x0f\x00?_0TFIUNZ\"cS^o{A-$a@;:',DyxnzsRBC~V\\rmsc.tup\x02\x80";
