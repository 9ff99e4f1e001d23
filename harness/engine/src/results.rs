//! The result of a run: the content of `results.json`.

use std::collections::BTreeMap;

use ipc_plan::{Role, Seen};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::history::History;
use crate::spec::Level;
use crate::text::{self, count};

/// Version of the format of `results.json`.
pub const SCHEMA: u32 = 2;

/// One run of the suite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Results {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The program that made this.
    pub tool: Tool,
    /// The machine.
    pub host: Host,
    /// The runtime that decides what is right.
    pub reference: RuntimeInfo,
    /// The runtimes under test.
    pub runtimes: Vec<RuntimeInfo>,
    /// The options that decide what is run: seed, level, number of generated values.
    pub options: Options,
    /// One entry for each case and pairing, sorted by case id, then pairing.
    pub cases: Vec<CaseResult>,
    /// Differences with one cause, in order of first appearance.
    pub findings: Vec<Finding>,
    /// One entry for each clause of the catalogue, sorted by id.
    pub clauses: Vec<ClauseResult>,
    /// Problems of the run as a whole, such as an expectation that matches no case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// Whether the run was interrupted before every play had been made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// Counts.
    pub summary: Summary,
}

/// The program that made the results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `ipc-conformance`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Hash of the clauses and cases that were known to it.
    pub suite: String,
}

/// The machine that a run was made on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// `linux`.
    pub os: String,
    /// Kernel release.
    pub kernel: String,
    /// `x86_64`.
    pub arch: String,
    /// Logical processors.
    pub cpus: u32,
    /// When the run began, in seconds since 1970.
    pub started: u64,
    /// How long it took.
    pub duration_ms: u64,
}

/// A runtime that took part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RuntimeInfo {
    /// The name it has in pairings.
    pub name: String,
    /// Its version as its driver says.
    pub version: String,
    /// The Node version it announces itself as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The launch line, up to the driver.
    pub command: Vec<String>,
    /// Median time from start to exit of `describe`, in milliseconds: the calibration.
    pub startup_ms: f64,
    /// What its driver says it can do.
    pub capabilities: Vec<String>,
}

/// What decides which plans are played.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Options {
    /// The lowest level that can fail a case.
    pub level: Level,
    /// The pairings under test, `parent:child`; `raw` is the harness itself.
    #[serde(default)]
    pub pairs: Vec<String>,
    /// How often each play was made from the start, at least once.
    #[serde(default = "once")]
    pub repeat: u32,
    /// Seed of the generated messages.
    pub seed: String,
    /// How many values were generated.
    pub generated: u32,
    /// Filters over case ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<String>,
    /// The requirement set: clauses that it does not list fail nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement_set: Option<String>,
    /// Whether expected findings were looked at a second time with a relay, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tap: bool,
    /// `I/N`, where the run was one shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// Options that `ipc-conformance replay` needs to play the same: who the runtimes are, where
    /// the specs are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replay: Vec<String>,
}

fn once() -> u32 {
    1
}

/// What became of one case in one pairing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseResult {
    /// The case.
    pub id: String,
    /// The clauses it shows.
    pub clauses: Vec<String>,
    /// `parent:child`.
    pub pairing: String,
    /// The verdict.
    pub verdict: Verdict,
    /// How the verdict stands to what was expected.
    pub expectation: Expectation,
    /// Why, for verdicts that are not about a difference: what was unsupported, what breached
    /// the contract, how long was waited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the entries say that expect it, that are stale, or that expect another failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expectation_reason: Option<String>,
    /// How it ended, for a crash or a hang: `parent-SIGSEGV`, `child-SIGABRT`, `parent-exit-1`, or who
    /// was at its steps: `parent-hang`, `child-hang`, `both-hang`, `end-hang` where nobody was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The findings that its differences belong to, that of the first difference first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    /// Duration of the play.
    pub duration_ms: u64,
    /// All differences to the reference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// How often the difference was seen, of how many plays, where the case was played again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reproduced: Option<Reproduced>,
    /// Places in which the reference itself varied, as `ROLE, SECTION: RECORD PATH`: they are not
    /// compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub varying: Vec<String>,
    /// What both sides observed; kept for every verdict other than `pass`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
    /// What the reference pairing observed; kept beside `history`. In a file it is left out where
    /// it is the same as that of the last entry before this one of the same case that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<History>,
    /// Token that `ipc-conformance replay` takes to play this again, with the options of the run
    /// ([`Options::replay`]).
    pub replay: String,
}

/// What became of a case.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All its clauses hold.
    Pass,
    /// It differs only where the level is `impl`, or only in the text of an error message.
    NonStrict,
    /// It differs where the level is `must` or `should`.
    Fail,
    /// The runtime died.
    Crash,
    /// The runtime did not end.
    Hang,
    /// The driver said that it cannot perform the plan.
    Unsupported,
    /// It was not played.
    NotRun,
    /// The harness or a driver broke its own contract, or the reference did not show what the
    /// case needs.
    HarnessError,
}

impl Verdict {
    /// All, the best first.
    pub const ALL: [Self; 8] = [
        Self::Pass,
        Self::NonStrict,
        Self::Fail,
        Self::Crash,
        Self::Hang,
        Self::Unsupported,
        Self::NotRun,
        Self::HarnessError,
    ];

    /// The name used in results and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::NonStrict => "non-strict",
            Self::Fail => "fail",
            Self::Crash => "crash",
            Self::Hang => "hang",
            Self::Unsupported => "unsupported",
            Self::NotRun => "not-run",
            Self::HarnessError => "harness-error",
        }
    }

    /// Whether it says that the runtime does not do as the reference does.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Fail | Self::Crash | Self::Hang)
    }
}

/// How a verdict stands to what was expected.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Expectation {
    /// As expected: good without an entry, or bad in the way an entry says.
    Expected,
    /// Bad without an entry, or in another way than the entry says.
    Unexpected,
    /// Good although an entry says it would be bad.
    Stale,
}

/// A place where a history differs from the reference's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// The clause that this place shows.
    pub clause: String,
    /// The clause's level.
    pub level: Level,
    /// The role that observed it.
    pub role: Role,
    /// What kind of difference it is.
    pub kind: DifferenceKind,
    /// Position in the log of the pairing, or of the reference where the pairing has nothing.
    pub at: usize,
    /// Path inside the record, such as `arguments[0].code`; empty where all of it differs.
    pub path: String,
    /// What the reference saw there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Seen>,
    /// What this pairing saw there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Seen>,
    /// One line for people.
    pub text: String,
    /// Clause, event, kind and shape of this difference, hashed.
    pub fingerprint: String,
}

/// Kinds of difference.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum DifferenceKind {
    /// The reference has an observation here and the pairing does not.
    Missing,
    /// The pairing has an observation here and the reference does not.
    Extra,
    /// Both have it, in another order.
    Order,
    /// A value differs.
    Value,
    /// Only the text of an error message differs.
    Message,
    /// The way a process ended differs.
    Ending,
}

/// How often a difference was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reproduced {
    /// Plays that differed.
    pub differed: u32,
    /// Plays in all.
    pub plays: u32,
}

/// Differences with one cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The runtime, a hash of what the differences look like, and `-known` where they are expected:
    /// the same where they are not is a finding of its own.
    pub id: String,
    /// The clauses.
    pub clauses: Vec<String>,
    /// The cases in which it shows.
    pub cases: Vec<String>,
    /// The pairings in which it shows.
    pub pairings: Vec<String>,
    /// The runtime under test.
    pub runtime: String,
    /// Which side of it differs.
    pub blame: Blame,
    /// One sentence a person understands.
    pub summary: String,
    /// The first difference, of the first case and pairing.
    pub first_difference: Difference,
    /// How often it was seen, over all its cases and pairings.
    pub reproduced: Reproduced,
    /// How often it was seen when its first case was played again with a relay between the two
    /// sides. What was on the wire then is in the histories of that case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tapped: Option<Reproduced>,
    /// Whether an expectation covers it.
    pub expected: bool,
    /// Command that plays the first case again.
    pub repro: String,
}

/// The side that a difference comes from, by the pattern of the pairings that show it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Blame {
    /// The runtime as parent.
    Parent,
    /// The runtime as child.
    Child,
    /// The runtime in either role.
    Both,
    /// Only the runtime together with itself.
    Together,
    /// None of the cases was played by all pairings that would tell.
    Unknown,
}

/// A clause over all pairings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClauseResult {
    /// The clause.
    pub id: String,
    /// Its level.
    pub level: Level,
    /// Whether a case that shows it was played to a verdict about it.
    pub tested: bool,
    /// Why no case shows it, where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untested: Option<String>,
    /// The worst verdict for this clause, by pairing.
    pub verdicts: BTreeMap<String, Verdict>,
}

/// Counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Entries of [`Results::cases`].
    pub cases: u32,
    /// By verdict name.
    pub by_verdict: BTreeMap<String, u32>,
    /// By pairing, then verdict name.
    pub by_pairing: BTreeMap<String, BTreeMap<String, u32>>,
    /// Entries whose verdict was not expected, or whose expectation is stale.
    pub unexpected: u32,
}

impl Results {
    /// The pairings that were played, in order of first appearance.
    pub fn pairings(&self) -> Vec<&str> {
        let mut pairings = Vec::new();
        for case in &self.cases {
            if !pairings.contains(&case.pairing.as_str()) {
                pairings.push(case.pairing.as_str());
            }
        }
        pairings
    }

    /// Why nothing can be concluded from the run as a whole; none where it is valid.
    pub fn invalid(&self) -> Option<String> {
        let number = |verdict| self.cases.iter().filter(|case| case.verdict == verdict).count();
        let errors = number(Verdict::HarnessError);
        if self.interrupted {
            let left = number(Verdict::NotRun);
            Some(format!("it was interrupted, with {} not run", count(left, "verdict")))
        } else if errors > 0 {
            Some(format!("it has {}", count(errors, "harness error")))
        } else {
            None
        }
    }
}

impl Options {
    /// The command that plays a case of the run again, from its [token](CaseResult::replay).
    pub fn again(&self, token: &str) -> String {
        let words = ["ipc-conformance", "replay", token].map(str::to_owned);
        text::command(&[&words[..], &self.replay].concat())
    }
}

impl CaseResult {
    /// Whether it is about the same case in the same pairing.
    pub(crate) fn is_of_same_plays(&self, other: &Self) -> bool {
        (&self.id, &self.pairing) == (&other.id, &other.pairing)
    }

    /// What its verdict says about one of its clauses.
    pub(crate) fn verdict_of(&self, clause: &str) -> Verdict {
        let touched = self.differences.iter().any(|difference| difference.clause == clause);
        match self.verdict {
            Verdict::Fail | Verdict::NonStrict if !self.differences.is_empty() && !touched => {
                Verdict::Pass
            }
            verdict => verdict,
        }
    }

    /// Its own reason and that of its expectation, as reports tell them.
    pub(crate) fn told(&self) -> Option<String> {
        match (&self.reason, &self.expectation_reason) {
            (Some(own), Some(expected)) if self.expectation == Expectation::Expected => {
                Some(format!("{own} (expected: {expected})"))
            }
            (Some(own), Some(other)) => Some(format!("{own}; {other}")),
            (own, expected) => own.clone().or_else(|| expected.clone()),
        }
    }
}

impl ClauseResult {
    /// Takes in one more verdict: the worst stays.
    pub(crate) fn add(&mut self, pairing: &str, verdict: Verdict) {
        let worst = self.verdicts.entry(pairing.to_owned()).or_insert(verdict);
        *worst = (*worst).max(verdict);
    }
}

impl Summary {
    /// Counts what became of all cases.
    pub fn of(cases: &[CaseResult]) -> Self {
        let mut summary = Self::default();
        for case in cases {
            summary.cases += 1;
            let verdict = case.verdict.name().to_owned();
            *summary.by_verdict.entry(verdict.clone()).or_default() += 1;
            let pairing = summary.by_pairing.entry(case.pairing.clone()).or_default();
            *pairing.entry(verdict).or_default() += 1;
            summary.unexpected += u32::from(case.expectation != Expectation::Expected);
        }
        summary
    }
}
