use std::fs;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ipc_conformance_engine::history::Ending;
use ipc_conformance_engine::play::{Interrupt, Job, Pairing, PlayError, Pool, Stopped, play};

use super::host::{GOOD_LOG, Place, Test, is_there, limits, plan};

pub(crate) const TESTS: &[Test] = &[
    ("a_pool_plays_every_job", a_pool_plays_every_job),
    ("a_pool_reports_each_result_with_its_job", a_pool_reports_each_result_with_its_job),
    ("a_play_that_waits_holds_no_other_up", a_play_that_waits_holds_no_other_up),
    ("a_play_that_works_lets_no_other_begin", a_play_that_works_lets_no_other_begin),
    ("a_pool_without_jobs", a_pool_without_jobs),
    ("a_pool_that_has_seen_enough", a_pool_that_has_seen_enough),
    ("an_interrupt_leaves_nothing_behind", an_interrupt_leaves_nothing_behind),
    ("an_interrupt_before_a_play", an_interrupt_before_a_play),
    ("a_callback_that_panics", a_callback_that_panics),
];

fn pool(place: &Place, jobs: usize, interrupt: &Interrupt) -> Pool {
    Pool { host: place.host.clone(), jobs, interrupt: interrupt.clone() }
}

fn run(pool: &Pool, pairings: &[Pairing]) -> (Stopped, Vec<(usize, Ending)>) {
    let plan = plan("pool");
    let jobs: Vec<Job<'_>> = pairings.iter().map(|pairing| Job { plan: &plan, pairing }).collect();
    let mut results = Vec::new();
    let stopped = pool.run(&jobs, |index, result| {
        results.push((index, result.unwrap().ending));
        ControlFlow::Continue(())
    });
    (stopped, results)
}

fn exits(place: &Place, count: usize) -> Vec<Pairing> {
    (0..count)
        .map(|n| place.pairing(&format!("{GOOD_LOG} exit {n}"), &limits(10_000, 100)))
        .collect()
}

/// In which order the plays end of which the first is this script, and two exit at once.
fn order_beside(script: &str, jobs: usize) -> Vec<usize> {
    let place = Place::new();
    let mut pairings = exits(&place, 2);
    pairings.insert(0, place.pairing(script, &limits(10_000, 100)));
    let (_, results) = run(&pool(&place, jobs, &Interrupt::new()), &pairings);
    results.into_iter().map(|(index, _)| index).collect()
}

fn a_pool_plays_every_job() {
    let place = Place::new();
    for jobs in [0, 1, 3, 50] {
        let pool = pool(&place, jobs, &Interrupt::new());
        let (stopped, mut results) = run(&pool, &exits(&place, 12));
        assert_eq!(stopped, Stopped::Finished);
        if jobs <= 1 {
            assert!(results.is_sorted_by_key(|(index, _)| *index), "one after the other");
        }
        results.sort_by_key(|(index, _)| *index);
        let expected: Vec<_> = (0..12).map(|n| (n, Ending::Exited { code: n as i32 })).collect();
        assert_eq!(results, expected);
    }
}

fn a_pool_reports_each_result_with_its_job() {
    let mut order = order_beside("sleep 1", 2);
    // Those two go on at the same time.
    order[..2].sort_unstable();
    assert_eq!(order, [1, 2, 0], "as they come");
}

fn a_play_that_waits_holds_no_other_up() {
    let expected = [1, 2, 0];
    assert_eq!(order_beside("sleep 4", 1), expected, "one began beside it, another after that");
}

fn a_play_that_works_lets_no_other_begin() {
    let busy = "timeout 2 sh -c 'while :; do :; done'";
    assert_eq!(order_beside(busy, 1), [0, 1, 2], "however long it goes on");
}

fn a_pool_without_jobs() {
    let place = Place::new();
    assert_eq!(run(&pool(&place, 4, &Interrupt::new()), &[]), (Stopped::Finished, Vec::new()));
}

fn a_pool_that_has_seen_enough() {
    let place = Place::new();
    let mut pairings = exits(&place, 1);
    for _ in 0..8 {
        pairings.push(hanging(&place));
    }
    let plan = plan("enough");
    let jobs: Vec<Job<'_>> = pairings.iter().map(|pairing| Job { plan: &plan, pairing }).collect();
    let interrupt = Interrupt::new();
    let begin = Instant::now();
    let mut seen = 0;
    let stopped = pool(&place, 3, &interrupt).run(&jobs, |_, _| {
        seen += 1;
        ControlFlow::Break(())
    });
    assert_eq!((stopped, seen), (Stopped::Enough, 1));
    assert!(!interrupt.is_set(), "the caller's flag is the caller's");
    assert!(begin.elapsed() < Duration::from_secs(10));
    assert_gone(&place);
}

fn an_interrupt_leaves_nothing_behind() {
    let place = Place::new();
    let mut pairings = exits(&place, 1);
    for _ in 0..8 {
        pairings.push(hanging(&place));
    }
    let flag = Arc::new(AtomicBool::new(false));
    let interrupt = Interrupt::from(flag.clone());
    // Each play is of two processes.
    let pids = 2 * Pool::at_a_time(2);
    let (stopped, results) = thread::scope(|scope| {
        scope.spawn(|| {
            place.wait_for_pids(pids);
            flag.store(true, Ordering::Relaxed);
        });
        run(&pool(&place, 2, &interrupt), &pairings)
    });
    assert_eq!(stopped, Stopped::Interrupted);
    assert_eq!(results, [(0, Ending::Exited { code: 0 })], "finished results are kept");
    assert_eq!(place.pids().len(), pids, "nothing was started after it");
    assert_gone(&place);
}

fn an_interrupt_before_a_play() {
    let place = Place::new();
    let interrupt = Interrupt::new();
    interrupt.set();
    let result = play(&place.host, &plan("x"), &hanging(&place), &interrupt);
    assert!(matches!(result, Err(PlayError::Interrupted)));
    assert_eq!(run(&pool(&place, 2, &interrupt), &exits(&place, 2)).0, Stopped::Interrupted);
    let narrower = Interrupt::new().narrower();
    assert!(!narrower.is_set() && interrupt.narrower().is_set());
}

fn a_callback_that_panics() {
    let place = Place::new();
    let pairings = [exits(&place, 1).remove(0), hanging(&place), hanging(&place)];
    let plan = plan("panic");
    let jobs: Vec<Job<'_>> = pairings.iter().map(|pairing| Job { plan: &plan, pairing }).collect();
    let pool = pool(&place, 2, &Interrupt::new());
    let caught = std::panic::catch_unwind(|| {
        pool.run(&jobs, |_, _| std::panic::resume_unwind(Box::new("as the test wants it")))
    });
    assert!(caught.is_err());
    assert_gone(&place);
}

/// Two processes that stay, one of them in a session of its own.
fn hanging(place: &Place) -> Pairing {
    let script = format!(
        "{GOOD_LOG} echo $$ >>$OUT/pids; setsid sh -c 'echo $$ >>'$OUT'/pids; sleep 500' & wait"
    );
    place.pairing(&script, &limits(120_000, 120_000))
}

fn assert_gone(place: &Place) {
    assert!(place.pids().iter().all(|&pid| !is_there(pid)));
    assert_eq!(fs::read_dir(place.path("plays")).unwrap().count(), 0);
}
