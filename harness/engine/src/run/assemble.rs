//! Puts the results together.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Run;
use crate::judge;
use crate::results::{
    CaseResult, ClauseResult, Host, Results, RuntimeInfo, SCHEMA, Summary, Tool, Verdict,
};
use crate::runtime::Runtime;

/// Settles how the verdict stands to what was expected.
pub(super) fn expect(run: &Run<'_>, result: &mut CaseResult) {
    let reference = &run.reference.name;
    (result.expectation, result.expectation_reason) =
        run.expectations.judge(result, reference, &versions(run), run.rules());
}

/// Whether the case is expected to hang in the pairing, whatever the result says.
pub(super) fn is_known_to_hang(run: &Run<'_>, result: &CaseResult) -> bool {
    run.expectations.expect_a_hang(result, &run.reference.name, &versions(run))
}

/// Whether the case is expected to go wrong in the pairing in any way, whatever the result says.
pub(super) fn is_known_to_differ(run: &Run<'_>, result: &CaseResult) -> bool {
    run.expectations.speak_of(result, &run.reference.name, &versions(run))
}

/// Knows the version of each runtime.
fn versions<'a>(run: &Run<'a>) -> impl Fn(&str) -> Option<&'a str> {
    let runtimes = run.runtimes;
    move |name| runtimes.iter().find(|r| r.name == name).map(|r| r.describe.version.as_str())
}

pub(super) fn results(
    run: &Run<'_>,
    mut cases: Vec<CaseResult>,
    names: &[String],
    interrupted: bool,
    duration: Duration,
) -> Results {
    cases.sort_by(|a, b| (&a.id, order(names, a)).cmp(&(&b.id, order(names, b))));
    let findings = judge::findings(&run.reference.name, &run.options, &mut cases);
    let runtimes: Vec<RuntimeInfo> = run.runtimes.iter().map(Runtime::info).collect();
    let problems = run.expectations.unmatched(&cases, &runtimes, run.known);
    let summary = Summary::of(&cases);
    Results {
        schema: SCHEMA,
        tool: Tool {
            name: "ipc-conformance".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            suite: run.catalogue.hash(),
        },
        host: host(duration),
        reference: run.reference.info(),
        runtimes,
        options: run.options.clone(),
        clauses: clauses(run, &cases),
        cases,
        findings,
        problems,
        interrupted,
        summary,
    }
}

fn order(names: &[String], case: &CaseResult) -> usize {
    names.iter().position(|name| *name == case.pairing).unwrap_or(names.len())
}

fn clauses(run: &Run<'_>, cases: &[CaseResult]) -> Vec<ClauseResult> {
    let mut clauses: Vec<ClauseResult> = run
        .catalogue
        .clauses
        .iter()
        .map(|clause| ClauseResult {
            id: clause.id.clone(),
            level: clause.level,
            tested: false,
            untested: clause.untested.clone(),
            verdicts: BTreeMap::new(),
        })
        .collect();
    let index: BTreeMap<String, usize> =
        clauses.iter().enumerate().map(|(index, clause)| (clause.id.clone(), index)).collect();
    for case in cases {
        for clause in &case.clauses {
            let Some(entry) = index.get(clause).map(|index| &mut clauses[*index]) else { continue };
            let verdict = case.verdict_of(clause);
            entry.tested |=
                !matches!(verdict, Verdict::NotRun | Verdict::HarnessError | Verdict::Unsupported);
            entry.add(&case.pairing, verdict);
        }
    }
    clauses
}

fn host(duration: Duration) -> Host {
    let system = rustix::system::uname();
    let started = SystemTime::now() - duration;
    Host {
        os: std::env::consts::OS.to_owned(),
        kernel: system.release().to_string_lossy().into_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        cpus: std::thread::available_parallelism()
            .map_or(1, |n| u32::try_from(n.get()).unwrap_or(1)),
        started: started.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
    }
}
