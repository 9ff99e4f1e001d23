//! One `[[case]]`: its form, its template, and what it says about clauses.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use ipc_plan::{Link, PROTOCOL, Plan, Role, RolePlan, Seen, Serialization, Step, When};
use serde_json::Value;

use super::check::{check_plan, check_rest, check_value};
use super::exchange::{END, Exchanged, exchange_of};
use super::format::{self, RawCase, RawValue, Template};
use super::load::not_empty;
use super::mistake::{Location, Mistake, Path};
use super::model::{Case, Need};
use super::node::{Document, Kind, Node};
use super::suggest::{did_you_mean, expected};

/// The clauses that a case shows, each at the place where it is named.
pub(super) fn clause_nodes(node: &Node) -> Vec<(Path, &Node)> {
    let root = Path::default();
    let items = |key| node.get(key).map_or(&[][..], Node::items).iter().enumerate();
    let listed = items("clauses").map(|(index, id)| (root.key("clauses").index(index), id));
    let values = items("values").filter_map(|(index, value)| {
        Some((root.key("values").index(index).key("clause"), value.get("clause")?))
    });
    listed.chain(values).collect()
}

/// Reads a case, or reports all that is wrong with it but for its clauses.
pub(super) fn read_case(
    document: &Document,
    node: &Node,
    mistakes: &mut Vec<Mistake>,
) -> Option<Case> {
    let before = mistakes.len();
    let raw = format::CASE.read(document, node, mistakes);
    not_empty(document, node, &["title"], mistakes);
    let mut found = check_parts(node);
    let each = |key| node.get(key).map_or(&[][..], Node::items).iter().enumerate();
    for (index, need) in each("needs") {
        if let Some(need) = format::NEED.read(document, need, &mut Vec::new()) {
            check_need(&need, &Path::default().key("needs").index(index), &mut found);
        }
    }
    for (index, value) in each("values") {
        if let Some(value) = format::VALUE.read(document, value, &mut Vec::new()) {
            check_exchanged(&value, &Path::default().key("values").index(index), &mut found);
        }
    }
    let case = raw.map(|raw| match raw.template {
        Some(Template::Exchange) => from_template(raw),
        None => from_plan(raw),
    });
    // The steps of a template stand nowhere; its values were checked one by one.
    if node.get("template").is_none() {
        found.extend(match &case {
            Some(case) => check_plan(&case.plan),
            None => legible(document, node).map_or_else(Vec::new, |plan| check_rest(&plan)),
        });
    }
    mistakes.extend(found.into_iter().map(|mistake| document.locate_path(node, mistake)));
    let Location { file, line, .. } =
        Location::new(&document.file, &document.text, node.span.clone());
    case.filter(|_| mistakes.len() == before).map(|case| Case { file, line, ..case })
}

/// Which parts a case has, and which go together.
fn check_parts(node: &Node) -> Vec<Mistake> {
    let root = Path::default();
    let mut mistakes = Vec::new();
    let mut add = |path: Path, message: &str, help: Option<&str>| {
        mistakes.push(Mistake::new(&path, message).maybe_help(help.map(str::to_owned)));
    };
    let is_empty = |key| {
        node.get(key)
            .is_none_or(|list| matches!(&list.kind, Kind::Array(items) if items.is_empty()))
    };
    let is_raw = node.get("link").and_then(Node::as_str).is_some_and(|link| link != "pair");
    if node.get("template").is_some() {
        if is_raw {
            add(root.key("link"), "both sides of a template are runtimes", None);
        }
        for key in ["parent", "child", "clauses"] {
            if node.get(key).is_some() {
                add(root.key(key), &format!("`{key}` is made by the template"), None);
            }
        }
        if is_empty("values") {
            add(root.key("values"), "an exchange has `values`", None);
        }
        return mistakes;
    }
    if is_empty("clauses") {
        add(root.key("clauses"), "a case lists the clauses that it shows", None);
    }
    if node.get("values").is_some() {
        let help = Some("add `template = \"exchange\"`");
        add(root.key("values"), "`values` belong to a template", help);
    }
    if node.get("schedule").is_some() && is_raw {
        let help = Some("the raw peer says itself when it writes what");
        add(root.key("schedule"), "a schedule is for two runtimes", help);
    }
    if node.get("parent").is_none() {
        add(root, "a case has a `[case.parent]` with steps", None);
    }
    mistakes
}

fn check_exchanged(value: &RawValue, path: &Path, mistakes: &mut Vec<Mistake>) {
    check_value(&value.value, &path.key("value"), mistakes);
    if !value.parent && !value.child {
        mistakes.push(Mistake::new(path, "neither role sends this value"));
    }
}

/// The plan of a case that has mistakes of form: what has none, at its place.
fn legible(document: &Document, node: &Node) -> Option<Plan> {
    let link =
        node.get("link").map_or(Ok(Link::Pair), |link| serde_json::from_value(link.to_json()));
    let items = |role: Role, key: &str| {
        node.get(role.name()).and_then(|role| role.get(key)).map_or(&[][..], Node::items)
    };
    let role = |role: Role| RolePlan {
        // One that has no form is nobody's place: those before it keep theirs.
        listeners: items(role, "listeners")
            .iter()
            .map_while(|event| format::EVENT.read(document, event, &mut Vec::new()))
            .collect(),
        steps: items(role, "steps").iter().map(|step| legible_step(document, step)).collect(),
    };
    Some(Plan {
        protocol: PROTOCOL,
        id: String::new(),
        link: link.ok()?,
        serialization: Serialization::default(),
        parent: role(Role::Parent),
        child: role(Role::Child),
        schedule: None,
        setup: None,
    })
}

/// A step, or one in its place that does nothing.
fn legible_step(document: &Document, node: &Node) -> Step {
    let read = |node: &Node| format::STEP.read(document, node, &mut Vec::new());
    read(node).unwrap_or_else(|| match node.get("steps").map_or(&[][..], Node::items) {
        [] => Step::Mark { name: String::new(), when: When::Now },
        steps => {
            Step::Turn { steps: steps.iter().map(|step| legible_step(document, step)).collect() }
        }
    })
}

fn from_plan(raw: RawCase) -> Case {
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

fn from_template(raw: RawCase) -> Case {
    let mut clauses: Vec<String> = Vec::new();
    let mut exchanged = Vec::new();
    for RawValue { clause, value, parent, child } in raw.values.unwrap_or_default() {
        if !clauses.contains(&clause) {
            clauses.push(clause.clone());
        }
        let sends = |role: &Role| match role {
            Role::Parent => parent,
            Role::Child => child,
        };
        let roles = Role::ALL.into_iter().filter(sends).collect();
        exchanged.push(Exchanged { section: clause, value, roles });
    }
    let mut case = exchange_of(&raw.id, &raw.title, clauses, raw.serialization, &exchanged);
    case.order = raw.order;
    case.plan.schedule = raw.schedule;
    case.needs.extend(raw.needs);
    case
}

/// What a case says about clauses. `known` are all that there are; none where that is not known.
pub(super) fn check_clauses(node: &Node, known: Option<&BTreeSet<&str>>) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut listed: Vec<&str> = Vec::new();
    let named = clause_nodes(node);
    for (path, id) in named.iter().filter_map(|(path, id)| Some((path, id.as_str()?))) {
        if !listed.contains(&id) {
            listed.push(id);
            if let Some(known) = known.filter(|known| !known.contains(id)) {
                let mistake = Mistake::new(path, format!("no clause has the id `{id}`"));
                mistakes.push(mistake.maybe_help(did_you_mean(id, known.iter().copied())));
            }
        } else if node.get("values").is_none() {
            mistakes.push(Mistake::new(path, format!("`{id}` is listed twice")));
        }
    }
    let mut shown: BTreeSet<&str> = listed.first().copied().into_iter().collect();
    for role in Role::ALL {
        let path = Path::default().key(role.name()).key("steps");
        let Some(steps) = node.get(role.name()).and_then(|role| role.get("steps")) else {
            continue;
        };
        shown.extend(listed.iter().filter(|clause| says_section(steps, clause)));
        each_section(steps, &path, &mut |path, clause| {
            shown.insert(clause);
            if clause != END && !listed.contains(&clause) {
                let message =
                    format!("the case does not list `{clause}`, for which this is a section");
                let mistake = Mistake::new(&path, message)
                    .maybe_help(did_you_mean(clause, listed.iter().copied()))
                    .maybe_help(expected(listed.iter().copied().chain([END])));
                mistakes.push(mistake);
            }
        });
    }
    if node.get("values").is_none() {
        for (path, id) in named.iter().filter_map(|(path, id)| Some((path, id.as_str()?))) {
            if !shown.contains(id) && known.is_none_or(|known| known.contains(id)) {
                let message = format!("no difference can be given to `{id}`: it has no section");
                mistakes.push(Mistake::new(path, message).help(format!(
                    "put `{{ do = \"section\", clause = \"{id}\" }}` before the steps that show it, or drop it"
                )));
            }
        }
    }
    mistakes
}

/// Whether a program in these steps opens a section for the clause by a message of its own.
fn says_section(steps: &Node, clause: &str) -> bool {
    let words = format!("section {clause}");
    // The id of one clause may begin with that of another.
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    steps.as_str().is_some_and(|text| text.split(&words).skip(1).any(ends))
        || steps.items().iter().any(|item| says_section(item, clause))
        || steps.entries().iter().any(|entry| says_section(&entry.value, clause))
}

/// Visits the clause of each section in a list of steps, at any depth.
fn each_section<'a>(steps: &'a Node, path: &Path, visit: &mut dyn FnMut(Path, &'a str)) {
    for (index, step) in steps.items().iter().enumerate() {
        let path = path.index(index);
        let word = |key| step.get(key).and_then(Node::as_str);
        if word("do") == Some("section")
            && let Some(clause) = word("clause")
        {
            visit(path.key("clause"), clause);
        }
        if let Some(steps) = step.get("steps") {
            each_section(steps, &path.key("steps"), visit);
        }
    }
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
