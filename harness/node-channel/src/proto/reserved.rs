//! Reserved messages: objects whose `cmd` starts with `NODE_`, and what the protocol says in them.

use js_value::{Graph, Slot, Value};
use memchr::memmem::Finder;

use super::Serialization;

/// What a reserved message of the peer asks for, where the channel itself acts on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Handle,
    Acknowledge,
    Refuse,
    GetCount { key: String },
    Count { key: String, count: u64 },
    NotifyClose { key: String },
    AllClosed { key: String },
}

impl Command {
    /// `None` if the message is reserved, but means nothing to a channel.
    pub(crate) fn of(message: &Graph) -> Option<Self> {
        let key = || key(message);
        Some(match reserved_command(message)?.as_str() {
            "HANDLE" => Self::Handle,
            "HANDLE_ACK" => Self::Acknowledge,
            "HANDLE_NACK" => Self::Refuse,
            "SOCKET_GET_COUNT" => Self::GetCount { key: key()? },
            "SOCKET_COUNT" => {
                let count = message.view().get("count")?.as_f64()?;
                // Saturates; a count that is no number of sockets is none.
                (count >= 0.0).then_some(())?;
                Self::Count { key: key()?, count: count as u64 }
            }
            "SOCKET_NOTIFY_CLOSE" => Self::NotifyClose { key: key()? },
            "SOCKET_ALL_CLOSED" => Self::AllClosed { key: key()? },
            _ => return None,
        })
    }

    /// The message that says this.
    pub(crate) fn message(&self) -> Graph {
        let (command, key, count) = match self {
            Self::Handle => ("NODE_HANDLE", None, None),
            Self::Acknowledge => ("NODE_HANDLE_ACK", None, None),
            Self::Refuse => ("NODE_HANDLE_NACK", None, None),
            Self::GetCount { key } => ("NODE_SOCKET_GET_COUNT", Some(key), None),
            Self::Count { key, count } => ("NODE_SOCKET_COUNT", Some(key), Some(*count)),
            Self::NotifyClose { key } => ("NODE_SOCKET_NOTIFY_CLOSE", Some(key), None),
            Self::AllClosed { key } => ("NODE_SOCKET_ALL_CLOSED", Some(key), None),
        };
        let key = key.map(|key| ("key", Value::from(key.as_str())));
        let count = count.map(|count| ("count", Value::Number(count as f64)));
        let mut graph = Graph::default();
        let command = [("cmd", Value::from(command))];
        let root = graph.add_object(command.into_iter().chain(key).chain(count));
        graph.set_root(root);
        graph
    }
}

/// A NODE_HANDLE message around a message of the program, with keys in Node's order.
pub(crate) fn wrap(
    message: &Graph,
    kind: &'static str,
    key: Option<&str>,
    datagram: Option<&'static str>,
) -> Graph {
    let mut graph = message.clone();
    let inner = graph.root().clone();
    let entries =
        [("cmd", Value::from("NODE_HANDLE")), ("type", Value::from(kind)), ("msg", inner)];
    let key = key.map(|key| ("key", Value::from(key)));
    let datagram = datagram.map(|kind| ("dgramType", Value::from(kind)));
    let root = graph.add_object(entries.into_iter().chain(key).chain(datagram));
    graph.set_root(root);
    graph
}

/// Whether a message that cannot be read comes with a handle, by its start, as Node and this crate
/// write it.
pub(crate) fn comes_with_handle(serialization: Serialization, start: &[u8]) -> bool {
    match (serialization, start) {
        (Serialization::Json, line) => line.starts_with(b"{\"cmd\":\"NODE_HANDLE\""),
        // A version comes first.
        (Serialization::Advanced, [0xff, _, object @ ..]) => {
            object.starts_with(b"o\"\x03cmd\"\x0bNODE_HANDLE")
        }
        _ => false,
    }
}

/// What a NODE_HANDLE message says about its handle.
#[derive(Debug)]
pub(crate) struct Wrapped {
    pub(crate) kind: Option<String>,
    pub(crate) key: Option<String>,
    /// The message itself, and those of its kind inside it.
    pub(crate) wrappers: Vec<Graph>,
    /// The message of the program.
    pub(crate) message: Graph,
}

/// Takes a NODE_HANDLE message apart, and keeps the `wrappers` if they are wanted.
///
/// A Node that was refused sends the whole message again inside another. That is taken for what it
/// is: the handle of the inner message.
pub(crate) fn unwrap(message: Graph, keep_wrappers: bool) -> Wrapped {
    let mut wrapped = Wrapped { kind: None, key: None, wrappers: Vec::new(), message };
    for _ in 0..MAX_WRAPPERS {
        let message = &mut wrapped.message;
        if Command::of(message) != Some(Command::Handle) {
            break;
        }
        wrapped.kind = text(message, "type");
        wrapped.key = key(message);
        let inner = message.view().get("msg").map(|inner| inner.value().clone());
        if keep_wrappers {
            wrapped.wrappers.push(message.clone());
        }
        message.set_root(inner.unwrap_or_default());
    }
    wrapped
}

/// The `cmd` of a reserved message, without its prefix `NODE_`: lone surrogates read as U+FFFD.
///
/// Reserved are objects (arrays too) whose `cmd` is a string of more than five code units that
/// starts with `NODE_`.
pub(crate) fn reserved_command(message: &Graph) -> Option<String> {
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

/// The key of a server, if it may be one.
fn key(message: &Graph) -> Option<String> {
    text(message, "key").filter(|key| key.len() <= MAX_KEY_BYTES)
}

fn text(message: &Graph, key: &str) -> Option<String> {
    Some(message.view().get(key)?.as_js_string()?.to_string_lossy().into_owned())
}

/// Tells at a glance that messages are not reserved: all that a read brought, or one of them.
#[derive(Debug)]
pub(crate) struct Glance {
    prefix: Finder<'static>,
    wide: Finder<'static>,
    escape: Finder<'static>,
    /// Whether there is a trace of the prefix in what the last read brought, once that matters.
    traced: Option<bool>,
}

impl Glance {
    pub(crate) fn new() -> Self {
        Self {
            prefix: Finder::new(PREFIX),
            wide: Finder::new(WIDE_PREFIX),
            escape: Finder::new(br"\u00"),
            traced: None,
        }
    }

    /// Says that more was read.
    pub(crate) fn read(&mut self) {
        self.traced = None;
    }

    /// Whether the message of this size at the beginning of these bytes, which go on to the end of
    /// what was read, may be reserved. False is certain.
    ///
    /// The first that may be an object has all that follows searched: one search for many messages,
    /// and none for a string, however long.
    #[inline]
    pub(crate) fn may_be_reserved(
        &mut self,
        serialization: Serialization,
        bytes: &[u8],
        size: usize,
    ) -> bool {
        let message = &bytes[..size];
        if self.traced == Some(false) || !may_have_command(serialization, message) {
            return false;
        }
        let traced = self.traced.unwrap_or_else(|| self.has_trace(serialization, bytes));
        self.traced = Some(traced);
        traced && self.has_trace(serialization, message)
    }

    fn has_trace(&self, serialization: Serialization, bytes: &[u8]) -> bool {
        self.prefix.find(bytes).is_some()
            || match serialization {
                Serialization::Json => self.has_escaped_letter(bytes),
                Serialization::Advanced => self.wide.find(bytes).is_some(),
            }
    }

    /// Whether there is an escape of U+0040 to U+005F, where the letters of the prefix are.
    fn has_escaped_letter(&self, text: &[u8]) -> bool {
        let mut escapes = self.escape.find_iter(text);
        escapes.any(|at| matches!(text.get(at + 4), Some(b'4' | b'5')))
    }
}

/// Whether a message begins as an object does.
fn may_have_command(serialization: Serialization, message: &[u8]) -> bool {
    match serialization {
        Serialization::Json => {
            message.iter().find(|byte| !b" \t\r\n".contains(byte)) == Some(&b'{')
        }
        Serialization::Advanced => {
            // After `ff`, version and padding comes the tag.
            let tag = message.get(2..).unwrap_or_default().iter().find(|byte| **byte != 0);
            tag.is_some_and(|tag| !PRIMITIVE_TAGS.contains(tag))
        }
    }
}

/// The longest key of a server. Node's are an address family, an address and a port; the longest
/// address is the path of a Unix socket. A longer one is as good as none: nothing is counted under
/// it, and requests for it are not answered.
pub(super) const MAX_KEY_BYTES: usize = 256;

/// More than Node puts around a message. A structured clone can be inside itself.
const MAX_WRAPPERS: usize = 4;

const PREFIX: &str = "NODE_";
/// The same in UTF-16.
const WIDE_PREFIX: &[u8] = b"N\0O\0D\0E\0_\0";

/// Values that have no properties: strings, numbers, BigInts, booleans, null and undefined.
const PRIMITIVE_TAGS: &[u8] = b"\"cSIUNZTF0_";

#[cfg(test)]
mod tests {
    use js_value::json;

    use super::*;

    fn parse(text: &str) -> Graph {
        json::parse(text, &json::ParseLimits::default()).unwrap()
    }

    /// What a glance says of a message, whatever follows it.
    fn glanced(serialization: Serialization, message: &[u8]) -> bool {
        let alone = Glance::new().may_be_reserved(serialization, message, message.len());
        for after in [&b"\n{\"x\":1}"[..], b"\n{\"cmd\":\"NODE_\"}\n", b"N\0O\0D\0E\0_\0"] {
            let both = [message, after].concat();
            let mut glance = Glance::new();
            for _ in 0..2 {
                let answer = glance.may_be_reserved(serialization, &both, message.len());
                assert_eq!(answer, alone, "{both:x?}");
            }
            glance.read();
            assert_eq!(glance.may_be_reserved(serialization, message, message.len()), alone);
        }
        alone
    }

    #[test]
    fn reserved_is_decided_by_the_string_cmd_alone() {
        for (line, reserved) in [
            (r#"{"cmd":"NODE_FOO"}"#, true),
            (r#"{"cmd":"NODE_x"}"#, true),
            (r#"{"cmd":"NODE_\u0000"}"#, true),
            (r#"{"cmd":"NODE_\ud800"}"#, true),
            (r#"{"cmd":"\u004eODE_FOO"}"#, true),
            (r#"{"cmd":"NODE\u005FFOO"}"#, true),
            (r#"{"\u0063md":"NODE_FOO"}"#, true),
            (r#"{"cmd":"x","cmd":"NODE_CLUSTER"}"#, true),
            (" \t\r{\"cmd\":\"NODE_FOO\"} ", true),
            (r#"{"cmd":"NODE_"}"#, false),
            (r#"{"cmd":"NODE"}"#, false),
            (r#"{"cmd":"node_foo"}"#, false),
            (r#"{"cmd":" NODE_foo"}"#, false),
            (r#"{"cmd":"xNODE_foo"}"#, false),
            (r#"{"cmd":["NODE_foo"]}"#, false),
            (r#"{"data":{"cmd":"NODE_foo"}}"#, false),
            (r#"[{"cmd":"NODE_foo"}]"#, false),
            (r#""NODE_foo""#, false),
            (r#"{"cmd":null}"#, false),
            (r#"{"CMD":"NODE_foo"}"#, false),
        ] {
            assert_eq!(reserved_command(&parse(line)).is_some(), reserved, "{line}");
            assert!(glanced(Serialization::Json, line.as_bytes()) || !reserved, "{line}");
        }
        for plain in
            [r#"{"cmd":"log","text":"\u001b[31mred"}"#, "\"NODE_foo\"", "[1]", "7", "", "{bad"]
        {
            assert!(!glanced(Serialization::Json, plain.as_bytes()), "{plain}");
        }
    }

    #[test]
    fn clones_at_a_glance() {
        for (payload, maybe) in [
            (&b"\xff\x0fo\"\x03cmd\"\x06NODE_X{\x01"[..], true),
            (b"\xff\x0f\0\0o\"\x03cmd\x63\x0cN\0O\0D\0E\0_\0X\0{\x01", true),
            (b"\xff\x0f\"\x06NODE_X", false),
            (b"\xff\x0fo\"\x03cmd\"\x05hello{\x01", false),
            (b"", false),
            (b"\xff", false),
            (b"\xff\x0f\0", false),
        ] {
            assert_eq!(glanced(Serialization::Advanced, payload), maybe, "{payload:x?}");
        }
    }

    #[test]
    fn commands_are_read_as_they_are_written() {
        let key = || "4:127.0.0.1:0".to_owned();
        for command in [
            Command::Handle,
            Command::Acknowledge,
            Command::Refuse,
            Command::GetCount { key: key() },
            Command::Count { key: key(), count: 3 },
            Command::NotifyClose { key: key() },
            Command::AllClosed { key: key() },
        ] {
            assert_eq!(Command::of(&command.message()), Some(command));
        }
        for odd in [
            r#"{"cmd":"NODE_SOCKET_GET_COUNT"}"#,
            r#"{"cmd":"NODE_SOCKET_GET_COUNT","key":1}"#,
            r#"{"cmd":"NODE_SOCKET_COUNT","key":"k","count":-1}"#,
            r#"{"cmd":"NODE_SOCKET_COUNT","key":"k"}"#,
            r#"{"cmd":"NODE_OTHER"}"#,
            "null",
        ] {
            assert_eq!(Command::of(&parse(odd)), None, "{odd}");
        }
    }

    #[test]
    fn a_handle_that_is_sent_again_is_the_inner_one() {
        let first = wrap(&parse(r#"{"x":[1]}"#), "net.Socket", Some("4:::0"), None);
        let again = wrap(&first, "net.Native", None, None);
        for message in [first, again] {
            let found = unwrap(message, false);
            assert_eq!(found.kind.as_deref(), Some("net.Socket"));
            assert_eq!(found.key.as_deref(), Some("4:::0"));
            let options = json::StringifyOptions::default();
            assert_eq!(json::stringify(&found.message, &options).unwrap().unwrap(), r#"{"x":[1]}"#);
        }
    }
}
