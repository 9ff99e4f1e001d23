//! Views and other objects of the host.

use super::{Frame, Reader};
use crate::clone::input::malformed;
use crate::clone::{Dialect, ReadError, tag};
use crate::{Kind, Value};

impl Reader<'_> {
    /// Reads an object of the host past its tag, up to the object in it if it is no view.
    pub(super) fn host_object(&mut self, position: usize) -> Result<Option<Value>, ReadError> {
        let host = match self.limits.dialect {
            Dialect::Channel => self.input.vint()?,
            Dialect::V8 => tag::HOST_VIEW,
        };
        match host {
            tag::HOST_VIEW => {
                let class = self.input.vint()?;
                let class = tag::HOST_VIEWS.get(class as usize).copied();
                let class =
                    class.ok_or_else(|| malformed(position, "an unknown class of views"))?;
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

    /// An ArrayBuffer may be followed by a view of it, which is the value then.
    pub(super) fn seen_as_view(&mut self, mut value: Value) -> Result<Value, ReadError> {
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
            let aligned = start.is_multiple_of(size) && length.is_multiple_of(size);
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
}
