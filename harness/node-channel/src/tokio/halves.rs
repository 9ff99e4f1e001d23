//! The two halves of a channel, for two tasks.

use js_value::Graph;

use super::Messages;
use super::driver::{Owner, State, Stream};
use super::receiving::receiving_methods;
use crate::channel::{Batch, Link, Receipt, batch_target, common_methods, sending_methods};
use crate::error::{DisconnectError, FlushError, NotSent, RecvError, SendError};
use crate::handle::Handle;
use crate::proto::{
    Connection, Event, KeepAlive, Message, MessageId, Raw, SendOptions, Serialization,
};

/// The sending half of a channel: see [`Channel::split`](super::Channel::split).
///
/// The channel is closed once both halves are dropped; what the kernel did not take until then is
/// lost. Dropping one half alone changes nothing for the other.
#[derive(Debug)]
pub struct Sender(Owner);

/// The receiving half of a channel: see [`Channel::split`](super::Channel::split).
#[derive(Debug)]
pub struct Receiver {
    pub(super) shared: Owner,
    /// What [`wait_raw`](Self::wait_raw) gave last.
    pub(super) raw: Vec<u8>,
}

impl Sender {
    pub(super) fn new(shared: Owner) -> Self {
        Self(shared)
    }

    common_methods!();
    sending_methods!();

    /// Waits until [`send`](Self::send) may go on: until the next message would be accepted. Fails
    /// once the channel is closed. What arrives meanwhile is kept for the [`Receiver`].
    ///
    /// ```no_run
    /// # async fn example(mut channel: node_channel::tokio::Channel) -> Result<(), Box<dyn std::error::Error>> {
    /// for number in 0..1_000_000 {
    ///     if !channel.send(&js_value::Graph::from(number))?.accepted {
    ///         channel.ready().await?;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(&mut self) -> Result<(), FlushError> {
        let shared = &self.0;
        let ready = |state: &State| state.link.accepts();
        let ready = shared.wait_for(|state| read_until(shared, state, ready)).await;
        ready.map_err(FlushError::Undelivered)
    }

    /// Waits until nothing waits to be written, behind a handle included. What arrives meanwhile is
    /// kept for the [`Receiver`].
    pub async fn flush(&mut self) -> Result<(), FlushError> {
        let shared = &self.0;
        let since = shared.lock().link.losses();
        let flushed = |state: &State| state.link.flushed(since);
        let flushed = shared.wait_for(|state| read_until(shared, state, flushed)).await;
        flushed.map_err(FlushError::Undelivered)
    }

    /// Waits until all is written and the last handle acknowledged, then disconnects. The
    /// [`Receiver`] still has what arrived. A closed channel stays closed.
    pub async fn close(&mut self) -> Result<(), FlushError> {
        let flushed = self.flush().await;
        let _was_connected = self.disconnect();
        if flushed.is_ok() {
            let shared = &self.0;
            let closed = |state: &State| state.link.is_closed().then_some(());
            shared.wait_for(|state| read_until(shared, state, closed)).await;
        }
        self.0.with(Link::abandon);
        flushed
    }

    pub(super) fn look<R>(&self, look: impl FnOnce(&Link<Stream>) -> R) -> R {
        look(&self.0.lock().link)
    }

    pub(super) fn with_link<R>(&mut self, act: impl FnOnce(&mut Link<Stream>) -> R) -> R {
        self.0.with(act)
    }
}

batch_target!(Sender);

impl Receiver {
    pub(super) fn new(shared: Owner) -> Self {
        Self { shared, raw: Vec::new() }
    }

    common_methods!();
    receiving_methods!();

    fn receiver(&mut self) -> &mut Self {
        self
    }

    fn look<R>(&self, look: impl FnOnce(&Link<Stream>) -> R) -> R {
        look(&self.shared.lock().link)
    }

    fn with_link<R>(&mut self, act: impl FnOnce(&mut Link<Stream>) -> R) -> R {
        self.shared.with(act)
    }

    /// Waits until `take` takes something; `None` when nothing more will come.
    pub(super) async fn take<R>(&self, mut take: impl FnMut(&mut State) -> Option<R>) -> Option<R> {
        // A peer that is faster than this task does not keep others from running.
        tokio::task::coop::consume_budget().await;
        let shared = &self.shared;
        let mut next = |state: &mut State| loop {
            let taken = take(state);
            state.taken();
            if taken.is_some() {
                return Some(taken);
            }
            if state.link.is_closed() {
                return Some(None);
            }
            if !state.read(shared) && !state.link.is_closed() {
                return None;
            }
        };
        shared.wait_for(&mut next).await
    }
}

/// The next event, with the bytes of a message in `raw`.
pub(super) fn poll_raw(state: &mut State, raw: &mut Vec<u8>) -> Option<Option<Event>> {
    Some(match state.link.connection.poll_raw()? {
        Raw::Event(event) => Some(event),
        Raw::Message(bytes) => {
            raw.clear();
            raw.extend_from_slice(bytes);
            None
        }
    })
}

/// Reads until there is what is looked for, or nothing more to read: whoever waits for a peer that
/// waits itself would wait for ever.
fn read_until<R>(
    shared: &Owner,
    state: &mut State,
    look: impl Fn(&State) -> Option<R>,
) -> Option<R> {
    loop {
        let found = look(state);
        if found.is_some() || !state.read(shared) && !state.link.is_closed() {
            return found;
        }
    }
}
