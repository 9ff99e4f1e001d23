//! Whether the channel keeps an event loop running, as data.

use super::Role;

/// What decides whether an open channel keeps its event loop alive.
///
/// In a child the channel holds while somebody listens for messages or for the disconnect; a
/// parent's holds from the start and does not count listeners. An explicit
/// [`reference`](Self::reference) or [`unreference`](Self::unreference) wins over both from then
/// on. Apart from that, bytes that wait to be written hold until they are written, and a
/// disconnected channel never holds: see
/// [`Connection::is_referenced`](super::Connection::is_referenced).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    role: Role,
    message_listeners: usize,
    disconnect_listeners: usize,
    explicit: Option<bool>,
}

impl KeepAlive {
    pub(crate) fn new(role: Role) -> Self {
        Self { role, message_listeners: 0, disconnect_listeners: 0, explicit: None }
    }

    /// Says how many listeners for messages there are now.
    pub fn set_message_listeners(&mut self, count: usize) {
        self.message_listeners = count;
    }

    /// Says how many listeners for the disconnect there are now.
    pub fn set_disconnect_listeners(&mut self, count: usize) {
        self.disconnect_listeners = count;
    }

    /// Listeners for messages.
    pub fn message_listeners(&self) -> usize {
        self.message_listeners
    }

    /// Listeners for the disconnect.
    pub fn disconnect_listeners(&self) -> usize {
        self.disconnect_listeners
    }

    /// Holds from now on, whatever the listeners: `channel.ref()`.
    pub fn reference(&mut self) {
        self.explicit = Some(true);
    }

    /// Holds no more, whatever the listeners: `channel.unref()`.
    pub fn unreference(&mut self) {
        self.explicit = Some(false);
    }

    /// Whether an open channel without pending writes holds.
    pub(crate) fn holds(&self) -> bool {
        self.explicit.unwrap_or(match self.role {
            Role::Parent => true,
            Role::Child => self.message_listeners > 0 || self.disconnect_listeners > 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_hold_in_a_child() {
        let mut keep = KeepAlive::new(Role::Child);
        assert!(!keep.holds());
        keep.set_message_listeners(2);
        assert!(keep.holds());
        keep.set_message_listeners(1);
        assert!(keep.holds());
        keep.set_message_listeners(0);
        assert!(!keep.holds());
        keep.set_disconnect_listeners(1);
        assert!(keep.holds());
    }

    #[test]
    fn explicit_wins_from_then_on() {
        let mut keep = KeepAlive::new(Role::Child);
        keep.unreference();
        keep.set_message_listeners(1);
        assert!(!keep.holds());
        keep.reference();
        keep.set_message_listeners(0);
        assert!(keep.holds());
    }

    #[test]
    fn a_parent_does_not_count_listeners() {
        let mut keep = KeepAlive::new(Role::Parent);
        assert!(keep.holds());
        keep.unreference();
        keep.set_message_listeners(1);
        assert!(!keep.holds());
    }
}
