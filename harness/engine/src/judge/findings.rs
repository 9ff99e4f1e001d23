//! Differences with one cause, and whose fault they are.

use std::collections::{BTreeMap, BTreeSet};

use crate::raw;
use crate::results::{
    Blame, CaseResult, Difference, DifferenceKind, Expectation, Finding, Reproduced,
};

/// Clusters the differences of all cases by runtime and fingerprint, in order of first
/// appearance, and writes each case's finding into it.
///
/// `reference` is the name of the reference runtime; `played` are the pairings of the run.
pub fn findings(reference: &str, played: &[String], cases: &mut [CaseResult]) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    let mut known: BTreeMap<(String, String), usize> = BTreeMap::new();
    for case in cases.iter_mut() {
        let runtime = under_test(reference, &case.pairing).to_owned();
        let mut clauses = BTreeSet::new();
        for difference in &case.differences {
            // What follows the first difference of a clause is mostly its consequence.
            if !clauses.insert(difference.clause.as_str()) {
                continue;
            }
            let key = (runtime.clone(), difference.fingerprint.clone());
            let index = *known.entry(key).or_insert_with(|| {
                found.push(Finding {
                    id: id(&runtime, difference),
                    clauses: Vec::new(),
                    cases: Vec::new(),
                    pairings: Vec::new(),
                    runtime: runtime.clone(),
                    blame: Blame::Unknown,
                    summary: summary(&runtime, reference, difference),
                    first_difference: difference.clone(),
                    reproduced: Reproduced { differed: 0, plays: 0 },
                    tapped: None,
                    expected: true,
                    repro: format!("ipc-conformance replay {}", case.replay),
                });
                found.len() - 1
            });
            let finding = &mut found[index];
            let generated = difference.clause.starts_with(super::GENERATED);
            let clause = if generated { super::GENERATED } else { &difference.clause };
            add(&mut finding.clauses, clause);
            add(&mut finding.cases, &case.id);
            add(&mut finding.pairings, &case.pairing);
            let seen = case.reproduced.unwrap_or(Reproduced { differed: 1, plays: 1 });
            finding.reproduced.differed += seen.differed;
            finding.reproduced.plays += seen.plays;
            finding.expected &= case.expectation == Expectation::Expected;
            case.finding.get_or_insert_with(|| finding.id.clone());
        }
    }
    for finding in &mut found {
        finding.blame = blame(reference, &finding.runtime, &finding.pairings, played);
    }
    found
}

/// Whose fault a difference is that shows in `pairings`, when `played` were played.
pub fn blame(reference: &str, runtime: &str, pairings: &[String], played: &[String]) -> Blame {
    let own = format!("{runtime}:{runtime}");
    let parent = format!("{runtime}:{reference}");
    let child = format!("{reference}:{runtime}");
    let shows = |parent: &str, child: &str| pairings.contains(&format!("{parent}:{child}"));
    // Beside the raw peer there is nobody else to blame.
    let raw_parent = shows(runtime, raw::NAME);
    let raw_child = shows(raw::NAME, runtime);
    let told = raw_parent
        || raw_child
        || [&own, &parent, &child].iter().all(|pairing| played.contains(pairing));
    if runtime == reference || !told {
        return Blame::Unknown;
    }
    let as_parent = raw_parent || pairings.contains(&parent);
    let as_child = raw_child || pairings.contains(&child);
    match (as_parent, as_child, pairings.contains(&own)) {
        (true, true, _) => Blame::Both,
        (true, false, _) => Blame::Parent,
        (false, true, _) => Blame::Child,
        (false, false, true) => Blame::Together,
        (false, false, false) => Blame::Unknown,
    }
}

/// The runtime that is tested in a pairing; the reference where it is played by nobody else.
pub(crate) fn under_test<'a>(reference: &'a str, pairing: &'a str) -> &'a str {
    let tested = |name: &&str| *name != reference && *name != raw::NAME;
    pairing.split(':').find(tested).unwrap_or(reference)
}

fn id(runtime: &str, difference: &Difference) -> String {
    format!("{runtime}-{}", difference.fingerprint)
}

fn add(list: &mut Vec<String>, word: &str) {
    if !list.iter().any(|have| have == word) {
        list.push(word.to_owned());
    }
}

fn summary(runtime: &str, reference: &str, difference: &Difference) -> String {
    let subject = difference
        .observed
        .as_ref()
        .or(difference.expected.as_ref())
        .map_or_else(|| "the end of the process".to_owned(), super::value::subject);
    let role = difference.role;
    match difference.kind {
        DifferenceKind::Missing => {
            format!(
                "with {runtime}, the {role} does not get {subject}, which it gets with {reference}"
            )
        }
        DifferenceKind::Extra => {
            format!(
                "with {runtime}, the {role} gets {subject}, which it does not get with {reference}"
            )
        }
        DifferenceKind::Order => {
            format!(
                "with {runtime}, the {role} gets {subject} at another time than with {reference}"
            )
        }
        DifferenceKind::Value | DifferenceKind::Message => {
            let value = |seen: &Option<ipc_plan::Seen>| {
                let json = seen.as_ref().map(super::value::normalised);
                super::value::short(
                    json.as_ref().and_then(|json| super::needs::at(json, &difference.path)),
                )
            };
            format!(
                "with {runtime}, {subject} in the {role} has {} {} where {reference} has {}",
                if difference.path.is_empty() { "the value" } else { &difference.path },
                value(&difference.observed),
                value(&difference.expected),
            )
        }
        DifferenceKind::Ending => format!("with {runtime}, {}", difference.text),
    }
}
