//! Both roles in one thread, joined by a pipe that chops, stalls and breaks as asked.

mod frames;
mod handles;
mod limits;
mod messages;
mod parts;
mod sequences;

use js_value::{Graph, json};

use super::*;
use crate::error::InvalidMessage;

/// Two ends and no socket.
struct Pair {
    parent: Connection,
    child: Connection,
}

impl Pair {
    fn new() -> Self {
        Self::with(Limits::none())
    }

    fn with(limits: Limits) -> Self {
        Self::of(Serialization::Json, limits)
    }

    fn of(serialization: Serialization, limits: Limits) -> Self {
        Self {
            parent: Connection::new(Role::Parent, serialization, limits),
            child: Connection::new(Role::Child, serialization, limits),
        }
    }

    /// Moves at most `count` bytes from parent to child, in pieces of at most `piece`; answers how
    /// many moved.
    fn carry(&mut self, count: usize, piece: usize) -> usize {
        carry(&mut self.parent, &mut self.child, count, piece)
    }

    /// Moves all there is, both ways.
    fn drive(&mut self) {
        while carry(&mut self.parent, &mut self.child, usize::MAX, 65_536)
            + carry(&mut self.child, &mut self.parent, usize::MAX, 65_536)
            > 0
        {}
    }
}

fn carry(from: &mut Connection, to: &mut Connection, count: usize, piece: usize) -> usize {
    let mut moved = 0;
    while moved < count && !from.transmit().is_empty() {
        moved += carry_once(from, to, piece.min(count - moved), true);
    }
    moved
}

/// What one sendmsg and one recvmsg do. The descriptor may get lost on the way.
fn carry_once(from: &mut Connection, to: &mut Connection, most: usize, keep: bool) -> usize {
    let descriptor = from.transmit_descriptor().map(|fd| fd.try_clone_to_owned().unwrap());
    let room = to.room();
    let size = from.transmit().len().min(most).min(room.len());
    room[..size].copy_from_slice(&from.transmit()[..size]);
    if descriptor.is_some() && !keep {
        to.descriptors_lost();
    }
    to.received(size, descriptor.filter(|_| keep));
    from.transmitted(size);
    size
}

/// An event as a short word, to compare.
fn word(event: Event) -> String {
    match event {
        Event::Message(message) => format!("message {}", content(&message)),
        Event::Reserved(message) => format!("reserved {}", content(&message)),
        Event::Sent { id, result: Ok(()) } => format!("sent {}", id.number()),
        Event::Sent { id, result: Err(error) } => format!("unsent {} {error:?}", id.number()),
        Event::Unserializable { id, error } => format!("unserializable {}: {error}", id.number()),
        Event::HandleRefused { id, .. } => format!("refused {}", id.number()),
        Event::HandleUnanswered { id, .. } => format!("unanswered {}", id.number()),
        Event::SocketCount { key, count } => format!("count {key} {count}"),
        Event::SocketsClosed { key } => format!("closed {key}"),
        Event::Invalid(InvalidMessage::Handle(error)) => format!("handle: {error}"),
        Event::Invalid(error) => format!("{} in {:?}", error.name(), error.start()),
        Event::Disconnected => "disconnected".to_owned(),
    }
}

fn content(message: &Message) -> String {
    let handle = message.handle.as_ref().map(|handle| format!(" + {}", handle.kind().name()));
    format!("{}{}", text(&message.value), handle.unwrap_or_default())
}

fn text(message: &Graph) -> String {
    json::stringify(message, &json::StringifyOptions::default()).unwrap().unwrap_or_default()
}

fn words(connection: &mut Connection) -> Vec<String> {
    std::iter::from_fn(|| connection.poll_event()).map(word).collect()
}

fn parse(text: &str) -> Graph {
    json::parse(text, &json::ParseLimits::default()).unwrap()
}
