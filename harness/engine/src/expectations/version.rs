//! Ranges of versions.

use std::str::FromStr;

/// Conditions that all hold, such as `>=1.2, <2`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Range {
    conditions: Vec<(Operator, Vec<u64>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    AtLeast,
    AtMost,
    Less,
    More,
    Same,
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let condition = |text: &str| {
            let text = text.trim();
            let (operator, version) = [
                (">=", Operator::AtLeast),
                ("<=", Operator::AtMost),
                ("<", Operator::Less),
                (">", Operator::More),
                ("=", Operator::Same),
                ("", Operator::Same),
            ]
            .into_iter()
            .find_map(|(sign, operator)| Some((operator, text.strip_prefix(sign)?)))?;
            let numbers = version.trim().split('.').map(|number| number.parse().ok());
            Some((operator, numbers.collect::<Option<Vec<u64>>>()?))
        };
        let conditions = text
            .split(',')
            .map(|part| condition(part).ok_or_else(|| format!("`{part}` is no range of versions")))
            .collect::<Result<_, _>>()?;
        Ok(Self { conditions })
    }
}

impl Range {
    /// Whether the version lies in the range. Only as many numbers are compared as a condition
    /// has: `<=1.2` and `1.2` hold for 1.2.7. What follows `-` or `+` is not looked at.
    pub(super) fn has(&self, version: &str) -> bool {
        let plain = version.split(['-', '+']).next().unwrap_or_default();
        let numbers: Vec<u64> = plain.split('.').map(|n| n.parse().unwrap_or(0)).collect();
        self.conditions.iter().all(|(operator, wanted)| {
            let own: Vec<u64> =
                numbers.iter().copied().chain(std::iter::repeat(0)).take(wanted.len()).collect();
            match operator {
                Operator::AtLeast => own >= *wanted,
                Operator::AtMost => own <= *wanted,
                Operator::Less => own < *wanted,
                Operator::More => own > *wanted,
                Operator::Same => own == *wanted,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_lie_in_ranges() {
        for (range, version, expected) in [
            (">=1.2, <2", "1.2.0", true),
            (">=1.2, <2", "2.0.0", false),
            (">=1.2, <2", "1.1.9", false),
            ("1.2", "1.2.7", true),
            ("=1.2.3", "1.2.4", false),
            ("<=1.2", "1.2.9", true),
            (">1.2", "1.2.9", false),
            (">1.2", "1.3.0-canary.1", true),
            ("24", "24.11.0", true),
        ] {
            assert_eq!(range.parse::<Range>().unwrap().has(version), expected, "{range} {version}");
        }
        for bad in ["", "x", ">=", "1.2,", "^1.2", "1.x"] {
            assert!(bad.parse::<Range>().is_err(), "{bad}");
        }
    }
}
