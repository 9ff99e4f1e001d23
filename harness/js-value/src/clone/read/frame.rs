//! What is open: putting values in their places, and reading ends and keys.

use super::{Frame, Reader};
use crate::clone::collection::{map_entries, set_values};
use crate::clone::error_object::class_of_tag;
use crate::clone::input::malformed;
use crate::clone::{ReadError, tag};
use crate::{JsString, Kind, ObjectId, Properties, Property, Value, number_to_string};

impl Reader<'_> {
    /// Puts a value in its place in the innermost frame; returns it if the frame stands for it.
    pub(super) fn attach(&mut self, value: Value) -> Result<Option<Value>, ReadError> {
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
    pub(super) fn end(&mut self) -> Result<Option<Value>, ReadError> {
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
}
