//! Handles and their acknowledgement.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use js_value::Value;

use super::*;
use crate::error::{SendError, Undelivered};
use crate::handle::{Counted, Handle};

/// A handle, and the other end of it.
fn stream() -> (Handle, UnixStream) {
    let (given, kept) = UnixStream::pair().unwrap();
    kept.set_nonblocking(true).unwrap();
    (given.into(), kept)
}

fn is_closed(mut kept: &UnixStream) -> bool {
    matches!(kept.read(&mut [0; 8]), Ok(0))
}

fn send(connection: &mut Connection, text: &str) -> UnixStream {
    send_with(connection, text, &SendOptions::default())
}

fn send_with(connection: &mut Connection, text: &str, options: &SendOptions) -> UnixStream {
    let (handle, kept) = stream();
    connection.send_with(&Graph::from(text), handle, options).unwrap();
    kept
}

fn line(connection: &Connection) -> &str {
    std::str::from_utf8(connection.transmit()).unwrap()
}

const ACK: &[u8] = b"{\"cmd\":\"NODE_HANDLE_ACK\"}\n";
const NACK: &[u8] = b"{\"cmd\":\"NODE_HANDLE_NACK\"}\n";

#[test]
fn a_handle_arrives_and_is_the_same_socket() {
    for serialization in [Serialization::Json, Serialization::Advanced] {
        let mut pair = Pair::of(serialization, Limits::none());
        let mut kept = send(&mut pair.parent, "take it");
        pair.drive();
        let Some(Event::Message(message)) = pair.child.poll_event() else { panic!("no message") };
        assert_eq!(message.value.view().as_str(), Some("take it"));
        let mut stream = Counted::<UnixStream>::try_from(message.handle.unwrap()).unwrap();
        stream.write_all(b"used").unwrap();
        let mut found = [0; 4];
        kept.read_exact(&mut found).unwrap();
        assert_eq!(&found, b"used");
        drop(stream);
        assert!(is_closed(&kept), "the sender closed its own after the acknowledgement");
        assert_eq!(pair.parent.queued_handles(), 0);
    }
}

#[test]
fn the_message_is_written_as_node_writes_it() {
    let mut parent = Connection::new(Role::Parent, Serialization::Json, Limits::none());
    let _kept = send_with(&mut parent, "m", &SendOptions::default().key("4:127.0.0.1:0"));
    assert_eq!(
        line(&parent),
        "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":\"m\",\"key\":\"4:127.0.0.1:0\"}\n"
    );
    let mut parent = Connection::new(Role::Parent, Serialization::Json, Limits::none());
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let options = SendOptions::default().key("only for net.Socket");
    parent.send_with(&parse(r#"{"x":1}"#), socket.into(), &options).unwrap();
    assert_eq!(
        line(&parent),
        "{\"cmd\":\"NODE_HANDLE\",\"type\":\"dgram.Socket\",\"msg\":{\"x\":1},\"dgramType\":\"udp4\"}\n"
    );
}

/// A pool that met a full queue closed the connection of a client.
#[test]
fn a_message_that_is_refused_gives_its_handle_back() {
    let limits = Limits::none().queued_bytes(150).queued_handles(2);
    let mut parent = Connection::new(Role::Parent, Serialization::Json, limits);
    let mut bigint = Graph::default();
    let root = bigint.add_object([("n", Value::BigInt(1_u64.into()))]);
    bigint.set_root(root);
    let refuse = |parent: &mut Connection, message: &Graph| {
        let (handle, kept) = stream();
        let before = (parent.queued_bytes(), parent.queued_handles());
        let refused = parent.send_with(message, handle, &SendOptions::default()).unwrap_err();
        assert_eq!((parent.queued_bytes(), parent.queued_handles()), before);
        assert!(!is_closed(&kept), "{refused}");
        assert_eq!(refused.to_string(), refused.error.to_string());
        refused.error
    };
    assert_eq!(refuse(&mut parent, &Graph::default()), SendError::Missing);
    assert!(matches!(refuse(&mut parent, &bigint), SendError::Serialize(_)));
    let big = Graph::from("x".repeat(200).as_str());
    assert!(matches!(refuse(&mut parent, &big), SendError::QueueFull { .. }));
    let _first = send(&mut parent, "h");
    assert!(matches!(refuse(&mut parent, &big), SendError::QueueFull { .. }), "behind another");
    let _second = send(&mut parent, "i");
    let full = refuse(&mut parent, &Graph::from(1));
    assert_eq!(full, SendError::HandlesFull { limit: 2 });
    parent.receive_end();
    assert_eq!(refuse(&mut parent, &Graph::from(1)), SendError::Closed);
}

#[test]
fn everything_waits_for_the_acknowledgement() {
    let mut parent = Connection::new(Role::Parent, Serialization::Json, Limits::none());
    parent.send(&Graph::from(0)).unwrap();
    let kept = send(&mut parent, "h");
    assert_eq!(line(&parent), "0\n", "a message with a descriptor begins a write");
    assert!(parent.transmit_descriptor().is_none());
    parent.transmitted(2);
    assert!(parent.transmit_descriptor().is_some());
    assert!(parent.accepts());
    parent.send(&Graph::from(1)).unwrap();
    assert!(parent.accepts(), "the first that waits");
    parent.send(&Graph::from(2)).unwrap();
    assert!(!parent.accepts());
    let _second = send(&mut parent, "i");
    parent.send(&Graph::from(3)).unwrap();
    assert_eq!(parent.queued_handles(), 2);
    // An answer to the peer does not wait.
    parent.receive(b"{\"cmd\":\"NODE_HANDLE\"}\n");
    let size = parent.transmit().len();
    assert!(parent.transmit().ends_with(NACK));
    parent.transmitted(1);
    assert!(parent.transmit_descriptor().is_none(), "once");
    parent.receive(ACK);
    assert_eq!(parent.queued_handles(), 2, "the peer cannot have it yet");
    parent.transmitted(size - 1);
    assert!(parent.transmit().is_empty() && !is_closed(&kept));
    parent.receive(ACK);
    assert!(is_closed(&kept));
    assert_eq!(line(&parent), "1\n2\n");
    parent.transmitted(4);
    assert!(line(&parent).contains("\"msg\":\"i\"") && parent.transmit_descriptor().is_some());
    parent.transmitted(usize::MAX);
    parent.receive(b" { \"cmd\" : \"NODE_HANDLE_ACK\", \"more\": 1 }\r\n");
    assert_eq!(line(&parent), "3\n");
    let found = words(&mut parent);
    let sent: Vec<_> = found.iter().filter(|word| word.starts_with("sent")).collect();
    assert_eq!(sent, ["sent 0", "sent 1", "sent 2", "sent 3", "sent 4"]);
}

#[test]
fn what_cannot_be_serialized_behind_a_handle_is_said_when_its_turn_comes() {
    let bigint = || {
        let mut graph = Graph::default();
        let root = graph.add_object([("n", Value::BigInt(js_value::BigInt::from(1_u64)))]);
        graph.set_root(root);
        graph
    };
    let refusal = "Do not know how to serialize a BigInt";
    let mut pair = Pair::new();
    assert!(matches!(pair.parent.send(&bigint()), Err(SendError::Serialize(_))));
    let _kept = send(&mut pair.parent, "a");
    let failed = pair.parent.send(&bigint()).unwrap();
    assert_eq!(failed.number(), 1);
    assert!(pair.parent.accepts() && pair.parent.has_queued());
    let (handle, kept) = stream();
    pair.parent.send_with(&bigint(), handle, &SendOptions::default()).unwrap();
    pair.parent.send(&Graph::from("b")).unwrap();
    assert_eq!((pair.parent.queued_handles(), pair.parent.accepts()), (2, false));
    // What send() looks at before it serializes is said at once.
    assert_eq!(pair.parent.send(&Graph::new(Value::Undefined)), Err(SendError::Missing));
    carry(&mut pair.parent, &mut pair.child, usize::MAX, 65_536);
    assert_eq!(words(&mut pair.parent), ["sent 0"]);
    pair.drive();
    assert_eq!(
        words(&mut pair.parent),
        [
            "reserved {\"cmd\":\"NODE_HANDLE_ACK\"}",
            &format!("unserializable 1: {refusal}"),
            "unsent 1 Unserializable",
            &format!("unserializable 2: {refusal}"),
            "unsent 2 Unserializable",
            "refused 2",
            "sent 3"
        ]
    );
    assert_eq!(words(&mut pair.child), ["message \"a\" + net.Socket", "message \"b\""]);
    assert!(is_closed(&kept), "it was given back, and dropped");
    let lost = [pair.parent.take_lost(), pair.parent.take_lost()];
    assert_eq!(lost, [Some(Undelivered::Unserializable), None]);

    let _kept = send(&mut pair.parent, "c");
    pair.parent.send(&bigint()).unwrap();
    carry(&mut pair.parent, &mut pair.child, usize::MAX, 65_536);
    pair.parent.receive_end();
    let found = words(&mut pair.parent);
    assert_eq!(found, ["sent 4", "unanswered 4", "unsent 5 PeerClosed", "disconnected"]);
}

#[test]
fn a_refused_stream_is_sent_again_three_times() {
    let mut parent = Connection::new(Role::Parent, Serialization::Json, Limits::none());
    let kept = send(&mut parent, "h");
    parent.send(&Graph::from(1)).unwrap();
    let first = line(&parent).to_owned();
    for _ in 0..4 {
        assert_eq!(line(&parent), first);
        assert!(parent.transmit_descriptor().is_some());
        parent.transmitted(usize::MAX);
        parent.receive(NACK);
    }
    assert_eq!(line(&parent), "1\n");
    parent.transmitted(2);
    let events: Vec<Event> = std::iter::from_fn(|| parent.poll_event()).collect();
    assert!(!is_closed(&kept), "the handle is given back");
    let found: Vec<_> =
        events.into_iter().map(word).filter(|word| !word.starts_with("reserved")).collect();
    assert_eq!(found, ["sent 0", "refused 0", "sent 1"]);
    assert!(is_closed(&kept));
}

#[test]
fn what_else_is_refused_is_not_sent_again() {
    let mut parent = Connection::new(Role::Parent, Serialization::Json, Limits::none());
    let _kept = send_with(&mut parent, "h", &SendOptions::default().keep_open(true));
    parent.send(&Graph::from(1)).unwrap();
    parent.transmitted(usize::MAX);
    parent.receive(NACK);
    assert_eq!(line(&parent), "1\n");
    assert!(words(&mut parent).contains(&"refused 0".to_owned()));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    parent.transmitted(2);
    parent.send_with(&Graph::from("l"), listener.into(), &SendOptions::default()).unwrap();
    parent.transmitted(usize::MAX);
    parent.receive(NACK);
    assert!(parent.transmit().is_empty());
}

#[test]
fn a_bad_descriptor_fails_its_message_alone() {
    let mut parent = Connection::new(Role::Parent, Serialization::Json, Limits::none());
    let kept = send(&mut parent, "h");
    parent.send(&Graph::from(1)).unwrap();
    parent.transmit_failed(9);
    assert_eq!(line(&parent), "1\n");
    parent.transmitted(2);
    assert!(!is_closed(&kept));
    assert_eq!(words(&mut parent), ["unsent 0 Os { errno: 9 }", "refused 0", "sent 1"]);
    assert!(is_closed(&kept));
    assert!(parent.connected());
}

/// Found by fuzzing: what is no errno went into a function that takes nothing else.
#[test]
fn a_write_may_fail_with_any_number() {
    for errno in [0, -1, 255, 4096, i32::MIN, i32::MAX] {
        let mut parent = Connection::new(Role::Parent, Serialization::Json, Limits::none());
        let kept = send(&mut parent, "h");
        parent.transmit_failed(errno);
        assert!(!is_closed(&kept));
        let unsent = format!("unsent 0 Os {{ errno: {errno} }}");
        assert_eq!(words(&mut parent), [&unsent, "refused 0"]);
        assert!(is_closed(&kept));
    }
}

#[test]
fn a_dead_peer_gets_no_handle() {
    let mut parent = Connection::new(Role::Parent, Serialization::Json, Limits::none());
    let kept = send(&mut parent, "h");
    parent.send(&Graph::from(1)).unwrap();
    let held = send(&mut parent, "i");
    parent.transmit_failed(32);
    assert_eq!(parent.queued_handles(), 0);
    assert!(!is_closed(&kept) && !is_closed(&held), "both are given back");
    let unsent = [0, 1, 2].map(|number| format!("unsent {number} Os {{ errno: 32 }}"));
    let expected = [&unsent[0], "refused 0", &unsent[1], &unsent[2], "refused 2"];
    assert_eq!(words(&mut parent), expected);
    assert!(is_closed(&kept) && is_closed(&held));
}

/// The descriptor went with the first byte, and no program gets it without the last.
#[test]
fn a_handle_whose_message_was_cut_is_given_back() {
    for end in [|parent: &mut Connection| parent.transmit_failed(32), Connection::receive_end] {
        let mut parent = Connection::new(Role::Parent, Serialization::Json, Limits::none());
        let kept = send(&mut parent, "h");
        parent.transmitted(1);
        end(&mut parent);
        let found = words(&mut parent);
        assert!(found[0].starts_with("unsent 0") && found[1] == "refused 0", "{found:?}");
        assert!(is_closed(&kept));
    }
}

#[test]
fn disconnect_finishes_the_handshake_first() {
    let mut pair = Pair::new();
    let kept = send(&mut pair.parent, "h");
    pair.parent.send(&Graph::from(1)).unwrap();
    let _second = send(&mut pair.parent, "i");
    pair.parent.disconnect().unwrap();
    assert!(!pair.parent.connected() && !pair.parent.is_closed());
    assert!(pair.parent.disconnect().is_err());
    assert!(pair.parent.send(&Graph::from(2)).is_err());
    pair.child.send(&Graph::from("meanwhile")).unwrap();
    pair.drive();
    assert!(pair.parent.is_closed());
    pair.child.receive_end();
    assert_eq!(
        words(&mut pair.child),
        [
            "message \"h\" + net.Socket",
            "sent 0",
            "message 1",
            "message \"i\" + net.Socket",
            "disconnected"
        ]
    );
    let found = words(&mut pair.parent);
    assert_eq!(found.iter().filter(|word| word.starts_with("sent")).count(), 3);
    assert!(found.contains(&"message \"meanwhile\"".to_owned()));
    assert_eq!(found.last().unwrap(), "disconnected");
    assert!(is_closed(&kept));
}

#[test]
fn the_end_while_an_acknowledgement_is_due_is_the_end() {
    let mut parent = Connection::new(Role::Parent, Serialization::Json, Limits::none());
    let kept = send(&mut parent, "h");
    parent.transmitted(usize::MAX);
    let queued = send(&mut parent, "i");
    parent.receive_end();
    assert!(!is_closed(&kept) && !is_closed(&queued), "both are given back");
    let unsent = format!("unsent 1 {:?}", Undelivered::PeerClosed);
    let expected = ["sent 0", "unanswered 0", &unsent, "refused 1", "disconnected"];
    assert_eq!(words(&mut parent), expected);
    assert!(is_closed(&kept) && is_closed(&queued));
}

#[test]
fn a_handle_that_was_refused_and_waits_to_be_sent_again_is_given_back() {
    let mut parent = Connection::new(Role::Parent, Serialization::Json, Limits::none());
    let kept = send(&mut parent, "h");
    parent.transmitted(usize::MAX);
    parent.receive(NACK);
    parent.abandon();
    let found = words(&mut parent);
    assert_eq!(found[found.len() - 2..], ["refused 0", "disconnected"]);
    assert!(is_closed(&kept));
}

/// Hands over a NODE_HANDLE line and the descriptor, and answers what came of it.
fn offer(announced: &str, descriptor: impl Into<OwnedFd>) -> (Vec<u8>, Vec<String>) {
    let mut child = Connection::new(Role::Child, Serialization::Json, Limits::none());
    let line = format!("{{\"cmd\":\"NODE_HANDLE\",\"type\":{announced},\"msg\":1}}\n");
    child.room()[..line.len()].copy_from_slice(line.as_bytes());
    child.received(line.len(), [descriptor.into()]);
    (child.transmit().to_vec(), words(&mut child))
}

#[test]
fn what_is_announced_must_be_what_comes() {
    let udp = || std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let file = || std::fs::File::open("/dev/null").unwrap();
    let pipe = || std::io::pipe().unwrap().0;
    let stream = || UnixStream::pair().unwrap().0;
    for (announced, descriptor, answer, event) in [
        ("\"net.Native\"", OwnedFd::from(stream()), ACK, "message 1 + net.Native"),
        ("\"net.Socket\"", pipe().into(), ACK, "message 1 + net.Socket"),
        ("\"dgram.Native\"", udp().into(), ACK, "message 1 + dgram.Native"),
        (
            "\"net.Server\"",
            udp().into(),
            ACK,
            "handle: the handle is announced as net.Server, and is a UDP socket",
        ),
        (
            "\"dgram.Socket\"",
            stream().into(),
            ACK,
            "handle: the handle is announced as dgram.Socket, and is a connected stream",
        ),
        (
            "\"net.Socket\"",
            file().into(),
            NACK,
            "handle: the handle is announced as net.Socket, and is a file",
        ),
        ("\"http.Server\"", stream().into(), ACK, "handle: \"http.Server\" is no type of a handle"),
        ("null", stream().into(), ACK, "handle: \"\" is no type of a handle"),
    ] {
        let (found, events) = offer(announced, descriptor);
        assert_eq!(found, answer, "{announced}");
        assert_eq!(events, [event]);
    }
}

#[test]
fn a_reserved_message_may_carry_a_handle_and_a_message_may_be_missing() {
    let mut pair = Pair::new();
    let (handle, _kept) = stream();
    pair.parent
        .send_with(&parse(r#"{"cmd":"NODE_FOO"}"#), handle, &SendOptions::default())
        .unwrap();
    pair.drive();
    assert_eq!(words(&mut pair.child), ["reserved {\"cmd\":\"NODE_FOO\"} + net.Socket"]);
    let line = b"{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\"}\n";
    pair.child.room()[..line.len()].copy_from_slice(line);
    pair.child.received(line.len(), [OwnedFd::from(UnixStream::pair().unwrap().0)]);
    let Some(Event::Message(message)) = pair.child.poll_event() else { panic!("no message") };
    assert!(message.value.view().is_undefined() && message.handle.is_some());
}

#[test]
fn what_is_around_a_handle_is_reported_if_asked_for() {
    let mut pair = Pair::new();
    pair.child.report_wrappers(true);
    let (handle, kept) = stream();
    pair.parent.send_with(&Graph::from(1), handle, &SendOptions::default()).unwrap();
    pair.drive();
    let first = r#"{"cmd":"NODE_HANDLE","type":"net.Socket","msg":1}"#;
    let [wrapper, message] = [pair.child.poll_event(), pair.child.poll_event()].map(Option::unwrap);
    drop(message);
    assert!(!is_closed(&kept), "the clone is open still");
    assert_eq!(word(wrapper), format!("reserved {first} + net.Native"));
    assert!(is_closed(&kept));

    let (handle, _kept) = stream();
    let again = format!(r#"{{"cmd":"NODE_HANDLE","type":"net.Native","msg":{first}}}"#);
    let line = format!("{again}\n");
    pair.child.room()[..line.len()].copy_from_slice(line.as_bytes());
    pair.child.received(line.len(), [handle.into_fd()]);
    assert_eq!(
        words(&mut pair.child),
        [
            format!("reserved {again} + net.Native"),
            format!("reserved {first} + net.Native"),
            "message 1 + net.Socket".to_owned()
        ]
    );
    pair.child.report_wrappers(false);
    let (handle, _kept) = stream();
    pair.parent.send_with(&Graph::from(2), handle, &SendOptions::default()).unwrap();
    pair.drive();
    assert_eq!(words(&mut pair.child), ["message 2 + net.Socket"]);
}

#[test]
fn a_wrapper_inside_itself_ends() {
    let mut child = Connection::new(Role::Child, Serialization::Advanced, Limits::none());
    child.report_wrappers(true);
    let payload = b"\xff\x0fo\"\x03cmd\"\x0bNODE_HANDLE\"\x04type\"\x0anet.Socket\"\x03msg^\0{\x03";
    let frame = [&(payload.len() as u32).to_be_bytes()[..], payload].concat();
    child.room()[..frame.len()].copy_from_slice(&frame);
    child.received(frame.len(), [stream().0.into_fd()]);
    let mut reserved = 0;
    while let Some(event) = child.poll_event() {
        let Event::Reserved(message) = event else { panic!("{event:?}") };
        assert!(message.handle.is_some());
        reserved += 1;
    }
    assert_eq!(reserved, 5, "four around the last");
}

#[test]
fn descriptors_are_used_in_the_order_they_came() {
    let mut child = Connection::new(Role::Child, Serialization::Json, Limits::none());
    let (first, second) = (stream(), stream());
    child.received(0, [first.0.into_fd(), second.0.into_fd()]);
    child.receive(b"1\n{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":2}\n");
    child.receive(b"{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":3}\n");
    child.receive(b"{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":4}\n");
    assert_eq!(child.transmit(), [ACK, ACK, NACK].concat());
    assert!(matches!(child.poll_event(), Some(Event::Message(_))));
    drop(child.poll_event());
    assert!(is_closed(&first.1) && !is_closed(&second.1));
    drop(child.poll_event());
    assert!(is_closed(&second.1));
}

#[test]
fn of_two_handles_in_one_read_the_second_is_refused() {
    let line =
        |number| format!("{{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":{number}}}\n");
    let mut child = Connection::new(Role::Child, Serialization::Json, Limits::none());
    let (first, second, third) = (stream(), stream(), stream());
    let lines = [line(1), line(2)].concat();
    child.room()[..lines.len()].copy_from_slice(lines.as_bytes());
    child.received(lines.len(), [first.0.into_fd(), second.0.into_fd()]);
    assert_eq!(child.transmit(), [ACK, NACK].concat());
    assert!(is_closed(&second.1), "nobody gets it later in place of another");
    let lines = line(3);
    child.room()[..lines.len()].copy_from_slice(lines.as_bytes());
    child.received(lines.len(), [third.0.into_fd()]);
    assert_eq!(child.transmit(), [ACK, NACK, ACK].concat());
    let found = words(&mut child);
    assert_eq!(found[0], "message 1 + net.Socket");
    assert!(found[1].starts_with("reserved {\"cmd\":\"NODE_HANDLE\""), "{found:?}");
    assert_eq!(found[2], "message 3 + net.Socket");
}

#[test]
fn a_descriptor_that_is_lost_is_an_event_and_a_refusal() {
    let mut pair = Pair::new();
    let kept = send(&mut pair.parent, "h");
    for _ in 0..3 {
        carry_once(&mut pair.parent, &mut pair.child, usize::MAX, false);
        carry(&mut pair.child, &mut pair.parent, usize::MAX, 64);
    }
    pair.drive();
    let found = words(&mut pair.child);
    assert_eq!(
        found.iter().filter(|word| word.starts_with("handle: a handle was lost")).count(),
        3
    );
    assert_eq!(found.last().unwrap(), "message \"h\" + net.Socket");
    assert!(is_closed(&kept));
}

#[test]
fn connections_are_counted_until_they_are_closed() {
    let key = "4:127.0.0.1:0";
    let mut pair = Pair::new();
    let _first = send_with(&mut pair.parent, "a", &SendOptions::default().key(key));
    let _second = send_with(&mut pair.parent, "b", &SendOptions::default().key(key));
    pair.parent.request_count("unknown").unwrap();
    pair.parent.request_count(key).unwrap();
    pair.drive();
    let messages: Vec<Event> = std::iter::from_fn(|| pair.child.poll_event()).collect();
    assert!(words(&mut pair.parent).contains(&format!("count {key} 2")));
    pair.parent.notify_close(key).unwrap();
    pair.drive();
    assert!(pair.child.awaits_sockets());
    drop(messages);
    assert!(pair.child.awaits_sockets(), "until the peer is told");
    pair.child.settle();
    assert!(!pair.child.awaits_sockets());
    pair.parent.request_count(key).unwrap();
    pair.drive();
    let found = words(&mut pair.parent);
    assert!(found.contains(&format!("closed {key}")) && found.contains(&format!("count {key} 0")));
}
