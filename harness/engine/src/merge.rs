//! The shards of a run, put together again.

use std::collections::{BTreeMap, BTreeSet};

use crate::judge;
use crate::results::{Finding, Reproduced, Results, RuntimeInfo, Summary};
use crate::run::SMALLEST;
use crate::spec::Shard;

/// Why results are not the shards of one run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// There are no results.
    #[error("there are no results to merge")]
    Nothing,
    /// Results of a whole run.
    #[error("{file} holds no shard but a whole run: run it with --shard I/N")]
    Whole {
        /// The file.
        file: String,
    },
    /// A shard that nobody has.
    #[error("shard {missing} is missing, {} of {count} are here: {}", files.len(), files.join(", "))]
    Missing {
        /// `I/N`.
        missing: String,
        /// How many there are.
        count: u32,
        /// The files that are here.
        files: Vec<String>,
    },
    /// A shard that two files hold.
    #[error("{first} and {second} are both shard {shard}")]
    Twice {
        /// `I/N`.
        shard: String,
        /// A file.
        first: String,
        /// Another.
        second: String,
    },
    /// A case of two shards.
    #[error("{first} and {second} are not of one run: both have {case} in {pairing}")]
    Doubled {
        /// A file.
        first: String,
        /// Another.
        second: String,
        /// The case.
        case: String,
        /// The pairing.
        pairing: String,
    },
    /// Shards that were not made with the same things.
    #[error("{first} and {second} are not of one run: their {what} differ: {one} and {other}")]
    Different {
        /// A file.
        first: String,
        /// Another.
        second: String,
        /// In what they differ.
        what: &'static str,
        /// What one has.
        one: String,
        /// What the other has.
        other: String,
    },
}

/// Puts the results of all shards of a run together; each comes with the name of its file, for
/// errors.
///
/// Findings are clustered again over all of them, so that what several shards show is one finding.
///
/// # Errors
///
/// When a shard is missing or there twice, when suite, options, reference or runtimes are not the
/// same everywhere, and when two shards have played the same.
pub fn merge(shards: Vec<(String, Results)>) -> Result<Results, MergeError> {
    let mut by_index: BTreeMap<Shard, (String, Results)> = BTreeMap::new();
    for (file, results) in shards {
        let shard = results.options.shard.as_deref().and_then(|text| text.parse::<Shard>().ok());
        let Some(shard) = shard else { return Err(MergeError::Whole { file }) };
        if let Some((first, _)) = by_index.get(&shard) {
            let (shard, first) = (shard.to_string(), first.clone());
            return Err(MergeError::Twice { shard, first, second: file });
        }
        by_index.insert(shard, (file, results));
    }
    let files: Vec<String> = by_index.values().map(|(file, _)| file.clone()).collect();
    let shards: Vec<Shard> = by_index.keys().copied().collect();
    let mut rest = by_index.into_values();
    let (first, mut merged) = rest.next().ok_or(MergeError::Nothing)?;
    let mut tapped = BTreeMap::new();
    add_tapped(&mut tapped, &merged.findings);
    for (file, results) in rest {
        same(&first, &merged, &file, &results)?;
        add_tapped(&mut tapped, &results.findings);
        absorb(&mut merged, results).map_err(|[case, pairing]| MergeError::Doubled {
            first: first.clone(),
            second: file,
            case,
            pairing,
        })?;
    }
    let count = shards[0].count;
    let missing = (1..=count).map(|index| Shard { index, count }).find(|one| !shards.contains(one));
    if let Some(missing) = missing {
        return Err(MergeError::Missing { missing: missing.to_string(), count, files });
    }

    let order: Vec<String> = merged.pairings().into_iter().map(str::to_owned).collect();
    let place = |pairing: &str| order.iter().position(|name| name == pairing);
    merged.cases.sort_by(|a, b| (&a.id, place(&a.pairing)).cmp(&(&b.id, place(&b.pairing))));
    for case in &mut merged.cases {
        case.findings.clear();
    }
    merged.findings = judge::findings(&merged.reference.name, &merged.options, &mut merged.cases);
    for finding in &mut merged.findings {
        finding.tapped = tapped.get(&finding.id).copied();
    }
    merged.summary = Summary::of(&merged.cases);
    merged.options.shard = None;
    Ok(merged)
}

/// Each shard has looked a second time at a case of its own.
fn add_tapped(all: &mut BTreeMap<String, Reproduced>, findings: &[Finding]) {
    for finding in findings {
        if let Some(seen) = finding.tapped {
            let sum = all.entry(finding.id.clone()).or_insert(Reproduced { differed: 0, plays: 0 });
            sum.differed += seen.differed;
            sum.plays += seen.plays;
        }
    }
}

/// Makes sure that two shards are of one run.
fn same(first: &str, a: &Results, second: &str, b: &Results) -> Result<(), MergeError> {
    let count = |results: &Results| {
        let (_, count) = results.options.shard.as_deref()?.split_once('/')?;
        Some(count.to_owned())
    };
    let runtimes = |results: &Results| {
        let names: Vec<String> = results.runtimes.iter().map(version).collect();
        names.join(", ")
    };
    let options = |results: &Results| {
        let options = &results.options;
        let set = options.requirement_set.as_deref().unwrap_or("all clauses");
        let (level, filters) = (options.level, &options.filters);
        let (generated, repeat) = (options.generated, options.repeat);
        format!("{level}, {set}, {generated} generated, {filters:?}, repeat {repeat}")
    };
    for (what, one, other) in [
        ("numbers of shards", count(a).unwrap_or_default(), count(b).unwrap_or_default()),
        ("suites", a.tool.suite.clone(), b.tool.suite.clone()),
        ("references", version(&a.reference), version(&b.reference)),
        ("runtimes", runtimes(a), runtimes(b)),
        ("pairings", a.options.pairs.join(", "), b.options.pairs.join(", ")),
        ("options", options(a), options(b)),
        (
            "seeds (give all of them the same --seed)",
            a.options.seed.clone(),
            b.options.seed.clone(),
        ),
    ] {
        if one != other {
            let (first, second) = (first.to_owned(), second.to_owned());
            return Err(MergeError::Different { first, second, what, one, other });
        }
    }
    Ok(())
}

fn version(runtime: &RuntimeInfo) -> String {
    format!("{} {}", runtime.name, runtime.version)
}

/// Takes in what a shard has; fails with the case and the pairing that another has, too.
fn absorb(merged: &mut Results, shard: Results) -> Result<(), [String; 2]> {
    for case in shard.cases {
        let known = merged.cases.iter_mut().find(|known| known.is_of_same_plays(&case));
        match known {
            None => merged.cases.push(case),
            // What each has found by itself: a message that gets no smaller.
            Some(known) if case.id.starts_with(SMALLEST) => {
                if known.verdict < case.verdict {
                    *known = case;
                }
            }
            Some(_) => return Err([case.id, case.pairing]),
        }
    }
    for (clause, other) in merged.clauses.iter_mut().zip(shard.clauses) {
        clause.tested |= other.tested;
        for (pairing, verdict) in other.verdicts {
            clause.add(&pairing, verdict);
        }
    }
    let problems: BTreeSet<String> = merged.problems.drain(..).chain(shard.problems).collect();
    merged.problems = problems.into_iter().collect();
    merged.interrupted |= shard.interrupted;
    merged.host.started = merged.host.started.min(shard.host.started);
    // What it takes with a machine for each shard.
    merged.host.duration_ms = merged.host.duration_ms.max(shard.host.duration_ms);
    Ok(())
}
