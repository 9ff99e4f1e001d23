//! A child, started with a channel of any kind.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{OwnedFd, RawFd};
use std::process::{Child, Command, Stdio};

use ipc_plan::{ChildCommand, ROLE_VARIABLE, Role, Serialization, Wire};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::channel::{self, FD_VARIABLE, SERIALIZATION_VARIABLE};

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
        let number = RawFd::from(self.descriptor);
        let mode = match self.serialization {
            Serialization::Json => "json",
            Serialization::Advanced => "advanced",
        };
        let ChildCommand { exec_path, exec_argv, module_path, .. } = self.command;
        let mut command = Command::new(exec_path);
        command
            .args(exec_argv)
            .arg(module_path)
            .env(ROLE_VARIABLE, Role::Child.name())
            .env(FD_VARIABLE, number.to_string())
            .env(SERIALIZATION_VARIABLE, mode)
            .envs(self.env)
            .stdin(Stdio::null());
        for name in self.unset {
            command.env_remove(name);
        }
        channel::give(&mut command, theirs, number)?;
        Ok((command.spawn()?, own))
    }
}

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
