//! `tap`: the channels of a real application.

mod decode;
mod view;

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, anyhow};
use ipc_conformance_engine::tap::{self as relay, Forwarder, Order};
use ipc_plan::{Role, Schedule};
use tempfile::TempDir;

use super::args::TapArgs;
use super::{Failure, Outcome, print};

pub(super) use decode::decode;
use view::View;

/// The settle time of a schedule.
const SETTLE_MS: u64 = 100;

const PRELOAD: &str = include_str!("../../../../../fixtures/tap/preload.cjs");

pub(super) fn tap(args: TapArgs) -> Outcome {
    if let Some(path) = &args.show {
        return show(path);
    }
    let folder = tempfile::Builder::new()
        .prefix("ipc-tap-")
        .tempdir()
        .context("failed to make a temporary folder; TMPDIR must name a writable one")
        .map_err(Failure::Environment)?;
    let record = recording(args.record.as_deref(), &folder).map_err(Failure::Usage)?;
    let order = Order { record, schedule: args.schedule, settle_ms: SETTLE_MS };
    let view = View::follow(&order.record).map_err(Failure::Harness)?;
    let status = match std::env::var_os("NODE_CHANNEL_FD") {
        // We are in a child's place ourselves.
        Some(_) => relay::run(&order, &args.command)
            .map_err(|error| Failure::Environment(anyhow!("{error}"))),
        None => watch(&order, &args.command, &folder),
    };
    view.finish();
    drop(folder);
    relay::end_like(status?)
}

/// The file that the relays append to, by its full path: they may run in other folders.
fn recording(wanted: Option<&Path>, folder: &TempDir) -> anyhow::Result<PathBuf> {
    let path = wanted.map_or_else(|| folder.path().join("wire.jsonl"), Path::to_owned);
    relay::check_room(&path).map_err(|error| anyhow!("failed to {error}"))?;
    File::options()
        .append(true)
        .create(true)
        .open(&path)
        .and_then(|_| path.canonicalize())
        .with_context(|| format!("failed to record to {}", path.display()))
}

/// Runs an application whose Node, Deno and Bun processes start their children by way of relays.
fn watch(order: &Order, command: &[OsString], folder: &TempDir) -> Result<ExitStatus, Failure> {
    let harness = |error: std::io::Error| Failure::Harness(anyhow!("failed to watch: {error}"));
    let preload = folder.path().join("preload.cjs");
    std::fs::write(&preload, PRELOAD).map_err(harness)?;
    let own = std::env::current_exe().map_err(harness)?;
    let mut words = vec![own.to_string_lossy().into_owned()];
    words.extend(order.words());
    let words = serde_json::to_string(&words).unwrap_or_default();

    let [program, arguments @ ..] = command else {
        return Err(Failure::Usage(anyhow!("no command is given")));
    };
    let signals = Forwarder::new().map_err(harness)?;
    let mut child = Command::new(program)
        .args(arguments)
        .env("IPC_CONFORMANCE_TAP", words)
        // Node and Deno read the one, Bun the other.
        .env("NODE_OPTIONS", with_preload("NODE_OPTIONS", "--require ", &preload))
        .env("BUN_OPTIONS", with_preload("BUN_OPTIONS", "--preload=", &preload))
        .spawn()
        .with_context(|| format!("failed to start {}", program.display()))
        .map_err(Failure::Environment)?;
    relay::wait(&mut child, &signals).map_err(harness)
}

/// What the variable holds already, and the preload. Quotes are only for a path that needs them:
/// Deno and Bun do not read them as Node does.
fn with_preload(variable: &str, flag: &str, preload: &Path) -> String {
    let mut path = preload.display().to_string();
    if path.contains([' ', '"', '\\']) {
        path = format!("\"{}\"", path.replace('\\', r"\\").replace('"', "\\\""));
    }
    let before = std::env::var(variable).unwrap_or_default();
    format!("{before} {flag}{path}").trim_start().to_owned()
}

fn show(path: &Path) -> Outcome {
    let entries = relay::read(path).map_err(|e| Failure::Usage(anyhow!("failed to {e}")))?;
    let mut view = view::Lines::default();
    let mut text = String::new();
    for entry in &entries {
        text.push_str(&view.add(entry));
    }
    text.push_str(&view.missing());
    print(&text)
}

/// Reads `--schedule`.
pub(super) fn schedule(text: &str) -> Result<Schedule, String> {
    let wrong = || {
        format!(
            "`{text}` is none of one-byte, merge, delay:ROLE:N, stall:ROLE with ROLE parent or child"
        )
    };
    let role =
        |word: &str| Role::ALL.into_iter().find(|role| role.name() == word).ok_or_else(wrong);
    match text.split(':').collect::<Vec<_>>()[..] {
        ["one-byte"] => Ok(Schedule::OneByte),
        ["merge"] => Ok(Schedule::Merge),
        ["delay", from, settles] => {
            let settles = settles.parse().map_err(|_| wrong())?;
            Ok(Schedule::Delay { from: role(from)?, settles })
        }
        ["stall", from] => Ok(Schedule::Stall { from: role(from)? }),
        _ => Err(wrong()),
    }
}
