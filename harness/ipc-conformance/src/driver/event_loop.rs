//! Node's event loop, as far as plans can tell: timers, poll, check; ticks and microtasks after
//! each callback; the end when nothing is left that could happen.

use std::collections::VecDeque;
use std::io::Read;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use ipc_plan::{Event, Recipe, Role, Seen, Step};
use js_value::Graph;
use node_channel::{MessageId, Ready};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::process::{Process, outcome};

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

enum Wait {
    Event { event: Event, count: u32, value: Option<Recipe>, since: Instant },
    Callbacks { count: u32, since: Instant },
    Signal { name: String, since: Instant },
    Until(Instant),
    Fill { bytes: u32, messages: u64, sent: Option<MessageId> },
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
        || !process.ticks.is_empty()
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
        step => {
            if let Err(uncaught) = process.perform(&step) {
                process.uncaught(uncaught);
            }
            return;
        }
    };
    *position = Position::Waiting(wait);
}

/// Whether what is waited for has happened, or no longer can.
fn is_over(process: &mut Process, wait: &mut Wait) -> bool {
    let (over, since, what) = match wait {
        Wait::Until(due) => return Instant::now() >= *due,
        Wait::Fill { bytes, messages, sent } => return fill(process, *bytes, messages, sent),
        Wait::Event { event, count, value, since } => {
            let seen = process
                .events_seen
                .iter()
                .filter(|(e, first)| e == event && (value.is_none() || first == value))
                .count();
            (seen >= *count as usize, *since, format!("event {event}"))
        }
        Wait::Callbacks { count, since } => {
            (process.callbacks_seen >= *count, *since, "callbacks".to_owned())
        }
        Wait::Signal { name, since } => {
            (process.log.signalled(name), *since, format!("signal {name}"))
        }
    };
    if over {
        return true;
    }
    let patience = Duration::from_millis(process.setup.patience_ms);
    let gone = peer_gone(process).is_some_and(|since| since.elapsed() > process.settle());
    if since.elapsed() > patience || gone {
        process.log.record(Seen::GaveUp { awaiting: what });
        return true;
    }
    false
}

/// Since when nothing more can come from the peer.
fn peer_gone(process: &mut Process) -> Option<Instant> {
    let connected = process.channel_ref().is_some_and(node_channel::Channel::connected);
    let gone = !connected
        && match process.role {
            Role::Child => true,
            Role::Parent => process.forked.as_ref().is_none_or(|f| f.status.is_some()),
        };
    if !gone {
        process.peer_gone = None;
        return None;
    }
    Some(*process.peer_gone.get_or_insert_with(Instant::now))
}

/// Sends a message a turn until one is not complete a turn later.
fn fill(
    process: &mut Process,
    bytes: u32,
    messages: &mut u64,
    sent: &mut Option<MessageId>,
) -> bool {
    if sent.is_some() && process.filling.is_some() {
        process.filling = None;
        process.log.record(Seen::Filled { messages: *messages });
        return true;
    }
    let text = "x".repeat(bytes as usize - 3);
    *sent = process.send_unrecorded(&Graph::from(text.as_str()));
    process.filling = *sent;
    *messages += 1;
    sent.is_none()
}

/// How long the poll phase may block.
fn timeout(process: &Process, position: &Position) -> Option<Duration> {
    let now = Instant::now();
    if !process.immediates.is_empty() || matches!(position, Position::Ready) {
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

/// Waits for the channel, the child's end and its output, and handles what there is.
fn poll_once(process: &mut Process, timeout: Option<Duration>) {
    let mut ready = Ready::default();
    let mut ended = false;
    let mut output = false;
    {
        let mut fds = Vec::new();
        let channel = process.channel_ref();
        let socket = channel.and_then(node_channel::Channel::fd);
        if let Some(socket) = &socket {
            let write = channel.is_some_and(node_channel::Channel::wants_write);
            let interest = if write { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
            fds.push((0, PollFd::new(socket, interest)));
        }
        let forked = process.forked.as_ref();
        let pidfd = forked.filter(|f| f.status.is_none()).and_then(|f| f.child.pidfd());
        if let Some(pidfd) = &pidfd {
            fds.push((1, PollFd::new(pidfd, PollFlags::IN)));
        }
        let stdout = forked.and_then(|f| f.child.stdout.as_ref()).map(AsFd::as_fd);
        if let Some(stdout) = &stdout {
            fds.push((2, PollFd::new(stdout, PollFlags::IN)));
        }
        let (kinds, mut fds): (Vec<_>, Vec<_>) = fds.into_iter().unzip();
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        if poll(&mut fds, timeout.as_ref()).is_err() {
            return;
        }
        for (kind, fd) in kinds.into_iter().zip(&fds) {
            let found = fd.revents();
            match kind {
                0 => {
                    let failed = found.intersects(PollFlags::ERR);
                    ready.readable = failed || found.intersects(PollFlags::IN | PollFlags::HUP);
                    ready.writable = failed || found.intersects(PollFlags::OUT);
                }
                1 => ended = !found.is_empty(),
                _ => output = !found.is_empty(),
            }
        }
    }
    if (ready.readable || ready.writable)
        && let Some(channel) = process.channel()
    {
        channel.process(ready);
        process.drain();
    }
    if output {
        read_output(process);
    }
    if ended {
        child_ended(process);
    }
    if let Err(uncaught) = process.close_if_done() {
        process.uncaught(uncaught);
    }
    process.drain();
}

fn read_output(process: &mut Process) {
    let Some(forked) = &mut process.forked else { return };
    let Some(stdout) = &mut forked.child.stdout else { return };
    let mut chunk = [0; 65_536];
    match stdout.read(&mut chunk) {
        Ok(count) if count > 0 => {
            forked.stdout.get_or_insert_default().extend_from_slice(&chunk[..count]);
        }
        _ => {
            forked.child.stdout = None;
            let collected = forked.stdout.take().unwrap_or_default();
            let text = String::from_utf8_lossy(&collected).into_owned();
            emit(process, Event::Stdout, &[crate::describe::string(&text.as_str().into())]);
        }
    }
}

/// The child's process has ended: what it left in the channel comes first, as in Node.
fn child_ended(process: &mut Process) {
    let Some(forked) = &mut process.forked else { return };
    let Ok(Some(status)) = forked.child.try_wait() else { return };
    // The rest of the stream, as long as there is any at once.
    while let Some(channel) = process.channel() {
        let Some(fd) = channel.fd() else { break };
        let mut fds = [PollFd::new(&fd, PollFlags::IN)];
        let there = poll(&mut fds, Some(&Timespec::default()));
        if there != Ok(1) {
            break;
        }
        channel.process(Ready { readable: true, writable: false });
        process.drain();
    }
    if let Some(forked) = &mut process.forked {
        forked.status = Some(status);
    }
    emit(process, Event::Exit, &outcome(status));
}

fn emit(process: &mut Process, event: Event, arguments: &[Recipe]) {
    if let Err(uncaught) = process.emit(event, arguments) {
        process.uncaught(uncaught);
    }
    process.drain();
}
