//! JSON messages: from values to lines, from lines to values.

use js_value::{Exception, Graph, Kind, Slot, Value, json};

use super::Limits;
use super::deframer::excerpt;
use crate::error::{InvalidMessage, SendError};

/// Appends the line of a message. On an error the buffer is as before.
pub(super) fn encode(message: &Graph, out: &mut Vec<u8>) -> Result<(), SendError> {
    check(message)?;
    match json::write(message, message.root(), &json::StringifyOptions::default(), out) {
        Ok(true) => {
            out.push(b'\n');
            Ok(())
        }
        Ok(false) => Err(SendError::Nothing),
        Err(exception) => Err(SendError::Serialize(exception)),
    }
}

/// Reads the message in a line.
pub(super) fn decode(line: &str, limits: &Limits) -> Result<Graph, InvalidMessage> {
    let parse_limits = json::ParseLimits { max_depth: limits.max_depth };
    json::parse(line, &parse_limits).map_err(|error| {
        let start = excerpt(line).to_owned();
        let message = error.to_string();
        match error {
            json::ParseError::TooDeep { limit } => InvalidMessage::TooDeep { start, limit },
            _ => InvalidMessage::Syntax { start, message },
        }
    })
}

/// The `cmd` of a reserved message, without its prefix `NODE_`: lone surrogates read as U+FFFD.
///
/// Reserved are objects (arrays too) whose `cmd` is a string of more than five code units that
/// starts with `NODE_`.
pub(super) fn reserved_command(message: &Graph) -> Option<String> {
    let Value::Object(id) = message.root() else {
        return None;
    };
    let property = message.object(*id).properties.get("cmd")?;
    let Slot::Data(Value::String(command)) = &property.slot else {
        return None;
    };
    if command.len_utf16() <= PREFIX.len() {
        return None;
    }
    command.to_string_lossy().strip_prefix(PREFIX).map(str::to_owned)
}

/// The class of what `JSON.stringify` throws.
pub(crate) fn exception_name(exception: &Exception) -> &str {
    match exception {
        Exception::Thrown { class, .. } => class.name(),
        _ => "RangeError",
    }
}

/// What Node's `send()` refuses before it serializes.
fn check(message: &Graph) -> Result<(), SendError> {
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

const PREFIX: &str = "NODE_";
