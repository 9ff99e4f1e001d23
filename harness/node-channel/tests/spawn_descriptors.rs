//! The channel at every descriptor number, with whatever this process has there. One test, since it
//! plays with the numbers of the whole process.

mod common;

use std::fs::File;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{Guard, echo_child, recv};
use js_value::Graph;
use node_channel::{Blame, Fork, SpawnError, Stdio};

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
    let large = Fork::program("true").channel_at(u32::MAX).spawn().unwrap_err();
    assert!(matches!(large, SpawnError::IndexTooLarge { .. }));
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
