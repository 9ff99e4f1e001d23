//! Runtimes under test: how they are found, started, measured and believed.

mod check;
mod choice;
mod error;
mod file;
mod find;

use std::path::PathBuf;
use std::time::Duration;

use ipc_plan::{ChildCommand, Describe, FORKS_OTHERS, PROTOCOL, Role, Serialization};

pub use choice::{Choice, Finder, Named, REFERENCE};
pub use error::RuntimeError;
pub use file::RuntimeFile;
pub use find::KNOWN;

use crate::history::Ending;
use crate::play::{Host, Interrupt, Limits, Pairing, Stage, excerpt};
use crate::raw;
use crate::results::RuntimeInfo;
use crate::text;

/// The drivers that come with the suite.
#[derive(Clone, Debug)]
pub struct Drivers {
    /// The JavaScript driver.
    pub script: PathBuf,
    /// The driver on `node-channel`, an executable.
    pub rust: PathBuf,
}

/// Characters of output that are told.
const MOST_OUTPUT: usize = 4_000;

/// A program that can play a role, measured on this host.
#[derive(Clone, Debug)]
pub struct Runtime {
    /// The name it has in pairings.
    pub name: String,
    /// Program, resolved, and its arguments up to and including the driver.
    pub command: Vec<String>,
    /// What its driver says of itself.
    pub describe: Describe,
    /// Median time from start to exit of `describe`: the calibration.
    pub startup: Duration,
    /// How many of `command` come after the program and before the module.
    exec_argv: usize,
}

/// Where it is said how a runtime is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The suite knows: `node`, `bun`, `deno` and `rust`.
    Known,
    /// A command line, split as a shell splits words.
    Command(String),
    /// A file.
    File(RuntimeFile),
}

/// How often `describe` is run; its median is the calibration.
const RUNS: usize = 3;
/// The oldest Node whose behaviour the clauses know.
const OLDEST_NODE: u32 = 18;
/// Limits before anything was measured. Nothing that works comes near them.
const UNMEASURED: Limits = Limits {
    settle: Duration::from_millis(500),
    patience: Duration::from_secs(20),
    linger: Duration::from_millis(500),
    limit: Duration::from_secs(20),
};

impl Runtime {
    /// Finds a runtime and measures it.
    ///
    /// `rust` without a command is a driver by itself; every other command gets the script in
    /// `drivers` as its last argument.
    ///
    /// # Errors
    ///
    /// See [`RuntimeError`].
    pub fn find(
        host: &Host,
        name: &str,
        source: &Source,
        drivers: &Drivers,
        interrupt: &Interrupt,
    ) -> Result<Self, RuntimeError> {
        let launch = find::launch(name, source, drivers)?;
        let mut runtime = Self {
            name: name.to_owned(),
            exec_argv: launch.exec_argv,
            command: launch.command,
            describe: Describe {
                protocol: PROTOCOL,
                name: String::new(),
                version: String::new(),
                node: None,
                roles: Vec::new(),
                capabilities: Vec::new(),
            },
            startup: Duration::ZERO,
        };
        let mut times = Vec::with_capacity(RUNS);
        for _ in 0..RUNS {
            let (describe, time) = runtime.ask(host, interrupt)?;
            runtime.describe = describe;
            times.push(time);
        }
        times.sort_unstable();
        runtime.startup = times[RUNS / 2];
        if let Source::File(file) = source {
            runtime.agree(file)?;
        }
        Ok(runtime)
    }

    /// Makes sure that the driver keeps its contract where nothing else would show that it does
    /// not: it refuses an invented step in each of its roles, and a plan that cannot be read.
    ///
    /// # Errors
    ///
    /// [`RuntimeError::Unbelievable`] when it does not.
    pub fn check(&self, host: &Host, interrupt: &Interrupt) -> Result<(), RuntimeError> {
        check::check(self, host, interrupt)
    }

    /// The same program under another name and with further arguments, believed to start as fast
    /// and to do as much.
    #[must_use]
    pub fn with_arguments(&self, name: &str, arguments: &[&str]) -> Self {
        let mut other = Self { name: name.to_owned(), ..self.clone() };
        let at = 1 + self.exec_argv;
        other.command.splice(at..at, arguments.iter().map(|&word| word.to_owned()));
        other.exec_argv += arguments.len();
        other
    }

    /// The command of its driver for the child role, as `fork` takes it.
    pub fn child(&self) -> ChildCommand {
        child_command(&self.command, self.exec_argv)
    }

    /// The pairing of `self` as parent with `child`, for a run of that [load](Limits::load).
    pub fn pairing(&self, child: &Self, load: f64) -> Pairing {
        Pairing {
            name: format!("{}:{}", self.name, child.name),
            parent: self.command.clone(),
            child: ChildCommand { spawn: self.spawns(), ..child.child() },
            limits: Limits::calibrated([self.startup, child.startup], load),
            tapped: false,
        }
    }

    /// Its pairing with the raw peer, which plays `role` and is started with `command`.
    pub fn pairing_with_raw(&self, role: Role, command: &[String], load: f64) -> Pairing {
        let limits = Limits::calibrated([self.startup], load);
        match role {
            Role::Parent => Pairing {
                name: format!("{}:{}", raw::NAME, self.name),
                parent: command.to_vec(),
                child: self.child(),
                limits,
                tapped: false,
            },
            Role::Child => Pairing {
                name: format!("{}:{}", self.name, raw::NAME),
                parent: self.command.clone(),
                child: ChildCommand { spawn: self.spawns(), ..child_command(command, 0) },
                limits,
                tapped: false,
            },
        }
    }

    /// Whether its driver can play a role.
    pub fn plays(&self, role: Role) -> bool {
        self.describe.roles.contains(&role)
    }

    /// Whether it has channels of this serialization.
    pub fn speaks(&self, serialization: Serialization) -> bool {
        match serialization {
            // What every driver plays.
            Serialization::Json => true,
            Serialization::Advanced => self.can("serialization.advanced"),
        }
    }

    fn can(&self, capability: &str) -> bool {
        self.describe.capabilities.iter().any(|have| have == capability)
    }

    /// Whether children that are other programs are to be spawned.
    fn spawns(&self) -> bool {
        !self.can(FORKS_OTHERS)
    }

    /// The major of the Node it is, or announces itself as.
    pub fn node_major(&self) -> Option<u32> {
        major(self.describe.node.as_deref()?)
    }

    /// What results say of it.
    pub fn info(&self) -> RuntimeInfo {
        RuntimeInfo {
            name: self.name.clone(),
            version: self.describe.version.clone(),
            node: self.describe.node.clone(),
            command: self.command.clone(),
            startup_ms: (self.startup.as_secs_f64() * 1e5).round() / 100.0,
            capabilities: self.describe.capabilities.clone(),
        }
    }

    /// Runs `describe` once.
    fn ask(
        &self,
        host: &Host,
        interrupt: &Interrupt,
    ) -> Result<(Describe, Duration), RuntimeError> {
        let mut command = self.command.clone();
        command.push("describe".to_owned());
        let stage = Stage::new(host, &format!("describe-{}", self.name))?;
        let report = stage.run_with(&command, [], &UNMEASURED, interrupt)?;
        let (stdout, stderr) = (stage.stdout(), stage.stderr());
        stage.finish();

        let name = self.name.clone();
        let shown = shlex::try_join(command.iter().map(String::as_str))
            .unwrap_or_else(|_| command.join(" "));
        let described = match report.ending {
            Ending::Exited { code: 0 } => {
                read_describe(&name, &shown, &stdout).map(|d| (d, report.program_us))
            }
            Ending::TimedOut { limit_ms } => {
                let output = first_of(&stdout, &stderr);
                Err(RuntimeError::Hung { name, command: shown, seconds: limit_ms / 1000, output })
            }
            Ending::NotStarted { error } => {
                Err(RuntimeError::NotStarted { name, command: shown, error })
            }
            ending => Err(RuntimeError::Died {
                name,
                command: shown,
                ending: ending_words(&ending),
                output: all_of(&stderr, &stdout),
            }),
        };
        let (describe, micros) = match described {
            // A Node that is far too old fails in its own ways: ask it directly.
            Err(error @ (RuntimeError::Died { .. } | RuntimeError::Garbage { .. })) => {
                return Err(self.too_old(host, interrupt).unwrap_or(error));
            }
            other => other?,
        };
        if describe.name == "node" {
            self.check_node(&describe.version)?;
        }
        Ok((describe, Duration::from_micros(micros)))
    }

    /// Makes sure that it is what its file says.
    fn agree(&mut self, file: &RuntimeFile) -> Result<(), RuntimeError> {
        if let Some(capabilities) = &file.capabilities {
            self.describe.capabilities.clone_from(capabilities);
        }
        match &file.version {
            Some(expected) if *expected != self.describe.version => {
                Err(RuntimeError::OtherVersion {
                    name: self.name.clone(),
                    expected: expected.clone(),
                    found: excerpt(self.describe.version.as_bytes()),
                    hint: file
                        .install
                        .clone()
                        .unwrap_or_else(|| "change `version` in its file".to_owned()),
                })
            }
            _ => Ok(()),
        }
    }

    fn check_node(&self, version: &str) -> Result<(), RuntimeError> {
        if major(version).is_some_and(|major| major < OLDEST_NODE) {
            return Err(RuntimeError::TooOld {
                oldest: OLDEST_NODE,
                found: version.to_owned(),
                program: self.command[0].clone(),
            });
        }
        Ok(())
    }

    fn too_old(&self, host: &Host, interrupt: &Interrupt) -> Option<RuntimeError> {
        let command = [self.command[0].clone(), "--version".to_owned()];
        let stage = Stage::new(host, "version").ok()?;
        stage.run_with(&command, [], &UNMEASURED, interrupt).ok()?;
        let text = stage.stdout();
        stage.finish();
        self.check_node(text.trim().strip_prefix('v')?).err()
    }
}

/// A command as `fork` takes it, with so many arguments before the module.
fn child_command(command: &[String], exec_argv: usize) -> ChildCommand {
    let (program, arguments) =
        command.split_first().map_or(("", &[][..]), |(p, a)| (p.as_str(), a));
    let (exec_argv, module) = arguments.split_at(exec_argv.min(arguments.len()));
    ChildCommand {
        exec_path: program.to_owned(),
        exec_argv: exec_argv.to_vec(),
        // A driver that is an executable itself ignores this word.
        module_path: module.first().cloned().unwrap_or_else(|| "driver".to_owned()),
        spawn: false,
    }
}

/// The first number of a version.
pub(crate) fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

fn read_describe(name: &str, command: &str, stdout: &str) -> Result<Describe, RuntimeError> {
    let garbage = |error: serde_json::Error| RuntimeError::Garbage {
        name: name.to_owned(),
        command: command.to_owned(),
        // It may quote what was printed.
        error: excerpt(error.to_string().as_bytes()),
        output: first_of(stdout, ""),
    };
    let value: serde_json::Value = serde_json::from_str(stdout).map_err(garbage)?;
    match value.get("protocol").and_then(serde_json::Value::as_u64) {
        Some(found) if found != u64::from(PROTOCOL) => {
            Err(RuntimeError::WrongProtocol { name: name.to_owned(), found, expected: PROTOCOL })
        }
        _ => serde_json::from_value(value).map_err(garbage),
    }
}

fn first_of(text: &str, otherwise: &str) -> String {
    match (text.trim(), otherwise.trim()) {
        ("", "") => "it printed nothing".to_owned(),
        ("", text) | (text, _) => format!("it printed `{}`", excerpt(text.as_bytes())),
    }
}

/// All of it, since nobody can run it again: the driver is gone by then.
fn all_of(text: &str, otherwise: &str) -> String {
    match (text.trim(), otherwise.trim()) {
        ("", "") => "it printed nothing".to_owned(),
        ("", text) | (text, _) => format!("it printed `{}`", text::short(text, MOST_OUTPUT)),
    }
}

fn ending_words(ending: &Ending) -> String {
    match ending {
        Ending::Exited { code } => format!("exited with {code}"),
        Ending::Signalled { signal } => format!("was killed by {signal}"),
        Ending::TimedOut { limit_ms } => format!("had not ended after {limit_ms} ms"),
        Ending::NotStarted { error } => format!("could not be started: {error}"),
    }
}
