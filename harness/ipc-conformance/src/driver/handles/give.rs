//! Handles that are sent.

use node_channel::{Handle, HandleKind, SendOptions, UnsupportedDescriptor};

use super::endpoint::Endpoint;
use super::{Handles, Object, Thrown};
use crate::errors::error;

/// What goes with a message.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) handle: Handle,
    pub(crate) options: SendOptions,
}

impl Handles {
    /// Takes what is sent of the handle of this name: a socket is given away unless it is kept
    /// open; of all others the program goes on using its own. `None` if there is no descriptor to
    /// send, as in a server that does not listen.
    pub(crate) fn give(
        &mut self,
        name: &str,
        native: bool,
        keep_open: bool,
    ) -> Result<Option<Given>, Thrown> {
        let id = self.find(name)?;
        let options = SendOptions::default().keep_open(keep_open);
        let own = |fd: Option<_>| fd.map(Endpoint::Own);
        let share = |end: &Endpoint| end.share().ok();
        let (end, native) = match &mut self.entries[id.0].object {
            Object::Server(server) => {
                (own(server.fd().and_then(|fd| fd.try_clone_to_owned().ok())), native)
            }
            Object::Udp(udp) => (own(udp.share()), native),
            Object::Native(end, _) => (end.as_ref().and_then(share), true),
            Object::Socket(socket) if native || keep_open => {
                (socket.end.as_ref().and_then(share), native)
            }
            Object::Socket(socket) => (socket.end.take(), false),
        };
        let Some(end) = end else { return Ok(None) };
        let handle = if native { native_handle(end) } else { end.into_handle() };
        let handle = handle.map_err(|unfit| error("TypeError", unfit.to_string(), None))?;
        let server = match &self.entries[id.0].object {
            Object::Socket(socket) if !native => socket.server,
            _ => None,
        };
        let key = server.and_then(|server| self.share(server, keep_open));
        let options = match key {
            Some(key) => options.key(key),
            None => options,
        };
        Ok(Some(Given { handle, options }))
    }
}

fn native_handle(end: Endpoint) -> Result<Handle, UnsupportedDescriptor> {
    match end {
        Endpoint::Own(fd) => Handle::native(fd),
        Endpoint::Received(handle) => match handle.kind() {
            HandleKind::Native | HandleKind::DatagramNative => Ok(handle),
            _ => Handle::native(handle.into_fd()),
        },
    }
}
