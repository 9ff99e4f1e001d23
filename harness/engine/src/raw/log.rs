use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process;

use ipc_plan::{Record, Role, Seen};
use serde_json::Value;

use crate::clock;

/// The event log of the raw peer, and what both roles share beside it. Where one of these cannot
/// be written, the process ends: what happens after it would be lost.
#[derive(Debug)]
pub(super) struct Log {
    folder: PathBuf,
    role: Role,
    next: u64,
}

/// Exit code of a peer that cannot write its log (`EX_IOERR`).
const EXIT_NO_LOG: i32 = 74;

impl Log {
    pub(super) fn new(folder: PathBuf, role: Role) -> Self {
        Self { folder, role, next: 0 }
    }

    /// Appends a record.
    pub(super) fn record(&mut self, seen: Seen) {
        let record = Record { seq: self.next, t: clock::now(), seen };
        self.next += 1;
        must(self.append(&record), "log");
    }

    fn append(&self, record: &Record) -> io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        let path = self.folder.join(format!("{}.jsonl", self.role));
        OpenOptions::new().create(true).append(true).open(path)?.write_all(&line)
    }

    /// Records a signal and gives it, in this order: what the other role does then can end this
    /// process.
    pub(super) fn signal(&mut self, name: &str) {
        self.record(Seen::Signal { name: name.to_owned() });
        must(File::create(self.folder.join("signals").join(name)).map(drop), "signal");
    }

    /// Whether a signal was given.
    pub(super) fn signalled(&self, name: &str) -> bool {
        self.folder.join("signals").join(name).exists()
    }

    /// Says to both roles where something can be reached.
    pub(super) fn publish(&self, name: &str, address: &Value) {
        let folder = self.folder.join("addresses");
        let draft = folder.join(format!(".{name}"));
        let published = fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&draft, address.to_string()))
            .and_then(|()| fs::rename(&draft, folder.join(name)));
        must(published, "address");
    }
}

fn must(result: io::Result<()>, what: &str) {
    if let Err(error) = result {
        eprintln!("raw peer: failed to write the {what}: {error}");
        process::exit(EXIT_NO_LOG);
    }
}
