//! A value of a JSON text, whatever it holds, read with a stack of its own.

use super::ParseError;
use super::scanner::{Number, Scanner};

/// What becomes of the parts of a value.
pub(super) trait Parts<'t> {
    /// Reads a string that is a value, from its opening quote.
    fn string(&mut self, scanner: &mut Scanner<'t>) -> Result<(), ParseError>;
    /// Reads a key, likewise.
    fn key(&mut self, scanner: &mut Scanner<'t>) -> Result<(), ParseError>;
    fn number(&mut self, number: Number);
    fn bool(&mut self, value: bool);
    fn null(&mut self);
    fn open(&mut self, container: Container);
    fn close(&mut self, container: Container);
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Array,
    Object,
}

/// How deep arrays and objects are nested in one another, and how deep they may be.
#[derive(Clone, Copy)]
pub(super) struct Depth {
    pub(super) reached: usize,
    pub(super) limit: usize,
}

impl Depth {
    /// One level more.
    #[inline]
    pub(super) fn enter(&mut self) -> Result<(), ParseError> {
        if self.reached >= self.limit {
            return Err(ParseError::TooDeep { limit: self.limit });
        }
        self.reached += 1;
        Ok(())
    }

    /// One level less.
    #[inline]
    pub(super) fn leave(&mut self) {
        self.reached -= 1;
    }
}

/// Reads a value from its first byte.
pub(super) fn walk<'t>(
    scanner: &mut Scanner<'t>,
    mut depth: Depth,
    parts: &mut impl Parts<'t>,
) -> Result<(), ParseError> {
    let mut open = Open::default();
    loop {
        // A value; with its first byte only, if that opens something that is not empty.
        let opened = match scanner.peek() {
            Some(b'"') => {
                parts.string(scanner)?;
                None
            }
            Some(b'-' | b'0'..=b'9') => {
                parts.number(scanner.number()?);
                None
            }
            Some(b'{') => Some((Container::Object, b'}')),
            Some(b'[') => Some((Container::Array, b']')),
            Some(b't') => {
                scanner.word("true")?;
                parts.bool(true);
                None
            }
            Some(b'f') => {
                scanner.word("false")?;
                parts.bool(false);
                None
            }
            Some(b'n') => {
                scanner.word("null")?;
                parts.null();
                None
            }
            _ => return Err(scanner.error("expected a value")),
        };
        if let Some((container, end)) = opened {
            depth.enter()?;
            scanner.bump();
            scanner.skip_space();
            parts.open(container);
            if scanner.peek() != Some(end) {
                open.push(container);
                if container == Container::Object {
                    key(scanner, parts)?;
                }
                continue;
            }
            scanner.bump();
            depth.leave();
            parts.close(container);
        }
        // What ends after it, up to the next value.
        loop {
            let Some(container) = open.last() else { return Ok(()) };
            scanner.skip_space();
            match (container, scanner.peek()) {
                (Container::Array, Some(b',')) => {
                    scanner.bump();
                    scanner.skip_space();
                    break;
                }
                (Container::Object, Some(b',')) => {
                    scanner.bump();
                    scanner.skip_space();
                    key(scanner, parts)?;
                    break;
                }
                (Container::Array, Some(b']')) | (Container::Object, Some(b'}')) => {
                    scanner.bump();
                    open.pop();
                    depth.leave();
                    parts.close(container);
                }
                (Container::Array, _) => return Err(scanner.error(EXPECTED_ELEMENT)),
                (Container::Object, _) => return Err(scanner.error(EXPECTED_MEMBER)),
            }
        }
    }
}

/// Reads a key with its colon, up to the value.
fn key<'t>(scanner: &mut Scanner<'t>, parts: &mut impl Parts<'t>) -> Result<(), ParseError> {
    if scanner.peek() != Some(b'"') {
        return Err(scanner.error(EXPECTED_KEY));
    }
    parts.key(scanner)?;
    scanner.colon()
}

pub(super) const EXPECTED_KEY: &str = "expected a string as key";
pub(super) const EXPECTED_ELEMENT: &str = "expected ',' or ']'";
pub(super) const EXPECTED_MEMBER: &str = "expected ',' or '}'";

/// The arrays and objects that are open: a bit each, set for objects. The innermost is the lowest
/// bit of `inner`; whole words of outer ones are in `outer`, so that little depth needs no memory.
#[derive(Default)]
struct Open {
    inner: u64,
    depth: usize,
    outer: Vec<u64>,
}

impl Open {
    fn push(&mut self, container: Container) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.inner);
        }
        self.inner = self.inner << 1 | u64::from(container == Container::Object);
        self.depth += 1;
    }

    fn last(&self) -> Option<Container> {
        let container = if self.inner & 1 == 1 { Container::Object } else { Container::Array };
        (self.depth > 0).then_some(container)
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.inner >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.inner = self.outer.pop().unwrap_or_default();
        }
    }
}
