//! Plays of broken runtimes, and what they turn red.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::slice;
use std::sync::OnceLock;

use ipc_conformance_engine::history::History;
use ipc_conformance_engine::judge::{self, Rules};
use ipc_conformance_engine::play::{self, Interrupt};
use ipc_conformance_engine::raw;
use ipc_conformance_engine::results::{Difference, DifferenceKind, Verdict};
use ipc_conformance_engine::run;
use ipc_conformance_engine::runtime::Runtime;
use ipc_conformance_engine::spec::{Case, Level};
use ipc_plan::{Link, Role, fnv1a};

use crate::header::Header;
use crate::stem;
use crate::support::{self, catalogue, host, node};

/// Cases of other clauses that are played with each preload.
const OTHERS: usize = 2;

/// Node with a preload.
pub(crate) struct Broken<'a> {
    pub(crate) name: &'a str,
    pub(crate) header: Header,
    runtime: Runtime,
    references: &'a References,
}

impl<'a> Broken<'a> {
    pub(crate) fn start(path: &'a Path, references: &'a References) -> Result<Self, String> {
        let header = Header::read(path)?;
        Ok(Self { name: stem(path), header, runtime: start(path)?, references })
    }

    /// The cases of all clauses that are named, and those others whose ids come first by their
    /// hash.
    pub(crate) fn cases(&self) -> Result<Vec<&'static Case>, String> {
        // A Node that is older than a clause cannot show it.
        let major = node()?.node_major().unwrap_or_default();
        let applicable = |case: &&Case| catalogue().inapplicable(case, major).is_none();
        let all = catalogue().cases.iter().filter(applicable);
        if std::env::var_os("BROKEN_FULL").is_some() {
            return Ok(all.collect());
        }
        let (mut cases, mut others): (Vec<&Case>, Vec<&Case>) =
            all.partition(|case| case.clauses.iter().any(|id| self.header.names(id)));
        others.sort_by_key(|case| fnv1a(format!("{} {}", self.name, case.id).as_bytes()));
        cases.extend(others.into_iter().take(OTHERS));
        Ok(cases)
    }

    /// Plays a case once with the preload in this role, and thoroughly where that shows what it
    /// should not.
    pub(crate) fn play(&self, case: &'static Case, role: Role) -> Result<Outcome, String> {
        let other = if case.plan.link == Link::Pair { "node" } else { raw::NAME };
        let pair = match role {
            Role::Parent => (self.name, other),
            Role::Child => (other, self.name),
        };
        let node = node()?;
        let find = |name: &str| Some(if name == self.name { &self.runtime } else { node });
        let observed = play_once(case, pair, find)?;
        let reference = self.references.of(case)?;
        let rules = Rules { catalogue: catalogue(), level: Level::Should, required: None };
        let judgement = judge::judge(case, slice::from_ref(reference), &observed, rules);
        let outcome = Outcome {
            verdict: judgement.verdict,
            reason: judgement.reason,
            differences: judgement.differences,
        };
        if outcome.objection(&self.header).is_none() {
            return Ok(outcome);
        }
        let results =
            support::play(vec![case.clone()], slice::from_ref(&self.runtime), &[pair], 1)?;
        let name = format!("{}:{}", pair.0, pair.1);
        let result = results.cases.into_iter().find(|result| result.pairing == name);
        let result = result.ok_or_else(|| format!("{} was not played by {name}", case.id))?;
        // Once in three plays is chance.
        let chance = result.reproduced.is_some_and(|r| r.differed * 2 < r.plays);
        Ok(Outcome {
            verdict: if chance { Verdict::Pass } else { result.verdict },
            reason: result.reason,
            differences: result.differences,
        })
    }
}

fn play_once<'a>(
    case: &Case,
    (parent, child): (&str, &str),
    find: impl Fn(&str) -> Option<&'a Runtime>,
) -> Result<History, String> {
    let pairing = run::pairing(parent, child, find, &host(), 1.0)
        .ok_or_else(|| format!("{parent}:{child} is no pairing"))?;
    play::play(&host(), &case.plan, &pairing, &Interrupt::new())
        .map_err(|error| format!("failed to {error}"))
}

/// What real Node shows of each case, played when it is first asked for.
pub(crate) struct References(BTreeMap<&'static str, OnceLock<Result<History, String>>>);

impl References {
    pub(crate) fn new() -> Self {
        Self(catalogue().cases.iter().map(|c| (c.id.as_str(), OnceLock::new())).collect())
    }

    fn of(&self, case: &'static Case) -> Result<&History, String> {
        let played = self.0[case.id.as_str()].get_or_init(|| {
            let node = node()?;
            play_once(case, run::names(case.plan.link, "node"), |_| Some(node))
        });
        played.as_ref().map_err(Clone::clone)
    }
}

/// What became of a case.
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    reason: Option<String>,
    pub(crate) differences: Vec<Difference>,
}

impl Outcome {
    /// The clauses that are red, those of level `impl` as far as they can be.
    pub(crate) fn red(&self) -> BTreeSet<String> {
        let seen = |d: &&Difference| d.level == Level::Impl || self.verdict.is_bad();
        let differences = self.differences.iter().filter(|d| d.kind != DifferenceKind::Message);
        differences.filter(seen).map(|difference| difference.clause.clone()).collect()
    }

    /// What this preload must not lead to.
    pub(crate) fn objection(&self, header: &Header) -> Option<String> {
        let other = self.differences.iter().find(|difference| !header.names(&difference.clause));
        let reason = || self.reason.clone().unwrap_or_default();
        match (self.verdict, other) {
            (Verdict::Pass, _) => None,
            (_, Some(other)) => Some(format!("the header does not name {}", other.clause)),
            (verdict, None) if !verdict.is_bad() && verdict != Verdict::NonStrict => Some(reason()),
            (_, None) => self.differences.is_empty().then(reason),
        }
    }
}

fn start(path: &Path) -> Result<Runtime, String> {
    let path = fs::canonicalize(path).map_err(|error| error.to_string())?;
    let word = path.to_str().expect("a path in UTF-8");
    Ok(node()?.with_arguments(stem(&path), &["--require", word]))
}
