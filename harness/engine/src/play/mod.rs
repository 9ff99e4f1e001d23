//! Plays a plan through a pair of processes and brings back what they observed.
//!
//! ```text
//! engine ── supervisor (subreaper) ── parent driver ── child driver ── …
//!    └──────── folder: plan, logs, signals, stdout, stderr ────────┘
//! ```
//!
//! Each play has a folder of its own, and a supervisor to itself while it lasts. The supervisor is a
//! process ([`supervise::main`]) that owns every descendant of the parent driver, detached and
//! orphaned ones too, so that nothing outlives a play, whatever happens to the engine.

mod collect;
mod crew;
mod error;
mod limits;
mod pool;
mod stage;
pub mod supervise;
mod tree;

use std::sync::atomic::AtomicBool;

use ipc_plan::{ChildCommand, Plan, Role, Setup, Step};

pub(crate) use collect::excerpt;
pub use crew::Crew;
pub use error::PlayError;
pub use limits::Limits;
pub use pool::{Interrupt, Job, Pool, Stopped};
pub use stage::Host;
pub(crate) use stage::Stage;
pub(crate) use supervise::signal_name;

use crate::history::History;

/// The two sides of a play, as commands.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairing {
    /// `parent:child`.
    pub name: String,
    /// The parent driver: program and arguments.
    pub parent: Vec<String>,
    /// The child driver, as the parent driver forks it.
    pub child: ChildCommand,
    /// How long things may take.
    pub limits: Limits,
    /// Whether a relay stands between the two and writes down what is on the wire. A plan with a
    /// schedule has one in any case.
    pub tapped: bool,
}

impl Pairing {
    /// The same for a play that is known to hang: it is ended when the patience is over, and not
    /// several times later. One that hangs no longer is done long before.
    pub(crate) fn hasty(&self) -> Self {
        let limits = Limits { limit: self.limits.patience, ..self.limits.clone() };
        Self { limits, ..self.clone() }
    }
}

/// Plays a plan once.
///
/// Whatever the drivers do is part of the history: ending in any way, hanging, leaving
/// processes behind, writing logs that cannot be read. [`Plan::setup`] is filled in here.
///
/// # Errors
///
/// When the play could not be made, or was interrupted.
pub fn play(
    host: &Host,
    plan: &Plan,
    pairing: &Pairing,
    interrupt: &Interrupt,
) -> Result<History, PlayError> {
    play_telling(host, plan, pairing, interrupt, None)
}

/// The same, and tells whoever asks from time to time whether the play waits, rather than works.
fn play_telling(
    host: &Host,
    plan: &Plan,
    pairing: &Pairing,
    interrupt: &Interrupt,
    waits: Option<&AtomicBool>,
) -> Result<History, PlayError> {
    let limits = pairing.limits.clone();
    let mut plan = plan.clone();
    let settles = settles(&plan.parent.steps) + settles(&plan.child.steps);
    let stage = Stage::new(host, &format!("{}-{}", plan.id, pairing.name))?.telling(waits);
    let tapped = pairing.tapped || plan.schedule.is_some();
    let settle_ms = millis(limits.settle);
    let mut child = if tapped {
        stage.tapped(&pairing.child, plan.schedule, settle_ms)?
    } else {
        pairing.child.clone()
    };
    // Every runtime forks itself.
    child.spawn &= pairing.parent.first() != Some(&child.exec_path);
    plan.setup = Some(Setup { child, settle_ms, patience_ms: millis(limits.patience) });
    let text = serde_json::to_vec(&plan)
        .map_err(|e| PlayError::Plan { id: plan.id.clone(), error: e.to_string() })?;

    stage.write_plan(&text)?;
    let limits = limits.with_settles(settles);
    let report = stage.run(&pairing.parent, Role::Parent, &limits, interrupt)?;

    let mut breaches = Vec::new();
    let parent = stage.log(Role::Parent, &mut breaches);
    let child = stage.log(Role::Child, &mut breaches);
    let (stdout, stderr) = (stage.stdout(), stage.stderr());
    let wire = if tapped { stage.wire() } else { Vec::new() };
    collect::judge_contract(&report.ending, parent.as_deref(), child.as_deref(), &mut breaches);
    if !breaches.is_empty() {
        stage.check_space()?;
    }
    stage.finish();
    Ok(History {
        parent: parent.unwrap_or_default(),
        child: child.unwrap_or_default(),
        ending: report.ending,
        leaked: report.leaked,
        stdout,
        stderr,
        wire,
        breaches,
        duration_ms: report.total_us.div_ceil(1000),
    })
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How many times the steps settle, at any depth.
fn settles(steps: &[Step]) -> u32 {
    steps
        .iter()
        .map(|step| match step {
            Step::Settle { .. } => 1,
            Step::Send { steps, .. } | Step::On { steps, .. } | Step::Turn { steps } => {
                settles(steps)
            }
            _ => 0,
        })
        .sum()
}
