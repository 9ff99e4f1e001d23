//! What was read, cut into lines and frames, as it is recorded.

use std::ops::Range;

use ipc_plan::{RawForm, Serialization, Until, fnv1a};

use crate::channel::{PREFIX, first_message};
use crate::text;

/// More than this many bytes are recorded by their number and hash.
const LONG: usize = 4096;

/// Part of what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) range: Range<usize>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Line,
    Frame,
    Rest,
}

/// How bytes without a number of pieces are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Lines,
    Frames,
    /// Not at all.
    Bytes,
}

/// The pieces that `until` asks for, if all of them are there.
pub(super) fn enough(bytes: &[u8], until: Until) -> Option<Vec<Piece>> {
    let (pieces, wanted) = match until {
        Until::Lines(count) => (cut(bytes, Style::Lines, count as usize), count as usize),
        Until::Frames(count) => (cut(bytes, Style::Frames, count as usize), count as usize),
        Until::Bytes(count) => {
            let count = count as usize;
            let piece = Piece { range: 0..count, kind: Kind::Rest };
            return (bytes.len() >= count).then(|| vec![piece]);
        }
        Until::End => return None,
    };
    (pieces.len() == wanted).then_some(pieces)
}

/// All of it, what is no whole line or frame at the end.
pub(super) fn all(bytes: &[u8], until: Until, style: Style) -> Vec<Piece> {
    let style = match until {
        Until::Lines(_) => Style::Lines,
        Until::Frames(_) => Style::Frames,
        Until::Bytes(_) => Style::Bytes,
        Until::End => style,
    };
    let mut pieces = cut(bytes, style, usize::MAX);
    let end = pieces.last().map_or(0, |piece| piece.range.end);
    if end < bytes.len() {
        pieces.push(Piece { range: end..bytes.len(), kind: Kind::Rest });
    }
    pieces
}

/// At most so many whole lines or frames.
fn cut(bytes: &[u8], style: Style, most: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut start = 0;
    while pieces.len() < most {
        let rest = &bytes[start..];
        let form = match style {
            Style::Lines => Some((Serialization::Json, Kind::Line)),
            Style::Frames => Some((Serialization::Advanced, Kind::Frame)),
            Style::Bytes => None,
        };
        let Some((serialization, kind)) = form else { break };
        let Some((_, length)) = first_message(serialization, rest) else { break };
        pieces.push(Piece { range: start..start + length, kind });
        start += length;
    }
    pieces
}

impl Piece {
    /// How the piece is recorded, out of all that was read.
    pub(super) fn shown(&self, all: &[u8]) -> (RawForm, String) {
        let bytes = &all[self.range.clone()];
        if bytes.len() > LONG {
            let text = format!("{} bytes, hash {:08x}", bytes.len(), fnv1a(bytes));
            return (RawForm::Long, text);
        }
        match (self.kind, std::str::from_utf8(bytes)) {
            (Kind::Frame, _) => (RawForm::Frame, text::hex(&bytes[PREFIX..])),
            (Kind::Line, Ok(text)) => {
                (RawForm::Line, text.strip_suffix('\n').unwrap_or(text).to_owned())
            }
            (Kind::Rest, Ok(text)) => (RawForm::Text, text.to_owned()),
            (Kind::Line | Kind::Rest, Err(_)) => (RawForm::Hex, text::hex(bytes)),
        }
    }
}
