//! Reading with a stack of its own.

mod array;
mod frame;

use std::ops::Range;
use std::sync::Arc;

use crate::clone::input::{Input, NO_OBJECT, malformed};
use crate::clone::part::{Bytes, Part};
use crate::clone::{ReadError, ReadLimits, VERSION, regexp, tag};
use crate::{
    BigInt, ErrorClass, Graph, JsString, Kind, Object, ObjectId, Properties, PropertyKey, Value,
    ViewBytes, ViewClass,
};

/// Reads a payload. Bytes after the value are ignored, as Node does. Memory is proportional to the
/// payload, whatever lengths it claims.
///
/// # Errors
///
/// When Node would throw, or the payload goes beyond a limit.
pub fn read(payload: &[u8], limits: &ReadLimits) -> Result<Graph, ReadError> {
    let (version, start) = header(payload)?;
    let flagged = version >= FLAGGED_VIEWS;
    match Reader::new(payload, start, limits, flagged).run() {
        // Some versions of V8 wrote the flags of views already before.
        Err(ReadError::Malformed { position, message }) if !flagged => {
            let again = Reader::new(payload, start, limits, true).run();
            again.map_err(|_| ReadError::Malformed { position, message })
        }
        read => read,
    }
}

/// The version that is read first.
const OLDEST: u32 = 13;
/// The version from which on V8's own records of views have flags.
pub(super) const FLAGGED_VIEWS: u32 = 14;

/// The version of a payload and where its value begins.
pub(super) fn header(payload: &[u8]) -> Result<(u32, usize), ReadError> {
    let mut input = Input { bytes: payload, at: 1 };
    if payload.first() != Some(&tag::VERSION) {
        return Err(ReadError::Version { found: None });
    }
    match input.vint() {
        Ok(version @ OLDEST..=LATEST) => Ok((version, input.at)),
        Ok(other) => Err(ReadError::Version { found: Some(other) }),
        Err(_) => Err(ReadError::Version { found: None }),
    }
}

const LATEST: u32 = VERSION as u32;

struct Reader<'p> {
    input: Input<'p>,
    limits: &'p ReadLimits,
    /// Whether V8's own records of views have flags.
    flagged: bool,
    graph: Graph,
    /// The objects by their numbers in the payload; `None` for one that cannot be referred to yet.
    ids: Vec<Option<ObjectId>>,
    /// What is not read to its end, outermost first.
    frames: Vec<Frame>,
    /// Elements and entries of what is open, those of the innermost last.
    values: Vec<Option<Value>>,
    /// Properties, likewise. One whose value is not read yet has `undefined`.
    members: Vec<(PropertyKey, Value)>,
    /// The bytes of all views of ArrayBuffers.
    viewed: usize,
    /// What all views have their bytes in that have no ArrayBuffer, and where.
    memory: Vec<u8>,
    views: Vec<(ObjectId, ViewClass, Range<usize>)>,
}

/// Where in `values` or `members` what belongs to it begins.
#[derive(Clone, Copy)]
enum Frame {
    Object {
        id: ObjectId,
        members: usize,
    },
    Array {
        id: ObjectId,
        values: usize,
        left: u32,
        length: u32,
        members: usize,
        end: u8,
    },
    Map {
        id: ObjectId,
        values: usize,
    },
    Set {
        id: ObjectId,
        values: usize,
    },
    Error {
        id: ObjectId,
    },
    /// An object of the host, by its number.
    Host {
        number: usize,
    },
}

impl<'p> Reader<'p> {
    fn new(payload: &'p [u8], start: usize, limits: &'p ReadLimits, flagged: bool) -> Self {
        Self {
            input: Input { bytes: payload, at: start },
            limits,
            flagged,
            graph: Graph::default(),
            ids: Vec::new(),
            frames: Vec::new(),
            values: Vec::new(),
            members: Vec::new(),
            viewed: 0,
            memory: Vec::new(),
            views: Vec::new(),
        }
    }

    fn run(mut self) -> Result<Graph, ReadError> {
        loop {
            let mut value = self.value()?;
            // Puts it in its place, and what ends after it, up to the next value.
            loop {
                if let Some(read) = value {
                    let read = self.seen_as_view(read)?;
                    if self.frames.is_empty() {
                        self.graph.set_root(read);
                        return Ok(self.finish());
                    }
                    value = self.attach(read)?;
                    if value.is_some() {
                        continue;
                    }
                }
                value = self.end()?;
                if value.is_none() {
                    break;
                }
            }
        }
    }

    /// Reads a value; `None` if that is the beginning of one that holds others.
    fn value(&mut self) -> Result<Option<Value>, ReadError> {
        let position = self.input.at;
        Ok(Some(match self.input.part(self.limits.dialect)? {
            Part::Undefined => Value::Undefined,
            Part::Null => Value::Null,
            Part::Bool(value) => Value::Bool(value),
            Part::Int32(n) => Value::Number(n.into()),
            Part::Number(n) => Value::Number(n),
            Part::BigInt(digits) => Value::BigInt(digits.into()),
            Part::String(units) => Value::String(units.text().into()),
            Part::Reference(number) => {
                let id = self.ids.get(number as usize).copied().flatten();
                Value::Object(id.ok_or_else(|| malformed(position, NO_OBJECT))?)
            }
            Part::Object => {
                let id = self.open(position, Kind::Plain)?;
                self.frames.push(Frame::Object { id, members: self.members.len() });
                return Ok(None);
            }
            Part::DenseArray(length) => {
                return self.array(position, length, length, tag::END_DENSE_ARRAY);
            }
            Part::SparseArray(length) => {
                return self.array(position, length, 0, tag::END_SPARSE_ARRAY);
            }
            Part::Map => {
                let id = self.open(position, Kind::Map(Vec::new()))?;
                self.frames.push(Frame::Map { id, values: self.values.len() });
                return Ok(None);
            }
            Part::Set => {
                let id = self.open(position, Kind::Set(Vec::new()))?;
                self.frames.push(Frame::Set { id, values: self.values.len() });
                return Ok(None);
            }
            Part::Error => {
                let (class, message, stack, cause) = (ErrorClass::Error, None, None, None);
                let id = self.open(position, Kind::Error { class, message, stack, cause })?;
                self.frames.push(Frame::Error { id });
                return Ok(None);
            }
            Part::Host => {
                self.check_depth(position)?;
                self.frames.push(Frame::Host { number: self.ids.len() });
                self.ids.push(None);
                return Ok(None);
            }
            Part::Date(time) => self.added(Kind::Date(time)),
            Part::BoxedBool(value) => self.added(Kind::Boxed(value.into())),
            Part::BoxedNumber(n) => self.added(Kind::Boxed(n.into())),
            Part::BoxedBigInt(digits) => self.added(Kind::Boxed(BigInt::from(digits).into())),
            Part::BoxedString(units) => {
                let text = JsString::from(units.text());
                self.added(Kind::Boxed(text.into()))
            }
            Part::RegExp { pattern, flags } => {
                let source = regexp::source(pattern.text().into());
                let flags = regexp::flags(flags).unwrap_or_default();
                self.added(Kind::RegExp { source, flags })
            }
            Part::Bytes(Bytes::Buffer { bytes, max_byte_length }) => {
                let max_byte_length = max_byte_length.map(|maximum| maximum as usize);
                let bytes = bytes.to_vec();
                self.added(Kind::ArrayBuffer { bytes, max_byte_length, shared: false })
            }
            Part::Bytes(Bytes::View { class, bytes }) => self.host_view(class, bytes),
        }))
    }

    /// An ArrayBuffer may be followed by a view of it, which is the value then.
    fn seen_as_view(&mut self, value: Value) -> Result<Value, ReadError> {
        let Value::Object(id) = value else { return Ok(value) };
        let Kind::ArrayBuffer { bytes, max_byte_length, .. } = &self.graph.object(id).kind else {
            return Ok(value);
        };
        let position = self.input.at;
        let resizable = max_byte_length.is_some();
        let Some((class, range)) = self.input.view_of(bytes, resizable, self.flagged)? else {
            return Ok(value);
        };
        self.viewed += range.len();
        if self.viewed > self.input.bytes.len() {
            let limit = self.input.bytes.len();
            return Err(ReadError::ViewsTooLong { position, limit });
        }
        let bytes = bytes[range].to_vec().into();
        Ok(self.added(Kind::View { class, bytes }))
    }

    /// Adds a view that will have its bytes in the memory of all.
    fn host_view(&mut self, class: ViewClass, bytes: &[u8]) -> Value {
        let start = self.memory.len();
        self.memory.extend_from_slice(bytes);
        let id = self.add(Kind::Plain);
        self.views.push((id, class, start..self.memory.len()));
        Value::Object(id)
    }

    /// The graph, with the bytes of its views.
    fn finish(mut self) -> Graph {
        if !self.views.is_empty() {
            let memory = Arc::new(self.memory);
            for (id, class, range) in self.views {
                let bytes = ViewBytes::of(&memory, range);
                self.graph.object_mut(id).kind = Kind::View { class, bytes };
            }
        }
        self.graph
    }

    fn array(
        &mut self,
        position: usize,
        length: u32,
        left: u32,
        end: u8,
    ) -> Result<Option<Value>, ReadError> {
        let id = self.open(position, Kind::Array(Vec::new()))?;
        let (values, members) = (self.values.len(), self.members.len());
        self.frames.push(Frame::Array { id, values, left, length, members, end });
        Ok(None)
    }

    /// Adds an object that will hold others.
    fn open(&mut self, position: usize, kind: Kind) -> Result<ObjectId, ReadError> {
        self.check_depth(position)?;
        Ok(self.add(kind))
    }

    fn close(
        &mut self,
        id: ObjectId,
        kind: Kind,
        properties: Properties,
    ) -> Result<Option<Value>, ReadError> {
        self.frames.pop();
        let object = self.graph.object_mut(id);
        object.kind = kind;
        object.properties = properties;
        Ok(Some(Value::Object(id)))
    }

    fn check_depth(&self, position: usize) -> Result<(), ReadError> {
        match self.limits.max_depth {
            Some(limit) if self.frames.len() >= limit => {
                Err(ReadError::TooDeep { position, limit })
            }
            _ => Ok(()),
        }
    }

    fn added(&mut self, kind: Kind) -> Value {
        Value::Object(self.add(kind))
    }

    fn add(&mut self, kind: Kind) -> ObjectId {
        let id = self.graph.add(Object::new(kind));
        self.ids.push(Some(id));
        id
    }
}
