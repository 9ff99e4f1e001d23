//! Splits a stream of bytes into lines.

use std::borrow::Cow;

use memchr::memchr;

/// Splits a stream into lines at LF, and only there.
///
/// Every byte is looked at once and copied at most once, however the stream is chopped: bytes of an
/// unfinished line are kept, and only new bytes are searched. An unfinished line at the end of the
/// stream is dropped with the deframer.
///
/// The text of a line is decoded as Node's `StringDecoder` does it: each maximal run of bytes that
/// starts like a character and does not end like one becomes one U+FFFD. Since LF is never part of
/// a multi-byte character, decoding whole lines gives the same text as decoding chunk by chunk.
#[derive(Clone, Debug, Default)]
pub struct Deframer {
    /// The unfinished line; empty while `skipping`. Holds no LF.
    partial: Vec<u8>,
    /// The current line was too long; its bytes are dropped up to the next LF.
    skipping: bool,
    max_line_bytes: Option<usize>,
}

/// What a [`Deframer`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Line<'a> {
    /// A complete line without its LF.
    Complete(Cow<'a, str>),
    /// A line that is longer than the limit. Reported as soon as that is known, once.
    TooLong {
        /// The first characters of the line.
        start: String,
        /// The limit.
        limit: usize,
    },
}

impl Deframer {
    /// A deframer that accepts lines of at most `max_line_bytes` bytes, LF not counted.
    pub fn new(max_line_bytes: Option<usize>) -> Self {
        Self { partial: Vec::new(), skipping: false, max_line_bytes }
    }

    /// Takes the next bytes of the stream and hands each line they complete to `sink`, in order.
    pub fn push(&mut self, mut bytes: &[u8], mut sink: impl FnMut(Line<'_>)) {
        while let Some(end) = memchr(b'\n', bytes) {
            let (head, rest) = (&bytes[..end], &bytes[end + 1..]);
            bytes = rest;
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            if let Some(too_long) = self.check_length(head) {
                self.release();
                sink(too_long);
            } else if self.partial.is_empty() {
                sink(Line::Complete(String::from_utf8_lossy(head)));
            } else {
                self.partial.extend_from_slice(head);
                sink(Line::Complete(String::from_utf8_lossy(&self.partial)));
                self.release();
            }
        }
        if self.skipping || bytes.is_empty() {
            return;
        }
        if let Some(too_long) = self.check_length(bytes) {
            self.release();
            self.skipping = true;
            sink(too_long);
        } else {
            self.partial.extend_from_slice(bytes);
        }
    }

    /// Bytes held for a line that is not finished.
    pub fn buffered(&self) -> usize {
        self.partial.len()
    }

    /// Forgets the unfinished line, as at the end of the stream.
    pub fn clear(&mut self) {
        self.partial = Vec::new();
        self.skipping = false;
    }

    fn check_length(&self, more: &[u8]) -> Option<Line<'static>> {
        let limit = self.max_line_bytes?;
        if self.partial.len().saturating_add(more.len()) <= limit {
            return None;
        }
        // At least `limit + 1` bytes of the line are here, so the excerpt does not depend on how it
        // was chopped.
        let wanted = EXCERPT_BYTES.min(limit);
        let mut start: Vec<u8> = self.partial.iter().take(wanted).copied().collect();
        start.extend(more.iter().take(wanted - start.len()));
        Some(Line::TooLong { start: excerpt(&String::from_utf8_lossy(&start)).to_owned(), limit })
    }

    fn release(&mut self) {
        if self.partial.capacity() > KEEP_BYTES {
            self.partial = Vec::new();
        } else {
            self.partial.clear();
        }
    }
}

/// The first characters of a line, for a message to people.
pub(crate) fn excerpt(line: &str) -> &str {
    let mut end = line.len().min(EXCERPT_BYTES);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    &line[..end]
}

const EXCERPT_BYTES: usize = 64;

/// A buffer larger than this is given back once its line is done.
const KEEP_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(deframer: &mut Deframer, bytes: &[u8]) -> Vec<Result<String, String>> {
        let mut found = Vec::new();
        deframer.push(bytes, |line| {
            found.push(match line {
                Line::Complete(text) => Ok(text.into_owned()),
                Line::TooLong { start, .. } => Err(start),
            });
        });
        found
    }

    fn check_every_chop(limit: Option<usize>, stream: &[u8], expected: &[Result<&str, &str>]) {
        let expected: Vec<Result<String, String>> =
            expected.iter().map(|line| line.map(str::to_owned).map_err(str::to_owned)).collect();
        for at in 0..=stream.len() {
            let mut deframer = Deframer::new(limit);
            let mut found = lines(&mut deframer, &stream[..at]);
            found.extend(lines(&mut deframer, &stream[at..]));
            assert_eq!(found, expected, "split at {at}");
        }
        let mut deframer = Deframer::new(limit);
        let found: Vec<_> = stream.iter().flat_map(|byte| lines(&mut deframer, &[*byte])).collect();
        assert_eq!(found, expected, "byte by byte");
    }

    #[test]
    fn splits_at_lf_only() {
        check_every_chop(
            None,
            "a\r\n\nb\u{2028}\u{85}c\nrest".as_bytes(),
            &[Ok("a\r"), Ok(""), Ok("b\u{2028}\u{85}c")],
        );
    }

    #[test]
    fn replaces_each_maximal_subpart() {
        check_every_chop(None, b"\"\xff\xfe\"\n", &[Ok("\"\u{fffd}\u{fffd}\"")]);
        check_every_chop(None, b"\xed\xa0\x80\n", &[Ok("\u{fffd}\u{fffd}\u{fffd}")]);
        check_every_chop(None, b"\xe2\x82\n\xac\n", &[Ok("\u{fffd}"), Ok("\u{fffd}")]);
        check_every_chop(None, b"\xf0\x9f\x98\x80\xf0\x9f\x98\n", &[Ok("\u{1f600}\u{fffd}")]);
        check_every_chop(None, b"\xef\xbb\xbf1\n", &[Ok("\u{feff}1")]);
    }

    #[test]
    fn long_lines_are_reported_once_and_skipped() {
        check_every_chop(
            Some(4),
            b"1234\n12345678\n\n12345\nok\n123456",
            &[Ok("1234"), Err("1234"), Ok(""), Err("1234"), Ok("ok"), Err("1234")],
        );
        check_every_chop(Some(0), b"\nx\n\n", &[Ok(""), Err(""), Ok("")]);
    }

    #[test]
    fn gives_back_large_buffers() {
        let mut deframer = Deframer::new(None);
        let chunk = vec![b'x'; 64 * 1024];
        for _ in 0..64 {
            assert!(lines(&mut deframer, &chunk).is_empty());
        }
        assert_eq!(deframer.buffered(), 64 * chunk.len());
        assert_eq!(lines(&mut deframer, b"\n").len(), 1);
        assert!(deframer.partial.capacity() <= KEEP_BYTES);
    }
}
