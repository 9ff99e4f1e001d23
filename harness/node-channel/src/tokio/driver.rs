//! What the halves of a channel share, and the task that writes for them.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use rustix::io::Errno;
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::runtime::Handle as Runtime;
use tokio::sync::Notify;

use crate::channel::{Link, Ready, Socket};
use crate::socket::{self, Read};

/// The socket, as the runtime watches it.
#[derive(Debug)]
pub(crate) struct Stream(pub(super) UnixStream);

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The runtime is told when the kernel has nothing or takes nothing: it reports the next change only
/// then.
impl Socket for Stream {
    fn read(&self, buffer: &mut [u8]) -> Read {
        let mut read = Read { bytes: Err(None), descriptors: Vec::new(), descriptors_lost: false };
        let _not_ready = self.0.try_io(Interest::READABLE, || {
            read = socket::read(self.as_fd(), buffer);
            done(!matches!(read.bytes, Err(None)))
        });
        read
    }

    fn write(&self, bytes: &[u8], descriptor: Option<BorrowedFd<'_>>) -> Result<usize, Errno> {
        let mut written = None;
        let _not_ready = self.0.try_io(Interest::WRITABLE, || {
            let result = socket::write(self.as_fd(), bytes, descriptor);
            written = Some(result);
            done(result != Ok(0))
        });
        // The runtime may not have looked yet.
        written.unwrap_or_else(|| socket::write(self.as_fd(), bytes, descriptor))
    }
}

fn done(done: bool) -> io::Result<()> {
    if done { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) }
}

/// What the halves and the task share. All that matters is behind one lock, which is never held
/// while somebody waits; the rest says when to look again.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    bells: Arc<Bells>,
    on_readable: Waker,
    on_writable: Waker,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) link: Link<Stream>,
    /// Bytes that the task read since the program had taken everything.
    ahead: usize,
}

/// Who is told of changes.
#[derive(Debug, Default)]
struct Bells {
    /// The task has something to do.
    work: Notify,
    /// Something changed for those who wait for messages or for room.
    news: Notify,
    /// The task wants to read.
    task_reads: AtomicBool,
}

struct OnReadable(Arc<Bells>);
struct OnWritable(Arc<Bells>);

impl Wake for OnReadable {
    fn wake(self: Arc<Self>) {
        self.0.news.notify_waiters();
        if self.0.task_reads.load(Ordering::Relaxed) {
            self.0.work.notify_one();
        }
    }
}

impl Wake for OnWritable {
    fn wake(self: Arc<Self>) {
        self.0.work.notify_one();
    }
}

/// Keeps the channel open: it is closed when the last of these is dropped.
#[derive(Clone, Debug)]
pub(super) struct Owner(Arc<Opened>);

#[derive(Debug)]
struct Opened(Arc<Shared>);

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.with(|link| {
            link.abandon();
            // The task looks once more, and has what they hold until then.
            link.connection.forget_events();
        });
    }
}

/// Starts the task of a channel.
pub(super) fn start(mut link: Link<Stream>, runtime: &Runtime) -> Owner {
    let bells = Arc::new(Bells::default());
    let on_closed_socket = Arc::clone(&bells);
    link.connection.set_waker(move || on_closed_socket.work.notify_one());
    let shared = Arc::new(Shared {
        state: Mutex::new(State { link, ahead: 0 }),
        on_readable: Arc::new(OnReadable(Arc::clone(&bells))).into(),
        on_writable: Arc::new(OnWritable(Arc::clone(&bells))).into(),
        bells,
    });
    runtime.spawn(drive(Arc::clone(&shared)));
    Owner(Arc::new(Opened(shared)))
}

/// Writes what waits, and reads what it waits for.
async fn drive(shared: Arc<Shared>) {
    loop {
        let next = shared.lock().drive(&shared);
        match next {
            Next::End => return,
            Next::Again => tokio::task::coop::consume_budget().await,
            // Keeps a notification that comes before.
            Next::Wait => shared.bells.work.notified().await,
        }
    }
}

enum Next {
    Again,
    Wait,
    End,
}

/// How far a few reads and writes led.
enum Advance<R> {
    Found(R),
    Again,
    Wait,
}

impl State {
    fn drive(&mut self, shared: &Shared) -> Next {
        self.link.settle();
        let must_read = self.must_read();
        shared.bells.task_reads.store(must_read, Ordering::Relaxed);
        let before = self.link.received_bytes();
        let readable = must_read && self.is_readable(shared);
        let writable = self.link.wants_write() && self.is_writable(shared);
        if self.link.is_closed() {
            shared.bells.news.notify_waiters();
            return Next::End;
        }
        if !readable && !writable {
            return Next::Wait;
        }
        self.link.process(Ready { readable, writable });
        self.ahead = self.ahead.saturating_add(self.link.received_bytes().wrapping_sub(before));
        shared.bells.news.notify_waiters();
        Next::Again
    }

    /// Reads and writes until `look` finds something: a few times at most, so that others get their
    /// turn.
    fn advance<R>(
        &mut self,
        shared: &Shared,
        mut look: impl FnMut(&mut Self) -> Option<R>,
    ) -> Advance<R> {
        for _ in 0..READS {
            if let Some(found) = look(self) {
                return Advance::Found(found);
            }
            let interest = self.link.interest();
            let readable = interest.read && self.is_readable(shared);
            let writable = interest.write && self.is_writable(shared);
            if readable || writable {
                self.link.process(Ready { readable, writable });
            } else if !self.link.is_closed() {
                return Advance::Wait;
            }
        }
        Advance::Again
    }

    /// Whether so much waits to be taken that nothing more is read, and nothing can be written
    /// either: the peer may be waiting for just that.
    pub(super) fn stuck(&mut self, shared: &Shared) -> bool {
        let interest = self.link.interest();
        !(interest.read || interest.write && self.is_writable(shared))
    }

    /// Says that the program took something.
    pub(super) fn taken(&mut self) {
        if !self.link.connection.has_events() {
            self.ahead = 0;
        }
    }

    /// Whether the task reads: the peer owes an acknowledgement, and it has not read too much.
    fn must_read(&self) -> bool {
        let connection = &self.link.connection;
        connection.queued_handles() > 0 && self.ahead < READ_AHEAD && !connection.is_full()
    }

    fn is_readable(&mut self, shared: &Shared) -> bool {
        let mut context = Context::from_waker(&shared.on_readable);
        let poll = self.link.socket().map(|Stream(socket)| socket.poll_read_ready(&mut context));
        self.is_ready(poll)
    }

    fn is_writable(&mut self, shared: &Shared) -> bool {
        let mut context = Context::from_waker(&shared.on_writable);
        let poll = self.link.socket().map(|Stream(socket)| socket.poll_write_ready(&mut context));
        self.is_ready(poll)
    }

    fn is_ready(&mut self, poll: Option<Poll<io::Result<()>>>) -> bool {
        if let Some(Poll::Ready(Err(_))) = poll {
            // The runtime is gone, and watches nothing any more.
            self.link.abandon();
        }
        matches!(poll, Some(Poll::Ready(Ok(()))))
    }

    /// What the task goes by. It has to look again when this changes.
    fn work(&self) -> (bool, bool, usize, bool) {
        let link = &self.link;
        let handles = link.connection.queued_handles();
        (link.is_closed(), link.wants_write(), handles, self.must_read())
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something, and tells those whom it concerns.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut Link<Stream>) -> R) -> R {
        self.look(|state| act(&mut state.link))
    }

    /// Waits until `look` finds something, and reads and writes meanwhile: whoever waits for a peer
    /// that waits itself would wait for ever. It is asked at once, and then whenever something
    /// changed.
    pub(super) async fn wait_for<R>(&self, mut look: impl FnMut(&mut State) -> Option<R>) -> R {
        loop {
            let mut news = pin!(self.bells.news.notified());
            // Before looking, so that nothing is missed.
            news.as_mut().enable();
            match self.look(|state| state.advance(self, &mut look)) {
                Advance::Found(found) => return found,
                Advance::Again => tokio::task::yield_now().await,
                Advance::Wait => news.await,
            }
        }
    }

    pub(super) fn look<R>(&self, look: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let (work, received) = (state.work(), state.link.received_bytes());
        let had_events = state.link.connection.has_events();
        let result = look(&mut state);
        let worked = state.work() != work;
        if worked {
            self.bells.work.notify_one();
        }
        let link = &state.link;
        if worked
            || link.received_bytes() != received
            || link.connection.has_events() && !had_events
        {
            self.bells.news.notify_waiters();
        }
        result
    }
}

impl std::ops::Deref for Owner {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0.0
    }
}

/// One poll reads so often at most.
const READS: usize = 8;

/// So much the task reads for an acknowledgement, beyond what the program has taken.
const READ_AHEAD: usize = 1 << 20;
