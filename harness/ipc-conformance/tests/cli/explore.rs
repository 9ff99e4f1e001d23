//! The commands that play nothing: `list`, `explain`, `doctor`.

use std::fs;

use predicates::prelude::*;
use predicates::str::{contains, ends_with, starts_with};
use serde_json::Value;

use crate::place::Place;

#[test]
fn list_shows_cases_and_clauses() {
    let place = Place::new();
    let list =
        |more: &[&'static str]| place.cli([&["list", "--specs", "specs"], more].concat()).assert();
    list(&[]).code(0).stdout(
        "life-goodbye  An end  [LIFE-002]\nlife-hello  A message  [LIFE-001]\n\
         2 cases; 3 clauses, 1 of them without a case\n",
    );
    list(&["--filter", "LIFE-001"]).code(0).stdout(starts_with("life-hello  A message"));
    list(&["--untested"])
        .code(0)
        .stdout(starts_with("LIFE-003 must There is nothing to be seen.\n"));
    list(&["--filter", "helo"]).code(2).stdout("").stderr(contains("matches `helo`"));
    let output = list(&["--json"]).code(0).get_output().stdout.clone();
    let json: Value = serde_json::from_slice(&output).unwrap();
    assert_eq!(json["cases"][1]["id"], "life-hello");
    assert_eq!(json["clauses"][2]["untested"], "There is nothing to be seen.");
    assert_eq!(json["clauses"][1]["since"], 24);
}

/// Which clauses the sets have, and how a new set is made.
#[test]
fn requirement_sets_are_listed_and_made() {
    let place = Place::new();
    let cli = |arguments: &[&'static str]| {
        place.cli([arguments, &["--specs", "specs"]].concat()).assert().code(0)
    };
    let made = cli(&["list", "--requirements", "node-18"]).get_output().stdout.clone();
    let made = String::from_utf8(made).unwrap();
    assert!(made.ends_with("clauses = [\n  \"LIFE-001\",\n]\n"), "{made}");
    place.write("specs/requirements/node-18.toml", &made);
    cli(&["list", "--unrequired"]).stdout(
        "LIFE-002 should The channel closes.\n\
         2 cases; 3 clauses, 1 of them without a case, 1 not yet required\n",
    );
    cli(&["explain", "LIFE-001"]).stdout(contains("\nrequired by node-18\n"));
    cli(&["explain", "LIFE-002"]).stdout(contains("\nnot yet required: no requirement set"));
    let output = cli(&["list", "--json"]).get_output().stdout.clone();
    let json: Value = serde_json::from_slice(&output).unwrap();
    assert_eq!(json["clauses"][0]["required_by"][0], "node-18");
    let wrong = ["list", "--specs", "specs", "--requirements", "deno-2"];
    place.cli(wrong).assert().code(2).stdout("").stderr(contains("expected a Node major"));
}

/// Without a folder: what the program was built with.
#[test]
fn list_knows_the_suite() {
    let place = Place::new();
    let output = place.cli(["list", "--json"]).assert().code(0).get_output().stdout.clone();
    let json: Value = serde_json::from_slice(&output).unwrap();
    assert!(json["cases"].as_array().unwrap().len() > 100);
    let clauses = json["clauses"].as_array().unwrap();
    assert!(clauses.iter().all(|clause| clause["sentence"].as_str().is_some()));
}

#[test]
fn explain_tells_all_of_a_clause() {
    let place = Place::new();
    let explain =
        |clause: &'static str| place.cli(["explain", "--specs", "specs", clause]).assert();
    explain("LIFE-001").code(0).stdout(
        "LIFE-001 (must)\nA message arrives.\n\nsource: the tests\nholds from Node 18 on\n\n\
         case life-hello (specs/cases/life.toml:2): A message\n",
    );
    explain("life-003").code(0).stdout(ends_with("\nno case: There is nothing to be seen.\n"));
    place.run(&["--filter", "life-hello", "--out", "reports/latest"]).code(0);
    explain("LIFE-001").code(0).stdout(ends_with(
        "in reports/latest:\n  node:node  pass\n  node:quick  pass\n  quick:node  pass\n  quick:quick  pass\n",
    ));
    for (wrong, message) in [
        ("LIFE-01", "there is no clause LIFE-01; did you mean `LIFE-001`?"),
        ("LIVE-001", "did you mean `LIFE-001`?"),
        ("life-hello", "there is no clause LIFE-HELLO; `ipc-conformance list --json` shows all"),
        ("", "there is no clause ; `ipc-conformance list"),
    ] {
        explain(wrong).code(2).stdout("").stderr(contains(message));
    }
    // Results that cannot be read are said to be so, not left out.
    place.write("reports/latest/results.json", "{}");
    explain("LIFE-001").code(2).stderr(contains("failed to read reports/latest/results.json"));
    let none = ["explain", "--specs", "specs", "LIFE-001", "--results", "none"];
    place.cli(none).assert().code(2).stderr(contains("failed to read none: No such file"));
}

#[test]
fn doctor_finds_what_is_there() {
    let place = Place::new();
    let doctor = |more: &[&'static str]| {
        place.cli([&["doctor", "--reference", "./quick"], more].concat()).assert()
    };
    doctor(&["--runtime", "rust"]).code(0).stdout(
        starts_with("ok       node 0.1.0, starts in ").and(contains("\nok       rust 0.1.0, ")),
    );
    // Those that nobody named may be absent; the one that was named may not.
    fs::create_dir(place.path("bin")).unwrap();
    let bare = |more: &[&'static str]| {
        let arguments = [&["doctor", "--reference", "/bin/sh ./quick"], more].concat();
        let mut command = place.cli(arguments);
        command.env("PATH", place.path("bin")).assert()
    };
    bare(&[]).stdout(
        contains("\nabsent   bun: failed to find").and(contains("\nabsent   deno: failed to find")),
    );
    bare(&["--runtime", "bun"]).code(3).stdout(contains(
        "missing  bun: failed to find the program `bun` of the runtime `bun` on PATH; \
         install Bun from https://bun.com, or say where it is with `--runtime bun=PATH`",
    ));
}

/// Node itself, and the drivers that come with the program.
#[test]
fn doctor_checks_real_node() {
    let place = Place::new();
    place
        .cli(["doctor"])
        .assert()
        .code(0)
        .stdout(starts_with("ok       node ").and(contains("\nok       rust ")));
}
