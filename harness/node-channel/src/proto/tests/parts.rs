//! A long message that leaves before it is whole.

use js_value::json::PART_BYTES;

use super::*;
use crate::error::SendError;
use crate::handle::Handle;
use crate::proto::tail::stays;

/// Hands what is taken, at most so many bytes of each part, to the other end.
fn taking(to: &mut Connection, most: usize) -> impl FnMut(&[u8]) -> usize {
    move |bytes| {
        let count = bytes.len().min(most);
        to.receive(&bytes[..count]);
        count
    }
}

/// Takes nothing, and must not be asked.
fn unasked(_: &[u8]) -> usize {
    panic!("no part of this may leave")
}

fn long() -> Graph {
    Graph::from("long \" and €".repeat(PART_BYTES / 2))
}

fn raw(serialization: Serialization) -> Vec<u8> {
    let mut connection = Connection::new(Role::Parent, serialization, Limits::none());
    connection.send(&long()).unwrap();
    match serialization {
        Serialization::Json => connection.transmit().trim_ascii_end().to_vec(),
        Serialization::Advanced => connection.transmit()[4..].to_vec(),
    }
}

type Send = fn(&mut Connection, &[u8], Outlet<'_>) -> MessageId;

/// What waits of a long message after it was sent, of which so much is taken while it is written.
fn check(serialization: Serialization, most: usize) -> [usize; 2] {
    let raw = raw(serialization);
    let send: [Send; 2] = [
        |connection, _, outlet| connection.send_through(&long(), outlet).unwrap(),
        |connection, raw, outlet| connection.send_raw_through(raw, outlet).unwrap(),
    ];
    send.map(|send| {
        let Pair { mut parent, mut child } = Pair::of(serialization, Limits::none());
        let id = send(&mut parent, &raw, &mut taking(&mut child, most));
        let waits = parent.queued_bytes();
        assert!(!parent.has_events(), "it is not written whole");
        parent.send(&Graph::from(1)).unwrap();
        carry(&mut parent, &mut child, usize::MAX, usize::MAX);
        assert_eq!(words(&mut parent), [format!("sent {}", id.number()), "sent 1".to_owned()]);
        assert!(matches!(child.poll_raw(), Some(Raw::Message(bytes)) if bytes == raw));
        assert_eq!(words(&mut child), ["message 1"]);
        waits
    })
}

#[test]
fn the_other_end_gets_the_same_however_much_is_taken() {
    for serialization in [Serialization::Json, Serialization::Advanced] {
        let [whole, whole_raw] = check(serialization, 0);
        assert_eq!(whole, whole_raw);
        for most in [1, 1000, PART_BYTES, usize::MAX] {
            let [waits, waits_raw] = check(serialization, most);
            assert!(waits_raw < whole, "{serialization:?}, {most}");
            // The length before a frame is known when its payload is.
            assert_eq!(waits < whole, serialization == Serialization::Json, "{most}");
        }
        let waits = check(serialization, usize::MAX)[1];
        assert!(waits <= PART_BYTES, "{waits} bytes of the last part");
    }
}

#[test]
fn what_waits_before_it_goes_first() {
    let mut pair = Pair::new();
    pair.parent.send(&Graph::from(1)).unwrap();
    pair.parent.send_through(&long(), &mut unasked).unwrap();
    pair.drive();
    assert_eq!(words(&mut pair.child).len(), 2);
    let (stream, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    let handle = Handle::from(stream);
    pair.parent.send_with(&Graph::from(2), handle, &SendOptions::default()).unwrap();
    carry(&mut pair.parent, &mut pair.child, usize::MAX, usize::MAX);
    pair.parent.send_through(&long(), &mut unasked).unwrap();
    pair.drive();
    assert_eq!(words(&mut pair.child).len(), 2);
}

#[test]
fn a_limit_is_found_out_before_any_of_it_leaves() {
    let Pair { mut parent, .. } = Pair::with(Limits::none().queued_bytes(1000));
    let refused = parent.send_through(&long(), &mut unasked);
    assert!(matches!(refused, Err(SendError::QueueFull { queued: 0, .. })), "{refused:?}");
    assert!(parent.transmit().is_empty());
}

#[test]
fn nothing_leaves_after_a_message_that_was_cut() {
    let Pair { mut parent, mut child } = Pair::new();
    let mut taken = 0;
    let mut cut = |bytes: &[u8]| {
        let count = if taken == 0 { bytes.len() } else { 0 };
        taken += count;
        count
    };
    parent.send_through(&long(), &mut cut).unwrap();
    parent.transmit_failed(32);
    parent.send_through(&long(), &mut unasked).unwrap();
    assert!(parent.transmit().is_empty());
    assert_eq!(words(&mut parent), ["unsent 0 Os { errno: 32 }", "unsent 1 Os { errno: 32 }"]);
    child.receive_end();
    assert_eq!(words(&mut child), ["disconnected"]);
}

#[test]
fn disconnect_drops_the_rest_of_it() {
    let Pair { mut parent, mut child } = Pair::new();
    parent.send_through(&long(), &mut taking(&mut child, 1)).unwrap();
    parent.disconnect().unwrap();
    assert_eq!(words(&mut parent), ["unsent 0 Disconnected", "disconnected"]);
    parent.send_through(&long(), &mut stays).unwrap_err();
}
