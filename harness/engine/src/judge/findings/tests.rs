use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;

/// A case in a pairing of `x`, with differences as (clause, role, kind, expected, observed).
fn case(
    id: &str,
    pairing: &str,
    verdict: &str,
    differences: &[(&str, &str, &str, Value, Value)],
) -> CaseResult {
    let differences: Vec<Value> = differences
        .iter()
        .map(|(clause, role, kind, expected, observed)| {
            json!({
                "clause": clause, "level": "must", "role": role, "kind": kind, "at": 0, "path": "",
                "expected": expected, "observed": observed, "text": "",
                "fingerprint": format!("{clause} {role} {kind}"),
            })
        })
        .collect();
    serde_json::from_value(json!({
        "id": id, "clauses": ["LIFE-001"], "pairing": pairing, "verdict": verdict,
        "expectation": "unexpected", "duration_ms": 1, "differences": differences,
        "reproduced": { "differed": 2, "plays": 3 }, "replay": format!("{id}@{pairing}@0"),
    }))
    .unwrap()
}

const PLAYED: [&str; 4] = ["node:node", "x:x", "x:node", "node:x"];

fn options() -> Options {
    serde_json::from_value(json!({ "level": "must", "seed": "0", "generated": 0 })).unwrap()
}

/// These results, and that each case passes in all other pairings.
fn with_others(mut cases: Vec<CaseResult>) -> Vec<CaseResult> {
    for id in cases.iter().map(|case| case.id.clone()).collect::<BTreeSet<_>>() {
        for pairing in PLAYED {
            if !cases.iter().any(|case| case.id == id && case.pairing == pairing) {
                cases.push(case(&id, pairing, "pass", &[]));
            }
        }
    }
    cases
}

/// The findings, as `SUMMARY | CLAUSES | CASES`.
fn told(cases: Vec<CaseResult>) -> Vec<String> {
    findings("node", &options(), &mut with_others(cases))
        .iter()
        .map(|f| format!("{} | {} | {}", f.summary, f.clauses.join(" "), f.cases.join(" ")))
        .collect()
}

/// A new case is not hidden among known ones, and those tell whose fault it is.
#[test]
fn what_is_expected_and_what_is_not_are_told_apart() {
    let differs = |id, pairing| {
        let clause = "LIFE-001";
        case(id, pairing, "fail", &[(clause, "parent", "value", returned(false), returned(true))])
    };
    let mut known = differs("life-1", "x:node");
    known.expectation = Expectation::Expected;
    let new = differs("life-2", "x:x");
    let found = findings("node", &options(), &mut with_others(vec![known, new]));
    let told: Vec<_> = found.iter().map(|f| (f.expected, f.cases.join(" "), f.blame)).collect();
    let parent = Blame::Parent;
    assert_eq!(told, [(true, "life-1".into(), parent), (false, "life-2".into(), parent)]);
    assert_eq!(found[0].id, format!("{}-known", found[1].id));
}

/// After an interrupt, or the first failure of a run that stops there.
#[test]
fn a_pairing_that_has_not_played_a_case_tells_nothing_about_it() {
    let differs = |id, clause| {
        case(id, "x:x", "fail", &[(clause, "parent", "value", returned(false), returned(true))])
    };
    let not_run = |id: &str| {
        ["x:node", "node:x"].map(|pairing| case(id, pairing, "not-run", &[])).into_iter()
    };
    let one: Vec<CaseResult> =
        [differs("flow-a", "FLOW-001")].into_iter().chain(not_run("flow-a")).collect();
    // That others have played another case says nothing.
    let other = case("life-b", "node:x", "pass", &[]);
    let found = findings("node", &options(), &mut with_others([one.clone(), vec![other]].concat()));
    assert_eq!(found[0].blame, Blame::Unknown);
    // A case with the same finding, which all have played, tells.
    let found = findings(
        "node",
        &options(),
        &mut with_others([one, vec![differs("flow-c", "FLOW-002")]].concat()),
    );
    assert_eq!((found.len(), found[0].blame), (1, Blame::Together));
}

fn returned(value: bool) -> Value {
    json!({ "kind": "sent", "returned": value })
}

fn message(value: &str) -> Value {
    json!({ "kind": "event", "event": "message", "arguments": [value] })
}

#[test]
fn what_looks_alike_is_one_finding_whatever_the_clause() {
    let differs = |clause| (clause, "parent", "value", returned(false), returned(true));
    let mut cases = with_others(vec![
        case("flow-a", "x:node", "fail", &[differs("FLOW-001"), differs("FLOW-002")]),
        case("flow-a", "x:x", "fail", &[differs("FLOW-001"), differs("FLOW-002")]),
        case("life-b", "x:node", "fail", &[differs("LIFE-003")]),
    ]);
    let found = findings("node", &options(), &mut cases);
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        one.summary,
        "x as parent: `subprocess.send()` returns true where Node returns false"
    );
    assert_eq!(one.clauses, ["FLOW-001", "FLOW-002", "LIFE-003"]);
    assert_eq!(one.cases, ["flow-a", "life-b"]);
    // Each play once, however many clauses it shows.
    assert_eq!(one.reproduced, Reproduced { differed: 6, plays: 9 });
    assert!(cases[..3].iter().all(|case| case.findings == [one.id.as_str()]));
}

/// That a message is missing can have many causes: what the clauses are about, and sides, are told
/// apart.
#[test]
fn what_says_little_is_one_finding_only_where_blame_and_matter_are_the_same() {
    let lost = |clause| (clause, "parent", "missing", message("late"), Value::Null);
    let found = told(vec![
        case("flow-a", "node:x", "fail", &[lost("FLOW-001")]),
        case("flow-b", "node:x", "fail", &[lost("FLOW-002")]),
        case("flow-c", "x:node", "fail", &[lost("FLOW-003")]),
        case("life-d", "node:x", "fail", &[lost("LIFE-001")]),
        case("boot-e", "node:x", "fail", &[lost("BOOT-001")]),
    ]);
    let words = "the parent does not get the message \"late\"; with Node it does";
    let expected = [
        format!("x as child: {words} | FLOW-001 FLOW-002 LIFE-001 | flow-a flow-b life-d"),
        format!("x as parent: {words} | FLOW-003 | flow-c"),
        format!("x as child: {words} | BOOT-001 | boot-e"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn sections_that_were_never_reached_follow_from_what_went_wrong_before() {
    let threw = json!({ "kind": "threw", "step": "send", "error": "no" });
    let beyond = |clause, name| (clause, "parent", "missing", message(name), Value::Null);
    let found = told(vec![case(
        "ser-a",
        "node:x",
        "fail",
        &[
            beyond("SER-002", "section SER-002"),
            ("SER-001", "child", "value", returned(true), threw),
            beyond("SER-003", "section SER-003"),
        ],
    )]);
    let words = "x as child: `process.send()` throws \"no\" where Node returns true";
    assert_eq!(found, [format!("{words} | SER-002 SER-001 SER-003 | ser-a")]);
    // Where nothing else did, this is the finding.
    let alone = told(vec![case(
        "ser-a",
        "node:x",
        "fail",
        &[beyond("SER-002", "section SER-002"), beyond("SER-003", "section SER-003")],
    )]);
    let words = "x as child: the parent does not get a message; with Node it does";
    assert_eq!(alone, [format!("{words} | SER-002 SER-003 | ser-a")]);
}

#[test]
fn all_that_follows_from_a_death_is_one_finding() {
    let lost = |clause| (clause, "parent", "missing", message("a"), Value::Null);
    let mut case = case("life-a", "x:node", "crash", &[lost("LIFE-001"), lost("LIFE-002")]);
    case.reason = Some("the child died by SIGSEGV".to_owned());
    let expected = "x as parent: the child died by SIGSEGV | LIFE-001 LIFE-002 | life-a";
    assert_eq!(told(vec![case]), [expected]);
}

/// Whatever a runtime writes: what is its own reason, and what its entry's, no word tells.
#[test]
fn a_reason_is_told_to_its_end() {
    let lost = ("LIFE-001", "parent", "missing", message("a"), Value::Null);
    let mut case = case("life-a", "x:node", "crash", &[lost]);
    case.reason = Some("the child died by X (expected: Y)".to_owned());
    case.expectation_reason = Some("known".to_owned());
    let expected = "x as parent: the child died by X (expected: Y) | LIFE-001 | life-a";
    assert_eq!(told(vec![case]), [expected]);
}

#[test]
fn generated_messages_are_one_clause() {
    let differs = |clause| (clause, "parent", "value", message("a"), message("b"));
    let found = told(vec![case(
        "generated-000",
        "x:x",
        "fail",
        &[differs("generated 3"), differs("generated 17")],
    )]);
    let words = "x with itself: the parent gets the message \"b\" where Node has \"a\"";
    assert_eq!(found, [format!("{words} | generated | generated-000")]);
}

/// What its peer does then is no finding of its own.
#[test]
fn a_child_that_does_not_start_is_the_finding() {
    let started = json!({ "kind": "started" });
    let found = told(vec![case(
        "life-a",
        "x:node",
        "fail",
        &[
            ("LIFE-002", "parent", "missing", message("a"), Value::Null),
            ("LIFE-001", "child", "missing", started, Value::Null),
        ],
    )]);
    assert_eq!(found, ["x as parent: the child does not start | LIFE-002 LIFE-001 | life-a"]);
}
