//! Sequences of operations on both ends of a channel, hostile ones included: every message that is
//! taken is done with once, arrives at most once and in order, the disconnect comes last, and what
//! waits is bounded.

#![no_main]

use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use node_channel::js_value::{Graph, clone, json};
use node_channel::proto::{
    Connection, Event, Limits, Message, MessageId, Raw, Role, SendOptions, Serialization, Typed,
};
use node_channel::{Handle, InvalidMessage};

#[derive(Arbitrary, Debug)]
struct Input {
    advanced: bool,
    bounds: [Bounds; 2],
    operations: Vec<(bool, Operation)>,
}

#[derive(Arbitrary, Debug)]
struct Bounds {
    message_bytes: Option<u16>,
    depth: Option<u8>,
    queued_bytes: Option<u16>,
    queued_handles: Option<u8>,
    descriptors: Option<u8>,
    received_bytes: Option<u16>,
}

#[derive(Arbitrary, Debug)]
enum Operation {
    Send { size: u8, api: Api },
    SendHandle { keep_open: bool, key: Option<Key> },
    RequestCount { key: Key },
    NotifyClose { key: Key },
    /// What no honest program sends.
    Lie(Lie),
    /// The kernel passes on so many bytes; a descriptor may get lost.
    Carry { bytes: u16, keep: bool },
    Take { api: Api },
    /// Closes the oldest handle that was received.
    DropHandle,
    WriteFails { errno: u8 },
    Disconnect,
    PeerEnds,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Api {
    Value,
    Raw,
    Typed,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Key {
    Usual,
    Longest,
    TooLong,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Lie {
    Acknowledge,
    Refuse,
    Handle,
    Count,
    AllClosed,
    Unknown,
    /// No text, which is all that honest ones send here.
    Nested { levels: u8 },
}

/// One end with all that it sent and got.
struct End {
    connection: Connection,
    serialization: Serialization,
    limits: Limits,
    sent: u64,
    done: u64,
    got: Option<u64>,
    handles: Vec<Handle>,
    disconnected: bool,
}

fuzz_target!(|input: Input| {
    let serialization =
        if input.advanced { Serialization::Advanced } else { Serialization::Json };
    let [of_parent, of_child] = &input.bounds;
    let mut ends = [
        End::new(Role::Parent, serialization, of_parent),
        End::new(Role::Child, serialization, of_child),
    ];
    let mut honest = true;
    for (by_child, operation) in &input.operations {
        let [parent, child] = &mut ends;
        let (this, other) = if *by_child { (child, parent) } else { (parent, child) };
        honest &= !matches!(operation, Operation::Lie(_));
        this.play(operation, other, honest);
        this.check();
        other.check();
    }
    let [of_parent, of_child] = [ends[0].sent, ends[1].sent];
    for (end, sent_by_other) in ends.iter_mut().zip([of_child, of_parent]) {
        end.connection.receive_end();
        end.take(Api::Value, sent_by_other, honest);
        assert_eq!(end.sent, end.done, "every message is done with once");
        assert!(end.disconnected);
    }
});

impl End {
    fn new(role: Role, serialization: Serialization, bounds: &Bounds) -> Self {
        let mut limits = Limits::none();
        limits.max_message_bytes = bounds.message_bytes.map(usize::from);
        limits.max_depth = bounds.depth.map(usize::from);
        limits.max_queued_bytes = bounds.queued_bytes.map(usize::from);
        limits.max_queued_handles = bounds.queued_handles.map(usize::from);
        limits.max_descriptors = bounds.descriptors.map(usize::from);
        limits.max_received_bytes = bounds.received_bytes.map(usize::from);
        Self {
            connection: Connection::new(role, serialization, limits),
            serialization,
            limits,
            sent: 0,
            done: 0,
            got: None,
            handles: Vec::new(),
            disconnected: false,
        }
    }

    fn play(&mut self, operation: &Operation, other: &mut Self, honest: bool) {
        match *operation {
            Operation::Send { size, api } => self.send(size, api),
            Operation::SendHandle { keep_open, key } => self.send_handle(keep_open, key),
            Operation::RequestCount { key } => {
                let taken = self.connection.request_count(&key.text());
                self.count(taken);
            }
            Operation::NotifyClose { key } => {
                let taken = self.connection.notify_close(&key.text());
                self.count(taken);
            }
            Operation::Lie(Lie::Nested { levels }) => {
                let levels = usize::from(levels).max(1);
                let text = "[".repeat(levels) + &"]".repeat(levels);
                let message = json::parse(&text, &json::ParseLimits::default());
                let taken = self.connection.send(&message.expect("it is JSON"));
                self.count(taken);
            }
            Operation::Lie(lie) => {
                let taken = self.connection.send_as(&lie.message());
                self.count(taken);
            }
            Operation::Carry { bytes, keep } => self.carry(other, usize::from(bytes), keep),
            Operation::Take { api } => self.take(api, other.sent, honest),
            Operation::DropHandle => {
                if !self.handles.is_empty() {
                    self.handles.remove(0);
                }
                self.connection.settle();
            }
            Operation::WriteFails { errno } => self.connection.transmit_failed(i32::from(errno)),
            Operation::Disconnect => {
                let _again = self.connection.disconnect();
            }
            Operation::PeerEnds => self.connection.receive_end(),
        }
    }

    fn send(&mut self, size: u8, api: Api) {
        let text = format!("{} {}", self.sent, "x".repeat(usize::from(size)));
        let taken = match api {
            Api::Value => self.connection.send(&Graph::from(text)),
            Api::Typed => self.connection.send_as(&text),
            Api::Raw => {
                let mut raw = Vec::new();
                let written = match self.serialization {
                    Serialization::Json => json::to_text(&text, &mut raw),
                    Serialization::Advanced => {
                        clone::to_payload(&text, &clone::WriteOptions::default(), &mut raw)
                    }
                };
                written.expect("a text has both forms");
                self.connection.send_raw(&raw)
            }
        };
        self.count(taken);
    }

    fn send_handle(&mut self, keep_open: bool, key: Option<Key>) {
        let Ok((given, _)) = UnixStream::pair() else { return };
        let mut options = SendOptions::default().keep_open(keep_open);
        options.key = key.map(Key::text);
        let text = Graph::from(format!("{} ", self.sent));
        let taken = self.connection.send_with(&text, given.into(), &options);
        self.count(taken);
    }

    fn count<E>(&mut self, taken: Result<MessageId, E>) {
        if let Ok(id) = taken {
            assert_eq!(id.number(), self.sent);
            self.sent += 1;
        }
    }

    /// Passes on bytes as a socket would: a descriptor comes with the first of them, and nothing is
    /// read that there is no room for.
    fn carry(&mut self, other: &mut Self, bytes: usize, keep: bool) {
        let (from, to) = (&mut self.connection, &mut other.connection);
        let waiting = from.transmit();
        let piece = waiting[..waiting.len().min(bytes)].to_vec();
        if piece.is_empty() || to.is_full() {
            return;
        }
        let descriptor = from.transmit_descriptor().map(|fd| fd.try_clone_to_owned());
        let descriptor = match descriptor {
            Some(descriptor) if keep => descriptor.ok(),
            Some(_) => {
                to.descriptors_lost();
                None
            }
            None => None,
        };
        from.transmitted(piece.len());
        let mut descriptors = descriptor.into_iter();
        for part in piece.chunks(to.room().len()) {
            to.room()[..part.len()].copy_from_slice(part);
            to.received(part.len(), descriptors.by_ref());
        }
    }

    /// Takes all events.
    fn take(&mut self, api: Api, sent: u64, honest: bool) {
        loop {
            let event = match api {
                Api::Value => self.connection.poll_event(),
                Api::Raw => match self.connection.poll_raw() {
                    Some(Raw::Message(bytes)) => {
                        let read = match self.serialization {
                            Serialization::Json => {
                                let text = std::str::from_utf8(bytes).expect("only texts are sent");
                                json::parse(text, &json::ParseLimits::default()).ok()
                            }
                            Serialization::Advanced => {
                                clone::read(bytes, &clone::ReadLimits::default()).ok()
                            }
                        };
                        let read = read.expect("only messages are sent");
                        self.got(read.view().as_str(), sent, honest);
                        continue;
                    }
                    Some(Raw::Event(event)) => Some(event),
                    None => None,
                },
                Api::Typed => match self.connection.poll_as::<String>() {
                    Some(Typed::Message { value, handle }) => {
                        self.handles.extend(handle);
                        self.got(Some(&value), sent, honest);
                        continue;
                    }
                    Some(Typed::Mismatch { message: Message { handle, .. }, error, .. }) => {
                        assert!(matches!(error, InvalidMessage::Type { .. }) && !honest);
                        self.handles.extend(handle);
                        continue;
                    }
                    Some(Typed::Event(event)) => Some(event),
                    Some(_) | None => None,
                },
            };
            let Some(event) = event else { break };
            assert!(!self.disconnected, "the disconnect comes last");
            match event {
                Event::Message(message) => {
                    self.handles.extend(message.handle);
                    self.check_depth(&message.value);
                    self.got(message.value.view().as_str(), sent, honest);
                }
                Event::Sent { id, .. } => {
                    assert!(id.number() < self.sent);
                    self.done += 1;
                }
                Event::Disconnected => self.disconnected = true,
                _ => {}
            }
        }
        assert!(!self.connection.is_full(), "there is room again");
    }

    /// A message of the peer's program came, which has sent so many.
    fn got(&mut self, text: Option<&str>, sent: u64, honest: bool) {
        let Some(text) = text else {
            assert!(!honest, "only texts are sent");
            return;
        };
        let number = text.split(' ').next().and_then(|number| number.parse().ok());
        let number: u64 = number.expect("each begins with its number");
        // A handle that is said not to have come is sent again.
        let later = |last: u64| last < number || !honest && last == number;
        assert!(number < sent && self.got.is_none_or(later));
        self.got = Some(number);
    }

    fn check_depth(&self, message: &Graph) {
        let Some(limit) = self.limits.max_depth else { return };
        let text = json::stringify(message, &json::StringifyOptions::default());
        let text = text.expect("it came as a message").unwrap_or_default();
        let levels = text.bytes().take_while(|byte| *byte == b'[').count();
        assert!(levels <= limit, "{levels} levels, and the limit is {limit}");
    }

    fn check(&self) {
        if let Some(limit) = self.limits.max_queued_bytes {
            // The protocol's answers, and a handle's message that is sent again.
            let most = limit + 65_536 + 2048;
            assert!(self.connection.queued_bytes() <= most, "{}", self.connection.queued_bytes());
        }
        if let Some(limit) = self.limits.max_queued_handles {
            assert!(self.connection.queued_handles() <= limit);
        }
    }
}

impl Key {
    fn text(self) -> String {
        match self {
            Self::Usual => "4:127.0.0.1:8000".to_owned(),
            Self::Longest => "k".repeat(256),
            Self::TooLong => "k".repeat(300),
        }
    }
}

impl Lie {
    fn message(self) -> BTreeMap<&'static str, &'static str> {
        let command = match self {
            Self::Acknowledge => "NODE_HANDLE_ACK",
            Self::Refuse => "NODE_HANDLE_NACK",
            Self::Handle => "NODE_HANDLE",
            Self::Count => "NODE_SOCKET_COUNT",
            Self::AllClosed => "NODE_SOCKET_ALL_CLOSED",
            Self::Unknown | Self::Nested { .. } => "NODE_X",
        };
        BTreeMap::from([("cmd", command), ("type", "net.Socket"), ("key", "4:127.0.0.1:8000")])
    }
}
