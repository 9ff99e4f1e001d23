//! Two logs of one role side by side.

use std::mem::discriminant;

use ipc_plan::{Record, Seen};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::judge;
use crate::{show, text};

/// Equal records that are kept around a difference.
const CONTEXT: usize = 4;
/// Rows of one role, at most.
const MOST: usize = 400;
/// Records of one log that are looked at; beyond, a page is no longer the place to read them.
const MOST_RECORDS: usize = 5_000;
/// Characters of a part of a record that are shown.
const WIDTH: usize = 480;

/// A row: what the reference has, and what the pairing has at the same place.
pub(super) struct Row {
    pub(super) state: State,
    pub(super) first: bool,
    pub(super) reference: Option<Cell>,
    pub(super) observed: Option<Cell>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Same,
    Changed,
    Missing,
    Extra,
    Moved,
    /// Stands for rows that are left out.
    Folded(usize),
}

/// A record, its differing part apart.
pub(super) struct Cell {
    pub(super) number: usize,
    pub(super) time: String,
    pub(super) before: String,
    pub(super) differs: String,
    pub(super) after: String,
}

/// A row by positions in both logs.
struct Pair {
    reference: Option<usize>,
    observed: Option<usize>,
    state: State,
}

/// The rows of a role. `first` is the place of the first difference: in the observed log, or in
/// the reference's where the pairing has nothing. Times count from the origin of each history.
pub(super) fn rows(
    reference: &[Record],
    observed: &[Record],
    origins: (u64, u64),
    first: Option<(Side, usize)>,
) -> Vec<Row> {
    let cut = |log: &[Record]| log.len().min(MOST_RECORDS);
    let (reference, observed) = (&reference[..cut(reference)], &observed[..cut(observed)]);
    let pairs = align(reference, observed);
    let is_first = |pair: &Pair| match first {
        Some((Side::Reference, at)) => pair.reference == Some(at),
        Some((Side::Observed, at)) => pair.observed == Some(at),
        None => false,
    };
    let shown: Vec<bool> = {
        let matters: Vec<usize> = (0..pairs.len())
            .filter(|i| pairs[*i].state != State::Same || is_first(&pairs[*i]))
            .collect();
        let mut shown = vec![matters.is_empty(); pairs.len()];
        for index in matters {
            let end = (index + CONTEXT + 1).min(pairs.len());
            shown[index.saturating_sub(CONTEXT)..end].fill(true);
        }
        shown
    };
    let mut rows = Vec::new();
    let mut folded = 0;
    let fold = |rows: &mut Vec<Row>, folded: &mut usize| {
        if *folded > 0 {
            let state = State::Folded(std::mem::take(folded));
            rows.push(Row { state, first: false, reference: None, observed: None });
        }
    };
    for (pair, shown) in pairs.iter().zip(shown) {
        if !shown || rows.len() >= MOST {
            folded += 1;
            continue;
        }
        fold(&mut rows, &mut folded);
        let text = |log: &[Record], at: Option<usize>| at.map(|at| show::record(&log[at].seen));
        let (want, have) = (text(reference, pair.reference), text(observed, pair.observed));
        let common = match (&want, &have) {
            (Some(want), Some(have)) if pair.state == State::Changed => common(want, have),
            _ => (usize::MAX, 0),
        };
        let cell = |log: &[Record], at: Option<usize>, text: Option<String>, origin: u64| {
            let (at, text) = (at?, text?);
            Some(cell(at, log[at].t.saturating_sub(origin), &text, common))
        };
        rows.push(Row {
            state: pair.state,
            first: is_first(pair),
            reference: cell(reference, pair.reference, want, origins.0),
            observed: cell(observed, pair.observed, have, origins.1),
        });
    }
    fold(&mut rows, &mut folded);
    rows
}

/// A side of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Reference,
    Observed,
}

fn align(reference: &[Record], observed: &[Record]) -> Vec<Pair> {
    let keys = |log: &[Record]| log.iter().map(|r| key(&r.seen)).collect::<Vec<_>>();
    let (want, have) = (keys(reference), keys(observed));
    let mut pairs = Vec::new();
    let mut push = |reference, observed, state| pairs.push(Pair { reference, observed, state });
    for op in capture_diff_slices(Algorithm::Myers, &want, &have) {
        match op {
            DiffOp::Equal { old_index, new_index, len } => {
                for i in 0..len {
                    push(Some(old_index + i), Some(new_index + i), State::Same);
                }
            }
            DiffOp::Delete { old_index, old_len, .. } => {
                (old_index..old_index + old_len).for_each(|i| push(Some(i), None, State::Missing));
            }
            DiffOp::Insert { new_index, new_len, .. } => {
                (new_index..new_index + new_len).for_each(|i| push(None, Some(i), State::Extra));
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                let mut next = new_index;
                let end = new_index + new_len;
                for (old, record) in reference.iter().enumerate().skip(old_index).take(old_len) {
                    // The counterpart is the next record of the same kind.
                    let kind = discriminant(&record.seen);
                    match (next..end).find(|i| discriminant(&observed[*i].seen) == kind) {
                        Some(new) => {
                            (next..new).for_each(|i| push(None, Some(i), State::Extra));
                            push(Some(old), Some(new), State::Changed);
                            next = new + 1;
                        }
                        None => push(Some(old), None, State::Missing),
                    }
                }
                (next..end).for_each(|i| push(None, Some(i), State::Extra));
            }
        }
    }
    moved(&mut pairs, &want, &have);
    pairs
}

/// What is missing at one place and there at another has moved.
fn moved(pairs: &mut [Pair], want: &[String], have: &[String]) {
    for index in 0..pairs.len() {
        let Some(old) = pairs[index].reference.filter(|_| pairs[index].state == State::Missing)
        else {
            continue;
        };
        let other = pairs.iter().position(|pair| {
            pair.state == State::Extra && pair.observed.is_some_and(|new| have[new] == want[old])
        });
        if let Some(other) = other {
            pairs[index].state = State::Moved;
            pairs[other].state = State::Moved;
        }
    }
}

/// Equal for records that are equal to the judge.
fn key(seen: &Seen) -> String {
    judge::normalised(seen).to_string()
}

fn cell(number: usize, nanoseconds: u64, text: &str, (head, tail): (usize, usize)) -> Cell {
    let chars: Vec<char> = text.chars().collect();
    let head = head.min(chars.len());
    let tail = (chars.len() - tail.min(chars.len() - head)).max(head);
    let part = |range: &[char]| text::short(&range.iter().collect::<String>(), WIDTH);
    let micros = nanoseconds / 1_000;
    Cell {
        number,
        time: format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        before: part(&chars[..head]),
        differs: part(&chars[head..tail]),
        after: part(&chars[tail..]),
    }
}

/// Lengths of what two texts begin and end with alike.
fn common(one: &str, other: &str) -> (usize, usize) {
    let (a, b): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let head = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(a, b)| a == b);
    (head, tail.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(marks: &[&str]) -> Vec<Record> {
        let record = |(seq, name): (usize, &&str)| Record {
            seq: seq as u64,
            t: 1_000_000 * seq as u64,
            seen: Seen::Mark { name: (*name).to_owned() },
        };
        marks.iter().enumerate().map(record).collect()
    }

    fn check(reference: &[&str], observed: &[&str], expect: &str) {
        let rows = rows(&log(reference), &log(observed), (0, 0), None);
        let words: Vec<String> = rows
            .iter()
            .map(|row| {
                let text = |cell: &Option<Cell>| {
                    cell.as_ref().map_or_else(String::new, |c| {
                        format!("{}[{}]{}", c.before, c.differs, c.after).replace("mark ", "")
                    })
                };
                match row.state {
                    State::Folded(n) => format!("…{n}"),
                    State::Same => "=".to_owned(),
                    State::Changed => format!("{}/{}", text(&row.reference), text(&row.observed)),
                    State::Missing => format!("-{}", text(&row.reference)),
                    State::Extra => format!("+{}", text(&row.observed)),
                    State::Moved => "~".to_owned(),
                }
            })
            .collect();
        assert_eq!(words.join(" "), expect);
    }

    #[test]
    fn rows_stand_side_by_side() {
        check(&["a", "b", "c"], &["a", "b", "c"], "= = =");
        check(&["a", "bxc", "d"], &["a", "byc", "d"], r#"= "b[x]c"/"b[y]c" ="#);
        check(&["a", "b"], &["a"], r#"= -"b"[]"#);
        check(&["a"], &["a", "b"], r#"= +"b"[]"#);
        check(&["a", "b", "c"], &["b", "c", "a"], "~ = = ~");
    }

    #[test]
    fn equal_records_far_from_a_difference_are_folded() {
        check(
            &["1", "2", "3", "4", "5", "6", "x"],
            &["1", "2", "3", "4", "5", "6"],
            r#"…2 = = = = -"x"[]"#,
        );
    }
}
