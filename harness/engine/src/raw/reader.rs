//! The process at the other end.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::end::Failure;

/// How often its threads are looked at.
const LOOK: Duration = Duration::from_micros(100);

/// Waits until each thread of a process was asleep, or gone, at some time after the call.
///
/// A thread that has just emptied a socket is awake, and may have been interrupted before it left
/// the kernel, where it would still take with the same read what is written now. Once it sleeps,
/// it has left: a read that has got something does not sleep.
pub(super) fn wait_until_asleep(process: u32, deadline: Instant) -> Result<(), Failure> {
    let tasks = format!("/proc/{process}/task");
    let mut awake: Vec<_> = match fs::read_dir(tasks) {
        Ok(tasks) => tasks.flatten().map(|task| task.path()).collect(),
        Err(_) => return Ok(()),
    };
    loop {
        awake.retain(|task| is_awake(task));
        if awake.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(Failure::Patience);
        }
        thread::sleep(LOOK);
    }
}

fn is_awake(task: &Path) -> bool {
    let stat = fs::read_to_string(task.join("stat")).unwrap_or_default();
    // The state follows the name, which may contain anything.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('R'))
}
