//! Whether a history shows what a case needs.

use std::collections::BTreeMap;

use ipc_plan::{Record, Role};
use serde_json::Value;

use crate::history::History;
use crate::spec::Case;

/// The first need of the case that the history does not meet, in words.
pub(super) fn unmet(case: &Case, history: &History) -> Option<String> {
    let logs = Role::ALL.map(|role| (role, by_kind(history.log(role))));
    case.needs.iter().find_map(|need| {
        let with: Vec<(Path<'_>, &Value)> =
            need.with.iter().map(|(path, want)| (Path::new(path), want)).collect();
        let meets = |seen: &&Value| {
            with.iter().all(|(path, want)| path.of(seen).is_some_and(|have| equal(have, want)))
        };
        let log = logs.iter().filter(|(role, _)| *role == need.role).map(|(_, log)| log);
        let of_kind = log.flat_map(|log| need.kind.split('|').filter_map(|kind| log.get(kind)));
        // One is too many of what must not be there; otherwise no more than needed are looked for.
        let found = of_kind.flatten().filter(meets).take(need.count.max(1) as usize).count();
        (found != need.count as usize).then(|| {
            let with: Vec<_> = need.with.iter().map(|(key, v)| format!("{key} = {v}")).collect();
            let count = if need.count == 0 { "no".to_owned() } else { need.count.to_string() };
            format!(
                "{count} {} of the {} with {{{}}}, found {found}",
                need.kind,
                need.role,
                with.join(", ")
            )
        })
    })
}

/// What was seen, by its `kind`.
fn by_kind(records: &[Record]) -> BTreeMap<String, Vec<Value>> {
    let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for seen in records.iter().filter_map(|record| serde_json::to_value(&record.seen).ok()) {
        let kind = seen["kind"].as_str().unwrap_or_default();
        match all.get_mut(kind) {
            Some(same) => same.push(seen),
            None => drop(all.insert(kind.to_owned(), vec![seen])),
        }
    }
    all
}

/// A path such as `arguments[0].code`. What a description lacks is looked for among its
/// `properties`.
struct Path<'a>(Vec<Part<'a>>);

enum Part<'a> {
    Key(&'a str),
    Index(usize),
    /// No such place can be.
    Nowhere,
}

impl<'a> Path<'a> {
    fn new(path: &'a str) -> Self {
        let parts = path.split('.').flat_map(|part| {
            let (key, indices) = part.split_at(part.find('[').unwrap_or(part.len()));
            let indices = indices.split('[').filter(|index| !index.is_empty()).map(|index| {
                index.trim_end_matches(']').parse().map_or(Part::Nowhere, Part::Index)
            });
            Some(key).filter(|key| !key.is_empty()).map(Part::Key).into_iter().chain(indices)
        });
        Self(parts.collect())
    }

    fn of<'j>(&self, json: &'j Value) -> Option<&'j Value> {
        self.0.iter().try_fold(json, |json, part| match part {
            Part::Key(key) => json.get(key).or_else(|| own(json, key)),
            Part::Index(index) => json.get(index),
            Part::Nowhere => None,
        })
    }
}

/// The value of an own property that a description lists, such as the `code` of an error.
fn own<'a>(json: &'a Value, key: &str) -> Option<&'a Value> {
    json.get("properties")?.as_array()?.iter().find(|p| p["key"] == key)?.get("value")
}

/// Equality in which 1 and 1.0 are one number.
fn equal(have: &Value, want: &Value) -> bool {
    match (have.as_f64(), want.as_f64()) {
        (Some(have), Some(want)) => have == want,
        _ => have == want,
    }
}
