//! Measures `node-channel` beside its peers and beside what the socket allows, in one run.
//!
//! `channel-bench [--quick]` runs everything several times over and writes `reports/bench.json` and
//! `reports/bench.md`. `channel-bench instructions` counts the instructions of the hot paths. The
//! other words on its command line are how it starts itself as a side of a measurement.

mod bare;
mod hot;
mod instructions;
mod message;
mod peer;
mod plan;
mod report;
mod rows;
mod usage;

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["parent"] => peer::parent(),
        ["child"] => peer::child(),
        ["feed"] => peer::feed(),
        ["hot", path, times] => hot::run(path, times.parse()?),
        ["bare"] => bare::parent(),
        ["bare-child"] => bare::child(),
        ["instructions"] => instructions::run(&root(), false),
        ["instructions", "--update"] => instructions::run(&root(), true),
        [] => measure(5),
        ["--quick"] => measure(1),
        _ => bail!("usage: channel-bench [--quick | instructions [--update]]"),
    }
}

/// Writes the reports after each repetition, so that what was measured is kept when a later one is
/// interrupted or fails.
fn measure(repetitions: usize) -> anyhow::Result<()> {
    let root = root();
    let machine = rows::Machine::find(&root)?;
    let folder = root.join("reports");
    let (json, markdown) = (folder.join("bench.json"), folder.join("bench.md"));
    rows::measure(&machine, repetitions, |repetition, measured| {
        let report = report::Report::new(&machine, measured, repetition)?;
        std::fs::write(&json, serde_json::to_string_pretty(&report)? + "\n")
            .with_context(|| json.display().to_string())?;
        std::fs::write(&markdown, report.markdown()).with_context(|| markdown.display().to_string())
    })?;
    print!("{}", std::fs::read_to_string(&markdown)?);
    Ok(())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
