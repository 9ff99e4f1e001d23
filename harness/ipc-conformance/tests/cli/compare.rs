//! `diff` and `report --merge`: several runs together.

use std::path::Path;

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use crate::place::{PROGRAM, Place};

/// Sends a message that nobody else sends.
const BAD: &str = r#"[ "$ROLE" = child ] && echo '"extra"' >&3"#;
const WORSE: &str = r#"[ "$ROLE" = child ] && echo '{"more":"extra"}' >&3; [ "$ROLE" = child ] && echo '"extra"' >&3"#;

fn diff(place: &Place, arguments: &[&str], code: i32) -> String {
    let assert = place.cli([&["diff"], arguments].concat()).assert().code(code);
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in:\n{text}");
    }
}

#[test]
fn what_changed_and_whether_it_is_worse() {
    let place = Place::new();
    place.run(&["--runtime", "x=./quick", "--out", "good"]).code(0);
    place.driver("bad", BAD);
    place.run(&["--runtime", "x=./bad", "--out", "failing"]).code(1);

    has(&diff(&place, &["good", "good"], 0), &["Nothing changed"]);
    has(&diff(&place, &["failing", "failing/results.json"], 0), &["Nothing changed"]);
    let worse = diff(&place, &["good", "failing"], 1);
    has(&worse, &["newly failing", "✗ LIFE-001 must x:x: pass → fail, unexpected (life-hello)"]);
    has(&worse, &["; nothing else changed", " regressions in "]);
    has(&diff(&place, &["failing", "good"], 0), &["fixed", ", no regression"]);
    let markdown = diff(&place, &["good", "failing", "--format", "markdown"], 1);
    has(&markdown, &["## ✗ ", "### ", "| ✗ | <code>LIFE-001</code> | must |"]);
    let json: Value =
        serde_json::from_str(&diff(&place, &["good", "failing", "--format", "json"], 1)).unwrap();
    let first = &json["changes"][0];
    assert_eq!(first["kind"], "newly-failing");
    assert_eq!(first["old"]["verdict"], "pass");
    assert_eq!(first["new"]["verdict"], "fail");
    assert_eq!(first["regression"], true);

    place.driver("bad", WORSE);
    place.run(&["--runtime", "x=./bad", "--out", "worse"]).code(1);
    has(&diff(&place, &["failing", "worse"], 1), &["failing differently"]);

    place.driver("gone", r#"[ -n "$ROLE" ] && exit 86"#);
    place.run(&["--runtime", "x=./gone", "--out", "refusing"]);
    has(&diff(&place, &["good", "refusing"], 1), &["no longer run"]);
}

#[test]
fn what_else_changed_is_named() {
    let place = Place::new();
    place.driver("bad", BAD);
    place.run(&["--runtime", "x=./bad", "--out", "old"]).code(1);
    // An expectation accounts for it.
    place.run(&[
        "--runtime",
        "x=./bad",
        "--out",
        "known",
        "--expectations",
        "known.toml",
        "--update-expectations",
    ]);
    place.run(&["--runtime", "x=./bad", "--out", "known", "--expectations", "known.toml"]).code(0);
    has(
        &diff(&place, &["old", "known"], 0),
        &["judged differently", "fail, unexpected (", "→ fail, expected", "; expectation changed"],
    );
    has(&diff(&place, &["known", "old"], 1), &["judged differently", "✗ LIFE-001"]);
    // Another version of the runtime.
    let version = r#"if [ -n "$DESCRIBE" ]; then "#;
    place.driver(
        "next",
        &format!(r#"{version} '{driver}' "$@" | sed 's/"version":"[^"]*"/"version":"99.0.0"/'; exit; fi"#, driver = crate::place::DRIVER),
    );
    place.run(&["--runtime", "x=./next", "--out", "newer"]).code(0);
    has(&diff(&place, &["old", "newer"], 0), &["fixed", "; runtime changed", "x 99.0.0"]);
    // More clauses and another case.
    let clauses = place.read("specs/clauses/life.toml");
    place.write("specs/clauses/life.toml", &clauses.replace("LIFE-002", "LIFE-004"));
    let cases = place.read("specs/cases/life.toml");
    place.write("specs/cases/life.toml", &cases.replace("LIFE-002", "LIFE-004"));
    place.run(&["--runtime", "x=./quick", "--pairs", "x:x", "--out", "suite"]).code(0);
    has(
        &diff(&place, &["old", "suite"], 0),
        &[
            "; suite changed",
            "1 clause only in the old suite, not compared: LIFE-002",
            "1 clause only in the new suite, not compared: LIFE-004",
            "only in the old run, not compared: ",
        ],
    );
}

#[test]
fn shards_make_a_whole() {
    let place = Place::new();
    place.driver("bad", BAD);
    let shard = |which: &str, out: &str, seed: &str| {
        place.run(&["--runtime", "x=./bad", "--seed", seed, "--shard", which, "--out", out])
    };
    place.run(&["--runtime", "x=./bad", "--seed", "5", "--out", "whole"]).code(1);
    shard("1/2", "one", "5");
    shard("2/2", "two", "5");
    let merge = |shards: &[&str]| {
        place
            .cli([&["report", "--specs", "specs", "--merge", "--out", "all"], shards].concat())
            .assert()
    };
    merge(&["two", "one"]).code(1);
    assert_eq!(place.verdicts("all"), place.verdicts("whole"));
    let (all, whole) = (place.results("all"), place.results("whole"));
    for part in ["clauses", "summary", "problems"] {
        assert_eq!(all[part], whole[part], "{part}");
    }
    let ids = |results: &Value| -> Vec<Value> {
        results["findings"].as_array().unwrap().iter().map(|f| f["id"].clone()).collect()
    };
    assert_eq!(ids(&all), ids(&whole));

    shard("2/2", "seed", "6");
    for (shards, message) in [
        (&["one"][..], "shard 2/2 is missing, 1 of 2 are here: one"),
        (&["one", "one"], "one and one are both shard 1/2"),
        (&["one", "whole"], "whole holds no shard but a whole run"),
        (&["one", "seed"], "their seeds (give all of them the same --seed) differ: 5 and 6"),
        (&["one", "none"], "failed to read none"),
    ] {
        merge(shards).code(2).stderr(contains(message).and(contains("error: ")));
    }
    place
        .cli(["report", "one", "two"])
        .assert()
        .code(2)
        .stderr(contains("are the shards of one run with --merge"));
}

#[test]
fn what_cannot_be_compared() {
    let place = Place::new();
    place.run(&["--out", "good"]).code(0);
    let newer = place.read("good/results.json").replacen("\"schema\": 2", "\"schema\": 99", 1);
    place.write("newer.json", &newer);
    for (arguments, message) in [
        (["good", "none"], "failed to read none"),
        (["newer.json", "good"], "its format is version 99, this program reads version 2"),
    ] {
        place.cli([&["diff"], &arguments[..]].concat()).assert().code(2).stderr(contains(message));
    }
}

/// What the GitHub action runs, without GitHub.
#[test]
fn the_action_hands_the_summary_to_the_job() {
    let place = Place::new();
    place.driver("bad", BAD);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.ci/action/run");
    let folder = Path::new(PROGRAM).parent().unwrap().display();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap());
    let action = |runtime: &str, shard: &str| {
        let mut command = assert_cmd::Command::new(&script);
        command
            .current_dir(place.path("."))
            .env("PATH", &path)
            .env("TMPDIR", place.path("tmp"))
            .env("GITHUB_STEP_SUMMARY", place.path("summary"))
            .envs([("RUNTIME", runtime), ("SHARD", shard), ("SEED", "7"), ("OUT", "out")])
            .env("REFERENCE", "./quick")
            .env("ARGUMENTS", "--specs specs --generate 0");
        command.assert()
    };
    action("x=./quick", "").code(0);
    assert!(place.read("summary").starts_with("## ✓ "));
    assert!(place.path("out/badge-x.json").is_file());
    action("x=./bad", "1/1").code(1);
    assert!(place.read("summary").contains("## ✗ "));
    assert_eq!(place.results("out")["options"]["shard"], "1/1");
    action("x=./none", "").code(3);
}
