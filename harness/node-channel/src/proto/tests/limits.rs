//! Every limit is reached, with a typed error, and little memory.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use super::*;
use crate::error::{HandleError, SendError};

#[test]
fn received_messages() {
    let limits = Limits::none().message_bytes(8).depth(2);
    let mut child = Connection::new(Role::Child, Serialization::Json, limits);
    child.receive(b"[[1]]\n[[[1]]]\n123456789\n3\n");
    let found: Vec<_> = std::iter::from_fn(|| child.poll_event()).collect();
    assert!(matches!(&found[0], Event::Message(_)));
    assert!(matches!(&found[1], Event::Invalid(InvalidMessage::TooDeep { limit: 2, .. })));
    assert!(
        matches!(&found[2], Event::Invalid(InvalidMessage::TooLong { limit: 8, start }) if start == "12345678")
    );
    assert!(matches!(&found[3], Event::Message(_)));
}

#[test]
fn received_frames() {
    let limits = Limits::none().message_bytes(8).depth(1);
    let mut child = Connection::new(Role::Child, Serialization::Advanced, limits);
    child.receive(b"\0\0\0\x08\xff\x0fo\"\x01ao{\0\0\0\x09\xff\x0fxxxxxxx\0\0\0\x04\xff\x0fI\x02");
    let found: Vec<_> = std::iter::from_fn(|| child.poll_event()).collect();
    assert!(
        matches!(&found[0], Event::Invalid(InvalidMessage::TooDeep { limit: 1, .. })),
        "{found:?}"
    );
    let Event::Invalid(InvalidMessage::TooLong { limit: 8, start }) = &found[1] else {
        panic!("{found:?}")
    };
    assert_eq!(start, "ff 0f 78 78 78 78 78 78");
    assert!(matches!(&found[2], Event::Message(_)));
}

#[test]
fn queued_bytes_count_what_waits_behind_a_handle() {
    let mut parent =
        Connection::new(Role::Parent, Serialization::Json, Limits::none().queued_bytes(200));
    let stream = UnixStream::pair().unwrap().0;
    parent.send_with(&Graph::from("h"), stream.into(), &SendOptions::default()).unwrap();
    parent.transmitted(usize::MAX);
    let mut taken = 0;
    let full = loop {
        match parent.send(&Graph::from("xxxxxxx")) {
            Ok(_) => taken += 1,
            Err(full) => break full,
        }
    };
    assert_eq!(taken, 20);
    assert_eq!(full, SendError::QueueFull { queued: 200, size: 10, limit: 200 });
    parent.receive(b"{\"cmd\":\"NODE_HANDLE_ACK\"}\n");
    assert_eq!(parent.transmit().len(), 200);
}

#[test]
fn queued_handles() {
    let mut parent =
        Connection::new(Role::Parent, Serialization::Json, Limits::none().queued_handles(2));
    let mut send = || {
        let stream = UnixStream::pair().unwrap().0;
        parent.send_with(&Graph::from("h"), stream.into(), &SendOptions::default())
    };
    assert!(send().is_ok() && send().is_ok());
    let full = send().unwrap_err();
    assert_eq!(full.blame(), crate::Blame::Limit);
    assert_eq!(SendError::from(full), SendError::HandlesFull { limit: 2 });
}

#[test]
fn descriptors_that_pile_up() {
    let mut child =
        Connection::new(Role::Child, Serialization::Json, Limits::none().descriptors(2));
    let line = b"{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":1}\n";
    for _ in 0..3 {
        child.room()[..line.len()].copy_from_slice(line);
        child.received(line.len(), [OwnedFd::from(UnixStream::pair().unwrap().0)]);
    }
    let found: Vec<_> = std::iter::from_fn(|| child.poll_event()).collect();
    assert!(matches!(
        &found[..],
        [
            Event::Message(_),
            Event::Message(_),
            Event::Invalid(InvalidMessage::Handle(HandleError::TooMany { limit: 2 })),
            Event::Reserved(_)
        ]
    ));
    drop(found);
    child.received(0, [OwnedFd::from(UnixStream::pair().unwrap().0)]);
    assert!(!child.has_events(), "there is room again");
}

#[test]
fn a_flood_of_handles_does_not_grow_the_answers() {
    let mut child = Connection::new(Role::Child, Serialization::Json, Limits::none());
    for _ in 0..100_000 {
        child.receive(b"{\"cmd\":\"NODE_HANDLE\"}\n");
        assert!(child.poll_event().is_some());
    }
    assert!(child.queued_bytes() < 64 * 1024);
}
