//! A stream that the peer's server counts.

use std::ops::{Deref, DerefMut};

use crate::proto::Guard;

/// A received stream. If a server of the peer accepted it, the server counts it among its
/// connections until this is dropped: `server.getConnections()` includes it, and `server.close()`
/// completes when it is closed.
#[derive(Debug)]
pub struct Counted<S> {
    // Closed before the guard counts: whoever is told of the end finds it closed.
    stream: S,
    guard: Option<Guard>,
}

impl<S> Counted<S> {
    pub(super) fn new(stream: S, guard: Option<Guard>) -> Self {
        Self { stream, guard }
    }

    /// The stream alone. The peer's server counts it no more.
    pub fn into_inner(self) -> S {
        self.stream
    }

    /// The server of the peer that counts this stream, as `4:127.0.0.1:8000`.
    pub fn key(&self) -> Option<&str> {
        self.guard.as_ref().map(Guard::key)
    }
}

impl<S> Deref for Counted<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.stream
    }
}

impl<S> DerefMut for Counted<S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.stream
    }
}
