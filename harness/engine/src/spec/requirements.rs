//! Requirement sets: what a Node major requires, as lists that no new clause changes.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::format::{self, RawRequirements};
use super::mistake::{Mistake, Path};
use super::model::{Catalogue, Clause, Level};
use super::node::Document;
use super::select::SelectError;
use super::suggest::did_you_mean;

/// The clauses that a Node major requires: those that its file lists, whatever else there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequirementSet {
    /// The Node major.
    pub major: u32,
    /// The ids of its clauses.
    pub clauses: BTreeSet<String>,
    /// Whether the list may no longer change.
    pub frozen: bool,
}

impl Catalogue {
    /// The requirement set of that name.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn requirement_set(&self, name: &str) -> Result<&RequirementSet, SelectError> {
        self.requirements.get(name).ok_or_else(|| SelectError::RequirementSet {
            name: name.to_owned(),
            known: self.requirements.keys().cloned().collect(),
        })
    }

    /// The names of the sets that require a clause.
    pub fn required_by(&self, clause: &Clause) -> Vec<&str> {
        let sets = self.requirements.iter().filter(|(_, set)| set.clauses.contains(&clause.id));
        sets.map(|(name, _)| name.as_str()).collect()
    }

    /// The clauses that could be required, and are in no set yet.
    pub fn unrequired(&self) -> Vec<&Clause> {
        let open =
            |clause: &&Clause| can_be_required(clause) && self.required_by(clause).is_empty();
        self.clauses.iter().filter(open).collect()
    }

    /// The text of the file of a requirement set, which may be new: all clauses that hold in that
    /// major, that can fail somebody and that a case shows. A frozen set stays as it is.
    ///
    /// # Errors
    ///
    /// When the name is not that of a Node major.
    pub fn requirements_file(&self, name: &str, freeze: bool) -> Result<String, SelectError> {
        let major = major_of(name).ok_or_else(|| SelectError::NotAMajor(name.to_owned()))?;
        let (clauses, frozen) = match self.requirements.get(name) {
            Some(set) if set.frozen => (set.clauses.clone(), true),
            _ => {
                let required = |clause: &&Clause| can_be_required(clause) && clause.holds_in(major);
                let clauses = self.clauses.iter().filter(required);
                (clauses.map(|clause| clause.id.clone()).collect(), freeze)
            }
        };
        Ok(text(major, &clauses, frozen))
    }
}

fn can_be_required(clause: &Clause) -> bool {
    clause.level != Level::Impl && clause.untested.is_none()
}

/// The major in a name such as `node-24`.
fn major_of(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("node-")?;
    let major: u32 = digits.parse().ok()?;
    (major.to_string() == digits).then_some(major)
}

/// What a frozen set carries: other clauses have another seal.
fn seal(clauses: &BTreeSet<String>) -> String {
    let ids: Vec<&str> = clauses.iter().map(String::as_str).collect();
    format!("{:08x}", ipc_plan::fnv1a(ids.join("\n").as_bytes()))
}

fn text(major: u32, clauses: &BTreeSet<String>, frozen: bool) -> String {
    let mut text = format!(
        "# What Node {major} requires. `make requirements` writes this file; specs/README.md says\n\
         # when it is frozen.\n\n"
    );
    if frozen {
        let _ = writeln!(text, "frozen = \"{}\"", seal(clauses));
    }
    text.push_str("clauses = [");
    let mut before = "";
    for id in clauses {
        // A line for ten numbers: a clause that is added changes one line.
        let ten = &id[..id.rfind(|c: char| c.is_ascii_digit()).unwrap_or_default()];
        text.push_str(if ten == before { " " } else { "\n  " });
        let _ = write!(text, "\"{id}\",");
        before = ten;
    }
    text.push_str("\n]\n");
    text
}

/// A file, before its clauses were looked up.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) name: String,
    major: u32,
    raw: RawRequirements,
    /// Number of its file.
    pub(super) document: usize,
}

pub(super) fn read(
    document: &Document,
    number: usize,
    mistakes: &mut Vec<Mistake>,
) -> Option<Draft> {
    let stem = document.file.rsplit('/').next().unwrap_or_default().trim_end_matches(".toml");
    let Some(major) = major_of(stem) else {
        let file = &document.file;
        let message = format!("{file} is not named after a Node major, such as `node-24.toml`");
        mistakes.push(Mistake::new(&Path::default(), message));
        return None;
    };
    let raw = format::REQUIREMENTS.read(document, &document.root, mistakes)?;
    Some(Draft { name: stem.to_owned(), major, raw, document: number })
}

/// Makes a set of a file, or says what is wrong with it. `known` are the ids of all clauses, none
/// where that is not known, `clauses` those that could be read.
pub(super) fn finish(
    draft: &Draft,
    known: Option<&BTreeSet<&str>>,
    clauses: &[Clause],
) -> Result<RequirementSet, Vec<Mistake>> {
    let frozen = draft.raw.frozen.as_deref();
    let list = Path::default().key("clauses");
    let mut mistakes = Vec::new();
    let mut ids = BTreeSet::new();
    for (index, id) in draft.raw.clauses.iter().enumerate() {
        let mut add = |message: String, help: Option<String>| {
            mistakes.push(Mistake::new(&list.index(index), message).maybe_help(help));
        };
        if !ids.insert(id.clone()) {
            add(format!("`{id}` is listed twice"), None);
        }
        if let Some(known) = known.filter(|known| !known.contains(id.as_str())) {
            let kept = "a frozen set keeps its clauses: give this one back its id and sentence";
            let open = || did_you_mean(id, known.iter().copied());
            let help = if frozen.is_some() { Some(kept.to_owned()) } else { open() };
            add(format!("no clause has the id `{id}`"), help);
        }
        if let Some(clause) = clauses.iter().find(|clause| clause.id == *id) {
            if !clause.holds_in(draft.major) {
                let (range, major) = (clause.range(), draft.major);
                add(format!("`{id}` holds {range}, and this is the set of Node {major}"), None);
            }
            if clause.level == Level::Impl {
                add(format!("`{id}` is of level impl, which nothing requires"), None);
            }
        }
    }
    if frozen.is_some_and(|frozen| frozen != seal(&ids)) {
        let mistake =
            Mistake::new(&Path::default().key("frozen"), "this set was frozen with other clauses");
        mistakes.push(mistake.help("a frozen set never changes: put its list back"));
    }
    let frozen = frozen.is_some();
    if mistakes.is_empty() {
        Ok(RequirementSet { major: draft.major, clauses: ids, frozen })
    } else {
        Err(mistakes)
    }
}

#[cfg(test)]
mod tests;
