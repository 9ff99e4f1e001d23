//! Records as JSON, without what is never compared, and the place where two of them part.

use ipc_plan::{Recipe, Seen, Tagged};
use serde_json::Value;

/// Where two records part.
#[derive(Clone, Debug, Default)]
pub(super) struct Mismatch {
    /// Path of the first difference that matters, such as `arguments[0].code`.
    pub(super) path: String,
    pub(super) expected: Option<Value>,
    pub(super) observed: Option<Value>,
    /// Whether the texts of error messages are all that differs.
    pub(super) message_only: bool,
}

/// The record without what is never compared.
pub(crate) fn normalised(seen: &Seen) -> Value {
    let mut json = serde_json::to_value(seen).unwrap_or_default();
    match seen {
        Seen::Filled { .. } => json["messages"] = Value::Null,
        Seen::Handle { value, .. } => {
            json["value"] = serde_json::to_value(without_ports(value)).unwrap_or_default();
        }
        Seen::Event { arguments, .. } => {
            // What came beside a message.
            for (index, handle) in arguments.iter().enumerate().skip(1) {
                json["arguments"][index] =
                    serde_json::to_value(without_ports(handle)).unwrap_or_default();
            }
        }
        Seen::RawRead { pieces, ended, .. } => {
            // Whether the other side was gone before the last bytes reached it is a matter of time.
            if ended.as_deref() == Some("ECONNRESET") {
                json["ended"] = "end".into();
            }
            for (index, piece) in pieces.iter().enumerate() {
                json["pieces"][index]["bytes"] = without_chosen_ports(&piece.bytes).into();
            }
        }
        _ => {}
    }
    json
}

/// A line of JSON with a word in place of each port that the kernel may have chosen.
fn without_chosen_ports(line: &str) -> String {
    let mut parts = line.split(PORT);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(PORT);
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let chosen = part[..digits].parse().is_ok_and(|port: u16| port >= FIRST_CHOSEN);
        text.push_str(if chosen { "\"port\"" } else { &part[..digits] });
        text.push_str(&part[digits..]);
    }
    text
}

/// What stands before a port in a line.
const PORT: &str = "\"port\":";
/// The kernel chooses no port below this one: those are the system's.
const FIRST_CHOSEN: u16 = 1024;

/// What is known of a handle, with a word in place of each port: the kernel has chosen it.
fn without_ports(recipe: &Recipe) -> Recipe {
    match recipe {
        Recipe::Object(entries) => Recipe::Object(
            entries
                .iter()
                .map(|(key, value)| match value {
                    Recipe::Number(_) if key == "port" => (key.clone(), "port".into()),
                    value => (key.clone(), without_ports(value)),
                })
                .collect(),
        ),
        Recipe::Tagged(tagged) => match &**tagged {
            Tagged::Handle { class, state } => {
                Tagged::Handle { class: class.clone(), state: without_ports(state) }.into()
            }
            _ => recipe.clone(),
        },
        _ => recipe.clone(),
    }
}

/// Whether two records are about the same thing, so that one can stand for the other.
pub(super) fn same_subject(one: &Seen, other: &Seen) -> bool {
    subject_key(one) == subject_key(other)
        // A send that throws takes the place of one that returns.
        || matches!(
            (one, other),
            (Seen::Sent { id: a, .. }, Seen::Threw { id: b, .. })
            | (Seen::Threw { id: a, .. }, Seen::Sent { id: b, .. }) if a == b
        )
}

fn subject_key(seen: &Seen) -> (String, Option<&str>) {
    let kind = kind(seen);
    match seen {
        Seen::Event { event, listener, .. } => (format!("{kind} {event}"), listener.as_deref()),
        Seen::Sent { id, .. } | Seen::Callback { id, .. } => (kind, id.as_deref()),
        Seen::Threw { step, id, .. } => (format!("{kind} {step}"), id.as_deref()),
        Seen::Returned { step, .. } => (format!("{kind} {step}"), None),
        Seen::Property { property, .. } => (format!("{kind} {property:?}"), None),
        Seen::Inspected { what, .. } => (format!("{kind} {what:?}"), None),
        Seen::Mark { name } | Seen::Signal { name } => (kind, Some(name)),
        Seen::Handle { handle, what, .. } => (format!("{kind} {what}"), Some(handle)),
        Seen::RawRead { on, .. } => (kind, on.as_deref()),
        Seen::GaveUp { awaiting } => (kind, Some(awaiting)),
        Seen::Unsupported { step, .. } => (kind, Some(step)),
        Seen::Started {} | Seen::Filled { .. } | Seen::Done {} => (kind, None),
    }
}

/// The name of the record's kind, as in the log.
pub(super) fn kind(seen: &Seen) -> String {
    serde_json::to_value(seen)
        .ok()
        .and_then(|json| json["kind"].as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// A few words for the record.
pub(super) fn subject(seen: &Seen) -> String {
    let named = |what: &str, id: &Option<String>| match id {
        Some(id) => format!("{what} ({id})"),
        None => what.to_owned(),
    };
    match seen {
        Seen::Started {} => "its start".to_owned(),
        Seen::Sent { id, .. } => named("the answer of send()", id),
        Seen::Returned { step, .. } => format!("the answer of {step}"),
        Seen::Threw { step, id, .. } => named(&format!("an exception of {step}"), id),
        Seen::Callback { id, .. } => named("the callback of send()", id),
        Seen::Event { event, listener, .. } => named(&format!("the event '{event}'"), listener),
        Seen::Property { property, .. } => {
            format!("the property {}", format!("{property:?}").to_lowercase())
        }
        Seen::Mark { name } => format!("the mark '{name}'"),
        Seen::Signal { name } => format!("the signal '{name}'"),
        Seen::Inspected { what, .. } => format!("its look at {what:?}"),
        Seen::Handle { handle, what, .. } => format!("the outcome of {what} on '{handle}'"),
        Seen::Filled { .. } => "a full buffer".to_owned(),
        Seen::RawRead { on, .. } => named("the bytes that the raw peer reads", on),
        Seen::GaveUp { awaiting } => format!("that it waits in vain for {awaiting}"),
        Seen::Unsupported { step, .. } => format!("that it cannot do {step}"),
        Seen::Done {} => "the end of its steps".to_owned(),
    }
}

/// Where two records that are not equal part.
pub(super) fn mismatch(expected: &Value, observed: &Value) -> Mismatch {
    let mut places = Vec::new();
    walk(expected, observed, String::new(), false, &mut places);
    let strict = places.iter().position(|place| !place.message_only);
    let message_only = strict.is_none() && !places.is_empty();
    let mut first = places.into_iter().nth(strict.unwrap_or(0)).unwrap_or_default();
    first.message_only = message_only;
    first
}

fn walk(want: &Value, have: &Value, path: String, in_message: bool, places: &mut Vec<Mismatch>) {
    match (want, have) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            let error = a.get("$").and_then(Value::as_str) == Some("error");
            for (key, want) in a {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(want, &b[key], path, error && key == "message", places);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (want, have)) in a.iter().zip(b).enumerate() {
                walk(want, have, format!("{path}[{index}]"), false, places);
            }
        }
        (a, b) if a == b => {}
        (a, b) => places.push(Mismatch {
            path,
            expected: Some(a.clone()),
            observed: Some(b.clone()),
            message_only: in_message && a.is_string() && b.is_string(),
        }),
    }
}

/// A value in one line of at most 80 characters.
pub(super) fn short(value: Option<&Value>) -> String {
    let text = value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    if text.chars().count() <= 80 {
        return text;
    }
    let mut cut: String = text.chars().take(77).collect();
    cut.push_str("...");
    cut
}
