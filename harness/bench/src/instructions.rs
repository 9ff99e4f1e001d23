//! Instructions of the hot paths, counted by Valgrind: a regression shows, whatever the mood of the
//! machine is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

/// By so much a count may differ from the one that is kept, in percent: what another C library or
/// another processor makes of it.
const TOLERANCE: f64 = 5.0;

/// What `instructions.toml` begins with.
const HEAD: &str = "\
# Instructions to send and receive one message, by size, API and serialization, in a release build.
# `make instructions` fails when they are far off, `make instructions UPDATE=1` writes them anew.
";

/// The paths that are counted.
const PATHS: [&str; 8] = [
    "rows typed advanced",
    "rows typed json",
    "rows value advanced",
    "rows value json",
    "small typed advanced",
    "small typed json",
    "small value advanced",
    "small value json",
];

/// Counts, and compares with what is kept or keeps it.
pub(crate) fn run(root: &Path, update: bool) -> anyhow::Result<()> {
    let file = root.join("harness/bench/instructions.toml");
    let place = || file.display().to_string();
    let counted: BTreeMap<&str, f64> = PATHS
        .into_iter()
        .map(|path| Ok((path, instructions(path)?)))
        .collect::<anyhow::Result<_>>()?;
    if update {
        let mut text = HEAD.to_owned();
        for (path, count) in &counted {
            writeln!(text, "\"{path}\" = {count:.0}")?;
        }
        return std::fs::write(&file, text).with_context(place);
    }
    let text = std::fs::read_to_string(&file).with_context(place)?;
    let kept: BTreeMap<String, f64> = toml::from_str(&text).with_context(place)?;
    ensure!(kept.keys().eq(PATHS), "{} does not have these paths: {PATHS:?}", place());
    let mut differing = String::new();
    for (path, count) in &counted {
        let percent = (count / kept[*path] - 1.0) * 100.0;
        println!("{path}: {count:.0} ({percent:+.1} %)");
        if percent.abs() > TOLERANCE {
            writeln!(differing, "{path}: {count:.0} instead of {:.0}", kept[*path])?;
        }
    }
    if !differing.is_empty() {
        bail!(
            "more than {TOLERANCE} % apart from {}:\n{differing}If that is meant, write them anew \
             with `make instructions UPDATE=1`.",
            place()
        );
    }
    Ok(())
}

/// Instructions for one message: the difference of two runs, so that the start does not count.
fn instructions(path: &str) -> anyhow::Result<f64> {
    const FEW: u64 = 100;
    const MANY: u64 = 300;
    Ok((count(path, MANY)? - count(path, FEW)?) / (MANY - FEW) as f64)
}

fn count(path: &str, times: u64) -> anyhow::Result<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(["hot", path, &times.to_string()])
        .output()
        .context("Valgrind counts the instructions: install the package valgrind")?;
    let report = String::from_utf8_lossy(&output.stderr);
    let count =
        report.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    match count {
        Some(count) if output.status.success() => Ok(count),
        _ => bail!("{path}: {}: {report}", output.status),
    }
}
