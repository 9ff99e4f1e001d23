//! A relay in between changes nothing that two real Nodes see of each other.

mod support;

use ipc_conformance_engine::judge::{self, Rules};
use ipc_conformance_engine::play::{Interrupt, Limits, Pairing, play};
use ipc_conformance_engine::spec::{Case, Level};

/// Cases over what a relay could spoil: order of the last messages and the end, exit codes and
/// signals, handles, a full channel, half of the steps at the start, both serializations, layouts
/// of descriptors, sessions, processes that are left behind.
const CASES: [&str; 2] = ["adv-buffers", "boot-detached"];

/// Whether `tapped` plays show a difference to plain ones of real Node.
fn differences(case: &Case) -> Result<Vec<String>, String> {
    let node = support::node()?;
    let pairing = node.pairing(node, Limits::load(2));
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
    let mut spoiled = Vec::new();
    let all = std::env::var_os("ALL_CASES").is_some();
    for case in &support::catalogue().cases {
        if all && case.plan.link == ipc_plan::Link::Pair || CASES.contains(&case.id.as_str()) {
            let found = differences(case).unwrap();
            if !found.is_empty() {
                eprintln!("{}: {}", case.id, found.join("; "));
                spoiled.push(case.id.clone());
            }
        }
    }
    assert!(spoiled.is_empty(), "a relay changes {spoiled:?}");
}
