//! One finding, with all the evidence.

use ipc_plan::{Record, Role};

use super::Badge;
use crate::history::History;
use crate::judge::GENERATED;
use crate::report::digest::Digest;
use crate::report::lanes::{self, Row, Side, State};
use crate::report::story::Story;
use crate::report::words;
use crate::results::{CaseResult, Difference, DifferenceKind};
use crate::spec::{Catalogue, Order};
use crate::{show, text};

/// Characters of a value.
const WIDTH: usize = 600;
/// Characters of stdout and stderr.
const TAIL: usize = 4_000;
/// Cases and differences that are listed.
const MOST: usize = 60;

pub(super) struct Section {
    pub(super) anchor: String,
    pub(super) badge: Badge,
    pub(super) summary: String,
    /// The summary for a list.
    pub(super) short: String,
    pub(super) key: String,
    pub(super) blame: String,
    pub(super) seen: String,
    pub(super) pairings: String,
    pub(super) clauses: Vec<Clause>,
    pub(super) sides: Option<(String, String)>,
    pub(super) place: String,
    pub(super) reasons: Vec<String>,
    pub(super) cases: Vec<Occurrence>,
    pub(super) more_cases: usize,
    pub(super) again: String,
    pub(super) evidence: Option<Evidence>,
}

pub(super) struct Clause {
    pub(super) id: String,
    pub(super) anchor: String,
    pub(super) level: String,
    pub(super) sentence: String,
    pub(super) source: String,
}

pub(super) struct Occurrence {
    pub(super) id: String,
    pub(super) anchor: String,
    pub(super) pairing: String,
    pub(super) badge: Badge,
    pub(super) expectation: &'static str,
    pub(super) seen: String,
    pub(super) replay: String,
}

/// What one case left behind, beside what the reference left.
pub(super) struct Evidence {
    pub(super) case: String,
    pub(super) title: String,
    pub(super) pairing: String,
    pub(super) reference: String,
    pub(super) note: &'static str,
    pub(super) lanes: Vec<Lane>,
    /// What was on the wire, by side.
    pub(super) wires: Vec<(String, String)>,
    pub(super) launches: Vec<(String, String)>,
    pub(super) outputs: Vec<Output>,
    pub(super) differences: Vec<String>,
    pub(super) more_differences: usize,
    pub(super) varying: Vec<String>,
}

/// A role.
pub(super) struct Lane {
    pub(super) role: &'static str,
    pub(super) rows: Vec<Line>,
    /// How the process ended, by side, where that is known.
    pub(super) ending: Option<(String, String)>,
    pub(super) ending_differs: bool,
    pub(super) ending_first: bool,
}

pub(super) struct Line {
    pub(super) class: &'static str,
    pub(super) sign: &'static str,
    pub(super) word: String,
    pub(super) row: Row,
}

/// What one side wrote, and what else is known of it.
pub(super) struct Output {
    pub(super) side: String,
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) duration: String,
    pub(super) notes: Vec<String>,
}

impl Section {
    pub(super) fn of(story: &Story<'_>, digest: &Digest<'_>, catalogue: &Catalogue) -> Self {
        let reference = &digest.results.reference.name;
        let sides = story.sides().map(|(a, b)| (text::short(&a, WIDTH), text::short(&b, WIDTH)));
        let place = story.difference.map_or_else(String::new, |d| {
            let path = if d.path.is_empty() { String::new() } else { format!(", {}", d.path) };
            text::short(&format!("{} of the {}{path}", kind(d.kind), d.role), WIDTH)
        });
        let mut reasons: Vec<String> = Vec::new();
        // Without a finding, the reason stands in the summary.
        let cases = story.cases.iter().filter(|_| story.finding.is_some());
        for case in cases {
            let Some(reason) = case.told() else { continue };
            let fingerprint = case.fingerprint.as_ref().map(|end| format!(" (fingerprint {end})"));
            let reason = text::short(&(reason + &fingerprint.unwrap_or_default()), WIDTH);
            if !reasons.contains(&reason) && reasons.len() < 5 {
                reasons.push(reason);
            }
        }
        let ids = story.cases.iter().map(|case| case.id.as_str());
        let key = ids.chain(story.clauses()).chain(story.pairings()).collect::<Vec<_>>().join(" ");
        Self {
            anchor: format!("finding-{}", text::slug(&story.id)),
            badge: Badge { glyph: story.label().0, name: story.label().1 },
            summary: text::short(&story.summary, 2 * WIDTH),
            short: text::short(&story.summary, WIDTH / 4),
            key: text::line(&format!("{key} {} {}", story.label().1, story.summary)),
            blame: story.finding.map_or_else(
                || "open: there is no difference to tell by".to_owned(),
                |finding| text::line(&words::blame(finding, reference)),
            ),
            seen: story.seen().unwrap_or_else(|| "1 play".to_owned()),
            pairings: text::line(&story.pairings().join(", ")),
            clauses: story.clauses().into_iter().map(|id| clause(id, catalogue)).collect(),
            sides,
            place,
            reasons,
            cases: story.cases.iter().take(MOST).map(|case| occurrence(case, digest)).collect(),
            more_cases: story.cases.len().saturating_sub(MOST),
            again: text::line(&story.again(&digest.results.options)),
            evidence: story
                .cases
                .iter()
                .find(|case| case.history.is_some())
                .and_then(|case| evidence(story, case, digest, catalogue)),
        }
    }
}

fn kind(kind: DifferenceKind) -> &'static str {
    match kind {
        DifferenceKind::Missing => "a missing record",
        DifferenceKind::Extra => "a record too many",
        DifferenceKind::Order => "another order",
        DifferenceKind::Value => "another value",
        DifferenceKind::Message => "another text of an error",
        DifferenceKind::Ending => "another end",
    }
}

fn clause(id: &str, catalogue: &Catalogue) -> Clause {
    let known = catalogue.clause(id);
    let or = |text: Option<String>, other: &str| text.unwrap_or_else(|| other.to_owned());
    let other = if id == GENERATED {
        "Generated messages arrive as they do with the reference."
    } else {
        "This clause is not in the catalogue."
    };
    Clause {
        id: text::line(id),
        anchor: format!("clause-{}", text::slug(id)),
        level: or(known.map(|clause| clause.level.to_string()), "must"),
        sentence: or(known.map(|clause| text::line(&clause.sentence)), other),
        source: or(known.map(|clause| text::line(&clause.source)), ""),
    }
}

fn occurrence(case: &CaseResult, digest: &Digest<'_>) -> Occurrence {
    let seen = case.reproduced;
    Occurrence {
        id: text::line(&case.id),
        anchor: format!("case-{}", text::slug(&case.id)),
        pairing: text::line(&case.pairing),
        badge: case.verdict.into(),
        expectation: words::expectation(case.expectation).0,
        seen: seen
            .map_or_else(|| "1 play".to_owned(), |s| format!("{} of {}", s.differed, s.plays)),
        replay: text::line(&digest.results.options.again(&case.replay)),
    }
}

fn evidence(
    story: &Story<'_>,
    case: &CaseResult,
    digest: &Digest<'_>,
    catalogue: &Catalogue,
) -> Option<Evidence> {
    let observed = case.history.as_ref()?;
    let results = digest.results;
    // Without a reference history the page shows the one it has.
    let reference = case.reference.as_ref();
    // The difference's position is that of this case's log only if it is this case's.
    let difference = story.difference.filter(|d| case.differences.iter().any(|own| own == *d));
    let known = catalogue.case(&case.id);
    let name = &results.reference.name;
    let mut launches = Vec::new();
    let (parent, child) = case.pairing.split_once(':').unwrap_or((&case.pairing, ""));
    for (role, runtime) in [("parent", parent), ("child", child)] {
        let info = results.runtimes.iter().chain([&results.reference]).find(|r| r.name == runtime);
        if let Some(info) = info {
            launches.push((
                text::line(&format!("{role}: {} {}", info.name, info.version)),
                text::cut(&text::command(&info.command), WIDTH),
            ));
        }
    }
    let mut outputs = vec![output(format!("observed: {}", case.pairing), observed)];
    if let Some(reference) = reference {
        outputs.insert(0, output(format!("reference: {name}:{name}"), reference));
    }
    let sides = [(format!("{name}:{name}"), reference), (case.pairing.clone(), Some(observed))];
    let wires = sides
        .iter()
        .filter_map(|(side, history)| {
            let wire = &(*history)?.wire;
            let start = wire.first()?.t;
            let lines: Vec<String> =
                wire.iter().map(|line| super::super::wire(line, start, WIDTH)).collect();
            Some((text::line(side), lines.join("\n")))
        })
        .collect();
    let differences = case.differences.iter().take(MOST);
    Some(Evidence {
        case: text::line(&case.id),
        title: known.map_or_else(String::new, |case| text::line(&case.title)),
        pairing: text::line(&case.pairing),
        reference: text::line(&format!("{name}:{name}")),
        note: match known.map(|case| case.order) {
            Some(Order::Total) => "All records of a role are compared in one order.",
            _ => {
                "Steps, callbacks and events are compared each in their own order: a record that \
                 has only moved (⇅) among others is no difference."
            }
        },
        lanes: Role::ALL.map(|role| lane(role, reference, observed, difference)).into(),
        wires,
        launches,
        outputs,
        differences: differences
            .map(|d| {
                let Difference { clause, level, text, fingerprint, .. } = d;
                text::short(
                    &format!("{clause} ({level}, fingerprint {fingerprint}): {text}"),
                    WIDTH,
                )
            })
            .collect(),
        more_differences: case.differences.len().saturating_sub(MOST),
        varying: case.varying.iter().take(MOST).map(|v| text::short(v, WIDTH)).collect(),
    })
}

fn lane(
    role: Role,
    reference: Option<&History>,
    observed: &History,
    difference: Option<&Difference>,
) -> Lane {
    let none: &[Record] = &[];
    let difference = difference.filter(|d| d.role == role);
    let first = difference.filter(|d| d.kind != DifferenceKind::Ending).map(|d| {
        let side = if d.observed.is_some() { Side::Observed } else { Side::Reference };
        (side, d.at)
    });
    let origins = (reference.map_or(0, origin), origin(observed));
    let want = reference.map_or(none, |history| history.log(role));
    let rows = lanes::rows(want, observed.log(role), origins, first);
    let ending = (role == Role::Parent).then(|| {
        let end = |history: &History| text::short(&show::ending(&history.ending), WIDTH);
        (reference.map_or_else(|| "not known".to_owned(), end), end(observed))
    });
    Lane {
        role: role.name(),
        rows: rows.into_iter().map(line).collect(),
        ending_differs: ending.as_ref().is_some_and(|(a, b)| a != b),
        ending_first: difference.is_some_and(|d| d.kind == DifferenceKind::Ending),
        ending,
    }
}

/// The earliest time of a history.
fn origin(history: &History) -> u64 {
    history.parent.iter().chain(&history.child).map(|record| record.t).min().unwrap_or_default()
}

fn line(row: Row) -> Line {
    let (class, sign, word) = match row.state {
        State::Same => ("same", "", "same".to_owned()),
        State::Changed => ("changed", "≠", "differs".to_owned()),
        State::Missing => ("missing", "−", "missing".to_owned()),
        State::Extra => ("extra", "+", "extra".to_owned()),
        State::Moved => ("moved", "⇅", "moved".to_owned()),
        State::Folded(number) => {
            ("folded", "⋮", format!("{} left out", text::count(number, "row")))
        }
    };
    Line { class, sign, word, row }
}

fn output(side: String, history: &History) -> Output {
    let mut notes = Vec::new();
    for leaked in &history.leaked {
        notes.push(text::short(&format!("left behind: {leaked}"), WIDTH));
    }
    for breach in &history.breaches {
        notes.push(text::short(&format!("breach of the driver contract: {breach}"), WIDTH));
    }
    Output {
        side: text::line(&side),
        stdout: text::tail(&history.stdout, TAIL),
        stderr: text::tail(&history.stderr, TAIL),
        duration: text::duration(history.duration_ms),
        notes,
    }
}
