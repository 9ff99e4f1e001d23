//! `JSON.stringify` with a stack of its own.

use smallvec::SmallVec;

use super::circular::{Link, Place, circular};
use super::lookup::{Item, Key, Lookup, Primitive};
use super::source::Source;
use super::text::{push_only_string, push_string, push_text};
use super::{Sink, StringifyOptions};
use crate::number::{push_integer, push_json};
use crate::{ErrorClass, Exception, Graph, ObjectId, PropertyKey, Value};

/// Appends the text of a value of a graph; `false` where `JSON.stringify` returns `undefined`. In
/// that case, and on errors, the buffer is as before.
///
/// # Errors
///
/// When `JSON.stringify` would throw, or the value is deeper than the options allow.
pub fn write<O: Sink + ?Sized>(
    graph: &Graph,
    value: &Value,
    options: &StringifyOptions,
    out: &mut O,
) -> Result<bool, Exception> {
    if let Value::String(text) = value {
        push_only_string(text, out);
        return Ok(true);
    }
    write_whole(graph, value, options, out.buffer())
}

fn write_whole(
    graph: &Graph,
    value: &Value,
    options: &StringifyOptions,
    out: &mut Vec<u8>,
) -> Result<bool, Exception> {
    let start = out.len();
    let lookup = Lookup { graph, options };
    let open = SmallVec::from_elem(0, graph.len().div_ceil(64));
    let mut writer = Writer { lookup, out, frames: SmallVec::new(), open };
    let written = writer.run(value);
    if !matches!(written, Ok(true)) {
        out.truncate(start);
    }
    written
}

struct Writer<'g, 'o> {
    lookup: Lookup<'g>,
    out: &'o mut Vec<u8>,
    /// The containers that are being written, outermost first.
    frames: SmallVec<[Frame<'g>; 4]>,
    /// A bit for each object of the graph: whether it is among them.
    open: SmallVec<[u64; 4]>,
}

struct Frame<'g> {
    /// `None` for the object that a Buffer's `toJSON` makes.
    id: Option<ObjectId>,
    key: Key<'g>,
    source: Source<'g>,
    /// Whether a member was written.
    filled: bool,
}

impl<'g> Writer<'g, '_> {
    fn run(&mut self, value: &'g Value) -> Result<bool, Exception> {
        match self.lookup.item(value, Key::Root)? {
            Item::Nothing => return Ok(false),
            item => self.item(item, Key::Root)?,
        }
        while let Some(frame) = self.frames.last_mut() {
            let (key, item) = match &mut frame.source {
                Source::Array(source) => {
                    let Some(index) = source.next() else {
                        self.close(b']');
                        continue;
                    };
                    if index > 0 {
                        self.out.push(b',');
                    }
                    if let Some(primitive) = source.primitive(index) {
                        push_primitive(primitive, self.out);
                        continue;
                    }
                    (Key::Index(index), source.item(index, self.lookup)?)
                }
                Source::Object(source) => {
                    let (key, item) = if let Some((name, value)) = source.next_primitive() {
                        (Key::Name(name), value.into())
                    } else if let Some(next) = source.next(self.lookup) {
                        next?
                    } else {
                        self.close(b'}');
                        continue;
                    };
                    if matches!(item, Item::Nothing) {
                        continue;
                    }
                    if std::mem::replace(&mut frame.filled, true) {
                        self.out.push(b',');
                    }
                    push_key(key, self.out);
                    (key, item)
                }
                Source::BufferEnd => {
                    self.close(b'}');
                    continue;
                }
            };
            self.item(item, key)?;
        }
        Ok(true)
    }

    /// Writes what stands under a key; only the beginning of a container.
    fn item(&mut self, item: Item<'g>, key: Key<'g>) -> Result<(), Exception> {
        match item {
            Item::Nothing => push_primitive(Primitive::Null, self.out),
            Item::Primitive(primitive) => push_primitive(primitive, self.out),
            Item::Made(text) => push_string(&text, self.out),
            Item::Raw(text) => self.out.extend_from_slice(text.as_bytes()),
            Item::Container(id) => self.open(id, key)?,
            Item::Buffer(bytes) => self.buffer(bytes, key)?,
        }
        Ok(())
    }

    fn open(&mut self, id: ObjectId, key: Key<'g>) -> Result<(), Exception> {
        let bit = 1 << (id.index() % 64);
        if self.open[id.index() / 64] & bit != 0 {
            return Err(self.circular(id, key));
        }
        self.check_depth(1)?;
        self.open[id.index() / 64] |= bit;
        let source = Source::new(self.lookup.graph, id);
        if source.is_endless() {
            let message = "Invalid string length".to_owned();
            return Err(Exception::Thrown { class: ErrorClass::RangeError, message });
        }
        self.out.push(if source.is_array() { b'[' } else { b'{' });
        self.frames.push(Frame { id: Some(id), key, source, filled: false });
        Ok(())
    }

    fn close(&mut self, bracket: u8) {
        self.out.push(bracket);
        if let Some(Frame { id: Some(id), .. }) = self.frames.pop() {
            self.open[id.index() / 64] &= !(1 << (id.index() % 64));
        }
    }

    /// Writes what a Buffer's `toJSON` returns.
    fn buffer(&mut self, bytes: &'g [u8], key: Key<'g>) -> Result<(), Exception> {
        self.check_depth(1)?;
        self.out.extend_from_slice(br#"{"type":"Buffer""#);
        let frame = Frame { id: None, key, source: Source::BufferEnd, filled: true };
        self.frames.push(frame);
        match self.lookup.buffer_data(bytes)? {
            None => {
                self.check_depth(1)?;
                self.out.extend_from_slice(br#","data":["#);
                for (at, byte) in bytes.iter().enumerate() {
                    if at > 0 {
                        self.out.push(b',');
                    }
                    push_integer(i64::from(*byte), self.out);
                }
                self.out.push(b']');
            }
            Some(Item::Nothing) => {}
            Some(item) => {
                self.out.extend_from_slice(br#","data":"#);
                self.item(item, Key::Text("data"))?;
            }
        }
        Ok(())
    }

    fn check_depth(&self, more: usize) -> Result<(), Exception> {
        match self.lookup.options.max_depth {
            Some(limit) if self.frames.len() + more > limit => Err(Exception::TooDeep { limit }),
            _ => Ok(()),
        }
    }

    /// The error for an object found under a key inside itself.
    fn circular(&self, id: ObjectId, key: Key<'g>) -> Exception {
        let start = self.frames.iter().rposition(|frame| frame.id == Some(id)).unwrap_or(0);
        let place = |holder: Option<usize>, key: Key<'g>| match (holder, key) {
            (Some(holder), Key::Index(index)) if self.frames[holder].source.is_array() => {
                Place::Element(index)
            }
            (_, key) => Place::Property(key),
        };
        let link = |at: usize| {
            let at = start + at;
            let frame = &self.frames[at];
            let constructor = match frame.id {
                Some(id) => self.lookup.graph.object(id).constructor(),
                None => "Object",
            };
            Link { key: place(at.checked_sub(1), frame.key), constructor }
        };
        let closing = place(self.frames.len().checked_sub(1), key);
        circular(self.frames.len() - start, link, closing)
    }
}

fn push_primitive(primitive: Primitive<'_>, out: &mut Vec<u8>) {
    match primitive {
        Primitive::Null => out.extend_from_slice(b"null"),
        Primitive::Bool(true) => out.extend_from_slice(b"true"),
        Primitive::Bool(false) => out.extend_from_slice(b"false"),
        Primitive::Number(n) => push_json(n, out),
        Primitive::String(text) => push_string(text, out),
    }
}

fn push_key(key: Key<'_>, out: &mut Vec<u8>) {
    match key {
        Key::Root => out.extend_from_slice(b"\"\""),
        Key::Index(index) => {
            out.push(b'"');
            push_integer(index as i64, out);
            out.push(b'"');
        }
        Key::Name(PropertyKey::String(name)) => push_string(name, out),
        Key::Name(PropertyKey::Symbol(symbol)) => push_text(symbol.description(), out),
        Key::Text(text) => push_text(text, out),
    }
    out.push(b':');
}
