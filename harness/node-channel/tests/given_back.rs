//! A handle that is not sent comes back, and is as it was.

mod common;

use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use common::DEADLINE;
use js_value::Graph;
use node_channel::{
    Channel, Event, Handle, Limits, NotSent, Role, SendError, SendOptions, Serialization,
};
use rustix::fs::{OFlags, fcntl_getfl};

/// A channel with room for ten bytes, and the silent other end of it.
fn narrow() -> (Channel, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let limits = Limits::default().queued_bytes(10);
    (Channel::new(ours, Role::Parent, Serialization::Json, limits).unwrap(), theirs)
}

fn is_open(mut kept: &UnixStream) -> bool {
    kept.set_nonblocking(true).unwrap();
    matches!(kept.read(&mut [0; 1]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}

/// Gives a connection to a pool that has no room, by any type with `send_with()`.
macro_rules! check_refusal {
    ($sender:expr) => {{
        let (connection, client) = UnixStream::pair().unwrap();
        let message = Graph::from("more than ten bytes");
        let refused = $sender.send_with(&message, connection, &SendOptions::default());
        let refused: NotSent = refused.unwrap_err();
        assert!(matches!(refused.error, SendError::QueueFull { limit: 10, .. }), "{refused}");
        check_as_it_was(&refused.handle, &client);
    }};
}

fn check_as_it_was(handle: &Handle, client: &UnixStream) {
    assert!(is_open(client));
    let flags = fcntl_getfl(handle.as_fd()).unwrap();
    assert!(!flags.contains(OFlags::NONBLOCK), "nothing was done with it");
}

#[test]
fn a_full_queue_gives_the_connection_back() {
    let (mut channel, _peer) = narrow();
    check_refusal!(channel);
    let (mut sender, _receiver) = channel.split().unwrap();
    check_refusal!(sender);
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn a_full_queue_gives_the_connection_back_on_tokio() {
    let (channel, _peer) = narrow();
    let mut channel = node_channel::tokio::Channel::try_from(channel).unwrap();
    check_refusal!(channel);
    let (mut sender, _receiver) = channel.split();
    check_refusal!(sender);
}

#[test]
fn a_function_may_answer_the_error_alone() {
    fn give(channel: &mut Channel, connection: UnixStream) -> Result<(), SendError> {
        channel.send_with(&Graph::from(1), connection, &SendOptions::default())?;
        Ok(())
    }
    let (mut channel, _peer) = narrow();
    channel.disconnect().unwrap();
    let (connection, client) = UnixStream::pair().unwrap();
    assert_eq!(give(&mut channel, connection), Err(SendError::Closed));
    assert!(!is_open(&client), "nobody has it");
}

/// A worker dies with a connection on its way and another behind it: neither client is cut off.
#[test]
fn a_peer_that_dies_gives_all_handles_back() {
    let (mut channel, peer) = Channel::pair(Serialization::Json).unwrap();
    let (clients, connections): (Vec<_>, Vec<_>) =
        (0..3).map(|_| UnixStream::pair().unwrap()).unzip();
    for (number, connection) in connections.into_iter().enumerate() {
        let options = SendOptions::default();
        channel.send_with(&Graph::from(number as f64), connection, &options).unwrap();
    }
    drop(peer);
    let mut back = Vec::new();
    loop {
        match channel.wait(Some(DEADLINE)).unwrap().expect("the disconnect comes last") {
            Event::HandleUnanswered { id, handle } => back.push((id.number(), false, handle)),
            Event::HandleRefused { id, handle } => back.push((id.number(), true, handle)),
            Event::Disconnected => break,
            _ => {}
        }
    }
    let found: Vec<_> = back.iter().map(|(number, refused, _)| (*number, *refused)).collect();
    assert_eq!(found, [(0, false), (1, true), (2, true)], "the first may have been taken");
    assert!(clients.iter().all(is_open));
}
