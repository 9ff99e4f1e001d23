//! Starts the child.

use ipc_plan::{self as plan, Event, Launch, Program, ROLE_VARIABLE, Recipe, Role};
use node_channel::{Fork, Serialization, Signal, SpawnError, Stdio};

use crate::errors::{error, os_error};
use crate::process::{Forked, Process, Task};

/// Which of Node's two ways to start a process with a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Fork,
    Spawn,
}

/// What a descriptor of the child is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Inherit,
    Ignore,
    Pipe,
    Ipc,
}

impl Slot {
    fn name(self) -> &'static str {
        match self {
            Self::Inherit => "inherit",
            Self::Ignore => "ignore",
            Self::Pipe => "pipe",
            Self::Ipc => "ipc",
        }
    }
}

/// The arguments, where they are an array of strings or absent.
pub(crate) fn words(args: &Recipe) -> Option<Vec<String>> {
    match args {
        Recipe::Array(items) => items
            .iter()
            .map(|item| match item {
                Recipe::String(word) => Some(word.clone()),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

/// The layout of descriptors, where the builder of `node-channel` can say it: at most one `ipc`.
pub(crate) fn layout(stdio: &Recipe) -> Option<Vec<Slot>> {
    let slot = |word: &str| match word {
        "inherit" => Some(Slot::Inherit),
        "ignore" => Some(Slot::Ignore),
        "pipe" | "overlapped" => Some(Slot::Pipe),
        "ipc" => Some(Slot::Ipc),
        _ => None,
    };
    let slots: Vec<_> = match stdio {
        // One word stands for the first three; the channel comes after them.
        Recipe::String(word) if word != "ipc" => {
            let mut slots = vec![slot(word)?; 3];
            slots.push(Slot::Ipc);
            slots
        }
        Recipe::Array(items) => items
            .iter()
            .map(|item| match item {
                Recipe::String(word) => slot(word),
                Recipe::Null => Some(Slot::Pipe),
                _ => None,
            })
            .collect::<Option<_>>()?,
        _ => return None,
    };
    let channels = slots.iter().filter(|slot| **slot == Slot::Ipc).count();
    (channels == 1).then_some(slots)
}

/// Performs `fork` or `spawn`.
pub(crate) fn launch(process: &mut Process, launch: &Launch, method: Method) {
    let slots = slots(launch, method);
    let mut fork = command(process, launch);
    for (index, slot) in (0..).zip(&slots) {
        match slot {
            Slot::Ipc => {
                fork.channel_at(index);
            }
            Slot::Inherit => {
                fork.stdio(index, Stdio::Inherit);
            }
            Slot::Ignore => {
                fork.stdio(index, Stdio::Null);
            }
            Slot::Pipe => {
                fork.stdio(index, Stdio::Pipe);
            }
        }
    }
    match fork.spawn() {
        Ok(child) => {
            process.forked = Some(Forked {
                child,
                referenced: true,
                status: None,
                killed: false,
                stdout: None,
                may_close: true,
                layout: slots.iter().map(|slot| slot.name()).collect(),
            });
            process.add_initial();
            process.ticks.push_back(Task::Emit(Event::Spawn, Vec::new()));
        }
        Err(refused) => {
            process.add_initial();
            let error = describe(&refused);
            process.ticks.push_back(Task::Emit(Event::Error, vec![error]));
        }
    }
}

fn describe(refused: &SpawnError) -> Recipe {
    if let SpawnError::Program { program, source } = refused
        && let (Some(code), Some(errno)) = (refused.code(), source.raw_os_error())
    {
        let syscall = format!("spawn {}", program.to_string_lossy());
        return os_error(refused.to_string(), code, errno, syscall);
    }
    error(refused.name(), refused.to_string(), refused.code())
}

fn slots(launch: &Launch, method: Method) -> Vec<Slot> {
    if let Some(slots) = launch.stdio.as_ref().and_then(layout) {
        return slots;
    }
    let standard = match (method, launch.silent) {
        (Method::Fork, Some(true)) => Slot::Pipe,
        _ => Slot::Inherit,
    };
    vec![standard, standard, standard, Slot::Ipc]
}

fn command(process: &Process, launch: &Launch) -> Fork {
    let child = &process.setup.child;
    let mut fork = match &launch.program {
        Program::MissingProgram => Fork::program("ipc-conformance-no-such-program"),
        Program::Command(words) => {
            let mut words = words.iter();
            let mut fork = Fork::program(words.next().map_or("", String::as_str));
            fork.args(words);
            fork
        }
        Program::Driver | Program::MissingModule | Program::Module(_) | Program::ModuleUrl => {
            let module = match launch.program {
                Program::MissingModule => "ipc-conformance-no-such-module",
                _ => &child.module_path,
            };
            match launch.shell {
                Some(true) => {
                    let words = std::iter::once(&child.exec_path)
                        .chain(&child.exec_argv)
                        .map(String::as_str)
                        .chain([module]);
                    let line: Vec<_> = words.map(quoted).collect();
                    let mut fork = Fork::program("/bin/sh");
                    fork.arg("-c").arg(line.join(" "));
                    fork
                }
                _ => {
                    let mut fork = Fork::new(module);
                    fork.exec_path(&child.exec_path);
                    for word in &child.exec_argv {
                        fork.exec_arg(word);
                    }
                    fork
                }
            }
        }
    };
    fork.args(launch.args.as_ref().and_then(words).unwrap_or_default());
    fork.env(ROLE_VARIABLE, Role::Child.name());
    fork.envs(&launch.env);
    fork.serialization(match process.serialization {
        plan::Serialization::Json => Serialization::Json,
        plan::Serialization::Advanced => Serialization::Advanced,
    });
    fork.detached(launch.detached.unwrap_or(false));
    if let Some(settles) = launch.timeout_settles {
        fork.timeout(process.settle() * settles);
    }
    if let Some(signal) = launch.kill_signal.as_deref().and_then(Signal::from_name) {
        fork.kill_signal(signal);
    }
    fork
}

/// A word for the shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
