//! What Node does from major to major: the specification that nobody wrote down.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::raw;
use crate::results::{CaseResult, DifferenceKind, Results, RuntimeInfo, Verdict};
use crate::runtime::major;
use crate::spec::{Case, Catalogue, Clause, Level};

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
    /// What shows only where a line and the next one are parent and child; in their order.
    pub mixed: Vec<Mixed>,
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

/// What two lines do together that neither does with itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Mixed {
    /// The parent's major.
    pub parent: u32,
    /// The child's.
    pub child: u32,
    /// The clauses that differ from the older of both with itself, sorted by id.
    pub clauses: Vec<MixedClause>,
}

/// A clause that two lines show otherwise together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MixedClause {
    /// The clause.
    pub id: String,
    /// Its level.
    pub level: Level,
    /// Its sentence.
    pub sentence: String,
    /// In what they differ.
    pub differences: Vec<String>,
    /// Whether only the texts of error messages are other ones.
    pub message_only: bool,
}

/// The majors with one behaviour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Interval {
    /// The first major with it.
    pub from: u32,
    /// The last of those that were played.
    pub to: u32,
    /// In what it differs from the behaviour before it; empty for the first, and beside `instead`.
    pub differences: Vec<String>,
    /// What these majors do where the clause does not hold for them: in what they differ from the
    /// nearest line for which it does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instead: Vec<String>,
    /// Whether only the texts of error messages are other ones.
    pub message_only: bool,
}

/// Plays that show what a line does instead of what clauses say that do not hold for it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Outside {
    /// Which of the lines the clauses hold for, and is the nearest of those.
    pub reference: usize,
    /// Which of the lines is held against it.
    pub tested: usize,
    /// The cases that show the clauses.
    pub cases: Vec<Case>,
}

/// The plays that it takes to see what lines of these majors, oldest first, do instead of what
/// clauses of the cases say that do not hold for them.
pub fn outside(catalogue: &Catalogue, cases: &[Case], majors: &[u32]) -> Vec<Outside> {
    let mut all: Vec<Outside> = Vec::new();
    for (tested, major) in majors.iter().enumerate() {
        for case in cases {
            let clauses = case.clauses.iter().filter_map(|id| catalogue.clause(id));
            let references: BTreeSet<usize> =
                clauses.filter_map(|clause| nearest(clause, *major, majors)).collect();
            for reference in references {
                let known = all.iter_mut().find(|o| (o.reference, o.tested) == (reference, tested));
                match known {
                    Some(known) => known.cases.push(case.clone()),
                    None => all.push(Outside { reference, tested, cases: vec![case.clone()] }),
                }
            }
        }
    }
    all
}

/// Which line is the nearest for which a clause holds; none where it holds for this one or for none.
fn nearest(clause: &Clause, major: u32, majors: &[u32]) -> Option<usize> {
    if clause.holds_in(major) {
        return None;
    }
    let holds = majors.iter().enumerate().filter(|(_, other)| clause.holds_in(**other));
    holds.min_by_key(|(_, other)| other.abs_diff(major)).map(|(index, _)| index)
}

impl Behaviour {
    /// From runs in which each Node line was the reference of the next one, oldest first, and from
    /// those of [`outside`].
    pub fn of(catalogue: &Catalogue, runs: &[Results], outside: &[Results]) -> Self {
        let mut lines: Vec<&RuntimeInfo> = Vec::new();
        for run in runs {
            for runtime in [&run.reference].into_iter().chain(&run.runtimes) {
                if !lines.iter().any(|line| line.version == runtime.version) {
                    lines.push(runtime);
                }
            }
        }
        let majors: Vec<u32> = lines.iter().filter_map(|line| major(&line.version)).collect();
        let steps: Vec<Step<'_>> = runs.iter().filter_map(Step::of).collect();
        let outside: Vec<Step<'_>> = outside.iter().filter_map(Step::of).collect();
        let clauses = catalogue
            .clauses
            .iter()
            .filter_map(|clause| {
                let behaviours = intervals(clause, &majors, &steps, &outside);
                (!behaviours.is_empty()).then(|| ClauseBehaviour {
                    id: clause.id.clone(),
                    level: clause.level,
                    sentence: clause.sentence.clone(),
                    behaviours,
                })
            })
            .collect();
        Self {
            suite: catalogue.hash(),
            lines: lines.into_iter().map(|line| line.version.clone()).collect(),
            clauses,
            mixed: runs.iter().flat_map(|run| mixed(catalogue, run)).collect(),
        }
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

/// A Node line held against another one.
struct Step<'a> {
    from: u32,
    to: u32,
    /// What differs, by clause.
    changed: Changes<'a>,
    /// Clauses that both showed.
    shown: BTreeSet<&'a str>,
}

type Changes<'a> = BTreeMap<&'a str, Change>;

#[derive(Default)]
struct Change {
    texts: BTreeSet<String>,
    beyond_messages: bool,
}

impl<'a> Step<'a> {
    fn of(run: &'a Results) -> Option<Self> {
        let tested = run.runtimes.first()?;
        let cases = || run.cases.iter().filter(|case| alone(&tested.name, &case.pairing));
        let shows =
            |case: &&CaseResult| !matches!(case.verdict, Verdict::NotRun | Verdict::HarnessError);
        Some(Self {
            from: major(&run.reference.version)?,
            to: major(&tested.version)?,
            changed: changes(cases()),
            shown: cases()
                .filter(shows)
                .flat_map(|c| c.clauses.iter().map(String::as_str))
                .collect(),
        })
    }
}

/// What differs from the reference in most plays, by clause.
fn changes<'a>(cases: impl Iterator<Item = &'a CaseResult>) -> Changes<'a> {
    let mut changed = Changes::new();
    let is_rare = |case: &&CaseResult| case.reproduced.is_some_and(|r| 2 * r.differed < r.plays);
    for case in cases.filter(|case| !is_rare(case)) {
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
            && (case.verdict.is_bad() || case.verdict == Verdict::Unsupported)
        {
            for clause in &case.clauses {
                let change = changed.entry(clause).or_default();
                change.texts.insert(reason.clone());
                change.beyond_messages = true;
            }
        }
    }
    changed
}

/// What the lines of a run do together that the newer does not do with itself.
fn mixed(catalogue: &Catalogue, run: &Results) -> Vec<Mixed> {
    let Some(tested) = run.runtimes.first() else { return Vec::new() };
    let own = changes(run.cases.iter().filter(|case| alone(&tested.name, &case.pairing)));
    let (old, new) = (&run.reference, tested);
    let of = |(parent, child): (&RuntimeInfo, &RuntimeInfo)| {
        let pairing = format!("{}:{}", parent.name, child.name);
        let found = changes(run.cases.iter().filter(|case| case.pairing == pairing));
        let clauses: Vec<MixedClause> = found
            .into_iter()
            .filter_map(|(id, change)| {
                let known = own.get(id).map(|own| &own.texts);
                let news = |text: &&String| !known.is_some_and(|known| known.contains(*text));
                let differences: Vec<String> = change.texts.iter().filter(news).cloned().collect();
                let clause = catalogue.clause(id).filter(|_| !differences.is_empty())?;
                Some(MixedClause {
                    id: clause.id.clone(),
                    level: clause.level,
                    sentence: clause.sentence.clone(),
                    differences,
                    message_only: !change.beyond_messages,
                })
            })
            .collect();
        let (parent, child) = (major(&parent.version)?, major(&child.version)?);
        (!clauses.is_empty()).then_some(Mixed { parent, child, clauses })
    };
    [(old, new), (new, old)].into_iter().filter_map(of).collect()
}

/// Whether nobody but this runtime, and the raw peer, takes part in a pairing.
fn alone(runtime: &str, pairing: &str) -> bool {
    pairing.split(':').all(|name| name == runtime || name == raw::NAME)
}

fn intervals(
    clause: &Clause,
    majors: &[u32],
    steps: &[Step<'_>],
    outside: &[Step<'_>],
) -> Vec<Interval> {
    let id = clause.id.as_str();
    let shown = |steps: &[Step<'_>]| steps.iter().any(|step| step.shown.contains(id));
    if !shown(steps) && !shown(outside) {
        return Vec::new();
    }
    // What a line does instead; nothing where it does the same.
    let instead = |to: u32| -> Option<Vec<String>> {
        let from = majors[nearest(clause, to, majors)?];
        let step = outside.iter().find(|step| (step.from, step.to) == (from, to));
        match step.filter(|step| step.shown.contains(id)) {
            Some(step) => Some(texts(step.changed.get(id)?)),
            None => Some(vec!["it could not be played".to_owned()]),
        }
    };
    // Lines of which nothing was seen stay out.
    let known = |major: u32| {
        let has =
            |step: &Step<'_>| step.shown.contains(id) && [step.from, step.to].contains(&major);
        !clause.holds_in(major) || steps.iter().chain(outside).any(has)
    };
    let mut intervals: Vec<Interval> = Vec::new();
    for (index, &to) in majors.iter().enumerate().filter(|(_, major)| known(**major)) {
        let mut next = Interval {
            from: to,
            to,
            differences: Vec::new(),
            instead: instead(to).unwrap_or_default(),
            message_only: false,
        };
        let from = index.checked_sub(1).map(|before| majors[before]);
        let holds = clause.holds_in(to) && from.is_some_and(|from| clause.holds_in(from));
        let step = steps.iter().find(|step| holds && (Some(step.from), step.to) == (from, to));
        if let Some(change) = step.and_then(|step| step.changed.get(id)) {
            next.differences = texts(change);
            next.message_only = !change.beyond_messages;
        }
        match intervals.last_mut() {
            Some(last) if next.differences.is_empty() && next.instead == last.instead => {
                last.to = to;
            }
            _ => intervals.push(next),
        }
    }
    intervals
}

fn texts(change: &Change) -> Vec<String> {
    change.texts.iter().cloned().collect()
}
