//! Arrays from what was read of them.

use super::Reader;
use crate::clone::ReadError;
use crate::clone::input::malformed;
use crate::{Kind, Properties, Property, PropertyKey, Value};

impl Reader<'_> {
    /// The array of these elements and properties, which may lie at indices.
    pub(super) fn array_of(
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
        for (key, value) in self.members.drain(members..) {
            let before = match index(&key) {
                Some(index) if dense => elements[index as usize].replace(value).is_some(),
                _ => {
                    key == PropertyKey::from("length")
                        || properties.insert(key, Property::data(value)).is_some()
                }
            };
            if before {
                return Err(twice());
            }
        }
        let kind = if dense { Kind::Array(elements) } else { Kind::SparseArray { length } };
        Ok((kind, properties))
    }
}

/// An array may have so many holes, and twice as many as it has elements and properties, before it
/// is a sparse one.
const HOLES: usize = 16;
