//! The two halves of a channel, for two tasks.

use js_value::Graph;

use super::driver::{Owner, State, Stream};
use crate::channel::{Batch, Link, Receipt, batch_target, sending_methods};
use crate::error::{DisconnectError, FlushError, NotSent, RecvError, SendError};
use crate::handle::Handle;
use crate::proto::{Connection, Event, Message, MessageId, Raw, SendOptions, Serialization};

/// The sending half of a channel: see [`Channel::split`](super::Channel::split).
///
/// The channel is closed once both halves are dropped; what the kernel did not take until then is
/// lost. Dropping one half alone changes nothing for the other.
#[derive(Debug)]
pub struct Sender(Owner);

/// The receiving half of a channel: see [`Channel::split`](super::Channel::split).
#[derive(Debug)]
pub struct Receiver {
    shared: Owner,
    /// What [`wait_raw`](Self::wait_raw) gave last.
    raw: Vec<u8>,
}

impl Sender {
    pub(super) fn new(shared: Owner) -> Self {
        Self(shared)
    }

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
    pub async fn ready(&mut self) -> Result<(), SendError> {
        let shared = &self.0;
        let ready = |state: &State| match state.link.connection.connected() {
            false => Some(Err(SendError::Closed)),
            true => state.link.connection.accepts().then_some(Ok(())),
        };
        shared.wait_for(|state| read_until(shared, state, ready)).await
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

    /// As [`Channel::disconnect`](crate::Channel::disconnect).
    pub fn disconnect(&mut self) -> Result<(), DisconnectError> {
        self.0.with(Link::disconnect)
    }

    /// As [`Channel::connected`](crate::Channel::connected).
    pub fn connected(&self) -> bool {
        self.0.lock().link.connection.connected()
    }

    /// How messages are written.
    pub fn serialization(&self) -> Serialization {
        self.0.lock().link.connection.serialization()
    }

    /// Bytes that wait in user space.
    pub fn queued_bytes(&self) -> usize {
        self.0.lock().link.connection.queued_bytes()
    }

    /// Handles that wait to be sent or to be acknowledged.
    pub fn queued_handles(&self) -> usize {
        self.0.lock().link.connection.queued_handles()
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

    /// Waits for the next message of the peer's program; `None` once the channel is closed.
    ///
    /// A handle that comes with the message is closed: programs that expect handles call
    /// [`recv_message`](Self::recv_message). Completions and reserved messages are passed over; use
    /// [`wait`](Self::wait) to see them. After [`RecvError::Invalid`] the channel is usable: call
    /// again.
    pub async fn recv(&mut self) -> Result<Option<Graph>, RecvError> {
        Ok(self.recv_message().await?.map(|message| message.value))
    }

    /// As [`recv`](Self::recv), with the handle if one comes along.
    pub async fn recv_message(&mut self) -> Result<Option<Message>, RecvError> {
        self.take(|state| {
            Some(loop {
                match state.link.connection.poll_event()? {
                    Event::Message(message) => break Ok(Some(message)),
                    Event::Invalid(error) => break Err(RecvError::Invalid(error)),
                    Event::Disconnected => break Ok(None),
                    _ => {}
                }
            })
        })
        .await
        .unwrap_or(Ok(None))
    }

    /// As [`recv`](Self::recv), with the message as a value of a type. Needs the feature `serde`.
    #[cfg(feature = "serde")]
    pub async fn recv_as<T: serde::de::DeserializeOwned>(
        &mut self,
    ) -> Result<Option<T>, RecvError> {
        self.take(|state| state.link.connection.poll_message_as()).await.unwrap_or(Ok(None))
    }

    /// Waits for the next event of any kind; `None` once the channel is closed and
    /// [`Event::Disconnected`] was given.
    pub async fn wait(&mut self) -> Result<Option<Event>, RecvError> {
        Ok(self.take(|state| state.link.connection.poll_event()).await)
    }

    /// As [`wait`](Self::wait), with messages as the bytes that came: to pass them on with
    /// [`Sender::send_raw`], or to read them in another way.
    pub async fn wait_raw(&mut self) -> Result<Option<Raw<'_>>, RecvError> {
        let mut raw = std::mem::take(&mut self.raw);
        let taken = self
            .take(|state| {
                Some(match state.link.connection.poll_raw()? {
                    Raw::Event(event) => Some(event),
                    Raw::Message(bytes) => {
                        raw.clear();
                        raw.extend_from_slice(bytes);
                        None
                    }
                })
            })
            .await;
        self.raw = raw;
        Ok(taken.map(|event| event.map_or(Raw::Message(&self.raw), Raw::Event)))
    }

    /// The next event that is already here. No I/O.
    pub fn next_event(&mut self) -> Option<Event> {
        let mut state = self.shared.lock();
        let event = state.link.connection.poll_event();
        state.taken();
        event
    }

    /// Whether [`next_event`](Self::next_event) has something to give.
    pub fn has_events(&self) -> bool {
        self.shared.lock().link.connection.has_events()
    }

    /// As [`Channel::disconnect`](crate::Channel::disconnect).
    pub fn disconnect(&mut self) -> Result<(), DisconnectError> {
        self.shared.with(Link::disconnect)
    }

    /// As [`Channel::connected`](crate::Channel::connected).
    pub fn connected(&self) -> bool {
        self.shared.lock().link.connection.connected()
    }

    /// Waits until `take` takes something; `None` when nothing more will come.
    async fn take<R>(&self, mut take: impl FnMut(&mut State) -> Option<R>) -> Option<R> {
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
