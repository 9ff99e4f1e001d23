//! Handles to and from real Node children, each proved by use.

mod common;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixListener, UnixStream};

use common::{DEADLINE, Guard, node, text, value};
use js_value::Graph;
use node_channel::{
    Channel, Counted, Event, Fork, Handle, HandleKind, InvalidMessage, Limits, Message,
    SendOptions, Serialization, Signal,
};

const BOTH: [Serialization; 2] = [Serialization::Json, Serialization::Advanced];

fn child(serialization: Serialization) -> Guard {
    Guard::spawn(node("handles.js").serialization(serialization))
}

fn next(channel: &mut Channel) -> Message {
    loop {
        match channel.wait(Some(DEADLINE)).unwrap().expect("connected") {
            Event::Message(message) => return message,
            Event::Invalid(error) => panic!("{error}"),
            _ => {}
        }
    }
}

/// The next message, which has no handle, as JSON.
fn word(channel: &mut Channel) -> String {
    let message = next(channel);
    assert!(message.handle.is_none());
    text(&message.value)
}

fn give(channel: &mut Channel, word: &str, handle: impl Into<Handle>) {
    let receipt = channel.send_with(&Graph::from(word), handle, &SendOptions::default()).unwrap();
    assert!(receipt.accepted);
}

fn read_all(mut stream: impl Read) -> String {
    let mut found = String::new();
    stream.read_to_string(&mut found).unwrap();
    found
}

fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.set_read_timeout(Some(DEADLINE)).unwrap();
    (listener.accept().unwrap().0, client)
}

/// A path for a socket that no other test uses.
struct SocketPath(std::path::PathBuf);

impl SocketPath {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("node-channel-{}-{name}", std::process::id()));
        let _left_over = std::fs::remove_file(&path);
        Self(path)
    }
}

impl Drop for SocketPath {
    fn drop(&mut self) {
        let _removed_by_node = std::fs::remove_file(&self.0);
    }
}

/// Node waits for an answer before it sends anything else.
#[test]
fn a_node_whose_handle_is_beyond_a_limit_goes_on() {
    common::require_node();
    let script = "const net = require('net');
        const server = net.createServer(() => {}).listen(0, () => {
            process.send('x'.repeat(300), server);
            process.send([[[['deep']]]], server);
            process.send('fits', server);
            process.send('last');
            process.on('message', () => process.exit());
        })";
    for serialization in BOTH {
        let mut fork = Fork::program("node");
        fork.exec_arg("-e").arg(script).serialization(serialization);
        let mut child = Guard::spawn(fork.limits(Limits::default().message_bytes(200).depth(3)));
        let mut found = Vec::new();
        while found.last().is_none_or(|last| last != "\"last\"") {
            match child.channel.wait(Some(DEADLINE)).unwrap().expect("connected") {
                Event::Message(Message { value, handle, .. }) => {
                    found.extend(handle.map(|handle| handle.kind().name().to_owned()));
                    found.push(text(&value));
                }
                Event::Invalid(InvalidMessage::TooLong { .. }) => found.push("long".to_owned()),
                Event::Invalid(InvalidMessage::TooDeep { .. }) => found.push("deep".to_owned()),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(found, ["long", "deep", "net.Server", "\"fits\"", "\"last\""]);
        child.channel.send(&Graph::from("leave")).unwrap();
        assert!(child.end().success());
    }
}

#[test]
fn node_serves_on_listeners() {
    for serialization in BOTH {
        let mut child = child(serialization);
        let served = format!("served by {}", child.id());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        give(&mut child.channel, "serve", listener);
        assert_eq!(word(&mut child.channel), "\"serving\"");
        assert_eq!(read_all(TcpStream::connect(address).unwrap()), served);

        let path = SocketPath::new(serialization.as_str());
        give(&mut child.channel, "serve", UnixListener::bind(&path.0).unwrap());
        assert_eq!(word(&mut child.channel), "\"serving\"");
        assert_eq!(read_all(UnixStream::connect(&path.0).unwrap()), served);
    }
}

#[test]
fn node_talks_on_streams() {
    for serialization in BOTH {
        let mut child = child(serialization);
        let (given, mut client) = tcp_pair();
        give(&mut child.channel, "talk", given);
        assert_eq!(word(&mut child.channel), "\"talking\"");
        client.write_all(b"tcp").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_all(&client), "TCP");

        let (given, mut client) = UnixStream::pair().unwrap();
        give(&mut child.channel, "talk", given);
        assert_eq!(word(&mut child.channel), "\"talking\"");
        client.write_all(b"unix").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_all(&client), "UNIX");
    }
}

#[test]
fn node_answers_datagrams() {
    for (serialization, address) in BOTH.into_iter().zip(["127.0.0.1:0", "[::1]:0"]) {
        let mut child = child(serialization);
        let socket = UdpSocket::bind(address).unwrap();
        let to = socket.local_addr().unwrap();
        give(&mut child.channel, "answer", socket);
        assert_eq!(word(&mut child.channel), "\"answering\"");
        let client = UdpSocket::bind(address).unwrap();
        client.set_read_timeout(Some(DEADLINE)).unwrap();
        client.send_to(b"udp", to).unwrap();
        let mut found = [0; 8];
        let (count, from) = client.recv_from(&mut found).unwrap();
        assert_eq!((&found[..count], from), (&b"UDP"[..], to));
    }
}

#[test]
fn node_gets_native_handles() {
    let mut child = child(Serialization::Json);
    let natives: [(Handle, &str); 4] = [
        (Handle::native(TcpListener::bind("127.0.0.1:0").unwrap()).unwrap(), "\"TCP\""),
        (Handle::native(tcp_pair().0).unwrap(), "\"TCP\""),
        (Handle::native(UnixStream::pair().unwrap().0).unwrap(), "\"Pipe\""),
        (Handle::native(UdpSocket::bind("127.0.0.1:0").unwrap()).unwrap(), "\"UDP\""),
    ];
    for (handle, class) in natives {
        give(&mut child.channel, "native", handle);
        assert_eq!(word(&mut child.channel), class);
    }
}

/// Orders a handle, and answers it with the address it was bound to.
fn order(child: &mut Guard, kind: HandleKind, more: &str) -> (Handle, Graph) {
    let order = format!("{{\"give\":\"{}\"{more}}}", kind.name());
    child.channel.send(&value(&order)).unwrap();
    let message = next(&mut child.channel);
    let handle = message.handle.expect("a handle");
    assert_eq!(handle.kind(), kind);
    let flags = rustix::io::fcntl_getfd(&handle).unwrap();
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    (handle, message.value)
}

fn address(message: &Graph, key: &str) -> SocketAddr {
    let address = message.view().get(key).unwrap();
    let port = address.get("port").unwrap().as_f64().unwrap() as u16;
    SocketAddr::new(address.get("address").unwrap().as_str().unwrap().parse().unwrap(), port)
}

#[test]
fn node_gives_listeners() {
    for serialization in BOTH {
        for kind in [HandleKind::Server, HandleKind::Native] {
            let mut child = child(serialization);
            let (handle, message) = order(&mut child, kind, "");
            let listener = TcpListener::try_from(handle).unwrap();
            assert_eq!(listener.local_addr().unwrap(), address(&message, "address"));
            // Node's copy is gone with Node: what is accepted is accepted here.
            child.kill(Signal::KILL).unwrap();
            child.end();
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            listener.set_nonblocking(false).unwrap();
            (&listener.accept().unwrap().0).write_all(b"by Rust").unwrap();
            assert_eq!(read_all(client), "by Rust");
        }
        let mut child = child(serialization);
        let path = SocketPath::new(&format!("given-{}", serialization.as_str()));
        let more = format!(",\"path\":\"{}\"", path.0.display());
        let (handle, _) = order(&mut child, HandleKind::Server, &more);
        let listener = UnixListener::try_from(handle).unwrap();
        assert_eq!(listener.local_addr().unwrap().as_pathname(), Some(path.0.as_path()));
    }
}

#[test]
fn node_gives_datagram_sockets() {
    for serialization in BOTH {
        for kind in [HandleKind::Datagram, HandleKind::DatagramNative] {
            let mut child = child(serialization);
            let (handle, message) = order(&mut child, kind, "");
            let socket = UdpSocket::try_from(handle).unwrap();
            assert_eq!(socket.local_addr().unwrap(), address(&message, "address"));
            child.kill(Signal::KILL).unwrap();
            child.end();
            socket.set_nonblocking(false).unwrap();
            let client = UdpSocket::bind("127.0.0.1:0").unwrap();
            client.send_to(b"datagram", socket.local_addr().unwrap()).unwrap();
            let mut found = [0; 16];
            assert_eq!(socket.recv(&mut found).unwrap(), 8);
        }
    }
}

/// Connects to a server of the child, which passes the connection on.
fn accepted(child: &mut Guard, to: SocketAddr) -> (Counted<TcpStream>, TcpStream) {
    let client = TcpStream::connect(to).unwrap();
    client.set_read_timeout(Some(DEADLINE)).unwrap();
    let message = next(&mut child.channel);
    let handle = message.handle.expect("a connection");
    assert_eq!((handle.kind(), handle.key()), (HandleKind::Socket, Some("4:127.0.0.1:0")));
    let stream = Counted::<TcpStream>::try_from(handle).unwrap();
    assert_eq!(stream.peer_addr().unwrap(), client.local_addr().unwrap());
    (stream, client)
}

#[test]
fn connections_of_a_node_server_are_counted_and_awaited() {
    for serialization in BOTH {
        let mut child = child(serialization);
        child.channel.send(&value(r#"{"give":"net.Socket"}"#)).unwrap();
        let to = address(&next(&mut child.channel).value, "connect");
        let (mut first, first_client) = accepted(&mut child, to);
        let (second, mut second_client) = accepted(&mut child, to);
        child.channel.send(&Graph::from("count")).unwrap();
        assert_eq!(word(&mut child.channel), r#"{"error":null,"count":2}"#);

        first.write_all(b"by Rust").unwrap();
        drop(first);
        assert_eq!(read_all(first_client), "by Rust");
        child.channel.send(&Graph::from("count")).unwrap();
        assert_eq!(word(&mut child.channel), r#"{"error":null,"count":1}"#);

        child.channel.send(&Graph::from("close")).unwrap();
        let early = child.channel.recv_timeout(std::time::Duration::from_millis(100));
        assert!(matches!(early, Err(node_channel::RecvError::TimedOut)), "{early:?}");
        // Dropped on another thread, while this one waits.
        let other = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(50));
            drop(second);
        });
        assert_eq!(word(&mut child.channel), "\"closed\"");
        other.join().unwrap();
        assert_eq!(second_client.read(&mut [0; 1]).unwrap(), 0);
    }
}

#[test]
fn a_connection_that_node_keeps_open_is_shared() {
    let mut child = child(Serialization::Json);
    child.channel.send(&value(r#"{"give":"net.Socket","keepOpen":true}"#)).unwrap();
    let to = address(&next(&mut child.channel).value, "connect");
    let (mut stream, client) = accepted(&mut child, to);
    stream.write_all(b"...").unwrap();
    let mut found = [0; 22];
    (&client).read_exact(&mut found).unwrap();
    let found = String::from_utf8_lossy(&found);
    assert!(found.contains("from the sender too") && found.contains("..."), "{found}");
}

#[test]
fn node_counts_the_connections_of_a_rust_server() {
    let mut child = child(Serialization::Advanced);
    let options = SendOptions::default().key("4:127.0.0.1:8000");
    let mut clients = Vec::new();
    for _ in 0..2 {
        let (given, client) = tcp_pair();
        child.channel.send_with(&Graph::from("keep"), given, &options).unwrap();
        assert_eq!(word(&mut child.channel), "\"kept\"");
        clients.push(client);
    }
    let answer = |child: &mut Guard| loop {
        match child.channel.wait(Some(DEADLINE)).unwrap().expect("connected") {
            Event::SocketCount { key, count } => break format!("{key} {count}"),
            Event::SocketsClosed { key } => break format!("{key} closed"),
            _ => {}
        }
    };
    child.channel.request_count("4:127.0.0.1:8000").unwrap();
    assert_eq!(answer(&mut child), "4:127.0.0.1:8000 2");
    child.channel.notify_close("4:127.0.0.1:8000").unwrap();
    child.channel.send(&Graph::from("drop")).unwrap();
    assert_eq!(answer(&mut child), "4:127.0.0.1:8000 closed");
    for mut client in clients {
        assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
    }
}

#[test]
fn a_stream_that_rust_keeps_open_is_shared() {
    let mut child = child(Serialization::Json);
    let (given, client) = tcp_pair();
    let mut kept = given.try_clone().unwrap();
    let options = SendOptions::default().keep_open(true);
    child.channel.send_with(&Graph::from("talk"), given, &options).unwrap();
    assert_eq!(word(&mut child.channel), "\"talking\"");
    kept.write_all(b"mine").unwrap();
    (&client).write_all(b"its").unwrap();
    let mut found = [0; 7];
    (&client).read_exact(&mut found).unwrap();
    assert_eq!(&found, b"mineITS");
}

#[test]
fn order_holds_with_handles_in_both_directions() {
    for serialization in BOTH {
        let script = "const s = require('net').createServer().listen(0, () => { \
                      for (let n = 0; n < 20; n++) process.send(n, n % 3 ? undefined : s); }); \
                      let next = 0; process.on('message', (n, h) => { \
                      if (n !== next++ || !h !== (n % 3 > 0)) process.exit(9); if (h) h.close(); \
                      if (n === 19) { s.close(); process.disconnect(); } })";
        let mut fork = Fork::program("node");
        common::require_node();
        let mut child = Guard::spawn(fork.exec_arg("-e").arg(script).serialization(serialization));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        for number in 0..20 {
            let message = Graph::from(number);
            if number % 3 == 0 {
                let handle = listener.try_clone().unwrap();
                child.channel.send_with(&message, handle, &SendOptions::default()).unwrap();
            } else {
                child.channel.send(&message).unwrap();
            }
        }
        for number in 0..20 {
            let message = next(&mut child.channel);
            assert_eq!(text(&message.value), number.to_string());
            assert_eq!(message.handle.is_some(), number % 3 == 0);
        }
        assert!(child.channel.recv_timeout(DEADLINE).unwrap().is_none());
        assert!(child.end().success());
    }
}

#[test]
fn disconnect_waits_for_the_acknowledgement() {
    for close in [false, true] {
        let script = "let seen = []; process.on('message', (m, h) => { seen.push(m + !!h); \
                      if (h) h.close() }); \
                      process.on('disconnect', () => process.exit(String(seen) === 'atrue,bfalse,ctrue' ? 7 : 8))";
        let mut fork = Fork::program("node");
        common::require_node();
        let mut child = Guard::spawn(fork.exec_arg("-e").arg(script));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        give(&mut child.channel, "a", listener.try_clone().unwrap());
        child.channel.send(&Graph::from("b")).unwrap();
        let options = SendOptions::default();
        child.channel.send_with(&Graph::from("c"), listener, &options).unwrap();
        if close {
            child.channel.close(Some(DEADLINE)).unwrap();
        } else {
            child.channel.disconnect().unwrap();
            assert!(!child.channel.connected());
            assert!(child.channel.recv_timeout(DEADLINE).unwrap().is_none());
        }
        assert!(child.channel.fd().is_none());
        assert_eq!(child.end().code, Some(7));
    }
}
