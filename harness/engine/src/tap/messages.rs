//! From the entries of a recording to the messages that they are.

use std::collections::BTreeMap;

use ipc_plan::{Role, Serialization};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::recording::{self, End, Entry, OnWire};
use crate::channel::first_message;
use crate::history::Ending;

/// Turns the bytes of one message, without LF or length, into text. The engine itself knows no
/// values.
pub type Decode = fn(Serialization, &[u8]) -> Decoded;

/// A message as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// In one line.
    pub text: String,
    /// Whether Node takes it for its own: `cmd` begins with `NODE_`.
    pub reserved: bool,
}

/// Something on the wire, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// When it was complete: nanoseconds, on the clock of the logs.
    pub t: u64,
    /// Which channel: the pid of its relay.
    pub channel: u32,
    /// Who sent it; nobody, where the relay speaks of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Role>,
    /// What it is.
    pub kind: LineKind,
    /// The message, or a word on what happened.
    pub text: String,
    /// What the descriptors are that came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub descriptors: Vec<String>,
}

/// Kinds of [`Line`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LineKind {
    /// A message for the program.
    Message,
    /// A message of Node's own.
    Reserved,
    /// Bytes that never became a message.
    Rest,
    /// A side, or a process, begins or ends.
    Event,
}

/// Puts messages together from the entries of any number of channels.
#[derive(Debug)]
pub struct Messages {
    decode: Decode,
    channels: BTreeMap<u32, Channel>,
}

#[derive(Debug, Default)]
struct Channel {
    serialization: Serialization,
    /// What the parent and what the child sent and is no whole message yet.
    rests: [Rest; 2],
}

#[derive(Debug, Default)]
struct Rest {
    bytes: Vec<u8>,
    descriptors: Vec<String>,
}

impl Messages {
    /// Nothing yet.
    pub fn new(decode: Decode) -> Self {
        Self { decode, channels: BTreeMap::new() }
    }

    /// What is complete with this entry.
    pub fn add(&mut self, entry: &Entry) -> Vec<Line> {
        let decode = self.decode;
        let channel = self.channels.entry(entry.channel).or_default();
        let line = |from, kind, text, descriptors| Line {
            t: entry.t,
            channel: entry.channel,
            from,
            kind,
            text,
            descriptors,
        };
        let event = |from, text: String| line(from, LineKind::Event, text, Vec::new());
        match &entry.seen {
            OnWire::Opened { serialization, command, .. } => {
                *channel = Channel { serialization: *serialization, ..Channel::default() };
                let command = shlex::try_join(command.iter().map(String::as_str))
                    .unwrap_or_else(|_| command.join(" "));
                vec![event(None, format!("starts {command}"))]
            }
            OnWire::Passed { from, text, hex, descriptors } => {
                let rest = &mut channel.rests[usize::from(*from == Role::Child)];
                let bytes = recording::bytes(text.as_deref(), hex.as_deref());
                rest.bytes.extend(bytes.unwrap_or_default());
                rest.descriptors.extend(descriptors.iter().cloned());
                let mut lines = Vec::new();
                let mut taken = 0;
                while let Some((message, used)) =
                    first_message(channel.serialization, &rest.bytes[taken..])
                {
                    let Decoded { text, reserved } = decode(channel.serialization, message);
                    let kind = if reserved { LineKind::Reserved } else { LineKind::Message };
                    lines.push(line(
                        Some(*from),
                        kind,
                        text,
                        std::mem::take(&mut rest.descriptors),
                    ));
                    taken += used;
                }
                rest.bytes.drain(..taken);
                lines
            }
            OnWire::Ended { from, how } => {
                let rest = std::mem::take(&mut channel.rests[usize::from(*from == Role::Child)]);
                let mut lines = Vec::new();
                if !rest.bytes.is_empty() || !rest.descriptors.is_empty() {
                    let text = rest.bytes.escape_ascii().to_string();
                    lines.push(line(Some(*from), LineKind::Rest, text, rest.descriptors));
                }
                let text = match how {
                    End::Half => "sends no more",
                    End::Closed => "closes the channel",
                    End::Reset => "closes the channel without having read all",
                };
                lines.push(event(Some(*from), text.to_owned()));
                lines
            }
            OnWire::Exited { ending } => {
                self.channels.remove(&entry.channel);
                let text = match ending {
                    Ending::Exited { code } => format!("the child exits with {code}"),
                    Ending::Signalled { signal } => format!("the child is killed by {signal}"),
                    Ending::TimedOut { .. } | Ending::NotStarted { .. } => {
                        "the child has ended".to_owned()
                    }
                };
                vec![event(None, text)]
            }
        }
    }

    /// The channels whose end is not there.
    pub fn open(&self) -> impl Iterator<Item = u32> {
        self.channels.keys().copied()
    }
}

/// Lines of a history, at most.
const MOST: usize = 200;
/// Characters of a message in a history.
const WIDTH: usize = 500;

/// A recording for a history: no more than can be read there.
pub fn lines(entries: &[Entry], decode: Decode) -> Vec<Line> {
    let mut messages = Messages::new(decode);
    let mut lines: Vec<Line> = entries.iter().flat_map(|entry| messages.add(entry)).collect();
    for line in &mut lines {
        if let Some((end, _)) = line.text.char_indices().nth(WIDTH) {
            line.text.truncate(end);
            line.text.push('…');
        }
    }
    if lines.len() > MOST {
        let more = lines.len() - MOST;
        lines.truncate(MOST);
        lines[MOST - 1].text = format!("… and {} more", more + 1);
        (lines[MOST - 1].from, lines[MOST - 1].kind) = (None, LineKind::Event);
        lines[MOST - 1].descriptors.clear();
    }
    lines
}

/// The bytes themselves.
pub fn undecoded(_: Serialization, bytes: &[u8]) -> Decoded {
    Decoded { text: bytes.escape_ascii().to_string(), reserved: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(_: Serialization, bytes: &[u8]) -> Decoded {
        let text = bytes.escape_ascii().to_string();
        Decoded { reserved: text.starts_with("NODE_"), text }
    }

    fn opened(serialization: Serialization) -> OnWire {
        OnWire::Opened { schema: 1, serialization, command: vec!["a b".to_owned()], schedule: None }
    }

    fn check(seen: Vec<OnWire>, expect: &[&str]) {
        let mut messages = Messages::new(decode);
        let mut found = Vec::new();
        for (t, seen) in (0..).zip(seen) {
            for line in messages.add(&Entry { channel: 1, t, seen }) {
                let from = line.from.map_or("-", Role::name);
                let end = line.descriptors.join(",");
                found.push(format!("{t} {from} {:?} {} {end}", line.kind, line.text));
            }
        }
        assert_eq!(found, expect);
    }

    #[test]
    fn lines_are_put_together_from_pieces() {
        check(
            vec![
                opened(Serialization::Json),
                OnWire::passed(Role::Child, b"on", vec![]),
                OnWire::passed(Role::Parent, b"x", vec![]),
                OnWire::passed(Role::Child, b"e\ntwo\nNODE_", vec![]),
                OnWire::passed(Role::Child, b"X\n\xff", vec!["tcp server".to_owned()]),
                OnWire::Ended { from: Role::Child, how: End::Half },
                OnWire::Exited { ending: Ending::Exited { code: 3 } },
            ],
            &[
                "0 - Event starts 'a b' ",
                "3 child Message one ",
                "3 child Message two ",
                "4 child Reserved NODE_X tcp server",
                "5 child Rest \\xff ",
                "5 child Event sends no more ",
                "6 - Event the child exits with 3 ",
            ],
        );
    }

    #[test]
    fn frames_are_put_together_from_pieces() {
        check(
            vec![
                opened(Serialization::Advanced),
                OnWire::passed(Role::Parent, b"\0\0\0", vec![]),
                OnWire::passed(Role::Parent, b"\x02ab\0\0\0\0\0\0\0\x09c", vec![]),
                OnWire::Ended { from: Role::Parent, how: End::Closed },
            ],
            &[
                "0 - Event starts 'a b' ",
                "2 parent Message ab ",
                "2 parent Message  ",
                "3 parent Rest \\x00\\x00\\x00\\tc ",
                "3 parent Event closes the channel ",
            ],
        );
    }
}
