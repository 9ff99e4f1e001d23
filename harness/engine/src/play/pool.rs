use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use ipc_plan::Plan;

use super::{Host, Pairing, PlayError, play};
use crate::history::History;

/// A flag that ends plays early. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    flags: Vec<Arc<AtomicBool>>,
}

impl Interrupt {
    /// One that is not set.
    pub fn new() -> Self {
        Self::from(Arc::new(AtomicBool::new(false)))
    }

    /// Ends all plays that were given this flag. Their processes are killed.
    pub fn set(&self) {
        // The last is the flag's own; those before it belong to others, which it follows.
        if let Some(flag) = self.flags.last() {
            flag.store(true, Ordering::Relaxed);
        }
    }

    /// Whether it was set.
    pub fn is_set(&self) -> bool {
        self.flags.iter().any(|flag| flag.load(Ordering::Relaxed))
    }

    /// A flag that is set when this one is, and can be set without it.
    #[must_use]
    pub fn narrower(&self) -> Self {
        let mut flags = self.flags.clone();
        flags.push(Arc::default());
        Self { flags }
    }
}

/// Shares a flag that a signal handler sets.
impl From<Arc<AtomicBool>> for Interrupt {
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self { flags: vec![flag] }
    }
}

/// One play to make.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Who plays it.
    pub pairing: &'a Pairing,
}

/// Plays many plans, several at a time.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Where.
    pub host: Host,
    /// How many at a time.
    pub jobs: usize,
    /// Ends it early.
    pub interrupt: Interrupt,
}

/// Why [`Pool::run`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Every job was played.
    Finished,
    /// The callback asked for it.
    Enough,
    /// The interrupt was set.
    Interrupted,
}

impl Pool {
    /// Plays all jobs, in their order as far as `jobs` threads allow.
    ///
    /// Each result is handed to `done` with the job's index as soon as it is there, on the
    /// calling thread. When `done` breaks, or on an interrupt, plays that are under way are
    /// ended, their processes killed, and `done` hears no more of them.
    pub fn run(
        &self,
        jobs: &[Job<'_>],
        mut done: impl FnMut(usize, Result<History, PlayError>) -> ControlFlow<()>,
    ) -> Stopped {
        let stop = self.interrupt.narrower();
        let next = AtomicUsize::new(0);
        let threads = self.jobs.max(1).min(jobs.len());
        let (sender, results) = mpsc::channel();
        let finished = thread::scope(|scope| {
            for _ in 0..threads {
                let (sender, stop, next) = (sender.clone(), &stop, &next);
                scope.spawn(move || {
                    while !stop.is_set() {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(job) = jobs.get(index) else { break };
                        let result = play(&self.host, job.plan, job.pairing, stop);
                        let interrupted = matches!(result, Err(PlayError::Interrupted));
                        if interrupted || sender.send((index, result)).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            let mut finished = 0;
            // Dropped when `done` breaks or panics: the threads stop.
            let _guard = SetOnDrop(&stop);
            for (index, result) in results {
                finished += 1;
                if done(index, result).is_break() {
                    return None;
                }
            }
            Some(finished)
        });
        match finished {
            None => Stopped::Enough,
            Some(count) if count == jobs.len() => Stopped::Finished,
            Some(_) => Stopped::Interrupted,
        }
    }
}

struct SetOnDrop<'a>(&'a Interrupt);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.set();
    }
}
