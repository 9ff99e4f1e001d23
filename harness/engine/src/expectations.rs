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
//!   The entries whose clause it is, or whose case, are named.
//! * `crash` and `hang` are expected when an entry has the fingerprint of the ending: who died, and
//!   how, or who hung.
//! * An entry with `unstable` speaks of what happens in some plays only: it is never stale, and
//!   several may say how else the same case can end; one with the fingerprint `any`, that nobody can
//!   list how.
//! * `harness-error` is never expected.
//! * An entry for other versions of the runtime than the one that is tested says nothing; in a file
//!   of the user's own that is a problem of the run, see [`Expectations::unmatched`].

use std::collections::BTreeSet;
use std::path::{Path as FsPath, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::judge::{GENERATED, Rules, plain};
use crate::raw;
use crate::results::{CaseResult, Difference, DifferenceKind, Expectation, Verdict};
use crate::spec::document::{Document, EXPECTATIONS, Form, Node, items, unreadable};
use crate::spec::{Catalogue, Location, Mistakes};

mod read;
mod unmatched;
mod update;
mod version;

#[cfg(test)]
mod tests;

pub use update::update;
use version::Range as Versions;

/// The fingerprint of a failure that shows in no difference, such as a descendant left behind.
pub const NO_DIFFERENCE: &str = "none";

/// The fingerprint of any failure of a generated message: no two runs generate the same. Of a case,
/// too, in which a race goes another way each time.
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
                entries.extend(read::entry(&form, &document, node, catalogue, &mut mistakes));
            }
        }
        if mistakes.is_empty() { Ok(Self { entries, own: false }) } else { Err(Mistakes(mistakes)) }
    }

    /// How the verdict of a case in a pairing stands to what was expected, and the reasons of
    /// the entries that expect it, or something else.
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
        let (matching, others): (Vec<&Entry>, Vec<&Entry>) = self
            .applying(result, reference, versions)
            .into_iter()
            .partition(|entry| entry.matches(result, rules));
        let stale: Vec<&Entry> =
            others.iter().copied().filter(|entry| !entry.may_be_wrong()).collect();
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
        let places = |entries: &[&Entry]| {
            let place = |e: &&Entry| format!("{}:{}", e.place.file, e.place.line);
            entries.iter().map(place).collect::<Vec<_>>().join(", ")
        };
        let reason = match expectation {
            Expectation::Expected if !matching.is_empty() => Some(reasons(&matching)),
            Expectation::Stale => {
                Some(format!("no longer as {} says: {}", places(&stale), reasons(&stale)))
            }
            Expectation::Unexpected if result.verdict.is_bad() => {
                let failing = failures(result, rules);
                let other: Vec<&Entry> =
                    others.into_iter().filter(|entry| entry.is_about(result, &failing)).collect();
                let words = || format!("not as {} says: {}", places(&other), reasons(&other));
                (!other.is_empty()).then(words)
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

    /// Whether entries say something about the case in its pairing, whatever its verdict is.
    pub(crate) fn speak_of<'v>(
        &self,
        result: &CaseResult,
        reference: &str,
        versions: &dyn Fn(&str) -> Option<&'v str>,
    ) -> bool {
        !self.applying(result, reference, versions).is_empty()
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
        // Of each case, most entries say nothing.
        if !self.raw.pairings.as_ref().is_none_or(|list| list.contains(&result.pairing))
            || !self.speaks_of(result)
        {
            return false;
        }
        let runtime = self.raw.runtime.as_str();
        let mut sides = result.pairing.split(':');
        let takes_part = sides.clone().any(|side| side == runtime)
            && (runtime != reference || sides.all(|side| side == reference || side == raw::NAME));
        takes_part && versions(runtime).is_none_or(|version| self.versions.has(version))
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

    /// Whether it expects something else of what fails.
    fn is_about(&self, result: &CaseResult, failing: &[(&str, &str)]) -> bool {
        let whole = result.verdict != Verdict::Fail;
        let own = |clause: &str| {
            let covered = self.raw.clause.as_deref().is_none_or(|own| own == clause);
            covered || clause.is_empty()
        };
        whole || failing.iter().any(|(clause, _)| own(clause))
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
