//! Clauses and cases by pairing.

use std::collections::BTreeMap;

use super::Badge;
use crate::report::digest::{Digest, is_unexpected};
use crate::report::story::Group;
use crate::results::{Expectation, Results, Verdict};
use crate::spec::Catalogue;
use crate::text;

/// A table cell: a verdict, or nothing.
pub(super) struct Cell {
    pub(super) badge: Option<Badge>,
    pub(super) unexpected: bool,
    pub(super) link: Option<String>,
}

/// Clauses whose ids begin alike.
pub(super) struct Area {
    pub(super) name: String,
    pub(super) anchor: String,
    pub(super) summary: String,
    /// With anything but a pass.
    pub(super) open: Vec<ClauseRow>,
    pub(super) passing: Vec<ClauseRow>,
}

pub(super) struct ClauseRow {
    pub(super) id: String,
    pub(super) anchor: String,
    pub(super) level: String,
    pub(super) sentence: String,
    pub(super) source: String,
    pub(super) key: String,
    pub(super) cells: Vec<Cell>,
}

/// Clauses about which the run says nothing.
pub(super) struct Untested {
    /// Without a case, for the reason given.
    pub(super) decided: Vec<Reasoned>,
    /// With a case, but not shown by this run.
    pub(super) open: Vec<Reasoned>,
}

pub(super) struct Reasoned {
    pub(super) id: String,
    pub(super) anchor: String,
    pub(super) level: String,
    pub(super) sentence: String,
    pub(super) reason: String,
}

/// Cases that were not tested, by reason.
pub(super) struct Skipped {
    pub(super) badge: Badge,
    pub(super) pairing: String,
    pub(super) reason: String,
    pub(super) cases: Vec<(String, String)>,
}

pub(super) struct Cases {
    pub(super) open: Vec<CaseRow>,
    pub(super) passing: Vec<CaseRow>,
}

pub(super) struct CaseRow {
    pub(super) id: String,
    pub(super) anchor: String,
    pub(super) title: String,
    pub(super) clauses: Vec<(String, String)>,
    pub(super) key: String,
    pub(super) cells: Vec<Cell>,
    pub(super) duration: String,
}

/// Links from clauses and cases to the findings in which they stand, by pairing.
struct Links<'a> {
    clauses: BTreeMap<(&'a str, &'a str), (String, bool)>,
    cases: BTreeMap<(&'a str, &'a str), String>,
}

impl<'a> Links<'a> {
    fn of(digest: &Digest<'a>) -> Self {
        let (mut clauses, mut cases) = (BTreeMap::new(), BTreeMap::new());
        for story in &digest.stories {
            let link = format!("#finding-{}", text::slug(&story.id));
            for case in &story.cases {
                cases
                    .entry((case.id.as_str(), case.pairing.as_str()))
                    .or_insert_with(|| link.clone());
                for clause in story.clauses() {
                    clauses
                        .entry((clause, case.pairing.as_str()))
                        .or_insert_with(|| (link.clone(), story.group == Group::Unexpected));
                }
            }
        }
        Self { clauses, cases }
    }
}

pub(super) fn areas(digest: &Digest<'_>, catalogue: &Catalogue) -> Vec<Area> {
    let links = Links::of(digest);
    let mut areas: Vec<Area> = Vec::new();
    for clause in digest.results.clauses.iter().filter(|c| c.tested || !c.verdicts.is_empty()) {
        let name = area(&clause.id);
        if areas.last().is_none_or(|area| area.name != name) {
            let anchor = format!("area-{}", text::slug(&name));
            let (open, passing) = (Vec::new(), Vec::new());
            areas.push(Area { name, anchor, summary: String::new(), open, passing });
        }
        let known = catalogue.clause(&clause.id);
        let cell = |pairing: &&str| {
            let verdict = clause.verdicts.get(*pairing).copied();
            let (link, unexpected) = match links.clauses.get(&(clause.id.as_str(), *pairing)) {
                Some((link, unexpected)) if verdict != Some(Verdict::Pass) => {
                    (Some(link.clone()), *unexpected)
                }
                _ => (None, false),
            };
            Cell { badge: verdict.map(Badge::from), unexpected, link }
        };
        let row = ClauseRow {
            id: text::line(&clause.id),
            anchor: format!("clause-{}", text::slug(&clause.id)),
            level: clause.level.to_string(),
            sentence: known.map_or_else(String::new, |clause| text::line(&clause.sentence)),
            source: known.map_or_else(String::new, |clause| text::line(&clause.source)),
            key: key(&clause.id, clause.verdicts.iter().map(|(p, v)| (p.as_str(), *v))),
            cells: digest.pairings.iter().map(cell).collect(),
        };
        if let Some(area) = areas.last_mut() {
            let passes = clause.verdicts.values().all(|verdict| *verdict == Verdict::Pass);
            if passes { &mut area.passing } else { &mut area.open }.push(row);
        }
    }
    for area in &mut areas {
        let all = area.open.len() + area.passing.len();
        area.summary =
            format!("{} of {} pass everywhere", area.passing.len(), text::count(all, "clause"));
    }
    areas
}

/// The first word of a clause's id.
fn area(id: &str) -> String {
    text::line(id.split_once('-').map_or(id, |(area, _)| area))
}

pub(super) fn untested(digest: &Digest<'_>, catalogue: &Catalogue) -> Untested {
    let (_, decided, open) = digest.clauses();
    let row = |clause: &crate::results::ClauseResult, reason: &str| Reasoned {
        id: text::line(&clause.id),
        // What was played without saying anything stands in the table of clauses.
        anchor: if clause.verdicts.is_empty() {
            format!("clause-{}", text::slug(&clause.id))
        } else {
            format!("untested-{}", text::slug(&clause.id))
        },
        level: clause.level.to_string(),
        sentence: catalogue
            .clause(&clause.id)
            .map_or_else(String::new, |clause| text::line(&clause.sentence)),
        reason: text::line(reason),
    };
    Untested {
        decided: decided
            .into_iter()
            .map(|clause| row(clause, clause.untested.as_deref().unwrap_or_default()))
            .collect(),
        open: open
            .into_iter()
            .map(|clause| {
                let mut verdicts: Vec<&str> = clause.verdicts.values().map(|v| v.name()).collect();
                verdicts.dedup();
                let reason = match verdicts.as_slice() {
                    [] => "no case that shows it was selected".to_owned(),
                    verdicts => verdicts.join(", "),
                };
                row(clause, &reason)
            })
            .collect(),
    }
}

pub(super) fn skipped(results: &Results) -> Vec<Skipped> {
    let mut groups = BTreeMap::new();
    for case in &results.cases {
        if matches!(case.verdict, Verdict::Unsupported | Verdict::NotRun) {
            let reason = case.told().unwrap_or_else(|| "no reason given".to_owned());
            groups
                .entry((case.verdict, case.pairing.as_str(), reason))
                .or_insert_with(Vec::new)
                .push((text::line(&case.id), format!("case-{}", text::slug(&case.id))));
        }
    }
    let group = |((verdict, pairing, reason), cases): ((Verdict, &str, String), _)| Skipped {
        badge: verdict.into(),
        pairing: text::line(pairing),
        reason: text::short(&reason, 600),
        cases,
    };
    groups.into_iter().map(group).collect()
}

pub(super) fn cases(digest: &Digest<'_>, catalogue: &Catalogue) -> Cases {
    let links = Links::of(digest);
    let mut by_id: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for case in &digest.results.cases {
        by_id.entry(&case.id).or_default().push(case);
    }
    let (mut open, mut passing) = (Vec::new(), Vec::new());
    for (id, results) in by_id {
        let cell = |pairing: &&str| {
            let case = results.iter().find(|case| case.pairing == *pairing);
            Cell {
                badge: case.map(|case| case.verdict.into()),
                unexpected: case.is_some_and(|case| is_unexpected(case)),
                link: links.cases.get(&(id, *pairing)).cloned(),
            }
        };
        let good = results
            .iter()
            .all(|case| case.verdict == Verdict::Pass && case.expectation == Expectation::Expected);
        let clauses = results.first().map_or(&[][..], |case| &case.clauses);
        let words = results.iter().map(|case| (case.pairing.as_str(), case.verdict));
        let mut key = key(id, words);
        for case in results.iter().filter(|case| is_unexpected(case)) {
            key += &text::line(&format!(" {}=unexpected", case.pairing));
        }
        for clause in clauses {
            key += &text::line(&format!(" {clause}"));
        }
        let row = CaseRow {
            id: text::line(id),
            anchor: format!("case-{}", text::slug(id)),
            title: catalogue.case(id).map_or_else(String::new, |case| text::line(&case.title)),
            clauses: clauses
                .iter()
                .map(|clause| (text::line(clause), format!("clause-{}", text::slug(clause))))
                .collect(),
            key,
            cells: digest.pairings.iter().map(cell).collect(),
            duration: text::duration(results.iter().map(|c| c.duration_ms).max().unwrap_or(0)),
        };
        if good { &mut passing } else { &mut open }.push(row);
    }
    Cases { open, passing }
}

/// The words that the filter of the page looks at.
fn key<'a>(id: &str, verdicts: impl Iterator<Item = (&'a str, Verdict)>) -> String {
    let mut key = text::line(id);
    for (pairing, verdict) in verdicts {
        key += &text::line(&format!(" {pairing}={}", verdict.name()));
    }
    key
}
