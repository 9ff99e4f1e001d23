//! Messages as text, with JavaScript's own rules.

use ipc_conformance_engine::report;
use ipc_conformance_engine::tap::Decoded;
use ipc_plan::Serialization;
use js_value::{Graph, clone, json};

use crate::describe::describe;

/// A message in one line: JSON as it is, a structured clone in the notation of the reports. What
/// cannot be decoded is shown as bytes, with the reason.
pub(crate) fn decode(serialization: Serialization, bytes: &[u8]) -> Decoded {
    match serialization {
        Serialization::Json => match std::str::from_utf8(bytes) {
            Ok(text) => {
                let graph = json::parse(text, &json::ParseLimits::default()).ok();
                let text = report::line(text);
                match graph {
                    Some(graph) => Decoded { text, reserved: is_reserved(&graph) },
                    None => Decoded { text: format!("{text} (not JSON)"), reserved: false },
                }
            }
            Err(_) => undecoded(bytes, "not UTF-8"),
        },
        Serialization::Advanced => match clone::read(bytes, &clone::ReadLimits::default()) {
            Ok(graph) => Decoded {
                text: report::line(&report::recipe(&describe(&graph))),
                reserved: is_reserved(&graph),
            },
            Err(error) => undecoded(bytes, &error.to_string()),
        },
    }
}

fn undecoded(bytes: &[u8], reason: &str) -> Decoded {
    let reason = report::line(reason);
    Decoded { text: format!("{} ({reason})", bytes.escape_ascii()), reserved: false }
}

/// Node's own messages have a `cmd` that begins so.
fn is_reserved(graph: &Graph) -> bool {
    let cmd = graph.view().get("cmd");
    cmd.and_then(|cmd| cmd.as_str()).is_some_and(|cmd| cmd.starts_with("NODE_"))
}
