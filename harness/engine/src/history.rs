//! What one play of a plan left behind.

use std::time::Duration;

use ipc_plan::{Record, Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::tap::Line;

/// All that was observed of one play of a plan by one pairing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// The log of the parent role.
    pub parent: Vec<Record>,
    /// The log of the child role.
    pub child: Vec<Record>,
    /// How the parent process ended.
    pub ending: Ending,
    /// Descendants that were still there when the parent had ended and the others had been given
    /// the time to end, by command line. They were killed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaked: Vec<String>,
    /// What both processes wrote to stdout; at most 64 KiB are kept, the middle is cut.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stdout: String,
    /// The same for stderr.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stderr: String,
    /// What was on the wire, where the plan was played with a relay in between: at most 200 lines.
    /// In results of a finding it is that of another play than the logs, see
    /// [`Finding::tapped`](crate::results::Finding::tapped).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wire: Vec<Line>,
    /// Breaches of the driver contract: lines of a log that cannot be read, a log without its
    /// first record, a gap in `seq`, an exit with `EXIT_BAD_PLAN`. What could be read is kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaches: Vec<String>,
    /// From the start of the parent to the end of the last descendant.
    pub duration_ms: u64,
}

impl History {
    /// The log of a role.
    pub fn log(&self, role: Role) -> &[Record] {
        match role {
            Role::Parent => &self.parent,
            Role::Child => &self.child,
        }
    }

    /// How long the play took.
    pub fn duration(&self) -> Duration {
        Duration::from_millis(self.duration_ms)
    }
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Ending {
    /// It exited.
    Exited {
        /// With this code.
        code: i32,
    },
    /// A signal killed it.
    Signalled {
        /// Its name, such as `SIGKILL`.
        signal: String,
    },
    /// It had not ended within the limit and was killed.
    TimedOut {
        /// The limit.
        limit_ms: u64,
    },
    /// It could not be started.
    NotStarted {
        /// Why.
        error: String,
    },
}
