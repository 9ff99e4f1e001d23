//! What `run` prints at its end.

use std::fmt::{self, Write};

use super::digest::{Digest, Outcome, is_unexpected};
use super::story::{Group, Story};
use super::words;
use crate::results::{Results, Verdict};
use crate::text::{self, count};

/// Unexpected findings that are written out.
const MOST: usize = 20;
/// Characters of a value.
const WIDTH: usize = 160;

const RED: &str = "31;1";
const GREEN: &str = "32;1";
const YELLOW: &str = "33";
const BOLD: &str = "1";
const DIM: &str = "2";

/// The end of a run on a terminal. Plain text, with colours only where asked for.
pub fn terminal(results: &Results, colour: bool) -> String {
    let digest = Digest::of(results);
    let mut page = Page { out: String::new(), colour };
    // Writing to a string does not fail.
    let _ = page.write(&digest);
    page.out
}

struct Page {
    out: String,
    colour: bool,
}

impl Page {
    fn write(&mut self, digest: &Digest<'_>) -> fmt::Result {
        self.matrix(digest)?;
        for story in digest.group(Group::Unexpected).take(MOST) {
            self.story(digest, story)?;
        }
        let unexpected = digest.group(Group::Unexpected).count();
        if let Some(more @ 1..) = unexpected.checked_sub(MOST) {
            writeln!(self.out, "\n… {} in report.html", count(more, "more unexpected finding"))?;
        }
        writeln!(self.out)?;
        let (expected, non_strict) =
            (digest.group(Group::Expected).count(), digest.group(Group::NonStrict).count());
        writeln!(
            self.out,
            "{}, {}; {}",
            count(expected, "expected finding"),
            count(non_strict, "non-strict difference"),
            digest.coverage()
        )?;
        if let Some(open) = digest.open() {
            writeln!(self.out, "{}", text::line(&open))?;
        }
        for alert in &digest.alerts {
            let label = self.paint(RED, "problem:");
            writeln!(self.out, "{label} {}", text::line(alert))?;
        }
        writeln!(
            self.out,
            "reports: results.json, report.html, junit.xml, summary.md; seed {}",
            text::line(&digest.results.options.seed)
        )?;
        self.verdict(digest)
    }

    fn matrix(&mut self, digest: &Digest<'_>) -> fmt::Result {
        let mut rows = vec![{
            let mut row = vec!["parent:child".to_owned(), "unexpected".to_owned()];
            row.extend(digest.verdicts.iter().map(|v| v.name().to_owned()));
            row.push("all".to_owned());
            row
        }];
        for pairing in &digest.pairings {
            let mut numbers = vec![digest.number(pairing, is_unexpected)];
            numbers.extend(
                digest.verdicts.iter().map(|v| digest.number(pairing, |case| case.verdict == *v)),
            );
            numbers.push(digest.number(pairing, |_| true));
            let mut row = vec![text::short(pairing, 60)];
            row.extend(numbers.into_iter().map(text::grouped));
            rows.push(row);
        }
        let width = |column: usize| {
            rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
        for (line, row) in rows.iter().enumerate() {
            let mut out = format!("{:<1$}", row[0], widths[0]);
            for (column, cell) in row.iter().enumerate().skip(1) {
                let padded = format!("{cell:>0$}", widths[column]);
                let verdict = column.checked_sub(2).and_then(|i| digest.verdicts.get(i));
                let style = match verdict {
                    _ if line == 0 => DIM,
                    _ if cell == "0" => DIM,
                    None if column == 1 => RED,
                    Some(Verdict::Pass) => GREEN,
                    Some(Verdict::NonStrict | Verdict::Unsupported | Verdict::NotRun) => YELLOW,
                    Some(_) => RED,
                    None => "",
                };
                let _ = write!(out, "  {}", self.paint(style, &padded));
            }
            writeln!(self.out, "{out}")?;
        }
        Ok(())
    }

    fn story(&mut self, digest: &Digest<'_>, story: &Story<'_>) -> fmt::Result {
        let (sign, word) = story.label();
        let name = self.paint(RED, &format!("{sign} {word}"));
        let summary = self.paint(BOLD, &text::short(&story.summary, 2 * WIDTH));
        writeln!(self.out, "\n{name}  {summary}")?;
        let (clauses, more) = story.first_clauses();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let mut facts = vec![clauses.join(" ") + &more, story.pairings().join(" ")];
        if let Some(finding) = story.finding {
            facts.push(words::blame(finding, &digest.results.reference.name));
        }
        facts.extend(story.seen().map(|seen| format!("seen in {seen}")));
        writeln!(self.out, "  {}", text::short(&facts.join("; "), 2 * WIDTH))?;
        if let Some(reason) = story.reason() {
            writeln!(self.out, "  reason:   {}", text::short(&reason, WIDTH))?;
        }
        let varying: Vec<&str> = story.varying().into_iter().collect();
        if !varying.is_empty() {
            let reference = &digest.results.reference.name;
            let places = format!("{reference} itself varies in {}", varying.join("; "));
            writeln!(self.out, "  open:     {}", text::short(&places, WIDTH))?;
        }
        if let Some((expected, observed)) = story.sides() {
            writeln!(self.out, "  expected: {}", text::short(&expected, WIDTH))?;
            writeln!(self.out, "  observed: {}", text::short(&observed, WIDTH))?;
        }
        // A command that is cut is none.
        let again = self.paint(DIM, &text::line(&story.again(&digest.results.options)));
        writeln!(self.out, "  again:    {again}")
    }

    fn verdict(&mut self, digest: &Digest<'_>) -> fmt::Result {
        let (style, word) = match digest.outcome {
            Outcome::AsExpected => (GREEN, "PASS"),
            _ => (RED, "FAIL"),
        };
        let word = self.paint(style, word);
        writeln!(
            self.out,
            "{word}  {} (exit code {}: {})",
            text::line(&digest.headline()),
            digest.outcome.exit_code(),
            digest.outcome.meaning()
        )
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.colour && !style.is_empty() {
            format!("\u{1b}[{style}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}
