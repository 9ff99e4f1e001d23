//! The way from a socket that is dropped on some thread to the channel it came from.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{read, write};

use crate::proto::Connection;

/// Readable once the last received connection was closed that the peer waits for.
#[derive(Debug)]
pub(super) struct Wake(Arc<OwnedFd>);

impl Wake {
    /// `None` if there is no descriptor for it: the channel then notices when something else
    /// happens.
    pub(super) fn install(connection: &mut Connection) -> Option<Self> {
        let fd = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).ok()?);
        let waker = Arc::clone(&fd);
        connection.set_waker(move || {
            // It can only be full, and then it is readable.
            let _full = write(&*waker, &1_u64.to_ne_bytes());
        });
        Some(Self(fd))
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    pub(super) fn clear(&self) {
        let _nothing_there = read(&*self.0, &mut [0; 8]);
    }
}
