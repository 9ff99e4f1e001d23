//! Messages of Rust types, over both serializations.

#![cfg(feature = "serde")]

mod common;

use std::borrow::Cow;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use common::DEADLINE;
use js_value::Graph;
use node_channel::{
    Channel, InvalidMessage, Limits, RecvError, Role, SendError, SendOptions, Serialization, Typed,
};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use serde::{Deserialize, Serialize};

const BOTH: [Serialization; 2] = [Serialization::Json, Serialization::Advanced];

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Message<'a> {
    Progress { job: &'a str, percent: u8 },
    Result { job: Cow<'a, str>, values: Vec<f64> },
}

#[test]
fn types_go_over_and_borrow_from_what_came() {
    for serialization in BOTH {
        let (mut parent, mut child) = Channel::pair(serialization).unwrap();
        let progress = Message::Progress { job: "build", percent: 50 };
        let result = Message::Result { job: "ä \"€\"".into(), values: vec![1.5, -0.0, 3.0] };
        assert!(child.send_as(&progress).unwrap().accepted);
        let mut batch = child.batch();
        for _ in 0..3 {
            batch.send_as(&result).unwrap();
        }
        drop(batch);
        assert_eq!(parent.recv_as().unwrap(), Some(progress));
        for _ in 0..3 {
            assert_eq!(parent.recv_as().unwrap(), Some(&result).as_ref().map(|r| copy(r)));
        }
        child.disconnect().unwrap();
        assert_eq!(parent.recv_as::<Message<'_>>().unwrap(), None);
    }
}

fn copy<'a>(message: &'a Message<'_>) -> Message<'a> {
    match message {
        Message::Progress { job, percent } => Message::Progress { job, percent: *percent },
        Message::Result { job, values } => {
            Message::Result { job: Cow::Borrowed(job), values: values.clone() }
        }
    }
}

#[test]
fn values_and_types_understand_one_another() {
    for serialization in BOTH {
        let (mut parent, mut child) = Channel::pair(serialization).unwrap();
        child.send_as(&("x", 1, [true; 2])).unwrap();
        let value = parent.recv().unwrap().unwrap();
        let view = value.view();
        assert_eq!(view.index(0).and_then(|v| v.as_str()), Some("x"));
        assert_eq!(view.index(1).and_then(|v| v.as_f64()), Some(1.0));
        parent.send(&value).unwrap();
        assert_eq!(child.recv_as().unwrap(), Some(("x", 1_i64, [true; 2])));
    }
}

#[test]
fn a_message_of_another_type_is_an_error_and_taken() {
    for serialization in BOTH {
        let (mut parent, mut child) = Channel::pair(serialization).unwrap();
        child.send_as("no number").unwrap();
        child.send_as(&7).unwrap();
        let error = parent.recv_as::<u32>().unwrap_err();
        let RecvError::Invalid(InvalidMessage::Type { start, message }) = &error else {
            panic!("{error:?}");
        };
        assert!(!start.is_empty() && !message.is_empty());
        assert_eq!(error.name(), "TypeError");
        assert_eq!(parent.recv_as::<u32>().unwrap(), Some(7));
    }
}

#[test]
fn what_is_no_message_is_the_error_that_it_is_for_values() {
    let (mut parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    for raw in ["{bad", "[1"] {
        child.send_raw(raw.as_bytes()).unwrap();
        child.send_raw(raw.as_bytes()).unwrap();
        assert_eq!(parent.recv().unwrap_err(), parent.recv_as::<u32>().unwrap_err());
    }
}

#[test]
fn a_number_that_javascript_does_not_have_is_refused() {
    for serialization in BOTH {
        let (mut parent, mut child) = Channel::pair(serialization).unwrap();
        let error = child.send_as(&u64::MAX).unwrap_err();
        assert!(matches!(error, SendError::Value { .. }), "{error:?}");
        child.send_as(&1).unwrap();
        assert_eq!(parent.recv_as::<u8>().unwrap(), Some(1));
    }
}

#[test]
fn text_that_is_no_utf8_is_repaired_as_for_values() {
    let (mut parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    child.send_raw(b"\"a\xff\xfeb\"").unwrap();
    assert_eq!(parent.recv_as::<&str>().unwrap(), Some("a\u{fffd}\u{fffd}b"));
}

#[test]
fn a_handle_comes_with_its_message() {
    for serialization in BOTH {
        let (mut parent, mut child) = Channel::pair(serialization).unwrap();
        let (given, _kept) = UnixStream::pair().unwrap();
        parent.send_with(&Graph::from("stream"), given, &SendOptions::default()).unwrap();
        match child.wait_as::<&str>(None).unwrap() {
            Some(Typed::Message { value: "stream", handle: Some(_), .. }) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_type_is_not_waited_for_longer_than_wanted() {
    let (mut parent, child) = Channel::pair(Serialization::Json).unwrap();
    let (_sender, mut receiver) = child.split().unwrap();
    let time = Duration::from_millis(10);
    assert_eq!(parent.recv_as_timeout::<u8>(time), Err(RecvError::TimedOut));
    assert_eq!(receiver.recv_as_timeout::<u8>(time), Err(RecvError::TimedOut));
    assert!(matches!(receiver.wait_as::<u8>(Some(time)), Err(RecvError::TimedOut)));
    parent.send_as(&1).unwrap();
    assert_eq!(receiver.recv_as_timeout(time), Ok(Some(1)));
}

#[test]
fn reserved_messages_are_passed_over() {
    for serialization in BOTH {
        let (mut parent, mut child) = Channel::pair(serialization).unwrap();
        child.send_as(&std::collections::BTreeMap::from([("cmd", "NODE_TEST")])).unwrap();
        child.send_as("message").unwrap();
        assert_eq!(parent.recv_as::<&str>().unwrap(), Some("message"));
    }
}

/// A NODE_HANDLE message without `msg`, as Node may send it, with a socket.
fn handle_without_message(serialization: Serialization) -> Channel {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let message: &[u8] = match serialization {
        Serialization::Json => b"{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\"}\n",
        Serialization::Advanced => {
            b"\0\0\0\x29\xff\x0fo\"\x03cmd\"\x0bNODE_HANDLE\"\x04type\"\x0anet.Socket{\x02"
        }
    };
    let stream = UnixStream::pair().unwrap().0;
    let descriptors = [stream.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(control.push(SendAncillaryMessage::ScmRights(&descriptors)));
    sendmsg(&theirs, &[IoSlice::new(message)], &mut control, SendFlags::empty()).unwrap();
    Channel::new(ours, Role::Parent, serialization, Limits::default()).unwrap()
}

#[test]
fn a_handle_without_a_message_reads_as_undefined() {
    for serialization in BOTH {
        let channel = || handle_without_message(serialization);
        assert_eq!(channel().recv_as::<Option<u32>>().unwrap(), Some(None));
        assert_eq!(channel().recv_as::<()>().unwrap(), Some(()));
        let refused = channel().recv_as::<u32>().unwrap_err();
        let RecvError::Invalid(InvalidMessage::Type { .. }) = refused else {
            panic!("{refused:?}")
        };
        let mut channel = channel();
        let found = channel.wait_as::<()>(Some(DEADLINE)).unwrap();
        assert!(matches!(found, Some(Typed::Message { value: (), handle: Some(_) })));
    }
}

#[test]
fn a_handle_whose_message_is_of_another_type_is_not_lost() {
    for serialization in BOTH {
        let (mut parent, mut child) = Channel::pair(serialization).unwrap();
        let stream = UnixStream::pair().unwrap().0;
        parent.send_with(&Graph::from("text"), stream, &SendOptions::default()).unwrap();
        match child.wait_as::<u32>(Some(DEADLINE)).unwrap() {
            Some(Typed::Mismatch { message, error: InvalidMessage::Type { .. } }) => {
                assert_eq!(message.value.view().as_str(), Some("text"));
                assert!(message.handle.is_some());
            }
            other => panic!("{other:?}"),
        }
    }
}
