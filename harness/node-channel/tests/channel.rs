//! The blocking front end on real sockets, without other processes.

mod common;

use std::io::{IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use common::{DEADLINE, recv, text, unserializable, value};
use js_value::Graph;
use node_channel::{
    Channel, DisconnectError, Event, FlushError, Handle, Limits, Raw, Ready, RecvError, Role,
    SendError, SendOptions, Serialization, Undelivered,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

/// A channel and the bare socket on the other side of it.
fn raw() -> (Channel, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    (Channel::new(ours, Role::Parent, Serialization::Json, Limits::default()).unwrap(), theirs)
}

#[test]
fn messages_go_both_ways() {
    let (mut parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    assert!(parent.send(&value(r#"{"a":[1]}"#)).unwrap().accepted);
    assert_eq!(recv(&mut child).as_deref(), Some(r#"{"a":[1]}"#));
    child.send(&Graph::from("b")).unwrap();
    child.send(&Graph::from("c")).unwrap();
    drop(child);
    let rest: Vec<String> = parent.messages().map(|message| text(&message.unwrap())).collect();
    assert_eq!(rest, ["\"b\"", "\"c\""]);
    assert!(!parent.connected() && parent.fd().is_none());
}

#[test]
fn recv_times_out_and_goes_on() {
    let (mut parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    assert_eq!(parent.recv_timeout(Duration::ZERO).unwrap_err(), RecvError::TimedOut);
    assert_eq!(parent.recv_timeout(Duration::from_millis(5)).unwrap_err(), RecvError::TimedOut);
    child.send(&Graph::from(1.0)).unwrap();
    assert_eq!(recv(&mut parent).as_deref(), Some("1"));
}

#[test]
fn an_invalid_line_is_an_error_and_no_end() {
    let (mut parent, mut peer) = raw();
    peer.write_all(b"1\n{bad}\n2\n").unwrap();
    assert_eq!(recv(&mut parent).as_deref(), Some("1"));
    let error = parent.recv().unwrap_err();
    assert_eq!((error.name(), error.code()), ("SyntaxError", None));
    assert!(matches!(error, RecvError::Invalid(error) if error.start() == "{bad}"));
    assert_eq!(recv(&mut parent).as_deref(), Some("2"));
}

#[test]
fn one_read_at_a_time() {
    let (mut parent, mut peer) = raw();
    let writer = std::thread::spawn(move || {
        peer.write_all(&b"\"0123456789abc\"\n".repeat(8192)).unwrap();
        peer
    });
    let mut reads = 0;
    let mut messages = 0;
    while messages < 8192 {
        parent.drive(Ready { readable: true, writable: false });
        let found = std::iter::from_fn(|| parent.next_event()).count();
        assert!(found <= 65_536 / 16, "{found}");
        messages += found;
        reads += usize::from(found > 0);
    }
    assert!(reads >= 2);
    drop(writer.join().unwrap());
}

#[test]
fn half_close_ends_both_directions() {
    let (mut parent, mut peer) = raw();
    peer.write_all(b"1\n2").unwrap();
    peer.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(recv(&mut parent).as_deref(), Some("1"));
    assert_eq!(recv(&mut parent), None);
    assert_eq!(parent.disconnect(), Err(DisconnectError));
    assert_eq!(peer.read(&mut [0; 8]).unwrap(), 0);
}

#[test]
fn a_peer_that_closes_with_unread_data_just_disconnects() {
    let (mut parent, mut peer) = raw();
    parent.send(&Graph::from("unread")).unwrap();
    peer.write_all(b"1\n").unwrap();
    drop(peer);
    let mut words = Vec::new();
    while let Some(event) = parent.wait(Some(DEADLINE)).unwrap() {
        words.push(match event {
            Event::Sent { result: Ok(()), .. } => "sent",
            Event::Message(_) => "message",
            Event::Disconnected => "disconnected",
            other => panic!("{other:?}"),
        });
    }
    // The kernel may report the reset before the data that came first.
    assert!(
        matches!(words[..], ["sent", "message", "disconnected"] | ["sent", "disconnected"]),
        "{words:?}"
    );
}

#[test]
fn writing_to_a_closed_peer_is_an_event_and_no_signal() {
    let (mut parent, peer) = raw();
    drop(peer);
    let receipt = parent.send(&Graph::from(1.0)).unwrap();
    assert!(receipt.accepted && parent.connected(), "as in Node: the end is not noticed yet");
    let Some(Event::Sent { id, result: Err(error) }) = parent.next_event() else {
        panic!("no completion")
    };
    assert_eq!((id, error.code()), (receipt.id, Some("EPIPE")));
    assert_eq!(error.to_string(), "write EPIPE");
    assert_eq!(recv(&mut parent), None);
    assert_eq!(parent.send(&Graph::from(1.0)), Err(SendError::Closed));
}

#[test]
fn disconnect_drops_the_backlog_and_delivers_the_rest() {
    let (mut parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    parent.send(&Graph::from(1.0)).unwrap();
    parent.send(&Graph::from("x".repeat(4_000_000).as_str())).unwrap();
    parent.disconnect().unwrap();
    assert!(!parent.wants_write() && !parent.is_referenced());
    let events: Vec<Event> = std::iter::from_fn(|| parent.next_event()).collect();
    assert!(matches!(
        events[..],
        [
            Event::Sent { result: Ok(()), .. },
            Event::Sent { result: Err(Undelivered::Disconnected), .. },
            Event::Disconnected
        ]
    ));
    assert_eq!(recv(&mut child).as_deref(), Some("1"));
    assert_eq!(recv(&mut child), None);
}

#[test]
fn flush_and_close_wait_for_the_peer() {
    let (mut parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    let big = Graph::from("x".repeat(4_000_000).as_str());
    parent.send(&big).unwrap();
    let stuck = parent.flush(Some(Duration::from_millis(5))).unwrap_err();
    assert!(matches!(stuck, FlushError::TimedOut { queued } if queued > 0));
    // Both write more than the kernel holds: whoever waits for room reads meanwhile.
    let other = std::thread::spawn(move || {
        child.send(&Graph::from("y".repeat(4_000_000).as_str())).unwrap();
        child.flush(Some(DEADLINE)).unwrap();
        child.recv_timeout(DEADLINE).unwrap().is_some()
    });
    parent.flush(Some(DEADLINE)).unwrap();
    assert!(recv(&mut parent).is_some());
    assert!(other.join().unwrap());
    parent.close(Some(DEADLINE)).unwrap();
    assert!(!parent.connected());
    parent.close(None).unwrap();
}

#[test]
fn what_cannot_be_serialized_behind_a_handle_costs_itself_alone() {
    let bigint = unserializable();
    let options = SendOptions::default();
    let stream = || UnixStream::pair().unwrap().0;
    for (closes, handle_is_last) in [(true, true), (true, false), (false, false)] {
        let (mut parent, mut child) = Channel::pair(Serialization::Json).unwrap();
        parent.send_with(&Graph::from("h"), stream(), &options).unwrap();
        parent.send(&bigint).unwrap();
        let waits = parent.flush(Some(Duration::from_millis(5))).unwrap_err();
        assert!(matches!(waits, FlushError::TimedOut { .. }), "its turn has not come: {waits:?}");
        parent.send_with(&Graph::from("i"), stream(), &options).unwrap();
        if !handle_is_last {
            parent.send(&Graph::from("last")).unwrap();
        }
        let other = std::thread::spawn(move || {
            let mut texts = Vec::new();
            while let Some(text) = recv(&mut child) {
                texts.push(text);
                // The answer to the last handle takes its time.
                std::thread::sleep(Duration::from_millis(2));
            }
            texts
        });
        let lost = FlushError::Undelivered(Undelivered::Unserializable);
        if closes {
            assert_eq!(parent.close(Some(DEADLINE)), Err(lost));
        } else {
            assert_eq!(parent.flush(Some(DEADLINE)), Err(lost));
            parent.flush(Some(DEADLINE)).unwrap();
            parent.close(Some(DEADLINE)).unwrap();
        }
        let came = other.join().unwrap();
        let expected = ["\"h\"", "\"i\"", "\"last\""];
        assert_eq!(came, expected[..3 - usize::from(handle_is_last)]);
        let events: Vec<Event> = std::iter::from_fn(|| parent.next_event()).collect();
        let count = |of: fn(&Event) -> bool| events.iter().filter(|event| of(event)).count();
        let said = count(
            |event| matches!(event, Event::Unserializable { error, .. } if error.name() == "TypeError"),
        );
        let unanswered = count(|event| matches!(event, Event::HandleUnanswered { .. }));
        assert_eq!((said, unanswered), (1, 0), "{events:?}");
    }
}

#[test]
fn flush_reports_a_peer_that_dies() {
    let (mut parent, peer) = raw();
    parent.send(&Graph::from("x".repeat(4_000_000).as_str())).unwrap();
    drop(peer);
    assert!(matches!(parent.flush(Some(DEADLINE)), Err(FlushError::Undelivered(_))));
}

#[test]
fn a_handle_is_declined_at_once() {
    let (mut parent, mut peer) = raw();
    peer.write_all(b"{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\"}\n").unwrap();
    assert!(matches!(parent.wait(Some(DEADLINE)).unwrap(), Some(Event::Reserved(_))));
    let mut answer = [0; 27];
    peer.set_read_timeout(Some(DEADLINE)).unwrap();
    peer.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"{\"cmd\":\"NODE_HANDLE_NACK\"}\n");
    assert!(parent.next_event().is_none(), "the answer is not a message of the program");
}

#[test]
fn descriptors_nobody_asked_for_are_closed_with_the_channel() {
    let (mut parent, peer) = raw();
    let (kept, given) = UnixStream::pair().unwrap();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let fds = [given.as_fd(), given.as_fd(), given.as_fd()];
    assert!(control.push(SendAncillaryMessage::ScmRights(&fds)));
    sendmsg(&peer, &[IoSlice::new(b"1\n")], &mut control, SendFlags::empty()).unwrap();
    drop(given);
    assert_eq!(recv(&mut parent).as_deref(), Some("1"));
    drop(parent);
    kept.set_read_timeout(Some(DEADLINE)).unwrap();
    assert_eq!((&kept).read(&mut [0; 1]).unwrap(), 0, "somebody still holds the other end");
}

#[test]
fn the_socket_is_prepared_and_closed_with_the_channel() {
    let (parent, mut peer) = raw();
    let fd = parent.fd().unwrap();
    assert!(rustix::io::fcntl_getfd(fd).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
    assert!(rustix::fs::fcntl_getfl(fd).unwrap().contains(rustix::fs::OFlags::NONBLOCK));
    drop(parent);
    assert_eq!(peer.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn what_is_made_here_is_sent_non_blocking_and_what_came_as_it_is() {
    let (mut parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    let options = SendOptions::default();
    parent.send_with(&Graph::from(1), UnixStream::pair().unwrap().0, &options).unwrap();
    let came = child.recv_message().unwrap().unwrap().handle.unwrap();
    assert!(is_nonblocking(&came));
    rustix::fs::fcntl_setfl(&came, rustix::fs::OFlags::empty()).unwrap();
    for handle in [came.try_clone().unwrap(), came] {
        child.send_with(&Graph::from(2), handle, &options).unwrap();
        let back = parent.recv_message().unwrap().unwrap().handle.unwrap();
        assert!(!is_nonblocking(&back));
        child.recv_timeout(Duration::ZERO).unwrap_err();
    }
}

fn is_nonblocking(handle: &Handle) -> bool {
    rustix::fs::fcntl_getfl(handle).unwrap().contains(rustix::fs::OFlags::NONBLOCK)
}

#[test]
fn a_batch_answers_as_send_does_and_writes_less_often() {
    let (mut parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    let filler = Graph::from("x".repeat(997).as_str());
    let mut batch = parent.batch();
    assert!(batch.send(&filler).unwrap().accepted);
    drop(batch);
    assert!(recv(&mut child).is_some(), "the last one is written");
    let mut batch = parent.batch();
    let mut sent = 0;
    while batch.send_raw(b"1").unwrap().accepted && sent < 10_000_000 {
        sent += 1;
    }
    drop(batch);
    assert!(parent.queued_bytes() >= 131_072, "false means that so much waits after a write");
    let reader = std::thread::spawn(move || child.messages().take(sent + 1).count());
    parent.flush(Some(DEADLINE)).unwrap();
    assert_eq!(reader.join().unwrap(), sent + 1);
}

#[test]
fn a_relay_passes_bytes_on() {
    for serialization in [Serialization::Json, Serialization::Advanced] {
        let (mut source, mut from) = Channel::pair(serialization).unwrap();
        let (mut to, mut sink) = Channel::pair(serialization).unwrap();
        let big = Graph::from("y".repeat(3_000_000).as_str());
        let other = std::thread::spawn(move || {
            source.send(&Graph::from("a")).unwrap();
            source.send(&big).unwrap();
            let stream = UnixStream::pair().unwrap().0;
            source.send_with(&Graph::from("h"), stream, &SendOptions::default()).unwrap();
            source.close(Some(DEADLINE)).unwrap();
        });
        let receiver = std::thread::spawn(move || {
            let mut found = Vec::new();
            while let Some(message) = sink.recv_message().unwrap() {
                found.push((text(&message.value).len(), message.handle.is_some()));
            }
            found
        });
        while let Some(next) = from.wait_raw(Some(DEADLINE)).unwrap() {
            match next {
                Raw::Message(bytes) => to.send_raw(bytes).unwrap(),
                Raw::Event(Event::Message(message)) => {
                    let handle = message.handle.unwrap();
                    to.send_with(&message.value, handle, &SendOptions::default()).unwrap()
                }
                Raw::Event(_) => continue,
            };
        }
        to.close(Some(DEADLINE)).unwrap();
        other.join().unwrap();
        assert_eq!(receiver.join().unwrap(), [(3, false), (3_000_002, false), (3, true)]);
    }
}

#[test]
fn an_event_loop_is_woken_when_the_last_connection_was_closed_between_its_turns() {
    let (mut parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    let (given, _other) = UnixStream::pair().unwrap();
    let options = SendOptions::default().key("4:127.0.0.1:8000");
    parent.send_with(&Graph::from("keep"), given, &options).unwrap();
    let kept = child.recv_message().unwrap().unwrap().handle;
    // The acknowledgement.
    parent.drive(Ready { readable: true, writable: false });
    parent.notify_close("4:127.0.0.1:8000").unwrap();
    child.drive(Ready { readable: true, writable: false });
    assert!(child.wake_fd().is_some(), "the peer waits");

    drop(kept);
    let wake = child.wake_fd().expect("nothing has been said yet");
    let mut watched = [PollFd::new(&wake, PollFlags::IN)];
    assert_eq!(poll(&mut watched, Some(&Timespec::default())), Ok(1));
    child.drive(Ready::default());
    assert!(child.wake_fd().is_none());
    let answer = loop {
        let next = parent.wait(Some(DEADLINE)).unwrap().expect("connected");
        if let Event::SocketsClosed { key } = next {
            break key;
        }
    };
    assert_eq!(answer, "4:127.0.0.1:8000");
}

#[test]
fn one_message_of_any_size_is_received() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let size = 8 << 20;
    let limits = Limits::default().received_bytes(0);
    let mut channel = Channel::new(ours, Role::Parent, Serialization::Json, limits).unwrap();
    // Its completion waits to be taken.
    channel.send(&Graph::from("x".repeat(1 << 20))).unwrap();
    let peer = std::thread::spawn(move || {
        for _ in 0..2 {
            theirs.write_all(format!("\"{}\"\n", "y".repeat(size)).as_bytes()).unwrap();
        }
        theirs.read_exact(&mut vec![0; (1 << 20) + 3]).unwrap();
    });
    for _ in 0..2 {
        let message = channel.recv_timeout(DEADLINE).unwrap().expect("a message");
        assert_eq!(message.view().len(), size);
    }
    channel.flush(Some(DEADLINE)).unwrap();
    peer.join().unwrap();
}
