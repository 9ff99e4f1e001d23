//! The event log of this role.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use ipc_plan::{Record, Role, Seen};
use rustix::time::{ClockId, clock_gettime};

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
}
