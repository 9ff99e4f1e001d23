mod launch;
mod raw;
mod schedule;
mod step;
mod words;

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use launch::{Launch, Program};
pub use raw::{DescriptorKind, Direction, Link, Part, PartError, Until, Wire};
pub use schedule::Schedule;
pub use step::Step;
pub use words::{
    Event, HandleEvent, Inspect, OwnStream, Property, SchedulingPolicy, Transport, When,
};

/// One complete description of what two processes are to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Version of this format, [`PROTOCOL`](crate::PROTOCOL).
    pub protocol: u32,
    /// Name of the plan: a case's id, or a name made for a generated plan.
    pub id: String,
    /// Who is at the two ends of the channel.
    #[serde(default, skip_serializing_if = "Link::is_pair")]
    pub link: Link,
    /// What a relay between the two ends does to the channel; without one there is no relay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// The channel's serialization.
    #[serde(default)]
    pub serialization: Serialization,
    /// What the process that forks does.
    pub parent: RolePlan,
    /// What the forked process does.
    pub child: RolePlan,
    /// How this plan is played on this host; written by the runner, absent in stored plans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup: Option<Setup>,
}

/// A side of the channel.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The process that forks.
    Parent,
    /// The forked process.
    Child,
}

impl Role {
    /// Both, the parent first.
    pub const ALL: [Self; 2] = [Self::Parent, Self::Child];

    /// The name used in plans, environment and file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::Child => "child",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The channel's serialization (`options.serialization` of `child_process.fork`).
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Serialization {
    /// Lines of JSON text, Node's default.
    #[default]
    Json,
    /// Frames of the structured clone format.
    Advanced,
}

impl Serialization {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Json, Self::Advanced];
}

/// What one role does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RolePlan {
    /// Events that get a recording listener: in the child before the first step, on `process`;
    /// in the parent in the same turn as, and right after, the `fork` or `spawn`, on the
    /// ChildProcess. More can be added with the step `on`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listeners: Vec<Event>,
    /// The steps, performed in order. Each starts in a fresh turn of the event loop after the
    /// step before it has ended; the steps of a `turn` share one turn.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// How a plan is played on this host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// Command of the driver that plays the child role.
    pub child: ChildCommand,
    /// How long `settle` waits, in milliseconds: calibrated on this host so that anything a
    /// process would do by itself has been done by then.
    pub settle_ms: u64,
    /// How long an await of the parent waits at most, in milliseconds; one of the child three
    /// quarters of it: where both wait, it is not chance who goes on first. A quarter of that, once
    /// one of the same role has waited in vain.
    pub patience_ms: u64,
}

impl Setup {
    /// How long an await of a role waits at most, if one of the same role has waited in vain or none
    /// has.
    pub fn patience(&self, role: Role, in_vain: bool) -> Duration {
        let patience = match role {
            Role::Parent => self.patience_ms,
            Role::Child => self.patience_ms / 4 * 3,
        };
        Duration::from_millis(if in_vain { patience / 4 } else { patience })
    }
}

/// The parts of a command as `child_process.fork` takes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChildCommand {
    /// `options.execPath`: the executable.
    pub exec_path: String,
    /// `options.execArgv`: arguments before the module.
    pub exec_argv: Vec<String>,
    /// `modulePath`: the driver script; for a driver that is an executable itself, a word that
    /// it ignores.
    pub module_path: String,
    /// Whether a `fork` step that names no program of its own starts it with
    /// `child_process.spawn`, as `fork` does in Node: for a parent that lacks the capability
    /// [`FORKS_OTHERS`](crate::FORKS_OTHERS).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub spawn: bool,
}
