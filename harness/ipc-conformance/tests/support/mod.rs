//! What the tests of the suite share: the runtimes they play, found and measured once.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use ipc_conformance_engine::expectations::Expectations;
use ipc_conformance_engine::play::{Host, Interrupt, Pool};
use ipc_conformance_engine::results::{Difference, Options, Results};
use ipc_conformance_engine::run::Run;
use ipc_conformance_engine::runtime::{Drivers, Runtime, Source};
use ipc_conformance_engine::spec::{Case, Catalogue, Level};

/// The program under test, with everything it brings.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_ipc-conformance");

/// A path in the source tree.
pub(crate) fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Fails with one sentence where there is no Node.
pub(crate) fn need_node() -> Result<(), String> {
    match Command::new("node").arg("--version").output() {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err("this test plays real Node: install Node.js 18 or newer, so that `node` is on \
                  the PATH"
            .to_owned()),
    }
}

/// Where plays of tests are made.
pub(crate) fn host() -> Host {
    let itself = |word: &str| vec![PROGRAM.to_owned(), word.to_owned()];
    Host {
        supervisor: itself("supervise"),
        raw_peer: itself("raw-peer"),
        relay: PROGRAM.to_owned(),
        ..Host::default()
    }
}

/// Finds and measures a runtime that the suite knows.
pub(crate) fn runtime(name: &str) -> Result<Runtime, String> {
    need_node()?;
    let drivers = Drivers {
        script: source("fixtures/driver/driver.cjs"),
        rust: PathBuf::from(env!("CARGO_BIN_EXE_ipc-conformance-driver")),
    };
    Runtime::find(&host(), name, &Source::Known, &drivers, &Interrupt::new())
        .map_err(|error| format!("failed to {error}"))
}

/// Real Node, measured once.
pub(crate) fn node() -> Result<&'static Runtime, String> {
    static NODE: OnceLock<Result<Runtime, String>> = OnceLock::new();
    NODE.get_or_init(|| runtime("node")).as_ref().map_err(Clone::clone)
}

/// The clauses and cases of the suite.
pub(crate) fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| Catalogue::embedded().expect("the specs of the suite have no mistake"))
}

/// What is known to fail.
pub(crate) fn expectations() -> &'static Expectations {
    static EXPECTATIONS: OnceLock<Expectations> = OnceLock::new();
    EXPECTATIONS.get_or_init(|| {
        Expectations::embedded(catalogue()).expect("the expectations of the suite have no mistake")
    })
}

/// Plays cases with the reference and with the pairs, one play at a time or several.
pub(crate) fn play(
    cases: Vec<Case>,
    runtimes: &[Runtime],
    pairs: &[(&str, &str)],
    jobs: usize,
) -> Result<Results, String> {
    let run = Run {
        catalogue: catalogue(),
        cases,
        reference: node()?,
        runtimes,
        expectations: expectations(),
        known: &[],
        options: Options {
            level: Level::Should,
            pairs: pairs.iter().map(|(parent, child)| format!("{parent}:{child}")).collect(),
            repeat: 1,
            seed: "tests".to_owned(),
            generated: 0,
            filters: Vec::new(),
            requirement_set: None,
            tap: false,
            shard: None,
            replay: Vec::new(),
        },
        fail_fast: false,
        regressions: None,
        pool: Pool { host: host(), jobs, interrupt: Interrupt::new() },
    };
    let results = run.execute(&mut |_| {}).map_err(|error| format!("failed to {error}"))?;
    if results.interrupted { Err(results.problems.join("\n")) } else { Ok(results) }
}

/// Differences, one a line.
pub(crate) fn lines(differences: &[Difference]) -> String {
    differences.iter().map(|d| format!("  {} {}: {}\n", d.clause, d.level, d.text)).collect()
}
