//! Strings as sequences of UTF-16 code units.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use compact_str::CompactString;

/// A JavaScript string: any sequence of UTF-16 code units, lone surrogates included.
///
/// Kept as UTF-8 unless a surrogate is unpaired, up to 24 bytes of it in place. Order and length are those of code units.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct JsString(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Utf8(CompactString),
    /// Has at least one unpaired surrogate, so equal strings have equal representations.
    Wide(Box<[u16]>),
}

impl JsString {
    /// The string of these code units.
    pub fn from_utf16(units: &[u16]) -> Self {
        match String::from_utf16(units) {
            Ok(text) => Self::from(text),
            Err(_) => Self(Repr::Wide(units.into())),
        }
    }

    /// The string as UTF-8; `None` if it has a lone surrogate.
    #[inline]
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Repr::Utf8(text) => Some(text),
            Repr::Wide(_) => None,
        }
    }

    /// The code units of a string that has no UTF-8 form.
    #[inline]
    pub(crate) fn parts(&self) -> Result<&str, &[u16]> {
        match &self.0 {
            Repr::Utf8(text) => Ok(text),
            Repr::Wide(units) => Err(units),
        }
    }

    /// The code units.
    pub fn encode_utf16(&self) -> impl Iterator<Item = u16> + '_ {
        let (text, units) = match &self.0 {
            Repr::Utf8(text) => (text.as_str(), &[][..]),
            Repr::Wide(units) => ("", &**units),
        };
        text.encode_utf16().chain(units.iter().copied())
    }

    /// The code units, all at once.
    pub fn to_utf16(&self) -> Vec<u16> {
        self.encode_utf16().collect()
    }

    /// The number of code units: JavaScript's `length`.
    pub fn len_utf16(&self) -> usize {
        match &self.0 {
            Repr::Utf8(text) if text.is_ascii() => text.len(),
            Repr::Utf8(text) => text.encode_utf16().count(),
            Repr::Wide(units) => units.len(),
        }
    }

    /// Whether it is `""`.
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Repr::Utf8(text) if text.is_empty())
    }

    /// The string as UTF-8, lone surrogates replaced by U+FFFD.
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        match &self.0 {
            Repr::Utf8(text) => Cow::Borrowed(text),
            Repr::Wide(units) => Cow::Owned(String::from_utf16_lossy(units)),
        }
    }

    /// `prefix + this`.
    pub(crate) fn prefixed(&self, prefix: &str) -> Self {
        match &self.0 {
            Repr::Utf8(text) => Self::from(format!("{prefix}{text}")),
            // UTF-8 ends in no high surrogate, so nothing pairs up.
            Repr::Wide(units) => {
                Self(Repr::Wide(prefix.encode_utf16().chain(units.iter().copied()).collect()))
            }
        }
    }

    /// The array index that this is the canonical text of: `"0"` … `"4294967294"`.
    pub(crate) fn array_index(&self) -> Option<u32> {
        match &self.0 {
            Repr::Utf8(text) => array_index(text),
            Repr::Wide(_) => None,
        }
    }
}

/// The array index that a text is the canonical form of.
#[inline]
pub(crate) fn array_index(text: &str) -> Option<u32> {
    match text.as_bytes() {
        [b'0'] => Some(0),
        [b'1'..=b'9', ..] if text.len() <= 10 => text
            .bytes()
            .try_fold(0_u64, |n, b| b.is_ascii_digit().then(|| n * 10 + u64::from(b - b'0')))
            .and_then(|n| u32::try_from(n).ok())
            .filter(|n| *n != u32::MAX),
        _ => None,
    }
}

/// A string that was read.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Text<'t> {
    /// Part of what was read, if that has it in UTF-8.
    Utf8(Cow<'t, str>),
    /// With at least one lone surrogate.
    Wide(Vec<u16>),
}

#[cfg(feature = "serde")]
impl Text<'_> {
    /// The text; `None` if it has a lone surrogate.
    #[inline]
    pub(crate) fn utf8(&self) -> Option<&str> {
        match self {
            Self::Utf8(text) => Some(text),
            Self::Wide(_) => None,
        }
    }
}

impl From<Text<'_>> for JsString {
    #[inline]
    fn from(text: Text<'_>) -> Self {
        match text {
            Text::Utf8(Cow::Borrowed(text)) => Self::from(text),
            Text::Utf8(Cow::Owned(text)) => Self::from(text),
            Text::Wide(units) => Self::from_utf16(&units),
        }
    }
}

impl Default for JsString {
    fn default() -> Self {
        Self::from("")
    }
}

impl From<&str> for JsString {
    #[inline]
    fn from(text: &str) -> Self {
        Self(Repr::Utf8(text.into()))
    }
}

impl From<String> for JsString {
    fn from(text: String) -> Self {
        let mut text = CompactString::from(text);
        text.shrink_to_fit();
        Self(Repr::Utf8(text))
    }
}

impl PartialEq<str> for JsString {
    #[inline]
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
        match (&self.0, &other.0) {
            (Repr::Utf8(a), Repr::Utf8(b)) if a.is_ascii() && b.is_ascii() => a.cmp(b),
            // Code points from U+E000 sort before surrogates in UTF-8 and after them in UTF-16.
            _ => self.encode_utf16().cmp(other.encode_utf16()),
        }
    }
}

impl PartialOrd for JsString {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_only_where_a_surrogate_is_unpaired() {
        let check = |units: &[u16], text: Option<&str>| {
            let string = JsString::from_utf16(units);
            assert_eq!(string.as_str(), text);
            assert_eq!(string.to_utf16(), units);
            assert_eq!(string.len_utf16(), units.len());
        };
        check(&[], Some(""));
        check(&[0x61, 0xe9, 0x20ac], Some("aé€"));
        check(&[0xd83d, 0xde00], Some("😀"));
        check(&[0xd83d], None);
        check(&[0xde00, 0xd83d], None);
        assert_eq!(JsString::from_utf16(&[0xd83d, 0x78]).to_string_lossy(), "\u{fffd}x");
        assert_eq!(format!("{:?}", JsString::from_utf16(&[0xd83d, 0x0a])), r#""\u{d83d}\n""#);
        assert_eq!(
            JsString::from_utf16(&[0xd800]).prefixed("é"),
            JsString::from_utf16(&[0xe9, 0xd800])
        );
        assert_eq!(JsString::from("a"), "a");
        assert!(JsString::default().is_empty());
    }

    #[test]
    fn order_is_by_code_units() {
        let mut strings = [
            JsString::from("\u{ffff}"),
            JsString::from("😀"),
            JsString::from_utf16(&[0xd800]),
            JsString::from("b"),
            JsString::from("a"),
        ];
        strings.sort();
        let order: Vec<Vec<u16>> = strings.iter().map(|s| s.to_utf16()).collect();
        assert!(order.is_sorted(), "{order:x?}");
    }

    #[test]
    fn array_indices_are_canonical() {
        for (text, index) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("10", Some(10)),
            ("4294967294", Some(u32::MAX - 1)),
            ("4294967295", None),
            ("9999999999", None),
            ("10000000000", None),
            ("00", None),
            ("01", None),
            ("-1", None),
            ("+1", None),
            ("1a", None),
            ("1.0", None),
            ("", None),
        ] {
            assert_eq!(JsString::from(text).array_index(), index, "{text}");
        }
    }
}
