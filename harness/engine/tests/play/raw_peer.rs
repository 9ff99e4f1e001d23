//! The raw peer against real Node, in both roles, and against nobody.

use ipc_conformance_engine::history::{Ending, History};
use ipc_conformance_engine::play::{Interrupt, Pairing, play};
use ipc_plan::{Event, Link, Part, Plan, Role, Seen, Serialization, Step, Until, Wire};
use serde_json::{Value, json};

use super::host::{Place, Test, limits, plan};
use super::pairs::node;

pub(crate) const TESTS: &[Test] = &[
    ("raw_parent_of_node", raw_parent_of_node),
    ("raw_child_of_node", raw_child_of_node),
    ("raw_parent_of_a_program_that_dies", raw_parent_of_a_program_that_dies),
    ("raw_parent_of_a_program_that_stalls", raw_parent_of_a_program_that_stalls),
    ("what_a_raw_child_is_started_with", what_a_raw_child_is_started_with),
    ("a_step_that_the_raw_peer_cannot_perform", a_step_that_the_raw_peer_cannot_perform),
    ("a_raw_peer_without_a_channel", a_raw_peer_without_a_channel),
];

fn text(text: &str) -> Vec<Part> {
    vec![Part::Text(text.to_owned())]
}

fn write(parts: Vec<Part>) -> Step {
    Step::RawWrite { parts, split: None, unread: false, descriptors: Vec::new(), on: None }
}

fn read(until: Until) -> Step {
    Step::RawRead { until, keep: Vec::new(), on: None }
}

fn launch(over: Wire) -> Step {
    Step::RawLaunch { over, descriptor: 3, env: Default::default(), unset: Vec::new() }
}

fn raw(link: Link, steps: Vec<Step>) -> Plan {
    let mut plan = plan("raw");
    plan.link = link;
    match link.raw() {
        Some(Role::Child) => plan.child.steps = steps,
        _ => plan.parent.steps = steps,
    }
    plan
}

fn played(place: &Place, plan: &Plan, pairing: &Pairing) -> History {
    let history = play(&place.host, plan, pairing, &Interrupt::new()).unwrap();
    assert!(history.breaches.is_empty() && history.leaked.is_empty(), "{history:?}");
    history
}

/// The records of a role as JSON, without `started`.
fn seen(history: &History, role: Role) -> Vec<Value> {
    let records = history.log(role);
    assert_eq!(records[0].seen, Seen::Started {}, "{history:?}");
    records[1..].iter().map(|record| serde_json::to_value(&record.seen).unwrap()).collect()
}

fn line(text: &str) -> Value {
    json!({ "kind": "raw-read", "pieces": [{ "form": "line", "bytes": text }] })
}

fn end() -> Value {
    json!({ "kind": "raw-read", "pieces": [], "ended": "end" })
}

fn message(text: &str) -> Value {
    json!({ "kind": "event", "event": "message", "arguments": [text] })
}

fn gave_up(awaiting: &str) -> Value {
    json!({ "kind": "gave-up", "awaiting": awaiting })
}

fn exit(code: Value, signal: Value) -> Value {
    json!({ "kind": "event", "event": "exit", "arguments": [code, signal] })
}

fn done() -> Value {
    json!({ "kind": "done" })
}

fn raw_parent_of_node() {
    let place = Place::new();
    let pairing = node(&place).pairing_with_raw(Role::Parent, &place.host.raw_peer, 1.0);
    assert_eq!(pairing.name, "raw:node");
    let steps = vec![
        launch(Wire::Stream),
        Step::RawWrite {
            parts: text("\"to child\"\n"),
            split: Some(1),
            unread: false,
            descriptors: Vec::new(),
            on: None,
        },
        read(Until::Lines(1)),
        Step::RawClose { on: None },
        Step::RawWait {},
    ];
    let history = played(&place, &raw(Link::RawParent, steps), &pairing);
    assert_eq!(history.ending, Ending::Exited { code: 0 });
    let expected = [line("\"to parent\""), exit(json!(0), Value::Null), done()];
    assert_eq!(seen(&history, Role::Parent), expected);
    assert_eq!(seen(&history, Role::Child), [message("to child")]);
}

fn raw_child_of_node() {
    let place = Place::new();
    let pairing = node(&place).pairing_with_raw(Role::Child, &place.host.raw_peer, 1.0);
    assert_eq!(pairing.name, "node:raw");
    let steps = vec![
        read(Until::Lines(1)),
        write(text("\"to parent\"\n")),
        read(Until::End),
        Step::Exit { code: 7 },
    ];
    let history = played(&place, &raw(Link::RawChild, steps), &pairing);
    assert_eq!(history.ending, Ending::Exited { code: 0 });
    assert_eq!(seen(&history, Role::Parent), [message("to parent"), exit(json!(7), Value::Null)]);
    assert_eq!(seen(&history, Role::Child), [line("\"to child\""), end()]);
}

/// A raw parent, and a shell script as the child.
fn with_shell(place: &Place, script: &str) -> Pairing {
    let mut pairing = place.pairing("", &limits(10_000, 5_000));
    pairing.parent.clone_from(&place.host.raw_peer);
    pairing.child.exec_path = "/bin/sh".to_owned();
    pairing.child.exec_argv = Vec::new();
    let log = r#"log() { echo "$1" >>"$IPC_CONFORMANCE_LOG/child.jsonl"; }
        log '{"seq":0,"t":1,"seen":{"kind":"started"}}'"#;
    let path = place.write("child.sh", &format!("{log}\n{script}"));
    pairing.child.module_path = path.to_str().unwrap().to_owned();
    pairing
}

fn raw_parent_of_a_program_that_dies() {
    let place = Place::new();
    let pairing = with_shell(&place, "read -r line <&3; printf 'half' >&3; kill -SEGV $$");
    let steps = vec![
        launch(Wire::Stream),
        write(text("go\n")),
        read(Until::End),
        Step::RawWait {},
        // Which nobody is left to give.
        Step::AwaitSignal { name: "never".to_owned(), blocking: false },
        write(text("late\n")),
        Step::RawClose { on: None },
        read(Until::Bytes(1)),
    ];
    let history = played(&place, &raw(Link::RawParent, steps), &pairing);
    let records = seen(&history, Role::Parent);
    let half = json!({ "kind": "raw-read", "pieces": [{ "form": "text", "bytes": "half" }], "ended": "end" });
    assert_eq!(records[..2], [half, exit(Value::Null, json!("SIGSEGV"))]);
    let threw = |step: &str, code: &str| {
        json!({ "kind": "threw", "step": step, "error": {
        "$": "error", "class": "Error", "message": code, "properties": [{ "key": "code", "value": code }],
    } })
    };
    let expected = [gave_up("signal never"), gave_up("reader"), threw("raw-read", "EBADF"), done()];
    assert_eq!(records[2..], expected);
    assert!(history.duration() < pairing.limits.patience, "it waited: {history:?}");
}

fn raw_parent_of_a_program_that_stalls() {
    let place = Place::new();
    let mut pairing =
        with_shell(&place, "while [ ! -e \"$IPC_CONFORMANCE_LOG/signals/enough\" ]; do :; done");
    pairing.limits.patience = std::time::Duration::from_millis(100);
    let steps = vec![
        launch(Wire::Stream),
        Step::RawFill { parts: text("x\n") },
        read(Until::Lines(1)),
        write(text("unread\n")),
        Step::AwaitSignal { name: "never".to_owned(), blocking: false },
        Step::RawWait {},
        Step::Signal { name: "enough".to_owned() },
        Step::RawClose { on: None },
    ];
    let history = played(&place, &raw(Link::RawParent, steps), &pairing);
    let records = seen(&history, Role::Parent);
    assert_eq!(records[0]["kind"], "filled");
    assert!(records[0]["messages"].as_u64().unwrap() > 10);
    let nothing = json!({ "kind": "raw-read", "pieces": [] });
    let signal = json!({ "kind": "signal", "name": "enough" });
    let expected = [
        nothing,
        gave_up("raw-read"),
        gave_up("reader"),
        gave_up("signal never"),
        gave_up("raw-wait"),
        signal,
        done(),
    ];
    assert_eq!(records[1..], expected);
}

fn what_a_raw_child_is_started_with() {
    let place = Place::new();
    let script = "env | grep -E '^(NODE_CHANNEL|NODE_UNIQUE|IPC_CONFORMANCE_ROLE)' | sort >&7
        cd /proc/$$/fd; echo * >&7";
    let pairing = with_shell(&place, script);
    let mut plan = raw(
        Link::RawParent,
        vec![
            Step::RawLaunch {
                over: Wire::Pipe,
                descriptor: 7,
                env: [("NODE_UNIQUE_ID".to_owned(), "1".to_owned())].into(),
                unset: vec!["NODE_CHANNEL_SERIALIZATION_MODE".to_owned()],
            },
            read(Until::Lines(4)),
            Step::RawWait {},
        ],
    );
    plan.serialization = Serialization::Advanced;
    let history = played(&place, &plan, &pairing);
    let records = seen(&history, Role::Parent);
    let lines: Vec<&str> =
        (0..4).map(|n| records[0]["pieces"][n]["bytes"].as_str().unwrap()).collect();
    assert_eq!(lines[..3], ["IPC_CONFORMANCE_ROLE=child", "NODE_CHANNEL_FD=7", "NODE_UNIQUE_ID=1"]);
    // The shell's own: the folder that it lists, and its script.
    let descriptors: Vec<&str> =
        lines[3].split(' ').filter(|fd| !["3", "10"].contains(fd)).collect();
    assert_eq!(descriptors, ["0", "1", "2", "7"]);
}

fn a_step_that_the_raw_peer_cannot_perform() {
    let place = Place::new();
    let pairing = with_shell(&place, "");
    let plan = raw(Link::RawParent, vec![launch(Wire::Stream), Step::Disconnect {}]);
    let history = play(&place.host, &plan, &pairing, &Interrupt::new()).unwrap();
    assert_eq!(history.ending, Ending::Exited { code: 86 });
    assert!(history.breaches.is_empty(), "{history:?}");
    let [record] = history.parent.as_slice() else { panic!("{history:?}") };
    let Seen::Unsupported { step, .. } = &record.seen else { panic!("{record:?}") };
    assert_eq!(step, "disconnect");
}

fn a_raw_peer_without_a_channel() {
    let place = Place::new();
    let pairing = with_shell(&place, "");
    let history =
        played(&place, &raw(Link::RawParent, vec![write(text("x")), Step::RawWait {}]), &pairing);
    let codes: Vec<Value> = seen(&history, Role::Parent)[..2]
        .iter()
        .map(|record| record["error"]["properties"][0]["value"].clone())
        .collect();
    assert_eq!(codes, ["EBADF", "ECHILD"]);
    let event = |record: &Value| record["event"] == Event::Exit.name();
    assert!(!seen(&history, Role::Parent).iter().any(event));
}
