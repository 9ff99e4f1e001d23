//! The end of what waits, where a message is appended.

use js_value::json::Sink;

use super::buffer::Buffer;
use super::outbox::Outbox;

/// Takes bytes for the wire while a message is being serialized; answers how many it took.
pub(crate) type Outlet<'o> = &'o mut dyn FnMut(&[u8]) -> usize;

/// Takes nothing: the message stays until it is whole.
pub(crate) fn stays(_: &[u8]) -> usize {
    0
}

/// Where a message is appended.
///
/// While the last part of a long string is serialized, the first is read by the peer already: one
/// after the other it would take the time of both. Only a message that nothing waits before may
/// leave so, and only one that will be taken whatever its size.
pub(crate) struct Tail<'t> {
    to: To<'t>,
    has_left: bool,
}

enum To<'t> {
    Buffer(&'t mut Buffer),
    Outlet(&'t mut Outbox, Outlet<'t>),
}

impl<'t> Tail<'t> {
    /// The message stays until it is whole.
    pub(super) fn whole(buffer: &'t mut Buffer) -> Self {
        Self { to: To::Buffer(buffer), has_left: false }
    }

    /// Nothing waits, and parts of the message may leave.
    pub(super) fn parts(outbox: &'t mut Outbox, outlet: Outlet<'t>) -> Self {
        Self { to: To::Outlet(outbox, outlet), has_left: false }
    }
}

impl Sink for Tail<'_> {
    fn buffer(&mut self) -> &mut Vec<u8> {
        match &mut self.to {
            To::Buffer(buffer) => buffer.end(),
            To::Outlet(outbox, _) => outbox.buffer().end(),
        }
    }

    fn part(&mut self, rest: usize) {
        if let To::Outlet(outbox, outlet) = &mut self.to {
            let taken = outlet(outbox.writable());
            self.has_left |= taken > 0;
            outbox.advance(taken, |_| {});
        }
        if !self.has_left {
            self.buffer().reserve(rest);
        }
    }

    fn has_left(&self) -> bool {
        self.has_left
    }
}
