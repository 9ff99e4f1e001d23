//! Strings of UTF-16 code units.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A JavaScript string: a sequence of UTF-16 code units in which surrogates may stand alone.
///
/// Equality, order and hash go by code units.
#[derive(Clone)]
pub struct JsString(Repr);

#[derive(Clone)]
enum Repr {
    /// No surrogate stands alone.
    Utf8(String),
    /// At least one does.
    Wide(Vec<u16>),
}

impl JsString {
    /// The string of these code units.
    pub fn from_utf16(units: &[u16]) -> Self {
        match String::from_utf16(units) {
            Ok(text) => Self(Repr::Utf8(text)),
            Err(_) => Self(Repr::Wide(units.to_vec())),
        }
    }

    /// The text, unless a surrogate stands alone.
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Repr::Utf8(text) => Some(text),
            Repr::Wide(_) => None,
        }
    }

    /// The code units.
    pub fn encode_utf16(&self) -> impl Iterator<Item = u16> + '_ {
        let (text, units) = match &self.0 {
            Repr::Utf8(text) => (text.as_str(), &[][..]),
            Repr::Wide(units) => ("", &units[..]),
        };
        text.encode_utf16().chain(units.iter().copied())
    }

    /// The number of code units: JavaScript's `length`.
    pub fn len_utf16(&self) -> usize {
        match &self.0 {
            Repr::Utf8(text) if text.is_ascii() => text.len(),
            Repr::Utf8(text) => text.encode_utf16().count(),
            Repr::Wide(units) => units.len(),
        }
    }

    /// Whether there are no code units.
    pub fn is_empty(&self) -> bool {
        self.as_str() == Some("")
    }

    /// The text, with U+FFFD for surrogates that stand alone.
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        match &self.0 {
            Repr::Utf8(text) => Cow::Borrowed(text),
            Repr::Wide(units) => Cow::Owned(String::from_utf16_lossy(units)),
        }
    }
}

impl Default for JsString {
    fn default() -> Self {
        Self(Repr::Utf8(String::new()))
    }
}

impl From<&str> for JsString {
    fn from(text: &str) -> Self {
        Self(Repr::Utf8(text.to_owned()))
    }
}

impl From<String> for JsString {
    fn from(text: String) -> Self {
        Self(Repr::Utf8(text))
    }
}

impl PartialEq for JsString {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Utf8(a), Repr::Utf8(b)) => a == b,
            (Repr::Wide(a), Repr::Wide(b)) => a == b,
            // One has a lone surrogate and the other has none.
            _ => false,
        }
    }
}

impl Eq for JsString {}

impl PartialEq<str> for JsString {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<&str> for JsString {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == Some(*other)
    }
}

impl Ord for JsString {
    fn cmp(&self, other: &Self) -> Ordering {
        self.encode_utf16().cmp(other.encode_utf16())
    }
}

impl PartialOrd for JsString {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for JsString {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Repr::Utf8(text) => text.hash(state),
            Repr::Wide(units) => units.hash(state),
        }
    }
}

impl fmt::Debug for JsString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Utf8(text) => text.fmt(f),
            Repr::Wide(units) => {
                f.write_str("\"")?;
                for unit in char::decode_utf16(units.iter().copied()) {
                    match unit {
                        Ok(c) => write!(f, "{}", c.escape_debug())?,
                        Err(lone) => write!(f, "\\u{{{:x}}}", lone.unpaired_surrogate())?,
                    }
                }
                f.write_str("\"")
            }
        }
    }
}

/// As [`to_string_lossy`](JsString::to_string_lossy).
impl fmt::Display for JsString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_string_lossy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrogates_may_stand_alone() {
        let lone = JsString::from_utf16(&[0x61, 0xd800]);
        assert_eq!(lone.as_str(), None);
        assert_eq!(lone.len_utf16(), 2);
        assert_eq!(lone.to_string_lossy(), "a\u{fffd}");
        assert_eq!(format!("{lone:?}"), "\"a\\u{d800}\"");
        assert_eq!(JsString::from_utf16(&[0xd83d, 0xde00]), "😀");
        assert_eq!(JsString::from("😀").len_utf16(), 2);
    }

    #[test]
    fn order_is_by_code_units() {
        // U+FF01 is before U+1F600 as a scalar value, and after it by code units.
        assert!(JsString::from("\u{ff01}") > JsString::from("\u{1f600}"));
    }
}
