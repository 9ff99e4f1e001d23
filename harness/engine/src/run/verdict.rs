//! One verdict from all plays of a case by a pairing.

use super::{CONFIRM, MANY, Run, SIGHTINGS, assemble};
use crate::history::History;
use crate::judge::{self, Judgement};
use crate::play::Pairing;
use crate::results::{CaseResult, Expectation, Reproduced, Verdict};
use crate::spec::Case;

impl Run<'_> {
    /// Judges all plays of a case by a pairing together.
    pub(super) fn judged(
        &self,
        case: &Case,
        pairing: &Pairing,
        references: &[History],
        observed: &[History],
    ) -> CaseResult {
        let judge = |history| {
            let judgement = judge::judge(case, references, history, self.rules());
            self.result(case, pairing, judgement, Some(history))
        };
        let mut all: Vec<CaseResult> = observed.iter().map(judge).collect();
        let plays = all.len();
        let is_valid = all.iter().all(|one| one.verdict != Verdict::HarnessError);
        // The worst play of a kind speaks for it.
        all.sort_by_key(|one| std::cmp::Reverse(one.verdict));
        let mut of = |expectation| -> Vec<CaseResult> {
            all.extract_if(.., |one| one.expectation == expectation).collect()
        };
        let (unexpected, stale) = (of(Expectation::Unexpected), of(Expectation::Stale));
        // What is seen once in many plays is told; what goes wrong in the harness is never that.
        let is_chance = is_valid && unexpected.len() < SIGHTINGS && plays >= MANY;
        // What still fails in most plays is not stale.
        let is_known = stale.len() * 2 < plays && plays >= CONFIRM;
        let differs = |one: &CaseResult| one.verdict != Verdict::Pass;
        let mut count = all.iter().filter(|one| differs(one)).count();
        let mut speaker = all.into_iter().next();
        let mut odd: Vec<CaseResult> = Vec::new();
        for (surprises, is_odd) in [(stale, is_known), (unexpected, is_chance)] {
            if is_odd && speaker.is_some() {
                odd.extend(surprises);
            } else if !surprises.is_empty() {
                count = surprises.len();
                speaker = surprises.into_iter().next();
            }
        }
        let Some(mut result) = speaker else {
            return self.not_run(case, pairing, "no play was finished");
        };
        let some = odd.len();
        if let Some(odd) = odd.into_iter().max_by_key(|one| one.verdict) {
            if is_good(&result) {
                count = some;
            }
            result = self.with_odd(result, odd, &format!("in {some} of {plays} plays"));
        }
        if result.verdict != Verdict::Pass {
            result.reference = references.first().cloned();
            result.reproduced = (plays > 1).then(|| Reproduced {
                differed: u32::try_from(count).unwrap_or(u32::MAX),
                plays: u32::try_from(plays).unwrap_or(u32::MAX),
            });
        }
        result
    }

    /// The result that stands, and that some plays show something else.
    fn with_odd(&self, result: CaseResult, mut odd: CaseResult, some: &str) -> CaseResult {
        let of = odd.reason.take().map(|reason| format!(": {reason}")).unwrap_or_default();
        let told = format!("{} {some}{of}", odd.verdict.name());
        if !is_good(&result) {
            let reason = result.reason.map(|reason| format!("{reason}; ")).unwrap_or_default();
            return CaseResult { reason: Some(format!("{reason}{told}")), ..result };
        }
        odd.verdict = Verdict::NonStrict;
        odd.fingerprint = None;
        odd.reason = Some(told);
        assemble::expect(self, &mut odd);
        odd
    }

    /// The result of one play, or of none.
    fn result(
        &self,
        case: &Case,
        pairing: &Pairing,
        judgement: Judgement,
        history: Option<&History>,
    ) -> CaseResult {
        let keep = judgement.verdict != Verdict::Pass;
        let mut result = CaseResult {
            id: case.id.clone(),
            clauses: case.clauses.clone(),
            pairing: pairing.name.clone(),
            verdict: judgement.verdict,
            expectation: Expectation::Expected,
            reason: judgement.reason,
            expectation_reason: None,
            fingerprint: judgement.fingerprint,
            findings: Vec::new(),
            duration_ms: history.map_or(0, |history| history.duration_ms),
            differences: judgement.differences,
            reproduced: None,
            varying: judgement.varying,
            history: history.filter(|_| keep).cloned(),
            reference: None,
            replay: format!("{}@{}@{}", case.id, pairing.name, self.options.seed),
        };
        assemble::expect(self, &mut result);
        result
    }

    /// The result of a case that a pairing has not played.
    pub(super) fn not_run(&self, case: &Case, pairing: &Pairing, reason: &str) -> CaseResult {
        self.result(case, pairing, Judgement::not_run(reason), None)
    }
}

/// Whether there is nothing to be said of it.
pub(super) fn is_good(result: &CaseResult) -> bool {
    result.verdict == Verdict::Pass && result.expectation == Expectation::Expected
}
