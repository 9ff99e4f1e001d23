//! `behaviour`: plays all Node lines, each against the one before it and together with it.

use anyhow::{Context as _, anyhow};
use ipc_conformance_engine::behaviour::{self, Behaviour};
use ipc_conformance_engine::expectations::Expectations;
use ipc_conformance_engine::play::Pool;
use ipc_conformance_engine::report;
use ipc_conformance_engine::results::{Options, Results};
use ipc_conformance_engine::run::{self, Run};
use ipc_conformance_engine::runtime::{Choice, Finder, Named, Runtime, Source};
use ipc_conformance_engine::spec::{Case, Level, Selection};
use ipc_conformance_engine::whole;
use ipc_plan::Link;

use super::args::BehaviourArgs;
use super::run::{Display, catalogue, interrupt, jobs, prepare};
use super::{Failure, Outcome, complain, embedded, host, print};

pub(super) fn behaviour(args: BehaviourArgs) -> Outcome {
    let catalogue = catalogue(&args.specs)?;
    let selection = Selection { filters: args.filters.clone(), ..Selection::default() };
    let cases = catalogue.select(&selection).map_err(|e| Failure::Usage(anyhow!("{e}")))?;
    prepare(&args.out, "--out").map_err(Failure::Usage)?;
    let interrupt = interrupt()?;
    let host = host(None)?;
    let drivers = embedded::drivers()?;
    let finder = Finder { host: &host, drivers: drivers.paths(), interrupt: &interrupt };
    let lines = lines(&args, &finder)?;

    let expectations = Expectations::default();
    let play = |reference: &Runtime, tested: &Runtime, cases: &[Case], pairs: Vec<String>| {
        complain(&format!("{} against {}", tested.name, reference.name));
        let run = Run {
            catalogue: &catalogue,
            cases: cases.to_vec(),
            reference,
            runtimes: std::slice::from_ref(tested),
            expectations: &expectations,
            known: &[],
            options: Options {
                level: Level::Impl,
                pairs,
                repeat: 1,
                seed: String::new(),
                generated: 0,
                filters: args.filters.clone(),
                requirement_set: None,
                tap: false,
                shard: None,
                replay: Vec::new(),
            },
            fail_fast: false,
            regressions: None,
            pool: Pool { host: host.clone(), jobs: jobs(args.jobs), interrupt: interrupt.clone() },
        };
        let mut display = Display::new();
        let results = run
            .execute(&mut |progress| display.show(&progress))
            .map_err(|e| Failure::Harness(anyhow!("failed to {e}")))?;
        display.finish();
        if results.interrupted {
            return Err(Failure::Harness(anyhow!("the run was interrupted; nothing was written")));
        }
        Ok(results)
    };
    let neighbours = lines.windows(2).filter_map(|pair| <&[Runtime; 2]>::try_from(pair).ok());
    let runs: Vec<Results> = neighbours
        .map(|[older, newer]| {
            let mixed = [(older, newer), (newer, older)];
            let mixed = mixed.map(|(parent, child)| format!("{}:{}", parent.name, child.name));
            let pairs = own_pairs(&newer.name).into_iter().chain(mixed).collect();
            play(older, newer, &cases, pairs)
        })
        .collect::<Result<_, _>>()?;
    // A Node whose version says nothing has no clause that does not hold for it.
    let majors: Vec<u32> = lines.iter().filter_map(Runtime::node_major).collect();
    let outside = if majors.len() == lines.len() {
        behaviour::outside(&catalogue, &cases, &majors)
    } else {
        Vec::new()
    };
    let outside: Vec<Results> = outside
        .iter()
        .map(|one| {
            let (reference, tested) = (&lines[one.reference], &lines[one.tested]);
            play(reference, tested, &one.cases, own_pairs(&tested.name))
        })
        .collect::<Result<_, _>>()?;
    let behaviour = Behaviour::of(&catalogue, &runs, &outside);
    let json = serde_json::to_string_pretty(&behaviour)
        .map_err(|e| Failure::Harness(anyhow!("failed to write JSON: {e}")))?;
    let markdown = report::behaviour_markdown(&behaviour);
    for (name, text) in [("node-behaviour.json", json + "\n"), ("node-behaviour.md", markdown)] {
        let path = args.out.join(name);
        whole::write(&path, &text)
            .with_context(|| format!("failed to write {}", path.display()))
            .map_err(Failure::Harness)?;
    }
    let changed: usize = behaviour.changes().values().map(Vec::len).sum();
    let mixed: usize = behaviour.mixed.iter().map(|mixed| mixed.clauses.len()).sum();
    print(&format!(
        "{} on {}, {}, {} between two lines\n{}\n",
        report::count(behaviour.clauses.len(), "clause"),
        report::count(lines.len(), "Node line"),
        report::count(changed, "change"),
        report::count(mixed, "difference"),
        args.out.join("node-behaviour.md").display()
    ))
}

/// The pairings in which nobody else takes part.
fn own_pairs(name: &str) -> Vec<String> {
    let own = |link| run::names(link, name);
    Link::ALL.into_iter().map(own).map(|(parent, child)| format!("{parent}:{child}")).collect()
}

/// The Node lines, oldest first.
fn lines(args: &BehaviourArgs, finder: &Finder<'_>) -> Result<Vec<Runtime>, Failure> {
    let choice =
        Choice { runtimes: args.lines.clone(), reference: None, files: args.runtime_files.clone() };
    let wanted: Vec<Named> = if args.lines.is_empty() {
        choice
            .described()?
            .into_iter()
            .filter(|(_, file)| file.reference)
            .map(|(name, file)| Named { name, source: Source::File(file) })
            .collect()
    } else {
        choice.named()?
    };
    let find = |one: &Named| finder.find(&one.name, &one.source);
    let mut lines = wanted.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    lines.sort_by_key(Runtime::node_major);
    if lines.len() < 2 {
        return Err(Failure::Usage(anyhow!(
            "two Node lines are needed to see what changes, and there {}; name them with --line, or \
             install the pinned ones with `make runtimes`",
            if lines.is_empty() { "is none" } else { "is one" }
        )));
    }
    Ok(lines)
}
