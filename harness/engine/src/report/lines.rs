//! The behaviour of Node's lines, as Markdown.

use std::fmt::{self, Write};

use super::markdown::{code, escape};
use crate::behaviour::{Behaviour, Interval, Mixed, MixedClause};
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
         that all of them keep alike has one interval. In brackets are those for which it does not hold: \
         each was held against the nearest line for which it does.\n",
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
            differences(out, &interval.differences, interval.message_only)?;
            let before = clause.behaviours.iter().take_while(|other| *other != *interval).last();
            for other in before.into_iter().chain([*interval]) {
                for text in &other.instead {
                    writeln!(out, "  - Node {} instead: {}", majors(other), escape(text, WIDTH))?;
                }
            }
        }
        writeln!(out)?;
    }
    writeln!(out, "## What shows only between two lines\n")?;
    writeln!(
        out,
        "What a parent and a child of neighbouring lines do together, held against the older line \
         with itself, and what the newer does not do with itself.\n"
    )?;
    if behaviour.mixed.is_empty() {
        writeln!(out, "Nothing does.\n")?;
    }
    for mixed in &behaviour.mixed {
        let Mixed { parent, child, clauses } = mixed;
        let number = count(clauses.len(), "clause");
        writeln!(out, "### Parent Node {parent}, child Node {child}: {number}\n")?;
        for clause in clauses {
            let MixedClause { id, level, sentence, .. } = clause;
            writeln!(out, "- {} ({level}) {}", code(id, WIDTH), escape(sentence, WIDTH))?;
            differences(out, &clause.differences, clause.message_only)?;
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

fn differences(out: &mut String, texts: &[String], message_only: bool) -> fmt::Result {
    let note = if message_only { " (text of a message)" } else { "" };
    texts.iter().try_for_each(|text| writeln!(out, "  - {}{note}", escape(text, WIDTH)))
}

/// In brackets where the clause does not hold.
fn range(interval: &Interval) -> String {
    let majors = majors(interval);
    if interval.instead.is_empty() { majors } else { format!("({majors})") }
}

fn majors(interval: &Interval) -> String {
    let Interval { from, to, .. } = interval;
    if from == to { format!("{from}") } else { format!("{from}–{to}") }
}
