//! Looks at the process itself.

use std::os::fd::AsRawFd;
use std::process::Command;

use ipc_plan::{Inspect, Recipe};
use js_value::ViewBytes;
use nix::unistd::{getpgrp, getpid, getsid};

use crate::parts;
use crate::process::Process;

/// What an `inspect` step finds.
pub(crate) fn inspect(process: &Process, what: Inspect) -> Recipe {
    match what {
        Inspect::ChannelVariables => object([
            ("block", variables(&std::fs::read("/proc/self/environ").unwrap_or_default())),
            ("visible", visible()),
        ]),
        Inspect::GrandchildVariables => {
            let output = Command::new("env").arg("-0").output();
            variables(&output.map(|output| output.stdout).unwrap_or_default())
        }
        Inspect::ChannelDescriptor => descriptor(process),
        Inspect::Session => object([
            ("groupLeader", Recipe::Bool(getpgrp() == getpid())),
            ("sessionLeader", Recipe::Bool(getsid(None) == Ok(getpid()))),
        ]),
        Inspect::ExecArgv => {
            Recipe::Array(process.exec_argv.iter().map(|word| word.as_str().into()).collect())
        }
        Inspect::ReceivedViews => {
            let views = parts::views(&process.message);
            let together = |[a, b]: &[&ViewBytes; 2]| a.shares_memory_with(b);
            let shared = views.len() > 1 && views.array_windows().all(together);
            let [count, overlapping] = overlaps(&views);
            object([count, overlapping, ("shared", Recipe::Bool(shared))])
        }
        Inspect::ReceivedOverlaps => object(overlaps(&parts::views(&process.message))),
        // `validate` refuses the others.
        _ => Recipe::undefined(),
    }
}

/// How many views there are, and whether two of them have a byte in common.
fn overlaps(views: &[&ViewBytes]) -> [(&'static str, Recipe); 2] {
    let common =
        |(at, view): (usize, &&ViewBytes)| views[at + 1..].iter().any(|other| view.overlaps(other));
    [
        ("views", Recipe::Number(views.len() as f64)),
        ("overlapping", Recipe::Bool(views.iter().enumerate().any(common))),
    ]
}

fn object<const N: usize>(entries: [(&str, Recipe); N]) -> Recipe {
    Recipe::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn is_channel_variable(name: &str) -> bool {
    name.starts_with("NODE_CHANNEL_") || name == "NODE_UNIQUE_ID"
}

/// The variables of the channel in a block of `NAME=VALUE`, each ended by NUL, sorted by name.
fn variables(block: &[u8]) -> Recipe {
    let mut found: Vec<_> = block
        .split(|byte| *byte == 0)
        .filter_map(|entry| std::str::from_utf8(entry).ok()?.split_once('='))
        .filter(|(name, _)| is_channel_variable(name))
        .map(|(name, value)| (name.to_owned(), Recipe::from(value)))
        .collect();
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Recipe::Object(found)
}

fn visible() -> Recipe {
    let mut found: Vec<_> = std::env::vars()
        .filter(|(name, _)| is_channel_variable(name))
        .map(|(name, value)| (name, Recipe::String(value)))
        .collect();
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Recipe::Object(found)
}

/// Flags of the channel's descriptor, from `/proc`.
fn descriptor(process: &Process) -> Recipe {
    let Some(fd) = process.channel_ref().and_then(node_channel::Channel::fd) else {
        return Recipe::Null;
    };
    let number = fd.as_raw_fd();
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap_or_default();
    let flags = info
        .lines()
        .find_map(|line| line.strip_prefix("flags:"))
        .and_then(|octal| u32::from_str_radix(octal.trim(), 8).ok())
        .unwrap_or(0);
    let target = std::fs::read_link(format!("/proc/self/fd/{number}")).unwrap_or_default();
    object([
        ("socket", Recipe::Bool(target.to_string_lossy().starts_with("socket:"))),
        ("closeOnExec", Recipe::Bool(flags & 0o2_000_000 != 0)),
        ("nonBlocking", Recipe::Bool(flags & 0o4000 != 0)),
    ])
}
