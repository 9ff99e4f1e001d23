//! What a process used.

use std::io::Write as _;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// What one side used.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// CPU time in microseconds.
    pub(crate) cpu: f64,
    /// The largest size of the process so far, in bytes.
    pub(crate) rss: f64,
}

/// What a parent prints.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// From the first message to the child's word that it has the last.
    pub(crate) elapsed_ns: f64,
    /// CPU time of both sides.
    pub(crate) cpu_us: f64,
    /// The larger of both sides.
    pub(crate) rss: f64,
}

impl Usage {
    /// This process so far.
    pub(crate) fn now() -> Self {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let kib: f64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
            .unwrap_or_default();
        let cpu = cpu.tv_sec as f64 * 1e6 + cpu.tv_nsec as f64 / 1e3;
        Self { cpu, rss: kib * 1024.0 }
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self { cpu: self.cpu - before.cpu, rss: self.rss }
    }
}

impl Measured {
    pub(crate) fn new(elapsed_ns: f64, sides: [Usage; 2]) -> Self {
        let [a, b] = sides;
        Self { elapsed_ns, cpu_us: a.cpu + b.cpu, rss: a.rss.max(b.rss) }
    }

    pub(crate) fn print(self) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        serde_json::to_writer(&mut out, &self)?;
        writeln!(out)?;
        Ok(())
    }
}
