//! Cases in which the harness is one end of the channel.

use predicates::prelude::*;
use predicates::str::{contains, starts_with};

use crate::place::Place;

const CASES: &str = r#"
[[case]]
id = "life-raw-parent"
title = "The harness is the parent"
link = "raw-parent"
clauses = ["LIFE-001"]
[case.parent]
steps = [
  { do = "raw-launch" },
  { do = "raw-write", parts = [{ text = "\"hello\"\n" }] },
  { do = "raw-read", until = "end" },
  { do = "raw-wait" },
]
[case.child]
listeners = ["message", "disconnect"]
steps = [{ do = "await", event = "message" }, { do = "disconnect" }]

[[case]]
id = "life-raw-child"
title = "The harness is the child"
link = "raw-child"
clauses = ["LIFE-001"]
[case.parent]
listeners = ["message", "disconnect", "exit"]
steps = [{ do = "fork" }, { do = "await", event = "message" }, { do = "await", event = "exit" }]
[case.child]
steps = [{ do = "raw-write", parts = [{ text = "\"hello\"\n" }] }]
"#;

fn place() -> Place {
    let place = Place::new();
    place.write("specs/cases/life-raw.toml", CASES);
    place
}

#[test]
fn each_case_is_played_by_the_pairings_of_its_link() {
    let place = place();
    place.run(&[]).code(0);
    let expected = [
        "life-goodbye node:node",
        "life-goodbye quick:quick",
        "life-goodbye quick:node",
        "life-goodbye node:quick",
        "life-hello node:node",
        "life-hello quick:quick",
        "life-hello quick:node",
        "life-hello node:quick",
        "life-raw-child node:raw",
        "life-raw-child quick:raw",
        "life-raw-parent raw:node",
        "life-raw-parent raw:quick",
    ];
    let results = place.results("out");
    let played: Vec<String> = results["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| [&case["id"], &case["pairing"]].map(|v| v.as_str().unwrap()).join(" "))
        .collect();
    assert_eq!(played, expected);
    // A chosen pairing plays the cases of its link, and no others are played.
    place.run(&["--pairs", "raw:quick", "--out", "one"]).code(0);
    let results = place.results("one");
    let played = results["summary"]["by_pairing"].as_object().unwrap();
    assert_eq!(played.keys().collect::<Vec<_>>(), ["raw:node", "raw:quick"]);
}

/// Beside the harness there is only one to blame, and an expectation can say so.
#[test]
fn a_runtime_that_differs_beside_the_harness() {
    let place = place();
    place.driver("bad", r#"[ "$ROLE" = child ] && echo '"extra"' >&3"#);
    let bad = ["--runtime", "bad=./bad", "--pairs", "raw:bad", "--seed", "x"];
    place.run(&bad).code(1);
    let results = place.results("out");
    let finding = &results["findings"][0];
    assert_eq!(finding["runtime"], "bad");
    assert_eq!(finding["blame"], "child");
    assert_eq!(finding["pairings"], serde_json::json!(["raw:bad"]));
    let options = "--runtime 'bad=./bad' --reference ./quick --specs specs";
    let repro = format!("ipc-conformance replay life-raw-parent@raw:bad@x {options}");
    assert_eq!(finding["repro"], repro.as_str());
    let update = ["--expectations", "bad.toml", "--update-expectations"];
    place.run(&[&bad[..], &update].concat()).code(1);
    let text = place.read("bad.toml");
    assert!(text.contains("runtime = \"bad\"\npairings = [\"raw:bad\"]\n"), "{text}");
    place.run(&[&bad[..], &update[..2]].concat()).code(0);
    // An entry for raw cases is no problem where none is played.
    let pair = ["--runtime", "bad=./bad", "--filter", "life-goodbye", "--expectations", "bad.toml"];
    place.run(&[&pair[..], &["--out", "pair"]].concat()).code(predicate::in_iter([0, 1]));
    assert!(place.results("pair").get("problems").is_none());
}

#[test]
fn one_case_again() {
    let place = place();
    let replay = |token: &str| {
        let with = ["--specs", "specs", "--reference", "./quick", "--runtime", "quick=./quick"];
        place.cli([&["replay", token], &with[..]].concat()).assert()
    };
    replay("life-raw-child@quick:raw@x").code(0).stdout(
        starts_with("life-raw-child quick:raw: pass\n")
            .and(contains("\nreference, child:\n"))
            .and(contains("\nquick:raw, parent:\n")),
    );
    for pair in ["quick:quick", "raw:quick", "raw:raw"] {
        replay(&format!("life-raw-child@{pair}@x")).code(2).stderr(contains(format!(
            "life-raw-child is not played by {pair}, but by a pairing such as node:raw"
        )));
    }
    replay("life-hello@raw:quick@x").code(2).stderr(contains("a pairing such as node:node"));
}

#[test]
fn the_name_is_taken() {
    let place = place();
    for (arguments, message) in [
        (&["--pairs", "raw:raw"][..], "the pairing `raw:raw` has no runtime in it"),
        (&["--pairs", "raw:bun"], "names `bun`, which is none of quick, node, raw"),
        (&["--runtime", "raw=./quick"], "the runtime name `raw`: it is that of the harness"),
    ] {
        place.run(arguments).code(2).stderr(contains(message));
    }
}
