//! A relay from its start to its end.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitCode, ExitStatus};
use std::time::Duration;

use ipc_plan::Serialization;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair, sockopt};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::child::{self, NOT_STARTED};
use super::recording::{OnWire, Recorder, SCHEMA};
use super::relay::Relay;
use super::signals::{Forwarder, end_like};
use super::{Order, RELAY, wire};
use crate::channel::{self, SERIALIZATION_VARIABLE};
use crate::play::supervise;

/// The `main` of a relay, for [`arguments`](super::arguments) that are one's.
///
/// Comes back only when something went wrong.
pub fn main(arguments: &[OsString]) -> ExitCode {
    let error = match arguments {
        [word, order, command @ ..] if word == RELAY => {
            let order = serde_json::from_slice(order.as_encoded_bytes()).map_err(io::Error::from);
            match order.and_then(|order| run(&order, command)) {
                Ok(status) => end_like(status),
                Err(error) => error,
            }
        }
        stage => child::become_child(stage),
    };
    // Where stderr is the channel, this is one bad line more in it, and then its end.
    let _ = writeln!(io::stderr(), "tap: {error}");
    ExitCode::from(NOT_STARTED)
}

/// Relays until the command, which is started as the child, has ended, and says how it has; the
/// caller is to [end like it](end_like). Without a channel in the environment, becomes the command.
///
/// # Errors
///
/// When the channel cannot be had or the command not be started.
pub fn run(order: &Order, command: &[OsString]) -> io::Result<ExitStatus> {
    // Another descriptor there is somebody else's.
    let Some((number, channel)) = channel::inherited(wire::is_channel) else {
        return Err(child::exec(command));
    };
    let mut recorder = Recorder::open(&order.record).map_err(|error| {
        io::Error::new(error.kind(), format!("{}: {error}", order.record.display()))
    })?;
    let signals = Forwarder::new()?;
    let (ours, theirs) = pair_like(&channel)?;
    recorder.add(OnWire::Opened {
        schema: SCHEMA,
        serialization: serialization(),
        command: command.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
        schedule: order.schedule,
    });
    let mut child = child::start(theirs, number, command)?;
    let settle = Duration::from_millis(order.settle_ms);
    let mut relay = Relay::new(channel, ours, recorder, order.schedule, settle);
    let status = attend(&mut relay, &mut child, &signals)?;
    relay.record(OnWire::Exited { ending: supervise::ending(status.code(), status.signal()) });
    Ok(status)
}

/// Relays until the child has ended and all it has sent was passed on.
fn attend(relay: &mut Relay, child: &mut Child, signals: &Forwarder) -> io::Result<ExitStatus> {
    let pid = Pid::from_child(child);
    let ended = pidfd_open(pid, PidfdFlags::empty())?;
    let mut status = None;
    while status.is_none() || !relay.is_drained() {
        // An ended child would end every wait.
        let others = [signals.fd(), ended.as_fd()];
        let others = if status.is_some() { &others[..1] } else { &others };
        if relay.step(others)?[0] {
            match status {
                None => signals.forward(pid),
                // There is nobody left to send it to.
                Some(_) => break,
            }
        }
        if status.is_none() {
            status = child.try_wait()?;
        }
    }
    match status {
        Some(status) => Ok(status),
        None => child.wait(),
    }
}

fn serialization() -> Serialization {
    match std::env::var(SERIALIZATION_VARIABLE).as_deref() {
        Ok("advanced") => Serialization::Advanced,
        _ => Serialization::Json,
    }
}

/// A socket pair with buffers of the sizes that the channel's have.
fn pair_like(channel: &OwnedFd) -> io::Result<(OwnedFd, OwnedFd)> {
    let pair = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    for end in [&pair.0, &pair.1] {
        // The kernel says double of what it was told.
        sockopt::set_socket_send_buffer_size(end, sockopt::socket_send_buffer_size(channel)? / 2)?;
        sockopt::set_socket_recv_buffer_size(end, sockopt::socket_recv_buffer_size(channel)? / 2)?;
    }
    Ok(pair)
}
