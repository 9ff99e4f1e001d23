//! What makes two differences the same.

use ipc_plan::Seen;
use serde_json::Value;

use super::value::{self, Mismatch};
use crate::results::DifferenceKind;

/// Hash of clause, event, kind of difference and shape of the payload. Values that vary from
/// message to message (texts, numbers) do not enter it; names and codes do. Neither does the
/// role: a runtime that goes wrong in the same way on both ends has one fault.
pub(super) fn of(
    clause: &str,
    seen: Option<&Seen>,
    kind: DifferenceKind,
    mismatch: &Mismatch,
    expected: Option<&Value>,
    observed: Option<&Value>,
) -> String {
    let event = match seen {
        Some(Seen::Event { event, .. }) => event.name().to_owned(),
        Some(seen) => value::kind(seen),
        None => String::new(),
    };
    let payload = match kind {
        DifferenceKind::Value | DifferenceKind::Message | DifferenceKind::Ending => {
            (shape(mismatch.expected.as_ref()), shape(mismatch.observed.as_ref()))
        }
        _ => (shape(expected), shape(observed)),
    };
    // One fault shows in many generated messages.
    let clause = super::plain(clause);
    let text = format!("{clause}|{event}|{kind:?}|{}|{}|{}", mismatch.path, payload.0, payload.1);
    format!("{:08x}", ipc_plan::fnv1a(text.as_bytes()))
}

/// The shape of a value: its types and key names, and the values that are names themselves.
fn shape(value: Option<&Value>) -> String {
    match value {
        None => "-".to_owned(),
        Some(Value::Null) => "null".to_owned(),
        Some(Value::Bool(b)) => b.to_string(),
        Some(Value::Number(_)) => "number".to_owned(),
        Some(Value::String(text)) if is_name(text) => text.clone(),
        Some(Value::String(_)) => "string".to_owned(),
        Some(Value::Array(items)) => {
            let items: Vec<_> = items.iter().take(4).map(|item| shape(Some(item))).collect();
            format!("[{}]", items.join(","))
        }
        Some(Value::Object(map)) => {
            let items: Vec<_> = map
                .iter()
                .filter(|(key, _)| *key != "message")
                .map(|(key, value)| format!("{key}:{}", shape(Some(value))))
                .collect();
            format!("{{{}}}", items.join(","))
        }
    }
}

/// Words such as `ERR_IPC_CHANNEL_CLOSED`, `TypeError` or `SIGKILL`.
pub(super) fn is_name(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}
