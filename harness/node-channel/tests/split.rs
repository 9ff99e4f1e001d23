//! The two halves of a blocking channel on two threads.

mod common;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use common::{DEADLINE, Ended, node, send_around_unserializable, text, unanswered};
use js_value::Graph;
use node_channel::{
    Channel, Counted, Event, FlushError, Limits, Raw, RecvError, Role, SendError, SendOptions,
    Serialization, Undelivered,
};

const BOTH: [Serialization; 2] = [Serialization::Json, Serialization::Advanced];

fn big(byte: &str) -> Graph {
    Graph::from(byte.repeat(1_000_000).as_str())
}

/// Sends messages of different sizes and receives as many, on two threads, with a peer that does the
/// same: more than the kernel holds is on its way in both directions.
#[test]
fn halves_work_on_two_threads_with_pressure_both_ways() {
    const COUNT: usize = 3000;
    for serialization in BOTH {
        let (parent, child) = Channel::pair(serialization).unwrap();
        let threads: Vec<_> = [parent, child]
            .into_iter()
            .flat_map(|channel| {
                let (mut sender, mut receiver) = channel.split().unwrap();
                let sending = thread::spawn(move || {
                    for number in 0..COUNT {
                        let filler = "x".repeat(if number % 100 == 0 { 300_000 } else { 10 });
                        let receipt =
                            sender.send(&Graph::from(format!("{number} {filler}").as_str()));
                        if !receipt.unwrap().accepted && number % 3 == 0 {
                            sender.flush(Some(DEADLINE)).unwrap();
                        }
                    }
                    sender.flush(Some(DEADLINE)).unwrap();
                });
                let receiving = thread::spawn(move || {
                    for number in 0..COUNT {
                        let message = receiver.recv_timeout(DEADLINE).unwrap().unwrap();
                        assert!(text(&message).starts_with(&format!("\"{number} ")));
                    }
                });
                [sending, receiving]
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    }
}

#[test]
fn a_waiting_receiver_writes_what_the_sender_could_not() {
    let (parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    let (mut sender, mut receiver) = parent.split().unwrap();
    let receiving = thread::spawn(move || receiver.recv_timeout(DEADLINE).unwrap());
    // The receiver waits already, or will; the sender never touches the socket again.
    for _ in 0..3 {
        sender.send(&big("x")).unwrap();
    }
    for _ in 0..3 {
        assert!(child.recv_timeout(DEADLINE).unwrap().is_some());
    }
    child.send(&Graph::from("done")).unwrap();
    assert_eq!(receiving.join().unwrap().as_ref().map(text).as_deref(), Some("\"done\""));
    assert_eq!(sender.queued_bytes(), 0);
}

/// As `ready()` of tokio, which the blocking front end did not have.
#[test]
fn a_sender_is_ready_once_the_peer_has_read() {
    let (mut parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    assert!(!parent.send(&big("x")).unwrap().accepted);
    let full = parent.ready(Some(Duration::from_millis(10)));
    assert!(matches!(full, Err(FlushError::TimedOut { queued: 1.. })), "{full:?}");
    let (mut sender, mut receiver) = parent.split().unwrap();
    let full = sender.ready(Some(Duration::from_millis(10)));
    assert!(matches!(full, Err(FlushError::TimedOut { queued: 1.. })), "{full:?}");
    let reading = thread::spawn(move || {
        child.recv_timeout(DEADLINE).unwrap();
        child
    });
    sender.ready(Some(DEADLINE)).unwrap();
    assert!(sender.send(&Graph::from(1)).unwrap().accepted);
    // Ready is before all is written, and nobody else writes the rest.
    sender.flush(Some(DEADLINE)).unwrap();
    drop(reading.join().unwrap());
    assert!(receiver.recv_timeout(DEADLINE).unwrap().is_none());
    let gone = FlushError::Undelivered(Undelivered::PeerClosed);
    assert_eq!(sender.ready(None), Err(gone));

    let (mut parent, _child) = Channel::pair(Serialization::Json).unwrap();
    parent.disconnect().unwrap();
    let left = FlushError::Undelivered(Undelivered::Disconnected);
    assert_eq!(parent.ready(None), Err(left));
}

#[test]
fn handles_and_what_is_behind_them_go_through_halves() {
    for serialization in BOTH {
        let (parent, mut child) = Channel::pair(serialization).unwrap();
        let (mut sender, mut receiver) = parent.split().unwrap();
        let receiving = thread::spawn(move || {
            let message = receiver.recv_message().unwrap().unwrap();
            let stream = Counted::<UnixStream>::try_from(message.handle.unwrap()).unwrap();
            (text(&message.value), stream.into_inner(), receiver)
        });
        let (kept, given) = UnixStream::pair().unwrap();
        let options = SendOptions::default();
        for _ in 0..10 {
            sender.send_with(&Graph::from("to"), given.try_clone().unwrap(), &options).unwrap();
            sender.send(&Graph::from("between")).unwrap();
        }
        for _ in 0..10 {
            assert!(child.recv_message().unwrap().unwrap().handle.is_some());
            assert!(child.recv_message().unwrap().unwrap().handle.is_none());
        }
        child.send_with(&Graph::from("fro"), kept, &options).unwrap();
        child.flush(Some(DEADLINE)).unwrap();
        let (word, mut stream, _receiver) = receiving.join().unwrap();
        assert_eq!(word, "\"fro\"");
        stream.write_all(b"hi").unwrap();
        let mut hi = [0; 2];
        given.set_nonblocking(false).unwrap();
        (&given).read_exact(&mut hi).unwrap();
        assert_eq!(&hi, b"hi");
    }
}

#[test]
fn close_delivers_all_and_ends_the_receiver() {
    let (parent, child) = Channel::pair(Serialization::Json).unwrap();
    let (mut sender, mut receiver) = parent.split().unwrap();
    let receiving = thread::spawn(move || receiver.recv().unwrap());
    let peer = thread::spawn(move || {
        let mut child = child;
        child.messages().map(|message| text(&message.unwrap()).len()).collect::<Vec<_>>()
    });
    for _ in 0..4 {
        sender.send(&big("x")).unwrap();
    }
    let stream = UnixStream::pair().unwrap().0;
    sender.send_with(&Graph::from("h"), stream, &SendOptions::default()).unwrap();
    sender.send(&Graph::from("last")).unwrap();
    sender.close(Some(DEADLINE)).unwrap();
    assert!(!sender.connected());
    assert_eq!(sender.send(&Graph::from(1)), Err(SendError::Closed));
    assert_eq!(receiving.join().unwrap().as_ref().map(text), None);
    assert_eq!(peer.join().unwrap(), [1_000_002, 1_000_002, 1_000_002, 1_000_002, 3, 6]);
}

#[test]
fn disconnect_in_one_thread_wakes_the_other() {
    let (parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    let (mut sender, mut receiver) = parent.split().unwrap();
    let receiving = thread::spawn(move || {
        let last = receiver.wait(None).unwrap();
        assert!(matches!(last, Some(Event::Disconnected)), "{last:?}");
        assert!(receiver.wait(None).unwrap().is_none());
    });
    thread::sleep(Duration::from_millis(20));
    sender.disconnect().unwrap();
    receiving.join().unwrap();
    assert!(child.recv_timeout(DEADLINE).unwrap().is_none());
}

#[test]
fn a_peer_that_dies_is_told_to_both() {
    let (parent, child) = Channel::pair(Serialization::Json).unwrap();
    let (mut sender, mut receiver) = parent.split().unwrap();
    sender.send(&big("x")).unwrap();
    let flushing = thread::spawn(move || sender.flush(Some(DEADLINE)));
    let receiving = thread::spawn(move || receiver.recv().unwrap());
    thread::sleep(Duration::from_millis(20));
    drop(child);
    let lost = flushing.join().unwrap().unwrap_err();
    assert!(
        matches!(lost, FlushError::Undelivered(Undelivered::PeerClosed | Undelivered::Os { .. })),
        "{lost:?}"
    );
    assert!(receiving.join().unwrap().is_none());
}

#[test]
fn waiting_takes_every_kind_of_event_and_raw_bytes() {
    let (parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    let (mut sender, mut receiver) = parent.split().unwrap();
    assert_eq!(receiver.recv_timeout(Duration::from_millis(1)).unwrap_err(), RecvError::TimedOut);
    let waiting = thread::spawn(move || {
        let first = receiver.wait(Some(DEADLINE)).unwrap();
        assert!(matches!(first, Some(Event::Sent { result: Ok(()), .. })), "{first:?}");
        let Some(Raw::Message(bytes)) = receiver.wait_raw(Some(DEADLINE)).unwrap() else {
            panic!("no message")
        };
        bytes.to_vec()
    });
    thread::sleep(Duration::from_millis(20));
    sender.send(&Graph::from(1)).unwrap();
    assert!(child.recv_timeout(DEADLINE).unwrap().is_some());
    child.send_raw(b"[ 1 ]").unwrap();
    assert_eq!(waiting.join().unwrap(), b"[ 1 ]");
}

#[test]
fn a_batch_of_a_half_arrives_whole() {
    let (parent, child) = Channel::pair(Serialization::Json).unwrap();
    let (mut sender, mut receiver) = parent.split().unwrap();
    let peer = thread::spawn(move || {
        let mut child = child;
        child.messages().take(50_000).count()
    });
    let waiting = thread::spawn(move || receiver.recv());
    let mut batch = sender.batch();
    for number in 0..50_000 {
        batch.send(&Graph::from(number)).unwrap();
    }
    drop(batch);
    sender.flush(Some(DEADLINE)).unwrap();
    assert_eq!(peer.join().unwrap(), 50_000);
    assert!(waiting.join().unwrap().unwrap().is_none(), "the peer is gone");
}

#[test]
fn the_channel_closes_with_its_last_half() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let channel = Channel::new(ours, Role::Parent, Serialization::Json, Limits::default()).unwrap();
    let (mut sender, mut receiver) = channel.split().unwrap();
    sender.send(&Graph::from(1)).unwrap();
    drop(sender);
    theirs.write_all(b"2\n").unwrap();
    assert_eq!(receiver.recv_timeout(DEADLINE).unwrap().as_ref().map(text).as_deref(), Some("2"));
    drop(receiver);
    let mut found = String::new();
    theirs.read_to_string(&mut found).unwrap();
    assert_eq!(found, "1\n");
}

#[test]
fn a_node_child_echoes_what_two_threads_exchange_with_it() {
    let child = node("echo.js").spawn().unwrap();
    let process = Ended(child.process());
    let (mut sender, mut receiver) = child.channel.split().unwrap();
    let receiving = thread::spawn(move || {
        for number in 0..20_000 {
            let message = receiver.recv_timeout(DEADLINE).unwrap().unwrap();
            assert_eq!(text(&message), number.to_string());
        }
        receiver
    });
    for number in 0..20_000 {
        if !sender.send(&Graph::from(number)).unwrap().accepted {
            sender.flush(Some(DEADLINE)).unwrap();
        }
    }
    let mut receiver = receiving.join().unwrap();
    sender.close(Some(DEADLINE)).unwrap();
    assert!(receiver.recv().unwrap().is_none());
    assert!(process.status().success());
}

#[test]
fn close_waits_for_the_last_handle_although_a_message_was_lost_alone() {
    let (parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    let (mut sender, mut receiver) = parent.split().unwrap();
    send_around_unserializable!(sender);
    let peer = thread::spawn(move || child.messages().map(Result::unwrap).count());
    let lost = FlushError::Undelivered(Undelivered::Unserializable);
    assert_eq!(sender.close(Some(DEADLINE)), Err(lost));
    assert_eq!(peer.join().unwrap(), 2);
    assert_eq!(unanswered(|| receiver.next_event()), 0);
}
