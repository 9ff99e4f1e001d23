//! Differences with one cause, and whose fault they are.

use std::collections::BTreeMap;

use ipc_plan::{Role, Seen, fnv1a};

use super::compare::section;
use super::symptom::Symptom;
use super::{GENERATED, plain};
use crate::raw;
use crate::results::{
    Blame, CaseResult, Difference, DifferenceKind, Expectation, Finding, Options, Reproduced,
    Verdict,
};

/// Clusters the differences of all cases by what they look like, in order of first appearance, and
/// writes those of each case into it. What is expected is told apart from what looks the same and is
/// not: nobody finds one new case among many known ones.
///
/// `reference` is the name of the reference runtime, `options` are what the run was made with.
pub fn findings(reference: &str, options: &Options, cases: &mut [CaseResult]) -> Vec<Finding> {
    let shown = shown(cases);
    let played = played(cases);
    let mut found: Vec<Finding> = Vec::new();
    // Of what looks the same, what is not expected and what is.
    let mut known: BTreeMap<String, [Option<usize>; 2]> = BTreeMap::new();
    for case in cases.iter_mut() {
        let runtime = under_test(reference, &case.pairing).to_owned();
        let expected = case.expectation == Expectation::Expected;
        let mut own: Vec<usize> = Vec::new();
        for (clause, cause, symptom) in causes(case, reference) {
            let mut key = format!("{runtime} {}", symptom.key);
            if symptom.vague {
                let pairings = &shown[&(case.id.clone(), cause.fingerprint.clone())];
                key += &format!(" {}", matter(&cause.clause));
                // Beside the raw peer, who else?
                if !case.pairing.split(':').any(|side| side == raw::NAME) {
                    let blame = blame(reference, &runtime, pairings, [&*played[&case.id]]);
                    key += &format!(" {blame:?} {}", side(blame, cause.role));
                }
            }
            let hash = fnv1a(key.as_bytes());
            let sorts = known.entry(key).or_default();
            let index = *sorts[usize::from(expected)].get_or_insert_with(|| {
                let sort = if expected { "-known" } else { "" };
                found.push(Finding {
                    id: format!("{runtime}-{hash:08x}{sort}"),
                    clauses: Vec::new(),
                    cases: Vec::new(),
                    pairings: Vec::new(),
                    runtime: runtime.clone(),
                    blame: Blame::Unknown,
                    summary: symptom.words,
                    first_difference: cause.clone(),
                    reproduced: Reproduced { differed: 0, plays: 0 },
                    tapped: None,
                    expected,
                    repro: options.again(&case.replay),
                });
                found.len() - 1
            });
            add(&mut found[index].clauses, plain(clause));
            if !own.contains(&index) {
                own.push(index);
            }
        }
        for index in &own {
            let finding = &mut found[*index];
            add(&mut finding.cases, &case.id);
            add(&mut finding.pairings, &case.pairing);
            let seen = case.reproduced.unwrap_or(Reproduced { differed: 1, plays: 1 });
            finding.reproduced.differed += seen.differed;
            finding.reproduced.plays += seen.plays;
        }
        case.findings = own.into_iter().map(|index| found[index].id.clone()).collect();
    }
    for sorts in known.values() {
        let (mut cases, mut pairings) = (Vec::new(), Vec::new());
        for finding in sorts.iter().flatten().map(|&index| &found[index]) {
            cases.extend(finding.cases.iter().map(|id| &*played[id]));
            pairings.extend(finding.pairings.iter().cloned());
        }
        for &index in sorts.iter().flatten() {
            let finding = &mut found[index];
            let cases = cases.iter().copied();
            finding.blame = blame(reference, &finding.runtime, &pairings, cases);
            finding.summary = format!("{}: {}", who(finding), finding.summary);
        }
    }
    found
}

/// For each clause that differs in a case, the difference that it comes from, and how that looks.
fn causes<'a>(case: &'a CaseResult, reference: &str) -> Vec<(&'a str, &'a Difference, Symptom)> {
    let firsts = firsts(&case.differences);
    let fatal = fatal(case, &firsts);
    let before = firsts.iter().copied().find(|difference| !is_beyond(difference));
    let of_handles =
        firsts.iter().copied().find(|first| !is_beyond(first) && matter(&first.clause) == HANDLES);
    let is_hang = case.verdict == Verdict::Hang;
    let cause = |difference: &'a Difference| {
        if let Some((cause, symptom)) = &fatal {
            return (*cause, symptom.clone());
        }
        let cause = before.filter(|_| is_hang || is_beyond(difference)).unwrap_or(difference);
        let symptom = Symptom::of(cause, reference);
        // One step does something with what the one before it has got.
        match of_handles.filter(|_| symptom.vague && matter(&cause.clause) == HANDLES) {
            Some(first) => (first, Symptom::of(first, reference)),
            None => (cause, symptom),
        }
    };
    let of_clause = |difference: &&'a Difference| {
        let (cause, symptom) = cause(difference);
        (difference.clause.as_str(), cause, symptom)
    };
    firsts.iter().map(of_clause).collect()
}

/// What all differences of a case follow from: a runtime that dies, or a child that does not start.
fn fatal<'a>(case: &'a CaseResult, firsts: &[&'a Difference]) -> Option<(&'a Difference, Symptom)> {
    let stderr = case.history.as_ref().map_or("", |history| &history.stderr);
    if let Some(reason) = case.reason.as_deref().filter(|_| case.verdict == Verdict::Crash) {
        return Some((firsts.first()?, Symptom::fatal(reason, stderr)));
    }
    let difference = case.differences.iter().find(|difference| {
        difference.kind == DifferenceKind::Missing
            && matches!(difference.expected, Some(Seen::Started {}))
    })?;
    let words = format!("the {} does not start", difference.role);
    Some((difference, Symptom::fatal(&words, stderr)))
}

/// The pairings that show a difference, by case and fingerprint.
fn shown(cases: &[CaseResult]) -> BTreeMap<(String, String), Vec<String>> {
    let mut shown: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for case in cases {
        for difference in &case.differences {
            let key = (case.id.clone(), difference.fingerprint.clone());
            add(shown.entry(key).or_default(), &case.pairing);
        }
    }
    shown
}

/// The pairings that have played each case: one that has not shows nothing, and tells nothing by it.
fn played(cases: &[CaseResult]) -> BTreeMap<String, Vec<String>> {
    let mut played: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for case in cases.iter().filter(|case| case.verdict != Verdict::NotRun) {
        add(played.entry(case.id.clone()).or_default(), &case.pairing);
    }
    played
}

/// The first difference of each clause: what follows it is mostly its consequence. That a role waits
/// in vain follows from what does not come, if that is seen too.
fn firsts(differences: &[Difference]) -> Vec<&Difference> {
    let mut firsts: Vec<&Difference> = Vec::new();
    for difference in differences {
        match firsts.iter_mut().find(|first| first.clause == difference.clause) {
            None => firsts.push(difference),
            Some(first) if is_in_vain(first) && !is_in_vain(difference) => *first = difference,
            Some(_) => {}
        }
    }
    firsts
}

fn is_in_vain(difference: &Difference) -> bool {
    matches!(difference.observed, Some(Seen::GaveUp { .. }))
        && difference.kind == DifferenceKind::Extra
}

/// Whether it only says that a role never got to this section or to its end: a consequence of what
/// went wrong elsewhere, if anything did.
fn is_beyond(difference: &Difference) -> bool {
    let is_later = |seen: &Seen| section(seen).is_some() || matches!(seen, Seen::Done {});
    difference.kind == DifferenceKind::Missing && difference.expected.as_ref().is_some_and(is_later)
}

/// Whether the side that is to blame sees it, or its peer.
fn side(blame: Blame, role: Role) -> &'static str {
    match (blame, role) {
        (Blame::Parent, Role::Parent) | (Blame::Child, Role::Child) => "itself",
        (Blame::Parent | Blame::Child, _) => "its peer",
        (Blame::Both | Blame::Together | Blame::Unknown, _) => "",
    }
}

const HANDLES: &str = "handles";

/// What the clauses of an area are about: several areas are about one thing.
fn matter(clause: &str) -> &str {
    match plain(clause).split('-').next().unwrap_or_default() {
        "FLOW" | "LIFE" => "what becomes of messages when a side ends",
        "SER" | "ADV" | GENERATED => "values",
        "HND" | "CLU" => HANDLES,
        "RX" | "ARX" | "RES" => "bytes",
        area => area,
    }
}

/// The runtime in the role that is to blame.
fn who(finding: &Finding) -> String {
    let runtime = &finding.runtime;
    match finding.blame {
        Blame::Parent => format!("{runtime} as parent"),
        Blame::Child => format!("{runtime} as child"),
        Blame::Together => format!("{runtime} with itself"),
        Blame::Both | Blame::Unknown => runtime.clone(),
    }
}

/// Whose fault a difference is that shows in `pairings`. Each of its cases was `played` by some: one
/// case that all have played tells it.
fn blame<'a>(
    reference: &str,
    runtime: &str,
    pairings: &[String],
    played: impl IntoIterator<Item = &'a [String]>,
) -> Blame {
    let own = format!("{runtime}:{runtime}");
    let parent = format!("{runtime}:{reference}");
    let child = format!("{reference}:{runtime}");
    let shows = |parent: &str, child: &str| pairings.contains(&format!("{parent}:{child}"));
    // Beside the raw peer there is nobody else to blame.
    let raw_parent = shows(runtime, raw::NAME);
    let raw_child = shows(raw::NAME, runtime);
    let told = raw_parent
        || raw_child
        || played
            .into_iter()
            .any(|played| [&own, &parent, &child].iter().all(|pairing| played.contains(pairing)));
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

fn add(list: &mut Vec<String>, word: &str) {
    if !list.iter().any(|have| have == word) {
        list.push(word.to_owned());
    }
}

#[cfg(test)]
mod tests;
