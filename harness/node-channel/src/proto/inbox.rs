//! Bytes that came, and where messages begin and end in them.

use std::ops::Range;

use memchr::memchr;

use super::Serialization;
use super::pages::{KEEP_BYTES, Keep, prefer_huge};

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

    /// The same, with all that came after it.
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
        }
    }

    /// Forgets the message that is not complete, as at the end of the stream.
    pub(crate) fn forget_unfinished(&mut self) {
        self.end = self.cut;
        self.searched = self.cut;
        self.skip = Skip::Nothing;
    }

    fn next_line(&mut self) -> Option<Piece> {
        let Some(at) = memchr(b'\n', &self.buffer[self.searched..self.end]) else {
            self.searched = self.end;
            if self.skip == Skip::Line {
                self.cut = self.end;
                return None;
            }
            let too_long = self.too_long(self.cut, self.end - self.cut)?;
            self.skip = Skip::Line;
            self.cut = self.end;
            return Some(too_long);
        };
        let line = self.cut..self.searched + at;
        if std::mem::replace(&mut self.skip, Skip::Nothing) == Skip::Line {
            self.cut = line.end + 1;
            self.searched = self.cut;
            return Some(Piece::Skipped);
        }
        if let Some(too_long) = self.too_long(line.start, line.len()) {
            // Its LF is found once more.
            self.skip = Skip::Line;
            self.cut = line.end;
            self.searched = self.cut;
            return Some(too_long);
        }
        self.cut = line.end + 1;
        self.searched = self.cut;
        Some(self.whole(line))
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
        Some(self.whole(payload..payload + length))
    }

    fn whole(&self, range: Range<usize>) -> Piece {
        let base = self.base;
        Piece::Whole(Place(base + range.start as u64..base + range.end as u64))
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

/// Bytes of the length before a frame.
pub(super) const LENGTH_BYTES: usize = 4;

/// So much of a message is shown in a report.
pub(super) const EXCERPT_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn push(inbox: &mut Inbox, mut bytes: &[u8], found: &mut Vec<Result<Vec<u8>, Vec<u8>>>) {
        while !bytes.is_empty() {
            let room = inbox.room();
            let count = room.len().min(bytes.len());
            room[..count].copy_from_slice(&bytes[..count]);
            inbox.filled(count);
            bytes = &bytes[count..];
            while let Some(piece) = inbox.next_piece() {
                found.extend(match piece {
                    Piece::Whole(place) => Some(Ok(inbox.bytes(&place).to_vec())),
                    Piece::TooLong { start, .. } => Some(Err(start)),
                    Piece::Skipped => None,
                });
            }
            inbox.tidy(true);
        }
    }

    fn check_every_chop(
        serialization: Serialization,
        limit: Option<usize>,
        stream: &[u8],
        expected: &[Result<&[u8], &[u8]>],
    ) {
        let expected: Vec<Result<Vec<u8>, Vec<u8>>> = expected
            .iter()
            .map(|piece| piece.map(<[u8]>::to_vec).map_err(<[u8]>::to_vec))
            .collect();
        for at in 0..=stream.len() {
            let mut inbox = Inbox::new(serialization, limit);
            let mut found = Vec::new();
            push(&mut inbox, &stream[..at], &mut found);
            push(&mut inbox, &stream[at..], &mut found);
            assert_eq!(found, expected, "split at {at}");
        }
        let mut inbox = Inbox::new(serialization, limit);
        let mut found = Vec::new();
        for byte in stream {
            push(&mut inbox, &[*byte], &mut found);
        }
        assert_eq!(found, expected, "byte by byte");
    }

    #[test]
    fn lines_end_at_lf_only() {
        check_every_chop(
            Serialization::Json,
            None,
            "a\r\n\nb\u{2028}\u{85}c\nrest".as_bytes(),
            &[Ok(b"a\r"), Ok(b""), Ok("b\u{2028}\u{85}c".as_bytes())],
        );
    }

    #[test]
    fn long_lines_are_reported_once_and_skipped() {
        check_every_chop(
            Serialization::Json,
            Some(4),
            b"1234\n12345678\n\n12345\nok\n123456",
            &[Ok(b"1234"), Err(b"1234"), Ok(b""), Err(b"1234"), Ok(b"ok"), Err(b"1234")],
        );
        check_every_chop(Serialization::Json, Some(0), b"\nx\n\n", &[Ok(b""), Err(b"x"), Ok(b"")]);
    }

    #[test]
    fn frames_have_their_length_before_them() {
        check_every_chop(
            Serialization::Advanced,
            None,
            b"\0\0\0\x02ab\0\0\0\0\0\0\0\x01\n\0\0\0\x09rest",
            &[Ok(b"ab"), Ok(b""), Ok(b"\n")],
        );
        check_every_chop(Serialization::Advanced, None, b"\xff\xff\xff\xffabc", &[]);
    }

    #[test]
    fn long_frames_are_reported_once_and_skipped() {
        let mut stream = b"\0\0\0\x02ab\0\0\x01\0".to_vec();
        stream.extend([b'x'; 256]);
        stream.extend(b"\0\0\0\x01c\xff\xff\xff\xff");
        stream.extend([b'y'; 300]);
        check_every_chop(
            Serialization::Advanced,
            Some(2),
            &stream,
            &[Ok(b"ab"), Err(b"xx"), Ok(b"c"), Err(b"yy")],
        );
        check_every_chop(
            Serialization::Advanced,
            Some(0),
            b"\0\0\0\x01c\0\0\0\0",
            &[Err(b"c"), Ok(b"")],
        );
    }

    #[test]
    fn a_skipped_frame_takes_no_room() {
        let mut inbox = Inbox::new(Serialization::Advanced, Some(1000));
        let mut found = Vec::new();
        push(&mut inbox, &u32::MAX.to_be_bytes(), &mut found);
        let chunk = vec![b'x'; 64 * 1024];
        for _ in 0..1000 {
            push(&mut inbox, &chunk, &mut found);
        }
        assert_eq!(found.len(), 1);
        assert!(inbox.buffer.capacity() <= 4 * READ_BYTES, "{}", inbox.buffer.capacity());
    }

    #[test]
    fn a_large_message_takes_less_than_twice_its_size_and_short_ones_give_it_back() {
        let mut inbox = Inbox::new(Serialization::Json, None);
        let mut found = Vec::new();
        let chunk = vec![b'x'; 64 * 1024];
        for _ in 0..256 {
            push(&mut inbox, &chunk, &mut found);
        }
        assert_eq!(inbox.end - inbox.cut, 256 * chunk.len());
        assert!(inbox.buffer.capacity() < 2 * 256 * chunk.len());
        push(&mut inbox, b"\n", &mut found);
        assert_eq!(found.len(), 1);
        let large = inbox.buffer.capacity();
        for short in 1..=16 {
            assert_eq!(inbox.buffer.capacity(), large, "for another large one, after {short}");
            push(&mut inbox, b"short\n", &mut found);
        }
        assert!(inbox.buffer.capacity() <= KEEP_BYTES);
    }

    #[test]
    fn bytes_stay_until_they_are_released() {
        let mut inbox = Inbox::new(Serialization::Json, None);
        let mut places = Vec::new();
        for number in 0..100_000 {
            let line = format!("{number}\n");
            inbox.room()[..line.len()].copy_from_slice(line.as_bytes());
            inbox.filled(line.len());
            let Some(Piece::Whole(place)) = inbox.next_piece() else { panic!("no line") };
            places.push(place);
            if number % 3 == 0 {
                let taken = places.remove(0);
                assert!(!inbox.bytes(&taken).is_empty());
                inbox.take(&taken);
            }
            inbox.tidy(false);
        }
        let last = places.last().unwrap();
        assert_eq!(inbox.bytes(last), b"99999");
        inbox.tidy(true);
        assert_eq!((inbox.start, inbox.end), (0, 0));
    }
}
