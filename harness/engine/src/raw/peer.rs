use std::collections::BTreeMap;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use ipc_plan::{
    Event, Part, Property, Recipe, Role, Seen, Serialization, Setup, Step, Tagged, Until,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, getpid, kill_process, pidfd_open};

use super::READER;
use super::descriptors;
use super::end::{End, Failure, errno_name};
use super::launch::Launch;
use super::log::Log;
use super::pieces::{self, Style};
use super::reader::wait_until_asleep;
use crate::play::signal_name;

/// Plays a role.
pub(super) struct Peer {
    role: Role,
    log: Log,
    setup: Setup,
    /// Whether a step has waited in vain.
    in_vain: bool,
    /// Whether something that was written to the channel was not read.
    unread: bool,
    serialization: Serialization,
    channel: Option<End>,
    /// Descriptors by their names.
    kept: BTreeMap<String, End>,
    child: Option<Child>,
    /// The process at the other end of the channel.
    other: u32,
}

/// Bytes that are written at a time where the plan does not say: what the kernel keeps together
/// and Node reads at once.
const AT_A_TIME: usize = 32 * 1024;
/// How often a signal is looked for.
const LOOK: Duration = Duration::from_millis(1);

impl Peer {
    pub(super) fn new(
        role: Role,
        log: Log,
        setup: Setup,
        serialization: Serialization,
        channel: Option<OwnedFd>,
    ) -> Self {
        let channel = channel.and_then(|fd| End::new(fd).ok());
        let other = std::os::unix::process::parent_id();
        let kept = BTreeMap::new();
        Self {
            role,
            log,
            setup,
            in_vain: false,
            unread: false,
            serialization,
            channel,
            kept,
            child: None,
            other,
        }
    }

    /// Performs the steps. Gives the exit code.
    pub(super) fn play(mut self, steps: &[Step]) -> i32 {
        self.log.record(Seen::Started {});
        for step in steps {
            if let Step::Exit { code } = step {
                return *code;
            }
            match self.perform(step) {
                Ok(()) => {}
                // Told once, and in one way: whether as an error or in vain, and how often, is up
                // to when the other side ends.
                Err(failure) if writes_to_channel(step) && is_unread(&failure) => {
                    self.log.record(Seen::GaveUp { awaiting: READER.to_owned() });
                    self.unread = true;
                }
                Err(Failure::Patience) => {
                    let awaiting = match step {
                        Step::AwaitSignal { name, .. } => format!("signal {name}"),
                        other => other.name(),
                    };
                    self.log.record(Seen::GaveUp { awaiting });
                    self.in_vain = true;
                }
                Err(Failure::Os(errno)) => {
                    let error = error(errno);
                    self.log.record(Seen::Threw { step: step.name(), id: None, error });
                }
            }
        }
        self.log.record(Seen::Done {});
        0
    }

    fn perform(&mut self, step: &Step) -> Result<(), Failure> {
        match step {
            // Nobody would read it.
            Step::RawWrite { .. } | Step::RawFill { .. }
                if self.unread && writes_to_channel(step) => {}
            Step::Signal { name } => self.log.signal(name),
            Step::AwaitSignal { name, .. } => self.await_signal(name)?,
            Step::Mark { name, .. } => self.log.record(Seen::Mark { name: name.clone() }),
            Step::Section { clause, silent } => self.section(clause, *silent)?,
            Step::Settle { .. } => thread::sleep(Duration::from_millis(self.setup.settle_ms)),
            Step::KillSelf {} => kill_process(getpid(), Signal::KILL)?,
            Step::RawLaunch { over, descriptor, env, unset } => {
                let (child, own) = Launch {
                    command: &self.setup.child,
                    serialization: self.serialization,
                    over: *over,
                    descriptor: *descriptor,
                    env,
                    unset,
                }
                .start()
                .map_err(os)?;
                self.other = child.id();
                self.child = Some(child);
                self.channel = Some(End::new(own).map_err(os)?);
            }
            Step::RawWait {} => self.wait()?,
            Step::RawOpen { name, kind, far, blocking } => {
                let opened = descriptors::open(*kind, name, *blocking).map_err(os)?;
                if let Some(address) = &opened.address {
                    self.log.publish(name, address);
                }
                if let (Some(name), Some(fd)) = (far, opened.far) {
                    self.keep(name, fd)?;
                }
                // Its flags are what is sent.
                let own = opened.fd;
                self.kept.insert(name.clone(), End::untouched(own));
            }
            Step::RawWrite { parts, split, unread, descriptors, on } => {
                let bytes = bytes(parts)?;
                let at_a_time = split.map_or(AT_A_TIME, |split| split as usize).max(1);
                self.write(&bytes, at_a_time, *unread, descriptors, on.as_deref())?;
            }
            Step::RawFill { parts } => self.fill(&bytes(parts)?)?,
            Step::RawRead { until, keep, on } => self.read(*until, keep, on.as_deref())?,
            Step::RawShutdown { direction, on } => {
                self.end(on.as_deref())?.shutdown(*direction)?;
            }
            Step::RawClose { on: None } => drop(self.channel.take().ok_or(Errno::BADF)?),
            Step::RawClose { on: Some(name) } => drop(self.kept.remove(name).ok_or(Errno::BADF)?),
            // Refused before the first step.
            _ => return Err(Errno::INVAL.into()),
        }
        Ok(())
    }

    fn end(&mut self, on: Option<&str>) -> Result<&mut End, Failure> {
        let end = match on {
            None => self.channel.as_mut(),
            Some(name) => self.kept.get_mut(name),
        };
        Ok(end.ok_or(Errno::BADF)?)
    }

    fn keep(&mut self, name: &str, fd: OwnedFd) -> Result<(), Failure> {
        let end = End::new(fd).map_err(os)?;
        self.kept.insert(name.to_owned(), end);
        Ok(())
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.setup.patience(self.role, self.in_vain)
    }

    /// A mark here, and a message that says the same to the other side.
    fn section(&mut self, clause: &str, silent: bool) -> Result<(), Failure> {
        let text = format!("section {clause}");
        self.log.record(Seen::Mark { name: text.clone() });
        if silent || self.unread {
            return Ok(());
        }
        let message = match self.serialization {
            Serialization::Json => format!("\"{text}\"\n").into_bytes(),
            Serialization::Advanced => {
                let payload = [&[0xff, 0x0f, b'"', text.len() as u8], text.as_bytes()].concat();
                [&(payload.len() as u32).to_be_bytes(), payload.as_slice()].concat()
            }
        };
        self.write(&message, AT_A_TIME, false, &[], None)
    }

    fn write(
        &mut self,
        bytes: &[u8],
        at_a_time: usize,
        unread: bool,
        descriptors: &[String],
        on: Option<&str>,
    ) -> Result<(), Failure> {
        let (deadline, other) = (self.deadline(), self.other);
        // Taken out, so that others can be borrowed beside it.
        let mut end = match on {
            None => self.channel.take(),
            Some(name) => self.kept.remove(name),
        }
        .ok_or(Errno::BADF)?;
        let result = self.named(descriptors).and_then(|mut descriptors| {
            if unread || on.is_some() {
                return end.write(bytes, &descriptors, deadline);
            }
            for piece in bytes.chunks(at_a_time) {
                end.watch()?;
                end.write(piece, &std::mem::take(&mut descriptors), deadline)?;
                end.wait_until_read(deadline)?;
                wait_until_asleep(other, deadline)?;
            }
            Ok(())
        });
        match on {
            None => self.channel = Some(end),
            Some(name) => drop(self.kept.insert(name.to_owned(), end)),
        }
        result
    }

    fn named(&self, names: &[String]) -> Result<Vec<BorrowedFd<'_>>, Failure> {
        let find = |name: &String| self.kept.get(name).map(End::fd).ok_or(Failure::Os(Errno::BADF));
        names.iter().map(find).collect()
    }

    fn fill(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let end = self.end(None)?;
        let mut messages = 0;
        loop {
            match end.write_some(bytes, &[]) {
                Ok(_) => messages += 1,
                Err(Errno::AGAIN) => break,
                Err(errno) => return Err(errno.into()),
            }
        }
        self.log.record(Seen::Filled { messages });
        Ok(())
    }

    fn read(&mut self, until: Until, keep: &[String], on: Option<&str>) -> Result<(), Failure> {
        let deadline = self.deadline();
        let style = match (on, self.serialization) {
            (Some(_), _) => Style::Bytes,
            (None, Serialization::Json) => Style::Lines,
            (None, Serialization::Advanced) => Style::Frames,
        };
        let end = self.end(on)?;
        let mut outcome = Ok(());
        let pieces = loop {
            if let Some(pieces) = pieces::enough(end.bytes(), until) {
                break pieces;
            }
            if end.ended().is_some() || outcome.is_err() {
                break pieces::all(end.bytes(), until, style);
            }
            outcome = end.read_more(deadline);
        };
        let (pieces, came) = end.take(&pieces);
        let ended = end.ended().filter(|_| end.bytes().is_empty()).map(str::to_owned);
        let on = on.map(str::to_owned);
        self.log.record(Seen::RawRead { on, pieces, ended });
        for (name, fd) in keep.iter().zip(came) {
            self.keep(name, fd)?;
        }
        outcome
    }

    /// Waits for a signal, which a child that has ended gives no more.
    fn await_signal(&mut self, name: &str) -> Result<(), Failure> {
        let deadline = self.deadline();
        loop {
            let last = Instant::now() >= deadline || self.has_ended();
            if self.log.signalled(name) {
                return Ok(());
            }
            if last {
                return Err(Failure::Patience);
            }
            thread::sleep(LOOK);
        }
    }

    /// Whether the child that was launched has ended.
    fn has_ended(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(Some(_))))
    }

    fn wait(&mut self) -> Result<(), Failure> {
        let deadline = self.deadline();
        let child = self.child.as_mut().ok_or(Errno::CHILD)?;
        // One that was seen to end is waited for no more: its id may be another's.
        if child.try_wait().map_err(os)?.is_none() {
            let pidfd = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
            let left = deadline.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).map_err(|_| Failure::Patience)?;
            if poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&left))? == 0 {
                return Err(Failure::Patience);
            }
        }
        let arguments = outcome(child.wait().map_err(os)?);
        self.log.record(Seen::Event {
            event: Event::Exit,
            listener: None,
            arguments,
            count: None,
            receiver: None,
        });
        Ok(())
    }
}

/// Whether a step writes to the channel, rather than to another descriptor.
fn writes_to_channel(step: &Step) -> bool {
    matches!(step, Step::RawWrite { on: None, .. } | Step::RawFill { .. } | Step::Section { .. })
}

/// Whether this says that the other side does not read, or is gone.
fn is_unread(failure: &Failure) -> bool {
    matches!(failure, Failure::Patience | Failure::Os(Errno::PIPE | Errno::CONNRESET))
}

/// Code and signal, as of Node's event.
fn outcome(status: ExitStatus) -> Vec<Recipe> {
    use std::os::unix::process::ExitStatusExt;
    vec![
        status.code().map_or(Recipe::Null, |code| Recipe::Number(f64::from(code))),
        status.signal().map_or(Recipe::Null, |signal| Recipe::String(signal_name(signal))),
    ]
}

fn bytes(parts: &[Part]) -> Result<Vec<u8>, Failure> {
    Part::bytes(parts).map_err(|_| Errno::INVAL.into())
}

fn os(error: std::io::Error) -> Failure {
    Failure::Os(Errno::from_io_error(&error).unwrap_or(Errno::IO))
}

/// The description of an error, with the code that Node gives it.
fn error(errno: Errno) -> Recipe {
    let code = errno_name(errno);
    Tagged::Error {
        id: None,
        class: "Error".to_owned(),
        subclass: None,
        message: Some(code.clone()),
        stack: None,
        cause: None,
        properties: vec![Property {
            key: "code".into(),
            value: Some(Recipe::String(code)),
            get: None,
            enumerable: None,
        }],
    }
    .into()
}
