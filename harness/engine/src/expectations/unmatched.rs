//! Entries that match nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entry, Expectations};
use crate::raw;
use crate::results::{CaseResult, RuntimeInfo};
use crate::spec::Location;
use crate::spec::document::did_you_mean;

impl Expectations {
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
