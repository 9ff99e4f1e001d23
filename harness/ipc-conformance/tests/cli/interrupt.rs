//! Ctrl-C and worse, while something is under way.

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::place::{PROGRAM, Place, until};

/// A run whose second case never ends, and says so in the file `stuck`.
fn stuck(place: &Place, more: &[&str]) -> Child {
    stuck_as(place, PROGRAM.into(), more)
}

/// The same, of this program.
fn stuck_as(place: &Place, program: PathBuf, more: &[&str]) -> Child {
    place.driver(
        "stuck",
        r#"[ "$ROLE" = parent ] && grep -q life-hello "$IPC_CONFORMANCE_PLAN" && echo >"$HERE/in" && exec sleep 1000"#,
    );
    let arguments = ["--runtime", "stuck=./stuck", "--pairs", "stuck:stuck", "--jobs", "1"];
    let child = start(place, program, place.quick(&[&arguments[..], more].concat()));
    until("the second case is played", || place.path("in").exists());
    child
}

fn start(place: &Place, program: PathBuf, arguments: Vec<&str>) -> Child {
    place.plain_as(program, arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Long before any limit of a play.
fn ends_soon(mut child: Child) -> Option<i32> {
    let started = Instant::now();
    let status = child.wait().unwrap();
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    status.code()
}

#[test]
fn an_interrupted_run_keeps_what_it_has() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let place = Place::new();
        let child = stuck(&place, &[]);
        send(&child, signal);
        // As `timeout` does it.
        if signal == Signal::TERM {
            send(&child, signal);
        }
        assert_eq!(ends_soon(child), Some(4));
        assert_eq!(place.processes(), [0; 0]);
        assert_eq!(
            place.verdicts("out"),
            [
                "life-goodbye node:node pass",
                "life-goodbye stuck:stuck pass",
                "life-hello node:node not-run",
                "life-hello stuck:stuck not-run",
            ]
        );
        let results = place.results("out");
        assert_eq!(results["interrupted"], Value::Bool(true));
        assert_eq!(results["cases"][3]["reason"], "the run was interrupted");
        assert!(place.read("out/summary.md").contains("interrupted"));
    }
}

/// What `nohup` has started does not end with its terminal.
#[test]
fn a_run_that_ignores_the_end_of_its_terminal() {
    let place = Place::new();
    place.program("nohup", &format!("trap '' HUP; exec '{PROGRAM}' \"$@\""));
    let child = stuck_as(&place, place.path("nohup"), &[]);
    send(&child, Signal::HUP);
    // A second one of the keyboard would end it at once.
    send(&child, Signal::INT);
    assert_eq!(ends_soon(child), Some(4));
    assert_eq!(place.verdicts("out").len(), 4);
}

#[test]
fn an_interrupted_run_changes_no_expectations() {
    let place = Place::new();
    place.write("known.toml", "# mine\n");
    let child = stuck(&place, &["--expectations", "known.toml", "--update-expectations"]);
    send(&child, Signal::INT);
    assert_eq!(ends_soon(child), Some(4));
    assert_eq!(place.read("known.toml"), "# mine\n");
}

#[test]
fn an_interrupt_before_the_first_play() {
    let place = Place::new();
    place.driver("slow", r#"echo >"$HERE/in"; exec sleep 1000"#);
    let arguments = ["--specs", "specs", "--reference", "./quick", "--runtime", "x=./slow"];
    for command in [&["run"][..], &["doctor"], &["replay", "life-hello@x:x@1"]] {
        let options = if command[0] == "doctor" { &arguments[2..] } else { &arguments };
        let child = start(&place, PROGRAM.into(), [command, options].concat());
        until("the runtime is asked", || place.path("in").exists());
        send(&child, Signal::INT);
        assert_eq!(ends_soon(child), Some(4), "{command:?}");
        assert_eq!(place.processes(), [0; 0]);
        std::fs::remove_file(place.path("in")).unwrap();
    }
}

/// Nothing can be saved then, but nothing stays behind either.
#[test]
fn a_killed_run_leaves_no_process() {
    let place = Place::new();
    let mut child = stuck(&place, &[]);
    assert!(place.processes().len() > 2, "the test sees processes");
    send(&child, Signal::KILL);
    child.wait().unwrap();
    until("its processes are gone", || place.processes().is_empty());
    assert!(!place.path("out/results.json").exists());
    // Its folders, however, nobody could remove.
    std::fs::remove_dir_all(place.path("tmp")).unwrap();
    std::fs::create_dir(place.path("tmp")).unwrap();
}
