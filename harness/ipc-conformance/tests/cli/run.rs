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
    let run = |arguments: &[&str]| {
        let mut command = assert_cmd::Command::new(place.path("bin/ipc-conformance"));
        command
            .args(arguments)
            .current_dir(place.path("specs"))
            .env_clear()
            .env("PATH", place.path("bin"))
            .env("TMPDIR", place.path("tmp"));
        command.assert()
    };
    run(&["run", "--filter", ONE, "--generate", "0"]).code(0);
    assert_eq!(place.verdicts("specs/reports/latest").len(), 4);
    // An installation that has lost a part.
    fs::remove_file(place.path("bin/ipc-conformance-driver")).unwrap();
    run(&["run", "--specs", "."]).code(3).stderr(
        contains("failed to find the program ")
            .and(contains("ipc-conformance-driver` of the runtime `rust` there")),
    );
}

/// The folder was fine at the start; the work of the run is not thrown away.
#[test]
fn reports_that_cannot_be_written_at_the_end() {
    let place = Place::new();
    place.driver("bad", r#"[ "$ROLE" ] && { rm -rf "$HERE/out"; echo >"$HERE/out"; }"#);
    let said = contains("failed to write out: ").and(contains("; the reports are in "));
    place.run(&["--runtime", "bad=./bad"]).code(4).stdout(contains("PASS")).stderr(said);
    let saved = fs::read_dir(place.path("tmp")).unwrap().next().unwrap().unwrap().file_name();
    let saved = saved.into_string().unwrap();
    assert_eq!(place.verdicts(&format!("tmp/{saved}")).len(), 8);
    fs::remove_dir_all(place.path("tmp").join(saved)).unwrap();
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
    let more = ["--specs", "specs", "--filter", "life-hello", "--pairs", "node:bad"];
    place
        .cli([arguments.as_slice(), &more].concat())
        .assert()
        .code(1)
        .stdout(
            contains("LIFE-001")
                .and(contains("FAIL"))
                .and(contains("bad: `process.send()` returns undefined where Node returns true")),
        )
        .stderr(contains("fail node:bad life-hello"));
    let results = place.results("reports/latest");
    assert_eq!(
        place.verdicts("reports/latest"),
        ["life-hello node:node pass", "life-hello node:bad fail"]
    );
    let finding = &results["findings"][0];
    assert_eq!(finding["runtime"], "bad");
    assert_eq!(finding["reproduced"], serde_json::json!({ "differed": 3, "plays": 3 }));
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
    for arguments in [
        &["list", "--specs", "specs"][..],
        &["list", "--specs", "specs", "--json"],
        &["doctor", "--reference", "./quick", "--runtime", "rust"],
    ] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let status = place.plain(arguments.iter().copied()).stdout(writer).status().unwrap();
        assert_eq!(status.code(), Some(0), "{arguments:?}");
    }
}

/// What varies is open, whoever is tested; and the reference's own pairing has one row.
#[test]
fn a_reference_that_varies_agrees_with_itself() {
    let place = Place::new();
    // Every second play says more.
    const SOME: &str = r#"
        if [ "$ROLE" = child ] && grep -q life-hello "$IPC_CONFORMANCE_PLAN"; then
            echo >>"$HERE/plays"
            [ $(($(wc -l <"$HERE/plays") % 2)) = 0 ] && echo '"extra"' >&3
        fi"#;
    place.driver("some", SOME);
    place.run(&["--reference", "./some", "--runtime", "node", "--jobs", "1"]).code(0);
    let verdicts = place.verdicts("out");
    assert_eq!(verdicts, ["life-goodbye node:node pass", "life-hello node:node pass"]);
    let results = place.results("out");
    assert_eq!(results["summary"]["cases"], 2);
    assert_eq!(results["cases"][1]["varying"].as_array().unwrap().len(), 1);
}
