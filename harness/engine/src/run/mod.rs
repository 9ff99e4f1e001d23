//! One run of the suite: plays every case with every pairing, judges, and puts together the
//! results.

mod assemble;
mod generated;
mod pairings;
mod tapped;

pub(crate) use generated::SMALLEST;
pub use generated::generated_case;
pub use pairings::{link, names, pairing};

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::path::PathBuf;
use std::time::Instant;

use ipc_plan::Link;

use crate::expectations::Expectations;
use crate::history::History;
use crate::judge::{self, Judgement, Rules};
use crate::play::{Job, Limits, Pairing, PlayError, Pool, Stopped};
use crate::results::{CaseResult, Expectation, Options, Reproduced, Results, Verdict};
use crate::runtime::Runtime;
use crate::spec::{Case, Catalogue};

use pairings::Pairings;

/// Everything a run needs.
#[derive(Debug)]
pub struct Run<'a> {
    /// The clauses, for levels and sentences.
    pub catalogue: &'a Catalogue,
    /// The cases to play.
    pub cases: Vec<Case>,
    /// Who decides.
    pub reference: &'a Runtime,
    /// Who is tested.
    pub runtimes: &'a [Runtime],
    /// What is known to fail.
    pub expectations: &'a Expectations,
    /// What decides which plans are played by whom and how often, as it will stand in the results.
    /// A case is played by the pairings of its link, and by the reference's pairing of that link.
    pub options: Options,
    /// Stop at the first unexpected verdict.
    pub fail_fast: bool,
    /// Look a second time, with a relay, at expected findings too.
    pub tap: bool,
    /// Where smallest differing messages are stored, to be played first from then on.
    pub regressions: Option<PathBuf>,
    /// Where plays are made.
    pub pool: Pool,
}

/// What a run tells while it goes on.
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// So many plays are to be made now.
    Plays(usize),
    /// A play was made.
    Played,
    /// A case has its verdict in a pairing.
    Judged(&'a CaseResult),
    /// A message that differs is made smaller.
    Shrinking {
        /// The pairing that differs.
        pairing: &'a str,
    },
}

/// Plays of a difference, in all, before it is reported.
const CONFIRM: usize = 3;
/// How many plays that are known to hang are made at a time, for each other.
const HANGS: usize = 8;

impl Run<'_> {
    /// Plays and judges everything.
    ///
    /// # Errors
    ///
    /// When nothing could be played at all. A run that ends in the middle is no error, whether
    /// it was interrupted or a play could not be made: what was played until then is in the
    /// results, everything else stands there as not run.
    pub fn execute(&self, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Results, PlayError> {
        let begin = Instant::now();
        let generated = generated::Batches::make(&self.options);
        let pairings = self.pairings();
        let (cases, inapplicable): (Vec<&Case>, Vec<&Case>) = self
            .cases
            .iter()
            .chain(generated.cases())
            .filter(|case| !pairings.of(case).is_empty())
            .partition(|case| self.inapplicable(case).is_none());
        let mut problems = Vec::new();
        let (mut judged, mut broken) = self.play_all(&cases, &pairings, progress)?;
        for case in inapplicable {
            let reason = self.inapplicable(case).unwrap_or_default();
            self.add_not_run(&[case], &pairings, &reason, &mut judged);
        }
        if broken.is_none() && !self.pool.interrupt.is_set() {
            let (shrunk, error) = self.shrink(
                &generated,
                pairings.with(Link::Pair),
                &judged,
                &mut problems,
                progress,
            );
            judged.extend(shrunk);
            broken = error;
        }
        let interrupted = broken.is_some() || self.pool.interrupt.is_set();
        let mut results =
            assemble::results(self, judged, &pairings.names(), interrupted, begin.elapsed());
        if !interrupted {
            broken = self.tap(&mut results, &cases, &pairings, progress).err();
            results.interrupted = broken.is_some() || self.pool.interrupt.is_set();
            let duration = begin.elapsed().as_millis();
            results.host.duration_ms = u64::try_from(duration).unwrap_or(u64::MAX);
        }
        problems.extend(broken.map(|error| format!("failed to {error}")));
        results.problems.extend(problems);
        Ok(results)
    }

    fn pairings(&self) -> Pairings {
        let load = Limits::load(self.pool.jobs);
        let find = |name: &str| {
            self.runtimes.iter().chain([self.reference]).find(|runtime| runtime.name == name)
        };
        Pairings::new(&self.reference.name, &self.options.pairs, |parent, child| {
            pairing(parent, child, find, &self.pool.host, load)
        })
    }

    /// Why the reference cannot show the case.
    fn inapplicable(&self, case: &Case) -> Option<String> {
        if !self.reference.speaks(case.plan.serialization) {
            return Some("the reference has no advanced serialization".to_owned());
        }
        self.catalogue.inapplicable(case, self.reference.node_major()?)
    }

    /// What can fail a case.
    fn rules(&self) -> Rules<'_> {
        let set = self.options.requirement_set.as_deref();
        let set = set.and_then(|name| self.catalogue.requirement_set(name).ok());
        Rules {
            catalogue: self.catalogue,
            level: self.options.level,
            required: set.map(|set| &set.clauses),
        }
    }

    /// Plays every case with every pairing. The error in the middle is why it could not go on.
    fn play_all(
        &self,
        cases: &[&Case],
        pairings: &Pairings,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(Vec<CaseResult>, Option<PlayError>), PlayError> {
        let repeat = self.options.repeat.max(1) as usize;
        let (mut hasty, mut others) = (Vec::new(), Vec::new());
        // The case of each play, and the plays of each case.
        let mut owners: Vec<usize> = Vec::new();
        let mut of_case: Vec<Range<usize>> = Vec::new();
        for (number, case) in cases.iter().enumerate() {
            let begin = owners.len();
            for pairing in pairings.of(case) {
                let (plan, plays) = (&case.plan, owners.len()..owners.len() + repeat);
                if assemble::is_known_to_hang(self, &self.judged(case, pairing, &[], &[])) {
                    hasty.extend(plays.map(|play| (play, plan, pairing.hasty())));
                } else {
                    others.extend(plays.map(|play| (play, Job { plan, pairing })));
                }
                owners.resize(owners.len() + repeat, number);
            }
            of_case.push(begin..owners.len());
        }
        progress(Progress::Plays(owners.len()));
        let mut slots: Vec<Option<History>> = vec![None; owners.len()];
        let mut open: Vec<usize> = of_case.iter().map(Range::len).collect();
        let mut done: Vec<CaseResult> = Vec::new();
        let mut failed = None;
        // Cases to look at more closely once everything was played, by their number.
        let mut doubts: BTreeMap<usize, Doubt> = BTreeMap::new();
        let mut finish = |play: usize, result: Result<History, PlayError>| {
            match result {
                Ok(history) => slots[play] = Some(history),
                Err(error) => {
                    failed = Some(error);
                    return ControlFlow::Break(());
                }
            }
            progress(Progress::Played);
            let number = owners[play];
            open[number] -= 1;
            if open[number] > 0 {
                return ControlFlow::Continue(());
            }
            let mut histories: Vec<Vec<History>> = Vec::new();
            for slots in slots[of_case[number].clone()].chunks_mut(repeat) {
                histories.push(slots.iter_mut().filter_map(Option::take).collect());
            }
            let references = histories[0].clone();
            for (index, observed) in histories.into_iter().enumerate() {
                let (case, pairing) = (cases[number], &pairings.of(cases[number])[index]);
                let result = self.judged(case, pairing, &references, &observed);
                if needs_confirmation(&result) {
                    let doubt = doubts.entry(number).or_insert_with(|| Doubt {
                        references: references.clone(),
                        observed: BTreeMap::new(),
                    });
                    doubt.observed.insert(index, observed);
                } else {
                    progress(Progress::Judged(&result));
                }
                let stop = self.fail_fast && result.expectation != Expectation::Expected;
                done.push(result);
                if stop {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        };
        // What is known to hang comes first, many at a time: it needs time rather than work, and
        // disturbs nobody there.
        let hangs: Vec<(usize, Job<'_>)> =
            hasty.iter().map(|(play, plan, pairing)| (*play, Job { plan, pairing })).collect();
        let many = Pool { jobs: self.pool.jobs.max(1) * HANGS, ..self.pool.clone() };
        let hangs = hangs.chunks(many.jobs).map(|plays| (&many, plays));
        let mut stopped = Stopped::Finished;
        for (pool, plays) in hangs.chain([(&self.pool, &others[..])]) {
            if stopped == Stopped::Finished {
                let (plays, jobs): (Vec<usize>, Vec<Job<'_>>) = plays.iter().copied().unzip();
                stopped = pool.run(&jobs, |index, result| finish(plays[index], result));
            }
        }
        if done.is_empty()
            && let Some(error) = failed
        {
            return Err(error);
        }
        if failed.is_none() && stopped != Stopped::Interrupted {
            failed = self.confirm(cases, pairings, doubts, &mut done, progress).err();
        }
        let reason = if failed.is_some() {
            Some("the run could not go on")
        } else if self.pool.interrupt.is_set() {
            Some("the run was interrupted")
        } else if stopped != Stopped::Finished {
            Some("the run was stopped at the first failure")
        } else {
            None
        };
        if let Some(reason) = reason {
            self.add_not_run(cases, pairings, reason, &mut done);
        }
        Ok((done, failed))
    }

    /// Plays what differed again, and the reference with it: Node may vary by itself.
    fn confirm(
        &self,
        cases: &[&Case],
        pairings: &Pairings,
        mut doubts: BTreeMap<usize, Doubt>,
        done: &mut [CaseResult],
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), PlayError> {
        let mut jobs = Vec::new();
        // The case of each job, and the index of its pairing; the reference has none.
        let mut owners = Vec::new();
        for (number, doubt) in &doubts {
            let (plan, pairings) = (&cases[*number].plan, pairings.of(cases[*number]));
            for _ in doubt.references.len()..CONFIRM {
                jobs.push(Job { plan, pairing: &pairings[0] });
                owners.push((*number, None));
            }
            for (index, observed) in &doubt.observed {
                for _ in observed.len()..CONFIRM {
                    jobs.push(Job { plan, pairing: &pairings[*index] });
                    owners.push((*number, Some(*index)));
                }
            }
        }
        progress(Progress::Plays(jobs.len()));
        let mut failed = None;
        self.pool.run(&jobs, |index, result| {
            match result {
                Ok(history) => {
                    let (number, pairing) = owners[index];
                    if let Some(doubt) = doubts.get_mut(&number) {
                        match pairing {
                            None => doubt.references.push(history),
                            Some(pairing) => {
                                doubt.observed.entry(pairing).or_default().push(history);
                            }
                        }
                    }
                }
                Err(error) => {
                    failed = Some(error);
                    return ControlFlow::Break(());
                }
            }
            progress(Progress::Played);
            ControlFlow::Continue(())
        });
        if let Some(error) = failed {
            return Err(error);
        }
        for (number, Doubt { references, observed }) in doubts {
            for (index, observed) in observed {
                let (case, pairing) = (cases[number], &pairings.of(cases[number])[index]);
                let result = self.judged(case, pairing, &references, &observed);
                progress(Progress::Judged(&result));
                let same =
                    |have: &&mut CaseResult| have.id == result.id && have.pairing == result.pairing;
                if let Some(place) = done.iter_mut().find(same) {
                    *place = result;
                }
            }
        }
        Ok(())
    }

    /// Judges all plays of a case by a pairing together.
    fn judged(
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
            (None, None) => {
                let nothing = Judgement::not_run("no play was finished");
                return self.result(case, pairing, nothing, None);
            }
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

    fn add_not_run(
        &self,
        cases: &[&Case],
        pairings: &Pairings,
        reason: &str,
        done: &mut Vec<CaseResult>,
    ) {
        for case in cases {
            for pairing in pairings.of(case) {
                if done.iter().any(|d| d.id == case.id && d.pairing == pairing.name) {
                    continue;
                }
                let mut result = self.judged(case, pairing, &[], &[]);
                result.reason = Some(reason.to_owned());
                done.push(result);
            }
        }
    }
}

/// A case that differed somewhere, with its plays so far.
struct Doubt {
    references: Vec<History>,
    /// By the index of the pairing.
    observed: BTreeMap<usize, Vec<History>>,
}

/// Whether a result is played again before it is believed: a surprise is, what is known and what
/// fails nobody is not.
fn needs_confirmation(result: &CaseResult) -> bool {
    result.verdict != Verdict::NotRun && result.expectation != Expectation::Expected
}
