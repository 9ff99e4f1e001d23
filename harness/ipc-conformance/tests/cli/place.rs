//! A folder for one test, with small specs and quick runtimes, and the program in it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process;
use std::time::{Duration, Instant};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_ipc-conformance");
pub(crate) const DRIVER: &str = env!("CARGO_BIN_EXE_ipc-conformance-driver");

/// What nothing here comes near.
pub(crate) const PATIENCE: Duration = Duration::from_secs(100);

/// A play of these takes milliseconds. The second clause has a level of its own.
const CLAUSES: &str = r#"
[[clause]]
id = "LIFE-001"
level = "must"
sentence = "A message arrives."
source = "the tests"
since = 18

[[clause]]
id = "LIFE-002"
level = "should"
sentence = "The channel closes."
source = "the tests"
since = 24

[[clause]]
id = "LIFE-003"
level = "must"
sentence = "Nobody can see this."
source = "the tests"
since = 18
"#;

const CASES: &str = r#"
[[case]]
id = "life-hello"
title = "A message"
clauses = ["LIFE-001"]
[case.parent]
listeners = ["message", "disconnect", "exit"]
steps = [{ do = "fork" }, { do = "await", event = "message" }, { do = "await", event = "exit" }]
[case.child]
steps = [{ do = "send", value = "hello" }, { do = "disconnect" }]

[[case]]
id = "life-goodbye"
title = "An end"
clauses = ["LIFE-002"]
[case.parent]
listeners = ["message", "disconnect", "exit"]
steps = [{ do = "fork" }, { do = "await", event = "exit" }]
[case.child]
steps = [{ do = "disconnect" }]
"#;

const UNTESTED: &str = r#"
[[untested]]
clauses = ["LIFE-003"]
reason = "There is nothing to be seen."
"#;

/// The files a run writes.
pub(crate) const REPORTS: [&str; 4] = ["results.json", "report.html", "junit.xml", "summary.md"];

pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        // No part of the program may stumble over this name.
        let folder = tempfile::Builder::new().prefix("the 'cli' té$t ").tempdir().unwrap();
        let place = Self { folder };
        fs::create_dir(place.path("tmp")).unwrap();
        place.write("specs/clauses/life.toml", CLAUSES);
        place.write("specs/cases/life.toml", CASES);
        place.write("specs/untested.toml", UNTESTED);
        place.driver("quick", "");
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// A shell script as a program; `./NAME` runs it.
    pub(crate) fn program(&self, name: &str, script: &str) {
        let path = self.write(name, &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A runtime that starts in milliseconds: the Rust driver, after these shell commands, in
    /// which `$DESCRIBE` is set for `describe`, `$CHECK` for the check of the driver, and
    /// `$ROLE` in a case.
    pub(crate) fn driver(&self, name: &str, commands: &str) {
        let script = format!(
            r#"shift # the script that is there for JavaScript
HERE='{here}'
if [ "$1" = describe ]; then DESCRIBE=1
elif [ -z "$IPC_CONFORMANCE_PLAN" ]; then echo "no plan: $*" >&2; exit 1
elif grep -q -e invented-by-the-harness -e malformed "$IPC_CONFORMANCE_PLAN"; then CHECK=1
else ROLE=$IPC_CONFORMANCE_ROLE
fi
{commands}
exec '{DRIVER}' "$@""#,
            here = self.folder.path().display().to_string().replace('\'', r"'\''"),
        );
        self.program(name, &script);
    }

    /// A command for Node with something done to it.
    pub(crate) fn node_with(&self, preload: &str) -> String {
        let path = self.write("preload.cjs", preload);
        let path = path.display().to_string().replace('\'', r"'\''");
        format!("node --require '{path}'")
    }

    /// The program with arguments, in this folder.
    pub(crate) fn cli<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::from_std(self.plain(arguments));
        command.timeout(PATIENCE);
        command
    }

    /// The same, to be started and watched.
    pub(crate) fn plain<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> process::Command {
        self.plain_as(PROGRAM, arguments)
    }

    /// Another program in its place.
    pub(crate) fn plain_as<'a>(
        &self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> process::Command {
        let mut command = process::Command::new(program);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("TMPDIR", self.path("tmp"))
            .env_remove("NODE_OPTIONS");
        command
    }

    /// Arguments of a run of the small specs with quick runtimes: the reference, and one under
    /// test that is called `quick`, unless `more` says otherwise.
    pub(crate) fn quick<'a>(&self, more: &[&'a str]) -> Vec<&'a str> {
        let mut arguments = vec!["run"];
        for (name, value) in [
            ("--specs", "specs"),
            ("--reference", "./quick"),
            ("--runtime", "quick=./quick"),
            ("--generate", "0"),
            ("--out", "out"),
            ("--jobs", "2"),
        ] {
            if !more.contains(&name) {
                arguments.extend([name, value]);
            }
        }
        arguments.extend(more);
        arguments
    }

    /// Such a run.
    pub(crate) fn run(&self, more: &[&str]) -> Assert {
        self.cli(self.quick(more)).assert()
    }

    /// The results in a folder, which keep the published schema.
    pub(crate) fn results(&self, folder: &str) -> Value {
        let results = serde_json::from_str(&self.read(&format!("{folder}/results.json"))).unwrap();
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs/schema/results.schema.json");
        let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        if let Err(error) = jsonschema::validate(&schema, &results) {
            panic!("{error} at {}", error.instance_path());
        }
        results
    }

    /// `CASE PAIRING VERDICT` of each result, in their order.
    pub(crate) fn verdicts(&self, folder: &str) -> Vec<String> {
        let results = self.results(folder);
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        let cases = results["cases"].as_array().unwrap().iter();
        cases
            .map(|case| [&case["id"], &case["pairing"], &case["verdict"]].map(word).join(" "))
            .collect()
    }

    /// The pids of all processes that a program started here has left.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let mark = format!("TMPDIR={}", self.path("tmp").display());
        let entries = fs::read_dir("/proc").unwrap().flatten();
        entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|pid| {
                let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
                environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())
            })
            .collect()
    }
}

impl Drop for Place {
    /// Whatever a test did: no folder of a play and no unpacked driver is left.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let left: Vec<_> = fs::read_dir(self.path("tmp"))
                .unwrap()
                .map(|entry| entry.unwrap().file_name())
                .collect();
            assert!(left.is_empty(), "left in the temporary folder: {left:?}");
        }
    }
}

/// Waits until something has come about.
pub(crate) fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
