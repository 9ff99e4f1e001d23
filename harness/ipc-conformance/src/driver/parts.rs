//! The objects inside an object.

use std::collections::BTreeSet;

use js_value::{Graph, Kind, ObjectId, Slot, Value, ViewBytes};

/// The objects that an object refers to, each as often as it does, as far as a description goes
/// into it.
pub(crate) fn parts(graph: &Graph, id: ObjectId) -> Vec<ObjectId> {
    let object = graph.object(id);
    let mut found = Vec::new();
    let mut add = |value: &Value| {
        if let Value::Object(id) = value
            && !matches!(graph.object(*id).kind, Kind::Function(_))
        {
            found.push(*id);
        }
    };
    match &object.kind {
        Kind::View { .. } => return found,
        Kind::Array(items) => items.iter().flatten().for_each(&mut add),
        Kind::Set(values) => values.iter().for_each(&mut add),
        Kind::Map(entries) => entries.iter().for_each(|(key, value)| {
            add(key);
            add(value);
        }),
        Kind::Error { cause, .. } => cause.iter().for_each(&mut add),
        _ => {}
    }
    for (_, property) in object.properties.iter() {
        if let Slot::Data(value) = &property.slot {
            add(value);
        }
    }
    found
}

/// Objects that occur more than once in an object, found without recursion.
pub(crate) fn shared(graph: &Graph, id: ObjectId) -> BTreeSet<ObjectId> {
    let mut shared = BTreeSet::new();
    let mut seen = BTreeSet::from([id]);
    let mut open = vec![id];
    while let Some(next) = open.pop() {
        for part in parts(graph, next) {
            if seen.insert(part) {
                open.push(part);
            } else {
                shared.insert(part);
            }
        }
    }
    shared
}

/// How many levels of containers there are in a container, however deep, itself included; and how
/// many containers.
pub(crate) fn depth(graph: &Graph, id: ObjectId) -> (u64, u64) {
    let (mut levels, mut containers) = (0, 0);
    let mut seen = BTreeSet::new();
    let mut here = vec![id];
    while !here.is_empty() {
        levels += 1;
        containers += here.len() as u64;
        here.retain(|id| seen.insert(*id));
        here = here.iter().flat_map(|id| parts(graph, *id)).collect();
    }
    (levels, containers)
}

/// The bytes of the views in a message, each view once.
pub(crate) fn views(graph: &Graph) -> Vec<&ViewBytes> {
    let Value::Object(root) = graph.root() else { return Vec::new() };
    let mut seen = BTreeSet::from([*root]);
    let mut open = vec![*root];
    while let Some(next) = open.pop() {
        open.extend(parts(graph, next).into_iter().filter(|part| seen.insert(*part)));
    }
    let bytes = |id: &ObjectId| match &graph.object(*id).kind {
        Kind::View { bytes, .. } => Some(bytes),
        _ => None,
    };
    seen.iter().filter_map(bytes).collect()
}
