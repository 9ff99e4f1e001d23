//! The engine's side of supervisors: each serves one play after the other.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Pid;

use super::supervise::{Order, Report};
use super::tree::Activity;
use super::{Interrupt, PlayError};

/// How often a running play looks at the interrupt.
const LOOK: Duration = Duration::from_millis(50);

/// Supervisors that wait for their next play. Clones share them; with the last of these they end.
#[derive(Clone, Debug, Default)]
pub struct Crew {
    idle: Arc<Mutex<Vec<Supervisor>>>,
}

impl Crew {
    /// Has a supervisor of this command serve a play, and keeps it for the next one. When the
    /// deadline comes, something is wrong with the supervisor itself.
    pub(super) fn serve(
        &self,
        command: &[String],
        order: &Order,
        deadline: Instant,
        interrupt: &Interrupt,
        waits: Option<&AtomicBool>,
    ) -> Result<Report, PlayError> {
        let mut line = serde_json::to_vec(order)
            .map_err(|e| PlayError::Plan { id: "order".to_owned(), error: e.to_string() })?;
        line.push(b'\n');
        let mut supervisor = match self.idle_one(command) {
            Some(supervisor) => supervisor,
            None => Supervisor::start(command)?,
        };
        let report = supervisor.serve(&line, deadline, interrupt, waits)?;
        if !report.retires {
            self.idle().push(supervisor);
        }
        Ok(report)
    }

    fn idle_one(&self, command: &[String]) -> Option<Supervisor> {
        let mut idle = self.idle();
        while let Some(at) = idle.iter().rposition(|supervisor| supervisor.command == command) {
            let mut supervisor = idle.swap_remove(at);
            if matches!(supervisor.process.try_wait(), Ok(None)) {
                return Some(supervisor);
            }
        }
        None
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Supervisor>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Supervisor {
    command: Vec<String>,
    process: Child,
    /// Closed to end it, and all that it has started.
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
}

impl Supervisor {
    fn start(command: &[String]) -> Result<Self, PlayError> {
        let failed = |source| PlayError::Supervisor { program: command.join(" "), source };
        let Some((program, arguments)) = command.split_first() else {
            return Err(failed(io::ErrorKind::InvalidInput.into()));
        };
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // An interrupt from the keyboard is for the engine; it tells the supervisor.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let stdin = process.stdin.take();
        let stdout =
            process.stdout.take().ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
        Ok(Self { command: command.to_vec(), process, stdin, stdout })
    }

    fn serve(
        &mut self,
        order: &[u8],
        deadline: Instant,
        interrupt: &Interrupt,
        waits: Option<&AtomicBool>,
    ) -> Result<Report, PlayError> {
        let mut activity = Activity::of(Pid::from_child(&self.process));
        if let Some(pipe) = &mut self.stdin {
            // Where it has died already, its output says more than a broken pipe.
            let _ = pipe.write_all(order);
        }
        let mut text = Vec::new();
        while !text.ends_with(b"\n") && Instant::now() <= deadline {
            if let Some(waits) = waits
                && let Some(is_waiting) = activity.is_waiting()
            {
                waits.store(is_waiting, Ordering::Relaxed);
            }
            if interrupt.is_set() {
                self.stdin = None;
            }
            if !self.read_some(&mut text) {
                break;
            }
        }
        if self.stdin.is_none() {
            let _ = self.end(deadline);
            return Err(PlayError::Interrupted);
        }
        serde_json::from_slice(&text).map_err(|_| self.no_report(deadline))
    }

    /// Waits a little for what it says, and reads that. Says whether there may be more.
    fn read_some(&mut self, text: &mut Vec<u8>) -> bool {
        let wait = Timespec { tv_sec: 0, tv_nsec: LOOK.subsec_nanos().into() };
        let mut buffer = [0; 4096];
        let read = match poll(&mut [PollFd::new(&self.stdout, PollFlags::IN)], Some(&wait)) {
            Ok(0) => return true,
            Ok(_) => self.stdout.read(&mut buffer),
            Err(errno) => Err(errno.into()),
        };
        match read {
            Ok(count) => {
                text.extend_from_slice(&buffer[..count]);
                count > 0
            }
            Err(error) => error.kind() == io::ErrorKind::Interrupted,
        }
    }

    /// What it says, and how it ends, in place of a report.
    fn no_report(&mut self, deadline: Instant) -> PlayError {
        let status = match self.end(deadline) {
            Ok(status) => status.to_string(),
            Err(source) => {
                return PlayError::Supervisor { program: self.command.join(" "), source };
            }
        };
        let mut bytes = Vec::new();
        if let Some(stderr) = self.process.stderr.take() {
            let _ = stderr.take(4096).read_to_end(&mut bytes);
        }
        let output = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        let output = if output.is_empty() { "it printed nothing".to_owned() } else { output };
        PlayError::NoReport { status, output }
    }

    /// Has it end all that it has started, and then itself. At the deadline it is killed alone.
    fn end(&mut self, deadline: Instant) -> io::Result<ExitStatus> {
        self.stdin = None;
        // The end of its stdout is its own.
        while Instant::now() <= deadline && self.read_some(&mut Vec::new()) {}
        if Instant::now() > deadline {
            let _ = self.process.kill();
        }
        self.process.wait()
    }
}

/// It ends what it has started, if there is anything, and then itself.
impl Drop for Supervisor {
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.process.wait();
    }
}
