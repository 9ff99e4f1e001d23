use std::fmt::Write;

use super::super::Selection;
use super::*;

const CLAUSES: &str = r#"
[[clause]]
id = "LIFE-001"
level = "must"
sentence = "One."
source = "doc"
since = 18

[[clause]]
id = "LIFE-002"
level = "should"
sentence = "Two."
source = "doc"
since = 24

[[clause]]
id = "LIFE-003"
level = "impl"
sentence = "Three."
source = "doc"
since = 18
"#;

const CASES: &str = r#"
[[case]]
id = "life-one"
title = "One"
clauses = ["LIFE-001"]
parent.steps = [{ do = "fork" }]

[[case]]
id = "life-others"
title = "Others"
clauses = ["LIFE-002", "LIFE-003"]
parent.steps = [{ do = "fork" }, { do = "section", clause = "LIFE-003" }]
"#;

/// What a colleague adds: a clause that holds everywhere, and a case for it.
const MORE: [(&str, &str); 2] = [
    (
        "specs/clauses/more.toml",
        "[[clause]]\nid = \"MORE-001\"\nlevel = \"must\"\nsentence = \"New.\"\nsource = \"doc\"\nsince = 18\n",
    ),
    (
        "specs/cases/more.toml",
        "[[case]]\nid = \"more-new\"\ntitle = \"New\"\nclauses = [\"MORE-001\"]\nparent.steps = [{ do = \"fork\" }]\n",
    ),
];

fn load(sets: &[(&str, &str)], more: &[(&str, &str)]) -> Result<Catalogue, String> {
    let own = [("specs/clauses/life.toml", CLAUSES), ("specs/cases/life.toml", CASES)];
    let files = [&own, sets, more].concat();
    Catalogue::from_texts(&files).map_err(|mistakes| mistakes.to_string())
}

fn set(text: &str) -> [(&'static str, &str); 1] {
    [("specs/requirements/node-18.toml", text)]
}

#[test]
fn a_set_holds_what_its_major_requires() {
    let catalogue = load(&[], &[]).unwrap();
    let file = |name: &str| catalogue.requirements_file(name, false).unwrap();
    assert!(file("node-18").ends_with("\n\nclauses = [\n  \"LIFE-001\",\n]\n"));
    assert!(file("node-24").ends_with("\n\nclauses = [\n  \"LIFE-001\", \"LIFE-002\",\n]\n"));
    for wrong in ["18", "node-", "node-x", "node-018", "deno-2"] {
        let error = catalogue.requirements_file(wrong, false).unwrap_err();
        assert_eq!(error, SelectError::NotAMajor(wrong.to_owned()));
    }
}

#[test]
fn a_set_selects_the_cases_that_show_its_clauses() {
    let both = "clauses = [\"LIFE-002\"]";
    let sets = [("specs/requirements/node-24.toml", both)];
    let catalogue = load(&sets, &[]).unwrap();
    let select = |name: &str| {
        let selection =
            Selection { requirement_set: Some(name.to_owned()), ..Selection::default() };
        let cases = catalogue.select(&selection).map_err(|error| error.to_string())?;
        Ok::<_, String>(cases.into_iter().map(|case| case.id).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(select("node-24"), Ok("life-others".to_owned()));
    let unknown = "there is no requirement set `node-18`; expected `node-24`";
    assert_eq!(select("node-18"), Err(unknown.to_owned()));
}

#[test]
fn a_new_clause_changes_no_set() {
    let open = load(&[], &[]).unwrap().requirements_file("node-18", false).unwrap();
    let frozen = load(&[], &[]).unwrap().requirements_file("node-18", true).unwrap();
    assert_ne!(open, frozen);
    for (text, is_frozen) in [(&open, false), (&frozen, true)] {
        let (before, after) = (load(&set(text), &[]).unwrap(), load(&set(text), &MORE).unwrap());
        assert_eq!(before.requirements, after.requirements);
        assert_eq!(after.requirement_set("node-18").unwrap().frozen, is_frozen);
        let unrequired: Vec<&str> = after.unrequired().iter().map(|c| c.id.as_str()).collect();
        assert_eq!(unrequired, ["LIFE-002", "MORE-001"]);
        // Made again, an open set takes the clause in and a frozen one does not.
        let again = after.requirements_file("node-18", is_frozen).unwrap();
        assert_eq!(again == *text, is_frozen, "{again}");
    }
}

/// The same for the sets of the suite.
#[test]
fn a_new_clause_changes_no_set_of_the_suite() {
    let own = super::super::load::SPECS;
    let (before, after) =
        (Catalogue::from_texts(own), Catalogue::from_texts(&[own, &MORE].concat()));
    let (before, after) = (before.unwrap(), after.unwrap());
    assert_eq!(before.requirements, after.requirements);
    let majors: Vec<u32> = before.requirements.values().map(|set| set.major).collect();
    assert_eq!(majors, [18, 20, 22, 24, 26]);
    assert!(before.requirements.values().all(|set| set.clauses.len() > 300));
    assert!(after.unrequired().iter().any(|clause| clause.id == "MORE-001"));
}

#[test]
fn mistakes_are_reported_at_their_place() {
    let frozen = load(&[], &[]).unwrap().requirements_file("node-18", true).unwrap();
    let mut all = String::new();
    for (name, file, text) in [
        ("clause that is gone", "node-18", "clauses = [\"LIFE-001\", \"LIFE-011\"]".to_owned()),
        (
            "clause that is gone from a frozen set",
            "node-18",
            load(&[], &MORE).unwrap().requirements_file("node-18", true).unwrap(),
        ),
        ("clause that went into a frozen set", "node-24", {
            let more = frozen.replace("\"LIFE-001\",", "\"LIFE-001\",\n  \"LIFE-002\",");
            more.replace("Node 18", "Node 24")
        }),
        ("clause of a later Node", "node-18", "clauses = [\n  \"LIFE-002\",\n]".to_owned()),
        ("clause of level impl", "node-18", "clauses = [\"LIFE-003\"]".to_owned()),
        (
            "clause that is listed twice",
            "node-18",
            "clauses = [\"LIFE-001\", \"LIFE-001\"]".to_owned(),
        ),
        ("no list", "node-18", "frozen = \"0\"".to_owned()),
        ("unknown key", "node-18", "clauses = []\nforzen = \"0\"".to_owned()),
        ("TOML syntax", "node-18", "clauses = [\"LIFE-001\"".to_owned()),
        ("bad name", "twenty", "clauses = []".to_owned()),
    ] {
        let path = format!("specs/requirements/{file}.toml");
        let mistakes = load(&[(&path, &text)], &[]).expect_err(name);
        writeln!(all, "# {name}\n\n{mistakes}\n").unwrap();
    }
    insta::assert_snapshot!("requirements", all);
}
