//! One run of the suite: plays every case with every pairing, judges, and puts together the
//! results.

mod assemble;
mod generated;
mod pairings;
mod table;
mod tapped;
mod verdict;

pub(crate) use generated::SMALLEST;
pub use generated::generated_case;
pub use pairings::{link, names, pairing};

use std::path::PathBuf;
use std::time::Instant;

use ipc_plan::Link;

use crate::expectations::Expectations;
use crate::judge::Rules;
use crate::play::{Limits, PlayError, Pool};
use crate::results::{CaseResult, Options, Results};
use crate::runtime::Runtime;
use crate::spec::{Case, Catalogue};

use pairings::Pairings;
use table::Table;

/// Everything a run needs.
#[derive(Debug)]
pub struct Run<'a> {
    /// The clauses, for levels and sentences.
    pub catalogue: &'a Catalogue,
    /// The cases to play.
    pub cases: Vec<Case>,
    /// Who decides.
    pub reference: &'a Runtime,
    /// Who is tested.
    pub runtimes: &'a [Runtime],
    /// What is known to fail.
    pub expectations: &'a Expectations,
    /// The names of runtimes that there are, whether tested or not: of these, too, the user's own
    /// expectations may speak.
    pub known: &'a [String],
    /// What decides which plans are played by whom and how often, as it will stand in the results.
    /// A case is played by the pairings of its link, and by the reference's pairing of that link.
    pub options: Options,
    /// Stop at the first unexpected verdict.
    pub fail_fast: bool,
    /// Where smallest differing messages are stored, to be played first from then on.
    pub regressions: Option<PathBuf>,
    /// Where plays are made.
    pub pool: Pool,
}

/// What a run tells while it goes on.
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// So many plays are to be made now.
    Plays(usize),
    /// A play was made.
    Played,
    /// A case has its verdict in a pairing.
    Judged(&'a CaseResult),
    /// A message that differs is made smaller.
    Shrinking {
        /// The pairing that differs.
        pairing: &'a str,
    },
}

/// Plays of a surprise, in all, before it is believed.
const CONFIRM: usize = 3;
/// Plays that have to show something unexpected.
const SIGHTINGS: usize = 2;
/// Plays, in all, of what fewer of those have shown: a runtime that dies now and then is not good.
const MANY: usize = 10;

impl Run<'_> {
    /// Plays and judges everything.
    ///
    /// # Errors
    ///
    /// When nothing could be played at all. A run that ends in the middle is no error, whether
    /// it was interrupted or a play could not be made: what was played until then is in the
    /// results, everything else stands there as not run.
    pub fn execute(&self, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Results, PlayError> {
        let begin = Instant::now();
        let generated = generated::Batches::make(&self.options);
        let pairings = self.pairings();
        let (cases, inapplicable): (Vec<&Case>, Vec<&Case>) = self
            .cases
            .iter()
            .chain(generated.cases())
            .filter(|case| !pairings.of(case).is_empty())
            .partition(|case| self.inapplicable(case).is_none());
        let mut problems = Vec::new();
        let (mut judged, mut broken) = Table::new(self, &cases, &pairings).play(progress)?;
        for case in inapplicable {
            let reason = self.inapplicable(case).unwrap_or_default();
            let rows = pairings.of(case).iter();
            judged.extend(rows.map(|pairing| self.not_run(case, pairing, &reason)));
        }
        if broken.is_none() && !self.pool.interrupt.is_set() {
            let (shrunk, error) = self.shrink(
                &generated,
                pairings.with(Link::Pair),
                &judged,
                &mut problems,
                progress,
            );
            judged.extend(shrunk);
            broken = error;
        }
        let interrupted = broken.is_some() || self.pool.interrupt.is_set();
        let mut results =
            assemble::results(self, judged, &pairings.names(), interrupted, begin.elapsed());
        if !interrupted {
            broken = self.tap(&mut results, &cases, &pairings, progress).err();
            results.interrupted = broken.is_some() || self.pool.interrupt.is_set();
            let duration = begin.elapsed().as_millis();
            results.host.duration_ms = u64::try_from(duration).unwrap_or(u64::MAX);
        }
        problems.extend(broken.map(|error| format!("failed to {error}")));
        results.problems.extend(problems);
        Ok(results)
    }

    fn pairings(&self) -> Pairings {
        let load = Limits::load(self.pool.jobs);
        let find = |name: &str| {
            self.runtimes.iter().chain([self.reference]).find(|runtime| runtime.name == name)
        };
        Pairings::new(&self.reference.name, &self.options.pairs, |parent, child| {
            pairing(parent, child, find, &self.pool.host, load)
        })
    }

    /// Why the reference cannot show the case.
    fn inapplicable(&self, case: &Case) -> Option<String> {
        if !self.reference.speaks(case.plan.serialization) {
            return Some("the reference has no advanced serialization".to_owned());
        }
        self.catalogue.inapplicable(case, self.reference.node_major()?)
    }

    /// What can fail a case.
    fn rules(&self) -> Rules<'_> {
        Rules::of(self.catalogue, &self.options)
    }
}
