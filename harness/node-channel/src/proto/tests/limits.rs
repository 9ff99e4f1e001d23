//! Every limit is reached, with a typed error, and little memory.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use super::*;
use crate::error::{HandleError, SendError};
use crate::proto::reserved::MAX_KEY_BYTES;
use crate::proto::sending::MAX_REPLY_BYTES;

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

/// The peer waited for ever, and with it all that it had sent behind the handle.
#[test]
fn a_handle_whose_message_is_beyond_a_limit_is_refused() {
    let long = Graph::from("x".repeat(300));
    for serialization in [Serialization::Json, Serialization::Advanced] {
        for piece in [1, 7, 65_536] {
            for (limits, message, name) in [
                (Limits::none().depth(3), &parse("[[[[1]]]]"), "TooDeep"),
                (Limits::none().message_bytes(200), &long, "TooLong"),
            ] {
                let mut pair = Pair::of(serialization, Limits::none());
                pair.child = Connection::new(Role::Child, serialization, limits);
                for message in [message, &Graph::from(1)] {
                    let given = UnixStream::pair().unwrap().0.into();
                    pair.parent.send_with(message, given, &SendOptions::default()).unwrap();
                }
                pair.parent.send(&Graph::from(2)).unwrap();
                let moved = |pair: &mut Pair| {
                    pair.carry(usize::MAX, piece)
                        + carry(&mut pair.child, &mut pair.parent, usize::MAX, piece)
                };
                while moved(&mut pair) > 0 {}

                // A stream is sent again three times.
                for _ in 0..4 {
                    let Some(Event::Invalid(error)) = pair.child.poll_event() else { panic!() };
                    assert!(format!("{error:?}").starts_with(name), "{error:?}");
                }
                assert_eq!(words(&mut pair.child), ["message 1 + net.Socket", "message 2"]);
                let told = words(&mut pair.parent);
                assert_eq!(told.iter().filter(|word| *word == "refused 0").count(), 1, "{told:?}");
                assert_eq!((pair.parent.queued_handles(), pair.child.descriptors.len()), (0, 0));
            }
        }
    }
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
fn what_is_around_a_handle_has_no_clone_beyond_the_limit() {
    for (limit, clones) in [(1, 0), (2, 1)] {
        let mut pair = Pair::with(Limits::none().descriptors(limit));
        pair.child.report_wrappers(true);
        let _other = send_stream(&mut pair, "key");
        pair.drive();
        let wrapper = pair.child.poll_event();
        let Some(Event::Reserved(wrapper)) = wrapper else { panic!("{wrapper:?}") };
        assert_eq!(usize::from(wrapper.handle.is_some()), clones);
        assert!(matches!(pair.child.poll_event(), Some(Event::Message(m)) if m.handle.is_some()));
    }
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

#[test]
fn a_flood_of_requests_does_not_grow_the_answers() {
    for (key, times) in [
        ("k".repeat(MAX_KEY_BYTES), 2000),
        ("\u{1}".repeat(MAX_KEY_BYTES), 2000),
        ("k".repeat(1 << 20), 5),
    ] {
        let limits = Limits::none().queued_bytes(100);
        let mut pair = Pair::with(limits);
        let stream = UnixStream::pair().unwrap().0;
        let options = SendOptions::default().key(key.as_str());
        pair.child.limits = Limits::none();
        pair.parent.limits = Limits::none();
        pair.parent.send_with(&Graph::from("h"), stream.into(), &options).unwrap();
        pair.drive();
        pair.child.limits = limits;
        for _ in 0..times {
            pair.parent.request_count(&key).unwrap();
            pair.parent.notify_close(&key).unwrap();
            pair.carry(usize::MAX, 65_536);
            assert!(pair.child.poll_event().is_some());
        }
        let queued = pair.child.queued_bytes();
        assert!(queued <= 100 + MAX_REPLY_BYTES, "{queued}");
    }
}

#[test]
fn answers_go_on_once_the_flood_is_over() {
    let mut pair = Pair::new();
    let _other = send_stream(&mut pair, "4:127.0.0.1:0");
    pair.drive();
    for _ in 0..5000 {
        pair.parent.request_count("4:127.0.0.1:0").unwrap();
    }
    pair.carry(usize::MAX, 65_536);
    let all =
        5000 * "{\"cmd\":\"NODE_SOCKET_COUNT\",\"key\":\"4:127.0.0.1:0\",\"count\":1}\n".len();
    assert!(pair.child.queued_bytes() < all);
    pair.drive();
    let _taken = words(&mut pair.parent);
    pair.parent.request_count("4:127.0.0.1:0").unwrap();
    pair.drive();
    assert!(words(&mut pair.parent).contains(&"count 4:127.0.0.1:0 1".to_owned()));
}

#[test]
fn a_handle_that_is_sent_again_takes_no_room_from_the_answers() {
    let mut pair = Pair::new();
    let stream = UnixStream::pair().unwrap().0;
    let big = Graph::from("x".repeat(1 << 20));
    pair.parent.send_with(&big, stream.into(), &SendOptions::default()).unwrap();
    pair.parent.transmitted(usize::MAX);
    pair.parent.receive(b"{\"cmd\":\"NODE_HANDLE_NACK\"}\n");
    let again = pair.parent.queued_bytes();
    pair.parent.receive(b"{\"cmd\":\"NODE_HANDLE\"}\n");
    assert!(pair.parent.queued_bytes() > again, "the answer goes behind it");
}

#[test]
fn a_key_that_no_server_has_counts_nothing() {
    let mut pair = Pair::new();
    let key = "k".repeat(MAX_KEY_BYTES + 1);
    let _other = send_stream(&mut pair, &key);
    pair.drive();
    let Some(Event::Message(message)) = pair.child.poll_event() else { panic!("no message") };
    let handle = message.handle.expect("it came along");
    assert_eq!(handle.key(), None);
    pair.parent.request_count(&key).unwrap();
    pair.carry(usize::MAX, 65_536);
    assert_eq!(pair.child.queued_bytes(), 0);
    assert!(words(&mut pair.child)[0].starts_with("reserved"));
}

/// The peer's end of a stream that was sent with this key.
fn send_stream(pair: &mut Pair, key: &str) -> UnixStream {
    let (given, kept) = UnixStream::pair().unwrap();
    let options = SendOptions::default().key(key);
    pair.parent.send_with(&Graph::from("h"), given.into(), &options).unwrap();
    kept
}

#[test]
fn what_waits_to_be_taken() {
    let line = |text: &str| format!("\"{}\"\n", text);
    for limit in [0, 1000, 100_000] {
        let limits = Limits::none().received_bytes(limit);
        let mut child = Connection::new(Role::Child, Serialization::Json, limits);
        let mut count = 0;
        while !child.is_full() {
            child.receive(line("x").as_bytes());
            count += 1;
            assert!(count <= 1 + limit / 100, "each event costs something");
        }
        assert!(count >= 1.max(limit / 1000));
        while child.is_full() {
            assert!(matches!(child.poll_event(), Some(Event::Message(_))));
        }
        // One message of any size, with the completion of another before it.
        while child.poll_event().is_some() {}
        child.send(&Graph::from("x")).unwrap();
        child.transmitted(usize::MAX);
        assert!(limit == 0 || !child.is_full());
        let big = line(&"x".repeat(1 << 20));
        let (start, end) = big.split_at(big.len() / 2);
        assert!(matches!(child.poll_event(), Some(Event::Sent { .. })));
        child.receive(start.as_bytes());
        assert!(!child.is_full());
        child.receive(end.as_bytes());
        assert_eq!(child.is_full(), limit == 0, "it counts only what comes after it");
        let mut more = 0;
        while !child.is_full() {
            child.receive(line(&"y".repeat(900)).as_bytes());
            more += 903;
        }
        assert!(more <= limit + 65_536);
        assert!(matches!(child.poll_event(), Some(Event::Message(_))));
    }
}

#[test]
fn what_waits_to_be_taken_counts_what_is_no_message_of_the_program() {
    for line in [
        format!("{{\"cmd\":\"NODE_X\",\"text\":\"{}\"}}\n", "x".repeat(10_000)),
        format!(
            "{{\"cmd\":\"NODE_SOCKET_COUNT\",\"count\":1,\"key\":\"{}\"}}\n",
            "k".repeat(10_000)
        ),
        format!("{{\"cmd\":\"NODE_HANDLE\",\"msg\":\"{}\"}}\n", "x".repeat(10_000)),
        format!("{{\"cmd\":\"NODE_HANDLE\",\"type\":\"{}\"}}\n", "x".repeat(10_000)),
    ] {
        let limits = Limits::none().received_bytes(100_000);
        let mut child = Connection::new(Role::Child, Serialization::Json, limits);
        let mut count = 0;
        while !child.is_full() && count < 100 {
            child.room()[..line.len()].copy_from_slice(line.as_bytes());
            let descriptor = line.contains("type").then(|| UnixStream::pair().unwrap().0.into());
            child.received(line.len(), descriptor);
            count += 1;
        }
        assert!((5..=10).contains(&count), "{count} of {}", &line[..30]);
        let _taken = child.poll_event();
        assert!(!child.is_full());
        while child.poll_event().is_some() {}
        assert!(!child.is_full());
    }
}
