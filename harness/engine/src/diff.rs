//! What changed between two runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::expectations::NO_DIFFERENCE;
use crate::judge::{GENERATED, plain};
use crate::results::{CaseResult, Expectation, Results, RuntimeInfo, Verdict};
use crate::spec::Level;

/// The difference between two runs: of the same suite, or of what two suites have in common.
///
/// Clauses are compared, not cases: a clause keeps its id for ever, while cases are merged and
/// renamed. Generated messages are compared as if [`GENERATED`] were a clause of every suite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Diff {
    /// The older run.
    pub old: Side,
    /// The newer run.
    pub new: Side,
    /// Clauses of both runs, in a pairing of both, that one of them shows otherwise; sorted by
    /// kind, then clause, then pairing.
    pub changes: Vec<Change>,
    /// Clauses that only the suite of one run has.
    pub only_old_clauses: Vec<String>,
    /// Clauses that only the suite of one run has.
    pub only_new_clauses: Vec<String>,
    /// Pairings that only one run has.
    pub only_old_pairings: Vec<String>,
    /// Pairings that only one run has.
    pub only_new_pairings: Vec<String>,
}

/// What a run was made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Side {
    /// Hash of clauses and cases.
    pub suite: String,
    /// Name and version of the reference.
    pub reference: String,
    /// Names and versions of the runtimes under test.
    pub runtimes: Vec<String>,
    /// System, kernel, architecture and number of processors.
    pub host: String,
    /// Why the run is not valid, where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invalid: Option<String>,
}

/// A clause that two runs show otherwise in a pairing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// How.
    pub kind: Kind,
    /// The clause.
    pub clause: String,
    /// Its level.
    pub level: Level,
    /// `parent:child`.
    pub pairing: String,
    /// What the older run shows; none where it did not run it.
    pub old: Option<State>,
    /// What the newer run shows; none where it did not run it.
    pub new: Option<State>,
    /// What else changed, any of which may be why. Empty where nothing else did: then what was
    /// tested changed without a new version.
    pub causes: Vec<Cause>,
    /// Whether it makes the newer run worse.
    pub regression: bool,
}

/// Ways in which a clause changes, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It held, and no longer does.
    NewlyFailing,
    /// It fails as before in another way.
    FailingDifferently,
    /// It fails as before, and is expected to in one run only.
    JudgedDifferently,
    /// It was tested, and no longer is.
    NoLongerRun,
    /// It failed, and holds now.
    Fixed,
    /// It was not tested, and is now.
    Added,
}

/// What may be why a clause changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// One run does not see the same each time.
    Unstable,
    /// The clauses or cases.
    Suite,
    /// The reference, or a runtime of the pairing.
    Runtime,
    /// The machine.
    Host,
    /// The expectations.
    Expectation,
}

/// What a run shows of a clause in a pairing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct State {
    /// The worst verdict.
    pub verdict: Verdict,
    /// Whether all of it is as expected.
    pub expected: bool,
    /// Fingerprints of the first difference of each case.
    pub fingerprints: BTreeSet<String>,
    /// The cases that differ.
    pub cases: BTreeSet<String>,
    /// Whether some plays differed and others did not.
    pub unstable: bool,
}

impl Diff {
    /// Compares two runs.
    pub fn of(old: &Results, new: &Results) -> Self {
        let (old_pairings, new_pairings) = (pairings(old), pairings(new));
        let (old_clauses, new_clauses) = (clauses(old), clauses(new));
        let (old_states, new_states) = (states(old), states(new));
        let between = Causes::of(old, new);
        let mut changes = Vec::new();
        for pairing in old_pairings.intersection(&new_pairings) {
            for (id, level) in &new_clauses {
                if !old_clauses.contains_key(id) {
                    continue;
                }
                let key = (*id, *pairing);
                let (old, new) = (old_states.get(&key), new_states.get(&key));
                let Some(kind) = kind(id, old, new) else { continue };
                changes.push(Change {
                    kind,
                    clause: (*id).to_owned(),
                    level: *level,
                    pairing: (*pairing).to_owned(),
                    causes: between.for_change(pairing, old, new),
                    regression: is_regression(kind, new),
                    old: old.cloned(),
                    new: new.cloned(),
                });
            }
        }
        changes
            .sort_by(|a, b| (a.kind, &a.clause, &a.pairing).cmp(&(b.kind, &b.clause, &b.pairing)));
        Self {
            old: Side::of(old),
            new: Side::of(new),
            changes,
            only_old_clauses: only(old_clauses.keys(), |id| new_clauses.contains_key(id)),
            only_new_clauses: only(new_clauses.keys(), |id| old_clauses.contains_key(id)),
            only_old_pairings: only(&old_pairings, |pairing| new_pairings.contains(pairing)),
            only_new_pairings: only(&new_pairings, |pairing| old_pairings.contains(pairing)),
        }
    }

    /// Whether the newer run is worse in anything.
    pub fn is_regression(&self) -> bool {
        self.changes.iter().any(|change| change.regression)
    }

    /// The exit code that says what came of it: 4 where the newer run is not valid, 1 where it is
    /// worse.
    pub fn exit_code(&self) -> u8 {
        if self.new.invalid.is_some() { 4 } else { u8::from(self.is_regression()) }
    }
}

impl Side {
    fn of(results: &Results) -> Self {
        Self {
            suite: results.tool.suite.clone(),
            reference: named(&results.reference),
            runtimes: results.runtimes.iter().map(named).collect(),
            host: host(results),
            invalid: results.invalid(),
        }
    }
}

fn host(results: &Results) -> String {
    let host = &results.host;
    format!("{} {} {}, {} processors", host.os, host.kernel, host.arch, host.cpus)
}

fn named(runtime: &RuntimeInfo) -> String {
    format!("{} {}", runtime.name, runtime.version)
}

fn pairings(results: &Results) -> BTreeSet<&str> {
    results.cases.iter().map(|case| case.pairing.as_str()).collect()
}

fn clauses(results: &Results) -> BTreeMap<&str, Level> {
    let clauses = results.clauses.iter().map(|clause| (clause.id.as_str(), clause.level));
    clauses.chain([(GENERATED, Level::Must)]).collect()
}

fn only<'a>(
    names: impl IntoIterator<Item = &'a &'a str>,
    known: impl Fn(&str) -> bool,
) -> Vec<String> {
    names.into_iter().filter(|name| !known(name)).map(|name| (*name).to_owned()).collect()
}

/// What a run shows of each clause in each pairing, where it was played.
fn states(results: &Results) -> BTreeMap<(&str, &str), State> {
    let mut states: BTreeMap<(&str, &str), State> = BTreeMap::new();
    let mut show = |clause, pairing, verdict| {
        if verdict != Verdict::NotRun && verdict != Verdict::HarnessError {
            let state = states.entry((clause, pairing)).or_insert_with(|| State::of(verdict));
            state.verdict = state.verdict.max(verdict);
        }
    };
    for clause in &results.clauses {
        for (pairing, verdict) in &clause.verdicts {
            show(clause.id.as_str(), pairing.as_str(), *verdict);
        }
    }
    for case in results.cases.iter().filter(|case| case.clauses.iter().any(|c| c == GENERATED)) {
        show(GENERATED, &case.pairing, case.verdict);
    }
    for case in &results.cases {
        for clause in &case.clauses {
            if let Some(state) = states.get_mut(&(clause.as_str(), case.pairing.as_str())) {
                state.add(case, clause);
            }
        }
    }
    states
}

impl State {
    fn of(verdict: Verdict) -> Self {
        Self {
            verdict,
            expected: true,
            fingerprints: BTreeSet::new(),
            cases: BTreeSet::new(),
            unstable: false,
        }
    }

    fn add(&mut self, case: &CaseResult, clause: &str) {
        let own = case.differences.iter().filter(|one| plain(&one.clause) == clause);
        let mut fingerprints: Vec<&str> = own.map(|one| one.fingerprint.as_str()).collect();
        // What shows in no difference is about every clause of the case.
        let whole = match case.verdict {
            Verdict::Crash | Verdict::Hang | Verdict::Unsupported => {
                // How it ended is what it is known by.
                fingerprints.splice(0..0, case.fingerprint.as_deref());
                true
            }
            Verdict::Fail if case.differences.is_empty() => {
                fingerprints.push(NO_DIFFERENCE);
                true
            }
            _ => false,
        };
        if fingerprints.is_empty() && !whole {
            return;
        }
        if clause != GENERATED {
            // What follows the first difference is mostly its consequence.
            fingerprints.truncate(1);
        }
        self.fingerprints.extend(fingerprints.into_iter().map(str::to_owned));
        self.cases.insert(case.id.clone());
        self.expected &= case.expectation == Expectation::Expected;
        self.unstable |= case.reproduced.is_some_and(|seen| seen.differed < seen.plays);
    }

    fn is_bad(&self) -> bool {
        self.verdict.is_bad()
    }

    /// Whether it fails in the same way. What is known of generated messages looks different in each
    /// run.
    fn fails_like(&self, other: &Self, clause: &str) -> bool {
        let known = clause == GENERATED && (self.expected || other.expected);
        self.verdict == other.verdict && (known || self.fingerprints == other.fingerprints)
    }

    fn is_tested(&self) -> bool {
        self.verdict != Verdict::Unsupported
    }
}

fn kind(clause: &str, old: Option<&State>, new: Option<&State>) -> Option<Kind> {
    let tested = |state: Option<&State>| state.is_some_and(State::is_tested);
    match (old, new) {
        _ if tested(old) && !tested(new) => Some(Kind::NoLongerRun),
        (_, Some(new)) if !tested(old) && new.is_tested() => {
            Some(if new.is_bad() { Kind::NewlyFailing } else { Kind::Added })
        }
        (Some(old), Some(new)) => match (old.is_bad(), new.is_bad()) {
            (false, true) => Some(Kind::NewlyFailing),
            (true, false) => Some(Kind::Fixed),
            (true, true) if !new.fails_like(old, clause) => Some(Kind::FailingDifferently),
            (true, true) if old.expected != new.expected => Some(Kind::JudgedDifferently),
            _ => None,
        },
        _ => None,
    }
}

fn is_regression(kind: Kind, new: Option<&State>) -> bool {
    let expected = new.is_none_or(|state| state.expected);
    match kind {
        Kind::NewlyFailing | Kind::FailingDifferently | Kind::JudgedDifferently => !expected,
        // What was tested and is refused now is a capability that was lost.
        Kind::NoLongerRun => new.is_some(),
        Kind::Fixed | Kind::Added => false,
    }
}

/// What else differs between two runs.
struct Causes<'a> {
    suite: bool,
    host: bool,
    reference: bool,
    old: &'a [RuntimeInfo],
    new: &'a [RuntimeInfo],
}

impl<'a> Causes<'a> {
    fn of(old: &'a Results, new: &'a Results) -> Self {
        Self {
            suite: old.tool.suite != new.tool.suite,
            host: host(old) != host(new),
            reference: named(&old.reference) != named(&new.reference),
            old: &old.runtimes,
            new: &new.runtimes,
        }
    }

    fn for_change(&self, pairing: &str, old: Option<&State>, new: Option<&State>) -> Vec<Cause> {
        let unstable = [old, new].into_iter().flatten().any(|state| state.unstable);
        let version = |runtimes: &'a [RuntimeInfo], name: &str| {
            runtimes.iter().find(|runtime| runtime.name == name).map(|r| r.version.as_str())
        };
        let runtime = self.reference
            || pairing.split(':').any(|name| version(self.old, name) != version(self.new, name));
        let judged = |state: Option<&State>| state.filter(|s| s.is_bad()).map(|s| s.expected);
        let expectation = matches!((judged(old), judged(new)), (Some(a), Some(b)) if a != b);
        [
            (unstable, Cause::Unstable),
            (self.suite, Cause::Suite),
            (runtime, Cause::Runtime),
            (self.host, Cause::Host),
            (expectation, Cause::Expectation),
        ]
        .into_iter()
        .filter_map(|(is, cause)| is.then_some(cause))
        .collect()
    }
}
