//! Sockets that travel with messages.

mod convert;
mod counted;
mod inspect;

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::error::HandleError;
use crate::proto::Guard;

pub use convert::ConvertError;
pub use counted::Counted;
use inspect::SocketKind;

/// A socket that goes with a message, or came with one.
///
/// To send one, convert it: `TcpListener`, `TcpStream`, `UnixListener`, `UnixStream` and `UdpSocket`
/// of the standard library convert by `From`, anything else by [`from_fd`](Self::from_fd) and
/// [`native`](Self::native). A handle is given away; to keep a socket in use, send a `try_clone()`
/// of it, or of the [handle](Self::try_clone).
///
/// A received one converts back with `TryFrom`, which looks at what the descriptor really is. What
/// Node sends is non-blocking, and stays so: that is a property of the socket itself, which the
/// sender may share. Before blocking calls on a stream that is this process's alone, use
/// `set_nonblocking(false)`. As in Node, one that is sent on as it came stays as it is; any other is
/// made non-blocking when it is sent, since a Node that gets it does not do that.
///
/// Dropping a handle closes it.
#[derive(Debug)]
pub struct Handle {
    kind: HandleKind,
    /// Whether the peer sent it.
    came: bool,
    // Closed before the guard counts: whoever is told of the end finds it closed.
    fd: OwnedFd,
    guard: Option<Guard>,
}

/// As what a handle travels: what Node's program sends or gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandleKind {
    /// A listening TCP or Unix socket: `net.Server`.
    Server,
    /// A TCP or Unix stream: `net.Socket`.
    Socket,
    /// A TCP or Unix socket without the JavaScript object around it, listening or not: `net.Native`.
    Native,
    /// A UDP socket: `dgram.Socket`.
    Datagram,
    /// A UDP socket without the JavaScript object around it: `dgram.Native`.
    DatagramNative,
    /// A TCP socket that is bound and does not listen: `net.BoundSocket`, sent by Node 26.
    Bound,
}

impl HandleKind {
    const ALL: [Self; 6] = [
        Self::Server,
        Self::Socket,
        Self::Native,
        Self::Datagram,
        Self::DatagramNative,
        Self::Bound,
    ];

    /// Its name in messages, as `net.Server`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "net.Server",
            Self::Socket => "net.Socket",
            Self::Native => "net.Native",
            Self::Datagram => "dgram.Socket",
            Self::DatagramNative => "dgram.Native",
            Self::Bound => "net.BoundSocket",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    fn fits(self, found: SocketKind) -> bool {
        use SocketKind as S;
        match self {
            Self::Server => matches!(found, S::Listener | S::Unconnected),
            Self::Socket => matches!(found, S::Stream | S::Unconnected | S::Pipe),
            Self::Native | Self::Bound => {
                matches!(found, S::Listener | S::Stream | S::Unconnected | S::Pipe)
            }
            Self::Datagram | Self::DatagramNative => matches!(found, S::Udp4 | S::Udp6),
        }
    }
}

/// A descriptor that cannot travel: no TCP, Unix stream or UDP socket.
#[derive(Debug)]
pub struct UnsupportedDescriptor {
    /// The descriptor, given back.
    pub fd: OwnedFd,
    found: &'static str,
}

impl Handle {
    /// A handle of what this descriptor is: `net.Server`, `net.Socket` or `dgram.Socket`.
    ///
    /// # Errors
    ///
    /// When the descriptor is no TCP, Unix stream or UDP socket, or is not open. It is given back.
    pub fn from_fd(fd: impl Into<OwnedFd>) -> Result<Self, UnsupportedDescriptor> {
        Self::classified(fd.into(), |found| match found {
            SocketKind::Listener => Some(HandleKind::Server),
            SocketKind::Stream | SocketKind::Unconnected | SocketKind::Pipe => {
                Some(HandleKind::Socket)
            }
            SocketKind::Udp4 | SocketKind::Udp6 => Some(HandleKind::Datagram),
            SocketKind::Other(_) => None,
        })
    }

    /// A handle that reaches Node's program without a JavaScript object around it: `net.Native` or
    /// `dgram.Native`.
    ///
    /// # Errors
    ///
    /// As [`from_fd`](Self::from_fd).
    pub fn native(fd: impl Into<OwnedFd>) -> Result<Self, UnsupportedDescriptor> {
        Self::classified(fd.into(), |found| match found {
            SocketKind::Udp4 | SocketKind::Udp6 => Some(HandleKind::DatagramNative),
            SocketKind::Other(_) => None,
            _ => Some(HandleKind::Native),
        })
    }

    /// As what it travels.
    pub fn kind(&self) -> HandleKind {
        self.kind
    }

    /// The server of the peer that counts this socket among its connections.
    pub fn key(&self) -> Option<&str> {
        self.guard.as_ref().map(Guard::key)
    }

    /// The same socket once more, to send it to several peers or to go on using it. What came from
    /// the peer is still as it came. If the peer's server counts this one, it does not count the other.
    ///
    /// # Errors
    ///
    /// When the process can have no more descriptors.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { kind: self.kind, came: self.came, fd: self.fd.try_clone()?, guard: None })
    }

    /// The same socket once more, without the JavaScript object around it.
    pub(crate) fn try_clone_native(&self) -> io::Result<Self> {
        let kind = match self.kind {
            HandleKind::Datagram | HandleKind::DatagramNative => HandleKind::DatagramNative,
            _ => HandleKind::Native,
        };
        Ok(Self { kind, ..self.try_clone()? })
    }

    /// The descriptor. If the peer's server counts the socket, it does so no more.
    pub fn into_fd(self) -> OwnedFd {
        self.fd
    }

    fn classified(
        fd: OwnedFd,
        kind: impl FnOnce(SocketKind) -> Option<HandleKind>,
    ) -> Result<Self, UnsupportedDescriptor> {
        let found = SocketKind::of(fd.as_fd());
        match kind(found) {
            Some(kind) => Ok(Self::new(kind, fd)),
            None => Err(UnsupportedDescriptor { fd, found: found.words() }),
        }
    }

    pub(crate) fn new(kind: HandleKind, fd: OwnedFd) -> Self {
        Self { kind, came: false, fd, guard: None }
    }

    /// What to do with a received descriptor that is announced under this name.
    pub(crate) fn receive(announced: Option<&str>, fd: OwnedFd) -> Received {
        let found = SocketKind::of(fd.as_fd());
        if matches!(found, SocketKind::Other(_)) {
            let announced =
                announced.and_then(HandleKind::from_name).map_or("a handle", HandleKind::name);
            return Received::Refused(HandleError::Mismatch { announced, found: found.words() });
        }
        let Some(kind) = announced.and_then(HandleKind::from_name) else {
            let found = announced.unwrap_or_default().to_owned();
            return Received::Unusable(HandleError::UnknownType { found });
        };
        if !kind.fits(found) {
            let (announced, found) = (kind.name(), found.words());
            return Received::Unusable(HandleError::Mismatch { announced, found });
        }
        Received::Usable(Self { came: true, ..Self::new(kind, fd) })
    }

    /// Whether it is as the peer sent it.
    pub(crate) fn came(&self) -> bool {
        self.came
    }

    /// Counts as a connection of the peer's server until it is closed, if it is counted.
    pub(crate) fn count(&mut self, guard: Option<Guard>) {
        self.guard = guard;
    }

    /// The address family, where the message says it.
    pub(crate) fn datagram_type(&self) -> Option<&'static str> {
        if self.kind != HandleKind::Datagram {
            return None;
        }
        Some(match SocketKind::of(self.fd.as_fd()) {
            SocketKind::Udp6 => "udp6",
            _ => "udp4",
        })
    }
}

/// What came of a received descriptor, as Node decides it.
pub(crate) enum Received {
    Usable(Handle),
    /// Acknowledged and closed.
    Unusable(HandleError),
    /// Refused and closed: no socket that Node can have.
    Refused(HandleError),
}

impl AsFd for Handle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl std::fmt::Display for UnsupportedDescriptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} cannot be sent: TCP, Unix stream and UDP sockets can", self.found)
    }
}

impl std::error::Error for UnsupportedDescriptor {}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

    use super::*;

    #[test]
    fn handles_are_what_they_are() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let kind = |fd: OwnedFd| Handle::from_fd(fd).unwrap().kind();
        assert_eq!(kind(listener.try_clone().unwrap().into()), HandleKind::Server);
        assert_eq!(kind(stream.into()), HandleKind::Socket);
        assert_eq!(kind(UnixStream::pair().unwrap().0.into()), HandleKind::Socket);
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        assert_eq!(kind(udp.try_clone().unwrap().into()), HandleKind::Datagram);
        assert_eq!(Handle::native(listener).unwrap().kind(), HandleKind::Native);
        assert_eq!(Handle::native(udp).unwrap().kind(), HandleKind::DatagramNative);
        for odd in [
            OwnedFd::from(File::open("/dev/null").unwrap()),
            UnixDatagram::unbound().unwrap().into(),
        ] {
            let refused = Handle::from_fd(odd).unwrap_err();
            assert!(refused.to_string().contains("cannot be sent"), "{refused}");
            assert!(Handle::native(refused.fd).is_err());
        }
    }

    #[test]
    fn a_handle_converts_to_what_it_is_and_to_nothing_else() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let handle = Handle::from(listener);
        let refused = UnixListener::try_from(handle).unwrap_err();
        assert_eq!(refused.to_string(), "the handle is a listening TCP socket, not a UnixListener");
        let refused = UdpSocket::try_from(refused.into_handle()).unwrap_err();
        let refused = Counted::<TcpStream>::try_from(refused.into_handle()).unwrap_err();
        let listener = TcpListener::try_from(refused.into_handle()).unwrap();
        assert_eq!(listener.local_addr().unwrap(), address);

        let (stream, _other) = UnixStream::pair().unwrap();
        let handle = Handle::from(stream);
        assert!(handle.key().is_none());
        let refused = TcpListener::try_from(handle).unwrap_err();
        let stream: Counted<UnixStream> = refused.into_handle().try_into().unwrap();
        assert!(stream.into_inner().peer_addr().unwrap().is_unnamed());
    }

    #[test]
    fn a_bound_socket_starts_to_listen() {
        use rustix::net::{AddressFamily, SocketType, bind, socket};
        let fd = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&fd, &std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 0)).unwrap();
        let Received::Usable(handle) = Handle::receive(Some("net.Server"), fd) else { panic!() };
        let listener = TcpListener::try_from(handle).unwrap();
        TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    }
}
