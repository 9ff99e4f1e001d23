//! Signals of a process that stands in for another one.

use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, io};

use nix::unistd::{getpgid, getpgrp, tcgetpgrp};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Resource, Rlimit, Signal, getpid, kill_process, kill_process_group,
    pidfd_open, setrlimit,
};
use signal_hook::SigId;
use signal_hook::consts::signal::*;
use signal_hook::low_level::{emulate_default_handler, pipe, unregister};

/// Those that somebody may send to a process to tell it something.
const FORWARDED: [i32; 12] = [
    SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGCONT,
    SIGVTALRM, SIGWINCH,
];

/// Takes the signals of this process and sends them to another one, until it is dropped.
pub struct Forwarder {
    wake: UnixStream,
    came: Vec<(i32, Arc<AtomicBool>)>,
    handlers: Vec<SigId>,
}

impl Forwarder {
    /// Takes the signals from now on.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub fn new() -> io::Result<Self> {
        let (wake, ours) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        let mut forwarder = Self { wake, came: Vec::new(), handlers: Vec::new() };
        for signal in FORWARDED {
            let flag = Arc::new(AtomicBool::new(false));
            forwarder.handlers.push(signal_hook::flag::register(signal, Arc::clone(&flag))?);
            forwarder.handlers.push(pipe::register(signal, ours.try_clone()?)?);
            forwarder.came.push((signal, flag));
        }
        Ok(forwarder)
    }

    /// What becomes readable when one has come.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// Sends on what has come; to its whole process group if it leads one that is not ours.
    pub fn forward(&self, target: Pid) {
        let _ = (&self.wake).read(&mut [0; 64]);
        for (number, flag) in &self.came {
            if !flag.swap(false, Ordering::Relaxed) || is_from_terminal(*number) {
                continue;
            }
            if let Some(signal) = Signal::from_named_raw(*number) {
                let leader = nix::unistd::Pid::from_raw(target.as_raw_pid());
                let own_group = getpgid(Some(leader)) == Ok(leader) && leader != getpgrp();
                let _ = if own_group {
                    kill_process_group(target, signal)
                } else {
                    kill_process(target, signal)
                };
            }
        }
    }
}

impl Drop for Forwarder {
    /// Lets nothing write to `wake` once it is closed: that would raise a SIGPIPE, for which it would
    /// be written to again.
    fn drop(&mut self) {
        for handler in self.handlers.drain(..) {
            unregister(handler);
        }
    }
}

/// Waits until a child has ended, and meanwhile sends it the signals that come here.
///
/// # Errors
///
/// When the system cannot watch it.
pub fn wait(child: &mut Child, signals: &Forwarder) -> io::Result<ExitStatus> {
    let pid = Pid::from_child(child);
    let ended = pidfd_open(pid, PidfdFlags::empty())?;
    loop {
        let mut fds =
            [signals.fd(), ended.as_fd()].map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        signals.forward(pid);
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
    }
}

/// Whether a key press sent it, as far as can be told: it then went to the whole group in the
/// terminal's foreground, and the target has it already.
fn is_from_terminal(signal: i32) -> bool {
    matches!(signal, SIGINT | SIGQUIT)
        && fs::File::open("/dev/tty").is_ok_and(|tty| tcgetpgrp(&tty) == Ok(getpgrp()))
}

/// Ends this process the way that another one has ended, without a core file.
pub fn end_like(status: ExitStatus) -> ! {
    if let Some(number) = status.signal() {
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
        let _ = emulate_default_handler(number);
        if let Some(signal) = Signal::from_named_raw(number) {
            // The first may meet a handler that only puts the default back.
            for _ in 0..2 {
                let _ = kill_process(getpid(), signal);
            }
        }
        std::process::exit(128 + number);
    }
    std::process::exit(status.code().unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// A process that has forwarded signals still gets some, on its way to its own end.
    #[test]
    fn a_signal_that_comes_later_does_no_harm() {
        drop(Forwarder::new().unwrap());
        let (done, wait) = mpsc::channel();
        // Of its own: where the handler never returns, it is this one that never ends.
        thread::spawn(move || {
            nix::sys::signal::raise(nix::sys::signal::Signal::SIGWINCH).unwrap();
            done.send(()).unwrap();
        });
        wait.recv_timeout(Duration::from_secs(10)).expect("the handler does not return");
    }
}
