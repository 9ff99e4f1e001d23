//! What the tests with real processes share: fixtures, deadlines, short words for values.
#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    clippy::allow_attributes,
    reason = "each test binary uses a part of it"
)]

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use js_value::{BigInt, Graph, json};
use node_channel::{Channel, Child, Event, ExitStatus, Fork, Process, Signal};

/// Long enough for a busy machine; a test that needs it has failed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A value that has no JSON form: a bigint in an object.
pub(crate) fn unserializable() -> Graph {
    let mut graph = Graph::default();
    let root = graph.add_object([("n", BigInt::from(1_u64).into())]);
    graph.set_root(root);
    graph
}

/// Sends a handle, a message that has no JSON form, and a handle, through either front end.
macro_rules! send_around_unserializable {
    ($sender:expr) => {
        let stream = || std::os::unix::net::UnixStream::pair().unwrap().0;
        let options = node_channel::SendOptions::default();
        $sender.send_with(&js_value::Graph::from("h"), stream(), &options).unwrap();
        $sender.send(&$crate::common::unserializable()).unwrap();
        $sender.send_with(&js_value::Graph::from("i"), stream(), &options).unwrap();
    };
}

pub(crate) use send_around_unserializable;

/// How many handles were never answered for, by the events that are left.
pub(crate) fn unanswered(next_event: impl FnMut() -> Option<Event>) -> usize {
    let events = std::iter::from_fn(next_event);
    events.filter(|event| matches!(event, Event::HandleUnanswered { .. })).count()
}

/// A child of `fixtures/children`.
pub(crate) fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/children").join(name)
}

/// A fork of one of the children, once it is known that there is a Node to run it.
pub(crate) fn node(name: &str) -> Fork {
    require_node();
    Fork::new(fixture(name))
}

/// Fails the test with one sentence if there is no Node.
pub(crate) fn require_node() {
    let found = Command::new("node").arg("--version").output();
    assert!(
        found.is_ok_and(|output| output.status.success()),
        "install Node.js 20 or newer as `node` on the PATH"
    );
}

/// One of the examples, which cargo builds beside the tests.
pub(crate) fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().parent().unwrap().join("examples").join(name);
    assert!(path.exists(), "build the examples first: cargo build -p node-channel --examples");
    path
}

pub(crate) fn echo_child() -> PathBuf {
    example("echo_child")
}

/// The processes that this thread has started, ended ones that nobody waited for included.
pub(crate) fn children() -> Vec<u32> {
    let list = std::fs::read_to_string("/proc/thread-self/children").unwrap();
    list.split_whitespace().map(|id| id.parse().unwrap()).collect()
}

/// A process that does not outlive its test.
pub(crate) struct Ended(pub(crate) Process);

impl Ended {
    pub(crate) fn status(&self) -> ExitStatus {
        self.0.wait_timeout(DEADLINE).unwrap().expect("the child did not end in time")
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        let _ended = self.0.kill(Signal::KILL);
        let _status = self.0.wait_timeout(DEADLINE);
    }
}

/// A child that does not outlive its test.
pub(crate) struct Guard(Child);

impl Guard {
    pub(crate) fn spawn(fork: &mut Fork) -> Self {
        Self(fork.spawn().unwrap())
    }

    pub(crate) fn end(&mut self) -> ExitStatus {
        self.0.wait_timeout(DEADLINE).unwrap().expect("the child did not end in time")
    }
}

impl Deref for Guard {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Guard {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ended = self.0.kill(Signal::KILL);
        let _status = self.0.wait_timeout(DEADLINE);
    }
}

pub(crate) fn value(text: &str) -> Graph {
    json::parse(text, &json::ParseLimits::default()).unwrap()
}

pub(crate) fn text(message: &Graph) -> String {
    json::stringify(message, &json::StringifyOptions::default()).unwrap().unwrap()
}

/// The next message as JSON; `None` at the end.
pub(crate) fn recv(channel: &mut Channel) -> Option<String> {
    channel.recv_timeout(DEADLINE).unwrap().as_ref().map(text)
}
