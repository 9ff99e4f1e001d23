//! Servers, sockets and UDP sockets of a role, as Node's modules `net` and `dgram` have them: made,
//! received with messages, and used.

mod accept;
mod describe;
mod endpoint;
mod give;
mod server;
mod socket;
mod steps;
mod transfer;
mod udp;

use std::collections::{BTreeMap, VecDeque};
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixListener;

use ipc_plan::{HandleEvent, Recipe};
use node_channel::{ConvertError, Handle, HandleKind};
use rustix::event::PollFlags;

use crate::errors::error;
use endpoint::Endpoint;
use server::Server;
use socket::Socket;
use udp::Udp;

pub(crate) use give::Given;
pub(crate) use steps::HandleWait;

/// A handle of this role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HandleId(usize);

/// Something to record of a handle.
#[derive(Debug)]
pub(crate) struct Occurrence {
    pub(crate) handle: HandleId,
    pub(crate) what: What,
    pub(crate) value: Recipe,
}

/// What can be recorded of a handle when it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The outcome of a step.
    Connect,
    Write,
    End,
    /// What happens outside the steps.
    Event(HandleEvent),
}

impl What {
    /// The name used in logs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Write => "write",
            Self::End => "end",
            Self::Event(HandleEvent::Closed) => "closed",
            Self::Event(HandleEvent::Connections) => "connections",
            Self::Event(HandleEvent::Error) => "error",
        }
    }
}

/// All handles of a role, kept or not.
#[derive(Debug, Default)]
pub(crate) struct Handles {
    entries: Vec<Entry>,
    names: BTreeMap<String, HandleId>,
    /// Received, known to the plan, and not named yet.
    unnamed: VecDeque<HandleId>,
    occurrences: VecDeque<Occurrence>,
    /// The server that asks the peer for the connections that were sent under a key: the first that
    /// sent one.
    workers: BTreeMap<String, HandleId>,
}

#[derive(Debug)]
struct Entry {
    /// What it is recorded as, once the plan can know of it.
    name: Option<String>,
    happened: Vec<What>,
    object: Object,
}

/// What a handle is.
#[derive(Debug)]
enum Object {
    Server(Server),
    Socket(Socket),
    Udp(Udp),
    /// A native handle, until it is closed, and the name of its class.
    Native(Option<Endpoint>, &'static str),
}

/// Why a step on a handle throws.
pub(crate) type Thrown = Recipe;

impl Handles {
    // ---- names -----------------------------------------------------------------------------

    fn add(&mut self, object: Object) -> HandleId {
        self.entries.push(Entry { name: None, happened: Vec::new(), object });
        HandleId(self.entries.len() - 1)
    }

    /// Keeps a handle under a name.
    fn keep(&mut self, name: &str, id: HandleId) {
        self.entries[id.0].name = Some(name.to_owned());
        self.names.insert(name.to_owned(), id);
    }

    fn find(&self, name: &str) -> Result<HandleId, Thrown> {
        let found = self.names.get(name).copied();
        found.ok_or_else(|| error("Error", format!("there is no handle '{name}'"), None))
    }

    /// What a received handle is in Node.
    pub(crate) fn receive(&mut self, handle: Handle) -> Result<HandleId, ConvertError> {
        let object = match handle.kind() {
            HandleKind::Server => Object::Server(Server::received(listener(handle)?)),
            HandleKind::Socket => Object::Socket(Socket::new(Endpoint::Received(handle), false)),
            HandleKind::Datagram => Object::Udp(Udp::received(UdpSocket::try_from(handle)?.into())),
            _ => {
                let class = describe::native_class(&handle);
                Object::Native(Some(Endpoint::Received(handle)), class)
            }
        };
        Ok(self.add(object))
    }

    /// Says that a listener got a received handle, which `take` may name.
    pub(crate) fn announce(&mut self, id: HandleId) {
        let entry = &mut self.entries[id.0];
        if entry.name.is_none() {
            entry.name = Some("received".to_owned());
            self.unnamed.push_back(id);
        }
    }

    // ---- what happens ----------------------------------------------------------------------

    fn occur(&mut self, handle: HandleId, what: What, value: Recipe) {
        self.occurrences.push_back(Occurrence { handle, what, value });
    }

    /// The next thing to record, oldest first.
    pub(crate) fn next_occurrence(&mut self) -> Option<Occurrence> {
        loop {
            let next = self.occurrences.pop_front()?;
            // Nobody listens to a handle that the plan does not know.
            if self.entries[next.handle.0].name.is_some() {
                return Some(next);
            }
        }
    }

    /// Says that something was recorded; answers the name to record it under.
    pub(crate) fn happened(&mut self, id: HandleId, what: What) -> String {
        let entry = &mut self.entries[id.0];
        entry.happened.push(what);
        entry.name.clone().unwrap_or_default()
    }

    fn count(&self, id: HandleId, what: What) -> usize {
        self.entries[id.0].happened.iter().filter(|happened| **happened == what).count()
    }

    // ---- event loop ------------------------------------------------------------------------

    /// What to wait for. As long as there is something, the process stays alive.
    pub(crate) fn interests(&self) -> Vec<(HandleId, BorrowedFd<'_>, PollFlags)> {
        let watched = self.entries.iter().enumerate().filter_map(|(index, entry)| {
            let (fd, flags) = match &entry.object {
                Object::Server(server) => (server.fd()?, PollFlags::IN),
                Object::Socket(socket) => (socket.fd()?, socket.interest()),
                Object::Udp(udp) => (udp.fd()?, PollFlags::IN),
                Object::Native(..) => return None,
            };
            Some((HandleId(index), fd, flags))
        });
        watched.filter(|(_, _, flags)| !flags.is_empty()).collect()
    }

    /// Does what is possible after the event loop found this.
    pub(crate) fn ready(&mut self, id: HandleId, found: PollFlags) {
        match &mut self.entries[id.0].object {
            Object::Server(_) => self.accept(id),
            Object::Socket(_) => self.transfer(id, found),
            Object::Udp(udp) => udp.receive(),
            Object::Native(..) => {}
        }
    }
}

fn listener(handle: Handle) -> Result<OwnedFd, ConvertError> {
    match TcpListener::try_from(handle) {
        Ok(listener) => Ok(listener.into()),
        Err(other) => Ok(UnixListener::try_from(other.into_handle())?.into()),
    }
}
