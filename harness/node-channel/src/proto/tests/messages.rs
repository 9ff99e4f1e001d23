//! Messages without handles, in lines.

use js_value::{
    Behaviour, BigInt, ErrorClass, Function, Kind, Object, Property, PropertyKey, Symbol, Value,
};
use proptest::prelude::*;

use super::*;
use crate::error::{DisconnectError, SendError, Undelivered};

/// A stream with all that can happen in one, and what comes of it.
const STREAM: &[u8] =
    b"{\"a\":1}\r\n1\n{bad}\n2\n\n\"\xf0\x9f\x98\x80\xff\"\n{\"cmd\":\"NODE_X\"}\n\
    {\"cmd\":\"NODE_HANDLE\"}\n \t[1] \nundefined\n{\"cmd\":\"NODE_\"}\nnull\n{\"rest\"";

const EXPECTED: &[&str] = &[
    "message {\"a\":1}",
    "message 1",
    "SyntaxError in \"{bad}\"",
    "message 2",
    "SyntaxError in \"\"",
    "message \"\u{1f600}\u{fffd}\"",
    "reserved {\"cmd\":\"NODE_X\"}",
    "reserved {\"cmd\":\"NODE_HANDLE\"}",
    "message [1]",
    "SyntaxError in \"undefined\"",
    "message {\"cmd\":\"NODE_\"}",
    "message null",
    "disconnected",
];

fn check_chops(chunks: &[&[u8]]) {
    let mut child = Connection::new(Role::Child, Serialization::Json, Limits::none());
    for chunk in chunks {
        child.receive(chunk);
    }
    assert_eq!(child.transmit(), b"{\"cmd\":\"NODE_HANDLE_NACK\"}\n");
    child.receive_end();
    child.receive(b"late\n");
    child.receive_end();
    assert_eq!(words(&mut child), EXPECTED);
}

#[test]
fn every_chop_gives_the_same_events() {
    for at in 0..=STREAM.len() {
        check_chops(&[&STREAM[..at], &STREAM[at..]]);
    }
    check_chops(&STREAM.chunks(1).collect::<Vec<_>>());
}

#[test]
fn the_end_of_the_stream_at_every_byte() {
    let stream = b"1\n\"\xc3\xa9\"\n[2]\n";
    for end in 0..=stream.len() {
        let mut child = Connection::new(Role::Child, Serialization::Json, Limits::none());
        child.receive(&stream[..end]);
        child.receive_end();
        let complete = stream[..end].iter().filter(|byte| **byte == b'\n').count();
        let found = words(&mut child);
        assert_eq!(found.len(), complete + 1, "{found:?}");
        assert_eq!(found.last().unwrap(), "disconnected");
        assert!(!child.connected());
    }
}

#[test]
fn messages_and_completions_keep_their_order() {
    let mut pair = Pair::new();
    for number in 0..3 {
        let id = pair.parent.send(&Graph::from(f64::from(number))).unwrap();
        assert_eq!(id.number(), number as u64);
    }
    assert_eq!(pair.carry(3, 1), 3);
    assert_eq!(words(&mut pair.parent), ["sent 0"]);
    assert_eq!(words(&mut pair.child), ["message 0"]);
    pair.drive();
    assert_eq!(words(&mut pair.parent), ["sent 1", "sent 2"]);
    assert_eq!(words(&mut pair.child), ["message 1", "message 2"]);
}

#[test]
fn completions_nobody_asks_for_take_no_room() {
    let mut events = event::EventQueue::default();
    for number in 0..1000 {
        events.push(Event::Sent { id: MessageId(number), result: Ok(()) });
    }
    events.push(Event::Sent { id: MessageId(1000), result: Err(Undelivered::PeerClosed) });
    assert_eq!(events.entries(), 2);
    let numbers: Vec<_> = std::iter::from_fn(|| events.pop())
        .map(|taken| match taken {
            event::Taken::Event(event) => word(event),
            event::Taken::Place(_) | event::Taken::Read(..) => unreachable!("there is no inbox"),
        })
        .collect();
    assert_eq!(numbers.len(), 1001);
    assert_eq!((numbers[0].as_str(), numbers[999].as_str()), ("sent 0", "sent 999"));
    assert_eq!(numbers[1000], "unsent 1000 PeerClosed");
}

#[test]
fn the_backlog_answer_turns_at_131072() {
    let mut parent = Connection::new(Role::Parent, Serialization::Json, Limits::none());
    // Two quotes and LF.
    parent.send(&Graph::from("x".repeat(BACKLOG_THRESHOLD - 4).as_str())).unwrap();
    assert_eq!(parent.queued_bytes(), 131_071);
    assert!(parent.accepts());
    parent.transmitted(2);
    parent.send(&Graph::from(1.0)).unwrap();
    parent.send(&Graph::from(1.0)).unwrap();
    assert_eq!(parent.queued_bytes(), 131_073);
    assert!(!parent.accepts());
    parent.transmitted(1);
    assert!(!parent.accepts());
    parent.transmitted(1);
    assert!(parent.accepts());
}

#[test]
fn disconnect_drops_what_waits_and_reports_it() {
    let mut pair = Pair::new();
    for number in 0..3 {
        pair.parent.send(&Graph::from(f64::from(number))).unwrap();
    }
    pair.carry(3, 64);
    pair.parent.receive(b"5\n{\"half");
    pair.parent.disconnect().unwrap();
    assert!(!pair.parent.connected());
    assert!(pair.parent.transmit().is_empty());
    pair.parent.receive(b"6\n");
    assert_eq!(pair.parent.disconnect(), Err(DisconnectError));
    assert_eq!(pair.parent.send(&Graph::new(Value::Undefined)), Err(SendError::Closed));
    pair.parent.receive_end();
    assert_eq!(
        words(&mut pair.parent),
        ["sent 0", "message 5", "unsent 1 Disconnected", "unsent 2 Disconnected", "disconnected"]
    );
}

#[test]
fn the_end_of_the_peer_cancels_what_waits() {
    let mut parent = Connection::new(Role::Parent, Serialization::Json, Limits::none());
    parent.send(&Graph::from(1.0)).unwrap();
    parent.receive_end();
    assert_eq!(words(&mut parent), ["unsent 0 PeerClosed", "disconnected"]);
}

#[test]
fn a_failed_write_fails_the_messages_and_not_the_channel() {
    let mut parent = Connection::new(Role::Parent, Serialization::Json, Limits::none());
    parent.send(&Graph::from(1.0)).unwrap();
    parent.transmit_failed(32);
    assert!(parent.connected() && parent.accepts());
    parent.send(&Graph::from(2.0)).unwrap();
    parent.transmitted(1);
    parent.transmit_failed(32);
    // A message was cut: nothing that follows could be read.
    parent.send(&Graph::from(3.0)).unwrap();
    parent.receive(b"{\"cmd\":\"NODE_HANDLE\"}\n");
    assert!(parent.transmit().is_empty());
    parent.receive_end();
    let found = words(&mut parent);
    assert_eq!(
        found[..3],
        ["unsent 0 Os { errno: 32 }", "unsent 1 Os { errno: 32 }", "unsent 2 Os { errno: 32 }"]
    );
    assert_eq!(found.len(), 5);
}

#[test]
fn refused_values_leave_the_channel_usable() {
    let mut parent =
        Connection::new(Role::Parent, Serialization::Json, Limits::none().queued_bytes(4));
    let missing = parent.send(&Graph::new(Value::Undefined)).unwrap_err();
    assert_eq!(missing.code(), Some("ERR_MISSING_ARGS"));
    assert_eq!(missing.name(), "TypeError");
    assert_eq!(missing.to_string(), "The \"message\" argument must be specified");
    let bigint = parent.send(&Graph::new(Value::BigInt(BigInt::from(10_i64)))).unwrap_err();
    assert_eq!(bigint.code(), Some("ERR_INVALID_ARG_TYPE"));
    assert_eq!(
        bigint.to_string(),
        "The \"message\" argument must be one of type string, object, number, or boolean. \
         Received type bigint (10n)"
    );
    let full = parent.send(&Graph::from("xx")).unwrap_err();
    assert_eq!(full, SendError::QueueFull { queued: 0, size: 5, limit: 4 });
    assert!(parent.transmit().is_empty());
    assert_eq!(parent.send(&Graph::from(1.0)).unwrap().number(), 0);
    assert_eq!(parent.transmit(), b"1\n");
}

fn function(graph: &mut Graph, name: &str, behaviour: Behaviour) -> Value {
    let function = Kind::Function(Function { name: name.to_owned(), behaviour });
    Value::Object(graph.add(Object::new(function)))
}

fn check_refused(message: &Graph, name: &str, code: Option<&str>, words: &str) {
    let mut parent = Connection::new(Role::Parent, Serialization::Json, Limits::none());
    let error = parent.send(message).unwrap_err();
    assert_eq!((error.name(), error.code()), (name, code));
    let found = error.to_string();
    assert!(found.contains(words), "{found:?} lacks {words:?}");
    assert!(parent.transmit().is_empty() && parent.poll_event().is_none());
    parent.send(&Graph::from("still")).unwrap();
    assert_eq!(parent.transmit(), b"\"still\"\n");
}

#[test]
fn refusals_are_worded_as_in_node() {
    let code = Some("ERR_INVALID_ARG_TYPE");
    let mut named = Graph::default();
    let root = function(&mut named, "foo", Behaviour::Returns(Value::Null));
    named.set_root(root);
    check_refused(&named, "TypeError", code, "or boolean. Received function foo");
    let Value::Object(id) = *named.root() else { unreachable!("a function is an object") };
    let proxy = named.add(Object::new(Kind::Proxy(id)));
    named.set_root(Value::Object(proxy));
    check_refused(&named, "TypeError", code, "or boolean. Received function foo");

    let symbol = Graph::new(Value::Symbol(Symbol::new("x")));
    check_refused(&symbol, "TypeError", code, "or boolean. Received type symbol (Symbol(x))");

    let mut inside = Graph::default();
    let root = inside.add_object([("a", Value::BigInt(BigInt::from(1_i64)))]);
    inside.set_root(root);
    check_refused(&inside, "TypeError", None, "Do not know how to serialize a BigInt");

    let mut cycle = Graph::default();
    let id = cycle.add(Object::new(Kind::Plain));
    cycle.object_mut(id).define(PropertyKey::from("o"), Property::data(Value::Object(id)));
    cycle.set_root(Value::Object(id));
    check_refused(&cycle, "TypeError", None, "Converting circular structure to JSON");

    let mut throws = Graph::default();
    let behaviour = Behaviour::Throws { class: ErrorClass::RangeError, message: "zz".to_owned() };
    let to_json = function(&mut throws, "toJSON", behaviour);
    let root = throws.add_object([("toJSON", to_json)]);
    throws.set_root(root);
    check_refused(&throws, "RangeError", None, "zz");

    let mut nothing = Graph::default();
    let to_json = function(&mut nothing, "toJSON", Behaviour::Returns(Value::Undefined));
    let root = nothing.add_object([("toJSON", to_json)]);
    nothing.set_root(root);
    check_refused(&nothing, "TypeError", None, "JSON.stringify answered undefined");
}

#[test]
fn acknowledgements_nobody_waits_for_are_only_reported() {
    let mut pair = Pair::new();
    for line in [
        r#"{"cmd":"NODE_HANDLE_ACK"}"#,
        r#"{"cmd":"NODE_HANDLE_NACK"}"#,
        r#"{"cmd":"NODE_SOCKET_GET_COUNT","key":"k"}"#,
    ] {
        pair.parent.send(&parse(line)).unwrap();
    }
    pair.drive();
    assert_eq!(words(&mut pair.child).len(), 3);
    assert!(pair.child.connected());
    assert_eq!(words(&mut pair.parent), ["sent 0", "sent 1", "sent 2"]);
}

#[test]
fn what_holds_an_event_loop() {
    let mut child = Connection::new(Role::Child, Serialization::Json, Limits::none());
    assert!(!child.is_referenced());
    child.send(&Graph::from(1.0)).unwrap();
    assert!(child.is_referenced(), "a pending write holds");
    child.keep_alive_mut().unreference();
    assert!(child.is_referenced(), "even then");
    child.transmitted(2);
    assert!(!child.is_referenced());
    child.keep_alive_mut().reference();
    assert!(child.is_referenced());
    child.disconnect().unwrap();
    assert!(!child.is_referenced());
    assert!(Connection::new(Role::Parent, Serialization::Json, Limits::none()).is_referenced());
}

#[test]
fn a_line_of_many_reads_takes_linear_time() {
    let mut child = Connection::new(Role::Child, Serialization::Json, Limits::none());
    let chunk = vec![b' '; 64];
    child.receive(b"1");
    for _ in 0..500_000 {
        child.receive(&chunk);
    }
    child.receive(b"\n");
    assert_eq!(words(&mut child), ["message 1"]);
}

proptest! {
    #[test]
    fn random_chops_give_the_same_events(mut cuts in prop::collection::vec(0..=STREAM.len(), 0..12)) {
        cuts.extend([0, STREAM.len()]);
        cuts.sort_unstable();
        let chunks: Vec<&[u8]> = cuts.windows(2).map(|cut| &STREAM[cut[0]..cut[1]]).collect();
        check_chops(&chunks);
    }

    #[test]
    fn no_input_panics(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8)) {
        let mut child = Connection::new(Role::Child, Serialization::Json, Limits::none().message_bytes(30).depth(3));
        for chunk in &chunks {
            child.receive(chunk);
        }
        child.receive_end();
        prop_assert_eq!(words(&mut child).pop().unwrap(), "disconnected");
    }

    #[test]
    fn partial_writes_lose_and_reorder_nothing(
        sizes in prop::collection::vec(0_usize..200, 1..20),
        steps in prop::collection::vec((1_usize..300, 1_usize..50), 0..20),
    ) {
        let mut pair = Pair::new();
        let mut steps = steps.into_iter();
        let mut sent = Vec::new();
        for size in sizes {
            let message = Graph::from("\u{e9}".repeat(size).as_str());
            pair.parent.send(&message).unwrap();
            sent.push(format!("message {}", text(&message)));
            if let Some((count, piece)) = steps.next() {
                pair.carry(count, piece);
            }
        }
        pair.drive();
        prop_assert_eq!(words(&mut pair.parent).len(), sent.len());
        prop_assert_eq!(words(&mut pair.child), sent);
    }
}
