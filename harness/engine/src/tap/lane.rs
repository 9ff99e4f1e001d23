//! One direction of a channel: what was read and is not yet written on.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use ipc_plan::{Role, Schedule};
use rustix::net::{Shutdown, shutdown};

use super::recording::End;
use super::wire::{self, Chunk};

/// How much is held back at most, and read at once.
const CAPACITY: usize = 64 * 1024;
/// Between two bytes that are written alone: time for a peer to read the first.
const GAP: Duration = Duration::from_micros(200);

/// One direction.
#[derive(Debug)]
pub(super) struct Lane {
    pace: Pace,
    held: VecDeque<Piece>,
    /// Nothing is written before then.
    pause: Option<Instant>,
    /// How its source has ended, once everything before that was read.
    end: Option<(End, Instant)>,
    /// Nothing is read or written any more.
    pub(super) done: bool,
}

/// A schedule for one direction.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Pace {
    AsItComes,
    OneByte,
    Merge(Duration),
    Delay(Duration),
    Stall,
}

#[derive(Debug)]
struct Piece {
    chunk: Chunk,
    /// How much of it is written.
    written: usize,
    /// Not before then.
    due: Instant,
}

impl Lane {
    pub(super) fn new(from: Role, schedule: Option<Schedule>, settle: Duration) -> Self {
        let pace = match schedule {
            Some(Schedule::OneByte) => Pace::OneByte,
            Some(Schedule::Merge) => Pace::Merge(settle),
            Some(Schedule::Delay { from: slow, settles }) if slow == from => {
                Pace::Delay(settle * settles)
            }
            Some(Schedule::Stall { from: still }) if still == from => Pace::Stall,
            _ => Pace::AsItComes,
        };
        Self { pace, held: VecDeque::new(), pause: None, end: None, done: false }
    }

    /// How many bytes may be read now: where nothing makes them wait, none before the last ones
    /// could be written, so that a receiver that does not read slows its sender down.
    pub(super) fn room(&self) -> usize {
        let held: usize = self.held.iter().map(|p| p.chunk.bytes.len() - p.written).sum();
        match self.pace {
            _ if self.done || self.end.is_some() => 0,
            Pace::Stall => 0,
            Pace::AsItComes | Pace::OneByte if held > 0 => 0,
            _ => CAPACITY.saturating_sub(held),
        }
    }

    /// When there is something to write, if there is anything.
    pub(super) fn due(&self) -> Option<Instant> {
        let end = self.end.map(|(_, due)| due);
        let due = self.held.front().map(|piece| piece.due).or(end).filter(|_| !self.done)?;
        Some(self.pause.map_or(due, |pause| pause.max(due)))
    }

    /// Nothing is under way.
    pub(super) fn is_empty(&self) -> bool {
        self.done || (self.held.is_empty() && self.end.is_none())
    }

    /// Takes what was read.
    pub(super) fn push(&mut self, chunk: Chunk, now: Instant) {
        let due = match self.pace {
            Pace::Merge(wait) | Pace::Delay(wait) => now + wait,
            _ => now,
        };
        match self.held.back_mut() {
            // Descriptors begin a write of their own.
            Some(last) if matches!(self.pace, Pace::Merge(_)) && chunk.descriptors.is_empty() => {
                last.chunk.bytes.extend(chunk.bytes);
                last.due = due;
            }
            _ => self.held.push_back(Piece { chunk, written: 0, due }),
        }
        if matches!(self.pace, Pace::Merge(_)) && self.room() == 0 {
            self.held.iter_mut().for_each(|piece| piece.due = now);
        }
    }

    /// Its source has ended.
    pub(super) fn end(&mut self, how: End, now: Instant) {
        match self.pace {
            Pace::Delay(wait) => self.end = Some((how, now + wait)),
            _ => {
                self.held.iter_mut().for_each(|piece| piece.due = piece.due.min(now));
                self.end = Some((how, now));
            }
        }
    }

    /// Writes what is due. Says how the source has ended once that was passed on.
    pub(super) fn write(&mut self, sink: BorrowedFd<'_>, now: Instant) -> Passed {
        while self.due().is_some_and(|due| due <= now)
            && let Some(piece) = self.held.front_mut()
        {
            let rest = &piece.chunk.bytes[piece.written..];
            let next = if self.pace == Pace::OneByte { &rest[..1] } else { rest };
            match wire::write(sink, next, &piece.chunk.descriptors) {
                Ok(0) => return Passed::Some,
                Ok(count) => {
                    piece.written += count;
                    // They went with the first byte.
                    piece.chunk.descriptors.clear();
                }
                Err(_) => {
                    self.stop();
                    return Passed::Refused;
                }
            }
            if piece.written == piece.chunk.bytes.len() {
                self.held.pop_front();
            }
            if self.pace == Pace::OneByte {
                self.pause = Some(now + GAP);
            }
        }
        match self.end {
            Some((how, _)) if self.held.is_empty() && self.due().is_some_and(|d| d <= now) => {
                self.stop();
                let side = if how == End::Half { Shutdown::Write } else { Shutdown::Both };
                // It may be gone already.
                let _ = shutdown(sink, side);
                Passed::End(how)
            }
            _ => Passed::Some,
        }
    }

    /// Drops what is held, and reads no more.
    pub(super) fn stop(&mut self) {
        self.done = true;
        self.held.clear();
    }
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// What could be written was.
    Some,
    /// The end was passed on: the direction is done.
    End(End),
    /// The receiver takes no more: the direction is done.
    Refused,
}
