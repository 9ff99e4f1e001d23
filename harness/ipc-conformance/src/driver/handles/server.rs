//! `net.Server`, with the connections that it counts here and in the peer.

use std::collections::VecDeque;
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixListener;

use ipc_plan::{HandleEvent, Recipe, Transport};

use super::{HandleId, Handles, Object, What};
use crate::errors::error;

/// The address that plans listen on.
const LOOPBACK: &str = "127.0.0.1";

/// A server.
#[derive(Debug)]
pub(super) struct Server {
    /// Node's `_handle`.
    listener: Option<OwnedFd>,
    /// The path that it listens on.
    pub(super) path: Option<String>,
    /// Under which name the peer counts connections of it: family, address and port as they were
    /// asked for, so that of two servers on any port both have the same.
    key: String,
    pub(super) pauses: bool,
    pub(super) allow_half_open: bool,
    /// Connections that were accepted, and not kept yet.
    pub(super) accepted: VecDeque<HandleId>,
    connections: i64,
    /// Whether connections were sent away.
    is_shared: bool,
    /// Whether the peer can be asked for them.
    peer: bool,
    /// Callbacks of `getConnections()` that wait for the peer, each with what was counted here.
    counting: Vec<i64>,
    /// Calls of `close()` that wait for the peer.
    closing: u32,
    /// Callbacks of `close()`, by their argument.
    callbacks: Vec<Recipe>,
}

impl Server {
    /// One that does not listen.
    pub(super) fn new(pauses: bool, allow_half_open: bool) -> Self {
        Self {
            listener: None,
            path: None,
            key: String::new(),
            pauses,
            allow_half_open,
            accepted: VecDeque::new(),
            connections: 0,
            is_shared: false,
            peer: false,
            counting: Vec::new(),
            closing: 0,
            callbacks: Vec::new(),
        }
    }

    /// One that came with a message.
    pub(super) fn received(listener: OwnedFd) -> Self {
        Self { listener: Some(listener), ..Self::new(false, false) }
    }

    /// Listens on the loopback interface, or at a path in the working directory.
    pub(super) fn listen(&mut self, over: Transport, name: &str) -> io::Result<()> {
        let listener: OwnedFd = if over == Transport::Unix {
            let path = format!("{name}.sock");
            self.key = format!("-1:{path}:-1");
            let listener = UnixListener::bind(&path)?;
            listener.set_nonblocking(true)?;
            self.path = Some(path);
            listener.into()
        } else {
            self.key = format!("4:{LOOPBACK}:0");
            let listener = TcpListener::bind((LOOPBACK, 0))?;
            listener.set_nonblocking(true)?;
            listener.into()
        };
        self.listener = Some(listener);
        Ok(())
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.listener.as_ref().map(AsFd::as_fd)
    }

    /// A connection was accepted.
    pub(super) fn opened(&mut self) {
        self.connections += 1;
    }
}

impl Handles {
    pub(super) fn server(&mut self, id: HandleId) -> Option<&mut Server> {
        match &mut self.entries[id.0].object {
            Object::Server(server) => Some(server),
            _ => None,
        }
    }

    fn servers(&mut self) -> impl Iterator<Item = (HandleId, &mut Server)> {
        self.entries.iter_mut().enumerate().filter_map(|(index, entry)| match &mut entry.object {
            Object::Server(server) => Some((HandleId(index), server)),
            _ => None,
        })
    }

    /// A connection of the server is closed, or is not its any more.
    pub(super) fn connection_gone(&mut self, id: HandleId) {
        if let Some(server) = self.server(id) {
            server.connections -= 1;
            self.close_if_drained(id);
        }
    }

    /// A connection of the server goes to the peer. Answers the key for it.
    pub(super) fn share(&mut self, id: HandleId, keep_open: bool) -> Option<String> {
        let server = self.server(id)?;
        let key = server.key.clone();
        if !keep_open {
            server.connections -= 1;
        }
        if !self.workers.contains_key(&key) {
            self.workers.insert(key.clone(), id);
            let server = self.server(id)?;
            server.is_shared = true;
            server.peer = true;
        }
        Some(key)
    }

    /// `getConnections()`. Answers the key to ask the peer for, if it has to be asked.
    pub(super) fn get_connections(&mut self, id: HandleId) -> Option<String> {
        let server = self.server(id)?;
        let connections = server.connections;
        if !server.is_shared {
            let count = Recipe::Number(connections as f64);
            self.occur(id, What::Event(HandleEvent::Connections), count);
            return None;
        }
        // Node asks nobody, and never calls back, once the peer is gone.
        let peer = server.peer;
        if peer {
            server.counting.push(connections);
        }
        peer.then(|| server.key.clone())
    }

    /// The peer's answer.
    pub(crate) fn counted(&mut self, key: &str, count: u64) {
        let Some(id) = self.workers.get(key).copied() else { return };
        let waiting = self.server(id).map(|server| std::mem::take(&mut server.counting));
        for here in waiting.into_iter().flatten() {
            let count = Recipe::Number(here as f64 + count as f64);
            self.occur(id, What::Event(HandleEvent::Connections), count);
        }
    }

    /// `close()`. Answers the key to ask the peer for, if it has to be asked.
    pub(super) fn close_server(&mut self, id: HandleId) -> Option<String> {
        let server = self.server(id)?;
        let argument = match server.listener.take() {
            Some(_) => Recipe::Null,
            None => {
                let code = "ERR_SERVER_NOT_RUNNING";
                error("Error", "Server is not running.".to_owned(), Some(code))
            }
        };
        if argument == Recipe::Null
            && let Some(path) = &server.path
        {
            // Gone already, maybe.
            let _removed = std::fs::remove_file(path);
        }
        server.callbacks.push(argument);
        if !server.is_shared {
            self.close_if_drained(id);
            return None;
        }
        // Not closed before the peer has answered; so never if it is gone.
        server.connections += 1;
        let peer = server.peer;
        server.closing += u32::from(peer);
        peer.then(|| server.key.clone())
    }

    /// The peer holds no connections of a server any more.
    pub(crate) fn sockets_closed(&mut self, key: &str) {
        let Some(id) = self.workers.get(key).copied() else { return };
        let Some(server) = self.server(id) else { return };
        if std::mem::take(&mut server.closing) > 0 {
            server.connections = 0;
            self.close_if_drained(id);
        }
    }

    /// The channel is closed: nobody answers.
    pub(crate) fn disconnected(&mut self) {
        for key in self.workers.keys().cloned().collect::<Vec<_>>() {
            self.count_lost(&key);
            self.sockets_closed(&key);
        }
    }

    /// Nobody answers how many connections there are.
    pub(super) fn count_lost(&mut self, key: &str) {
        let Some(id) = self.workers.get(key).copied() else { return };
        let waiting = self.server(id).map(|server| std::mem::take(&mut server.counting));
        for _ in waiting.into_iter().flatten() {
            let message = "Child closed before reply received".to_owned();
            let lost = error("Error", message, Some("ERR_CHILD_CLOSED_BEFORE_REPLY"));
            self.occur(id, What::Event(HandleEvent::Connections), lost);
        }
    }

    /// The child has ended: it is not asked any more.
    pub(crate) fn peer_ended(&mut self) {
        for (_, server) in self.servers() {
            server.peer = false;
        }
    }

    fn close_if_drained(&mut self, id: HandleId) {
        let Some(server) = self.server(id) else { return };
        if server.listener.is_some() || server.connections != 0 {
            return;
        }
        for argument in std::mem::take(&mut server.callbacks) {
            self.occur(id, What::Event(HandleEvent::Closed), argument);
        }
    }
}
