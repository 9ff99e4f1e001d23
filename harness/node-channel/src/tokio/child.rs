//! A running child, for tokio.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::runtime::Handle;

use super::Channel;
use crate::fork::ExitStatus;
use crate::signal::Signal;

/// A child process and the channel to it: what
/// [`Fork::spawn_tokio`](crate::Fork::spawn_tokio) gives.
///
/// Dropping it closes the channel, which most children take as the end, but neither kills the
/// process nor waits for it: as [`Child`](crate::Child).
#[derive(Debug)]
pub struct Child {
    /// The channel.
    pub channel: Channel,
    /// The child's stdin, if it is a pipe.
    pub stdin: Option<pipe::Sender>,
    /// The child's stdout, if it is a pipe.
    pub stdout: Option<pipe::Receiver>,
    /// The child's stderr, if it is a pipe.
    pub stderr: Option<pipe::Receiver>,
    /// Pipes at other descriptors of the child, by number. Each leads both ways.
    pub pipes: BTreeMap<u32, UnixStream>,
    process: Process,
}

/// The process of a child, apart from its channel: as [`Process`](crate::Process).
#[derive(Clone, Debug)]
pub struct Process {
    process: crate::Process,
    /// The pidfd, as the runtime watches it, where there is one. Never read from.
    pidfd: Option<Arc<pipe::Receiver>>,
}

impl Child {
    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// How the child ended; `None` while it runs.
    ///
    /// # Errors
    ///
    /// Those of [`Child::try_wait`](crate::Child::try_wait).
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
    /// Those of [`try_wait`](Self::try_wait), and when the runtime has ended.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.stdin.take());
        self.process.wait().await
    }

    /// Sends a signal; answers whether there was a process to get it.
    ///
    /// # Errors
    ///
    /// Those of [`Child::kill`](crate::Child::kill).
    pub fn kill(&mut self, signal: Signal) -> io::Result<bool> {
        self.process.kill(signal)
    }

    /// The process alone, for other tasks, or for when the channel is taken apart.
    pub fn process(&self) -> Process {
        self.process.clone()
    }
}

impl Process {
    fn new(process: crate::Process) -> io::Result<Self> {
        let pidfd = process.pidfd().map(|fd| {
            let fd = fd.try_clone_to_owned()?;
            pipe::Receiver::from_owned_fd_unchecked(fd).map(Arc::new)
        });
        let pidfd = pidfd.transpose()?;
        Ok(Self { process, pidfd })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// How the process ended; `None` while it runs.
    ///
    /// # Errors
    ///
    /// Those of [`Process::try_wait`](crate::Process::try_wait).
    pub fn try_wait(&self) -> io::Result<Option<ExitStatus>> {
        self.process.try_wait()
    }

    /// Waits for the end of the process.
    ///
    /// # Errors
    ///
    /// Those of [`try_wait`](Self::try_wait), and when the runtime has ended.
    pub async fn wait(&self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            if let Some(pidfd) = &self.pidfd {
                pidfd.readable().await?;
                continue;
            }
            let process = self.process.clone();
            // In pieces, so that nothing is left for long of a wait that was dropped.
            let waiting = tokio::task::spawn_blocking(move || process.wait_timeout(PIECE));
            if let Some(status) = waiting.await.map_err(io::Error::other)?? {
                return Ok(status);
            }
        }
    }

    /// Sends a signal; answers whether there was a process to get it.
    ///
    /// # Errors
    ///
    /// Those of [`Process::kill`](crate::Process::kill).
    pub fn kill(&self, signal: Signal) -> io::Result<bool> {
        self.process.kill(signal)
    }

    /// As [`Process::abort`](crate::Process::abort).
    ///
    /// # Errors
    ///
    /// Those of [`kill`](Self::kill).
    pub fn abort(&self) -> io::Result<bool> {
        self.process.abort()
    }
}

/// Takes over a child as it is. Fails outside a runtime.
impl TryFrom<crate::Child> for Child {
    type Error = io::Error;

    fn try_from(child: crate::Child) -> io::Result<Self> {
        Handle::try_current().map_err(io::Error::other)?;
        let process = Process::new(child.process())?;
        let crate::Child { channel, stdin, stdout, stderr, pipes, .. } = child;
        let receiver = |fd: OwnedFd| pipe::Receiver::from_owned_fd(fd);
        Ok(Self {
            channel: channel.try_into()?,
            stdin: stdin.map(|stdin| pipe::Sender::from_owned_fd(stdin.into())).transpose()?,
            stdout: stdout.map(|stdout| receiver(stdout.into())).transpose()?,
            stderr: stderr.map(|stderr| receiver(stderr.into())).transpose()?,
            pipes: pipes.into_iter().map(watched).collect::<io::Result<_>>()?,
            process,
        })
    }
}

fn watched((number, pipe): (u32, std::os::unix::net::UnixStream)) -> io::Result<(u32, UnixStream)> {
    pipe.set_nonblocking(true)?;
    Ok((number, UnixStream::from_std(pipe)?))
}

const PIECE: Duration = Duration::from_millis(100);
