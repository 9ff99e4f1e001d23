//! What the user may type.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ipc_conformance_engine::runtime::Choice;
use ipc_conformance_engine::spec::Level;
use ipc_plan::Schedule;

const RUNTIME_FILES: &str = "fixtures/runtimes";
const REGRESSIONS: &str = "specs/regressions";

/// Conformance suite for Node.js's child-process channel.
///
/// Exit codes: 0 every verdict as expected; 1 an unexpected failure or a stale expectation;
/// 2 wrong usage or configuration; 3 the environment (no Node, a named runtime missing);
/// 4 an error of the harness.
#[derive(Debug, Parser)]
#[command(name = "ipc-conformance", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Play cases and generated messages, print a summary, write reports
    Run(RunArgs),
    /// List cases and clauses
    List(ListArgs),
    /// Show which runtimes are found, and what is missing
    Doctor(RuntimeArgs),
    /// Explain a clause: the sentence, its source, its cases, what each runtime does
    Explain(ExplainArgs),
    /// Play one plan again and show what both sides observe
    Replay(ReplayArgs),
    /// Render reports again from a results.json, or from those of all shards of a run
    Report(ReportArgs),
    /// Compare two runs; exit code 1 if the newer one is worse, 4 if it is not valid
    Diff(DiffArgs),
    /// Play all Node lines and write what each does, clause by clause
    Behaviour(BehaviourArgs),
    /// Watch the channels of a real application: what its processes and their Node children send
    Tap(TapArgs),
    /// Own the processes of one play; used by the suite itself
    #[command(hide = true)]
    Supervise,
    /// Play a role of a plan byte by byte; used by the suite itself
    #[command(hide = true)]
    RawPeer,
}

#[derive(Debug, Args)]
pub(crate) struct RuntimeArgs {
    /// Runtime under test: NAME, NAME=COMMAND or FILE.toml; repeatable [default: rust]
    #[arg(long = "runtime", value_name = "RUNTIME")]
    pub(crate) runtimes: Vec<String>,
    /// The Node that decides what is right: a command, or a runtime as for --runtime [default: the
    /// installed one nearest to what the runtime announces, else the one on PATH]
    #[arg(long, value_name = "COMMAND")]
    pub(crate) reference: Option<String>,
    /// Folder of runtime files, NAME.toml each
    #[arg(long, value_name = "DIR", default_value = RUNTIME_FILES)]
    pub(crate) runtime_files: PathBuf,
}

impl RuntimeArgs {
    pub(crate) fn choice(&self) -> Choice {
        let Self { runtimes, reference, runtime_files } = self;
        Choice {
            runtimes: runtimes.clone(),
            reference: reference.clone(),
            files: runtime_files.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct SpecArgs {
    /// Folder with clauses/, cases/ and expectations/ to use in place of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) specs: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) runtimes: RuntimeArgs,
    #[command(flatten)]
    pub(crate) specs: SpecArgs,
    /// Pairings to play, PARENT:CHILD, comma-separated; `raw` is the harness itself, one end in its
    /// hands [default for each runtime X: X:X, X:node, node:X, raw:X, X:raw]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) pairs: Vec<String>,
    /// Play only cases whose id, or a clause of which, matches; repeatable
    #[arg(long = "filter", value_name = "PATTERN")]
    pub(crate) filters: Vec<String>,
    /// Lowest level that can fail a case
    #[arg(long, value_enum, default_value_t = LevelArg::Should)]
    pub(crate) level: LevelArg,
    /// Play what a requirement set lists, such as node-24; other clauses fail nobody
    #[arg(long, value_name = "SET")]
    pub(crate) requirement_set: Option<String>,
    /// How many messages to generate; a quarter as many more are sent with advanced serialization
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub(crate) generate: u32,
    /// Seed of the generated messages, as a report prints it [default: a new one]
    #[arg(long, value_name = "TOKEN")]
    pub(crate) seed: Option<String>,
    /// Play one share of the cases, I/N with I from 1
    #[arg(long, value_name = "I/N")]
    pub(crate) shard: Option<String>,
    /// Processors that plays may keep busy [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,
    /// Stop at the first unexpected verdict
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Play with a relay what is expected to differ, too: shows what is on the wire
    #[arg(long)]
    pub(crate) tap: bool,
    /// Make each play N times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) repeat: u32,
    /// File of expectations to use in place of those of the specs; repeatable
    #[arg(long, value_name = "FILE")]
    pub(crate) expectations: Vec<PathBuf>,
    /// Bring the one file of --expectations in step with this run, and create it if need be
    #[arg(long, requires = "expectations")]
    pub(crate) update_expectations: bool,
    /// Folder for results and reports
    #[arg(long, value_name = "DIR", default_value = "reports/latest")]
    pub(crate) out: PathBuf,
    /// Folder of stored plans, which are selected like cases and played first, and where new ones
    /// are stored
    #[arg(long, value_name = "DIR", default_value = REGRESSIONS)]
    pub(crate) regressions: PathBuf,
    /// Keep the folder of every play here
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}

impl RunArgs {
    /// Those that `replay` needs to find the same runtimes, specs and stored plans.
    pub(crate) fn for_replay(&self) -> Vec<String> {
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        let RuntimeArgs { runtimes, reference, runtime_files } = &self.runtimes;
        let other = |value: &PathBuf, usual: &str| (path(value) != usual).then(|| path(value));
        let runtimes = runtimes.iter().map(|runtime| ("--runtime", runtime.clone()));
        let others = [
            ("--reference", reference.clone()),
            ("--runtime-files", other(runtime_files, RUNTIME_FILES)),
            ("--specs", self.specs.specs.as_ref().map(path)),
            ("--regressions", other(&self.regressions, REGRESSIONS)),
        ];
        let others = others.into_iter().filter_map(|(option, value)| Some((option, value?)));
        runtimes.chain(others).flat_map(|(option, value)| [option.to_owned(), value]).collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LevelArg {
    Must,
    Should,
    Impl,
}

impl From<LevelArg> for Level {
    fn from(level: LevelArg) -> Self {
        match level {
            LevelArg::Must => Self::Must,
            LevelArg::Should => Self::Should,
            LevelArg::Impl => Self::Impl,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) specs: SpecArgs,
    /// List only what matches; repeatable
    #[arg(long = "filter", value_name = "PATTERN")]
    pub(crate) filters: Vec<String>,
    /// List the clauses without a case, with the reason
    #[arg(long, group = "what")]
    pub(crate) untested: bool,
    /// List the clauses that no requirement set has yet
    #[arg(long, group = "what")]
    pub(crate) unrequired: bool,
    /// Print the file of a requirement set, such as node-28, made of the clauses that hold there
    #[arg(long, value_name = "SET", group = "what")]
    pub(crate) requirements: Option<String>,
    /// Freeze that set
    #[arg(long, requires = "requirements")]
    pub(crate) freeze: bool,
    /// Print JSON
    #[arg(long, group = "what")]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The clause, such as LIFE-003
    pub(crate) clause: String,
    #[command(flatten)]
    pub(crate) specs: SpecArgs,
    /// results.json, or a folder with one, to take the verdicts from [default: reports/latest, if
    /// there is one]
    #[arg(long, value_name = "RESULTS")]
    pub(crate) results: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// A plan file, or the token CASE@PAIRING@SEED that a report prints
    pub(crate) plan: String,
    #[command(flatten)]
    pub(crate) runtimes: RuntimeArgs,
    #[command(flatten)]
    pub(crate) specs: SpecArgs,
    /// Pairing to play, for a plan file [default: the first runtime with itself]
    #[arg(long, value_name = "PARENT:CHILD")]
    pub(crate) pair: Option<String>,
    /// Play with a relay in between, and show what is on the wire
    #[arg(long)]
    pub(crate) tap: bool,
    /// Folder of stored plans
    #[arg(long, value_name = "DIR", default_value = REGRESSIONS)]
    pub(crate) regressions: PathBuf,
    /// Keep the folder of every play here
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// results.json, or a folder with one
    #[arg(required = true)]
    pub(crate) results: Vec<PathBuf>,
    /// Put the results of all shards of a run together
    #[arg(long, requires = "out")]
    pub(crate) merge: bool,
    #[command(flatten)]
    pub(crate) specs: SpecArgs,
    /// Folder for the reports [default: where the results are]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BehaviourArgs {
    /// Node lines, oldest first: NAME, NAME=COMMAND or FILE.toml; repeatable [default: all runtime
    /// files that may be the reference]
    #[arg(long = "line", value_name = "RUNTIME")]
    pub(crate) lines: Vec<String>,
    /// Folder of runtime files, NAME.toml each
    #[arg(long, value_name = "DIR", default_value = RUNTIME_FILES)]
    pub(crate) runtime_files: PathBuf,
    #[command(flatten)]
    pub(crate) specs: SpecArgs,
    /// Play only cases whose id, or a clause of which, matches; repeatable
    #[arg(long = "filter", value_name = "PATTERN")]
    pub(crate) filters: Vec<String>,
    /// Processors that plays may keep busy [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,
    /// Folder for node-behaviour.md and node-behaviour.json
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub(crate) out: PathBuf,
}

/// The view is printed to stderr, a line a message; the application keeps stdin, stdout and its
/// exit code. Children that Node, Deno or Bun forks are found without a change to the application; a program
/// that is itself forked by anyone, such as `fork('x.js', [], { execPath: 'ipc-conformance',
/// execArgv: ['tap', '--', 'node'] })`, is watched too.
#[derive(Debug, Args)]
pub(crate) struct TapArgs {
    /// Append everything to this recording; a file that holds something else stays as it is
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Disturb the channels: one-byte, merge, delay:ROLE:N (N times 100 ms), stall:ROLE; ROLE is
    /// the sender, parent or child
    #[arg(long, value_name = "SCHEDULE", value_parser = super::tap::schedule)]
    pub(crate) schedule: Option<Schedule>,
    /// Print this recording, and start nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["record", "schedule", "command"])]
    pub(crate) show: Option<PathBuf>,
    /// The application and its arguments
    #[arg(last = true, value_name = "COMMAND", required_unless_present = "show")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// results.json of the older run, or a folder with one
    pub(crate) old: PathBuf,
    /// results.json of the newer run, or a folder with one
    pub(crate) new: PathBuf,
    /// How to print what changed
    #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
    pub(crate) format: DiffFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    Text,
    Markdown,
    Json,
}
