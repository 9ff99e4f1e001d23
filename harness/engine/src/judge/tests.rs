use std::collections::BTreeMap;

use ipc_plan::{Link, PROTOCOL, Plan, Record, Role, RolePlan, Serialization};
use serde_json::{Value, json};

use super::{Judgement, Rules};
use crate::history::{Ending, History};
use crate::results::{DifferenceKind, Verdict};
use crate::spec::{Case, Catalogue, Clause, Level, Need, Order};

#[test]
fn what_a_listener_s_steps_record_may_come_before_or_after_the_end_of_the_steps() {
    let early = [message(1), property(true), done()];
    let late = [done(), message(1), property(true)];
    assert_eq!(judged(&early, &late).verdict, Verdict::Pass);
}

#[test]
fn an_end_of_the_steps_that_never_comes_is_a_difference() {
    let judgement = judged(&[message(1), done()], &[message(1)]);
    assert_eq!(judgement.verdict, Verdict::Fail);
    assert_eq!(kinds(&judgement), [DifferenceKind::Missing]);
}

#[test]
fn messages_in_another_order_are_a_difference_and_so_is_each_value() {
    let judgement = judged(&[message(1), message(2)], &[message(2), message(1)]);
    assert_eq!(judgement.verdict, Verdict::Fail);
    assert_eq!(judged(&[message(1)], &[message(2)]).verdict, Verdict::Fail);
}

#[test]
fn the_order_of_listeners_and_steps_counts_only_where_a_case_asks_for_one_order() {
    let (one, other) = ([message(1), property(true)], [property(true), message(1)]);
    assert_eq!(judged(&one, &other).verdict, Verdict::Pass);
    let total = Case { order: Order::Total, ..case() };
    let judgement = judge(&total, &[history(&one)], &history(&other), Level::Must);
    assert_eq!(kinds(&judgement), [DifferenceKind::Order]);
}

#[test]
fn another_text_of_an_error_fails_nobody_and_another_code_does() {
    let threw = |code: &str, message: &str| {
        let code = json!({ "key": "code", "value": code });
        let error = json!({
            "$": "error", "class": "TypeError", "message": message, "properties": [code],
        });
        json!({ "kind": "threw", "step": "send", "error": error })
    };
    let node = [threw("ERR_X", "as Node says it")];
    assert_eq!(judged(&node, &[threw("ERR_X", "otherwise")]).verdict, Verdict::NonStrict);
    assert_eq!(judged(&node, &[threw("ERR_Y", "as Node says it")]).verdict, Verdict::Fail);
}

#[test]
fn what_varies_among_the_references_is_open_and_is_named() {
    let references =
        [history(&[property(true), message(1)]), history(&[property(false), message(1)])];
    let open = history(&[property(true), message(1)]);
    let judgement = judge(&case(), &references, &open, Level::Must);
    assert_eq!(judgement.verdict, Verdict::Pass);
    assert_eq!(judgement.varying.len(), 1, "{:?}", judgement.varying);
    let other = history(&[property(true), message(2)]);
    let judgement = judge(&case(), &references, &other, Level::Must);
    assert_eq!(judgement.verdict, Verdict::Fail, "only the place that varies is open");
}

#[test]
fn what_varies_hides_nothing_else_of_its_kind() {
    let section = |name: &str, n| {
        let name = format!("section {name}");
        [json!({ "kind": "event", "event": "message", "arguments": [name] }), message(n)]
    };
    let play = |a, b, c| {
        let sections = [section("LIFE-002", b), section("LIFE-003", c)].concat();
        history(&[vec![message(0), message(a)], sections].concat())
    };
    // The second message varies: not the first, and not those of other sections.
    let references = [play(1, 1, 1), play(2, 1, 1)];
    let judged = |observed: &History| judge(&case(), &references, observed, Level::Must);
    for a in [1, 2, 3] {
        let judgement = judged(&play(a, 1, 1));
        assert_eq!(judgement.verdict, Verdict::Pass);
        let place = "child, LIFE-001: the event 'message' no. 2 arguments[0]";
        assert_eq!(judgement.varying, [place]);
        let judgement = judged(&play(a, 2, 2));
        let clauses: Vec<_> = judgement.differences.iter().map(|d| d.clause.as_str()).collect();
        assert_eq!(clauses, ["LIFE-002", "LIFE-003"]);
    }
}

#[test]
fn what_is_there_in_some_plays_of_the_reference_is_open_and_so_is_an_order() {
    let threw = || json!({ "kind": "threw", "step": "send", "error": "no" });
    let error = || json!({ "kind": "event", "event": "error", "arguments": [] });
    let logs = [
        vec![message(1), message(2)],
        vec![error(), message(1), message(2)],
        vec![message(2), message(1)],
    ];
    let references: Vec<History> = logs.iter().map(|log| history(log)).collect();
    let verdict = |log: &[Value]| judge(&case(), &references, &history(log), Level::Must).verdict;
    for log in &logs {
        assert_eq!(verdict(log), Verdict::Pass);
    }
    assert_eq!(verdict(&[error(), message(2), message(1)]), Verdict::Pass);
    assert_eq!(verdict(&[message(1)]), Verdict::Fail);
    assert_eq!(verdict(&[message(1), message(2), threw()]), Verdict::Fail);
    assert_eq!(verdict(&[message(1), message(2), message(3)]), Verdict::Fail);
}

#[test]
fn a_clause_of_level_impl_fails_nobody() {
    let (node, other) = (history(&[message(1)]), history(&[message(2)]));
    let judgement = judge(&case(), &[node], &other, Level::Impl);
    assert_eq!(judgement.verdict, Verdict::NonStrict);
}

#[test]
fn what_a_runtime_that_hangs_or_dies_has_shown_is_kept() {
    let node = history(&[message(1), message(2)]);
    for (ending, verdict) in [
        (Ending::TimedOut { limit_ms: 5 }, Verdict::Hang),
        (Ending::Signalled { signal: "SIGSEGV".to_owned() }, Verdict::Crash),
    ] {
        let observed = History { ending, ..history(&[message(1)]) };
        let judgement = judge(&case(), std::slice::from_ref(&node), &observed, Level::Must);
        assert_eq!(judgement.verdict, verdict);
        assert!(kinds(&judgement).contains(&DifferenceKind::Missing));
    }
}

#[test]
fn a_reference_that_does_not_show_the_case_is_told_with_what_it_said() {
    let with = BTreeMap::from([("event".to_owned(), json!("message"))]);
    let need = Need { role: Role::Child, kind: "event".to_owned(), with, count: 1 };
    let case = Case { needs: vec![need], ..case() };
    let silent = History { stderr: "tap: no\n".to_owned(), ..history(&[done()]) };
    let judgement = judge(&case, &[silent], &history(&[message(1), done()]), Level::Must);
    assert_eq!(judgement.verdict, Verdict::HarnessError);
    insta::assert_snapshot!(judgement.reason.unwrap(), @r#"the reference does not show what the case needs: 1 event of the child with {event = "message"}, found 0; its processes said on stderr: tap: no"#);
}

fn judged(reference: &[Value], observed: &[Value]) -> Judgement {
    judge(&case(), &[history(reference)], &history(observed), Level::Must)
}

fn kinds(judgement: &Judgement) -> Vec<DifferenceKind> {
    judgement.differences.iter().map(|difference| difference.kind).collect()
}

/// Judged by a catalogue in which the case's clause has this level.
fn judge(case: &Case, references: &[History], observed: &History, level: Level) -> Judgement {
    let clause = Clause {
        id: case.clauses[0].clone(),
        level,
        sentence: String::new(),
        source: String::new(),
        since: 18,
        until: None,
        untested: None,
    };
    let catalogue = Catalogue {
        clauses: vec![clause],
        cases: Vec::new(),
        requirements: BTreeMap::new(),
        uncovered: Vec::new(),
        suite: String::new(),
    };
    let rules = Rules { catalogue: &catalogue, level: Level::Should, required: None };
    super::judge(case, references, observed, rules)
}

fn message(n: u32) -> Value {
    json!({ "kind": "event", "event": "message", "arguments": [n] })
}

fn property(value: bool) -> Value {
    json!({ "kind": "property", "property": "connected", "value": value })
}

fn done() -> Value {
    json!({ "kind": "done" })
}

/// A history in which the child observed this.
fn history(seen: &[Value]) -> History {
    let record = |(seq, seen): (usize, &Value)| -> Record {
        serde_json::from_value(json!({ "seq": seq, "t": 0, "seen": seen })).expect("a record")
    };
    History {
        parent: Vec::new(),
        child: seen.iter().enumerate().map(record).collect(),
        ending: Ending::Exited { code: 0 },
        leaked: Vec::new(),
        stdout: String::new(),
        stderr: String::new(),
        breaches: Vec::new(),
        wire: Vec::new(),
        duration_ms: 1,
    }
}

fn case() -> Case {
    Case {
        id: "life-of-a-test".to_owned(),
        title: String::new(),
        clauses: vec!["LIFE-001".to_owned()],
        order: Order::Streams,
        needs: Vec::new(),
        plan: Plan {
            protocol: PROTOCOL,
            id: "life-of-a-test".to_owned(),
            serialization: Serialization::Json,
            link: Link::Pair,
            schedule: None,
            parent: RolePlan::default(),
            child: RolePlan::default(),
            setup: None,
        },
        file: String::new(),
        line: 0,
    }
}
