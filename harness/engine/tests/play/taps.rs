//! Plays with a relay between the two sides.

use std::time::Duration;

use ipc_conformance_engine::history::Ending;
use ipc_conformance_engine::play::{Interrupt, Pairing, play};
use ipc_conformance_engine::tap::LineKind;
use ipc_plan::{Role, Schedule};

use super::host::{Place, Test, plan};
use super::pairs::node;

pub(crate) const TESTS: &[Test] = &[
    ("a_play_with_a_relay", a_play_with_a_relay),
    ("a_relay_delays_one_direction", a_relay_delays_one_direction),
    ("a_killed_child_is_recorded_to_its_end", a_killed_child_is_recorded_to_its_end),
];

fn tapped(place: &Place) -> Pairing {
    let node = node(place);
    Pairing { tapped: true, ..node.pairing(&node, 1.0) }
}

fn a_play_with_a_relay() {
    let place = Place::new();
    let pairing = tapped(&place);
    let tapped = play(&place.host, &plan("hello"), &pairing, &Interrupt::new()).unwrap();
    let pairing = Pairing { tapped: false, ..pairing };
    let plain = play(&place.host, &plan("hello"), &pairing, &Interrupt::new()).unwrap();
    for role in Role::ALL {
        let seen =
            |log: &[ipc_plan::Record]| log.iter().map(|r| r.seen.clone()).collect::<Vec<_>>();
        assert_eq!(seen(tapped.log(role)), seen(plain.log(role)));
    }
    assert!(tapped.breaches.is_empty() && tapped.leaked.is_empty(), "{tapped:?}");
    assert_eq!(tapped.ending, Ending::Exited { code: 0 });
    assert!(plain.wire.is_empty());
    let words: Vec<_> = tapped.wire.iter().map(|l| (l.from, l.kind, l.text.as_str())).collect();
    assert!(words[0].2.starts_with("starts "), "{words:?}");
    assert_eq!(
        words[1..],
        [
            (Some(Role::Parent), LineKind::Message, r#"\"to child\""#),
            (Some(Role::Child), LineKind::Message, r#"\"to parent\""#),
            (Some(Role::Parent), LineKind::Event, "closes the channel"),
            (None, LineKind::Event, "the child exits with 0"),
        ]
    );
}

fn a_relay_delays_one_direction() {
    let place = Place::new();
    let mut pairing = tapped(&place);
    pairing.tapped = false;
    pairing.limits.settle = Duration::from_millis(50);
    let mut late = plan("late");
    late.schedule = Some(Schedule::Delay { from: Role::Parent, settles: 4 });
    let history = play(&place.host, &late, &pairing, &Interrupt::new()).unwrap();
    let sent = history.wire.iter().find(|line| line.from == Some(Role::Parent)).unwrap();
    let came = &history.child[1];
    assert!(came.t - sent.t >= 200_000_000, "{history:?}");
}

fn a_killed_child_is_recorded_to_its_end() {
    let place = Place::new();
    let history = play(&place.host, &plan("killed"), &tapped(&place), &Interrupt::new()).unwrap();
    let texts: Vec<_> = history.wire.iter().skip(1).map(|line| line.text.as_str()).collect();
    assert_eq!(texts.iter().filter(|text| text.contains("last")).count(), 1, "{texts:?}");
    assert_eq!(texts.last(), Some(&"the child is killed by SIGKILL"));
    assert!(history.leaked.is_empty(), "{history:?}");
}
