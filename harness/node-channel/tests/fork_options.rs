//! What `Fork` passes on: pipes, time, signals, users.

mod common;

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use common::{DEADLINE, Guard, node, recv, require_node};
use js_value::Graph;
use nix::sys::signal::{SigHandler, signal};
use node_channel::{Blame, Fork, Signal, SpawnError, Stdio};

fn eval(script: &str) -> Fork {
    require_node();
    let mut fork = Fork::program("node");
    fork.exec_arg("-e").arg(script);
    fork
}

fn read(pipe: Option<impl Read>) -> String {
    let mut text = String::new();
    pipe.expect("a pipe").read_to_string(&mut text).unwrap();
    text
}

#[test]
fn silent_makes_pipes_where_nothing_else_is_said() {
    let script = "console.log('out'); console.error('err'); process.stdin.resume()";
    let mut child = Guard::spawn(eval(script).silent(true));
    drop(child.stdin.take().expect("a pipe"));
    assert_eq!(read(child.stdout.take()), "out\n");
    assert_eq!(read(child.stderr.take()), "err\n");
    assert!(child.end().success());

    let mut child = Guard::spawn(eval(script).silent(true).stdio(2, Stdio::Null));
    assert!(child.stderr.is_none() && child.stdin.is_some());
    // Waiting closes stdin, which is what the child waits for.
    assert!(child.end().success());
    assert_eq!(read(child.stdout.take()), "out\n");

    let mut child = Guard::spawn(Fork::program("true").silent(true).channel_at(1));
    assert!(child.stdin.is_some() && child.stdout.is_none() && child.stderr.is_some());
    assert!(child.end().success());
}

#[test]
fn arguments_go_to_the_runtime_and_to_the_module() {
    require_node();
    let mut fork = Fork::program("node");
    fork.exec_args(["--expose-gc", "-e"]).exec_arg("process.send([typeof gc, process.argv[1]])");
    let mut child = Guard::spawn(fork.args(["argument"]));
    assert_eq!(recv(&mut child.channel).as_deref(), Some(r#"["function","argument"]"#));
    assert!(child.end().success());
}

/// Node's names and Node's words; of the module and the folder, which can be more than strings, Node
/// says so.
#[test]
fn a_nul_byte_is_the_callers_fault_and_not_in_the_text() {
    check_nul(&mut Fork::program("a\0b"), "argument 'file'");
    check_nul(&mut Fork::new("a\0b"), "argument 'modulePath'");
    let mut fork = Fork::new("module.js");
    check_nul(fork.args(["x", "a\0b"]), "argument 'args[1]'");
    check_nul(Fork::program("true").exec_arg("a\0b"), "property 'options.execArgv[0]'");
    check_nul(Fork::new("module.js").exec_path("a\0b"), "property 'options.execPath'");
    check_nul(Fork::program("true").current_dir("a\0b"), "property 'options.cwd'");
    check_nul(Fork::program("true").env("A", "a\0b"), "property 'options.env['A']'");
    check_nul(Fork::program("true").env("a\0b", "1"), "property 'options.env['a\\x00b']'");
    check_nul(Fork::program("true").env_remove("a\0b"), "property 'options.env['a\\x00b']'");
}

fn check_nul(fork: &mut Fork, which: &str) {
    let error = fork.spawn().unwrap_err();
    assert!(matches!(&error, SpawnError::NulByte { value, .. } if value == "a\0b"), "{error:?}");
    assert_eq!((error.blame(), error.code()), (Blame::Caller, Some("ERR_INVALID_ARG_VALUE")));
    assert_eq!(error.name(), "TypeError");
    assert_eq!(
        error.to_string(),
        format!("The {which} must be a string without null bytes. Received 'a\\x00b'")
    );
}

#[test]
fn a_timeout_ends_a_child_once_it_is_over() {
    for (signal, chosen) in [(Signal::TERM, None), (Signal::INT, Some(Signal::INT))] {
        let mut fork = node("echo.js");
        fork.timeout(Duration::from_millis(200));
        if let Some(chosen) = chosen {
            fork.kill_signal(chosen);
        }
        let mut child = Guard::spawn(&mut fork);
        assert_eq!(recv(&mut child.channel), None);
        assert_eq!(child.end().signal, Some(signal));
    }
    // One that is in time, and one without a limit.
    for limit in [DEADLINE, Duration::ZERO, Duration::MAX] {
        let mut child = Guard::spawn(node("exit-at-once.js").arg("3").timeout(limit));
        assert_eq!(child.end().code, Some(3));
    }
}

#[test]
fn a_timeout_sends_its_signal_once() {
    let script = "process.on('SIGTERM', () => process.send('ignored')); process.send('ready'); \
                  process.on('message', () => process.exit(4))";
    let mut child = Guard::spawn(eval(script).timeout(Duration::from_millis(700)));
    assert_eq!(recv(&mut child.channel).as_deref(), Some("\"ready\""));
    assert_eq!(recv(&mut child.channel).as_deref(), Some("\"ignored\""));
    std::thread::sleep(Duration::from_millis(50));
    child.channel.send(&Graph::from("leave")).unwrap();
    assert_eq!(recv(&mut child.channel), None);
    assert_eq!(child.end().code, Some(4));
}

#[test]
fn a_process_is_aborted_and_waited_for_on_other_threads() {
    let mut child = Guard::spawn(node("echo.js").kill_signal(Signal::KILL));
    let process = child.process();
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let process = process.clone();
            std::thread::spawn(move || process.wait().unwrap())
        })
        .collect();
    assert!(process.wait_timeout(Duration::from_millis(5)).unwrap().is_none());
    assert_eq!(process.id(), child.id());
    assert!(process.abort().unwrap());
    for waiting in waiting {
        assert_eq!(waiting.join().unwrap().signal, Some(Signal::KILL));
    }
    assert!(!process.abort().unwrap(), "nobody is there");
    assert_eq!(recv(&mut child.channel), None);
}

#[test]
fn a_child_ignores_no_signal_because_its_parent_does() {
    // SAFETY: what is ignored runs no code.
    unsafe { signal(nix::sys::signal::SIGHUP, SigHandler::SigIgn) }.unwrap();
    // Node would heed it in any case.
    let mut child = Guard::spawn(Fork::program("sh").arg("-c").arg("kill -HUP $$"));
    assert_eq!(child.end().signal, Some(Signal::HUP));
}

#[test]
fn a_child_runs_as_another_user() {
    let script = "process.send([process.getuid(), process.getgid(), process.getgroups()])";
    let ids = |fork: &mut Fork| {
        let mut child = Guard::spawn(fork);
        recv(&mut child.channel).unwrap()
    };
    if !rustix::process::geteuid().is_root() {
        for fork in [eval(script).uid(0), eval(script).gid(0)] {
            let error = fork.spawn().unwrap_err();
            assert_eq!(error.to_string(), "spawn node EPERM");
        }
        return;
    }
    // Node lists the group itself as well where there are no others.
    assert_eq!(ids(eval(script).uid(65534).gid(65533)), "[65534,65533,[65533]]");
    assert_eq!(ids(eval(script).gid(65533)), "[0,65533,[65533]]");
    let error = Fork::program("true").uid(u32::MAX).spawn().unwrap_err();
    assert_eq!(error.to_string(), "spawn true EINVAL");

    // A directory that this user may not enter.
    let closed = std::env::temp_dir().join(format!("node-channel-closed-{}", std::process::id()));
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
    let refused = Fork::program("true").uid(65534).current_dir(&closed).spawn();
    std::fs::remove_dir(&closed).unwrap();
    assert_eq!(refused.unwrap_err().to_string(), "spawn true EACCES");
}
