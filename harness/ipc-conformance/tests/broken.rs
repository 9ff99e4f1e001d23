//! Runtimes that are broken in one place each, and what the suite says of them: the clause that a
//! preload of `fixtures/broken` breaks turns red, and no other that it does not name.
//!
//! Each preload is played with all cases of the clauses it names and some others; with
//! `BROKEN_FULL=1` with all cases there are.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::slice;
use std::sync::OnceLock;

use ipc_conformance_engine::history::History;
use ipc_conformance_engine::judge;
use ipc_conformance_engine::play::{self, Interrupt};
use ipc_conformance_engine::raw;
use ipc_conformance_engine::results::{Difference, DifferenceKind, Verdict};
use ipc_conformance_engine::run;
use ipc_conformance_engine::runtime::Runtime;
use ipc_conformance_engine::spec::{Case, Clause, Level};
use ipc_plan::{Link, Role};
use libtest_mimic::{Arguments, Failed, Trial};
use support::{catalogue, host, lines, need_node, node, source};

/// Fewer preloads than this are a mistake.
const LEAST: usize = 25;
/// Cases of other clauses that are played with each preload.
const OTHERS: usize = 2;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let references: &'static References = Box::leak(Box::new(References::new()));
    let mut trials = vec![Trial::test("headers", || Ok(headers()?))];
    for path in files() {
        let name = format!("broken::{}", stem(&path));
        trials.push(Trial::test(name, move || is_seen(&path, references)));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn files() -> Vec<PathBuf> {
    let folder = fs::read_dir(source("fixtures/broken")).expect("the folder of the preloads");
    let paths = folder.map(|entry| entry.expect("an entry of the folder").path());
    let mut files: Vec<_> = paths.filter(|path| path.extension() == Some("cjs".as_ref())).collect();
    files.sort();
    files
}

fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).expect("a name in UTF-8")
}

/// What a preload says of itself in its first lines.
struct Header {
    /// The clause that must turn red.
    breaks: &'static Clause,
    /// Clauses that turn red with it.
    also: Vec<&'static Clause>,
    parent: bool,
    child: bool,
}

impl Header {
    fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        Self::parse(&text).map_err(|mistake| format!("{}: {mistake}", path.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let comments: Vec<&str> =
            text.lines().map_while(|line| line.strip_prefix("//")).map(str::trim).collect();
        let all = |key: &str| -> Vec<&str> {
            comments.iter().filter_map(|line| line.strip_prefix(key)).map(str::trim).collect()
        };
        let one = |key: &str| match all(key)[..] {
            [value] => Ok(value),
            _ => Err(format!("the header needs one line `// {key} …`")),
        };
        if comments.first().is_none_or(|line| line.is_empty() || line.starts_with("Breaks:")) {
            return Err("the header begins with a sentence that says what is broken".to_owned());
        }
        let breaks = clause(one("Breaks:")?)?;
        if breaks.level == Level::Impl {
            return Err(format!("{} is of level impl, and fails nobody", breaks.id));
        }
        let mut also = Vec::new();
        for line in all("Also:") {
            let (ids, reason) = line.split_once(':').unwrap_or((line, ""));
            if reason.trim().is_empty() {
                return Err(format!("`Also: {line}` needs `: ` and a reason"));
            }
            for id in ids.split(',') {
                also.push(clause(id.trim())?);
            }
        }
        let (parent, child) = match one("Role:")? {
            "parent" => (true, false),
            "child" => (false, true),
            "both" => (true, true),
            other => return Err(format!("`{other}` is no role: parent, child or both")),
        };
        Ok(Self { breaks, also, parent, child })
    }

    fn names(&self, id: &str) -> bool {
        self.breaks.id == id || self.also.iter().any(|clause| clause.id == id)
    }
}

fn clause(id: &str) -> Result<&'static Clause, String> {
    catalogue().clause(id).ok_or_else(|| format!("there is no clause {id}"))
}

/// There are enough preloads, and each says what it breaks.
fn headers() -> Result<(), String> {
    let files = files();
    if files.len() < LEAST {
        return Err(format!("{} preloads, but at least {LEAST} are needed", files.len()));
    }
    let mistakes: Vec<_> = files.iter().filter_map(|path| Header::read(path).err()).collect();
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes.join("\n")) }
}

/// The clause that the preload breaks is red wherever it plays, those it names beside that are red
/// somewhere, and no others are.
fn is_seen(path: &Path, references: &References) -> Result<(), Failed> {
    need_node()?;
    let broken =
        Broken { name: stem(path), header: Header::read(path)?, runtime: start(path)?, references };
    let Header { breaks, also, parent, child } = &broken.header;
    let mut problems = String::new();
    let mut red = BTreeSet::new();
    let roles = [(Role::Parent, *parent), (Role::Child, *child)];
    for (role, _) in roles.into_iter().filter(|(_, broken)| *broken) {
        let mut turned = BTreeSet::new();
        // The harness is not broken.
        for case in broken.cases()?.into_iter().filter(|case| case.plan.link.raw() != Some(role)) {
            let other = if case.plan.link == Link::Pair { "node" } else { raw::NAME };
            let pair = match role {
                Role::Parent => (broken.name, other),
                Role::Child => (other, broken.name),
            };
            let outcome = broken.play(case, pair)?;
            if let Some(objection) = outcome.objection(&broken.header) {
                let verdict = outcome.verdict.name();
                let (parent, child) = pair;
                problems.push_str(&format!(
                    "{parent}:{child}: {}: {verdict}: {objection}\n{}",
                    case.id,
                    lines(&outcome.differences)
                ));
            }
            turned.extend(outcome.red());
        }
        if !turned.contains(&breaks.id) {
            problems.push_str(&format!("{} as {role}: {} is not red\n", broken.name, breaks.id));
        }
        red.extend(turned);
    }
    for clause in also.iter().filter(|clause| !red.contains(&clause.id)) {
        problems.push_str(&format!("{} is named, but is not red\n", clause.id));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.into()) }
}

fn start(path: &Path) -> Result<Runtime, String> {
    let path = fs::canonicalize(path).map_err(|error| error.to_string())?;
    let word = path.to_str().expect("a path in UTF-8");
    Ok(node()?.with_arguments(stem(&path), &["--require", word]))
}

/// Node with a preload.
struct Broken<'a> {
    name: &'a str,
    header: Header,
    runtime: Runtime,
    references: &'a References,
}

impl Broken<'_> {
    /// The cases of all clauses that are named, and those others whose ids come first by their
    /// hash.
    fn cases(&self) -> Result<Vec<&'static Case>, String> {
        // A Node that is older than a clause cannot show it.
        let major = node()?.node_major().unwrap_or_default();
        let applicable = |case: &&Case| catalogue().inapplicable(case, major).is_none();
        let all = catalogue().cases.iter().filter(applicable);
        if std::env::var_os("BROKEN_FULL").is_some() {
            return Ok(all.collect());
        }
        let (mut cases, mut others): (Vec<&Case>, Vec<&Case>) =
            all.partition(|case| case.clauses.iter().any(|id| self.header.names(id)));
        others.sort_by_key(|case| fnv1a(&format!("{} {}", self.name, case.id)));
        cases.extend(others.into_iter().take(OTHERS));
        Ok(cases)
    }

    /// Plays a case once, and thoroughly where that shows what it should not.
    fn play(&self, case: &'static Case, pair: (&str, &str)) -> Result<Outcome, String> {
        let node = node()?;
        let find = |name: &str| Some(if name == self.name { &self.runtime } else { node });
        let observed = play_once(case, pair, find)?;
        let reference = self.references.of(case)?;
        let level_of = |id: &str| catalogue().clause(id).map_or(Level::Must, |c| c.level);
        let judgement =
            judge::judge(case, slice::from_ref(reference), &observed, Level::Should, &level_of);
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
struct References(BTreeMap<&'static str, OnceLock<Result<History, String>>>);

impl References {
    fn new() -> Self {
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
struct Outcome {
    verdict: Verdict,
    reason: Option<String>,
    differences: Vec<Difference>,
}

impl Outcome {
    /// The clauses that are red, those of level `impl` as far as they can be.
    fn red(&self) -> BTreeSet<String> {
        let seen = |d: &&Difference| d.level == Level::Impl || self.verdict.is_bad();
        let differences = self.differences.iter().filter(|d| d.kind != DifferenceKind::Message);
        differences.filter(seen).map(|difference| difference.clause.clone()).collect()
    }

    /// What this preload must not lead to.
    fn objection(&self, header: &Header) -> Option<String> {
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

/// The same on every machine and with every compiler.
fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
