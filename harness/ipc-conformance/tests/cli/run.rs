//! What `run` does when nothing stands in its way.

use std::fs;
use std::io::pipe;
use std::os::unix::fs::symlink;
use std::path::Path;

use predicates::prelude::*;
use predicates::str::contains;

use crate::place::{DRIVER, PROGRAM, Place, REPORTS};

const ONE: &str = "life-disconnect-by-child";

#[test]
fn node_agrees_with_itself() {
    let place = Place::new();
    place
        .cli(["run", "--runtime", "node", "--filter", ONE, "--generate", "0"])
        .assert()
        .code(0)
        .stdout(contains("PASS").and(contains("reports/latest/report.html")));
    for name in REPORTS {
        assert!(!place.read(&format!("reports/latest/{name}")).is_empty(), "{name}");
    }
    let results = place.results("reports/latest");
    assert_eq!(place.verdicts("reports/latest")[0], format!("{ONE} node:node pass"));
    assert_eq!(results["reference"]["name"], "node");
    assert_eq!(results["interrupted"], serde_json::Value::Null);
    assert_eq!(results["summary"]["unexpected"], 0);
}

/// An installed program: both programs in a folder, Node on the PATH, and nothing else.
#[test]
fn the_source_tree_is_not_needed() {
    let place = Place::new();
    fs::create_dir(place.path("bin")).unwrap();
    for program in [PROGRAM, DRIVER] {
        let name = Path::new(program).file_name().unwrap();
        fs::copy(program, place.path("bin").join(name)).unwrap();
    }
    symlink(node(), place.path("bin/node")).unwrap();
    let mut command = assert_cmd::Command::new(place.path("bin/ipc-conformance"));
    command
        .args(["run", "--filter", ONE, "--generate", "0"])
        .current_dir(place.path("tmp"))
        .env_clear()
        .env("PATH", place.path("bin"))
        .env("TMPDIR", place.path("tmp"));
    command.assert().code(0);
    assert_eq!(place.verdicts("tmp/reports/latest").len(), 4);
    fs::remove_dir_all(place.path("tmp/reports")).unwrap();
}

/// Where `node` is.
fn node() -> std::path::PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("node"))
        .find(|program| program.is_file())
        .expect("this test plays real Node: install Node.js 18 or newer")
}

#[test]
fn a_node_that_differs_is_found_out() {
    let place = Place::new();
    let bad = place.node_with(
        "if (process.send) { const { send } = process; \
         process.send = function (...a) { send.apply(this, a); }; }",
    );
    let arguments = ["run", "--runtime", &format!("bad={bad}"), "--generate", "0"];
    let more = ["--specs", "specs", "--filter", "life-hello", "--pairs", "bad:bad,node:bad"];
    place
        .cli([arguments.as_slice(), &more].concat())
        .assert()
        .code(1)
        .stdout(contains("the child").and(contains("LIFE-001")).and(contains("FAIL")))
        .stderr(contains("fail bad:bad life-hello"));
    let results = place.results("reports/latest");
    assert_eq!(
        place.verdicts("reports/latest"),
        ["life-hello node:node pass", "life-hello bad:bad fail", "life-hello node:bad fail"]
    );
    let finding = &results["findings"][0];
    assert_eq!(finding["runtime"], "bad");
    assert_eq!(finding["reproduced"], serde_json::json!({ "differed": 6, "plays": 6 }));
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    let place = Place::new();
    for (out, loud, code) in [("good", "./quick", 0), ("bad", "./loud", 1)] {
        place.driver("loud", r#"[ "$ROLE" = child ] && echo '"extra"' >&"$NODE_CHANNEL_FD""#);
        let runtime = format!("x={loud}");
        let mut command = place.plain(place.quick(&["--runtime", &runtime, "--out", out]));
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let status = command.stdout(writer.try_clone().unwrap()).stderr(writer).status().unwrap();
        assert_eq!(status.code(), Some(code), "{out}");
        place.results(out);
    }
    for arguments in [["list"].as_slice(), &["list", "--json"], &["doctor", "--runtime", "rust"]] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let status = place.plain(arguments.iter().copied()).stdout(writer).status().unwrap();
        assert_eq!(status.code(), Some(0), "{arguments:?}");
    }
}
