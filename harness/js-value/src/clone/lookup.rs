//! Properties of objects, inherited ones included.

use crate::json::{Returned, call_getter};
use crate::{Exception, Graph, ObjectId, Prototype, Slot, Value};

/// A property of an object or of what it inherits from, apart from those of built-in prototypes.
fn slot<'g>(graph: &'g Graph, id: ObjectId, key: &str) -> Option<&'g Slot> {
    let object = graph.object(id);
    let own = object.properties.get(key);
    let property = own.or_else(|| match &object.prototype {
        Prototype::Inherits(properties) => properties.get(key),
        Prototype::Default | Prototype::Null | Prototype::Class(_) => None,
    });
    property.map(|property| &property.slot)
}

/// The value of such a property.
pub(super) fn property<'g>(
    graph: &'g Graph,
    id: ObjectId,
    key: &str,
) -> Result<Option<Returned<'g>>, Exception> {
    match slot(graph, id, key) {
        None => Ok(None),
        Some(Slot::Data(value)) => Ok(Some(Returned::Value(value))),
        Some(Slot::Getter(getter)) => call_getter(graph, getter, id).map(Some),
    }
}

/// The value of such a property, of an accessor property `undefined`.
pub(super) fn data_property<'g>(graph: &'g Graph, id: ObjectId, key: &str) -> Option<&'g Value> {
    match slot(graph, id, key)? {
        Slot::Data(value) => Some(value),
        Slot::Getter(_) => Some(&Value::Undefined),
    }
}
