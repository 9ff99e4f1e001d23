//! Descriptions of handles: what Node's objects say of themselves.

use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};

use ipc_plan::{Recipe, Tagged};
use node_channel::{Handle, HandleKind};
use rustix::net::AddressFamily;
use rustix::net::getsockname;
use rustix::net::sockopt::socket_domain;

use super::server::Server;
use super::socket::Socket;
use super::udp::Udp;
use super::{HandleId, Handles, Object};
use crate::errors::error;
use crate::log::Address;

impl Handles {
    /// The description of a handle.
    pub(crate) fn describe(&self, id: HandleId) -> Recipe {
        let (class, state) = match &self.entries[id.0].object {
            Object::Server(server) => ("net.Server", describe_server(server)),
            Object::Socket(socket) => ("net.Socket", describe_socket(socket)),
            Object::Udp(udp) => ("dgram.Socket", describe_udp(udp)),
            Object::Native(_, class) => (*class, Vec::new()),
        };
        let state = state.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        Tagged::Handle { class: class.to_owned(), state: Recipe::Object(state) }.into()
    }

    /// Where others can reach a server or a UDP socket.
    pub(super) fn address(&self, id: HandleId) -> Option<Address> {
        let local = match &self.entries[id.0].object {
            Object::Server(Server { path: Some(path), .. }) => {
                return Some(Address::Path { path: path.clone() });
            }
            Object::Server(server) => local(server.fd()?)?,
            Object::Udp(udp) => local(udp.fd()?)?,
            Object::Socket(_) | Object::Native(..) => return None,
        };
        Some(Address::Port { host: local.ip().to_string(), port: local.port() })
    }
}

/// The class of a native handle.
pub(super) fn native_class(handle: &Handle) -> &'static str {
    match (handle.kind(), socket_domain(handle.as_fd())) {
        (HandleKind::DatagramNative, _) => "UDP",
        (_, Ok(AddressFamily::INET | AddressFamily::INET6)) => "TCP",
        _ => "Pipe",
    }
}

fn describe_server(server: &Server) -> Vec<(&'static str, Recipe)> {
    let address = server.fd().and_then(address).or_else(|| Some(server.path.as_deref()?.into()));
    vec![
        ("listening", Recipe::Bool(server.fd().is_some())),
        ("allowHalfOpen", Recipe::Bool(server.allow_half_open)),
        ("pauseOnConnect", Recipe::Bool(server.pauses)),
        ("address", address.unwrap_or(Recipe::Null)),
    ]
}

fn describe_socket(socket: &Socket) -> Vec<(&'static str, Recipe)> {
    let readable = !socket.is_output && !socket.ended && !socket.is_destroyed;
    vec![
        ("readable", Recipe::Bool(readable)),
        ("writable", Recipe::Bool(!socket.ending && !socket.is_destroyed)),
        ("allowHalfOpen", Recipe::Bool(socket.allow_half_open)),
        ("paused", Recipe::Bool(socket.flowing == Some(false))),
        ("flowing", socket.flowing.map_or(Recipe::Null, Recipe::Bool)),
        ("destroyed", Recipe::Bool(socket.is_destroyed)),
        ("address", socket.fd().and_then(address).unwrap_or_else(|| Recipe::Object(Vec::new()))),
    ]
}

fn describe_udp(udp: &Udp) -> Vec<(&'static str, Recipe)> {
    let address = udp.fd().and_then(|fd| Some((socket_domain(fd).ok()?, address(fd)?)));
    let (family, address) = match address {
        Some((family, address)) => (family, address),
        None => (AddressFamily::INET, not_running()),
    };
    let kind = if family == AddressFamily::INET6 { "udp6" } else { "udp4" };
    vec![("type", kind.into()), ("address", address)]
}

/// What a closed UDP socket throws.
pub(super) fn not_running() -> Recipe {
    error("Error", "Not running".to_owned(), Some("ERR_SOCKET_DGRAM_NOT_RUNNING"))
}

fn local(fd: BorrowedFd<'_>) -> Option<SocketAddr> {
    SocketAddr::try_from(getsockname(fd).ok()?).ok()
}

/// The address of this end, if it has one that Node tells.
fn address(fd: BorrowedFd<'_>) -> Option<Recipe> {
    let address = local(fd)?;
    let family = if address.is_ipv6() { "IPv6" } else { "IPv4" };
    Some(Recipe::Object(vec![
        ("address".to_owned(), Recipe::String(address.ip().to_string())),
        ("family".to_owned(), family.into()),
        ("port".to_owned(), Recipe::Number(f64::from(address.port()))),
    ]))
}
