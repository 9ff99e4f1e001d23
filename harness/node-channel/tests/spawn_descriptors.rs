//! The channel at every descriptor number, with whatever this process has there. One test, since it
//! plays with the numbers of the whole process.

mod common;

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicBool, Ordering};

use common::{Guard, children, echo_child, recv};
use js_value::Graph;
use node_channel::{Blame, Fork, SpawnError, Stdio};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[test]
fn every_number_works_and_a_missing_program_is_seen() {
    // Holes at different places put std's own pipe on different numbers.
    for held in 0..8 {
        let mut files: Vec<File> = (0..held).map(|_| File::open("/dev/null").unwrap()).collect();
        for number in 3..=12 {
            check_missing(number);
        }
        if files.len() > 3 {
            files.remove(1);
            for number in 3..=12 {
                check_missing(number);
            }
        }
    }
    let before = open_descriptors();
    for number in 0..=12 {
        check_echo(number);
    }
    check_echo(200);
    assert_eq!(open_descriptors(), before, "descriptors leaked");
    check_failures();
    check_few_descriptors();
    check_neighbours();
    check_refusals();
    check_missing_while_numbers_change_hands();
}

fn check_missing(number: u32) {
    let error = Fork::program("/nonexistent/program").channel_at(number).spawn().unwrap_err();
    assert_eq!(error.code(), Some("ENOENT"), "at {number}");
    assert_eq!(error.blame(), Blame::Os);
    assert_eq!(error.to_string(), "spawn /nonexistent/program ENOENT");
    assert!(
        matches!(&error, SpawnError::Program { program, .. } if program == "/nonexistent/program")
    );
}

/// Whatever goes wrong has Node's code, and leaves neither a descriptor nor a process behind.
fn check_failures() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for number in [0, 1, 2, 3, 4, 9] {
        let before = open_descriptors();
        let program = |program: &str| Fork::program(program);
        for (mut fork, expected) in [
            (program("/nonexistent/program"), "spawn /nonexistent/program ENOENT"),
            (program("no-such-program-on-the-path"), "spawn no-such-program-on-the-path ENOENT"),
            (program(file), &*format!("spawn {file} EACCES")),
            (program("/"), "spawn / EACCES"),
            (program("/dev/null/program"), "spawn /dev/null/program ENOTDIR"),
        ] {
            check_failure(fork.channel_at(number), expected);
        }
        check_failure(program("true").current_dir("/nonexistent"), "spawn true ENOENT");
        check_failure(program("true").current_dir(file), "spawn true ENOTDIR");
        check_failure(program("true").detached(true).current_dir("/no"), "spawn true ENOENT");
        assert_eq!(open_descriptors(), before, "at {number}");
    }
}

fn check_failure(fork: &mut Fork, expected: &str) {
    let error = fork.spawn().unwrap_err();
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.code(), expected.split(' ').next_back());
    assert_eq!(children(), [] as [u32; 0], "{expected}");
}

/// With room for so many descriptors only, a start works or says so.
fn check_few_descriptors() {
    let usual = getrlimit(Resource::Nofile);
    let before = open_descriptors();
    let free = File::open("/dev/null").unwrap().as_raw_fd() as u64;
    let mut started = 0;
    for room in 0..16 {
        setrlimit(Resource::Nofile, Rlimit { current: Some(free + room), ..usual }).unwrap();
        let mut fork = Fork::program("true");
        let spawned = fork.stdio(0, Stdio::Pipe).stdio(1, Stdio::Pipe).channel_at(3).spawn();
        setrlimit(Resource::Nofile, usual).unwrap();
        match spawned {
            Ok(mut child) => {
                started += 1;
                assert!(child.wait().unwrap().success());
            }
            Err(error) => {
                assert_eq!((error.code(), error.blame()), (Some("EMFILE"), Blame::Os), "{error}");
            }
        }
        assert_eq!(open_descriptors(), before, "room for {room}");
        assert_eq!(children(), [] as [u32; 0], "room for {room}");
    }
    assert!((1..16).contains(&started), "{started}");
}

/// Other threads open and close pipes at the numbers in question all the while.
fn check_missing_while_numbers_change_hands() {
    struct Stop<'a>(&'a AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _stop_even_if_it_fails = Stop(&done);
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    drop(std::io::pipe());
                }
            });
        }
        for _ in 0..10 {
            for number in 3..=12 {
                check_missing(number);
            }
        }
    });
}

fn check_echo(number: u32) {
    let mut fork = Fork::program(echo_child());
    fork.channel_at(number);
    let mut child = Guard::spawn(&mut fork);
    let message = Graph::from(f64::from(number));
    child.channel.send(&message).unwrap();
    assert_eq!(recv(&mut child.channel), Some(number.to_string()), "at {number}");
    child.channel.disconnect().unwrap();
    assert!(child.end().success());
}

/// Descriptors side by side, in an order that invites one to overwrite the next.
fn check_neighbours() {
    let mut fork = Fork::program("/bin/sh");
    fork.exec_arg("-c").arg("for n in 4 5 6 7 8; do printf $n >&$n; done");
    let files: Vec<_> = (4..=8).map(|_| std::os::unix::net::UnixStream::pair().unwrap()).collect();
    let (ours, theirs): (Vec<_>, Vec<_>) = files.into_iter().unzip();
    for (number, end) in (4..=8).rev().zip(theirs) {
        fork.stdio(number, Stdio::Fd(end.as_fd().try_clone_to_owned().unwrap()));
    }
    let mut child = Guard::spawn(&mut fork);
    assert!(child.end().success());
    for (number, mut end) in (4..=8).rev().zip(ours) {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut end, &mut text).unwrap();
        assert_eq!(text, number.to_string());
    }
}

fn check_refusals() {
    let taken = Fork::program("true").channel_at(1).stdio(1, Stdio::Null).spawn().unwrap_err();
    assert!(matches!(taken, SpawnError::IndexTaken { index: 1 }));
    let before = open_descriptors();
    let usual = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(1000), ..usual }).unwrap();
    for number in [999, 1000, 100_000, i32::MAX as u32, u32::MAX] {
        check_too_large(Fork::program("/nonexistent/program").channel_at(number), number);
        let mut fork = Fork::program("/nonexistent/program");
        check_too_large(fork.stdio(number, Stdio::Null), number);
    }
    check_echo(998);
    setrlimit(Resource::Nofile, usual).unwrap();
    assert_eq!(open_descriptors(), before, "descriptors leaked");
}

fn check_too_large(fork: &mut Fork, number: u32) {
    let error = fork.spawn().unwrap_err();
    assert!(matches!(error, SpawnError::IndexTooLarge { index } if index == number), "{error:?}");
    assert_eq!((error.blame(), error.code()), (Blame::Caller, Some("ERR_INVALID_ARG_VALUE")));
    assert!(error.to_string().starts_with(&format!("descriptor {number} is beyond")), "{error}");
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
