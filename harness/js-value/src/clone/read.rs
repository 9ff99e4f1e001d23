//! Reading with a stack of its own.

use super::collection::{map_entries, set_values};
use super::error_object::class_of_tag;
use super::input::{Input, malformed};
use super::{Dialect, ReadError, ReadLimits, VERSION, regexp, tag};
use crate::date::clipped;
use crate::{
    ErrorClass, Graph, JsString, Kind, Object, ObjectId, Properties, Property, PropertyKey, Slot,
    Value, number_to_string,
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
const FLAGGED_VIEWS: u32 = 14;

/// The version of a payload and where its value begins.
fn header(payload: &[u8]) -> Result<(u32, usize), ReadError> {
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
    members: Vec<(PropertyKey, Property)>,
    /// The bytes of all views of ArrayBuffers.
    viewed: usize,
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
                        return Ok(self.graph);
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
        Ok(Some(match self.input.tag_of_value()? {
            tag::UNDEFINED => Value::Undefined,
            tag::NULL => Value::Null,
            tag::TRUE => Value::Bool(true),
            tag::FALSE => Value::Bool(false),
            tag::INT32 => Value::Number(f64::from(self.input.int32()?)),
            tag::UINT32 => Value::Number(f64::from(self.input.vint()?)),
            tag::DOUBLE => Value::Number(self.input.double()?),
            tag::BIG_INT => Value::BigInt(self.input.big_int()?),
            tag @ (tag::ONE_BYTE_STRING | tag::TWO_BYTE_STRING | tag::UTF8_STRING) => {
                Value::String(self.input.string_of(tag)?)
            }
            tag::OBJECT_REFERENCE => {
                let number = self.input.vint()?;
                let id = self.ids.get(number as usize).copied().flatten();
                Value::Object(id.ok_or(malformed(position, "a reference to no object"))?)
            }
            tag::BEGIN_OBJECT => {
                let id = self.open(position, Kind::Plain)?;
                self.frames.push(Frame::Object { id, members: self.members.len() });
                return Ok(None);
            }
            tag::BEGIN_DENSE_ARRAY => {
                let length = self.input.vint()?;
                if length as usize > self.input.left() {
                    return Err(malformed(position, "an array longer than the payload"));
                }
                return self.array(position, length, length, tag::END_DENSE_ARRAY);
            }
            tag::BEGIN_SPARSE_ARRAY => {
                let length = self.input.vint()?;
                return self.array(position, length, 0, tag::END_SPARSE_ARRAY);
            }
            tag::BEGIN_MAP => {
                let id = self.open(position, Kind::Map(Vec::new()))?;
                self.frames.push(Frame::Map { id, values: self.values.len() });
                return Ok(None);
            }
            tag::BEGIN_SET => {
                let id = self.open(position, Kind::Set(Vec::new()))?;
                self.frames.push(Frame::Set { id, values: self.values.len() });
                return Ok(None);
            }
            tag::ERROR => {
                let (class, message, stack, cause) = (ErrorClass::Error, None, None, None);
                let id = self.open(position, Kind::Error { class, message, stack, cause })?;
                self.frames.push(Frame::Error { id });
                return Ok(None);
            }
            tag::HOST_OBJECT => return self.host_object(position),
            tag::DATE => Value::Object({
                let time = clipped(self.input.double()?);
                self.add(Kind::Date(time))
            }),
            tag::TRUE_OBJECT => Value::Object(self.add(Kind::Boxed(Value::Bool(true)))),
            tag::FALSE_OBJECT => Value::Object(self.add(Kind::Boxed(Value::Bool(false)))),
            tag::NUMBER_OBJECT => {
                let n = self.input.double()?;
                Value::Object(self.add(Kind::Boxed(n.into())))
            }
            tag::BIG_INT_OBJECT => {
                let n = self.input.big_int()?;
                Value::Object(self.add(Kind::Boxed(n.into())))
            }
            tag::STRING_OBJECT => {
                let text = self.input.string()?;
                Value::Object(self.add(Kind::Boxed(text.into())))
            }
            tag::REG_EXP => {
                let source = regexp::source(self.input.string()?);
                let flags = regexp::flags(self.input.vint()?)
                    .ok_or(malformed(position, "a RegExp with bad flags"))?;
                Value::Object(self.add(Kind::RegExp { source, flags }))
            }
            tag @ (tag::ARRAY_BUFFER
            | tag::RESIZABLE_ARRAY_BUFFER
            | tag::IMMUTABLE_ARRAY_BUFFER) => {
                let length = self.input.vint()?;
                let maximum = match tag {
                    tag::RESIZABLE_ARRAY_BUFFER => Some(self.input.vint()?),
                    _ => None,
                };
                if maximum.is_some_and(|maximum| length > maximum) {
                    return Err(malformed(position, "an ArrayBuffer beyond its maximum"));
                }
                let bytes = self.input.take(length)?.to_vec();
                let max_byte_length = maximum.map(|maximum| maximum as usize);
                let kind = Kind::ArrayBuffer { bytes, max_byte_length, shared: false };
                Value::Object(self.add(kind))
            }
            _ => return Err(malformed(position, "an unknown tag")),
        }))
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

    fn host_object(&mut self, position: usize) -> Result<Option<Value>, ReadError> {
        let host = match self.limits.dialect {
            Dialect::Channel => self.input.vint()?,
            Dialect::V8 => tag::HOST_VIEW,
        };
        match host {
            tag::HOST_VIEW => {
                let class = self.input.vint()?;
                let class = tag::HOST_VIEWS.get(class as usize).copied();
                let class = class.ok_or(malformed(position, "an unknown class of views"))?;
                let length = self.input.vint()?;
                let bytes = self.input.take(length)?;
                let rest = class.element_size().map_or(0, |size| bytes.len() % size);
                let bytes = bytes[..bytes.len() - rest].to_vec();
                Ok(Some(Value::Object(self.add(Kind::View { class, bytes }))))
            }
            tag::HOST_OTHER => {
                self.check_depth(position)?;
                self.frames.push(Frame::Host { number: self.ids.len() });
                self.ids.push(None);
                Ok(None)
            }
            _ => Err(malformed(position, "an unknown kind of host object")),
        }
    }

    /// Puts a value in its place in the innermost frame; returns it if the frame stands for it.
    fn attach(&mut self, value: Value) -> Result<Option<Value>, ReadError> {
        match self.frames.last_mut() {
            Some(Frame::Object { .. } | Frame::Array { left: 0, .. }) => {
                if let Some((_, property)) = self.members.last_mut() {
                    *property = Property::data(value);
                }
            }
            Some(Frame::Array { left, .. }) => {
                *left -= 1;
                self.values.push(Some(value));
            }
            Some(Frame::Map { .. } | Frame::Set { .. }) => self.values.push(Some(value)),
            Some(Frame::Error { id }) => {
                if let Kind::Error { cause, .. } = &mut self.graph.object_mut(*id).kind {
                    *cause = Some(value);
                }
            }
            Some(Frame::Host { number }) => {
                let Value::Object(id) = value else {
                    return Err(malformed(self.input.at, "a host object that is no object"));
                };
                self.ids[*number] = Some(id);
                self.frames.pop();
                return Ok(Some(value));
            }
            None => {}
        }
        Ok(None)
    }

    /// Reads the end of the innermost frame, if it is there. Otherwise a value follows.
    fn end(&mut self) -> Result<Option<Value>, ReadError> {
        let Some(frame) = self.frames.last_mut() else { return Ok(None) };
        match frame {
            Frame::Array { left: left @ 1.., .. } => {
                while *left > 0 && self.input.peek() == Some(tag::HOLE) {
                    self.input.tag()?;
                    self.values.push(None);
                    *left -= 1;
                }
                if *left > 0 {
                    return Ok(None);
                }
                self.end()
            }
            Frame::Array { id, values, length, members, end, .. } => {
                if self.input.peek() != Some(*end) {
                    return self.key();
                }
                let (id, values, length, members) = (*id, *values, *length, *members);
                let position = self.input.at;
                self.input.tag()?;
                self.input.expect(self.members.len() - members)?;
                self.input.expect(length as usize)?;
                let (kind, properties) = self.array_of(values, length, members, position)?;
                self.close(id, kind, properties)
            }
            Frame::Object { id, members } => {
                if self.input.peek() != Some(tag::END_OBJECT) {
                    return self.key();
                }
                let (id, members) = (*id, *members);
                let position = self.input.at;
                self.input.tag()?;
                let count = self.members.len() - members;
                self.input.expect(count)?;
                let properties = Properties::from_entries(self.members.drain(members..));
                if properties.len() < count {
                    return Err(malformed(position, "an object with a key that it has twice"));
                }
                self.close(id, Kind::Plain, properties)
            }
            Frame::Map { id, values } => {
                let (id, values) = (*id, *values);
                let count = self.values.len() - values;
                if count % 2 == 1 || self.input.peek() != Some(tag::END_MAP) {
                    return Ok(None);
                }
                self.input.tag()?;
                self.input.expect(count)?;
                let mut added = self.values.drain(values..).flatten();
                let mut pairs = Vec::with_capacity(count / 2);
                while let (Some(key), Some(value)) = (added.next(), added.next()) {
                    pairs.push((key, value));
                }
                drop(added);
                self.close(id, Kind::Map(map_entries(pairs.into_iter())), Properties::new())
            }
            Frame::Set { id, values } => {
                if self.input.peek() != Some(tag::END_SET) {
                    return Ok(None);
                }
                let (id, values) = (*id, *values);
                self.input.tag()?;
                self.input.expect(self.values.len() - values)?;
                let added: Vec<Value> = self.values.drain(values..).flatten().collect();
                self.close(id, Kind::Set(set_values(added.into_iter())), Properties::new())
            }
            Frame::Error { id } => {
                let id = *id;
                self.error(id)
            }
            Frame::Host { .. } => Ok(None),
        }
    }

    /// Reads the parts of an error up to its cause or its end.
    fn error(&mut self, id: ObjectId) -> Result<Option<Value>, ReadError> {
        loop {
            let position = self.input.at;
            // A number in the format, of which the lowest bits count.
            let part = self.input.vint()? as u8;
            let Kind::Error { class, message, stack, .. } = &mut self.graph.object_mut(id).kind
            else {
                return Ok(None);
            };
            match part {
                tag::ERROR_MESSAGE => *message = Some(self.input.string()?),
                tag::ERROR_STACK => *stack = Some(self.input.string()?),
                tag::ERROR_CAUSE => return Ok(None),
                tag::ERROR_END => {
                    self.frames.pop();
                    return Ok(Some(Value::Object(id)));
                }
                part => match class_of_tag(part) {
                    Some(found) => *class = found,
                    None => return Err(malformed(position, "an unknown part of an error")),
                },
            }
        }
    }

    /// Reads a key, up to the value.
    fn key(&mut self) -> Result<Option<Value>, ReadError> {
        let position = self.input.at;
        let key: JsString = match self.input.tag_of_value()? {
            tag::INT32 => self.input.int32()?.to_string().into(),
            tag::UINT32 => self.input.vint()?.to_string().into(),
            tag::DOUBLE => number_to_string(self.input.double()?).into(),
            tag @ (tag::ONE_BYTE_STRING | tag::TWO_BYTE_STRING | tag::UTF8_STRING) => {
                self.input.string_of(tag)?
            }
            _ => return Err(malformed(position, "a key that is no string and no number")),
        };
        self.members.push((key.into(), Property::data(Value::Undefined)));
        Ok(None)
    }

    /// The array of these elements and properties, which may lie at indices.
    fn array_of(
        &mut self,
        values: usize,
        length: u32,
        members: usize,
        position: usize,
    ) -> Result<(Kind, Properties), ReadError> {
        let twice = || malformed(position, "an array with a key that it has twice");
        let index = |key: &PropertyKey| match key {
            PropertyKey::String(key) => key.array_index(),
            PropertyKey::Symbol(_) => None,
        };
        let last = self.members[members..].iter().filter_map(|(key, _)| index(key)).max();
        let length = last.map_or(length, |last| length.max(last + 1));
        let read = self.values.len() - values + self.members.len() - members;
        let mut elements: Vec<Option<Value>> = self.values.drain(values..).collect();
        let mut properties = Properties::new();
        let dense = length as usize <= HOLES + 2 * read;
        if dense {
            elements.resize(length as usize, None);
        } else {
            for (index, element) in (0_u32..).zip(elements.drain(..)) {
                if let Some(value) = element {
                    properties.insert(index.to_string(), Property::data(value));
                }
            }
        }
        for (key, property) in self.members.drain(members..) {
            let before = match (index(&key), property) {
                (Some(index), Property { slot: Slot::Data(value), .. }) if dense => {
                    elements[index as usize].replace(value).is_some()
                }
                (_, property) => {
                    key == PropertyKey::from("length") || properties.insert(key, property).is_some()
                }
            };
            if before {
                return Err(twice());
            }
        }
        let kind = if dense { Kind::Array(elements) } else { Kind::SparseArray { length } };
        Ok((kind, properties))
    }

    /// An ArrayBuffer may be followed by a view of it, which is the value then.
    fn seen_as_view(&mut self, mut value: Value) -> Result<Value, ReadError> {
        while let Value::Object(id) = value
            && let Kind::ArrayBuffer { bytes, max_byte_length, .. } = &self.graph.object(id).kind
            && self.input.peek() == Some(tag::ARRAY_BUFFER_VIEW)
        {
            let position = self.input.at;
            self.input.tag()?;
            let class = tag::view_class(self.input.vint()? as u8);
            let start = self.input.vint()? as usize;
            let length = self.input.vint()? as usize;
            let flags = if self.flagged { self.input.vint()? } else { 0 };
            let (tracking, resizable) = (flags & 1 != 0, flags & 2 != 0);
            let size = class.map_or(1, |class| class.element_size().unwrap_or(1));
            let rest = bytes.get(start..).filter(|rest| length <= rest.len());
            let (Some(class), Some(rest)) = (class, rest) else {
                return Err(malformed(position, "a view beyond its ArrayBuffer"));
            };
            let aligned = start % size == 0 && length % size == 0;
            if !aligned || resizable != max_byte_length.is_some() || tracking && !resizable {
                return Err(malformed(position, "a view that does not fit its ArrayBuffer"));
            }
            // One that tracks the length of its ArrayBuffer has no other length.
            let length = if tracking { rest.len() - rest.len() % size } else { length };
            self.viewed += length;
            if self.viewed > self.input.bytes.len() {
                let limit = self.input.bytes.len();
                return Err(ReadError::ViewsTooLong { position, limit });
            }
            let bytes = rest[..length].to_vec();
            value = Value::Object(self.add(Kind::View { class, bytes }));
        }
        Ok(value)
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

    fn add(&mut self, kind: Kind) -> ObjectId {
        let id = self.graph.add(Object::new(kind));
        self.ids.push(Some(id));
        id
    }
}

/// An array may have so many holes, and twice as many as it has elements and properties, before it
/// is a sparse one.
const HOLES: usize = 16;
