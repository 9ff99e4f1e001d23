//! Text from a runtime that wants to be more than text.

use predicates::prelude::*;
use predicates::str::contains;

use crate::place::Place;

/// Markup, an escape sequence, a change of direction, and what no XML may hold.
const HOSTILE: &str = r#"</script><img src=x onerror=alert(1)>]]>`|[x](javascript:0)\u001b[31m\u202e\ufffe\u0000\r\n::error::"#;

/// A runtime that says this wherever it can.
fn place() -> Place {
    let place = Place::new();
    let describe = format!(
        r#"{{"protocol":1,"name":"{HOSTILE}","version":"{HOSTILE}","node":"{HOSTILE}","roles":["parent","child"],"capabilities":["{HOSTILE}"]}}"#
    );
    place.write("describe.json", &describe);
    place.write("message.json", &format!("\"{HOSTILE}\"\n{{\"{HOSTILE}\":\"{HOSTILE}\"}}\n"));
    let raw: String = serde_json::from_str(&format!("\"{HOSTILE}\"")).unwrap();
    place.write("raw.txt", &raw.replace('\0', ""));
    place.driver(
        "hostile",
        r#"[ $DESCRIBE ] && exec cat "$HERE/describe.json"
        if [ "$ROLE" ]; then cat "$HERE/raw.txt"; cat "$HERE/raw.txt" >&2; fi
        if [ "$ROLE" = child ]; then
            cat "$HERE/message.json" >&3
            # A descendant with a name of its own, which is left behind.
            [ -e "$HERE/leak" ] && sh -c 'exec 3>&-; sleep 1000; :' "$(cat "$HERE/raw.txt")" &
        fi"#,
    );
    place.write(
        "specs/cases/life-hostile.toml",
        &format!(
            "[[case]]\nid = \"life-hostile\"\ntitle = '''{}'''\nclauses = [\"LIFE-001\"]\n\
             [case.parent]\nlisteners = [\"message\", \"exit\"]\n\
             steps = [{{ do = \"fork\" }}, {{ do = \"await\", event = \"exit\" }}]\n\
             [case.child]\nsteps = [{{ do = \"send\", value = \"{HOSTILE}\" }}, {{ do = \"disconnect\" }}]\n",
            HOSTILE,
        ),
    );
    place
}

/// What no output for people holds.
fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| (c.is_control() && !"\n\t".contains(c)) || "\u{202e}\u{fffe}".contains(c))
}

/// Markup as it was sent.
fn has_markup(text: &str) -> bool {
    text.contains("<img") || text.contains("</script><")
}

const RUN: [&str; 6] =
    ["--runtime", "bad=./hostile", "--pairs", "bad:bad", "--filter", "life-hostile"];

#[test]
fn reports_hold_it_as_text() {
    let place = place();
    let arguments = [&RUN[..], &["--regressions", "none"]].concat();
    let assert = place.run(&arguments).code(1).stdout(contains("onerror"));
    let output = assert.get_output();
    for text in [&output.stdout, &output.stderr] {
        let text = std::str::from_utf8(text).unwrap();
        assert!(is_plain(text), "{text:?}");
        assert!(!text.contains("\n::error::"), "{text}");
    }
    let html = place.read("out/report.html");
    assert!(html.contains("onerror") && !has_markup(&html), "{html}");
    assert!(is_plain(&html));
    let summary = place.read("out/summary.md");
    assert!(summary.contains("onerror") && !has_markup(&summary), "{summary}");
    assert!(is_plain(&summary) && !summary.contains("[x](javascript:0)"), "{summary}");
    let junit = place.read("out/junit.xml");
    assert!(is_plain(&junit) && !has_markup(&junit));
    assert!(roxmltree::Document::parse(&junit).unwrap().descendants().any(|node| {
        node.attributes().any(|attribute| attribute.value().contains("onerror"))
            || node.text().is_some_and(|text| text.contains("onerror"))
    }));
    // The results alone hold it as it was.
    let results = place.results("out");
    let version: String = serde_json::from_str(&format!("\"{HOSTILE}\"")).unwrap();
    assert_eq!(results["runtimes"][0]["version"], version.as_str());
    assert!(results.to_string().contains("::error::"));
}

#[test]
fn the_terminal_shows_it_as_text() {
    let place = place();
    let with = ["--specs", "specs", "--reference", "./quick", "--runtime", "bad=./hostile"];
    place.write("garbage.json", &place.read("describe.json").replace("parent", HOSTILE));
    place.driver("garbage", r#"[ $DESCRIBE ] && exec cat "$HERE/garbage.json""#);
    let garbage = ["doctor", "--reference", "./quick", "--runtime", "bad=./garbage"];
    let run = ["run", "--reference", "./quick", "--runtime", "bad=./garbage", "--specs", "specs"];
    for (arguments, code) in [
        ([&["replay", "life-hostile@bad:bad@x"], &with[..]].concat(), 1),
        ([&["doctor"], &with[2..]].concat(), 0),
        (garbage.to_vec(), 3),
        (run.to_vec(), 3),
    ] {
        let assert = place.cli(arguments).assert().code(code);
        let output = assert.get_output();
        let text = [output.stdout.as_slice(), &output.stderr].concat();
        let text = std::str::from_utf8(&text).unwrap();
        assert!(text.contains("onerror"), "{text}");
        assert!(is_plain(text) && !text.contains("\n::error::"), "{text:?}");
    }
}

/// Files that somebody else has made: results, specs, plans.
#[test]
fn what_files_say_is_shown_as_text() {
    let place = Place::new();
    place.run(&["--filter", "life-hello"]).code(0);
    let results = place.read("out/results.json").replace("quick:node", HOSTILE);
    place.write("theirs/results.json", &results);
    let title = HOSTILE.replace("\\u0000\\r\\n", "\\u001b[2J");
    let cases = place.read("specs/cases/life.toml").replace("A message", &title);
    place.write("specs/cases/life.toml", &cases);
    let clauses = place.read("specs/clauses/life.toml").replace("A message arrives.", &title);
    place.write("specs/clauses/life.toml", &clauses);
    place.write(
        "plan.json",
        &format!(
            r#"{{"protocol":1,"id":"{HOSTILE}","serialization":"json","child":{{"steps":[]}},
            "parent":{{"steps":[{{"do":"section","clause":"{HOSTILE}","silent":true}},{{"do":"mark","name":"x"}}]}}}}"#
        ),
    );
    place.driver("bad", r#"[ "$ROLE" = parent ] && exit 7"#);
    let specs = ["--specs", "specs"];
    let with = ["--reference", "./quick", "--runtime", "bad=./bad"];
    for (arguments, code) in [
        ([&["explain", "LIFE-001", "--results", "theirs"], &specs[..]].concat(), 0),
        ([&["list"], &specs[..]].concat(), 0),
        ([&["replay", "plan.json"], &with[..], &specs].concat(), 1),
        (["diff", "out", "theirs"].to_vec(), 0),
        ([&["report", "theirs", "--out", "again"], &specs[..]].concat(), 0),
    ] {
        let assert = place.cli(arguments).assert().code(code);
        let text = std::str::from_utf8(&assert.get_output().stdout).unwrap();
        assert!(text.contains("onerror"), "{text}");
        assert!(is_plain(text) && !text.contains("\n::error::"), "{text:?}");
    }
}

/// The command line of a process is text of the peer's, too.
#[test]
fn a_descendant_with_a_hostile_name() {
    let place = place();
    place.write("leak", "");
    let arguments = [&RUN[..], &["--repeat", "3", "--jobs", "3"]].concat();
    let assert = place.run(&arguments).code(1).stdout(contains("onerror"));
    let text = std::str::from_utf8(&assert.get_output().stdout).unwrap();
    assert!(is_plain(text), "{text:?}");
    assert!(place.results("out")["cases"][1]["reason"].as_str().unwrap().contains("sleep 1000"));
    assert!(!has_markup(&place.read("out/report.html")));
    assert!(roxmltree::Document::parse(&place.read("out/junit.xml")).is_ok());
    assert_eq!(place.processes(), [0; 0]);
    // And again on the terminal.
    let with = ["--specs", "specs", "--reference", "./quick", "--runtime", "bad=./hostile"];
    place
        .cli([&["replay", "life-hostile@bad:bad@x"], &with[..]].concat())
        .assert()
        .code(1)
        .stdout(predicate::function(is_plain));
}
