//! What a descriptor really is.

use std::os::fd::BorrowedFd;

use rustix::fs::{FileType, fstat};
use rustix::net::sockopt::{socket_acceptconn, socket_domain, socket_type};
use rustix::net::{AddressFamily, SocketType, getpeername};

/// What the kernel says about a descriptor, as far as handles differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SocketKind {
    /// A listening TCP or Unix socket.
    Listener,
    /// A connected TCP or Unix socket.
    Stream,
    /// A TCP or Unix stream socket that neither listens nor is connected.
    Unconnected,
    /// A pipe or FIFO, which Node treats as a stream.
    Pipe,
    Udp4,
    Udp6,
    /// Nothing that travels, with words for it.
    Other(&'static str),
}

impl SocketKind {
    pub(super) fn of(fd: BorrowedFd<'_>) -> Self {
        match fstat(fd).map(|stat| FileType::from_raw_mode(stat.st_mode)) {
            Ok(FileType::Socket) => {}
            Ok(FileType::Fifo) => return Self::Pipe,
            Ok(_) => return Self::Other("a file"),
            Err(_) => return Self::Other("no open descriptor"),
        }
        match (family(fd), socket_type(fd)) {
            (Some(Family::Ip4 | Family::Ip6 | Family::Unix), Ok(SocketType::STREAM)) => {
                if socket_acceptconn(fd) == Ok(true) {
                    Self::Listener
                } else if getpeername(fd).is_ok() {
                    Self::Stream
                } else {
                    Self::Unconnected
                }
            }
            (Some(Family::Ip4), Ok(SocketType::DGRAM)) => Self::Udp4,
            (Some(Family::Ip6), Ok(SocketType::DGRAM)) => Self::Udp6,
            _ => Self::Other("a socket of another kind"),
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Listener => "a listening socket",
            Self::Stream => "a connected stream",
            Self::Unconnected => "a stream socket without a peer",
            Self::Pipe => "a pipe",
            Self::Udp4 | Self::Udp6 => "a UDP socket",
            Self::Other(words) => words,
        }
    }
}

/// The address families that handles have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Ip4,
    Ip6,
    Unix,
}

pub(super) fn family(fd: BorrowedFd<'_>) -> Option<Family> {
    match socket_domain(fd).ok()? {
        AddressFamily::INET => Some(Family::Ip4),
        AddressFamily::INET6 => Some(Family::Ip6),
        AddressFamily::UNIX => Some(Family::Unix),
        _ => None,
    }
}
