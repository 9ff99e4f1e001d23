//! From spec files to a catalogue, with all mistakes at once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path as FsPath;
use std::{fs, io};

use super::case;
use super::format;
use super::mistake::{Mistake, Mistakes, Path};
use super::model::{Case, Catalogue, Clause};
use super::node::{Document, Kind, Node};
use super::requirements;
use super::suggest::{did_you_mean, expected};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/specs.rs"));
}

pub(crate) use embedded::EXPECTATIONS;
pub(super) use embedded::SPECS;

impl Catalogue {
    /// The clauses and cases that were built into this program.
    ///
    /// # Errors
    ///
    /// When the specs have mistakes, which a test of this crate rules out.
    pub fn embedded() -> Result<Self, Mistakes> {
        Self::from_texts(SPECS)
    }

    /// Reads `clauses/*.toml`, `cases/*.toml`, and where they are there `requirements/*.toml` and
    /// `untested.toml`, of a folder.
    ///
    /// # Errors
    ///
    /// With all mistakes of all files, those that cannot be read among them.
    pub fn load(folder: &FsPath) -> Result<Self, Mistakes> {
        let mut paths = Vec::new();
        for name in ["clauses", "cases", "requirements"] {
            let folder = folder.join(name);
            if name == "requirements" && !folder.exists() {
                continue;
            }
            for entry in fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))? {
                paths.push(entry.map_err(|error| unreadable(&folder, &error))?.path());
            }
        }
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort();
        let untested = folder.join("untested.toml");
        if untested.exists() {
            paths.push(untested);
        }
        let mut loader = Loader::default();
        let mut texts = Vec::new();
        for path in paths {
            match fs::read_to_string(&path) {
                Ok(text) => texts.push((path.to_string_lossy().into_owned(), text)),
                Err(error) => loader.unreadable(&path, &error),
            }
        }
        let texts: Vec<(&str, &str)> =
            texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        loader.load(&texts)
    }

    /// Reads files given as (name, text). What a file holds is told by its folder,
    /// `clauses`, `cases` or `requirements`, or its name, `untested.toml`.
    ///
    /// # Errors
    ///
    /// With all mistakes of all files.
    pub fn from_texts(files: &[(&str, &str)]) -> Result<Self, Mistakes> {
        Loader::default().load(files)
    }
}

/// A folder or file that could not be read.
pub(crate) fn unreadable(path: &FsPath, error: &io::Error) -> Mistakes {
    let message = format!("failed to read {}: {error}", path.display());
    Mistakes(vec![Mistake::new(&Path::default(), message)])
}

/// Hash over all files, whatever folder they were read from.
fn hash(files: &[(&str, &str)]) -> String {
    let mut files: Vec<(String, &str)> = files
        .iter()
        .map(|(file, text)| {
            let parts: Vec<&str> = file.rsplit('/').take(2).collect();
            let name =
                if parts[0] == "untested.toml" { parts[0].to_owned() } else { parts.join("/") };
            (name, *text)
        })
        .collect();
    files.sort();
    let all: Vec<u8> =
        files.iter().flat_map(|(n, t)| [n, "\0", t, "\0"].concat().into_bytes()).collect();
    format!("{:08x}", ipc_plan::fnv1a(&all))
}

/// Where an id was given first.
type Places = BTreeMap<String, (usize, Range<usize>)>;

#[derive(Default)]
struct Loader {
    documents: Vec<Document>,
    clauses: Vec<Clause>,
    clause_places: Places,
    cases: Vec<Case>,
    case_places: Places,
    /// All cases as they are written, and the numbers of their files.
    case_nodes: Vec<(usize, Node)>,
    /// Clauses listed by cases, also by those that have mistakes.
    shown: BTreeSet<String>,
    /// Clauses listed as untested, and why.
    untested: BTreeMap<String, (String, Mistake)>,
    requirements: Vec<requirements::Draft>,
    /// Whether a file of clauses is not even TOML.
    unreadable_clauses: bool,
    mistakes: Vec<Mistake>,
}

impl Loader {
    fn load(mut self, files: &[(&str, &str)]) -> Result<Catalogue, Mistakes> {
        for (file, text) in files {
            self.file(file, text);
        }
        self.finish(hash(files))
    }

    fn unreadable(&mut self, path: &FsPath, error: &io::Error) {
        self.unreadable_clauses |= path.parent().is_some_and(|folder| folder.ends_with("clauses"));
        self.mistakes.extend(unreadable(path, error).0);
    }

    fn file(&mut self, file: &str, text: &str) {
        let mut parts = file.rsplit('/');
        let (name, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let (key, add): (_, fn(&mut Self, &Document, &Node)) = match (folder, name) {
            ("requirements", _) => return self.requirements(file, text),
            (_, "untested.toml") => ("untested", Self::untested),
            ("clauses", _) => ("clause", Self::clause),
            ("cases", _) => ("case", Self::case),
            _ => {
                let message = format!(
                    "{file} is in none of the folders `clauses`, `cases` and `requirements`"
                );
                return self.mistakes.push(Mistake::new(&Path::default(), message));
            }
        };
        let before = self.mistakes.len();
        let document = Document::parse(file, text, &mut self.mistakes);
        self.unreadable_clauses |= folder == "clauses" && self.mistakes.len() > before;
        self.documents.push(document.clone());
        for node in items(&document, key, &mut self.mistakes) {
            add(self, &document, node);
        }
    }

    fn requirements(&mut self, file: &str, text: &str) {
        let before = self.mistakes.len();
        let document = Document::parse(file, text, &mut self.mistakes);
        if self.mistakes.len() == before {
            let number = self.documents.len();
            self.requirements.extend(requirements::read(&document, number, &mut self.mistakes));
        }
        self.documents.push(document);
    }

    fn clause(&mut self, document: &Document, node: &Node) {
        if let Some(id) = node.get("id").filter(|id| id.as_str().is_some()) {
            let message = "a clause's id is an area in capital letters, `-` and three digits, such as `BOOT-031`";
            self.id(document, id, Id { noun: "clause", message, valid: is_clause_id });
        }
        let raw = format::CLAUSE.read(document, node, &mut self.mistakes);
        not_empty(document, node, &["sentence", "source"], &mut self.mistakes);
        if let (Some(since), Some(until)) = (number(node, "since"), number(node, "until"))
            && until < since
        {
            let mistake = Mistake::new(&Path::default().key("until"), "`until` is before `since`");
            self.mistakes.push(document.locate_path(node, mistake));
        }
        let Some(raw) = raw else { return };
        self.clauses.push(Clause {
            id: raw.id,
            level: raw.level,
            sentence: raw.sentence,
            source: raw.source,
            since: raw.since,
            until: raw.until,
            untested: None,
        });
    }

    fn untested(&mut self, document: &Document, node: &Node) {
        format::UNTESTED.read(document, node, &mut self.mistakes);
        not_empty(document, node, &["reason"], &mut self.mistakes);
        let reason = node.get("reason").and_then(Node::as_str).unwrap_or_default();
        for (path, id) in case::clause_nodes(node) {
            let Some(id) = id.as_str() else { continue };
            let place = document.locate_path(node, Mistake::new(&path, String::new()));
            let entry = (reason.to_owned(), place.clone());
            if self.untested.insert(id.to_owned(), entry).is_some() {
                let message = format!("`{id}` is listed as untested twice");
                self.mistakes.push(Mistake { message, ..place });
            }
        }
    }

    fn case(&mut self, document: &Document, node: &Node) {
        for (_, id) in case::clause_nodes(node) {
            self.shown.extend(id.as_str().map(str::to_owned));
        }
        if let Some(id) = node.get("id").filter(|id| id.as_str().is_some()) {
            let message =
                "a case's id is lower-case words joined by `-`, such as `life-disconnect-by-child`";
            self.id(document, id, Id { noun: "case", message, valid: is_case_id });
            let stem = document.file.rsplit('/').next().unwrap_or_default();
            let area = stem.trim_end_matches(".toml").split('-').next().unwrap_or_default();
            let own = id.as_str().unwrap_or_default();
            if own.split('-').next() != Some(area) && is_case_id(own) {
                let message = format!("the id of a case in this file begins with `{area}-`");
                let mistake = Mistake::new(&Path::default(), message);
                self.mistakes.push(document.locate(mistake, id.span.clone()));
            }
        }
        self.cases.extend(case::read_case(document, node, &mut self.mistakes));
        self.case_nodes.push((self.documents.len() - 1, node.clone()));
    }

    /// Checks the form of an id, and that it is not given twice.
    fn id(&mut self, document: &Document, node: &Node, kind: Id) {
        let id = node.as_str().unwrap_or_default();
        if !(kind.valid)(id) {
            let mistake = Mistake::new(&Path::default(), format!("bad {} id `{id}`", kind.noun));
            self.mistakes.push(document.locate(mistake.help(kind.message), node.span.clone()));
        }
        let places =
            if kind.noun == "clause" { &mut self.clause_places } else { &mut self.case_places };
        if let Some((number, span)) = places.get(id) {
            let first =
                self.documents[*number].locate(Mistake::new(&Path::default(), ""), span.clone());
            let mistake =
                Mistake::new(&Path::default(), format!("duplicate {} id `{id}`", kind.noun));
            let help =
                first.location.map(|l| format!("it is given first in {}:{}", l.file, l.line));
            self.mistakes.push(document.locate(mistake.maybe_help(help), node.span.clone()));
        } else {
            places.insert(id.to_owned(), (self.documents.len() - 1, node.span.clone()));
        }
    }

    fn finish(mut self, suite: String) -> Result<Catalogue, Mistakes> {
        let known: BTreeSet<&str> = self.clause_places.keys().map(String::as_str).collect();
        if known.is_empty() && self.mistakes.is_empty() {
            self.mistakes.push(Mistake::new(&Path::default(), "there are no clauses"));
        }
        // That every case names an unknown clause would then say nothing new.
        let all = Some(&known).filter(|known| !known.is_empty() && !self.unreadable_clauses);
        for (number, node) in &self.case_nodes {
            let document = &self.documents[*number];
            for mistake in case::check_clauses(node, all) {
                self.mistakes.push(document.locate_path(node, mistake));
            }
        }
        for (id, (_, place)) in &self.untested {
            let place = place.clone();
            if all.is_some_and(|known| !known.contains(id.as_str())) {
                let message = format!("no clause has the id `{id}`");
                let mistake = Mistake { message, ..place };
                self.mistakes.push(mistake.maybe_help(did_you_mean(id, known.iter().copied())));
            } else if self.shown.contains(id) {
                let message = format!("`{id}` is listed as untested, and a case shows it");
                self.mistakes.push(Mistake { message, ..place });
            }
        }
        let mut sets = BTreeMap::new();
        for draft in &self.requirements {
            match requirements::finish(draft, all, &self.clauses) {
                Ok(set) => drop(sets.insert(draft.name.clone(), set)),
                Err(mistakes) => {
                    let document = &self.documents[draft.document];
                    let at = |mistake| document.locate_path(&document.root, mistake);
                    self.mistakes.extend(mistakes.into_iter().map(at));
                }
            }
        }
        let mut uncovered = Vec::new();
        for (id, (number, span)) in &self.clause_places {
            if !self.shown.contains(id) && !self.untested.contains_key(id) {
                let mistake = Mistake::new(&Path::default(), format!("no case shows `{id}`"))
                    .help("write a case that lists it, or add it to untested.toml with the reason");
                uncovered.push(self.documents[*number].locate(mistake, span.clone()));
            }
        }
        if !self.mistakes.is_empty() {
            return Err(Mistakes(self.mistakes));
        }
        for clause in &mut self.clauses {
            clause.untested = self.untested.get(&clause.id).map(|(reason, _)| reason.clone());
        }
        self.cases.sort_by(|a, b| a.id.cmp(&b.id));
        self.clauses.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Catalogue {
            clauses: self.clauses,
            cases: self.cases,
            requirements: sets,
            uncovered,
            suite,
        })
    }
}

struct Id {
    noun: &'static str,
    message: &'static str,
    valid: fn(&str) -> bool,
}

/// A whole number that stands under a key.
fn number(node: &Node, key: &str) -> Option<i64> {
    match &node.get(key)?.kind {
        Kind::Number(number) => number.as_i64(),
        _ => None,
    }
}

fn is_clause_id(id: &str) -> bool {
    // A clause that came between two others has a letter after the number.
    let id = id.strip_suffix(|c: char| c.is_ascii_lowercase()).unwrap_or(id);
    id.rsplit_once('-').is_some_and(|(area, number)| {
        number.len() == 3
            && number.bytes().all(|b| b.is_ascii_digit())
            && area.starts_with(|c: char| c.is_ascii_uppercase())
            && area.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    })
}

fn is_case_id(id: &str) -> bool {
    id.contains('-')
        && id.split('-').all(|word| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

/// The tables of the one list that a file consists of.
pub(crate) fn items<'a>(
    document: &'a Document,
    key: &str,
    mistakes: &mut Vec<Mistake>,
) -> &'a [Node] {
    let mut found: &[Node] = &[];
    for entry in document.root.entries() {
        if entry.key != key {
            let mistake = Mistake::new(&Path::default(), format!("unknown key `{}`", entry.key))
                .maybe_help(did_you_mean(&entry.key, [key]))
                .maybe_help(expected([format!("[[{key}]]").as_str()]));
            mistakes.push(document.locate(mistake, entry.key_span.clone()));
        } else if let Kind::Array(items) = &entry.value.kind {
            found = items;
        } else {
            let mistake =
                Mistake::new(&Path::default(), format!("expected a list of tables `[[{key}]]`"));
            mistakes.push(document.locate(mistake, entry.key_span.clone()));
        }
    }
    found
}

/// Reports texts that say nothing.
pub(crate) fn not_empty(
    document: &Document,
    node: &Node,
    keys: &[&str],
    mistakes: &mut Vec<Mistake>,
) {
    for key in keys {
        if let Some(value) = node.get(key)
            && value.as_str().is_some_and(|text| text.trim().is_empty())
        {
            let mistake = Mistake::new(&Path::default(), format!("`{key}` is empty"));
            mistakes.push(document.locate(mistake, value.span.clone()));
        }
    }
}
