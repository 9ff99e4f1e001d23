//! A value that nobody looks at, whatever it holds, read with a stack of its own.

use std::hash::{BuildHasher, RandomState};

use super::input::{Input, NO_HOST_OBJECT, NO_OBJECT, malformed};
use super::part::{Bytes, ErrorPart, Key, Part};
use super::{Dialect, ReadError, tag};
use crate::number_to_string;
use crate::string::Text;

/// Reads one value. What it does not check is left as a doubt.
pub(super) struct Walk<'p> {
    pub(super) input: Input<'p>,
    format: Format,
    depth: usize,
    limit: usize,
    /// What is not read to its end, outermost first.
    open: Vec<Open>,
    /// Hashes of the keys of all open objects and arrays, those of the innermost last.
    keys: Vec<u64>,
    hasher: RandomState,
    /// The objects by their numbers in the payload; none if this is only a part of it.
    objects: Option<Vec<Object<'p>>>,
    /// Whether only the value model can tell if the payload is one that Node reads.
    pub(super) doubt: bool,
}

/// What of the form of a payload is not in it.
#[derive(Clone, Copy)]
pub(super) struct Format {
    pub(super) dialect: Dialect,
    /// Whether V8's own records of views have flags.
    pub(super) flagged: bool,
}

/// An object of a payload.
#[derive(Clone, Copy)]
pub(super) struct Object<'p> {
    pub(super) start: usize,
    /// Where it ends; nothing before that may refer to it from outside of it.
    pub(super) end: usize,
    /// What it shows if it is an ArrayBuffer or a view.
    pub(super) bytes: Option<Bytes<'p>>,
    /// Not set for an object of the host that is not read to its end.
    known: bool,
}

/// A value that is open, with its number among the objects, and where its keys begin or how many
/// values it has.
enum Open {
    Object { number: usize, keys: usize },
    Array { number: usize, left: u32, length: u32, keys: usize, end: u8 },
    Map { number: usize, values: usize },
    Set { number: usize, values: usize },
    Error { number: usize },
    Host { number: usize },
}

/// A value that is read.
#[derive(Clone, Copy)]
enum Done<'p> {
    Primitive,
    Object,
    Bytes(Bytes<'p>),
}

impl<'p> Walk<'p> {
    /// Of a value at some place of a payload, so deep in others.
    pub(super) fn of_part(input: Input<'p>, format: Format, depth: usize, limit: usize) -> Self {
        Self {
            input,
            format,
            depth,
            limit,
            open: Vec::new(),
            keys: Vec::new(),
            hasher: RandomState::new(),
            objects: None,
            doubt: false,
        }
    }

    /// Of a whole payload, from its value on.
    pub(super) fn of_payload(input: Input<'p>, format: Format, limit: usize) -> Self {
        Self { objects: Some(Vec::new()), ..Self::of_part(input, format, 0, limit) }
    }

    /// The objects by their numbers.
    pub(super) fn into_objects(self) -> Vec<Object<'p>> {
        self.objects.unwrap_or_default()
    }

    /// Reads the value.
    pub(super) fn run(&mut self) -> Result<(), ReadError> {
        loop {
            let mut done = self.value()?;
            // What ends after it, up to the next value.
            loop {
                if let Some(read) = done {
                    let read = self.seen_as_view(read)?;
                    if self.open.is_empty() {
                        return Ok(());
                    }
                    done = self.attach(read)?;
                    if done.is_some() {
                        continue;
                    }
                }
                done = self.end()?;
                if done.is_none() {
                    break;
                }
            }
        }
    }

    /// Reads a value; `None` if that is the beginning of one that holds others.
    fn value(&mut self) -> Result<Option<Done<'p>>, ReadError> {
        let start = self.input.at;
        let keys = self.keys.len();
        let open = match self.input.part(self.format.dialect)? {
            Part::Undefined
            | Part::Null
            | Part::Bool(_)
            | Part::Int32(_)
            | Part::Number(_)
            | Part::BigInt(_)
            | Part::String(_) => return Ok(Some(Done::Primitive)),
            Part::Reference(number) => return self.reference(number, start).map(Some),
            Part::Date(_)
            | Part::BoxedBool(_)
            | Part::BoxedNumber(_)
            | Part::BoxedBigInt(_)
            | Part::BoxedString(_)
            | Part::RegExp { .. } => {
                let number = self.add(start);
                self.finish(number, None);
                return Ok(Some(Done::Object));
            }
            Part::Bytes(bytes) => {
                let number = self.add(start);
                self.finish(number, Some(bytes));
                return Ok(Some(Done::Bytes(bytes)));
            }
            Part::Object => Open::Object { number: self.add(start), keys },
            Part::DenseArray(length) => {
                let (number, end) = (self.add(start), tag::END_DENSE_ARRAY);
                Open::Array { number, left: length, length, keys, end }
            }
            Part::SparseArray(length) => {
                let (number, end) = (self.add(start), tag::END_SPARSE_ARRAY);
                Open::Array { number, left: 0, length, keys, end }
            }
            Part::Map => Open::Map { number: self.add(start), values: 0 },
            Part::Set => Open::Set { number: self.add(start), values: 0 },
            Part::Error => Open::Error { number: self.add(start) },
            Part::Host => {
                let number = self.add(start);
                if let Some(object) = self.objects.as_mut().and_then(|all| all.get_mut(number)) {
                    object.known = false;
                }
                Open::Host { number }
            }
        };
        if self.depth + self.open.len() >= self.limit {
            return Err(ReadError::TooDeep { position: start, limit: self.limit });
        }
        self.open.push(open);
        Ok(None)
    }

    fn reference(&mut self, number: u32, position: usize) -> Result<Done<'p>, ReadError> {
        let Some(objects) = &self.objects else {
            // It may be an ArrayBuffer.
            self.doubt = true;
            self.input.view_record(self.format.flagged)?;
            return Ok(Done::Object);
        };
        match objects.get(number as usize) {
            Some(Object { known: true, bytes: Some(bytes), .. }) => Ok(Done::Bytes(*bytes)),
            Some(Object { known: true, bytes: None, .. }) => Ok(Done::Object),
            _ => Err(malformed(position, NO_OBJECT)),
        }
    }

    /// An ArrayBuffer may be followed by a view of it, which is the value then.
    fn seen_as_view(&mut self, done: Done<'p>) -> Result<Done<'p>, ReadError> {
        let Done::Bytes(bytes) = done else { return Ok(done) };
        let start = self.input.at;
        let Some(view) = bytes.seen_as_view(&mut self.input, self.format)? else {
            return Ok(done);
        };
        // Together they may be too long.
        self.doubt = true;
        let number = self.add(start);
        self.finish(number, Some(view));
        Ok(Done::Bytes(view))
    }

    /// Counts a value of the innermost that is open; returns it if that stands for it.
    fn attach(&mut self, done: Done<'p>) -> Result<Option<Done<'p>>, ReadError> {
        match self.open.last_mut() {
            Some(Open::Array { left: left @ 1.., .. }) => *left -= 1,
            Some(Open::Map { values, .. } | Open::Set { values, .. }) => *values += 1,
            Some(Open::Host { number }) => {
                let number = *number;
                let bytes = match done {
                    Done::Primitive => return Err(malformed(self.input.at, NO_HOST_OBJECT)),
                    Done::Object => None,
                    Done::Bytes(bytes) => Some(bytes),
                };
                self.finish(number, bytes);
                self.open.pop();
                return Ok(Some(done));
            }
            _ => {}
        }
        Ok(None)
    }

    /// Reads the end of the innermost that is open, if it is there. Otherwise a value follows.
    fn end(&mut self) -> Result<Option<Done<'p>>, ReadError> {
        let Some(open) = self.open.last_mut() else { return Ok(None) };
        let number = match open {
            Open::Array { left, .. } if *left > 0 => {
                while *left > 0 && self.input.closes(tag::HOLE)? {
                    *left -= 1;
                }
                return if *left > 0 { Ok(None) } else { self.end() };
            }
            Open::Array { number, length, keys, end, .. } => {
                let (number, length, keys, end) = (*number, *length, *keys, *end);
                if !self.input.closes(end)? {
                    return self.key(Some(end));
                }
                self.input.expect(self.keys.len() - keys)?;
                self.input.expect(length as usize)?;
                self.compare_keys(keys);
                number
            }
            Open::Object { number, keys } => {
                let (number, keys) = (*number, *keys);
                if !self.input.closes(tag::END_OBJECT)? {
                    return self.key(None);
                }
                self.input.expect(self.keys.len() - keys)?;
                self.compare_keys(keys);
                number
            }
            Open::Map { number, values } => {
                if *values % 2 == 1 || !self.input.closes(tag::END_MAP)? {
                    return Ok(None);
                }
                self.input.expect(*values)?;
                *number
            }
            Open::Set { number, values } => {
                if !self.input.closes(tag::END_SET)? {
                    return Ok(None);
                }
                self.input.expect(*values)?;
                *number
            }
            Open::Error { number } => loop {
                match self.input.error_part()? {
                    ErrorPart::Cause => return Ok(None),
                    ErrorPart::End => break *number,
                    ErrorPart::Class(_) | ErrorPart::Message(_) | ErrorPart::Stack(_) => {}
                }
            },
            Open::Host { .. } => return Ok(None),
        };
        self.open.pop();
        self.finish(number, None);
        Ok(Some(Done::Object))
    }

    /// Reads the key of an object, or of an array with this end, up to the value.
    fn key(&mut self, array: Option<u8>) -> Result<Option<Done<'p>>, ReadError> {
        let key = self.input.key()?;
        self.doubt |= match array {
            // What is not an index comes seldom, and `length` must not.
            Some(tag::END_SPARSE_ARRAY) => !matches!(key, Key::Index(_)),
            Some(_) => true,
            None => false,
        };
        self.keys.push(match key {
            Key::Index(index) => self.hasher.hash_one(index),
            Key::Number(n) => self.hasher.hash_one(number_to_string(n)),
            Key::String(units) => match units.text() {
                Text::Utf8(text) => self.hasher.hash_one(text),
                Text::Wide(units) => self.hasher.hash_one(units),
            },
        });
        Ok(None)
    }

    /// Forgets the keys of what ends. Those of the same hash may be the same.
    fn compare_keys(&mut self, start: usize) {
        let keys = &mut self.keys[start..];
        keys.sort_unstable();
        self.doubt |= keys.windows(2).any(|pair| pair[0] == pair[1]);
        self.keys.truncate(start);
    }

    /// Adds an object that begins here. Returns its number.
    fn add(&mut self, start: usize) -> usize {
        let Some(objects) = &mut self.objects else { return 0 };
        objects.push(Object { start, end: usize::MAX, bytes: None, known: true });
        objects.len() - 1
    }

    fn finish(&mut self, number: usize, bytes: Option<Bytes<'p>>) {
        if let Some(object) = self.objects.as_mut().and_then(|objects| objects.get_mut(number)) {
            *object = Object { end: self.input.at, bytes, known: true, ..*object };
        }
    }
}

impl<'p> Bytes<'p> {
    /// The view of an ArrayBuffer that follows it, if one does.
    pub(super) fn seen_as_view(
        self,
        input: &mut Input<'p>,
        format: Format,
    ) -> Result<Option<Self>, ReadError> {
        let Self::Buffer { bytes, max_byte_length } = self else { return Ok(None) };
        let view = input.view_of(bytes, max_byte_length.is_some(), format.flagged)?;
        Ok(view.map(|(class, range)| Self::View { class, bytes: &bytes[range] }))
    }
}
