use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::model::{Case, Catalogue, Level};
use super::suggest::did_you_mean;

/// A part of the cases: those whose hash leaves `index - 1` when divided by `count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: u32,
}

impl FromStr for Shard {
    type Err = SelectError;

    fn from_str(text: &str) -> Result<Self, SelectError> {
        text.split_once('/')
            .and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)))
            .filter(|(index, count)| (1..=*count).contains(index))
            .map(|(index, count)| Self { index, count })
            .ok_or_else(|| SelectError::Shard(text.to_owned()))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl Shard {
    /// Whether the id falls into this part.
    pub fn has(self, id: &str) -> bool {
        crate::hash::fnv1a(id.as_bytes()) % self.count == self.index - 1
    }
}

/// A selection that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SelectError {
    /// A filter that matches nothing.
    #[error("no case and no clause matches `{filter}`{}", help.as_ref().map(|h| format!("; {h}")).unwrap_or_default())]
    NoMatch {
        /// The filter.
        filter: String,
        /// A suggestion.
        help: Option<String>,
    },
    /// Not a shard.
    #[error("`{0}` is not a shard: expected I/N with I from 1 to N, such as 2/4")]
    Shard(String),
}

/// Selects cases.
///
/// A case is selected when it matches any of the filters, or there are none. A filter is
/// compared with the case's id and with those of its clauses, in either letter case: with `*`
/// (any characters) and `?` (any one) as a pattern of the whole id; otherwise as the whole id if
/// there is one like that, else as a part of it.
///
/// With `level` [`Level::Must`], cases without a `must` clause are left out. With the others
/// nothing is: `impl` clauses fail nobody, and are played to be shown.
///
/// # Errors
///
/// When a filter matches no case, whatever the level and the shard.
pub fn select(
    catalogue: &Catalogue,
    filters: &[String],
    level: Level,
    shard: Option<Shard>,
) -> Result<Vec<Case>, SelectError> {
    let mut matched = vec![filters.is_empty(); catalogue.cases.len()];
    for filter in filters {
        let found = matches(catalogue, filter);
        if !found.contains(&true) {
            let cases = catalogue.cases.iter().map(|case| case.id.as_str());
            let ids = cases.chain(catalogue.clauses.iter().map(|clause| clause.id.as_str()));
            let help = did_you_mean(filter, ids);
            return Err(SelectError::NoMatch { filter: filter.clone(), help });
        }
        matched.iter_mut().zip(found).for_each(|(have, new)| *have |= new);
    }
    let must = |id: &String| {
        catalogue.clauses.iter().any(|clause| clause.id == *id && clause.level == Level::Must)
    };
    Ok(catalogue
        .cases
        .iter()
        .zip(matched)
        .filter(|(case, matched)| {
            *matched
                && (level != Level::Must || case.clauses.iter().any(must))
                && shard.is_none_or(|shard| shard.has(&case.id))
        })
        .map(|(case, _)| case.clone())
        .collect())
}

/// For each case, whether the filter matches it.
fn matches(catalogue: &Catalogue, filter: &str) -> Vec<bool> {
    let filter = filter.to_lowercase();
    let by = |test: &dyn Fn(&str) -> bool| -> Vec<bool> {
        let ids = |case: &Case| {
            test(&case.id) || case.clauses.iter().any(|clause| test(&clause.to_lowercase()))
        };
        catalogue.cases.iter().map(ids).collect()
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
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
        let shards: Vec<Shard> = ["1/3", "2/3", "3/3"].map(|s| s.parse().unwrap()).to_vec();
        for id in ["a-b", "life-disconnect", "ser-numbers"] {
            assert_eq!(shards.iter().filter(|shard| shard.has(id)).count(), 1, "{id}");
        }
    }
}
