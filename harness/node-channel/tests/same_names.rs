//! Both front ends have the same methods, on channels and on halves: the lists below are called on
//! all of them, with `.await` where the front end has it, and with a timeout where it has that.

#![cfg(all(feature = "serde", feature = "tokio"))]

mod common;

use std::io;
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;

use common::{DEADLINE, text};
use js_value::Graph;
use node_channel::{
    Channel, EnvError, Event, KeepAlive, Limits, Message, Raw, Receipt, Role, SendOptions,
    Serialization, Typed, tokio as front,
};

/// What a channel and each of its halves has.
macro_rules! call_common {
    ($end:expr) => {{
        assert!($end.connected());
        assert_eq!($end.serialization(), Serialization::Json);
        let before: KeepAlive = $end.keep_alive();
        $end.update_keep_alive(KeepAlive::unreference);
        assert!(!$end.is_referenced());
        $end.report_wrappers(false);
        $end.update_keep_alive(|keep| *keep = before);
    }};
}

/// What a channel and a sending half have.
macro_rules! call_sending {
    ($sender:expr, $peer:expr, ($($timeout:expr)?), $($await:tt)*) => {{
        call_common!($sender);
        let options = SendOptions::default();
        let _: Receipt = $sender.send(&Graph::from(1)).unwrap();
        let _: Receipt = $sender.send_as(&1).unwrap();
        let _: Receipt = $sender.send_raw(b"1").unwrap();
        let _: Receipt = $sender.batch().send(&Graph::from(1)).unwrap();
        let _: Receipt = $sender.request_count("none").unwrap();
        let _: Receipt = $sender.notify_close("none").unwrap();
        $sender.ready($($timeout)?)$($await)*.unwrap();
        $sender.flush($($timeout)?)$($await)*.unwrap();
        let stream = UnixStream::pair().unwrap().0;
        let _: Receipt = $sender.send_with(&Graph::from(1), stream, &options).unwrap();
        assert_eq!(($sender.queued_handles(), $sender.queued_bytes()), (1, 0));
        $sender.disconnect().unwrap();
        // The peer owes an acknowledgement, and goes.
        drop($peer);
        $sender.close($($timeout)?)$($await)*.unwrap();
        assert!($sender.ready($($timeout)?)$($await)*.is_err());
    }};
}

/// What a channel and a receiving half have. The peer sends numbers, the fifth with a handle.
macro_rules! call_receiving {
    ($receiver:expr, ($($timeout:expr)?), $($await:tt)*) => {{
        call_common!($receiver);
        let value: Option<Graph> = $receiver.recv()$($await)*.unwrap();
        assert_eq!(value.as_ref().map(text).as_deref(), Some("0"));
        let message: Option<Message> = $receiver.recv_message()$($await)*.unwrap();
        assert_eq!(text(&message.unwrap().value), "1");
        assert_eq!($receiver.recv_as()$($await)*.unwrap(), Some(2));
        let event: Option<Event> = $receiver.wait($($timeout)?)$($await)*.unwrap();
        assert!(matches!(event, Some(Event::Message(_))));
        let typed: Option<Typed<u8>> = $receiver.wait_as($($timeout)?)$($await)*.unwrap();
        assert!(matches!(typed, Some(Typed::Message { value: 4, handle: Some(_), .. })));
        let raw: Option<Raw<'_>> = $receiver.wait_raw($($timeout)?)$($await)*.unwrap();
        assert!(matches!(raw, Some(Raw::Message(b"5"))));
        let next = $receiver.messages().next()$($await)*;
        assert_eq!(next.unwrap().as_ref().map(text), Ok("6".to_owned()));
        assert!($receiver.has_events());
        let event: Option<Event> = $receiver.next_event();
        assert!(matches!(event, Some(Event::Message(_))));
        let raw: Option<Raw<'_>> = $receiver.next_raw();
        assert!(matches!(raw, Some(Raw::Message(b"8"))));
        $receiver.disconnect().unwrap();
        assert!(!$receiver.connected());
    }};
}

fn pair() -> (Channel, Channel) {
    Channel::pair(Serialization::Json).unwrap()
}

/// An end whose peer sends ten numbers, the fifth with a handle, and then waits.
fn given() -> (Channel, JoinHandle<()>) {
    let (ours, mut theirs) = pair();
    let peer = std::thread::spawn(move || {
        for number in 0..10 {
            let message = Graph::from(number);
            if number == 4 {
                let stream = UnixStream::pair().unwrap().0;
                theirs.send_with(&message, stream, &SendOptions::default()).unwrap();
            } else {
                theirs.send(&message).unwrap();
            }
        }
        theirs.flush(Some(DEADLINE)).unwrap();
        assert!(theirs.recv_timeout(DEADLINE).unwrap().is_none());
    });
    (ours, peer)
}

#[test]
fn a_blocking_channel_and_its_halves_have_them() {
    let (mut channel, peer) = pair();
    call_sending!(channel, peer, (Some(DEADLINE)),);
    let (channel, peer) = pair();
    let (mut sender, _receiver) = channel.split().unwrap();
    call_sending!(sender, peer, (Some(DEADLINE)),);

    let (mut channel, peer) = given();
    call_receiving!(channel, (Some(DEADLINE)),);
    peer.join().unwrap();
    let (channel, peer) = given();
    let (_sender, mut receiver) = channel.split().unwrap();
    call_receiving!(receiver, (Some(DEADLINE)),);
    peer.join().unwrap();
}

#[tokio::test]
async fn a_channel_of_tokio_and_its_halves_have_them() {
    let ours = |channel: Channel| front::Channel::try_from(channel).unwrap();
    let (channel, peer) = pair();
    let mut channel = ours(channel);
    call_sending!(channel, peer, (), .await);
    let (channel, peer) = pair();
    let (mut sender, _receiver) = ours(channel).split();
    call_sending!(sender, peer, (), .await);

    let (channel, peer) = given();
    let mut channel = ours(channel);
    call_receiving!(channel, (), .await);
    peer.join().unwrap();
    let (channel, peer) = given();
    let (_sender, mut receiver) = ours(channel).split();
    call_receiving!(receiver, (), .await);
    peer.join().unwrap();
}

/// How a channel comes about.
macro_rules! check_constructors {
    ($channel:ty) => {
        let _: fn() -> Result<Option<$channel>, EnvError> = <$channel>::from_env;
        let _: fn(Limits) -> Result<Option<$channel>, EnvError> = <$channel>::from_env_with;
        let _: fn(Serialization) -> io::Result<($channel, $channel)> = <$channel>::pair;
        let _: fn(UnixStream, Role, Serialization, Limits) -> io::Result<$channel> =
            <$channel>::new;
    };
}

#[test]
fn they_come_about_in_the_same_ways() {
    check_constructors!(Channel);
    check_constructors!(front::Channel);
}
