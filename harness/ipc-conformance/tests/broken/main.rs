//! Runtimes that are broken in one place each, and what the suite says of them: the clause that a
//! preload of `fixtures/broken` breaks turns red, and no other that it does not name.
//!
//! Each preload is played with all cases of the clauses it names and some others; with
//! `BROKEN_FULL=1` with all cases there are. With `SELFTEST=1`, which is `make selftest`, a table of
//! what turned red is printed and written.

#[path = "../support/mod.rs"]
mod support;

mod header;
mod play;
mod table;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use header::Header;
use ipc_plan::Role;
use libtest_mimic::{Arguments, Failed, Trial};
use play::{Broken, References};
use support::{catalogue, lines, need_node, source};
use table::Table;

/// Fewer preloads than this are a mistake.
const LEAST: usize = 60;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let references: &'static References = Box::leak(Box::new(References::new()));
    let table: &'static Table = Box::leak(Box::new(Table::default()));
    let mut trials = vec![Trial::test("headers", || Ok(headers()?))];
    for path in files() {
        let name = format!("broken::{}", stem(&path));
        trials.push(Trial::test(name, move || is_seen(&path, references, table)));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if std::env::var_os("SELFTEST").is_some()
        && let Err(problem) = table.publish(&source("reports/selftest.md"))
    {
        eprintln!("error: {problem}");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

fn files() -> Vec<PathBuf> {
    let folder = fs::read_dir(source("fixtures/broken")).expect("the folder of the preloads");
    let paths = folder.map(|entry| entry.expect("an entry of the folder").path());
    let mut files: Vec<_> = paths.filter(|path| path.extension() == Some("cjs".as_ref())).collect();
    files.sort();
    files
}

fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).expect("a name in UTF-8")
}

/// There are enough preloads, in both roles and in all areas, and each says what it breaks.
fn headers() -> Result<(), String> {
    let files = files();
    if files.len() < LEAST {
        return Err(format!("{} preloads, but at least {LEAST} are needed", files.len()));
    }
    let mut mistakes = Vec::new();
    let mut broken = BTreeSet::new();
    for path in &files {
        match Header::read(path) {
            Ok(header) => {
                broken.extend(header.roles.iter().map(|role| (area(&header.breaks.id), *role)));
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    let tested = catalogue().clauses.iter().filter(|clause| clause.untested.is_none());
    let areas: BTreeSet<&str> = tested.map(|clause| area(&clause.id)).collect();
    for area in areas {
        for role in Role::ALL.into_iter().filter(|role| !broken.contains(&(area, *role))) {
            mistakes.push(format!("no preload breaks a clause of {area} as {role}"));
        }
    }
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes.join("\n")) }
}

fn area(clause: &str) -> &str {
    clause.split('-').next().unwrap_or_default()
}

/// The clause that the preload breaks is red wherever it plays, those it names beside that are red
/// somewhere, and no others are.
fn is_seen(path: &Path, references: &References, table: &Table) -> Result<(), Failed> {
    need_node()?;
    let broken = Broken::start(path, references)?;
    let header = &broken.header;
    let mut problems = String::new();
    let mut red = BTreeSet::new();
    for role in &header.roles {
        let mut turned = BTreeSet::new();
        // The harness is not broken.
        for case in broken.cases()?.into_iter().filter(|case| case.plan.link.raw() != Some(*role)) {
            let outcome = broken.play(case, *role)?;
            if let Some(objection) = outcome.objection(header) {
                let (verdict, lines) = (outcome.verdict.name(), lines(&outcome.differences));
                problems.push_str(&format!(
                    "{} as {role}: {}: {verdict}: {objection}\n{lines}",
                    broken.name, case.id
                ));
            }
            turned.extend(outcome.red());
        }
        if !turned.contains(&header.breaks.id) {
            problems
                .push_str(&format!("{} as {role}: {} is not red\n", broken.name, header.breaks.id));
        }
        table.add(&broken, *role, &turned);
        red.extend(turned);
    }
    for clause in header.also.iter().filter(|clause| !red.contains(&clause.id)) {
        problems.push_str(&format!("{} is named, but is not red\n", clause.id));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.into()) }
}
