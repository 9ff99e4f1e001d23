use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use ipc_plan::{ChildCommand, LOG_VARIABLE, PLAN_VARIABLE, ROLE_VARIABLE, Record, Role, Schedule};
use tempfile::TempDir;

use super::supervise::{Order, Report};
use super::{Crew, Interrupt, Limits, PlayError, collect, millis};
use crate::tap::{self, Decode, Line};

/// Where and by whom plays are made.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// A command that runs [`supervise::main`](super::supervise::main), such as this program
    /// with a hidden subcommand.
    pub supervisor: Vec<String>,
    /// Those that have served a play, and wait for the next.
    pub crew: Crew,
    /// A command that runs [`raw::main`](crate::raw::main): at most one argument, the word that a
    /// parent forks as a module.
    pub raw_peer: Vec<String>,
    /// The program of a relay: one that runs [`tap::main`](crate::tap::main) for a relay's
    /// arguments.
    pub relay: String,
    /// How messages on the wire are put into words; raw where it is absent.
    pub decode: Option<Decode>,
    /// Where folders of plays are made; the system's temporary folder when absent.
    pub temp: Option<PathBuf>,
    /// A folder in which the folders of plays are made and kept.
    pub keep: Option<PathBuf>,
}

/// How much longer than its limits a supervisor may take.
const SLACK: Duration = Duration::from_secs(30);

/// The folder of one play, and what can be done in it.
pub(crate) struct Stage<'a> {
    host: &'a Host,
    temp: TempDir,
    path: PathBuf,
    waits: Option<&'a AtomicBool>,
}

impl<'a> Stage<'a> {
    /// Makes a folder; `label` tells kept ones apart.
    pub(crate) fn new(host: &'a Host, label: &str) -> Result<Self, PlayError> {
        let parent = host.keep.as_ref().or(host.temp.as_ref()).cloned();
        let parent = parent.unwrap_or_else(std::env::temp_dir);
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| PlayError::Folder { path, source }
        };
        if host.keep.is_some() {
            fs::create_dir_all(&parent).map_err(failed(&parent))?;
        }
        let parent = fs::canonicalize(&parent).map_err(failed(&parent))?;
        let safe = |c: char| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '-' };
        let prefix: String = match host.keep {
            Some(_) => label.chars().map(safe).take(120).chain(['.']).collect(),
            // Short: paths of Unix sockets made in it have little room.
            None => "ipc-".to_owned(),
        };
        let temp = tempfile::Builder::new()
            .prefix(&prefix)
            .disable_cleanup(host.keep.is_some())
            .tempdir_in(&parent)
            .map_err(failed(&parent))?;
        let path = temp.path().to_owned();
        if path.to_str().is_none() {
            return Err(PlayError::NotUtf8 { path });
        }
        let signals = path.join("log/signals");
        fs::create_dir_all(&signals).map_err(failed(&signals))?;
        Ok(Self { host, temp, path, waits: None })
    }

    /// Lets what runs here tell from time to time whether it waits, rather than works.
    pub(crate) fn telling(self, waits: Option<&'a AtomicBool>) -> Self {
        Self { waits, ..self }
    }

    /// Writes the plan that both roles read.
    pub(crate) fn write_plan(&self, text: &[u8]) -> Result<(), PlayError> {
        let path = self.plan();
        fs::write(&path, text).map_err(|source| PlayError::Folder { path, source })
    }

    /// Runs a driver in a role until everything it has started is gone.
    pub(crate) fn run(
        &self,
        command: &[String],
        role: Role,
        limits: &Limits,
        interrupt: &Interrupt,
    ) -> Result<Report, PlayError> {
        let variables = [
            (ROLE_VARIABLE, role.name().to_owned()),
            (PLAN_VARIABLE, self.plan().display().to_string()),
            (LOG_VARIABLE, self.path.join("log").display().to_string()),
        ];
        self.run_with(command, variables, limits, interrupt)
    }

    /// Runs a program until everything it has started is gone.
    pub(crate) fn run_with<const N: usize>(
        &self,
        command: &[String],
        variables: [(&str, String); N],
        limits: &Limits,
        interrupt: &Interrupt,
    ) -> Result<Report, PlayError> {
        let order = Order {
            command: command.to_vec(),
            folder: self.path.clone(),
            env: variables
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
            limit_ms: millis(limits.limit),
            linger_ms: millis(limits.linger),
        };
        if interrupt.is_set() {
            return Err(PlayError::Interrupted);
        }
        let deadline = Instant::now() + limits.limit + limits.linger + SLACK;
        self.host.crew.serve(&self.host.supervisor, &order, deadline, interrupt, self.waits)
    }

    /// The command of a child with a relay in its place.
    pub(crate) fn tapped(
        &self,
        child: &ChildCommand,
        schedule: Option<Schedule>,
        settle_ms: u64,
    ) -> Result<ChildCommand, PlayError> {
        if self.host.relay.is_empty() {
            return Err(PlayError::NoRelay);
        }
        let order = tap::Order { record: self.recording(), schedule, settle_ms };
        let mut exec_argv = Vec::from(order.words());
        exec_argv.push(child.exec_path.clone());
        exec_argv.extend(child.exec_argv.iter().cloned());
        let (exec_path, module_path) = (self.host.relay.clone(), child.module_path.clone());
        Ok(ChildCommand { exec_path, exec_argv, module_path, spawn: child.spawn })
    }

    /// What a relay wrote down, as far as it can be read.
    pub(crate) fn wire(&self) -> Vec<Line> {
        tap::read(&self.recording())
            .map(|entries| tap::lines(&entries, self.host.decode.unwrap_or(tap::undecoded)))
            .unwrap_or_default()
    }

    fn recording(&self) -> PathBuf {
        self.path.join("wire.jsonl")
    }

    /// The log of a role, if there is one.
    pub(crate) fn log(&self, role: Role, breaches: &mut Vec<String>) -> Option<Vec<Record>> {
        collect::log(&self.path.join(format!("log/{role}.jsonl")), role, breaches)
    }

    /// What was written to stdout.
    pub(crate) fn stdout(&self) -> String {
        collect::output(&self.path.join("stdout"))
    }

    /// What was written to stderr.
    pub(crate) fn stderr(&self) -> String {
        collect::output(&self.path.join("stderr"))
    }

    /// Tells a full disk from a driver that wrote a bad log.
    pub(crate) fn check_space(&self) -> Result<(), PlayError> {
        match rustix::fs::statvfs(&self.path) {
            Ok(space) if space.f_bavail == 0 => {
                Err(PlayError::DiskFull { path: self.path.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Removes the folder, unless it is kept. What cannot be removed is left.
    pub(crate) fn finish(self) {
        if self.host.keep.is_none() {
            let _ = self.temp.close();
        }
    }

    fn plan(&self) -> PathBuf {
        self.path.join("plan.json")
    }
}
