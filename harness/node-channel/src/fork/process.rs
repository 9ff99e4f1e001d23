//! A child process, for those who wait for it and those who end it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open, pidfd_send_signal};

use super::abandoned;
use super::child::ExitStatus;
use crate::signal::Signal;

/// The process of a child, apart from its channel: to wait for it or to end it from anywhere, as
/// [`Child::process`](crate::Child::process) gives it. Clones are the same process.
///
/// [`abort`](Self::abort) is the counterpart of Node's `signal` option, an `AbortSignal`.
///
/// ```no_run
/// use node_channel::Fork;
///
/// let child = Fork::new("worker.js").spawn()?;
/// let process = child.process();
/// let (mut sender, receiver) = child.channel.split()?;
/// std::thread::spawn(move || process.abort());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Process {
    running: Arc<Running>,
    kill_signal: Signal,
}

/// Whoever shares it may wait and send signals: the number is not given to another process before
/// the end was noticed, which happens under a lock.
#[derive(Debug)]
struct Running {
    child: Mutex<process::Child>,
    id: u32,
    pidfd: Option<OwnedFd>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let (Ok(None), Some(pid)) = (child.try_wait(), pid(self.id)) {
            abandoned::add(pid);
        }
        abandoned::reap();
    }
}

impl Process {
    pub(super) fn new(child: process::Child, kill_signal: Signal) -> Self {
        let id = child.id();
        let pidfd = pid(id).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        Self { running: Arc::new(Running { child: Mutex::new(child), id, pidfd }), kill_signal }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.running.id
    }

    /// A descriptor that becomes readable when the process ends, for an event loop; `None` where the
    /// kernel has none, or no descriptor was left.
    pub fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.running.pidfd.as_ref().map(AsFd::as_fd)
    }

    /// How the process ended; `None` while it runs.
    ///
    /// # Errors
    ///
    /// That of waitpid(2): `ECHILD` if something else in this process has waited for the child, or
    /// this process ignores SIGCHLD.
    pub fn try_wait(&self) -> io::Result<Option<ExitStatus>> {
        Ok(self.lock().try_wait()?.map(ExitStatus::from))
    }

    /// Waits for the end of the process.
    ///
    /// # Errors
    ///
    /// Those of [`try_wait`](Self::try_wait), and of poll(2).
    pub fn wait(&self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.wait_until(None)? {
                return Ok(status);
            }
        }
    }

    /// Waits for the end of the process, but no longer than this; `None` if it still runs then.
    ///
    /// # Errors
    ///
    /// Those of [`try_wait`](Self::try_wait), and of poll(2). That the time is up is none.
    pub fn wait_timeout(&self, timeout: Duration) -> io::Result<Option<ExitStatus>> {
        self.wait_until(Instant::now().checked_add(timeout))
    }

    /// Sends a signal; answers whether there was a process to get it.
    ///
    /// # Errors
    ///
    /// `EPERM` if this process may not send it a signal, as to a child that runs as another user, and
    /// those of [`try_wait`](Self::try_wait). A process that has ended is none.
    pub fn kill(&self, signal: Signal) -> io::Result<bool> {
        let mut child = self.lock();
        if child.try_wait()?.is_some() {
            return Ok(false);
        }
        let sent = match (&self.running.pidfd, pid(self.id())) {
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

    /// Sends the signal that was chosen with [`Fork::kill_signal`](crate::Fork::kill_signal);
    /// answers whether there was a process to get it.
    ///
    /// # Errors
    ///
    /// Those of [`kill`](Self::kill).
    pub fn abort(&self) -> io::Result<bool> {
        self.kill(self.kill_signal)
    }

    fn wait_until(&self, deadline: Option<Instant>) -> io::Result<Option<ExitStatus>> {
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(Some(status));
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Ok(None);
            }
            match &self.running.pidfd {
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

    /// Aborts the process after a time, if it has not ended by then.
    pub(super) fn abort_after(&self, timeout: Duration) -> io::Result<()> {
        let process = self.clone();
        std::thread::Builder::new().name("node-channel timeout".to_owned()).spawn(move || {
            if let Ok(None) = process.wait_timeout(timeout) {
                // As in Node, one attempt. There is nobody to report to.
                let _result = process.abort();
            }
        })?;
        Ok(())
    }

    /// Ends a process that nobody will hear of.
    pub(super) fn end(&self) {
        let mut child = self.lock();
        let _killed = child.kill();
        let _status = child.wait();
    }

    fn lock(&self) -> MutexGuard<'_, process::Child> {
        // Nothing that holds the lock leaves things half done.
        self.running.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn pid(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw)
}

const POLL_INTERVAL: Duration = Duration::from_millis(5);
