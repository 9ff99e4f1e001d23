//! What every channel and every half of one has in common, in both front ends.

/// The methods that ask a channel something, or end it, at once: for every type that has
/// `fn look<R>(&self, look: impl FnOnce(&Link<_>) -> R) -> R` and
/// `fn with_link<R>(&mut self, act: impl FnOnce(&mut Link<_>) -> R) -> R`.
macro_rules! common_methods {
    () => {
        /// Whether messages can be sent: false from `disconnect()` or the end of the peer on.
        pub fn connected(&self) -> bool {
            self.look(|link| link.connection.connected())
        }

        /// How messages are written.
        pub fn serialization(&self) -> Serialization {
            self.look(|link| link.connection.serialization())
        }

        /// Closes both directions at once, as Node's `disconnect()`: what waits in user space is
        /// dropped, what the kernel took is delivered. Events that are already here stay available,
        /// and [`Event::Disconnected`](crate::Event::Disconnected) follows them.
        ///
        /// While the peer owes the acknowledgement of a handle, that comes first, as in Node:
        /// nothing more can be sent, but what waits behind the handle still goes out. Keep
        /// receiving until `Disconnected`.
        ///
        /// # Errors
        ///
        /// When the channel is disconnected already, by this side or by the end of the peer.
        pub fn disconnect(&mut self) -> Result<(), DisconnectError> {
            self.with_link(Link::disconnect)
        }

        /// Listeners and explicit references, as they are now.
        pub fn keep_alive(&self) -> KeepAlive {
            self.look(|link| link.connection.keep_alive().clone())
        }

        /// Changes listeners and explicit references.
        pub fn update_keep_alive(&mut self, change: impl FnOnce(&mut KeepAlive)) {
            self.with_link(|link| change(link.connection.keep_alive_mut()));
        }

        /// Whether what a Node puts around a handle is reported too, as it is to a listener of
        /// `'internalMessage'`: each `NODE_HANDLE` message as an
        /// [`Event::Reserved`](crate::Event::Reserved) before the message inside, with a clone of
        /// the handle that travels as [`HandleKind::Native`](crate::HandleKind::Native) or
        /// [`DatagramNative`](crate::HandleKind::DatagramNative), or without one if the process can
        /// have no more descriptors, or [`Limits::max_descriptors`](crate::Limits::max_descriptors)
        /// allows no more. Not so at first, and only for handles that come from now on.
        ///
        /// Source: `lib/internal/child_process.js`, `setupChannel()`.
        pub fn report_wrappers(&mut self, report: bool) {
            self.with_link(|link| link.connection.report_wrappers(report));
        }

        /// Whether the channel would keep the event loop of a Node alive: see [`KeepAlive`].
        /// Nothing here goes by it, a program with an event loop may.
        pub fn is_referenced(&self) -> bool {
            self.look(|link| link.connection.is_referenced())
        }
    };
}

pub(crate) use common_methods;
