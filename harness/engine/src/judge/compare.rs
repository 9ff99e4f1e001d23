//! Compares two histories of one plan, record by record.

use std::collections::BTreeSet;

use ipc_plan::{Event, Recipe, Record, Role, Seen};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::fingerprint;
use super::value::{self, Mismatch};
use crate::history::{Ending, History};
use crate::raw;
use crate::results::{Difference, DifferenceKind};
use crate::spec::{Catalogue, Order};

/// What the comparison has to know of the case.
pub(super) struct Frame<'a> {
    pub(super) order: Order,
    /// Whether one side is the raw peer.
    pub(super) raw: bool,
    /// The clause of everything outside a section.
    pub(super) clause: &'a str,
    pub(super) catalogue: &'a Catalogue,
}

/// A difference, and where in the reference's history it is.
pub(super) struct Found {
    pub(super) difference: Difference,
    /// Role, section, record and path: the same place for all histories that part from this
    /// reference there. What is in another order is so in its stream as a whole.
    pub(super) place: String,
}

/// All differences of `observed` to `reference`, in the order of the logs, the parent's first.
pub(super) fn compare(frame: &Frame<'_>, reference: &History, observed: &History) -> Vec<Found> {
    let mut differences = Vec::new();
    for role in Role::ALL {
        let expected = tracks(frame, reference.log(role));
        let seen = tracks(frame, observed.log(role));
        let keys: BTreeSet<_> = expected.keys().chain(seen.keys()).cloned().collect();
        let mut of_role = Vec::new();
        for key in keys {
            let none = Vec::new();
            let (expected, seen) =
                (expected.get(&key).unwrap_or(&none), seen.get(&key).unwrap_or(&none));
            of_role.extend(align(frame, role, &key, expected, seen));
        }
        of_role.sort_by_key(|found: &Found| found.difference.at);
        differences.extend(of_role);
    }
    differences.extend(endings(frame, reference, observed));
    // That the raw peer writes in vain follows from what goes wrong, if that is seen: at which step it
    // shows depends on when a runtime that has gone wrong ends.
    let matters = |found: &Found| found.difference.kind != DifferenceKind::Message;
    if differences.iter().any(|found| matters(found) && !is_unread(&found.difference)) {
        differences.retain(|found| !is_unread(&found.difference));
    }
    differences
}

/// Whether it says that something the raw peer has written was not read.
fn is_unread(difference: &Difference) -> bool {
    difference.kind == DifferenceKind::Extra
        && matches!(&difference.observed, Some(Seen::GaveUp { awaiting }) if awaiting == raw::READER)
}

/// A record with the clause it belongs to and its place in the log.
struct Entry<'a> {
    at: usize,
    seen: &'a Seen,
    json: serde_json::Value,
    text: String,
}

/// Streams and sections are compared apart, and what happens to one handle from what happens to
/// another.
type Tracks<'a> = std::collections::BTreeMap<Key, Vec<Entry<'a>>>;

/// Stream, clause, handle.
type Key = (u8, String, String);

fn tracks<'a>(frame: &Frame<'_>, log: &'a [Record]) -> Tracks<'a> {
    let mut tracks = Tracks::new();
    // The steps of a role and the messages it gets walk through the sections independently.
    let mut own = frame.clause.to_owned();
    let mut incoming = frame.clause.to_owned();
    for (at, record) in log.iter().enumerate() {
        if let Some(name) = section(&record.seen) {
            let clause = if name == "end" { frame.clause } else { name };
            match record.seen {
                Seen::Event { .. } => clause.clone_into(&mut incoming),
                _ => clause.clone_into(&mut own),
            }
        }
        let stream = stream(&record.seen);
        let clause = match stream {
            EVENTS => {
                // What is no message is about the channel as a whole.
                match record.seen {
                    _ if is_message(&record.seen) => &incoming,
                    // Where bytes are chosen, what is thrown is about those that came last.
                    Seen::Event { event: Event::UncaughtException, .. } if frame.raw => &incoming,
                    _ => frame.clause,
                }
            }
            _ => &own,
        };
        let json = value::normalised(&record.seen);
        let text = json.to_string();
        let (stream, handle) = match &record.seen {
            _ if frame.order == Order::Total => (0, ""),
            Seen::Handle { handle, .. } if stream == HANDLES => (stream, handle.as_str()),
            _ => (stream, ""),
        };
        tracks.entry((stream, clause.to_owned(), handle.to_owned())).or_default().push(Entry {
            at,
            seen: &record.seen,
            json,
            text,
        });
    }
    tracks
}

/// Whether this is something that the peer has sent.
fn is_message(seen: &Seen) -> bool {
    matches!(seen, Seen::Event { event: Event::Message | Event::InternalMessage, .. })
}

/// What the steps of a role recorded themselves.
const STEPS: u8 = 0;
/// Calls of callbacks.
const CALLBACKS: u8 = 1;
/// Calls of listeners.
const EVENTS: u8 = 2;
/// What happens to handles by itself.
const HANDLES: u8 = 3;
/// The end of a role's steps: whether a listener's steps come before it is decided by nobody.
const DONE: u8 = 4;

fn stream(seen: &Seen) -> u8 {
    match seen {
        Seen::Callback { .. } => CALLBACKS,
        Seen::Handle { what, .. }
            if matches!(what.as_str(), "closed" | "connections" | "error") =>
        {
            HANDLES
        }
        Seen::Event { .. } => EVENTS,
        Seen::Done {} => DONE,
        _ => STEPS,
    }
}

/// The name of the section that this record opens.
pub(super) fn section(seen: &Seen) -> Option<&str> {
    let name = match seen {
        Seen::Mark { name } => name,
        Seen::Event { event: Event::Message, arguments, .. } => match arguments.first() {
            Some(Recipe::String(text)) => text,
            _ => return None,
        },
        _ => return None,
    };
    name.strip_prefix("section ")
}

fn align(
    frame: &Frame<'_>,
    role: Role,
    key: &Key,
    expected: &[Entry<'_>],
    seen: &[Entry<'_>],
) -> Vec<Found> {
    let old: Vec<&str> = expected.iter().map(|e| e.text.as_str()).collect();
    let new: Vec<&str> = seen.iter().map(|e| e.text.as_str()).collect();
    // Positions in `expected`, where it has or would have the record, and in `seen`.
    let (mut missing, mut extra, mut found) = (Vec::new(), Vec::new(), Vec::new());
    let make = |kind, position: usize, want: Option<usize>, have: Option<usize>, mismatch| {
        let (want, have) = (want.map(|at| &expected[at]), have.map(|at| &seen[at]));
        let difference = difference(frame, role, &key.1, kind, want, have, mismatch);
        let place = place(&difference, key, &expected[..position], want.or(have));
        Found { difference, place }
    };
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        match op {
            DiffOp::Equal { .. } => {}
            DiffOp::Delete { old_index, old_len, .. } => {
                missing.extend(old_index..old_index + old_len);
            }
            DiffOp::Insert { old_index, new_index, new_len } => {
                extra.extend((new_index..new_index + new_len).map(|have| (old_index, have)));
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                let mut rest: Vec<usize> = (new_index..new_index + new_len).collect();
                let wanted = expected.iter().enumerate().skip(old_index).take(old_len);
                for (want, entry) in wanted {
                    // The counterpart is the next record about the same thing.
                    let same = |have: &usize| value::same_subject(entry.seen, seen[*have].seen);
                    match rest.iter().position(same) {
                        Some(index) => {
                            let have = rest.remove(index);
                            let mismatch = value::mismatch(&entry.json, &seen[have].json);
                            // How an error is worded is a runtime's own matter; how one arrives
                            // that was sent is not.
                            let kind = if mismatch.message_only && !is_message(entry.seen) {
                                DifferenceKind::Message
                            } else {
                                DifferenceKind::Value
                            };
                            found.push(make(kind, want, Some(want), Some(have), mismatch));
                        }
                        None => missing.push(want),
                    }
                }
                extra.extend(rest.into_iter().map(|have| (old_index, have)));
            }
        }
    }
    for want in missing {
        // Something that is there, only elsewhere, is out of order.
        let same = |(_, have): &(usize, usize)| seen[*have].text == expected[want].text;
        let (kind, have) = match extra.iter().position(same) {
            Some(index) => (DifferenceKind::Order, Some(extra.remove(index).1)),
            None => (DifferenceKind::Missing, None),
        };
        found.push(make(kind, want, Some(want), have, Mismatch::default()));
    }
    for (position, have) in extra {
        found.push(make(DifferenceKind::Extra, position, None, Some(have), Mismatch::default()));
    }
    found
}

/// Where a difference is: at this record, behind these of the reference.
fn place(
    difference: &Difference,
    (stream, clause, handle): &Key,
    before: &[Entry<'_>],
    entry: Option<&Entry<'_>>,
) -> String {
    let section = format!("{}, {clause}", difference.role);
    if difference.kind == DifferenceKind::Order {
        let of = match *stream {
            CALLBACKS => "callbacks",
            EVENTS => "events",
            HANDLES => handle,
            _ => "records",
        };
        return format!("{section}: the order of {of}");
    }
    let subject = entry.map(|entry| value::subject(entry.seen)).unwrap_or_default();
    let number = before.iter().filter(|other| value::subject(other.seen) == subject).count() + 1;
    let number = if number > 1 { format!(" no. {number}") } else { String::new() };
    format!("{section}: {subject}{number} {}", difference.path).trim_end().to_owned()
}

fn difference(
    frame: &Frame<'_>,
    role: Role,
    clause: &str,
    kind: DifferenceKind,
    expected: Option<&Entry<'_>>,
    observed: Option<&Entry<'_>>,
    mismatch: Mismatch,
) -> Difference {
    let subject = observed.or(expected).map(|e| value::subject(e.seen)).unwrap_or_default();
    let text = match kind {
        DifferenceKind::Missing => format!("the {role} never records {subject}"),
        DifferenceKind::Extra => {
            format!("the {role} records {subject}, which the reference does not")
        }
        DifferenceKind::Order => format!("the {role} records {subject} at another place"),
        DifferenceKind::Value | DifferenceKind::Message | DifferenceKind::Ending => format!(
            "the {role} records {subject} with {} {} instead of {}",
            if mismatch.path.is_empty() { "the value" } else { &mismatch.path },
            value::short(mismatch.observed.as_ref()),
            value::short(mismatch.expected.as_ref()),
        ),
    };
    Difference {
        clause: clause.to_owned(),
        level: frame.catalogue.level_of(clause),
        role,
        kind,
        at: observed.or(expected).map_or(0, |e| e.at),
        fingerprint: fingerprint::of(
            clause,
            observed.or(expected).map(|e| e.seen),
            kind,
            &mismatch,
            expected.map(|e| &e.json),
            observed.map(|e| &e.json),
        ),
        path: mismatch.path,
        expected: expected.map(|e| e.seen.clone()),
        observed: observed.map(|e| e.seen.clone()),
        text,
    }
}

fn endings(frame: &Frame<'_>, reference: &History, observed: &History) -> Option<Found> {
    let (want, have) = (&reference.ending, &observed.ending);
    // A play that had to be stopped is judged as such, whatever the limit was.
    if want == have || matches!(have, Ending::TimedOut { .. } | Ending::NotStarted { .. }) {
        return None;
    }
    let words = |ending: &Ending| match ending {
        Ending::Exited { code } => format!("exit code {code}"),
        Ending::Signalled { signal } => format!("death by {signal}"),
        Ending::TimedOut { .. } => "no end within the limit".to_owned(),
        Ending::NotStarted { .. } => "no start".to_owned(),
    };
    let mismatch = Mismatch {
        path: "ending".to_owned(),
        expected: Some(words(want).into()),
        observed: Some(words(have).into()),
        message_only: false,
    };
    let difference = Difference {
        clause: frame.clause.to_owned(),
        level: frame.catalogue.level_of(frame.clause),
        role: Role::Parent,
        kind: DifferenceKind::Ending,
        at: observed.parent.len(),
        fingerprint: fingerprint::of(
            frame.clause,
            None,
            DifferenceKind::Ending,
            &mismatch,
            mismatch.expected.as_ref(),
            mismatch.observed.as_ref(),
        ),
        path: mismatch.path,
        expected: None,
        observed: None,
        text: format!("the parent ends with {} instead of {}", words(have), words(want)),
    };
    Some(Found { difference, place: format!("{}: the ending", Role::Parent) })
}
