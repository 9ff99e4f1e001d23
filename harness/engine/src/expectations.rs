//! What is known to go wrong, why, and in which way.
//!
//! The rules, for one case in one pairing:
//!
//! * A good verdict (`pass`, `non-strict`) is expected without an entry, a bad one (`fail`,
//!   `crash`, `hang`) only with one.
//! * `unsupported` is always shown and never unexpected; an entry documents it.
//! * An entry speaks of a case, or of all cases that show a clause, in all the pairings it names.
//!   Where one of these does not end as the entry says, the entry is stale there.
//! * `fail` is expected when the first difference of every clause that fails has an entry with its
//!   fingerprint. Failing in another way is unexpected. Which clauses can fail, level and requirement
//!   set of the run say.
//! * `crash` and `hang` are expected when an entry has the fingerprint of the ending: who died, and
//!   how, or who hung.
//! * An entry with `unstable` speaks of what happens in some plays only: it is never stale, and
//!   several may say how else the same case can end.
//! * `harness-error` is never expected.
//! * An entry for other versions of the runtime than the one that is tested says nothing; in a file
//!   of the user's own that is a problem of the run, see [`Expectations::unmatched`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path as FsPath, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::judge::{GENERATED, Rules, plain};
use crate::raw;
use crate::results::{CaseResult, Difference, DifferenceKind, Expectation, RuntimeInfo, Verdict};
use crate::spec::document::{
    Document, EXPECTATIONS, Form, Node, did_you_mean, items, not_empty, unreadable,
};
use crate::spec::{Catalogue, Location, Mistake, Mistakes, Path};

mod update;
mod version;

#[cfg(test)]
mod tests;

pub use update::update;
use version::Range as Versions;

/// The fingerprint of a failure that shows in no difference, such as a descendant left behind.
pub const NO_DIFFERENCE: &str = "none";

/// The fingerprint of any failure of a generated message: no two runs generate the same.
pub const ANY_DIFFERENCE: &str = "any";

/// The entries of one or several files.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    entries: Vec<Entry>,
    /// Whether they are of files that the user named, rather than of files that all users of the
    /// specs share.
    own: bool,
}

/// One `[[expectation]]`, as it is written.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Raw {
    runtime: String,
    #[serde(default)]
    pairings: Option<Vec<String>>,
    #[serde(default)]
    clause: Option<String>,
    #[serde(default)]
    case: Option<String>,
    verdict: Known,
    #[serde(default)]
    fingerprint: Option<String>,
    #[serde(default)]
    unstable: bool,
    #[serde(default)]
    versions: Option<String>,
    reason: String,
    #[serde(default)]
    source: Option<String>,
}

/// Verdicts that can be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "verdict")]
enum Known {
    Fail,
    Crash,
    Hang,
    Unsupported,
    NonStrict,
}

impl Known {
    fn verdict(self) -> Verdict {
        match self {
            Self::Fail => Verdict::Fail,
            Self::Crash => Verdict::Crash,
            Self::Hang => Verdict::Hang,
            Self::Unsupported => Verdict::Unsupported,
            Self::NonStrict => Verdict::NonStrict,
        }
    }
}

/// An entry that makes sense.
#[derive(Clone, Debug)]
struct Entry {
    raw: Raw,
    versions: Versions,
    place: Location,
    /// The whole entry in its file.
    node: Node,
}

impl Expectations {
    /// The entries that were built into this program.
    ///
    /// # Errors
    ///
    /// With all mistakes of all files.
    pub fn embedded(catalogue: &Catalogue) -> Result<Self, Mistakes> {
        Self::from_texts(EXPECTATIONS, catalogue)
    }

    /// Reads files of the user's own: nothing in them may match nothing, see
    /// [`Expectations::unmatched`].
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or with all mistakes of all files.
    pub fn load(files: &[PathBuf], catalogue: &Catalogue) -> Result<Self, Mistakes> {
        Ok(Self { own: true, ..Self::read(files, catalogue)? })
    }

    fn read(files: &[PathBuf], catalogue: &Catalogue) -> Result<Self, Mistakes> {
        let texts: Vec<(String, String)> = files
            .iter()
            .map(|file| {
                let text = std::fs::read_to_string(file).map_err(|e| unreadable(file, &e))?;
                Ok((file.to_string_lossy().into_owned(), text))
            })
            .collect::<Result<_, Mistakes>>()?;
        let texts: Vec<(&str, &str)> =
            texts.iter().map(|(f, t)| (f.as_str(), t.as_str())).collect();
        Self::from_texts(&texts, catalogue)
    }

    /// Reads `expectations/*.toml` of a folder of specs, which may have none.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or with all mistakes of all files.
    pub fn of_specs(specs: &FsPath, catalogue: &Catalogue) -> Result<Self, Mistakes> {
        let folder = specs.join("expectations");
        let mut files = Vec::new();
        match std::fs::read_dir(&folder) {
            Ok(entries) => {
                for entry in entries {
                    files.push(entry.map_err(|error| unreadable(&folder, &error))?.path());
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(&folder, &error)),
        }
        files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        files.sort();
        Self::read(&files, catalogue)
    }

    /// Reads files given as (name, text).
    ///
    /// # Errors
    ///
    /// With all mistakes of all files.
    pub fn from_texts(files: &[(&str, &str)], catalogue: &Catalogue) -> Result<Self, Mistakes> {
        let form = Form::new();
        let mut mistakes = Vec::new();
        let mut entries = Vec::new();
        for (file, text) in files {
            let document = Document::parse(file, text, &mut mistakes);
            for node in items(&document, "expectation", &mut mistakes) {
                entries.extend(entry(&form, &document, node, catalogue, &mut mistakes));
            }
        }
        if mistakes.is_empty() { Ok(Self { entries, own: false }) } else { Err(Mistakes(mistakes)) }
    }

    /// How the verdict of a case in a pairing stands to what was expected, and the reasons of
    /// the entries that expect it.
    ///
    /// `versions` knows the version of each runtime; what fails nobody by the `rules` of the run
    /// needs no entry.
    pub fn judge<'v>(
        &self,
        result: &CaseResult,
        reference: &str,
        versions: &dyn Fn(&str) -> Option<&'v str>,
        rules: Rules<'_>,
    ) -> (Expectation, Option<String>) {
        if result.verdict == Verdict::NotRun {
            return (Expectation::Expected, None);
        }
        let (matching, mut stale): (Vec<&Entry>, Vec<&Entry>) = self
            .applying(result, reference, versions)
            .into_iter()
            .partition(|entry| entry.matches(result, rules));
        stale.retain(|entry| !entry.may_be_wrong());
        let expectation = if !covered(result, &matching, rules) {
            Expectation::Unexpected
        } else if !stale.is_empty() {
            Expectation::Stale
        } else {
            Expectation::Expected
        };
        let reasons = |entries: &[&Entry]| {
            let reasons: BTreeSet<&str> = entries.iter().map(|e| e.raw.reason.as_str()).collect();
            reasons.into_iter().collect::<Vec<_>>().join("; ")
        };
        let reason = match expectation {
            Expectation::Expected if !matching.is_empty() => Some(reasons(&matching)),
            Expectation::Stale => {
                let place = |e: &&Entry| format!("{}:{}", e.place.file, e.place.line);
                let places: Vec<String> = stale.iter().map(place).collect();
                Some(format!("no longer as {} says: {}", places.join(", "), reasons(&stale)))
            }
            _ => None,
        };
        (expectation, reason)
    }

    /// Whether entries expect that the case hangs in its pairing, whatever its verdict is, and none
    /// that is not unstable expects something else.
    pub(crate) fn expect_a_hang<'v>(
        &self,
        result: &CaseResult,
        reference: &str,
        versions: &dyn Fn(&str) -> Option<&'v str>,
    ) -> bool {
        let applying = self.applying(result, reference, versions);
        let hangs = |entry: &&Entry| entry.raw.verdict == Known::Hang;
        applying.iter().any(hangs)
            && applying.iter().all(|entry| hangs(entry) || entry.raw.unstable)
    }

    /// The entries that say something about this case in this pairing.
    fn applying<'v>(
        &self,
        result: &CaseResult,
        reference: &str,
        versions: &dyn Fn(&str) -> Option<&'v str>,
    ) -> Vec<&Entry> {
        self.entries.iter().filter(|e| e.applies(result, reference, versions)).collect()
    }

    /// Entries that match nothing, whatever is chosen: one problem each, with its place; those for
    /// the same versions are one.
    ///
    /// An entry for a runtime that was tested has to name a pairing that could have been played. In
    /// a file of the user's own, it also has to be for the version that was tested, and one for
    /// another runtime has to be for one that is `known`. A file that many share may speak of all
    /// versions, and of runtimes that only others have.
    ///
    /// What a filter, a shard or a choice of pairings has left out is no problem. Cases and
    /// clauses that do not exist were found when the entries were read.
    pub fn unmatched(
        &self,
        cases: &[CaseResult],
        tested: &[RuntimeInfo],
        known: &[String],
    ) -> Vec<String> {
        let played: BTreeSet<&str> = cases.iter().map(|case| case.pairing.as_str()).collect();
        let names: BTreeSet<&str> = played.iter().flat_map(|pairing| pairing.split(':')).collect();
        let mut problems = Vec::new();
        // By runtime and versions: the first place, and how many more there are.
        let mut outdated: BTreeMap<(&str, &str), (&Location, usize)> = BTreeMap::new();
        for Entry { raw, versions, place, .. } in &self.entries {
            let mut add = |what: String| {
                problems.push(format!("{}:{}: the expectation {what}", place.file, place.line));
            };
            let runtime = raw.runtime.as_str();
            let version = tested.iter().find(|one| one.name == runtime).map(|one| &one.version);
            if !names.contains(runtime) {
                if self.own && version.is_none() && !known.contains(&raw.runtime) {
                    let help = did_you_mean(runtime, known.iter().map(String::as_str));
                    let help = help.map(|help| format!("; {help}")).unwrap_or_default();
                    add(format!("is for `{runtime}`, which is neither tested nor known{help}"));
                }
                continue;
            }
            let possible = |pairing: &String| {
                played.contains(pairing.as_str())
                    || pairing.split(':').all(|name| name == raw::NAME || names.contains(name))
            };
            if let Some(pairings) = raw.pairings.as_ref().filter(|list| !list.iter().any(possible))
            {
                add(format!("matches no pairing that was played: {}", pairings.join(", ")));
            } else if self.own && version.is_some_and(|version| !versions.has(version)) {
                let range = raw.versions.as_deref().unwrap_or_default();
                outdated.entry((runtime, range)).or_insert((place, 0)).1 += 1;
            }
        }
        for ((runtime, range), (place, count)) in outdated {
            let Location { file, line, .. } = place;
            let words = match count - 1 {
                0 => "matches".to_owned(),
                more => format!("and {more} more match"),
            };
            problems.push(format!(
                "{file}:{line}: the expectation {words} no version that was tested: {runtime} {range}"
            ));
        }
        problems
    }
}

/// Whether the verdict is good, or these entries account for all of it.
fn covered(result: &CaseResult, matching: &[&Entry], rules: Rules<'_>) -> bool {
    match result.verdict {
        Verdict::Pass | Verdict::NonStrict | Verdict::Unsupported | Verdict::NotRun => true,
        Verdict::HarnessError => false,
        Verdict::Crash | Verdict::Hang => !matching.is_empty(),
        Verdict::Fail => {
            let covers = |one| matching.iter().any(|entry| entry.is_of(one));
            failures(result, rules).into_iter().all(covers)
        }
    }
}

/// Clause and fingerprint of the first difference of each clause that fails by these rules.
fn failures<'r>(result: &'r CaseResult, rules: Rules<'_>) -> Vec<(&'r str, &'r str)> {
    let mut found = firsts(result, |difference| rules.can_fail(difference));
    if found.is_empty() {
        found.push(("", NO_DIFFERENCE));
    }
    found
}

/// Clause and fingerprint of the first difference of each clause, of those that count; of what was
/// generated, of all.
fn firsts(result: &CaseResult, counts: impl Fn(&Difference) -> bool) -> Vec<(&str, &str)> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    for difference in result.differences.iter().filter(|difference| counts(difference)) {
        let clause = plain(&difference.clause);
        if clause == GENERATED || found.iter().all(|(other, _)| *other != clause) {
            found.push((clause, &difference.fingerprint));
        }
    }
    found
}

impl Entry {
    /// Whether the entry says something about this case in this pairing.
    fn applies<'v>(
        &self,
        result: &CaseResult,
        reference: &str,
        versions: &dyn Fn(&str) -> Option<&'v str>,
    ) -> bool {
        let runtime = self.raw.runtime.as_str();
        let mut sides = result.pairing.split(':');
        let takes_part = sides.clone().any(|side| side == runtime)
            && (runtime != reference || sides.all(|side| side == reference || side == raw::NAME));
        let pairing = self.raw.pairings.as_ref().is_none_or(|list| list.contains(&result.pairing));
        let version = versions(runtime).is_none_or(|version| self.versions.has(version));
        takes_part && pairing && version && self.speaks_of(result)
    }

    fn speaks_of(&self, result: &CaseResult) -> bool {
        match (&self.raw.case, &self.raw.clause) {
            (Some(case), _) => *case == result.id,
            (None, Some(clause)) => result.clauses.contains(clause),
            (None, None) => false,
        }
    }

    /// Whether the case has ended as the entry says.
    fn matches(&self, result: &CaseResult, rules: Rules<'_>) -> bool {
        // By other rules, or in one play of ten, the same difference is no failure.
        let shows = || {
            let mut all = firsts(result, |difference| difference.kind != DifferenceKind::Message);
            all.extend(failures(result, rules));
            all.into_iter().any(|one| self.is_of(one))
        };
        let ends = || result.fingerprint.as_deref().is_some_and(|end| self.is_of(("", end)));
        match self.raw.verdict {
            Known::Crash | Known::Hang => self.raw.verdict.verdict() == result.verdict && ends(),
            Known::Fail => matches!(result.verdict, Verdict::Fail | Verdict::NonStrict) && shows(),
            known => {
                known.verdict() == result.verdict && (self.raw.fingerprint.is_none() || shows())
            }
        }
    }

    /// Whether it speaks of a failure of this clause, if it is of one, with this fingerprint.
    fn is_of(&self, (clause, fingerprint): (&str, &str)) -> bool {
        let fingerprint = |own| own == fingerprint || own == ANY_DIFFERENCE;
        self.raw.fingerprint.as_deref().is_some_and(fingerprint)
            && self.raw.clause.as_deref().is_none_or(|c| c == clause || clause.is_empty())
    }

    /// Whether a run may show something else: what was generated differs from run to run.
    fn may_be_wrong(&self) -> bool {
        self.raw.unstable || self.raw.clause.as_deref() == Some(GENERATED)
    }
}

fn entry(
    form: &Form<Raw>,
    document: &Document,
    node: &Node,
    catalogue: &Catalogue,
    mistakes: &mut Vec<Mistake>,
) -> Option<Entry> {
    let before = mistakes.len();
    let raw = form.read(document, node, mistakes)?;
    not_empty(document, node, &["runtime", "reason", "fingerprint"], mistakes);
    let mut add = |path: Path, message: String, help: Option<String>| {
        mistakes.push(document.locate_path(node, Mistake::new(&path, message).maybe_help(help)));
    };
    let root = Path::default();
    match (&raw.clause, &raw.case) {
        (Some(_), Some(_)) => {
            add(root.key("case"), "an expectation has either `clause` or `case`".to_owned(), None);
        }
        (None, None) => {
            add(root.clone(), "an expectation has a `clause` or a `case`".to_owned(), None);
        }
        (Some(id), None) if catalogue.clause(id).is_none() && id != GENERATED => {
            let help = did_you_mean(id, catalogue.clauses.iter().map(|c| c.id.as_str()));
            add(root.key("clause"), format!("no clause has the id `{id}`"), help);
        }
        (Some(id), None)
            if id != GENERATED && !catalogue.cases.iter().any(|c| c.clauses.contains(id)) =>
        {
            add(root.key("clause"), format!("no case shows `{id}`"), None);
        }
        (None, Some(id)) if catalogue.case(id).is_none() => {
            let help = did_you_mean(id, catalogue.cases.iter().map(|c| c.id.as_str()));
            add(root.key("case"), format!("no case has the id `{id}`"), help);
        }
        _ => {}
    }
    for (index, pairing) in raw.pairings.iter().flatten().enumerate() {
        let path = root.key("pairings").index(index);
        match pairing.split_once(':') {
            None => add(path, format!("`{pairing}` is no pairing: expected PARENT:CHILD"), None),
            Some((parent, child)) if parent != raw.runtime && child != raw.runtime => {
                add(path, format!("`{}` has no part in `{pairing}`", raw.runtime), None);
            }
            Some(_) => {}
        }
    }
    if raw.pairings.as_ref().is_some_and(Vec::is_empty) {
        let help = Some("without `pairings` it is for all".to_owned());
        add(root.key("pairings"), "the expectation is for no pairing".to_owned(), help);
    }
    let help = match raw.verdict {
        Known::Fail => Some(format!(
            "the fingerprint stands in the report; `{NO_DIFFERENCE}` is that of a failure without a difference"
        )),
        Known::Crash | Known::Hang => {
            Some("it says who ended how, as the report does: such as `parent-exit-1`".to_owned())
        }
        Known::Unsupported | Known::NonStrict => None,
    };
    if let (Some(help), None) = (help, &raw.fingerprint) {
        let verdict = raw.verdict.verdict().name();
        let message =
            format!("`{verdict}` needs a `fingerprint`: failing in another way is unexpected");
        add(root.key("verdict"), message, Some(help));
    }
    if raw.fingerprint.as_deref() == Some(ANY_DIFFERENCE)
        && raw.clause.as_deref() != Some(GENERATED)
    {
        let message = format!("`{ANY_DIFFERENCE}` is for `clause = \"{GENERATED}\"` alone");
        add(root.key("fingerprint"), message, None);
    }
    let versions = match raw.versions.as_deref().map_or_else(|| Ok(Versions::default()), str::parse)
    {
        Ok(versions) => versions,
        Err(message) => {
            add(root.key("versions"), message, Some("expected such as `>=1.2, <2`".to_owned()));
            return None;
        }
    };
    let place = Location::new(&document.file, &document.text, node.span.clone());
    (mistakes.len() == before).then(|| Entry { raw, versions, place, node: node.clone() })
}
