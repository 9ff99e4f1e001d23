//! One verdict from all plays of a case by a pairing.

use super::{CONFIRM, Run, assemble};
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
        let differed = all.iter().filter(|one| one.verdict != Verdict::Pass).count();
        // The worst play speaks for all, unless it was the odd one out; what went wrong in the
        // harness is never that.
        all.sort_by_key(|one| std::cmp::Reverse(one.verdict));
        let valid = all.iter().all(|one| one.verdict != Verdict::HarnessError);
        let (known, surprises): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|one| one.expectation == Expectation::Expected);
        let count = surprises.len();
        let is_odd = valid && plays >= CONFIRM && count * 2 < plays;
        let mut worst = match (known.into_iter().next(), surprises.into_iter().next()) {
            (Some(known), Some(odd)) if is_odd => {
                self.without(known, odd, &format!("in {count} of {plays} plays"))
            }
            (_, Some(one)) | (Some(one), None) => one,
            (None, None) => return self.not_run(case, pairing, "no play was finished"),
        };
        if worst.verdict != Verdict::Pass {
            worst.reference = references.first().cloned();
            worst.reproduced = (plays > 1).then(|| Reproduced {
                differed: u32::try_from(differed).unwrap_or(u32::MAX),
                plays: u32::try_from(plays).unwrap_or(u32::MAX),
            });
        }
        worst
    }

    /// What most plays show, and that some show something else.
    fn without(&self, known: CaseResult, mut odd: CaseResult, some: &str) -> CaseResult {
        if known.verdict != Verdict::Pass {
            let reason = known.reason.map(|reason| format!("{reason}; ")).unwrap_or_default();
            return CaseResult { reason: Some(format!("{reason}something else {some}")), ..known };
        }
        odd.verdict = Verdict::NonStrict;
        odd.reason = Some(format!("differed {some}"));
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
