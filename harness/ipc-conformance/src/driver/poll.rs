//! The poll phase: what the kernel has for this process.

use std::io::Read;
use std::os::fd::AsFd;
use std::time::Duration;

use ipc_plan::{Event, Recipe};
use node_channel::{Channel, Ready};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::handles::HandleId;
use crate::process::{Process, outcome};

/// What a descriptor is watched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Channel,
    /// Sockets of the peer were closed here.
    Wake,
    Handle(HandleId),
    Stdout,
    Child,
}

/// Waits for the channel, handles, the child's output and its end, and handles what there is.
pub(crate) fn poll_once(process: &mut Process, timeout: Option<Duration>) {
    let found = wait(process, timeout);
    for task in std::mem::take(&mut process.polled) {
        process.ticks.push_back(task);
        process.drain();
    }
    for (source, found) in found {
        match source {
            Source::Channel => {
                let failed = found.intersects(PollFlags::ERR);
                process_channel(
                    process,
                    Ready {
                        readable: failed || found.intersects(PollFlags::IN | PollFlags::HUP),
                        writable: failed || found.intersects(PollFlags::OUT),
                    },
                );
            }
            Source::Wake => process_channel(process, Ready::default()),
            Source::Handle(id) => process.handles.ready(id, found),
            Source::Stdout => read_output(process),
            Source::Child => child_ended(process),
        }
        process.drain();
    }
    if let Err(uncaught) = process.close_if_done() {
        process.uncaught(uncaught);
    }
    process.drain();
}

/// What is ready, in the order in which it is handled.
fn wait(process: &Process, timeout: Option<Duration>) -> Vec<(Source, PollFlags)> {
    let channel = process.channel_ref();
    let socket = channel.and_then(Channel::fd).map(|fd| {
        let write = channel.is_some_and(Channel::wants_write);
        let interest = if write { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
        (Source::Channel, fd, interest)
    });
    let wake = channel.and_then(Channel::wake_fd).map(|fd| (Source::Wake, fd, PollFlags::IN));
    let handles = process.handles.interests();
    let handles = handles.into_iter().map(|(id, fd, flags)| (Source::Handle(id), fd, flags));
    let forked = process.forked.as_ref();
    let stdout = forked.and_then(|f| f.child.stdout.as_ref()).map(AsFd::as_fd);
    let child = forked.filter(|f| f.status.is_none()).and_then(|f| f.child.pidfd());
    let watched: Vec<_> = socket
        .into_iter()
        .chain(wake)
        .chain(handles)
        .chain(stdout.map(|fd| (Source::Stdout, fd, PollFlags::IN)))
        .chain(child.map(|fd| (Source::Child, fd, PollFlags::IN)))
        .collect();
    let mut fds: Vec<_> =
        watched.iter().map(|(_, fd, flags)| PollFd::from_borrowed_fd(*fd, *flags)).collect();
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    if poll(&mut fds, timeout.as_ref()).is_err() {
        return Vec::new();
    }
    let found = watched.iter().zip(&fds).map(|((source, ..), fd)| (*source, fd.revents()));
    found.filter(|(_, found)| !found.is_empty()).collect()
}

fn process_channel(process: &mut Process, ready: Ready) {
    if let Some(channel) = process.channel() {
        channel.drive(ready);
    }
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
        channel.drive(Ready { readable: true, writable: false });
        process.drain();
    }
    if let Some(forked) = &mut process.forked {
        forked.status = Some(status);
    }
    process.handles.peer_ended();
    emit(process, Event::Exit, &outcome(status));
}

fn emit(process: &mut Process, event: Event, arguments: &[Recipe]) {
    if let Err(uncaught) = process.emit(event, arguments) {
        process.uncaught(uncaught);
    }
    process.drain();
}
