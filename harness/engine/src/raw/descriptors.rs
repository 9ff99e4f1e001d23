//! Descriptors to send, and what those are that came.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};

use ipc_plan::{DescriptorKind, RawDescriptor};
use rustix::fs::{FileType, OFlags, fcntl_getfl, fcntl_setfl, fstat};
use rustix::net::sockopt::{socket_acceptconn, socket_domain, socket_type};
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, getpeername, socket_with,
};
use rustix::pipe::{PipeFlags, pipe_with};
use serde_json::{Value, json};

/// A descriptor that was opened.
pub(super) struct Opened {
    pub(super) fd: OwnedFd,
    /// The other end.
    pub(super) far: Option<OwnedFd>,
    /// Where the other role can reach it, as drivers publish it.
    pub(super) address: Option<Value>,
}

/// Opens a descriptor. `name` names its file in the working directory, where there is one.
pub(super) fn open(kind: DescriptorKind, name: &str, blocking: bool) -> io::Result<Opened> {
    let opened = make(kind, name)?;
    for fd in [Some(&opened.fd), opened.far.as_ref()].into_iter().flatten() {
        set_blocking(fd.as_fd(), blocking)?;
    }
    Ok(opened)
}

fn make(kind: DescriptorKind, name: &str) -> io::Result<Opened> {
    let loopback = (Ipv4Addr::LOCALHOST, 0);
    let path = format!("{name}.sock");
    let one = |fd: OwnedFd, address| Opened { fd, far: None, address };
    Ok(match kind {
        DescriptorKind::TcpListener => {
            let listener = TcpListener::bind(loopback)?;
            let address = port(listener.local_addr()?);
            one(listener.into(), Some(address))
        }
        DescriptorKind::Tcp => {
            let listener = TcpListener::bind(loopback)?;
            let near = TcpStream::connect(listener.local_addr()?)?;
            let (far, _) = listener.accept()?;
            Opened { fd: near.into(), far: Some(far.into()), address: None }
        }
        DescriptorKind::TcpBound => {
            let fd = unconnected(AddressFamily::INET)?;
            bind(&fd, &SocketAddr::from(loopback))?;
            let address = SocketAddr::try_from(rustix::net::getsockname(&fd)?)?;
            one(fd, Some(port(address)))
        }
        DescriptorKind::UnixListener => {
            one(UnixListener::bind(&path)?.into(), Some(json!({ "path": path })))
        }
        DescriptorKind::Unix => {
            let (near, far) = UnixStream::pair()?;
            Opened { fd: near.into(), far: Some(far.into()), address: None }
        }
        DescriptorKind::UnixBound => {
            let fd = unconnected(AddressFamily::UNIX)?;
            bind(&fd, &SocketAddrUnix::new(&path)?)?;
            one(fd, Some(json!({ "path": path })))
        }
        DescriptorKind::Udp => {
            let socket = UdpSocket::bind(loopback)?;
            let address = port(socket.local_addr()?);
            one(socket.into(), Some(address))
        }
        DescriptorKind::Pipe => {
            let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
            Opened { fd: reader, far: Some(writer), address: None }
        }
        DescriptorKind::File => {
            let path = format!("{name}.file");
            let file = File::options().read(true).write(true).create_new(true).open(path)?;
            one(file.into(), None)
        }
        DescriptorKind::Other => return Err(io::ErrorKind::InvalidInput.into()),
    })
}

fn unconnected(family: AddressFamily) -> io::Result<OwnedFd> {
    Ok(socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?)
}

fn port(address: SocketAddr) -> Value {
    json!({ "port": address.port(), "host": address.ip().to_string() })
}

pub(super) fn set_blocking(fd: BorrowedFd<'_>, blocking: bool) -> io::Result<()> {
    let mut flags = fcntl_getfl(fd)?;
    flags.set(OFlags::NONBLOCK, !blocking);
    Ok(fcntl_setfl(fd, flags)?)
}

/// What is known of a descriptor that came with byte `at` of a piece.
pub(super) fn describe(fd: &OwnedFd, at: u64) -> RawDescriptor {
    let non_blocking = fcntl_getfl(fd).is_ok_and(|flags| flags.contains(OFlags::NONBLOCK));
    RawDescriptor { kind: kind(fd), non_blocking, at }
}

fn kind(fd: &OwnedFd) -> DescriptorKind {
    match fstat(fd).map(|stat| FileType::from_raw_mode(stat.st_mode)) {
        Ok(FileType::RegularFile) => DescriptorKind::File,
        Ok(FileType::Fifo) => DescriptorKind::Pipe,
        Ok(FileType::Socket) => socket_kind(fd).unwrap_or(DescriptorKind::Other),
        _ => DescriptorKind::Other,
    }
}

fn socket_kind(fd: &OwnedFd) -> Option<DescriptorKind> {
    let is_ip = match socket_domain(fd).ok()? {
        AddressFamily::INET | AddressFamily::INET6 => true,
        AddressFamily::UNIX => false,
        _ => return None,
    };
    if socket_type(fd).ok()? == SocketType::DGRAM {
        return is_ip.then_some(DescriptorKind::Udp);
    }
    let (listens, connected) = (socket_acceptconn(fd).ok()?, getpeername(fd).is_ok());
    Some(match (is_ip, listens, connected) {
        (true, true, _) => DescriptorKind::TcpListener,
        (true, false, true) => DescriptorKind::Tcp,
        (true, false, false) => DescriptorKind::TcpBound,
        (false, true, _) => DescriptorKind::UnixListener,
        (false, false, true) => DescriptorKind::Unix,
        (false, false, false) => DescriptorKind::UnixBound,
    })
}
