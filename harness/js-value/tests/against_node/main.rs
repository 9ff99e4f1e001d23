//! The text and the payload of a value, and what is read from either, equal real Node's.

mod clones;
#[path = "../shared/describe.rs"]
mod describe;
mod node;
mod notation;
mod primitives;
mod question;
mod texts;
mod values;

use node::Node;
use question::compare;

/// Of values and of texts.
const CASES: u32 = 50_000;

#[test]
fn values_are_written_as_node_writes_them() {
    let mut node = Node::start();
    let strategy = values::values(&node.features);
    let kinds = compare(&mut node, CASES, &strategy);
    assert!(kinds["text"] > 400 && kinds["undefined"] > 15 && kinds["thrown"] > 50, "{kinds:?}");
}

#[test]
fn texts_are_read_as_node_reads_them() {
    let mut node = Node::start();
    let kinds = compare(&mut node, CASES, &texts::texts());
    assert!(kinds["text"] > 300 && kinds["thrown"] > 300, "{kinds:?}");
}

/// Of values and of payloads.
const CLONES: u32 = 10_000;

#[test]
fn clones_are_written_as_node_writes_them() {
    let mut node = Node::start();
    let strategy = clones::values(&node.features);
    let kinds = compare(&mut node, CLONES, &strategy);
    assert!(kinds["text"] > 250 && kinds["thrown"] > 250, "{kinds:?}");
}

#[test]
fn payloads_are_read_as_node_reads_them() {
    let mut node = Node::start();
    let strategy = clones::payloads(&node.features);
    let kinds = compare(&mut node, CLONES, &strategy);
    assert!(kinds["text"] > 200 && kinds["thrown"] > 200, "{kinds:?}");
}
