//! Brings a file of expectations in step with results, changing as little of it as possible.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{ANY_DIFFERENCE, Entry, Expectations, Known, covered, failures};
use crate::judge::{GENERATED, Rules, under_test};
use crate::results::{CaseResult, Results, Verdict};
use crate::spec::{Catalogue, Mistakes};

/// The text of an expectation file after a run.
///
/// An entry stays as it is while all it speaks of still ends as it says, or was not played. It
/// is narrowed to the pairings in which that is so, gets the new fingerprint where it fails in
/// one new way, and goes, with the comment right above it, where nothing of it is left. What no
/// entry accounts for gets new entries at the end, with a reason for a person to replace.
/// Everything else keeps its comments and its layout.
///
/// # Errors
///
/// With the mistakes of the file.
pub fn update(
    file: &str,
    text: &str,
    catalogue: &Catalogue,
    results: &Results,
) -> Result<String, Mistakes> {
    let expectations = Expectations::from_texts(&[(file, text)], catalogue)?;
    let run = Run { results, rules: Rules::of(catalogue, &results.options) };
    let mut edits = Edits::default();
    let mut kept = Vec::new();
    for (index, entry) in expectations.entries.iter().enumerate() {
        match run.fate(entry) {
            Fate::Keep => kept.push(entry.clone()),
            Fate::Fingerprint(fingerprint) => {
                let mut entry = entry.clone();
                if let Some(node) = entry.node.get("fingerprint") {
                    edits.replace(node.span.clone(), quoted(&fingerprint));
                }
                entry.raw.fingerprint = Some(fingerprint);
                kept.push(entry);
            }
            Fate::Pairings(pairings) => {
                let mut entry = entry.clone();
                match entry.node.get("pairings") {
                    Some(node) => edits.replace(node.span.clone(), list(&pairings)),
                    None => {
                        let above = entry.node.get("runtime").unwrap_or(&entry.node);
                        let line = end_of_line(text, above.span.end);
                        edits.replace(line..line, format!("pairings = {}\n", list(&pairings)));
                    }
                }
                entry.raw.pairings = Some(pairings);
                kept.push(entry);
            }
            Fate::Go => {
                let start = lead(text, entry.node.span.start);
                let next = expectations.entries.get(index + 1);
                let end = next.map_or(text.len(), |next| lead(text, next.node.span.start));
                edits.replace(start..end, String::new());
            }
        }
    }
    let mut text = edits.apply(text);
    for new in run.new_entries(&kept) {
        text.truncate(text.trim_end().len());
        text.push_str(if text.is_empty() { "" } else { "\n\n" });
        text.push_str(&new);
    }
    Ok(text)
}

/// What becomes of an entry.
enum Fate {
    Keep,
    Fingerprint(String),
    Pairings(Vec<String>),
    Go,
}

struct Run<'a> {
    results: &'a Results,
    rules: Rules<'a>,
}

impl Run<'_> {
    fn applies(&self, entry: &Entry, case: &CaseResult) -> bool {
        let versions = |name: &str| {
            self.results.runtimes.iter().find(|r| r.name == name).map(|r| r.version.as_str())
        };
        case.verdict != Verdict::NotRun
            && case.verdict != Verdict::HarnessError
            && entry.applies(case, &self.results.reference.name, &versions)
    }

    fn fate(&self, entry: &Entry) -> Fate {
        let of: Vec<&CaseResult> =
            self.results.cases.iter().filter(|case| self.applies(entry, case)).collect();
        let wrong: Vec<&&CaseResult> =
            of.iter().filter(|case| !entry.matches(case, self.rules)).collect();
        if wrong.is_empty() || entry.may_be_wrong() {
            return Fate::Keep;
        }
        if matches!(entry.raw.verdict, Known::Fail | Known::Crash | Known::Hang)
            && let Some(fingerprint) = only_fingerprint(entry, &of, self.rules)
        {
            return Fate::Fingerprint(fingerprint);
        }
        let bad: BTreeSet<&str> = wrong.iter().map(|case| case.pairing.as_str()).collect();
        let left: Vec<String> = match &entry.raw.pairings {
            Some(pairings) => {
                pairings.iter().filter(|pairing| !bad.contains(pairing.as_str())).cloned().collect()
            }
            None => {
                let mut left: Vec<String> = Vec::new();
                for case in of {
                    if !bad.contains(case.pairing.as_str()) && !left.contains(&case.pairing) {
                        left.push(case.pairing.clone());
                    }
                }
                left
            }
        };
        if left.is_empty() { Fate::Go } else { Fate::Pairings(left) }
    }

    /// Entries for what the others do not account for.
    fn new_entries(&self, entries: &[Entry]) -> Vec<String> {
        // By runtime, case or clause, verdict, clause and fingerprint: the pairings and the words.
        let mut new: BTreeMap<New, (Vec<String>, String)> = BTreeMap::new();
        for case in &self.results.cases {
            let matching: Vec<&Entry> = entries
                .iter()
                .filter(|entry| self.applies(entry, case) && entry.matches(case, self.rules))
                .collect();
            if !case.verdict.is_bad() || covered(case, &matching, self.rules) {
                continue;
            }
            let failures = match case.verdict {
                Verdict::Fail => failures(case, self.rules).into_iter().map(Some).collect(),
                _ => vec![None],
            };
            for failure in failures {
                let known = |entry: &&Entry| failure.is_some_and(|failure| entry.is_of(failure));
                if matching.iter().any(known) {
                    continue;
                }
                let entry = self.new_entry(case, failure);
                let text = words(case, failure);
                let (pairings, _) = new.entry(entry).or_insert_with(|| (Vec::new(), text));
                if !pairings.contains(&case.pairing) {
                    pairings.push(case.pairing.clone());
                }
            }
        }
        new.iter().map(|(entry, (pairings, words))| entry.text(pairings, words)).collect()
    }

    fn new_entry(&self, case: &CaseResult, failure: Option<(&str, &str)>) -> New {
        let reference = &self.results.reference.name;
        let runtime = under_test(reference, &case.pairing);
        // A case that was generated has no id to come back to.
        let generated = case.clauses.iter().any(|clause| clause == GENERATED).then_some(GENERATED);
        let clause = failure.map(|(clause, _)| clause).filter(|clause| !clause.is_empty());
        let clause = clause.or(generated);
        // For the clause, if all its cases in this pairing fail in this way.
        let of_clause = clause.filter(|clause| {
            *clause == GENERATED
                || self
                    .results
                    .cases
                    .iter()
                    .filter(|c| c.pairing == case.pairing && c.clauses.iter().any(|c| c == clause))
                    .all(|c| {
                        c.verdict == Verdict::Fail
                            && failures(c, self.rules).iter().any(|f| Some(*f) == failure)
                    })
        });
        New {
            runtime: runtime.to_owned(),
            key: if of_clause.is_some() { "clause" } else { "case" },
            id: of_clause.map_or_else(|| case.id.clone(), str::to_owned),
            verdict: case.verdict.name(),
            fingerprint: match failure {
                Some((GENERATED, _)) => Some(ANY_DIFFERENCE.to_owned()),
                Some((_, fingerprint)) => Some(fingerprint.to_owned()),
                None => case.fingerprint.clone(),
            },
        }
    }
}

/// The one new way in which all that the entry speaks of fails.
fn only_fingerprint(entry: &Entry, of: &[&CaseResult], rules: Rules<'_>) -> Option<String> {
    let mut found = BTreeSet::new();
    for case in of {
        if case.verdict != entry.raw.verdict.verdict() {
            return None;
        }
        let own: Vec<&str> = match case.verdict {
            Verdict::Fail => failures(case, rules)
                .into_iter()
                .filter(|(clause, _)| entry.raw.clause.as_deref().is_none_or(|c| c == *clause))
                .map(|(_, fingerprint)| fingerprint)
                .collect(),
            _ => case.fingerprint.as_deref().into_iter().collect(),
        };
        match own.as_slice() {
            [one] => found.insert((*one).to_owned()),
            _ => return None,
        };
    }
    if found.len() == 1 { found.pop_first() } else { None }
}

/// An entry to be written.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct New {
    runtime: String,
    key: &'static str,
    id: String,
    verdict: &'static str,
    fingerprint: Option<String>,
}

impl New {
    fn text(&self, pairings: &[String], words: &str) -> String {
        let fingerprint = self
            .fingerprint
            .iter()
            .map(|f| format!("fingerprint = {}\n", quoted(f)))
            .collect::<String>();
        format!(
            "[[expectation]]\nruntime = {}\npairings = {}\n{} = {}\nverdict = {}\n{fingerprint}reason = {}\n",
            quoted(&self.runtime),
            list(pairings),
            self.key,
            quoted(&self.id),
            quoted(self.verdict),
            quoted(&format!("not explained yet: {words}")),
        )
    }
}

/// What a case shows, for the person who will explain it.
fn words(case: &CaseResult, failure: Option<(&str, &str)>) -> String {
    let difference =
        case.differences.iter().find(|d| failure.is_some_and(|(_, f)| d.fingerprint == f));
    match (difference, &case.reason) {
        (Some(difference), _) => difference.text.clone(),
        (None, Some(reason)) => reason.clone(),
        (None, None) => case.verdict.name().to_owned(),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text.replace(['\n', '\r'], " ")).to_string()
}

fn list(items: &[String]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(item)).collect();
    format!("[{}]", items.join(", "))
}

/// Where the entry that begins at `start` begins with the comment right above it.
fn lead(text: &str, start: usize) -> usize {
    let mut lead = start;
    while let Some(above) = text[..lead].strip_suffix('\n') {
        let line = above.rfind('\n').map_or(0, |at| at + 1);
        if !above[line..].trim_start().starts_with('#') {
            break;
        }
        lead = line;
    }
    lead
}

fn end_of_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}

/// Replacements of parts of a text.
#[derive(Default)]
struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    fn replace(&mut self, span: Range<usize>, with: String) {
        self.0.push((span, with));
    }

    fn apply(mut self, text: &str) -> String {
        self.0.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        let mut text = text.to_owned();
        for (span, with) in self.0 {
            text.replace_range(span, &with);
        }
        text
    }
}
