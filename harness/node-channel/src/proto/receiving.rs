//! From the bytes of the wire to events, and what the protocol answers.

use std::os::fd::OwnedFd;

use js_value::Graph;

use super::connection::Connection;
use super::event::{Event, Message};
use super::inbox::{Piece, Place};
use super::reserved::{self, Command};
use crate::error::{HandleError, InvalidMessage, Undelivered};
use crate::handle::{Handle, HandleKind, Received};

impl Connection {
    /// Room for the next read, 64 KiB of it. Follow with [`received`](Self::received).
    pub fn room(&mut self) -> &mut [u8] {
        self.tidy();
        self.inbox.room()
    }

    /// Says that a read brought the first `count` bytes of the [`room`](Self::room), and these
    /// descriptors.
    ///
    /// Messages of the peer's runtime are acted on here: whatever they ask for is in
    /// [`transmit`](Self::transmit) afterwards. Messages of its program are only cut off, and read
    /// when they are taken.
    pub fn received(&mut self, count: usize, descriptors: impl IntoIterator<Item = OwnedFd>) {
        if self.is_closed() {
            return;
        }
        for descriptor in descriptors {
            match self.limits.max_descriptors {
                Some(limit) if !self.has_room_for_descriptors(1) => {
                    self.invalid_handle(HandleError::TooMany { limit }, 0);
                }
                _ => self.descriptors.push_back(descriptor),
            }
        }
        self.read_ahead = match self.events.has_places() {
            true => self.read_ahead.saturating_add(count),
            false => 0,
        };
        self.took_handle = false;
        self.inbox.filled(count);
        self.glance.read();
        while let Some(piece) = self.inbox.next_piece() {
            match piece {
                Piece::Whole(place) => self.message(place),
                Piece::TooLong { start, limit } => {
                    self.skips_handle =
                        reserved::comes_with_handle(self.codec.serialization, &start);
                    let start = self.codec.excerpt(&start);
                    self.events.push(Event::Invalid(InvalidMessage::TooLong { start, limit }));
                }
                Piece::Skipped => {
                    if std::mem::take(&mut self.skips_handle) {
                        self.refuse_unread();
                    }
                }
            }
            if self.is_closed() {
                return;
            }
        }
        self.settle();
    }

    /// Says that the kernel could not hand over descriptors that came with the last read: call it
    /// before [`received`](Self::received). Their messages are refused.
    pub fn descriptors_lost(&mut self) {
        if !self.is_closed() {
            self.invalid_handle(HandleError::Lost, 0);
        }
    }

    /// As [`room`](Self::room) and [`received`](Self::received), with bytes that are elsewhere.
    pub fn receive(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.is_closed() {
            let room = self.room();
            let count = room.len().min(bytes.len());
            room[..count].copy_from_slice(&bytes[..count]);
            bytes = &bytes[count..];
            self.received(count, []);
        }
    }

    /// Says that the peer's stream has ended, or failed: both directions are closed, an unfinished
    /// message is dropped.
    pub fn receive_end(&mut self) {
        self.close(Undelivered::PeerClosed);
    }

    /// Whether each `NODE_HANDLE` message is an [`Event::Reserved`] of its own, before the message
    /// inside, with a clone of the handle.
    pub fn report_wrappers(&mut self, report: bool) {
        self.reports_wrappers = report;
    }

    fn message(&mut self, place: Place) {
        let bytes = self.inbox.bytes_from(&place);
        if !self.glance.may_be_reserved(self.codec.serialization, bytes, place.size()) {
            return self.events.push_place(place);
        }
        match self.codec.decode(self.inbox.payload(&place)) {
            Err(error) => {
                let is_beyond = matches!(error, InvalidMessage::TooDeep { .. });
                let bytes = self.inbox.bytes(&place);
                if is_beyond && reserved::comes_with_handle(self.codec.serialization, bytes) {
                    self.refuse_unread();
                }
                self.events.push(Event::Invalid(error));
            }
            Ok(message) if reserved::reserved_command(&message).is_none() => {
                self.events.push_read(place, message);
            }
            Ok(message) => self.reserved(message, place.size()),
        }
    }

    fn reserved(&mut self, message: Graph, size: usize) {
        let command = match Command::of(&message) {
            Some(Command::Handle) => return self.handle(message, size),
            Some(Command::Count { key, count }) => {
                return self.events.push_made_of(Event::SocketCount { key, count }, size);
            }
            Some(Command::AllClosed { key }) => {
                return self.events.push_made_of(Event::SocketsClosed { key }, size);
            }
            command => command,
        };
        self.events.push_made_of(Event::Reserved(message.into()), size);
        match command {
            Some(Command::Acknowledge) => self.acknowledged(),
            Some(Command::Refuse) => self.refused(),
            Some(Command::GetCount { key }) => {
                if let Some(count) = self.counts.count(&key) {
                    self.reply(&Command::Count { key, count });
                }
            }
            Some(Command::NotifyClose { key }) => self.counts.close(key),
            _ => {}
        }
    }

    /// A message around a handle. The answer goes out before anything else happens.
    ///
    /// As in Node there is one handle to a read: who sends another before the first is answered
    /// for, which no Node does, is told that it was not taken. Node keeps the descriptor, and gives
    /// it to a later message; here it is closed, and that message gets its own.
    fn handle(&mut self, message: Graph, size: usize) {
        let descriptor = self.descriptors.pop_front();
        let again = descriptor.is_some() && std::mem::replace(&mut self.took_handle, true);
        let Some(descriptor) = descriptor.filter(|_| !again) else {
            self.reply(&Command::Refuse);
            return self.events.push_made_of(Event::Reserved(message.into()), size);
        };
        let wrapped = reserved::unwrap(message, self.reports_wrappers);
        let mut handle = match Handle::receive(wrapped.kind.as_deref(), descriptor) {
            Received::Usable(handle) => handle,
            Received::Unusable(error) => {
                self.reply(&Command::Acknowledge);
                return self.invalid_handle(error, size);
            }
            Received::Refused(error) => {
                self.reply(&Command::Refuse);
                return self.invalid_handle(error, size);
            }
        };
        self.reply(&Command::Acknowledge);
        if let Some(key) = wrapped.key
            && handle.kind() == HandleKind::Socket
        {
            handle.count(self.counts.open(key));
        }
        for value in wrapped.wrappers {
            // With no descriptor left, or no room for one beside the handle, it is reported without.
            let handle = match self.has_room_for_descriptors(2) {
                true => handle.try_clone_native().ok(),
                false => None,
            };
            self.events.push_made_of(Event::Reserved(Message { value, handle }), size);
        }
        let is_reserved = reserved::reserved_command(&wrapped.message).is_some();
        let message = Message { value: wrapped.message, handle: Some(handle) };
        let event = if is_reserved { Event::Reserved(message) } else { Event::Message(message) };
        self.events.push_made_of(event, size);
    }

    /// Refuses the handle of a message that is beyond a limit: the peer waits for an answer, and a
    /// later message must not get the descriptor.
    fn refuse_unread(&mut self) {
        self.descriptors.pop_front();
        self.reply(&Command::Refuse);
    }

    /// Whether this end may hold so many descriptors more.
    fn has_room_for_descriptors(&self, count: usize) -> bool {
        let held = self.descriptors.len() + self.events.handles();
        self.limits.max_descriptors.is_none_or(|limit| held + count <= limit)
    }

    fn invalid_handle(&mut self, error: HandleError, size: usize) {
        self.events.push_made_of(Event::Invalid(InvalidMessage::Handle(error)), size);
    }
}
