//! What messages cost. A measurement is one of a whole process, so one test alone measures in this.

mod common;

use std::io::{Read as _, Write};
use std::os::unix::net::UnixStream;
use std::process::Command;

use common::DEADLINE;
use js_value::{Graph, Kind, Object, ViewClass};
use node_channel::proto::{Connection, Event, Raw};
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

/// The factors in the documentation of `Limits::max_message_bytes`, with those messages of the
/// length of the limit that take the most. Each in a process of its own, which keeps no memory of
/// the one before.
#[test]
fn a_message_of_many_objects_takes_as_much_as_documented() {
    const NAME: &str = "a_message_of_many_objects_takes_as_much_as_documented";
    const WHICH: &str = "NODE_CHANNEL_TEST_WHICH";
    let serializations = [(Serialization::Json, 160), (Serialization::Advanced, 260)];
    let measurements = [1 << 20, 1_850_000].into_iter().flat_map(|limit| {
        serializations.into_iter().flat_map(move |(serialization, factor)| {
            (0..2).flat_map(move |shape| {
                [(Read::Value, factor), (Read::Type, 4), (Read::Raw, 3)]
                    .map(|(read, factor)| (limit, serialization, shape, read, factor))
            })
        })
    });
    let which = std::env::var(WHICH).ok().and_then(|which| which.parse::<usize>().ok());
    for (index, (limit, serialization, shape, read, factor)) in measurements.enumerate() {
        if which.is_none() {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args([NAME, "--exact", "--nocapture"]).env(WHICH, index.to_string());
            let output = command.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            print!("{}", String::from_utf8_lossy(&output.stdout));
        } else if which == Some(index) {
            let [first, second] = many_objects(serialization, limit);
            let message = if shape == 0 { first } else { second };
            assert_eq!(message.len(), limit);
            let before = start_measuring();
            take(serialization, &message, read);
            check(before, factor * limit, &format!("as {read:?}"), serialization);
        }
    }
}

/// How a message is read.
#[derive(Clone, Copy, Debug)]
enum Read {
    Value,
    Type,
    Raw,
}

/// Takes the message at an end that takes none that is longer.
fn take(serialization: Serialization, message: &[u8], read: Read) {
    let limits = Limits::none().message_bytes(message.len());
    let mut end = Connection::new(Role::Parent, serialization, limits);
    if serialization == Serialization::Advanced {
        end.receive(&u32::try_from(message.len()).unwrap().to_be_bytes());
    }
    end.receive(message);
    if serialization == Serialization::Json {
        end.receive(b"\n");
    }
    let taken = match read {
        Read::Value => matches!(end.poll_event(), Some(Event::Message(_))),
        #[cfg(feature = "serde")]
        Read::Type => matches!(
            end.poll_as::<serde::de::IgnoredAny>(),
            Some(node_channel::Typed::Message { .. })
        ),
        #[cfg(not(feature = "serde"))]
        Read::Type => true,
        Read::Raw => matches!(end.poll_raw(), Some(Raw::Message(raw)) if raw == message),
    };
    assert!(taken, "{serialization:?} as {read:?}");
}

/// Messages of this length with as many objects as fit, in different places.
fn many_objects(serialization: Serialization, size: usize) -> [Vec<u8>; 2] {
    match serialization {
        Serialization::Json => {
            let nested = ["[".repeat(size / 2), "]".repeat(size / 2)].concat();
            let flat = ["[", &"{},".repeat((size - 4) / 3), "{}]"].concat();
            // White space makes up the rest.
            [nested, flat].map(|text| {
                let mut text = text.into_bytes();
                text.resize(size, b' ');
                text
            })
        }
        Serialization::Advanced => {
            // A Set and a Map of boxed booleans, each a byte.
            [(b'\'', b','), (b';', b':')].map(|(start, end)| {
                let count = (size - 8) / 2 * 2;
                let mut payload = vec![0xff, 0x0f, start];
                payload.resize(3 + count, b'y');
                payload.push(end);
                // The count as a varint of what is left.
                let digits = size - payload.len();
                for digit in 0..digits {
                    let more = if digit + 1 < digits { 0x80 } else { 0 };
                    payload.push((count >> (7 * digit)) as u8 & 0x7f | more);
                }
                payload
            })
        }
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
            let bytes = vec![1; SIZE].into();
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
