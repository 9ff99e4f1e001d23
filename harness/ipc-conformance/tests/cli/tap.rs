//! `tap`: what it shows of an application, what it leaves alone, and what it says of bad input.

use std::fs;
use std::process::Stdio;

use predicates::prelude::*;
use predicates::str::contains;

use super::place::{PROGRAM, Place, until};

/// Forks a child, talks to it, and ends with 3.
const APP: &str = r#"
const child = require('child_process').fork(__dirname + '/child.js', ['word']);
child.on('message', (m) => { console.log(JSON.stringify([m, child.spawnargs.length])); child.disconnect(); });
child.on('exit', (code) => process.exit(code));
child.send({ hello: 'wörld' });
"#;

const CHILD: &str = r#"
process.on('message', (m) => process.send({ got: m, word: process.argv[2], pid: typeof process.pid }));
process.on('disconnect', () => process.exit(3));
"#;

fn app() -> Place {
    let place = Place::new();
    place.write("app.js", APP);
    place.write("child.js", CHILD);
    place
}

#[test]
fn an_application_is_watched_and_left_alone() {
    let place = app();
    let run = place.cli(["tap", "--record", "wire.jsonl", "--", "node", "app.js"]).assert().code(3);
    let output = run.get_output();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        stdout,
        "[{\"got\":{\"hello\":\"wörld\"},\"word\":\"word\",\"pid\":\"number\"},3]\n"
    );
    let seen = String::from_utf8_lossy(&output.stderr).into_owned();
    let order = [
        "· starts ",
        r#"parent → child  {"hello":"wörld"}"#,
        r#"child → parent  {"got":{"hello":"wörld"},"word":"word","pid":"number"}"#,
        "parent → child  · closes the channel",
        "· the child exits with 3",
    ];
    let places: Vec<_> = order.iter().map(|line| seen.find(line)).collect();
    assert!(places.is_sorted() && places.iter().all(Option::is_some), "{places:?} in {seen}");

    let shown = place.cli(["tap", "--show", "wire.jsonl"]).assert().code(0);
    assert_eq!(String::from_utf8_lossy(&shown.get_output().stdout), seen);

    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs/schema/wire-entry.schema.json");
    let schema = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    for line in place.read("wire.jsonl").lines() {
        jsonschema::validate(&schema, &serde_json::from_str(line).unwrap()).unwrap();
    }
    assert!(place.processes().is_empty());
}

#[test]
fn advanced_messages_are_decoded() {
    let place = app();
    let advanced = APP.replace("['word']", "['word'], { serialization: 'advanced' }");
    place.write("app.js", &advanced.replace("'wörld'", "new Map([[1, 2n]])"));
    place.write("child.js", &CHILD.replace("got: m", "got: m.hello.size"));
    place
        .cli(["tap", "--schedule", "one-byte", "--", "node", "app.js"])
        .assert()
        .code(3)
        .stderr(contains("parent → child  {hello: Map(1 => 2n)}"));
}

#[test]
fn a_program_that_is_forked_itself_is_watched() {
    let place = app();
    place.write(
        "outer.js",
        r#"
const [program] = process.argv.slice(2);
const child = require('child_process').fork(__dirname + '/child.js', ['word'],
  { execPath: program, execArgv: ['tap', '--', 'node'] });
child.on('message', (m) => { console.log(m.got); child.disconnect(); });
child.on('exit', (code) => process.exit(code));
child.send('from outside');
"#,
    );
    let mut node = std::process::Command::new("node");
    node.args(["outer.js", PROGRAM]).current_dir(place.path("")).env("TMPDIR", place.path("tmp"));
    let output = assert_cmd::Command::from_std(node).timeout(super::place::PATIENCE).assert();
    output
        .code(3)
        .stdout("from outside\n")
        .stderr(contains(r#"parent → child  "from outside""#).and(contains("exits with 3")));
}

/// Where the session and the group of all processes are those of a process outside, as in most
/// containers; a kernel that gives a test no such place has none for an application either.
#[test]
fn an_application_in_a_pid_namespace_is_watched() {
    let namespace = ["--user", "--map-root-user", "--pid", "--fork", "--mount-proc"];
    let within = |command: &[&str]| {
        let mut unshare = std::process::Command::new("unshare");
        unshare.args(namespace).args(command);
        unshare
    };
    if !within(&["true"]).status().is_ok_and(|status| status.success()) {
        eprintln!("not checked: this system makes no namespaces");
        return;
    }
    let place = app();
    let mut tap = within(&[PROGRAM, "tap", "--", "node", "app.js"]);
    tap.current_dir(place.path("")).env("TMPDIR", place.path("tmp"));
    let output = assert_cmd::Command::from_std(tap).timeout(super::place::PATIENCE).assert();
    output.code(3).stderr(contains(r#"parent → child  {"hello":"wörld"}"#));
}

#[test]
fn a_signal_reaches_the_application_and_its_end_is_the_tap_s() {
    use std::os::unix::process::ExitStatusExt;

    let place = app();
    place.write("child.js", "process.on('message', () => process.send('up'));");
    place.write("app.js", &APP.replace("child.disconnect();", ""));
    let mut tap = place
        .plain(["tap", "--record", "wire.jsonl", "--", "node", "app.js"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("the child is up", || {
        fs::read_to_string(place.path("wire.jsonl")).is_ok_and(|text| text.contains("up"))
    });
    let pid = rustix::process::Pid::from_child(&tap);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(tap.wait().unwrap().signal(), Some(15));
    until("all are gone", || place.processes().is_empty());
}

#[test]
fn bad_usage_gets_one_clear_error() {
    let place = app();
    let check = |arguments: &[&str], code, expect: &str| {
        let run = place.cli(arguments.iter().copied()).assert().code(code);
        run.stdout("").stderr(contains(expect));
    };
    check(&["tap"], 2, "<COMMAND>");
    check(&["tap", "--", "./no-such"], 3, "error: failed to start ./no-such: ");
    check(
        &["tap", "--record", "none/wire.jsonl", "--", "node", "app.js"],
        2,
        "error: failed to record to none/wire.jsonl: ",
    );
    check(&["tap", "--schedule", "delay:child", "--", "node"], 2, "delay:ROLE:N");
    check(&["tap", "--show", "none.jsonl"], 2, "error: failed to read the recording none.jsonl: ");
    place.write("other.jsonl", "{\"seq\":0}\n");
    check(
        &["tap", "--show", "other.jsonl"],
        2,
        "error: failed to read the recording other.jsonl:1: this is no recording of the channel",
    );
}

/// Only what is a whole recording is appended to.
#[test]
fn a_file_that_holds_something_else_stays_as_it_is() {
    let place = app();
    let tap = || place.cli(["tap", "--record", "wire.jsonl", "--", "node", "app.js"]).assert();
    place.write("wire.jsonl", "");
    tap().code(3);
    tap().code(3);
    let whole = place.read("wire.jsonl");
    assert_eq!(whole.matches("\"opened\"").count(), 2);
    place.cli(["tap", "--show", "wire.jsonl"]).assert().code(0);

    let last = whole.lines().count();
    let cut = format!("what is there is a recording that is cut off in the middle of line {last}");
    for (text, reason) in [
        (&whole[..whole.len() - 20], cut.as_str()),
        (whole.trim_end(), "its last line has no end"),
        ("precious();\n", "what is there is no recording of the channel (line 1: expected value)"),
    ] {
        place.write("wire.jsonl", text);
        tap().code(2).stdout("").stderr(format!(
            "error: failed to record to wire.jsonl: {reason}; name another file, or remove this one\n"
        ));
        assert_eq!(place.read("wire.jsonl"), text);
    }
}

#[test]
fn a_truncated_recording_gets_one_clear_error() {
    let place = app();
    place.cli(["tap", "--record", "wire.jsonl", "--", "node", "app.js"]).assert().code(3);
    let text = place.read("wire.jsonl");
    place.write("wire.jsonl", &text[..text.len() - 20]);
    let last = text.lines().count();
    place.cli(["tap", "--show", "wire.jsonl"]).assert().code(2).stdout("").stderr(format!(
        "error: failed to read the recording wire.jsonl:{last}: it is cut off in the middle of \
         this line; record it again, or remove the line to see what is before it\n"
    ));
    // Cut between two lines, it is a recording of a channel whose end is not there.
    let whole: String = text.lines().take(last - 1).map(|line| format!("{line}\n")).collect();
    place.write("wire.jsonl", &whole);
    let shown = place.cli(["tap", "--show", "wire.jsonl"]).assert().code(0);
    shown.stdout(contains("does not end in this recording"));
}
