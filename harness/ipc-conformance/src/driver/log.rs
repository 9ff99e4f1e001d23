//! The event log of this role.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use ipc_plan::{Record, Role, Seen};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// Where a role listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Path { path: String },
    Port { host: String, port: u16 },
}

impl Address {
    fn to_json(&self) -> Value {
        match self {
            Self::Path { path } => json!({ "path": path }),
            Self::Port { host, port } => json!({ "port": port, "host": host }),
        }
    }

    fn from_json(json: &Value) -> Option<Self> {
        let text = |key: &str| json.get(key)?.as_str().map(str::to_owned);
        if let Some(path) = text("path") {
            return Some(Self::Path { path });
        }
        let port = u16::try_from(json.get("port")?.as_u64()?).ok()?;
        Some(Self::Port { host: text("host")?, port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path { path } => f.write_str(path),
            Self::Port { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

/// Appends records to `ROLE.jsonl`, opening the file anew for each: nothing stays open that
/// could change what is measured.
#[derive(Debug)]
pub(crate) struct Log {
    folder: PathBuf,
    file: PathBuf,
    next: u64,
}

impl Log {
    pub(crate) fn new(folder: PathBuf, role: Role) -> Self {
        let file = folder.join(format!("{role}.jsonl"));
        Self { folder, file, next: 0 }
    }

    /// Appends a record. A log that cannot be written ends the process: what happens after it
    /// would be lost.
    pub(crate) fn record(&mut self, seen: Seen) {
        let now = clock_gettime(ClockId::Monotonic);
        let t = u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000_000
            + u64::try_from(now.tv_nsec).unwrap_or(0);
        let record = Record { seq: self.next, t, seen };
        self.next += 1;
        let written = self.append(&record);
        if let Err(error) = written {
            eprintln!("failed to write the log {}: {error}", self.file.display());
            std::process::exit(74);
        }
    }

    fn append(&self, record: &Record) -> io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        OpenOptions::new().create(true).append(true).open(&self.file)?.write_all(&line)
    }

    fn signal_path(&self, name: &str) -> PathBuf {
        self.folder.join("signals").join(name)
    }

    /// Records a signal and gives it, in this order: what the peer does then can end this process.
    pub(crate) fn signal(&mut self, name: &str) {
        self.record(Seen::Signal { name: name.to_owned() });
        let path = self.signal_path(name);
        let made = path
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| File::create(&path).map(drop));
        if let Err(error) = made {
            eprintln!("failed to give the signal {}: {error}", path.display());
            std::process::exit(74);
        }
    }

    /// Whether a signal was given.
    pub(crate) fn signalled(&self, name: &str) -> bool {
        self.signal_path(name).exists()
    }

    /// Says where this role listens under a name, to both roles.
    pub(crate) fn publish(&self, name: &str, address: &Address) {
        let folder = self.folder.join("addresses");
        let draft = folder.join(format!(".{name}"));
        let published = std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(&draft, address.to_json().to_string()))
            .and_then(|()| std::fs::rename(&draft, folder.join(name)));
        if let Err(error) = published {
            eprintln!("failed to publish the address {}: {error}", draft.display());
            std::process::exit(74);
        }
    }

    /// Where a role listens under a name.
    pub(crate) fn published(&self, name: &str) -> Option<Address> {
        let text = std::fs::read(self.folder.join("addresses").join(name)).ok()?;
        Address::from_json(&serde_json::from_slice(&text).ok()?)
    }
}
