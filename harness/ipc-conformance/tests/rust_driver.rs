//! The Rust driver alone, with a shell as its child.

use std::fs;
use std::process::Command;

use ipc_plan::{LOG_VARIABLE, PLAN_VARIABLE, ROLE_VARIABLE};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Plays a parent and returns the names of its events.
fn events(listeners: Value, steps: Value) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    let plan = json!({
        "protocol": 1,
        "id": "test",
        "parent": { "listeners": listeners, "steps": steps },
        "child": {},
        "setup": {
            "child": { "execPath": "sh", "execArgv": [], "modulePath": "driver" },
            "settle_ms": 100,
            "patience_ms": 10_000,
        },
    });
    let path = folder.path().join("plan.json");
    fs::write(&path, plan.to_string()).unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_ipc-conformance-driver"))
        .arg("driver")
        .env(ROLE_VARIABLE, "parent")
        .env(PLAN_VARIABLE, &path)
        .env(LOG_VARIABLE, folder.path())
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    let log = fs::read_to_string(folder.path().join("parent.jsonl")).unwrap();
    let records = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.filter_map(|record| record["seen"]["event"].as_str().map(str::to_owned)).collect()
}

fn shell(script: &str) -> Value {
    json!({
        "do": "spawn",
        "program": { "command": ["sh", "-c", script] },
        "stdio": ["ignore", "inherit", "inherit", "ipc"],
    })
}

#[test]
fn an_ended_child_comes_last() {
    let steps = json!([shell("echo '\"last\"' >&3"), { "do": "await", "event": "close" }]);
    let found = events(json!(["message", "disconnect", "exit", "close"]), steps);
    assert_eq!(found, ["message", "disconnect", "exit", "close"]);
}

/// Clause LIFE-060.
#[test]
fn the_end_of_a_channel_that_outlived_the_child_closes_first() {
    let steps = json!([
        shell("{ read -r line <&3; } & exit 0"),
        { "do": "await", "event": "exit" },
        { "do": "send", "value": "end" },
        { "do": "await", "event": "disconnect" },
    ]);
    let found = events(json!(["disconnect", "exit", "close"]), steps);
    assert_eq!(found, ["exit", "close", "disconnect"]);
}
