//! The summary of a CI job.

use std::fmt::Write;

use super::digest::{Digest, is_unexpected};
use super::story::{Group, Story};
use super::words;
use crate::results::Results;
use crate::text::{self, count, plural};

/// Findings that are written out.
const MOST: usize = 20;
/// Characters of a value.
const WIDTH: usize = 300;

/// The summary of a CI job in Markdown as GitHub and GitLab show it.
pub fn markdown(results: &Results) -> String {
    let digest = Digest::of(results);
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut out, &digest);
    out
}

fn write(out: &mut String, digest: &Digest<'_>) -> std::fmt::Result {
    let results = digest.results;
    let sign = if digest.outcome.exit_code() == 0 { "✓" } else { "✗" };
    writeln!(out, "## {sign} IPC conformance: {}\n", escape(&digest.headline(), WIDTH))?;
    for alert in &digest.alerts {
        writeln!(out, "> **Problem:** {}\n", escape(alert, WIDTH))?;
    }
    let tested: Vec<String> = results.runtimes.iter().map(|r| code(&named(r), WIDTH)).collect();
    writeln!(
        out,
        "{} against the reference {}. {}.\n",
        if tested.is_empty() { "Nothing".to_owned() } else { tested.join(", ") },
        code(&named(&results.reference), WIDTH),
        digest.coverage()
    )?;
    matrix(out, digest)?;

    let unexpected: Vec<_> = digest.group(Group::Unexpected).collect();
    if !unexpected.is_empty() {
        writeln!(out, "### {}\n", count(unexpected.len(), "unexpected finding"))?;
        for (number, story) in unexpected.iter().take(MOST).enumerate() {
            finding(out, digest, number + 1, story)?;
        }
        if let Some(more @ 1..) = unexpected.len().checked_sub(MOST) {
            writeln!(out, "{} in `report.html`.\n", count(more, "more finding"))?;
        }
    }
    let (expected, non_strict) =
        (digest.group(Group::Expected).count(), digest.group(Group::NonStrict).count());
    let (_, decided, open) = digest.clauses();
    writeln!(
        out,
        "{} and {} (`report.html` has them). {} with a reason, {} not shown by this run.\n",
        count(expected, "expected finding"),
        count(non_strict, "non-strict difference"),
        count(decided.len(), "untested clause"),
        count(open.len(), "clause"),
    )?;
    if let Some(open) = digest.open() {
        writeln!(out, "{}.\n", escape(&open, WIDTH))?;
    }
    writeln!(
        out,
        "Suite {}, seed {}, {} on {}. Play one case again with the command below its finding; \
         exit code {}: {}.",
        code(&results.tool.suite, WIDTH),
        code(&results.options.seed, WIDTH),
        text::duration(results.host.duration_ms),
        code(&format!("{} {}", results.host.os, results.host.arch), WIDTH),
        digest.outcome.exit_code(),
        digest.outcome.meaning(),
    )
}

fn named(runtime: &crate::results::RuntimeInfo) -> String {
    format!("{} {}", runtime.name, runtime.version)
}

fn matrix(out: &mut String, digest: &Digest<'_>) -> std::fmt::Result {
    write!(out, "| pairing (parent:child) | unexpected |")?;
    for verdict in &digest.verdicts {
        write!(out, " {} {} |", words::glyph(*verdict), verdict.name())?;
    }
    writeln!(out, " all |")?;
    writeln!(out, "| --- | ---: |{} ---: |", " ---: |".repeat(digest.verdicts.len()))?;
    for pairing in &digest.pairings {
        let unexpected = match digest.number(pairing, is_unexpected) {
            0 => "0".to_owned(),
            number => format!("**{number}**"),
        };
        write!(out, "| {} | {unexpected} |", code(pairing, WIDTH))?;
        for verdict in &digest.verdicts {
            write!(out, " {} |", digest.number(pairing, |case| case.verdict == *verdict))?;
        }
        writeln!(out, " {} |", digest.number(pairing, |_| true))?;
    }
    writeln!(out)
}

fn finding(
    out: &mut String,
    digest: &Digest<'_>,
    number: usize,
    story: &Story<'_>,
) -> std::fmt::Result {
    let (sign, word) = story.label();
    writeln!(out, "{number}. {sign} **{}**", escape(&story.summary, WIDTH))?;
    let (clauses, more) = story.first_clauses();
    let mut clauses: Vec<String> = clauses.into_iter().map(|c| code(c, WIDTH)).collect();
    clauses.extend((more > 0).then(|| format!("{more} more")));
    let pairings: Vec<String> = story.pairings().iter().map(|p| code(p, WIDTH)).collect();
    write!(
        out,
        "   - {word}; {} {}; {} {}",
        plural(clauses.len(), "clause"),
        clauses.join(", "),
        plural(pairings.len(), "pairing"),
        pairings.join(", ")
    )?;
    if let Some(finding) = story.finding {
        write!(out, "; {}", escape(&words::blame(finding, &digest.results.reference.name), WIDTH))?;
    }
    match story.seen() {
        Some(seen) => writeln!(out, "; seen in {seen}")?,
        None => writeln!(out)?,
    }
    let varying: Vec<String> = story.varying().into_iter().map(|v| code(v, WIDTH)).collect();
    if !varying.is_empty() {
        writeln!(out, "   - not compared, as the reference varies: {}", varying.join(", "))?;
    }
    if let Some((expected, observed)) = story.sides() {
        writeln!(out, "   - expected {}", code(&expected, WIDTH))?;
        writeln!(out, "   - observed {}", code(&observed, WIDTH))?;
    }
    writeln!(out, "   - again: {}\n", code(&story.again(&digest.results.options), usize::MAX))
}

/// Text in which nothing is Markdown or HTML any more, in one line.
pub(super) fn escape(text: &str, most: usize) -> String {
    let text = text::short(text, most);
    let mut out = String::new();
    let mut before = ' ';
    for (index, c) in text.char_indices() {
        let harmless = match c {
            // Addresses become links by themselves.
            ':' => !text[index + 1..].starts_with('/'),
            '.' => !before.eq_ignore_ascii_case(&'w'),
            // Brackets, stars, lines and the like begin something, and so do `&` and `<`. A
            // character reference never does.
            c => !c.is_ascii_punctuation() || ",;/'\"()%=?-{}".contains(c),
        };
        if harmless {
            out.push(c);
        } else {
            let _ = write!(out, "&#{};", u32::from(c));
        }
        before = c;
    }
    out
}

/// Text as code.
pub(super) fn code(text: &str, most: usize) -> String {
    format!("<code>{}</code>", escape(text, most))
}
