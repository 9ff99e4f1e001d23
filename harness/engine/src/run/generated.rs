//! Generated messages: in batches first, and each that differs alone, made as small as it goes.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use ipc_plan::{Plan, Recipe, Serialization, fnv1a};

use super::{Progress, Run};
use crate::generate;
use crate::judge;
use crate::play::{Pairing, PlayError, play};
use crate::results::{CaseResult, Difference, DifferenceKind, Expectation, Options, Verdict};
use crate::spec::{self, Case, Shard};
use crate::whole;

/// Messages tried per difference until it counts as small.
const BUDGET: u32 = 48;
/// For how long they are tried at most: each that hangs takes a patience.
const LONGEST: Duration = Duration::from_secs(30);
/// Differences of one pairing that are made small; more would say the same.
const MOST: usize = 3;

/// So many times fewer messages are sent over an advanced channel.
const ADVANCED: usize = 4;

/// What the ids of the smallest messages that differ begin with.
pub(crate) const SMALLEST: &str = "regression-";

/// The generated messages of a run, as cases.
pub(super) struct Batches {
    cases: Vec<Case>,
}

/// The case of generated messages with this id, as a run with this seed has it.
pub fn generated_case(seed: &str, id: &str) -> Option<Case> {
    let (serialization, number) = Serialization::ALL
        .into_iter()
        .find_map(|s| Some((s, id.strip_prefix(prefix(s))?.parse::<usize>().ok()?)))?;
    let count = number.checked_add(1)?.checked_mul(generate::BATCH)?;
    // No run has more; a typing mistake must not take for ever.
    let count = (count <= 1_000_000).then_some(count)?;
    batches(seed, serialization, count).find(|case| case.id == id)
}

impl Batches {
    pub(super) fn make(options: &Options) -> Self {
        let count = options.generated as usize;
        let of = |serialization, count| batches(&options.seed, serialization, count);
        let all =
            of(Serialization::Json, count).chain(of(Serialization::Advanced, count / ADVANCED));
        let shard: Option<Shard> = options.shard.as_deref().and_then(|text| text.parse().ok());
        Self { cases: all.filter(|case| shard.is_none_or(|shard| shard.has(&case.id))).collect() }
    }

    pub(super) fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter()
    }
}

/// What the ids of batches begin with.
fn prefix(serialization: Serialization) -> &'static str {
    match serialization {
        Serialization::Json => "generated-",
        Serialization::Advanced => "generated-advanced-",
    }
}

fn batches(
    seed: &str,
    serialization: Serialization,
    count: usize,
) -> impl Iterator<Item = Case> + use<> {
    let messages: Vec<Recipe> = generate::messages(seed, serialization, count)
        .into_iter()
        .map(|tree| tree.current())
        .collect();
    let mut batches = Vec::new();
    for (number, messages) in messages.chunks(generate::BATCH).enumerate() {
        let first = number * generate::BATCH;
        let values =
            messages.iter().enumerate().map(|(index, m)| (section(first + index), m.clone()));
        let id = format!("{}{number:03}", prefix(serialization));
        batches.push(case(&id, serialization, values.collect()));
    }
    batches.into_iter()
}

/// The section of a generated message.
fn section(index: usize) -> String {
    format!("{} {index}", judge::GENERATED)
}

fn index(section: &str) -> Option<usize> {
    section.strip_prefix(judge::GENERATED)?.trim_start().parse().ok()
}

/// A case that sends messages in both directions.
fn case(id: &str, serialization: Serialization, values: Vec<(String, Recipe)>) -> Case {
    spec::exchange(id, "Generated messages", judge::GENERATED, serialization, values)
}

impl Run<'_> {
    /// Makes the messages that differ small, and stores them, but those that are expected to. That
    /// one cannot be stored is a problem of the run; an error ends the search.
    pub(super) fn shrink(
        &self,
        batches: &Batches,
        pairings: &[Pairing],
        judged: &[CaseResult],
        problems: &mut Vec<String>,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> (Vec<CaseResult>, Option<PlayError>) {
        let mut found: Vec<CaseResult> = Vec::new();
        for pairing in pairings {
            let mut known = BTreeSet::new();
            for result in judged {
                let is_generated = result.clauses.iter().any(|c| c == judge::GENERATED);
                let surprises =
                    result.verdict.is_bad() && result.expectation != Expectation::Expected;
                if result.pairing != pairing.name || !is_generated || !surprises {
                    continue;
                }
                let batch = batches.cases().find(|case| case.id == result.id);
                let Some(serialization) = batch.map(|case| case.plan.serialization) else {
                    continue;
                };
                let fails = |d: &&Difference| d.kind != DifferenceKind::Message;
                for difference in result.differences.iter().filter(fails) {
                    let Some(index) = index(&difference.clause) else { continue };
                    if known.len() >= MOST || !known.insert(difference.fingerprint.clone()) {
                        continue;
                    }
                    progress(Progress::Shrinking { pairing: &pairing.name });
                    let one = match result.verdict {
                        Verdict::Hang => pairing.hasty(),
                        _ => pairing.clone(),
                    };
                    match self.isolate(serialization, index, &pairings[0], &one) {
                        Ok(None) => {}
                        Ok(Some((case, shrunk))) => {
                            problems.extend(self.store(&case.plan).err());
                            // It may have been stored before, or be the smallest of two.
                            let mut all = judged.iter().chain(&found);
                            if !all.any(|have| have.is_of_same_plays(&shrunk)) {
                                found.push(shrunk);
                            }
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
        fs::create_dir_all(folder).and_then(|()| whole::write(&path, &text)).map_err(|error| {
            let path = path.display();
            format!("failed to store the smallest message that differs as {path}: {error}")
        })
    }

    fn isolate(
        &self,
        serialization: Serialization,
        index: usize,
        reference: &Pairing,
        pairing: &Pairing,
    ) -> Result<Option<(Case, CaseResult)>, PlayError> {
        let mut failed = None;
        let mut try_one = |message: &Recipe| -> Option<(Case, CaseResult)> {
            let text = serde_json::to_string(message).unwrap_or_default();
            let kind = if serialization == Serialization::Advanced { "advanced-" } else { "" };
            let id = format!("{SMALLEST}{kind}{:08x}", fnv1a(text.as_bytes()));
            let values = vec![(judge::GENERATED.to_owned(), message.clone())];
            let case = case(&id, serialization, values);
            let mut one = |pairing| {
                play(&self.pool.host, &case.plan, pairing, &self.pool.interrupt)
                    .map_err(|error| failed = Some(error))
                    .ok()
            };
            let (reference, observed) = (one(reference)?, one(pairing)?);
            let result = self.judged(&case, pairing, &[reference], &[observed]);
            // A message that differs in what fails nobody is another matter.
            result.verdict.is_bad().then_some((case, result))
        };
        // The grammar repeats itself from the seed, so a tree of its own can be shrunk.
        let mut trees = generate::messages(&self.options.seed, serialization, index + 1);
        let mut tree = trees.swap_remove(index);
        if try_one(&tree.current()).is_none() {
            return failed.map_or(Ok(None), quietly);
        }
        let begin = Instant::now();
        let shrunk = generate::shrink(&mut tree, BUDGET, |message| {
            begin.elapsed() < LONGEST && try_one(message).is_some()
        });
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
