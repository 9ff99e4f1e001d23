//! A running child.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{self, ChildStderr, ChildStdin, ChildStdout};
use std::time::{Duration, Instant};
use std::{fmt, io};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open, pidfd_send_signal};

use crate::channel::Channel;
use crate::signal::Signal;

/// A child process and the channel to it.
///
/// Dropping it closes the channel, which most children take as the end, but neither kills the
/// process nor waits for it.
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
    process: process::Child,
    pidfd: Option<OwnedFd>,
    status: Option<ExitStatus>,
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
        channel: Channel,
        pipes: BTreeMap<u32, UnixStream>,
    ) -> Self {
        let pidfd = pid(&process).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        Self {
            channel,
            stdin: process.stdin.take(),
            stdout: process.stdout.take(),
            stderr: process.stderr.take(),
            pipes,
            process,
            pidfd,
            status: None,
        }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// A descriptor that becomes readable when the child ends, for an event loop; `None` where the
    /// kernel has none.
    pub fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.pidfd.as_ref().map(AsFd::as_fd)
    }

    /// How the child ended; `None` while it runs.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = self.process.try_wait()?.map(ExitStatus::from);
        }
        Ok(self.status)
    }

    /// Waits for the child's end. Closes its stdin first; the channel stays as it is.
    ///
    /// A child that listens for messages runs until it is disconnected: see
    /// [`Channel::disconnect`].
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.stdin.take());
        let status = ExitStatus::from(self.process.wait()?);
        self.status = Some(status);
        Ok(status)
    }

    /// Waits for the child's end, but no longer than this; `None` if it still runs then.
    pub fn wait_timeout(&mut self, timeout: Duration) -> io::Result<Option<ExitStatus>> {
        drop(self.stdin.take());
        let deadline = Instant::now().checked_add(timeout);
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(Some(status));
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Ok(None);
            }
            match &self.pidfd {
                Some(pidfd) => {
                    let timeout = left.and_then(|left| Timespec::try_from(left).ok());
                    match poll(&mut [PollFd::new(pidfd, PollFlags::IN)], timeout.as_ref()) {
                        Ok(_) | Err(Errno::INTR) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                None => std::thread::sleep(left.unwrap_or(POLL_INTERVAL).min(POLL_INTERVAL)),
            }
        }
    }

    /// Sends a signal; answers whether there was a process to get it.
    pub fn kill(&mut self, signal: Signal) -> io::Result<bool> {
        if self.try_wait()?.is_some() {
            return Ok(false);
        }
        let sent = match (&self.pidfd, pid(&self.process)) {
            (Some(pidfd), _) => pidfd_send_signal(pidfd, signal.raw()),
            // Not waited for, so the number is still this child's.
            (None, Some(pid)) => rustix::process::kill_process(pid, signal.raw()),
            (None, None) => Err(Errno::SRCH),
        };
        match sent {
            Ok(()) => Ok(true),
            Err(Errno::SRCH) => Ok(false),
            Err(error) => Err(error.into()),
        }
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

fn pid(process: &process::Child) -> Option<Pid> {
    i32::try_from(process.id()).ok().and_then(Pid::from_raw)
}

const POLL_INTERVAL: Duration = Duration::from_millis(5);
