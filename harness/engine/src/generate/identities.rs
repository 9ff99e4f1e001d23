//! Objects that occur more than once in a message.

use ipc_plan::{Behaviour, Object, Property, Prototype, Recipe, Tagged};

/// Bytes of an ArrayBuffer that several views can have together.
pub(super) const SHARED: usize = 16;

/// Settles which object each reference of a message means: one that encloses it (a cycle) or
/// one that stands before it (sharing). A reference to nothing becomes `null`.
pub(super) struct Identities {
    given: u32,
    /// Whether references lead to objects of all kinds, or to containers alone.
    all: bool,
    /// ArrayBuffers of [`SHARED`] bytes.
    buffers: Vec<u32>,
}

impl Identities {
    pub(super) fn of_containers() -> Self {
        Self { given: 0, all: false, buffers: Vec::new() }
    }

    pub(super) fn of_all() -> Self {
        Self { all: true, ..Self::of_containers() }
    }

    pub(super) fn give(&mut self, recipe: Recipe) -> Recipe {
        match recipe {
            Recipe::Array(items) => {
                Recipe::Array(items.into_iter().map(|item| self.give(item)).collect())
            }
            Recipe::Object(entries) => Recipe::Object(
                entries.into_iter().map(|(key, value)| (key, self.give(value))).collect(),
            ),
            Recipe::Tagged(tagged) => self.tagged(*tagged),
            other => other,
        }
    }

    fn next(&mut self) -> Option<u32> {
        self.given += 1;
        Some(self.given)
    }

    /// The id of an object that is no container.
    fn next_of_all(&mut self) -> Option<u32> {
        if self.all { self.next() } else { None }
    }

    fn tagged(&mut self, tagged: Tagged) -> Recipe {
        match tagged {
            Tagged::Ref { id } if self.given == 0 || id > self.given => Recipe::Null,
            Tagged::Array { elements, length, properties, .. } => {
                let id = self.next();
                let elements = elements.into_iter().map(|e| self.give(e)).collect();
                Tagged::Array { id, elements, length, properties: self.properties(properties) }
                    .into()
            }
            Tagged::Object(Object { prototype, properties, .. }) => {
                // The prototype is made before the object and cannot lead back to it.
                let prototype = prototype.map(|prototype| match prototype {
                    Prototype::Inherits(list) => Prototype::Inherits(self.properties(list)),
                    other => other,
                });
                let id = self.next();
                Tagged::Object(Object { id, prototype, properties: self.properties(properties) })
                    .into()
            }
            Tagged::Map { entries, properties, .. } => {
                let id = self.next();
                let entries =
                    entries.into_iter().map(|(k, v)| (self.give(k), self.give(v))).collect();
                Tagged::Map { entries, id, properties: self.properties(properties) }.into()
            }
            Tagged::Set { values, properties, .. } => {
                let id = self.next();
                let values = values.into_iter().map(|v| self.give(v)).collect();
                Tagged::Set { values, id, properties: self.properties(properties) }.into()
            }
            Tagged::Proxy { target } => Tagged::Proxy { target: self.give(target) }.into(),
            Tagged::Arguments { values } => {
                Tagged::Arguments { values: values.into_iter().map(|v| self.give(v)).collect() }
                    .into()
            }
            Tagged::Function { name, behaviour } => {
                let behaviour = behaviour.map(|behaviour| Box::new(self.behaviour(*behaviour)));
                Tagged::Function { name, behaviour }.into()
            }
            Tagged::Error { class, subclass, message, stack, cause, properties, .. } => {
                // The cause is made before the error and cannot lead back to it.
                let cause = cause.map(|cause| self.give(cause));
                let id = self.next_of_all();
                let properties = self.properties(properties);
                Tagged::Error { id, class, subclass, message, stack, cause, properties }.into()
            }
            Tagged::Date { time, properties, .. } => {
                let id = self.next_of_all();
                Tagged::Date { id, time, properties: self.properties(properties) }.into()
            }
            Tagged::Regexp { source, flags, last_index, .. } => {
                let id = self.next_of_all();
                Tagged::Regexp { id, source, flags, last_index }.into()
            }
            Tagged::Boxed { value, .. } => {
                let id = self.next_of_all();
                Tagged::Boxed { id, value }.into()
            }
            Tagged::ArrayBuffer { bytes, times, max_byte_length, shared, detached, .. } => {
                let id = self.next_of_all();
                if bytes.len() == 2 * SHARED {
                    self.buffers.extend(id);
                }
                Tagged::ArrayBuffer { id, bytes, times, max_byte_length, shared, detached }.into()
            }
            Tagged::View { class, subclass, bytes, buffer, offset, length, properties, .. } => {
                let buffer = buffer.map(|buffer| self.buffer(buffer));
                let id = self.next_of_all();
                let properties = self.properties(properties);
                Tagged::View { id, subclass, class, bytes, buffer, offset, length, properties }
                    .into()
            }
            other => other.into(),
        }
    }

    /// A buffer of a view: a reference leads to one that there is already, or makes the first.
    fn buffer(&mut self, buffer: Recipe) -> Recipe {
        match (buffer.tagged(), self.buffers.len()) {
            (Some(Tagged::Ref { .. }), 0) => self.give(
                Tagged::ArrayBuffer {
                    id: None,
                    bytes: "5a".repeat(SHARED),
                    times: None,
                    max_byte_length: None,
                    shared: false,
                    detached: false,
                }
                .into(),
            ),
            (Some(Tagged::Ref { id }), count) => {
                Tagged::Ref { id: self.buffers[*id as usize % count] }.into()
            }
            _ => self.give(buffer),
        }
    }

    fn properties(&mut self, properties: Vec<Property>) -> Vec<Property> {
        properties
            .into_iter()
            .map(|Property { key, value, get, enumerable }| Property {
                key,
                value: value.map(|value| self.give(value)),
                get: get.map(|get| self.behaviour(get)),
                enumerable,
            })
            .collect()
    }

    fn behaviour(&mut self, behaviour: Behaviour) -> Behaviour {
        match behaviour {
            Behaviour::Returns(value) => Behaviour::Returns(self.give(value)),
            other => other,
        }
    }
}
