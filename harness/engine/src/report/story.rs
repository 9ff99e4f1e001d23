//! Findings, and cases that fail without one, as they are told.

use std::collections::{BTreeMap, BTreeSet};

use super::digest::is_unexpected;
use super::words;
use crate::history::History;
use crate::results::{
    CaseResult, Difference, DifferenceKind, Expectation, Finding, Options, Results, Verdict,
};
use crate::show;
use crate::text::count;

/// Clauses that are named in one line.
const MOST_CLAUSES: usize = 12;

/// Cases that are told together.
pub(super) struct Story<'a> {
    /// The finding's id, or one made from the first case.
    pub(super) id: String,
    pub(super) group: Group,
    pub(super) summary: String,
    pub(super) finding: Option<&'a Finding>,
    /// The first difference, where there is one.
    pub(super) difference: Option<&'a Difference>,
    pub(super) cases: Vec<&'a CaseResult>,
    /// The worst of its cases.
    pub(super) verdict: Verdict,
    /// Whether it is about expectations that no longer fail.
    pub(super) stale: bool,
}

/// What a story means for the one who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    Unexpected,
    Expected,
    NonStrict,
}

impl<'a> Story<'a> {
    /// Sign and word for the worst that it tells.
    pub(super) fn label(&self) -> (&'static str, &'static str) {
        if self.stale {
            let (word, sign, _) = words::expectation(Expectation::Stale);
            return (sign, word);
        }
        (words::glyph(self.verdict), self.verdict.name())
    }

    /// What the reference and the pairing show where they part.
    pub(super) fn sides(&self) -> Option<(String, String)> {
        let difference = self.difference?;
        if difference.kind == DifferenceKind::Ending
            && let Some(case) = self.cases.first()
            && let (Some(reference), Some(observed)) = (&case.reference, &case.history)
        {
            let parent =
                |history: &History| format!("the parent {}", show::ending(&history.ending));
            return Some((parent(reference), parent(observed)));
        }
        Some(show::sides(difference))
    }

    pub(super) fn clauses(&self) -> Vec<&'a str> {
        match self.finding {
            Some(finding) => finding.clauses.iter().map(String::as_str).collect(),
            None => {
                let clauses = self.cases.iter().flat_map(|case| &case.clauses);
                clauses.map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect()
            }
        }
    }

    pub(super) fn pairings(&self) -> Vec<&'a str> {
        let mut pairings = Vec::new();
        for case in &self.cases {
            if !pairings.contains(&case.pairing.as_str()) {
                pairings.push(case.pairing.as_str());
            }
        }
        if pairings.is_empty()
            && let Some(finding) = self.finding
        {
            pairings.extend(finding.pairings.iter().map(String::as_str));
        }
        pairings
    }

    /// The command that plays the first case again.
    pub(super) fn again(&self, options: &Options) -> String {
        match (self.finding, self.cases.first()) {
            (Some(finding), _) => finding.repro.clone(),
            (None, Some(case)) => options.again(&case.replay),
            (None, None) => String::new(),
        }
    }

    /// Why the first case, if possible an unexpected one, has its verdict, where its differences do
    /// not say so: how a runtime died, how long was waited, what was left behind, which entry expects
    /// something else. Without a finding, the summary says it.
    pub(super) fn reason(&self) -> Option<String> {
        let unexpected = self.cases.iter().find(|case| is_unexpected(case));
        let reason = self.finding.and(unexpected.or_else(|| self.cases.first())?.told())?;
        (!self.summary.contains(&reason)).then_some(reason)
    }

    /// How often it was seen.
    pub(super) fn seen(&self) -> Option<String> {
        let reproduced = match self.finding {
            Some(finding) => finding.reproduced,
            None => self.cases.first()?.reproduced?,
        };
        let plays = count(reproduced.plays as usize, "play");
        let unstable = if reproduced.differed < reproduced.plays { ", unstable" } else { "" };
        let tapped =
            self.finding.and_then(|finding| finding.tapped).map_or_else(String::new, |tapped| {
                format!(", and in {} of {} with a relay", tapped.differed, tapped.plays)
            });
        Some(format!("{} of {plays}{unstable}{tapped}", reproduced.differed))
    }

    /// The clauses, or the first of many and how many more there are.
    pub(super) fn first_clauses(&self) -> (Vec<&'a str>, usize) {
        let mut clauses = self.clauses();
        let more = clauses.len().saturating_sub(MOST_CLAUSES);
        clauses.truncate(MOST_CLAUSES);
        (clauses, more)
    }

    /// Places in which the reference itself varies, so that nothing there is compared.
    pub(super) fn varying(&self) -> BTreeSet<&'a str> {
        self.cases.iter().flat_map(|case| &case.varying).map(String::as_str).collect()
    }
}

/// All stories, the unexpected first, the worst first.
pub(super) fn stories(results: &Results) -> Vec<Story<'_>> {
    let mut told = BTreeSet::new();
    let mut stories: Vec<Story<'_>> = Vec::new();
    for finding in &results.findings {
        let mut cases = Vec::new();
        for (index, case) in results.cases.iter().enumerate() {
            if case.findings.contains(&finding.id) {
                told.insert(index);
                cases.push(case);
            }
        }
        let verdict = cases.iter().map(|case| case.verdict).max().unwrap_or(Verdict::Fail);
        let group = match verdict {
            _ if !finding.expected => Group::Unexpected,
            Verdict::Pass | Verdict::NonStrict => Group::NonStrict,
            _ => Group::Expected,
        };
        // The difference as the case has it that is shown: its position is that of its log.
        let difference = cases
            .first()
            .and_then(|case| {
                let fingerprint = &finding.first_difference.fingerprint;
                case.differences.iter().find(|d| d.fingerprint == *fingerprint)
            })
            .unwrap_or(&finding.first_difference);
        stories.push(Story {
            id: finding.id.clone(),
            group,
            summary: finding.summary.clone(),
            finding: Some(finding),
            difference: Some(difference),
            cases,
            verdict,
            stale: false,
        });
    }
    let mut rest: BTreeMap<_, Vec<&CaseResult>> = BTreeMap::new();
    for (index, case) in results.cases.iter().enumerate() {
        let stale = case.expectation == Expectation::Stale;
        let bad = case.verdict.is_bad() || is_unexpected(case);
        if (bad && !told.contains(&index)) || stale {
            rest.entry((case.verdict, case.expectation, case.told())).or_default().push(case);
        }
    }
    for ((verdict, expectation, reason), cases) in rest {
        let first = cases[0];
        let others = match cases.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let place = format!("{} in {}{others}", first.id, first.pairing);
        let because = reason.as_deref().map_or_else(String::new, |reason| format!(": {reason}"));
        let what = match verdict {
            _ if expectation == Expectation::Stale => "an expectation no longer fails",
            Verdict::Crash => "a runtime dies",
            Verdict::Hang => "it does not end",
            Verdict::HarnessError => "the harness or a driver breaks its own contract",
            _ => "it fails without a difference between the logs",
        };
        let summary = format!("{what}, {place}{because}");
        let group = match expectation {
            _ if cases.iter().any(|case| is_unexpected(case)) => Group::Unexpected,
            _ => Group::Expected,
        };
        stories.push(Story {
            id: format!("{}-{}-{}", verdict.name(), first.id, first.pairing),
            group,
            summary,
            finding: None,
            difference: first.differences.first(),
            cases,
            verdict,
            stale: expectation == Expectation::Stale,
        });
    }
    stories.sort_by_key(|story| (story.group, rank(story), std::cmp::Reverse(story.cases.len())));
    stories
}

/// The worst first; what says nothing about the runtime last.
fn rank(story: &Story<'_>) -> u8 {
    match story.verdict {
        Verdict::Crash => 0,
        Verdict::Hang => 1,
        Verdict::Fail => 2,
        Verdict::NonStrict => 3,
        Verdict::Pass => 4,
        Verdict::Unsupported | Verdict::NotRun => 5,
        Verdict::HarnessError => 6,
    }
}
