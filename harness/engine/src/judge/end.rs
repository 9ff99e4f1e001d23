//! How a play ended that nobody wanted to end so.

use ipc_plan::{Event, Recipe, Record, Role, Seen};

use crate::history::{Ending, History};
use crate::results::Verdict;

/// A crash or a hang.
pub(super) struct End {
    pub(super) words: String,
    /// The same for all that ended so: who, and how.
    pub(super) fingerprint: String,
}

/// That a runtime did not end, or died where the reference did not.
pub(super) fn end(references: &[History], observed: &History) -> Option<(Verdict, End)> {
    if let Ending::TimedOut { limit_ms } = observed.ending {
        let words = format!("no end within {limit_ms} ms");
        return Some((Verdict::Hang, End { words, fingerprint: hang(observed).to_owned() }));
    }
    Some((Verdict::Crash, crash(references, observed)?))
}

/// Which roles were at their steps when the first patience was over: what they do then, they do for
/// that reason, and a play that is known to hang is not given the time for it.
fn hang(observed: &History) -> &'static str {
    let gave_up = |log: &[Record]| {
        log.iter().filter(|r| matches!(r.seen, Seen::GaveUp { .. })).map(|r| r.t).min()
    };
    let over = Role::ALL.into_iter().filter_map(|role| gave_up(observed.log(role))).min();
    let is_at_steps = |log: &[Record]| {
        let in_time = |record: &Record| over.is_none_or(|over| record.t < over);
        !log.iter().any(|r| matches!(r.seen, Seen::Done {}) && in_time(r))
    };
    // There may be no child.
    let child = !observed.child.is_empty() && is_at_steps(&observed.child);
    match (is_at_steps(&observed.parent), child) {
        (true, true) => "both-hang",
        (true, false) => "parent-hang",
        (false, true) => "child-hang",
        (false, false) => "end-hang",
    }
}

/// How a runtime died.
fn crash(references: &[History], observed: &History) -> Option<End> {
    if let Ending::Signalled { signal } = &observed.ending
        && references.iter().all(|r| r.ending != observed.ending)
    {
        let words = format!("the parent died by {signal}");
        return Some(End { words, fingerprint: format!("parent-{signal}") });
    }
    let done = |log: &[Record]| log.iter().any(|r| matches!(r.seen, Seen::Done {}));
    if let Ending::Exited { code } = observed.ending
        && code != 0
        && !done(&observed.parent)
        && references.iter().all(|r| r.ending != observed.ending || done(&r.parent))
    {
        let words = format!("the parent exited with code {code} before the end of its steps");
        return Some(End { words, fingerprint: format!("parent-exit-{code}") });
    }
    let signal = |history: &History| {
        history.parent.iter().find_map(|record| match &record.seen {
            Seen::Event { event: Event::Exit, arguments, .. } => match arguments.get(1) {
                Some(Recipe::String(signal)) => Some(signal.clone()),
                _ => None,
            },
            _ => None,
        })
    };
    let died = signal(observed)?;
    let words = format!("the child died by {died}");
    let end = End { words, fingerprint: format!("child-{died}") };
    references.iter().all(|r| signal(r).is_none()).then_some(end)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A history that was ended from outside, with what the roles recorded, and when.
    fn history(parent: &[(u64, &str)], child: &[(u64, &str)]) -> History {
        let log = |log: &[(u64, &str)]| -> Vec<Record> {
            let record = |(seq, (t, kind)): (usize, &(u64, &str))| {
                let seen = json!({ "kind": kind, "awaiting": "event exit" });
                let seen = if *kind == "gave-up" { seen } else { json!({ "kind": kind }) };
                serde_json::from_value(json!({ "seq": seq, "t": t, "seen": seen })).unwrap()
            };
            log.iter().enumerate().map(record).collect()
        };
        History {
            parent: log(parent),
            child: log(child),
            ending: Ending::TimedOut { limit_ms: 5 },
            leaked: Vec::new(),
            stdout: String::new(),
            stderr: String::new(),
            breaches: Vec::new(),
            wire: Vec::new(),
            duration_ms: 5,
        }
    }

    #[test]
    fn who_hangs_is_the_same_however_long_it_is_waited() {
        let (start, done) = ((1, "started"), (3, "done"));
        let late = [(6, "gave-up"), (7, "done")];
        for (parent, child, expected) in [
            (&[start][..], &[start, done][..], "parent-hang"),
            (&[start, late[0], late[1]], &[start, done], "parent-hang"),
            // The child goes on when the parent has given up.
            (&[start, late[0], late[1]], &[start, (8, "done")], "both-hang"),
            (&[start], &[start], "both-hang"),
            (&[start, done], &[start], "child-hang"),
            (&[start, done], &[start, late[0], late[1]], "child-hang"),
            (&[start, done], &[start, done], "end-hang"),
            (&[], &[], "parent-hang"),
            (&[start, done], &[], "end-hang"),
        ] {
            assert_eq!(hang(&history(parent, child)), expected, "{parent:?} {child:?}");
        }
    }
}
