//! Which cases are played, in which order, and how often.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use crate::place::Place;

/// A place with some more cases.
fn many() -> Place {
    let place = Place::new();
    let mut text = String::new();
    for number in 0..7 {
        text.push_str(&format!(
            "[[case]]\nid = \"life-more-{number}\"\ntitle = \"More\"\nclauses = [\"LIFE-001\"]\n\
             [case.parent]\nsteps = [{{ do = \"mark\", name = \"{number}\" }}]\n"
        ));
    }
    place.write("specs/cases/life-more.toml", &text);
    place
}

/// The ids of the cases that were played.
fn ids(place: &Place, folder: &str) -> Vec<String> {
    let mut ids: Vec<String> = place
        .verdicts(folder)
        .iter()
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    ids.dedup();
    ids
}

const ONE_PAIR: [&str; 2] = ["--pairs", "quick:quick"];

#[test]
fn shards_are_parts_of_the_whole() {
    let place = many();
    let mut all = Vec::new();
    for (shard, out) in [("1/2", "one"), ("2/2", "two")] {
        place.run(&[&ONE_PAIR[..], &["--shard", shard, "--out", out]].concat()).code(0);
        assert_eq!(place.results(out)["options"]["shard"], shard);
        let ids = ids(&place, out);
        assert!(ids.len() > 1, "{ids:?}");
        all.extend(ids);
    }
    let set: BTreeSet<_> = all.iter().collect();
    assert_eq!((all.len(), set.len()), (9, 9));
}

#[test]
fn filters_and_requirement_sets() {
    let place = many();
    place.write("specs/requirements/node-18.toml", "clauses = [\"LIFE-001\"]");
    place.write("specs/requirements/node-24.toml", "clauses = [\"LIFE-001\", \"LIFE-002\"]");
    for (arguments, expected) in [
        (&["--filter", "life-hello"][..], &["life-hello"][..]),
        (&["--filter", "LIFE-002"], &["life-goodbye"]),
        (&["--filter", "goodbye", "--filter", "*-6"], &["life-goodbye", "life-more-6"]),
        (&["--filter", "life-*l?o"], &["life-hello"]),
        (&["--requirement-set", "node-18", "--filter", "life-?*e*o*"], &["life-hello"]),
        (&["--requirement-set", "node-24", "--filter", "*e"], &["life-goodbye"]),
    ] {
        place.run(&[&ONE_PAIR[..], arguments].concat()).code(0);
        assert_eq!(ids(&place, "out"), expected, "{arguments:?}");
    }
}

/// What a case shows beside the clauses of the set is played, and fails nobody.
#[test]
fn a_clause_out_of_the_requirement_set_fails_nobody() {
    let place = Place::new();
    place.write("specs/requirements/node-18.toml", "clauses = [\"LIFE-001\"]");
    place.write("specs/requirements/node-24.toml", "clauses = [\"LIFE-001\", \"LIFE-002\"]");
    place.write(
        "specs/cases/life-both.toml",
        r#"
[[case]]
id = "life-both"
title = "Two clauses"
clauses = ["LIFE-001", "LIFE-002"]
parent.listeners = ["exit"]
parent.steps = [{ do = "fork" }, { do = "await", event = "exit" }]
child.steps = [{ do = "section", clause = "LIFE-002" }, { do = "mark", name = "right" }]
"#,
    );
    place.driver(
        "bad",
        r#"if [ "$ROLE" = child ]; then
            PLAN=$IPC_CONFORMANCE_LOG/other.json
            sed 's/"right"/"wrong"/g' "$IPC_CONFORMANCE_PLAN" >"$PLAN"
            export IPC_CONFORMANCE_PLAN="$PLAN"
        fi"#,
    );
    let bad = ["--runtime", "bad=./bad", "--pairs", "bad:bad", "--filter", "life-both"];
    for (set, verdict, code) in [("node-18", "non-strict", 0), ("node-24", "fail", 1)] {
        place.run(&[&bad[..], &["--requirement-set", set]].concat()).code(code);
        assert_eq!(place.verdicts("out")[1], format!("life-both bad:bad {verdict}"));
        assert_eq!(place.results("out")["options"]["requirement_set"], set);
    }
}

#[test]
fn the_order_of_the_results_is_always_the_same() {
    let place = many();
    place.run(&["--jobs", "1", "--out", "one"]).code(0);
    place.run(&["--jobs", "4", "--out", "four"]).code(0);
    assert_eq!(place.verdicts("one").len(), 36);
    assert_eq!(place.verdicts("one"), place.verdicts("four"));
}

#[test]
fn plays_are_repeated_and_kept() {
    let place = Place::new();
    place.run(&[&ONE_PAIR[..], &["--repeat", "3", "--keep", "kept"]].concat()).code(0);
    let mut plays = BTreeMap::new();
    for entry in fs::read_dir(place.path("kept")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let label = name.rsplit_once('.').unwrap().0.to_owned();
        if label.starts_with("life-") {
            assert!(path.join("log/parent.jsonl").is_file());
            *plays.entry(label).or_insert(0) += 1;
        }
    }
    let expected =
        ["goodbye-node-node", "goodbye-quick-quick", "hello-node-node", "hello-quick-quick"];
    assert_eq!(plays, expected.map(|label| (format!("life-{label}"), 3)).into());
}

#[test]
fn a_run_can_stop_at_the_first_failure() {
    let place = many();
    place.driver("bad", r#"[ "$ROLE" = parent ] && exit 7"#);
    let bad = ["--runtime", "bad=./bad", "--pairs", "bad:bad", "--jobs", "1"];
    place.run(&[&bad[..], &["--fail-fast"]].concat()).code(1);
    let verdicts = place.verdicts("out");
    assert_eq!(verdicts[..2], ["life-goodbye node:node pass", "life-goodbye bad:bad crash"]);
    assert!(verdicts[2..].iter().all(|line| line.ends_with(" not-run")), "{verdicts:?}");
    assert_eq!(verdicts.len(), 18);
}

/// Nothing below this level fails a case.
#[test]
fn the_level_decides_what_fails() {
    let place = Place::new();
    place.driver(
        "bad",
        r#"[ "$ROLE" = child ] && grep -q life-goodbye "$IPC_CONFORMANCE_PLAN" && echo 1 >&3"#,
    );
    let bad = ["--runtime", "bad=./bad", "--pairs", "bad:bad"];
    for (level, verdict, code) in [("must", "non-strict", 0), ("should", "fail", 1)] {
        place.run(&[&bad[..], &["--level", level]].concat()).code(code);
        assert_eq!(place.verdicts("out")[1], format!("life-goodbye bad:bad {verdict}"));
    }
}

/// The plans of the generated messages of a run.
fn generated(place: &Place, folder: &str) -> BTreeMap<String, Value> {
    let mut plans = BTreeMap::new();
    for entry in fs::read_dir(place.path(folder)).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path().join("plan.json")).unwrap_or_default();
        let Ok(mut plan) = serde_json::from_str::<Value>(&text) else { continue };
        let id = plan["id"].as_str().unwrap().to_owned();
        if id.starts_with("generated-") {
            plan.as_object_mut().unwrap().remove("setup");
            plans.insert(id, plan);
        }
    }
    plans
}

#[test]
fn a_seed_decides_what_is_generated() {
    let place = Place::new();
    let run = |seed: &str, name: &str| {
        let arguments = ["--generate", "30", "--filter", "life-hello", "--seed", seed];
        let folders = ["--out", name, "--keep", name];
        place
            .run(&[&ONE_PAIR[..], &arguments, &folders].concat())
            .code(0)
            .stdout(contains(format!("seed {seed}\n")));
        let mut results = place.results(name);
        for case in results["cases"].as_array_mut().unwrap() {
            case["duration_ms"] = Value::Null;
        }
        (results["cases"].clone(), generated(&place, name))
    };
    let (first, second, other) = (run("a", "first"), run("a", "second"), run("b", "other"));
    assert!(!first.1.is_empty());
    assert!(first == second, "the same seed plays the same");
    assert_ne!(first.1, other.1);
    // One that nobody named is printed, and is another each time.
    let seed = |name: &str| {
        place.run(&["--generate", "1", "--out", name]).code(0);
        place.results(name)["options"]["seed"].as_str().unwrap().to_owned()
    };
    assert_ne!(seed("one"), seed("two"));
}

/// A generated message that differs is made small, stored, and played first from then on.
#[test]
fn a_generated_message_that_differs() {
    let place = Place::new();
    // Dates lose their time on the way from the child.
    place.driver(
        "bad",
        r#"if [ "$ROLE" = child ]; then
            PLAN=$IPC_CONFORMANCE_LOG/other.json
            sed 's/"date","time":[0-9][0-9]*/"date","time":1/g' "$IPC_CONFORMANCE_PLAN" >"$PLAN"
            export IPC_CONFORMANCE_PLAN="$PLAN"
        fi"#,
    );
    let bad = ["--runtime", "bad=./bad", "--pairs", "bad:bad", "--filter", "life-hello"];
    let generate = ["--generate", "6", "--seed", "a"];
    place.run(&[&bad[..], &generate, &["--regressions", "stored"]].concat()).code(1);
    let stored: Vec<_> = fs::read_dir(place.path("stored"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let name = stored.first().expect("a stored plan");
    let id = name.strip_suffix(".json").unwrap();
    assert!(id.starts_with("regression-"), "{id}");
    assert!(ids(&place, "out").contains(&id.to_owned()));
    assert!(place.read(&format!("stored/{name}")).len() < 2000, "it is small");
    // From now on it is a case like others.
    let again = ["--regressions", "stored"];
    place.run(&[&bad[..4], &again].concat()).code(1);
    assert_eq!(ids(&place, "out").len(), 2 + stored.len());
    place.run(&[&bad[..], &again].concat()).code(0);
    assert_eq!(ids(&place, "out"), ["life-hello"]);
    place.run(&[&bad[..4], &again, &["--filter", "generated"]].concat()).code(1);
    assert_eq!(ids(&place, "out").len(), stored.len());
    // Found again, it stands there once.
    place.run(&[&bad[..4], &again, &generate].concat()).code(1);
    let verdicts = place.verdicts("out");
    assert_eq!(verdicts.iter().collect::<BTreeSet<_>>().len(), verdicts.len(), "{verdicts:?}");
    let plan = format!("stored/{name}");
    let with = ["--specs", "specs", "--reference", "./quick"];
    place.cli([&["replay", &plan, "--runtime", "bad=./bad"], &with[..]].concat()).assert().code(1);
    place.cli([&["replay", &plan, "--runtime", "x=./quick"], &with[..]].concat()).assert().code(0);
    // Where it cannot be stored, the results say so, and are kept.
    place.run(&[&bad[..], &generate, &["--regressions", "/proc/none"]].concat()).code(2).stdout(
        contains("failed to store the smallest message that differs as /proc/none/")
            .and(contains("unexpected verdict")),
    );
    assert!(ids(&place, "out").contains(&"generated-000".to_owned()));
}
