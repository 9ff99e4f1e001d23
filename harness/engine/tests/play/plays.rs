use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use ipc_conformance_engine::history::Ending;
use ipc_conformance_engine::play::PlayError;
use ipc_plan::{Plan, Seen};

use super::host::{GOOD_LOG, Place, Test, is_there, limits, until};

pub(crate) const TESTS: &[Test] = &[
    ("a_parent_that_exits_at_once", a_parent_that_exits_at_once),
    ("the_parent_s_surroundings", the_parent_s_surroundings),
    ("a_parent_killed_by_a_signal", a_parent_killed_by_a_signal),
    ("a_parent_that_hangs", a_parent_that_hangs),
    ("a_detached_grandchild_that_survives", a_detached_grandchild_that_survives),
    ("a_descendant_that_ends_by_itself", a_descendant_that_ends_by_itself),
    ("a_wide_tree_that_ignores_signals", a_wide_tree_that_ignores_signals),
    ("no_log", no_log),
    ("a_log_of_two_processes", a_log_of_two_processes),
    ("a_log_with_garbage", a_log_with_garbage),
    ("a_log_that_is_all_garbage", a_log_that_is_all_garbage),
    ("exit_codes_of_the_contract", exit_codes_of_the_contract),
    ("output_is_cut_in_the_middle", output_is_cut_in_the_middle),
    ("output_that_is_not_utf_8", output_that_is_not_utf_8),
    ("a_missing_program", a_missing_program),
    ("a_folder_that_cannot_be_written", a_folder_that_cannot_be_written),
    ("a_kept_folder", a_kept_folder),
    ("a_supervisor_that_is_none", a_supervisor_that_is_none),
    ("one_supervisor_serves_many_plays", one_supervisor_serves_many_plays),
    ("the_engine_dies", the_engine_dies),
];

fn a_parent_that_exits_at_once() {
    let place = Place::new();
    let history = place.sh(&format!("{GOOD_LOG} echo out; echo err >&2; exit 3"));
    assert_eq!(history.ending, Ending::Exited { code: 3 });
    assert_eq!((history.stdout.as_str(), history.stderr.as_str()), ("out\n", "err\n"));
    assert_eq!(history.parent.len(), 2);
    assert_eq!(history.parent[1].seen, Seen::Mark { name: "here".to_owned() });
    assert!(history.child.is_empty());
    assert!(history.leaked.is_empty() && history.breaches.is_empty(), "{history:?}");
}

fn the_parent_s_surroundings() {
    let mut place = Place::new();
    // The engine's environment and descriptors, with what must not get through.
    let own = std::mem::take(&mut place.host.supervisor);
    let polluted = "export NODE_OPTIONS=--x NODE_CHANNEL_FD=9 NODE_UNIQUE_ID=1 KEPT=yes
        exec 7</dev/null; exec \"$@\"";
    place.host.supervisor = ["/bin/sh", "-c", polluted, "sh"].map(str::to_owned).to_vec();
    place.host.supervisor.extend(own);
    let history = place.sh(&format!(
        "{GOOD_LOG}
        env | grep -E '^(NODE_(OPT|CH|UN)|KEPT|IPC_CONFORMANCE_ROLE)' | sort
        cat \"$IPC_CONFORMANCE_PLAN\"; echo
        readlink /proc/$$/fd/0
        test -d \"$IPC_CONFORMANCE_LOG/signals\" && echo signals
        test -f \"$(pwd)/plan.json\" && echo here
        read pid comm state ppid group rest </proc/$$/stat; test $group = $$ && echo leader
        cd /proc/$$/fd; echo *"
    ));
    let lines: Vec<&str> = history.stdout.lines().collect();
    assert_eq!(lines[..2], ["IPC_CONFORMANCE_ROLE=parent", "KEPT=yes"]);
    let plan: Plan = serde_json::from_str(lines[2]).unwrap();
    let setup = plan.setup.unwrap();
    assert_eq!((setup.settle_ms, setup.patience_ms), (30, 2000));
    assert_eq!(setup.child.exec_path, "/bin/child");
    assert_eq!(lines[3..7], ["/dev/null", "signals", "here", "leader"]);
    // The shell's own descriptors apart.
    let descriptors: Vec<&str> =
        lines[7].split(' ').filter(|fd| !["3", "10"].contains(fd)).collect();
    assert_eq!(descriptors, ["0", "1", "2"]);
    assert!(history.breaches.is_empty(), "{history:?}");
}

fn a_parent_killed_by_a_signal() {
    let history = Place::new().sh(&format!("{GOOD_LOG} kill -SEGV $$"));
    assert_eq!(history.ending, Ending::Signalled { signal: "SIGSEGV".to_owned() });
}

fn a_parent_that_hangs() {
    let place = Place::new();
    let begin = Instant::now();
    let script =
        format!("{GOOD_LOG} echo $$ >>$OUT/pids; trap '' TERM; while :; do sleep 1000; done");
    let history = place.try_sh(&script, &limits(300, 5000)).unwrap();
    assert_eq!(history.ending, Ending::TimedOut { limit_ms: 300 });
    assert_eq!(history.parent.len(), 2, "its log is kept");
    assert_eq!(history.leaked, ["sleep 1000"]);
    assert!(history.breaches.is_empty());
    assert!(
        begin.elapsed().as_millis() < 3000,
        "descendants of a hanging parent are not waited for"
    );
    assert!((300..3000).contains(&history.duration_ms));
    assert!(!is_there(place.pids()[0]));
}

fn a_detached_grandchild_that_survives() {
    let place = Place::new();
    let script = format!(
        "{GOOD_LOG}
        setsid sh -c 'echo $$ >>'$OUT'/pids; trap \"\" HUP TERM; sleep 987; :' &
        (setsid sh -c 'echo $$ >>'$OUT'/pids; exec sleep 654' &)
        until [ $(cat $OUT/pids 2>/dev/null | wc -l) -ge 2 ]; do :; done"
    );
    let history = place.try_sh(&script, &limits(10_000, 200)).unwrap();
    assert_eq!(history.ending, Ending::Exited { code: 0 });
    let mut leaked = history.leaked.clone();
    leaked.sort();
    assert_eq!(leaked.len(), 3, "{leaked:?}");
    assert!(leaked[0].starts_with("sh -c"), "{leaked:?}");
    assert_eq!(leaked[1..], ["sleep 654", "sleep 987"]);
    let pids = place.pids();
    assert_eq!(pids.len(), 2);
    assert!(pids.iter().all(|&pid| !is_there(pid)));
    assert!(history.duration_ms >= 200);
}

fn a_descendant_that_ends_by_itself() {
    let place = Place::new();
    let history =
        place.sh(&format!("{GOOD_LOG} (setsid sh -c 'sleep 0.3; echo late' &); echo early"));
    assert_eq!(history.ending, Ending::Exited { code: 0 });
    assert_eq!(history.stdout, "early\nlate\n");
    assert!(history.leaked.is_empty(), "{:?}", history.leaked);
    assert!((300..4000).contains(&history.duration_ms), "{}", history.duration_ms);
}

fn a_wide_tree_that_ignores_signals() {
    let place = Place::new();
    // Every process starts three, three levels deep, and each level in a session of its own.
    let grow = place.write(
        "grow.sh",
        "trap '' TERM INT HUP; echo $$ >>\"$2/pids\"
        if [ $1 -gt 0 ]; then for i in 1 2 3; do setsid sh $0 $(($1 - 1)) $2 & done; fi
        exec sleep 321",
    );
    let script = format!(
        "{GOOD_LOG} sh {} 3 $OUT & until [ $(cat $OUT/pids | wc -l) -ge 40 ]; do sleep 0.01; done",
        grow.display()
    );
    let history = place.try_sh(&script, &limits(20_000, 50)).unwrap();
    assert_eq!(history.leaked.len(), 40);
    let pids = place.pids();
    assert_eq!(pids.len(), 40);
    assert!(pids.iter().all(|&pid| !is_there(pid)));
}

fn no_log() {
    let history = Place::new().sh("exit 0");
    assert_eq!(history.breaches, ["parent log: was not written"]);
}

fn a_log_of_two_processes() {
    let history = Place::new().sh(&format!(
        r#"{GOOD_LOG}
        for process in one two; do
            log child '{{"seq":0,"t":2,"seen":{{"kind":"started"}}}}'
            log child '{{"seq":1,"t":2,"seen":{{"kind":"done"}}}}'
        done
        "#
    ));
    assert_eq!(history.child.len(), 4);
    assert!(history.breaches.is_empty(), "{history:?}");
}

fn a_log_with_garbage() {
    let history = Place::new().sh(&format!(
        r#"{GOOD_LOG}
        log parent 'what is this'
        log parent '{{"seq":3,"t":2,"seen":{{"kind":"done"}}}}'
        log parent '{{"seq":5,"t":2,"seen":{{"kind":"done"}}}}'
        log parent '{{"seq":6,"t":2,"seen":{{"kind":"mystery"}}}}'
        log child '{{"seq":0,"t":2,"seen":{{"kind":"done"}}}}'
        printf '{{"seq":1,"t":2,"se' >>"$IPC_CONFORMANCE_LOG/child.jsonl"
        "#
    ));
    assert_eq!(history.parent.len(), 4, "what can be read is kept");
    assert_eq!(history.child.len(), 1);
    let expected = [
        "parent log: line 3: expected value at line 1 column 1: what is this",
        "parent log: line 5: seq 5 in place of 4",
        "parent log: line 6: unknown variant `mystery`",
        "child log: line 2 (cut off): EOF while parsing a string",
        "child log: the first record is not `started`",
    ];
    assert_eq!(history.breaches.len(), expected.len(), "{:#?}", history.breaches);
    for (breach, start) in history.breaches.iter().zip(expected) {
        assert!(breach.starts_with(start), "{breach}");
    }
}

fn a_log_that_is_all_garbage() {
    let history = Place::new().sh(
        "head -c 300000 /dev/urandom | tr '\\0' '\\n' >$IPC_CONFORMANCE_LOG/parent.jsonl
        printf '\\377\\376' >$IPC_CONFORMANCE_LOG/child.jsonl
        mkdir $IPC_CONFORMANCE_LOG/x",
    );
    assert!(history.parent.is_empty() && history.child.is_empty());
    assert!((3..30).contains(&history.breaches.len()), "{}", history.breaches.len());
    assert!(history.breaches.iter().all(|breach| breach.len() < 2000));
    // A folder where a file belongs.
    let history = Place::new().sh("mkdir $IPC_CONFORMANCE_LOG/parent.jsonl");
    assert!(history.breaches[0].starts_with("parent log: cannot be read"), "{history:?}");
}

fn exit_codes_of_the_contract() {
    let place = Place::new();
    let breaches = |script: &str| place.sh(script).breaches;
    assert_eq!(breaches("exit 85"), ["parent: exited with 85: it cannot read the plan"]);
    let refusal =
        r#"log parent '{"seq":2,"t":3,"seen":{"kind":"unsupported","step":"a","reason":"b"}}'"#;
    assert!(breaches(&format!("{GOOD_LOG} {refusal}; exit 86")).is_empty());
    assert!(breaches(&format!("{GOOD_LOG} {refusal}; exit 0"))[0].contains("did not exit with 86"));
    let child = r#"log parent '{"seq":2,"t":3,"seen":{"kind":"event","event":"exit","arguments":[85,null]}}'"#;
    assert_eq!(
        breaches(&format!("{GOOD_LOG} {child}")),
        ["child: exited with 85: it cannot read the plan"]
    );
}

fn output_is_cut_in_the_middle() {
    let place = Place::new();
    let print = |bytes: u32| {
        let script = format!("printf first; head -c {bytes} /dev/zero | tr '\\0' x; printf last");
        place.sh(&script).stdout
    };
    assert_eq!(print(2048).len(), 2048 + 9);
    assert_eq!(print(65536 - 9).len(), 65536);
    let long = print(1 << 20);
    assert!(long.starts_with("firstx") && long.ends_with("xlast"));
    assert!(long.contains("\n[… 983049 bytes cut …]\n"), "{}", &long[32700..32900]);
    assert!(long.len() < 66_000);
}

fn output_that_is_not_utf_8() {
    let history = Place::new().sh("printf 'a\\377b'; printf '\\303' >&2");
    assert_eq!((history.stdout.as_str(), history.stderr.as_str()), ("a\u{fffd}b", "\u{fffd}"));
}

fn a_missing_program() {
    let place = Place::new();
    let mut pairing = place.pairing("", &limits(5000, 100));
    pairing.parent = vec!["/nowhere/node".to_owned()];
    let history = ipc_conformance_engine::play::play(
        &place.host,
        &super::host::plan("missing"),
        &pairing,
        &Default::default(),
    )
    .unwrap();
    let Ending::NotStarted { error } = &history.ending else { panic!("{history:?}") };
    assert!(error.contains("/nowhere/node") && error.contains("No such file"), "{error}");
    assert!(history.breaches.is_empty(), "it is no breach of the driver");
}

fn a_folder_that_cannot_be_written() {
    let mut place = Place::new();
    let file = place.write("file", "");
    place.host.temp = Some(file.clone());
    let error = place.try_sh("", &limits(1000, 100)).unwrap_err();
    assert!(matches!(error, PlayError::Folder { .. }), "{error}");
    assert!(error.to_string().contains("TMPDIR"), "{error}");
    place.host.temp = Some(place.path("nowhere"));
    assert!(matches!(place.try_sh("", &limits(1000, 100)), Err(PlayError::Folder { .. })));
}

fn a_kept_folder() {
    let mut place = Place::new();
    let keep = place.path("keep/these");
    place.host.keep = Some(keep.clone());
    place.sh(&format!("{GOOD_LOG} echo out"));
    place.sh("");
    let kept: Vec<_> = fs::read_dir(&keep).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|path| path.to_str().unwrap().contains("/test-sh-sh.")), "{kept:?}");
    assert!(kept.iter().any(|path| fs::read_to_string(path.join("stdout")).unwrap() == "out\n"));
    assert!(kept.iter().all(|path| path.join("plan.json").exists()));
}

fn a_supervisor_that_is_none() {
    let mut place = Place::new();
    let attempt = |place: &Place| place.try_sh("", &limits(1000, 100)).unwrap_err().to_string();
    place.host.supervisor = vec!["/nowhere/supervisor".to_owned()];
    assert!(attempt(&place).contains("start the supervisor /nowhere/supervisor"));
    place.host.supervisor = Vec::new();
    assert!(attempt(&place).contains("start the supervisor"));
    place.host.supervisor = ["/bin/sh", "-c", "echo no >&2; exit 7"].map(str::to_owned).to_vec();
    let error = attempt(&place);
    assert!(error.contains("exit status: 7") && error.ends_with("no"), "{error}");
    place.host.supervisor = vec!["/bin/cat".to_owned()];
    place.host.supervisor.push("/dev/null".to_owned());
    assert!(attempt(&place).contains("printed nothing"));
}

fn one_supervisor_serves_many_plays() {
    let place = Place::new();
    let serves = || {
        let history = place.try_sh("echo $PPID; sleep 500 & exit 3", &limits(5000, 100)).unwrap();
        assert_eq!((history.ending, history.leaked.len()), (Ending::Exited { code: 3 }, 1));
        history.stdout.trim_end().parse().unwrap()
    };
    let first: u32 = serves();
    assert_eq!(serves(), first);
    let kill = format!("kill -9 {first} && until grep ') Z' /proc/{first}/stat; do :; done");
    assert!(Command::new("/bin/sh").args(["-c", &kill]).output().unwrap().status.success());
    let second = serves();
    assert_ne!(second, first, "one that is gone is replaced");
    assert!(is_there(second));
    drop(place);
    assert!(!is_there(second), "it ends with the host");
}

/// The supervisor sees the end of its stdin, and nothing else, when the engine is killed.
fn the_engine_dies() {
    let place = Place::new();
    let script = "echo $$ >>pids; setsid sh -c 'echo $$ >>pids; sleep 500' & sleep 500";
    let order = serde_json::json!({
        "command": ["/bin/sh", "-c", script],
        "folder": place.path(""),
        "env": {},
        "limit_ms": 60_000,
        "linger_ms": 60_000,
    });
    let mut supervisor = Command::new(&place.host.supervisor[0])
        .arg("supervise")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = supervisor.stdin.take().unwrap();
    writeln!(stdin, "{order}").unwrap();
    let pids = place.wait_for_pids(2);
    assert!(pids.iter().all(|&pid| is_there(pid)));
    drop(stdin);
    let begin = Instant::now();
    supervisor.wait().unwrap();
    assert!(begin.elapsed().as_secs() < 3);
    until(|| pids.iter().all(|&pid| !is_there(pid)));
}
