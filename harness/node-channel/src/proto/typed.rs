//! Messages of Rust types, straight to and from the bytes of the wire.

use js_value::json::{Sink as _, TypedError};
use js_value::{Graph, Value, clone, json};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Serialization;
use super::codec::Codec;
use super::connection::Connection;
use super::event::{Event, Message, MessageId, Taken};
use super::inbox::Place;
use super::payload::{Payload, repaired};
use super::tail::{Outlet, stays};
use crate::error::{InvalidMessage, RecvError, SendError};
use crate::handle::Handle;

/// What [`Connection::poll_as`] answers.
#[derive(Debug)]
#[non_exhaustive]
pub enum Typed<T> {
    /// A message of the peer's program.
    Message {
        /// The message itself.
        value: T,
        /// The socket that came with it. Dropping it closes it.
        handle: Option<Handle>,
    },
    /// A message with a handle that is not of the type: as it came, so that the handle is not lost.
    Mismatch {
        /// The message and its handle.
        message: Message,
        /// Why it is not of the type.
        error: InvalidMessage,
    },
    /// Any other event. A message without a handle that is not of the type is
    /// [`InvalidMessage::Type`](crate::InvalidMessage::Type).
    Event(Event),
}

impl Connection {
    /// Queues a message of any type that serde can write, in the form of
    /// [`json::to_text`](js_value::json::to_text) or
    /// [`clone::to_payload`](js_value::clone::to_payload).
    ///
    /// # Errors
    ///
    /// [`Closed`](SendError::Closed), [`TooLarge`](SendError::TooLarge) and
    /// [`QueueFull`](SendError::QueueFull) as with [`send`](Self::send);
    /// [`Value`](SendError::Value) if the value has no such form, or its `Serialize` fails.
    pub fn send_as<T: Serialize + ?Sized>(&mut self, message: &T) -> Result<MessageId, SendError> {
        self.send_as_through(message, &mut stays)
    }

    /// As [`send_as`](Self::send_as); parts of a long message may leave while it is being
    /// serialized.
    pub(crate) fn send_as_through<T: Serialize + ?Sized>(
        &mut self,
        message: &T,
        outlet: Outlet<'_>,
    ) -> Result<MessageId, SendError> {
        self.send_encoded(outlet, |codec, out| {
            codec.frame(out, |out| {
                let written = match codec.serialization {
                    Serialization::Json => json::to_text(message, out),
                    Serialization::Advanced => {
                        clone::to_payload(message, &clone::WriteOptions::default(), out.buffer())
                    }
                };
                written.map_err(|error| SendError::Value { message: error.to_string() })
            })
        })
    }

    /// The next event, with a message of the peer's program as a value of a type, which may borrow
    /// from the bytes that came.
    #[must_use]
    pub fn poll_as<'de, T: Deserialize<'de>>(&'de mut self) -> Option<Typed<T>> {
        self.tidy();
        let codec = self.codec;
        let read = match self.events.pop()? {
            Taken::Place(place) | Taken::Read(place, _) => self.read_as(&place),
            // It was taken out of the message around it, so its bytes are not in the inbox.
            Taken::Event(Event::Message(message)) => {
                let written = codec.write_again(&message.value, &mut self.unwrapped);
                let read = written.and_then(|()| {
                    let payload = Payload::new(codec.serialization, &self.unwrapped);
                    codec.decode_as(payload, &mut self.repaired)
                });
                return Some(match read {
                    Ok(value) => Typed::Message { value, handle: message.handle },
                    Err(error) => Typed::Mismatch { message, error },
                });
            }
            Taken::Event(event) => return Some(Typed::Event(event)),
        };
        Some(match read {
            Ok(value) => Typed::Message { value, handle: None },
            Err(error) => Typed::Event(Event::Invalid(error)),
        })
    }

    /// The next message of the peer's program, as `recv()` gives it: an error if it is not of the
    /// type, `None` inside if the channel is closed, `None` if nothing is here.
    pub(crate) fn poll_message_as<T: DeserializeOwned>(
        &mut self,
    ) -> Option<Result<Option<T>, RecvError>> {
        loop {
            match self.poll_as()? {
                Typed::Message { value, .. } => return Some(Ok(Some(value))),
                Typed::Mismatch { error, .. } | Typed::Event(Event::Invalid(error)) => {
                    return Some(Err(RecvError::Invalid(error)));
                }
                Typed::Event(Event::Disconnected) => return Some(Ok(None)),
                Typed::Event(_) => {}
            }
        }
    }

    /// Where the next event is, if it is a message that nobody has read, as most are.
    #[inline]
    pub(crate) fn next_unread(&mut self) -> Option<Place> {
        self.tidy();
        self.events.pop_place()
    }

    /// Reads the message that is there.
    #[inline(always)]
    pub(crate) fn read_as<'de, T: Deserialize<'de>>(
        &'de mut self,
        place: &Place,
    ) -> Result<T, InvalidMessage> {
        self.inbox.take(place);
        self.codec.decode_as(self.inbox.payload(place), &mut self.repaired)
    }

    /// Whether the next event is a message of the peer's program, read or not.
    pub(crate) fn next_is_message(&self) -> bool {
        self.events.next_is_message()
    }
}

impl Codec {
    /// Reads a message without its framing. Text that is no UTF-8 is repaired, as in Node, and then
    /// borrowed from `elsewhere`.
    #[inline(always)]
    fn decode_as<'de, T: Deserialize<'de>>(
        self,
        payload: Payload<'de>,
        elsewhere: &'de mut String,
    ) -> Result<T, InvalidMessage> {
        let limits = json::ParseLimits { max_depth: self.max_depth };
        let (bytes, read) = match payload {
            Payload::Text { text, plain } => {
                (text.as_bytes(), json::from_text_with_plain(text, plain, &limits))
            }
            Payload::Broken(line) => {
                *elsewhere = repaired(line);
                (line, json::from_text(elsewhere, &limits))
            }
            Payload::Frame(payload) => {
                let limits = clone::ReadLimits { max_depth: self.max_depth, ..Default::default() };
                (payload, clone::from_payload(payload, &limits))
            }
        };
        read.map_err(|error| self.invalid_as(bytes, error))
    }

    /// Writes a message that was read as a value, without its framing. One that is missing reads as
    /// `None` and `()`, in JSON too, which has no `undefined`.
    fn write_again(self, message: &Graph, out: &mut Vec<u8>) -> Result<(), InvalidMessage> {
        out.clear();
        if self.serialization == Serialization::Json && message.root() == &Value::Undefined {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        self.encode_payload(message, out).map_err(|error| InvalidMessage::Type {
            start: String::new(),
            message: error.to_string(),
        })
    }

    #[cold]
    fn invalid_as(self, bytes: &[u8], error: TypedError) -> InvalidMessage {
        match error {
            TypedError::Text(error) => self.invalid_json(bytes, error),
            TypedError::Payload(error) => self.invalid_clone(bytes, error),
            error => {
                InvalidMessage::Type { start: self.excerpt(bytes), message: error.to_string() }
            }
        }
    }
}
