//! Steps of the raw peer, and the role that it plays.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use ipc_plan::{DescriptorKind, Part, Plan, Role, RolePlan, Step, Until};

use super::super::suggest::did_you_mean;
use super::{Facts, Mistake, Path};

/// Numbers that the channel can have in a child: a shell puts it there.
const DESCRIPTORS: RangeInclusive<u8> = 3..=9;
/// What is written again and again is taken by the kernel as a whole up to this size.
const MOST_FILLED: usize = 4096;

/// Whether the step is one of a role that is played in this way.
pub(super) fn check_place(step: &Step, plan: &Plan, role: Role, path: &Path) -> Option<Mistake> {
    let is_raw = plan.link.raw() == Some(role);
    let place = path.key("do");
    if is_raw && !step.is_for_raw_peer() {
        let message = format!("the raw peer cannot perform `{}`", step.name());
        let help = format!("`link` makes the {role} the raw peer; the other role is a runtime");
        return Some(Mistake::new(&place, message).help(help));
    }
    if !is_raw && step.is_raw() {
        let link = match role {
            Role::Parent => "raw-parent",
            Role::Child => "raw-child",
        };
        let message = format!("`{}` is a step of the raw peer", step.name());
        let help = format!("`link = \"{link}\"` in the case makes the {role} the raw peer");
        return Some(Mistake::new(&place, message).help(help));
    }
    None
}

/// What is wrong with the raw role of a plan, apart from the places of its steps.
pub(super) fn check_role(plan: &Plan, role: Role, own: &Facts, mistakes: &mut Vec<Mistake>) {
    let path = Path::default().key(role.name());
    let RolePlan { listeners, steps } = super::of(plan, role);
    if !listeners.is_empty() {
        let message = "the raw peer has no listeners: it reads bytes, with `raw-read`";
        mistakes.push(Mistake::new(&path.key("listeners"), message));
    }
    let mut known: BTreeSet<&str> = BTreeSet::new();
    // Whether what is written can no longer be waited for.
    let mut unread = false;
    for (index, step) in steps.iter().enumerate() {
        let path = path.key("steps").index(index);
        let mut add = |key: &str, message: String, help: Option<String>| {
            mistakes.push(Mistake::new(&path.key(key), message).maybe_help(help));
        };
        check_values(step, &mut add);
        let (given, used) = names(step);
        for (key, name) in used.into_iter().filter(|(_, name)| own.lacks(known.contains(name))) {
            let message = format!("nothing is kept under the name `{name}` here");
            add(key, message, did_you_mean(name, own.kept.keys().map(String::as_str)));
        }
        for (key, name) in given {
            if !known.insert(name) {
                add(key, format!("two descriptors have the name `{name}`"), None);
            }
        }
        let waits = match step {
            Step::RawWrite { unread: true, on: None, .. } | Step::RawFill { .. } => {
                unread = true;
                false
            }
            Step::RawWrite { on: None, .. } => true,
            Step::Section { silent: false, .. } => true,
            _ => false,
        };
        if waits && unread {
            let message =
                "that this was read cannot be seen: what was written before may be unread";
            let help = match step {
                Step::Section { .. } => "add `silent = true`",
                _ => "add `unread = true`",
            };
            add("do", message.to_owned(), Some(help.to_owned()));
        }
    }
}

fn check_values(step: &Step, add: &mut dyn FnMut(&str, String, Option<String>)) {
    match step {
        Step::RawLaunch { descriptor, .. } if !DESCRIPTORS.contains(descriptor) => {
            let (first, last) = DESCRIPTORS.into_inner();
            add("descriptor", format!("expected a number from {first} to {last}"), None);
        }
        Step::RawOpen { kind: DescriptorKind::Other, .. } => {
            add("kind", "`other` is what came and has no name; it cannot be opened".into(), None);
        }
        Step::RawOpen { kind, far: Some(_), .. } if !has_far_end(*kind) => {
            add("far", "only `tcp`, `unix` and `pipe` have another end".to_owned(), None);
        }
        Step::RawWrite { parts, split, unread, on, descriptors } => {
            match Part::bytes(parts) {
                Err(error) => add("parts", error.to_string(), None),
                Ok(bytes) if bytes.is_empty() => add("parts", "there are no bytes".into(), None),
                Ok(_) => {}
            }
            if split.is_some() && (*unread || on.is_some()) {
                let message = "only what is read on the channel is split: each part waits for that";
                add("split", message.to_owned(), None);
            }
            if *split == Some(0) {
                add("split", "at least one byte is written at a time".to_owned(), None);
            }
            if on.is_some() && !descriptors.is_empty() {
                add("descriptors", "descriptors go over the channel".to_owned(), None);
            }
        }
        Step::RawFill { parts } => match Part::bytes(parts) {
            Ok(bytes) if (1..=MOST_FILLED).contains(&bytes.len()) => {}
            Ok(bytes) => {
                let message = format!("expected 1 to {MOST_FILLED} bytes, found {}", bytes.len());
                add("parts", message, None);
            }
            Err(error) => add("parts", error.to_string(), None),
        },
        Step::RawRead { until: Until::Lines(0) | Until::Frames(0) | Until::Bytes(0), .. } => {
            add("until", "there is nothing to read".to_owned(), None);
        }
        _ => {}
    }
}

fn has_far_end(kind: DescriptorKind) -> bool {
    matches!(kind, DescriptorKind::Tcp | DescriptorKind::Unix | DescriptorKind::Pipe)
}

/// Whether the other role can connect, or send datagrams, to what is opened.
pub(super) fn is_reachable(kind: DescriptorKind) -> bool {
    matches!(
        kind,
        DescriptorKind::TcpListener
            | DescriptorKind::TcpBound
            | DescriptorKind::UnixListener
            | DescriptorKind::UnixBound
            | DescriptorKind::Udp
    )
}

/// Names with their keys.
type Names<'a> = Vec<(&'static str, &'a str)>;

/// The names that a step gives, and those that it uses.
fn names(step: &Step) -> (Names<'_>, Names<'_>) {
    match step {
        Step::RawOpen { name, far, .. } => {
            ([named("name", Some(name)), named("far", far.as_ref())].concat(), Vec::new())
        }
        Step::RawRead { keep, on, .. } => (named("keep", keep), named("on", on.as_ref())),
        Step::RawWrite { descriptors, on, .. } => {
            let used = [named("descriptors", descriptors), named("on", on.as_ref())].concat();
            (Vec::new(), used)
        }
        Step::RawShutdown { on, .. } | Step::RawClose { on } => {
            (Vec::new(), named("on", on.as_ref()))
        }
        _ => (Vec::new(), Vec::new()),
    }
}

fn named<'a>(key: &'static str, names: impl IntoIterator<Item = &'a String>) -> Names<'a> {
    names.into_iter().map(|name| (key, name.as_str())).collect()
}
