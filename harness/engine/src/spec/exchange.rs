use std::collections::BTreeMap;

use ipc_plan::{Event, Launch, Link, PROTOCOL, Plan, Recipe, Role, RolePlan, Serialization, Step};
use serde_json::Value;

use super::model::{Case, Need, Order};

/// A value that an exchange sends in a section of its own.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Exchanged {
    /// The section: the clause that the value shows.
    pub(super) section: String,
    /// The value.
    pub(super) value: Recipe,
    /// The roles that send it.
    pub(super) roles: Vec<Role>,
}

/// A case in which values are sent in both directions, each as `(section, value)`.
pub fn exchange(
    id: &str,
    title: &str,
    clause: &str,
    serialization: Serialization,
    values: Vec<(String, Recipe)>,
) -> Case {
    let values: Vec<Exchanged> = values
        .into_iter()
        .map(|(section, value)| Exchanged { section, value, roles: Role::ALL.to_vec() })
        .collect();
    exchange_of(id, title, vec![clause.to_owned()], serialization, &values)
}

/// The last section of an exchange, which shows that the channel still works.
pub(super) const END: &str = "end";
const CHILD_DONE: &str = "child-done";

pub(super) fn exchange_of(
    id: &str,
    title: &str,
    clauses: Vec<String>,
    serialization: Serialization,
    values: &[Exchanged],
) -> Case {
    let ids = ids(values);
    let last = Recipe::from(format!("section {END}").as_str());
    let section = |name: &str| Step::Section { clause: name.to_owned(), silent: false };
    let steps = |role: Role| {
        let mut steps = Vec::new();
        if role == Role::Parent {
            steps.push(Step::Fork(Launch::default()));
        }
        for (value, id) in values.iter().zip(&ids) {
            steps.push(section(&value.section));
            if value.roles.contains(&role) {
                steps.push(send(id, &value.value));
            }
        }
        steps.push(section(END));
        let (event, value) = (Event::Message, Some(last.clone()));
        steps.push(Step::Await { event, value, count: 1 });
        match role {
            Role::Parent => steps.extend([
                Step::AwaitSignal { name: CHILD_DONE.to_owned(), blocking: false },
                Step::Disconnect {},
                Step::Await { event: Event::Exit, value: None, count: 1 },
            ]),
            Role::Child => steps.push(Step::Signal { name: CHILD_DONE.to_owned() }),
        }
        steps
    };
    let common = [Event::Message, Event::InternalMessage, Event::Disconnect];
    Case {
        id: id.to_owned(),
        title: title.to_owned(),
        clauses,
        order: Order::Streams,
        needs: Role::ALL.into_iter().flat_map(|role| needs(role, values, &ids)).collect(),
        plan: Plan {
            protocol: PROTOCOL,
            id: id.to_owned(),
            link: Link::Pair,
            serialization,
            parent: RolePlan {
                listeners: common.into_iter().chain([Event::Exit]).collect(),
                steps: steps(Role::Parent),
            },
            child: RolePlan { listeners: common.to_vec(), steps: steps(Role::Child) },
            schedule: None,
            setup: None,
        },
        file: String::new(),
        line: 0,
    }
}

/// The id of each send: its section, numbered where a section has several.
fn ids(values: &[Exchanged]) -> Vec<String> {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    values
        .iter()
        .map(|value| {
            let count = seen.entry(&value.section).or_default();
            *count += 1;
            match count {
                1 => value.section.clone(),
                n => format!("{} {n}", value.section),
            }
        })
        .collect()
}

fn send(id: &str, value: &Recipe) -> Step {
    Step::Send {
        id: Some(id.to_owned()),
        value: Some(value.clone()),
        callback: false,
        arguments: None,
        steps: Vec::new(),
        bind: None,
        details: false,
        detached: false,
        handle: None,
        native: false,
        keep_open: false,
    }
}

/// A mark for each section, an answer for each send, and the last message of the other side.
fn needs(role: Role, values: &[Exchanged], ids: &[String]) -> Vec<Need> {
    let need = |kind: &str, with: &[(&str, String)], count| Need {
        role,
        kind: kind.to_owned(),
        with: with.iter().map(|(k, v)| ((*k).to_owned(), Value::from(v.as_str()))).collect(),
        count,
    };
    let mut sections: Vec<(&str, u32)> = Vec::new();
    for value in values {
        match sections.iter_mut().find(|(name, _)| *name == value.section) {
            Some((_, count)) => *count += 1,
            None => sections.push((&value.section, 1)),
        }
    }
    let marks = sections
        .into_iter()
        .map(|(name, count)| need("mark", &[("name", format!("section {name}"))], count));
    let sends = values
        .iter()
        .zip(ids)
        .filter(|(value, _)| value.roles.contains(&role))
        .map(|(_, id)| need("sent|threw", &[("id", id.clone())], 1));
    let last = [("event", "message".to_owned()), ("arguments[0]", format!("section {END}"))];
    marks.chain(sends).chain([need("event", &last, 1)]).collect()
}
