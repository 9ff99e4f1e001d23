//! From what the user typed to what the engine does, and back to an exit code.

mod args;
mod behaviour;
mod embedded;
mod explore;
mod replay;
mod reports;
mod run;
mod tap;

use std::fmt;
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Parser;
use ipc_conformance_engine::play::{Crew, Host, supervise};
use ipc_conformance_engine::runtime::RuntimeError;
use ipc_conformance_engine::{raw, report, tap as relay};

use args::{Cli, Command};

/// Why a command did not do what it was asked to. The exit codes are those of `--help`.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Wrong usage or configuration.
    Usage(anyhow::Error),
    /// Something is missing on this machine.
    Environment(anyhow::Error),
    /// The harness itself went wrong.
    Harness(anyhow::Error),
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Environment(_) => 3,
            Self::Harness(_) => 4,
        }
    }
}

impl From<RuntimeError> for Failure {
    fn from(error: RuntimeError) -> Self {
        let usage = error.is_usage();
        match error {
            RuntimeError::Play(error) => Self::Harness(anyhow!("failed to {error}")),
            error if usage => Self::Usage(anyhow!("failed to {error}")),
            error => Self::Environment(anyhow!("failed to {error}")),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(error) | Self::Environment(error) | Self::Harness(error) => {
                write!(f, "{error:#}")
            }
        }
    }
}

/// What a command comes to: an exit code of 0, 1, 3 or 4 for a run that was made.
pub(crate) type Outcome = Result<u8, Failure>;

pub(crate) fn main() -> ExitCode {
    // A relay's arguments are those of somebody else's program: they are not ours to check.
    if let Some(arguments) = relay::arguments(std::env::args_os().skip(1)) {
        return relay::main(&arguments);
    }
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Run(args) => run::run(args),
        Command::List(args) => explore::list(args),
        Command::Doctor(args) => explore::doctor(args),
        Command::Explain(args) => explore::explain(args),
        Command::Replay(args) => replay::replay(args),
        Command::Report(args) => reports::report(args),
        Command::Diff(args) => reports::diff(args),
        Command::Behaviour(args) => behaviour::behaviour(args),
        Command::Tap(args) => tap::tap(args),
        Command::Supervise => return supervise::main(),
        Command::RawPeer => return raw::main(),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            complain(&format!("error: {failure}"));
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Prints to stdout; a reader that went away is no error.
pub(crate) fn print(text: &str) -> Outcome {
    use std::io::Write;
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => Ok(0),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(0),
        Err(error) => Err(Failure::Harness(anyhow::Error::from(error).context("failed to print"))),
    }
}

/// Prints to stderr, what a runtime said in it made visible. Where nobody reads it, there is
/// nobody to tell.
pub(crate) fn complain(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{}", report::visible(text));
}

/// Where plays are made by this program.
pub(crate) fn host(keep: Option<std::path::PathBuf>) -> Result<Host, Failure> {
    let own = std::env::current_exe().map_err(|error| {
        Failure::Harness(anyhow::Error::from(error).context("failed to find the own program"))
    })?;
    let itself = |word: &str| vec![own.to_string_lossy().into_owned(), word.to_owned()];
    Ok(Host {
        supervisor: itself("supervise"),
        crew: Crew::default(),
        raw_peer: itself("raw-peer"),
        relay: own.to_string_lossy().into_owned(),
        decode: Some(tap::decode),
        keep,
        temp: None,
    })
}
