use std::path::PathBuf;

use ipc_conformance_engine::history::Ending;
use ipc_conformance_engine::play::{Interrupt, play};
use ipc_conformance_engine::runtime::{Drivers, Runtime, Source};
use ipc_plan::{Event, Role, Seen};

use super::host::{Place, Test, plan};

pub(crate) const TESTS: &[Test] = &[
    ("node_with_node", node_with_node),
    ("a_child_that_outlives_node", a_child_that_outlives_node),
];

/// A driver whose only step is to say hello.
const DRIVER: &str = r#"
const fs = require("fs");
if (process.argv[2] === "describe") {
  console.log(JSON.stringify({ protocol: 1, name: "node", version: process.versions.node,
    node: process.versions.node, roles: ["parent", "child"], capabilities: [] }));
  process.exit(0);
}
const { IPC_CONFORMANCE_ROLE: role, IPC_CONFORMANCE_PLAN: path, IPC_CONFORMANCE_LOG: log } = process.env;
let seq = 0;
const record = (kind, rest) => fs.appendFileSync(`${log}/${role}.jsonl`,
  JSON.stringify({ seq: seq++, t: Number(process.hrtime.bigint()), seen: { kind, ...rest } }) + "\n");
let plan;
try { plan = JSON.parse(fs.readFileSync(path)); } catch (e) { console.error(e.message); process.exit(85); }
const text = JSON.stringify(plan[role]);
if (text.includes("invented")) {
  record("unsupported", { step: "invented-by-the-harness", reason: "unknown" });
  process.exit(86);
}
record("started", {});
const listen = (owner, end) => owner.on("message", (m) => {
  record("event", { event: "message", arguments: [m] });
  end();
});
if (role === "parent") {
  const { execPath, execArgv, modulePath } = plan.setup.child;
  const env = { ...process.env, IPC_CONFORMANCE_ROLE: "child" };
  const child = require("child_process").fork(modulePath, [], { execPath, execArgv, env });
  if (plan.id === "killed") return child.on("exit", (...a) => record("event", { event: "exit", arguments: a }));
  if (plan.id === "outlived") return child.on("message", () => process.exit(0));
  listen(child, () => child.disconnect());
  child.on("exit", (...a) => record("event", { event: "exit", arguments: a }));
  child.send("to child");
} else {
  if (plan.id === "killed") return process.send("last", () => process.kill(process.pid, "SIGKILL"));
  if (plan.id === "outlived") { process.send(0); return setInterval(() => {}, 1e6); }
  listen(process, () => process.send("to parent"));
}
"#;

/// Real Node with that driver.
pub(crate) fn node(place: &Place) -> Runtime {
    let drivers = Drivers { script: place.write("driver.cjs", DRIVER), rust: PathBuf::new() };
    let node =
        Runtime::find(&place.host, "node", &Source::Known, &drivers, &Interrupt::new()).unwrap();
    node.check(&place.host, &Interrupt::new()).unwrap();
    node
}

fn node_with_node() {
    let place = Place::new();
    let node = node(&place);
    let pairing = node.pairing(&node, 1.0);
    assert_eq!(pairing.name, "node:node");
    let history = play(&place.host, &plan("hello"), &pairing, &Interrupt::new()).unwrap();
    assert_eq!(history.ending, Ending::Exited { code: 0 }, "{history:?}");
    assert!(history.breaches.is_empty() && history.leaked.is_empty(), "{history:?}");
    let message = |role, text: &str| {
        matches!(&history.log(role)[1].seen, Seen::Event { event: Event::Message, arguments, .. }
            if arguments[..] == [text.into()])
    };
    assert!(message(Role::Parent, "to parent") && message(Role::Child, "to child"), "{history:?}");
    let clock = |role| history.log(role)[0].t;
    assert!(clock(Role::Parent) < clock(Role::Child), "one clock for both");
}

fn a_child_that_outlives_node() {
    let place = Place::new();
    let node = node(&place);
    let mut pairing = node.pairing(&node, 1.0);
    pairing.limits.linger = std::time::Duration::from_millis(100);
    let history = play(&place.host, &plan("outlived"), &pairing, &Interrupt::new()).unwrap();
    assert_eq!(history.ending, Ending::Exited { code: 0 }, "{history:?}");
    let script = place.path("driver.cjs").to_str().unwrap().to_owned();
    assert_eq!(history.leaked.len(), 1, "{history:?}");
    assert!(history.leaked[0].ends_with(&script), "{history:?}");
    assert_eq!(history.child.len(), 1);
}
