//! Children that are dropped do not stay zombies for as long as this process lives. One test, since
//! the list of them is that of the whole process.

mod common;

use std::time::{Duration, Instant};

use common::{DEADLINE, children};
use node_channel::{Fork, Stdio};

#[test]
fn dropped_children_are_let_go_when_another_is_started_or_dropped() {
    let start = || Fork::program("true").spawn().unwrap();
    leave_zombies(|fork| drop(fork.spawn().unwrap()));
    let mut next = start();
    assert_eq!(children(), [next.id()]);
    next.wait().unwrap();

    let mut next = start();
    next.wait().unwrap();
    leave_zombies(|fork| drop(fork.spawn().unwrap()));
    drop(next);
    assert_eq!(children(), [] as [u32; 0]);

    #[cfg(feature = "tokio")]
    {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        let _inside = runtime.enter();
        leave_zombies(|fork| drop(fork.spawn_tokio().unwrap()));
        let mut next = start();
        assert_eq!(children(), [next.id()]);
        next.wait().unwrap();
    }
}

/// Starts children, drops them while they run, and returns when they have ended.
fn leave_zombies(start_and_drop: impl Fn(&mut Fork)) {
    const COUNT: usize = 5;
    let (reader, writer) = std::io::pipe().unwrap();
    for _ in 0..COUNT {
        let until_closed = Stdio::Fd(reader.try_clone().unwrap().into());
        start_and_drop(Fork::program("cat").stdio(0, until_closed));
    }
    drop(writer);
    let begun = Instant::now();
    while children().into_iter().filter(|id| is_zombie(*id)).count() < COUNT {
        assert!(begun.elapsed() < DEADLINE, "the children did not end in time");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn is_zombie(id: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    status.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z'))
}
