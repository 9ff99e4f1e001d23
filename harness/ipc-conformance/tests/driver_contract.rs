//! What every driver owes (the documentation of `ipc-plan`), shown on both that come with the
//! suite: how they describe themselves, what they refuse, and that they do nothing before.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ipc_plan::{
    Describe, EXIT_BAD_PLAN, EXIT_UNSUPPORTED, LOG_VARIABLE, PLAN_VARIABLE, PROTOCOL,
    ROLE_VARIABLE, Record, Role, Seen,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The drivers, as programs with arguments.
fn drivers() -> [(&'static str, Vec<String>); 2] {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/driver/driver.cjs");
    let script = script.to_str().expect("a path in UTF-8").to_owned();
    let rust = env!("CARGO_BIN_EXE_ipc-conformance-driver").to_owned();
    [("JavaScript", vec!["node".to_owned(), script]), ("Rust", vec![rust, "driver".to_owned()])]
}

/// A plan with these steps in a role.
fn plan(role: Role, steps: &Value) -> Value {
    let with =
        |this: Role| json!({ "steps": if this == role { steps.clone() } else { json!([]) } });
    json!({
        "protocol": PROTOCOL,
        "id": "contract",
        "serialization": "json",
        "parent": with(Role::Parent),
        "child": with(Role::Child),
        "setup": {
            "child": { "execPath": "/no/such", "execArgv": [], "modulePath": "driver" },
            "settle_ms": 1,
            "patience_ms": 1000,
        },
    })
}

/// One start of a driver.
struct Start {
    folder: TempDir,
    command: Command,
}

impl Start {
    fn new(driver: &[String], role: Role, plan: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("plan.json");
        fs::write(&path, plan).unwrap();
        let mut command = Command::new(&driver[0]);
        command
            .args(&driver[1..])
            .env(ROLE_VARIABLE, role.name())
            .env(PLAN_VARIABLE, path)
            .env(LOG_VARIABLE, folder.path())
            .env_remove("NODE_CHANNEL_FD")
            .env_remove("NODE_OPTIONS");
        Self { folder, command }
    }

    fn output(&mut self) -> Output {
        self.command.output().expect("this test plays real Node: install Node.js 18 or newer")
    }

    fn log(&self, role: Role) -> PathBuf {
        self.folder.path().join(format!("{role}.jsonl"))
    }

    fn records(&self, role: Role) -> Vec<Seen> {
        let text = fs::read_to_string(self.log(role)).unwrap();
        let records = text.lines().map(|line| serde_json::from_str::<Record>(line).unwrap().seen);
        records.collect()
    }

    /// Ends as one that cannot read its plan, with a line that says all of these.
    fn is_refused(&mut self, what: &str, words: &[&str]) {
        let output = self.output();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(EXIT_BAD_PLAN), "{what}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{what}: {stderr}");
        for word in words {
            assert!(stderr.contains(word), "{what}: no {word} in {stderr}");
        }
        for role in Role::ALL {
            assert!(!self.log(role).exists(), "{what}: it has begun");
        }
    }
}

#[test]
fn they_describe_themselves() {
    for (name, driver) in drivers() {
        let mut words = driver.clone();
        // The argument takes the place of the word that stands for a module.
        if name == "Rust" {
            words.pop();
        }
        let output = Command::new(&words[0]).args(&words[1..]).arg("describe").output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{name}: {output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().count(), 1, "{name}");
        let describe: Describe = serde_json::from_str(&text).unwrap();
        assert_eq!((describe.protocol, describe.roles), (PROTOCOL, Role::ALL.to_vec()), "{name}");
        assert!(!describe.version.starts_with('v'), "{name}: {}", describe.version);
    }
}

#[test]
fn they_say_what_of_their_environment_is_missing() {
    for (name, driver) in drivers() {
        let good = plan(Role::Parent, &json!([])).to_string();
        for variable in [ROLE_VARIABLE, PLAN_VARIABLE, LOG_VARIABLE] {
            let mut start = Start::new(&driver, Role::Parent, &good);
            start.command.env_remove(variable);
            start.is_refused(&format!("{name} without {variable}"), &[variable]);
        }
        let mut start = Start::new(&driver, Role::Parent, &good);
        start.command.env(ROLE_VARIABLE, "uncle");
        start.is_refused(&format!("{name} as uncle"), &[ROLE_VARIABLE, "uncle"]);
        let mut start = Start::new(&driver, Role::Parent, &good);
        start.command.env(PLAN_VARIABLE, "/no/such/plan");
        start.is_refused(&format!("{name} without a plan"), &["/no/such/plan"]);
    }
}

#[test]
fn they_refuse_what_is_no_plan() {
    for (name, driver) in drivers() {
        for text in ["", "null", "[]", "{}", "{\"protocol\": 1, \"id\": \"cut", "\u{0}"] {
            let mut start = Start::new(&driver, Role::Parent, text);
            start.is_refused(&format!("{name}: {text:?}"), &["plan.json"]);
        }
        let mut newer = plan(Role::Parent, &json!([]));
        newer["protocol"] = json!(PROTOCOL + 1);
        let mut start = Start::new(&driver, Role::Parent, &newer.to_string());
        start.is_refused(&format!("{name}: {newer}"), &["plan.json", "protocol", "2"]);
        for key in ["setup", "parent"] {
            let mut less = plan(Role::Parent, &json!([]));
            less.as_object_mut().unwrap().remove(key);
            let mut start = Start::new(&driver, Role::Parent, &less.to_string());
            start.is_refused(&format!("{name} without {key}"), &["plan.json", key]);
        }
    }
}

#[test]
fn they_refuse_malformed_steps() {
    for (name, driver) in drivers() {
        for (role, step) in [
            (Role::Parent, json!({ "name": "no do" })),
            (Role::Parent, json!("mark")),
            (Role::Parent, json!({ "do": "read" })),
            (Role::Parent, json!({ "do": "mark", "name": "x", "colour": "red" })),
            (Role::Parent, json!({ "do": "mark", "name": 7 })),
            (Role::Parent, json!({ "do": "on", "event": "exit", "steps": {} })),
            (Role::Parent, json!({ "do": "turn", "steps": [{ "do": "await", "event": "exit" }] })),
            (Role::Parent, json!({ "do": "listen", "name": "a" })),
            (Role::Parent, json!({ "do": "turn", "steps": [{ "do": "take", "name": "a" }] })),
            (Role::Child, json!({ "do": "fork" })),
            (Role::Child, json!({ "do": "on", "event": "message", "steps": [{ "do": "kill" }] })),
            (Role::Child, json!({ "do": "send", "value": { "$": "hole" } })),
        ] {
            let steps = json!([{ "do": "mark", "name": "before" }, step]);
            let mut start = Start::new(&driver, role, &plan(role, &steps).to_string());
            start.is_refused(&format!("{name}, {role}: {step}"), &["plan.json"]);
        }
    }
}

#[test]
fn they_refuse_steps_of_another_version_at_any_depth() {
    let step = json!({ "do": "teleport", "where": [1] });
    let listener = json!({ "do": "on", "event": "message", "steps": [step] });
    for (name, driver) in drivers() {
        for role in Role::ALL {
            for outer in [
                step.clone(),
                json!({ "do": "turn", "steps": [step] }),
                json!({ "do": "send", "value": 1, "steps": [step] }),
                json!({ "do": "turn", "steps": [listener] }),
            ] {
                let steps = json!([{ "do": "mark", "name": "before" }, outer]);
                let mut start = Start::new(&driver, role, &plan(role, &steps).to_string());
                let output = start.output();
                assert_eq!(
                    output.status.code(),
                    Some(EXIT_UNSUPPORTED),
                    "{name} {outer}: {output:?}"
                );
                let records = start.records(role);
                assert!(
                    matches!(&records[..], [Seen::Unsupported { step, reason }]
                        if step == "teleport" && !reason.is_empty()),
                    "{name} {outer}: {records:?}"
                );
            }
        }
    }
}

/// A plan is read for one's own role alone: the other may be played by another driver.
#[test]
fn they_leave_the_other_role_to_the_other_driver() {
    for (name, driver) in drivers() {
        let strange = plan(Role::Child, &json!([{ "do": "teleport" }]));
        let mut start = Start::new(&driver, Role::Parent, &strange.to_string());
        let output = start.output();
        assert_eq!(output.status.code(), Some(0), "{name}: {output:?}");
        assert_eq!(start.records(Role::Parent), [Seen::Started {}, Seen::Done {}], "{name}");
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{name}: {output:?}");
    }
}
