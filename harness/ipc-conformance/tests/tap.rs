//! A relay in between changes nothing that two real Nodes see of each other.

#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use ipc_conformance_engine::judge::{self, Rules};
use ipc_conformance_engine::play::{Interrupt, Limits, Pairing, play};
use ipc_conformance_engine::spec::{Case, Level};

/// Cases over what a relay could spoil: the order of the last messages and the ends, exit codes
/// and signals, handles, long messages, an early end, both serializations, where the channel is
/// among the descriptors, a shell in between, processes without a channel.
const CASES: [&str; 16] = [
    "adv-one-buffer",
    "boot-early-messages-in-order",
    "boot-fork-ipc-at-4",
    "boot-ipc-at-0",
    "boot-ipc-at-2",
    "boot-shell",
    "boot-spawn-ipc-at-40",
    "boot-without-channel",
    "flow-burst",
    "flow-exit-in-callback",
    "flow-peer-killed",
    "hnd-server",
    "life-crash-by-signal",
    "life-disconnect-by-child",
    "life-kill",
    "ser-strings",
];

/// What a play with a relay shows that plays without one do not.
fn differences(case: &Case) -> Result<Vec<String>, String> {
    let node = support::node()?;
    let pairing = node.pairing(node, Limits::load(1));
    let tapped = Pairing { tapped: true, ..pairing.clone() };
    let one = |pairing: &Pairing| {
        play(&support::host(), &case.plan, pairing, &Interrupt::new())
            .map_err(|error| format!("failed to {error}"))
    };
    let references = [one(&pairing)?, one(&pairing)?];
    let observed = one(&tapped)?;
    let rules = Rules { catalogue: support::catalogue(), level: Level::Impl, required: None };
    let judgement = judge::judge(case, &references, &observed, rules);
    let mut found: Vec<String> = judgement.reason.into_iter().collect();
    found.extend(judgement.differences.iter().map(|d| d.text.clone()));
    Ok(found)
}

#[test]
fn node_sees_no_relay() {
    for id in CASES {
        let case = support::catalogue().case(id).unwrap_or_else(|| panic!("no case {id}"));
        assert_eq!(differences(case).unwrap(), [""; 0], "{id}");
    }
}
