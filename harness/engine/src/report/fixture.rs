//! Results made by hand, with hostile text wherever a runtime can put any.

use std::collections::BTreeMap;

use ipc_plan::{Event, Link, Plan, Recipe, Record, Role, RolePlan, Seen, Serialization, Tagged};

use crate::history::{Ending, History};
use crate::results::{
    Blame, CaseResult, ClauseResult, Difference, DifferenceKind, Expectation, Finding, Host,
    Options, Reproduced, Results, RuntimeInfo, SCHEMA, Summary, Tool, Verdict,
};
use crate::spec::{Case, Catalogue, Clause, Level, Order};
use crate::tap::{Line, LineKind};

/// Everything that could break out of one of the formats, or look like something else.
pub(super) const HOSTILE: &str = "</script><img src=x onerror=alert(1)>'\"&lt;|x|`y`**b**[l](http://h)\u{1b}[31mred]]>\u{202e}rtl\u{fffe}\u{0}\r\nnext -->";

const PAIRINGS: [&str; 4] = ["node:node", "rust:rust", "rust:node", "node:rust"];

/// Results with every verdict, every expectation and every kind of difference.
pub(super) fn results() -> Results {
    let mut cases = Vec::new();
    for (index, id) in ["boot-env", "disc-exit", "send-order", "ser-date", "ser-error", "term-kill"]
        .iter()
        .enumerate()
    {
        for pairing in PAIRINGS {
            cases.push(case(index, id, pairing));
        }
    }
    let findings = findings(&cases);
    let mut results = Results {
        schema: SCHEMA,
        tool: Tool {
            name: "ipc-conformance".to_owned(),
            version: "0.1.0".to_owned(),
            suite: catalogue().suite,
        },
        host: Host {
            os: "linux".to_owned(),
            kernel: format!("6.1 {HOSTILE}"),
            arch: "x86_64".to_owned(),
            cpus: 2,
            started: 1_795_251_240,
            duration_ms: 83_400,
        },
        reference: runtime("node", "v24.1.0"),
        runtimes: vec![runtime("rust", &format!("0.1.0 {HOSTILE}"))],
        options: Options {
            level: Level::Should,
            pairs: Vec::new(),
            repeat: 1,
            seed: "7f3a91".to_owned(),
            generated: 200,
            filters: Vec::new(),
            requirement_set: None,
            tap: false,
            shard: None,
            replay: Vec::new(),
        },
        cases,
        findings,
        clauses: clauses(),
        problems: vec![format!("expectations.toml:7: matches no case: {HOSTILE}")],
        interrupted: true,
        summary: Summary::default(),
    };
    count(&mut results);
    results
}

/// The same run, if everything had been as expected.
pub(super) fn good() -> Results {
    let mut results = results();
    results.cases.retain(|case| case.verdict == Verdict::Pass);
    for case in &mut results.cases {
        case.expectation = Expectation::Expected;
    }
    results.findings.clear();
    results.problems.clear();
    results.interrupted = false;
    count(&mut results);
    results
}

fn count(results: &mut Results) {
    let mut summary = Summary::default();
    for case in &results.cases {
        summary.cases += 1;
        *summary.by_verdict.entry(case.verdict.name().to_owned()).or_default() += 1;
        let pairing = summary.by_pairing.entry(case.pairing.clone()).or_default();
        *pairing.entry(case.verdict.name().to_owned()).or_default() += 1;
        summary.unexpected += u32::from(case.expectation != Expectation::Expected);
    }
    results.summary = summary;
}

/// The catalogue that goes with the results.
pub(super) fn catalogue() -> Catalogue {
    let clause = |id: &str, level, sentence: &str, untested: Option<&str>| Clause {
        id: id.to_owned(),
        level,
        sentence: sentence.to_owned(),
        source: "child_process: options.serialization".to_owned(),
        since: 20,
        until: None,
        untested: untested.map(str::to_owned),
    };
    let case = |id: &str, title: &str, order| Case {
        id: id.to_owned(),
        title: title.to_owned(),
        clauses: Vec::new(),
        order,
        needs: Vec::new(),
        plan: Plan {
            protocol: ipc_plan::PROTOCOL,
            id: id.to_owned(),
            link: Link::Pair,
            serialization: Serialization::Json,
            parent: RolePlan::default(),
            child: RolePlan::default(),
            schedule: None,
            setup: None,
        },
        file: "boot.toml".to_owned(),
        line: 1,
    };
    Catalogue {
        clauses: vec![
            clause("BOOT-031", Level::Must, "A message listener keeps the child alive.", None),
            clause(
                "BOOT-032",
                Level::Impl,
                "The channel descriptor is closed on exec.",
                Some("no program can tell without /proc"),
            ),
            clause("DISC-004", Level::Must, "A disconnect ends the child's wait.", None),
            clause("SEND-011", Level::Should, "Callbacks are called in the order of sends.", None),
            clause("SER-003", Level::Must, "A Date arrives as its ISO string.", None),
            clause("SER-020", Level::Must, "An error message arrives as its own text.", None),
            clause("TERM-002", Level::Must, "A killed child's signal is told.", None),
        ],
        cases: vec![
            case("ser-date", "A Date through the JSON channel", Order::Streams),
            case("send-order", "Many sends in one turn", Order::Total),
        ],
        requirements: BTreeMap::new(),
        uncovered: Vec::new(),
        suite: "suite-19c0ffee".to_owned(),
    }
}

fn runtime(name: &str, version: &str) -> RuntimeInfo {
    RuntimeInfo {
        name: name.to_owned(),
        version: version.to_owned(),
        node: Some("v24.1.0".to_owned()),
        command: vec![format!("/opt/{name} x/bin/{name}"), "--flag".to_owned()],
        startup_ms: 41.25,
        capabilities: vec!["advanced".to_owned(), HOSTILE.to_owned()],
    }
}

fn clauses() -> Vec<ClauseResult> {
    let verdicts = |word: &str| match word {
        "BOOT-032" => BTreeMap::new(),
        "BOOT-031" => PAIRINGS.iter().map(|p| ((*p).to_owned(), Verdict::Pass)).collect(),
        clause => {
            let verdict = |(index, pairing): (usize, &&str)| {
                let own = [Verdict::Fail, Verdict::Hang, Verdict::Crash, Verdict::NonStrict];
                let verdict = if index == 0 { Verdict::Pass } else { own[clause.len() % 4] };
                ((*pairing).to_owned(), verdict)
            };
            PAIRINGS.iter().enumerate().map(verdict).collect()
        }
    };
    let result = |clause: &Clause| ClauseResult {
        id: clause.id.clone(),
        level: clause.level,
        tested: clause.untested.is_none(),
        untested: clause.untested.clone(),
        verdicts: verdicts(&clause.id),
    };
    catalogue().clauses.iter().map(result).collect()
}

fn case(index: usize, id: &str, pairing: &str) -> CaseResult {
    use Expectation::{Expected, Stale, Unexpected};
    let own = pairing != "node:node";
    let (clause, verdict, expectation) = match (index, pairing) {
        (0, "rust:rust") => ("BOOT-031", Verdict::Pass, Stale),
        (0, _) => ("BOOT-031", Verdict::Pass, Expected),
        (1, "rust:rust") => ("DISC-004", Verdict::Hang, Unexpected),
        (1, "rust:node") => ("DISC-004", Verdict::Unsupported, Expected),
        (2, "rust:rust" | "rust:node") => ("SEND-011", Verdict::Fail, Expected),
        (3, _) if own => ("SER-003", Verdict::Fail, Unexpected),
        (4, _) if own => ("SER-020", Verdict::NonStrict, Expected),
        (5, "rust:rust") => ("TERM-002", Verdict::Crash, Unexpected),
        (5, "rust:node") => ("TERM-002", Verdict::HarnessError, Unexpected),
        (5, "node:rust") => ("TERM-002", Verdict::NotRun, Expected),
        (1, _) => ("DISC-004", Verdict::Pass, Expected),
        (2, _) => ("SEND-011", Verdict::Pass, Expected),
        (3, _) => ("SER-003", Verdict::Pass, Expected),
        (4, _) => ("SER-020", Verdict::Pass, Expected),
        _ => ("TERM-002", Verdict::Pass, Expected),
    };
    let keep = verdict != Verdict::Pass && verdict != Verdict::NotRun;
    let plain = matches!(verdict, Verdict::Pass | Verdict::Fail);
    CaseResult {
        id: id.to_owned(),
        clauses: vec![clause.to_owned()],
        pairing: pairing.to_owned(),
        verdict,
        expectation,
        expectation_reason: None,
        reason: (!plain).then(|| format!("child: send: {HOSTILE}")),
        fingerprint: (verdict == Verdict::Hang).then(|| "child-hang".to_owned()),
        findings: difference(verdict, clause)
            .map(|d| format!("rust-{}", d.fingerprint))
            .into_iter()
            .collect(),
        duration_ms: 100 + index as u64,
        differences: difference(verdict, clause).into_iter().collect(),
        reproduced: keep.then_some(Reproduced { differed: 3, plays: 3 }),
        varying: vec![format!("parent event {HOSTILE}")],
        history: keep.then(|| history(false, index)),
        reference: keep.then(|| history(true, index)),
        replay: format!("{id}@{pairing}@7f3a91"),
    }
}

fn difference(verdict: Verdict, clause: &str) -> Option<Difference> {
    let make = |kind, at, path: &str, expected, observed| Difference {
        clause: clause.to_owned(),
        level: if clause == "SEND-011" { Level::Should } else { Level::Must },
        role: Role::Child,
        kind,
        at,
        path: path.to_owned(),
        expected,
        observed,
        text: format!("the child records something with {HOSTILE}"),
        fingerprint: format!("{clause}-{kind:?}").to_lowercase(),
    };
    Some(match (verdict, clause) {
        (Verdict::Fail, "SEND-011") => {
            make(DifferenceKind::Order, 5, "", Some(message(5)), Some(message(5)))
        }
        (Verdict::Fail, _) => {
            let (want, have) = (payload(true), payload(false));
            make(DifferenceKind::Value, 3, "arguments[0].when", Some(want), Some(have))
        }
        (Verdict::NonStrict, _) => {
            let (want, have) = (payload(true), payload(false));
            make(DifferenceKind::Message, 3, "arguments[0].error", Some(want), Some(have))
        }
        (Verdict::Hang, _) => make(DifferenceKind::Missing, 16, "", Some(Seen::Done {}), None),
        _ => return None,
    })
}

fn findings(cases: &[CaseResult]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for case in cases {
        let Some(difference) = case.differences.first() else { continue };
        let id = format!("rust-{}", difference.fingerprint);
        if let Some(finding) = findings.iter_mut().find(|finding| finding.id == id) {
            finding.pairings.push(case.pairing.clone());
            continue;
        }
        findings.push(Finding {
            id,
            clauses: case.clauses.clone(),
            cases: vec![case.id.clone()],
            pairings: vec![case.pairing.clone()],
            runtime: "rust".to_owned(),
            blame: Blame::Both,
            summary: format!("with rust, the child gets the event 'message' with {HOSTILE}"),
            first_difference: difference.clone(),
            // A hang that does not always come about.
            reproduced: Reproduced {
                differed: 9 - u32::from(case.verdict == Verdict::Hang),
                plays: 9,
            },
            tapped: Some(Reproduced { differed: 2, plays: 3 }),
            expected: case.expectation == Expectation::Expected,
            repro: format!("ipc-conformance replay {}", case.replay),
        });
    }
    findings
}

fn message(number: u32) -> Seen {
    Seen::Event {
        event: Event::Message,
        listener: None,
        arguments: vec![Recipe::Number(f64::from(number))],
        count: None,
        receiver: None,
    }
}

fn payload(reference: bool) -> Seen {
    let when = if reference {
        Recipe::from("1970-01-01T00:00:00.000Z")
    } else {
        Recipe::from(Tagged::Date { id: None, time: Recipe::Number(0.0), properties: Vec::new() })
    };
    let error = Tagged::Error {
        id: None,
        subclass: None,
        class: "TypeError".to_owned(),
        message: Some(HOSTILE.to_owned()),
        stack: None,
        cause: None,
        properties: Vec::new(),
    };
    Seen::Event {
        event: Event::Message,
        listener: Some(HOSTILE.to_owned()),
        arguments: vec![Recipe::Object(vec![
            ("when".to_owned(), when),
            (HOSTILE.to_owned(), Recipe::from(HOSTILE)),
            ("error".to_owned(), Recipe::from(error)),
        ])],
        count: None,
        receiver: None,
    }
}

fn wire(reference: bool) -> Vec<Line> {
    let line = |t, from, kind, text: &str| Line {
        t,
        channel: 7,
        from,
        kind,
        text: text.to_owned(),
        descriptors: if t == 2_000 { vec!["tcp server".to_owned()] } else { Vec::new() },
    };
    let text = if reference { "{}" } else { HOSTILE };
    vec![
        line(1, None, LineKind::Event, "starts node"),
        line(2_000, Some(Role::Parent), LineKind::Message, text),
        line(3_000_000, Some(Role::Child), LineKind::Reserved, r#"{"cmd":"NODE_X"}"#),
    ]
}

fn history(reference: bool, case: usize) -> History {
    let mut child = vec![Seen::Started {}, Seen::Mark { name: HOSTILE.to_owned() }, message(1)];
    child.push(payload(reference));
    if case == 2 && !reference {
        child.extend([message(4), message(5), message(3)]);
    } else {
        child.extend([message(3), message(4), message(5)]);
    }
    child.extend((6..15).map(message));
    if reference || case != 1 {
        child.push(Seen::Done {});
    }
    let parent = vec![
        Seen::Started {},
        Seen::Sent { id: Some("a".to_owned()), returned: Recipe::Bool(true) },
        Seen::Callback { id: Some("a".to_owned()), arguments: vec![Recipe::Null], receiver: None },
        Seen::GaveUp { awaiting: HOSTILE.to_owned() },
        Seen::Done {},
    ];
    let log = |seen: Vec<Seen>, from: u64| {
        let record =
            |(seq, seen)| Record { seq, t: 5_000_000_000 + (from + seq) * 1_730_000, seen };
        (0..).zip(seen).map(record).collect()
    };
    let ending = match (case, reference) {
        (1, false) => Ending::TimedOut { limit_ms: 5_000 },
        (5, false) => Ending::Signalled { signal: format!("SIGSEGV {HOSTILE}") },
        _ => Ending::Exited { code: 0 },
    };
    History {
        parent: log(parent, 0),
        child: log(child, 20),
        ending,
        leaked: if reference { Vec::new() } else { vec![format!("sleep 1000 {HOSTILE}")] },
        stdout: if reference { String::new() } else { format!("out {HOSTILE}\n").repeat(3) },
        stderr: if reference { String::new() } else { format!("{HOSTILE}\n").repeat(90) },
        wire: wire(reference),
        breaches: if reference { Vec::new() } else { vec![HOSTILE.to_owned()] },
        duration_ms: 240,
    }
}
