//! The supervisor: a small process that starts one program at a time and owns all its descendants.
//!
//! It reads orders (one line of JSON each) from stdin, one after the other, and answers each with a
//! report (one line of JSON) on stdout when nothing it has started is left. The end of its stdin,
//! which comes by itself when the engine dies, makes it kill everything at once, and exit.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions, WaitOptions, WaitStatus};
use serde::{Deserialize, Serialize};

use super::tree;
use crate::history::Ending;

/// What the supervisor is to do.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    /// Program and arguments.
    pub(crate) command: Vec<String>,
    /// Working directory; `stdout` and `stderr` are made in it.
    pub(crate) folder: PathBuf,
    /// Additional environment.
    pub(crate) env: BTreeMap<String, String>,
    /// When the program is killed.
    pub(crate) limit_ms: u64,
    /// How long its descendants may outlive it.
    pub(crate) linger_ms: u64,
}

/// What became of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    /// How the program ended.
    pub(crate) ending: Ending,
    /// Command lines of descendants that had to be killed.
    pub(crate) leaked: Vec<String>,
    /// Microseconds from the start of the program to its end.
    pub(crate) program_us: u64,
    /// Microseconds from the start of the program to the end of the last descendant.
    pub(crate) total_us: u64,
    /// Whether the supervisor exits now: because its stdin has ended, or because something that it
    /// has started could not be killed and must not be taken for part of another play.
    pub(crate) retires: bool,
}

/// How long killed processes may take to go, before they are left to the kernel.
const KILL_PATIENCE: Duration = Duration::from_secs(5);

/// The supervisor's `main`, for the hidden subcommand that [`Host`](super::Host) names.
pub fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("supervisor: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> io::Result<()> {
    // What the engine itself inherited (a make jobserver, an editor's pipe) is not for drivers.
    close_fds::set_fds_cloexec(3, &[]);
    // Any value other than none turns it on.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    // Only a name in process listings.
    let _ = fs::write("/proc/self/comm", "ipc-supervisor");

    let (wake, wakes) = mpsc::channel();
    let orders = wake.clone();
    thread::spawn(move || read_stdin(&orders));
    loop {
        let order: Order = match wakes.recv() {
            Ok(Wake::Order(line)) => serde_json::from_str(&line)?,
            // Of a child that was reaped meanwhile.
            Ok(Wake::Ended) => continue,
            Ok(Wake::Closed) | Err(_) => return Ok(()),
        };
        let started = Instant::now();
        let report = match start(&order)? {
            Err(error) => Report {
                ending: Ending::NotStarted { error },
                leaked: Vec::new(),
                program_us: 0,
                total_us: 0,
                retires: false,
            },
            Ok(program) => Supervisor::new(program, started, &wake, &wakes).run(&order),
        };
        let mut out = io::stdout().lock();
        serde_json::to_writer(&mut out, &report)?;
        out.write_all(b"\n")?;
        out.flush()?;
        if report.retires {
            return Ok(());
        }
    }
}

/// Starts the program. The inner error is the program's, the outer one ours.
fn start(order: &Order) -> io::Result<Result<Pid, String>> {
    let Some((program, arguments)) = order.command.split_first() else {
        return Ok(Err("no command given".to_owned()));
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(&order.folder)
        .stdin(Stdio::null())
        .stdout(output(&order.folder, "stdout")?)
        .stderr(output(&order.folder, "stderr")?)
        .process_group(0);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_private) {
            command.env_remove(name);
        }
    }
    command.envs(&order.env);
    match command.spawn() {
        Ok(child) => Ok(Ok(Pid::from_child(&child))),
        Err(e) => Ok(Err(format!("{program}: {e}"))),
    }
}

/// Whether a variable of the engine's environment would reach into what is under test: it tells a
/// runtime how to work (`NODE_OPTIONS`), or slows its start down threefold (`NODE_EXTRA_CA_CERTS`). A
/// runtime file can set it.
fn is_private(name: &str) -> bool {
    ["NODE_", "BUN_", "DENO_", "IPC_CONFORMANCE_"].iter().any(|prefix| name.starts_with(prefix))
}

fn output(folder: &Path, name: &str) -> io::Result<File> {
    File::options().append(true).create_new(true).open(folder.join(name))
}

/// What the threads that watch tell.
enum Wake {
    /// A line came on stdin.
    Order(String),
    /// A child has ended and waits to be reaped.
    Ended,
    /// Stdin has ended.
    Closed,
}

struct Supervisor<'a> {
    program: Pid,
    started: Instant,
    /// How the program ended, and when.
    ended: Option<(WaitStatus, Duration)>,
    wakes: &'a Receiver<Wake>,
    /// Whether nobody waits for the report any more.
    closed: bool,
    /// Tells the thread that watches children that they have been reaped.
    reaped: Sender<()>,
}

/// Why a wait was over.
#[derive(PartialEq)]
enum Wait {
    Satisfied,
    TimeOut,
    Closed,
}

impl<'a> Supervisor<'a> {
    fn new(program: Pid, started: Instant, wake: &Sender<Wake>, wakes: &'a Receiver<Wake>) -> Self {
        let (reaped, seen) = mpsc::channel();
        let wake = wake.clone();
        thread::spawn(move || watch_children(&wake, &seen));
        Self { program, started, ended: None, wakes, closed: false, reaped }
    }

    fn run(mut self, order: &Order) -> Report {
        let limit = Duration::from_millis(order.limit_ms);
        let mut wait = self.wait(self.started + limit, |this| this.ended.is_some());
        let timed_out = wait == Wait::TimeOut;
        if wait == Wait::Satisfied {
            let linger = Duration::from_millis(order.linger_ms);
            wait = self.wait(Instant::now() + linger, |_| false);
        }
        let leaked = if wait == Wait::Satisfied { Vec::new() } else { self.kill_all() };
        let total = self.started.elapsed();
        let (status, ended) = self.ended.unzip();
        let ending = match status {
            _ if timed_out => Ending::TimedOut { limit_ms: order.limit_ms },
            Some(status) => ending(status.exit_status(), status.terminating_signal()),
            None => Ending::Signalled { signal: "SIGKILL".to_owned() },
        };
        Report {
            ending,
            leaked,
            program_us: micros(ended.unwrap_or(total)),
            total_us: micros(total),
            retires: self.closed || self.reap(),
        }
    }

    /// Waits until there are no children left or `enough`.
    fn wait(&mut self, deadline: Instant, enough: impl Fn(&Self) -> bool) -> Wait {
        loop {
            if !self.reap() || enough(self) {
                return Wait::Satisfied;
            }
            match self.wakes.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Wake::Ended) => {}
                Err(RecvTimeoutError::Timeout) => return Wait::TimeOut,
                // Another order has no place here.
                Ok(Wake::Closed | Wake::Order(_)) | Err(RecvTimeoutError::Disconnected) => {
                    self.closed = true;
                    return Wait::Closed;
                }
            }
        }
    }

    /// Reaps all that have ended. Says whether there are other children.
    fn reap(&mut self) -> bool {
        let any = loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) => {
                    if pid == self.program {
                        self.ended = Some((status, self.started.elapsed()));
                    }
                }
                Ok(None) => break true,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => break false,
            }
        };
        // The thread is gone when there were no children for a moment.
        let _ = self.reaped.send(());
        any
    }

    /// Kills whatever is left and names it, apart from the program itself.
    fn kill_all(&mut self) -> Vec<String> {
        let mut named = BTreeMap::new();
        let deadline = Instant::now() + KILL_PATIENCE;
        loop {
            for pid in tree::kill_descendants() {
                if pid.pid != self.program {
                    named.entry(pid.pid.as_raw_nonzero()).or_insert(pid.command);
                }
            }
            let step = (Instant::now() + Duration::from_millis(5)).min(deadline);
            if self.wait(step, |_| false) == Wait::Satisfied || Instant::now() >= deadline {
                return named.into_values().collect();
            }
        }
    }
}

/// Tells of each ended child without reaping it, so that its pid stays its own.
fn watch_children(wake: &Sender<Wake>, reaped: &Receiver<()>) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    loop {
        match rustix::process::waitid(WaitId::All, options) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return,
            Ok(_) => {}
        }
        // Only a reaping after this wake-up counts.
        while reaped.try_recv().is_ok() {}
        if wake.send(Wake::Ended).is_err() || reaped.recv().is_err() {
            return;
        }
    }
}

fn read_stdin(orders: &Sender<Wake>) {
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        if orders.send(Wake::Order(line)).is_err() {
            return;
        }
    }
    let _ = orders.send(Wake::Closed);
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// How a process ended with this exit code or by this signal.
pub(crate) fn ending(code: Option<i32>, signal: Option<i32>) -> Ending {
    match (code, signal) {
        (Some(code), _) => Ending::Exited { code },
        (None, Some(signal)) => Ending::Signalled { signal: signal_name(signal) },
        // Stops are not asked for.
        (None, None) => Ending::Signalled { signal: "unknown".to_owned() },
    }
}

/// Linux on every architecture but MIPS and SPARC, which Node does not support.
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// The name of a signal, such as `SIGKILL`.
pub(crate) fn signal_name(signal: i32) -> String {
    match usize::try_from(signal - 1).ok().and_then(|i| SIGNALS.get(i)) {
        Some(name) => format!("SIG{name}"),
        None => format!("SIG{signal}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_their_names() {
        assert_eq!(signal_name(9), "SIGKILL");
        assert_eq!(signal_name(15), "SIGTERM");
        assert_eq!(signal_name(31), "SIGSYS");
        assert_eq!(signal_name(34), "SIG34");
        assert_eq!(signal_name(0), "SIG0");
    }

    #[test]
    fn what_configures_a_runtime_is_private() {
        for name in ["NODE_CHANNEL_FD", "NODE_EXTRA_CA_CERTS", "BUN_OPTIONS", "DENO_DIR"] {
            assert!(is_private(name), "{name}");
        }
        for name in ["PATH", "HOME", "NODE", "BUNDLE"] {
            assert!(!is_private(name), "{name}");
        }
    }
}
