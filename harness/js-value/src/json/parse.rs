//! `JSON.parse` with a stack of its own.

use super::text::plain_length;
use super::{ParseError, ParseLimits};
use crate::{Graph, JsString, Kind, Object, Properties, Property, PropertyKey, Value};

/// Reads a text exactly as `JSON.parse` does.
///
/// # Errors
///
/// When `JSON.parse` would throw, or the text is deeper than the limits allow.
pub fn parse(text: &str, limits: &ParseLimits) -> Result<Graph, ParseError> {
    let parser = Parser {
        text,
        bytes: text.as_bytes(),
        at: 0,
        graph: Graph::default(),
        frames: Vec::new(),
        elements: Vec::new(),
        members: Vec::new(),
        max_depth: limits.max_depth.unwrap_or(usize::MAX),
    };
    parser.run()
}

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    /// How far the text is read.
    at: usize,
    graph: Graph,
    /// The arrays and objects that are open, outermost first.
    frames: Vec<Frame>,
    /// Elements of all open arrays, those of the innermost last.
    elements: Vec<Option<Value>>,
    /// Members of all open objects, likewise. One whose value is not read yet has `undefined`.
    members: Vec<(PropertyKey, Property)>,
    max_depth: usize,
}

/// An open array or object, with the place of its first element or member.
#[derive(Clone, Copy)]
enum Frame {
    Array(usize),
    Object(usize),
}

impl<'t> Parser<'t> {
    fn run(mut self) -> Result<Graph, ParseError> {
        self.skip_space();
        loop {
            let Some(value) = self.value()? else { continue };
            if let Some(root) = self.attach(value)? {
                self.skip_space();
                if self.at < self.bytes.len() {
                    return Err(self.error("expected the end of the text"));
                }
                self.graph.set_root(root);
                return Ok(self.graph);
            }
        }
    }

    /// Reads a value; `None` if that is the beginning of an array or object with something in it,
    /// up to the first value.
    fn value(&mut self) -> Result<Option<Value>, ParseError> {
        Ok(Some(match self.peek() {
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => Value::Number(self.number()?),
            Some(b'{') => {
                self.open(Frame::Object(self.members.len()))?;
                if self.peek() != Some(b'}') {
                    self.key()?;
                    return Ok(None);
                }
                self.at += 1;
                self.frames.pop();
                Value::Object(self.graph.add(Object::new(Kind::Plain)))
            }
            Some(b'[') => {
                self.open(Frame::Array(self.elements.len()))?;
                if self.peek() != Some(b']') {
                    return Ok(None);
                }
                self.at += 1;
                self.frames.pop();
                Value::Object(self.graph.add(Object::new(Kind::Array(Vec::new()))))
            }
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            _ => return Err(self.error("expected a value")),
        }))
    }

    /// Puts a value in its place and closes what ends after it. Returns the outermost value, or
    /// `None` up to the next value.
    fn attach(&mut self, mut value: Value) -> Result<Option<Value>, ParseError> {
        loop {
            let Some(&frame) = self.frames.last() else { return Ok(Some(value)) };
            self.skip_space();
            match frame {
                Frame::Array(start) => {
                    self.elements.push(Some(value));
                    match self.peek() {
                        Some(b',') => {
                            self.at += 1;
                            self.skip_space();
                            return Ok(None);
                        }
                        Some(b']') => {
                            let elements = self.elements.drain(start..).collect();
                            value = self.close(Object::new(Kind::Array(elements)));
                        }
                        _ => return Err(self.error("expected ',' or ']'")),
                    }
                }
                Frame::Object(start) => {
                    if let Some((_, property)) = self.members.last_mut() {
                        *property = Property::data(value);
                    }
                    match self.peek() {
                        Some(b',') => {
                            self.at += 1;
                            self.skip_space();
                            self.key()?;
                            return Ok(None);
                        }
                        Some(b'}') => {
                            let mut object = Object::new(Kind::Plain);
                            object.properties =
                                Properties::from_entries(self.members.drain(start..));
                            value = self.close(object);
                        }
                        _ => return Err(self.error("expected ',' or '}'")),
                    }
                }
            }
        }
    }

    fn open(&mut self, frame: Frame) -> Result<(), ParseError> {
        if self.frames.len() >= self.max_depth {
            return Err(ParseError::TooDeep { limit: self.max_depth });
        }
        self.frames.push(frame);
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    fn close(&mut self, object: Object) -> Value {
        self.at += 1;
        self.frames.pop();
        Value::Object(self.graph.add(object))
    }

    /// Reads a key with its colon, up to the value.
    fn key(&mut self) -> Result<(), ParseError> {
        if self.peek() != Some(b'"') {
            return Err(self.error("expected a string as key"));
        }
        let key = PropertyKey::String(self.string()?);
        self.members.push((key, Property::data(Value::Undefined)));
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.error("expected ':'"));
        }
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, ParseError> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.error("expected a value"));
        }
        self.at += word.len();
        Ok(value)
    }

    /// Reads a string from its opening quote.
    fn string(&mut self) -> Result<JsString, ParseError> {
        self.at += 1;
        let plain = self.plain();
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(JsString::from(plain));
        }
        let mut text = StringBuilder::Utf8(plain.to_owned());
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text.finish());
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape(&mut text)?;
                }
                Some(_) => return Err(self.error("unexpected control character in a string")),
                None => return Err(self.error("unterminated string")),
            }
            text.push_str(self.plain());
        }
    }

    /// Reads characters that stand for themselves.
    fn plain(&mut self) -> &'t str {
        let start = self.at;
        self.at += plain_length(&self.bytes[start..]);
        // Quotes, backslashes and control characters are whole characters.
        &self.text[start..self.at]
    }

    /// Reads an escape sequence past its backslash.
    fn escape(&mut self, text: &mut StringBuilder) -> Result<(), ParseError> {
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
                text.push_unit(unit, || self.low_surrogate());
                return Ok(());
            }
            _ => return Err(self.error("bad escape sequence")),
        };
        self.at += 1;
        text.push(character);
        Ok(())
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

    fn number(&mut self) -> Result<f64, ParseError> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        self.at += usize::from(negative);
        let mut digits = match self.peek() {
            Some(b'0') => {
                self.at += 1;
                if let Some(b'0'..=b'9') = self.peek() {
                    return Err(self.error("unexpected digit after a leading zero"));
                }
                Digits::default()
            }
            _ => self.digits(Digits::default())?,
        };
        let integer_end = self.at;
        let mut simple = true;
        if self.peek() == Some(b'.') {
            self.at += 1;
            digits = self.digits(digits)?;
        }
        let fraction = (self.at - integer_end).saturating_sub(1);
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits(Digits::default())?;
            simple = false;
        }
        // Both operands are exact, so the quotient is the nearest double.
        let size = match POWERS_OF_TEN.get(fraction) {
            Some(power) if simple && digits.count <= 15 => digits.value as f64 / power,
            _ => return Ok(self.text[start..self.at].parse().expect("JSON numbers are Rust's")),
        };
        Ok(if negative { -size } else { size })
    }

    /// Reads at least one digit.
    fn digits(&mut self, mut digits: Digits) -> Result<Digits, ParseError> {
        let start = self.at;
        while let Some(byte @ b'0'..=b'9') = self.peek() {
            digits.value = digits.value.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
            self.at += 1;
        }
        if self.at == start {
            return Err(self.error("expected a digit"));
        }
        digits.count += self.at - start;
        Ok(digits)
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[cold]
    fn error(&self, message: &str) -> ParseError {
        let message = if self.at == self.bytes.len() {
            format!("unexpected end of the text: {message}")
        } else {
            message.to_owned()
        };
        ParseError::Syntax { position: self.at, message }
    }
}

/// Digits read as an integer, right if there are no more than 19.
#[derive(Clone, Copy, Default)]
struct Digits {
    value: u64,
    count: usize,
}

/// Those that are doubles.
const POWERS_OF_TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// A string with escapes, as far as it is read.
enum StringBuilder {
    Utf8(String),
    /// Once there was a lone surrogate.
    Wide(Vec<u16>),
}

impl StringBuilder {
    fn push_str(&mut self, text: &str) {
        match self {
            Self::Utf8(utf8) => utf8.push_str(text),
            Self::Wide(units) => units.extend(text.encode_utf16()),
        }
    }

    fn push(&mut self, character: char) {
        self.push_str(character.encode_utf8(&mut [0; 4]));
    }

    /// Adds an escaped code unit, with the other half of its pair if there is one.
    fn push_unit(&mut self, unit: u16, low: impl FnOnce() -> Option<u16>) {
        let low = if let 0xd800..=0xdbff = unit { low() } else { None };
        let units = [unit, low.unwrap_or(0)];
        let units = &units[..1 + usize::from(low.is_some())];
        match (char::decode_utf16(units.iter().copied()).next(), &mut *self) {
            (Some(Ok(character)), _) => self.push(character),
            (_, Self::Wide(wide)) => wide.push(unit),
            (_, Self::Utf8(text)) => {
                let mut wide: Vec<u16> = text.encode_utf16().collect();
                wide.push(unit);
                *self = Self::Wide(wide);
            }
        }
    }

    fn finish(self) -> JsString {
        match self {
            Self::Utf8(text) => JsString::from(text),
            Self::Wide(units) => JsString::from_utf16(&units),
        }
    }
}
