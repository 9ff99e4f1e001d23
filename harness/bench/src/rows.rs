//! What is measured, with what, and how often.

use std::collections::BTreeMap;
use std::env;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use serde::Serialize;

use crate::plan::{Api, Bare, Mode, Plan, Serialization, Size, VARIABLE};
use crate::usage::Measured;

/// The programs that play.
#[derive(Debug)]
pub(crate) struct Machine {
    this: String,
    script: String,
    node: Program,
    bun: Option<Program>,
}

/// A runtime on this machine.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Program {
    #[serde(skip)]
    command: String,
    pub(crate) name: &'static str,
    pub(crate) version: String,
}

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) pairing: &'static str,
    pub(crate) api: Option<Api>,
    pub(crate) serialization: Serialization,
    pub(crate) size: Size,
    pub(crate) mode: Mode,
}

/// A key with how to measure it.
struct Row {
    key: Key,
    command: Vec<String>,
    plan: Plan,
}

/// What each repetition gave, with the messages it was of.
pub(crate) type Rows = BTreeMap<Key, (u64, Vec<Measured>)>;

/// The bare socket: one system call a message, many messages a system call, and that with a search
/// for newlines.
pub(crate) const BARE_SINGLE: &str = "socket, a call each";
pub(crate) const BARE: &str = "socket";
pub(crate) const BARE_SCAN: &str = "socket, newline scan";
/// A Node child that gets lines made beforehand, 64 KiB with each system call.
pub(crate) const FEED: &str = "lines to node";

impl Machine {
    /// Looks for the programs: those that NODE and BUN name; otherwise `node` on the PATH, and `bun`
    /// there or where `make runtimes` puts it.
    pub(crate) fn find(root: &Path) -> anyhow::Result<Self> {
        let script = root.join("fixtures/bench/peer.cjs");
        let node = Program::find("node", "NODE")?;
        let node = node.context("node is missing: install Node 18 or newer, or name it in NODE")?;
        let pinned = root.join("fixtures/runtimes/node_modules/@oven/bun-linux-x64/bin/bun");
        let bun = match Program::find("bun", "BUN")? {
            None => Program::start("bun", pinned.to_str().context("a path in UTF-8")?),
            found => found,
        };
        Ok(Self {
            this: env::current_exe()?.to_str().context("a path in UTF-8")?.to_owned(),
            script: script.to_str().context("a path in UTF-8")?.to_owned(),
            node,
            bun,
        })
    }

    pub(crate) fn programs(&self) -> Vec<Program> {
        [Some(&self.node), self.bun.as_ref()].into_iter().flatten().cloned().collect()
    }

    /// The command that plays a side of this runtime in this role.
    fn command(&self, runtime: &str, role: &str) -> Vec<String> {
        let program = match runtime {
            "node" => Some(&self.node),
            "bun" => self.bun.as_ref(),
            _ => None,
        };
        match program {
            Some(program) => vec![program.command.clone(), self.script.clone(), role.to_owned()],
            None => vec![self.this.clone(), role.to_owned()],
        }
    }

    fn rows(&self) -> Vec<Row> {
        let mut pairings = vec![("node:node", None)];
        if self.bun.is_some() {
            pairings.push(("bun:bun", None));
        }
        for api in [Api::Typed, Api::Value] {
            pairings.extend(["rust:node", "node:rust", "rust:rust"].map(|name| (name, Some(api))));
        }
        let mut rows = Vec::new();
        for (pairing, api) in pairings {
            for serialization in Serialization::ALL {
                for mode in Mode::ALL {
                    for size in Size::USUAL {
                        rows.push(self.pair(Key { pairing, api, serialization, size, mode }));
                    }
                }
            }
        }
        for pairing in ["rust:node", "rust:rust"] {
            rows.push(self.pair(Key {
                pairing,
                api: Some(Api::TypedBusyPoll),
                serialization: Serialization::Json,
                size: Size::Small,
                mode: Mode::PingPong,
            }));
        }
        let rust = |api, size| Key {
            pairing: "rust:rust",
            api: Some(api),
            serialization: Serialization::Json,
            size,
            mode: Mode::OneWay,
        };
        for api in [Api::Typed, Api::Value] {
            rows.extend([Size::Mib64, Size::Mib100].map(|size| self.pair(rust(api, size))));
        }
        for (pairing, bare) in [
            (BARE_SINGLE, Bare { single: true, scan: false }),
            (BARE, Bare::default()),
            (BARE_SCAN, Bare { single: false, scan: true }),
        ] {
            for size in Size::USUAL {
                for serialization in Serialization::ALL {
                    let one_way =
                        Key { pairing, api: None, serialization, size, mode: Mode::OneWay };
                    if !(bare.scan && serialization == Serialization::Advanced) {
                        rows.push(self.bare(one_way.clone(), bare));
                    }
                    if bare.single {
                        rows.push(self.bare(Key { mode: Mode::PingPong, ..one_way }, bare));
                    }
                }
            }
        }
        let mut feed = self.pair(Key { pairing: FEED, api: None, ..rust(Api::Typed, Size::Small) });
        feed.command = self.command("rust", "feed");
        feed.plan.child = self.command("node", "child");
        rows.push(feed);
        rows
    }

    fn pair(&self, key: Key) -> Row {
        let (parent, child) = key.pairing.split_once(':').unwrap_or(("rust", "rust"));
        let count = count(&key);
        let plan = Plan {
            mode: key.mode,
            size: key.size,
            serialization: key.serialization,
            warm_up: count.div_ceil(4),
            count,
            child: self.command(child, "child"),
            api: key.api.unwrap_or_default(),
            bare: Bare::default(),
        };
        Row { command: self.command(parent, "parent"), plan, key }
    }

    fn bare(&self, key: Key, bare: Bare) -> Row {
        let row = self.pair(key);
        Row { command: self.command("rust", "bare"), plan: Plan { bare, ..row.plan }, ..row }
    }
}

impl Program {
    fn find(name: &'static str, variable: &str) -> anyhow::Result<Option<Self>> {
        let Ok(named) = env::var(variable) else { return Ok(Self::start(name, name)) };
        match Self::start(name, &named) {
            None => bail!("{named}, named in {variable}, does not start"),
            found => Ok(found),
        }
    }

    fn start(name: &'static str, command: &str) -> Option<Self> {
        let output = Command::new(command).arg("--version").output().ok()?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let version = version.trim_start_matches('v').to_owned();
        output.status.success().then_some(Self { command: command.to_owned(), name, version })
    }
}

/// How many messages take a good part of a second.
fn count(key: &Key) -> u64 {
    let script = key.pairing.contains("node") || key.pairing.contains("bun");
    match (key.mode, key.size, script) {
        (Mode::OneWay, Size::Small, true) => 200_000,
        (Mode::OneWay, Size::Small, false) => 2_000_000,
        (Mode::OneWay, Size::Rows, true) => 30_000,
        (Mode::OneWay, Size::Rows, false) => 150_000,
        (Mode::PingPong, Size::Small | Size::Rows, true) => 5_000,
        (Mode::PingPong, Size::Small | Size::Rows, false) => 20_000,
        (_, Size::Mib, true) => 40,
        (_, Size::Mib, false) => 150,
        (_, Size::Mib64 | Size::Mib100, _) => 1,
    }
}

/// Measures all rows, one after the other, and all again for each repetition: what disturbs the
/// machine for a while disturbs neighbours alike. Hands over what is measured so far after each.
pub(crate) fn measure(
    machine: &Machine,
    repetitions: usize,
    mut each: impl FnMut(usize, &Rows) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let rows = machine.rows();
    let mut measured = Rows::new();
    for repetition in 1..=repetitions {
        let progress = Progress { repetition, repetitions, rows: rows.len() };
        for (number, row) in rows.iter().enumerate() {
            progress.show(number);
            let result = play(row).with_context(|| format!("{:?}", row.key))?;
            let (_, all) = measured.entry(row.key.clone()).or_insert((row.plan.count, Vec::new()));
            all.push(result);
        }
        progress.end();
        each(repetition, &measured)?;
    }
    Ok(())
}

/// How far a repetition is: a line that changes on a terminal, otherwise one at its end.
struct Progress {
    repetition: usize,
    repetitions: usize,
    rows: usize,
}

impl Progress {
    fn show(&self, number: usize) {
        if io::stderr().is_terminal() {
            let Self { repetition, repetitions, rows } = self;
            eprint!("\r{repetition}/{repetitions}: {}/{rows}  ", number + 1);
        }
    }

    fn end(&self) {
        let Self { repetition, repetitions, rows } = self;
        let begin = if io::stderr().is_terminal() { "\r" } else { "" };
        eprintln!("{begin}{repetition}/{repetitions}: {rows} rows measured");
    }
}

fn play(row: &Row) -> anyhow::Result<Measured> {
    let [program, arguments @ ..] = &row.command[..] else { bail!("an empty command") };
    let begun = Instant::now();
    let output = Command::new(program)
        .args(arguments)
        .env(VARIABLE, serde_json::to_string(&row.plan)?)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| program.clone())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let measured = text.lines().find_map(|line| serde_json::from_str(line).ok());
    measured.with_context(|| {
        format!("{} after {:?}, without a measurement: {text}", output.status, begun.elapsed())
    })
}
