//! What is known to fail: files of expectations through their whole life.

use std::fs;
use std::path::Path;

use predicates::prelude::*;
use predicates::str::contains;

use crate::place::{PROGRAM, Place};

const BAD: [&str; 4] = ["--runtime", "bad=./bad", "--pairs", "bad:bad"];
/// The child says more than it should, in one of the cases.
const LOUD: &str =
    r#"[ "$ROLE" = child ] && grep -q life-hello "$IPC_CONFORMANCE_PLAN" && echo '"extra"' >&3"#;

#[test]
fn an_expectation_from_its_first_day_to_its_last() {
    let place = Place::new();
    place.driver("bad", LOUD);
    let known = [&BAD[..], &["--expectations", "known.toml"]].concat();
    let update = [&known[..], &["--update-expectations"]].concat();
    place.run(&BAD).code(1);

    // A new file is made; the run itself ends as it would have without it.
    place.run(&update).code(1).stdout(contains("known.toml is in step with this run"));
    let first = place.read("known.toml");
    assert!(first.contains("runtime = \"bad\"") && first.contains("LIFE-001"), "{first}");
    place.run(&known).code(0).stdout(contains("1 expected finding"));
    assert_eq!(place.results("out")["cases"][3]["verdict"], "fail");
    assert_eq!(place.results("out")["cases"][3]["expectation"], "expected");

    // What it says of other versions is no excuse, and what people have written stays.
    let edited =
        format!("# mine\n\n{first}").replace("reason = \"", "versions = \"<0.0.9\"\nreason = \"");
    place.write("known.toml", &edited);
    let outdated = "matches no version that was tested: bad <0.0.9";
    place.run(&known).code(2).stdout(contains(outdated));
    assert_eq!(place.results("out")["cases"][3]["expectation"], "unexpected");
    // Nor is what it says of a runtime that nobody knows.
    let other = first.replace("\"bad", "\"bade").replace(":bad", ":bade");
    place.write("known.toml", &format!("{first}\n{other}"));
    place.run(&known).code(2).stdout(contains("for `bade`, which is neither tested nor known"));
    let other = first.replace("\"bad", "\"bun").replace(":bad", ":bun");
    place.write("known.toml", &format!("{first}\n{other}"));
    place.run(&known).code(0);
    place.write("known.toml", &format!("# mine\n\n{first}"));
    place.run(&known).code(0);

    // Failing in another way is not what was expected.
    place.driver("bad", &LOUD.replace("\"extra\"", "{\"ex\":1}"));
    place.run(&known).code(1).stdout(contains("FAIL").and(contains("not as known.toml:3 says: ")));

    // The runtime is mended.
    place.driver("bad", "");
    place
        .run(&known)
        .code(1)
        .stdout(contains("no longer").and(contains("known.toml:")).and(contains("life-hello")));
    assert_eq!(place.results("out")["cases"][3]["expectation"], "stale");
    place.run(&update).code(1);
    assert_eq!(place.read("known.toml").trim(), "# mine");
    place.run(&known).code(0);
}

/// A surprise is played again: seen twice it is one, seen once in ten plays it is told. An entry is
/// stale where most plays are.
#[test]
fn what_a_surprise_is() {
    let place = Place::new();
    place.driver("bad", LOUD);
    let more = ["--filter", "life-hello", "--expectations", "known.toml", "--jobs", "1"];
    let known = [&BAD[..], &more].concat();
    place.run(&[&known[..], &["--update-expectations"]].concat()).code(1);
    // The first so many plays show something else, or nothing.
    const OTHER: &str = "echo '{}' >&3";
    // That is nobody's difference, and stays what it is.
    const BREACH: &str = r#"echo x >>"$IPC_CONFORMANCE_LOG/child.jsonl""#;
    for (does, first, code) in
        [(OTHER, 1, 0), (OTHER, 2, 1), (":", 1, 0), (":", 3, 1), (BREACH, 1, 4)]
    {
        place.write("plays", "0");
        let count = r#"n=$(($(cat "$HERE/plays") + 1)); echo "$n" >"$HERE/plays""#;
        let does = format!(r#"if [ "$n" -gt {first} ]; then echo '"extra"' >&3; else {does}; fi"#);
        place.driver("bad", &format!("if [ \"$ROLE\" = child ]; then {count}; {does}; fi"));
        place.run(&known).code(code);
        let reason = place.results("out")["cases"][1]["reason"].to_string();
        let told = ["fail in 1 of 10 plays", "pass in 1 of 3 plays"];
        assert_eq!(told.iter().any(|told| reason.contains(told)), code == 0, "{first}: {reason}");
    }
}

/// A runtime that dies now and then is not good, however often each play is made.
#[test]
fn what_is_seen_twice_is_no_chance() {
    let place = Place::new();
    for (repeat, dies, plays, code) in [
        ("1", "1", 10, 0),
        ("1", "1|9", 10, 1),
        ("4", "3", 10, 0),
        ("20", "7", 20, 0),
        ("20", "7|20", 20, 1),
        ("20", "*[12]", 20, 1),
    ] {
        place.write("plays", "0");
        let count = r#"n=$(($(cat "$HERE/plays") + 1)); echo "$n" >"$HERE/plays""#;
        let does = format!("{count}; case $n in {dies}) kill -SEGV $$ ;; esac");
        place.driver("bad", &format!("if [ \"$ROLE\" = parent ]; then {does}; fi"));
        let more = ["--filter", "life-hello", "--jobs", "1", "--repeat", repeat];
        place.run(&[&BAD[..], &more].concat()).code(code);
        let case = &place.results("out")["cases"][1];
        let sightings = if dies == "*[12]" { 4 } else { dies.split('|').count() };
        assert_eq!(
            case["reproduced"],
            serde_json::json!({ "differed": sightings, "plays": plays }),
            "{repeat} {dies}"
        );
        let reason = case["reason"].as_str().unwrap();
        if code == 0 {
            assert_eq!(case["verdict"], "non-strict");
            let told = format!("crash in 1 of {plays} plays: the parent died by SIGSEGV");
            assert_eq!(reason, told);
        } else {
            assert_eq!(case["verdict"], "crash");
            assert_eq!(reason, "the parent died by SIGSEGV");
        }
    }
}

/// One play says nothing about how often something is seen, whether it is known or not.
#[test]
fn how_often_what_is_known_is_seen() {
    let place = Place::new();
    place.driver("bad", LOUD);
    let known = [&BAD[..], &["--expectations", "known.toml", "--jobs", "1"]].concat();
    place.run(&[&known[..], &["--update-expectations"]].concat()).code(1);
    let file = place.read("known.toml");
    place.write("known.toml", &file.replace("reason", "unstable = true\nreason"));
    for (plays, differed) in [("*", 3), ("1", 1)] {
        place.write("plays", "0");
        let count = r#"n=$(($(cat "$HERE/plays") + 1)); echo "$n" >"$HERE/plays""#;
        let does = format!("{count}; case $n in {plays}) echo '\"extra\"' >&3 ;; esac");
        let hello = r#"grep -q life-hello "$IPC_CONFORMANCE_PLAN""#;
        place.driver("bad", &format!("if [ \"$ROLE\" = child ] && {hello}; then {does}; fi"));
        place.run(&known).code(0);
        let results = place.results("out");
        let expected = serde_json::json!({ "differed": differed, "plays": 3 });
        assert_eq!(results["findings"][0]["reproduced"], expected);
        assert_eq!(results["findings"][0]["expected"], true);
        assert_eq!(results["cases"][3]["reproduced"], expected);
    }
}

/// What is known to hang is not waited for as long as what may end.
#[test]
fn a_known_hang_is_ended_early() {
    let place = Place::new();
    place.driver("bad", r#"[ "$ROLE" = parent ] && sleep 6"#);
    let known = [&BAD[..], &["--filter", "life-hello", "--expectations", "known.toml"]].concat();
    let entry = "[[expectation]]\nruntime = \"bad\"\ncase = \"life-hello\"\nverdict = \"hang\"\nfingerprint = \"parent-hang\"\nreason = \"slow\"\n";
    for (entries, verdict) in [(entry, "hang"), ("", "pass")] {
        place.write("known.toml", entries);
        place.run(&known).code(0);
        assert_eq!(place.results("out")["cases"][1]["verdict"], verdict);
    }
}

/// A file that is written by hand is never left cut off, whatever the disk says.
#[test]
fn a_full_disk_leaves_the_file_as_it_is() {
    let place = Place::new();
    place.driver("bad", LOUD);
    let text = format!("# {}\n", "mine ".repeat(400_000));
    place.write("known.toml", &text);
    // No file gets larger than a MiB, which is enough for the reports.
    place.program("full", &format!("trap '' XFSZ; ulimit -f 2048; exec '{PROGRAM}' \"$@\""));
    let known = ["--expectations", "known.toml", "--update-expectations"];
    let run = place.quick(&[&BAD[..], &known].concat());
    let mut command = assert_cmd::Command::from_std(place.plain_as(place.path("full"), run));
    let said = "failed to bring known.toml in step with this run";
    command.assert().code(2).stderr(contains(said));
    assert!(place.read("known.toml") == text, "it is another");
    assert!(place.path("out/results.json").exists());
}

/// The files say how they are kept in step, with a command that is understood, and give a reason for
/// each entry that the command has written.
#[test]
fn the_files_of_the_suite() {
    let place = Place::new();
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs/expectations");
    let mut files = 0;
    for entry in fs::read_dir(specs).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("not explained yet"), "{}", path.display());
        let command = text.split('`').find(|part| part.starts_with("ipc-conformance ")).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            command.contains(&format!("--expectations specs/expectations/{name}")),
            "{command}"
        );
        let words = command.split(' ').skip(1).chain(["--filter", "no-such-case"]);
        place.cli(words).assert().code(2).stderr(contains("matches `no-such-case`"));
        files += 1;
    }
    assert!(files >= 3);
}

/// Specs bring their own expectations; without any, everything is unexpected.
#[test]
fn expectations_belong_to_the_specs() {
    let place = Place::new();
    place.driver("bad", LOUD);
    let update = ["--expectations", "specs/expectations/bad.toml", "--update-expectations"];
    place.write("specs/expectations/bad.toml", "");
    place.run(&[&BAD[..], &update].concat()).code(1);
    place.run(&BAD).code(0);
    place.write("none.toml", "");
    place.run(&[&BAD[..], &["--expectations", "none.toml"]].concat()).code(1);
}

#[test]
fn malformed_expectations() {
    let place = Place::new();
    let good = "[[expectation]]\nruntime = \"bad\"\ncase = \"life-hello\"\nverdict = \"hang\"\nfingerprint = \"parent-hang\"\nreason = \"slow\"\n";
    for (from, to, message, place_of_it) in [
        ("runtime = ", "runtime", "", ":2:"),
        ("verdict", "verdit", "did you mean `verdict`?", ":4:1"),
        ("life-hello", "life-helo", "did you mean `life-hello`?", ":3:8"),
        ("fingerprint = \"parent-hang\"\n", "", "`hang` needs a `fingerprint`", ":4:"),
        (
            "\"hang",
            "\"pass",
            "expected `fail`, `crash`, `hang`, `unsupported` or `non-strict`",
            ":4:11",
        ),
        ("slow", " ", "`reason` is empty", ":6:10"),
        ("expectation", "expectations", "unknown key `expectations`", ":1:3"),
        ("case", "pairings = [\"a:b\"]\ncase", "`bad` has no part in `a:b`", ":3:13"),
    ] {
        place.write("known.toml", &good.replace(from, to));
        place.run(&["--expectations", "known.toml"]).code(2).stdout("").stderr(
            contains("error: the expectations have mistakes")
                .and(contains(message))
                .and(contains(format!("--> known.toml{place_of_it}")))
                .and(contains("^")),
        );
    }
    // One that is right, and names what was not played, is a problem of the run.
    place.write("known.toml", &good.replace("case", "pairings = [\"bad:deno\"]\ncase"));
    place.run(&[&BAD[..], &["--expectations", "known.toml"]].concat()).failure();
}
