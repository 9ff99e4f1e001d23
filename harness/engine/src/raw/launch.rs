//! The channel's descriptor, given to a child and taken from a parent.
//!
//! A descriptor has a number of its own on the way, and std can neither place nor take one there
//! without unsafe code. A shell can: it moves the descriptor from or to stdin, and becomes the
//! program.

use std::collections::BTreeMap;
use std::env;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use ipc_plan::{ChildCommand, ROLE_VARIABLE, Role, Serialization, Wire};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::stdio::{dup2_stdin, stdin};

/// Where a parent announces the descriptor.
const CHANNEL_FD: &str = "NODE_CHANNEL_FD";
/// Where a parent announces the serialization.
const SERIALIZATION_MODE: &str = "NODE_CHANNEL_SERIALIZATION_MODE";
/// Says that the channel is already at stdin.
const ADOPTED: &str = "IPC_CONFORMANCE_RAW_ADOPTED";

/// What a child is started with.
pub(super) struct Launch<'a> {
    pub(super) command: &'a ChildCommand,
    pub(super) serialization: Serialization,
    pub(super) over: Wire,
    pub(super) descriptor: u8,
    pub(super) env: &'a BTreeMap<String, String>,
    pub(super) unset: &'a [String],
}

impl Launch<'_> {
    /// Starts the child. Gives the other end of the channel too.
    pub(super) fn start(&self) -> io::Result<(Child, OwnedFd)> {
        let (own, theirs) = pair(self.over)?;
        let number = self.descriptor;
        let mode = match self.serialization {
            Serialization::Json => "json",
            Serialization::Advanced => "advanced",
        };
        let ChildCommand { exec_path, exec_argv, module_path } = self.command;
        let mut command = Command::new(SHELL);
        command
            .arg("-c")
            .arg(format!("exec \"$0\" \"$@\" {number}<&0 </dev/null"))
            .arg(exec_path)
            .args(exec_argv)
            .arg(module_path)
            .env(ROLE_VARIABLE, Role::Child.name())
            .env(CHANNEL_FD, number.to_string())
            .env(SERIALIZATION_MODE, mode)
            .envs(self.env)
            .stdin(Stdio::from(theirs));
        for name in self.unset {
            command.env_remove(name);
        }
        Ok((command.spawn()?, own))
    }
}

const SHELL: &str = "/bin/sh";

/// Both ends, the child's second.
fn pair(over: Wire) -> io::Result<(OwnedFd, OwnedFd)> {
    let kind = match over {
        Wire::Stream => SocketType::STREAM,
        Wire::Seqpacket => SocketType::SEQPACKET,
        Wire::Datagram => SocketType::DGRAM,
        Wire::Pipe => return Ok(pipe_with(PipeFlags::CLOEXEC)?),
    };
    Ok(socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)?)
}

/// Takes the channel that the parent has left, if it has left one. Unless a shell has moved it to
/// stdin before, this program becomes such a shell, which becomes this program again.
pub(super) fn adopt() -> io::Result<Option<OwnedFd>> {
    let Ok(number) = env::var(CHANNEL_FD) else { return Ok(None) };
    if env::var_os(ADOPTED).is_none() {
        // What a shell takes for the number of a descriptor.
        if number.len() != 1 || !number.bytes().all(|b| b.is_ascii_digit()) {
            let problem = format!("{CHANNEL_FD} is {number}, expected a number from 3 to 9");
            return Err(io::Error::other(problem));
        }
        return Err(Command::new(SHELL)
            .arg("-c")
            .arg(format!("exec \"$0\" \"$@\" <&{number} {number}<&-"))
            .arg(env::current_exe()?)
            .args(env::args_os().skip(1))
            .env(ADOPTED, number)
            .exec());
    }
    let channel = stdin().try_clone_to_owned()?;
    dup2_stdin(File::open("/dev/null")?)?;
    Ok(Some(channel))
}
