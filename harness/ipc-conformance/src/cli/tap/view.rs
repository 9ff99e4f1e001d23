//! A recording as lines, while it grows or at once.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context;
use ipc_conformance_engine::report;
use ipc_conformance_engine::tap::{Entry, Messages};

use super::decode;

/// How often a growing recording is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Characters of a message; a recording has all of it.
const WIDTH: usize = 2_000;

/// Prints a recording to stderr while it grows.
pub(super) struct View {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl View {
    /// Begins with what is appended from now on.
    pub(super) fn follow(path: &Path) -> anyhow::Result<Self> {
        let place = || format!("failed to follow {}", path.display());
        let mut file = File::open(path).with_context(place)?;
        std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0)).with_context(place)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut lines = Lines::default();
            let mut rest = Vec::new();
            loop {
                // Looked at before the last look at the file.
                let last = stopped.load(Ordering::Relaxed);
                let _ = file.read_to_end(&mut rest);
                if let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') {
                    for line in rest.drain(..=end).as_slice().split(|byte| *byte == b'\n') {
                        if let Ok(entry) = serde_json::from_slice(line) {
                            eprint(&lines.add(&entry));
                        }
                    }
                }
                if last {
                    return;
                }
                thread::sleep(LOOK);
            }
        });
        Ok(Self { stop, thread })
    }

    /// Prints what is left.
    pub(super) fn finish(self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
    }
}

/// Where nobody reads it, there is nobody to tell.
fn eprint(text: &str) {
    use std::io::Write;
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Entries as lines of text.
pub(super) struct Lines {
    messages: Messages,
    /// The time of the first entry.
    start: Option<u64>,
}

impl Default for Lines {
    fn default() -> Self {
        Self { messages: Messages::new(decode), start: None }
    }
}

impl Lines {
    /// What is complete with this entry, each in a line: time, channel, direction, message.
    pub(super) fn add(&mut self, entry: &Entry) -> String {
        let start = *self.start.get_or_insert(entry.t);
        let lines = self.messages.add(entry);
        lines.iter().map(|line| report::wire(line, start, WIDTH) + "\n").collect()
    }

    /// A word on channels that have no end.
    pub(super) fn missing(&self) -> String {
        let word = |channel| format!("channel {channel} does not end in this recording\n");
        self.messages.open().map(word).collect()
    }
}
