//! Runtime files: how a runtime is started, and which Node decides what is right.

use predicates::prelude::*;
use predicates::str::{contains, is_match};

use crate::place::{DRIVER, Place};

/// A runtime that says it is this version, and announces this version of Node.
fn versioned(place: &Place, name: &str, version: &str, node: &str) {
    versioned_with(place, name, version, node, "");
}

/// The same, with more commands.
fn versioned_with(place: &Place, name: &str, version: &str, node: &str, commands: &str) {
    let change = format!(
        r#"if [ -n "$DESCRIBE" ]; then '{DRIVER}' "$@" | sed -e 's/"version":"[^"]*"/"version":"{version}","node":"{node}"/'; exit; fi"#
    );
    place.driver(name, &format!("{change}\n{commands}"));
}

#[test]
fn a_file_says_how_a_runtime_is_started() {
    let place = Place::new();
    place.program(
        "files/start",
        &format!(
            r#"[ "$FLAG" = "o n" ] && [ "$1" = --flag ] || exit 9; shift 2; exec '{DRIVER}' "$@""#
        ),
    );
    place.write(
        "files/x.toml",
        "command = \"./start --flag\"\nenvironment = { FLAG = \"o n\" }\ncapabilities = [\"serialization.json\"]\n",
    );
    for runtime in ["files/x.toml", "x"] {
        place.run(&["--runtime", runtime, "--runtime-files", "files"]).code(0);
        let info = &place.results("out")["runtimes"][0];
        assert_eq!(info["name"], "x");
        assert_eq!(info["capabilities"], serde_json::json!(["serialization.json"]));
    }
    let doctor = |more: &[&str]| {
        place
            .cli([&["doctor", "--reference", "./quick", "--runtime-files", "files"], more].concat())
            .assert()
    };
    doctor(&[]).code(0).stdout(is_match("(?m)^ok       x ").unwrap());

    place.write("files/x.toml", "command = \"./nothing\"\ninstall = \"run `make runtimes`\"\n");
    doctor(&[]).code(0).stdout(is_match("(?m)^absent   x: .*; run `make runtimes`$").unwrap());
    doctor(&["--runtime", "x"]).code(3).stdout(contains("missing  x: "));
    place
        .run(&["--runtime", "x", "--runtime-files", "files"])
        .code(3)
        .stderr(
            contains("files/./nothing` of the runtime `x`")
                .or(contains("`./nothing` of the runtime `x`")),
        )
        .stderr(contains("; run `make runtimes`"));
}

#[test]
fn a_runtime_that_forks_nothing_but_itself_spawns_others() {
    let place = Place::new();
    let command = place
        .node_with("require('child_process').fork = () => { throw new Error('only myself'); };");
    for (capabilities, code) in
        [("'serialization.json'", 0), ("'serialization.json', 'fork.other-programs'", 1)]
    {
        let file = format!("command = '''{command}'''\ncapabilities = [{capabilities}]\n");
        let file = place.write("files/bad.toml", &file);
        let arguments = ["--runtime", file.to_str().unwrap(), "--pairs", "bad:node"];
        place.run(&arguments).code(code);
    }
}

#[test]
fn what_is_wrong_with_a_file() {
    let place = Place::new();
    let quick = "command = \"../quick\"\n";
    let run = |text: &str, more: &[&str]| {
        place.write("files/x.toml", text);
        place.run(&[&["--runtime-files", "files", "--runtime", "x"], more].concat())
    };
    for (text, message) in [
        (format!("{quick}versoin = \"1\"\n"), "files/x.toml:2:1"),
        (format!("{quick}environment = [1]\n"), "files/x.toml:2:15"),
        ("version = \"1\"\n".to_owned(), "command"),
        ("command = \n".to_owned(), "files/x.toml:1:"),
        ("command = \"'\"\n".to_owned(), "has an open quote"),
        (format!("{quick}capabilities = [\"teleport\"]\n"), "files/x.toml:2:17"),
        (format!("{quick}capabilities = [\"teleport\"]\n"), "no capability is called `teleport`"),
        (
            format!("{quick}capabilities = [\"serialization.jsom\"]\n"),
            "did you mean `serialization.json`?",
        ),
    ] {
        run(&text, &[]).code(2).stderr(contains(message));
    }
    run(&format!("{quick}version = \"9.9.9\"\n"), &[])
        .code(3)
        .stderr(contains("the runtime `x`: its file says version 9.9.9, and it is "));
    run(quick, &["--runtime", "x=./quick"]).code(2).stderr(contains("two have the name `x`"));
    // Only a Node decides what is right.
    place.run(&["--runtime-files", "files", "--reference", "x"]).code(2).stderr(contains(
        "the runtime `x` as the reference: its file does not say `reference = true`",
    ));
    place.run(&["--runtime", "none.toml"]).code(2).stderr(contains("failed to read none.toml"));
}

/// What announces a Node version is held against the installed Node that is nearest to it.
#[test]
fn the_nearest_node_decides() {
    let place = Place::new();
    versioned(&place, "path/node", "20.1.0", "20.1.0");
    versioned(&place, "old", "18.1.0", "18.1.0");
    versioned(&place, "new", "26.1.0", "26.1.0");
    versioned(&place, "like23", "1.0.0", "23.9.0");
    versioned(&place, "like19", "1.0.0", "19.9.0");
    versioned(&place, "like29", "1.0.0", "29.0.0");
    for (name, version) in [("old", "18.1.0"), ("new", "26.1.0")] {
        place.write(
            &format!("files/{name}.toml"),
            &format!("command = \"../{name}\"\nversion = \"{version}\"\nreference = true\n"),
        );
    }
    place
        .write("files/gone.toml", "command = \"./gone\"\nversion = \"29.0.0\"\nreference = true\n");
    let path = format!("{}:{}", place.path("path").display(), std::env::var("PATH").unwrap());
    for (runtime, expected) in [
        ("like23", "20.1.0"),
        ("like19", "20.1.0"),
        ("like29", "26.1.0"),
        ("old", "18.1.0"),
        ("quick", "20.1.0"),
    ] {
        let command = format!("x=./{runtime}");
        let arguments = [
            "run",
            "--specs",
            "specs",
            "--generate",
            "0",
            "--out",
            "out",
            "--runtime-files",
            "files",
            "--runtime",
            &command,
        ];
        place.cli(arguments).env("PATH", &path).assert().code(0);
        assert_eq!(place.results("out")["reference"]["version"], expected, "{runtime}");
    }
}

/// Three lines, the second of which begins to send one message more.
#[test]
fn what_each_node_line_does() {
    let place = Place::new();
    let more = r#"[ "$ROLE" = child ] && echo '"extra"' >&3"#;
    versioned(&place, "a", "20.1.0", "20.1.0");
    versioned_with(&place, "b", "22.1.0", "22.1.0", more);
    versioned_with(&place, "c", "24.1.0", "24.1.0", more);
    for (name, version) in [("a", "20.1.0"), ("b", "22.1.0"), ("c", "24.1.0")] {
        place.write(
            &format!("files/{name}.toml"),
            &format!("command = \"../{name}\"\nversion = \"{version}\"\nreference = true\n"),
        );
    }
    let behaviour = |more: &[&str]| {
        let arguments =
            ["behaviour", "--specs", "specs", "--runtime-files", "files", "--out", "lines"];
        place.cli([&arguments, more].concat()).assert()
    };
    behaviour(&[]).code(0).stdout(contains(
        "2 clauses on 3 Node lines, 2 changes, 0 differences between two lines\n",
    ));
    let json = || -> serde_json::Value {
        serde_json::from_str(&place.read("lines/node-behaviour.json")).unwrap()
    };
    let first = json();
    let of = |clause: usize, index: usize| &first["clauses"][clause]["behaviours"][index];
    assert_eq!(first["clauses"][0]["id"], "LIFE-001");
    assert_eq!((&of(0, 0)["from"], &of(0, 0)["to"]), (&20.into(), &20.into()));
    assert_eq!((&of(0, 1)["from"], &of(0, 1)["to"]), (&22.into(), &24.into()));
    assert!(of(0, 1)["differences"][0].as_str().unwrap().contains("'message'"), "{first}");
    // LIFE-002 holds from Node 24 on; the one before it does the same, as it turns out, but the first.
    assert_eq!(first["clauses"][1]["id"], "LIFE-002");
    assert_eq!((&of(1, 0)["from"], &of(1, 0)["to"]), (&20.into(), &20.into()));
    assert!(of(1, 0)["instead"][0].as_str().unwrap().contains("'message'"), "{first}");
    assert_eq!((&of(1, 1)["from"], &of(1, 1)["to"]), (&22.into(), &24.into()));
    let markdown = place.read("lines/node-behaviour.md");
    assert!(markdown.contains("| (20) · 22–24 |"), "{markdown}");
    assert!(markdown.contains("  - Node 20 instead: the "), "{markdown}");

    // What shows only where a line is the child of the one before it.
    versioned_with(
        &place,
        "b",
        "22.1.0",
        "22.1.0",
        &format!("[ \"$ROLE\" = parent ] && export B=1; [ -z \"$B\" ] && {more}"),
    );
    behaviour(&["--line", "a", "--line", "b"])
        .code(0)
        .stdout(contains("1 clause on 2 Node lines, 0 changes, 1 difference between two lines\n"));
    let mixed = &json()["mixed"];
    assert_eq!(mixed.as_array().unwrap().len(), 1, "{mixed}");
    assert_eq!((&mixed[0]["parent"], &mixed[0]["child"]), (&20.into(), &22.into()));
    assert_eq!(mixed[0]["clauses"][0]["id"], "LIFE-001");
    let markdown = place.read("lines/node-behaviour.md");
    assert!(markdown.contains("### Parent Node 20, child Node 22: "), "{markdown}");

    behaviour(&["--line", "a"]).code(2).stderr(contains("two Node lines are needed"));
    behaviour(&["--line", "a", "--line", "none"]).code(3).stderr(contains("`none`"));
}
