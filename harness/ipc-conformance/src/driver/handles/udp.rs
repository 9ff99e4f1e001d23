//! `dgram.Socket`.

use std::collections::VecDeque;
use std::io;
use std::net::UdpSocket;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::log::Address;

/// A bound UDP socket.
#[derive(Debug)]
pub(super) struct Udp {
    /// None once closed.
    socket: Option<UdpSocket>,
    /// Datagrams that came.
    pub(super) datagrams: VecDeque<Vec<u8>>,
}

impl Udp {
    /// One on a port of the loopback interface.
    pub(super) fn bind() -> io::Result<Self> {
        Ok(Self::received(UdpSocket::bind(("127.0.0.1", 0))?.into()))
    }

    /// One that came with a message.
    pub(super) fn received(fd: OwnedFd) -> Self {
        Self { socket: Some(fd.into()), datagrams: VecDeque::new() }
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.socket.as_ref().map(AsFd::as_fd)
    }

    /// Reads a datagram.
    pub(super) fn receive(&mut self) {
        let Some(socket) = &self.socket else { return };
        let mut datagram = vec![0; 65_536];
        if let Ok(length) = socket.recv(&mut datagram) {
            datagram.truncate(length);
            self.datagrams.push_back(datagram);
        }
    }

    /// Sends a datagram. `None` if the socket is closed.
    pub(super) fn send(&self, text: &str, to: &Address) -> Option<io::Result<()>> {
        let socket = self.socket.as_ref()?;
        Some(match to {
            Address::Port { host, port } => {
                socket.send_to(text.as_bytes(), (host.as_str(), *port)).map(drop)
            }
            Address::Path { .. } => Err(io::ErrorKind::Unsupported.into()),
        })
    }

    /// Whether it was open.
    pub(super) fn close(&mut self) -> bool {
        self.socket.take().is_some()
    }

    /// A descriptor of the same socket to send.
    pub(super) fn share(&self) -> Option<OwnedFd> {
        self.fd()?.try_clone_to_owned().ok()
    }
}
