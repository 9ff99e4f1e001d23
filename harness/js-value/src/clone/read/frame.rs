//! What is open: putting values in their places, and reading ends and keys.

use super::{Frame, Reader};
use crate::clone::input::{NO_HOST_OBJECT, malformed};
use crate::clone::part::ErrorPart;
use crate::clone::{ReadError, tag};
use crate::{JsString, Kind, ObjectId, Properties, Value};

impl Reader<'_> {
    /// Puts a value in its place in the innermost frame; returns it if the frame stands for it.
    pub(super) fn attach(&mut self, value: Value) -> Result<Option<Value>, ReadError> {
        match self.frames.last_mut() {
            Some(Frame::Object { .. } | Frame::Array { left: 0, .. }) => {
                if let Some((_, place)) = self.members.last_mut() {
                    *place = value;
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
                    return Err(malformed(self.input.at, NO_HOST_OBJECT));
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
                let position = self.input.at;
                if !self.input.closes(*end)? {
                    return self.key();
                }
                let (id, values, length, members) = (*id, *values, *length, *members);
                self.input.expect(self.members.len() - members)?;
                self.input.expect(length as usize)?;
                let (kind, properties) = self.array_of(values, length, members, position)?;
                self.close(id, kind, properties)
            }
            Frame::Object { id, members } => {
                let position = self.input.at;
                if !self.input.closes(tag::END_OBJECT)? {
                    return self.key();
                }
                let (id, members) = (*id, *members);
                let count = self.members.len() - members;
                self.input.expect(count)?;
                let properties = Properties::from_data(self.members.drain(members..));
                if properties.len() < count {
                    return Err(malformed(position, "an object with a key that it has twice"));
                }
                self.close(id, Kind::Plain, properties)
            }
            Frame::Map { id, values } => {
                let (id, values) = (*id, *values);
                let count = self.values.len() - values;
                if count % 2 == 1 || !self.input.closes(tag::END_MAP)? {
                    return Ok(None);
                }
                self.input.expect(count)?;
                let mut added = self.values.drain(values..).flatten();
                let mut pairs = Vec::with_capacity(count / 2);
                while let (Some(key), Some(value)) = (added.next(), added.next()) {
                    pairs.push((key, value));
                }
                drop(added);
                self.close(id, Kind::map(pairs), Properties::new())
            }
            Frame::Set { id, values } => {
                if !self.input.closes(tag::END_SET)? {
                    return Ok(None);
                }
                let (id, values) = (*id, *values);
                self.input.expect(self.values.len() - values)?;
                let added: Vec<Value> = self.values.drain(values..).flatten().collect();
                self.close(id, Kind::set(added), Properties::new())
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
            let part = self.input.error_part()?;
            let Kind::Error { class, message, stack, .. } = &mut self.graph.object_mut(id).kind
            else {
                return Ok(None);
            };
            match part {
                ErrorPart::Class(found) => *class = found,
                ErrorPart::Message(units) => *message = Some(units.text().into()),
                ErrorPart::Stack(units) => *stack = Some(units.text().into()),
                ErrorPart::Cause => return Ok(None),
                ErrorPart::End => {
                    self.frames.pop();
                    return Ok(Some(Value::Object(id)));
                }
            }
        }
    }

    /// Reads a key, up to the value.
    fn key(&mut self) -> Result<Option<Value>, ReadError> {
        let key = JsString::from(self.input.key()?);
        self.members.push((key.into(), Value::Undefined));
        Ok(None)
    }
}
