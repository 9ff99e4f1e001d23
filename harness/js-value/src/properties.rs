//! Own properties in the order of JavaScript.

use std::collections::{BTreeMap, btree_map};
use std::fmt;
use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use crate::string::array_index;
use crate::{Behaviour, KeyRef, PropertyKey, Symbol, Value};

/// A property.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// What is there.
    pub slot: Slot,
    /// Whether it is enumerable.
    pub enumerable: bool,
}

/// The value of a property, or what makes it.
#[derive(Clone, Debug, PartialEq)]
pub enum Slot {
    /// A data property.
    Data(Value),
    /// An accessor property. A getter gets no argument: what asks for the key sees `undefined`.
    Getter(Behaviour),
}

impl Property {
    /// An enumerable data property.
    pub fn data(value: impl Into<Value>) -> Self {
        Self { slot: Slot::Data(value.into()), enumerable: true }
    }

    /// An enumerable accessor property.
    pub fn getter(behaviour: Behaviour) -> Self {
        Self { slot: Slot::Getter(behaviour), enumerable: true }
    }

    /// The same, not enumerable.
    #[must_use]
    pub fn hidden(self) -> Self {
        Self { enumerable: false, ..self }
    }

    /// The value of a data property.
    pub fn value(&self) -> Option<&Value> {
        match &self.slot {
            Slot::Data(value) => Some(value),
            Slot::Getter(_) => None,
        }
    }
}

/// The own properties of an object in own-key order: array indices ascending, other strings in
/// order of insertion, symbols in order of insertion. `__proto__` is a key like any other.
#[derive(Clone, Default)]
pub struct Properties {
    /// Strings that are no array index.
    named: Vec<Entry>,
    /// What few objects have.
    rare: Option<Box<Rare>>,
}

type Entry = (PropertyKey, Property);

#[derive(Clone, Default)]
struct Rare {
    indexed: BTreeMap<u32, Entry>,
    symbols: Vec<Entry>,
    /// Places in `named` by key, once there are more than [`SCANNED`].
    places: Option<(RandomState, HashTable<u32>)>,
}

/// As long as an object has no more names than this, they are compared one by one.
const SCANNED: usize = 8;

impl Properties {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of properties.
    pub fn len(&self) -> usize {
        let rare = self.rare.as_ref().map_or(0, |rare| rare.indexed.len() + rare.symbols.len());
        self.named.len() + rare
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The property of this key: a `&str`, `&JsString`, `&Symbol` or `&PropertyKey`.
    pub fn get<'k>(&self, key: impl Into<KeyRef<'k>>) -> Option<&Property> {
        let key = key.into();
        let entry = match Place::of(key) {
            Place::Indexed(index) => return self.index(index),
            Place::Named => &self.named[self.position(key)?],
            Place::Symbol(symbol) => {
                let symbols = &self.rare.as_ref()?.symbols;
                &symbols[symbol_position(symbols, symbol)?]
            }
        };
        Some(&entry.1)
    }

    /// As [`get`](Self::get), to change it.
    pub fn get_mut<'k>(&mut self, key: impl Into<KeyRef<'k>>) -> Option<&mut Property> {
        let key = key.into();
        let entry = match Place::of(key) {
            Place::Indexed(index) => self.rare.as_mut()?.indexed.get_mut(&index)?,
            Place::Named => {
                let position = self.position(key)?;
                &mut self.named[position]
            }
            Place::Symbol(symbol) => {
                let symbols = &mut self.rare.as_mut()?.symbols;
                let position = symbol_position(symbols, symbol)?;
                &mut symbols[position]
            }
        };
        Some(&mut entry.1)
    }

    /// Defines a property; one that was there keeps its place and is returned.
    pub fn insert(&mut self, key: impl Into<PropertyKey>, property: Property) -> Option<Property> {
        self.put((key.into(), property))
    }

    #[inline]
    fn put(&mut self, entry: Entry) -> Option<Property> {
        let key = KeyRef::from(&entry.0);
        let old = match Place::of(key) {
            Place::Named => match self.position(key) {
                Some(position) => &mut self.named[position].1,
                None => {
                    self.push_named(entry);
                    return None;
                }
            },
            Place::Indexed(index) => match self.rare_mut().indexed.entry(index) {
                btree_map::Entry::Occupied(old) => &mut old.into_mut().1,
                btree_map::Entry::Vacant(place) => {
                    place.insert(entry);
                    return None;
                }
            },
            Place::Symbol(symbol) => {
                let symbols = &mut self.rare.get_or_insert_default().symbols;
                match symbol_position(symbols, symbol) {
                    Some(position) => &mut symbols[position].1,
                    None => {
                        symbols.push(entry);
                        return None;
                    }
                }
            }
        };
        Some(std::mem::replace(old, entry.1))
    }

    /// Deletes a property.
    pub fn remove<'k>(&mut self, key: impl Into<KeyRef<'k>>) -> Option<Property> {
        let key = key.into();
        let entry = match Place::of(key) {
            Place::Indexed(index) => self.rare.as_mut()?.indexed.remove(&index)?,
            Place::Named => {
                let entry = self.named.remove(self.position(key)?);
                self.index_names();
                entry
            }
            Place::Symbol(symbol) => {
                let symbols = &mut self.rare.as_mut()?.symbols;
                symbols.remove(symbol_position(symbols, symbol)?)
            }
        };
        Some(entry.1)
    }

    /// The properties in own-key order.
    pub fn iter(&self) -> impl Iterator<Item = (&PropertyKey, &Property)> {
        let rare = self.rare.as_deref();
        let indexed = rare.into_iter().flat_map(|rare| rare.indexed.values());
        let symbols = rare.into_iter().flat_map(|rare| &rare.symbols);
        indexed.chain(&self.named).chain(symbols).map(|(key, property)| (key, property))
    }

    /// The property of an array index.
    pub(crate) fn index(&self, index: u32) -> Option<&Property> {
        Some(&self.rare.as_ref()?.indexed.get(&index)?.1)
    }

    /// The first array index that is not below `from`, and its property.
    pub(crate) fn index_from(&self, from: u32) -> Option<(u32, &Property)> {
        let (index, entry) = self.rare.as_ref()?.indexed.range(from..).next()?;
        Some((*index, &entry.1))
    }

    /// The strings that are no array index, in order.
    pub(crate) fn named(&self) -> &[(PropertyKey, Property)] {
        &self.named
    }

    /// Data properties from entries in order of insertion, duplicates included.
    pub(crate) fn from_data(entries: impl ExactSizeIterator<Item = (PropertyKey, Value)>) -> Self {
        let mut properties = Self { named: Vec::with_capacity(entries.len()), rare: None };
        for (key, value) in entries {
            properties.put((key, Property { slot: Slot::Data(value), enumerable: true }));
        }
        properties
    }

    /// Defines an enumerable property, `undefined` for now, if that is as simple as it mostly is: the
    /// name is that of no other, and there are few. Returns whether it did.
    #[inline]
    pub(crate) fn push_new(&mut self, name: &str) -> bool {
        let simple = self.rare.is_none()
            && self.named.len() < SCANNED
            && array_index(name).is_none()
            && !self.named.iter().any(|(other, _)| other.is_text(name));
        if simple {
            self.named.push((PropertyKey::String(name.into()), Property::data(Value::Undefined)));
        }
        simple
    }

    /// Gives the property its value that was pushed last.
    #[inline]
    pub(crate) fn set_last(&mut self, value: Value) {
        if let Some((_, property)) = self.named.last_mut() {
            property.slot = Slot::Data(value);
        }
    }

    fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    #[inline]
    fn push_named(&mut self, entry: Entry) {
        if self.rare.is_none() && self.named.len() < SCANNED {
            self.named.push(entry);
        } else {
            self.push_indexed(entry);
        }
    }

    /// The same where there may be a table of places, or has to be one.
    fn push_indexed(&mut self, entry: Entry) {
        let position = self.named.len() as u32;
        if let Some((hasher, table)) = self.rare.as_mut().and_then(|rare| rare.places.as_mut()) {
            let named = &self.named;
            let hash = hash(hasher, (&entry.0).into());
            table.insert_unique(hash, position, |at| {
                crate::properties::hash(hasher, (&named[*at as usize].0).into())
            });
        }
        self.named.push(entry);
        if self.named.len() == SCANNED + 1 {
            self.index_names();
        }
    }

    /// Makes the table of places anew.
    fn index_names(&mut self) {
        if self.named.len() <= SCANNED {
            if let Some(rare) = &mut self.rare {
                rare.places = None;
            }
            return;
        }
        let hasher = RandomState::new();
        let hash_at = |at: &u32| hash(&hasher, (&self.named[*at as usize].0).into());
        let mut table = HashTable::with_capacity(self.named.len());
        for position in 0..self.named.len() as u32 {
            table.insert_unique(hash_at(&position), position, hash_at);
        }
        self.rare_mut().places = Some((hasher, table));
    }

    /// Where in `named` the key is.
    #[inline]
    fn position(&self, key: KeyRef<'_>) -> Option<usize> {
        match (&self.rare, key.text()) {
            (None, Some(text)) => self.named.iter().position(|(name, _)| name.is_text(text)),
            _ => self.position_by_table(key),
        }
    }

    /// The same for any string, and where there may be a table of places.
    fn position_by_table(&self, key: KeyRef<'_>) -> Option<usize> {
        match self.rare.as_ref().and_then(|rare| rare.places.as_ref()) {
            None => self.named.iter().position(|(name, _)| key.is(name)),
            Some((hasher, table)) => table
                .find(hash(hasher, key), |at| key.is(&self.named[*at as usize].0))
                .map(|at| *at as usize),
        }
    }
}

fn symbol_position(symbols: &[Entry], symbol: &Symbol) -> Option<usize> {
    symbols.iter().position(|(key, _)| matches!(key, PropertyKey::Symbol(s) if s == symbol))
}

fn hash(hasher: &RandomState, key: KeyRef<'_>) -> u64 {
    match key {
        KeyRef::Text(text) => hasher.hash_one(text),
        KeyRef::String(string) => match string.parts() {
            Ok(text) => hasher.hash_one(text),
            Err(units) => hasher.hash_one(units),
        },
        KeyRef::Symbol(symbol) => hasher.hash_one(symbol),
    }
}

/// Which part of the properties a key belongs to.
enum Place<'k> {
    Indexed(u32),
    Named,
    Symbol(&'k Symbol),
}

impl<'k> Place<'k> {
    #[inline]
    fn of(key: KeyRef<'k>) -> Self {
        let index = match key {
            KeyRef::Text(text) => array_index(text),
            KeyRef::String(string) => string.array_index(),
            KeyRef::Symbol(symbol) => return Self::Symbol(symbol),
        };
        index.map_or(Self::Named, Self::Indexed)
    }
}

impl<K: Into<PropertyKey>> FromIterator<(K, Property)> for Properties {
    fn from_iter<I: IntoIterator<Item = (K, Property)>>(entries: I) -> Self {
        let mut properties = Self::new();
        for (key, property) in entries {
            properties.insert(key, property);
        }
        properties
    }
}

impl PartialEq for Properties {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JsString;

    fn keys(properties: &Properties) -> String {
        let keys: Vec<String> = properties.iter().map(|(key, _)| format!("{key:?}")).collect();
        keys.join(" ")
    }

    #[test]
    fn own_key_order() {
        let symbol = Symbol::new("s");
        let mut properties = Properties::new();
        properties.insert(symbol.clone(), Property::data(0));
        for key in ["b", "2", "a", "1", "-1", "01", "__proto__", "4294967294", "4294967295", "b"] {
            properties.insert(key, Property::data(key));
        }
        let expected =
            r#""1" "2" "4294967294" "b" "a" "-1" "01" "__proto__" "4294967295" Symbol(s)"#;
        assert_eq!(keys(&properties), expected);
        assert_eq!(properties.len(), 10);
        assert!(properties.get(&symbol).is_some());
        assert!(properties.get(&Symbol::new("s")).is_none());
        assert!(properties.remove("1").is_some());
        assert!(properties.remove("a").is_some());
        assert!(properties.remove(&symbol).is_some());
        assert!(properties.remove("a").is_none());
        assert_eq!(keys(&properties), r#""2" "4294967294" "b" "-1" "01" "__proto__" "4294967295""#);
    }

    #[test]
    fn the_last_value_wins_at_the_first_position() {
        let mut properties = Properties::new();
        for (key, value) in [("a", 1), ("b", 2), ("a", 3), ("0", 4), ("0", 5)] {
            properties.insert(key, Property::data(value));
        }
        assert_eq!(keys(&properties), r#""0" "a" "b""#);
        assert_eq!(properties.get("a"), Some(&Property::data(3)));
        assert_eq!(properties.get("0"), Some(&Property::data(5)));
        assert_eq!(properties.insert("b", Property::data(6)), Some(Property::data(2)));
    }

    #[test]
    fn many_names_are_found_by_hash() {
        let name = |n: i32| format!("key {n}");
        let mut properties: Properties =
            (0..1000).map(|n| (name(n % 500), Property::data(n))).collect();
        properties.insert(JsString::from_utf16(&[0xd800]), Property::data(-1));
        assert_eq!(properties.len(), 501);
        for n in 0..500 {
            assert_eq!(properties.get(&*name(n)), Some(&Property::data(n + 500)));
            assert_eq!(properties.get(&JsString::from(name(n))), Some(&Property::data(n + 500)));
        }
        assert!(properties.get(&JsString::from_utf16(&[0xd800])).is_some());
        for n in (0..500).step_by(50) {
            properties.remove(&*name(n));
        }
        assert_eq!(properties.get("key 499"), Some(&Property::data(999)));
        assert_eq!(properties.get("key 50"), None);
        for n in 0..500 {
            properties.remove(&*name(n));
        }
        assert_eq!(properties.len(), 1);
        properties.insert("x", Property::data(0));
        assert!(properties.get("x").is_some());
    }
}
