//! Reading with a stack of its own.

mod array;
mod frame;
mod view;

use crate::clone::input::{Input, malformed};
use crate::clone::{ReadError, ReadLimits, VERSION, regexp, tag};
use crate::date::clipped;
use crate::{ErrorClass, Graph, Kind, Object, ObjectId, Properties, Property, PropertyKey, Value};

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
                Value::Object(id.ok_or_else(|| malformed(position, "a reference to no object"))?)
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
                    .ok_or_else(|| malformed(position, "a RegExp with bad flags"))?;
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
