//! What is written of an error.

use super::lookup::property;
use crate::json::{Returned, value_to_text};
use crate::{ErrorClass, Exception, Graph, JsString, Kind, ObjectId, Prototype, Slot, Value};

/// The parts of an error that are written.
pub(super) struct Written<'g> {
    pub(super) class: ErrorClass,
    pub(super) message: Option<JsString>,
    pub(super) stack: Option<JsString>,
    pub(super) cause: Option<&'g Value>,
}

impl<'g> Written<'g> {
    /// What V8 finds of an error, in the order in which it looks.
    pub(super) fn new(graph: &'g Graph, id: ObjectId) -> Result<Self, Exception> {
        let object = graph.object(id);
        let Kind::Error { class, message, stack, cause } = &object.kind else {
            return Ok(Self { class: ErrorClass::Error, message: None, stack: None, cause: None });
        };
        let class = match property(graph, id, "name")? {
            Some(Returned::Text(name)) => named(&name),
            Some(Returned::Value(name)) => named(&value_to_text(graph, name)?),
            None => match object.prototype {
                Prototype::Null | Prototype::Inherits(_) => ErrorClass::Error,
                Prototype::Default | Prototype::Class(_) => *class,
            },
        };
        // Of the own properties of these names, an accessor hides what there would be.
        let own = |key: &str| object.properties.get(key).map(|property| &property.slot);
        let message = match own("message") {
            None => message.clone(),
            Some(Slot::Data(message)) => Some(value_to_text(graph, message)?),
            Some(Slot::Getter(_)) => None,
        };
        let stack = match (own("stack"), stack) {
            (None, Some(stack)) => Some(stack.clone()),
            _ => match property(graph, id, "stack")? {
                Some(Returned::Text(stack)) => Some(stack),
                Some(Returned::Value(Value::String(stack))) => Some(stack.clone()),
                _ => None,
            },
        };
        let cause = match own("cause") {
            None => cause.as_ref(),
            Some(Slot::Data(cause)) => Some(cause),
            Some(Slot::Getter(_)) => None,
        };
        Ok(Self { class, message, stack, cause })
    }
}

/// The class of a `name`.
fn named(name: &JsString) -> ErrorClass {
    let class = name.as_str().and_then(ErrorClass::from_name);
    class.unwrap_or(ErrorClass::Error)
}

/// The tag of a class, if it has one.
pub(super) fn class_tag(class: ErrorClass) -> Option<u8> {
    CLASSES.iter().find(|(_, other)| *other == class).map(|(tag, _)| *tag)
}

/// The class of a tag.
pub(super) fn class_of_tag(tag: u8) -> Option<ErrorClass> {
    CLASSES.iter().find(|(other, _)| *other == tag).map(|(_, class)| *class)
}

/// The others are written without a tag and read as Error.
const CLASSES: &[(u8, ErrorClass)] = &[
    (b'E', ErrorClass::EvalError),
    (b'R', ErrorClass::RangeError),
    (b'F', ErrorClass::ReferenceError),
    (b'S', ErrorClass::SyntaxError),
    (b'T', ErrorClass::TypeError),
    (b'U', ErrorClass::UriError),
];
