//! `JSON.parse`.

use std::fmt;

use crate::graph::{Graph, Value};
use crate::object::{Kind, Object, Properties};
use crate::string::JsString;

/// What [`parse`] refuses although `JSON.parse` would not. No limit unless said so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParseLimits {
    /// How deep containers may be nested.
    pub max_depth: Option<usize>,
}

/// Why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// It breaks the grammar.
    Syntax {
        /// Offset of the first byte that cannot stand where it does; the length of the text if it ends too early.
        position: usize,
        /// What is wrong.
        message: String,
    },
    /// It is nested deeper than [`ParseLimits::max_depth`].
    TooDeep {
        /// The limit.
        limit: usize,
    },
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { position, message } => {
                write!(f, "{message} in JSON at position {position}")
            }
            Self::TooDeep { limit } => write!(f, "nested deeper than the limit of {limit}"),
        }
    }
}

impl std::error::Error for ParseError {}

/// Reads a text as `JSON.parse` does, to any depth.
///
/// # Errors
///
/// Where the text is no JSON by ECMA-404, or a limit is exceeded.
pub fn parse(text: &str, limits: &ParseLimits) -> Result<Graph, ParseError> {
    Parser { text, bytes: text.as_bytes(), at: 0, graph: Graph::default(), limits }.run()
}

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    graph: Graph,
    limits: &'t ParseLimits,
}

/// A container whose end has not been read.
enum Open {
    Array(Vec<Option<Value>>),
    Object { entries: Vec<(JsString, Value)>, key: JsString },
}

impl Parser<'_> {
    fn run(mut self) -> Result<Graph, ParseError> {
        let mut stack: Vec<Open> = Vec::new();
        'value: loop {
            // A value starts here.
            self.skip_space();
            let mut value = match self.peek() {
                Some(b'{') => {
                    self.at += 1;
                    self.check_depth(stack.len())?;
                    self.skip_space();
                    if self.peek() == Some(b'}') {
                        self.at += 1;
                        Value::Object(self.graph.add(Object::new(Kind::Plain)))
                    } else {
                        let key = self.key()?;
                        stack.push(Open::Object { entries: Vec::new(), key });
                        continue 'value;
                    }
                }
                Some(b'[') => {
                    self.at += 1;
                    self.check_depth(stack.len())?;
                    self.skip_space();
                    if self.peek() == Some(b']') {
                        self.at += 1;
                        Value::Object(self.graph.add(Object::new(Kind::Array(Vec::new()))))
                    } else {
                        stack.push(Open::Array(Vec::new()));
                        continue 'value;
                    }
                }
                Some(b'"') => Value::String(self.string()?),
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.word("true", Value::Bool(true))?,
                Some(b'f') => self.word("false", Value::Bool(false))?,
                Some(b'n') => self.word("null", Value::Null)?,
                Some(_) => return self.unexpected("unexpected token"),
                None => return self.unexpected("unexpected end"),
            };
            // It ends here, and with it perhaps what holds it.
            loop {
                self.skip_space();
                match stack.last_mut() {
                    None => {
                        if self.at < self.bytes.len() {
                            return self.unexpected("unexpected token after the value");
                        }
                        self.graph.set_root(value);
                        return Ok(self.graph);
                    }
                    Some(Open::Array(items)) => {
                        items.push(Some(value));
                        match self.bytes.get(self.at) {
                            Some(b',') => {
                                self.at += 1;
                                continue 'value;
                            }
                            Some(b']') => self.at += 1,
                            _ => return self.unexpected("expected ',' or ']'"),
                        }
                    }
                    Some(Open::Object { entries, key }) => {
                        entries.push((std::mem::take(key), value));
                        match self.bytes.get(self.at) {
                            Some(b',') => {
                                self.at += 1;
                                self.skip_space();
                                let next = self.key()?;
                                if let Some(Open::Object { key, .. }) = stack.last_mut() {
                                    *key = next;
                                }
                                continue 'value;
                            }
                            Some(b'}') => self.at += 1,
                            _ => return self.unexpected("expected ',' or '}'"),
                        }
                    }
                }
                let object = match stack.pop() {
                    Some(Open::Array(items)) => Object::new(Kind::Array(items)),
                    Some(Open::Object { entries, .. }) => {
                        let mut object = Object::new(Kind::Plain);
                        object.properties = Properties::from_unordered(entries);
                        object
                    }
                    None => Object::new(Kind::Plain),
                };
                value = Value::Object(self.graph.add(object));
            }
        }
    }

    fn check_depth(&self, open: usize) -> Result<(), ParseError> {
        match self.limits.max_depth {
            Some(limit) if open >= limit => Err(ParseError::TooDeep { limit }),
            _ => Ok(()),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn unexpected<T>(&self, message: &str) -> Result<T, ParseError> {
        Err(ParseError::Syntax { position: self.at, message: message.to_owned() })
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, ParseError> {
        for expected in word.bytes() {
            if self.peek() != Some(expected) {
                return self.unexpected("unexpected token");
            }
            self.at += 1;
        }
        Ok(value)
    }

    /// A key and the colon after it.
    fn key(&mut self) -> Result<JsString, ParseError> {
        if self.peek() != Some(b'"') {
            return self.unexpected("expected a property name");
        }
        let key = self.string()?;
        self.skip_space();
        if self.peek() != Some(b':') {
            return self.unexpected("expected ':' after a property name");
        }
        self.at += 1;
        Ok(key)
    }

    fn number(&mut self) -> Result<Value, ParseError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return self.unexpected("expected a digit"),
        }
        // Short integers need no general reading.
        if self.at - start <= 15 && !matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            let text = &self.bytes[start..self.at];
            let (negative, digits) = match text {
                [b'-', digits @ ..] => (true, digits),
                digits => (false, digits),
            };
            let integer =
                digits.iter().fold(0_u64, |n, digit| n * 10 + u64::from(digit - b'0')) as f64;
            return Ok(Value::Number(if negative { -integer } else { integer }));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.some_digits()?;
        }
        // The grammar of Rust's reader contains this one; too large reads as infinity.
        match self.text[start..self.at].parse() {
            Ok(number) => Ok(Value::Number(number)),
            Err(_) => self.unexpected("expected a number"),
        }
    }

    fn digits(&mut self) {
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Result<(), ParseError> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return self.unexpected("expected a digit");
        }
        self.digits();
        Ok(())
    }

    /// A string, from its opening quote on.
    fn string(&mut self) -> Result<JsString, ParseError> {
        self.at += 1;
        let mut part = self.at;
        let end = self.plain_end();
        self.at = end;
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(self.text[part..end].into());
        }
        // There are escapes: text as long as no surrogate stands alone, code units from then on.
        let mut text = String::new();
        let mut wide: Option<Vec<u16>> = None;
        loop {
            let plain = &self.text[part..self.at];
            match &mut wide {
                None => text.push_str(plain),
                Some(units) => units.extend(plain.encode_utf16()),
            }
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(
                        wide.map_or_else(|| text.into(), |units| JsString::from_utf16(&units))
                    );
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape(&mut text, &mut wide)?;
                }
                Some(_) => return self.unexpected("control character in a string"),
                None => return self.unexpected("unterminated string"),
            }
            part = self.at;
            self.at = self.plain_end();
        }
    }

    /// Where the text that stands for itself ends: at a quote, a backslash, a control character, or the end.
    fn plain_end(&self) -> usize {
        let rest = &self.bytes[self.at..];
        let special = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
        let control = rest[..special].iter().position(|byte| *byte < 0x20);
        self.at + control.unwrap_or(special)
    }

    fn escape(&mut self, text: &mut String, wide: &mut Option<Vec<u16>>) -> Result<(), ParseError> {
        let c = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                let first = self.hex()?;
                return self.unit(first, text, wide);
            }
            Some(_) => return self.unexpected("bad escape"),
            None => return self.unexpected("unterminated string"),
        };
        self.at += 1;
        match wide {
            None => text.push(c),
            Some(units) => units.push(c as u16),
        }
        Ok(())
    }

    /// A code unit from an escape, with the one after it where both make a pair.
    fn unit(
        &mut self,
        first: u16,
        text: &mut String,
        wide: &mut Option<Vec<u16>>,
    ) -> Result<(), ParseError> {
        if let Some(units) = wide {
            units.push(first);
            return Ok(());
        }
        if let Some(c) = char::from_u32(u32::from(first)) {
            text.push(c);
            return Ok(());
        }
        if (0xd800..0xdc00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u") {
            let before = self.at;
            self.at += 2;
            let second = self.hex()?;
            if let Some(Ok(c)) = char::decode_utf16([first, second]).next() {
                text.push(c);
                return Ok(());
            }
            self.at = before;
        }
        let units = wide.insert(std::mem::take(text).encode_utf16().collect());
        units.push(first);
        Ok(())
    }

    fn hex(&mut self) -> Result<u16, ParseError> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = match self.peek() {
                Some(byte @ b'0'..=b'9') => byte - b'0',
                Some(byte @ b'a'..=b'f') => byte - b'a' + 10,
                Some(byte @ b'A'..=b'F') => byte - b'A' + 10,
                Some(_) => return self.unexpected("bad escape"),
                None => return self.unexpected("unterminated string"),
            };
            unit = unit << 4 | u16::from(digit);
            self.at += 1;
        }
        Ok(unit)
    }
}
