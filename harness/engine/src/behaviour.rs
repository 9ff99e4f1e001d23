//! What Node does from major to major: the specification that nobody wrote down.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::raw;
use crate::results::{DifferenceKind, Results, Verdict};
use crate::runtime::major;
use crate::spec::{Catalogue, Level};

/// The behaviour of several Node lines, clause by clause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Behaviour {
    /// Hash of the clauses and cases.
    pub suite: String,
    /// Versions of the lines, oldest first.
    pub lines: Vec<String>,
    /// One entry for each clause that was shown, sorted by id.
    pub clauses: Vec<ClauseBehaviour>,
}

/// What Node does about one clause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ClauseBehaviour {
    /// The clause.
    pub id: String,
    /// Its level.
    pub level: Level,
    /// Its sentence.
    pub sentence: String,
    /// The behaviours, oldest first. There is one where nothing changed.
    pub behaviours: Vec<Interval>,
}

/// The majors with one behaviour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Interval {
    /// The first major with it.
    pub from: u32,
    /// The last of those that were played.
    pub to: u32,
    /// In what it differs from the behaviour before it; empty for the first.
    pub differences: Vec<String>,
    /// Whether only the texts of error messages are other ones.
    pub message_only: bool,
}

impl Behaviour {
    /// From runs in which each Node line was the reference of the next one, oldest first.
    pub fn of(catalogue: &Catalogue, runs: &[Results]) -> Self {
        let mut lines: Vec<String> = Vec::new();
        for run in runs {
            for runtime in [&run.reference].into_iter().chain(&run.runtimes) {
                if !lines.contains(&runtime.version) {
                    lines.push(runtime.version.clone());
                }
            }
        }
        let steps: Vec<Step<'_>> = runs.iter().filter_map(Step::of).collect();
        let clauses = catalogue
            .clauses
            .iter()
            .filter_map(|clause| {
                let behaviours = intervals(&clause.id, &steps);
                (!behaviours.is_empty()).then(|| ClauseBehaviour {
                    id: clause.id.clone(),
                    level: clause.level,
                    sentence: clause.sentence.clone(),
                    behaviours,
                })
            })
            .collect();
        Self { suite: catalogue.hash(), lines, clauses }
    }

    /// Each step from a major to the next, with the clauses that changed in it.
    pub fn changes(&self) -> BTreeMap<u32, Vec<(&ClauseBehaviour, &Interval)>> {
        let mut changes: BTreeMap<u32, Vec<(&ClauseBehaviour, &Interval)>> = BTreeMap::new();
        for clause in &self.clauses {
            for interval in clause.behaviours.iter().skip(1) {
                changes.entry(interval.from).or_default().push((clause, interval));
            }
        }
        changes
    }
}

/// From a Node line to the next one.
struct Step<'a> {
    from: u32,
    to: u32,
    /// What differs, by clause.
    changed: BTreeMap<&'a str, Change>,
    /// Clauses that both showed.
    shown: BTreeSet<&'a str>,
}

#[derive(Default)]
struct Change {
    texts: BTreeSet<String>,
    beyond_messages: bool,
}

impl<'a> Step<'a> {
    fn of(run: &'a Results) -> Option<Self> {
        let tested = run.runtimes.first()?;
        let mut changed: BTreeMap<&str, Change> = BTreeMap::new();
        let mut shown = BTreeSet::new();
        for case in run.cases.iter().filter(|case| alone(&tested.name, &case.pairing)) {
            if !matches!(case.verdict, Verdict::NotRun | Verdict::HarnessError) {
                shown.extend(case.clauses.iter().map(String::as_str));
            }
            let mut seen = BTreeSet::new();
            for difference in &case.differences {
                // What follows the first difference of a clause is mostly its consequence.
                if seen.insert(&difference.clause) {
                    let change = changed.entry(&difference.clause).or_default();
                    change.texts.insert(difference.text.clone());
                    change.beyond_messages |= difference.kind != DifferenceKind::Message;
                }
            }
            if let (true, Some(reason)) = (case.differences.is_empty(), &case.reason)
                && case.verdict.is_bad()
            {
                for clause in &case.clauses {
                    let change = changed.entry(clause).or_default();
                    change.texts.insert(reason.clone());
                    change.beyond_messages = true;
                }
            }
        }
        Some(Self {
            from: major(&run.reference.version)?,
            to: major(&tested.version)?,
            changed,
            shown,
        })
    }
}

/// Whether nobody but this runtime, and the raw peer, takes part in a pairing.
fn alone(runtime: &str, pairing: &str) -> bool {
    pairing.split(':').all(|name| name == runtime || name == raw::NAME)
}

fn intervals(clause: &str, steps: &[Step<'_>]) -> Vec<Interval> {
    let mut intervals: Vec<Interval> = Vec::new();
    for step in steps.iter().filter(|step| step.shown.contains(clause)) {
        if intervals.is_empty() {
            intervals.push(Interval {
                from: step.from,
                to: step.from,
                differences: Vec::new(),
                message_only: false,
            });
        }
        match step.changed.get(clause) {
            Some(change) => intervals.push(Interval {
                from: step.to,
                to: step.to,
                differences: change.texts.iter().cloned().collect(),
                message_only: !change.beyond_messages,
            }),
            None => {
                if let Some(last) = intervals.last_mut() {
                    last.to = step.to;
                }
            }
        }
    }
    intervals
}
