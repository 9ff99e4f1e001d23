//! What this driver can perform, decided before it performs anything.

use ipc_plan::{
    Event, Inspect, Launch, OwnStream, Plan, Program, Recipe, Role, Step, Tagged, Transport,
};
use node_channel::Signal;
use serde_json::Value;

use crate::build::{self, BuildError};

/// Why a plan is not performed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// This driver does not do that.
    Unsupported { step: String, reason: String },
    /// Nobody could.
    Malformed { place: String, reason: String },
}

/// The steps of drivers in this version of the formats, for telling an unknown step from a malformed
/// one. Those of the raw peer are unknown.
const STEPS: &[&str] = &[
    "fork",
    "spawn",
    "spawn-sync",
    "exec-file-sync",
    "cluster-fork",
    "worker-send",
    "worker-disconnect",
    "worker-kill",
    "send",
    "burst",
    "set",
    "fill",
    "disconnect",
    "ref",
    "unref",
    "ref-process",
    "unref-process",
    "kill",
    "exit",
    "abort",
    "kill-self",
    "throw",
    "abort-signal",
    "on",
    "off",
    "off-all",
    "read",
    "set-connected",
    "inspect",
    "mark",
    "section",
    "turn",
    "await",
    "await-callbacks",
    "signal",
    "await-signal",
    "settle",
    "hold",
    "release",
    "patch",
    "listen",
    "connect",
    "accept",
    "take",
    "keep",
    "write",
    "receive",
    "end",
    "look",
    "connections",
    "close",
    "await-handle",
];

/// Why nothing of cluster can be done.
const NO_CLUSTER: &str = "node-channel is the channel alone; cluster is built on it";

/// A step of the role, at any depth, whose name this driver has never heard.
pub(crate) fn unknown(plan: &Value, role: Role) -> Option<(String, String)> {
    let mut lists = vec![plan.get(role.name())?.get("steps")?];
    while let Some(steps) = lists.pop() {
        for step in steps.as_array().into_iter().flatten() {
            if let Some(name) = step.get("do").and_then(Value::as_str)
                && !STEPS.contains(&name)
            {
                return Some((name.to_owned(), "no such step is known".to_owned()));
            }
            lists.extend(step.get("steps"));
        }
    }
    None
}

/// Whether the role can be performed.
pub(crate) fn check(plan: &Plan, role: Role) -> Result<(), Problem> {
    let of_role = match role {
        Role::Parent => &plan.parent,
        Role::Child => &plan.child,
    };
    for event in &of_role.listeners {
        event_possible(*event, role, "listeners")?;
    }
    steps(&of_role.steps, role, &format!("{role}.steps"), true)
}

fn steps(steps: &[Step], role: Role, place: &str, may_wait: bool) -> Result<(), Problem> {
    for (index, step) in steps.iter().enumerate() {
        let place = format!("{place}[{index}]");
        one(step, role, &place, may_wait)?;
        match step {
            Step::Send { steps: inner, .. }
            | Step::On { steps: inner, .. }
            | Step::Turn { steps: inner } => {
                self::steps(inner, role, &format!("{place}.steps"), false)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn one(step: &Step, role: Role, place: &str, may_wait: bool) -> Result<(), Problem> {
    let name = step.name();
    let no = |reason: &str| Err(unsupported(&name, reason));
    if step.waits() && !may_wait {
        return Err(malformed(
            place,
            format!("'{name}' waits, and cannot inside a turn or a listener"),
        ));
    }
    if step.is_for_parent() && role == Role::Child {
        return Err(malformed(place, format!("'{name}' is a step of the parent")));
    }
    match step {
        Step::Fork(launch) | Step::Spawn(launch) => launch_possible(&name, launch),
        Step::SpawnSync(_) | Step::ExecFileSync(_) => {
            no("a synchronous spawn has no channel in Rust")
        }
        Step::ClusterFork { .. }
        | Step::WorkerSend { .. }
        | Step::WorkerDisconnect {}
        | Step::WorkerKill { .. } => no(NO_CLUSTER),
        Step::Inspect { what: Inspect::Cluster } => no(NO_CLUSTER),
        Step::Listen { options: Some(_), .. } | Step::Listen { limit: Some(_), .. } => {
            no("a listener has no such options in Rust")
        }
        Step::AbortSignal {} => no("AbortController is JavaScript's"),
        Step::SetConnected { .. } => {
            no("the state of the channel is not a variable of the program")
        }
        Step::Patch { .. } => no("there are no built-in functions to replace"),
        Step::Listen { over: Transport::Udp4, idle: true, .. } => {
            no("a UDP socket has its descriptor from the start in Rust")
        }
        Step::Keep { what: OwnStream::ChildStdout, .. } if role == Role::Child => {
            Err(malformed(place, "the child has no child".to_owned()))
        }
        Step::Send { detached: true, .. } => no("a method cannot be called without its owner"),
        Step::Send { details: true, .. } | Step::On { details: true, .. } => {
            no("'this' and the number of arguments are JavaScript's")
        }
        Step::On { rejects: Some(_), .. } => no("promises are JavaScript's"),
        Step::On { event, .. } => event_possible(*event, role, &name),
        Step::Send { value, arguments, .. } => {
            let message = match (value, arguments) {
                (_, Some(arguments)) => match simple(arguments) {
                    Some((message, _)) => message,
                    None => return no("the types of the arguments are fixed by the language"),
                },
                (value, None) => value.as_ref(),
            };
            let Some(message) = message else { return Ok(()) };
            match build::build(message) {
                Ok(_) => Ok(()),
                Err(BuildError::Malformed(reason)) => {
                    Err(malformed(&format!("{place}.value"), reason))
                }
                Err(BuildError::Unsupported(reason)) => no(&reason),
            }
        }
        Step::Inspect { what } => match what {
            Inspect::ChannelVariables
            | Inspect::GrandchildVariables
            | Inspect::ChannelDescriptor
            | Inspect::ExecArgv
            | Inspect::ReceivedViews
            | Inspect::ReceivedOverlaps
            | Inspect::Session => Ok(()),
            _ => no("this looks at JavaScript objects"),
        },
        Step::Fill { bytes } if *bytes < 3 => {
            Err(malformed(place, "a line has at least 3 bytes: two quotes and LF".to_owned()))
        }
        _ => Ok(()),
    }
}

fn event_possible(event: Event, role: Role, step: &str) -> Result<(), Problem> {
    match event {
        Event::UnhandledRejection => Err(unsupported(step, "promises are JavaScript's")),
        event if event.is_for_parent() && role == Role::Child => {
            Err(malformed(step, format!("'{event}' is an event of the parent")))
        }
        event if event.is_of_cluster() => Err(unsupported(step, NO_CLUSTER)),
        _ => Ok(()),
    }
}

fn launch_possible(name: &str, launch: &Launch) -> Result<(), Problem> {
    let no = |reason: &str| Err(unsupported(name, reason));
    match &launch.program {
        Program::Module(_) | Program::ModuleUrl => {
            return no("the type of the module's path is fixed by the language");
        }
        Program::Driver
        | Program::MissingProgram
        | Program::MissingModule
        | Program::Command(_) => {}
    }
    if launch.options.is_some() || launch.serialization.is_some() {
        return no("the types of the options are fixed by the language");
    }
    if launch.signal {
        return no("AbortSignal is JavaScript's");
    }
    if launch.kill_signal.as_deref().is_some_and(|name| Signal::from_name(name).is_none()) {
        return no("Rust's types have no signals that do not exist");
    }
    if launch.in_worker {
        return no("worker threads are JavaScript's");
    }
    if launch.exec_argv.is_some() {
        return no("a program in Rust has no execArgv to pass on");
    }
    if let Some(args) = &launch.args
        && crate::launch::words(args).is_none()
    {
        return no("the types of the arguments are fixed by the language");
    }
    if launch.stdio.as_ref().is_some_and(|stdio| crate::launch::layout(stdio).is_none()) {
        return no("the types of the builder leave no room for this stdio");
    }
    Ok(())
}

/// The message, and whether there is a callback, of a list of arguments that Rust can express.
pub(crate) fn simple(arguments: &[Recipe]) -> Option<(Option<&Recipe>, Option<Option<&str>>)> {
    let callback = |recipe: &'_ Recipe| matches!(recipe.tagged(), Some(Tagged::Callback { .. }));
    match arguments {
        [] => Some((None, None)),
        [message] if !callback(message) => Some((Some(message), None)),
        [message, last] if !callback(message) => match last.tagged() {
            Some(Tagged::Callback { name }) => Some((Some(message), Some(name.as_deref()))),
            _ => None,
        },
        _ => None,
    }
}

fn unsupported(step: &str, reason: &str) -> Problem {
    Problem::Unsupported { step: step.to_owned(), reason: reason.to_owned() }
}

fn malformed(place: &str, reason: String) -> Problem {
    Problem::Malformed { place: place.to_owned(), reason }
}
