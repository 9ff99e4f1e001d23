//! A second look at each finding: its first case again, with a relay between the two sides.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ipc_plan::Link;

use super::pairings::Pairings;
use super::{CONFIRM, Progress, Run};
use crate::history::History;
use crate::judge;
use crate::play::{Job, Pairing, PlayError};
use crate::results::{Reproduced, Results};
use crate::spec::Case;

/// A finding's first case, and its plays.
struct Look<'a> {
    /// Positions in the results.
    finding: usize,
    result: usize,
    case: &'a Case,
    reference: Pairing,
    pairing: Pairing,
    plays: Vec<History>,
}

impl Run<'_> {
    /// Plays the first case of each finding that is not expected, or of each that there is, with
    /// a relay: the reference once, and the pairing as often as a difference is confirmed. How
    /// often it was seen so, and what was on the wire, goes into the results.
    ///
    /// What the raw peer sees, it sees on the wire itself.
    pub(super) fn tap(
        &self,
        results: &mut Results,
        cases: &[&Case],
        pairings: &Pairings,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), PlayError> {
        let mut looks = self.looks(results, cases, pairings.with(Link::Pair));
        let jobs: Vec<Job<'_>> = looks
            .iter()
            .flat_map(|look| {
                let job = |pairing| Job { plan: &look.case.plan, pairing };
                std::iter::once(job(&look.reference))
                    .chain(std::iter::repeat_n(job(&look.pairing), CONFIRM))
            })
            .collect();
        progress(Progress::Plays(jobs.len()));
        let mut plays = BTreeMap::new();
        let mut failed = None;
        self.pool.run(&jobs, |index, result| {
            match result {
                Ok(history) => plays.insert(index, history),
                Err(error) => {
                    failed = Some(error);
                    return ControlFlow::Break(());
                }
            };
            progress(Progress::Played);
            ControlFlow::Continue(())
        });
        drop(jobs);
        for (index, history) in plays {
            looks[index / (CONFIRM + 1)].plays.push(history);
        }
        for look in looks {
            self.add(results, look);
        }
        failed.map_or(Ok(()), Err)
    }

    fn looks<'a>(
        &self,
        results: &Results,
        cases: &[&'a Case],
        pairings: &[Pairing],
    ) -> Vec<Look<'a>> {
        let tapped = |pairing: &Pairing| Pairing { tapped: true, ..pairing.clone() };
        let wanted =
            results.findings.iter().enumerate().filter(|(_, f)| self.options.tap || !f.expected);
        wanted
            .filter_map(|(finding, found)| {
                let (id, pairing) = (found.cases.first()?, found.pairings.first()?);
                let result =
                    results.cases.iter().position(|r| r.id == *id && r.pairing == *pairing)?;
                Some(Look {
                    finding,
                    result,
                    case: cases.iter().find(|case| case.id == *id)?,
                    reference: tapped(pairings.first()?),
                    pairing: tapped(pairings.iter().find(|known| known.name == *pairing)?),
                    plays: Vec::new(),
                })
            })
            .collect()
    }

    fn add(&self, results: &mut Results, look: Look<'_>) {
        let mut plays = look.plays.into_iter();
        // An interrupt may have left some out.
        let Some(reference) = plays.next() else { return };
        let plays: Vec<History> = plays.collect();
        let finding = &mut results.findings[look.finding];
        let differs = |history: &History| {
            let references = std::slice::from_ref(&reference);
            judge::judge(look.case, references, history, self.rules())
                .differences
                .iter()
                .any(|d| d.fingerprint == finding.first_difference.fingerprint)
        };
        let differed: Vec<bool> = plays.iter().map(differs).collect();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        finding.tapped = Some(Reproduced {
            differed: number(differed.iter().filter(|differs| **differs).count()),
            plays: number(plays.len()),
        });
        // The wire of a play that shows it, if one does.
        let shown = differed.iter().position(|differs| *differs).unwrap_or(0);
        let result = &mut results.cases[look.result];
        if let (Some(history), Some(play)) = (&mut result.history, plays.into_iter().nth(shown)) {
            history.wire = play.wire;
        }
        if let Some(history) = &mut result.reference {
            history.wire = reference.wire;
        }
    }
}
