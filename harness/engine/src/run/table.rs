//! What a run plays, row by row: a case with a pairing, its plays, and what became of them.

use std::collections::BTreeMap;
use std::iter::repeat_n;
use std::ops::{ControlFlow, Range};

use super::pairings::Pairings;
use super::{CONFIRM, MANY, Progress, Run, SIGHTINGS, assemble, verdict};
use crate::history::History;
use crate::judge;
use crate::play::{Job, Pairing, PlayError, Stopped};
use crate::results::{CaseResult, Expectation, Finding};
use crate::spec::Case;

/// All rows of a run.
pub(super) struct Table<'r> {
    run: &'r Run<'r>,
    cases: Vec<Played<'r>>,
    rows: Vec<Row<'r>>,
}

/// A case, as the reference plays it.
struct Played<'r> {
    case: &'r Case,
    reference: &'r Pairing,
    references: Vec<History>,
    /// Plays of all its rows that are not made yet.
    open: usize,
    rows: Range<usize>,
}

/// A case with a pairing.
struct Row<'r> {
    /// The position of its case.
    case: usize,
    pairing: &'r Pairing,
    /// Whether it has no plays of its own: the reference's are judged.
    is_reference: bool,
    is_known_to_hang: bool,
    is_known_to_differ: bool,
    /// Those made so far, while somebody may ask for them.
    plays: Vec<History>,
    result: Option<CaseResult>,
}

/// One play, by the position of its case or of its row.
#[derive(Clone, Copy)]
enum Play {
    OfReference(usize),
    OfRow(usize),
}

impl<'r> Table<'r> {
    pub(super) fn new(run: &'r Run<'r>, cases: &[&'r Case], pairings: &'r Pairings) -> Self {
        let mut table = Self { run, cases: Vec::new(), rows: Vec::new() };
        for case in cases {
            let first = table.rows.len();
            for (index, pairing) in pairings.of(case).iter().enumerate() {
                let unknown = run.judged(case, pairing, &[], &[]);
                table.rows.push(Row {
                    case: table.cases.len(),
                    pairing,
                    is_reference: index == 0 && !pairings.test_reference(case.plan.link),
                    is_known_to_hang: assemble::is_known_to_hang(run, &unknown),
                    is_known_to_differ: assemble::is_known_to_differ(run, &unknown),
                    plays: Vec::new(),
                    result: None,
                });
            }
            let Some(reference) = pairings.of(case).first() else { continue };
            table.cases.push(Played {
                case,
                reference,
                references: Vec::new(),
                open: 0,
                rows: first..table.rows.len(),
            });
        }
        table
    }

    /// Plays everything, and again what is not certain then. The error in the middle is why it
    /// could not go on.
    pub(super) fn play(
        mut self,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(Vec<CaseResult>, Option<PlayError>), PlayError> {
        let (mut stopped, mut failed) = self.make(&self.first_plays(), progress);
        if self.rows.iter().all(|row| row.result.is_none())
            && let Some(error) = failed
        {
            return Err(error);
        }
        let enough = stopped == Stopped::Enough;
        while failed.is_none() && stopped != Stopped::Interrupted {
            // A run that stops at its first failure has no time to find out about others.
            let samples = if enough { BTreeMap::new() } else { self.samples() };
            let again = self.in_doubt(&samples);
            if again.is_empty() {
                break;
            }
            (stopped, failed) = self.make(&again, progress);
        }
        let reason = if failed.is_some() {
            "the run could not go on"
        } else if enough {
            "the run was stopped at the first failure"
        } else {
            "the run was interrupted"
        };
        let Self { run, cases, rows } = self;
        let result = |row: Row<'_>| {
            row.result.unwrap_or_else(|| run.not_run(cases[row.case].case, row.pairing, reason))
        };
        Ok((rows.into_iter().map(result).collect(), failed))
    }

    /// Each play as often as the user wants it.
    fn first_plays(&self) -> Vec<Play> {
        let repeat = self.run.options.repeat.max(1) as usize;
        let mut plays = Vec::new();
        for (number, case) in self.cases.iter().enumerate() {
            plays.extend(repeat_n(Play::OfReference(number), repeat));
            for row in case.rows.clone().filter(|row| !self.rows[*row].is_reference) {
                plays.extend(repeat_n(Play::OfRow(row), repeat));
            }
        }
        plays
    }

    /// How many plays there have to be, of which rows, until each finding was looked for often
    /// enough. The quick rows are chosen.
    fn samples(&mut self) -> BTreeMap<usize, usize> {
        let results = self.rows.iter_mut().map(|row| row.result.take()).enumerate();
        let (rows, mut results): (Vec<usize>, Vec<CaseResult>) =
            results.filter_map(|(row, result)| Some((row, result?))).unzip();
        let findings = judge::findings(&self.run.reference.name, &self.run.options, &mut results);
        let shows = |finding: &Finding| -> Vec<(u64, usize)> {
            let shows = rows.iter().zip(&results);
            let shows = shows.filter(|(_, result)| result.findings.contains(&finding.id));
            shows.map(|(row, result)| (result.duration_ms, *row)).collect()
        };
        let mut shown: Vec<Vec<(u64, usize)>> = findings.iter().map(shows).collect();
        // What is seen in few rows leaves little choice, and may tell of other findings too.
        shown.sort_by_key(Vec::len);
        let mut samples: BTreeMap<usize, usize> = BTreeMap::new();
        for shown in shown {
            let mut made = 0;
            for (_, row) in &shown {
                made += *samples.entry(*row).or_insert(self.rows[*row].plays.len());
            }
            if let Some(plays) = shown.iter().min().and_then(|(_, row)| samples.get_mut(row)) {
                *plays += CONFIRM.saturating_sub(made);
            }
        }
        for (row, result) in rows.into_iter().zip(results) {
            self.rows[row].result = Some(CaseResult { findings: Vec::new(), ..result });
        }
        samples
    }

    /// Plays that are missing until all is certain, the reference's with them: it may vary by
    /// itself. `samples` are to be played so often besides.
    fn in_doubt(&self, samples: &BTreeMap<usize, usize>) -> Vec<Play> {
        let mut plays = Vec::new();
        for (number, case) in self.cases.iter().enumerate() {
            let mut most = 0;
            for row in case.rows.clone() {
                let wanted = wanted(&self.rows[row]);
                most = most.max(wanted);
                if !self.rows[row].is_reference {
                    let wanted = wanted.max(samples.get(&row).copied().unwrap_or(0));
                    let missing = wanted.saturating_sub(self.rows[row].plays.len());
                    plays.extend(repeat_n(Play::OfRow(row), missing));
                }
            }
            let missing = most.saturating_sub(case.references.len());
            plays.extend(repeat_n(Play::OfReference(number), missing));
        }
        plays
    }

    /// Makes plays, and judges each case as soon as it has all of them.
    fn make(
        &mut self,
        plays: &[Play],
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> (Stopped, Option<PlayError>) {
        for play in plays {
            let case = self.case_of(*play);
            self.cases[case].open += 1;
        }
        progress(Progress::Plays(plays.len()));
        // What waits begins first: it needs time rather than work, and the others are made meanwhile.
        let mut plays = plays.to_vec();
        plays.sort_by_key(|play| std::cmp::Reverse(self.waiting(*play)));
        let pairings: Vec<Option<Pairing>> = plays
            .iter()
            .map(|play| self.hangs(*play).then(|| self.job(*play).pairing.hasty()))
            .collect();
        let jobs: Vec<Job<'_>> = plays
            .iter()
            .zip(&pairings)
            .map(|(play, hasty)| {
                let job = self.job(*play);
                Job { pairing: hasty.as_ref().unwrap_or(job.pairing), ..job }
            })
            .collect();
        let mut failed = None;
        let stopped = self.run.pool.run(&jobs, |index, result| match result {
            Ok(history) => {
                progress(Progress::Played);
                self.add(plays[index], history, progress)
            }
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        });
        (stopped, failed)
    }

    /// Whether it is known to hang.
    fn hangs(&self, play: Play) -> bool {
        matches!(play, Play::OfRow(row) if self.rows[row].is_known_to_hang)
    }

    /// For how long the play probably waits, in milliseconds: as long as it took before. What differs
    /// may wait for something that does not come.
    fn waiting(&self, play: Play) -> u64 {
        let Play::OfRow(row) = play else { return 0 };
        match &self.rows[row].result {
            Some(result) => result.duration_ms,
            None if self.rows[row].is_known_to_hang => u64::MAX,
            None => self.rows[row].is_known_to_differ.into(),
        }
    }

    fn case_of(&self, play: Play) -> usize {
        match play {
            Play::OfReference(case) => case,
            Play::OfRow(row) => self.rows[row].case,
        }
    }

    fn job(&self, play: Play) -> Job<'r> {
        let case = &self.cases[self.case_of(play)];
        let pairing = match play {
            Play::OfReference(_) => case.reference,
            Play::OfRow(row) => self.rows[row].pairing,
        };
        Job { plan: &case.case.plan, pairing }
    }

    /// Takes a play, and judges its case where it was the last that was missing.
    fn add(
        &mut self,
        play: Play,
        history: History,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> ControlFlow<()> {
        let case = self.case_of(play);
        match play {
            Play::OfReference(case) => self.cases[case].references.push(history),
            Play::OfRow(row) => self.rows[row].plays.push(history),
        }
        self.cases[case].open -= 1;
        if self.cases[case].open == 0 {
            self.judge(case, progress)
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Judges the rows of a case by all plays there are. Breaks where that ends the run.
    fn judge(&mut self, case: usize, progress: &mut dyn FnMut(Progress<'_>)) -> ControlFlow<()> {
        let run = self.run;
        let Played { case, references, rows, .. } = &mut self.cases[case];
        let rows = &mut self.rows[rows.clone()];
        let mut next = ControlFlow::Continue(());
        for row in rows.iter_mut() {
            let plays = if row.is_reference { &*references } else { &row.plays };
            // What was certain before has none left.
            if plays.is_empty() {
                continue;
            }
            let count = plays.len();
            let result = run.judged(case, row.pairing, references, plays);
            let is_surprise = result.expectation != Expectation::Expected;
            if run.fail_fast && is_surprise && row.result.is_none() {
                next = ControlFlow::Break(());
            }
            row.result = Some(result);
            if is_good(row) {
                row.plays.clear();
            }
            if wanted(row) <= count
                && let Some(result) = &row.result
            {
                progress(Progress::Judged(result));
            }
        }
        if rows.iter().all(is_good) {
            references.clear();
        }
        next
    }
}

/// Whether nothing more is to be learnt of it.
fn is_good(row: &Row<'_>) -> bool {
    row.result.as_ref().is_some_and(verdict::is_good)
}

/// How many plays there have to be before the result is believed: a surprise is played again, and
/// more often where it is seen too seldom; what is known and what fails nobody is not.
fn wanted(row: &Row<'_>) -> usize {
    let Some(result) = &row.result else { return 0 };
    let seen =
        result.reproduced.map_or((1, 1), |seen| (seen.differed as usize, seen.plays as usize));
    match result.expectation {
        Expectation::Expected => 0,
        Expectation::Unexpected if seen.0 < SIGHTINGS && seen.1 >= CONFIRM => MANY,
        Expectation::Unexpected | Expectation::Stale => CONFIRM,
    }
}
