//! What large messages cost. One test, since it measures the whole process.

mod common;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use common::DEADLINE;
use js_value::{Graph, Kind, Object, ViewClass};
use node_channel::{Channel, InvalidMessage, Limits, RecvError, Role, SendOptions, Serialization};

const SIZE: usize = 64 << 20;

#[test]
fn a_large_message_takes_three_times_its_size_at_most() {
    for serialization in [Serialization::Json, Serialization::Advanced] {
        for with_handle in [false, true] {
            let before = start_measuring();
            send(serialization, with_handle);
            check(before, 3 * SIZE, "sent", serialization);
        }
        let before = start_measuring();
        receive(serialization, Limits::default());
        check(before, 3 * SIZE, "received", serialization);
        let before = start_measuring();
        receive(serialization, Limits::default().message_bytes(1000));
        check(before, SIZE / 8, "skipped", serialization);
    }
}

/// To a peer that reads when all is queued.
fn send(serialization: Serialization, with_handle: bool) {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let mut channel = Channel::new(ours, Role::Parent, serialization, Limits::default()).unwrap();
    {
        let message = message(serialization);
        if with_handle {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            channel.send_with(&Graph::from("h"), listener, &SendOptions::default()).unwrap();
        }
        channel.send(&message).unwrap();
    }
    let reader = std::thread::spawn(move || {
        if with_handle {
            let ack: &[u8] = match serialization {
                Serialization::Json => b"{\"cmd\":\"NODE_HANDLE_ACK\"}\n",
                Serialization::Advanced => {
                    b"\0\0\0\x1b\xff\x0fo\"\x03cmd\"\x0fNODE_HANDLE_ACK{\x01"
                }
            };
            theirs.read_exact(&mut [0; 10]).unwrap();
            theirs.write_all(ack).unwrap();
        }
        let mut left = SIZE;
        let mut chunk = vec![0; 1 << 16];
        while left > 0 {
            left = left.saturating_sub(theirs.read(&mut chunk).unwrap());
        }
        theirs
    });
    channel.flush(Some(DEADLINE)).unwrap();
    drop(reader.join().unwrap());
}

fn receive(serialization: Serialization, limits: Limits) {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let mut channel = Channel::new(ours, Role::Parent, serialization, limits).unwrap();
    let writer = std::thread::spawn(move || {
        let (start, end): (&[u8], &[u8]) = match serialization {
            Serialization::Json => (b"\"", b"\"\n1\n"),
            Serialization::Advanced => {
                (b"\x04\0\0\x07\xff\x0f\"\x80\x80\x80\x20", b"\0\0\0\x04\xff\x0fI\x02")
            }
        };
        theirs.write_all(start).unwrap();
        let chunk = vec![b'x'; 1 << 16];
        for _ in 0..SIZE / chunk.len() {
            theirs.write_all(&chunk).unwrap();
        }
        theirs.write_all(end).unwrap();
        theirs
    });
    match (channel.recv_timeout(DEADLINE), limits.max_message_bytes) {
        (Ok(Some(message)), None) => assert_eq!(message.view().len(), SIZE),
        (Err(RecvError::Invalid(InvalidMessage::TooLong { .. })), Some(_)) => {}
        (found, _) => panic!("{:?}", found.map(|_| ())),
    }
    assert_eq!(common::recv(&mut channel).as_deref(), Some("1"), "the next one arrives");
    drop(writer.join().unwrap());
}

fn message(serialization: Serialization) -> Graph {
    match serialization {
        Serialization::Json => Graph::from("x".repeat(SIZE)),
        Serialization::Advanced => {
            let mut graph = Graph::default();
            let bytes = vec![1; SIZE];
            let buffer = graph.add(Object::new(Kind::View { class: ViewClass::Buffer, bytes }));
            graph.set_root(buffer.into());
            graph
        }
    }
}

fn check(before: usize, limit: usize, what: &str, serialization: Serialization) {
    let grown = status("VmHWM:").saturating_sub(before);
    println!("{what} {serialization:?}: {} of {} MiB", grown >> 20, limit >> 20);
    assert!(grown <= limit + (4 << 20), "{what} {serialization:?}: {} MiB", grown >> 20);
}

/// Resets the peak, and answers what is in use.
fn start_measuring() -> usize {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    status("VmRSS:")
}

fn status(field: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}
