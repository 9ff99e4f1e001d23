use std::time::Duration;

use super::Pool;

/// How long things may take on this host. The one place that turns calibration into limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// How long a `settle` step waits: anything a process does by itself is done by then.
    pub settle: Duration,
    /// How long an await waits at most.
    pub patience: Duration,
    /// How long other descendants may go on when the parent has ended.
    pub linger: Duration,
    /// When the parent is killed.
    pub limit: Duration,
}

impl Limits {
    /// The limits for runtimes that start up in these times on an idle host.
    ///
    /// `load` says how many times slower than that processes run during this run, see
    /// [`Limits::load`].
    pub fn calibrated(startups: impl IntoIterator<Item = Duration>, load: f64) -> Self {
        let load = if load.is_finite() { load.clamp(1.0, 100.0) } else { 1.0 };
        let slowest = startups.into_iter().max().unwrap_or_default().min(Duration::from_secs(60));
        let startup = slowest.mul_f64(load);
        let settle = Duration::from_millis(25).max(startup);
        let patience = Duration::from_secs(4).max(startup * 40);
        Self {
            settle,
            patience,
            // A child that awaits something when its parent has ended gives up in that time.
            linger: patience + settle * 4,
            limit: patience * 3,
        }
    }

    /// The load that the plays of a pool with so many jobs put on this host.
    pub fn load(jobs: usize) -> f64 {
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        (Pool::at_a_time(jobs) as f64 / cpus as f64).max(1.0)
    }

    /// The same with a hard limit that leaves room for a plan's settle steps.
    #[must_use]
    pub fn with_settles(mut self, settles: u32) -> Self {
        self.limit += self.settle * settles;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_grow_with_startup_and_load() {
        let quick = Limits::calibrated([Duration::from_millis(2)], 1.0);
        assert_eq!(quick.settle, Duration::from_millis(25));
        assert_eq!(quick.patience, Duration::from_secs(4));
        assert_eq!(quick.limit, Duration::from_secs(12));
        let ms = Duration::from_millis;
        let slow = Limits::calibrated([ms(2), ms(200)], 2.0);
        assert_eq!(slow.settle, ms(400));
        assert_eq!(slow.patience, Duration::from_secs(16));
        assert_eq!(slow.clone().with_settles(5).limit, slow.limit + Duration::from_secs(2));
        for load in [0.0, f64::NAN, f64::INFINITY, -1.0] {
            assert_eq!(Limits::calibrated([ms(2)], load), quick);
        }
    }

    #[test]
    fn load_is_at_least_one() {
        assert_eq!(Limits::load(0), 1.0);
        assert!(Limits::load(10_000) > 1.0);
    }
}
