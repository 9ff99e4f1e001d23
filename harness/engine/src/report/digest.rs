//! What all reports have in common: the answer, the matrix, and the stories behind it.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{count, plural};
use super::{show, words};
use crate::history::{Ending, History};
use crate::results::{
    CaseResult, ClauseResult, Difference, DifferenceKind, Expectation, Finding, Results, Verdict,
};

/// What a run says as a whole, with the meaning of its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every verdict is as expected.
    AsExpected,
    /// Something fails that should not, or no longer fails although it should.
    Unexpected,
    /// The configuration is wrong: nothing was played, or an expectation matches nothing.
    Misconfigured,
    /// The harness broke its own contract or was interrupted: nothing can be concluded.
    Invalid,
}

impl Outcome {
    /// Of these results.
    pub fn of(results: &Results) -> Self {
        let any = |test: &dyn Fn(&CaseResult) -> bool| results.cases.iter().any(test);
        if results.interrupted || any(&|case| case.verdict == Verdict::HarnessError) {
            Self::Invalid
        } else if !results.problems.is_empty() || !any(&|case| case.verdict != Verdict::NotRun) {
            Self::Misconfigured
        } else if any(&|case| case.expectation != Expectation::Expected) {
            Self::Unexpected
        } else {
            Self::AsExpected
        }
    }

    /// The exit code that says so.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::AsExpected => 0,
            Self::Unexpected => 1,
            Self::Misconfigured => 2,
            Self::Invalid => 4,
        }
    }

    /// What the exit code means.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::AsExpected => "every verdict is as expected",
            Self::Unexpected => "not every verdict is as expected",
            Self::Misconfigured => "the configuration is wrong, see the problems",
            Self::Invalid => "the run is not valid: it was interrupted, or the harness failed",
        }
    }
}

/// Results, arranged for telling.
pub(super) struct Digest<'a> {
    pub(super) results: &'a Results,
    pub(super) outcome: Outcome,
    /// In order of appearance.
    pub(super) pairings: Vec<&'a str>,
    /// Verdicts that occur, and always pass and fail.
    pub(super) verdicts: Vec<Verdict>,
    /// Unexpected first, the worst first.
    pub(super) stories: Vec<Story<'a>>,
    /// What is wrong with the run as a whole.
    pub(super) alerts: Vec<String>,
}

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

impl<'a> Digest<'a> {
    pub(super) fn of(results: &'a Results) -> Self {
        let mut pairings = Vec::new();
        for case in &results.cases {
            if !pairings.contains(&case.pairing.as_str()) {
                pairings.push(case.pairing.as_str());
            }
        }
        let occurs = |verdict: Verdict| results.cases.iter().any(|case| case.verdict == verdict);
        let verdicts = Verdict::ALL
            .into_iter()
            .filter(|v| matches!(v, Verdict::Pass | Verdict::Fail) || occurs(*v))
            .collect();
        Self {
            results,
            outcome: Outcome::of(results),
            pairings,
            verdicts,
            stories: stories(results),
            alerts: alerts(results),
        }
    }

    /// How many cases of a pairing pass the test.
    pub(super) fn number(&self, pairing: &str, test: impl Fn(&CaseResult) -> bool) -> usize {
        self.results.cases.iter().filter(|case| case.pairing == pairing && test(case)).count()
    }

    pub(super) fn group(&self, group: Group) -> impl Iterator<Item = &Story<'a>> {
        self.stories.iter().filter(move |story| story.group == group)
    }

    pub(super) fn unexpected(&self) -> usize {
        self.results.cases.iter().filter(|case| is_unexpected(case)).count()
    }

    /// The answer in one line.
    pub(super) fn headline(&self) -> String {
        let unexpected = self.unexpected();
        let findings = self.group(Group::Unexpected).count();
        let bad = format!(
            "{} in {}",
            count(unexpected, "unexpected verdict"),
            count(findings, "finding")
        );
        match self.outcome {
            Outcome::AsExpected => "Every verdict is as expected".to_owned(),
            Outcome::Unexpected => bad,
            Outcome::Misconfigured
                if self.results.cases.iter().all(|c| c.verdict == Verdict::NotRun) =>
            {
                "Nothing was tested".to_owned()
            }
            Outcome::Misconfigured if unexpected == 0 => {
                "The configuration is wrong, see the problems".to_owned()
            }
            Outcome::Misconfigured => format!("{bad}, and the configuration is wrong"),
            Outcome::Invalid if unexpected == 0 => "Not a valid run: it was interrupted".to_owned(),
            Outcome::Invalid if self.results.interrupted => {
                format!("Not a valid run: interrupted, with {bad}")
            }
            Outcome::Invalid => {
                let number =
                    self.results.cases.iter().filter(|c| c.verdict == Verdict::HarnessError);
                format!("Not a valid run: {}; {bad}", count(number.count(), "harness error"))
            }
        }
    }

    /// Counts of all verdicts, the unexpected apart from the expected.
    pub(super) fn counts(&self) -> Vec<(String, usize)> {
        let mut counts = Vec::new();
        let mut add = |words: String, test: &dyn Fn(&CaseResult) -> bool| {
            let number = self.results.cases.iter().filter(|case| test(case)).count();
            if number > 0 {
                counts.push((words, number));
            }
        };
        for verdict in Verdict::ALL.into_iter().rev() {
            add(format!("unexpected {}", verdict.name()), &|case| {
                case.verdict == verdict && case.expectation == Expectation::Unexpected
            });
        }
        add("stale".to_owned(), &|case| case.expectation == Expectation::Stale);
        for verdict in Verdict::ALL.into_iter().rev() {
            let words = match verdict {
                v if v.is_bad() => format!("expected {}", v.name()),
                v => v.name().to_owned(),
            };
            add(words, &|case| {
                case.verdict == verdict && case.expectation == Expectation::Expected
            });
        }
        counts
    }

    /// Clauses: tested, without a case by decision, and not shown by this run.
    pub(super) fn clauses(&self) -> (usize, Vec<&'a ClauseResult>, Vec<&'a ClauseResult>) {
        let (tested, rest): (Vec<_>, Vec<_>) = self.results.clauses.iter().partition(|c| c.tested);
        let (decided, open) = rest.into_iter().partition(|clause| clause.untested.is_some());
        (tested.len(), decided, open)
    }

    /// `618 of 640 clauses tested`.
    pub(super) fn coverage(&self) -> String {
        let (tested, decided, open) = self.clauses();
        let all = self.results.clauses.len();
        let mut text = format!("{tested} of {} tested", count(all, "clause"));
        if !decided.is_empty() {
            text += &format!(", {} untested with a reason", decided.len());
        }
        if !open.is_empty() {
            text += &format!(", {} not shown by this run", open.len());
        }
        text
    }
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
    pub(super) fn again(&self) -> String {
        match (self.finding, self.cases.first()) {
            (Some(finding), _) => finding.repro.clone(),
            (None, Some(case)) => format!("ipc-conformance replay {}", case.replay),
            (None, None) => String::new(),
        }
    }

    /// How often it was seen.
    pub(super) fn seen(&self) -> Option<String> {
        let reproduced = match self.finding {
            Some(finding) => finding.reproduced,
            None => self.cases.first()?.reproduced?,
        };
        let plays = count(reproduced.plays as usize, "play");
        Some(format!("{} of {plays}", reproduced.differed))
    }
}

pub(super) fn is_unexpected(case: &CaseResult) -> bool {
    case.expectation != Expectation::Expected || case.verdict == Verdict::HarnessError
}

/// Whether a difference of this case belongs to the finding.
pub(super) fn shows(case: &CaseResult, finding: &Finding) -> bool {
    let fingerprint = &finding.first_difference.fingerprint;
    finding.pairings.contains(&case.pairing)
        && finding.cases.contains(&case.id)
        && case.differences.iter().any(|difference| difference.fingerprint == *fingerprint)
}

fn stories(results: &Results) -> Vec<Story<'_>> {
    let mut told = BTreeSet::new();
    let mut stories: Vec<Story<'_>> = Vec::new();
    for finding in &results.findings {
        let mut cases = Vec::new();
        for (index, case) in results.cases.iter().enumerate() {
            if shows(case, finding) {
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
            rest.entry((case.verdict, case.expectation, &case.reason)).or_default().push(case);
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

fn alerts(results: &Results) -> Vec<String> {
    let mut alerts = Vec::new();
    let number = |verdict| results.cases.iter().filter(|case| case.verdict == verdict).count();
    if results.interrupted {
        let left = number(Verdict::NotRun);
        alerts.push(format!(
            "The run was interrupted: {} {} not run. What follows is incomplete.",
            count(left, "verdict"),
            if left == 1 { "is" } else { "are" },
        ));
    }
    if results.cases.iter().all(|case| case.verdict == Verdict::NotRun) {
        alerts.push("Nothing was tested: no case was played.".to_owned());
    }
    let errors = number(Verdict::HarnessError);
    if errors > 0 {
        alerts.push(format!(
            "{}: the harness or a driver broke its own contract, so {} nothing about a runtime.",
            count(errors, "harness error"),
            if errors == 1 { "it says" } else { "they say" },
        ));
    }
    alerts.extend(results.problems.iter().cloned());
    let failed_to_start = results.cases.iter().filter(|case| {
        case.history.as_ref().is_some_and(|h| matches!(h.ending, Ending::NotStarted { .. }))
    });
    let not_started: BTreeSet<&str> = failed_to_start.map(|case| case.pairing.as_str()).collect();
    if !not_started.is_empty() {
        let names: Vec<&str> = not_started.into_iter().collect();
        alerts.push(format!(
            "The {} {} could not be started.",
            plural(names.len(), "pairing"),
            names.join(", ")
        ));
    }
    alerts
}
