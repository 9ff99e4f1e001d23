//! Signals that interrupt system calls, as their handlers do unless they say `SA_RESTART`, are
//! nobody's business but their handlers'.

mod common;

use std::io;
use std::os::unix::net::UnixStream;
use std::os::unix::thread::JoinHandleExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{DEADLINE, Ended, text};
use js_value::Graph;
use nix::libc::pthread_kill;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use node_channel::{
    Channel, ExitStatus, FlushError, Fork, Limits, Process, RecvError, Role, Serialization,
    Signal as Kill,
};

static HANDLED: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count(_signal: i32) {
    HANDLED.fetch_add(1, Ordering::Relaxed);
}

/// Runs something on a thread of its own that is interrupted all the while, hundreds of times
/// before `meanwhile` is called.
fn interrupted<R: Send + 'static>(
    run: impl FnOnce() -> R + Send + 'static,
    meanwhile: impl FnOnce(),
) -> R {
    let handler = SigHandler::Handler(count);
    let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler adds to an atomic number, and no more.
    unsafe { sigaction(Signal::SIGUSR1, &action) }.unwrap();
    let running = thread::spawn(run);
    let before = HANDLED.load(Ordering::Relaxed);
    let interrupt = || {
        // SAFETY: the thread was not joined yet, so this is its name.
        unsafe { pthread_kill(running.as_pthread_t(), Signal::SIGUSR1 as i32) };
        thread::sleep(Duration::from_micros(500));
    };
    let begun = Instant::now();
    while HANDLED.load(Ordering::Relaxed) < before + 200 && !running.is_finished() {
        assert!(begun.elapsed() < DEADLINE, "the signals do not arrive");
        interrupt();
    }
    meanwhile();
    while !running.is_finished() {
        assert!(begun.elapsed() < DEADLINE, "the thread does not end");
        interrupt();
    }
    running.join().unwrap()
}

/// A channel whose kernel has no room, and the other end of it.
fn full() -> (Channel, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let limits = Limits::default();
    let mut channel = Channel::new(ours, Role::Parent, Serialization::Json, limits).unwrap();
    channel.send(&Graph::from("x".repeat(4_000_000).as_str())).unwrap();
    (channel, theirs)
}

#[test]
fn waiting_for_a_message_goes_on() {
    let (mut parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    let receive = move || child.recv_timeout(DEADLINE);
    let message = interrupted(receive, || drop(parent.send(&Graph::from("come"))));
    assert_eq!(message.unwrap().as_ref().map(text).as_deref(), Some("\"come\""));

    let (mut parent, child) = Channel::pair(Serialization::Json).unwrap();
    let (_sender, mut receiver) = child.split().unwrap();
    let receive = move || receiver.recv_timeout(DEADLINE);
    let message = interrupted(receive, || drop(parent.send(&Graph::from("come"))));
    assert_eq!(message.unwrap().as_ref().map(text).as_deref(), Some("\"come\""));
}

#[test]
fn waiting_ends_in_time_all_the_same() {
    let time = Duration::from_millis(300);
    let (_parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    let (waited, result) = interrupted(
        move || {
            let begun = Instant::now();
            let result = child.recv_timeout(time);
            (begun.elapsed(), result)
        },
        || {},
    );
    assert!(matches!(result, Err(RecvError::TimedOut)), "{result:?}");
    assert!(waited >= time, "{waited:?}");

    let (mut channel, _peer) = full();
    let flushed = interrupted(move || channel.flush(Some(time)), || {});
    assert!(matches!(flushed, Err(FlushError::TimedOut { .. })), "{flushed:?}");
}

#[test]
fn writing_goes_on() {
    let (mut channel, mut peer) = full();
    let flushed = interrupted(
        move || channel.flush(Some(DEADLINE)),
        || {
            thread::spawn(move || io::copy(&mut peer, &mut io::sink()));
        },
    );
    flushed.unwrap();
}

#[test]
fn waiting_for_the_end_of_a_process_goes_on() {
    check_end(|process| process.wait().map(Some));
    check_end(|process| process.wait_timeout(DEADLINE));
}

fn check_end(wait: impl FnOnce(&Process) -> io::Result<Option<ExitStatus>> + Send + 'static) {
    let ended = Ended(Fork::program("sleep").arg("1000").spawn().unwrap().process());
    let process = ended.0.clone();
    let status = interrupted(move || wait(&process), || drop(ended.0.kill(Kill::KILL)));
    assert_eq!(status.unwrap().and_then(|status| status.signal), Some(Kill::KILL));
}
