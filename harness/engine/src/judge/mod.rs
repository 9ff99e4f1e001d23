//! From histories to verdicts.

mod compare;
mod end;
mod findings;
mod fingerprint;
mod needs;
mod symptom;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ipc_plan::{EXIT_BAD_PLAN, EXIT_UNSUPPORTED, Role, Seen};

use crate::history::{Ending, History};
use crate::results::{Difference, DifferenceKind, Options, Verdict};
use crate::spec::{Case, Catalogue, Level};
use crate::text;

use end::end;
pub use findings::findings;
pub(crate) use findings::under_test;
pub(crate) use value::normalised;

/// The clause of generated messages, and the first word of the section of each: they show that
/// serialization as a whole is the same, not a clause of the catalogue.
pub const GENERATED: &str = "generated";

/// How many characters of what a reference wrote to stderr are told with its fault.
const SAID: usize = 400;

/// A clause without the number of a generated message.
pub(crate) fn plain(clause: &str) -> &str {
    if clause.starts_with(GENERATED) { GENERATED } else { clause }
}

/// What the judge makes of one play.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, for a verdict that is not about a difference.
    pub reason: Option<String>,
    /// How it ended, for a crash or a hang, as [`CaseResult::fingerprint`](crate::results::CaseResult::fingerprint).
    pub fingerprint: Option<String>,
    /// The differences to the reference.
    pub differences: Vec<Difference>,
    /// Places in which the reference histories differ among themselves.
    pub varying: Vec<String>,
}

impl Judgement {
    /// Of a play that was not made.
    pub fn not_run(reason: &str) -> Self {
        Self::plain(Verdict::NotRun, reason)
    }

    fn plain(verdict: Verdict, reason: impl Into<String>) -> Self {
        Self {
            verdict,
            reason: Some(reason.into()),
            fingerprint: None,
            differences: Vec::new(),
            varying: Vec::new(),
        }
    }
}

/// What can fail a case.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The clauses, for their levels.
    pub catalogue: &'a Catalogue,
    /// The lowest level that can.
    pub level: Level,
    /// The clauses that can, where not all can. Generated messages always can.
    pub required: Option<&'a BTreeSet<String>>,
}

impl<'a> Rules<'a> {
    /// Those of a run with these options.
    pub fn of(catalogue: &'a Catalogue, options: &Options) -> Self {
        let set = options.requirement_set.as_deref();
        let set = set.and_then(|name| catalogue.requirement_set(name).ok());
        Self { catalogue, level: options.level, required: set.map(|set| &set.clauses) }
    }

    /// Whether the difference, wherever it is met, fails a case.
    pub(crate) fn can_fail(&self, difference: &Difference) -> bool {
        let clause = &difference.clause;
        difference.kind != DifferenceKind::Message
            && difference.level <= self.level
            && (clause.starts_with(GENERATED) || self.required.is_none_or(|r| r.contains(clause)))
    }
}

/// Judges one play of a case.
///
/// `references` are the histories of the reference pairing, at least one: any of them is legal,
/// and a place in which they vary is open.
pub fn judge(
    case: &Case,
    references: &[History],
    observed: &History,
    rules: Rules<'_>,
) -> Judgement {
    if let Some(problem) = references.iter().find_map(|history| unusable(case, history)) {
        return Judgement::plain(Verdict::HarnessError, format!("the reference {problem}"));
    }
    if let Ending::NotStarted { error } = &observed.ending {
        return Judgement::plain(Verdict::HarnessError, format!("failed to start: {error}"));
    }
    if let Some((role, step, reason)) = unsupported(observed) {
        return Judgement::plain(Verdict::Unsupported, format!("{role}: {step}: {reason}"));
    }
    if observed.ending == (Ending::Exited { code: EXIT_UNSUPPORTED }) {
        let reason = "the parent's driver exits as unsupported without a record that says of what";
        return Judgement::plain(Verdict::HarnessError, reason);
    }

    // A driver that cannot begin says nothing about its runtime.
    if observed.ending == (Ending::Exited { code: EXIT_BAD_PLAN }) && observed.parent.is_empty() {
        return Judgement::plain(Verdict::HarnessError, observed.breaches.join("; "));
    }

    let clause = case.clauses.first().map_or("", String::as_str);
    let frame = compare::Frame {
        order: case.order,
        raw: case.plan.link.raw().is_some(),
        clause,
        catalogue: rules.catalogue,
    };
    let (differences, varying) = differences(&frame, references, observed);
    let done = |verdict, reason: Option<String>| Judgement {
        verdict,
        reason,
        fingerprint: None,
        differences: differences.clone(),
        varying: varying.clone(),
    };

    if let Some((verdict, end)) = end(references, observed) {
        return Judgement { fingerprint: Some(end.fingerprint), ..done(verdict, Some(end.words)) };
    }
    if !observed.breaches.is_empty() {
        return done(Verdict::HarnessError, Some(observed.breaches.join("; ")));
    }
    if !observed.leaked.is_empty() && references.iter().all(|r| r.leaked.is_empty()) {
        let reason = format!("leaves descendants behind: {}", observed.leaked.join("; "));
        return done(Verdict::Fail, Some(reason));
    }
    if differences.iter().any(|difference| rules.can_fail(difference)) {
        return done(Verdict::Fail, None);
    }
    done(if differences.is_empty() { Verdict::Pass } else { Verdict::NonStrict }, None)
}

/// Why a reference history cannot decide anything.
fn unusable(case: &Case, history: &History) -> Option<String> {
    if let Some(breach) = history.breaches.first() {
        return Some(format!("breaks the driver contract: {breach}"));
    }
    match &history.ending {
        Ending::TimedOut { limit_ms } => return Some(format!("did not end within {limit_ms} ms")),
        Ending::NotStarted { error } => return Some(format!("did not start: {error}")),
        Ending::Exited { .. } | Ending::Signalled { .. } => {}
    }
    if let Some((role, step, reason)) = unsupported(history) {
        return Some(format!("cannot perform the case: {role}: {step}: {reason}"));
    }
    if let Some(leaked) = history.leaked.first() {
        return Some(format!("leaves a descendant behind: {leaked}"));
    }
    let need = needs::unmet(case, history)?;
    let mut problem = format!("does not show what the case needs: {need}");
    if !history.stderr.trim().is_empty() {
        let said = text::short(history.stderr.trim(), SAID);
        let _ = write!(problem, "; its processes said on stderr: {said}");
    }
    Some(problem)
}

/// The record of a driver that cannot perform its role.
fn unsupported(history: &History) -> Option<(Role, &str, &str)> {
    Role::ALL.into_iter().find_map(|role| {
        history.log(role).iter().find_map(|record| match &record.seen {
            Seen::Unsupported { step, reason } => Some((role, step.as_str(), reason.as_str())),
            _ => None,
        })
    })
}

/// The differences to the references that leave fewest, and the places in which these differ among
/// themselves, as seen from the first.
///
/// A history may part from a reference where another reference does. The place is that reference's
/// own: a record or an order. Whatever comes behind it is compared.
fn differences(
    frame: &compare::Frame<'_>,
    references: &[History],
    observed: &History,
) -> (Vec<Difference>, Vec<String>) {
    let mut distinct: Vec<&History> = Vec::new();
    for reference in references {
        if distinct.iter().all(|other| !compare::compare(frame, other, reference).is_empty()) {
            distinct.push(reference);
        }
    }
    let open = |reference: &History| -> BTreeSet<String> {
        let others = distinct.iter().flat_map(|other| compare::compare(frame, reference, other));
        others.map(|found| found.place).collect()
    };
    let differences = distinct.iter().map(|reference| {
        let mut found = compare::compare(frame, reference, observed);
        if !found.is_empty() && distinct.len() > 1 {
            let open = open(reference);
            found.retain(|found| !open.contains(&found.place));
        }
        found
    });
    let fewest = differences.min_by_key(Vec::len).unwrap_or_default();
    let varying = match distinct[..] {
        [first, _, ..] => open(first).into_iter().collect(),
        _ => Vec::new(),
    };
    (fewest.into_iter().map(|found| found.difference).collect(), varying)
}
