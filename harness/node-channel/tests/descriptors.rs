//! No path loses a descriptor. One test, since it counts those of the whole process.

mod common;

use std::io::{IoSlice, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use common::{DEADLINE, Guard, node, recv};
use js_value::Graph;
use node_channel::{
    Channel, Event, HandleError, InvalidMessage, Limits, Role, SendOptions, Serialization, Signal,
};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[test]
fn no_descriptor_is_lost() {
    let checks: [(&str, fn()); 9] = [
        ("handles both ways", both_ways),
        ("a handle taken by a plain recv", plain_recv),
        ("handles nobody took", not_taken),
        ("handles queued at a channel that is dropped", queued_and_dropped),
        ("handles queued at a peer that closes", queued_at_a_dead_peer),
        ("a stopped Node that is killed", killed_node),
        ("descriptors that nobody asked for", unasked),
        ("descriptors beyond the limit", beyond_the_limit),
        ("no descriptor left", none_left),
    ];
    for (name, check) in checks {
        let before = open_descriptors();
        check();
        assert_eq!(open_descriptors(), before, "{name}");
    }
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn pair() -> (Channel, Channel) {
    Channel::pair(Serialization::Json).unwrap()
}

fn stream() -> UnixStream {
    UnixStream::pair().unwrap().0
}

fn send(channel: &mut Channel) {
    channel.send_with(&Graph::from("h"), stream(), &SendOptions::default()).unwrap();
}

fn both_ways() {
    let (mut parent, mut child) = pair();
    let other = std::thread::spawn(move || {
        for _ in 0..50 {
            send(&mut child);
        }
        for _ in 0..50 {
            assert!(child.recv_message().unwrap().unwrap().handle.is_some());
        }
        child.close(Some(DEADLINE)).unwrap();
    });
    for _ in 0..50 {
        send(&mut parent);
    }
    for _ in 0..50 {
        assert!(parent.recv_message().unwrap().unwrap().handle.is_some());
    }
    parent.close(Some(DEADLINE)).unwrap();
    other.join().unwrap();
}

fn plain_recv() {
    let (mut parent, mut child) = pair();
    send(&mut parent);
    assert_eq!(recv(&mut child).as_deref(), Some("\"h\""));
}

fn not_taken() {
    let (mut parent, mut child) = pair();
    send(&mut parent);
    child.drive(node_channel::Ready { readable: true, writable: true });
    assert!(child.has_events());
}

fn queued_and_dropped() {
    let (mut parent, _child) = pair();
    for _ in 0..10 {
        send(&mut parent);
    }
    assert_eq!(parent.queued_handles(), 10);
}

fn queued_at_a_dead_peer() {
    let (mut parent, child) = pair();
    for _ in 0..10 {
        send(&mut parent);
    }
    drop(child);
    let mut failed = 0;
    while let Some(event) = parent.wait(Some(DEADLINE)).unwrap() {
        failed += usize::from(matches!(event, Event::Sent { result: Err(_), .. }));
    }
    assert_eq!(failed, 9, "the first was written");
    assert_eq!(parent.queued_handles(), 0);
}

fn killed_node() {
    let mut child = Guard::spawn(&mut node("echo.js"));
    child.channel.send(&Graph::from(1)).unwrap();
    assert!(recv(&mut child.channel).is_some());
    child.kill(Signal::STOP).unwrap();
    for _ in 0..10 {
        send(&mut child.channel);
    }
    child.kill(Signal::KILL).unwrap();
    let mut last = None;
    while let Some(event) = child.channel.wait(Some(DEADLINE)).unwrap() {
        last = Some(event);
    }
    assert!(matches!(last, Some(Event::Disconnected)));
}

/// A channel, and what a peer without manners has.
fn raw(limits: Limits) -> (Channel, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    (Channel::new(ours, Role::Parent, Serialization::Json, limits).unwrap(), theirs)
}

fn send_raw(peer: &UnixStream, line: &str, count: usize) {
    let given: Vec<OwnedFd> = (0..count).map(|_| stream().into()).collect();
    let fds: Vec<_> = given.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(253))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(control.push(SendAncillaryMessage::ScmRights(&fds)));
    sendmsg(peer, &[IoSlice::new(line.as_bytes())], &mut control, SendFlags::empty()).unwrap();
}

const HANDLE: &str = "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":1}\n";

fn unasked() {
    let (mut parent, peer) = raw(Limits::default());
    send_raw(&peer, "1\n", 3);
    assert_eq!(recv(&mut parent).as_deref(), Some("1"));
}

fn beyond_the_limit() {
    let (mut parent, peer) = raw(Limits::none().descriptors(5));
    send_raw(&peer, "1\n", 253);
    let before = open_descriptors();
    let mut refused = 0;
    loop {
        match parent.wait(Some(DEADLINE)).unwrap().unwrap() {
            Event::Invalid(InvalidMessage::Handle(HandleError::TooMany { limit: 5 })) => {
                refused += 1;
            }
            Event::Message(_) => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, 248);
    assert_eq!(open_descriptors(), before + 5);
}

fn none_left() {
    let (mut parent, mut peer) = raw(Limits::default());
    send_raw(&peer, HANDLE, 1);
    let usual = getrlimit(Resource::Nofile);
    let lowest_free =
        stream().as_fd().try_clone_to_owned().map(|fd| std::os::fd::AsRawFd::as_raw_fd(&fd) as u64);
    let lowest_free = lowest_free.unwrap() - 2;
    setrlimit(Resource::Nofile, Rlimit { current: Some(lowest_free), ..usual }).unwrap();
    let found = [parent.wait(Some(DEADLINE)), parent.wait(Some(DEADLINE))];
    setrlimit(Resource::Nofile, usual).unwrap();
    let found = found.map(|event| event.unwrap().unwrap());
    assert!(
        matches!(
            &found,
            [Event::Invalid(InvalidMessage::Handle(error @ HandleError::Lost)), Event::Reserved(_)]
                if error.to_string().contains("ulimit -n")
        ),
        "{found:?}"
    );
    let mut answer = [0; 27];
    std::io::Read::read_exact(&mut peer, &mut answer).unwrap();
    assert_eq!(&answer, b"{\"cmd\":\"NODE_HANDLE_NACK\"}\n");
    // The channel goes on, and the handle arrives when it is sent again.
    peer.write_all(b"2\n").unwrap();
    assert_eq!(recv(&mut parent).as_deref(), Some("2"));
    send_raw(&peer, HANDLE, 1);
    assert!(parent.recv_message().unwrap().unwrap().handle.is_some());
}
