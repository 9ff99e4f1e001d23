//! Between handles and the sockets of the standard library.

use std::fmt;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};

use rustix::net::listen;

use super::inspect::{Family, SocketKind, family};
use super::{Counted, Handle, HandleKind};

/// A handle is not what was asked for.
#[derive(Debug)]
pub struct ConvertError {
    handle: Handle,
    found: &'static str,
    wanted: &'static str,
}

impl ConvertError {
    /// The handle, to try something else.
    pub fn into_handle(self) -> Handle {
        self.handle
    }
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the handle is {}, not a {}", self.found, self.wanted)
    }
}

impl std::error::Error for ConvertError {}

impl From<TcpListener> for Handle {
    fn from(socket: TcpListener) -> Self {
        Self::new(HandleKind::Server, socket.into())
    }
}

impl From<UnixListener> for Handle {
    fn from(socket: UnixListener) -> Self {
        Self::new(HandleKind::Server, socket.into())
    }
}

impl From<TcpStream> for Handle {
    fn from(socket: TcpStream) -> Self {
        Self::new(HandleKind::Socket, socket.into())
    }
}

impl From<UnixStream> for Handle {
    fn from(socket: UnixStream) -> Self {
        Self::new(HandleKind::Socket, socket.into())
    }
}

impl From<UdpSocket> for Handle {
    fn from(socket: UdpSocket) -> Self {
        Self::new(HandleKind::Datagram, socket.into())
    }
}

/// A socket that is bound only starts to listen, as in Node.
impl TryFrom<Handle> for TcpListener {
    type Error = ConvertError;

    fn try_from(handle: Handle) -> Result<Self, ConvertError> {
        let handle = listening(handle, is_tcp, "TcpListener")?;
        Ok(handle.into_fd().into())
    }
}

/// A socket that is bound only starts to listen, as in Node.
impl TryFrom<Handle> for UnixListener {
    type Error = ConvertError;

    fn try_from(handle: Handle) -> Result<Self, ConvertError> {
        let handle = listening(handle, is_unix, "UnixListener")?;
        Ok(handle.into_fd().into())
    }
}

impl TryFrom<Handle> for UdpSocket {
    type Error = ConvertError;

    fn try_from(handle: Handle) -> Result<Self, ConvertError> {
        match SocketKind::of(handle.as_fd()) {
            SocketKind::Udp4 | SocketKind::Udp6 => Ok(handle.into_fd().into()),
            _ => Err(mismatch(handle, "UdpSocket")),
        }
    }
}

impl TryFrom<Handle> for Counted<TcpStream> {
    type Error = ConvertError;

    fn try_from(handle: Handle) -> Result<Self, ConvertError> {
        connected(handle, is_tcp, "TcpStream")
    }
}

impl TryFrom<Handle> for Counted<UnixStream> {
    type Error = ConvertError;

    fn try_from(handle: Handle) -> Result<Self, ConvertError> {
        connected(handle, is_unix, "UnixStream")
    }
}

fn listening(
    handle: Handle,
    is_wanted: fn(Family) -> bool,
    wanted: &'static str,
) -> Result<Handle, ConvertError> {
    let listens = family(handle.as_fd()).is_some_and(is_wanted)
        && match SocketKind::of(handle.as_fd()) {
            SocketKind::Listener => true,
            SocketKind::Unconnected => listen(handle.as_fd(), BACKLOG).is_ok(),
            _ => false,
        };
    if listens { Ok(handle) } else { Err(mismatch(handle, wanted)) }
}

fn connected<S: From<std::os::fd::OwnedFd>>(
    handle: Handle,
    is_wanted: fn(Family) -> bool,
    wanted: &'static str,
) -> Result<Counted<S>, ConvertError> {
    let fits = family(handle.as_fd()).is_some_and(is_wanted)
        && matches!(SocketKind::of(handle.as_fd()), SocketKind::Stream | SocketKind::Unconnected);
    if !fits {
        return Err(mismatch(handle, wanted));
    }
    let Handle { fd, guard, .. } = handle;
    Ok(Counted::new(fd.into(), guard))
}

fn mismatch(handle: Handle, wanted: &'static str) -> ConvertError {
    let found = match (SocketKind::of(handle.as_fd()), family(handle.as_fd())) {
        (SocketKind::Listener, Some(Family::Unix)) => "a listening Unix socket",
        (SocketKind::Listener, _) => "a listening TCP socket",
        (SocketKind::Stream, Some(Family::Unix)) => "a Unix stream",
        (SocketKind::Stream, _) => "a TCP stream",
        (other, _) => other.words(),
    };
    ConvertError { handle, found, wanted }
}

fn is_tcp(family: Family) -> bool {
    matches!(family, Family::Ip4 | Family::Ip6)
}

fn is_unix(family: Family) -> bool {
    family == Family::Unix
}

/// Node's default.
const BACKLOG: i32 = 511;
