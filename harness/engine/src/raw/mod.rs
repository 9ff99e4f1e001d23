//! The raw peer: one end of the channel in the harness's own hands, byte by byte.
//!
//! A program that keeps the drivers' contract (see `ipc_plan`) for the raw role of a plan whose
//! [`Link`](ipc_plan::Link) has one. As the parent it starts the child's driver, as the child it
//! is started by the parent's; either way it knows nothing of Node's protocol but the form of a
//! line and of a frame.

mod descriptors;
mod end;
mod launch;
mod log;
mod peer;
mod pieces;
mod reader;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use ipc_plan::{
    EXIT_BAD_PLAN, EXIT_UNSUPPORTED, LOG_VARIABLE, PLAN_VARIABLE, Plan, ROLE_VARIABLE, Role, Seen,
};

use crate::channel;

use log::Log;
use peer::Peer;

/// Its name in pairings, which no runtime can have.
pub const NAME: &str = "raw";

/// What it waits in vain for where something that it has written to the channel is not read.
pub(crate) const READER: &str = "reader";

/// The raw peer's `main`, for the hidden subcommand that [`Host`](crate::play::Host) names.
pub fn main() -> ExitCode {
    match play() {
        Ok(code) => exit_code(code),
        Err(problem) => {
            eprintln!("raw peer: {problem}");
            exit_code(EXIT_BAD_PLAN)
        }
    }
}

/// Plays the role that the environment names. Gives the exit code.
fn play() -> Result<i32, String> {
    let variable = |name: &str| std::env::var(name).map_err(|e| format!("{name}: {e}"));
    let role = variable(ROLE_VARIABLE)?;
    let role = Role::ALL
        .into_iter()
        .find(|known| known.name() == role)
        .ok_or_else(|| format!("{ROLE_VARIABLE}: `{role}` is neither `parent` nor `child`"))?;
    let path = variable(PLAN_VARIABLE)?;
    let text = fs::read(&path).map_err(|e| format!("{path}: {e}"))?;
    let plan: Plan = serde_json::from_slice(&text).map_err(|e| format!("{path}: {e}"))?;
    let mut log = Log::new(PathBuf::from(variable(LOG_VARIABLE)?), role);
    let steps = match role {
        Role::Parent => &plan.parent.steps,
        Role::Child => &plan.child.steps,
    };
    if let Some(step) = steps.iter().find(|step| !step.is_for_raw_peer()) {
        let reason = "the raw peer does not do that".to_owned();
        log.record(Seen::Unsupported { step: step.name(), reason });
        return Ok(EXIT_UNSUPPORTED);
    }
    let channel = match role {
        Role::Parent => None,
        Role::Child => channel::inherited(|_| true).map(|(_, fd)| fd),
    };
    let setup = plan.setup.clone().ok_or_else(|| format!("{path}: setup is missing"))?;
    Ok(Peer::new(role, log, setup, plan.serialization, channel).play(steps))
}

fn exit_code(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}
