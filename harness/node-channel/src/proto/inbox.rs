//! Bytes that came, and where messages begin and end in them.

#[cfg(test)]
mod tests;

use std::ops::Range;

use memchr::memchr;

use super::Serialization;
use super::ahead::{Ahead, LONG_BYTES};
use super::pages::{KEEP_BYTES, Keep, prefer_huge};
use super::payload::Payload;

/// One read takes at most this much, as in Node: what one read brings is delivered together.
pub(crate) const READ_BYTES: usize = 65_536;

/// The stream of the peer: bytes are read straight into it, cut into messages where they are, and
/// stay there until the program takes the message.
///
/// Every byte is searched once and moved at most a few times, however the stream is chopped. A
/// place is an offset in the whole stream, so it stays true when the bytes are moved.
#[derive(Debug)]
pub(crate) struct Inbox {
    serialization: Serialization,
    max_message_bytes: Option<usize>,
    /// `buffer[..end]` came; the rest is room. `start <= cut <= searched <= end`.
    buffer: Vec<u8>,
    end: usize,
    /// Nobody needs what is before this.
    start: usize,
    /// Where the first message begins that is not cut off yet.
    cut: usize,
    /// There is no LF between `cut` and this.
    searched: usize,
    /// What is known of the line that begins at `cut`.
    ahead: Ahead,
    /// What was known of the last long line when it was whole, while that is in the buffer.
    known: Option<(Place, Ahead)>,
    /// What is left of a message that is too long.
    skip: Skip,
    /// Offset of the buffer in the stream.
    base: u64,
    keep: Keep,
}

/// A stretch of the stream that is a message, without its framing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place(pub(crate) Range<u64>);

impl Place {
    pub(crate) fn size(&self) -> usize {
        // It is in the buffer.
        (self.0.end - self.0.start) as usize
    }
}

/// What the stream was cut into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Whole(Place),
    /// A message that is longer than the limit. Found as soon as that is known, once; the message
    /// is skipped.
    TooLong {
        /// The first bytes of the message.
        start: Vec<u8>,
        limit: usize,
    },
    /// The message that is too long has ended.
    Skipped,
}

#[derive(Debug, PartialEq, Eq)]
enum Skip {
    Nothing,
    Line,
    Bytes(u64),
}

impl Inbox {
    pub(crate) fn new(serialization: Serialization, max_message_bytes: Option<usize>) -> Self {
        Self {
            serialization,
            max_message_bytes,
            buffer: Vec::new(),
            end: 0,
            start: 0,
            cut: 0,
            searched: 0,
            ahead: Ahead::default(),
            known: None,
            skip: Skip::Nothing,
            base: 0,
            keep: Keep::default(),
        }
    }

    /// Room for one read, [`READ_BYTES`] of it. Follow with [`filled`](Self::filled).
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.buffer.len() - self.end < READ_BYTES {
            self.make_room();
        }
        &mut self.buffer[self.end..][..READ_BYTES]
    }

    /// Says that the first `count` bytes of the room came.
    pub(crate) fn filled(&mut self, count: usize) {
        self.end = self.buffer.len().min(self.end + count);
    }

    /// Cuts off the next message.
    pub(crate) fn next_piece(&mut self) -> Option<Piece> {
        match self.serialization {
            Serialization::Json => self.next_line(),
            Serialization::Advanced => self.next_frame(),
        }
    }

    /// The bytes of a message that was not released.
    pub(crate) fn bytes(&self, place: &Place) -> &[u8] {
        &self.buffer[self.local(place.0.start)..self.local(place.0.end)]
    }

    /// A message that was not released, with what is known of it.
    #[inline(always)]
    pub(crate) fn payload(&self, place: &Place) -> Payload<'_> {
        let bytes = self.bytes(place);
        match &self.known {
            Some((known, ahead)) if known == place => long_line(bytes, ahead),
            _ => Payload::new(self.serialization, bytes),
        }
    }

    /// The bytes of a message, with all that came after it.
    pub(crate) fn bytes_from(&self, place: &Place) -> &[u8] {
        &self.buffer[self.local(place.0.start)..self.end]
    }

    /// Says that a message was taken, and all before it. Its bytes stay until the next
    /// [`tidy`](Self::tidy) or [`room`](Self::room).
    pub(crate) fn take(&mut self, place: &Place) {
        self.start = self.local(place.0.end);
    }

    /// Bytes that are kept: of messages that were not taken, and of the one that is not complete.
    pub(crate) fn kept(&self) -> usize {
        self.end - self.start
    }

    /// Gives back room, where all complete messages were taken or are known not to be needed.
    pub(crate) fn tidy(&mut self, all_taken: bool) {
        if all_taken {
            self.start = self.cut;
        }
        if self.start == self.end {
            self.base += self.end as u64;
            self.keep.note(self.end);
            self.keep.tidy(&mut self.buffer);
            (self.start, self.cut, self.searched, self.end) = (0, 0, 0, 0);
            self.known = None;
        }
    }

    /// Forgets the message that is not complete, as at the end of the stream.
    pub(crate) fn forget_unfinished(&mut self) {
        self.end = self.cut;
        self.begin_line(self.cut);
        self.skip = Skip::Nothing;
    }

    fn next_line(&mut self) -> Option<Piece> {
        let Some(at) = memchr(b'\n', &self.buffer[self.searched..self.end]) else {
            self.searched = self.end;
            if self.skip == Skip::Line {
                self.begin_line(self.end);
                return None;
            }
            if let Some(too_long) = self.too_long(self.cut, self.end - self.cut) {
                self.skip = Skip::Line;
                self.begin_line(self.end);
                return Some(too_long);
            }
            if self.end - self.cut >= LONG_BYTES {
                self.ahead.look(&self.buffer[self.cut..self.end]);
            }
            return None;
        };
        let line = self.cut..self.searched + at;
        if std::mem::replace(&mut self.skip, Skip::Nothing) == Skip::Line {
            self.begin_line(line.end + 1);
            return Some(Piece::Skipped);
        }
        if let Some(too_long) = self.too_long(line.start, line.len()) {
            // Its LF is found once more.
            self.skip = Skip::Line;
            self.begin_line(line.end);
            return Some(too_long);
        }
        let place = self.place(line.clone());
        let ahead = self.begin_line(line.end + 1);
        if line.len() >= LONG_BYTES {
            self.known = Some((place.clone(), ahead));
        }
        Some(Piece::Whole(place))
    }

    /// Says that the next line begins here, or the rest of one that is skipped. Answers what is
    /// known of the one before: nothing of it is of this one.
    fn begin_line(&mut self, at: usize) -> Ahead {
        self.cut = at;
        self.searched = at;
        std::mem::take(&mut self.ahead)
    }

    fn next_frame(&mut self) -> Option<Piece> {
        let here = self.end - self.cut;
        if let Skip::Bytes(left) = self.skip {
            let skipped = left.min(here as u64);
            self.cut += skipped as usize;
            self.searched = self.cut;
            if skipped < left {
                self.skip = Skip::Bytes(left - skipped);
                return None;
            }
            self.skip = Skip::Nothing;
            return Some(Piece::Skipped);
        }
        let prefix = self.buffer[self.cut..self.end].first_chunk::<LENGTH_BYTES>()?;
        let length = u32::from_be_bytes(*prefix);
        let payload = self.cut + LENGTH_BYTES;
        // What does not fit the address space is not here either.
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let payload_here = here - LENGTH_BYTES;
        if self.max_message_bytes.is_some_and(|limit| length > limit) {
            // The report shows the same bytes however the stream is chopped.
            if payload_here < length.min(EXCERPT_BYTES) {
                return None;
            }
            let too_long = self.too_long(payload, length);
            self.cut = payload;
            self.searched = self.cut;
            self.skip = Skip::Bytes(length as u64);
            return too_long;
        }
        if payload_here < length {
            return None;
        }
        self.cut = payload + length;
        self.searched = self.cut;
        Some(Piece::Whole(self.place(payload..payload + length)))
    }

    fn place(&self, range: Range<usize>) -> Place {
        Place(self.base + range.start as u64..self.base + range.end as u64)
    }

    fn too_long(&self, start: usize, length: usize) -> Option<Piece> {
        let limit = self.max_message_bytes.filter(|limit| length > *limit)?;
        let shown = length.min(EXCERPT_BYTES).min(limit.max(1));
        let start = self.buffer[start..][..shown].to_vec();
        Some(Piece::TooLong { start, limit })
    }

    fn local(&self, offset: u64) -> usize {
        usize::try_from(offset.saturating_sub(self.base)).map_or(self.end, |at| at.min(self.end))
    }

    /// Moves what is needed to the front if that is the smaller part, and grows if that is not
    /// enough.
    fn make_room(&mut self) {
        let needed = self.end - self.start;
        if self.start > 0 && self.start >= self.buffer.len() / 2 {
            self.keep.note(self.end);
            let keeps = self.keep.keeps(&self.buffer);
            self.buffer.copy_within(self.start..self.end, 0);
            self.base += self.start as u64;
            let base = self.base;
            self.known.take_if(|(place, _)| place.0.start < base);
            self.cut -= self.start;
            self.searched -= self.start;
            (self.start, self.end) = (0, needed);
            if !keeps && needed < KEEP_BYTES / 2 {
                self.buffer.truncate(KEEP_BYTES);
                self.buffer.shrink_to_fit();
            }
        }
        let wanted = self.end + READ_BYTES;
        if self.buffer.len() < wanted {
            // Half as much again, so that each byte is moved a constant number of times; less than
            // twice, so that a message of any size takes at most that much more room.
            let size = wanted.max(self.buffer.len() + self.buffer.len() / 2);
            self.buffer.reserve_exact(size - self.buffer.len());
            prefer_huge(&mut self.buffer);
            self.buffer.resize(size, 0);
        }
    }
}

/// A line of which the beginning is known.
#[cold]
fn long_line<'b>(bytes: &'b [u8], ahead: &Ahead) -> Payload<'b> {
    if simdutf8::basic::from_utf8(&bytes[ahead.utf8()..]).is_err() {
        return Payload::Broken(bytes);
    }
    #[expect(unsafe_code, reason = "checking it again takes as long as to move it")]
    // SAFETY: What is known of a line was found out by looking at its bytes, since it begins anew
    // with each line, and is forgotten before they leave the buffer. Until then nothing is written
    // where they are, and when they are moved they are moved together. They are whole characters,
    // and so is the rest.
    let text = unsafe { str::from_utf8_unchecked(bytes) };
    Payload::Text { text, plain: ahead.plain() }
}

/// Bytes of the length before a frame.
pub(super) const LENGTH_BYTES: usize = 4;

/// So much of a message is shown in a report.
pub(super) const EXCERPT_BYTES: usize = 64;
