//! What changed between two runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::expectations::NO_DIFFERENCE;
use crate::judge::{GENERATED, plain};
use crate::results::{CaseResult, Expectation, Results, RuntimeInfo, Verdict};
use crate::spec::Level;

/// The difference between two runs: of the same suite, or of what two suites have in common.
///
/// Clauses are told, not cases, each over the cases that both runs have played: what only one of
/// them has played is added or no longer run, and says nothing of better or worse. Generated
/// messages are compared as if [`GENERATED`] were a clause of every suite, and all of them one case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Diff {
    /// The older run.
    pub old: Side,
    /// The newer run.
    pub new: Side,
    /// Clauses of both runs, in a pairing of both, that one of them shows otherwise; sorted by
    /// kind, then clause, then pairing. A clause may be here twice, for other cases of it.
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
    /// The choice of what was played: level, requirement set, filters, shard, number of generated
    /// messages.
    pub selection: String,
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
    /// It held or was unsupported, and fails.
    NewlyFailing,
    /// It fails as before in another way.
    FailingDifferently,
    /// It fails as before, and is expected to in one run only.
    JudgedDifferently,
    /// It was tested, and no longer is, or not with all of its cases.
    NoLongerRun,
    /// It failed, and holds now.
    Fixed,
    /// It was not tested, and is now, or with more of its cases.
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
    /// The choice of what is played and of what can fail: see [`Side::selection`].
    Selection,
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
        let (old_played, new_played) = (played(old), played(new));
        let between = Causes::of(old, new);
        let mut changes = Vec::new();
        for pairing in old_pairings.intersection(&new_pairings) {
            for (id, level) in &new_clauses {
                if !old_clauses.contains_key(id) {
                    continue;
                }
                let key = (*id, *pairing);
                for (kind, old, new) in compare(id, old_played.get(&key), new_played.get(&key)) {
                    changes.push(Change {
                        kind,
                        clause: (*id).to_owned(),
                        level: *level,
                        pairing: (*pairing).to_owned(),
                        causes: between.for_change(id, pairing, old.as_ref(), new.as_ref()),
                        regression: is_regression(kind, new.as_ref()),
                        old,
                        new,
                    });
                }
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
            selection: selection(results),
            invalid: results.invalid(),
        }
    }
}

fn host(results: &Results) -> String {
    let host = &results.host;
    format!("{} {} {}, {} processors", host.os, host.kernel, host.arch, host.cpus)
}

fn selection(results: &Results) -> String {
    let options = &results.options;
    let mut words = vec![format!("level {}", options.level)];
    words.extend(options.requirement_set.clone());
    let mut filters = options.filters.clone();
    filters.sort();
    words.extend((!filters.is_empty()).then(|| format!("filter {}", filters.join(" "))));
    words.extend(options.shard.as_ref().map(|shard| format!("shard {shard}")));
    words.push(format!("{} generated", options.generated));
    words.join(", ")
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

/// The entries of a run that were played, by clause and pairing, then case; all generated messages
/// are one case.
type Played<'a> = BTreeMap<(&'a str, &'a str), Cases<'a>>;
type Cases<'a> = BTreeMap<&'a str, Vec<&'a CaseResult>>;

fn played(results: &Results) -> Played<'_> {
    let mut played = Played::new();
    for case in &results.cases {
        if matches!(case.verdict, Verdict::NotRun | Verdict::HarnessError) {
            continue;
        }
        for clause in &case.clauses {
            let id = if clause == GENERATED { GENERATED } else { &case.id };
            let cases = played.entry((clause.as_str(), case.pairing.as_str())).or_default();
            cases.entry(id).or_default().push(case);
        }
    }
    played
}

/// How a clause changed in a pairing, for each group of cases whose part in both runs is alike, with
/// what each run shows of it there.
fn compare(
    clause: &str,
    old: Option<&Cases<'_>>,
    new: Option<&Cases<'_>>,
) -> Vec<(Kind, Option<State>, Option<State>)> {
    let of =
        |cases: Option<&Cases<'_>>, id: &str| State::of(clause, cases?.get(id)?.iter().copied());
    let ids: BTreeSet<&str> =
        [old, new].into_iter().flatten().flat_map(|cases| cases.keys().copied()).collect();
    // What both show; what only one of them can; what only one of them has played.
    let mut groups: BTreeMap<(Part, Part), (Option<State>, Option<State>)> = BTreeMap::new();
    for id in ids {
        let (old, new) = (of(old, id), of(new, id));
        let group = groups.entry((Part::of(old.as_ref()), Part::of(new.as_ref()))).or_default();
        State::join(&mut group.0, old);
        State::join(&mut group.1, new);
    }
    let compared = groups.contains_key(&(Part::Shown, Part::Shown));
    let told = |state: &Option<State>| !compared || state.as_ref().is_some_and(State::is_bad);
    groups
        .into_iter()
        .filter_map(|(parts, (old, new))| {
            let kind = match parts {
                (Part::Shown, Part::Shown) => kind(clause, old.as_ref()?, new.as_ref()?)?,
                (Part::Shown, Part::Refused) => Kind::NoLongerRun,
                (Part::Refused, Part::Shown) if new.as_ref()?.is_bad() => Kind::NewlyFailing,
                (Part::Refused, Part::Shown) => Kind::Added,
                // Where other cases show what became of the clause, only failures are worth a word.
                (Part::Shown, Part::Absent) if told(&old) => Kind::NoLongerRun,
                (Part::Absent, Part::Shown) if told(&new) => Kind::Added,
                _ => return None,
            };
            Some((kind, old, new))
        })
        .collect()
}

/// What a run has to say of a case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// A verdict.
    Shown,
    /// That it is unsupported.
    Refused,
    /// Nothing: it was not played.
    Absent,
}

impl Part {
    fn of(state: Option<&State>) -> Self {
        match state {
            Some(state) if state.verdict == Verdict::Unsupported => Self::Refused,
            Some(_) => Self::Shown,
            None => Self::Absent,
        }
    }
}

impl State {
    /// What cases show of a clause; none where there is no case.
    fn of<'a>(clause: &str, cases: impl Iterator<Item = &'a CaseResult>) -> Option<Self> {
        let mut state: Option<Self> = None;
        for case in cases {
            let verdict = match clause {
                GENERATED => case.verdict,
                clause => case.verdict_of(clause),
            };
            let state = state.get_or_insert_with(|| Self::new(verdict));
            state.verdict = state.verdict.max(verdict);
            state.add(case, clause);
        }
        state
    }

    fn new(verdict: Verdict) -> Self {
        Self {
            verdict,
            expected: true,
            fingerprints: BTreeSet::new(),
            cases: BTreeSet::new(),
            unstable: false,
        }
    }

    /// Takes in what another case shows.
    fn join(all: &mut Option<Self>, one: Option<Self>) {
        match (all, one) {
            (_, None) => {}
            (all @ None, one) => *all = one,
            (Some(all), Some(one)) => {
                all.verdict = all.verdict.max(one.verdict);
                all.expected &= one.expected;
                all.fingerprints.extend(one.fingerprints);
                all.cases.extend(one.cases);
                all.unstable |= one.unstable;
            }
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
}

fn kind(clause: &str, old: &State, new: &State) -> Option<Kind> {
    match (old.is_bad(), new.is_bad()) {
        (false, true) => Some(Kind::NewlyFailing),
        (true, false) => Some(Kind::Fixed),
        (true, true) if !new.fails_like(old, clause) => Some(Kind::FailingDifferently),
        (true, true) if old.expected != new.expected => Some(Kind::JudgedDifferently),
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
    selection: bool,
    /// The seed, which chooses the generated messages.
    seed: bool,
    host: bool,
    reference: bool,
    old: &'a [RuntimeInfo],
    new: &'a [RuntimeInfo],
}

impl<'a> Causes<'a> {
    fn of(old: &'a Results, new: &'a Results) -> Self {
        Self {
            suite: old.tool.suite != new.tool.suite,
            selection: selection(old) != selection(new),
            seed: old.options.seed != new.options.seed,
            host: host(old) != host(new),
            reference: named(&old.reference) != named(&new.reference),
            old: &old.runtimes,
            new: &new.runtimes,
        }
    }

    fn for_change(
        &self,
        clause: &str,
        pairing: &str,
        old: Option<&State>,
        new: Option<&State>,
    ) -> Vec<Cause> {
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
            (self.selection || clause == GENERATED && self.seed, Cause::Selection),
            (runtime, Cause::Runtime),
            (self.host, Cause::Host),
            (expectation, Cause::Expectation),
        ]
        .into_iter()
        .filter_map(|(is, cause)| is.then_some(cause))
        .collect()
    }
}
