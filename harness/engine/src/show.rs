//! Records and values in one line for people.

use ipc_plan::{Property, Prototype, RawPiece, Recipe, Seen, Tagged};

use crate::history::Ending;
use crate::results::Difference;
use crate::text::quoted;

/// A record in one line.
pub(crate) fn record(seen: &Seen) -> String {
    let named = |id: &Option<String>| match id {
        Some(id) => format!(" {}", quoted(id)),
        None => String::new(),
    };
    let this = |receiver: &Option<String>| match receiver {
        Some(receiver) => format!(", this: {receiver}"),
        None => String::new(),
    };
    match seen {
        Seen::Started {} => "started".to_owned(),
        Seen::Sent { id, returned } => format!("send(){} returned {}", named(id), recipe(returned)),
        Seen::Returned { step, value } => format!("{step} returned {}", recipe(value)),
        Seen::Threw { step, id, error } => format!("{step}{} threw {}", named(id), recipe(error)),
        Seen::Callback { id, arguments, receiver } => {
            format!("callback{} ({}){}", named(id), list(arguments), this(receiver))
        }
        Seen::Event { event, listener, arguments, count, receiver } => {
            let count = count.map_or_else(String::new, |n| format!(", arguments.length: {n}"));
            format!(
                "event '{event}'{} ({}){count}{}",
                named(listener),
                list(arguments),
                this(receiver)
            )
        }
        Seen::Property { property, value } => format!("{} is {}", word(property), recipe(value)),
        Seen::Mark { name } => format!("mark {}", quoted(name)),
        Seen::Signal { name } => format!("signal {}", quoted(name)),
        Seen::Inspected { what, value } => format!("{}: {}", word(what), recipe(value)),
        Seen::Handle { handle, what, value } => {
            format!("{what} {}: {}", quoted(handle), recipe(value))
        }
        Seen::Filled { messages } => format!("channel full after {messages} messages"),
        Seen::RawRead { on, pieces, ended } => {
            let pieces: Vec<String> = pieces.iter().map(piece).collect();
            let ended = ended.as_ref().map_or_else(String::new, |why| format!(", then {why}"));
            format!("read{} {}{ended}", named(on), pieces.join(" "))
        }
        Seen::GaveUp { awaiting } => format!("gave up waiting for {awaiting}"),
        Seen::Unsupported { step, reason } => format!("cannot do {step}: {reason}"),
        Seen::Done {} => "all steps done".to_owned(),
    }
}

/// Bytes that the raw peer has read, with what came along.
fn piece(piece: &RawPiece) -> String {
    let mut text = format!("{} {}", word(&piece.form), quoted(&piece.bytes));
    for descriptor in &piece.descriptors {
        text += &format!(" + {}", word(&descriptor.kind));
    }
    text
}

/// How a process ended, as the rest of a sentence that begins with the process.
pub(crate) fn ending(ending: &Ending) -> String {
    match ending {
        Ending::Exited { code } => format!("exited with code {code}"),
        Ending::Signalled { signal } => format!("was killed by {signal}"),
        Ending::TimedOut { limit_ms } => {
            format!("did not end within {limit_ms} ms and was killed")
        }
        Ending::NotStarted { error } => format!("was not started: {error}"),
    }
}

/// What the reference and the pairing have at the place of a difference.
pub(crate) fn sides(difference: &Difference) -> (String, String) {
    let side = |seen: &Option<Seen>| match seen {
        Some(seen) => at(seen, &difference.path).unwrap_or_else(|| record(seen)),
        None => "nothing".to_owned(),
    };
    (side(&difference.expected), side(&difference.observed))
}

/// The value at a path of a difference.
fn at(seen: &Seen, path: &str) -> Option<String> {
    if path.is_empty() {
        return None;
    }
    let json = serde_json::to_value(seen).ok()?;
    let (mut here, mut rest) = (&json, path);
    while !rest.is_empty() {
        if let Some(index) = rest.strip_prefix('[') {
            let (index, after) = index.split_once(']')?;
            here = here.get(index.parse::<usize>().ok()?)?;
            rest = after;
        } else {
            // Keys may have dots in them.
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let fits = |key: &str| {
                rest.strip_prefix(key)
                    .filter(|after| after.is_empty() || after.starts_with(['.', '[']))
            };
            let (value, after) =
                here.as_object()?.iter().find_map(|(key, value)| Some((value, fits(key)?)))?;
            (here, rest) = (value, after);
        }
    }
    Some(Recipe::from_json(here.clone()).map_or_else(|_| here.to_string(), |value| recipe(&value)))
}

pub(crate) fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// A value in one line, much as an inspector of JavaScript shows it.
pub fn recipe(recipe: &Recipe) -> String {
    match recipe {
        Recipe::String(text) => quoted(text),
        Recipe::Array(items) => format!("[{}]", list(items)),
        Recipe::Object(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(k, v)| format!("{}: {}", key(k), self::recipe(v))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Recipe::Tagged(value) => tagged(value),
        Recipe::Null | Recipe::Bool(_) | Recipe::Number(_) => {
            serde_json::to_string(recipe).unwrap_or_default()
        }
    }
}

fn tagged(value: &Tagged) -> String {
    let marked = |id: &Option<u32>| id.map_or_else(String::new, |id| format!("<{id}> "));
    let of = |id: &Option<u32>, class: &str, inner: &str, extra: &[Property]| match extra {
        [] => format!("{}{class}({inner})", marked(id)),
        extra => format!("{}{class}({inner}) {{{}}}", marked(id), properties(extra)),
    };
    match value {
        Tagged::Undefined {} => "undefined".to_owned(),
        Tagged::Number { value } => value.clone(),
        Tagged::Bigint { value } => format!("{value}n"),
        Tagged::Utf16 { units } => {
            let units: Vec<String> = units
                .iter()
                .map(|unit| match char::from_u32(u32::from(*unit)) {
                    Some(c @ ' '..='~') if c != '"' && c != '\\' => c.to_string(),
                    _ => format!("\\u{unit:04x}"),
                })
                .collect();
            format!("\"{}\"", units.concat())
        }
        Tagged::Text { length, hash, start } => {
            format!("{}… ({length} code units, hash {hash})", quoted(start))
        }
        Tagged::Symbol { description } => format!("Symbol({description})"),
        Tagged::Function { name, .. } => format!("[function {name}]"),
        Tagged::Object(object) => {
            let prototype = match &object.prototype {
                None => "",
                Some(Prototype::Null) => "[null prototype] ",
                Some(Prototype::Class(name)) => &format!("{name} "),
                Some(Prototype::Inherits(_)) => "[inherits] ",
            };
            format!("{}{prototype}{{{}}}", marked(&object.id), properties(&object.properties))
        }
        Tagged::Array { id, elements, length, properties: extra } => {
            let length = length.map_or_else(String::new, |n| format!(" (length {n})"));
            let extra = match extra.as_slice() {
                [] => String::new(),
                extra => format!(" {{{}}}", properties(extra)),
            };
            format!("{}[{}]{length}{extra}", marked(id), list(elements))
        }
        Tagged::Hole {} => "<hole>".to_owned(),
        Tagged::Ref { id } => format!("<ref {id}>"),
        Tagged::Date { id, time, properties } => of(id, "Date", &recipe(time), properties),
        Tagged::Regexp { id, source, flags, last_index } => {
            let index = last_index.map_or_else(String::new, |n| format!(" (lastIndex {n})"));
            format!("{}/{source}/{flags}{index}", marked(id))
        }
        Tagged::Error { id, class, message, stack, properties: extra, cause, .. } => {
            let class = format!("{}{class}", marked(id));
            let message = message.as_ref().map_or_else(String::new, |m| format!(" {}", quoted(m)));
            let stack =
                stack.as_ref().map_or_else(String::new, |s| format!(", stack {}", quoted(s)));
            let cause =
                cause.as_ref().map_or_else(String::new, |c| format!(", cause {}", recipe(c)));
            match extra.as_slice() {
                [] => format!("{class}{message}{stack}{cause}"),
                extra => format!("{class}{message} {{{}}}{stack}{cause}", properties(extra)),
            }
        }
        Tagged::Boxed { id, value } => of(id, "Object", &recipe(value), &[]),
        Tagged::Map { entries, id, properties } => {
            let entries: Vec<String> =
                entries.iter().map(|(k, v)| format!("{} => {}", recipe(k), recipe(v))).collect();
            of(id, "Map", &entries.join(", "), properties)
        }
        Tagged::Set { values, id, properties } => of(id, "Set", &list(values), properties),
        Tagged::View { id, class, bytes, buffer: None, properties, .. } => {
            of(id, class, bytes, properties)
        }
        Tagged::Url { href } => format!("URL({})", quoted(href)),
        Tagged::Arguments { values } => format!("arguments({})", list(values)),
        Tagged::Opaque { class } => format!("[{class}]"),
        Tagged::Global { name } => name.clone(),
        Tagged::Handle { class, state } => format!("{class} {}", recipe(state)),
        Tagged::Deeper { levels, containers } => {
            format!("… ({levels} more levels, {containers} containers)")
        }
        Tagged::Repeat { .. }
        | Tagged::Callback { .. }
        | Tagged::ArrayBuffer { .. }
        | Tagged::View { .. }
        | Tagged::Proxy { .. }
        | Tagged::RawJson { .. }
        | Tagged::Nest { .. } => serde_json::to_string(value).unwrap_or_default(),
    }
}

fn list(items: &[Recipe]) -> String {
    items.iter().map(recipe).collect::<Vec<_>>().join(", ")
}

fn properties(properties: &[Property]) -> String {
    let property = |property: &Property| {
        let name = match &property.key {
            Recipe::String(name) => key(name),
            other => format!("[{}]", recipe(other)),
        };
        let value = match &property.value {
            Some(value) => recipe(value),
            None => "<getter>".to_owned(),
        };
        let hidden = if property.enumerable == Some(false) { " <hidden>" } else { "" };
        format!("{name}: {value}{hidden}")
    };
    properties.iter().map(property).collect::<Vec<_>>().join(", ")
}

fn key(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    if !name.is_empty() && name.chars().all(plain) { name.to_owned() } else { quoted(name) }
}

#[cfg(test)]
mod tests {
    use ipc_plan::Role;

    use super::*;
    use crate::results::DifferenceKind;
    use crate::spec::Level;

    fn shown(json: &str) -> String {
        recipe(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn values_look_like_javascript() {
        assert_eq!(
            shown(r#"{"a b":[1,null,{"$":"number","value":"-0"}]}"#),
            r#"{"a b": [1, null, -0]}"#
        );
        assert_eq!(shown(r#"{"$":"utf16","units":[97,55296]}"#), r#""a\ud800""#);
        assert_eq!(
            shown(
                r#"{"$":"error","class":"TypeError","message":"no","properties":[{"key":"code","value":"ERR_X"}]}"#
            ),
            r#"TypeError "no" {code: "ERR_X"}"#
        );
        assert_eq!(
            shown(r#"{"$":"map","entries":[[1,{"$":"set","values":[]}]]}"#),
            "Map(1 => Set())"
        );
    }

    #[test]
    fn a_difference_shows_the_value_at_its_path() {
        let seen = |text: &str| serde_json::from_str::<Seen>(text).ok();
        let difference = Difference {
            clause: "SER-1".to_owned(),
            level: Level::Must,
            role: Role::Child,
            kind: DifferenceKind::Value,
            at: 1,
            path: "arguments[0].a.b[1]".to_owned(),
            expected: seen(r#"{"kind":"event","event":"message","arguments":[{"a.b":[1,2]}]}"#),
            observed: seen(r#"{"kind":"event","event":"message","arguments":[7]}"#),
            text: String::new(),
            fingerprint: String::new(),
        };
        assert_eq!(sides(&difference), ("2".to_owned(), "event 'message' (7)".to_owned()));
    }
}
