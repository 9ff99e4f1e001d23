//! The entries of Maps and Sets: keys are the same by SameValueZero.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use hashbrown::HashTable;

use crate::{Kind, Value};

impl Kind {
    /// The Map that got these entries in order, as `new Map(entries)`: of those with the same key
    /// the first keeps its place and takes the value of the last.
    pub fn map(entries: Vec<(Value, Value)>) -> Self {
        Self::Map(map_entries(entries.into_iter()))
    }

    /// The Set that got these values in order, as `new Set(values)`: each is in it once.
    pub fn set(values: Vec<Value>) -> Self {
        Self::Set(set_values(values.into_iter()))
    }
}

fn map_entries(added: impl ExactSizeIterator<Item = (Value, Value)>) -> Vec<(Value, Value)> {
    let mut entries: Vec<(Value, Value)> = Vec::with_capacity(added.len());
    let mut places = Places::new(added.len());
    for (key, value) in added {
        let key = normalized(key);
        match places.find(&key, entries.len(), |place| &entries[place].0) {
            Some(place) => entries[place].1 = value,
            None => entries.push((key, value)),
        }
    }
    entries
}

fn set_values(added: impl ExactSizeIterator<Item = Value>) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::with_capacity(added.len());
    let mut places = Places::new(added.len());
    for value in added {
        let value = normalized(value);
        if places.find(&value, values.len(), |place| &values[place]).is_none() {
            values.push(value);
        }
    }
    values
}

/// No key is -0.
fn normalized(key: Value) -> Value {
    match key {
        Value::Number(n) => Value::Number(n + 0.0),
        key => key,
    }
}

/// Where keys are; with few of them they are compared one by one.
struct Places(Option<(RandomState, HashTable<usize>)>);

/// More keys are indexed.
const SCANNED: usize = 8;

impl Places {
    fn new(keys: usize) -> Self {
        Self((keys > SCANNED).then(Default::default))
    }

    /// The place of a key among the first `length`; if it is not there, it will be at `length`.
    fn find<'k>(
        &mut self,
        key: &Value,
        length: usize,
        at: impl Fn(usize) -> &'k Value,
    ) -> Option<usize> {
        let Some((hasher, places)) = &mut self.0 else {
            return (0..length).find(|place| same(key, at(*place)));
        };
        let hash_of = |key: &Value| hasher.hash_one(Hashed(key));
        let hash = hash_of(key);
        let found = places.find(hash, |place| same(key, at(*place))).copied();
        if found.is_none() {
            places.insert_unique(hash, length, |place| hash_of(at(*place)));
        }
        found
    }
}

fn same(a: &Value, b: &Value) -> bool {
    a == b || matches!((a, b), (Value::Number(a), Value::Number(b)) if a.is_nan() && b.is_nan())
}

struct Hashed<'k>(&'k Value);

impl Hash for Hashed<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0 {
            Value::Undefined => 0_u8.hash(state),
            Value::Null => 1_u8.hash(state),
            Value::Bool(b) => b.hash(state),
            Value::Number(n) if n.is_nan() => 2_u8.hash(state),
            Value::Number(n) => n.to_bits().hash(state),
            Value::BigInt(n) => n.hash(state),
            Value::String(text) => text.hash(state),
            Value::Symbol(symbol) => symbol.hash(state),
            Value::Object(id) => id.hash(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BigInt;

    #[test]
    fn keys_are_the_same_by_same_value_zero() {
        let values = || {
            let mut values: Vec<Value> =
                vec![Value::Number(-0.0), 0.0.into(), f64::NAN.into(), f64::NAN.into()];
            values.extend([Value::Null, Value::Undefined, false.into(), "0".into(), "0".into()]);
            values.extend([BigInt::from(0_u64), BigInt::from(0_u64)].map(Value::from));
            values
        };
        let expected =
            "[Number(0.0), Number(NaN), Null, Undefined, Bool(false), String(\"0\"), BigInt(0n)]";
        assert_eq!(format!("{:?}", set_values(values().into_iter())), expected);
        // With few, likewise.
        let few: Vec<Value> = values().into_iter().take(4).collect();
        assert_eq!(format!("{:?}", set_values(few.into_iter())), "[Number(0.0), Number(NaN)]");
        let pairs: Vec<_> = values().into_iter().zip((0..).map(Value::from)).collect();
        let entries = map_entries(pairs.into_iter());
        assert_eq!(entries.len(), 7);
        assert_eq!(entries[0], (Value::Number(0.0), Value::from(1)));
        assert_eq!(entries[6].1, Value::from(10));
    }
}
