//! The stage between the relay and the real child: it moves the channel to its number and becomes
//! the child.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use rustix::process::{
    Pid, PidfdFlags, PidfdGetfdFlags, Signal, getpid, getppid, getsid, pidfd_getfd, pidfd_open,
    set_parent_process_death_signal, setsid,
};

/// The first word of this stage's arguments; then the number where the channel is to be, the
/// number where it is, the relay's pid, and the command.
pub(super) const STAGE: &str = "tap-child";

/// Exit code of a shell that cannot start a program.
pub(super) const NOT_STARTED: u8 = 127;

/// Starts the command with `channel` as descriptor `number`, in this process's session or in one
/// of its own if this process leads one.
pub(super) fn start(channel: OwnedFd, number: RawFd, command: &[OsString]) -> io::Result<Child> {
    let mut stage = Command::new(std::env::current_exe()?);
    let here = channel.as_raw_fd();
    stage.args([
        STAGE.to_owned(),
        number.to_string(),
        here.to_string(),
        getpid().as_raw_nonzero().to_string(),
    ]);
    stage.args(command);
    match number {
        0 => drop(stage.stdin(Stdio::from(channel))),
        1 => drop(stage.stdout(Stdio::from(channel))),
        2 => drop(stage.stderr(Stdio::from(channel))),
        _ => {
            fcntl_setfd(&channel, FdFlags::empty())?;
            close_on_exec(number)?;
            let child = stage.spawn();
            // The relay's own copy would keep the channel open.
            drop(channel);
            return child;
        }
    }
    stage.spawn()
}

/// Becomes the child. Comes back with what went wrong.
pub(super) fn become_child(arguments: &[OsString]) -> io::Error {
    let number = |index: usize| arguments.get(index)?.to_str()?.parse::<RawFd>().ok();
    let (Some(number), Some(here), Some(relay), [_, _, _, _, command @ ..]) =
        (number(1), number(2), number(3), arguments)
    else {
        return io::Error::other("this is a stage of `ipc-conformance tap`, used by itself alone");
    };
    match place(number, here, relay) {
        Ok(_channel) => exec(command),
        Err(error) => error,
    }
}

/// Puts the channel where it belongs; it is open there as long as the value lives.
fn place(number: RawFd, here: RawFd, relay: i32) -> io::Result<Option<OwnedFd>> {
    // It must not outlive the relay, which may be gone already.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if getppid() != Pid::from_raw(relay) {
        return Err(io::Error::other("the relay is gone"));
    }
    if getppid().is_some() && getsid(None).ok() == getppid() {
        setsid()?;
    }
    if number <= 2 {
        return Ok(None);
    }
    let channel = descriptor(here)?;
    close_on_exec(here)?;
    let placed = fcntl_dupfd_cloexec(&channel, number)?;
    if placed.as_raw_fd() != number {
        return Err(io::Error::other(format!("descriptor {number} is taken")));
    }
    fcntl_setfd(&placed, FdFlags::empty())?;
    Ok(Some(placed))
}

/// Takes the place of this process.
pub(super) fn exec(command: &[OsString]) -> io::Error {
    let Some((program, arguments)) = command.split_first() else {
        return io::Error::other("no command given");
    };
    let error = Command::new(program).args(arguments).exec();
    io::Error::new(error.kind(), format!("failed to start {}: {error}", program.display()))
}

/// A copy of the descriptor with this number.
pub(super) fn descriptor(number: RawFd) -> io::Result<OwnedFd> {
    let own = pidfd_open(getpid(), PidfdFlags::empty())?;
    pidfd_getfd(own.as_fd(), number, PidfdGetfdFlags::empty()).map_err(|errno| match errno {
        rustix::io::Errno::PERM | rustix::io::Errno::NOSYS => io::Error::other(format!(
            "failed to take the channel: this system forbids pidfd_getfd ({errno}); in a \
             container, allow it (docker run --cap-add SYS_PTRACE)"
        )),
        errno => errno.into(),
    })
}

/// Closes one descriptor in programs that this process starts.
fn close_on_exec(number: RawFd) -> io::Result<()> {
    let mut others: Vec<RawFd> = Vec::new();
    for entry in std::fs::read_dir("/proc/self/fd")? {
        others.extend(entry?.file_name().to_str().and_then(|name| name.parse::<RawFd>().ok()));
    }
    others.retain(|other| *other != number);
    others.sort_unstable();
    close_fds::set_fds_cloexec(number, &others);
    Ok(())
}
