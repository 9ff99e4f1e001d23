//! What all tests here need: a folder, scripts in it, and a way to see processes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ipc_conformance_engine::history::History;
use ipc_conformance_engine::play::{Crew, Host, Interrupt, Limits, Pairing, PlayError, play};
use ipc_plan::{ChildCommand, Link, PROTOCOL, Plan, RolePlan, Serialization};
use tempfile::TempDir;

/// A test and its name.
pub(crate) type Test = (&'static str, fn());

/// A folder for one test.
pub(crate) struct Place {
    folder: TempDir,
    /// Plays go into a folder below.
    pub(crate) host: Host,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let temp = folder.path().join("plays");
        fs::create_dir(&temp).unwrap();
        let own = std::env::current_exe().unwrap().to_str().unwrap().to_owned();
        let itself = |word: &str| vec![own.clone(), word.to_owned()];
        let host = Host {
            supervisor: itself("supervise"),
            crew: Crew::default(),
            raw_peer: itself("raw-peer"),
            relay: own.clone(),
            decode: None,
            temp: Some(temp),
            keep: None,
        };
        Self { folder, host }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file and gives its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Plays a shell script as the parent.
    pub(crate) fn sh(&self, script: &str) -> History {
        self.try_sh(script, &limits(10_000, 5_000)).unwrap()
    }

    pub(crate) fn try_sh(&self, script: &str, limits: &Limits) -> Result<History, PlayError> {
        let history =
            play(&self.host, &plan("test"), &self.pairing(script, limits), &Interrupt::new());
        if self.host.keep.is_none() {
            let left = fs::read_dir(self.path("plays")).unwrap().count();
            assert_eq!(left, 0, "folders of plays are removed");
        }
        history
    }

    /// `$OUT` in the script is this test's folder.
    pub(crate) fn pairing(&self, script: &str, limits: &Limits) -> Pairing {
        let script = format!("OUT='{}'\n{script}", self.folder.path().display());
        Pairing {
            name: "sh:sh".to_owned(),
            parent: ["/bin/sh", "-c", &script].map(str::to_owned).to_vec(),
            child: ChildCommand {
                exec_path: "/bin/child".to_owned(),
                exec_argv: vec!["-x".to_owned()],
                module_path: "module".to_owned(),
                spawn: false,
            },
            limits: limits.clone(),
            tapped: false,
        }
    }

    /// Pids that scripts have appended to `$OUT/pids`.
    pub(crate) fn pids(&self) -> Vec<u32> {
        let text = fs::read_to_string(self.path("pids")).unwrap_or_default();
        text.lines().filter_map(|line| line.parse().ok()).collect()
    }

    /// Waits until scripts have written that many pids.
    pub(crate) fn wait_for_pids(&self, count: usize) -> Vec<u32> {
        until(|| self.pids().len() >= count);
        self.pids()
    }
}

pub(crate) fn limits(limit_ms: u64, linger_ms: u64) -> Limits {
    Limits {
        settle: Duration::from_millis(30),
        patience: Duration::from_millis(2000),
        linger: Duration::from_millis(linger_ms),
        limit: Duration::from_millis(limit_ms),
    }
}

pub(crate) fn plan(id: &str) -> Plan {
    Plan {
        protocol: PROTOCOL,
        id: id.to_owned(),
        link: Link::Pair,
        serialization: Serialization::Json,
        parent: RolePlan::default(),
        child: RolePlan::default(),
        schedule: None,
        setup: None,
    }
}

pub(crate) fn until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub(crate) fn is_there(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

/// Shell commands that write a log of two records.
pub(crate) const GOOD_LOG: &str = r#"
log() { echo "$2" >>"$IPC_CONFORMANCE_LOG/$1.jsonl"; }
log parent '{"seq":0,"t":1,"seen":{"kind":"started"}}'
log parent '{"seq":1,"t":2,"seen":{"kind":"mark","name":"here"}}'
"#;
