//! Reads what a play left in its folder. Nothing in there can make it fail.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use ipc_plan::{EXIT_BAD_PLAN, EXIT_UNSUPPORTED, Event, Recipe, Record, Role, Seen};

use crate::history::Ending;

/// How much of stdout or stderr is kept; half of it from each end.
const OUTPUT: u64 = 64 * 1024;
/// How much of a log is read.
const LOG: u64 = 256 * 1024 * 1024;
/// How much of a line is shown.
const EXCERPT: usize = 200;

/// Reads the log of a role; none when there is no file.
pub(super) fn log(path: &Path, role: Role, breaches: &mut Vec<String>) -> Option<Vec<Record>> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(LOG + 1).read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound => return None,
        Err(e) => {
            breaches.push(format!("{role} log: cannot be read: {e}"));
            return Some(Vec::new());
        }
    }
    let mut breaches = Breaches { role, list: breaches, more: 0 };
    if bytes.len() as u64 > LOG {
        breaches.add(format_args!("is longer than {LOG} bytes; the rest was not read"));
        bytes.truncate(LOG as usize);
    }
    let records = parse(&bytes, &mut breaches);
    breaches.finish();
    Some(records)
}

fn parse(bytes: &[u8], breaches: &mut Breaches<'_>) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    let mut expected = 0;
    for (number, line) in (1..).zip(bytes.split_inclusive(|&b| b == b'\n')) {
        let complete = line.strip_suffix(b"\n");
        match serde_json::from_slice::<Record>(line) {
            Ok(record) => {
                // Another process of the role.
                if record.seq == 0 && record.seen == (Seen::Started {}) {
                    expected = 0;
                }
                if record.seq != expected {
                    breaches.add(format_args!(
                        "line {number}: seq {} in place of {expected}",
                        record.seq
                    ));
                }
                expected = record.seq.saturating_add(1);
                records.push(record);
            }
            Err(e) => {
                let end = if complete.is_some() { "" } else { " (cut off)" };
                breaches.add(format_args!("line {number}{end}: {e}: {}", excerpt(line)));
                expected += 1;
                continue;
            }
        }
        if complete.is_none() {
            breaches.add(format_args!("line {number}: no LF at its end"));
        }
    }
    match records.first().map(|record| &record.seen) {
        Some(Seen::Started {} | Seen::Unsupported { .. }) => {}
        Some(_) => breaches.add(format_args!("the first record is not `started`")),
        None if bytes.is_empty() => breaches.add(format_args!("is empty")),
        None => {}
    }
    if let Some(at) = records.iter().position(|r| matches!(r.seen, Seen::Unsupported { .. }))
        && at + 1 < records.len()
    {
        breaches.add(format_args!("`unsupported` is not the last record"));
    }
    records
}

/// A list that says of one log no more than can be read.
struct Breaches<'a> {
    role: Role,
    list: &'a mut Vec<String>,
    more: u64,
}

impl Breaches<'_> {
    const MOST: usize = 20;

    fn add(&mut self, what: std::fmt::Arguments<'_>) {
        if self.list.len() < Self::MOST {
            self.list.push(format!("{} log: {what}", self.role));
        } else {
            self.more += 1;
        }
    }

    fn finish(self) {
        if self.more > 0 {
            self.list.push(format!("{} log: and {} more", self.role, self.more));
        }
    }
}

/// Adds the breaches that show only when endings and logs are seen together.
pub(super) fn judge_contract(
    ending: &Ending,
    parent: Option<&[Record]>,
    child: Option<&[Record]>,
    breaches: &mut Vec<String>,
) {
    let bad_plan = |role| format!("{role}: exited with {EXIT_BAD_PLAN}: it cannot read the plan");
    match ending {
        Ending::NotStarted { .. } => return,
        Ending::Exited { code } if *code == EXIT_BAD_PLAN => breaches.push(bad_plan(Role::Parent)),
        _ if parent.is_none() => breaches.push("parent log: was not written".to_owned()),
        _ => {}
    }
    let refused = |log: Option<&[Record]>| {
        log.and_then(<[Record]>::last).is_some_and(|r| matches!(r.seen, Seen::Unsupported { .. }))
    };
    if refused(parent) && !matches!(ending, Ending::Exited { code: EXIT_UNSUPPORTED }) {
        breaches.push(format!(
            "parent: its log ends with `unsupported`, but it did not exit with {EXIT_UNSUPPORTED}"
        ));
    }
    // A child that wrote nothing and ended with this code is a driver that could not begin.
    let code = Recipe::Number(f64::from(EXIT_BAD_PLAN));
    let child_exit = parent.into_iter().flatten().any(|record| {
        matches!(&record.seen, Seen::Event { event: Event::Exit, arguments, .. }
            if arguments.first() == Some(&code))
    });
    if child_exit && child.is_none_or(<[Record]>::is_empty) {
        breaches.push(bad_plan(Role::Child));
    }
}

/// Reads a file of stdout or stderr; empty when there is none.
pub(super) fn output(path: &Path) -> String {
    File::open(path).and_then(cut).unwrap_or_else(|e| match e.kind() {
        io::ErrorKind::NotFound => String::new(),
        _ => format!("[cannot be read: {e}]"),
    })
}

fn cut(mut file: File) -> io::Result<String> {
    let length = file.metadata()?.len();
    let mut start = Vec::new();
    if length <= OUTPUT {
        file.take(OUTPUT).read_to_end(&mut start)?;
        return Ok(String::from_utf8_lossy(&start).into_owned());
    }
    let half = OUTPUT / 2;
    file.by_ref().take(half).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(length - half))?;
    let mut end = Vec::new();
    file.take(half).read_to_end(&mut end)?;
    Ok(format!(
        "{}\n[… {} bytes cut …]\n{}",
        String::from_utf8_lossy(&start),
        length - 2 * half,
        String::from_utf8_lossy(&end)
    ))
}

/// The first bytes of something, fit to be shown on one line.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    let shown = bytes[..bytes.len().min(EXCERPT)].trim_ascii_end().escape_ascii();
    if bytes.len() > EXCERPT { format!("{shown}…") } else { shown.to_string() }
}
