//! `JSON.parse`.

use smallvec::SmallVec;

use super::scanner::{Number, Scanner};
use super::walk::{Container, Depth, Parts, walk};
use super::{ParseError, ParseLimits};
use crate::{Graph, Kind, Object, Properties, PropertyKey, Value};

/// Reads a text exactly as `JSON.parse` does.
///
/// # Errors
///
/// When `JSON.parse` would throw, or the text is deeper than the limits allow.
pub fn parse(text: &str, limits: &ParseLimits) -> Result<Graph, ParseError> {
    let mut scanner = Scanner::new(text);
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
    /// The arrays and objects that are open, outermost first.
    frames: SmallVec<[Frame; 8]>,
    /// Elements of all open arrays, those of the innermost last.
    elements: SmallVec<[Option<Value>; 16]>,
    /// Members of all open objects, likewise. One whose value is not read yet has `undefined`.
    members: SmallVec<[(PropertyKey, Value); 16]>,
}

/// An open array or object, with the place of its first element or member.
#[derive(Clone, Copy)]
enum Frame {
    Array(usize),
    Object(usize),
}

impl Builder {
    /// Puts a value in its place.
    #[inline]
    fn attach(&mut self, value: Value) {
        match self.frames.last() {
            Some(Frame::Array(_)) => self.elements.push(Some(value)),
            Some(Frame::Object(_)) => {
                if let Some((_, place)) = self.members.last_mut() {
                    *place = value;
                }
            }
            None => self.graph.set_root(value),
        }
    }
}

impl<'t> Parts<'t> for Builder {
    #[inline]
    fn string(&mut self, scanner: &mut Scanner<'t>) -> Result<(), ParseError> {
        let text = scanner.string()?;
        self.attach(Value::String(text.into()));
        Ok(())
    }

    #[inline]
    fn key(&mut self, scanner: &mut Scanner<'t>) -> Result<(), ParseError> {
        let key = PropertyKey::String(scanner.string()?.into());
        self.members.push((key, Value::Undefined));
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
        self.frames.push(match container {
            Container::Array => Frame::Array(self.elements.len()),
            Container::Object => Frame::Object(self.members.len()),
        });
    }

    fn close(&mut self, _: Container) {
        let object = match self.frames.pop() {
            Some(Frame::Array(start)) => {
                Object::new(Kind::Array(self.elements.drain(start..).collect()))
            }
            Some(Frame::Object(start)) => {
                let mut object = Object::new(Kind::Plain);
                object.properties = Properties::from_data(self.members.drain(start..));
                object
            }
            None => return,
        };
        let value = Value::Object(self.graph.add(object));
        self.attach(value);
    }
}
