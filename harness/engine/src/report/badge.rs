//! Badges: one for each runtime under test, in the format that shields.io calls an endpoint.

use serde::Serialize;

use super::digest::is_unexpected;
use crate::results::{CaseResult, ClauseResult, Results, RuntimeInfo, Verdict};
use crate::spec::Level;
use crate::text;

/// What shields.io makes a badge from; <https://shields.io/badges/endpoint-badge>.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Badge {
    schema_version: u32,
    label: String,
    message: String,
    color: &'static str,
}

/// The file name and the text of each badge.
pub(super) fn badges(results: &Results) -> Vec<(String, String)> {
    results
        .runtimes
        .iter()
        .filter_map(|runtime| {
            let json = serde_json::to_string(&badge(results, runtime)).ok()?;
            Some((format!("badge-{}.json", text::slug(&runtime.name)), json + "\n"))
        })
        .collect()
}

/// How many of the clauses that can fail a runtime hold in all its pairings.
fn badge(results: &Results, runtime: &RuntimeInfo) -> Badge {
    let level = results.options.level;
    let own = |pairing: &str| pairing.split(':').any(|name| name == runtime.name);
    let verdicts = |clause: &ClauseResult| -> Vec<Verdict> {
        let of = clause.verdicts.iter().filter(|(pairing, _)| own(pairing));
        of.map(|(_, verdict)| *verdict).filter(|verdict| *verdict != Verdict::NotRun).collect()
    };
    let counts = |clause: &&ClauseResult| clause.level != Level::Impl && clause.level <= level;
    let tested: Vec<Vec<Verdict>> =
        results.clauses.iter().filter(counts).map(verdicts).filter(|v| !v.is_empty()).collect();
    let holds = |all: &&Vec<Verdict>| {
        all.iter().all(|verdict| matches!(verdict, Verdict::Pass | Verdict::NonStrict))
    };
    let held = tested.iter().filter(holds).count();
    let unexpected = |case: &CaseResult| own(&case.pairing) && is_unexpected(case);
    Badge {
        schema_version: 1,
        label: format!("node ipc · {} {}", runtime.name, runtime.version),
        message: format!("{held} of {}", text::count(tested.len(), "clause")),
        color: match held {
            _ if results.interrupted || tested.is_empty() => "lightgrey",
            _ if results.cases.iter().any(unexpected) => "red",
            held if held == tested.len() => "brightgreen",
            _ => "yellow",
        },
    }
}
