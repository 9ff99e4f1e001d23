//! How questions to `answer.cjs` are written, and what it describes its answers in.
//!
//! A question about a text is `"` and the bytes of its UTF-8 in hexadecimal. One about a value is a
//! line of tokens: the number of objects; for each its kind, its prototype and what it holds that is
//! no object; for each what else it holds and its properties; the root; the patched methods.

use std::fmt::Write as _;

use js_value::json::PatchedPrototypes;
use js_value::{
    Behaviour, Function, Graph, JsString, Kind, Object, ObjectId, Properties, Property,
    PropertyKey, Prototype, Slot, Value, View,
};

use crate::describe::{hex, units};

/// The question about a text.
pub(crate) fn question_of_text(text: &str) -> String {
    let mut question = String::from("\"");
    text.bytes().for_each(|byte| hex(&mut question, u64::from(byte), 2));
    question
}

/// The question about the root of a graph.
pub(crate) fn question_of_value(graph: &Graph, patched: &PatchedPrototypes) -> String {
    let mut writer = Writer { graph, out: String::new(), order: reachable(graph, patched) };
    writer.write(patched);
    writer.out
}

/// What a parsed value is, as `answer.cjs` describes it.
pub(crate) fn describe(view: View<'_>) -> String {
    let mut out = String::new();
    describe_into(view, &mut out);
    out
}

/// The objects that a serialization may come to, each proxy after its target.
pub(crate) fn reachable(graph: &Graph, patched: &PatchedPrototypes) -> Vec<ObjectId> {
    let mut found = Vec::new();
    let mut pending = Vec::new();
    of_value(graph.root(), &mut pending);
    let methods = [&patched.big_int_to_json, &patched.object_to_json];
    methods.into_iter().flatten().for_each(|method| of_behaviour(method, &mut pending));
    while let Some(id) = pending.pop() {
        if !found.contains(&id) {
            found.push(id);
            of_object(graph.object(id), &mut pending);
        }
    }
    found.sort_by_key(|id| {
        let mut object = graph.object(*id);
        let mut proxies = 0;
        while let Kind::Proxy(target) = object.kind {
            object = graph.object(target);
            proxies += 1;
        }
        proxies
    });
    found
}

fn of_object(object: &Object, found: &mut Vec<ObjectId>) {
    match &object.kind {
        Kind::Array(elements) => elements.iter().flatten().for_each(|value| of_value(value, found)),
        Kind::Function(function) => of_behaviour(&function.behaviour, found),
        Kind::Map(entries) => entries.iter().for_each(|(key, value)| {
            of_value(key, found);
            of_value(value, found);
        }),
        Kind::Set(values) | Kind::Arguments(values) => {
            values.iter().for_each(|value| of_value(value, found));
        }
        Kind::Error { cause: Some(cause), .. } => of_value(cause, found),
        Kind::Proxy(target) => found.push(*target),
        _ => {}
    }
    if let Prototype::Inherits(properties) = &object.prototype {
        of_properties(properties, found);
    }
    of_properties(&object.properties, found);
}

fn of_properties(properties: &Properties, found: &mut Vec<ObjectId>) {
    for (_, property) in properties.iter() {
        match &property.slot {
            Slot::Data(value) => of_value(value, found),
            Slot::Getter(behaviour) => of_behaviour(behaviour, found),
        }
    }
}

fn of_behaviour(behaviour: &Behaviour, found: &mut Vec<ObjectId>) {
    if let Behaviour::Returns(value) = behaviour {
        of_value(value, found);
    }
}

fn of_value(value: &Value, found: &mut Vec<ObjectId>) {
    if let Value::Object(id) = value {
        found.push(*id);
    }
}

struct Writer<'g> {
    graph: &'g Graph,
    out: String,
    /// The objects; others refer to them by their place here.
    order: Vec<ObjectId>,
}

impl<'g> Writer<'g> {
    fn write(&mut self, patched: &PatchedPrototypes) {
        self.token(self.order.len());
        for at in 0..self.order.len() {
            self.shell(self.graph.object(self.order[at]));
        }
        for at in 0..self.order.len() {
            self.contents(self.graph.object(self.order[at]));
        }
        self.value(self.graph.root());
        self.maybe_behaviour(patched.big_int_to_json.as_ref());
        self.maybe_behaviour(patched.object_to_json.as_ref());
    }

    /// What an object is made from.
    fn shell(&mut self, object: &'g Object) {
        self.token(kind_name(&object.kind));
        match &object.prototype {
            Prototype::Default => self.token("default"),
            Prototype::Null => self.token("null"),
            Prototype::Class(name) => {
                self.token('.');
                units(&mut self.out, &name.as_str().into());
            }
            Prototype::Inherits(_) => self.token("inherits"),
        }
        match &object.kind {
            Kind::Function(function) => self.text(&function.name),
            Kind::Date(time) => self.value(&Value::Number(*time)),
            Kind::RegExp { source, flags } => {
                self.string(source);
                self.text(flags);
            }
            Kind::Error { class, message, stack, .. } => {
                self.token(class);
                for part in [message, stack] {
                    match part {
                        Some(text) => self.string(text),
                        None => self.token('_'),
                    }
                }
            }
            Kind::Boxed(value) => self.value(value),
            Kind::ArrayBuffer { bytes, max_byte_length, .. } => {
                self.bytes(bytes);
                match max_byte_length {
                    Some(length) => self.token(length),
                    None => self.token('_'),
                }
            }
            Kind::View { class, bytes } => {
                self.token(class);
                self.bytes(bytes);
            }
            Kind::Url(href) => self.string(href),
            Kind::Proxy(target) => self.token(self.place(*target)),
            Kind::Arguments(values) => self.token(values.len()),
            Kind::RawJson(text) => self.text(text),
            _ => {}
        }
    }

    /// What refers to other objects.
    fn contents(&mut self, object: &'g Object) {
        match &object.kind {
            Kind::Array(elements) => {
                self.token(elements.len());
                elements.iter().for_each(|element| self.maybe_value(element.as_ref()));
            }
            Kind::SparseArray { length } => {
                self.token(length);
                (0..*length).for_each(|_| self.token('_'));
            }
            Kind::Function(Function { behaviour, .. }) => self.behaviour(behaviour),
            Kind::Map(entries) => {
                self.token(entries.len());
                for (key, value) in entries {
                    self.value(key);
                    self.value(value);
                }
            }
            Kind::Set(values) => {
                self.token(values.len());
                values.iter().for_each(|value| self.value(value));
            }
            Kind::Error { cause, .. } => self.maybe_value(cause.as_ref()),
            Kind::Arguments(values) => values.iter().for_each(|value| self.value(value)),
            _ => {}
        }
        if let Prototype::Inherits(properties) = &object.prototype {
            self.properties(properties);
        }
        self.properties(&object.properties);
    }

    fn properties(&mut self, properties: &Properties) {
        self.token(properties.len());
        for (key, Property { slot, enumerable }) in properties.iter() {
            match key {
                PropertyKey::String(key) => self.string(key),
                PropertyKey::Symbol(_) => self.token('y'),
            }
            self.token(if *enumerable { "shown" } else { "hidden" });
            match slot {
                Slot::Data(value) => self.value(value),
                Slot::Getter(behaviour) => {
                    self.token('_');
                    self.behaviour(behaviour);
                }
            }
        }
    }

    fn maybe_behaviour(&mut self, behaviour: Option<&Behaviour>) {
        match behaviour {
            Some(behaviour) => self.behaviour(behaviour),
            None => self.token('_'),
        }
    }

    fn behaviour(&mut self, behaviour: &Behaviour) {
        let (what, prefix) = match behaviour {
            Behaviour::Returns(value) => {
                self.token("returns");
                return self.value(value);
            }
            Behaviour::Throws { class, message } => {
                self.token("throws");
                self.token(class);
                return self.text(message);
            }
            Behaviour::ReturnsKey { prefix } => ("key", prefix),
            Behaviour::ReturnsJsonKey { prefix } => ("jsonKey", prefix),
            Behaviour::ReturnsThis { prefix } => ("this", prefix),
            other => panic!("no notation for {other:?}"),
        };
        self.token(what);
        self.text(prefix);
    }

    fn maybe_value(&mut self, value: Option<&Value>) {
        match value {
            Some(value) => self.value(value),
            None => self.token('_'),
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Undefined => self.token('u'),
            Value::Null => self.token('n'),
            Value::Bool(true) => self.token('t'),
            Value::Bool(false) => self.token('f'),
            Value::Number(n) => {
                self.token('d');
                hex(&mut self.out, n.to_bits(), 16);
            }
            Value::BigInt(n) => self.token(format_args!("i{n}")),
            Value::String(text) => self.string(text),
            Value::Symbol(_) => self.token('y'),
            Value::Object(id) => self.token(format_args!("o{}", self.place(*id))),
        }
    }

    fn text(&mut self, text: &str) {
        self.string(&text.into());
    }

    fn string(&mut self, string: &JsString) {
        self.token('s');
        units(&mut self.out, string);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.token('b');
        bytes.iter().for_each(|byte| hex(&mut self.out, u64::from(*byte), 2));
    }

    fn token(&mut self, token: impl std::fmt::Display) {
        if !self.out.is_empty() {
            self.out.push(' ');
        }
        write!(self.out, "{token}").expect("a String takes all that is written");
    }

    fn place(&self, id: ObjectId) -> usize {
        self.order.iter().position(|other| *other == id).expect("all reachable objects are there")
    }
}

fn kind_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Plain => "Plain",
        Kind::Array(_) | Kind::SparseArray { .. } => "Array",
        Kind::Function(_) => "Function",
        Kind::Map(_) => "Map",
        Kind::Set(_) => "Set",
        Kind::Date(_) => "Date",
        Kind::RegExp { .. } => "RegExp",
        Kind::Error { .. } => "Error",
        Kind::Boxed(_) => "Boxed",
        Kind::ArrayBuffer { shared: false, .. } => "ArrayBuffer",
        Kind::ArrayBuffer { shared: true, .. } => "SharedArrayBuffer",
        Kind::View { .. } => "View",
        Kind::Url(_) => "Url",
        Kind::Proxy(_) => "Proxy",
        Kind::Arguments(_) => "Arguments",
        Kind::RawJson(_) => "RawJson",
        Kind::Opaque(class) => class.name(),
        other => panic!("no notation for {other:?}"),
    }
}

fn describe_into(view: View<'_>, out: &mut String) {
    match view.value() {
        Value::Null => out.push('n'),
        Value::Bool(true) => out.push('t'),
        Value::Bool(false) => out.push('f'),
        Value::Number(n) => {
            out.push('d');
            hex(out, n.to_bits(), 16);
        }
        Value::String(text) => {
            out.push('s');
            units(out, text);
        }
        Value::Object(_) if view.as_object().is_some_and(|o| matches!(o.kind, Kind::Array(_))) => {
            out.push('[');
            for (at, element) in view.elements().enumerate() {
                if at > 0 {
                    out.push(' ');
                }
                describe_into(element.expect("JSON has no holes"), out);
            }
            out.push(']');
        }
        Value::Object(_) => {
            out.push('{');
            for (at, (key, value)) in view.entries().enumerate() {
                if at > 0 {
                    out.push(' ');
                }
                units(out, key);
                out.push(':');
                describe_into(value, out);
            }
            out.push('}');
        }
        other => panic!("JSON has no {other:?}"),
    }
}
