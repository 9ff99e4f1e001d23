//! The system calls of `net.Socket`, and what comes of them.

use ipc_plan::{HandleEvent, Recipe};
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::Shutdown;

use super::socket::Socket;
use super::{HandleId, Handles, Object, What};
use crate::errors::{error, io_error};

impl Handles {
    pub(super) fn socket(&mut self, id: HandleId) -> Option<&mut Socket> {
        match &mut self.entries[id.0].object {
            Object::Socket(socket) => Some(socket),
            _ => None,
        }
    }

    /// Reads and writes what the event loop found possible.
    pub(super) fn transfer(&mut self, id: HandleId, found: PollFlags) {
        let Some(socket) = self.socket(id) else { return };
        if socket.reads() && found.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
            self.read(id);
        }
        if found.intersects(PollFlags::OUT | PollFlags::ERR) {
            self.write_out(id);
        }
        self.settle(id);
    }

    fn read(&mut self, id: HandleId) {
        let Some(socket) = self.socket(id) else { return };
        let Some(fd) = socket.fd() else { return };
        let mut chunk = vec![0; 65_536];
        match rustix::io::read(fd, &mut chunk) {
            Ok(0) => socket.at_end = true,
            Ok(count) => socket.came(&chunk[..count]),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(errno) => self.fail(id, io_error(&errno.into(), "read", "")),
        }
    }

    /// `write()`.
    pub(super) fn write(&mut self, id: HandleId, text: &str) {
        let Some(socket) = self.socket(id) else { return };
        let refused = if socket.is_destroyed {
            let message = "Cannot call write after a stream was destroyed".to_owned();
            let destroyed = error("Error", message, Some("ERR_STREAM_DESTROYED"));
            return self.occur(id, What::Write, destroyed);
        } else if socket.ending {
            error("Error", "write after end".to_owned(), Some("ERR_STREAM_WRITE_AFTER_END"))
        } else if socket.end.is_none() {
            error("Error", "Socket is closed".to_owned(), Some("ERR_SOCKET_CLOSED"))
        } else {
            socket.outgoing.extend_from_slice(text.as_bytes());
            socket.writing += 1;
            return self.write_out(id);
        };
        socket.writing += 1;
        self.fail(id, refused);
    }

    /// Writes until the kernel takes no more.
    fn write_out(&mut self, id: HandleId) {
        let Some(socket) = self.socket(id) else { return };
        while !socket.outgoing.is_empty() {
            let Some(fd) = socket.fd() else { return };
            match rustix::io::write(fd, &socket.outgoing) {
                Ok(count) => drop(socket.outgoing.drain(..count)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(errno) => return self.fail(id, io_error(&errno.into(), "write", "")),
            }
        }
        for _ in 0..std::mem::take(&mut socket.writing) {
            self.occur(id, What::Write, Recipe::Null);
        }
    }

    /// `end()`.
    pub(super) fn end(&mut self, id: HandleId) {
        let Some(socket) = self.socket(id) else { return };
        let (what, code) = if socket.is_destroyed {
            ("destroyed", "ERR_STREAM_DESTROYED")
        } else if socket.finished {
            ("finished", "ERR_STREAM_ALREADY_FINISHED")
        } else {
            socket.ending = true;
            socket.finishing += 1;
            return self.settle(id);
        };
        let message = format!("Cannot call end after a stream was {what}");
        self.occur(id, What::End, error("Error", message, Some(code)));
    }

    /// Ends what is due to end: the writable side after the readable one, and then the socket.
    pub(super) fn settle(&mut self, id: HandleId) {
        let Some(socket) = self.socket(id) else { return };
        if socket.is_destroyed {
            return;
        }
        if !socket.ended && socket.is_drained() {
            socket.ended = true;
            socket.ending |= !socket.allow_half_open;
        }
        if socket.ending && !socket.finished && socket.outgoing.is_empty() {
            if let Some(fd) = socket.fd() {
                // The other end is gone, or it is no socket.
                let _not_connected = rustix::net::shutdown(fd, Shutdown::Write);
            }
            socket.finished = true;
            for _ in 0..std::mem::take(&mut socket.finishing) {
                self.occur(id, What::End, Recipe::Null);
            }
        }
        if self.socket(id).is_some_and(|socket| socket.ended && socket.finished) {
            self.destroy(id);
        }
    }

    /// An error ends the socket: callbacks get it, then the listeners of `'error'`.
    fn fail(&mut self, id: HandleId, error: Recipe) {
        let Some(socket) = self.socket(id) else { return };
        for _ in 0..std::mem::take(&mut socket.writing) {
            self.occur(id, What::Write, error.clone());
        }
        self.occur(id, What::Event(HandleEvent::Error), error);
        self.destroy(id);
    }

    /// `destroy()`.
    pub(super) fn destroy(&mut self, id: HandleId) {
        let Some(socket) = self.socket(id) else { return };
        if std::mem::replace(&mut socket.is_destroyed, true) {
            return;
        }
        socket.end = None;
        socket.outgoing.clear();
        if let Some(server) = socket.server {
            self.connection_gone(server);
        }
    }
}
