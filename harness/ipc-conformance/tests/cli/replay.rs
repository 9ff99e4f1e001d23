//! `replay`: one plan again, by token or from a file.

use std::fs;
use std::path::Path;

use predicates::prelude::*;
use predicates::str::{contains, starts_with};

use crate::place::{PROGRAM, Place};

const WITH: [&str; 6] =
    ["--specs", "specs", "--reference", "./quick", "--runtime", "quick=./quick"];

fn replay(place: &Place, plan: &str, more: &[&str]) -> assert_cmd::assert::Assert {
    place.cli([&["replay", plan], &WITH[..], more].concat()).assert()
}

#[test]
fn a_case_by_its_token() {
    let place = Place::new();
    place.driver("bad", r#"[ "$ROLE" = child ] && echo '"extra"' >&3"#);
    replay(&place, "life-hello@quick:node@x", &[]).code(0).stdout(
        starts_with("life-hello quick:node: pass\n")
            .and(contains("\nreference, child:\n"))
            .and(contains("\nquick:node, parent:\n"))
            .and(contains("\"hello\""))
            .and(contains("quick:node ends: ")),
    );
    let bad = ["--runtime", "bad=./bad"];
    replay(&place, "life-hello@node:bad@x", &bad).code(1).stdout(
        starts_with("life-hello node:bad: fail\n  LIFE-001 must: ").and(contains("\"extra\"")),
    );
    // The pairing of the option goes before that of the token.
    let pair = ["--pair", "quick:quick", "--runtime", "bad=./bad"];
    replay(&place, "life-hello@node:bad@x", &pair).code(0);
}

/// The token of a report plays what the run has played.
#[test]
fn the_token_of_a_report() {
    let place = Place::new();
    place.run(&["--generate", "3", "--seed", "tok@en"]).code(0);
    let results = place.results("out");
    let case = &results["cases"][1];
    assert_eq!(case["id"], "generated-000");
    // A generated message comes from the seed alone.
    let token = case["replay"].as_str().unwrap();
    replay(&place, token, &[]).code(0).stdout(starts_with("generated-000 "));
}

/// What a report prints is all that is needed.
#[test]
fn the_command_of_a_report() {
    let place = Place::new();
    place.driver("my bad", r#"[ "$ROLE" = child ] && echo '"extra"' >&3"#);
    place.write("files/filed.toml", "command = \"'../my bad'\"\n");
    fs::rename(place.path("specs"), place.path("my specs")).unwrap();
    let own = ["--specs", "my specs", "--runtime-files", "files", "--regressions", "stored"];
    for (runtime, quoted) in [("x='./my bad'", r#""x='./my bad'""#), ("filed", "filed")] {
        let name = runtime.split('=').next().unwrap();
        let pair = format!("{name}:{name}");
        let more = ["--runtime", runtime, "--pairs", &pair, "--filter", "life-hello"];
        let run = place.run(&[&own[..], &more].concat()).code(1);
        let printed = String::from_utf8(run.get_output().stdout.clone()).unwrap();
        let seed = place.results("out")["options"]["seed"].as_str().unwrap().to_owned();
        let command = format!(
            "ipc-conformance replay life-hello@{pair}@{seed} --runtime {quoted} --reference ./quick \
             --runtime-files files --specs 'my specs' --regressions stored"
        );
        assert!(printed.contains(&format!("again:    {command}\n")), "{printed}");
        assert_eq!(place.results("out")["findings"][0]["repro"], command.as_str());
        let page = command.replace('\'', "&#39;").replace('"', "&#34;");
        assert!(place.read("out/report.html").contains(&page));
        let programs = Path::new(PROGRAM).parent().unwrap().display();
        assert_cmd::Command::new("sh")
            .args(["-c", &command])
            .current_dir(place.path("."))
            .env("PATH", format!("{programs}:{}", std::env::var("PATH").unwrap()))
            .env("TMPDIR", place.path("tmp"))
            .assert()
            .code(1)
            .stdout(starts_with(format!("life-hello {pair}: fail\n")));
    }
}

/// A name in a token is a name as for --runtime.
#[test]
fn a_token_names_runtimes() {
    let place = Place::new();
    place.driver("bad", r#"[ "$ROLE" = child ] && echo '"extra"' >&3"#);
    place.write("files/filed.toml", "command = \"../bad\"\n");
    let with = ["--specs", "specs", "--reference", "./quick", "--runtime-files", "files"];
    let replay = |token| place.cli([&["replay", token], &with[..]].concat()).assert();
    replay("life-hello@rust:node@x").code(0);
    replay("life-hello@rust:filed@x").code(1).stdout(starts_with("life-hello rust:filed: fail\n"));
    replay("life-hello@nope:node@x").code(3).stderr(contains("find the runtime `nope`"));
}

#[test]
fn a_plan_from_a_file() {
    let place = Place::new();
    place.run(&["--filter", "life-hello", "--pairs", "quick:node", "--keep", "kept"]).code(0);
    let plan = fs::read_dir(place.path("kept"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("plan.json"))
        .find(|path| fs::read_to_string(path).is_ok_and(|text| text.contains("life-hello")))
        .unwrap();
    let text = fs::read_to_string(&plan).unwrap();
    place.write("plan.json", &text);
    replay(&place, "plan.json", &[]).code(0).stdout(starts_with("life-hello quick:quick: pass\n"));
    replay(&place, "plan.json", &["--pair", "node:quick", "--keep", "again"])
        .code(0)
        .stdout(starts_with("life-hello node:quick: pass\n"));
    assert!(place.path("again").is_dir());
}

#[test]
fn what_cannot_be_replayed() {
    let place = Place::new();
    place.write("cut.json", "{\"protocol\": 1,\n  \"id\": \"x\"");
    place.write(
        "strange.json",
        r#"{"protocol":1,"id":"x","serialization":"json","parent":{"steps":[{"do":"frok"}]},"child":{}}"#,
    );
    place.write("table.json", "[]");
    for (plan, more, message) in [
        (
            "life-helo@quick:quick@x",
            &[][..],
            "there is no case life-helo; did you mean `life-hello`?",
        ),
        ("life-hello@quick:raw@x", &[], "life-hello is not played by quick:raw, but by "),
        ("life-hello@quick@x", &[], "the pairing quick is not of the form PARENT:CHILD"),
        ("life-hello", &[], "neither a plan file nor a token of the form CASE@PAIRING@SEED"),
        ("@quick:quick@x", &[], "neither a plan file nor a token"),
        ("no/such.json", &[], "`no/such.json` is neither a plan file nor a token"),
        ("generated-000000@quick:quick@x", &[], "there is no case generated-000000"),
        ("generated-9999999999999@quick:quick@x", &[], "there is no case generated-9999999999999"),
        ("cut.json", &[], "not a plan: EOF while parsing an object"),
        ("cut.json", &[], "--> cut.json:2:"),
        ("strange.json", &[], "unknown variant `frok`"),
        ("strange.json", &[], "--> strange.json:1:"),
        ("table.json", &[], "not a plan: "),
        ("life-hello@quick:quick@x", &["--regressions", "cut.json"], "stored plans cut.json"),
    ] {
        replay(&place, plan, more).code(2).stdout("").stderr(
            starts_with("error: ").and(contains(message)).and(contains("error: error: ").not()),
        );
    }
    place.write("stored/cut.json", &place.read("cut.json"));
    let stored = ["--regressions", "stored"];
    let said = starts_with("error: the plan has mistakes\nerror: not a plan: ");
    place.run(&stored).code(2).stdout("").stderr(said);
}
