//! Each case of each pairing of the Rust channel as a test of its own, and a snapshot of all
//! differences of each pairing, so that a change of behaviour shows as a diff to review.

mod support;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::OnceLock;

use ipc_conformance_engine::play::Interrupt;
use ipc_conformance_engine::results::{
    CaseResult, Difference, DifferenceKind, Expectation, Results, Verdict,
};
use ipc_conformance_engine::runtime::Runtime;
use ipc_conformance_engine::spec::Case;
use ipc_plan::{Link, Role};
use libtest_mimic::{Arguments, Failed, Trial};
use support::{catalogue, host, lines, node, play, runtime};

/// The pairings that play the cases of a link, the reference first.
const PAIRINGS: [(Link, &[(&str, &str)]); 3] = [
    (Link::Pair, &[("node", "node"), ("rust", "rust"), ("rust", "node"), ("node", "rust")]),
    (Link::RawParent, &[("raw", "node"), ("raw", "rust")]),
    (Link::RawChild, &[("node", "raw"), ("rust", "raw")]),
];

fn pairings(case: &Case) -> &'static [(&'static str, &'static str)] {
    PAIRINGS.iter().find(|(link, _)| *link == case.plan.link).map_or(&[], |(_, pairings)| pairings)
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let suite: &'static Suite = Box::leak(Box::new(Suite::new(&arguments)));
    let mut trials = vec![
        Trial::test("driver::node", || Ok(node()?.check(&host(), &Interrupt::new())?)),
        Trial::test("driver::rust", || Ok(rust()?.check(&host(), &Interrupt::new())?)),
    ];
    for case in &catalogue().cases {
        for &pairing in pairings(case) {
            let name = format!("{}:{}::{}", pairing.0, pairing.1, case.id);
            trials.push(Trial::test(name, move || suite.is_as_expected(case, pairing)));
        }
    }
    for &pairing in PAIRINGS.iter().flat_map(|(_, pairings)| *pairings) {
        let name = format!("{}:{}::differences", pairing.0, pairing.1);
        trials.push(Trial::test(name, move || suite.differs_as_known(pairing)));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn rust() -> Result<&'static Runtime, String> {
    static RUST: OnceLock<Result<Runtime, String>> = OnceLock::new();
    RUST.get_or_init(|| runtime("rust")).as_ref().map_err(Clone::clone)
}

/// A run of all cases, played when the first test asks; of one case, where tests were chosen.
struct Suite {
    /// Plays at a time in the run of all cases.
    jobs: usize,
    chosen: bool,
    /// Whether this process was started for one test, as nextest does it: then only what this
    /// test needs is played.
    alone: bool,
    all: OnceLock<Result<Results, String>>,
    played: BTreeMap<&'static str, OnceLock<Result<Results, String>>>,
}

impl Suite {
    fn new(arguments: &Arguments) -> Self {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let ids = catalogue().cases.iter().map(|case| (case.id.as_str(), OnceLock::new()));
        Self {
            jobs: arguments.test_threads.unwrap_or_else(cores),
            chosen: arguments.filter.is_some() || !arguments.skip.is_empty(),
            alone: arguments.exact,
            all: OnceLock::new(),
            played: ids.collect(),
        }
    }

    fn played(&self, case: &'static Case, pairing: (&str, &str)) -> Result<CaseResult, String> {
        let name = format!("{}:{}", pairing.0, pairing.1);
        let run = |cases, pairs: &[(&str, &str)], jobs| {
            play(cases, &[node()?.clone(), rust()?.clone()], pairs, jobs)
        };
        let results = if self.chosen {
            let played = &self.played[case.id.as_str()];
            let pairs = if self.alone { &[pairing] } else { &pairings(case)[1..] };
            played.get_or_init(|| run(vec![case.clone()], pairs, 1))
        } else {
            let tested = PAIRINGS.iter().flat_map(|(_, pairings)| &pairings[1..]).copied();
            self.all
                .get_or_init(|| run(catalogue().cases.clone(), &Vec::from_iter(tested), self.jobs))
        };
        let results = results.as_ref().map_err(Clone::clone)?;
        let wanted = |result: &&CaseResult| result.id == case.id && result.pairing == name;
        let found = results.cases.iter().find(wanted);
        found.cloned().ok_or_else(|| format!("{} was not played by {name}", case.id))
    }

    fn is_as_expected(&self, case: &'static Case, pairing: (&str, &str)) -> Result<(), Failed> {
        let result = self.played(case, pairing)?;
        if result.expectation == Expectation::Expected && result.verdict != Verdict::HarnessError {
            return Ok(());
        }
        let stale = match result.expectation {
            Expectation::Stale => ", although an expectation says otherwise",
            _ => "",
        };
        Err(Failed::from(format!("{}{stale}\n{}", ending(&result), lines(&result.differences))))
    }

    fn differs_as_known(&self, pairing: (&str, &str)) -> Result<(), Failed> {
        let mut text = String::new();
        for case in catalogue().cases.iter().filter(|case| pairings(case).contains(&pairing)) {
            let result = self.played(case, pairing)?;
            // What is not run depends on the Node that is there.
            if matches!(result.verdict, Verdict::Pass | Verdict::NotRun) {
                continue;
            }
            text.push_str(&format!("{}: {}\n", result.id, known(&result)));
            text.push_str(&lines(&first_of_each_side(&result.differences)));
        }
        let name = format!("differences_{}_{}", pairing.0, pairing.1);
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, text));
        Ok(())
    }
}

/// What stays the same from run to run: a hang tells milliseconds.
fn known(result: &CaseResult) -> String {
    match result.verdict {
        Verdict::Unsupported => ending(result),
        verdict => verdict.name().to_owned(),
    }
}

/// Where parent and child first differ. What follows from that, such as who gives up first, is
/// a matter of milliseconds. So is whether what is missing or what came in its place is noticed
/// first.
fn first_of_each_side(differences: &[Difference]) -> Vec<Difference> {
    let first = |role| {
        let mut all = differences.iter().filter(move |d| d.role == role);
        let first = all.next()?;
        let missing =
            |d: &&Difference| d.kind == DifferenceKind::Missing && d.clause == first.clause;
        let instead = if first.kind == DifferenceKind::Extra { all.find(missing) } else { None };
        Some(instead.unwrap_or(first).clone())
    };
    Role::ALL.into_iter().filter_map(first).collect()
}

/// The verdict, and why.
fn ending(result: &CaseResult) -> String {
    let reason = result.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{}{reason}", result.verdict.name())
}
