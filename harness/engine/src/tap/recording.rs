//! What a relay writes down: a file of lines, one JSON object each, appended as things happen.
//!
//! A file may hold several channels: a program that forks several children has one file. The first
//! entry of each channel is [`OnWire::Opened`]; the last is [`OnWire::Exited`], unless the relay was
//! killed. The JSON Schema of a line is `specs/schema/wire-entry.schema.json`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ipc_plan::{Role, Schedule, Serialization};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::history::Ending;
use crate::{clock, text};

/// Version of the format.
pub const SCHEMA: u32 = 1;

/// One line of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Which channel: the pid of its relay.
    pub channel: u32,
    /// Nanoseconds on the clock of the drivers' logs, see [`ipc_plan::Record::t`].
    pub t: u64,
    /// What the relay saw.
    pub seen: OnWire,
}

/// Something on the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum OnWire {
    /// The relay stands between parent and child, the child is about to start.
    Opened {
        /// [`SCHEMA`].
        schema: u32,
        /// The channel's serialization.
        serialization: Serialization,
        /// The child: program and arguments.
        command: Vec<String>,
        /// What the relay does beside passing everything on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        schedule: Option<Schedule>,
    },
    /// Bytes came.
    Passed {
        /// Who sent them.
        from: Role,
        /// The bytes, where they are UTF-8 by themselves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// The bytes in hexadecimal, where they are not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hex: Option<String>,
        /// What the descriptors are that came with the first of these bytes, such as
        /// `tcp server`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        descriptors: Vec<String>,
    },
    /// A side sends no more.
    Ended {
        /// That side.
        from: Role,
        /// How it ended.
        how: End,
    },
    /// The child has ended, and with it the relay.
    Exited {
        /// How.
        ending: Ending,
    },
}

/// How a side of the channel ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// It sends no more, but still reads.
    Half,
    /// It has closed the channel.
    Closed,
    /// It has closed the channel with bytes in it that it had not read.
    Reset,
}

impl OnWire {
    /// Bytes as they are written down.
    pub(super) fn passed(from: Role, bytes: &[u8], descriptors: Vec<String>) -> Self {
        let (text, hex) = match std::str::from_utf8(bytes) {
            Ok(text) => (Some(text.to_owned()), None),
            Err(_) => (None, Some(text::hex(bytes))),
        };
        Self::Passed { from, text, hex, descriptors }
    }
}

/// The bytes of a [`OnWire::Passed`]; nothing where the hexadecimal is none.
pub(super) fn bytes(text: Option<&str>, hex: Option<&str>) -> Option<Vec<u8>> {
    match (text, hex) {
        (Some(text), None) => Some(text.as_bytes().to_vec()),
        (None, Some(hex)) => {
            let digits: Option<Vec<u8>> =
                hex.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
            let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
            Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
        }
        _ => None,
    }
}

/// Appends to a recording. What cannot be written is told once and then given up: the channel
/// goes on.
#[derive(Debug)]
pub(super) struct Recorder {
    file: Option<File>,
    channel: u32,
}

impl Recorder {
    /// Appends to the file, which is made if there is none.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::options().append(true).create(true).open(path)?;
        Ok(Self { file: Some(file), channel: std::process::id() })
    }

    /// Appends one entry with the time that it is now, in one write.
    pub(super) fn add(&mut self, seen: OnWire) {
        let Some(file) = &mut self.file else { return };
        let entry = Entry { channel: self.channel, t: clock::now(), seen };
        let written = serde_json::to_vec(&entry).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            file.write_all(&line)
        });
        if let Err(error) = written {
            let _ = writeln!(io::stderr(), "tap: the recording ends here: {error}");
            self.file = None;
        }
    }
}

/// Why a recording cannot be read. The messages read after "failed to".
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// It cannot be read.
    #[error("read the recording {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is something else.
    #[error(
        "read the recording {}:{line}: this is no recording of the channel ({reason}); \
         `ipc-conformance tap --record FILE -- COMMAND` makes one",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// It ends in the middle.
    #[error(
        "read the recording {}:{line}: it is cut off in the middle of this line; record it again, \
         or remove the line to see what is before it",
        path.display()
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// Nothing can be appended to it.
    #[error("record to {}: {reason}; name another file, or remove this one", path.display())]
    Occupied {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
}

/// Makes sure that a file can be recorded to: there is none, it is empty, or it is a recording that
/// ends with a whole line.
///
/// # Errors
///
/// When it cannot be read or holds something else.
pub fn check_room(path: &Path) -> Result<(), RecordingError> {
    let file = |source| RecordingError::File { path: path.to_owned(), source };
    let length = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        found => found.map_err(file)?.len(),
    };
    if length == 0 {
        return Ok(());
    }
    let reason = match read(path) {
        Ok(_) if fs::read(path).map_err(file)?.ends_with(b"\n") => return Ok(()),
        Ok(_) => "its last line has no end".to_owned(),
        Err(RecordingError::Truncated { line, .. }) => {
            format!("what is there is a recording that is cut off in the middle of line {line}")
        }
        Err(RecordingError::Foreign { line, reason, .. }) => {
            format!("what is there is no recording of the channel (line {line}: {reason})")
        }
        Err(error) => return Err(error),
    };
    Err(RecordingError::Occupied { path: path.to_owned(), reason })
}

/// Reads a whole recording.
///
/// # Errors
///
/// When the file cannot be read, is no recording, or is cut off.
pub fn read(path: &Path) -> Result<Vec<Entry>, RecordingError> {
    let text =
        fs::read(path).map_err(|source| RecordingError::File { path: path.to_owned(), source })?;
    let mut entries: Vec<Entry> = Vec::new();
    let foreign = |line, reason: &str| RecordingError::Foreign {
        path: path.to_owned(),
        line,
        reason: reason.to_owned(),
    };
    for (number, line) in (1..).zip(text.split_inclusive(|byte| *byte == b'\n')) {
        let entry = match serde_json::from_slice::<Entry>(line) {
            Ok(entry) => entry,
            Err(_) if number > 1 && !line.ends_with(b"\n") => {
                return Err(RecordingError::Truncated { path: path.to_owned(), line: number });
            }
            // What serde says of a line without the place in it, which is not the file's.
            Err(error) => {
                let text = error.to_string();
                return Err(foreign(number, text.split(" at line ").next().unwrap_or_default()));
            }
        };
        match &entry.seen {
            OnWire::Opened { schema, .. } if *schema != SCHEMA => {
                let reason = format!("its format is {schema}, this program reads {SCHEMA}");
                return Err(foreign(number, &reason));
            }
            OnWire::Opened { .. } => {}
            _ if !entries.iter().any(|known| known.channel == entry.channel) => {
                return Err(foreign(number, "the channel was not opened before"));
            }
            OnWire::Passed { text, hex, .. }
                if bytes(text.as_deref(), hex.as_deref()).is_none() =>
            {
                return Err(foreign(number, "`passed` has either `text` or `hex`"));
            }
            _ => {}
        }
        entries.push(entry);
    }
    if entries.is_empty() {
        return Err(foreign(1, "it is empty"));
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENED: &str = r#"{"channel":7,"t":1,"seen":{"kind":"opened","schema":1,"serialization":"json","command":["node"]}}"#;

    fn check(text: &str, expect: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wire.jsonl");
        fs::write(&path, text).unwrap();
        let error = read(&path).unwrap_err().to_string();
        let error = error.replace(&folder.path().display().to_string(), "…");
        assert!(error.starts_with(expect), "{error}");
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wire.jsonl");
        let opened = OnWire::Opened {
            schema: SCHEMA,
            serialization: Serialization::Advanced,
            command: vec!["node".to_owned()],
            schedule: Some(Schedule::Delay { from: Role::Child, settles: 2 }),
        };
        let seen = [
            opened,
            OnWire::passed(Role::Parent, b"\xc3", vec!["tcp server".to_owned()]),
            OnWire::passed(Role::Child, "ä\n".as_bytes(), Vec::new()),
            OnWire::Ended { from: Role::Child, how: End::Reset },
            OnWire::Exited { ending: Ending::Exited { code: 3 } },
        ];
        let mut recorder = Recorder::open(&path).unwrap();
        seen.iter().for_each(|seen| recorder.add(seen.clone()));
        let entries = read(&path).unwrap();
        assert!(entries.is_sorted_by_key(|entry| entry.t));
        assert_eq!(entries.into_iter().map(|entry| entry.seen).collect::<Vec<_>>(), seen);
        assert_eq!(bytes(None, Some("c3")), Some(vec![0xc3]));
    }

    #[test]
    fn what_is_cut_off_or_foreign_is_refused_with_its_place() {
        check("", "read the recording …/wire.jsonl:1: this is no recording of the channel (it is");
        check("{\"channel\":7", "read the recording …/wire.jsonl:1: this is no recording");
        check(&format!("{OPENED}\n{{\"chan"), "read the recording …/wire.jsonl:2: it is cut off");
        let other = OPENED.replace("\"schema\":1", "\"schema\":9");
        check(
            &other,
            "read the recording …/wire.jsonl:1: this is no recording of the channel (its format is 9,",
        );
        let strange = r#"{"channel":8,"t":1,"seen":{"kind":"ended","from":"child","how":"half"}}"#;
        check(
            &format!("{OPENED}\n{strange}\n"),
            "read the recording …/wire.jsonl:2: this is no recording of the channel (the channel was not",
        );
        let odd = r#"{"channel":7,"t":1,"seen":{"kind":"passed","from":"child","hex":"c"}}"#;
        check(
            &format!("{OPENED}\n{odd}\n"),
            "read the recording …/wire.jsonl:2: this is no recording of the channel (`passed`",
        );
    }
}
