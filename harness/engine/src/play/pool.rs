use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ipc_plan::Plan;

use super::{Host, Pairing, PlayError, play_telling};
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
    /// How many processors they may keep busy: see [`Pool::at_a_time`].
    pub jobs: usize,
    /// Ends it early.
    pub interrupt: Interrupt,
}

/// How many plays may wait, for each that works.
const WAITING: usize = 8;
/// How often it is looked at which plays wait.
const LOOK: Duration = Duration::from_millis(100);

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
    /// How many plays are made at a time where so many processors are to be kept busy, those apart
    /// that wait for longer: a quarter more, since the processes of a play wait for one another now
    /// and then.
    pub fn at_a_time(jobs: usize) -> usize {
        match jobs {
            0 | 1 => 1,
            _ => jobs + jobs.div_ceil(4),
        }
    }

    /// Begins all jobs in their order. A play that waits for something, as a hang does until
    /// somebody's patience is over, lets another begin beside it; one that works does not.
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
        let (sender, results) = mpsc::channel();
        let finished = thread::scope(|scope| {
            let stop = &stop;
            scope.spawn(move || self.begin_all(scope, jobs, stop, &sender));
            let mut finished = 0;
            // Dropped when `done` breaks or panics: nothing more begins.
            let _guard = SetOnDrop(stop);
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

    /// Begins one job after the other, as those before them leave room.
    fn begin_all<'scope>(
        &'scope self,
        scope: &'scope thread::Scope<'scope, '_>,
        jobs: &'scope [Job<'scope>],
        stop: &'scope Interrupt,
        results: &mpsc::Sender<(usize, Result<History, PlayError>)>,
    ) {
        let most = Self::at_a_time(self.jobs);
        let (sender, ended) = mpsc::channel();
        let mut rest = jobs.iter().enumerate();
        // Those that are under way, and whether they wait.
        let mut begun: Vec<(usize, Arc<AtomicBool>)> = Vec::new();
        loop {
            let waits = begun.iter().filter(|(_, waits)| waits.load(Ordering::Relaxed)).count();
            let is_room = begun.len() - waits < most && waits <= most * WAITING;
            if is_room
                && !stop.is_set()
                && let Some((index, job)) = rest.next()
            {
                let waits = Arc::new(AtomicBool::new(false));
                begun.push((index, waits.clone()));
                let (ended, results) = (Ended(index, sender.clone()), results.clone());
                scope.spawn(move || {
                    let _ended = ended;
                    let result =
                        play_telling(&self.host, job.plan, job.pairing, stop, Some(&waits));
                    if !matches!(result, Err(PlayError::Interrupted)) {
                        // Nobody listens once it is enough.
                        let _ = results.send((index, result));
                    }
                });
                continue;
            }
            if begun.is_empty() {
                return;
            }
            if let Ok(index) = ended.recv_timeout(LOOK) {
                begun.retain(|(other, _)| *other != index);
            }
        }
    }
}

/// Tells that a play is no longer under way, even if it panicked.
struct Ended(usize, mpsc::Sender<usize>);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.1.send(self.0);
    }
}

struct SetOnDrop<'a>(&'a Interrupt);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.set();
    }
}
