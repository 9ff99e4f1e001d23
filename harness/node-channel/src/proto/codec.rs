//! From values to bytes on the wire and back, in both serializations.

use std::fmt::Write as _;
use std::ops::Range;

use js_value::json::{self, PART_BYTES, Sink};
use js_value::{Exception, Graph, Kind, Value, clone};
use memchr::memchr;

use super::Serialization;
use super::inbox::{EXCERPT_BYTES, LENGTH_BYTES};
use super::payload::{Payload, repaired};
use crate::error::{InvalidMessage, SendError};

/// How an end writes and reads its messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codec {
    pub(crate) serialization: Serialization,
    /// Deepest nesting of a message that is read.
    pub(crate) max_depth: Option<usize>,
}

impl Codec {
    /// Appends a message with its framing. On an error the buffer is as before.
    pub(crate) fn encode<O: Sink>(self, message: &Graph, out: &mut O) -> Result<(), SendError> {
        self.frame(out, |out| self.encode_payload(message, out))
    }

    /// Appends a message without its framing.
    pub(crate) fn encode_payload<O: Sink>(
        self,
        message: &Graph,
        out: &mut O,
    ) -> Result<(), SendError> {
        match self.serialization {
            Serialization::Json => encode_json(message, out),
            Serialization::Advanced => encode_clone(message, out.buffer()),
        }
    }

    /// Appends what `write` appends, with framing around it. On an error, which leaves the buffer
    /// as before if it is that of `write`, it is as before.
    pub(crate) fn frame<O: Sink, E: From<SendError>>(
        self,
        out: &mut O,
        write: impl FnOnce(&mut O) -> Result<(), E>,
    ) -> Result<(), E> {
        match self.serialization {
            Serialization::Json => {
                write(out)?;
                out.buffer().push(b'\n');
                Ok(())
            }
            Serialization::Advanced => {
                let before = out.buffer().len();
                out.buffer().extend_from_slice(&[0; LENGTH_BYTES]);
                let written = write(out).and_then(|()| {
                    let frame = &mut out.buffer()[before..];
                    let length = length(frame.len() - LENGTH_BYTES)?;
                    frame[..LENGTH_BYTES].copy_from_slice(&length);
                    Ok(())
                });
                if written.is_err() {
                    out.buffer().truncate(before);
                }
                written
            }
        }
    }

    /// Appends a message that is serialized already, with framing around it. On an error the buffer
    /// is as before.
    pub(crate) fn frame_raw<O: Sink>(self, raw: &[u8], out: &mut O) -> Result<(), SendError> {
        if self.serialization == Serialization::Advanced {
            out.buffer().extend_from_slice(&length(raw.len())?);
        }
        let mut rest = raw;
        while let Some((part, more)) = rest.split_at_checked(PART_BYTES) {
            out.buffer().extend_from_slice(part);
            out.part(more.len() + 1);
            rest = more;
        }
        out.buffer().extend_from_slice(rest);
        if self.serialization == Serialization::Json {
            out.buffer().push(b'\n');
        }
        Ok(())
    }

    /// Checks that bytes can be a message without its framing, as far as the framing is concerned.
    pub(crate) fn check_raw(self, raw: &[u8]) -> Result<(), SendError> {
        let fits = match self.serialization {
            Serialization::Json => !raw.is_empty() && memchr(b'\n', raw).is_none(),
            Serialization::Advanced => !raw.is_empty(),
        };
        if fits { Ok(()) } else { Err(SendError::NotRaw) }
    }

    /// Reads a message without its framing.
    #[inline(always)]
    pub(crate) fn decode(self, payload: Payload<'_>) -> Result<Graph, InvalidMessage> {
        match payload {
            Payload::Text { text, plain } => self.decode_json(text, plain),
            Payload::Broken(line) => self.decode_json(&repaired(line), 0..0),
            Payload::Frame(payload) => self.decode_clone(payload),
        }
    }

    /// The first bytes of a message, for people.
    pub(crate) fn excerpt(self, bytes: &[u8]) -> String {
        match self.serialization {
            Serialization::Json => {
                let start = &bytes[..bytes.len().min(EXCERPT_BYTES)];
                let mut text = String::from_utf8_lossy(start).into_owned();
                // A character that the cut went through is no invalid one.
                if start.len() < bytes.len() && text.ends_with(char::REPLACEMENT_CHARACTER) {
                    text.pop();
                }
                text
            }
            Serialization::Advanced => {
                let mut text = String::new();
                for byte in bytes.iter().take(EXCERPT_BYTES / 4) {
                    let gap = if text.is_empty() { "" } else { " " };
                    let _written = write!(text, "{gap}{byte:02x}");
                }
                text
            }
        }
    }

    #[inline(always)]
    fn decode_json(self, line: &str, plain: Range<usize>) -> Result<Graph, InvalidMessage> {
        let limits = json::ParseLimits { max_depth: self.max_depth };
        json::parse_with_plain(line, plain, &limits)
            .map_err(|error| self.invalid_json(line.as_bytes(), error))
    }

    fn decode_clone(self, payload: &[u8]) -> Result<Graph, InvalidMessage> {
        let limits = clone::ReadLimits { max_depth: self.max_depth, ..Default::default() };
        clone::read(payload, &limits).map_err(|error| self.invalid_clone(payload, error))
    }

    #[cold]
    pub(super) fn invalid_json(self, line: &[u8], error: json::ParseError) -> InvalidMessage {
        let start = self.excerpt(line);
        match error {
            json::ParseError::TooDeep { limit } => InvalidMessage::TooDeep { start, limit },
            _ => InvalidMessage::Syntax { start, message: error.to_string() },
        }
    }

    #[cold]
    pub(super) fn invalid_clone(self, payload: &[u8], error: clone::ReadError) -> InvalidMessage {
        let start = self.excerpt(payload);
        match error {
            clone::ReadError::TooDeep { limit, .. } => InvalidMessage::TooDeep { start, limit },
            _ => InvalidMessage::Clone { start, message: error.to_string() },
        }
    }
}

/// What comes before a frame.
fn length(size: usize) -> Result<[u8; LENGTH_BYTES], SendError> {
    u32::try_from(size).map(u32::to_be_bytes).map_err(|_| SendError::TooLarge { size })
}

fn encode_json<O: Sink>(message: &Graph, out: &mut O) -> Result<(), SendError> {
    match json::write(message, message.root(), &json::StringifyOptions::default(), out) {
        Ok(true) => Ok(()),
        Ok(false) => Err(SendError::Nothing),
        Err(exception) => Err(SendError::Serialize(exception)),
    }
}

fn encode_clone(message: &Graph, out: &mut Vec<u8>) -> Result<(), SendError> {
    clone::write(message, message.root(), &clone::WriteOptions::default(), out)
        .map_err(SendError::Serialize)
}

/// What Node's `send()` refuses before it serializes, whatever the serialization.
pub(crate) fn check(message: &Graph) -> Result<(), SendError> {
    let received = match message.root() {
        Value::Undefined => return Err(SendError::Missing),
        Value::BigInt(number) => format!("type bigint ({number}n)"),
        Value::Symbol(symbol) => format!("type symbol ({symbol})"),
        // A Proxy of a function is a function.
        _ => match message.view().as_object().map(|object| &object.kind) {
            Some(Kind::Function(function)) => format!("function {}", function.name),
            _ => return Ok(()),
        },
    };
    Err(SendError::InvalidType { received })
}

/// The class of what a serializer throws.
pub(crate) fn exception_name(exception: &Exception) -> &str {
    match exception {
        Exception::Thrown { class, .. } => class.name(),
        _ => "RangeError",
    }
}
