use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Role;

/// Who is at the two ends of the channel.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// Two runtimes.
    #[default]
    Pair,
    /// The harness is the parent and controls every byte; the child is a runtime.
    RawParent,
    /// The harness is the child and controls every byte; the parent is a runtime.
    RawChild,
}

impl Link {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pair, Self::RawParent, Self::RawChild];

    /// The role that the harness itself plays.
    pub fn raw(self) -> Option<Role> {
        match self {
            Self::Pair => None,
            Self::RawParent => Some(Role::Parent),
            Self::RawChild => Some(Role::Child),
        }
    }

    pub(crate) fn is_pair(&self) -> bool {
        *self == Self::Pair
    }
}

/// What the channel of a raw parent is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Wire {
    /// A pair of stream sockets, as Node makes it.
    #[default]
    Stream,
    /// A pair of sockets that keep the limits of messages.
    Seqpacket,
    /// A pair of datagram sockets.
    Datagram,
    /// A pipe whose writing end is the child's.
    Pipe,
}

/// Some of the bytes of a `raw-write`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Part {
    /// This text in UTF-8.
    Text(String),
    /// These bytes, two hexadecimal digits each; spaces between them are ignored.
    Hex(String),
    /// A frame of an advanced channel: four bytes of length, the highest first, and the payload.
    Frame {
        /// The payload, as in `hex`.
        payload: String,
        /// The length that is written; that of the payload when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        length: Option<u32>,
    },
    /// Other parts again and again.
    Repeat {
        /// How often.
        times: u32,
        /// What.
        parts: Vec<Self>,
    },
}

/// More bytes than a step writes.
const MOST: usize = 64 << 20;

/// Why parts are no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PartError {
    /// Something that should be pairs of hexadecimal digits is not.
    NotHex,
    /// More than 64 MiB.
    TooMuch,
}

impl fmt::Display for PartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHex => "bytes are written as two hexadecimal digits each",
            Self::TooMuch => "a step writes at most 64 MiB",
        })
    }
}

impl std::error::Error for PartError {}

impl Part {
    /// The bytes of all parts, one after the other.
    ///
    /// # Errors
    ///
    /// When they are no bytes, or too many.
    pub fn bytes(parts: &[Self]) -> Result<Vec<u8>, PartError> {
        let mut bytes = Vec::new();
        for part in parts {
            part.append(&mut bytes)?;
        }
        Ok(bytes)
    }

    fn append(&self, bytes: &mut Vec<u8>) -> Result<(), PartError> {
        match self {
            Self::Text(text) => bytes.extend(text.as_bytes()),
            Self::Hex(hex) => bytes.extend(from_hex(hex)?),
            Self::Frame { payload, length } => {
                let payload = from_hex(payload)?;
                let own = u32::try_from(payload.len()).map_err(|_| PartError::TooMuch)?;
                bytes.extend(length.unwrap_or(own).to_be_bytes());
                bytes.extend(payload);
            }
            Self::Repeat { times, parts } => {
                let once = Self::bytes(parts)?;
                let all = once.len().saturating_mul(*times as usize);
                if all > MOST {
                    return Err(PartError::TooMuch);
                }
                bytes.extend(once.repeat(*times as usize));
            }
        }
        if bytes.len() > MOST { Err(PartError::TooMuch) } else { Ok(()) }
    }
}

fn from_hex(text: &str) -> Result<Vec<u8>, PartError> {
    let digits: Option<Vec<u32>> =
        text.chars().filter(|c| *c != ' ').map(|c| c.to_digit(16)).collect();
    let pairs = digits.filter(|digits| digits.len() % 2 == 0).ok_or(PartError::NotHex)?;
    Ok(pairs.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect())
}

/// When a `raw-read` has read enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// So many lines.
    Lines(u32),
    /// So many frames of an advanced channel.
    Frames(u32),
    /// So many bytes.
    Bytes(u32),
    /// The other side has closed.
    End,
}

/// Directions of a socket, seen from the raw peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// What comes.
    Read,
    /// What goes.
    Write,
    /// Both.
    Both,
}

/// What a descriptor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DescriptorKind {
    /// A TCP socket that listens.
    TcpListener,
    /// A TCP socket that is connected.
    Tcp,
    /// A TCP socket that is neither.
    TcpBound,
    /// A Unix stream socket that listens.
    UnixListener,
    /// A Unix stream socket that is connected.
    Unix,
    /// A Unix stream socket that is neither.
    UnixBound,
    /// A UDP socket.
    Udp,
    /// An end of a pipe.
    Pipe,
    /// A regular file.
    File,
    /// Anything else; it cannot be opened.
    Other,
}
