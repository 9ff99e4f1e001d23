//! Rust as parent of real Node children.

mod common;

use std::io::Read;
use std::time::Duration;

use common::{DEADLINE, Guard, node, recv, require_node, text, value};
use js_value::{Graph, Kind, Object, Value, ViewClass};
use node_channel::{BACKLOG_THRESHOLD, Event, Fork, SendError, Serialization, Signal, Stdio};

#[test]
fn a_worker_reports_progress_and_a_result() {
    let mut worker = Guard::spawn(&mut node("worker.js"));
    let ready = recv(&mut worker.channel).unwrap();
    assert_eq!(ready, format!("{{\"type\":\"ready\",\"pid\":{}}}", worker.id()));
    worker.channel.send(&value(r#"{"type":"start","steps":2,"input":[1,2,3.5]}"#)).unwrap();
    worker.channel.send(&value(r#"{"type":"dance"}"#)).unwrap();
    worker.channel.send(&value(r#"{"type":"start"}"#)).unwrap();
    let mut answers: Vec<String> = (0..5).map(|_| recv(&mut worker.channel).unwrap()).collect();
    // The two refusals may overtake the progress of the job.
    answers.sort();
    assert_eq!(
        answers,
        [
            r#"{"type":"error","message":"start needs an input of numbers"}"#,
            r#"{"type":"error","message":"unknown message type: \"dance\""}"#,
            r#"{"type":"progress","step":1,"steps":2}"#,
            r#"{"type":"progress","step":2,"steps":2}"#,
            r#"{"type":"result","sum":6.5}"#,
        ]
    );
    worker.channel.send(&value(r#"{"type":"stop"}"#)).unwrap();
    assert_eq!(recv(&mut worker.channel), None);
    assert!(!worker.channel.connected());
    assert_eq!(worker.channel.send(&Graph::from(1.0)), Err(SendError::Closed));
    assert!(worker.end().success());
}

#[test]
fn values_come_back_as_they_went() {
    let mut echo = Guard::spawn(&mut node("echo.js"));
    for line in [
        "null",
        "true",
        "-1.5",
        "\"\"",
        "[]",
        "{}",
        r#"[1,[2,[3,{"a":null}]]]"#,
        r#"{"b":1,"a":{"10":1,"é":"\u0000\n\"\\"}}"#,
        "\"\u{1f600}\u{2028}\u{feff}\"",
        r#""\ud800""#,
        r#"{"cmd":"NODE_"}"#,
    ] {
        echo.channel.send(&value(line)).unwrap();
        assert_eq!(recv(&mut echo.channel).as_deref(), Some(text(&value(line)).as_str()));
    }
    let big = Graph::from("é".repeat(3_000_000).as_str());
    assert!(!echo.channel.send(&big).unwrap().accepted);
    assert_eq!(recv(&mut echo.channel), Some(text(&big)));
    echo.channel.disconnect().unwrap();
    assert!(echo.end().success());
}

#[test]
fn clones_come_back_as_they_went() {
    let mut echo = Guard::spawn(node("echo.js").serialization(Serialization::Advanced));
    let mut message = Graph::default();
    let bytes = vec![7; 3_000_000].into();
    let buffer = message.add(Object::new(Kind::View { class: ViewClass::Buffer, bytes }));
    let date = message.add(Object::new(Kind::Date(5.0)));
    let entries = [("b", buffer.into()), ("d", date.into()), ("u", Value::Undefined)];
    let root = message.add_object(entries);
    message.set_root(root);
    echo.channel.send(&message).unwrap();
    let found = echo.channel.recv_timeout(DEADLINE).unwrap().unwrap();
    let kind =
        |graph: &Graph, key| graph.view().get(key).unwrap().as_object().unwrap().kind.clone();
    assert_eq!(kind(&found, "b"), kind(&message, "b"));
    assert_eq!(kind(&found, "d"), kind(&message, "d"));
    assert!(found.view().get("u").unwrap().is_undefined());
    for number in 0..2000 {
        echo.channel.send(&Graph::from(number)).unwrap();
    }
    for number in 0..2000 {
        let found = echo.channel.recv_timeout(DEADLINE).unwrap().unwrap();
        assert_eq!(found.view().as_f64(), Some(f64::from(number)));
    }
    echo.channel.disconnect().unwrap();
    assert!(echo.end().success());
}

#[test]
fn a_flood_arrives_whole_and_in_order() {
    let mut flood = Guard::spawn(node("flood.js").arg("20000"));
    for number in 0..20_000 {
        assert_eq!(recv(&mut flood.channel), Some(format!("{{\"n\":{number}}}")));
    }
    assert_eq!(recv(&mut flood.channel), None);
    assert!(flood.end().success());
}

#[test]
fn small_messages_before_disconnect_arrive() {
    let script = "let n = 0; process.on('message', () => n++); process.on('disconnect', () => process.exit(n))";
    let mut child = Guard::spawn(node_eval().arg(script));
    for _ in 0..100 {
        assert!(child.channel.send(&Graph::from(1.0)).unwrap().accepted);
    }
    child.channel.disconnect().unwrap();
    assert_eq!(child.end().code, Some(100));
}

#[test]
fn close_delivers_what_disconnect_would_drop() {
    let script = "let n = 0; process.on('message', m => n += m.length); \
                  process.on('disconnect', () => process.exit(n === 4e6 ? 7 : 8))";
    let mut child = Guard::spawn(node_eval().arg(script));
    for _ in 0..4 {
        child.channel.send(&Graph::from("x".repeat(1_000_000).as_str())).unwrap();
    }
    child.channel.close(Some(DEADLINE)).unwrap();
    assert!(!child.channel.connected());
    assert_eq!(child.end().code, Some(7));
}

#[test]
fn exit_codes_and_signals() {
    let mut child = Guard::spawn(node("exit-at-once.js").arg("9"));
    assert_eq!(recv(&mut child.channel), None);
    let status = child.end();
    assert_eq!((status.code, status.signal), (Some(9), None));
    assert!(!child.kill(Signal::TERM).unwrap(), "nobody is there");

    let mut child = Guard::spawn(&mut node("echo.js"));
    assert!(child.kill(Signal::TERM).unwrap());
    assert!(child.channel.connected(), "until the end is read");
    assert_eq!(recv(&mut child.channel), None);
    let status = child.end();
    assert_eq!((status.code, status.signal), (None, Some(Signal::TERM)));
    assert_eq!(status.to_string(), "signal SIGTERM");
}

/// Stops the child, however long this takes on a busy machine.
fn stop(child: &mut Guard) {
    child.kill(Signal::STOP).unwrap();
    let stat = format!("/proc/{}/stat", child.id());
    while !std::fs::read_to_string(&stat).unwrap().contains(") T ") {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn check_backlog(target: usize, accepted: bool) {
    let mut slow = Guard::spawn(node("slow-reader.js").arg("100"));
    assert_eq!(recv(&mut slow.channel).as_deref(), Some("\"blocked\""));
    stop(&mut slow);
    let filler = Graph::from("x".repeat(997).as_str());
    let mut bytes = 0;
    let mut sent = 0;
    while !slow.channel.wants_write() {
        assert!(slow.channel.send(&filler).unwrap().accepted);
        (bytes, sent) = (bytes + 999, sent + 1);
    }
    let missing = target - slow.channel.queued_bytes();
    let receipt = slow.channel.send(&Graph::from("x".repeat(missing - 3).as_str())).unwrap();
    (bytes, sent) = (bytes + missing - 1, sent + 1);
    assert_eq!(slow.channel.queued_bytes(), target, "the child has read too early");
    assert_eq!(receipt.accepted, accepted);
    assert_eq!(receipt.id.number(), sent - 1);
    assert!(slow.channel.is_referenced());

    slow.kill(Signal::CONT).unwrap();
    slow.channel.send(&Graph::from("report")).unwrap();
    let mut completed = 0;
    let answer = loop {
        match slow.channel.wait(Some(DEADLINE)).unwrap().expect("connected") {
            Event::Sent { id, result: Ok(()) } => {
                assert_eq!(id.number(), completed);
                completed += 1;
            }
            Event::Message(message) => break text(&message.value),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(completed, sent + 1);
    assert_eq!(answer, format!("{{\"count\":{sent},\"bytes\":{bytes}}}"));
    assert!(slow.channel.send(&filler).unwrap().accepted, "the backlog is gone");
}

#[test]
fn the_backlog_of_a_slow_reader() {
    check_backlog(BACKLOG_THRESHOLD - 1, true);
    check_backlog(BACKLOG_THRESHOLD, false);
}

#[test]
fn send_never_blocks_and_death_is_reported() {
    let mut slow = Guard::spawn(node("slow-reader.js").arg("60000"));
    assert_eq!(recv(&mut slow.channel).as_deref(), Some("\"blocked\""));
    let big = Graph::from("x".repeat(1_000_000).as_str());
    for _ in 0..3 {
        assert!(!slow.channel.send(&big).unwrap().accepted);
    }
    slow.kill(Signal::KILL).unwrap();
    let mut unsent = 0;
    loop {
        match slow.channel.wait(Some(DEADLINE)).unwrap().expect("the disconnect comes first") {
            Event::Sent { result, .. } => unsent += usize::from(result.is_err()),
            Event::Disconnected => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(unsent, 3);
    assert!(slow.channel.wait(None).unwrap().is_none());
}

#[test]
fn an_uncaught_exception_is_the_end_of_the_child() {
    let script = "process.on('message', () => { throw new Error('boom') })";
    let mut child = Guard::spawn(node_eval().arg(script).stdio(2, Stdio::Null));
    child.channel.send(&Graph::from(1.0)).unwrap();
    assert_eq!(recv(&mut child.channel), None);
    assert_eq!(child.end().code, Some(1));
}

#[test]
fn pipes_and_environment() {
    let script = "const fs = require('fs'); fs.writeSync(5, 'five ' + fs.readFileSync(0)); \
                  process.stdout.write([process.env.A, process.env.B, process.env.NODE_CHANNEL_FD].join()); \
                  process.send(process.cwd())";
    let mut fork = node_eval();
    fork.arg(script)
        .env("A", "1")
        .env("B", "2")
        .env_remove("B")
        .env("NODE_CHANNEL_FD", "77")
        .current_dir("/")
        .stdio(0, Stdio::Pipe)
        .stdio(1, Stdio::Pipe)
        .stdio(5, Stdio::Pipe)
        .channel_at(4);
    let mut child = Guard::spawn(&mut fork);
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"in").unwrap();
    assert_eq!(recv(&mut child.channel).as_deref(), Some("\"/\""));
    let mut output = String::new();
    child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    assert_eq!(output, "1,,");
    let mut five = String::new();
    child.pipes.remove(&5).unwrap().read_to_string(&mut five).unwrap();
    assert_eq!(five, "five in");
    assert!(child.end().success());
}

#[test]
fn a_detached_child_leads_its_own_session() {
    let script = "const stat = require('fs').readFileSync('/proc/self/stat', 'latin1'); \
                  process.send(stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(2, 4).map(Number))";
    let mut child = Guard::spawn(node_eval().arg(script).detached(true));
    let id = child.id();
    assert_eq!(recv(&mut child.channel), Some(format!("[{id},{id}]")));
}

fn node_eval() -> Fork {
    require_node();
    let mut fork = Fork::program("node");
    fork.exec_arg("-e");
    fork
}
