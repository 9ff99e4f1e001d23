//! V8's account of a cycle.

use super::lookup::Key;
use crate::Exception;

/// A container on the way from the root to the place where the circle closes.
pub(super) struct Link<'g> {
    pub(super) key: Place<'g>,
    pub(super) constructor: &'g str,
}

/// Where in its container something is.
pub(super) enum Place<'g> {
    Element(usize),
    Property(Key<'g>),
}

/// The error that V8 throws at a circle: its links in order, and where in the last one the first is
/// found again.
pub(super) fn circular<'g>(
    length: usize,
    link: impl Fn(usize) -> Link<'g>,
    closing: Place<'g>,
) -> Exception {
    let mut message = format!(
        "Converting circular structure to JSON\n    --> starting at object with constructor '{}'",
        link(0).constructor
    );
    let line = |message: &mut String, at: usize| {
        let Link { key, constructor } = link(at);
        let key = key.describe();
        message.push_str(&format!("\n    |     {key} -> object with constructor '{constructor}'"));
    };
    // V8 shows the first three links and the last.
    for at in 1..length.min(3) {
        line(&mut message, at);
    }
    if length > 4 {
        message.push_str("\n    |     ...");
    }
    if length > 3 {
        line(&mut message, length - 1);
    }
    message.push_str(&format!("\n    --- {} closes the circle", closing.describe()));
    Exception::type_error(message)
}

impl Place<'_> {
    fn describe(&self) -> String {
        let key = match self {
            Self::Element(index) => return format!("index {index}"),
            Self::Property(key) => key.to_js_string(),
        };
        if key.is_empty() {
            return "<anonymous>".to_owned();
        }
        format!("property '{}'", key.to_string_lossy())
    }
}
