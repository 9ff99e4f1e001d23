use std::collections::BTreeMap;
use std::fmt::Write;

use ipc_plan::Role;

use super::*;
use crate::results::{Difference, Host, Options, Results, RuntimeInfo, SCHEMA, Summary, Tool};
use crate::spec::Level;

fn catalogue() -> Catalogue {
    let mut clauses = String::new();
    for id in ["ERR-001", "ERR-002", "ERR-003", "ERR-004"] {
        write!(clauses, "[[clause]]\nid = \"{id}\"\nlevel = \"must\"\nsentence = \"s\"\nsource = \"s\"\nsince = 20\n").unwrap();
    }
    let mut cases = String::new();
    for (id, clauses, last) in [
        ("err-one", "\"ERR-001\"", "ERR-001"),
        ("err-two", "\"ERR-001\", \"ERR-002\"", "ERR-002"),
        ("err-three", "\"ERR-003\"", "ERR-003"),
    ] {
        write!(cases, "[[case]]\nid = \"{id}\"\ntitle = \"t\"\nclauses = [{clauses}]\nparent.steps = [{{ do = \"fork\" }}, {{ do = \"section\", clause = \"{last}\" }}]\n").unwrap();
    }
    Catalogue::from_texts(&[("clauses/err.toml", &clauses), ("cases/err.toml", &cases)]).unwrap()
}

/// How what crashes or hangs in these tests ends.
const END: &str = "parent-exit-1";

/// A case of a pairing, with differences as `CLAUSE FINGERPRINT`.
fn result(id: &str, pairing: &str, verdict: Verdict, differences: &[&str]) -> CaseResult {
    let clauses =
        catalogue().case(id).map_or_else(|| vec![GENERATED.to_owned()], |c| c.clauses.clone());
    let difference = |text: &&str| {
        let (clause, fingerprint) = text.rsplit_once(' ').unwrap();
        Difference {
            clause: clause.to_owned(),
            level: Level::Must,
            role: Role::Parent,
            kind: DifferenceKind::Value,
            at: 0,
            path: String::new(),
            expected: None,
            observed: None,
            text: format!("{clause} differs"),
            fingerprint: fingerprint.to_owned(),
        }
    };
    CaseResult {
        id: id.to_owned(),
        clauses,
        pairing: pairing.to_owned(),
        verdict,
        expectation: Expectation::Expected,
        reason: None,
        expectation_reason: None,
        fingerprint: matches!(verdict, Verdict::Crash | Verdict::Hang).then(|| END.to_owned()),
        findings: Vec::new(),
        duration_ms: 0,
        differences: differences.iter().map(difference).collect(),
        reproduced: None,
        varying: Vec::new(),
        history: None,
        reference: None,
        replay: String::new(),
    }
}

/// With all clauses of `must` and `should`.
fn judge<'v>(
    expectations: &Expectations,
    result: &CaseResult,
    versions: &dyn Fn(&str) -> Option<&'v str>,
) -> (Expectation, Option<String>) {
    let rules = Rules { catalogue: &catalogue(), level: Level::Should, required: None };
    expectations.judge(result, "node", versions, rules)
}

fn info(name: &str, version: &str) -> RuntimeInfo {
    RuntimeInfo {
        name: name.to_owned(),
        version: version.to_owned(),
        node: None,
        command: Vec::new(),
        startup_ms: 0.0,
        capabilities: Vec::new(),
    }
}

fn results(cases: Vec<CaseResult>) -> Results {
    Results {
        schema: SCHEMA,
        tool: Tool { name: String::new(), version: String::new(), suite: String::new() },
        host: Host {
            os: String::new(),
            kernel: String::new(),
            arch: String::new(),
            cpus: 1,
            started: 0,
            duration_ms: 0,
        },
        reference: info("node", "24.0.0"),
        runtimes: vec![info("rust", "0.1.0")],
        options: Options {
            level: Level::Should,
            pairs: Vec::new(),
            repeat: 1,
            seed: String::new(),
            generated: 0,
            filters: Vec::new(),
            requirement_set: None,
            tap: false,
            shard: None,
            replay: Vec::new(),
        },
        cases,
        findings: Vec::new(),
        clauses: Vec::new(),
        problems: Vec::new(),
        interrupted: false,
        summary: Summary {
            cases: 0,
            by_verdict: BTreeMap::new(),
            by_pairing: BTreeMap::new(),
            unexpected: 0,
        },
    }
}

const ENTRIES: &str = r#"# Head.

# About the first.
[[expectation]]
runtime = "rust"
pairings = ["rust:rust", "rust:node"]
clause = "ERR-001"   # stays
verdict = "fail"
fingerprint = "aaaa0001"
reason = "Types."

[[expectation]]
runtime = "rust"
case = "err-three"
verdict = "unsupported"
reason = "No such thing."

# Old versions.
[[expectation]]
runtime = "rust"
case = "err-three"
verdict = "hang"
fingerprint = "parent-exit-1"
versions = "<0.1"
reason = "Was slow."
"#;

#[test]
fn verdicts_stand_to_expectations() {
    use Expectation::{Expected, Stale, Unexpected};
    use Verdict::{Crash, Fail, Hang, HarnessError, NonStrict, NotRun, Pass, Unsupported};
    let expectations = Expectations::from_texts(&[("rust.toml", ENTRIES)], &catalogue()).unwrap();
    let versions = |name: &str| (name == "rust").then_some("0.1.0");
    for (id, pairing, verdict, differences, expected) in [
        ("err-one", "rust:node", Fail, &["ERR-001 aaaa0001"][..], Expected),
        ("err-one", "rust:node", NonStrict, &["ERR-001 aaaa0001"], Expected),
        ("err-one", "rust:node", Fail, &["ERR-001 aaaa0002"], Unexpected),
        ("err-one", "rust:node", Fail, &[], Unexpected),
        ("err-one", "rust:node", Crash, &["ERR-001 aaaa0001"], Unexpected),
        ("err-one", "rust:node", Pass, &[], Stale),
        ("err-one", "rust:node", Unsupported, &[], Stale),
        ("err-one", "rust:node", NotRun, &[], Expected),
        ("err-one", "rust:node", HarnessError, &[], Unexpected),
        ("err-one", "node:rust", Fail, &["ERR-001 aaaa0001"], Unexpected),
        ("err-one", "node:rust", Pass, &[], Expected),
        ("err-one", "node:node", Fail, &["ERR-001 aaaa0001"], Unexpected),
        // Only the first difference of a clause counts; each clause needs an entry.
        ("err-two", "rust:rust", Fail, &["ERR-001 aaaa0001", "ERR-001 aaaa0009"], Expected),
        ("err-two", "rust:rust", Fail, &["ERR-001 aaaa0001", "ERR-002 aaaa0001"], Unexpected),
        ("err-two", "rust:rust", Fail, &["ERR-002 bbbb0001"], Unexpected),
        ("err-three", "node:rust", Unsupported, &[], Expected),
        ("err-three", "node:rust", Pass, &[], Stale),
        ("err-three", "node:rust", Hang, &[], Unexpected),
        ("err-two", "node:rust", Unsupported, &[], Expected),
    ] {
        let result = result(id, pairing, verdict, differences);
        let (found, reason) = judge(&expectations, &result, &versions);
        assert_eq!(found, expected, "{id} {pairing} {verdict:?} {differences:?} {reason:?}");
    }
    let stale = result("err-one", "rust:node", Pass, &[]);
    let (_, reason) = judge(&expectations, &stale, &versions);
    assert_eq!(reason.as_deref(), Some("no longer as rust.toml:4 says: Types."));
    let unstable = ENTRIES.replacen("verdict", "unstable = true\nverdict", 1);
    let of_clause = Expectations::from_texts(&[("rust.toml", &unstable)], &catalogue()).unwrap();
    assert_eq!(judge(&of_clause, &stale, &versions), (Expected, None));
    let other = result("err-one", "rust:node", Fail, &["ERR-001 aaaa0002"]);
    assert_eq!(judge(&of_clause, &other, &versions).0, Unexpected);
    let any = ENTRIES.replacen("aaaa0001", "any", 1);
    assert!(Expectations::from_texts(&[("rust.toml", &any)], &catalogue()).is_err());
    let race = unstable.replacen("aaaa0001", "any", 1);
    let race = race.replacen("clause = \"ERR-001\"", "case = \"err-one\"", 1);
    let race = Expectations::from_texts(&[("rust.toml", &race)], &catalogue()).unwrap();
    assert_eq!(judge(&race, &other, &versions).0, Expected);
    assert_eq!(judge(&race, &stale, &versions), (Expected, None));
    let any = any.replacen("ERR-001", GENERATED, 1);
    let any = Expectations::from_texts(&[("rust.toml", &any)], &catalogue()).unwrap();
    let generated = result("generated-000", "rust:node", Fail, &["generated cccc0001"]);
    assert_eq!(judge(&any, &generated, &versions).0, Expected);
    assert_eq!(judge(&any, &other, &versions).0, Unexpected);
    let old = |_: &str| Some("0.0.9");
    let hang = result("err-three", "rust:rust", Hang, &[]);
    let (found, _) = judge(&expectations, &hang, &old);
    assert_eq!(found, Stale, "the entry for `unsupported` does not hold any more");
}

#[test]
fn entries_for_pairings_that_cannot_be_are_problems() {
    let entry = |runtime: &str, pairing: &str| {
        format!(
            "[[expectation]]\nruntime = \"{runtime}\"\npairings = [\"{pairing}\"]\nclause = \"ERR-001\"\nverdict = \"hang\"\nfingerprint = \"parent-hang\"\nreason = \"r\"\n"
        )
    };
    let played = [
        result("err-one", "node:node", Verdict::Pass, &[]),
        result("err-one", "rust:node", Verdict::Pass, &[]),
    ];
    for (runtime, pairing, problem) in [
        ("rust", "rust:node", false),
        ("rust", "rust:rust", false), // Left out by a choice of pairings.
        ("rust", "rust:nod", true),
        ("bun", "bun:nod", false), // Not tested in this run.
    ] {
        let text = entry(runtime, pairing);
        let expectations = Expectations::from_texts(&[("x.toml", &text)], &catalogue()).unwrap();
        let problems = expectations.unmatched(&played, &[info("rust", "0.1.0")], &[]);
        assert_eq!(!problems.is_empty(), problem, "{pairing}: {problems:?}");
        assert!(problems.iter().all(|problem| problem.starts_with("x.toml:1: ")), "{problems:?}");
    }
}

/// In a file of the user's own, that is; others share theirs.
#[test]
fn entries_for_other_versions_or_unknown_runtimes_are_problems() {
    let played = [result("err-one", "rust:node", Verdict::Pass, &[])];
    let tested = [info("rust", "0.1.0")];
    let known = ["node", "bun"].map(str::to_owned);
    let problems = |text: &str| {
        let shared = Expectations::from_texts(&[("x.toml", text)], &catalogue()).unwrap();
        assert_eq!(shared.unmatched(&played, &tested, &known), [""; 0]);
        Expectations { own: true, ..shared }.unmatched(&played, &tested, &known)
    };
    let entry = "[[expectation]]\nruntime = \"rust\"\nclause = \"ERR-001\"\nverdict = \"unsupported\"\nversions = \">=0.1\"\nreason = \"r\"\n";
    assert_eq!(problems(entry), [""; 0]);
    assert_eq!(problems(&entry.replace("rust", "bun")), [""; 0]);
    assert_eq!(
        problems(&entry.replace("rust", "bunn")),
        [
            "x.toml:1: the expectation is for `bunn`, which is neither tested nor known; did you mean `bun`?"
        ]
    );
    let old = entry.replace(">=0.1", "<0.1");
    assert_eq!(
        problems(&old),
        ["x.toml:1: the expectation matches no version that was tested: rust <0.1"]
    );
    assert_eq!(
        problems(&format!("{entry}\n{old}\n{old}")),
        ["x.toml:8: the expectation and 1 more match no version that was tested: rust <0.1"]
    );
}

#[test]
fn mistakes_are_reported_at_their_place() {
    let mut all = String::new();
    for (name, from, to) in [
        ("unknown key", "reason = \"Types.\"", "reasons = \"Types.\""),
        ("unknown verdict", "\"hang\"", "\"hangs\""),
        ("empty reason", "\"Types.\"", "\"\""),
        ("fail without a fingerprint", "fingerprint = \"aaaa0001\"\n", ""),
        ("hang without a fingerprint", "fingerprint = \"parent-exit-1\"\n", ""),
        ("clause that does not exist", "\"ERR-001\"", "\"ERR-011\""),
        ("clause without a case", "\"ERR-001\"", "\"ERR-004\""),
        ("case that does not exist", "case = \"err-three\"", "case = \"err-thre\""),
        ("case and clause", "clause = \"ERR-001\"", "clause = \"ERR-001\"\ncase = \"err-one\""),
        ("neither", "clause = \"ERR-001\"", ""),
        ("pairing of others", "\"rust:rust\"", "\"bun:node\""),
        ("no pairing", "\"rust:rust\"", "\"rust\""),
        ("versions", "\"<0.1\"", "\"older\""),
    ] {
        let text = ENTRIES.replacen(from, to, 1);
        assert_ne!(text, ENTRIES, "{name}");
        let mistakes =
            Expectations::from_texts(&[("specs/expectations/rust.toml", &text)], &catalogue())
                .expect_err(name);
        writeln!(all, "# {name}\n\n{mistakes}\n").unwrap();
    }
    insta::assert_snapshot!("mistakes", all);
}

#[test]
fn an_update_changes_only_what_it_must() {
    use Verdict::{Fail, Hang, Pass, Unsupported};
    let all = |id: &str, [rr, rn, nr]: [(Verdict, &[&str]); 3]| {
        vec![
            result(id, "rust:rust", rr.0, rr.1),
            result(id, "rust:node", rn.0, rn.1),
            result(id, "node:rust", nr.0, nr.1),
        ]
    };
    let good: (Verdict, &[&str]) = (Pass, &[]);
    let old: (Verdict, &[&str]) = (Fail, &["ERR-001 aaaa0001"]);
    let new: (Verdict, &[&str]) = (Fail, &["ERR-001 aaaa0002"]);
    let none: (Verdict, &[&str]) = (Unsupported, &[]);
    let mut shown = String::new();
    for (name, cases) in [
        ("nothing was played", vec![]),
        ("as expected", [all("err-one", [old, old, good]), all("err-three", [none; 3])].concat()),
        ("fails in a new way", all("err-one", [new, new, good])),
        ("one pairing is good now", all("err-one", [old, good, good])),
        ("all is good now", [all("err-one", [good; 3]), all("err-three", [good; 3])].concat()),
        (
            "another clause fails, and one hangs",
            [
                all("err-one", [old, old, good]),
                all(
                    "err-two",
                    [
                        (Fail, &["ERR-001 aaaa0001", "ERR-002 bbbb0001"]),
                        old,
                        (Fail, &["ERR-002 bbbb0001"]),
                    ],
                ),
                all("err-three", [none, none, (Hang, &[])]),
            ]
            .concat(),
        ),
    ] {
        let results = results(cases);
        let text = update("rust.toml", ENTRIES, &catalogue(), &results).unwrap();
        let diff = similar::TextDiff::from_lines(ENTRIES, &text);
        writeln!(shown, "# {name}\n{}", diff.unified_diff().context_radius(1)).unwrap();
        // What was written is right, and stays as it is.
        let after = Expectations::from_texts(&[("rust.toml", &text)], &catalogue()).unwrap();
        let versions = |name: &str| (name == "rust").then_some("0.1.0");
        for case in &results.cases {
            let (found, reason) = judge(&after, case, &versions);
            assert_eq!(
                found,
                Expectation::Expected,
                "{name}: {} {} {reason:?}",
                case.id,
                case.pairing
            );
        }
        assert_eq!(update("rust.toml", &text, &catalogue(), &results).unwrap(), text, "{name}");
    }
    insta::assert_snapshot!("update", shown);
}

#[test]
fn what_the_rules_of_a_run_let_pass_needs_no_entry() {
    use Expectation::{Expected, Unexpected};
    let expectations = Expectations::from_texts(&[("rust.toml", ENTRIES)], &catalogue()).unwrap();
    let mut result =
        result("err-two", "rust:node", Verdict::Fail, &["ERR-001 aaaa0001", "ERR-002 bbbb0001"]);
    let version = |name: &str| (name == "rust").then_some("0.1.0");
    let found = |result: &CaseResult, level, required: Option<&[&str]>| {
        let required = required.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect());
        let rules = Rules { catalogue: &catalogue(), level, required: required.as_ref() };
        expectations.judge(result, "node", &version, rules).0
    };
    assert_eq!(found(&result, Level::Should, None), Unexpected);
    // A clause that is not required: as it is when the set is older than the clause.
    assert_eq!(found(&result, Level::Should, Some(&["ERR-001"])), Expected);
    assert_eq!(found(&result, Level::Should, Some(&["ERR-001", "ERR-002"])), Unexpected);
    // A clause of a level that cannot fail, and one that can.
    result.differences[1].level = Level::Impl;
    assert_eq!(found(&result, Level::Should, None), Expected);
    assert_eq!(found(&result, Level::Impl, None), Unexpected);
    // What fails nobody in this run is not stale.
    result.verdict = Verdict::NonStrict;
    assert_eq!(found(&result, Level::Should, Some(&["ERR-003"])), Expected);
}

#[test]
fn a_crash_or_a_hang_is_expected_as_it_ends() {
    let version = |name: &str| (name == "rust").then_some("0.1.0");
    for (verdict, name) in [(Verdict::Crash, "crash"), (Verdict::Hang, "hang")] {
        let mut result = result("err-one", "rust:node", verdict, &["ERR-001 aaaa0001"]);
        let all = results(vec![result.clone()]);
        let text = update("rust.toml", "", &catalogue(), &all).unwrap();
        assert!(text.contains(&format!("verdict = \"{name}\"\nfingerprint = \"{END}\"")), "{text}");
        let entries = Expectations::from_texts(&[("rust.toml", &text)], &catalogue()).unwrap();
        assert_eq!(judge(&entries, &result, &version).0, Expectation::Expected);
        result.fingerprint = Some("child-SIGSEGV".to_owned());
        assert_eq!(judge(&entries, &result, &version).0, Expectation::Unexpected);
        // The entry gets what is new, and keeps its reason.
        let known = text.replace("not explained yet", "explained");
        let text = update("rust.toml", &known, &catalogue(), &results(vec![result])).unwrap();
        assert_eq!(text, known.replace(END, "child-SIGSEGV"));
    }
}

#[test]
fn an_update_writes_what_fails_at_the_level_of_the_run() {
    let cases = ["err-one ERR-001", "err-two ERR-002", "err-three ERR-003"].map(|text| {
        let (id, clause) = text.split_once(' ').unwrap();
        let mut result = result(id, "rust:node", Verdict::Fail, &[&format!("{clause} {clause}f")]);
        result.differences[0].level = Level::Impl;
        result
    });
    let mut results = results(cases.to_vec());
    results.options.level = Level::Impl;
    let text = update("rust.toml", "", &catalogue(), &results).unwrap();
    for fingerprint in ["ERR-001f", "ERR-002f", "ERR-003f"] {
        assert!(text.contains(&format!("fingerprint = \"{fingerprint}\"")), "{text}");
    }
    assert!(!text.contains(NO_DIFFERENCE), "{text}");
}

#[test]
fn the_built_in_entries_have_no_mistakes() {
    let catalogue = Catalogue::embedded().unwrap();
    if let Err(mistakes) = Expectations::embedded(&catalogue) {
        panic!("{mistakes}");
    }
}
