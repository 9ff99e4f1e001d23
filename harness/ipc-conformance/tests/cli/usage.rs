//! Wrong usage and configuration: exit code 2 and what to do about it.

use std::fs;

use predicates::prelude::*;
use predicates::str::{contains, starts_with};

use crate::place::Place;

/// Arguments of a quick run, and what stderr says.
#[test]
fn options_that_make_no_sense() {
    let place = Place::new();
    place.driver("other", "");
    for (arguments, message) in [
        (&["--frobnicate"][..], "unexpected argument '--frobnicate'"),
        (&["--jobs", "0"], "0 is not in 1..=256"),
        (&["--generate", "many"], "invalid value 'many'"),
        (&["--repeat", "0"], "0 is not in 1..=1000"),
        (&["--level", "maybe"], "[possible values: must, should, impl]"),
        (&["--filter", "life-helo"], "matches `life-helo`; did you mean `life-hello`?"),
        (&["--filter", "x*"], "matches `x*`"),
        (&["--shard", "3/2"], "`3/2` is not a shard: expected I/N"),
        (&["--requirement-set", "node-17"], "no requirement set `node-17`; the specs have none"),
        (&["--pairs", "quick"], "`quick` is not of the form PARENT:CHILD"),
        (&["--pairs", "quick:bun"], "names `bun`, which is none of quick, node"),
        (&["--runtime", "a=./quick", "--runtime", "a=./quick"], "two have the name `a`"),
        (&["--runtime", "a:b=./quick"], "a name consists of letters"),
        (&["--runtime", "a=./quick 'x"], "has an open quote"),
        (&["--runtime", "a="], "has an open quote or no words"),
        (&["--runtime", "node=./other"], "the runtime name `node`: it is that of the reference"),
        (&["--update-expectations"], "--expectations <FILE>"),
        (&["--expectations", "no/such.toml"], "failed to read no/such.toml"),
        (&["--specs", "no/such"], "failed to read no/such/clauses"),
    ] {
        place
            .run(arguments)
            .code(2)
            .stdout("")
            .stderr(starts_with("error: ").and(contains(message)));
    }
    // What can name no runtime is the same to all commands.
    for (runtime, message) in [("a:b=./quick", "a name consists of"), ("a=", "or no words")] {
        let doctor = ["doctor", "--reference", "./quick", "--runtime", runtime];
        place.cli(doctor).assert().code(2).stdout("").stderr(contains(message));
    }
}

#[test]
fn help_is_no_error() {
    let place = Place::new();
    place.cli(["--help"]).assert().code(0).stdout(contains("Exit codes: 0 every verdict"));
    place.cli(["run", "--help"]).assert().code(0).stdout(contains("--update-expectations"));
    place.cli(["--version"]).assert().code(0).stdout(starts_with("ipc-conformance "));
    place.cli([]).assert().code(2).stdout("").stderr(contains("Usage: ipc-conformance"));
    place.cli(["replya"]).assert().code(2).stderr(contains("'replay'"));
}

#[test]
fn folders_that_cannot_be_written() {
    let place = Place::new();
    place.write("file", "");
    fs::create_dir(place.path("folder")).unwrap();
    for out in ["file", "file/below", "/proc/none"] {
        for option in ["--out", "--keep"] {
            let message =
                format!("failed to write to the folder {out}; name another with {option}: ");
            place.run(&[option, out]).code(2).stdout("").stderr(contains(message));
        }
        let replay = ["replay", "life-hello@node:node@x", "--specs", "specs", "--keep", out];
        place.cli(replay).assert().code(2).stderr(contains("name another with --keep"));
    }
    for tmp in ["file", "none"] {
        let mut command = place.cli(place.quick(&[]));
        command.env("TMPDIR", place.path(tmp)).assert().code(4).stdout("").stderr(
            contains("failed to make a folder for the driver: ")
                .and(contains("TMPDIR must name a writable folder")),
        );
    }
    place.run(&["--regressions", "file"]).code(2).stderr(contains("stored plans file"));
    place
        .run(&["--expectations", "folder", "--update-expectations"])
        .code(2)
        .stderr(contains("failed to write to folder"));
}

/// A change of the good files, and what stderr says with its place.
#[test]
fn malformed_specs() {
    for (file, from, to, message, place_of_it) in [
        ("cases/life.toml", "do = \"fork\"", "do = \"frok\"", "unknown step `frok`", ":8:17"),
        ("cases/life.toml", "listeners", "listenres", "did you mean `listeners`?", ":7:1"),
        ("cases/life.toml", "\"LIFE-001\"", "\"LIFE-01\"", "did you mean `LIFE-001`?", ":5:12"),
        ("cases/life.toml", "life-hello", "ser-hello", "begins with `life-`", ":3:6"),
        ("cases/life.toml", "[[case]]", "[[case]", "", ":2:"),
        ("clauses/life.toml", "must", "might", "", ":4:9"),
        ("clauses/life.toml", "LIFE-002", "LIFE-001", "duplicate clause id `LIFE-001`", ":10:6"),
        ("untested.toml", "There is nothing to be seen.", "", "`reason` is empty", ":4:10"),
    ] {
        let place = Place::new();
        let file = format!("specs/{file}");
        place.write(&file, &place.read(&file).replacen(from, to, 1));
        let expected = || {
            starts_with("error: the specs have mistakes\n")
                .and(contains(message))
                .and(contains(format!("--> {file}{place_of_it}")))
                .and(contains("^"))
        };
        for arguments in [&["run"][..], &["list"], &["explain", "LIFE-001"]] {
            let mut command = place.cli(arguments.iter().copied());
            command.args(["--specs", "specs"]).assert().code(2).stdout("").stderr(expected());
        }
    }
}

/// All mistakes at once, and what is no text at all.
#[test]
fn specs_with_many_mistakes() {
    let place = Place::new();
    let text = place.read("specs/cases/life.toml").replace("do = ", "od = ");
    place.write("specs/cases/life.toml", &text);
    place.run(&[]).code(2).stderr(contains("specs/cases/life.toml:8:").and(contains(" mistakes")));
    fs::write(place.path("specs/cases/life-raw.toml"), [0xff, 0xfe, 0]).unwrap();
    let said = contains("failed to read specs/cases/life-raw.toml: ")
        .and(contains("specs/cases/life.toml:8:"));
    place.run(&[]).code(2).stderr(said);
    fs::remove_dir_all(place.path("specs/cases")).unwrap();
    place.run(&[]).code(2).stderr(contains("failed to read specs/cases: No such file"));
}

#[test]
fn malformed_stored_plans() {
    let good = r#"{
  "protocol": 1, "id": "stored", "serialization": "json",
  "parent": {"steps": [{"do": "fork"}]},
  "child": {"steps": []}
}"#;
    let place = Place::new();
    let run = |text: &str| {
        place.write("stored/one.json", text);
        place.write("stored/README.md", "no plan");
        let filters = ["--filter", "life-hello", "--filter", "stored"];
        place.run(&[&["--regressions", "stored", "--pairs", "node:quick"], &filters[..]].concat())
    };
    run(good).code(0);
    assert_eq!(place.verdicts("out").len(), 4);
    for (from, to, message, place_of_it) in [
        ("}]}", "}", "not a plan: ", ":4:"),
        ("fork", "frok", "unknown variant `frok`", ":3:"),
        ("\"id\": \"stored\",", "", "missing field `id`", ":5:1"),
        ("json", "xml", "unknown variant `xml`", ":2:"),
        ("protocol\": 1", "protocol\": 7", "protocol: the plan is of protocol 7", ": "),
    ] {
        run(&good.replace(from, to))
            .code(2)
            .stdout("")
            .stderr(contains(message).and(contains(format!("stored/one.json{place_of_it}"))));
    }
}
