//! The descriptor of a handle.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use node_channel::{Handle, UnsupportedDescriptor};

/// A descriptor of this process, or one that came with a message and may be counted by the peer.
#[derive(Debug)]
pub(super) enum Endpoint {
    Own(OwnedFd),
    Received(Handle),
}

impl Endpoint {
    /// A descriptor of the same socket.
    pub(super) fn share(&self) -> io::Result<OwnedFd> {
        self.as_fd().try_clone_to_owned()
    }

    /// The handle to send.
    pub(super) fn into_handle(self) -> Result<Handle, UnsupportedDescriptor> {
        match self {
            Self::Own(fd) => Handle::from_fd(fd),
            Self::Received(handle) => Ok(handle),
        }
    }
}

impl AsFd for Endpoint {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Own(fd) => fd.as_fd(),
            Self::Received(handle) => handle.as_fd(),
        }
    }
}
