//! The formats between the conformance engine and the programs it drives.
//!
//! A *driver* is a program that plays a role (`parent` or `child`) of a [`Plan`]: it performs the
//! role's [`Step`]s in order and appends what it sees to an event log, one [`Record`] a line.
//! Values to send, and values that were seen, are written in one vocabulary, the [`Recipe`].
//!
//! # The driver contract
//!
//! A driver started with the single argument `describe` prints one line, a [`Describe`], and
//! exits with code 0. Otherwise it finds in its environment:
//!
//! | variable | holds |
//! | --- | --- |
//! | [`ROLE_VARIABLE`] | `parent` or `child` |
//! | [`PLAN_VARIABLE`] | path of the plan, a [`Plan`] with its [`Setup`] filled in |
//! | [`LOG_VARIABLE`] | path of a folder: the driver appends to `ROLE.jsonl` in it, signals are empty files in its folder `signals`, and addresses that a role listens on are files in its folder `addresses` |
//!
//! It performs its role and ends the way its runtime ends by itself. Nothing is attached to the
//! process apart from what the plan asks for: no control socket, no descriptor kept open for the
//! log. Each record is written with one synchronous append, so that a crash loses none.
//!
//! Before it performs anything, the driver reads the whole plan:
//!
//! * a step (at any depth of its own role) that it does not know, or cannot perform in its
//!   runtime, is answered with a [`Seen::Unsupported`] record and exit code [`EXIT_UNSUPPORTED`];
//! * a plan that cannot be read is answered with one line on stderr that names the place, and
//!   exit code [`EXIT_BAD_PLAN`].
//!
//! A driver in the child role is started by the driver in the parent role, with the command in
//! [`Setup::child`], the same two paths, and the role `child`.
//!
//! Drivers report what they see, never whether it is right.

#![forbid(unsafe_code)]

mod describe;
mod hash;
mod log;
mod plan;
mod recipe;

pub use describe::Describe;
pub use hash::{fnv1a, fnv1a_utf16};
pub use log::{RawDescriptor, RawForm, RawPiece, Record, Seen};
pub use plan::{
    ChildCommand, DescriptorKind, Direction, Event, HandleEvent, Inspect, Launch, Link, OwnStream,
    Part, PartError, Plan, Program, Property as ReadProperty, Role, RolePlan, Schedule,
    SchedulingPolicy, Serialization, Setup, Step, Transport, Until, When, Wire,
};
pub use recipe::{Behaviour, Object, Property, Prototype, Recipe, RecipeError, Tagged, Thrown};

/// Version of the driver contract and of the formats in this crate.
pub const PROTOCOL: u32 = 1;

/// The [capability](Describe::capabilities) to start any program with `fork`, as `execPath` and
/// `execArgv` name it. A runtime without it can have children that are other runtimes all the same,
/// see [`ChildCommand::spawn`].
pub const FORKS_OTHERS: &str = "fork.other-programs";

/// The [capabilities](Describe::capabilities) that mean something to the suite.
pub const CAPABILITIES: [&str; 3] = ["serialization.json", "serialization.advanced", FORKS_OTHERS];

/// Environment variable that names the role to play.
pub const ROLE_VARIABLE: &str = "IPC_CONFORMANCE_ROLE";
/// Environment variable that holds the path of the plan.
pub const PLAN_VARIABLE: &str = "IPC_CONFORMANCE_PLAN";
/// Environment variable that holds the path of the log folder.
pub const LOG_VARIABLE: &str = "IPC_CONFORMANCE_LOG";

/// Exit code of a driver that was given a step it cannot perform.
pub const EXIT_UNSUPPORTED: i32 = 86;
/// Exit code of a driver that was given a plan it cannot read.
pub const EXIT_BAD_PLAN: i32 = 85;
