//! The report as one page: no network, no fonts, works without JavaScript.

mod findings;
mod tables;

use askama::Template;

use super::digest::{Digest, Outcome, is_unexpected};
use super::story::Group;
use super::words;
use crate::results::{Expectation, Results, RuntimeInfo, Verdict};
use crate::spec::Catalogue;
use crate::text;

use findings::Section;
use tables::{Area, Cases, Skipped, Untested};

/// The report as one HTML page.
///
/// Sentences and sources of clauses are the catalogue's; where the results were made with another
/// version of the suite, the page says so.
pub fn html(results: &Results, catalogue: &Catalogue) -> String {
    // It is written into memory; there is nothing that could fail.
    Page::of(results, catalogue).render().unwrap_or_default()
}

/// The only script of the page. The page's policy allows it by its hash, so that nothing else can
/// run; a test keeps the two in step.
const SCRIPT: &str = include_str!("../../../templates/report.js");
const STYLE: &str = include_str!("../../../templates/report.css");
/// SHA-256 of [`SCRIPT`], base64.
pub(super) const SCRIPT_HASH: &str = "4ilcgHjb2/y+FMFjjk7MNHklcRL3WiQ1gih4ibhxYCY=";

/// All text in here comes through `text`, so that nothing in it is invisible; the template
/// escapes it for HTML.
#[derive(Template)]
#[template(path = "report.html", escape = "html")]
struct Page {
    style: &'static str,
    script: &'static str,
    script_hash: &'static str,
    title: String,
    /// `good`, `bad` or `invalid`.
    class: &'static str,
    sign: &'static str,
    headline: String,
    counts: Vec<(String, String)>,
    coverage: String,
    exit: String,
    alerts: Vec<String>,
    matrix: Matrix,
    runtimes: Vec<Runtime>,
    facts: Vec<(&'static str, String)>,
    groups: Vec<Findings>,
    areas: Vec<Area>,
    untested: Untested,
    skipped: Vec<Skipped>,
    cases: Cases,
    pairings: Vec<String>,
    verdicts: Vec<(Badge, &'static str)>,
    expectations: Vec<(&'static str, &'static str, &'static str)>,
}

/// Pairings by verdicts.
struct Matrix {
    heads: Vec<Badge>,
    rows: Vec<MatrixRow>,
}

struct MatrixRow {
    pairing: String,
    unexpected: usize,
    cells: Vec<(Badge, usize)>,
    all: usize,
}

struct Runtime {
    role: &'static str,
    name: String,
    version: String,
    node: String,
    startup: String,
    command: String,
    capabilities: String,
}

/// Findings of one group.
struct Findings {
    id: &'static str,
    title: String,
    note: &'static str,
    open: bool,
    sections: Vec<Section>,
}

/// A verdict as it is shown: sign, word and class.
#[derive(Clone, Copy)]
struct Badge {
    glyph: &'static str,
    name: &'static str,
}

impl From<Verdict> for Badge {
    fn from(verdict: Verdict) -> Self {
        Self { glyph: words::glyph(verdict), name: verdict.name() }
    }
}

impl Page {
    fn of(results: &Results, catalogue: &Catalogue) -> Self {
        let digest = Digest::of(results);
        let (class, sign) = match digest.outcome {
            Outcome::AsExpected => ("good", "✓"),
            Outcome::Unexpected => ("bad", "✗"),
            Outcome::Misconfigured | Outcome::Invalid => ("invalid", "⚠\u{fe0e}"),
        };
        let mut alerts: Vec<String> = digest.alerts.iter().map(|a| text::short(a, 2_000)).collect();
        if catalogue.hash() != results.tool.suite {
            alerts.push(format!(
                "The sentences on this page are of another version of the suite ({}) than the \
                 results ({}).",
                text::line(&catalogue.hash()),
                text::line(&results.tool.suite)
            ));
        }
        let headline = text::line(&digest.headline());
        let counts = digest.counts().into_iter().map(|(words, n)| (text::grouped(n), words));
        let exit =
            format!("exit code {}: {}", digest.outcome.exit_code(), digest.outcome.meaning());
        let tested: Vec<&str> = results.runtimes.iter().map(|r| r.name.as_str()).collect();
        Self {
            style: STYLE,
            script: SCRIPT,
            script_hash: SCRIPT_HASH,
            title: format!("{headline} · {} · IPC conformance", text::line(&tested.join(", "))),
            class,
            sign,
            headline,
            counts: counts.collect(),
            coverage: digest.coverage(),
            exit,
            alerts,
            matrix: matrix(&digest),
            runtimes: runtimes(results),
            facts: facts(&digest),
            groups: groups(&digest, catalogue),
            areas: tables::areas(&digest, catalogue),
            untested: tables::untested(&digest, catalogue),
            skipped: tables::skipped(results),
            cases: tables::cases(&digest, catalogue),
            pairings: digest.pairings.iter().map(|p| text::line(p)).collect(),
            verdicts: Verdict::ALL.into_iter().map(|v| (v.into(), words::meaning(v))).collect(),
            expectations: [Expectation::Expected, Expectation::Unexpected, Expectation::Stale]
                .map(words::expectation)
                .to_vec(),
        }
    }
}

fn matrix(digest: &Digest<'_>) -> Matrix {
    let row = |pairing: &&str| MatrixRow {
        pairing: text::line(pairing),
        unexpected: digest.number(pairing, is_unexpected),
        cells: digest
            .verdicts
            .iter()
            .map(|v| (Badge::from(*v), digest.number(pairing, |case| case.verdict == *v)))
            .collect(),
        all: digest.number(pairing, |_| true),
    };
    Matrix {
        heads: digest.verdicts.iter().map(|v| Badge::from(*v)).collect(),
        rows: digest.pairings.iter().map(row).collect(),
    }
}

fn runtimes(results: &Results) -> Vec<Runtime> {
    let runtime = |role, runtime: &RuntimeInfo| Runtime {
        role,
        name: text::line(&runtime.name),
        version: text::short(&runtime.version, 200),
        node: text::short(runtime.node.as_deref().unwrap_or("–"), 200),
        startup: format!("{:.1} ms", runtime.startup_ms),
        command: text::cut(&text::command(&runtime.command), 2_000),
        capabilities: text::short(&runtime.capabilities.join(", "), 1_000),
    };
    let mut runtimes = vec![runtime("reference", &results.reference)];
    runtimes.extend(results.runtimes.iter().map(|info| runtime("under test", info)));
    runtimes
}

fn facts(digest: &Digest<'_>) -> Vec<(&'static str, String)> {
    let results = digest.results;
    let (tool, host, options) = (&results.tool, &results.host, &results.options);
    let mut facts = vec![
        ("suite", tool.suite.clone()),
        ("seed", options.seed.clone()),
        ("level", format!("{} and stricter can fail a case", options.level)),
        ("generated", text::count(options.generated as usize, "message")),
        (
            "host",
            format!(
                "{} {} {}, {}",
                host.os,
                host.kernel,
                host.arch,
                text::count(host.cpus as usize, "processor")
            ),
        ),
        ("run", format!("{}, {}", text::date(host.started), text::duration(host.duration_ms))),
        ("made by", format!("{} {}, results format {}", tool.name, tool.version, results.schema)),
    ];
    if !options.filters.is_empty() {
        facts.push(("only cases", options.filters.join(", ")));
    }
    if let Some(set) = &options.requirement_set {
        facts.push(("only required by", set.clone()));
    }
    if let Some(shard) = &options.shard {
        facts.push(("only shard", shard.clone()));
    }
    let varying: Vec<String> = digest.varying().into_iter().collect();
    if !varying.is_empty() {
        facts.push(("not compared, as the reference varies", varying.join("; ")));
    }
    facts.into_iter().map(|(name, value)| (name, text::short(&value, 500))).collect()
}

fn groups(digest: &Digest<'_>, catalogue: &Catalogue) -> Vec<Findings> {
    let group = |group, id, title: &str, note, open| {
        let sections: Vec<Section> =
            digest.group(group).map(|story| Section::of(story, digest, catalogue)).collect();
        Findings { id, title: format!("{title} ({})", sections.len()), note, open, sections }
    };
    vec![
        group(
            Group::Unexpected,
            "unexpected",
            "Unexpected findings",
            "What is new, worse, or no longer fails: each has to be fixed, or written into the \
             expectations with a reason.",
            true,
        ),
        group(
            Group::Expected,
            "expected",
            "Expected findings",
            "Known, covered by an entry of the expectations, and still failing in the same way.",
            false,
        ),
        group(
            Group::NonStrict,
            "non-strict",
            "Non-strict differences",
            "Seen and shown, but nobody fails by them.",
            false,
        ),
    ]
}
