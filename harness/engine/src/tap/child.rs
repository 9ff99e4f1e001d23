//! The stage between the relay and the real child, which becomes the child.

use std::ffi::OsString;
use std::io;
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use nix::unistd::{getppid, getsid};
use rustix::process::{Signal, getpid, set_parent_process_death_signal, setsid};

use crate::channel;

/// The first word of this stage's arguments; then the relay's pid, and the command.
pub(super) const STAGE: &str = "tap-child";

/// Exit code of a shell that cannot start a program.
pub(super) const NOT_STARTED: u8 = 127;

/// Starts the command with `theirs` as descriptor `number`, in this process's session or in one
/// of its own if this process leads one.
pub(super) fn start(theirs: OwnedFd, number: RawFd, command: &[OsString]) -> io::Result<Child> {
    let mut stage = Command::new(std::env::current_exe()?);
    stage.args([STAGE.to_owned(), getpid().as_raw_nonzero().to_string()]).args(command);
    channel::give(&mut stage, theirs, number)?;
    stage.spawn()
}

/// Becomes the child. Comes back with what went wrong.
pub(super) fn become_child(arguments: &[OsString]) -> io::Error {
    let [_, relay, command @ ..] = arguments else {
        return io::Error::other("this is a stage of `ipc-conformance tap`, used by itself alone");
    };
    match follow(relay.to_str().and_then(|text| text.parse().ok())) {
        Ok(()) => exec(command),
        Err(error) => error,
    }
}

/// Stands to the relay as the relay does to its parent, and does not outlive it.
fn follow(relay: Option<i32>) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // It may be gone already.
    if relay != Some(getppid().as_raw()) {
        return Err(io::Error::other("the relay is gone"));
    }
    if getsid(None) == Ok(getppid()) {
        setsid()?;
    }
    Ok(())
}

/// Takes the place of this process.
pub(super) fn exec(command: &[OsString]) -> io::Error {
    let Some((program, arguments)) = command.split_first() else {
        return io::Error::other("no command given");
    };
    let error = Command::new(program).args(arguments).exec();
    io::Error::new(error.kind(), format!("failed to start {}: {error}", program.display()))
}
