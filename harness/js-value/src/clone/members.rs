//! The own enumerable properties with string keys of objects and arrays, in order.

use crate::{Behaviour, JsString, Kind, Object, Properties, PropertyKey, Slot, Value};

/// The properties that are not passed yet.
#[derive(Debug)]
pub(super) struct Members<'g> {
    elements: &'g [Option<Value>],
    next_element: usize,
    properties: &'g Properties,
    /// The least array index that is not passed; `None` when no more can be.
    next_index: Option<u32>,
    next_named: usize,
}

/// The key of a property.
#[derive(Clone, Copy, Debug)]
pub(super) enum Key<'g> {
    Index(u32),
    Name(&'g JsString),
}

/// What a property holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Held<'g> {
    Value(&'g Value),
    Getter(&'g Behaviour),
}

impl<'g> Members<'g> {
    /// All of an object, elements of an array included.
    pub(super) fn new(object: &'g Object) -> Self {
        let elements = match &object.kind {
            Kind::Array(elements) => &elements[..],
            _ => &[],
        };
        let properties = &object.properties;
        Self { elements, next_element: 0, properties, next_index: Some(0), next_named: 0 }
    }

    /// Those that are no element.
    pub(super) fn named(object: &'g Object) -> Self {
        Self { elements: &[], next_index: None, ..Self::new(object) }
    }

    fn element(&mut self) -> Option<(u32, &'g Value)> {
        loop {
            let element = self.elements.get(self.next_element)?;
            if let Some(value) = element {
                return Some((u32::try_from(self.next_element).ok()?, value));
            }
            self.next_element += 1;
        }
    }

    fn indexed(&mut self) -> Option<(u32, &'g Slot)> {
        loop {
            let found = self.next_index.and_then(|index| self.properties.index_from(index));
            let Some((index, property)) = found else {
                self.next_index = None;
                return None;
            };
            if property.enumerable {
                return Some((index, &property.slot));
            }
            self.next_index = index.checked_add(1);
        }
    }
}

impl<'g> Iterator for Members<'g> {
    type Item = (Key<'g>, Held<'g>);

    fn next(&mut self) -> Option<Self::Item> {
        match (self.element(), self.indexed()) {
            (Some((index, value)), indexed) if indexed.is_none_or(|(other, _)| index <= other) => {
                self.next_element += 1;
                return Some((Key::Index(index), Held::Value(value)));
            }
            (_, Some((index, slot))) => {
                self.next_index = index.checked_add(1);
                return Some((Key::Index(index), Held::of(slot)));
            }
            _ => {}
        }
        loop {
            let (key, property) = self.properties.named().get(self.next_named)?;
            self.next_named += 1;
            if let (PropertyKey::String(key), true) = (key, property.enumerable) {
                return Some((Key::Name(key), Held::of(&property.slot)));
            }
        }
    }
}

impl<'g> Held<'g> {
    fn of(slot: &'g Slot) -> Self {
        match slot {
            Slot::Data(value) => Self::Value(value),
            Slot::Getter(getter) => Self::Getter(getter),
        }
    }
}
