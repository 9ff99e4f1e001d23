//! `run`: plays everything, reports, decides the exit code.

use std::fs::{self, OpenOptions};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
use ipc_conformance_engine::expectations::{self, Expectations};
use ipc_conformance_engine::play::{Interrupt, Pool};
use ipc_conformance_engine::raw;
use ipc_conformance_engine::report::{self, Outcome, ReportError};
use ipc_conformance_engine::results::{Expectation, Options, Results};
use ipc_conformance_engine::run::{Progress, Run, link};
use ipc_conformance_engine::runtime::{Finder, REFERENCE};
use ipc_conformance_engine::spec::{Case, Catalogue, Selection};
use ipc_conformance_engine::whole;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use super::args::{RunArgs, SpecArgs};
use super::{Failure, complain, embedded, host, print};

pub(super) fn run(args: RunArgs) -> super::Outcome {
    let catalogue = catalogue(&args.specs)?;
    let selection = Selection {
        filters: args.filters.clone(),
        shard: args.shard.clone(),
        requirement_set: args.requirement_set.clone(),
    };
    let stored = stored(&args.regressions)?;
    let cases = catalogue.select_with(&stored, &selection);
    let cases = cases.map_err(|e| Failure::Usage(anyhow!("{e}")))?;
    if cases.is_empty() && args.generate == 0 {
        return Err(Failure::Usage(anyhow!(
            "no case is selected and no message is to be generated"
        )));
    }
    // What is wrong is said now rather than after the work.
    let choice = args.runtimes.choice();
    let named = choice.named()?;
    let names: Vec<&str> = named.iter().map(|one| one.name.as_str()).collect();
    let pairs = pairs(&args.pairs, &names).map_err(Failure::Usage)?;
    let updated = args.update_expectations.then(|| updatable(&args.expectations)).transpose()?;
    let expectations = expectations(&args, &catalogue)?;
    let known = choice.known();
    prepare(&args.out, "--out").map_err(Failure::Usage)?;
    if let Some(folder) = &args.keep {
        prepare(folder, "--keep").map_err(Failure::Usage)?;
    }

    let interrupt = interrupt()?;
    let host = host(args.keep.clone())?;
    let drivers = embedded::drivers()?;
    let finder = Finder { host: &host, drivers: drivers.paths(), interrupt: &interrupt };
    let (reference, runtimes) = finder.all(&choice)?;
    let run = Run {
        catalogue: &catalogue,
        cases,
        reference: &reference,
        runtimes: &runtimes,
        expectations: &expectations,
        known: &known,
        options: Options {
            level: args.level.into(),
            pairs,
            repeat: args.repeat,
            seed: args.seed.clone().unwrap_or_else(new_seed),
            generated: args.generate,
            filters: args.filters.clone(),
            requirement_set: args.requirement_set.clone(),
            tap: args.tap,
            shard: args.shard.clone(),
            replay: args.for_replay(),
        },
        fail_fast: args.fail_fast,
        regressions: Some(args.regressions.clone()),
        pool: Pool { host, jobs: jobs(args.jobs), interrupt },
    };
    let mut display = Display::new();
    let results = run
        .execute(&mut |progress| display.show(&progress))
        .map_err(|e| Failure::Harness(anyhow!("failed to {e}")))?;
    display.finish();

    let written = report::write_all(&args.out, &results, &catalogue);
    print(&report::terminal(&results, std::io::stdout().is_terminal()))?;
    written.map_err(|error| Failure::Harness(rescued(&error, &results, &catalogue)))?;
    print(&format!("\nreports: {}\n", args.out.join("report.html").display()))?;
    match updated {
        Some(file) if results.interrupted => {
            complain(&format!("{} stays as it is: the run did not end", file.display()));
        }
        Some(file) => update(file, &catalogue, &results)?,
        None => {}
    }
    Ok(Outcome::of(&results).exit_code())
}

/// The file to bring in step, which is made if there is none yet.
fn updatable(files: &[PathBuf]) -> Result<&Path, Failure> {
    let [file] = files else {
        return Err(Failure::Usage(anyhow!(
            "--update-expectations rewrites one file; give --expectations once"
        )));
    };
    let folder = |path: PathBuf| path.parent().map(Path::to_owned).unwrap_or_default();
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(file)
        .and_then(|_| fs::canonicalize(file))
        // A new one is made beside it.
        .and_then(|path| tempfile::tempfile_in(folder(path)))
        .with_context(|| format!("failed to write to {}", file.display()))
        .map_err(Failure::Usage)?;
    Ok(file)
}

fn update(file: &Path, catalogue: &Catalogue, results: &Results) -> Result<(), Failure> {
    let name = file.display().to_string();
    let write = || -> anyhow::Result<()> {
        let text = fs::read_to_string(file)?;
        let text = expectations::update(&name, &text, catalogue, results)
            .map_err(|mistakes| anyhow!("{mistakes}"))?;
        Ok(whole::write(file, &text)?)
    };
    write()
        .with_context(|| format!("failed to bring {name} in step with this run"))
        .map_err(Failure::Usage)?;
    print(&format!("expectations: {name} is in step with this run; say why in each new entry\n"))?;
    Ok(())
}

pub(super) fn catalogue(args: &SpecArgs) -> Result<Catalogue, Failure> {
    let loaded = match &args.specs {
        Some(folder) => Catalogue::load(folder),
        None => Catalogue::embedded(),
    };
    loaded.map_err(|mistakes| Failure::Usage(anyhow!("the specs have mistakes\n{mistakes}")))
}

/// Expectations belong to the specs: those of other specs would speak of cases that are not there.
fn expectations(args: &RunArgs, catalogue: &Catalogue) -> Result<Expectations, Failure> {
    let loaded = match &args.specs.specs {
        _ if !args.expectations.is_empty() => Expectations::load(&args.expectations, catalogue),
        Some(folder) => Expectations::of_specs(folder, catalogue),
        None => Expectations::embedded(catalogue),
    };
    loaded.map_err(|mistakes| Failure::Usage(anyhow!("the expectations have mistakes\n{mistakes}")))
}

/// The plans that earlier runs have stored.
pub(super) fn stored(folder: &Path) -> Result<Vec<Case>, Failure> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            let place = format!("failed to read the folder of stored plans {}", folder.display());
            return Err(Failure::Usage(anyhow::Error::from(error).context(place)));
        }
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths.iter().map(|path| plan(path)).collect()
}

/// A plan from a file.
pub(super) fn plan(path: &Path) -> Result<Case, Failure> {
    Case::from_plan_file(path)
        .map_err(|mistakes| Failure::Usage(anyhow!("the plan has mistakes\n{mistakes}")))
}

/// Makes a folder that the user named, if need be, and makes sure that files fit into it.
pub(super) fn prepare(folder: &Path, option: &str) -> anyhow::Result<()> {
    let path = folder.display();
    fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder).map(drop)).with_context(
        || format!("failed to write to the folder {path}; name another with {option}"),
    )
}

/// What to say when the reports could not be written, once the work of the run is saved.
fn rescued(error: &ReportError, results: &Results, catalogue: &Catalogue) -> anyhow::Error {
    let save = || -> anyhow::Result<PathBuf> {
        let folder = tempfile::Builder::new().prefix("ipc-conformance-").tempdir()?;
        report::write_all(folder.path(), results, catalogue)?;
        Ok(folder.keep())
    };
    match save() {
        Ok(folder) => anyhow!("failed to {error}; the reports are in {} instead", folder.display()),
        Err(_) => anyhow!("failed to {error}"),
    }
}

/// Ctrl-C, SIGTERM and a terminal that goes away end the run; what was played is reported.
pub(super) fn interrupt() -> Result<Interrupt, Failure> {
    let set = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        if signal == SIGHUP && is_ignored(signal) {
            continue;
        }
        // A second Ctrl-C ends the program at once. Of other signals, `timeout` sends two: one to
        // the program, one to its group.
        let registered = match signal {
            SIGINT => flag::register_conditional_shutdown(signal, 130, Arc::clone(&set)).map(drop),
            _ => Ok(()),
        };
        registered.and_then(|()| flag::register(signal, Arc::clone(&set))).map_err(|e| {
            Failure::Harness(anyhow::Error::from(e).context("failed to handle signals"))
        })?;
    }
    Ok(Interrupt::from(set))
}

/// Whether the program was started so that it does not hear the signal, as `nohup` does.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// The pairings to play beside the reference pairing.
fn pairs(wanted: &[String], names: &[&str]) -> anyhow::Result<Vec<String>> {
    let mut pairs = Vec::new();
    let mut add = |parent: &str, child: &str| {
        let pair = format!("{parent}:{child}");
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    };
    for text in wanted {
        let Some((parent, child)) = text.split_once(':') else {
            bail!("the pairing `{text}` is not of the form PARENT:CHILD");
        };
        if link(parent, child).is_none() {
            bail!("the pairing `{text}` has no runtime in it");
        }
        for name in [parent, child] {
            let mut known = names.to_vec();
            if !known.contains(&REFERENCE) {
                known.push(REFERENCE);
            }
            known.push(raw::NAME);
            if !known.contains(&name) {
                bail!("the pairing `{text}` names `{name}`, which is none of {}", known.join(", "));
            }
        }
        add(parent, child);
    }
    if wanted.is_empty() {
        for name in names {
            add(name, name);
            add(name, REFERENCE);
            add(REFERENCE, name);
            add(raw::NAME, name);
            add(name, raw::NAME);
        }
    }
    Ok(pairs)
}

/// How many plays are made at a time.
pub(super) fn jobs(wanted: Option<u16>) -> usize {
    wanted.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
}

fn new_seed() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:x}", now.as_nanos() & 0xffff_ffff_ffff)
}

/// Shows how far the run is.
pub(super) struct Display {
    bar: ProgressBar,
}

impl Display {
    pub(super) fn new() -> Self {
        let quiet = std::env::var_os("CI").is_some() || !std::io::stderr().is_terminal();
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} plays {elapsed} {wide_msg}");
        Self { bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())) }
    }

    pub(super) fn show(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Plays(count) => {
                self.bar.inc_length(*count as u64);
                if self.bar.is_hidden() && *count > 0 {
                    complain(&format!("{count} plays to make"));
                }
            }
            Progress::Played => self.bar.inc(1),
            Progress::Judged(result) if result.expectation != Expectation::Expected => {
                let line = format!("{} {} {}", result.verdict.name(), result.pairing, result.id);
                if self.bar.is_hidden() {
                    complain(&line);
                } else {
                    self.bar.println(line);
                }
            }
            Progress::Shrinking { pairing } => {
                self.bar.set_message(format!("making a message smaller for {pairing}"));
            }
            _ => {}
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
