//! The way from one thread to another that waits for a socket.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{read, write};

/// Readable once rung, until cleared.
#[derive(Clone, Debug)]
pub(super) struct Wake(Arc<OwnedFd>);

impl Wake {
    pub(super) fn new() -> rustix::io::Result<Self> {
        Ok(Self(Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)))
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    pub(super) fn ring(&self) {
        // It can only be full, and then it is readable.
        let _full = write(&*self.0, &1_u64.to_ne_bytes());
    }

    /// What rings, from any thread.
    pub(super) fn ringer(&self) -> impl Fn() + Send + Sync + 'static {
        let wake = self.clone();
        move || wake.ring()
    }

    pub(super) fn clear(&self) {
        let _nothing_there = read(&*self.0, &mut [0; 8]);
    }
}
