//! `JSON.parse`.

use std::ops::Range;

use smallvec::SmallVec;

use super::scanner::{Number, Scanner};
use super::walk::{Container, Depth, Parts, walk};
use super::{ParseError, ParseLimits};
use crate::{Graph, JsString, Kind, Object, Properties, Property, Value};

/// Reads a text exactly as `JSON.parse` does.
///
/// # Errors
///
/// When `JSON.parse` would throw, or the text is deeper than the limits allow.
pub fn parse(text: &str, limits: &ParseLimits) -> Result<Graph, ParseError> {
    parse_with_plain(text, 0..0, limits)
}

/// As [`parse`], with a stretch of the text that has nothing which a string cannot hold as it is.
///
/// Who receives a long text piece by piece can find that out with
/// [`plain_length`](super::plain_length) while a piece is in the processor's cache. A stretch that
/// is not plain makes this read something else than the text says.
///
/// # Errors
///
/// Those of [`parse`].
#[inline]
pub fn parse_with_plain(
    text: &str,
    plain: Range<usize>,
    limits: &ParseLimits,
) -> Result<Graph, ParseError> {
    let mut scanner = Scanner::new(text, plain);
    let depth = Depth { reached: 0, limit: limits.max_depth.unwrap_or(usize::MAX) };
    let mut builder = Builder::default();
    scanner.skip_space();
    walk(&mut scanner, depth, &mut builder)?;
    scanner.end()?;
    Ok(builder.graph)
}

#[derive(Default)]
struct Builder {
    graph: Graph,
    /// What the next value belongs to.
    inner: Frame,
    /// What that is in, outermost first.
    outer: SmallVec<[Frame; 8]>,
}

/// What values are put into.
#[derive(Default)]
enum Frame {
    #[default]
    Root,
    Array(Vec<Option<Value>>),
    /// With the key of the next value, unless that is the value of the last property.
    Object(Properties, Option<JsString>),
}

impl Builder {
    /// Puts a value in its place. In line, so that it is made where it stays.
    #[inline(always)]
    fn attach(&mut self, value: Value) {
        match &mut self.inner {
            Frame::Array(elements) => elements.push(Some(value)),
            Frame::Object(properties, key) => match key.take() {
                None => properties.set_last(value),
                Some(key) => drop(properties.insert(key, Property::data(value))),
            },
            Frame::Root => self.graph.set_root(value),
        }
    }
}

impl<'t> Parts<'t> for Builder {
    #[inline]
    fn string(&mut self, scanner: &mut Scanner<'t>) -> Result<(), ParseError> {
        let string = match scanner.plain_string() {
            Some(plain) => JsString::from(plain),
            None => scanner.escaped_string()?.into(),
        };
        self.attach(Value::String(string));
        Ok(())
    }

    #[inline]
    fn key(&mut self, scanner: &mut Scanner<'t>) -> Result<(), ParseError> {
        let Frame::Object(properties, key) = &mut self.inner else { return Ok(()) };
        *key = match scanner.plain_string() {
            Some(plain) if properties.push_new(plain) => None,
            Some(plain) => Some(plain.into()),
            None => Some(scanner.escaped_string()?.into()),
        };
        Ok(())
    }

    #[inline]
    fn number(&mut self, number: Number) {
        self.attach(Value::Number(number.as_f64()));
    }

    #[inline]
    fn bool(&mut self, value: bool) {
        self.attach(Value::Bool(value));
    }

    #[inline]
    fn null(&mut self) {
        self.attach(Value::Null);
    }

    #[inline]
    fn open(&mut self, container: Container) {
        let frame = match container {
            Container::Array => Frame::Array(Vec::new()),
            Container::Object => Frame::Object(Properties::new(), None),
        };
        self.outer.push(std::mem::replace(&mut self.inner, frame));
    }

    fn close(&mut self, _: Container) {
        let outer = self.outer.pop().unwrap_or_default();
        let object = match std::mem::replace(&mut self.inner, outer) {
            Frame::Array(mut elements) => {
                fit(&mut elements);
                Object::new(Kind::Array(elements))
            }
            Frame::Object(properties, _) => Object { properties, ..Object::new(Kind::Plain) },
            Frame::Root => return,
        };
        let value = Value::Object(self.graph.add(object));
        self.attach(value);
    }
}

/// Gives back room that was not needed, where that is much.
fn fit(elements: &mut Vec<Option<Value>>) {
    if elements.capacity() - elements.len() > 64 {
        elements.shrink_to_fit();
    }
}
