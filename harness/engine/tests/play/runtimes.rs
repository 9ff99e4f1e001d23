use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use ipc_conformance_engine::play::Interrupt;
use ipc_conformance_engine::runtime::{Drivers, Runtime, RuntimeError, Source};
use ipc_plan::Role;

use super::host::{Place, Test};

pub(crate) const TESTS: &[Test] = &[
    ("a_runtime_that_keeps_the_contract", a_runtime_that_keeps_the_contract),
    ("drivers_that_are_not_believed", drivers_that_are_not_believed),
    ("describe_goes_wrong", describe_goes_wrong),
    ("an_old_node", an_old_node),
    ("programs_that_cannot_be_found", programs_that_cannot_be_found),
    ("known_names_have_their_command_lines", known_names_have_their_command_lines),
    ("the_rust_driver_is_its_own_program", the_rust_driver_is_its_own_program),
];

const DESCRIBE: &str = r#"
if [ "$1" = describe ]; then
    echo '{"protocol":1,"name":"sh","version":"1.2.3","roles":["parent","child"],"capabilities":["x"]}'
    exit 0
fi
"#;

/// A driver that knows no step at all.
const GOOD: &str = r#"
log=$IPC_CONFORMANCE_LOG/$IPC_CONFORMANCE_ROLE.jsonl
if ! tail -c 1 "$IPC_CONFORMANCE_PLAN" | grep -q '}'; then echo "plan: cut off" >&2; exit 85; fi
echo '{"seq":0,"t":1,"seen":{"kind":"unsupported","step":"invented-by-the-harness","reason":"unknown"}}' >>"$log"
exit 86
"#;

fn drivers(place: &Place, script: &str) -> Drivers {
    Drivers { script: place.write("driver.sh", script), rust: PathBuf::from("/nowhere/rust") }
}

fn find(
    place: &Place,
    name: &str,
    command: Option<&str>,
    script: &str,
) -> Result<Runtime, RuntimeError> {
    let source = command.map_or(Source::Known, |command| Source::Command(command.to_owned()));
    Runtime::find(&place.host, name, &source, &drivers(place, script), &Interrupt::new())
}

fn a_runtime_that_keeps_the_contract() {
    let place = Place::new();
    let script = format!("{DESCRIBE} {GOOD}");
    let runtime = find(&place, "shell", Some("sh -f"), &script).unwrap();
    let path = place.path("driver.sh").to_str().unwrap().to_owned();
    assert!(runtime.command[0].starts_with('/') && runtime.command[0].ends_with("/sh"));
    assert_eq!(runtime.command[1..], ["-f".to_owned(), path.clone()]);
    let child = runtime.child();
    assert_eq!(child.exec_path, runtime.command[0]);
    assert_eq!((child.exec_argv, child.module_path), (vec!["-f".to_owned()], path));
    assert_eq!(runtime.describe.version, "1.2.3");
    assert!(runtime.startup > Duration::ZERO && runtime.startup < Duration::from_secs(5));
    assert!(runtime.plays(Role::Child));
    let pairing = runtime.pairing(&runtime, 1.0);
    assert_eq!(pairing.name, "shell:shell");
    assert_eq!(runtime.info().capabilities, ["x"]);
    runtime.check(&place.host, &Interrupt::new()).unwrap();
}

fn drivers_that_are_not_believed() {
    let place = Place::new();
    let refuse = |script: &str, words: &str| {
        let script = format!("{DESCRIBE} {script}");
        let runtime = find(&place, "x", Some("sh"), &script).unwrap();
        let error = runtime.check(&place.host, &Interrupt::new()).unwrap_err();
        assert!(matches!(error, RuntimeError::Unbelievable { .. }), "{error}");
        assert!(error.to_string().contains(words), "{words}: {error}");
    };
    refuse("exit 0", "exited with 0");
    refuse(&GOOD.replace("exit 85", "exit 1"), "given a plan that cannot be read");
    refuse(&GOOD.replace("echo \"plan: cut off\" >&2;", ""), "printed nothing on stderr");
    refuse(&GOOD.replace("exit 86", "exit 0"), "record `unsupported` and exit with 86");
    refuse(&GOOD.replace("invented-by", "another-by"), "does not end with an `unsupported` record");
    refuse(&GOOD.replace("\"seq\":0", "\"seq\":4"), "seq 4 in place of 0");
    let only_child = r#"if [ $IPC_CONFORMANCE_ROLE = child ]; then exit 0; fi"#;
    refuse(&format!("{only_child}\n{GOOD}"), "in the child role");
    let mark =
        r#"echo '{"seq":0,"t":1,"seen":{"kind":"mark","name":"before"}}' >>"$log"; echo '{"seq":0"#;
    refuse(
        &GOOD.replace("echo '{\"seq\":0", mark).replace(
            "0,\"t\":1,\"seen\":{\"kind\":\"unsupported",
            "1,\"t\":1,\"seen\":{\"kind\":\"unsupported",
        ),
        "not `started`",
    );
}

fn describe_goes_wrong() {
    let place = Place::new();
    let fail = |script: &str| find(&place, "x", Some("sh"), script).unwrap_err();
    let error = fail("echo boom >&2; exit 3");
    assert!(matches!(error, RuntimeError::Died { .. }), "{error}");
    assert!(error.to_string().contains("exited with 3; it printed `boom`"), "{error}");
    let error = fail("kill -9 $$");
    assert!(error.to_string().contains("was killed by SIGKILL; it printed nothing"), "{error}");
    let error = fail("printf 'hi\\001\\n'; head -c 1000 /dev/zero | tr '\\0' x");
    assert!(matches!(error, RuntimeError::Garbage { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("`hi\\x01\\nxxx") && text.contains("xxx…`") && text.len() < 700,
        "{text}"
    );
    assert!(matches!(fail("true"), RuntimeError::Garbage { .. }));
    assert!(matches!(fail("echo '{\"protocol\":1}'"), RuntimeError::Garbage { .. }));
    let error = fail("echo '{\"protocol\":7,\"new\":true}'");
    assert!(matches!(error, RuntimeError::WrongProtocol { found: 7, expected: 1, .. }), "{error}");
}

fn an_old_node() {
    let place = Place::new();
    let old = DESCRIBE.replace("\"sh\"", "\"node\"").replace("1.2.3", "16.20.2");
    let error = find(&place, "old", Some("sh"), &old).unwrap_err().to_string();
    assert!(error.contains("Node 18 or newer is needed, found 16.20.2 at /"), "{error}");
    // One that cannot even read the driver.
    let node =
        executable(&place, "node", "if [ $1 = --version ]; then echo v0.10.48; else exit 8; fi");
    let error = find(&place, "node", Some(&node), "").unwrap_err();
    assert!(matches!(error, RuntimeError::TooOld { .. }), "{error}");
    let node =
        executable(&place, "node", "if [ $1 = --version ]; then echo v20.1.0; else exit 8; fi");
    assert!(matches!(find(&place, "node", Some(&node), ""), Err(RuntimeError::Died { .. })));
}

fn executable(place: &Place, name: &str, script: &str) -> String {
    let path = place.write(name, &format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

fn programs_that_cannot_be_found() {
    let place = Place::new();
    let fail = |name: &str, command: Option<&str>| find(&place, name, command, "").unwrap_err();
    assert!(matches!(fail("a:b", Some("sh")), RuntimeError::BadName { .. }));
    assert!(matches!(fail("", Some("sh")), RuntimeError::BadName { .. }));
    assert!(matches!(fail("graal", None), RuntimeError::Unknown { .. }));
    assert!(matches!(fail("x", Some("sh 'open")), RuntimeError::BadCommand { .. }));
    assert!(matches!(fail("x", Some(" ")), RuntimeError::BadCommand { .. }));
    let error = fail("node", Some("/nowhere/node")).to_string();
    assert!(error.contains("there; install Node 18 or newer"), "{error}");
    let error = fail("x", Some("no-such-program-at-all --flag")).to_string();
    assert!(error.contains("`no-such-program-at-all`") && error.contains("on PATH"), "{error}");
    assert!(fail("rust", None).to_string().contains("cargo build"));
    let plain = place.write("plain", "");
    let error = fail("x", plain.to_str());
    assert!(matches!(error, RuntimeError::NotExecutable { .. }), "{error}");
    let broken = place.write("broken", "\u{7f}ELF nonsense");
    fs::set_permissions(&broken, fs::Permissions::from_mode(0o755)).unwrap();
    let error = fail("x", broken.to_str());
    assert!(matches!(error, RuntimeError::NotStarted { .. }), "{error}");
    let none = Drivers { script: place.path("none.cjs"), rust: place.path("none") };
    let sh = Source::Command("sh".to_owned());
    let error = Runtime::find(&place.host, "x", &sh, &none, &Interrupt::new()).unwrap_err();
    assert!(matches!(error, RuntimeError::NoDriver { .. }), "{error}");
}

fn known_names_have_their_command_lines() {
    let place = Place::new();
    let echo = executable(&place, "echo-driver", &DESCRIBE.replace("$1", "$(eval echo \\$$#)"));
    let command = |name: &str, rest: &str| {
        let text = format!("{echo}{rest}");
        let runtime = find(&place, name, Some(&text), "").unwrap();
        (runtime.command[1..].to_vec(), runtime.child())
    };
    let script = place.path("driver.sh").to_str().unwrap().to_owned();
    let (arguments, child) = command("deno", "");
    assert_eq!(arguments, ["run".to_owned(), "-A".to_owned(), script.clone()]);
    assert_eq!(child.exec_argv, ["run", "-A"]);
    assert_eq!(command("deno", " run --quiet").0[..2], ["run", "--quiet"]);
    assert_eq!(command("bun", "").0, std::slice::from_ref(&script));
    assert_eq!(command("node", " --jitless").0, ["--jitless".to_owned(), script]);
}

fn the_rust_driver_is_its_own_program() {
    let place = Place::new();
    let rust = executable(&place, "rust-driver", &format!("{DESCRIBE} {GOOD}"));
    let drivers = Drivers { script: place.path("none.cjs"), rust: PathBuf::from(&rust) };
    let known = Source::Known;
    let runtime = Runtime::find(&place.host, "rust", &known, &drivers, &Interrupt::new()).unwrap();
    assert_eq!(runtime.command, [rust.as_str()]);
    let child = runtime.child();
    assert_eq!((child.exec_path, child.module_path), (rust, "driver".to_owned()));
    assert!(child.exec_argv.is_empty());
    runtime.check(&place.host, &Interrupt::new()).unwrap();
}
