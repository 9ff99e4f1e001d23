//! What changed between two runs, as text and as Markdown.

use std::fmt::{self, Write};

use super::markdown::{code, escape};
use crate::diff::{Cause, Change, Diff, Kind, Side, State};
use crate::text::{count, line};

/// Characters of a name.
const WIDTH: usize = 200;

/// What changed, for a terminal.
pub fn diff_text(diff: &Diff) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = text(&mut out, diff);
    out
}

/// What changed, for the summary of a CI job.
pub fn diff_markdown(diff: &Diff) -> String {
    let mut out = String::new();
    let _ = markdown(&mut out, diff);
    out
}

fn text(out: &mut String, diff: &Diff) -> fmt::Result {
    for (word, side) in [("old", &diff.old), ("new", &diff.new)] {
        writeln!(out, "{word}  {}", line(&side_words(side)))?;
    }
    for (kind, changes) in groups(diff) {
        writeln!(out, "\n{} {}", changes.len(), words(kind))?;
        for change in changes {
            let sign = if change.regression { "✗" } else { " " };
            writeln!(
                out,
                "{sign} {} {} {}: {}{}",
                line(&change.clause),
                change.level,
                line(&change.pairing),
                line(&transition(change)),
                line(&because(change)),
            )?;
        }
    }
    let notes = notes(diff);
    if !notes.is_empty() {
        writeln!(out)?;
    }
    for note in notes {
        writeln!(out, "{}", line(&note))?;
    }
    writeln!(out, "\n{}", line(&verdict(diff)))
}

fn markdown(out: &mut String, diff: &Diff) -> fmt::Result {
    let good = !diff.is_regression() && diff.new.invalid.is_none();
    let sign = if good { "✓" } else { "✗" };
    writeln!(out, "## {sign} {}\n", escape(&verdict(diff), WIDTH))?;
    for (word, side) in [("old", &diff.old), ("new", &diff.new)] {
        writeln!(out, "- {word}: {}", code(&side_words(side), WIDTH))?;
    }
    for (kind, changes) in groups(diff) {
        writeln!(out, "\n### {} {}\n", changes.len(), words(kind))?;
        writeln!(
            out,
            "| | clause | level | pairing | change | cause |\n|---|---|---|---|---|---|"
        )?;
        for change in changes {
            writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} |",
                if change.regression { "✗" } else { "" },
                code(&change.clause, WIDTH),
                change.level,
                code(&change.pairing, WIDTH),
                escape(&transition(change), WIDTH),
                escape(&causes(change), WIDTH),
            )?;
        }
    }
    for note in notes(diff) {
        writeln!(out, "\n{}", escape(&note, WIDTH))?;
    }
    Ok(())
}

/// Changes by kind, the worst first.
fn groups(diff: &Diff) -> Vec<(Kind, Vec<&Change>)> {
    let mut groups: Vec<(Kind, Vec<&Change>)> = Vec::new();
    for change in &diff.changes {
        match groups.last_mut() {
            Some((kind, changes)) if *kind == change.kind => changes.push(change),
            _ => groups.push((change.kind, vec![change])),
        }
    }
    groups
}

fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::NewlyFailing => "newly failing",
        Kind::FailingDifferently => "failing differently",
        Kind::JudgedDifferently => "failing as before, judged differently",
        Kind::NoLongerRun => "no longer run",
        Kind::Fixed => "fixed",
        Kind::Added => "added",
    }
}

fn transition(change: &Change) -> String {
    let side = |state: &Option<State>| match state {
        None => "not run".to_owned(),
        Some(state) => {
            let mut words = state.verdict.name().to_owned();
            if state.verdict.is_bad() {
                words += if state.expected { ", expected" } else { ", unexpected" };
            }
            if !state.cases.is_empty() {
                let cases: Vec<&str> = state.cases.iter().map(String::as_str).take(3).collect();
                let more = if state.cases.len() > cases.len() { " …" } else { "" };
                words += &format!(" ({}{more})", cases.join(" "));
            }
            words
        }
    };
    format!("{} → {}", side(&change.old), side(&change.new))
}

fn because(change: &Change) -> String {
    format!("; {}", causes(change))
}

fn causes(change: &Change) -> String {
    if change.causes.is_empty() {
        return "nothing else changed".to_owned();
    }
    let word = |cause: &Cause| match cause {
        Cause::Unstable => "unstable",
        Cause::Suite => "suite changed",
        Cause::Selection => "selection changed",
        Cause::Runtime => "runtime changed",
        Cause::Host => "host changed",
        Cause::Expectation => "expectation changed",
    };
    change.causes.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn side_words(side: &Side) -> String {
    let Side { suite, reference, runtimes, host, selection, invalid } = side;
    let invalid = invalid.as_ref().map(|why| format!("; not a valid run: {why}"));
    let (runtimes, invalid) = (runtimes.join(", "), invalid.unwrap_or_default());
    format!("suite {suite}; {runtimes} against {reference}; {host}; {selection}{invalid}")
}

/// What could not be compared.
fn notes(diff: &Diff) -> Vec<String> {
    let list = |names: &[String]| {
        let shown: Vec<&str> = names.iter().map(String::as_str).take(8).collect();
        let more = if names.len() > shown.len() { " …" } else { "" };
        format!("{}{more}", shown.join(" "))
    };
    [
        (&diff.only_old_clauses, "clause", "only in the old suite, not compared"),
        (&diff.only_new_clauses, "clause", "only in the new suite, not compared"),
        (&diff.only_old_pairings, "pairing", "only in the old run, not compared"),
        (&diff.only_new_pairings, "pairing", "only in the new run, not compared"),
    ]
    .into_iter()
    .filter(|(names, ..)| !names.is_empty())
    .map(|(names, what, words)| format!("{} {words}: {}", count(names.len(), what), list(names)))
    .collect()
}

fn verdict(diff: &Diff) -> String {
    let regressions = diff.changes.iter().filter(|change| change.regression).count();
    let changes = count(diff.changes.len(), "change");
    let invalid = diff.new.invalid.as_ref();
    let found = match regressions {
        0 if invalid.is_some() => changes,
        0 if diff.changes.is_empty() => "Nothing changed".to_owned(),
        0 => format!("{changes}, no regression"),
        bad => format!("{} in {changes}", count(bad, "regression")),
    };
    match invalid {
        Some(why) => format!("The newer run is not valid: {why}; {found}"),
        None => found,
    }
}
