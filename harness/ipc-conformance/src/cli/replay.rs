//! `replay`: one plan again, with what both sides observe.

use std::fmt::Write;
use std::path::Path;

use anyhow::anyhow;
use ipc_conformance_engine::history::History;
use ipc_conformance_engine::judge::{self, Rules};
use ipc_conformance_engine::play::{Limits, Pairing, play};
use ipc_conformance_engine::report;
use ipc_conformance_engine::run::{self, generated_case, names};
use ipc_conformance_engine::runtime::{Finder, REFERENCE};
use ipc_conformance_engine::spec::Level;
use ipc_plan::Role;

use super::args::ReplayArgs;
use super::run::{catalogue, interrupt, plan, prepare, stored};
use super::{Failure, Outcome, embedded, host, print};

pub(super) fn replay(args: ReplayArgs) -> Outcome {
    let catalogue = catalogue(&args.specs)?;
    let (case, pair) = if Path::new(&args.plan).is_file() {
        (plan(Path::new(&args.plan))?, args.pair.clone())
    } else {
        let (id, pair, seed) = token(&args.plan)?;
        let mut known = stored(&args.regressions)?;
        known.extend(catalogue.cases.iter().cloned());
        known.extend(generated_case(seed, id));
        let case = known.into_iter().find(|case| case.id == id).ok_or_else(|| {
            let help = catalogue
                .similar_case(id)
                .unwrap_or_else(|| "`ipc-conformance list` shows all of them".to_owned());
            Failure::Usage(anyhow!("there is no case {id}; {help}"))
        })?;
        (case, Some(args.pair.clone().unwrap_or_else(|| pair.to_owned())))
    };

    let choice = args.runtimes.choice();
    let joined = |(parent, child): (&str, &str)| format!("{parent}:{child}");
    let link = case.plan.link;
    let pair = match pair {
        Some(pair) => pair,
        None => joined(names(link, &choice.named()?[0].name)),
    };
    let (parent, child) = pair.split_once(':').ok_or_else(|| {
        Failure::Usage(anyhow!("the pairing {pair} is not of the form PARENT:CHILD"))
    })?;
    if run::link(parent, child) != Some(link) {
        let example = joined(names(link, REFERENCE));
        return Err(Failure::Usage(anyhow!(
            "{} is not played by {pair}, but by a pairing such as {example}",
            case.id
        )));
    }
    if let Some(folder) = &args.keep {
        prepare(folder, "--keep").map_err(Failure::Usage)?;
    }
    let interrupt = interrupt()?;
    let host = host(args.keep.clone())?;
    let drivers = embedded::drivers()?;
    let finder = Finder { host: &host, drivers: drivers.paths(), interrupt: &interrupt };
    let (reference, found) = finder.all(&choice.with([parent, child])?)?;
    let find = |name: &str| found.iter().chain([&reference]).find(|runtime| runtime.name == name);
    let make = |(parent, child): (&str, &str)| {
        let pairing = run::pairing(parent, child, find, &host, Limits::load(1));
        let pairing = pairing.map(|pairing| Pairing { tapped: args.tap, ..pairing });
        pairing.ok_or_else(|| Failure::Harness(anyhow!("failed to pair {parent} with {child}")))
    };
    let observed_pairing = make((parent, child))?;
    let reference_pairing = make(names(link, &reference.name))?;
    let one = |pairing: &Pairing| {
        play(&host, &case.plan, pairing, &interrupt)
            .map_err(|e| Failure::Harness(anyhow!("failed to {e}")))
    };
    let expected = one(&reference_pairing)?;
    let observed = one(&observed_pairing)?;

    let rules = Rules { catalogue: &catalogue, level: Level::Should, required: None };
    let judgement = judge::judge(&case, std::slice::from_ref(&expected), &observed, rules);
    let name = report::line(&format!("{} {pair}", case.id));
    let mut text = format!("{name}: {}\n", judgement.verdict.name());
    if let Some(reason) = &judgement.reason {
        let _ = writeln!(text, "  {}", report::line(reason));
    }
    for difference in &judgement.differences {
        let _ = writeln!(
            text,
            "  {} {}: {}",
            report::line(&difference.clause),
            difference.level,
            report::line(&difference.text)
        );
    }
    show(&mut text, "reference", &expected);
    show(&mut text, &pair, &observed);
    print(&text)?;
    Ok(u8::from(judgement.verdict.is_bad()))
}

/// The parts of `CASE@PAIRING@SEED`.
fn token(text: &str) -> Result<(&str, &str, &str), Failure> {
    let mut parts = text.splitn(3, '@');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(id), Some(pair), Some(seed)) if !id.is_empty() => Ok((id, pair, seed)),
        _ => Err(Failure::Usage(anyhow!(
            "`{text}` is neither a plan file nor a token of the form CASE@PAIRING@SEED"
        ))),
    }
}

fn show(text: &mut String, title: &str, history: &History) {
    for role in Role::ALL {
        let _ = writeln!(text, "\n{title}, {role}:");
        for record in history.log(role) {
            let json = serde_json::to_string(&record.seen).unwrap_or_default();
            let _ = writeln!(text, "  {:>4} {}", record.seq, report::line(&json));
        }
    }
    let start = history.wire.first().map_or(0, |line| line.t);
    for (index, line) in history.wire.iter().enumerate() {
        if index == 0 {
            let _ = writeln!(text, "\n{title}, on the wire:");
        }
        let _ = writeln!(text, "  {}", report::wire(line, start, 2_000));
    }
    let ending = serde_json::to_string(&history.ending).unwrap_or_default();
    let _ = writeln!(text, "\n{title} ends: {}", report::line(&ending));
    if !history.stderr.is_empty() {
        let _ = writeln!(text, "{title}, stderr: {}", report::line(&history.stderr));
    }
}
