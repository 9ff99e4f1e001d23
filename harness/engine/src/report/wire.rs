//! What was on the wire, in lines.

use ipc_plan::Role;

use crate::tap::{Line, LineKind};
use crate::text;

/// Something on the wire in one line: time since `start` in milliseconds, channel, direction, and
/// at most about `most` characters of the message.
pub fn wire(line: &Line, start: u64, most: usize) -> String {
    let micros = line.t.saturating_sub(start) / 1_000;
    let direction = match line.from {
        Some(Role::Parent) => "parent → child",
        Some(Role::Child) => "child → parent",
        None => "",
    };
    let mark = match line.kind {
        LineKind::Message => "",
        LineKind::Reserved => "(Node's own) ",
        LineKind::Rest => "(no whole message) ",
        LineKind::Event => "· ",
    };
    let handles = match &line.descriptors[..] {
        [] => String::new(),
        kinds => format!("  [with {}]", kinds.join(", ")),
    };
    format!(
        "{:>6}.{:03} ms  {}  {direction:<14}  {mark}{}{handles}",
        micros / 1_000,
        micros % 1_000,
        line.channel,
        text::short(&line.text, most),
    )
}
