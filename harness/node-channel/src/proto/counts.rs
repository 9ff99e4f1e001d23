//! Received connections that a server of the peer counts.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts of open connections by the peer's key of the server. The key is known once a connection
/// came with it.
#[derive(Clone, Default)]
pub(crate) struct Counts(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    keys: HashMap<String, Server>,
    /// Servers whose last connection was closed, which the peer wants to know.
    closed: Vec<String>,
    /// How many servers are closing.
    awaited: usize,
    /// Called when there is one more closed.
    waker: Option<Waker>,
}

#[derive(Default)]
struct Server {
    open: u64,
    /// The peer waits for the last one to close.
    closing: bool,
}

/// Called, from any thread, when the channel has something to say although nothing came.
pub(crate) type Waker = Arc<dyn Fn() + Send + Sync>;

impl Counts {
    /// One more open connection, until the answer is dropped; `None` if it is not counted, since
    /// connections of [`MAX_KEYS`] other servers are open.
    pub(crate) fn open(&self, key: String) -> Option<Guard> {
        let mut inner = self.lock();
        if inner.keys.len() >= MAX_KEYS && !inner.keys.contains_key(&key) {
            inner.keys.retain(|_, server| server.open > 0);
            if inner.keys.len() >= MAX_KEYS {
                return None;
            }
        }
        inner.keys.entry(key.clone()).or_default().open += 1;
        drop(inner);
        Some(Guard { counts: self.clone(), key })
    }

    /// How many there are; `None` for a server that no connection came from.
    pub(crate) fn count(&self, key: &str) -> Option<u64> {
        self.lock().keys.get(key).map(|server| server.open)
    }

    /// The peer's server closes and wants to know when its last connection is closed. Now, or in
    /// [`take_closed`](Self::take_closed) later.
    pub(crate) fn close(&self, key: String) {
        let mut inner = self.lock();
        let Some(server) = inner.keys.get_mut(&key) else { return };
        if server.open == 0 {
            inner.closed.push(key);
        } else if !std::mem::replace(&mut server.closing, true) {
            inner.awaited += 1;
        }
    }

    /// Servers that have no connections left.
    pub(crate) fn take_closed(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().closed)
    }

    /// Whether the peer waits: for connections that are open, or to be told that they are closed.
    pub(crate) fn awaited(&self) -> bool {
        let inner = self.lock();
        inner.awaited > 0 || !inner.closed.is_empty()
    }

    pub(crate) fn set_waker(&self, waker: Option<Waker>) {
        self.lock().waker = waker;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing that holds the lock leaves things half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.lock();
        f.debug_map().entries(inner.keys.iter().map(|(key, server)| (key, server.open))).finish()
    }
}

/// An open connection that counts.
pub(crate) struct Guard {
    counts: Counts,
    key: String,
}

impl Guard {
    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut inner = self.counts.lock();
        let Some(server) = inner.keys.get_mut(&self.key) else { return };
        server.open -= 1;
        if server.open > 0 || !std::mem::take(&mut server.closing) {
            return;
        }
        inner.awaited -= 1;
        inner.closed.push(std::mem::take(&mut self.key));
        let waker = inner.waker.clone();
        drop(inner);
        if let Some(waker) = waker {
            waker();
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Guard").field(&self.key).finish()
    }
}

/// So many servers are known. With one more, those that no connection is open of are forgotten:
/// Node knows them for ever, which a peer could use to fill the memory.
const MAX_KEYS: usize = 1024;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_server_closes_with_its_last_connection() {
        let counts = Counts::default();
        let woken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&woken);
        counts.set_waker(Some(Arc::new(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        })));
        assert_eq!(counts.count("a"), None);
        counts.close("a".to_owned());
        assert!(counts.take_closed().is_empty(), "an unknown key gets no answer");

        let first = counts.open("a".to_owned());
        let second = counts.open("a".to_owned());
        let other = counts.open("b".to_owned());
        assert_eq!(counts.count("a"), Some(2));
        drop(first);
        counts.close("a".to_owned());
        assert!(counts.awaited());
        drop(other);
        assert!(counts.take_closed().is_empty());
        std::thread::spawn(move || drop(second)).join().unwrap();
        assert!(counts.awaited(), "until it is told");
        assert_eq!(counts.take_closed(), ["a"]);
        assert_eq!(woken.load(Ordering::Relaxed), 1);
        assert!(!counts.awaited());
        assert_eq!(counts.count("a"), Some(0));
        counts.close("a".to_owned());
        assert_eq!(counts.take_closed(), ["a"], "at once if there is none");
    }

    #[test]
    fn keys_are_bounded_and_those_in_use_stay() {
        let counts = Counts::default();
        let kept = counts.open("kept".to_owned());
        for number in 0..3 * MAX_KEYS {
            assert!(counts.open(number.to_string()).is_some());
        }
        assert!(counts.lock().keys.len() <= MAX_KEYS);
        assert_eq!(counts.count("kept"), Some(1));
        let last = (3 * MAX_KEYS - 1).to_string();
        assert_eq!(counts.count(&last), Some(0), "none is an answer too");

        let many: Vec<_> =
            (0..2 * MAX_KEYS).map(|number| counts.open(number.to_string())).collect();
        assert_eq!(counts.lock().keys.len(), MAX_KEYS);
        assert_eq!(many.iter().flatten().count(), MAX_KEYS - 1);
        assert!(counts.open("kept".to_owned()).is_some(), "a known key counts on");
        drop((many, kept));
        assert!(counts.open("new".to_owned()).is_some(), "there is room again");
    }
}
