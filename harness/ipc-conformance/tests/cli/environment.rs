//! What is missing on this machine, and runtimes that are none: exit code 3 and one sentence.

use std::fs;
use std::thread;

use predicates::prelude::*;
use predicates::str::{contains, is_match, starts_with};

use crate::place::Place;

/// One line, and no more.
fn sentence() -> impl Predicate<str> {
    starts_with("error: failed to ").and(is_match(r"\A[^\n]+\n\z").unwrap())
}

#[test]
fn there_is_no_node() {
    let place = Place::new();
    fs::create_dir(place.path("bin")).unwrap();
    for command in ["run", "doctor", "replay"] {
        let arguments = if command == "replay" {
            vec![command, "life-hello@rust:rust@1"]
        } else {
            vec![command]
        };
        let specs = if command == "doctor" { &[][..] } else { &["--specs", "specs"] };
        let said = "install Node 18 or newer from https://nodejs.org, or say where it is with \
                    `--reference PATH`";
        let assert = place
            .cli([arguments.as_slice(), specs].concat())
            .env("PATH", place.path("bin"))
            .assert()
            .code(3);
        if command == "doctor" {
            assert.stdout(contains("missing  node: failed to find").and(contains(said)));
        } else {
            assert.stdout("").stderr(sentence().and(contains(said)));
        }
    }
}

#[test]
fn node_is_too_old() {
    let place = Place::new();
    let describe = r#"{"protocol":1,"name":"node","version":"16.20.2","node":"16.20.2","roles":["parent","child"],"capabilities":[]}"#;
    for (script, version) in [
        (format!("echo '{describe}'"), "16.20.2"),
        // So old that it cannot read the driver.
        ("[ $1 = --version ] && echo v0.10.48 || exit 8".to_owned(), "0.10.48"),
    ] {
        place.program("bin/node", &script);
        let said = format!("Node 18 or newer is needed, found {version} at ");
        place
            .cli(["run", "--specs", "specs"])
            .env("PATH", place.path("bin"))
            .assert()
            .code(3)
            .stdout("")
            .stderr(sentence().and(contains(said)).and(contains("https://nodejs.org")));
    }
}

/// One that is named and missing is never a quiet gap, whatever is missing: a program or a command.
#[test]
fn a_runtime_that_nobody_knows() {
    let place = Place::new();
    let said = "failed to find the runtime `nope`: it is none of node, bun, deno and rust, and there \
                is no file of it; say how it is started with `--runtime nope=COMMAND`";
    let reference = ["--reference", "./quick"];
    place.run(&["--runtime", "nope"]).code(3).stdout("").stderr(sentence().and(contains(said)));
    let doctor = [&["doctor", "--runtime", "nope"], &reference[..]].concat();
    place.cli(doctor).assert().code(3).stdout(contains(format!("missing  nope: {said}")));
    let replay = ["replay", "life-hello@nope:node@x", "--specs", "specs"];
    let replay = [&replay[..], &reference].concat();
    place.cli(replay).assert().code(3).stdout("").stderr(sentence().and(contains(said)));
}

/// Programs, and what stderr says of them.
#[test]
fn runtimes_that_are_none() {
    const DESCRIBE: &str = r#"[ "$2" = describe ] && echo '{"protocol":1,"name":"sh","version":"1","roles":["parent","child"],"capabilities":[]}' && exit 0;"#;
    let place = Place::new();
    place.write("plain", "");
    let cases = [
        ("/no/such --flag", "find the program `/no/such` of the runtime `x` there; check the path"),
        ("no-such-program", "on PATH; check the path in `x=COMMAND`"),
        ("./plain", "is not executable; `chmod +x` it"),
        ("./nonsense", "start the runtime `x` with "),
        ("./silent", "it printed nothing where one line of JSON belongs"),
        ("./garbage", r"it printed `\x1b[31mhi` where one line of JSON belongs"),
        ("./exits", "exited with 3; it printed `boom`"),
        ("./dies", "was killed by SIGSEGV; it printed nothing"),
        // There is nothing left to run by hand.
        ("./talks", r"exited with 3; it printed `line 1\nline 2\n"),
        ("./talks", r"\nline 100`"),
        ("./floods", " characters cut] …xxx"),
        ("./future", "speaks version 9 of the driver contract, and version 1 is needed"),
        (
            "./ignores",
            "given a plan that cannot be read, it must say so on stderr and exit with 85",
        ),
        ("./dies-in-check", "but it was killed by SIGKILL"),
        ("./shell -c 'exit 0'", "it printed nothing where one line of JSON belongs"),
    ];
    place.program("nonsense", "");
    place.write("nonsense", "\u{7f}ELF nonsense");
    place.program("silent", "");
    place.program("garbage", r"printf '\033[31mhi\n'");
    place.program("exits", "echo boom >&2; exit 3");
    place.program("talks", "for n in $(seq 100); do echo line $n; done; exit 3");
    place.program("floods", "head -c 200000 /dev/zero | tr '\\0' x; exit 3");
    place.program("dies", "kill -SEGV $$");
    place.program("future", r#"echo '{"protocol":9}'"#);
    place.program("ignores", DESCRIBE);
    place.program("dies-in-check", &format!("{DESCRIBE} kill -KILL $$"));
    place.program("shell", "exec sh \"$@\"");
    let mut doctor = place.cli(["doctor", "--reference", "./quick"]);
    for (number, (command, said)) in cases.into_iter().enumerate() {
        let runtime = format!("x={command}");
        let expected = sentence().and(contains("`x`")).and(contains(said));
        place.run(&["--runtime", &runtime]).code(3).stdout("").stderr(expected);
        doctor.args(["--runtime", &format!("x{number}={command}")]);
    }
    // The doctor goes on to the next.
    let output = doctor.assert().code(3).get_output().stdout.clone();
    let text = String::from_utf8(output).unwrap();
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with("ok       node 0.1.0, starts in "), "{text}");
    for (number, (command, said)) in cases.into_iter().enumerate() {
        let line = lines.next().unwrap();
        assert!(line.starts_with(&format!("missing  x{number}: failed to ")), "{command}: {line}");
        assert!(
            line.contains(
                &said.replace("`x`", &format!("`x{number}`")).replace("x=", &format!("x{number}="))
            ),
            "{command}: {line}"
        );
    }
    assert_eq!(lines.next(), None);
    assert!(!place.path("out/results.json").exists());
}

/// Neither a description nor an end of it; and one that hangs when it is to refuse a plan.
#[test]
fn a_runtime_that_hangs_is_ended() {
    let places = [
        ("exec sleep 1000", "had not ended after 20 s and was killed"),
        ("[ $CHECK ] && exec sleep 1000", "but it had not ended after 20000 ms"),
    ];
    thread::scope(|scope| {
        for (commands, said) in places {
            scope.spawn(move || {
                let place = Place::new();
                place.driver("slow", commands);
                let expected = sentence().and(contains(said));
                place.run(&["--runtime", "x=./slow"]).code(3).stderr(expected);
                assert_eq!(place.processes(), [0; 0]);
            });
        }
    });
}
