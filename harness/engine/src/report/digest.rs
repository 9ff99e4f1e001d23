//! What all reports have in common: the answer, the matrix, and the stories behind it.

use std::collections::BTreeSet;

use super::story::{Group, Story, stories};
use crate::history::Ending;
use crate::results::{CaseResult, ClauseResult, Expectation, Results, Verdict};
use crate::text::{count, plural};

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
        if results.invalid().is_some() {
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

impl<'a> Digest<'a> {
    pub(super) fn of(results: &'a Results) -> Self {
        let occurs = |verdict: Verdict| results.cases.iter().any(|case| case.verdict == verdict);
        let verdicts = Verdict::ALL
            .into_iter()
            .filter(|v| matches!(v, Verdict::Pass | Verdict::Fail) || occurs(*v))
            .collect();
        Self {
            results,
            outcome: Outcome::of(results),
            pairings: results.pairings(),
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

    /// Where the reference itself varies, as `CASE: PLACE`.
    pub(super) fn varying(&self) -> BTreeSet<String> {
        let cases = self.results.cases.iter();
        cases.flat_map(|c| c.varying.iter().map(|place| format!("{}: {place}", c.id))).collect()
    }

    /// How much is open because the reference varies.
    pub(super) fn open(&self) -> Option<String> {
        let places = self.varying().len();
        let name = &self.results.reference.name;
        let them = if places == 1 { "it is" } else { "they are" };
        (places > 0).then(|| {
            format!("{name} itself varies in {}: {them} not compared", count(places, "place"))
        })
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

pub(super) fn is_unexpected(case: &CaseResult) -> bool {
    case.expectation != Expectation::Expected || case.verdict == Verdict::HarnessError
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
