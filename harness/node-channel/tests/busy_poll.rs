//! Busy polling changes how long a wait takes to end, and nothing else.

mod common;

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use common::DEADLINE;
use js_value::Graph;
use node_channel::{Channel, Event, FlushError, Limits, RecvError, Role, Serialization};

const SHORT: Duration = Duration::from_millis(20);

/// Never, for less than a wait takes, for longer than it takes, and for longer than a clock counts.
const TIMES: [Duration; 4] = [Duration::ZERO, Duration::from_micros(50), DEADLINE, Duration::MAX];

fn pair(busy_poll: Duration) -> (Channel, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let limits = Limits::default();
    let mut channel = Channel::new(ours, Role::Parent, Serialization::Json, limits).unwrap();
    channel.set_busy_poll(busy_poll);
    (channel, theirs)
}

/// Does something after a while, on another thread.
fn later(act: impl FnOnce() + Send + 'static) {
    thread::spawn(move || {
        thread::sleep(SHORT);
        act();
    });
}

#[test]
fn a_wait_gives_up_when_its_time_is_over() {
    for busy_poll in TIMES {
        let (mut channel, _peer) = pair(busy_poll);
        let begun = Instant::now();
        assert_eq!(channel.recv_timeout(SHORT).unwrap_err(), RecvError::TimedOut);
        assert!(begun.elapsed() >= SHORT);
        assert_eq!(channel.wait(Some(Duration::ZERO)).unwrap_err(), RecvError::TimedOut);
        let queued = 4 << 20;
        channel.send(&Graph::from("x".repeat(queued))).unwrap();
        let error = channel.flush(Some(SHORT)).unwrap_err();
        assert!(matches!(error, FlushError::TimedOut { queued } if queued > 0), "{error:?}");
        let (_sender, mut receiver) = channel.split().unwrap();
        assert_eq!(receiver.recv_timeout(SHORT).unwrap_err(), RecvError::TimedOut);
        assert!(begun.elapsed() < DEADLINE);
    }
}

/// A peer that writes the same for ever and reads nothing.
fn talker(busy_poll: Duration, text: &str) -> Channel {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let limits = Limits::default().message_bytes(1000);
    let mut channel = Channel::new(ours, Role::Parent, Serialization::Json, limits).unwrap();
    channel.set_busy_poll(busy_poll);
    // Two threads are surely faster than one that reads, and mix what they write.
    for _ in 0..if text.ends_with('\n') { 1 } else { 2 } {
        let (mut theirs, text) = (theirs.try_clone().unwrap(), text.repeat(65_536 / text.len()));
        thread::spawn(move || while theirs.write_all(text.as_bytes()).is_ok() {});
    }
    channel
}

#[test]
fn a_wait_gives_up_although_the_peer_talks_on() {
    for busy_poll in TIMES {
        let begun = Instant::now();
        let mut channel = talker(busy_poll, "{\"cmd\":\"NODE_X\"}\n");
        assert_eq!(channel.recv_timeout(SHORT).unwrap_err(), RecvError::TimedOut);
        channel.send(&Graph::from("x".repeat(4 << 20))).unwrap();
        assert!(matches!(
            channel.flush(Some(SHORT)),
            Err(FlushError::TimedOut { .. } | FlushError::Untaken { .. })
        ));
        let (_sender, mut receiver) = channel.split().unwrap();
        assert_eq!(receiver.recv_timeout(SHORT).unwrap_err(), RecvError::TimedOut);

        // A line that never ends: reported once, if at all.
        let mut channel = talker(busy_poll, "x");
        assert!(matches!(channel.recv_timeout(DEADLINE), Err(RecvError::Invalid(_))));
        assert_eq!(channel.recv_timeout(SHORT).unwrap_err(), RecvError::TimedOut);
        assert_eq!(channel.wait(Some(SHORT)).unwrap_err(), RecvError::TimedOut);
        assert_eq!(channel.wait_raw(Some(SHORT)).unwrap_err(), RecvError::TimedOut);
        #[cfg(feature = "serde")]
        assert_eq!(channel.wait_as::<u8>(Some(SHORT)).unwrap_err(), RecvError::TimedOut);
        channel.send(&Graph::from("x".repeat(4 << 20))).unwrap();
        assert!(matches!(channel.flush(Some(SHORT)), Err(FlushError::TimedOut { .. })));
        let (mut sender, mut receiver) = channel.split().unwrap();
        assert_eq!(receiver.wait(Some(SHORT)).unwrap_err(), RecvError::TimedOut);
        assert_eq!(receiver.wait_raw(Some(SHORT)).unwrap_err(), RecvError::TimedOut);
        assert!(matches!(sender.flush(Some(SHORT)), Err(FlushError::TimedOut { .. })));
        assert!(matches!(sender.close(Some(SHORT)), Err(FlushError::TimedOut { .. })));

        let mut channel = talker(busy_poll, "x");
        channel.send(&Graph::from("x".repeat(4 << 20))).unwrap();
        assert!(matches!(channel.close(Some(SHORT)), Err(FlushError::TimedOut { .. })));
        assert!(begun.elapsed() < DEADLINE);
    }
}

#[test]
fn what_is_here_is_found_without_any_time() {
    for busy_poll in TIMES {
        let (mut channel, mut peer) = pair(busy_poll);
        peer.write_all(b"1\n").unwrap();
        assert!(channel.recv_timeout(Duration::ZERO).unwrap().is_some());
        let (_sender, mut receiver) = channel.split().unwrap();
        peer.write_all(b"2\n").unwrap();
        assert!(receiver.recv_timeout(Duration::ZERO).unwrap().is_some());
    }
}

#[test]
fn what_comes_later_ends_every_kind_of_wait() {
    for busy_poll in TIMES {
        let (mut channel, peer) = pair(busy_poll);
        let write = |text: &'static [u8]| {
            let mut peer = peer.try_clone().unwrap();
            later(move || peer.write_all(text).unwrap());
        };
        write(b"1\n");
        let event = channel.wait(None).unwrap();
        assert!(matches!(event, Some(Event::Message(_))), "{event:?}");
        write(b"2\n");
        assert_eq!(channel.recv().unwrap().unwrap().view().as_f64(), Some(2.0));
        #[cfg(feature = "serde")]
        {
            write(b"3\n");
            assert_eq!(channel.recv_as::<u8>().unwrap(), Some(3));
        }
        let (mut sender, mut receiver) = channel.split().unwrap();
        write(b"4\n");
        assert_eq!(receiver.recv().unwrap().unwrap().view().as_f64(), Some(4.0));
        // The other half wakes it, although nothing came.
        later(move || sender.disconnect().unwrap());
        assert!(receiver.recv().unwrap().is_none());
    }
}

#[test]
fn a_peer_that_closes_ends_the_wait() {
    for busy_poll in TIMES {
        let (mut channel, peer) = pair(busy_poll);
        later(move || drop(peer));
        assert!(channel.recv().unwrap().is_none());
        assert!(!channel.connected());
    }
}

#[test]
fn what_waits_to_be_written_goes_out_meanwhile() {
    for busy_poll in TIMES {
        let (mut one, mut other) = Channel::pair(Serialization::Json).unwrap();
        one.set_busy_poll(busy_poll);
        other.set_busy_poll(busy_poll);
        let text = "x".repeat(1 << 20);
        one.send(&Graph::from(text.as_str())).unwrap();
        let echo = thread::spawn(move || {
            let message = other.recv_timeout(DEADLINE).unwrap().unwrap();
            other.send(&message).unwrap();
            other.close(Some(DEADLINE)).unwrap();
        });
        assert_eq!(one.recv().unwrap().unwrap().view().as_str(), Some(text.as_str()));
        echo.join().unwrap();
    }
}
