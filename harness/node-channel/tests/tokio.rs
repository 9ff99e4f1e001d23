//! The async front end on real sockets, without other processes.

mod common;

use std::future::Future;
use std::io::{IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use common::{DEADLINE, send_around_unserializable, text, unanswered};
use js_value::Graph;
use node_channel::tokio::Channel;
use node_channel::{
    Counted, Event, FlushError, Limits, Raw, Role, SendError, SendOptions, Serialization,
    Undelivered,
};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use tokio::time::timeout;

const BOTH: [Serialization; 2] = [Serialization::Json, Serialization::Advanced];

fn big() -> Graph {
    Graph::from("x".repeat(1_000_000).as_str())
}

fn stream() -> UnixStream {
    UnixStream::pair().unwrap().0
}

/// A channel, and a blocking one on the other side of it.
fn mixed(serialization: Serialization) -> (Channel, node_channel::Channel) {
    let (ours, theirs) = node_channel::Channel::pair(serialization).unwrap();
    (ours.try_into().unwrap(), theirs)
}

/// A channel, and the bare socket on the other side of it.
fn raw() -> (Channel, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    (Channel::new(ours, Role::Parent, Serialization::Json, Limits::default()).unwrap(), theirs)
}

async fn recv(channel: &mut Channel) -> Option<String> {
    let message = timeout(DEADLINE, channel.recv()).await.expect("a message in time");
    message.unwrap().as_ref().map(text)
}

/// What a thread does meanwhile, awaited without any help to the channel.
async fn elsewhere<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    timeout(DEADLINE, tokio::task::spawn_blocking(work)).await.expect("in time").unwrap()
}

/// Polls once and drops.
fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[tokio::test]
async fn messages_go_both_ways() {
    for serialization in BOTH {
        let (mut parent, mut child) = Channel::pair(serialization).unwrap();
        for number in 0..2000 {
            assert!(parent.send(&Graph::from(number)).unwrap().accepted);
            assert_eq!(recv(&mut child).await, Some(number.to_string()));
            child.send(&Graph::from(-number)).unwrap();
            assert!(recv(&mut parent).await.is_some());
        }
        child.send(&Graph::from("last")).unwrap();
        drop(child);
        assert_eq!(recv(&mut parent).await.as_deref(), Some("\"last\""));
        assert_eq!(recv(&mut parent).await, None);
        assert!(!parent.connected());
        assert_eq!(parent.send(&Graph::from(1)), Err(SendError::Closed));
    }
}

#[tokio::test]
async fn a_small_message_is_on_its_way_when_send_returns() {
    let (mut parent, mut peer) = raw();
    parent.send(&Graph::from(1)).unwrap();
    // Nothing was awaited yet.
    let mut found = [0; 2];
    peer.read_exact(&mut found).unwrap();
    assert_eq!(&found, b"1\n");
}

#[tokio::test]
async fn what_is_queued_goes_out_while_the_program_awaits_something_else() {
    let (mut parent, mut child) = mixed(Serialization::Json);
    for _ in 0..3 {
        parent.send(&big()).unwrap();
    }
    assert!(parent.queued_bytes() > 0);
    let found = elsewhere(move || child.messages().take(3).count()).await;
    assert_eq!(found, 3);
}

#[tokio::test]
async fn what_waits_behind_handles_goes_out_while_the_program_awaits_something_else() {
    for serialization in BOTH {
        let (mut parent, mut child) = mixed(serialization);
        for _ in 0..20 {
            parent.send_with(&Graph::from("h"), stream(), &SendOptions::default()).unwrap();
            parent.send(&big()).unwrap();
        }
        let found = elsewhere(move || {
            (0..40).filter(|_| child.recv_message().unwrap().unwrap().handle.is_some()).count()
        });
        assert_eq!(found.await, 20);
        assert_eq!(timeout(DEADLINE, parent.flush()).await.unwrap(), Ok(()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn halves_work_in_two_tasks_with_pressure_both_ways() {
    pressure().await;
}

#[tokio::test]
async fn halves_work_on_one_thread_with_pressure_both_ways() {
    pressure().await;
}

async fn pressure() {
    const COUNT: usize = 2000;
    for serialization in BOTH {
        let (parent, child) = Channel::pair(serialization).unwrap();
        let mut tasks = Vec::new();
        for channel in [parent, child] {
            let (mut sender, mut receiver) = channel.split();
            tasks.push(tokio::spawn(async move {
                for number in 0..COUNT {
                    let filler = "x".repeat(if number % 100 == 0 { 300_000 } else { 10 });
                    let message = Graph::from(format!("{number} {filler}").as_str());
                    if !sender.send(&message).unwrap().accepted {
                        sender.ready().await.unwrap();
                        assert!(sender.queued_bytes() < node_channel::BACKLOG_THRESHOLD);
                    }
                }
                sender.flush().await.unwrap();
            }));
            tasks.push(tokio::spawn(async move {
                for number in 0..COUNT {
                    let message = receiver.recv().await.unwrap().unwrap();
                    assert!(text(&message).starts_with(&format!("\"{number} ")));
                }
            }));
        }
        for task in tasks {
            timeout(DEADLINE, task).await.expect("in time").unwrap();
        }
    }
}

#[tokio::test]
async fn dropped_futures_lose_and_double_nothing() {
    const COUNT: i32 = 3000;
    for serialization in BOTH {
        let (mut parent, mut child) = mixed(serialization);
        let peer = thread::spawn(move || {
            let filler = "y".repeat(2000);
            for number in 0..COUNT {
                child.send(&Graph::from(number)).unwrap();
                child.send(&Graph::from(filler.as_str())).unwrap();
                child.flush(Some(DEADLINE)).unwrap();
            }
            let found: Vec<String> =
                child.messages().take(COUNT as usize).map(|found| text(&found.unwrap())).collect();
            (found, child)
        });
        let mut sent = 0;
        let mut next = 0;
        let mut fillers = 0;
        let mut take = |message: Graph| match text(&message) {
            filler if filler.starts_with("\"y") => {
                fillers += 1;
                false
            }
            number => {
                assert_eq!(number, next.to_string());
                next += 1;
                next == COUNT
            }
        };
        for round in 0_u64.. {
            if sent < COUNT {
                parent.send(&Graph::from(sent)).unwrap();
                sent += 1;
            }
            let _room = poll_once(parent.ready());
            let _room = poll_once(parent.flush());
            let found = match round % 4 {
                0 => poll_once(parent.recv()),
                1 => timeout(Duration::ZERO, parent.recv()).await.ok(),
                2 => tokio::select! {
                    biased;
                    () = tokio::task::yield_now() => None,
                    found = parent.recv() => Some(found),
                },
                _ => match poll_once(parent.wait()) {
                    Some(Ok(Some(Event::Message(message)))) => Some(Ok(Some(message.value))),
                    _ => None,
                },
            };
            if round % 16 == 0 {
                // Time for the reactor.
                tokio::time::sleep(Duration::from_micros(50)).await;
            }
            if let Some(found) = found
                && take(found.unwrap().expect("connected"))
            {
                break;
            }
        }
        while sent < COUNT {
            parent.send(&Graph::from(sent)).unwrap();
            sent += 1;
        }
        let (found, child) = elsewhere(move || peer.join().unwrap()).await;
        let expected: Vec<String> = (0..COUNT).map(|number| number.to_string()).collect();
        assert_eq!(found, expected);
        while fillers < COUNT {
            let message = timeout(DEADLINE, parent.recv()).await.unwrap().unwrap().unwrap();
            assert!(text(&message).starts_with("\"y"));
            fillers += 1;
        }
        assert!(poll_once(parent.recv()).is_none(), "one too many");
        drop(child);
        assert_eq!(recv(&mut parent).await, None);
    }
}

#[tokio::test]
async fn a_dropped_close_delivers_as_much_and_can_be_called_again() {
    let (mut parent, mut child) = mixed(Serialization::Json);
    parent.send(&big()).unwrap();
    parent.send_with(&Graph::from("h"), stream(), &SendOptions::default()).unwrap();
    parent.send(&Graph::from("last")).unwrap();
    for _ in 0..10 {
        assert!(poll_once(parent.close()).is_none());
    }
    assert!(timeout(Duration::from_millis(1), parent.close()).await.is_err());
    let peer = thread::spawn(move || child.messages().map(Result::unwrap).count());
    timeout(DEADLINE, parent.close()).await.expect("in time").unwrap();
    assert!(!parent.connected());
    assert_eq!(elsewhere(move || peer.join().unwrap()).await, 3);
    parent.close().await.unwrap();
}

#[tokio::test]
async fn close_delivers_a_backlog_and_the_receiver_keeps_what_came() {
    for serialization in BOTH {
        let (parent, mut child) = mixed(serialization);
        child.send(&Graph::from("early")).unwrap();
        let (mut sender, mut receiver) = parent.split();
        let peer = thread::spawn(move || child.messages().map(Result::unwrap).count());
        for _ in 0..5 {
            sender.send(&big()).unwrap();
            sender.send_with(&Graph::from("h"), stream(), &SendOptions::default()).unwrap();
        }
        timeout(DEADLINE, sender.close()).await.expect("in time").unwrap();
        let early = receiver.recv().await.unwrap();
        assert_eq!(early.as_ref().map(text).as_deref(), Some("\"early\""));
        assert!(receiver.recv().await.unwrap().is_none());
        assert!(receiver.wait().await.unwrap().is_none());
        assert_eq!(elsewhere(move || peer.join().unwrap()).await, 10);
    }
}

#[tokio::test]
async fn a_disconnect_after_a_handle_still_delivers_what_was_sent() {
    let (mut parent, mut child) = mixed(Serialization::Json);
    parent.send_with(&Graph::from("h"), stream(), &SendOptions::default()).unwrap();
    parent.send(&big()).unwrap();
    parent.disconnect().unwrap();
    assert!(parent.disconnect().is_err());
    // The task of the channel does it.
    let found = elsewhere(move || child.messages().map(Result::unwrap).count()).await;
    assert_eq!(found, 2);
}

#[tokio::test]
async fn a_peer_that_dies_ends_every_wait() {
    let (parent, peer) = raw();
    let (mut sender, mut receiver) = parent.split();
    sender.send(&big()).unwrap();
    let receiving = tokio::spawn(async move { receiver.recv().await });
    let flushing = tokio::spawn(async move {
        let lost = sender.flush().await;
        (lost, sender.ready().await, sender.send(&Graph::from(1)))
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    drop(peer);
    assert!(timeout(DEADLINE, receiving).await.unwrap().unwrap().unwrap().is_none());
    let (lost, ready, sent) = timeout(DEADLINE, flushing).await.unwrap().unwrap();
    assert!(
        matches!(
            lost,
            Err(FlushError::Undelivered(Undelivered::PeerClosed | Undelivered::Os { .. }))
        ),
        "{lost:?}"
    );
    assert_eq!(ready, Err(FlushError::Undelivered(Undelivered::PeerClosed)));
    assert_eq!(sent, Err(SendError::Closed));
}

#[tokio::test]
async fn disconnect_in_one_task_wakes_the_other() {
    let (parent, mut peer) = raw();
    let (mut sender, mut receiver) = parent.split();
    let receiving = tokio::spawn(async move { receiver.wait().await });
    tokio::task::yield_now().await;
    sender.disconnect().unwrap();
    let last = timeout(DEADLINE, receiving).await.unwrap().unwrap().unwrap();
    assert!(matches!(last, Some(Event::Disconnected)), "{last:?}");
    assert_eq!(peer.read(&mut [0; 1]).unwrap(), 0);
}

#[tokio::test]
async fn raw_messages_and_batches_pass_through() {
    let (mut parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    let mut batch = parent.batch();
    for number in 0..30_000 {
        batch.send(&Graph::from(number)).unwrap();
    }
    drop(batch);
    parent.send_raw(b"[ 1 ]").unwrap();
    parent.send_with(&Graph::from("h"), stream(), &SendOptions::default()).unwrap();
    for number in 0..30_000 {
        match timeout(DEADLINE, child.wait_raw()).await.unwrap().unwrap() {
            Some(Raw::Message(bytes)) => assert_eq!(bytes, number.to_string().as_bytes()),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(child.wait_raw().await.unwrap(), Some(Raw::Message(b"[ 1 ]"))));
    let last = child.wait_raw().await.unwrap();
    assert!(matches!(last, Some(Raw::Event(Event::Message(message))) if message.handle.is_some()));
}

#[tokio::test]
async fn a_blocking_channel_is_taken_over_as_it_is() {
    let (mut parent, mut child) = node_channel::Channel::pair(Serialization::Json).unwrap();
    child.send(&Graph::from("arrived")).unwrap();
    parent.drive(node_channel::Ready { readable: true, writable: false });
    assert!(parent.has_events());
    parent.send(&big()).unwrap();
    let mut parent = Channel::try_from(parent).unwrap();
    assert!(parent.queued_bytes() > 0);
    assert_eq!(elsewhere(move || child.messages().take(1).count()).await, 1);
    assert_eq!(recv(&mut parent).await.as_deref(), Some("\"arrived\""));
}

#[tokio::test]
async fn dropping_closes_at_once_and_ends_the_task() {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let (mut parent, mut peer) = raw();
    assert_eq!(tasks(), before + 1);
    parent.send(&big()).unwrap();
    tokio::task::yield_now().await;
    drop(parent);
    let mut found = Vec::new();
    peer.read_to_end(&mut found).unwrap();
    assert!(found.len() < 1_000_000, "what the kernel did not take is lost");
    let ended = async {
        while tasks() != before {
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, ended).await.expect("the task ends");
}

#[tokio::test]
async fn a_peer_that_owes_an_acknowledgement_is_not_read_without_bound() {
    let (mut parent, mut peer) = raw();
    parent.send_with(&Graph::from("h"), stream(), &SendOptions::default()).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    peer.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let line = format!("\"{}\"\n", "z".repeat(997));
    let flood = thread::spawn(move || {
        let mut lines = 0;
        // Until the kernel takes no more for a while.
        while !stopped.load(Ordering::Relaxed) && lines < 100_000 {
            match peer.write_all(line.as_bytes()) {
                Ok(()) => lines += 1,
                Err(_) => break,
            }
        }
        (lines, peer)
    });
    let (lines, mut peer) = elsewhere(move || flood.join().unwrap()).await;
    stop.store(true, Ordering::Relaxed);
    assert!((1_000..10_000).contains(&lines), "{lines} lines were taken of a peer that floods");
    // What was read ahead is there, and receiving goes on where the task stopped.
    for _ in 0..lines {
        assert_eq!(recv(&mut parent).await.unwrap().len(), 999);
    }
    // The rest of the line that was cut, if any, and the acknowledgement.
    peer.write_all(b"\n{\"cmd\":\"NODE_HANDLE_ACK\"}\n").unwrap();
    assert_eq!(timeout(DEADLINE, parent.flush()).await.unwrap(), Ok(()));
    while parent.queued_handles() > 0 {
        let _invalid_or_reserved = timeout(DEADLINE, parent.wait()).await.unwrap();
    }
}

#[tokio::test]
async fn the_end_of_received_sockets_is_told_while_the_program_awaits_something_else() {
    let (mut parent, mut peer) = raw();
    let given = stream();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let fds = [given.as_fd()];
    assert!(control.push(SendAncillaryMessage::ScmRights(&fds)));
    let handle = b"{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":1,\"key\":\"4::1\"}\n";
    sendmsg(&peer, &[IoSlice::new(handle)], &mut control, SendFlags::empty()).unwrap();
    let message = timeout(DEADLINE, parent.recv_message()).await.unwrap().unwrap().unwrap();
    let socket = Counted::<UnixStream>::try_from(message.handle.unwrap()).unwrap();
    peer.write_all(b"{\"cmd\":\"NODE_SOCKET_NOTIFY_CLOSE\",\"key\":\"4::1\"}\n\"go\"\n").unwrap();
    assert_eq!(recv(&mut parent).await.as_deref(), Some("\"go\""));
    let dropping = thread::spawn(move || drop(socket));
    let told = elsewhere(move || {
        let mut told = String::new();
        while !told.contains("NODE_SOCKET_ALL_CLOSED") {
            let mut bytes = [0; 256];
            let count = peer.read(&mut bytes).unwrap();
            told.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        }
        (told, peer)
    });
    let (told, _peer) = told.await;
    assert!(told.ends_with("{\"cmd\":\"NODE_SOCKET_ALL_CLOSED\",\"key\":\"4::1\"}\n"), "{told}");
    dropping.join().unwrap();
}

#[tokio::test]
async fn an_invalid_line_is_an_error_and_no_end() {
    let (mut parent, mut peer) = raw();
    peer.write_all(b"1\n{bad}\n2\n").unwrap();
    assert_eq!(recv(&mut parent).await.as_deref(), Some("1"));
    assert_eq!(parent.recv().await.unwrap_err().name(), "SyntaxError");
    assert_eq!(recv(&mut parent).await.as_deref(), Some("2"));
}

#[tokio::test]
async fn a_busy_peer_does_not_keep_other_tasks_from_running() {
    let (mut parent, mut child) = mixed(Serialization::Json);
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let flood = thread::spawn(move || {
        while !stopped.load(Ordering::Relaxed) {
            for _ in 0..1000 {
                let _full_or_closed = child.send_raw(b"1");
            }
            if child.flush(Some(DEADLINE)).is_err() {
                break;
            }
        }
    });
    let other = tokio::spawn(async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    });
    let received = async {
        while !other.is_finished() {
            assert!(parent.recv().await.unwrap().is_some());
        }
    };
    timeout(DEADLINE, received).await.expect("the other task gets its turn");
    stop.store(true, Ordering::Relaxed);
    drop(parent);
    elsewhere(move || flood.join().unwrap()).await;
}

#[test]
fn a_channel_outlives_its_runtime_as_a_closed_one() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let (mut parent, _peer) = first.block_on(async { raw() });
    drop(first);
    let found = runtime().block_on(async { timeout(DEADLINE, parent.recv()).await });
    assert!(found.expect("in time").unwrap().is_none());
}

#[test]
fn outside_a_runtime_there_is_no_channel() {
    let (parent, _child) = node_channel::Channel::pair(Serialization::Json).unwrap();
    let outside = std::panic::catch_unwind(|| Channel::try_from(parent).is_err());
    assert_eq!(outside.ok(), Some(true), "an error, no panic");
}

/// A channel whose peer writes the same for ever, faster than it is read.
fn talker(text: &'static str) -> Channel {
    let (ours, theirs) = UnixStream::pair().unwrap();
    // Two threads are surely faster than one that reads, and mix what they write.
    for _ in 0..if text.ends_with('\n') { 1 } else { 2 } {
        let mut theirs = theirs.try_clone().unwrap();
        let lines = text.repeat(65_536 / text.len());
        thread::spawn(move || while theirs.write_all(lines.as_bytes()).is_ok() {});
    }
    let limits = Limits::default().message_bytes(1000);
    Channel::new(ours, Role::Parent, Serialization::Json, limits).unwrap()
}

const TALKS: [&str; 2] = ["{\"cmd\":\"NODE_X\"}\n", "x"];

#[tokio::test]
async fn a_peer_that_talks_on_leaves_the_executor_to_others() {
    const SHORT: Duration = Duration::from_millis(50);
    for text in TALKS {
        let mut channel = talker(text);
        if text == "x" {
            assert!(channel.recv().await.is_err(), "reported once");
        }
        assert!(timeout(SHORT, channel.recv()).await.is_err());
        channel.send(&Graph::from("x".repeat(4 << 20))).unwrap();
        // A polite one: what others do gets its turn too.
        let ticks = tokio::spawn(async {
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        let (mut sender, mut receiver) = channel.split();
        let receiving = tokio::spawn(async move { receiver.recv().await.is_err() });
        assert!(timeout(SHORT, sender.flush()).await.is_err());
        assert!(timeout(SHORT, sender.ready()).await.is_err());
        assert!(timeout(SHORT, sender.close()).await.is_err());
        timeout(DEADLINE, ticks).await.unwrap().unwrap();
        receiving.abort();
    }
}

#[tokio::test]
async fn one_poll_reads_a_few_times_at_most() {
    let channel = &mut talker(TALKS[0]);
    let begun = std::time::Instant::now();
    // Outside of the runtime, which has a limit of its own.
    thread::scope(|scope| {
        scope.spawn(|| assert!(poll_once(channel.recv()).is_none()));
    });
    assert!(begun.elapsed() < DEADLINE);
}

#[tokio::test]
async fn close_waits_for_the_last_handle_although_a_message_was_lost_alone() {
    let (parent, mut child) = mixed(Serialization::Json);
    let (mut sender, mut receiver) = parent.split();
    send_around_unserializable!(sender);
    let peer = thread::spawn(move || child.messages().map(Result::unwrap).count());
    let lost = FlushError::Undelivered(Undelivered::Unserializable);
    assert_eq!(timeout(DEADLINE, sender.close()).await.unwrap(), Err(lost));
    assert_eq!(peer.join().unwrap(), 2);
    assert_eq!(unanswered(|| receiver.next_event()), 0);
}
