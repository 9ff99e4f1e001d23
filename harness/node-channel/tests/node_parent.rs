//! Node as parent of a Rust child, and Node's own decoder as the judge of ours.

mod common;

use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use common::{DEADLINE, Guard, echo_child, example, require_node};
use node_channel::Fork;
use node_channel::proto::{Connection, Event};
use node_channel::{Limits, Role, Serialization};

#[test]
fn node_forks_a_rust_child() {
    require_node();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parent.js");
    let mut parent = Guard::spawn(Fork::new(script).arg(echo_child()));
    let status =
        parent.wait_timeout(DEADLINE * 2).unwrap().expect("the parent did not end in time");
    assert!(status.success(), "{status}");
}

#[test]
fn node_passes_connections_to_a_rust_child_and_counts_them() {
    require_node();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/owner.js");
    for serialization in [Serialization::Json, Serialization::Advanced] {
        let mut fork = Fork::new(&script);
        fork.arg(example("socket_child")).arg(serialization.as_str());
        let mut parent = Guard::spawn(&mut fork);
        let status =
            parent.wait_timeout(DEADLINE).unwrap().expect("the parent did not end in time");
        assert!(status.success(), "{status}");
    }
}

#[test]
fn text_is_decoded_as_node_does_it() {
    require_node();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let cases: Vec<Vec<Vec<u8>>> = (0..3000).map(|_| random.chunks()).collect();
    let mut input = String::new();
    for chunks in &cases {
        let chunks: Vec<String> =
            chunks.iter().map(|chunk| format!("\"{}\"", hex(chunk))).collect();
        writeln!(input, "[{}]", chunks.join(",")).unwrap();
    }
    let mut node = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/utf8.js"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    node.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    let output = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.lines().count(), cases.len());
    for (chunks, expected) in cases.iter().zip(output.lines()) {
        let mut connection = Connection::new(Role::Child, Serialization::Json, Limits::none());
        connection.receive(b"\"");
        for chunk in chunks {
            connection.receive(chunk);
        }
        connection.receive(b"\"\n");
        let Some(Event::Message(message)) = connection.poll_event() else { panic!("{chunks:x?}") };
        let found = message.value.view().as_str().unwrap().to_owned();
        assert_eq!(hex(found.as_bytes()), expected, "{chunks:x?}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// xorshift: the same cases in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Chunks of bytes that are often nearly UTF-8. The last ends what is unfinished.
    fn chunks(&mut self) -> Vec<Vec<u8>> {
        const BYTES: &[u8] = b"ab\x80\xa0\xbf\xc0\xc3\xe2\x82\xac\xed\xef\xf0\x9f\x98\xf4\xf5\xff";
        let mut chunks: Vec<Vec<u8>> = (0..self.next() % 5)
            .map(|_| {
                (0..self.next() % 7)
                    .map(|_| BYTES[(self.next() % BYTES.len() as u64) as usize])
                    .collect()
            })
            .collect();
        chunks.push(b".".to_vec());
        chunks
    }
}
