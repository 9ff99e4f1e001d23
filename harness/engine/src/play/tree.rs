//! Processes and their descendants, as `/proc` shows them.

use std::collections::BTreeSet;
use std::fs;
use std::iter;
use std::time::{Duration, Instant};

use rustix::param::clock_ticks_per_second;
use rustix::process::{Pid, Signal, getpid, kill_process};

/// How long is looked until it can be said whether somebody works or waits.
const WINDOW: Duration = Duration::from_millis(100);
/// How much of a processor somebody uses at most who waits.
const WAITING: f64 = 0.2;

/// Whether a process and all its descendants work or wait.
pub(super) struct Activity {
    root: Pid,
    /// When it was looked last.
    looked: Instant,
    /// What processor time had been used by then, and whether one ran.
    ticks: u64,
    ran: bool,
}

impl Activity {
    /// That of a process which has no descendants yet.
    pub(super) fn of(root: Pid) -> Self {
        let ticks = stat(root).map_or(0, |stat| stat.ticks);
        Self { root, looked: Instant::now(), ticks, ran: true }
    }

    /// Whether they have done next to nothing since this was last said. Nothing before there was
    /// time to tell.
    pub(super) fn is_waiting(&mut self) -> Option<bool> {
        if self.looked.elapsed() < WINDOW {
            return None;
        }
        let stats: Vec<Stat> =
            iter::once(self.root).chain(descendants(self.root)).filter_map(stat).collect();
        let ticks: u64 = stats.iter().map(|stat| stat.ticks).sum();
        // Or would run, if it had a processor; or waits for a disk. Once is nothing: who waits
        // looks around now and then.
        let runs = stats.iter().any(|stat| matches!(stat.state, 'R' | 'D'));
        let used = ticks.saturating_sub(self.ticks) as f64 / clock_ticks_per_second() as f64;
        // Of nobody is nothing known.
        let works = stats.is_empty() || used > self.looked.elapsed().as_secs_f64() * WAITING;
        let waits = !(works || runs && self.ran);
        *self = Self { root: self.root, looked: Instant::now(), ticks, ran: runs };
        Some(waits)
    }
}

/// A process that was killed.
pub(super) struct Killed {
    /// Its pid.
    pub(super) pid: Pid,
    /// Its command line.
    pub(super) command: String,
}

/// Kills every descendant and says which were alive.
///
/// They are all stopped first: none sees the end of another, and none can start new ones
/// meanwhile. Ended ones are not reaped here.
pub(super) fn kill_descendants() -> Vec<Killed> {
    let mut stopped = BTreeSet::new();
    let mut killed = Vec::new();
    loop {
        let before = stopped.len();
        for pid in descendants(getpid()) {
            if stopped.insert(pid.as_raw_pid()) {
                let _ = kill_process(pid, Signal::STOP);
                if stat(pid).is_some_and(|stat| !matches!(stat.state, 'Z' | 'X')) {
                    killed.push(Killed { pid, command: command_line(pid) });
                }
            }
        }
        if stopped.len() == before {
            break;
        }
    }
    // Those that look ended too: a process whose first thread has ended looks like one.
    for pid in stopped.into_iter().filter_map(Pid::from_raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
    killed
}

/// All descendants, ended ones that nobody has reaped among them; parents before children.
fn descendants(root: Pid) -> Vec<Pid> {
    let listed = fs::exists("/proc/thread-self/children").unwrap_or(false);
    let table = if listed { Vec::new() } else { processes() };
    let children = |pid| if listed { children(pid) } else { children_in(&table, pid) };
    let mut found = children(root);
    let mut next = 0;
    while let Some(&pid) = found.get(next) {
        found.extend(children(pid));
        next += 1;
    }
    found
}

fn children(pid: Pid) -> Vec<Pid> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let mut found = Vec::new();
    for thread in threads.flatten() {
        let list = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        found.extend(list.split_whitespace().filter_map(parse_pid));
    }
    found
}

/// For kernels that do not list children: every process with its parent.
fn processes() -> Vec<(Pid, i32)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| parse_pid(entry.file_name().to_str()?))
        .filter_map(|pid| Some((pid, stat(pid)?.parent)))
        .collect()
}

fn children_in(table: &[(Pid, i32)], pid: Pid) -> Vec<Pid> {
    let own = table.iter().filter(|(_, parent)| *parent == pid.as_raw_pid());
    own.map(|&(child, _)| child).collect()
}

fn parse_pid(word: &str) -> Option<Pid> {
    Pid::from_raw(word.parse().ok()?)
}

/// What `/proc/PID/stat` says.
struct Stat {
    state: char,
    parent: i32,
    /// Processor time, in user and in system mode, its own and that of children it has reaped.
    ticks: u64,
}

fn stat(pid: Pid) -> Option<Stat> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    // `PID (NAME) STATE PPID …`, where NAME may hold anything.
    let end = stat.iter().rposition(|&b| b == b')')?;
    let text = String::from_utf8_lossy(&stat[end + 1..]);
    let mut fields = text.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    // utime, stime, cutime and cstime in proc_pid_stat(5), where the state is the third field.
    let ticks = fields.skip(9).take(4).filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(Stat { state, parent, ticks })
}

/// The command line as a shell would take it; the kernel's name of the process in brackets where
/// it has none.
fn command_line(pid: Pid) -> String {
    let raw = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let text = String::from_utf8_lossy(&raw);
    let words: Vec<&str> = text.trim_end_matches('\0').split('\0').collect();
    if words == [""] {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        return format!("[{}]", name.trim_end());
    }
    shlex::try_join(words.iter().copied()).unwrap_or_else(|_| words.join(" "))
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::process::{Command, Stdio};
    use std::thread;

    use super::*;

    #[test]
    fn both_ways_of_finding_children_agree() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let pid = Pid::from_child(&child);
        assert!(children(getpid()).contains(&pid));
        assert!(children_in(&processes(), getpid()).contains(&pid));
        assert!(descendants(getpid()).contains(&pid));
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
        assert!(stat(pid).is_none());
    }

    #[test]
    fn who_works_and_who_waits_is_told_apart() {
        for (script, expected) in [("while :; do :; done & wait", false), ("sleep 60 & wait", true)]
        {
            let mut child = Command::new("sh").args(["-c", script]).spawn().unwrap();
            let pid = Pid::from_child(&child);
            let mut activity = Activity::of(pid);
            assert_eq!(activity.is_waiting(), None, "there was no time yet");
            thread::sleep(WINDOW * 5);
            let _startup = activity.is_waiting();
            thread::sleep(WINDOW * 5);
            assert_eq!(activity.is_waiting(), Some(expected), "{script}");
            for pid in descendants(pid) {
                kill_process(pid, Signal::KILL).unwrap();
            }
            child.wait().unwrap();
        }
    }

    #[test]
    fn command_lines_are_quoted() {
        let mut child = Command::new("sh")
            .args(["-c", "echo; read x # a b", "it's"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Before it has spoken it may still be on the way to being `sh`.
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        let line = command_line(Pid::from_child(&child));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(shlex::split(&line).unwrap(), ["sh", "-c", "echo; read x # a b", "it's"]);
    }
}
