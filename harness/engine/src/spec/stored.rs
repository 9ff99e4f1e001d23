use std::fs;
use std::path::Path as FsPath;

use ipc_plan::{Plan, Step};

use super::check::{check_plan, each_step};
use super::exchange::END;
use super::load::unreadable;
use super::mistake::{Location, Mistake, Mistakes, Path};
use super::model::{Case, Order};

impl Case {
    /// Reads a plan that was stored by itself, such as a shrunk message. The sections of the
    /// plan say what it shows.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is no plan, or the plan cannot be played.
    pub fn from_plan_file(path: &FsPath) -> Result<Self, Mistakes> {
        let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        let file = path.to_string_lossy().into_owned();
        let plan: Plan = serde_json::from_str(&text).map_err(|error| {
            let start = line_start(&text, error.line()) + error.column().saturating_sub(1);
            let reason = error.to_string();
            let reason = reason.split(" at line ").next().unwrap_or_default();
            let mistake = Mistake::new(&Path::default(), format!("not a plan: {reason}"));
            Mistakes(vec![mistake.at(Location::new(&file, &text, start..start + 1))])
        })?;
        let mistakes: Vec<_> = check_plan(&plan)
            .into_iter()
            // Where in the file it is, only the path inside the plan tells.
            .map(|mistake| Mistake {
                message: format!("{file}: {}: {}", mistake.path, mistake.message),
                path: Path::default(),
                ..mistake
            })
            .collect();
        if mistakes.is_empty() { Ok(of_plan(plan, file)) } else { Err(Mistakes(mistakes)) }
    }
}

fn of_plan(plan: Plan, file: String) -> Case {
    let mut clauses: Vec<String> = Vec::new();
    each_step(&plan, &mut |_, _, step| {
        if let Step::Section { clause, .. } = step
            && clause != END
            && !clauses.contains(clause)
        {
            clauses.push(clause.clone());
        }
    });
    Case {
        id: plan.id.clone(),
        title: "Stored plan".to_owned(),
        clauses,
        order: Order::Streams,
        needs: Vec::new(),
        plan,
        file,
        line: 1,
    }
}

/// Where a line begins, counted from 1.
fn line_start(text: &str, line: usize) -> usize {
    text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum()
}
