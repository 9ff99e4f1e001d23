//! A message as it came, without its framing.

use std::ops::Range;

use super::Serialization;

/// The bytes of a message, and what is known of them.
#[derive(Debug)]
pub(crate) enum Payload<'b> {
    /// A line.
    Text {
        text: &'b str,
        /// A stretch without anything that a JSON string cannot hold as it is.
        plain: Range<usize>,
    },
    /// A line that is no UTF-8.
    Broken(&'b [u8]),
    /// The payload of a frame.
    Frame(&'b [u8]),
}

impl<'b> Payload<'b> {
    /// Bytes of which nothing is known.
    #[inline(always)]
    pub(crate) fn new(serialization: Serialization, bytes: &'b [u8]) -> Self {
        match serialization {
            Serialization::Json => match simdutf8::basic::from_utf8(bytes) {
                Ok(text) => Self::Text { text, plain: 0..0 },
                Err(_) => Self::Broken(bytes),
            },
            Serialization::Advanced => Self::Frame(bytes),
        }
    }
}

/// The text of a line that is no UTF-8, repaired as Node's `StringDecoder` repairs it.
#[cold]
pub(super) fn repaired(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}
