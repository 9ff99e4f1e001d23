//! One `[[case]]`: its form, its template, and what it says about clauses.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use ipc_plan::{Link, PROTOCOL, Plan, Role, Seen, Step};
use serde_json::Value;

use super::check::{check_plan, check_value, each_step};
use super::exchange::{END, Exchanged, exchange_of};
use super::format::{self, RawCase, Template};
use super::load::not_empty;
use super::mistake::{Location, Mistake, Path};
use super::model::{Case, Need};
use super::node::{Document, Node};
use super::suggest::{did_you_mean, expected};

/// A case before its clauses were looked up.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) case: Case,
    pub(super) node: Node,
    /// Number of its file.
    pub(super) document: usize,
}

/// The places where a case names the clauses it shows.
pub(super) fn clause_nodes(node: &Node) -> Vec<&Node> {
    let listed = node.get("clauses").into_iter().flat_map(Node::items);
    let values = node.get("values").into_iter().flat_map(Node::items);
    listed.chain(values.filter_map(|value| value.get("clause"))).collect()
}

pub(super) fn read_case(
    document: &Document,
    node: &Node,
    number: usize,
    mistakes: &mut Vec<Mistake>,
) -> Option<Draft> {
    let before = mistakes.len();
    let raw = format::CASE.read(document, node, mistakes)?;
    not_empty(document, node, &["title"], mistakes);
    let mut found = Vec::new();
    let mut case = match raw.template {
        Some(Template::Exchange) => from_template(node, raw, &mut found),
        None => from_plan(raw, &mut found),
    };
    for (index, need) in case.needs.iter().enumerate() {
        check_need(need, &Path::default().key("needs").index(index), &mut found);
    }
    // The steps of a template stand nowhere; its values were checked one by one.
    if node.get("template").is_none() {
        found.extend(check_plan(&case.plan));
    }
    mistakes.extend(found.into_iter().map(|mistake| document.locate_path(node, mistake)));
    let place = Location::new(&document.file, &document.text, node.span.clone());
    (case.file, case.line) = (place.file, place.line);
    (mistakes.len() == before).then(|| Draft { case, node: node.clone(), document: number })
}

fn from_plan(raw: RawCase, mistakes: &mut Vec<Mistake>) -> Case {
    let root = Path::default();
    if raw.clauses.as_ref().is_none_or(Vec::is_empty) {
        mistakes.push(Mistake::new(&root.key("clauses"), "a case lists the clauses that it shows"));
    }
    if raw.values.is_some() {
        let mistake = Mistake::new(&root.key("values"), "`values` belong to a template");
        mistakes.push(mistake.help("add `template = \"exchange\"`"));
    }
    if raw.schedule.is_some() && raw.link != Link::Pair {
        let mistake = Mistake::new(&root.key("schedule"), "a schedule is for two runtimes");
        mistakes.push(mistake.help("the raw peer says itself when it writes what"));
    }
    if raw.parent.is_none() {
        mistakes.push(Mistake::new(&root, "a case has a `[case.parent]` with steps"));
    }
    Case {
        plan: Plan {
            protocol: PROTOCOL,
            id: raw.id.clone(),
            link: raw.link,
            serialization: raw.serialization,
            parent: raw.parent.unwrap_or_default(),
            child: raw.child.unwrap_or_default(),
            schedule: raw.schedule,
            setup: None,
        },
        id: raw.id,
        title: raw.title,
        clauses: raw.clauses.unwrap_or_default(),
        order: raw.order,
        needs: raw.needs,
        file: String::new(),
        line: 0,
    }
}

fn from_template(node: &Node, raw: RawCase, mistakes: &mut Vec<Mistake>) -> Case {
    let root = Path::default();
    if raw.link != Link::Pair {
        mistakes.push(Mistake::new(&root.key("link"), "both sides of a template are runtimes"));
    }
    for key in ["parent", "child", "clauses"] {
        if node.get(key).is_some() {
            let message = format!("`{key}` is made by the template");
            mistakes.push(Mistake::new(&root.key(key), message));
        }
    }
    let values = raw.values.unwrap_or_default();
    if values.is_empty() {
        mistakes.push(Mistake::new(&root.key("values"), "an exchange has `values`"));
    }
    let mut clauses: Vec<String> = Vec::new();
    let mut exchanged = Vec::new();
    for (index, value) in values.into_iter().enumerate() {
        if !clauses.contains(&value.clause) {
            clauses.push(value.clause.clone());
        }
        let roles: Vec<Role> = Role::ALL
            .into_iter()
            .filter(|role| match role {
                Role::Parent => value.parent,
                Role::Child => value.child,
            })
            .collect();
        let path = root.key("values").index(index);
        check_value(&value.value, &path.key("value"), mistakes);
        if roles.is_empty() {
            mistakes.push(Mistake::new(&path, "neither role sends this value"));
        }
        exchanged.push(Exchanged { section: value.clause, value: value.value, roles });
    }
    let mut case = exchange_of(&raw.id, &raw.title, clauses, raw.serialization, &exchanged);
    case.order = raw.order;
    case.plan.schedule = raw.schedule;
    case.needs.extend(raw.needs);
    case
}

/// What a case says about clauses, once all clauses are known.
pub(super) fn check_clauses(draft: &Draft, known: &BTreeSet<&str>) -> Vec<Mistake> {
    let Draft { case, node, .. } = draft;
    let mut mistakes = Vec::new();
    let listed: Vec<(Path, &str)> = case
        .clauses
        .iter()
        .enumerate()
        .map(|(index, id)| match node.get("values") {
            // The place of the first value that names the clause.
            Some(values) => {
                let names = |v: &Node| v.get("clause").and_then(Node::as_str) == Some(id);
                let first = values.items().iter().position(names).unwrap_or(index);
                (Path::default().key("values").index(first).key("clause"), id.as_str())
            }
            None => (Path::default().key("clauses").index(index), id.as_str()),
        })
        .collect();
    for (number, (path, id)) in listed.iter().enumerate() {
        if !known.contains(id) {
            let mistake = Mistake::new(path, format!("no clause has the id `{id}`"));
            mistakes.push(mistake.maybe_help(did_you_mean(id, known.iter().copied())));
        }
        if listed[..number].iter().any(|(_, other)| other == id) {
            mistakes.push(Mistake::new(path, format!("`{id}` is listed twice")));
        }
    }
    each_step(&case.plan, &mut |_, path, step| {
        if let Step::Section { clause, .. } = step
            && clause != END
            && !case.clauses.contains(clause)
        {
            let message = format!("the case does not list `{clause}`, for which this is a section");
            let clauses = case.clauses.iter().map(String::as_str);
            let mistake = Mistake::new(&path.key("clause"), message)
                .maybe_help(did_you_mean(clause, clauses.clone()))
                .maybe_help(expected(clauses.chain([END])));
            mistakes.push(mistake);
        }
    });
    mistakes
}

static SEEN: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(Seen).to_value());

/// A need: its kinds are kinds of record, and its paths begin with a field that they have.
fn check_need(need: &Need, path: &Path, mistakes: &mut Vec<Mistake>) {
    let variants = SEEN["oneOf"].as_array().map_or(&[][..], Vec::as_slice);
    let name = |variant: &Value| variant["properties"]["kind"]["const"].as_str().map(str::to_owned);
    let names: Vec<String> = variants.iter().filter_map(name).collect();
    for kind in need.kind.split('|') {
        let Some(variant) = variants.iter().find(|v| name(v).as_deref() == Some(kind)) else {
            let mistake =
                Mistake::new(&path.key("kind"), format!("unknown kind of record `{kind}`"))
                    .maybe_help(did_you_mean(kind, names.iter().map(String::as_str)))
                    .maybe_help(expected(names.iter().map(String::as_str)));
            mistakes.push(mistake);
            continue;
        };
        let fields: Vec<&str> = variant["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .filter(|name| *name != "kind")
            .collect();
        for key in need.with.keys() {
            let field = key.split(['.', '[']).next().unwrap_or_default();
            if !fields.contains(&field) {
                let message = format!("a record of kind `{kind}` has no `{field}`");
                let mistake = Mistake::new(&path.key("with").key(key), message)
                    .maybe_help(did_you_mean(field, fields.iter().copied()))
                    .maybe_help(expected(fields.iter().copied()));
                mistakes.push(mistake);
            }
        }
    }
}
