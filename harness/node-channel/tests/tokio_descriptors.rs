//! No path of the async front end loses a descriptor or a process. One test, since it counts those
//! of the whole process.

mod common;

use std::os::unix::net::UnixStream;
use std::time::Duration;

use common::{DEADLINE, node};
use js_value::Graph;
use node_channel::tokio::Channel;
use node_channel::{SendOptions, Serialization, Signal};
use tokio::runtime::Builder;
use tokio::time::timeout;

#[test]
fn no_descriptor_is_lost() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let before = open_descriptors();
    runtime.block_on(async {
        handles_both_ways().await;
        assert_eq!(open_descriptors(), before, "handles both ways");
        dropped_with_everything_queued().await;
        assert_eq!(open_descriptors(), before, "queued and dropped");
        closed_by_one_half().await;
        assert_eq!(open_descriptors(), before, "closed by one half");
        children_that_end().await;
        assert_eq!(open_descriptors(), before, "children that end");
        assert_eq!(common::children(), [] as [u32; 0]);
    });
    let channels = runtime.block_on(async { Channel::pair(Serialization::Json).unwrap() });
    drop(runtime);
    drop(channels);
    assert!(open_descriptors() < before, "the runtime had some of its own");
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn send(channel: &mut Channel) {
    let stream = UnixStream::pair().unwrap().0;
    channel.send_with(&Graph::from("h"), stream, &SendOptions::default()).unwrap();
}

async fn handles_both_ways() {
    let (mut parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    for _ in 0..50 {
        send(&mut parent);
        send(&mut child);
    }
    for _ in 0..50 {
        assert!(child.recv_message().await.unwrap().unwrap().handle.is_some());
        // The handle is closed.
        assert!(parent.recv().await.unwrap().is_some());
    }
    timeout(DEADLINE, parent.close()).await.unwrap().unwrap();
    assert!(timeout(DEADLINE, child.recv()).await.unwrap().unwrap().is_none());
}

async fn dropped_with_everything_queued() {
    let (mut parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    for _ in 0..10 {
        send(&mut parent);
    }
    assert!(timeout(Duration::from_millis(5), parent.flush()).await.is_err());
    assert!(child.recv().await.unwrap().is_some());
}

async fn closed_by_one_half() {
    let (parent, mut child) = Channel::pair(Serialization::Json).unwrap();
    let (mut sender, mut receiver) = parent.split();
    send(&mut child);
    tokio::task::yield_now().await;
    let receiving = tokio::spawn(async move { while receiver.wait().await.unwrap().is_some() {} });
    tokio::task::yield_now().await;
    let _was_connected = sender.disconnect();
    timeout(DEADLINE, receiving).await.unwrap().unwrap();
}

async fn children_that_end() {
    for silent in [false, true] {
        let mut child = node("echo.js").silent(silent).timeout(DEADLINE).spawn_tokio().unwrap();
        child.channel.send(&Graph::from(1)).unwrap();
        assert!(child.channel.recv().await.unwrap().is_some());
        let process = child.process();
        for _ in 0..3 {
            assert!(timeout(Duration::ZERO, process.wait()).await.is_err());
        }
        assert!(process.kill(Signal::KILL).unwrap());
        assert!(timeout(DEADLINE, child.wait()).await.unwrap().unwrap().signal.is_some());
    }
    // The thread of the time limit has noticed as well, and lets go of the process.
    let ended = async {
        while std::fs::read_dir("/proc/self/task").unwrap().count() > 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(DEADLINE, ended).await.expect("the threads end");
}
