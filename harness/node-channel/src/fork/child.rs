//! A running child.

use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{self, ChildStderr, ChildStdin, ChildStdout};
use std::time::Duration;
use std::{fmt, io};

use super::process::Process;
use crate::channel::Channel;
use crate::signal::Signal;

/// A child process and the channel to it.
///
/// Dropping it closes the channel, which most children take as the end, but neither kills the
/// process nor waits for it. Once it has ended it is a zombie, until the next child is started or
/// dropped: those that nobody can ask for any more are let go then.
#[derive(Debug)]
pub struct Child {
    /// The channel.
    pub channel: Channel,
    /// The child's stdin, if it is a pipe.
    pub stdin: Option<ChildStdin>,
    /// The child's stdout, if it is a pipe.
    pub stdout: Option<ChildStdout>,
    /// The child's stderr, if it is a pipe.
    pub stderr: Option<ChildStderr>,
    /// Pipes at other descriptors of the child, by number. Each leads both ways.
    pub pipes: BTreeMap<u32, UnixStream>,
    process: Process,
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExitStatus {
    /// The exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<Signal>,
}

impl Child {
    pub(super) fn new(
        mut process: process::Child,
        kill_signal: Signal,
        channel: Channel,
        pipes: BTreeMap<u32, UnixStream>,
    ) -> Self {
        Self {
            channel,
            stdin: process.stdin.take(),
            stdout: process.stdout.take(),
            stderr: process.stderr.take(),
            pipes,
            process: Process::new(process, kill_signal),
        }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// A descriptor that becomes readable when the child ends, for an event loop; `None` where the
    /// kernel has none.
    pub fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.process.pidfd()
    }

    /// How the child ended; `None` while it runs.
    ///
    /// # Errors
    ///
    /// That of waitpid(2): `ECHILD` if something else in this process has waited for the child, or
    /// this process ignores SIGCHLD.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.process.try_wait()
    }

    /// Waits for the child's end. Closes its stdin first; the channel stays as it is.
    ///
    /// A child that listens for messages runs until it is disconnected: see
    /// [`Channel::disconnect`].
    ///
    /// # Errors
    ///
    /// Those of [`try_wait`](Self::try_wait), and of poll(2).
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.stdin.take());
        self.process.wait()
    }

    /// Waits for the child's end, but no longer than this; `None` if it still runs then.
    ///
    /// # Errors
    ///
    /// Those of [`try_wait`](Self::try_wait), and of poll(2). That the time is up is none.
    pub fn wait_timeout(&mut self, timeout: Duration) -> io::Result<Option<ExitStatus>> {
        drop(self.stdin.take());
        self.process.wait_timeout(timeout)
    }

    /// Sends a signal; answers whether there was a process to get it.
    ///
    /// # Errors
    ///
    /// `EPERM` if this process may not send it a signal, as to a child that runs as another user, and
    /// those of [`try_wait`](Self::try_wait). A child that has ended is none.
    pub fn kill(&mut self, signal: Signal) -> io::Result<bool> {
        self.process.kill(signal)
    }

    /// The process alone, for other threads, or for when the channel is taken apart.
    pub fn process(&self) -> Process {
        self.process.clone()
    }
}

impl ExitStatus {
    /// Whether the child ended by itself with code 0.
    pub fn success(&self) -> bool {
        self.code == Some(0)
    }
}

impl From<process::ExitStatus> for ExitStatus {
    fn from(status: process::ExitStatus) -> Self {
        Self { code: status.code(), signal: status.signal().and_then(Signal::from_number) }
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => write!(f, "exit code {code}"),
            (None, Some(signal)) => write!(f, "signal {signal}"),
            (None, None) => f.write_str("unknown signal"),
        }
    }
}
