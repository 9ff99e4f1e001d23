//! Children that were dropped while they ran.

use std::sync::{Mutex, PoisonError};

use rustix::process::{Pid, WaitOptions, waitpid};

/// Those that nobody else will wait for, so that their numbers stay theirs until [`reap`] does. All
/// of this process, as in Python's `subprocess`.
static ABANDONED: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// Adds one.
pub(super) fn add(pid: Pid) {
    with_all(|all| all.push(pid));
}

/// Lets go of those that have ended. Never waits.
pub(super) fn reap() {
    // An error says that somebody waited for it after all.
    with_all(|all| all.retain(|pid| matches!(waitpid(Some(*pid), WaitOptions::NOHANG), Ok(None))));
}

fn with_all(act: impl FnOnce(&mut Vec<Pid>)) {
    act(&mut ABANDONED.lock().unwrap_or_else(PoisonError::into_inner));
}
