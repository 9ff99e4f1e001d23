//! Every example runs, says what it should, and ends by itself.

mod common;

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::time::Instant;

use common::{DEADLINE, example, fixture, require_node};

/// What a program prints. It has to succeed in time.
fn run(program: impl AsRef<OsStr>, args: &[&OsStr]) -> String {
    require_node();
    let program = program.as_ref();
    let mut running = Command::new(program).args(args).stdout(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + DEADLINE;
    while running.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            running.kill().unwrap();
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let output = running.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}: {}\n{text}", program.display(), output.status);
    text
}

fn count(text: &str, part: &str) -> usize {
    text.lines().filter(|line| line.contains(part)).count()
}

#[test]
fn parent() {
    let text = run(example("parent"), &[]);
    assert_eq!((count(&text, "step"), count(&text, "sum: 10")), (5, 1), "{text}");
    assert!(text.ends_with("worker ended: exit code 0\n"), "{text}");
}

#[test]
fn pool() {
    let text = run(example("pool"), &[]);
    assert!(text.starts_with("  one: 7692c3ad3540bb80\n"), "{text}");
    assert!(text.ends_with("9 of 9 texts hashed by 3 workers\n"), "{text}");
}

#[test]
fn relay() {
    let text = run(example("relay"), &[]);
    assert_eq!(count(&text, "ping -> pong: \"ping"), 3, "{text}");
    assert_eq!(count(&text, "pong -> ping: \"pong"), 3, "{text}");
    assert_eq!(count(&text, "3 messages"), 2, "{text}");
    assert!(text.ends_with("ping ended: exit code 0; pong ended: exit code 0\n"), "{text}");
}

#[test]
fn shared_listener() {
    let text = run(example("shared_listener"), &[]);
    assert_eq!(count(&text, "served by worker"), 6, "{text}");
    assert_eq!(count(&text, "sent the same socket back"), 3, "{text}");
    assert_eq!(count(&text, "ended: exit code 0"), 3, "{text}");
}

#[test]
fn word_counter() {
    let script = fixture("count-words.js");
    let program = example("word_counter");
    let args = [script.as_os_str(), program.as_os_str(), "a b".as_ref(), "één 🙂 twee".as_ref()];
    let text = run("node", &args);
    assert_eq!(text, "\"a b\" has 2\n\"één 🙂 twee\" has 3\nthe counter ended with 0\n");
}

#[cfg(feature = "tokio")]
#[test]
fn surviving_service() {
    let text = run(example("surviving_service"), &[]);
    assert_eq!(count(&text, "signal SIGKILL"), 3, "{text}");
    assert!(text.contains("20 orders confirmed, 0 of them lost\n"), "{text}");
    assert!(text.ends_with("23 lines written by 4 workers\n"), "{text}");
}
