//! Which broken runtime turns which clause red, as a table.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use ipc_conformance_engine::spec::{Clause, Level};
use ipc_plan::Role;

use crate::play::Broken;
use crate::support::{catalogue, node};

/// What has turned red so far.
#[derive(Default)]
pub(crate) struct Table(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    runtimes: BTreeSet<String>,
    /// Runtimes in roles in which the clause that they break stayed as it was.
    unseen: Vec<String>,
    /// By clause: a runtime in a role, and whether this is the clause that it breaks.
    red: BTreeMap<String, BTreeSet<(bool, String)>>,
}

impl Table {
    /// Takes in what a broken runtime turned red in a role.
    pub(crate) fn add(&self, broken: &Broken<'_>, role: Role, red: &BTreeSet<String>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("{} as {role}", broken.name);
        let breaks = &broken.header.breaks.id;
        seen.runtimes.insert(broken.name.to_owned());
        if !red.contains(breaks) {
            seen.unseen.push(format!("{name} does not turn {breaks} red"));
        }
        for clause in red {
            let own = clause == breaks;
            seen.red.entry(clause.clone()).or_default().insert((!own, name.clone()));
        }
    }

    /// Prints the table, and writes it as Markdown.
    pub(crate) fn publish(&self, path: &Path) -> Result<(), String> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = seen.text(node()?.node_major().unwrap_or_default());
        println!("{text}");
        fs::write(path, text).map_err(|e| format!("failed to write {}: {e}", path.display()))
    }
}

impl Seen {
    fn text(&self, major: u32) -> String {
        let can_be_red = |clause: &&Clause| {
            clause.level != Level::Impl && clause.untested.is_none() && clause.holds_in(major)
        };
        let (red, others): (Vec<&Clause>, Vec<&Clause>) = catalogue()
            .clauses
            .iter()
            .filter(can_be_red)
            .partition(|clause| self.red.contains_key(&clause.id));
        let mut text = format!(
            "# Self-test\n\n{} broken runtimes, made of Node {major} by `fixtures/broken`, turn {} of {} \
             clauses red.\n",
            self.runtimes.len(),
            red.len(),
            red.len() + others.len()
        );
        for line in &self.unseen {
            let _ = writeln!(text, "\n**{line}**");
        }
        text.push_str("\nBold is the clause that a runtime is made to break.\n");
        text.push_str("\n| clause | turned red by |\n| --- | --- |\n");
        for (clause, by) in &self.red {
            let names: Vec<String> = by
                .iter()
                .map(|(beside, name)| if *beside { name.clone() } else { format!("**{name}**") })
                .collect();
            let _ = writeln!(text, "| {clause} | {} |", names.join(", "));
        }
        let _ = write!(
            text,
            "\n## Turned red by none ({})\n\n| clause | level | sentence |\n| --- | --- | --- |\n",
            others.len()
        );
        for Clause { id, level, sentence, .. } in others {
            let _ = writeln!(text, "| {id} | {level} | {} |", sentence.replace('|', "\\|"));
        }
        text
    }
}
