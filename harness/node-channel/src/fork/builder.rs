//! What to start, and how.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{self, Command};
use std::time::Duration;

use rustix::process::{Resource, getrlimit};

use super::abandoned;
use super::child::Child;
use super::exec::{ExecPlan, duplicate};
use super::process::Process;
use crate::channel::Channel;
use crate::error::SpawnError;
use crate::inherited::{CHANNEL_FD, SERIALIZATION_MODE};
use crate::proto::{Limits, Role, Serialization};
use crate::signal::Signal;
use crate::socket;

/// Starts a child process with a channel, as Node's `fork()` does.
///
/// ```no_run
/// use js_value::Graph;
/// use node_channel::Fork;
///
/// let mut child = Fork::new("worker.js").arg("--fast").env("DEBUG", "1").spawn()?;
/// child.channel.send(&Graph::from("hello"))?;
/// while let Some(answer) = child.channel.recv()? {
///     println!("{answer:?}");
/// }
/// println!("{}", child.wait()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Fork {
    program: OsString,
    exec_args: Vec<OsString>,
    module: Option<OsString>,
    args: Vec<OsString>,
    settings: Settings,
    stdio: BTreeMap<u32, Stdio>,
    channel_at: u32,
    serialization: Serialization,
    silent: bool,
    detached: bool,
    uid: Option<u32>,
    gid: Option<u32>,
    timeout: Duration,
    kill_signal: Signal,
    limits: Limits,
}

/// Where a descriptor of the child leads.
#[derive(Debug)]
#[non_exhaustive]
pub enum Stdio {
    /// Where the same descriptor of this process leads. The default of the first three.
    Inherit,
    /// `/dev/null`.
    Null,
    /// To a pipe of this process: see [`Child`].
    Pipe,
    /// To this descriptor, which is given away.
    Fd(OwnedFd),
}

#[derive(Debug, Default)]
struct Settings {
    current_dir: Option<OsString>,
    clear: bool,
    /// None removes.
    variables: BTreeMap<OsString, Option<OsString>>,
}

impl Fork {
    /// A Node module, to be run by the `node` on the PATH.
    pub fn new(module: impl AsRef<OsStr>) -> Self {
        let mut fork = Self::program("node");
        fork.module = Some(module.as_ref().to_owned());
        fork
    }

    /// Any program. What it does with the channel is its own business.
    pub fn program(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            exec_args: Vec::new(),
            module: None,
            args: Vec::new(),
            settings: Settings::default(),
            stdio: BTreeMap::new(),
            channel_at: 3,
            serialization: Serialization::default(),
            silent: false,
            detached: false,
            uid: None,
            gid: None,
            timeout: Duration::ZERO,
            kill_signal: Signal::TERM,
            limits: Limits::default(),
        }
    }

    /// The program that runs the module: a path, or a name to look up on the PATH.
    pub fn exec_path(&mut self, program: impl AsRef<OsStr>) -> &mut Self {
        self.program = program.as_ref().to_owned();
        self
    }

    /// An argument for the program, before the module: `--expose-gc`.
    pub fn exec_arg(&mut self, arg: impl AsRef<OsStr>) -> &mut Self {
        self.exec_args.push(arg.as_ref().to_owned());
        self
    }

    /// Arguments for the program, before the module.
    pub fn exec_args(&mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> &mut Self {
        self.exec_args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// An argument for the module.
    pub fn arg(&mut self, arg: impl AsRef<OsStr>) -> &mut Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Arguments for the module.
    pub fn args(&mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> &mut Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// The child's working directory.
    pub fn current_dir(&mut self, directory: impl AsRef<Path>) -> &mut Self {
        self.settings.current_dir = Some(directory.as_ref().as_os_str().to_owned());
        self
    }

    /// Sets a variable of the child's environment. The two of the channel itself are set last,
    /// whatever is said here.
    pub fn env(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Self {
        self.settings.variables.insert(name.as_ref().to_owned(), Some(value.as_ref().to_owned()));
        self
    }

    /// Sets variables of the child's environment.
    pub fn envs<N: AsRef<OsStr>, V: AsRef<OsStr>>(
        &mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> &mut Self {
        for (name, value) in variables {
            self.env(name, value);
        }
        self
    }

    /// Removes a variable from the child's environment.
    pub fn env_remove(&mut self, name: impl AsRef<OsStr>) -> &mut Self {
        self.settings.variables.insert(name.as_ref().to_owned(), None);
        self
    }

    /// Starts from an empty environment, forgetting what was set before.
    pub fn env_clear(&mut self) -> &mut Self {
        self.settings.clear = true;
        self.settings.variables.clear();
        self
    }

    /// Where a descriptor of the child leads. The first three are inherited unless said otherwise;
    /// others do not exist unless said here.
    pub fn stdio(&mut self, index: u32, stdio: Stdio) -> &mut Self {
        self.stdio.insert(index, stdio);
        self
    }

    /// Makes pipes of those of the first three descriptors that [`stdio`](Self::stdio) says nothing
    /// of.
    pub fn silent(&mut self, silent: bool) -> &mut Self {
        self.silent = silent;
        self
    }

    /// The descriptor number of the channel in the child; 3 unless said otherwise.
    pub fn channel_at(&mut self, index: u32) -> &mut Self {
        self.channel_at = index;
        self
    }

    /// How messages are written.
    pub fn serialization(&mut self, serialization: Serialization) -> &mut Self {
        self.serialization = serialization;
        self
    }

    /// Makes the child leader of its own session and process group, so that signals of this
    /// terminal pass it by.
    pub fn detached(&mut self, detached: bool) -> &mut Self {
        self.detached = detached;
        self
    }

    /// The user that the child runs as. Takes the right to change it; starting fails with `EPERM`
    /// otherwise. Supplementary groups are given up, where that is allowed, as in Node.
    pub fn uid(&mut self, uid: u32) -> &mut Self {
        self.uid = Some(uid);
        self
    }

    /// The group that the child runs as: see [`uid`](Self::uid).
    pub fn gid(&mut self, gid: u32) -> &mut Self {
        self.gid = Some(gid);
        self
    }

    /// How long the child may run: after this it gets the [`kill_signal`](Self::kill_signal), once,
    /// even if [`Child`] was dropped. Zero, which is the default, is no limit. A thread of this
    /// process sleeps beside each such child until it ends.
    pub fn timeout(&mut self, timeout: Duration) -> &mut Self {
        self.timeout = timeout;
        self
    }

    /// The signal that [`timeout`](Self::timeout) and [`Process::abort`] send; SIGTERM unless said
    /// otherwise.
    pub fn kill_signal(&mut self, signal: Signal) -> &mut Self {
        self.kill_signal = signal;
        self
    }

    /// Limits for a child that is not trusted.
    pub fn limits(&mut self, limits: Limits) -> &mut Self {
        self.limits = limits;
        self
    }

    /// Starts the child. Descriptors in [`Stdio::Fd`] are given away, and the entry is as if never
    /// made.
    ///
    /// # Errors
    ///
    /// [`IndexTaken`](SpawnError::IndexTaken) and [`IndexTooLarge`](SpawnError::IndexTooLarge) for
    /// numbers of descriptors that cannot be, and [`NulByte`](SpawnError::NulByte) for strings; these
    /// give no descriptor away. [`Setup`](SpawnError::Setup) if a descriptor
    /// cannot be made or duplicated, as one that is to be inherited and is not open, and
    /// [`Program`](SpawnError::Program) if the program cannot be run. There is no child then.
    pub fn spawn(&mut self) -> Result<Child, SpawnError> {
        self.check_strings()?;
        if self.stdio.contains_key(&self.channel_at) {
            return Err(SpawnError::IndexTaken { index: self.channel_at });
        }
        let (ours, theirs) = socket::pair()
            .map_err(|error| SpawnError::Setup { doing: "socketpair", source: error.into() })?;
        let channel = Channel::new(ours, Role::Parent, self.serialization, self.limits)
            .map_err(|source| SpawnError::Setup { doing: "fcntl", source })?;
        // After the socket pair: where there is no room for that, no number is to blame.
        let channel_at = descriptor_number(self.channel_at)?;
        for index in self.stdio.keys() {
            descriptor_number(*index)?;
        }

        let mut command = self.command();
        let mut plan = ExecPlan::default();
        let mut pipes = BTreeMap::new();
        for (index, stdio) in self.take_stdio() {
            let number = descriptor_number(index)?;
            let setup = |source| SpawnError::Setup { doing: "stdio", source };
            if number < 3 {
                set_standard(&mut command, number, standard(stdio));
            } else {
                let (theirs, ours) = extra(stdio, number).map_err(setup)?;
                plan.map(theirs, number);
                pipes.extend(ours.map(|ours| (index, ours)));
            }
        }
        if channel_at < 3 {
            set_standard(&mut command, channel_at, theirs.into());
        } else {
            plan.map(theirs, channel_at);
        }
        if self.detached {
            plan.own_session();
        }
        if self.gid.is_some() && self.uid.is_none() {
            // std does it for a user only.
            plan.give_up_groups();
        }
        abandoned::reap();
        let spawned = plan.spawn(&mut command);
        // The child's ends of channel and pipes: as long as they are open here, the end of the
        // child goes unnoticed.
        drop(command);
        let child = spawned
            .map_err(|source| SpawnError::Program { program: self.program.clone(), source })?;
        let child = Child::new(child, self.kill_signal, channel, pipes);
        if !self.timeout.is_zero() {
            let watched = child.process().abort_after(self.timeout);
            watched.map_err(|source| given_up(&child.process(), "thread", source))?;
        }
        Ok(child)
    }

    /// As [`spawn`](Self::spawn), inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// Those of [`spawn`](Self::spawn), and [`Setup`](SpawnError::Setup) outside a runtime: the
    /// child is killed then.
    #[cfg(feature = "tokio")]
    pub fn spawn_tokio(&mut self) -> Result<crate::tokio::Child, SpawnError> {
        let child = self.spawn()?;
        let process = child.process();
        child.try_into().map_err(|source| given_up(&process, "tokio", source))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.exec_args).args(&self.module).args(&self.args);
        if let Some(uid) = self.uid {
            command.uid(uid);
        }
        if let Some(gid) = self.gid {
            command.gid(gid);
        }
        if let Some(directory) = &self.settings.current_dir {
            command.current_dir(directory);
        }
        if self.settings.clear {
            command.env_clear();
        }
        for (name, value) in &self.settings.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env(CHANNEL_FD, self.channel_at.to_string());
        command.env(SERIALIZATION_MODE, self.serialization.as_str());
        command
    }

    /// Looks for NUL bytes, in Node's order and with Node's names.
    fn check_strings(&self) -> Result<(), SpawnError> {
        let Self { program, exec_args, module, args, settings, .. } = self;
        check_string(module.as_ref(), || "modulePath".to_owned())?;
        for (index, arg) in args.iter().enumerate() {
            check_string(Some(arg), || format!("args[{index}]"))?;
        }
        for (index, arg) in exec_args.iter().enumerate() {
            check_string(Some(arg), || format!("options.execArgv[{index}]"))?;
        }
        let program_name = if module.is_some() { "options.execPath" } else { "file" };
        check_string(Some(program), || program_name.to_owned())?;
        check_string(settings.current_dir.as_ref(), || "options.cwd".to_owned())?;
        for (name, value) in &settings.variables {
            let place = || {
                let name = name.to_string_lossy().replace('\0', "\\x00");
                format!("options.env['{name}']")
            };
            check_string(Some(name), place)?;
            check_string(value.as_ref(), place)?;
        }
        Ok(())
    }

    /// What the child gets, leaving behind what can be used again.
    fn take_stdio(&mut self) -> BTreeMap<u32, Stdio> {
        let mut taken = std::mem::take(&mut self.stdio);
        for (index, stdio) in &taken {
            let again = match stdio {
                Stdio::Inherit => Stdio::Inherit,
                Stdio::Null => Stdio::Null,
                Stdio::Pipe => Stdio::Pipe,
                Stdio::Fd(_) => continue,
            };
            self.stdio.insert(*index, again);
        }
        if self.silent {
            for index in (0..3).filter(|index| *index != self.channel_at) {
                taken.entry(index).or_insert(Stdio::Pipe);
            }
        }
        taken
    }
}

/// The error of a step that came after the start: without it, there is no child.
fn given_up(process: &Process, doing: &'static str, source: io::Error) -> SpawnError {
    process.end();
    SpawnError::Setup { doing, source }
}

fn check_string(value: Option<&OsString>, name: impl FnOnce() -> String) -> Result<(), SpawnError> {
    match value {
        Some(value) if value.as_encoded_bytes().contains(&0) => {
            Err(SpawnError::NulByte { name: name(), value: value.clone() })
        }
        _ => Ok(()),
    }
}

fn descriptor_number(index: u32) -> Result<RawFd, SpawnError> {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    // Room above the highest one is needed for the moves.
    RawFd::try_from(index)
        .ok()
        .filter(|number| *number < RawFd::MAX - 1 && u64::from(index) + 1 < limit)
        .ok_or(SpawnError::IndexTooLarge { index })
}

fn standard(stdio: Stdio) -> process::Stdio {
    match stdio {
        Stdio::Inherit => process::Stdio::inherit(),
        Stdio::Null => process::Stdio::null(),
        Stdio::Pipe => process::Stdio::piped(),
        Stdio::Fd(fd) => fd.into(),
    }
}

fn set_standard(command: &mut Command, number: RawFd, stdio: process::Stdio) {
    match number {
        0 => command.stdin(stdio),
        1 => command.stdout(stdio),
        _ => command.stderr(stdio),
    };
}

/// The child's end, and ours if there is one, of a descriptor beyond the first three.
fn extra(stdio: Stdio, number: RawFd) -> io::Result<(OwnedFd, Option<UnixStream>)> {
    Ok(match stdio {
        Stdio::Inherit => (duplicate(number)?, None),
        Stdio::Null => {
            let null = std::fs::File::options().read(true).write(true).open("/dev/null")?;
            (null.into(), None)
        }
        Stdio::Pipe => {
            let (ours, theirs) = UnixStream::pair()?;
            (theirs.into(), Some(ours))
        }
        Stdio::Fd(fd) => (fd, None),
    })
}
