//! A peer that writes for ever and reads nothing. One test, since it measures the whole process.

mod common;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use common::DEADLINE;
use js_value::Graph;
use node_channel::{
    Blame, Channel, Event, FlushError, Limits, Receiver, Role, SendOptions, Serialization,
};

const RECEIVED: usize = 1 << 20;
const SHORT: Duration = Duration::from_millis(50);

/// What a peer can send without end: messages, what is none, and what the protocol takes.
const LINES: [&str; 4] =
    ["1\n", "bad\n", "{\"cmd\":\"NODE_X\",\"text\":\"abcdefghij\"}\n", "[\"NODE_\"]\n"];

/// How a receiving half takes what is here.
type Way = fn(&mut Receiver);

const WAYS: [Way; 3] = [
    |receiver| while !matches!(receiver.wait(Some(DEADLINE)), Ok(None)) {},
    |receiver| while receiver.next_event().is_some() {},
    |receiver| while receiver.next_raw().is_some() {},
];

fn limits() -> Limits {
    Limits::default().message_bytes(1000).queued_bytes(1 << 20).received_bytes(RECEIVED)
}

/// A peer that writes until it is told to listen, and then reads to the end.
struct Flood {
    listens: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

fn flood(line: &str) -> (Channel, Flood) {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let lines = line.repeat(65_536 / line.len());
    let listens = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&listens);
    let thread = thread::spawn(move || {
        while !told.load(Ordering::Relaxed) && theirs.write_all(lines.as_bytes()).is_ok() {}
        let mut chunk = vec![0; 1 << 16];
        while matches!(theirs.read(&mut chunk), Ok(1..)) {}
    });
    let mut channel = Channel::new(ours, Role::Parent, Serialization::Json, limits()).unwrap();
    channel.send(&Graph::from("x".repeat(1_000_000))).unwrap();
    assert!(channel.queued_bytes() > 0);
    (channel, Flood { listens, thread })
}

#[test]
fn a_flood_grows_no_call_that_waits_for_writing() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = status("VmRSS:");
    for (line, way) in LINES.into_iter().zip(WAYS.into_iter().cycle()) {
        blocking(line);
        halves(line, way);
        #[cfg(feature = "tokio")]
        asynchronous(line);
    }
    let grown = status("VmHWM:").saturating_sub(before);
    assert!(grown < 64 << 20, "{} MiB", grown >> 20);
}

fn blocking(line: &str) {
    let (mut channel, flood) = flood(line);
    stuck(channel.flush(None));
    stuck(channel.ready(None));
    assert!(!channel.wants_read());
    for wait in [Channel::flush, Channel::ready] {
        let begun = Instant::now();
        stuck(wait(&mut channel, Some(SHORT)));
        assert!(begun.elapsed() >= SHORT, "the peer may read after all");
    }
    // What waits is there to be taken, and then there is room again.
    assert!(take(&mut channel) >= RECEIVED / 1000);
    assert!(channel.wants_read());
    stuck(channel.flush(None));
    // A handle waits for an answer that comes behind all that.
    let stream = UnixStream::pair().unwrap().0;
    channel.send_with(&Graph::from("h"), stream, &SendOptions::default()).unwrap();
    stuck(channel.close(None));
    assert!(!channel.connected());
    flood.thread.join().unwrap();
}

fn halves(line: &str, way: Way) {
    let (channel, flood) = flood(line);
    let (mut sender, mut receiver) = channel.split().unwrap();
    stuck(sender.flush(None));
    stuck(sender.ready(Some(SHORT)));
    flood.listens.store(true, Ordering::Relaxed);
    // It goes on by itself when the other thread takes what waits.
    let receiving = thread::spawn(move || {
        thread::sleep(SHORT);
        while receiver.connected() {
            way(&mut receiver);
            thread::yield_now();
        }
    });
    sender.flush(Some(DEADLINE)).unwrap();
    sender.close(Some(DEADLINE)).unwrap();
    receiving.join().unwrap();
    flood.thread.join().unwrap();
}

#[cfg(feature = "tokio")]
fn asynchronous(line: &str) {
    use tokio::time::timeout;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (channel, flood) = flood(line);
        let mut channel = node_channel::tokio::Channel::try_from(channel).unwrap();
        assert!(channel.queued_bytes() > node_channel::BACKLOG_THRESHOLD);
        stuck(timeout(DEADLINE, channel.ready()).await.unwrap());
        stuck(timeout(DEADLINE, channel.flush()).await.unwrap());
        while channel.next_event().is_some() {}
        stuck(timeout(DEADLINE, channel.flush()).await.unwrap());
        stuck(timeout(DEADLINE, channel.close()).await.unwrap());
        drop(channel);
        flood.thread.join().unwrap();
    });
}

fn stuck(flushed: Result<(), FlushError>) {
    let error = flushed.unwrap_err();
    assert!(
        matches!(error, FlushError::Untaken { queued, limit: RECEIVED } if queued > 0),
        "{error:?}"
    );
    assert_eq!(error.blame(), Blame::Limit);
    assert!(error.to_string().contains("taken"), "{error}");
}

/// Takes all that is here; answers how much the peer sent.
fn take(channel: &mut Channel) -> usize {
    std::iter::from_fn(|| channel.next_event())
        .filter(|event| !matches!(event, Event::Sent { .. }))
        .count()
}

fn status(field: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}
