//! Both directions together.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use ipc_plan::{Role, Schedule};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{Shutdown, shutdown};

use super::lane::{Lane, Passed};
use super::recording::{End, OnWire, Recorder};
use super::wire::{self, Read, Reader};

/// Copies between two sockets, and writes down what it reads.
///
/// The sockets are shut down rather than closed when a side ends: the process may hold
/// other copies of them.
pub(super) struct Relay {
    parent: OwnedFd,
    child: OwnedFd,
    lanes: [Lane; 2],
    readers: [Reader; 2],
    recorder: Recorder,
}

impl Relay {
    /// `parent` and `child` are the sockets on which these are reached.
    pub(super) fn new(
        parent: OwnedFd,
        child: OwnedFd,
        recorder: Recorder,
        schedule: Option<Schedule>,
        settle: Duration,
    ) -> Self {
        let lanes = Role::ALL.map(|from| Lane::new(from, schedule, settle));
        Self { parent, child, lanes, readers: Default::default(), recorder }
    }

    /// Waits until something can be done, and does it. Says which of `others` are readable.
    pub(super) fn step(&mut self, others: &[BorrowedFd<'_>]) -> Result<Vec<bool>, Errno> {
        let now = Instant::now();
        let dues = self.lanes.iter().filter_map(Lane::due);
        // What is due and was not written waits for its receiver.
        let mut wait = dues.filter(|due| *due > now).min().map(|due| due - now);
        if Role::ALL.iter().any(|role| self.has_begun(*role) && self.lane(*role).room() > 0) {
            wait = Some(Duration::ZERO);
        }
        let wait = wait.and_then(|wait| Timespec::try_from(wait).ok());

        let mut fds: Vec<PollFd<'_>> =
            others.iter().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
        for role in Role::ALL {
            let mut interest = PollFlags::empty();
            interest.set(PollFlags::IN, self.lane(role).room() > 0);
            interest.set(PollFlags::OUT, self.lane(other(role)).due().is_some_and(|d| d <= now));
            // One that has hung up would end every wait.
            if !interest.is_empty() {
                fds.push(PollFd::new(self.socket(role), interest));
            }
        }
        match poll(&mut fds, wait.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
        let ready = fds[..others.len()].iter().map(|fd| !fd.revents().is_empty()).collect();
        self.pass();
        Ok(ready)
    }

    /// Whether everything that the child has sent was passed on, its end or not: another process
    /// may hold its end of the channel.
    pub(super) fn is_drained(&self) -> bool {
        let lane = self.lane(Role::Child);
        let more = self.has_begun(Role::Child) || wire::is_readable(self.child.as_fd());
        lane.is_empty() && (lane.room() == 0 || !more)
    }

    /// Whether there is nothing left to do.
    #[cfg(test)]
    pub(super) fn is_done(&self) -> bool {
        self.lanes.iter().all(|lane| lane.done)
    }

    /// Writes something down.
    pub(super) fn record(&mut self, seen: OnWire) {
        self.recorder.add(seen);
    }

    /// Reads what there is and writes what is due.
    fn pass(&mut self) {
        for from in Role::ALL {
            let now = Instant::now();
            let room = self.lane(from).room();
            if room > 0 {
                let socket = if from == Role::Parent { &self.parent } else { &self.child };
                match self.readers[index(from)].read(socket.as_fd(), room) {
                    Read::Chunk(chunk) => {
                        let kinds = chunk.descriptors.iter().map(wire::kind).collect();
                        self.recorder.add(OnWire::passed(from, &chunk.bytes, kinds));
                        self.lanes[index(from)].push(chunk, now);
                    }
                    Read::End(how) => {
                        self.recorder.add(OnWire::Ended { from, how });
                        self.lanes[index(from)].end(how, now);
                    }
                    Read::Nothing => {}
                }
            }
            let sink = if from == Role::Parent { &self.child } else { &self.parent };
            match self.lanes[index(from)].write(sink.as_fd(), now) {
                // Who has closed reads no more either.
                Passed::End(End::Closed | End::Reset) => self.lanes[index(other(from))].stop(),
                Passed::Refused => {
                    let _ = shutdown(self.socket(from), Shutdown::Read);
                }
                Passed::End(End::Half) | Passed::Some => {}
            }
        }
    }

    fn has_begun(&self, from: Role) -> bool {
        self.readers[index(from)].has_begun()
    }

    fn lane(&self, from: Role) -> &Lane {
        &self.lanes[index(from)]
    }

    fn socket(&self, role: Role) -> &OwnedFd {
        match role {
            Role::Parent => &self.parent,
            Role::Child => &self.child,
        }
    }
}

fn index(role: Role) -> usize {
    usize::from(role == Role::Child)
}

fn other(role: Role) -> Role {
    match role {
        Role::Parent => Role::Child,
        Role::Child => Role::Parent,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixStream;
    use std::thread;

    use rustix::net::SendFlags;

    use super::*;
    use crate::tap::{Entry, recording};

    /// What the two peers do, with a relay between them, and what the relay wrote down.
    fn relayed(
        schedule: Option<Schedule>,
        peers: impl FnOnce(UnixStream, UnixStream),
    ) -> Vec<Entry> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wire.jsonl");
        let mut recorder = Recorder::open(&path).unwrap();
        recorder.add(OnWire::Opened {
            schema: recording::SCHEMA,
            serialization: ipc_plan::Serialization::Json,
            command: Vec::new(),
            schedule,
        });
        let (parent, to_parent) = UnixStream::pair().unwrap();
        let (child, to_child) = UnixStream::pair().unwrap();
        let relay = thread::spawn(move || {
            let settle = Duration::from_millis(20);
            let (to_parent, to_child) = (to_parent.into(), to_child.into());
            let mut relay = Relay::new(to_parent, to_child, recorder, schedule, settle);
            while !relay.is_done() {
                relay.step(&[]).unwrap();
            }
        });
        peers(parent, child);
        relay.join().unwrap();
        recording::read(&path).unwrap()
    }

    fn with_file(to: &UnixStream, bytes: &[u8]) {
        let file = OwnedFd::from(File::open("/dev/null").unwrap());
        assert_eq!(wire::write(to.as_fd(), bytes, &[file]), Ok(bytes.len()));
    }

    fn all(mut stream: &UnixStream) -> Vec<u8> {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn bytes_and_ends_go_both_ways() {
        let entries = relayed(None, |mut parent, mut child| {
            parent.write_all(b"to child").unwrap();
            parent.shutdown(std::net::Shutdown::Write).unwrap();
            assert_eq!(all(&child), b"to child");
            child.write_all(b"to parent").unwrap();
            drop(child);
            assert_eq!(all(&parent), b"to parent");
        });
        let ends: Vec<_> =
            entries.iter().filter(|e| matches!(e.seen, OnWire::Ended { .. })).collect();
        assert_eq!(ends[0].seen, OnWire::Ended { from: Role::Parent, how: End::Half });
        assert_eq!(ends[1].seen, OnWire::Ended { from: Role::Child, how: End::Closed });
    }

    #[test]
    fn a_descriptor_stays_with_its_byte() {
        let entries = relayed(None, |mut parent, child| {
            parent.write_all(b"one ").unwrap();
            with_file(&parent, b"two ");
            with_file(&parent, b"three ");
            parent.write_all(b"four").unwrap();
            drop(parent);
            let mut reader = Reader::default();
            let mut found = Vec::new();
            loop {
                match reader.read(child.as_fd(), 4096) {
                    Read::Chunk(c) => found.push((c.bytes, c.descriptors.len())),
                    Read::End(_) => break,
                    Read::Nothing => thread::sleep(Duration::from_millis(1)),
                }
            }
            let mut text = Vec::new();
            let mut places = Vec::new();
            for (bytes, descriptors) in found {
                places.extend(std::iter::repeat_n(text.len(), descriptors));
                text.extend(bytes);
            }
            assert_eq!((text.as_slice(), places), (&b"one two three four"[..], vec![4, 8]));
        });
        let with = |entry: &Entry| match &entry.seen {
            OnWire::Passed { descriptors, .. } => descriptors.clone(),
            _ => Vec::new(),
        };
        let kinds: Vec<String> = entries.iter().flat_map(with).collect();
        assert_eq!(kinds, ["character device", "character device"]);
    }

    #[test]
    fn a_receiver_that_does_not_read_slows_its_sender_down() {
        relayed(None, |parent, child| {
            let mut sent = 0;
            let mut stuck = 0;
            // Until nothing was taken for a while.
            while stuck < 50 {
                let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
                match rustix::net::send(&parent, &[0; 1024], flags) {
                    Ok(count) => (sent, stuck) = (sent + count, 0),
                    Err(_) => {
                        stuck += 1;
                        thread::sleep(Duration::from_millis(1));
                    }
                }
                assert!(sent < 16 << 20, "it takes everything");
            }
            drop(parent);
            assert_eq!(all(&child).len(), sent);
        });
    }

    #[test]
    fn one_byte_at_a_time() {
        relayed(Some(Schedule::OneByte), |mut parent, child| {
            parent.write_all("häßlich".as_bytes()).unwrap();
            drop(parent);
            let mut reads = 0;
            let mut text = Vec::new();
            loop {
                let mut buffer = [0; 64];
                let count = (&child).read(&mut buffer).unwrap();
                if count == 0 {
                    break;
                }
                reads += 1;
                text.extend(&buffer[..count]);
            }
            assert_eq!(String::from_utf8(text).unwrap(), "häßlich");
            assert!(reads > 1);
        });
    }

    #[test]
    fn merged_writes_arrive_as_one() {
        relayed(Some(Schedule::Merge), |mut parent, mut child| {
            for word in ["a", "b", "c"] {
                parent.write_all(word.as_bytes()).unwrap();
                thread::sleep(Duration::from_millis(1));
            }
            let mut buffer = [0; 64];
            assert_eq!(child.read(&mut buffer).unwrap(), 3);
        });
    }

    #[test]
    fn a_delayed_direction_is_later_and_a_stalled_one_never() {
        let delay = Schedule::Delay { from: Role::Child, settles: 3 };
        relayed(Some(delay), |mut parent, mut child| {
            let begin = Instant::now();
            child.write_all(b"x").unwrap();
            parent.read_exact(&mut [0]).unwrap();
            assert!(begin.elapsed() >= Duration::from_millis(60));
        });
        relayed(Some(Schedule::Stall { from: Role::Child }), |mut parent, mut child| {
            child.write_all(b"x").unwrap();
            parent.write_all(b"y").unwrap();
            child.read_exact(&mut [0]).unwrap();
            parent.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
            assert!(parent.read(&mut [0]).is_err());
        });
    }
}
