//! Messages in frames.

use js_value::{BigInt, Kind, Object, Value, ViewClass};

use super::*;
use crate::error::SendError;

/// A stream with all that can happen in one: values, bad frames, a frame of nothing, reserved
/// messages in one-byte and two-byte strings.
fn stream() -> Vec<u8> {
    let payloads: &[&[u8]] = &[
        b"\xff\x0fI\x02",
        b"",
        b"\xff\x0f\"\x01\n",
        b"\xff\x10I\x02",
        b"\x00\x00I\x02",
        b"\xff\x0fo\"\x03cmd\"\x06NODE_X{\x01",
        b"\xff\x0fo\"\x01a",
        b"\xff\x0fo\"\x03cmd\0c\x0cN\0O\0D\0E\0_\0X\0{\x01",
        b"\xff\x0fo\"\x03cmd\"\x0bNODE_HANDLE{\x01",
        b"\xff\x0f\"\x06NODE_X",
        b"\xff\x0fo\"\x03cmd\"\x05NODE_{\x01",
        b"\xff\x0d0trailing",
    ];
    let mut stream = Vec::new();
    for payload in payloads {
        stream.extend((payload.len() as u32).to_be_bytes());
        stream.extend(*payload);
    }
    stream.extend(b"\0\0\0\x09rest");
    stream
}

const EXPECTED: &[&str] = &[
    "message 1",
    "Error in \"\"",
    "message \"\\n\"",
    "Error in \"ff 10 49 02\"",
    "Error in \"00 00 49 02\"",
    "reserved {\"cmd\":\"NODE_X\"}",
    "Error in \"ff 0f 6f 22 01 61\"",
    "reserved {\"cmd\":\"NODE_X\"}",
    "reserved {\"cmd\":\"NODE_HANDLE\"}",
    "message \"NODE_X\"",
    "message {\"cmd\":\"NODE_\"}",
    "message null",
    "disconnected",
];

const NACK: &[u8] = b"\0\0\0\x1c\xff\x0fo\"\x03cmd\"\x10NODE_HANDLE_NACK{\x01";

fn check_chops(chunks: &[&[u8]]) {
    let mut child = Connection::new(Role::Child, Serialization::Advanced, Limits::none());
    for chunk in chunks {
        child.receive(chunk);
    }
    assert_eq!(child.transmit(), NACK);
    child.receive_end();
    assert_eq!(words(&mut child), EXPECTED);
}

#[test]
fn every_chop_gives_the_same_events() {
    let stream = stream();
    for at in 0..=stream.len() {
        check_chops(&[&stream[..at], &stream[at..]]);
    }
    check_chops(&stream.chunks(1).collect::<Vec<_>>());
}

#[test]
fn values_that_json_does_not_have_arrive() {
    let mut pair = Pair::of(Serialization::Advanced, Limits::none());
    let mut message = Graph::default();
    let buffer = Kind::View { class: ViewClass::Buffer, bytes: b"hi".to_vec().into() };
    let buffer = message.add(Object::new(buffer));
    let entries =
        [("b", buffer.into()), ("n", Value::BigInt(BigInt::from(1_i64))), ("u", Value::Undefined)];
    let root = message.add_object(entries);
    message.set_root(root);
    pair.parent.send(&message).unwrap();
    assert_eq!(&pair.parent.transmit()[..6], b"\0\0\0\x1f\xff\x0f");
    pair.drive();
    let Some(Event::Message(found)) = pair.child.poll_event() else { panic!("no message") };
    let view = found.value.view();
    let kind = &view.get("b").unwrap().as_object().unwrap().kind;
    assert!(matches!(kind, Kind::View { class: ViewClass::Buffer, bytes } if **bytes == *b"hi"));
    assert!(view.get("u").unwrap().is_undefined());
    assert_eq!(view.get("n").unwrap().value(), &Value::BigInt(BigInt::from(1_i64)));
}

#[test]
fn what_cannot_be_cloned_is_refused_and_leaves_nothing_behind() {
    let mut parent = Connection::new(Role::Parent, Serialization::Advanced, Limits::none());
    let mut message = Graph::default();
    let root = message.add_object([("s", Value::Symbol(js_value::Symbol::new("x")))]);
    message.set_root(root);
    let error = parent.send(&message).unwrap_err();
    assert!(matches!(&error, SendError::Serialize(_)), "{error:?}");
    assert_eq!(error.to_string(), "Symbol(x) could not be cloned.");
    assert_eq!(parent.send(&Graph::new(Value::Undefined)), Err(SendError::Missing));
    assert!(parent.transmit().is_empty());
    parent.send(&Graph::from(1)).unwrap();
    assert_eq!(parent.transmit(), b"\0\0\0\x04\xff\x0fI\x02");
}

#[test]
fn raw_messages_pass_as_they_came() {
    for (serialization, raw) in [
        (Serialization::Json, &b" {\"a\" : \"\xff\"}"[..]),
        (Serialization::Advanced, b"\xff\x0d\0I\x02"),
    ] {
        let mut pair = Pair::of(serialization, Limits::none());
        pair.parent.send_raw(raw).unwrap();
        pair.parent.send(&Graph::from(2)).unwrap();
        pair.parent.send_raw(raw).unwrap();
        pair.drive();
        assert!(matches!(pair.child.poll_raw(), Some(Raw::Message(found)) if found == raw));
        assert!(
            matches!(pair.child.poll_event(), Some(Event::Message(found)) if text(&found.value) == "2")
        );
        assert!(matches!(pair.child.poll_raw(), Some(Raw::Message(found)) if found == raw));
        assert!(pair.child.poll_raw().is_none());
        assert_eq!(pair.parent.send_raw(b""), Err(SendError::NotRaw));
    }
    let mut parent = Connection::new(Role::Parent, Serialization::Json, Limits::none());
    assert_eq!(parent.send_raw(b"1\n2"), Err(SendError::NotRaw));
    assert!(parent.transmit().is_empty());
}

#[test]
fn a_message_that_only_looks_reserved_is_read_once_and_can_be_had_raw() {
    let line = br#"{"text":"NODE_ENV"}"#;
    let mut pair = Pair::new();
    pair.parent.send_raw(line).unwrap();
    pair.parent.send_raw(line).unwrap();
    pair.drive();
    assert!(matches!(pair.child.poll_raw(), Some(Raw::Message(found)) if found == line));
    assert_eq!(words(&mut pair.child), ["message {\"text\":\"NODE_ENV\"}"]);
}
