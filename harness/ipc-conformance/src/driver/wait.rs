//! What steps wait for.

use std::time::Instant;

use ipc_plan::{Event, Recipe, Role, Seen};
use js_value::Graph;
use node_channel::MessageId;

use crate::handles::HandleWait;
use crate::process::Process;

/// What a step waits for.
pub(crate) enum Wait {
    Event { event: Event, count: u32, value: Option<Recipe>, since: Instant },
    Callbacks { count: u32, since: Instant },
    Signal { name: String, since: Instant },
    Until(Instant),
    Handle { wait: HandleWait, since: Instant },
    Fill { bytes: u32, messages: u64, sent: Option<MessageId> },
}

/// Whether what is waited for has happened, or no longer can.
pub(crate) fn is_over(process: &mut Process, wait: &mut Wait) -> bool {
    let (over, since, what) = match wait {
        Wait::Until(due) => return Instant::now() >= *due,
        Wait::Fill { bytes, messages, sent } => return fill(process, *bytes, messages, sent),
        Wait::Event { event, count, value, since } => {
            let seen = process
                .events_seen
                .iter()
                .filter(|(e, first)| e == event && (value.is_none() || first == value))
                .count();
            (seen >= *count as usize, *since, format!("event {event}"))
        }
        Wait::Callbacks { count, since } => {
            (process.callbacks_seen >= *count, *since, "callbacks".to_owned())
        }
        Wait::Handle { wait, since } => {
            let over = process.is_handle_wait_over(wait);
            (over, *since, wait.awaiting())
        }
        Wait::Signal { name, since } => {
            (process.log.signalled(name), *since, format!("signal {name}"))
        }
    };
    if over {
        return true;
    }
    let patience = process.setup.patience(process.role, process.in_vain);
    let gone = peer_gone(process).is_some_and(|since| since.elapsed() > process.settle());
    if since.elapsed() > patience || gone {
        process.give_up(what);
        return true;
    }
    false
}

/// Since when nothing more can come from the peer.
fn peer_gone(process: &mut Process) -> Option<Instant> {
    let connected = process.channel_ref().is_some_and(node_channel::Channel::connected);
    let gone = !connected
        && match process.role {
            Role::Child => true,
            Role::Parent => process.forked.as_ref().is_none_or(|f| f.status.is_some()),
        };
    if !gone {
        process.peer_gone = None;
        return None;
    }
    Some(*process.peer_gone.get_or_insert_with(Instant::now))
}

/// Sends a message a turn until one is not complete a turn later.
fn fill(
    process: &mut Process,
    bytes: u32,
    messages: &mut u64,
    sent: &mut Option<MessageId>,
) -> bool {
    if sent.is_some() && process.filling.is_some() {
        process.filling = None;
        process.log.record(Seen::Filled { messages: *messages });
        return true;
    }
    let text = "x".repeat(bytes as usize - 3);
    *sent = process.send_unrecorded(&Graph::from(text.as_str()));
    process.filling = *sent;
    *messages += 1;
    sent.is_none()
}
