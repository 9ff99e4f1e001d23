//! Node's event loop, as far as plans can tell: timers, poll, check; ticks and microtasks after
//! each callback; the end when nothing is left that could happen.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ipc_plan::{Event, Recipe, Seen, Step};

use crate::poll::poll_once;
use crate::process::Process;
use crate::wait::{Wait, is_over};

/// How often a file that stands for a signal is looked for.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(1);

/// Where the role stands in its steps.
enum Position {
    /// The next step starts in the next check phase.
    Ready,
    /// A step waits.
    Waiting(Wait),
    /// All steps were performed.
    Done,
}

/// Plays the role to its end.
pub(crate) fn run(mut process: Process, steps: Vec<Step>) -> ! {
    let mut steps = VecDeque::from(steps);
    let mut position = Position::Ready;
    process.log.record(Seen::Started {});
    loop {
        // Check phase: what was queued for it before, then the next step.
        for name in std::mem::take(&mut process.immediates) {
            process.log.record(Seen::Mark { name });
            process.drain();
        }
        advance(&mut process, &mut steps, &mut position);
        process.drain();

        let running = !matches!(position, Position::Done);
        if !running && !is_alive(&process) {
            if let Err(uncaught) = process.emit(Event::BeforeExit, &[Recipe::Number(0.0)]) {
                process.uncaught(uncaught);
            }
            process.drain();
            if !is_alive(&process) {
                process.end(0);
            }
        }

        // Timers.
        while process.timers.front().is_some_and(|(due, _)| *due <= Instant::now()) {
            if let Some((_, name)) = process.timers.pop_front() {
                process.log.record(Seen::Mark { name });
                process.drain();
            }
        }

        // Poll.
        let timeout = timeout(&process, &position);
        poll_once(&mut process, timeout);
    }
}

/// Whether anything can still happen by itself.
fn is_alive(process: &Process) -> bool {
    let channel = process.channel_ref().is_some_and(node_channel::Channel::is_referenced);
    let child = process
        .forked
        .as_ref()
        .is_some_and(|f| f.referenced && (f.status.is_none() || f.child.stdout.is_some()));
    channel
        || child
        || process.hold
        || !process.handles.interests().is_empty()
        || !process.ticks.is_empty()
        || !process.polled.is_empty()
        || !process.immediates.is_empty()
        || !process.timers.is_empty()
}

fn advance(process: &mut Process, steps: &mut VecDeque<Step>, position: &mut Position) {
    if let Position::Waiting(wait) = position {
        if !is_over(process, wait) {
            return;
        }
        *position = Position::Ready;
        // The next step gets a turn of its own.
        return;
    }
    if matches!(position, Position::Done) {
        return;
    }
    let Some(step) = steps.pop_front() else {
        process.log.record(Seen::Done {});
        *position = Position::Done;
        return;
    };
    let now = Instant::now();
    let wait = match step {
        Step::Turn { steps } => {
            if let Err(uncaught) = process.perform_all(&steps) {
                process.uncaught(uncaught);
            }
            return;
        }
        Step::Await { event, value, count } => Wait::Event { event, count, value, since: now },
        Step::AwaitCallbacks { count } => Wait::Callbacks { count, since: now },
        Step::AwaitSignal { name, blocking: false } => Wait::Signal { name, since: now },
        Step::Settle { blocking: false } => Wait::Until(now + process.settle()),
        Step::Fill { bytes } => Wait::Fill { bytes, messages: 0, sent: None },
        Step::Listen { .. }
        | Step::Connect { .. }
        | Step::Accept { .. }
        | Step::Take { .. }
        | Step::Write { .. }
        | Step::Receive { .. }
        | Step::End { .. }
        | Step::AwaitHandle { .. } => match process.begin_on_handle(step) {
            Some(wait) => Wait::Handle { wait, since: now },
            None => return,
        },
        step => {
            if let Err(uncaught) = process.perform(&step) {
                process.uncaught(uncaught);
            }
            return;
        }
    };
    *position = Position::Waiting(wait);
}

/// How long the poll phase may block.
fn timeout(process: &Process, position: &Position) -> Option<Duration> {
    let now = Instant::now();
    let queued = !process.polled.is_empty() || !process.immediates.is_empty();
    if queued || matches!(position, Position::Ready) {
        return Some(Duration::ZERO);
    }
    let timer = process.timers.front().map(|(due, _)| due.saturating_duration_since(now));
    let wait = match position {
        Position::Waiting(Wait::Until(due)) => Some(due.saturating_duration_since(now)),
        Position::Waiting(Wait::Fill { .. }) => Some(Duration::ZERO),
        Position::Waiting(_) => Some(SIGNAL_INTERVAL),
        Position::Ready | Position::Done => None,
    };
    [timer, wait].into_iter().flatten().min()
}
