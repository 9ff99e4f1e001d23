//! The driver of the Rust channel: plays a role of a plan on `node-channel`.
//!
//! The contract is in the documentation of `ipc_plan`. A channel is a library, not a runtime, so
//! this program brings the part of Node that surrounds it: an event loop with Node's phases,
//! listeners, and the rule of when a process ends. What is under test is what the library says
//! and does: answers, completions, messages, errors, whether it holds the process.

mod build;
mod describe;
mod errors;
mod event_loop;
mod handles;
mod inspect;
mod launch;
mod listeners;
mod log;
mod parts;
mod poll;
mod process;
mod steps;
mod validate;
mod wait;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ipc_plan::{
    Describe, EXIT_BAD_PLAN, EXIT_UNSUPPORTED, FORKS_OTHERS, LOG_VARIABLE, PLAN_VARIABLE, PROTOCOL,
    Plan, ROLE_VARIABLE, Role, RolePlan, Seen,
};
use serde_json::Value;

use crate::log::Log;
use crate::process::Process;

/// The word that takes the place of the module in this driver's command line. A parent may have
/// made a path of it.
const MODULE: &str = "driver";

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let options = words.iter().take_while(|word| word.starts_with('-')).count();
    let (exec_argv, words) = words.split_at(options);
    let file_name =
        |word: &String| Path::new(word).file_name().map(|name| name.to_string_lossy().into_owned());
    match words.first().and_then(file_name).as_deref() {
        Some("describe") => {
            println!("{}", serde_json::to_string(&describe()).unwrap_or_default());
            ExitCode::SUCCESS
        }
        None | Some(MODULE) => match play(exec_argv.to_vec()) {
            Ok(never) => match never {},
            Err(problem) => {
                eprintln!("{problem}");
                exit_code(EXIT_BAD_PLAN)
            }
        },
        Some(module) => {
            eprintln!(
                "cannot find module '{module}': this driver is started with 'describe' or '{MODULE}'"
            );
            ExitCode::FAILURE
        }
    }
}

fn describe() -> Describe {
    Describe {
        protocol: PROTOCOL,
        name: "rust".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        node: None,
        roles: Role::ALL.to_vec(),
        capabilities: ["serialization.json", "serialization.advanced", FORKS_OTHERS]
            .map(str::to_owned)
            .to_vec(),
    }
}

fn play(exec_argv: Vec<String>) -> Result<std::convert::Infallible, String> {
    let variable = |name: &str| std::env::var(name).map_err(|e| format!("{name}: {e}"));
    let role = match variable(ROLE_VARIABLE)?.as_str() {
        "parent" => Role::Parent,
        "child" => Role::Child,
        other => return Err(format!("{ROLE_VARIABLE}: '{other}' is neither 'parent' nor 'child'")),
    };
    let path = variable(PLAN_VARIABLE)?;
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
    let mut log = Log::new(PathBuf::from(variable(LOG_VARIABLE)?), role);

    let mut json: Value = serde_json::from_str(&text).map_err(|e| format!("{path}: {e}"))?;
    if let Some((step, reason)) = validate::unknown(&json, role) {
        log.record(Seen::Unsupported { step, reason });
        std::process::exit(EXIT_UNSUPPORTED);
    }
    // What the other role does is for its own driver to read.
    for other in Role::ALL.into_iter().filter(|other| *other != role) {
        if let Some(other) = json.get_mut(other.name()) {
            *other = Value::Object(serde_json::Map::new());
        }
    }
    let plan: Plan = serde_json::from_value(json).map_err(|e| format!("{path}: {e}"))?;
    if plan.protocol != PROTOCOL {
        return Err(format!(
            "{path}: protocol {} where this driver knows {PROTOCOL}",
            plan.protocol
        ));
    }
    match validate::check(&plan, role) {
        Ok(()) => {}
        Err(validate::Problem::Unsupported { step, reason }) => {
            log.record(Seen::Unsupported { step, reason });
            std::process::exit(EXIT_UNSUPPORTED);
        }
        Err(validate::Problem::Malformed { place, reason }) => {
            return Err(format!("{path}: {place}: {reason}"));
        }
    }
    let setup = plan.setup.clone().ok_or_else(|| format!("{path}: setup is missing"))?;
    let channel = match role {
        Role::Parent => None,
        Role::Child => node_channel::Channel::from_env().unwrap_or_else(|error| {
            eprintln!("{error}");
            std::process::exit(1);
        }),
    };
    // SAFETY: no other thread has been started.
    #[expect(unsafe_code, reason = "the environment is the process's own, and it has one thread")]
    unsafe {
        node_channel::remove_variables();
    }
    let RolePlan { listeners, steps }: RolePlan = match role {
        Role::Parent => plan.parent,
        Role::Child => plan.child,
    };
    let process = Process::new(role, log, setup, plan.serialization, exec_argv, channel, listeners);
    event_loop::run(process, steps)
}

fn exit_code(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}
