use std::collections::BTreeMap;
use std::fmt;

use ipc_plan::{Plan, Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::mistake::Mistake;
use super::requirements::RequirementSet;
use super::suggest::did_you_mean;

/// All clauses and cases, checked against each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    /// The clauses, sorted by id.
    pub clauses: Vec<Clause>,
    /// The cases, sorted by id.
    pub cases: Vec<Case>,
    /// The requirement sets by name, such as `node-24`.
    pub requirements: BTreeMap<String, RequirementSet>,
    /// One entry for each clause that has neither a case nor a reason for having none. While
    /// cases are being written they do no harm; a test makes sure that the suite has none.
    pub uncovered: Vec<Mistake>,
    /// Hash over all files that this was read from.
    pub suite: String,
}

impl Catalogue {
    /// Hash over all files that this was read from: the version of the suite.
    pub fn hash(&self) -> String {
        self.suite.clone()
    }

    /// The clause of that id.
    pub fn clause(&self, id: &str) -> Option<&Clause> {
        self.clauses.iter().find(|clause| clause.id == id)
    }

    /// The level of a clause; what is not in the catalogue, such as generated messages, must hold.
    pub fn level_of(&self, id: &str) -> Level {
        self.clause(id).map_or(Level::Must, |clause| clause.level)
    }

    /// "did you mean", where the id of a clause is close to a wrong one.
    pub fn similar_clause(&self, wrong: &str) -> Option<String> {
        did_you_mean(wrong, self.clauses.iter().map(|clause| clause.id.as_str()))
    }

    /// "did you mean", where the id of a case is close to a wrong one.
    pub fn similar_case(&self, wrong: &str) -> Option<String> {
        did_you_mean(wrong, self.cases.iter().map(|case| case.id.as_str()))
    }

    /// The case of that id.
    pub fn case(&self, id: &str) -> Option<&Case> {
        self.cases.iter().find(|case| case.id == id)
    }
}

/// One testable sentence about Node's behaviour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Its id, such as `BOOT-031`; never given to another clause.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// The sentence.
    pub sentence: String,
    /// Section of Node's documentation, or source file and function, that it comes from.
    pub source: String,
    /// The first Node major where it holds.
    pub since: u32,
    /// The last Node major where it holds, if it has ended.
    pub until: Option<u32>,
    /// Why no case shows it, for a clause without one.
    pub untested: Option<String>,
}

impl Clause {
    /// Whether it holds in this Node major.
    pub fn holds_in(&self, major: u32) -> bool {
        self.since <= major && self.until.is_none_or(|until| major <= until)
    }

    /// Where it holds, in words: `from Node 18 on`.
    pub fn range(&self) -> String {
        match self.until {
            Some(until) => format!("from Node {} to {until}", self.since),
            None => format!("from Node {} on", self.since),
        }
    }
}

/// How binding a clause is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Documented, or needed to interoperate.
    Must,
    /// Undocumented, the same on every current Node line, and visible to ordinary programs.
    Should,
    /// Depends on engine, kernel or a bug; recorded and shown, fails nobody.
    Impl,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::Impl => "impl",
        })
    }
}

/// A named plan that shows one or more clauses.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its id: lower-case words joined by `-`, the area first.
    pub id: String,
    /// What it does, for people.
    pub title: String,
    /// The clauses it shows. Differences outside a section belong to the first.
    pub clauses: Vec<String>,
    /// How the events of a role are compared.
    pub order: Order,
    /// Observations without which the case shows nothing.
    pub needs: Vec<Need>,
    /// The plan.
    pub plan: Plan,
    /// The file it was read from, for messages; empty where it was made.
    pub file: String,
    /// Line of the case in that file.
    pub line: usize,
}

/// How the events of a role are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Streams, each in order: what the steps themselves recorded, callbacks, calls of listeners,
    /// and what happens to each handle. For cases in which the order between these is decided by the scheduler.
    #[default]
    Streams,
    /// All events of the role in one order.
    Total,
}

/// An observation that a case cannot do without.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// The role that must have made it.
    pub role: Role,
    /// The kind of record, as in `Seen`: `event`, `sent`, `threw`, `callback`, `property` …;
    /// several joined by `|` where any of them will do.
    pub kind: String,
    /// Fields the record must have, each equal to the value given here; values by the path
    /// notation of differences, such as `event = "message"` or `"arguments[0]" = 1`.
    #[serde(default)]
    pub with: BTreeMap<String, serde_json::Value>,
    /// How many such records there must be at least; 0 means that there must be none.
    #[serde(default = "one")]
    pub count: u32,
}

fn one() -> u32 {
    1
}
