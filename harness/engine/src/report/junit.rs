//! JUnit XML, as CI servers read it.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::digest::{Digest, is_unexpected};
use crate::results::{CaseResult, Expectation, Results, Verdict};
use crate::{show, text};

/// Characters of stdout and stderr that are kept.
const TAIL: usize = 4_000;
/// Differences of a case that are written out.
const MOST: usize = 20;

/// A suite for each pairing, a test for each case.
///
/// What is unexpected fails; what fails as expected, cannot be done or was not played is skipped,
/// with the reason.
pub fn junit(results: &Results) -> String {
    let digest = Digest::of(results);
    let mut report = Report::new("ipc-conformance");
    report.set_time(Duration::from_millis(results.host.duration_ms));
    for pairing in &digest.pairings {
        // Everything goes through `visible`: XML 1.0 has no way to write some characters.
        let mut suite = TestSuite::new(text::line(pairing));
        for (name, value) in [
            ("suite", &results.tool.suite),
            ("reference", &format!("{} {}", results.reference.name, results.reference.version)),
            ("seed", &results.options.seed),
        ] {
            suite.add_property(Property::new(name, text::line(value)));
        }
        for case in results.cases.iter().filter(|case| case.pairing == *pairing) {
            suite.add_test_case(test(case, results));
        }
        report.add_test_suite(suite);
    }
    // It is written into memory; there is nothing that could fail.
    report.to_string().unwrap_or_default()
}

fn test(case: &CaseResult, results: &Results) -> TestCase {
    let mut test = TestCase::new(text::line(&case.id), status(case, results));
    test.set_classname(text::line(&case.pairing));
    test.set_time(Duration::from_millis(case.duration_ms));
    let mut add = |name: &str, value: &str| {
        test.properties.push(Property::new(name, text::line(value)));
    };
    add("verdict", case.verdict.name());
    for clause in &case.clauses {
        add("clause", clause);
    }
    for finding in &case.findings {
        add("finding", finding);
    }
    let first = case.differences.first().map(|difference| &difference.fingerprint);
    if let Some(fingerprint) = case.fingerprint.as_ref().or(first) {
        add("fingerprint", fingerprint);
    }
    add("replay", &case.replay);
    if is_unexpected(case)
        && let Some(history) = &case.history
    {
        test.set_system_out(text::tail(&history.stdout, TAIL));
        test.set_system_err(text::tail(&history.stderr, TAIL));
    }
    test
}

fn status(case: &CaseResult, results: &Results) -> TestCaseStatus {
    let reason = case.told().unwrap_or_default();
    let mut status = match (case.verdict, case.expectation) {
        (Verdict::HarnessError | Verdict::Crash | Verdict::Hang, _) if is_unexpected(case) => {
            TestCaseStatus::non_success(NonSuccessKind::Error)
        }
        (_, Expectation::Unexpected | Expectation::Stale) => {
            TestCaseStatus::non_success(NonSuccessKind::Failure)
        }
        (Verdict::Pass | Verdict::NonStrict, _) => return TestCaseStatus::success(),
        _ => TestCaseStatus::skipped(),
    };
    let word = match case.expectation {
        Expectation::Stale => "stale expectation",
        Expectation::Expected if case.verdict.is_bad() => "expected failure",
        _ => case.verdict.name(),
    };
    let first = case.differences.first().map_or(&reason, |difference| &difference.text);
    let message = match (first.as_str(), reason.as_str()) {
        ("", _) => word.to_owned(),
        (first, "") => format!("{word}: {first}"),
        (first, reason) if first == reason => format!("{word}: {reason}"),
        (first, reason) => format!("{word}: {reason}; {first}"),
    };
    status.set_type(case.verdict.name()).set_message(text::short(&message, 1_000));
    if is_unexpected(case) {
        status.set_description(description(case, results));
    }
    status
}

fn description(case: &CaseResult, results: &Results) -> String {
    let mut lines = Vec::new();
    if let Some(reason) = case.told() {
        lines.push(text::short(&reason, 1_000));
    }
    for difference in case.differences.iter().take(MOST) {
        let (expected, observed) = show::sides(difference);
        let line = format!("{} ({}): {}", difference.clause, difference.level, difference.text);
        lines.push(text::short(&line, 1_000));
        lines.push(format!("  expected: {}", text::short(&expected, 500)));
        lines.push(format!("  observed: {}", text::short(&observed, 500)));
    }
    if let Some(history) = &case.history {
        lines.push(text::short(&format!("the parent {}", show::ending(&history.ending)), 500));
    }
    lines.push(text::line(&format!("again: {}", results.options.again(&case.replay))));
    lines.join("\n")
}
