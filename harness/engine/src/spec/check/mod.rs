//! What makes a plan impossible or pointless, for plans from specs and from files alike.

mod raw;
mod recipe;

use std::collections::{BTreeMap, BTreeSet};

use ipc_plan::{Event, OwnStream, PROTOCOL, Plan, Recipe, Role, RolePlan, Step, Tagged};

use super::mistake::{Mistake, Path};
use super::suggest::did_you_mean;

pub(super) use recipe::check as check_value;

/// All that is wrong with a plan; the paths in the mistakes lead to the place in it.
pub fn check_plan(plan: &Plan) -> Vec<Mistake> {
    check(plan, true)
}

/// The same for a plan that lacks steps which could not be read: what they may do is not missed.
pub(super) fn check_rest(plan: &Plan) -> Vec<Mistake> {
    check(plan, false)
}

fn check(plan: &Plan, whole: bool) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let root = Path::default();
    if plan.protocol != PROTOCOL {
        let message =
            format!("the plan is of protocol {}, this program knows {PROTOCOL}", plan.protocol);
        mistakes.push(Mistake::new(&root.key("protocol"), message));
    }
    let facts = [&plan.parent, &plan.child].map(|role| Facts { whole, ..Facts::of(role) });
    for role in Role::ALL {
        let (own, other) = match role {
            Role::Parent => (&facts[0], &facts[1]),
            Role::Child => (&facts[1], &facts[0]),
        };
        check_role(plan, role, own, other, &mut mistakes);
        if plan.link.raw() == Some(role) {
            raw::check_role(plan, role, own, &mut mistakes);
        }
    }
    if facts[0].lacks(!plan.parent.steps.is_empty()) {
        mistakes.push(Mistake::new(&root.key("parent"), "the parent has no steps"));
    }
    mistakes
}

/// Visits all steps of a plan, at any depth, with their paths.
pub(super) fn each_step(plan: &Plan, visit: &mut dyn FnMut(Role, &Path, &Step)) {
    for role in Role::ALL {
        let path = Path::default().key(role.name()).key("steps");
        walk(&of(plan, role).steps, &path, true, &mut |path, step, _| visit(role, path, step));
    }
}

fn of(plan: &Plan, role: Role) -> &RolePlan {
    match role {
        Role::Parent => &plan.parent,
        Role::Child => &plan.child,
    }
}

/// `visit` is told whether the step may wait.
fn walk(steps: &[Step], path: &Path, may_wait: bool, visit: &mut dyn FnMut(&Path, &Step, bool)) {
    for (index, step) in steps.iter().enumerate() {
        let path = path.index(index);
        visit(&path, step, may_wait);
        walk(inner(step), &path.key("steps"), false, visit);
    }
}

fn inner(step: &Step) -> &[Step] {
    match step {
        Step::Send { steps, .. } | Step::On { steps, .. } | Step::Turn { steps } => steps,
        _ => &[],
    }
}

/// What a role does that other steps rely on.
#[derive(Default)]
struct Facts {
    signals: BTreeSet<String>,
    bound: BTreeSet<String>,
    listened: BTreeSet<Event>,
    listeners: BTreeSet<String>,
    /// Handles that are kept, and how often each name is given.
    kept: BTreeMap<String, usize>,
    /// Those of them that listen, and can be reached from both sides.
    reachable: BTreeSet<String>,
    callbacks: bool,
    launches: bool,
    /// Whether there is nothing else that it does.
    whole: bool,
}

impl Facts {
    /// Whether something is not there that has not been found.
    fn lacks(&self, found: bool) -> bool {
        self.whole && !found
    }

    fn of(role: &RolePlan) -> Self {
        let mut facts =
            Self { listened: role.listeners.iter().copied().collect(), ..Self::default() };
        walk(&role.steps, &Path::default(), true, &mut |_, step, _| match step {
            Step::Signal { name } => {
                facts.signals.insert(name.clone());
            }
            Step::On { event, name, .. } => {
                facts.listened.insert(*event);
                facts.listeners.extend(name.clone());
            }
            Step::Send { bind, callback, steps, arguments, .. } => {
                facts.bound.extend(bind.clone());
                facts.callbacks |=
                    *callback || !steps.is_empty() || arguments.iter().flatten().any(is_callback);
            }
            Step::Fork(_)
            | Step::Spawn(_)
            | Step::SpawnSync(_)
            | Step::ExecFileSync(_)
            | Step::ClusterFork { .. }
            | Step::RawLaunch { .. } => facts.launches = true,
            Step::RawOpen { name, far, kind, .. } => {
                for name in [Some(name), far.as_ref()].into_iter().flatten() {
                    *facts.kept.entry(name.clone()).or_default() += 1;
                }
                if raw::is_reachable(*kind) {
                    facts.reachable.insert(name.clone());
                }
            }
            Step::RawRead { keep, .. } => {
                for name in keep {
                    *facts.kept.entry(name.clone()).or_default() += 1;
                }
            }
            Step::Listen { name, idle, .. } => {
                *facts.kept.entry(name.clone()).or_default() += 1;
                if !idle {
                    facts.reachable.insert(name.clone());
                }
            }
            Step::Connect { name, .. }
            | Step::Accept { name, .. }
            | Step::Take { name }
            | Step::Keep { name, .. } => *facts.kept.entry(name.clone()).or_default() += 1,
            _ => {}
        });
        facts
    }
}

fn is_callback(recipe: &Recipe) -> bool {
    matches!(recipe.tagged(), Some(Tagged::Callback { .. }))
}

fn check_role(plan: &Plan, role: Role, own: &Facts, other: &Facts, mistakes: &mut Vec<Mistake>) {
    let path = Path::default().key(role.name());
    let mut seen = BTreeMap::new();
    for (index, event) in of(plan, role).listeners.iter().enumerate() {
        let path = path.key("listeners").index(index);
        check_event(*event, role, &path, mistakes);
        if seen.insert(*event, index).is_some() {
            mistakes.push(Mistake::new(&path, format!("`{event}` is listed twice")));
        }
    }
    if role == Role::Child && !plan.child.steps.is_empty() && other.lacks(other.launches) {
        mistakes.push(Mistake::new(&path, "the child has steps, and the parent never starts it"));
    }
    walk(&of(plan, role).steps, &path.key("steps"), true, &mut |path, step, may_wait| {
        if !may_wait && step.waits() {
            let message = format!(
                "`{}` waits, which it cannot inside a turn, a listener or a callback",
                step.name()
            );
            mistakes.push(Mistake::new(path, message));
        }
        mistakes.extend(raw::check_place(step, plan, role, path));
        if role == Role::Child && step.is_for_parent() {
            let message = format!("`{}` is a step of the parent", step.name());
            mistakes.push(Mistake::new(&path.key("do"), message));
        }
        check_step(step, role, path, own, other, mistakes);
    });
}

fn check_step(
    step: &Step,
    role: Role,
    path: &Path,
    own: &Facts,
    other: &Facts,
    mistakes: &mut Vec<Mistake>,
) {
    let mut add = |key: &str, message: String, help: Option<String>| {
        mistakes.push(Mistake::new(&path.key(key), message).maybe_help(help));
    };
    match step {
        Step::Set { object, .. } if own.lacks(own.bound.contains(object)) => {
            let message = format!("no send of the {role} has `bind = \"{object}\"`");
            add("object", message, suggest(object, &own.bound));
        }
        Step::AwaitSignal { name, .. } if other.lacks(other.signals.contains(name)) => {
            let other_role = if role == Role::Parent { Role::Child } else { Role::Parent };
            let message = format!("the {other_role} never gives the signal `{name}`");
            let help = if own.signals.contains(name) {
                Some(format!("the {role} gives it itself"))
            } else {
                suggest(name, &other.signals)
            };
            add("name", message, help);
        }
        Step::Off { name: Some(name), .. } if own.lacks(own.listeners.contains(name)) => {
            let message = format!("no `on` of the {role} has `name = \"{name}\"`");
            add("name", message, suggest(name, &own.listeners));
        }
        Step::Await { event, .. } if own.lacks(own.listened.contains(event)) => {
            let message = format!("the {role} awaits `{event}` and has no listener for it");
            add("event", message, Some(format!("add `{event}` to its `listeners`")));
        }
        Step::AwaitCallbacks { .. } if own.lacks(own.callbacks) => {
            add("do", format!("no send of the {role} has a callback"), None);
        }
        Step::Send { value, callback, arguments: Some(_), handle, .. }
            if value.is_some() || *callback || handle.is_some() =>
        {
            let message =
                "`arguments` stands in place of `value`, `handle` and `callback`".to_owned();
            add("arguments", message, None);
        }
        Step::Send { handle: None, native, keep_open, .. } if *native || *keep_open => {
            let key = if *native { "native" } else { "keep_open" };
            add(key, format!("`{key}` is about a `handle`, and there is none"), None);
        }
        Step::Fill { bytes } if *bytes < 3 => {
            let message = "a line has at least 3 bytes: two quotes and the LF".to_owned();
            add("bytes", message, None);
        }
        Step::Keep { what: OwnStream::ChildStdout, .. } if role == Role::Child => {
            add("what", "`child-stdout` is the parent's".to_owned(), None);
        }
        Step::Receive { buffered: true, bytes: None, .. } => {
            add("buffered", "`buffered` needs to know how many `bytes`".to_owned(), None);
        }
        _ => {}
    }
    check_handles(step, role, path, own, other, mistakes);
    if let Step::On { event, .. } | Step::Await { event, .. } = step {
        check_event(*event, role, &path.key("event"), mistakes);
    }
    recipe::check_step(step, path, mistakes);
}

/// The names under which handles are kept, used and reached.
fn check_handles(
    step: &Step,
    role: Role,
    path: &Path,
    own: &Facts,
    other: &Facts,
    mistakes: &mut Vec<Mistake>,
) {
    let (given, used, reached) = match step {
        Step::Listen { name, .. } | Step::Take { name } | Step::Keep { name, .. } => {
            (Some(name), None, None)
        }
        Step::Connect { name, to, .. } => (Some(name), None, Some(to)),
        Step::Accept { from, name } => (Some(name), Some(("from", from)), None),
        Step::Write { handle, to, .. } => (None, Some(("handle", handle)), to.as_ref()),
        Step::Send { handle: Some(handle), .. }
        | Step::Receive { handle, .. }
        | Step::End { handle }
        | Step::Look { handle }
        | Step::Connections { handle }
        | Step::Close { handle }
        | Step::AwaitHandle { handle, .. } => (None, Some(("handle", handle)), None),
        _ => return,
    };
    if let Some(name) = given.filter(|name| own.kept.get(*name).is_some_and(|count| *count > 1)) {
        let message = format!("the {role} keeps two handles under the name `{name}`");
        mistakes.push(Mistake::new(&path.key("name"), message));
    }
    if let Some((key, name)) = used.filter(|(_, name)| own.lacks(own.kept.contains_key(*name))) {
        let message = format!("the {role} keeps no handle under the name `{name}`");
        let help = did_you_mean(name, own.kept.keys().map(String::as_str));
        mistakes.push(Mistake::new(&path.key(key), message).maybe_help(help));
    }
    let reachable =
        |name: &&String| own.reachable.contains(*name) || other.reachable.contains(*name);
    if let Some(name) = reached.filter(|name| own.lacks(reachable(name))) {
        let message = format!("neither role listens under the name `{name}`");
        let names = own.reachable.iter().chain(&other.reachable).map(String::as_str);
        let mistake = Mistake::new(&path.key("to"), message).maybe_help(did_you_mean(name, names));
        mistakes.push(mistake);
    }
}

fn suggest(name: &str, names: &BTreeSet<String>) -> Option<String> {
    did_you_mean(name, names.iter().map(String::as_str))
}

fn check_event(event: Event, role: Role, path: &Path, mistakes: &mut Vec<Mistake>) {
    if event.is_for_parent() && role == Role::Child {
        let owner = if event.is_of_cluster() { "cluster" } else { "the ChildProcess" };
        let mistake =
            Mistake::new(path, format!("`{event}` is an event of {owner}, in the parent"));
        let help = (event == Event::Exit)
            .then(|| "the event 'exit' of process is `processExit`".to_owned());
        mistakes.push(mistake.maybe_help(help));
    }
}
