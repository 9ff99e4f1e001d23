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
    /// The same socket once more.
    pub(super) fn share(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Own(fd) => Self::Own(fd.try_clone()?),
            Self::Received(handle) => Self::Received(handle.try_clone()?),
        })
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
