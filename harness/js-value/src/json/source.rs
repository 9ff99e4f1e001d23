//! What the members of an array or object are, in order.

use super::lookup::{Item, Key, Lookup, Primitive};
use crate::object::{Element, element};
use crate::{Exception, Graph, JsString, Kind, Object, ObjectId, PropertyKey, Value};

/// The place reached in a container that is being written.
#[derive(Debug)]
pub(super) enum Source<'g> {
    Array(ArraySource<'g>),
    Object(ObjectSource<'g>),
    /// The object that a Buffer's `toJSON` returns, past its members.
    BufferEnd,
}

#[derive(Debug)]
pub(super) struct ArraySource<'g> {
    id: ObjectId,
    elements: &'g [Option<Value>],
    length: usize,
    next: usize,
}

#[derive(Debug)]
pub(super) struct ObjectSource<'g> {
    id: ObjectId,
    object: &'g Object,
    /// Number of members that are no properties.
    exotic: usize,
    /// Those of a String object.
    units: Vec<u16>,
    next_exotic: usize,
    /// The next array index among the properties; `None` when there are no more.
    next_index: Option<u32>,
    next_named: usize,
}

impl<'g> Source<'g> {
    /// The members of an array or object, or of that behind a proxy.
    pub(super) fn new(graph: &'g Graph, id: ObjectId) -> Self {
        let (object, _) = graph.target(id);
        let array = match &object.kind {
            Kind::Array(elements) => Some((&elements[..], elements.len())),
            Kind::SparseArray { length } => Some((&[][..], *length as usize)),
            _ => None,
        };
        if let Some((elements, length)) = array {
            return Self::Array(ArraySource { id, elements, length, next: 0 });
        }
        let units: Vec<u16> = match &object.kind {
            // Only behind a proxy: otherwise they are unboxed.
            Kind::Boxed(Value::String(text)) => text.to_utf16(),
            _ => Vec::new(),
        };
        let exotic = match &object.kind {
            Kind::Arguments(values) => values.len(),
            Kind::View { class, bytes } => {
                class.element_size().map_or(0, |size| bytes.len() / size)
            }
            Kind::Boxed(_) => units.len(),
            // Likewise.
            Kind::RawJson(_) => 1,
            _ => 0,
        };
        let next_index = object.properties.index_from(0).map(|(index, _)| index);
        let places =
            ObjectSource { id, object, exotic, units, next_exotic: 0, next_index, next_named: 0 };
        Self::Object(places)
    }

    /// Whether it is an array whose text is longer than any string of V8 (2²⁹ - 24 code units):
    /// each element and its comma take two of them.
    pub(super) fn is_endless(&self) -> bool {
        matches!(self, Self::Array(source) if source.length >= 1 << 28)
    }

    /// Whether it is an array.
    pub(super) fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }
}

impl<'g> ArraySource<'g> {
    /// The next index.
    #[inline]
    pub(super) fn next(&mut self) -> Option<usize> {
        let index = self.next;
        (index < self.length).then(|| {
            self.next += 1;
            index
        })
    }

    /// What is at an index, if it is a primitive that JSON has.
    #[inline]
    pub(super) fn primitive(&self, index: usize) -> Option<Primitive<'g>> {
        Primitive::of(self.elements.get(index)?.as_ref()?)
    }

    /// What is written at an index, whatever is there.
    pub(super) fn item(&self, index: usize, lookup: Lookup<'g>) -> Result<Item<'g>, Exception> {
        match self.elements.get(index).and_then(Option::as_ref) {
            Some(value) => lookup.item(value, Key::Index(index)),
            None => lookup.hole(self.id, index),
        }
    }
}

impl<'g> ObjectSource<'g> {
    /// The next property, if it has a name and is a primitive that JSON has: the usual case of
    /// [`next`](Self::next), without what any other may need.
    #[inline]
    pub(super) fn next_primitive(&mut self) -> Option<(&'g PropertyKey, Primitive<'g>)> {
        if self.next_exotic < self.exotic || self.next_index.is_some() {
            return None;
        }
        let (key, property) = self.object.properties.named().get(self.next_named)?;
        let primitive = Primitive::of(property.value().filter(|_| property.enumerable)?)?;
        self.next_named += 1;
        Some((key, primitive))
    }

    /// The next own enumerable property with a string key, whatever its value.
    pub(super) fn next(
        &mut self,
        lookup: Lookup<'g>,
    ) -> Option<Result<(Key<'g>, Item<'g>), Exception>> {
        if self.next_exotic < self.exotic {
            let index = self.next_exotic;
            self.next_exotic += 1;
            return Some(self.exotic(index, lookup));
        }
        while let Some(index) = self.next_index {
            let (index, property) = self.object.properties.index_from(index)?;
            self.next_index = index
                .checked_add(1)
                .and_then(|next| self.object.properties.index_from(next))
                .map(|(index, _)| index);
            if property.enumerable && index as usize >= self.exotic {
                let key = Key::Index(index as usize);
                let item = lookup.slot(&property.slot, self.id, key);
                return Some(item.map(|item| (key, item)));
            }
        }
        let named = self.object.properties.named();
        let skipped =
            named[self.next_named..].iter().position(|(_, property)| property.enumerable)?;
        let (key, property) = &named[self.next_named + skipped];
        self.next_named += skipped + 1;
        let item = lookup.slot(&property.slot, self.id, Key::Name(key));
        Some(item.map(|item| (Key::Name(key), item)))
    }

    fn exotic(&self, index: usize, lookup: Lookup<'g>) -> Result<(Key<'g>, Item<'g>), Exception> {
        let key = Key::Index(index);
        let item = match &self.object.kind {
            Kind::Arguments(values) => lookup.item(&values[index], key)?,
            Kind::View { class, bytes } => match element(*class, bytes, index) {
                Some(Element::Number(n)) => Primitive::Number(n).into(),
                Some(Element::BigInt(n)) => lookup.big_int(&n, key)?,
                None => Item::Nothing,
            },
            Kind::Boxed(_) => Item::Made(JsString::from_utf16(&self.units[index..=index])),
            Kind::RawJson(text) => {
                return Ok((Key::Text("rawJSON"), Item::Made(text.as_str().into())));
            }
            _ => Item::Nothing,
        };
        Ok((key, item))
    }
}
