//! The commands that play nothing: `list`, `doctor`, `explain`.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::anyhow;
use ipc_conformance_engine::report;
use ipc_conformance_engine::runtime::{Finder, Named, REFERENCE, RuntimeError, Source};
use ipc_conformance_engine::spec::{Catalogue, Clause, Level, Selection};
use serde_json::json;

use super::args::{ExplainArgs, ListArgs, RuntimeArgs};
use super::run::{catalogue, interrupt};
use super::{Failure, Outcome, embedded, host, print};

/// Where a run leaves its results unless it is told otherwise.
const LATEST: &str = "reports/latest";

pub(super) fn list(args: ListArgs) -> Outcome {
    let catalogue = catalogue(&args.specs)?;
    if let Some(set) = &args.requirements {
        let text = catalogue.requirements_file(set, args.freeze);
        return print(&text.map_err(|e| Failure::Usage(anyhow!("{e}")))?);
    }
    let selection = Selection { filters: args.filters, ..Selection::default() };
    let cases = catalogue.select(&selection).map_err(|e| Failure::Usage(anyhow!("{e}")))?;
    let unrequired = catalogue.unrequired();
    let untested: Vec<&Clause> =
        catalogue.clauses.iter().filter(|c| c.untested.is_some()).collect();
    if args.json {
        let json = json!({
            "cases": cases.iter().map(|case| json!({
                "id": case.id, "title": case.title, "clauses": case.clauses,
            })).collect::<Vec<_>>(),
            "clauses": catalogue.clauses.iter().map(|clause| json!({
                "id": clause.id, "level": clause.level, "sentence": clause.sentence,
                "source": clause.source, "since": clause.since, "until": clause.until,
                "untested": clause.untested, "required_by": catalogue.required_by(clause),
            })).collect::<Vec<_>>(),
        });
        return print(&format!("{json:#}\n"));
    }
    let mut text = String::new();
    if args.untested {
        for clause in &untested {
            let reason = clause.untested.as_deref().unwrap_or_default();
            let _ = writeln!(text, "{} {} {reason}", clause.id, clause.level);
        }
    } else if args.unrequired {
        for clause in &unrequired {
            let _ = writeln!(text, "{} {} {}", clause.id, clause.level, clause.sentence);
        }
    } else {
        for case in &cases {
            let _ = writeln!(text, "{}  {}  [{}]", case.id, case.title, case.clauses.join(" "));
        }
    }
    let _ = write!(
        text,
        "{}; {}, {} of them without a case",
        report::count(cases.len(), "case"),
        report::count(catalogue.clauses.len(), "clause"),
        untested.len()
    );
    if !catalogue.requirements.is_empty() {
        let _ = write!(text, ", {} not yet required", unrequired.len());
    }
    text.push('\n');
    print(&report::visible(&text))
}

pub(super) fn doctor(args: RuntimeArgs) -> Outcome {
    let interrupt = interrupt()?;
    let host = host(None)?;
    let drivers = embedded::drivers()?;
    let finder = Finder { host: &host, drivers: drivers.paths(), interrupt: &interrupt };
    let choice = args.choice();
    let node = choice.reference()?.unwrap_or(Source::Known);
    let mut wanted = vec![(REFERENCE.to_owned(), node, true)];
    if args.runtimes.is_empty() {
        let files = choice.described()?;
        let known = ["rust", "bun", "deno"].into_iter().filter(|n| files.iter().all(|f| f.0 != *n));
        wanted.extend(known.map(|name| (name.to_owned(), Source::Known, name == "rust")));
        wanted.extend(files.into_iter().map(|(name, file)| (name, Source::File(file), false)));
    }
    for text in &args.runtimes {
        let Named { name, source } = choice.one(text)?;
        wanted.push((name, source, true));
    }
    let mut text = String::new();
    let mut missing = false;
    for (name, source, needed) in wanted {
        let found = finder.find(&name, &source);
        match found {
            Ok(runtime) => {
                let info = runtime.info();
                let node = match &info.node {
                    Some(node) if *node != info.version => {
                        format!(" (announces Node {})", report::line(node))
                    }
                    _ => String::new(),
                };
                let _ = writeln!(
                    text,
                    "ok       {name} {}{node}, starts in {} ms: {}",
                    report::line(&info.version),
                    info.startup_ms,
                    info.command.join(" ")
                );
            }
            Err(error) if error.is_usage() || matches!(error, RuntimeError::Play(_)) => {
                return Err(error.into());
            }
            Err(error) => {
                missing |= needed;
                let word = if needed { "missing" } else { "absent " };
                let _ = writeln!(
                    text,
                    "{word}  {name}: failed to {}",
                    report::line(&error.to_string())
                );
            }
        }
    }
    print(&report::visible(&text))?;
    Ok(if missing { 3 } else { 0 })
}

pub(super) fn explain(args: ExplainArgs) -> Outcome {
    let catalogue = catalogue(&args.specs)?;
    let id = args.clause.to_uppercase();
    let Some(clause) = catalogue.clauses.iter().find(|clause| clause.id == id) else {
        let help = catalogue
            .similar_clause(&id)
            .unwrap_or_else(|| "`ipc-conformance list --json` shows all of them".to_owned());
        return Err(Failure::Usage(anyhow!("there is no clause {id}; {help}")));
    };
    let mut text = format!(
        "{} ({})\n{}\n\nsource: {}\n",
        clause.id, clause.level, clause.sentence, clause.source
    );
    let _ = writeln!(text, "holds {}", clause.range());
    if !catalogue.requirements.is_empty() {
        let _ = writeln!(text, "{}", required(&catalogue, clause));
    }
    text.push_str(&cases_of(&catalogue, clause));
    let latest = PathBuf::from(LATEST);
    let path = args.results.or_else(|| latest.exists().then_some(latest));
    if let Some(path) = path
        && let results =
            report::read(&path).map_err(|e| Failure::Usage(anyhow!("failed to {e}")))?
        && let Some(result) = results.clauses.iter().find(|result| result.id == id)
        && !result.verdicts.is_empty()
    {
        let _ = writeln!(text, "\nin {}:", path.display());
        for (pairing, verdict) in &result.verdicts {
            let _ = writeln!(text, "  {}  {}", report::line(pairing), verdict.name());
        }
    }
    print(&report::visible(&text))
}

/// Which requirement sets have the clause.
fn required(catalogue: &Catalogue, clause: &Clause) -> String {
    match catalogue.required_by(clause).as_slice() {
        [] if clause.level == Level::Impl => "required by no Node: its level is impl".to_owned(),
        [] => "not yet required: no requirement set has it".to_owned(),
        sets => format!("required by {}", sets.join(", ")),
    }
}

fn cases_of(catalogue: &Catalogue, clause: &Clause) -> String {
    let mut text = String::from("\n");
    for case in catalogue.cases.iter().filter(|case| case.clauses.contains(&clause.id)) {
        let _ = writeln!(text, "case {} ({}:{}): {}", case.id, case.file, case.line, case.title);
    }
    if let Some(reason) = &clause.untested {
        let _ = writeln!(text, "no case: {reason}");
    }
    text
}
