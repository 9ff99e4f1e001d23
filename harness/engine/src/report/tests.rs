//! Reports of hostile results.

use std::fs;

use ipc_plan::fnv1a;

use super::fixture::{self, HOSTILE};
use super::{Outcome, html, junit, markdown, read, terminal, write_all};
use crate::results::{Expectation, Verdict};

/// Characters that must not be in any report as they are.
fn assert_visible(report: &str, allow_escape: bool) {
    for c in report.chars() {
        let odd = c.is_control() && !matches!(c, '\n' | '\t') && !(allow_escape && c == '\u{1b}');
        assert!(!odd && !matches!(c, '\u{202e}' | '\u{fffe}' | '\u{ffff}'), "{c:?} in the report");
    }
}

/// All pairings of a case have the same reference history.
#[test]
fn a_reference_history_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut results = fixture::results();
    // One play of the reference was watched: it is another history.
    let watched = results.cases.iter_mut().filter_map(|case| case.reference.as_mut()).next();
    watched.unwrap().wire.clear();
    write_all(folder.path(), &results, &fixture::catalogue()).unwrap();
    let text = fs::read_to_string(folder.path().join("results.json")).unwrap();
    let written: serde_json::Value = serde_json::from_str(&text).unwrap();
    let cases = written["cases"].as_array().unwrap().iter();
    let with: Vec<&str> = cases
        .filter(|case| case["reference"].is_object())
        .map(|case| case["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        with,
        ["disc-exit", "disc-exit", "send-order", "ser-date", "ser-error", "term-kill"]
    );
    assert!(read(folder.path()).unwrap() == results, "what is read is what was written");
}

#[test]
fn html_holds_hostile_text_as_text() {
    let page = html(&fixture::results(), &fixture::catalogue());
    assert_visible(&page, false);
    let lower = page.to_lowercase();
    assert!(!lower.contains("<img"));
    assert_eq!(lower.matches("<script").count(), 1);
    assert_eq!(lower.matches("</script").count(), 1);
    assert!(page.contains("&#60;img") || page.contains("&lt;img"), "the text is there, escaped");
    for far in ["src=\"", "url(", "@import", "href=\"http", "<link", "<iframe", "fetch("] {
        assert!(!lower.contains(far), "{far} in the page");
    }
}

#[test]
fn html_is_well_formed_and_every_link_leads_somewhere() {
    let page = html(&fixture::results(), &fixture::catalogue());
    // The body is written as XML would have it, but for void elements and bare attributes.
    let body = &page[page.find("<body>").unwrap()..page.find("<script>").unwrap()];
    let body = format!("{body}</body>")
        .replace("<details open>", "<details>")
        .replace(" open>", ">")
        .replace(" hidden>", ">");
    let body = roxmltree::Document::parse(&body).unwrap();
    let ids: Vec<&str> = body.descendants().filter_map(|node| node.attribute("id")).collect();
    for (index, id) in ids.iter().enumerate() {
        assert!(!ids[..index].contains(id), "two elements are called {id}");
    }
    let links: Vec<&str> = body.descendants().filter_map(|node| node.attribute("href")).collect();
    assert!(links.len() > 30);
    for link in links {
        let anchor = link.strip_prefix('#').unwrap();
        assert!(ids.contains(&anchor), "{link} leads nowhere");
    }
}

#[test]
fn html_tells_everything() {
    let results = fixture::results();
    let page = html(&results, &fixture::catalogue());
    for finding in &results.findings {
        assert!(page.contains(&format!("id=\"finding-{}\"", finding.id)), "{}", finding.id);
    }
    for needle in [
        "Not a valid run",
        "suite-19c0ffee",
        "7f3a91",
        "A Date arrives as its ISO string.",
        "child_process: options.serialization",
        "no program can tell without /proc",
        "first difference",
        "9 of 9 plays",
        "did not end within 5000 ms",
        "ipc-conformance replay ser-date@rust:rust@7f3a91",
        "\\u{202e}",
        "1970-01-01T00:00:00.000Z",
    ] {
        assert!(page.contains(needle), "{needle} is not in the page");
    }
    assert!(page.find("id=\"unexpected\"").unwrap() < page.find("id=\"expected\"").unwrap());
    let mut old = fixture::good();
    old.tool.suite = "older".to_owned();
    assert!(html(&old, &fixture::catalogue()).contains("another version of the suite"));
}

#[test]
fn the_script_of_the_page_is_the_one_its_policy_allows() {
    // When this fails: `openssl dgst -sha256 -binary templates/report.js | base64` is the new
    // `SCRIPT_HASH`, and the number here changes with it.
    let script = include_str!("../../templates/report.js");
    assert_eq!(
        (fnv1a(script.as_bytes()), html::SCRIPT_HASH),
        (0x6d72_e9a9, "4ilcgHjb2/y+FMFjjk7MNHklcRL3WiQ1gih4ibhxYCY=")
    );
}

#[test]
fn junit_is_xml() {
    let text = junit(&fixture::results());
    assert_visible(&text, false);
    let document = roxmltree::Document::parse(&text).unwrap();
    let all = |name: &str| document.descendants().filter(|n| n.has_tag_name(name)).count();
    assert_eq!((all("testsuite"), all("testcase")), (4, 24));
    let test = |name: &str, class: &str| {
        document
            .descendants()
            .find(|n| n.attribute("name") == Some(name) && n.attribute("classname") == Some(class))
            .unwrap()
    };
    let has = |name, class, tag| test(name, class).children().any(|n| n.has_tag_name(tag));
    assert!(has("ser-date", "rust:node", "failure"));
    assert!(has("boot-env", "rust:rust", "failure"), "a stale expectation fails");
    assert!(has("term-kill", "rust:rust", "error"));
    assert!(has("term-kill", "rust:node", "error"));
    assert!(has("send-order", "rust:node", "skipped"), "an expected failure is skipped");
    assert!(has("disc-exit", "rust:node", "skipped"));
    assert!(has("term-kill", "node:rust", "skipped"));
    let skipped = test("disc-exit", "rust:node");
    let skipped = skipped.children().find(|n| n.has_tag_name("skipped")).unwrap();
    assert!(skipped.attribute("message").unwrap().contains("unsupported: child: send: </script>"));
    let failed = test("ser-date", "rust:node");
    let names: Vec<_> = failed.descendants().filter_map(|n| n.attribute("value")).collect();
    assert!(names.contains(&"SER-003") && names.contains(&"ser-003-value"), "{names:?}");
    assert!(failed.descendants().any(|n| n.text().is_some_and(|t| t.contains("expected: "))));
}

#[test]
fn markdown_holds_hostile_text_as_text() {
    let text = markdown(&fixture::results());
    assert_visible(&text, false);
    assert!(!text.contains("<img") && !text.contains("</script") && !text.contains("](http"));
    assert!(!text.contains('`') || !text.contains("`y`"));
    for line in text.lines().filter(|line| line.starts_with('|')) {
        assert_eq!(line.matches('|').count(), 12, "{line}");
    }
    insta::assert_snapshot!(text.lines().take(24).collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_terminal_gets_plain_text() {
    let text = terminal(&fixture::results(), false);
    assert_visible(&text, false);
    insta::assert_snapshot!(text);
    assert_visible(&terminal(&fixture::results(), true), true);
    let good = terminal(&fixture::good(), false);
    assert!(
        good.ends_with(
            "PASS  Every verdict is as expected (exit code 0: every verdict is as expected)\n"
        ),
        "{good}"
    );
}

#[test]
fn the_outcome_is_the_worst_that_happened() {
    let mut results = fixture::good();
    assert_eq!(Outcome::of(&results), Outcome::AsExpected);
    results.cases[0].expectation = Expectation::Stale;
    assert_eq!(Outcome::of(&results), Outcome::Unexpected);
    results.problems.push("an entry matches nothing".to_owned());
    assert_eq!(Outcome::of(&results), Outcome::Misconfigured);
    results.cases[0].verdict = Verdict::HarnessError;
    assert_eq!(Outcome::of(&results), Outcome::Invalid);
    results.problems.clear();
    results.cases.clear();
    assert_eq!(Outcome::of(&results), Outcome::Misconfigured, "nothing played is no success");
}

#[test]
fn reports_survive_a_round_trip() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a/b");
    let results = fixture::results();
    write_all(&out, &results, &fixture::catalogue()).unwrap();
    let mut names: Vec<_> =
        fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(
        names,
        ["badge-rust.json", "junit.xml", "report.html", "results.json", "summary.md"]
    );
    assert_eq!(read(&out).unwrap(), results);
    assert_eq!(read(&out.join("results.json")).unwrap(), results);
}

#[test]
fn errors_name_the_file_and_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.json");
    let error = |text: &str| {
        fs::write(&path, text).unwrap();
        let error = read(folder.path()).unwrap_err().to_string();
        error.replace(&path.display().to_string(), "FILE")
    };
    let json = serde_json::to_string_pretty(&fixture::results()).unwrap();
    assert_eq!(
        error(&json[..json.len() / 2]).split(" after line").next().unwrap(),
        "read FILE: it is cut off"
    );
    assert_eq!(
        error(&json.replace("\"schema\": 2", "\"schema\": 7")),
        "read FILE: its format is version 7, this program reads version 2"
    );
    assert!(error("{\"a\": 1}").starts_with("read FILE: it is not a results file: missing field"));
    assert!(error("hello").starts_with("read FILE: it is not a results file: expected value"));
    assert!(error("").starts_with("read FILE: it is cut off after line"));

    let gone = folder.path().join("gone.json");
    assert!(
        read(&gone)
            .unwrap_err()
            .to_string()
            .starts_with(&format!("read {}: No such", gone.display()))
    );
    // A file stands where the folder should be.
    let failed = write_all(&path.join("out"), &fixture::good(), &fixture::catalogue());
    assert!(failed.unwrap_err().to_string().starts_with(&format!("write {}", path.display())));
}

#[test]
fn hostile_text_is_what_it_should_be() {
    for odd in ["</script>", "<img", "|", "`", "\u{1b}", "]]>", "\u{202e}", "\u{fffe}", "\n", "\0"]
    {
        assert!(HOSTILE.contains(odd));
    }
}
