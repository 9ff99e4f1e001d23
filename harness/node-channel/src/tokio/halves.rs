//! The two halves of a channel, for two tasks.

use js_value::Graph;

use super::Messages;
use super::driver::{Owner, State, Stream};
use super::receiving::receiving_methods;
use crate::channel::{Batch, Link, Receipt, batch_target, common_methods, sending_methods};
use crate::error::{DisconnectError, FlushError, NotSent, RecvError, SendError, Undelivered};
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
    /// once the channel is closed. What arrives meanwhile is kept for the [`Receiver`]; see
    /// [`flush`](Self::flush) for what happens once that is too much.
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
    ///
    /// # Errors
    ///
    /// [`Undelivered`](FlushError::Undelivered) once the channel is disconnected, by either side.
    /// [`Untaken`](FlushError::Untaken) if too much waits to be received, and nothing can be
    /// written. That leaves everything waiting.
    pub async fn ready(&mut self) -> Result<(), FlushError> {
        self.write_until(Link::accepts).await
    }

    /// Waits until nothing waits to be written, behind a handle included. What arrives meanwhile is
    /// kept for the [`Receiver`].
    ///
    /// Once more is kept than [`Limits::max_received_bytes`](crate::Limits::max_received_bytes)
    /// allows, nothing more is read. As soon as nothing can be written either, this fails with
    /// [`FlushError::Untaken`], since the peer may be waiting for just that: receive what is here,
    /// and call again.
    ///
    /// # Errors
    ///
    /// [`Undelivered`](FlushError::Undelivered) if some of what waits is lost, since a write fails
    /// or the channel is closed meanwhile. A channel on which nothing waits may be closed.
    /// [`Untaken`](FlushError::Untaken) if too much waits to be received, and nothing can be
    /// written. That leaves what waits waiting; that a single message was lost meanwhile only its
    /// events tell.
    pub async fn flush(&mut self) -> Result<(), FlushError> {
        let since = self.look(Link::losses);
        self.write_until(|link| link.flushed(since)).await
    }

    /// Waits until all is written and the last handle acknowledged, then disconnects. The
    /// [`Receiver`] still has what arrived. A closed channel stays closed.
    ///
    /// # Errors
    ///
    /// Those of [`flush`](Self::flush); what waits still is then lost, and completes with an error. A
    /// last handle that is not acknowledged is none: it comes back with
    /// [`Event::HandleUnanswered`](crate::Event::HandleUnanswered).
    pub async fn close(&mut self) -> Result<(), FlushError> {
        let since = self.look(Link::losses);
        let flushed = self.flush().await;
        let is_all_out = self.look(|link| link.is_all_out(since));
        let _was_connected = self.disconnect();
        if is_all_out {
            let shared = &self.0;
            let closed =
                |state: &mut State| (state.link.is_closed() || state.stuck(shared)).then_some(());
            shared.wait_for(closed).await;
        }
        self.0.with(Link::abandon);
        flushed
    }

    /// Writes until `done` has an answer.
    async fn write_until(
        &self,
        done: impl Fn(&Link<Stream>) -> Option<Result<(), Undelivered>>,
    ) -> Result<(), FlushError> {
        let shared = &self.0;
        let written = |state: &mut State| match done(&state.link) {
            Some(done) => Some(done.map_err(FlushError::Undelivered)),
            None => state.stuck(shared).then(|| Err(state.link.unflushed())),
        };
        shared.wait_for(written).await
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
        let next = |state: &mut State| {
            let taken = take(state);
            state.taken();
            (taken.is_some() || state.link.is_closed()).then_some(taken)
        };
        self.shared.wait_for(next).await
    }
}
