//! Writing with a stack of its own.

use std::slice;

use super::error_object::{Written, class_tag};
use super::lookup::property;
use super::members::{Held, Key, Members};
use super::output::{Output, fits, small_integer};
use super::refusal;
use super::{Dialect, VERSION, WriteOptions, regexp, tag};
use crate::date::clipped;
use crate::json::{Returned, call_getter};
use crate::{Exception, Graph, JsString, Kind, Object, ObjectId, Prototype, Value, ViewClass};

/// Appends the payload of a value of a graph: what Node sends, without the length of the frame. On
/// errors the buffer is as before.
///
/// # Errors
///
/// When Node would throw, which is an Error "… could not be cloned." or that of a getter, or the
/// value is deeper than the options allow.
pub fn write(
    graph: &Graph,
    value: &Value,
    options: &WriteOptions,
    out: &mut Vec<u8>,
) -> Result<(), Exception> {
    let out = Output::new(out);
    let mut writer = Writer { graph, options, out, ids: Vec::new(), count: 0, frames: Vec::new() };
    let written = writer.run(value);
    if written.is_err() {
        writer.out.undo();
    }
    written
}

struct Writer<'g, 'o> {
    graph: &'g Graph,
    options: &'o WriteOptions,
    out: Output<'o>,
    /// One more than the number in the payload of each object of the graph; 0 if it has none yet.
    ids: Vec<u32>,
    /// How many objects have a number.
    count: u32,
    /// What is not written to its end, outermost first.
    frames: Vec<Frame<'g>>,
}

enum Frame<'g> {
    /// The elements of a dense array, then its properties.
    Dense { id: ObjectId, rest: slice::Iter<'g, Option<Value>>, length: u32, doubles: bool },
    /// Properties, with the end of what they belong to.
    Members { id: ObjectId, members: Members<'g>, written: u32, end: u8, length: Option<u32> },
    /// The entries of a Map, after a key its value.
    Map { entries: &'g [(Value, Value)], next: usize },
    /// The values of a Set.
    Set { values: &'g [Value], next: usize },
    /// An error up to its cause, unless that is written.
    Error { cause: Option<&'g Value> },
}

/// What follows in a frame.
enum Next<'g> {
    Value(&'g Value),
    /// A text that a getter made.
    Text(JsString),
    /// Its last part was written.
    End,
    /// Another frame took its place, or it wrote a part itself.
    Again,
}

impl<'g> Writer<'g, '_> {
    fn run(&mut self, value: &'g Value) -> Result<(), Exception> {
        self.out.extend(&[tag::VERSION, VERSION]);
        self.value(value)?;
        while !self.frames.is_empty() {
            match self.next()? {
                Next::Value(value) => self.value(value)?,
                Next::Text(text) => self.out.string(&text)?,
                Next::End => drop(self.frames.pop()),
                Next::Again => {}
            }
        }
        Ok(())
    }

    /// What follows in the innermost frame.
    fn next(&mut self) -> Result<Next<'g>, Exception> {
        let Some(frame) = self.frames.last_mut() else { return Ok(Next::End) };
        match frame {
            Frame::Dense { id, rest, length, doubles } => match rest.next() {
                Some(Some(Value::Number(n))) if *doubles => {
                    let n = *n;
                    self.out.double(tag::DOUBLE, n);
                    Ok(Next::Again)
                }
                Some(element) => Ok(Next::Value(element.as_ref().unwrap_or(&Value::Undefined))),
                None => {
                    *frame = Frame::Members {
                        id: *id,
                        members: Members::named(self.graph.object(*id)),
                        written: 0,
                        end: tag::END_DENSE_ARRAY,
                        length: Some(*length),
                    };
                    Ok(Next::Again)
                }
            },
            Frame::Members { .. } => self.member(),
            Frame::Map { entries, next } => {
                let at = *next;
                *next += 1;
                Ok(match entries.get(at / 2) {
                    Some((key, _)) if at % 2 == 0 => Next::Value(key),
                    Some((_, value)) => Next::Value(value),
                    None => self.end_collection(tag::END_MAP, at)?,
                })
            }
            Frame::Set { values, next } => {
                let at = *next;
                *next += 1;
                Ok(match values.get(at) {
                    Some(value) => Next::Value(value),
                    None => self.end_collection(tag::END_SET, at)?,
                })
            }
            Frame::Error { cause } => Ok(match cause.take() {
                Some(cause) => Next::Value(cause),
                None => {
                    self.out.push(tag::ERROR_END);
                    Next::End
                }
            }),
        }
    }

    /// The next property of the innermost frame, after its key.
    fn member(&mut self) -> Result<Next<'g>, Exception> {
        let Some(Frame::Members { id, members, written, end, length }) = self.frames.last_mut()
        else {
            return Ok(Next::End);
        };
        let Some((key, held)) = members.next() else {
            let (written, end, length) = (*written, *end, *length);
            self.out.push(end);
            self.out.vint(written);
            if let Some(length) = length {
                self.out.vint(length);
            }
            return Ok(Next::End);
        };
        *written += 1;
        let next = match held {
            Held::Value(value) => Next::Value(value),
            Held::Getter(getter) => match call_getter(self.graph, getter, *id)? {
                Returned::Value(value) => Next::Value(value),
                Returned::Text(text) => Next::Text(text),
            },
        };
        match key {
            Key::Index(index) => match i32::try_from(index) {
                Ok(index) => self.out.int32(index),
                Err(_) => self.out.double(tag::DOUBLE, f64::from(index)),
            },
            Key::Name(name) => self.out.string(name)?,
        }
        Ok(next)
    }

    fn end_collection(&mut self, end: u8, written: usize) -> Result<Next<'g>, Exception> {
        let written = fits(written, "Map maximum size exceeded")?;
        self.out.push(end);
        self.out.vint(written);
        Ok(Next::End)
    }

    /// Writes a value; only the beginning of an object that holds others.
    fn value(&mut self, value: &'g Value) -> Result<(), Exception> {
        match value {
            Value::Undefined => self.out.push(tag::UNDEFINED),
            Value::Null => self.out.push(tag::NULL),
            Value::Bool(true) => self.out.push(tag::TRUE),
            Value::Bool(false) => self.out.push(tag::FALSE),
            Value::Number(n) => self.out.number(*n),
            Value::BigInt(n) => {
                self.out.push(tag::BIG_INT);
                self.out.big_int(n)?;
            }
            Value::String(text) => self.out.string(text)?,
            Value::Symbol(symbol) => return Err(refusal::of_symbol(symbol)),
            Value::Object(id) => self.object(*id)?,
        }
        Ok(())
    }

    fn object(&mut self, id: ObjectId) -> Result<(), Exception> {
        if self.ids.is_empty() {
            self.ids.resize(self.graph.len(), 0);
        }
        let number = &mut self.ids[id.index()];
        if *number > 0 {
            let number = *number - 1;
            self.out.push(tag::OBJECT_REFERENCE);
            self.out.vint(number);
            return Ok(());
        }
        self.count += 1;
        *number = self.count;
        let object = self.graph.object(id);
        match &object.kind {
            // Classes of JavaScript code are plain objects to V8.
            Kind::Plain | Kind::Url(_) => {
                self.out.push(tag::BEGIN_OBJECT);
                self.members(id, object, tag::END_OBJECT, None)?;
            }
            Kind::Array(elements) if elements.iter().all(Option::is_some) => {
                let length = fits(elements.len(), "Invalid array length")?;
                self.out.push(tag::BEGIN_DENSE_ARRAY);
                self.out.vint(length);
                let (rest, doubles) = (elements.iter(), need_doubles(elements));
                self.open(Frame::Dense { id, rest, length, doubles })?;
            }
            Kind::Array(elements) => {
                let length = fits(elements.len(), "Invalid array length")?;
                self.sparse_array(id, object, length)?;
            }
            Kind::SparseArray { length } => self.sparse_array(id, object, *length)?,
            Kind::Map(entries) => {
                self.out.push(tag::BEGIN_MAP);
                self.open(Frame::Map { entries, next: 0 })?;
            }
            Kind::Set(values) => {
                self.out.push(tag::BEGIN_SET);
                self.open(Frame::Set { values, next: 0 })?;
            }
            Kind::Date(time) => self.out.double(tag::DATE, clipped(*time)),
            Kind::RegExp { source, flags } => {
                self.out.push(tag::REG_EXP);
                self.out.string(source)?;
                self.out.vint(regexp::flag_bits(flags));
            }
            Kind::Boxed(Value::Bool(true)) => self.out.push(tag::TRUE_OBJECT),
            Kind::Boxed(Value::Bool(false)) => self.out.push(tag::FALSE_OBJECT),
            Kind::Boxed(Value::Number(n)) => self.out.double(tag::NUMBER_OBJECT, *n),
            Kind::Boxed(Value::BigInt(n)) => {
                self.out.push(tag::BIG_INT_OBJECT);
                self.out.big_int(n)?;
            }
            Kind::Boxed(Value::String(text)) => {
                self.out.push(tag::STRING_OBJECT);
                self.out.string(text)?;
            }
            Kind::ArrayBuffer { bytes, max_byte_length, shared: false } => {
                self.array_buffer(bytes, *max_byte_length)?;
            }
            Kind::View { class, bytes } => self.view(id, *class, bytes)?,
            Kind::Error { .. } => self.error(id)?,
            Kind::ArrayBuffer { shared: true, .. }
            | Kind::Boxed(_)
            | Kind::Function(_)
            | Kind::Proxy(_)
            | Kind::Arguments(_)
            | Kind::RawJson(_)
            | Kind::Opaque(_) => return Err(refusal::of_object(self.graph, id)),
        }
        Ok(())
    }

    fn sparse_array(
        &mut self,
        id: ObjectId,
        object: &'g Object,
        length: u32,
    ) -> Result<(), Exception> {
        self.out.push(tag::BEGIN_SPARSE_ARRAY);
        self.out.vint(length);
        self.members(id, object, tag::END_SPARSE_ARRAY, Some(length))
    }

    fn members(
        &mut self,
        id: ObjectId,
        object: &'g Object,
        end: u8,
        length: Option<u32>,
    ) -> Result<(), Exception> {
        let members = Members::new(object);
        self.open(Frame::Members { id, members, written: 0, end, length })
    }

    fn open(&mut self, frame: Frame<'g>) -> Result<(), Exception> {
        match self.options.max_depth {
            Some(limit) if self.frames.len() >= limit => Err(Exception::TooDeep { limit }),
            _ => {
                self.frames.push(frame);
                Ok(())
            }
        }
    }

    fn array_buffer(
        &mut self,
        bytes: &[u8],
        max_byte_length: Option<usize>,
    ) -> Result<(), Exception> {
        let length = fits(bytes.len(), "Array buffer allocation failed")?;
        match max_byte_length {
            None => {
                self.out.push(tag::ARRAY_BUFFER);
                self.out.vint(length);
            }
            Some(maximum) => {
                let maximum = fits(maximum, "Invalid array buffer max length")?;
                self.out.push(tag::RESIZABLE_ARRAY_BUFFER);
                self.out.vint(length);
                self.out.vint(maximum);
            }
        }
        self.out.extend(bytes);
        Ok(())
    }

    fn view(&mut self, id: ObjectId, class: ViewClass, bytes: &[u8]) -> Result<(), Exception> {
        let object = self.graph.object(id);
        // Node takes what has the constructor Buffer for one.
        let constructor = property(self.graph, id, "constructor")?;
        let bare = matches!(object.prototype, Prototype::Null | Prototype::Inherits(_));
        let class = match class {
            ViewClass::Buffer
                if constructor.is_some() || object.prototype != Prototype::Default =>
            {
                ViewClass::Uint8Array
            }
            class => class,
        };
        self.out.push(tag::HOST_OBJECT);
        match self.options.dialect {
            Dialect::Channel => self.out.vint(tag::HOST_VIEW),
            Dialect::V8 if bare => {
                let message = format!("Unserializable host object: {class}");
                return Err(Exception::error(message));
            }
            Dialect::V8 => {}
        }
        let whole = class.element_size().map_or(0, |size| bytes.len() % size);
        let bytes = &bytes[..bytes.len() - whole];
        let length = fits(bytes.len(), "Invalid typed array length")?;
        let index = tag::HOST_VIEWS.iter().position(|other| *other == class).unwrap_or(0);
        self.out.vint(index as u32);
        self.out.vint(length);
        self.out.extend(bytes);
        Ok(())
    }

    fn error(&mut self, id: ObjectId) -> Result<(), Exception> {
        let Written { class, message, stack, cause } = Written::new(self.graph, id)?;
        self.out.push(tag::ERROR);
        if let Some(tag) = class_tag(class) {
            self.out.push(tag);
        }
        if let Some(message) = message {
            self.out.push(tag::ERROR_MESSAGE);
            self.out.string(&message)?;
        }
        if let Some(stack) = stack {
            self.out.push(tag::ERROR_STACK);
            self.out.string(&stack)?;
        }
        let Some(cause) = cause else {
            self.out.push(tag::ERROR_END);
            return Ok(());
        };
        self.out.push(tag::ERROR_CAUSE);
        self.open(Frame::Error { cause: Some(cause) })
    }
}

/// Whether an array in V8 holds these as doubles: all are numbers, some no small integer.
fn need_doubles(elements: &[Option<Value>]) -> bool {
    let mut doubles = false;
    for element in elements {
        match element {
            Some(Value::Number(n)) => doubles |= small_integer(*n).is_none(),
            _ => return false,
        }
    }
    doubles
}
