//! The behaviour of Node's lines, as Markdown.

use std::fmt::{self, Write};

use super::markdown::{code, escape};
use crate::behaviour::{Behaviour, Interval};
use crate::text::count;

/// Characters of a sentence.
const WIDTH: usize = 400;

/// What each Node line does, clause by clause, and what changed from one to the next.
pub fn behaviour_markdown(behaviour: &Behaviour) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut out, behaviour);
    out
}

fn write(out: &mut String, behaviour: &Behaviour) -> fmt::Result {
    writeln!(out, "# What Node does\n")?;
    writeln!(
        out,
        "Observed by suite {} on Node {}. Each line was held against the one before it; a clause \
         that all of them keep alike has one interval.\n",
        code(&behaviour.suite, WIDTH),
        behaviour.lines.iter().map(|line| escape(line, WIDTH)).collect::<Vec<_>>().join(", "),
    )?;
    let changes = behaviour.changes();
    writeln!(out, "## What changed\n")?;
    if changes.is_empty() {
        writeln!(out, "Nothing did.\n")?;
    }
    for (major, changes) in &changes {
        writeln!(out, "### Node {major}: {}\n", count(changes.len(), "clause"))?;
        for (clause, interval) in changes {
            writeln!(
                out,
                "- {} ({}) {}",
                code(&clause.id, WIDTH),
                clause.level,
                escape(&clause.sentence, WIDTH)
            )?;
            for text in &interval.differences {
                let note = if interval.message_only { " (text of a message)" } else { "" };
                writeln!(out, "  - {}{note}", escape(text, WIDTH))?;
            }
        }
        writeln!(out)?;
    }
    writeln!(out, "## Clauses\n")?;
    writeln!(
        out,
        "| clause | level | majors with one behaviour | sentence |\n| --- | --- | --- | --- |"
    )?;
    for clause in &behaviour.clauses {
        let intervals: Vec<String> = clause.behaviours.iter().map(range).collect();
        writeln!(
            out,
            "| {} | {} | {} | {} |",
            code(&clause.id, WIDTH),
            clause.level,
            intervals.join(" · "),
            escape(&clause.sentence, WIDTH)
        )?;
    }
    Ok(())
}

fn range(interval: &Interval) -> String {
    let Interval { from, to, .. } = interval;
    if from == to { format!("{from}") } else { format!("{from}–{to}") }
}
