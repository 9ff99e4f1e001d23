//! Drivers are believed only after they have refused what nobody can perform.

use std::thread;

use ipc_plan::{EXIT_BAD_PLAN, EXIT_UNSUPPORTED, PROTOCOL, Role, Seen};
use serde_json::json;

use super::{Runtime, RuntimeError, UNMEASURED, ending_words, first_of};
use crate::history::Ending;
use crate::play::{Host, Interrupt, Stage};

/// A step that no version of the contract will ever have.
const INVENTED: &str = "invented-by-the-harness";

pub(super) fn check(
    runtime: &Runtime,
    host: &Host,
    interrupt: &Interrupt,
) -> Result<(), RuntimeError> {
    let roles = &runtime.describe.roles;
    let Some(&first) = roles.first() else {
        return Err(RuntimeError::Unbelievable {
            name: runtime.name.clone(),
            role: None,
            given: "`describe`",
            expected: "name at least one role".to_owned(),
            observed: "it names none".to_owned(),
        });
    };
    thread::scope(|scope| {
        let checks: Vec<_> = roles
            .iter()
            .map(|&role| scope.spawn(move || refuses_step(runtime, host, role, interrupt)))
            .collect();
        let mut result = refuses_plan(runtime, host, first, interrupt);
        for check in checks {
            let other = check.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            result = result.and(other);
        }
        result
    })
}

fn refuses_step(
    runtime: &Runtime,
    host: &Host,
    role: Role,
    interrupt: &Interrupt,
) -> Result<(), RuntimeError> {
    // The mark before it must not be reached; the turn makes the driver look inside.
    let steps = json!([
        {"do": "mark", "name": "before"},
        {"do": "turn", "steps": [{"do": INVENTED, "argument": 1}]},
    ]);
    let with = |this: Role| if this == role { steps.clone() } else { json!([]) };
    let child = runtime.child();
    let plan = json!({
        "protocol": PROTOCOL,
        "id": "invented-step",
        "serialization": "json",
        "parent": {"listeners": [], "steps": with(Role::Parent)},
        "child": {"listeners": [], "steps": with(Role::Child)},
        "setup": {"child": child, "settle_ms": 1, "patience_ms": 1000},
    });
    let stage = Stage::new(host, &format!("check-{}-{role}", runtime.name))?;
    stage.write_plan(plan.to_string().as_bytes())?;
    let report = stage.run(&runtime.command, role, &UNMEASURED, interrupt)?;
    let mut breaches = Vec::new();
    let log = stage.log(role, &mut breaches).unwrap_or_default();
    let printed = first_of(&stage.stderr(), &stage.stdout());
    stage.finish();

    let refused = matches!(
        log.last().map(|record| &record.seen),
        Some(Seen::Unsupported { step, .. }) if step == INVENTED
    );
    let performed = log.iter().any(|record| matches!(record.seen, Seen::Mark { .. }));
    let observed = if report.ending != (Ending::Exited { code: EXIT_UNSUPPORTED }) {
        format!("it {}; {printed}", ending_words(&report.ending))
    } else if let Some(breach) = breaches.first() {
        format!("of its logs: {breach}")
    } else if !refused {
        format!(
            "its log does not end with an `unsupported` record that names the step `{INVENTED}`"
        )
    } else if performed {
        "it performed the steps before it".to_owned()
    } else {
        return Ok(());
    };
    Err(RuntimeError::Unbelievable {
        name: runtime.name.clone(),
        role: Some(role),
        given: "a step that does not exist",
        expected: format!("record `unsupported` and exit with {EXIT_UNSUPPORTED}"),
        observed,
    })
}

fn refuses_plan(
    runtime: &Runtime,
    host: &Host,
    role: Role,
    interrupt: &Interrupt,
) -> Result<(), RuntimeError> {
    let stage = Stage::new(host, &format!("check-{}-plan", runtime.name))?;
    stage.write_plan(br#"{"protocol": 1, "id": "malformed", "parent": {"steps": ["#)?;
    let report = stage.run(&runtime.command, role, &UNMEASURED, interrupt)?;
    let printed = stage.stderr();
    stage.finish();
    let observed = if report.ending != (Ending::Exited { code: EXIT_BAD_PLAN }) {
        format!("it {}; {}", ending_words(&report.ending), first_of(&printed, ""))
    } else if printed.trim().is_empty() {
        "it printed nothing on stderr".to_owned()
    } else {
        return Ok(());
    };
    Err(RuntimeError::Unbelievable {
        name: runtime.name.clone(),
        role: Some(role),
        given: "a plan that cannot be read",
        expected: format!("say so on stderr and exit with {EXIT_BAD_PLAN}"),
        observed,
    })
}
