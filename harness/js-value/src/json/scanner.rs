//! The smallest pieces of a JSON text: space, words, strings and numbers.

use std::borrow::Cow;
use std::ops::Range;

use super::ParseError;
use super::text::plain_length;
use crate::string::Text;

/// A place in a text.
pub(super) struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// All of these stand for themselves in a string.
    plain: Range<usize>,
}

/// A number that was read.
#[derive(Clone, Copy)]
pub(crate) enum Number {
    /// Written with at most 19 digits and no fraction or exponent.
    Integer { negative: bool, magnitude: u64 },
    /// Any other, as the nearest double.
    Double(f64),
}

impl<'t> Scanner<'t> {
    /// With a stretch of the text that is known to be plain: see
    /// [`parse_with_plain`](super::parse_with_plain).
    pub(super) fn new(text: &'t str, plain: Range<usize>) -> Self {
        let end = plain.end.min(text.len());
        let plain = plain.start.min(end)..end;
        Self { text, bytes: text.as_bytes(), at: 0, plain }
    }

    /// How many bytes are read.
    #[cfg(feature = "serde")]
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The next byte; `None` at the end of the text.
    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Reads a byte that was peeked at and is a whole character.
    #[inline]
    pub(super) fn bump(&mut self) {
        self.at += 1;
    }

    #[inline]
    pub(super) fn skip_space(&mut self) {
        if let Some(..=b' ') = self.peek() {
            self.skip_more_space();
        }
    }

    #[cold]
    fn skip_more_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Reads the space at the end of the text.
    pub(super) fn end(&mut self) -> Result<(), ParseError> {
        self.skip_space();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.error("expected the end of the text")),
        }
    }

    /// Reads `true`, `false` or `null`.
    pub(super) fn word(&mut self, word: &str) -> Result<(), ParseError> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.error("expected a value"));
        }
        self.at += word.len();
        Ok(())
    }

    /// Reads the colon after a key and the space around it.
    #[inline]
    pub(super) fn colon(&mut self) -> Result<(), ParseError> {
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.error("expected ':'"));
        }
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    /// Reads a string from its opening quote, if all its characters stand for themselves; otherwise
    /// nothing.
    #[inline(always)]
    pub(super) fn plain_string(&mut self) -> Option<&'t str> {
        let start = self.at + 1;
        let end = start + self.plain_length(start)?;
        if self.bytes.get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        self.text.get(start..end)
    }

    /// Reads a string from its opening quote.
    #[cfg(feature = "serde")]
    #[inline]
    pub(super) fn string(&mut self) -> Result<Text<'t>, ParseError> {
        match self.plain_string() {
            Some(plain) => Ok(Text::Utf8(Cow::Borrowed(plain))),
            None => self.escaped_string(),
        }
    }

    /// The same for a string that is not plain.
    #[inline(never)]
    pub(super) fn escaped_string(&mut self) -> Result<Text<'t>, ParseError> {
        self.at += 1;
        let mut text = Text::Utf8(Cow::Owned(self.plain().to_owned()));
        self.rest_of_string(|piece| text.push(piece))?;
        Ok(text)
    }

    /// Reads a string from its opening quote, for nobody.
    #[cfg(feature = "serde")]
    pub(super) fn skip_string(&mut self) -> Result<(), ParseError> {
        self.at += 1;
        self.plain();
        self.rest_of_string(|_| {})
    }

    /// Reads a string from the first character that does not stand for itself.
    fn rest_of_string(&mut self, mut each: impl FnMut(Piece<'_>)) -> Result<(), ParseError> {
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.at += 1;
                    each(self.escape()?);
                }
                Some(_) => return Err(self.error("unexpected control character in a string")),
                None => return Err(self.error("unterminated string")),
            }
            let plain = self.plain();
            if !plain.is_empty() {
                each(Piece::Plain(plain));
            }
        }
    }

    /// Reads characters that stand for themselves.
    #[inline]
    fn plain(&mut self) -> &'t str {
        let start = self.at;
        self.at += self.plain_length(start).unwrap_or_default();
        // Quotes, backslashes and control characters are whole characters.
        &self.text[start..self.at]
    }

    /// How many characters from a place on stand for themselves, in bytes.
    #[inline(always)]
    fn plain_length(&self, start: usize) -> Option<usize> {
        if start < self.plain.end {
            return Some(self.plain_length_past_known(start));
        }
        self.bytes.get(start..).map(plain_length)
    }

    #[cold]
    fn plain_length_past_known(&self, start: usize) -> usize {
        let known = self.plain.start.max(start);
        let before = plain_length(&self.bytes[start..known]);
        if start + before < known {
            return before;
        }
        self.plain.end + plain_length(&self.bytes[self.plain.end..]) - start
    }

    /// Reads an escape sequence past its backslash.
    fn escape(&mut self) -> Result<Piece<'static>, ParseError> {
        let character = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                let unit = self.hex()?;
                let low = if let 0xd800..=0xdbff = unit { self.low_surrogate() } else { None };
                let units = [Some(unit), low].into_iter().flatten();
                return Ok(match char::decode_utf16(units).next() {
                    Some(Ok(character)) => Piece::Escaped(character),
                    _ => Piece::Lone(unit),
                });
            }
            _ => return Err(self.error("bad escape sequence")),
        };
        self.at += 1;
        Ok(Piece::Escaped(character))
    }

    /// Reads the escape of a low surrogate, if one follows.
    fn low_surrogate(&mut self) -> Option<u16> {
        let before = self.at;
        if self.bytes[before..].starts_with(b"\\u") {
            self.at += 2;
            if let Ok(unit @ 0xdc00..=0xdfff) = self.hex() {
                return Some(unit);
            }
        }
        self.at = before;
        None
    }

    /// Reads four hexadecimal digits.
    fn hex(&mut self) -> Result<u16, ParseError> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else { return Err(self.error("bad escape sequence")) };
            unit = unit << 4 | digit as u16;
            self.at += 1;
        }
        Ok(unit)
    }

    /// Reads a number from its sign or first digit.
    #[inline]
    pub(super) fn number(&mut self) -> Result<Number, ParseError> {
        match self.integer() {
            Some((negative, magnitude)) => Ok(Number::Integer { negative, magnitude }),
            None => self.unusual_number(),
        }
    }

    /// Reads a number from its sign or first digit, if it is all digits and not too many, as most
    /// are; otherwise nothing.
    #[inline]
    pub(super) fn integer(&mut self) -> Option<(bool, u64)> {
        let rest = self.bytes.get(self.at..)?;
        let negative = rest.first() == Some(&b'-');
        let rest = &rest[usize::from(negative)..];
        let mut integer = Digits::default();
        let length = integer.read(rest);
        let usual = if rest.first() == Some(&b'0') { 1..=1 } else { 1..=MAX_DIGITS };
        if !usual.contains(&length) || matches!(rest.get(length), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        self.at += usize::from(negative) + length;
        Some((negative, integer.value))
    }

    /// Reads a number with a fraction, an exponent or many digits, or one that is none.
    #[inline(never)]
    pub(super) fn unusual_number(&mut self) -> Result<Number, ParseError> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        self.at += usize::from(negative);
        let first = self.at;
        let mut digits = Digits::default();
        self.digits(&mut digits)?;
        let integer = digits.count;
        if self.bytes[first] == b'0' && integer > 1 {
            self.at = first + 1;
            return Err(self.error("unexpected digit after a leading zero"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits(&mut digits)?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits(&mut Digits::default())?;
            return Ok(self.nearest(start));
        }
        // Both operands are exact, so the quotient is the nearest double.
        let size = match POWERS_OF_TEN.get(digits.count - integer) {
            Some(power) if digits.count <= 15 => digits.value as f64 / power,
            _ => return Ok(self.nearest(start)),
        };
        Ok(Number::Double(if negative { -size } else { size }))
    }

    /// The number that is written from here up to the place reached.
    fn nearest(&self, start: usize) -> Number {
        let number = &self.text[start..self.at];
        Number::Double(number.parse().expect("JSON numbers are Rust's"))
    }

    /// Reads at least one digit, after those that were read before.
    fn digits(&mut self, digits: &mut Digits) -> Result<(), ParseError> {
        let count = digits.read(&self.bytes[self.at..]);
        self.at += count;
        if count == 0 { Err(self.error("expected a digit")) } else { Ok(()) }
    }

    /// What is wrong at the place reached.
    #[cold]
    pub(super) fn error(&self, message: &str) -> ParseError {
        let message = if self.at == self.bytes.len() {
            format!("unexpected end of the text: {message}")
        } else {
            message.to_owned()
        };
        ParseError::Syntax { position: self.at, message }
    }
}

impl Text<'_> {
    fn push(&mut self, piece: Piece<'_>) {
        match (&mut *self, piece) {
            (Self::Utf8(text), Piece::Plain(plain)) => text.to_mut().push_str(plain),
            (Self::Utf8(text), Piece::Escaped(character)) => text.to_mut().push(character),
            (Self::Utf8(text), Piece::Lone(unit)) => {
                let mut units: Vec<u16> = text.encode_utf16().collect();
                units.push(unit);
                *self = Self::Wide(units);
            }
            (Self::Wide(units), Piece::Plain(plain)) => units.extend(plain.encode_utf16()),
            (Self::Wide(units), Piece::Escaped(character)) => {
                units.extend_from_slice(character.encode_utf16(&mut [0; 2]));
            }
            (Self::Wide(units), Piece::Lone(unit)) => units.push(unit),
        }
    }
}

impl Number {
    /// The number as JavaScript has it.
    #[inline]
    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Self::Integer { negative: false, magnitude } => magnitude as f64,
            Self::Integer { negative: true, magnitude } => -(magnitude as f64),
            Self::Double(n) => n,
        }
    }
}

/// Part of a string.
enum Piece<'a> {
    Plain(&'a str),
    Escaped(char),
    /// A surrogate whose other half does not follow.
    Lone(u16),
}

/// Digits read as an integer, right if there are no more than [`MAX_DIGITS`].
#[derive(Clone, Copy, Default)]
struct Digits {
    value: u64,
    count: usize,
}

impl Digits {
    /// Adds those at the beginning of a text. Returns how many these are.
    #[inline]
    fn read(&mut self, text: &[u8]) -> usize {
        let before = self.count;
        for byte in text {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            self.value = self.value.wrapping_mul(10).wrapping_add(u64::from(digit));
            self.count += 1;
        }
        self.count - before
    }
}

/// As many fit into 64 bits, whatever they are.
const MAX_DIGITS: usize = 19;

/// Those that are doubles.
const POWERS_OF_TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];
