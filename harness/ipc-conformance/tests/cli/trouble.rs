//! Runtimes that go wrong in the middle of a case: a verdict for it, and everything else is kept.

use std::fs;
use std::thread;

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use crate::place::{DRIVER, Place, REPORTS};

/// What a broken runtime does in a role of `life-hello`, the verdict, its reason, the exit code.
const TROUBLES: [(&str, &str, &str, i32); 13] = [
    ("parent) kill -SEGV $$", "crash", "the parent died by SIGSEGV", 1),
    ("parent) exit 7", "crash", "the parent exited with code 7 before the end of its steps", 1),
    ("child) kill -KILL $$", "crash", "the child died by SIGKILL", 1),
    ("child) exit 0", "fail", "", 1),
    ("child) echo '\"extra\"' >&3", "fail", "", 1),
    ("child) echo not JSON >&3", "crash", "", 1),
    ("parent) exit 0", "harness-error", "parent log: was not written", 4),
    ("parent) echo bad >&2; exit 85", "harness-error", "it cannot read the plan", 4),
    ("child) echo bad >&2; exit 85", "harness-error", "child: exited with 85", 4),
    ("parent) exit 86", "harness-error", "without a record that says of what", 4),
    (
        "child) echo '{\u{1b}' >>\"$LOG\"",
        "harness-error",
        r"child log: line 1: key must be a string at line 1 column 2: {\x1b",
        4,
    ),
    ("child) printf '\\0\\377' >>\"$LOG\"", "harness-error", "child log: line 1: ", 4),
    (
        "child) echo '{\"seq\":0,\"t\":1,\"seen\":{\"kind\":\"unsupported\",\"step\":\"send\",\"reason\":\"tired\"}}' >>\"$LOG\"; exit 86",
        "unsupported",
        "child: send: tired",
        0,
    ),
];

/// The driver of such a runtime.
fn driver(place: &Place, name: &str, commands: &str) {
    let commands = format!(
        "LOG=\"$IPC_CONFORMANCE_LOG/$ROLE.jsonl\"\n\
         if grep -q life-hello \"$IPC_CONFORMANCE_PLAN\"; then case $ROLE in {commands};; esac; fi"
    );
    place.driver(name, &commands);
}

#[test]
fn a_runtime_that_goes_wrong_in_a_case() {
    let place = Place::new();
    for code in [0, 1, 4] {
        // All that end a run with this code, in one run.
        let troubles: Vec<_> =
            (0..).zip(TROUBLES).filter(|(_, trouble)| trouble.3 == code).collect();
        let mut arguments = Vec::new();
        let mut expected = vec!["life-goodbye node:node pass".to_owned()];
        for (number, (commands, ..)) in &troubles {
            driver(&place, &format!("bad-{number}"), commands);
            arguments.push(format!("--runtime=bad-{number}=./bad-{number}"));
            arguments.push(format!("--pairs=bad-{number}:bad-{number}"));
            expected.push(format!("life-goodbye bad-{number}:bad-{number} pass"));
        }
        expected.push("life-hello node:node pass".to_owned());
        for (number, (_, verdict, ..)) in &troubles {
            expected.push(format!("life-hello bad-{number}:bad-{number} {verdict}"));
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        place.run(&arguments).code(code);
        assert_eq!(place.verdicts("out"), expected);
        let results = place.results("out");
        let cases = &results["cases"].as_array().unwrap()[2 + troubles.len()..];
        for (case, (_, (commands, _, reason, _))) in cases.iter().zip(&troubles) {
            let said = case["reason"].as_str().unwrap_or_default();
            assert!(said.contains(reason), "{commands}: {said}");
        }
        assert!(REPORTS.iter().all(|name| !place.read(&format!("out/{name}")).is_empty()));
    }
}

/// Killed, stopped, or gone with a child of its own left.
#[test]
fn a_runtime_that_ends_wrongly_or_not_at_all() {
    thread::scope(|scope| {
        scope.spawn(|| {
            let place = Place::new();
            let bad = place.node_with(
                "if (process.send) process.send = () => process.kill(process.pid, 'SIGKILL');",
            );
            let runtime = format!("bad={bad}");
            let arguments = ["--runtime", &runtime, "--pairs", "node:bad"];
            place
                .run(&arguments)
                .code(1)
                .stdout(contains("bad: the child died by SIGKILL").and(contains("crash")))
                .stderr(contains("crash node:bad life-hello"));
            assert_eq!(place.verdicts("out")[1], "life-goodbye node:bad pass");
        });
        scope.spawn(|| {
            let place = Place::new();
            // Stopped when it has heard the child, and never gone. A play for each of the three that decide.
            driver(
                &place,
                "bad",
                &format!(
                    r#"parent)
                    '{DRIVER}' "$@" & driver=$!
                    until grep -q hello "$LOG"; do sleep 0.01; done
                    kill -STOP $driver; exec sleep 1000"#
                ),
            );
            let arguments = ["--runtime", "bad=./bad", "--pairs", "bad:node", "--repeat", "3"];
            place
                .run(&[&arguments[..], &["--jobs", "3"]].concat())
                .code(1)
                .stdout(contains("no end within ").and(contains("hang")));
            let results = place.results("out");
            assert_eq!(place.verdicts("out")[1], "life-goodbye bad:node pass");
            assert_eq!(results["cases"][3]["verdict"], "hang");
            assert_eq!(place.processes(), [0; 0]);
        });
        scope.spawn(|| {
            let place = Place::new();
            driver(&place, "bad", "child) sleep 1000 3>&- &");
            let arguments = ["--runtime", "bad=./bad", "--pairs", "node:bad", "--repeat", "3"];
            place.run(&arguments).code(1).stdout(contains("leaves descendants behind: sleep 1000"));
            assert_eq!(place.processes(), [0; 0]);
        });
    });
}

/// The reference decides; where it goes wrong there is no verdict about anybody.
#[test]
fn a_reference_that_goes_wrong_in_a_case() {
    let place = Place::new();
    for (commands, reason) in [
        ("parent) exit 0", "the reference breaks the driver contract: parent log: was not written"),
        ("child) echo x >>\"$LOG\"", "the reference breaks the driver contract: child log: line 1"),
    ] {
        driver(&place, "bad", commands);
        place.run(&["--reference", "./bad"]).code(4).stdout(contains("Not a valid run"));
        let results = place.results("out");
        let case = &results["cases"][4];
        assert_eq!(case["id"], "life-hello");
        assert_eq!(case["verdict"], "harness-error");
        assert!(case["reason"].as_str().unwrap().contains(reason), "{case}");
        assert!(place.verdicts("out").contains(&"life-goodbye quick:node pass".to_owned()));
    }
}

/// The machine fails, not a runtime: the run ends, and what was played is kept.
#[test]
fn the_temporary_folder_goes_away() {
    let place = Place::new();
    driver(&place, "bad", r#"parent) rm -rf "$TMPDIR"; exit 0"#);
    place
        .run(&["--runtime", "bad=./bad", "--pairs", "bad:bad", "--jobs", "1"])
        .code(4)
        .stdout(contains("TMPDIR must name a writable folder").and(contains("Not a valid run")));
    let results = place.results("out");
    assert_eq!(
        place.verdicts("out")[..2],
        ["life-goodbye node:node pass", "life-goodbye bad:bad pass"]
    );
    assert_eq!(results["interrupted"], Value::Bool(true));
    fs::create_dir(place.path("tmp")).unwrap();
}

/// The program of the runtime is removed while it is played.
#[test]
fn a_runtime_that_goes_away() {
    let place = Place::new();
    driver(&place, "bad", r#"parent) rm "$HERE/bad""#);
    place
        .run(&["--runtime", "bad=./bad", "--pairs", "bad:bad", "--jobs", "1", "--repeat", "2"])
        .code(4)
        .stdout(contains("The pairing bad:bad could not be started."));
    assert!(place.verdicts("out").contains(&"life-hello bad:bad harness-error".to_owned()));
}
