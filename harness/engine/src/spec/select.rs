use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::model::{Case, Catalogue};
use super::suggest::{did_you_mean, expected};

/// Which cases are played.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Any of these; all cases when there are none. A filter is compared with the case's id and
    /// with those of its clauses, in either letter case: with `*` (any characters) and `?` (any
    /// one) as a pattern of the whole id; otherwise as the whole id if there is one like that,
    /// else as a part of it.
    pub filters: Vec<String>,
    /// `I/N`: one of N parts of equal size, by a hash of the id.
    pub shard: Option<String>,
    /// The name of a requirement set: cases with a clause that it lists.
    pub requirement_set: Option<String>,
}

/// A selection that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SelectError {
    /// A filter that matches nothing.
    #[error("no case and no clause that a case shows matches `{filter}`{}", ending(help))]
    NoMatch {
        /// The filter.
        filter: String,
        /// A suggestion.
        help: Option<String>,
    },
    /// Not a shard.
    #[error("`{0}` is not a shard: expected I/N with I from 1 to N, such as 2/4")]
    Shard(String),
    /// A requirement set that the specs do not have.
    #[error("there is no requirement set `{name}`; {}", choice(known))]
    RequirementSet {
        /// Its name.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// A name that no requirement set can have.
    #[error("`{0}` is no name of a requirement set: expected a Node major, such as `node-24`")]
    NotAMajor(String),
}

fn ending(help: &Option<String>) -> String {
    help.as_ref().map(|help| format!("; {help}")).unwrap_or_default()
}

fn choice(known: &[String]) -> String {
    expected(known.iter().map(String::as_str)).unwrap_or_else(|| "the specs have none".to_owned())
}

impl Catalogue {
    /// Selects cases.
    ///
    /// # Errors
    ///
    /// When a part of the selection has no meaning, or a filter matches no case, whatever the
    /// shard and the requirement set.
    pub fn select(&self, selection: &Selection) -> Result<Vec<Case>, SelectError> {
        self.select_with(&[], selection)
    }

    /// Selects among stored plans and cases, in this order.
    ///
    /// # Errors
    ///
    /// As [`select`](Self::select).
    pub fn select_with(
        &self,
        stored: &[Case],
        selection: &Selection,
    ) -> Result<Vec<Case>, SelectError> {
        let all: Vec<&Case> = stored.iter().chain(&self.cases).collect();
        let filters = &selection.filters;
        let mut matched = vec![filters.is_empty(); all.len()];
        for filter in filters {
            let found = matches(&all, filter);
            if !found.contains(&true) {
                let cases = all.iter().map(|case| case.id.as_str());
                let ids = cases.chain(self.clauses.iter().map(|clause| clause.id.as_str()));
                let help = did_you_mean(filter, ids);
                return Err(SelectError::NoMatch { filter: filter.clone(), help });
            }
            matched.iter_mut().zip(found).for_each(|(have, new)| *have |= new);
        }
        let shard: Option<Shard> = selection.shard.as_deref().map(str::parse).transpose()?;
        let required = selection.requirement_set.as_deref();
        let required = required.map(|set| self.requirement_set(set)).transpose()?;
        Ok(all
            .into_iter()
            .zip(matched)
            .filter(|(case, matched)| {
                *matched
                    && shard.is_none_or(|shard| shard.has(&case.id))
                    && required.as_ref().is_none_or(|required| {
                        case.clauses.iter().any(|clause| required.clauses.contains(clause))
                    })
            })
            .map(|(case, _)| case.clone())
            .collect())
    }

    /// Why a Node of this major cannot be the reference of a case: none of its clauses holds
    /// there.
    pub fn inapplicable(&self, case: &Case, major: u32) -> Option<String> {
        let clauses: Vec<_> = case.clauses.iter().filter_map(|id| self.clause(id)).collect();
        let first = clauses.first().filter(|_| !clauses.iter().any(|c| c.holds_in(major)))?;
        Some(format!("{} holds {}, and the reference is Node {major}", first.id, first.range()))
    }
}

/// One of several parts of about equal size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    /// Which one, from 1.
    pub(crate) index: u32,
    /// How many there are.
    pub(crate) count: u32,
}

impl Shard {
    /// Whether the case with this id is in it: decided by a hash of the id.
    pub fn has(self, id: &str) -> bool {
        ipc_plan::fnv1a(id.as_bytes()) % self.count == self.index - 1
    }
}

impl fmt::Display for Shard {
    /// Writes `I/N`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = SelectError;

    /// Reads `I/N`.
    fn from_str(text: &str) -> Result<Self, SelectError> {
        text.split_once('/')
            .and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)))
            .filter(|(index, count)| (1..=*count).contains(index))
            .map(|(index, count)| Self { index, count })
            .ok_or_else(|| SelectError::Shard(text.to_owned()))
    }
}

/// For each case, whether the filter matches it.
fn matches(cases: &[&Case], filter: &str) -> Vec<bool> {
    let filter = filter.to_lowercase();
    let by = |test: &dyn Fn(&str) -> bool| -> Vec<bool> {
        let ids = |case: &&Case| {
            test(&case.id) || case.clauses.iter().any(|clause| test(&clause.to_lowercase()))
        };
        cases.iter().map(ids).collect()
    };
    if filter.contains(['*', '?']) {
        return by(&|id| glob(filter.as_bytes(), id.as_bytes()));
    }
    let exact = by(&|id| id == filter);
    if exact.contains(&true) { exact } else { by(&|id| id.contains(&filter)) }
}

/// Whether the whole text matches a pattern of `*` and `?`.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // After the last star: where the pattern goes on, and how much of the text it has taken.
    let mut star = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p + 1, t));
            p += 1;
        } else if pattern.get(p).is_some_and(|c| *c == b'?' || *c == text[t]) {
            (p, t) = (p + 1, t + 1);
        } else if let Some((after, taken)) = star {
            (p, t) = (after, taken + 1);
            star = Some((after, taken + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_ids() {
        for (pattern, text, expected) in [
            ("life-*", "life-disconnect", true),
            ("*-disconnect", "life-disconnect", true),
            ("l*-d*t", "life-disconnect", true),
            ("life-?isconnect", "life-disconnect", true),
            ("life-?", "life-disconnect", false),
            ("*x*", "life-disconnect", false),
            ("*", "", true),
        ] {
            assert_eq!(glob(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn shards_are_parts_of_a_whole() {
        for bad in ["0/2", "3/2", "1", "a/b", "1/0", ""] {
            assert_eq!(bad.parse::<Shard>(), Err(SelectError::Shard(bad.to_owned())));
        }
        let shards = ["1/3", "2/3", "3/3"].map(|text| text.parse::<Shard>().unwrap());
        for id in ["a-b", "life-disconnect", "ser-numbers"] {
            assert_eq!(shards.iter().filter(|shard| shard.has(id)).count(), 1, "{id}");
        }
    }
}
