//! Real Node children through the async front end.

mod common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use common::{DEADLINE, node, text};
use js_value::Graph;
use node_channel::tokio::{Child, Process};
use node_channel::{Fork, SendOptions, Serialization, Signal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// Ends the process of a test that failed.
struct Ended(Process);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ended = self.0.kill(Signal::KILL);
    }
}

fn spawn(fork: &mut Fork) -> (Child, Ended) {
    let child = fork.spawn_tokio().unwrap();
    let ended = Ended(child.process());
    (child, ended)
}

fn eval(script: &str) -> Fork {
    common::require_node();
    let mut fork = Fork::program("node");
    fork.exec_arg("-e").arg(script);
    fork
}

async fn recv(child: &mut Child) -> Option<String> {
    let message = timeout(DEADLINE, child.channel.recv()).await.expect("a message in time");
    message.unwrap().as_ref().map(text)
}

#[tokio::test]
async fn a_child_echoes_and_ends() {
    for serialization in [Serialization::Json, Serialization::Advanced] {
        let (mut child, _ended) = spawn(node("echo.js").serialization(serialization));
        for number in 0..200 {
            child.channel.send(&Graph::from(number)).unwrap();
            assert_eq!(recv(&mut child).await, Some(number.to_string()));
        }
        assert!(child.try_wait().unwrap().is_none());
        let big = Graph::from("é".repeat(2_000_000).as_str());
        assert!(!child.channel.send(&big).unwrap().accepted);
        assert_eq!(recv(&mut child).await.map(|text| text.len()), Some(4_000_002));
        timeout(DEADLINE, child.channel.close()).await.unwrap().unwrap();
        let status = timeout(DEADLINE, child.wait()).await.expect("in time").unwrap();
        assert!(status.success(), "{status}");
        assert_eq!(child.try_wait().unwrap(), Some(status));
        assert!(!child.kill(Signal::TERM).unwrap(), "nobody is there");
    }
}

#[tokio::test]
async fn several_tasks_wait_for_the_end_of_a_killed_child() {
    let (child, ended) = spawn(&mut node("echo.js"));
    let (_sender, mut receiver) = child.channel.split();
    let waits: Vec<_> = (0..3)
        .map(|_| {
            let process = ended.0.clone();
            tokio::spawn(async move { process.wait().await.unwrap() })
        })
        .collect();
    assert!(timeout(Duration::from_millis(20), ended.0.wait()).await.is_err());
    assert!(ended.0.abort().unwrap());
    for wait in waits {
        let status = timeout(DEADLINE, wait).await.expect("in time").unwrap();
        assert_eq!((status.code, status.signal), (None, Some(Signal::TERM)));
    }
    assert!(timeout(DEADLINE, receiver.recv()).await.unwrap().unwrap().is_none());
}

#[tokio::test]
async fn a_silent_child_has_pipes() {
    let script = "process.stdin.on('data', (data) => { process.stdout.write('out ' + data); \
                  process.stderr.write('err'); }).on('end', () => process.disconnect()); \
                  process.on('message', () => {});";
    let (mut child, _ended) = spawn(eval(script).silent(true));
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"in").await.unwrap();
    drop(stdin);
    let (mut out, mut err) = (String::new(), String::new());
    child.stdout.take().unwrap().read_to_string(&mut out).await.unwrap();
    child.stderr.take().unwrap().read_to_string(&mut err).await.unwrap();
    assert_eq!((out.as_str(), err.as_str()), ("out in", "err"));
    assert!(timeout(DEADLINE, child.wait()).await.unwrap().unwrap().success());
}

#[tokio::test]
async fn a_timeout_kills_with_the_chosen_signal() {
    let (mut child, _ended) =
        spawn(node("echo.js").timeout(Duration::from_millis(300)).kill_signal(Signal::KILL));
    let status = timeout(DEADLINE, child.wait()).await.expect("in time").unwrap();
    assert_eq!(status.signal, Some(Signal::KILL));
}

#[tokio::test]
async fn handles_go_to_node_and_back() {
    for serialization in [Serialization::Json, Serialization::Advanced] {
        let (mut child, _ended) = spawn(node("handles.js").serialization(serialization));
        let served = format!("served by {}", child.id());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        child.channel.send_with(&Graph::from("serve"), listener, &SendOptions::default()).unwrap();
        assert_eq!(recv(&mut child).await.as_deref(), Some("\"serving\""));
        let connecting = tokio::task::spawn_blocking(move || {
            let mut found = String::new();
            TcpStream::connect(address).unwrap().read_to_string(&mut found).unwrap();
            found
        });
        assert_eq!(timeout(DEADLINE, connecting).await.unwrap().unwrap(), served);

        child.channel.send(&common::value(r#"{"give":"net.Server"}"#)).unwrap();
        let message = timeout(DEADLINE, child.channel.recv_message()).await.unwrap();
        let handle = message.unwrap().unwrap().handle.unwrap();
        let listener = TcpListener::try_from(handle).unwrap();
        // Node's copy is gone with Node: what is accepted is accepted here.
        assert!(child.kill(Signal::KILL).unwrap());
        timeout(DEADLINE, child.wait()).await.expect("in time").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let (mut accepted, _from) = timeout(DEADLINE, listener.accept()).await.unwrap().unwrap();
        client.write_all(b"hi").unwrap();
        let mut hi = [0; 2];
        accepted.read_exact(&mut hi).await.unwrap();
        assert_eq!(&hi, b"hi");
    }
}

#[tokio::test]
async fn starting_fails_as_with_the_blocking_front_end() {
    let error = Fork::program("/nonexistent/program").spawn_tokio().unwrap_err();
    assert_eq!(
        (error.code(), error.to_string()),
        (Some("ENOENT"), "spawn /nonexistent/program ENOENT".to_owned(),)
    );
}

#[test]
fn outside_a_runtime_no_process_is_left_behind() {
    common::require_node();
    let error = node("echo.js").spawn_tokio().unwrap_err();
    assert!(error.to_string().starts_with("tokio: "), "{error}");
    assert_eq!(common::children(), [] as [u32; 0]);
}
