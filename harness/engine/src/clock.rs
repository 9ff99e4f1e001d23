//! The clock of the logs.

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds, as in [`ipc_plan::Record::t`].
pub(crate) fn now() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let part = |number: i64| u64::try_from(number).unwrap_or_default();
    part(now.tv_sec) * 1_000_000_000 + part(now.tv_nsec)
}
