//! `diff` and `report --merge`: several runs together.

use std::fs;
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

    let refusal = r#"{"seq":0,"t":1,"seen":{"kind":"unsupported","step":"send","reason":"tired"}}"#;
    let log = r#""$IPC_CONFORMANCE_LOG/child.jsonl""#;
    place.driver("gone", &format!("[ $ROLE = child ] && echo '{refusal}' >>{log} && exit 86"));
    place.run(&["--runtime", "x=./gone", "--out", "refusing"]);
    has(
        &diff(&place, &["good", "refusing"], 1),
        &["no longer run", "pass → unsupported (life-hello)"],
    );
    has(&diff(&place, &["refusing", "good"], 0), &["added", "unsupported (life-hello) → pass"]);
    has(
        &diff(&place, &["refusing", "failing"], 1),
        &["unsupported (life-hello) → fail, unexpected"],
    );
}

/// A failure without a difference between the logs is about every clause of its case.
#[test]
fn a_descendant_that_is_left_behind_is_a_regression() {
    let place = Place::new();
    let arguments = ["--runtime", "x=./x", "--pairs", "x:x", "--filter", "life-hello"];
    let run = |out: &str| place.run(&[&arguments[..], &["--out", out]].concat());
    place.driver("x", "");
    run("good").code(0);
    place.driver("x", r#"[ "$ROLE" = child ] && sh -c 'exec 3>&-; exec sleep 1000' &"#);
    run("leaking").code(1);
    let worse = diff(&place, &["good", "leaking"], 1);
    has(&worse, &["✗ LIFE-001 must x:x: pass → fail, unexpected (life-hello)"]);
    // Another failure of the same clause, as unexpected, is not the same.
    place.driver("x", BAD);
    run("failing").code(1);
    has(&diff(&place, &["failing", "leaking"], 1), &["failing differently"]);
}

#[test]
fn generated_messages_are_compared_too() {
    let place = Place::new();
    let arguments = ["--runtime", "x=./x", "--pairs", "x:x", "--filter", "life-hello"];
    let run = |out: &str, generated: &str| {
        let more = ["--regressions", out, "--generate", generated, "--seed", "7", "--out", out];
        place.run(&[&arguments[..], &more].concat())
    };
    place.driver("x", "");
    run("good", "3").code(0);
    run("without", "0").code(0);
    place.driver("x", &format!("grep -q generated \"$IPC_CONFORMANCE_PLAN\" && {BAD}"));
    run("bad", "3").code(1);
    let worse = diff(&place, &["good", "bad"], 1);
    has(&worse, &["✗ generated must x:x: pass → fail, unexpected (generated-000"]);
    has(&worse, &["; nothing else changed"]);
    let more = diff(&place, &["without", "bad"], 0);
    has(&more, &["2 added\n", "  generated must x:x: not run → fail, unexpected (generated-000"]);
    has(&more, &["; selection changed", "2 changes, no regression"]);
    has(&diff(&place, &["bad", "good"], 0), &["fixed", "generated must x:x: fail, unexpected"]);
    has(&diff(&place, &["bad", "bad"], 0), &["Nothing changed"]);
    has(&diff(&place, &["good", "without"], 0), &["no longer run", "generated must"]);

    // What is known of them is not compared in detail.
    let entry = "[[expectation]]\nruntime = \"x\"\nclause = \"generated\"\nverdict = \"fail\"\nfingerprint = \"any\"\nreason = \"loud\"\n";
    place.write("specs/expectations/x.toml", entry);
    run("known", "3").code(0);
    has(&diff(&place, &["bad", "known"], 0), &["judged differently", "; expectation changed"]);
    has(&diff(&place, &["good", "known"], 0), &["→ fail, expected", ", no regression"]);
}

/// A clause is compared over what both runs have played of it; a shard says nothing of the others.
#[test]
fn runs_of_other_cases() {
    let place = Place::new();
    // A second case of the clause, which fails.
    let cases = place.read("specs/cases/life.toml");
    let (_, rest) = cases.split_once("[[case]]").unwrap();
    let (hello, _) = rest.split_once("[[case]]").unwrap();
    let again = hello.replace("life-hello", "life-again").replace("\"hello\"", "\"again\"");
    place.write("specs/cases/life.toml", &format!("{cases}\n[[case]]{again}"));
    place.driver("x", &format!("grep -q life-again \"$IPC_CONFORMANCE_PLAN\" && {BAD}"));
    let run = |out: &str, more: &[&str], code| {
        let runtime = ["--runtime", "x=./x", "--pairs", "x:x", "--seed", "7", "--out", out];
        place.run(&[&runtime[..], more].concat()).code(code);
    };
    run("whole", &[], 1);
    run("hello", &["--filter", "life-hello"], 0);
    run("again", &["--filter", "life-again"], 1);

    let more = diff(&place, &["hello", "whole"], 0);
    has(
        &more,
        &["  LIFE-001 must x:x: not run → fail, unexpected (life-again); selection changed"],
    );
    has(&more, &["  LIFE-002 should x:x: not run → pass; selection changed"]);
    has(
        &more,
        &["3 added\n", "\n3 changes, no regression\n", "; level should, filter life-hello, 0 gen"],
    );
    let fewer = diff(&place, &["whole", "hello"], 0);
    has(
        &fewer,
        &["  LIFE-001 must x:x: fail, unexpected (life-again) → not run; selection changed"],
    );
    has(&fewer, &["3 no longer run\n", "\n3 changes, no regression\n"]);
    // Nothing in common: neither fixed nor worse.
    for (one, other) in [("hello", "again"), ("again", "hello")] {
        has(
            &diff(&place, &[one, other], 0),
            &["2 added\n", "2 no longer run\n", ", no regression"],
        );
    }
}

/// What was left out says nothing: neither that it is worse nor that it is not.
#[test]
fn a_newer_run_that_is_not_valid() {
    let place = Place::new();
    place.run(&["--runtime", "x=./quick", "--pairs", "x:x", "--out", "good"]).code(0);
    let text = place.read("good/results.json");
    let cut = text.replacen("  \"summary\"", "  \"interrupted\": true,\n  \"summary\"", 1);
    place.write("cut/results.json", &cut);
    place.driver("odd", r#"[ "$ROLE" = child ] && echo x >>"$IPC_CONFORMANCE_LOG/child.jsonl""#);
    place.run(&["--runtime", "x=./odd", "--pairs", "x:x", "--out", "broken"]).code(4);
    for (new, why) in [
        ("cut", "it was interrupted, with 0 verdicts not run"),
        ("broken", "it has 2 harness errors"),
    ] {
        let text = diff(&place, &["good", new], 4);
        has(&text, &[&format!("\nThe newer run is not valid: {why}; ")]);
        assert!(!text.contains("no regression"), "{text}");
        let markdown = diff(&place, &["good", new, "--format", "markdown"], 4);
        has(&markdown, &["## ✗ The newer run is not valid: "]);
        // An older one makes nothing worse.
        has(&diff(&place, &[new, "good"], 0), &[&format!("; not a valid run: {why}\n")]);
    }
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
fn a_stored_plan_is_in_one_shard() {
    let place = Place::new();
    let plan = r#"{"protocol":1,"id":"regression-x","serialization":"json","child":{"steps":[]},
        "parent":{"listeners":["exit"],"steps":[{"do":"fork"},{"do":"await","event":"exit"}]}}"#;
    place.write("specs/regressions/regression-x.json", plan);
    for (shard, out) in [("1/2", "one"), ("2/2", "two")] {
        place.run(&["--seed", "5", "--shard", shard, "--out", out]).code(0);
    }
    let merge = ["report", "--specs", "specs", "--merge", "--out", "all", "one", "two"];
    place.cli(merge).assert().code(0);
    let verdicts = place.verdicts("all");
    let stored = verdicts.iter().filter(|verdict| verdict.starts_with("regression-x "));
    assert_eq!(stored.count(), 4, "{verdicts:?}");
}

/// Nobody sees in the whole what a shard has left out.
#[test]
fn shards_that_are_not_of_one_run() {
    let place = Place::new();
    let shard = |which: &str, out: &str, more: &[&str]| {
        place.run(&[&["--seed", "5", "--shard", which, "--out", out], more].concat())
    };
    shard("1/2", "one", &[]);
    shard("2/2", "few", &["--pairs", "quick:quick"]);
    shard("2/2", "twice", &["--repeat", "2"]);
    let doubled = place.read("one/results.json").replacen("\"1/2\"", "\"2/2\"", 1);
    place.write("doubled/results.json", &doubled);
    for (other, message) in [
        (
            "few",
            "their pairings differ: quick:quick, quick:node, node:quick, raw:quick, quick:raw and quick:quick",
        ),
        ("twice", "[], repeat 1 and should, all clauses, 0 generated, [], repeat 2"),
        ("doubled", "one and doubled are not of one run: both have life-"),
    ] {
        let merge = ["report", "--specs", "specs", "--merge", "--out", "all", "one", other];
        place.cli(merge).assert().code(2).stderr(contains(message));
    }
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
    let with = |runtime: &str, shard: &str, arguments: &str| {
        let mut command = assert_cmd::Command::new(&script);
        command
            .current_dir(place.path("."))
            .env("PATH", &path)
            .env("TMPDIR", place.path("tmp"))
            .env("GITHUB_STEP_SUMMARY", place.path("summary"))
            .envs([("RUNTIME", runtime), ("SHARD", shard), ("SEED", "7"), ("OUT", "out")])
            .env("REFERENCE", "./quick")
            .env("ARGUMENTS", arguments);
        command.assert()
    };
    let action = |runtime, shard| with(runtime, shard, "--specs specs --generate 0");
    action("x=./quick", "").code(0);
    assert!(place.read("summary").starts_with("## ✓ "));
    assert!(place.path("out/badge-x.json").is_file());
    action("x=./bad", "1/1").code(1);
    assert!(place.read("summary").contains("## ✗ "));
    assert_eq!(place.results("out")["options"]["shard"], "1/1");
    action("x=./none", "").code(3);

    // A pattern is one of cases, not of the files that are here.
    place.write("life-hello.txt", "");
    fs::rename(place.path("specs"), place.path("my specs")).unwrap();
    let cases = |arguments: &str| {
        with("x=./quick", "", &format!("{arguments} --generate 0 --pairs x:x")).code(0);
        place.verdicts("out")
    };
    assert_eq!(cases("--specs 'my specs'\n --filter life-h*").len(), 2);
    assert_eq!(cases(r#"--specs my\ specs --filter "life-*""#).len(), 4);
    with("x=./quick", "", "--specs 'my specs").code(2).stderr(contains("have an open quote"));
}

/// A file of the GitHub action, as GitHub reads it.
fn action_file(name: &str) -> (String, Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.ci/action").join(name);
    let text = fs::read_to_string(path).unwrap();
    let parsed = serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
    (text, parsed)
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_workflow_to_copy_fits_the_action() {
    let (text, action) = action_file("action.yml");
    let inputs = keys(&action["inputs"]);
    let used: Vec<&str> = text
        .split("inputs.")
        .skip(1)
        .map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap())
        .collect();
    for input in &used {
        assert!(inputs.contains(input), "`{input}` is used and not declared");
    }
    for input in &inputs {
        assert!(used.contains(input), "`{input}` is declared and not used");
    }

    let (_, example) = action_file("example.yml");
    let steps = example["jobs"]["shard"]["steps"].as_array().unwrap();
    let ours =
        |step: &&Value| step["uses"].as_str().is_some_and(|uses| uses.contains("/.ci/action@"));
    let with = &steps.iter().find(ours).expect("the action is used")["with"];
    for input in keys(with) {
        assert!(inputs.contains(&input), "`{input}` is given and not declared");
    }
    for input in inputs {
        let required = action["inputs"][input]["required"] == true;
        assert!(!required || with.get(input).is_some(), "`{input}` is required and not given");
    }
}

/// The last step of the workflow to copy, as GitHub runs it.
#[test]
fn the_workflow_to_copy_ends_as_the_merge_does() {
    let place = Place::new();
    let (_, example) = action_file("example.yml");
    let steps = example["jobs"]["report"]["steps"].as_array().unwrap();
    let script = steps.iter().filter_map(|step| step["run"].as_str()).next_back().unwrap();
    let folder = Path::new(PROGRAM).parent().unwrap().display();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap());
    let merge = || {
        let mut command = assert_cmd::Command::new("bash");
        command
            .args(["-e", "-c", script])
            .current_dir(place.path("."))
            .env("PATH", &path)
            .env("GITHUB_STEP_SUMMARY", place.path("summary"));
        command.assert()
    };
    place.driver("bad", BAD);
    let shard = |which: &str, out: &str| {
        place.run(&["--runtime", "x=./bad", "--seed", "5", "--shard", which, "--out", out])
    };
    shard("1/2", "shard-1");
    merge().code(2).stderr(contains("failed to read shard-2").and(contains("summary.md").not()));
    shard("2/2", "shard-2");
    merge().code(1);
    assert!(place.read("summary").starts_with("## ✗ "));
}
