//! The fixed vocabulary of all reports: each word is explained where it is shown.

use crate::results::{Blame, Expectation, Finding, Verdict};

/// The sign of a verdict: never colour alone.
pub(super) fn glyph(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::NonStrict => "≈",
        Verdict::Fail => "✗",
        Verdict::Crash => "✸",
        Verdict::Hang => "◔",
        Verdict::Unsupported => "⊘",
        Verdict::NotRun => "○",
        Verdict::HarnessError => "⚠\u{fe0e}",
    }
}

/// What a verdict says.
pub(super) fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => {
            "All clauses of the case hold: both sides saw what they see with the reference."
        }
        Verdict::NonStrict => {
            "It differs from the reference only where the level is “impl” or below the level of \
             this run, only in the text of an error message, or in one play \
             of ten. It fails nobody."
        }
        Verdict::Fail => "It differs from the reference where a clause must or should hold.",
        Verdict::Crash => "A runtime died; what it showed before is kept.",
        Verdict::Hang => {
            "It did not end within the limit calibrated on this host; what it showed before is kept."
        }
        Verdict::Unsupported => {
            "The driver said that its runtime cannot perform the plan. Never counted as a pass."
        }
        Verdict::NotRun => "It was not played, for the reason given. Never counted as a pass.",
        Verdict::HarnessError => {
            "The harness or a driver broke its own contract, or the reference did not show what \
             the case needs. It says nothing about the runtime under test."
        }
    }
}

/// Word, sign and meaning of how a verdict stands to what was expected.
pub(super) fn expectation(expectation: Expectation) -> (&'static str, &'static str, &'static str) {
    match expectation {
        Expectation::Expected => (
            "expected",
            "=",
            "As expected: good without an entry in the expectations, or bad in exactly the way an entry says.",
        ),
        Expectation::Unexpected => (
            "unexpected",
            "!",
            "Bad without an entry in the expectations, or in another way than the entry says.",
        ),
        Expectation::Stale => {
            ("stale", "↻", "Good although an entry says it would be bad: the entry has to go.")
        }
    }
}

/// Which side differs, and why that is known.
pub(super) fn blame(finding: &Finding, reference: &str) -> String {
    let runtime = &finding.runtime;
    match finding.blame {
        Blame::Parent => {
            format!("{runtime} as parent: it does not show where {runtime} is only the child")
        }
        Blame::Child => {
            format!("{runtime} as child: it does not show where {runtime} is only the parent")
        }
        Blame::Both => {
            format!("{runtime} in either role: it shows against {reference} on both sides")
        }
        Blame::Together => format!("only {runtime} together with itself"),
        Blame::Unknown => "open: not all pairings that would tell were played".to_owned(),
    }
}
