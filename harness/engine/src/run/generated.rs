//! Generated messages: in batches first, and each that differs alone, made as small as it goes.

use std::collections::BTreeSet;
use std::fs;

use ipc_plan::{Plan, Recipe};

use super::{Progress, Run};
use crate::generate::{self, Tree};
use crate::hash::fnv1a;
use crate::judge;
use crate::play::{Pairing, PlayError, play};
use crate::results::{CaseResult, Options, Verdict};
use crate::spec::{self, Case};

/// Messages tried per difference until it counts as small.
const BUDGET: u32 = 48;
/// Differences of one pairing that are made small; more would say the same.
const MOST: usize = 3;

/// The generated messages of a run, as cases.
pub(super) struct Batches {
    trees: Vec<Tree>,
    cases: Vec<Case>,
}

/// The case of generated messages with this id, as a run with this seed has it.
pub fn generated_case(seed: &str, id: &str) -> Option<Case> {
    let batch: usize = id.strip_prefix("generated-")?.parse().ok()?;
    let count = batch.checked_add(1)?.checked_mul(generate::BATCH)?;
    // No run has more; a typing mistake must not take for ever.
    let count = (count <= 1_000_000).then_some(count)?;
    Batches::of(seed, count).cases.into_iter().find(|case| case.id == id)
}

impl Batches {
    pub(super) fn make(options: &Options) -> Self {
        Self::of(&options.seed, options.generated as usize)
    }

    fn of(seed: &str, count: usize) -> Self {
        let trees = generate::messages(seed, count);
        let cases = trees
            .chunks(generate::BATCH)
            .enumerate()
            .map(|(batch, trees)| {
                let first = batch * generate::BATCH;
                let values = trees
                    .iter()
                    .enumerate()
                    .map(|(index, tree)| (section(first + index), tree.current()));
                case(&format!("generated-{batch:03}"), values.collect())
            })
            .collect();
        Self { trees, cases }
    }

    pub(super) fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter()
    }
}

/// The section of a generated message.
fn section(index: usize) -> String {
    format!("{} {index}", judge::GENERATED)
}

fn index(section: &str) -> Option<usize> {
    section.strip_prefix(judge::GENERATED)?.trim_start().parse().ok()
}

/// A case that sends messages in both directions.
fn case(id: &str, values: Vec<(String, Recipe)>) -> Case {
    spec::exchange(id, "Generated messages", judge::GENERATED, values)
}

impl Run<'_> {
    /// Makes the messages that differ small, and stores them. That one cannot be stored is a
    /// problem of the run; an error ends the search.
    pub(super) fn shrink(
        &self,
        batches: &Batches,
        pairings: &[Pairing],
        judged: &mut [CaseResult],
        problems: &mut Vec<String>,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> (Vec<CaseResult>, Option<PlayError>) {
        let mut found = Vec::new();
        for pairing in pairings {
            let mut known = BTreeSet::new();
            for result in judged.iter_mut() {
                let is_generated = result.clauses.iter().any(|c| c == judge::GENERATED);
                if result.pairing != pairing.name || !is_generated || !result.verdict.is_bad() {
                    continue;
                }
                for difference in &result.differences {
                    let Some(index) = index(&difference.clause) else { continue };
                    if known.len() >= MOST || !known.insert(difference.fingerprint.clone()) {
                        continue;
                    }
                    progress(Progress::Shrinking { pairing: &pairing.name });
                    match self.isolate(&batches.trees, index, pairings, pairing) {
                        Ok(None) => {}
                        Ok(Some((case, shrunk))) => {
                            problems.extend(self.store(&case.plan).err());
                            found.push(shrunk);
                        }
                        Err(error) => return (found, Some(error)),
                    }
                }
            }
        }
        (found, None)
    }

    /// Stores a plan that later runs play first.
    fn store(&self, plan: &Plan) -> Result<(), String> {
        let Some(folder) = &self.regressions else { return Ok(()) };
        let path = folder.join(format!("{}.json", plan.id));
        let mut text = serde_json::to_string_pretty(plan).unwrap_or_default();
        text.push('\n');
        fs::create_dir_all(folder).and_then(|()| fs::write(&path, text)).map_err(|error| {
            let path = path.display();
            format!("failed to store the smallest message that differs as {path}: {error}")
        })
    }

    fn isolate(
        &self,
        trees: &[Tree],
        index: usize,
        pairings: &[Pairing],
        pairing: &Pairing,
    ) -> Result<Option<(Case, CaseResult)>, PlayError> {
        let level_of = self.level_of();
        let mut failed = None;
        let mut try_one = |message: &Recipe| -> Option<(Case, CaseResult)> {
            let text = serde_json::to_string(message).unwrap_or_default();
            let id = format!("regression-{:08x}", fnv1a(text.as_bytes()));
            let case = case(&id, vec![(judge::GENERATED.to_owned(), message.clone())]);
            let mut one = |pairing| {
                play(&self.pool.host, &case.plan, pairing, &self.pool.interrupt)
                    .map_err(|error| failed = Some(error))
                    .ok()
            };
            let (reference, observed) = (one(&pairings[0])?, one(pairing)?);
            let result = self.judged(&case, pairing, &[reference], &[observed], &level_of);
            (result.verdict != Verdict::Pass && result.verdict != Verdict::HarnessError)
                .then_some((case, result))
        };
        // The grammar repeats itself from the seed, so a tree of its own can be shrunk.
        let mut tree = generate::messages(&self.options.seed, index + 1).swap_remove(index);
        debug_assert_eq!(tree.current(), trees[index].current());
        if try_one(&tree.current()).is_none() {
            return failed.map_or(Ok(None), quietly);
        }
        let shrunk = generate::shrink(&mut tree, BUDGET, |message| try_one(message).is_some());
        let found = try_one(&shrunk.message);
        failed.map_or(Ok(found), quietly)
    }
}

/// An interrupt ends the search; anything else is an error.
fn quietly<T>(error: PlayError) -> Result<Option<T>, PlayError> {
    match error {
        PlayError::Interrupted => Ok(None),
        error => Err(error),
    }
}
