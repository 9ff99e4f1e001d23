//! New connections: those of servers here, and those to others.

use std::io;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use ipc_plan::HandleEvent;
use rustix::net::{SocketFlags, accept_with};

use super::endpoint::Endpoint;
use super::socket::Socket;
use super::{HandleId, Handles, Object, What};
use crate::errors::io_error;
use crate::log::Address;

impl Handles {
    /// Accepts all connections that there are.
    pub(super) fn accept(&mut self, id: HandleId) {
        while let Some(server) = self.server(id)
            && let Some(listener) = server.fd()
            && let Ok(fd) = accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)
        {
            let mut socket = Socket::new(Endpoint::Own(fd), server.allow_half_open);
            socket.accepted_by(id, server.pauses);
            server.opened();
            let connection = self.add(Object::Socket(socket));
            if let Some(server) = self.server(id) {
                server.accepted.push_back(connection);
            }
        }
    }

    /// Connects a socket and keeps it. On the loopback interface this is done at once.
    pub(super) fn connect(&mut self, name: &str, to: &Address, half_open: bool) -> HandleId {
        match dial(to) {
            Ok(fd) => {
                let socket = Socket::new(Endpoint::Own(fd), half_open);
                let id = self.add(Object::Socket(socket));
                self.keep(name, id);
                let description = self.describe(id);
                self.occur(id, What::Connect, description);
                id
            }
            Err(failed) => {
                let id = self.add(Object::Socket(Socket::destroyed(half_open)));
                self.keep(name, id);
                let failed = io_error(&failed, "connect", &format!(" {to}"));
                self.occur(id, What::Event(HandleEvent::Error), failed.clone());
                self.occur(id, What::Connect, failed);
                id
            }
        }
    }
}

fn dial(to: &Address) -> io::Result<OwnedFd> {
    Ok(match to {
        Address::Path { path } => {
            let stream = UnixStream::connect(path)?;
            stream.set_nonblocking(true)?;
            stream.into()
        }
        Address::Port { host, port } => {
            let stream = TcpStream::connect((host.as_str(), *port))?;
            stream.set_nonblocking(true)?;
            stream.into()
        }
    })
}
