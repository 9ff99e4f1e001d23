//! The commands that read results: `report` and `diff`.

use std::io::IsTerminal;
use std::path::Path;

use anyhow::anyhow;
use ipc_conformance_engine::diff::Diff;
use ipc_conformance_engine::merge::merge;
use ipc_conformance_engine::report;
use ipc_conformance_engine::results::Results;

use super::args::{DiffArgs, DiffFormat, ReportArgs};
use super::run::catalogue;
use super::{Failure, Outcome, print};

pub(super) fn report(args: ReportArgs) -> Outcome {
    let catalogue = catalogue(&args.specs)?;
    let (results, beside) = match &args.results[..] {
        [path] if !args.merge => {
            let parent = path.parent().unwrap_or(path);
            (read(path)?, if path.is_dir() { path } else { parent })
        }
        paths if args.merge => {
            let named = |path: &std::path::PathBuf| Ok((path.display().to_string(), read(path)?));
            let shards = paths.iter().map(named).collect::<Result<_, Failure>>()?;
            let merged = merge(shards);
            (merged.map_err(|e| Failure::Usage(anyhow!("failed to merge: {e}")))?, Path::new("."))
        }
        _ => {
            return Err(Failure::Usage(anyhow!(
                "several results are the shards of one run with --merge; otherwise name one"
            )));
        }
    };
    let out = args.out.as_deref().unwrap_or(beside);
    report::write_all(out, &results, &catalogue)
        .map_err(|e| Failure::Usage(anyhow!("failed to {e}")))?;
    print(&report::terminal(&results, std::io::stdout().is_terminal()))?;
    print(&format!("\nreports: {}\n", out.join("report.html").display()))?;
    Ok(report::Outcome::of(&results).exit_code())
}

pub(super) fn diff(args: DiffArgs) -> Outcome {
    let diff = Diff::of(&read(&args.old)?, &read(&args.new)?);
    print(&match args.format {
        DiffFormat::Text => report::diff_text(&diff),
        DiffFormat::Markdown => report::diff_markdown(&diff),
        DiffFormat::Json => {
            serde_json::to_string_pretty(&diff)
                .map_err(|e| Failure::Harness(anyhow!("failed to write JSON: {e}")))?
                + "\n"
        }
    })?;
    Ok(diff.exit_code())
}

fn read(path: &Path) -> Result<Results, Failure> {
    report::read(path).map_err(|e| Failure::Usage(anyhow!("failed to {e}")))
}
