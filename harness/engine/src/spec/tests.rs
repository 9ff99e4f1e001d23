//! The whole suite, every kind of mistake, and what is made of files without one.

use std::fmt::Write;

use ipc_plan::{Plan, Recipe, Role, Serialization, Step};

use super::*;

const CLAUSES: &str = r#"
[[clause]]
id = "LIFE-001"
level = "must"
sentence = "disconnect() closes the channel."
source = "doc"
since = 20

[[clause]]
id = "LIFE-002"
level = "impl"
sentence = "Two."
source = "doc"
since = 22
until = 24
"#;

const UNTESTED: &str = r#"
[[untested]]
clauses = ["LIFE-002"]
reason = "Needs a raw peer."
"#;

const CASE: &str = r#"
[[case]]
id = "life-disconnect"
title = "The child disconnects"
clauses = ["LIFE-001"]
needs = [{ role = "parent", kind = "event", with = { event = "close" } }]
[case.parent]
listeners = ["message", "close"]
steps = [{ do = "fork" }, { do = "await-signal", name = "done" }, { do = "await", event = "close" }]
[case.child]
steps = [
  { do = "section", clause = "LIFE-001" },
  { do = "send", id = "a", bind = "m", value = {
    z = 1, a = { "$" = "null" }, "2" = [1.5, { "$" = "undefined" }],
  } },
  { do = "set", object = "m", key = "z", value = 2 },
  { do = "on", event = "message", name = "late", steps = [{ do = "inspect", what = "session" }] },
  { do = "signal", name = "done" },
  { do = "turn", steps = [{ do = "disconnect" }] },
]
"#;

fn load(clauses: &str, case: &str, untested: &str) -> Result<Catalogue, Mistakes> {
    Catalogue::from_texts(&[
        ("specs/clauses/life.toml", clauses),
        ("specs/cases/life.toml", case),
        ("specs/untested.toml", untested),
    ])
}

#[test]
fn the_suite_has_no_mistakes() {
    let suite = Catalogue::embedded();
    if let Err(mistakes) = &suite {
        panic!("{mistakes}");
    }
}

/// What is wrong, and the edits that make it so.
const MISTAKES: &[(&str, &[(&str, &str)])] = &[
    ("TOML syntax", &[("title = ", "title ")]),
    ("a word without quotes", &[("\"impl\"", "impl")]),
    ("unknown table", &[("[[untested]]", "[[untestd]]")]),
    ("unknown key", &[("title = ", "titel = ")]),
    ("unknown key of a step", &[("id = \"a\", bind", "id = \"a\", bnid")]),
    ("key of a step without keys", &[("do = \"disconnect\"", "do = \"disconnect\", id = \"x\"")]),
    ("missing key of a step", &[("object = \"m\", ", "")]),
    ("step without a name", &[("{ do = \"disconnect\" }", "{ event = \"message\" }")]),
    ("wrong type", &[("id = \"a\"", "id = 4")]),
    ("number too small", &[("since = 20", "since = -20")]),
    ("table where a list belongs", &[("[{ do = \"fork\" }, ", "{ do = \"fork\" } # ")]),
    ("unknown step", &[("\"disconnect\" }", "\"disconect\" }")]),
    ("unknown event", &[("event = \"close\" }]", "event = \"clsoe\" }]")]),
    ("unknown inspect name", &[("\"session\"", "\"sesion\"")]),
    ("unknown level", &[("\"impl\"", "\"may\"")]),
    ("unknown kind of value", &[("\"undefined\"", "\"undefind\"")]),
    ("recipe without a key it needs", &[("{ \"$\" = \"null\" }", "{ \"$\" = \"date\" }")]),
    (
        "recipe with a word it does not know",
        &[("{ \"$\" = \"null\" }", "{ \"$\" = \"view\", class = \"Unt8Array\", bytes = \"0g\" }")],
    ),
    ("hole outside of elements", &[("{ \"$\" = \"null\" }", "{ \"$\" = \"hole\" }")]),
    ("ref to nothing", &[("{ \"$\" = \"null\" }", "{ \"$\" = \"ref\", id = 3 }")]),
    ("number of TOML", &[("z = 1", "z = nan")]),
    ("date of TOML", &[("z = 1", "z = 1979-05-27")]),
    (
        "null where a key is optional",
        &[("{ do = \"fork\" }", "{ do = \"fork\", silent = { \"$\" = \"null\" } }")],
    ),
    ("bad clause id", &[("id = \"LIFE-002\"", "id = \"life-2\"")]),
    (
        "duplicate clause id",
        &[("id = \"LIFE-002\"", "id = \"LIFE-001\""), ("[\"LIFE-002\"]", "[]")],
    ),
    ("bad case id", &[("\"life-disconnect\"", "\"life_disconnect\"")]),
    ("case id of another area", &[("\"life-disconnect\"", "\"boot-disconnect\"")]),
    (
        "duplicate case id",
        &[(
            "\n[[case]]",
            "\n[[case]]\nid = \"life-disconnect\"\ntitle = \"One\"\nclauses = [\"LIFE-001\"]\nparent = { steps = [{ do = \"fork\" }] }\n[[case]]",
        )],
    ),
    (
        "case for a clause that does not exist",
        &[("clauses = [\"LIFE-001\"]", "clauses = [\"LIFE-001\", \"LIFE-003\"]")],
    ),
    (
        "section for a clause that is not listed",
        &[("clause = \"LIFE-001\"", "clause = \"LIFE-002\"")],
    ),
    (
        "clause of a case without a section",
        &[
            ("[\"LIFE-001\"]", "[\"LIFE-001\", \"LIFE-002\"]"),
            ("clauses = [\"LIFE-002\"]\nreason", "clauses = []\nreason"),
        ],
    ),
    (
        "clause with a case that is listed as untested",
        &[("[\"LIFE-002\"]", "[\"LIFE-002\", \"LIFE-001\"]")],
    ),
    ("untested clause that does not exist", &[("[\"LIFE-002\"]", "[\"LIFE-002\", \"LIVE-001\"]")]),
    ("empty reason", &[("\"Needs a raw peer.\"", "\" \"")]),
    (
        "handle that nobody keeps",
        &[(
            "{ do = \"fork\" }",
            "{ do = \"fork\" }, { do = \"take\", name = \"server\" }, { do = \"close\", handle = \"servre\" }",
        )],
    ),
    (
        "two handles of one name",
        &[(
            "{ do = \"fork\" }",
            "{ do = \"fork\" }, { do = \"take\", name = \"a\" }, { do = \"listen\", name = \"a\", over = \"tcp\" }",
        )],
    ),
    (
        "connection to what does not listen",
        &[(
            "{ do = \"fork\" }",
            "{ do = \"fork\" }, { do = \"listen\", name = \"a\", over = \"tcp\", idle = true }, { do = \"connect\", name = \"c\", to = \"a\" }",
        )],
    ),
    (
        "option of a handle without one",
        &[(
            "{ do = \"fork\" }",
            "{ do = \"fork\" }, { do = \"send\", value = 1, keep_open = true }",
        )],
    ),
    (
        "view of a buffer with bytes of its own",
        &[(
            "{ \"$\" = \"null\" }",
            "{ \"$\" = \"view\", class = \"Buffer\", bytes = \"00\", buffer = { \"$\" = \"array-buffer\", bytes = \"00\" } }",
        )],
    ),
    ("wait in a turn", &[("[{ do = \"disconnect\" }]", "[{ do = \"settle\" }]")]),
    (
        "wait in a listener",
        &[("{ do = \"inspect\", what = \"session\" }", "{ do = \"await\", event = \"message\" }")],
    ),
    ("set of an object never bound", &[("object = \"m\"", "object = \"n\"")]),
    (
        "signal never given",
        &[("\"await-signal\", name = \"done\"", "\"await-signal\", name = \"dune\"")],
    ),
    (
        "await without a listener",
        &[("listeners = [\"message\", \"close\"]", "listeners = [\"message\"]")],
    ),
    (
        "event of the parent in the child",
        &[("\"on\", event = \"message\"", "\"on\", event = \"exit\"")],
    ),
    ("step of the parent in the child", &[("[{ do = \"disconnect\" }]", "[{ do = \"kill\" }]")]),
    ("need of an unknown kind", &[("kind = \"event\"", "kind = \"event|callbak\"")]),
    ("need of an unknown field", &[("with = { event = ", "with = { evnt = ")]),
    (
        "case without a parent",
        &[
            ("[case.parent]\nlisteners = [\"message\", \"close\"]\nsteps = [", "x = ["),
            ("name = \"done\" }, { do = \"await\", event = \"close\" }]", "name = \"done\" }]"),
            ("x = [{ do = \"fork\" }, { do = \"await-signal\", name = \"done\" }]", ""),
        ],
    ),
    (
        "several mistakes",
        &[("title = ", "titel = "), ("\"session\"", "\"sesion\""), ("\"impl\"", "\"may\"")],
    ),
];

#[test]
fn mistakes_are_reported_at_their_place() {
    let mut all = String::new();
    for (name, edits) in MISTAKES {
        let mut texts = [CLAUSES, CASE, UNTESTED].map(str::to_owned);
        for (from, to) in *edits {
            let text = texts.iter_mut().find(|text| text.contains(from));
            let text = text.unwrap_or_else(|| panic!("{name}: nothing reads {from}"));
            *text = text.replacen(from, to, 1);
        }
        match load(&texts[0], &texts[1], &texts[2]) {
            Ok(_) => panic!("{name}: no mistake was found"),
            Err(mistakes) => writeln!(all, "# {name}\n\n{mistakes}\n").unwrap(),
        }
    }
    insta::assert_snapshot!("mistakes", all);
}

/// No mistake hides another, and none is told that only follows from another.
#[test]
fn all_mistakes_are_told_in_one_go() {
    let edit = |text: &str, edits: &[(&str, &str)]| {
        edits.iter().fold(text.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "nothing reads {from}");
            text.replacen(from, to, 1)
        })
    };
    let told = |clauses: &str, case: &str, untested: &str| -> Vec<String> {
        let mistakes = load(clauses, case, untested).unwrap_err().0;
        mistakes.into_iter().map(|mistake| mistake.message).collect()
    };
    let case = [
        ("title = ", "titel = "),
        ("[\"LIFE-001\"]", "[\"LIFE-001\", \"LIFE-009\"]"),
        ("kind = \"event\"", "kind = \"evnt\""),
        ("{ do = \"signal\", name = \"done\" }", "{ do = \"signl\", name = \"done\" }"),
        ("clause = \"LIFE-001\"", "clause = \"LIFE-002\""),
        ("object = \"m\"", "object = \"n\""),
        (
            "[{ do = \"disconnect\" }]",
            "[{ do = \"settle\" }, { do = \"kill\" }, { do = \"frok\" }]",
        ),
    ];
    let clauses = [("\"impl\"", "\"may\""), ("until = 24", "until = 21")];
    let untested = [("[\"LIFE-002\"]", "[\"LIFE-002\", \"LIFE-008\"]"), ("reason", "raeson")];
    insta::assert_snapshot!(
        "in_one_go",
        told(&edit(CLAUSES, &clauses), &edit(CASE, &case), &edit(UNTESTED, &untested)).join("\n")
    );
    // Which clauses there are, nobody knows here; the rest is told.
    let clauses = edit(CLAUSES, &[("\"impl\"", "impl")]);
    let case = edit(CASE, &[("[\"LIFE-001\"]", "[\"LIFE-009\", \"LIFE-009\"]")]);
    let told = told(&clauses, &case, UNTESTED);
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[1], "`LIFE-009` is listed twice");
    assert!(told[2].starts_with("the case does not list `LIFE-001`"), "{told:?}");
}

const RAW_CASE: &str = r#"
[[case]]
id = "life-raw"
title = "One side is the harness"
link = "raw-parent"
clauses = ["LIFE-001"]
[case.parent]
steps = [
  { do = "raw-launch", over = "stream" },
  { do = "raw-open", name = "a", kind = "tcp", far = "b" },
  { do = "section", clause = "LIFE-001" },
  { do = "raw-write", descriptors = ["a"], parts = [{ text = "1\n" }, { hex = "ff 0a" }] },
  { do = "raw-read", until = { lines = 1 }, keep = ["c"] },
  { do = "raw-shutdown", direction = "write", on = "c" },
  { do = "raw-wait" },
]
[case.child]
steps = [{ do = "disconnect" }]
"#;

#[test]
fn raw_roles_have_mistakes_of_their_own() {
    load(CLAUSES, RAW_CASE, UNTESTED).unwrap();
    let mut all = String::new();
    for (name, from, to) in [
        ("unknown link", "raw-parent", "raw-parnet"),
        ("raw steps of a runtime", "link = \"raw-parent\"\n", ""),
        ("a step of a runtime", "{ do = \"raw-wait\" }", "{ do = \"send\", value = 1 }"),
        (
            "a mark in the event loop",
            "{ do = \"raw-wait\" }",
            "{ do = \"mark\", name = \"m\", when = \"tick\" }",
        ),
        ("listeners", "[case.parent]", "[case.parent]\nlisteners = [\"message\"]"),
        ("a launch by the child", "[{ do = \"disconnect\" }]", "[{ do = \"raw-launch\" }]"),
        ("nobody starts the child", "{ do = \"raw-launch\", over = \"stream\" },", ""),
        ("a number that a shell does not know", "over = \"stream\"", "descriptor = 10"),
        ("an unknown wire", "\"stream\"", "\"tcp\""),
        ("no hexadecimal digits", "ff 0a", "ff 0"),
        ("no bytes", "{ text = \"1\\n\" }, { hex = \"ff 0a\" }", ""),
        ("an unknown part", "{ text = \"1\\n\" }", "{ txt = \"1\\n\" }"),
        ("a descriptor that is not there", "descriptors = [\"a\"]", "descriptors = [\"d\"]"),
        ("two descriptors of one name", "keep = [\"c\"]", "keep = [\"a\", \"c\"]"),
        ("a listener without another end", "kind = \"tcp\"", "kind = \"tcp-listener\""),
        ("something that cannot be opened", "kind = \"tcp\"", "kind = \"other\""),
        ("nothing to read", "lines = 1", "lines = 0"),
        (
            "waiting behind what is unread",
            "{ do = \"section\"",
            "{ do = \"raw-write\", unread = true, split = 1, parts = [{ text = \"x\" }] },\n  { do = \"section\"",
        ),
        (
            "too much to fill with",
            "{ do = \"raw-wait\" }",
            "{ do = \"raw-fill\", parts = [{ repeat = { times = 5000, parts = [{ text = \"x\" }] } }] }",
        ),
    ] {
        assert!(RAW_CASE.contains(from), "{name}");
        let mistakes = load(CLAUSES, &RAW_CASE.replacen(from, to, 1), UNTESTED).expect_err(name);
        writeln!(all, "# {name}\n\n{mistakes}\n").unwrap();
    }
    insta::assert_snapshot!("raw", all);
}

#[test]
fn exchanges_have_mistakes_of_their_own() {
    let start = "[[case]]\nid = \"life-values\"\ntitle = \"Values\"\n";
    let mut all = String::new();
    for (name, rest) in [
        ("no values", "template = \"exchange\"\n"),
        (
            "values without a template",
            "clauses = [\"LIFE-001\"]\nvalues = [{ clause = \"LIFE-001\", value = 1 }]\nparent.steps = [{ do = \"fork\" }]\n",
        ),
        ("unknown template", "template = \"exchang\"\nvalues = []\n"),
        (
            "steps of its own",
            "template = \"exchange\"\nvalues = [{ clause = \"LIFE-001\", value = 1 }]\nparent.steps = []\n",
        ),
        (
            "value that nobody sends",
            "template = \"exchange\"\nvalues = [{ clause = \"LIFE-001\", value = 1, parent = false, child = false }]\n",
        ),
        (
            "value that cannot be built",
            "template = \"exchange\"\nvalues = [{ clause = \"LIFE-001\", value = { \"$\" = \"number\", value = \"nan\" } }]\n",
        ),
        (
            "unknown clause",
            "template = \"exchange\"\nvalues = [\n  { clause = \"LIFE-001\", value = 1 },\n  { clause = \"LIFE-011\", value = 1 },\n]\n",
        ),
    ] {
        let mistakes = load(CLAUSES, &format!("{start}{rest}"), UNTESTED).expect_err(name);
        writeln!(all, "# {name}\n\n{mistakes}\n").unwrap();
    }
    insta::assert_snapshot!("exchange", all);
}

#[test]
fn files_without_mistakes_become_a_catalogue() {
    let catalogue = load(CLAUSES, CASE, UNTESTED).unwrap();
    assert_eq!(
        catalogue.clause("LIFE-002").unwrap().untested.as_deref(),
        Some("Needs a raw peer.")
    );
    let case = catalogue.case("life-disconnect").unwrap();
    assert_eq!((case.file.as_str(), case.line), ("specs/cases/life.toml", 2));
    let Step::Send { value: Some(Recipe::Object(entries)), .. } = &case.plan.child.steps[1] else {
        panic!("{:?}", case.plan.child.steps[1]);
    };
    let keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["z", "a", "2"], "the order of keys is kept");
    assert_eq!(entries[1].1, Recipe::Null);
}

#[test]
fn a_clause_without_a_case_does_not_stop_its_author() {
    let catalogue = load(CLAUSES, CASE, "").unwrap();
    let [uncovered] = catalogue.uncovered.as_slice() else { panic!("{:?}", catalogue.uncovered) };
    assert_eq!(uncovered.message, "no case shows `LIFE-002`");
    assert_eq!(uncovered.location.as_ref().map(|l| (l.line, l.column)), Some((10, 6)));
}

#[test]
fn the_hash_depends_on_texts_and_not_on_folders() {
    let hash = |folder: &str, case: &str| {
        let name = |file| format!("{folder}/{file}");
        let files = [(name("cases/life.toml"), case), (name("clauses/life.toml"), CLAUSES)];
        let files: Vec<(&str, &str)> = files.iter().map(|(n, t)| (n.as_str(), *t)).collect();
        Catalogue::from_texts(&files).unwrap().hash()
    };
    assert_eq!(hash("specs", CASE), hash("/tmp/copy", CASE));
    assert_ne!(hash("specs", CASE), hash("specs", &CASE.replace("The child", "A child")));
}

#[test]
fn an_exchange_sends_each_value_both_ways() {
    let text = r#"
[[case]]
id = "life-values"
title = "Values"
template = "exchange"
values = [
  { clause = "LIFE-001", value = { "$" = "null" } },
  { clause = "LIFE-001", value = { "$" = "number", value = "-0" }, child = false },
  { clause = "LIFE-002", value = [1] },
]
"#;
    let catalogue = load(CLAUSES, text, "").unwrap();
    let case = &catalogue.cases[0];
    assert_eq!(case.clauses, ["LIFE-001", "LIFE-002"]);
    insta::assert_json_snapshot!("exchange_plan", case.plan);
    let needs: Vec<String> = case
        .needs
        .iter()
        .map(|need| format!("{} {} {} {:?}", need.role, need.count, need.kind, need.with))
        .collect();
    insta::assert_snapshot!("exchange_needs", needs.join("\n"));
    assert_eq!(check_plan(&case.plan), []);
    // Nothing is lost on the way to a driver.
    let json = serde_json::to_string(&case.plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), case.plan);
}

#[test]
fn generated_messages_make_possible_plans() {
    let values = vec![
        ("generated 0".to_owned(), Recipe::Null),
        ("generated 1".to_owned(), Recipe::Number(1.0)),
    ];
    let json = Serialization::Json;
    let case = exchange("generated-000", "Generated messages", "generated", json, values);
    assert_eq!(check_plan(&case.plan), []);
    assert!(case.needs.iter().any(|need| need.role == Role::Child && need.kind == "mark"));
}

#[test]
fn cases_are_selected() {
    let second = CASE.replace("life-disconnect", "life-late").replace("LIFE-001", "LIFE-002");
    let catalogue = load(CLAUSES, &format!("{CASE}{second}"), "").unwrap();
    let select = |filters: &[&str]| {
        let filters = filters.iter().map(|filter| (*filter).to_owned()).collect();
        let selection = Selection { filters, ..Selection::default() };
        let cases = catalogue.select(&selection).map_err(|error| error.to_string())?;
        Ok::<_, String>(cases.into_iter().map(|case| case.id).collect::<Vec<_>>().join(" "))
    };
    for (filters, expected) in [
        (&[][..], Ok("life-disconnect life-late")),
        (&["life-late"], Ok("life-late")),
        (&["connect"], Ok("life-disconnect")),
        (&["life-*"], Ok("life-disconnect life-late")),
        (&["LIFE-002"], Ok("life-late")),
        (&["life-00?"], Ok("life-disconnect life-late")),
        (&["LIFE-002", "connect"], Ok("life-disconnect life-late")),
        (
            &["life-disconect"],
            Err(
                "no case and no clause that a case shows matches `life-disconect`; did you mean `life-disconnect`?",
            ),
        ),
    ] {
        assert_eq!(
            select(filters),
            expected.map(str::to_owned).map_err(str::to_owned),
            "{filters:?}"
        );
    }
}
