//! The rows and ratios of a run, as JSON and as a table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Context as _;
use serde::Serialize;

use crate::plan::{Api, BUSY_POLL, Mode, Serialization, Size};
use crate::rows::{BARE, BARE_SCAN, BARE_SINGLE, FEED, Key, Machine, Program, Rows};
use crate::usage::Measured;

/// What `reports/bench.json` holds.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    repetitions: usize,
    cores: usize,
    runtimes: Vec<Program>,
    rows: Vec<RowReport>,
    /// Medians of the ratios of each repetition; null where there is nothing to measure with.
    ratios: BTreeMap<&'static str, f64>,
    /// The smallest and the largest of them.
    spread: BTreeMap<&'static str, (f64, f64)>,
    #[serde(skip)]
    targets: BTreeMap<&'static str, Target>,
}

/// Medians of a row.
#[derive(Debug, Serialize)]
struct RowReport {
    pairing: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<&'static str>,
    serialization: &'static str,
    size: &'static str,
    mode: &'static str,
    messages_per_s: f64,
    mb_per_s: f64,
    /// Of a round trip; null for one way.
    rtt_us: Option<f64>,
    cpu_us_per_message: f64,
    peak_rss_bytes: f64,
    /// Largest elapsed time of a repetition by the smallest.
    spread: f64,
}

/// What a ratio has to be.
#[derive(Clone, Copy, Debug)]
enum Target {
    AtLeast(f64),
    AtMost(f64),
    /// Measured to be compared with another.
    None,
}

impl Report {
    pub(crate) fn new(machine: &Machine, rows: &Rows, repetitions: usize) -> anyhow::Result<Self> {
        let mut report = Self {
            repetitions,
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            runtimes: machine.programs(),
            rows: rows.iter().map(|(key, (count, all))| RowReport::new(key, *count, all)).collect(),
            ratios: BTreeMap::new(),
            spread: BTreeMap::new(),
            targets: BTreeMap::new(),
        };
        report.add_ratios(rows)?;
        Ok(report)
    }

    fn add_ratios(&mut self, rows: &Rows) -> anyhow::Result<()> {
        use Mode::{OneWay, PingPong};
        use Serialization::{Advanced, Json};
        use Target::{AtLeast, AtMost};
        let key = |pairing, api, serialization, size, mode| Key {
            pairing,
            api,
            serialization,
            size,
            mode,
        };
        let typed = Some(Api::Typed);
        let rust = key("rust:rust", typed, Json, Size::Small, OneWay);
        let with = |pairing, api| Key { pairing, api, ..rust.clone() };
        let trip = |pairing, api| Key { mode: PingPong, ..with(pairing, api) };
        let value = with("rust:rust", Some(Api::Value));
        let (node, bun) = (with("node:node", None), with("bun:bun", None));
        self.add(rows, "small_typed_vs_node", &rust, &node, rate, AtLeast(15.0))?;
        if rows.contains_key(&bun) {
            self.add(rows, "small_typed_vs_bun", &rust, &bun, rate, AtLeast(4.0))?;
        } else {
            self.insert("small_typed_vs_bun", &[], AtLeast(4.0));
        }
        self.add(rows, "small_value_vs_node", &value, &node, rate, AtLeast(8.0))?;
        let fed = with("rust:node", typed);
        self.add(rows, "feed_node_vs_limit", &fed, &with(FEED, None), rate, AtLeast(0.9))?;
        let (trips, bare) = (trip("rust:rust", typed), trip(BARE_SINGLE, None));
        self.add(rows, "ping_pong_vs_socket", &trips, &bare, time, AtMost(1.3))?;
        let node = trip("node:node", None);
        let busy = trip("rust:node", Some(Api::TypedBusyPoll));
        self.add(rows, "ping_pong_node_vs_node", &busy, &node, time, AtMost(0.65))?;
        let asleep = trip("rust:node", typed);
        self.add(rows, "ping_pong_node_vs_node_asleep", &asleep, &node, time, Target::None)?;
        let big = key("rust:rust", typed, Json, Size::Mib, OneWay);
        let bare = key(BARE_SCAN, None, Json, Size::Mib, OneWay);
        self.add(rows, "big_vs_socket", &big, &bare, rate, AtLeast(0.5))?;
        let cloned = Key { serialization: Advanced, ..big.clone() };
        let bare = key(BARE, None, Advanced, Size::Mib, OneWay);
        self.add(rows, "advanced_big_vs_socket", &cloned, &bare, rate, AtLeast(0.5))?;
        let huge = key("rust:rust", Some(Api::Value), Json, Size::Mib64, OneWay);
        let memory: Vec<f64> =
            all(rows, &huge)?.iter().map(|m| m.rss / (64 << 20) as f64).collect();
        self.insert("peak_memory_64mib", &memory, AtMost(3.0));
        let short = big;
        let long = Key { size: Size::Mib100, ..short.clone() };
        let per_byte = |key: &Key, bytes: f64| -> anyhow::Result<Vec<f64>> {
            Ok(all(rows, key)?.iter().map(|m| m.elapsed_ns / bytes).collect())
        };
        let long = per_byte(&long, (100 << 20) as f64)?;
        let short = per_byte(&short, (rows[&short].0 << 20) as f64)?;
        let cost: Vec<f64> = long.iter().zip(&short).map(|(long, short)| long / short).collect();
        self.insert("long_line_vs_short", &cost, AtMost(1.5));
        Ok(())
    }

    /// Adds the quotient of a quantity of two rows.
    fn add(
        &mut self,
        rows: &Rows,
        name: &'static str,
        dividend: &Key,
        divisor: &Key,
        quantity: fn(&(u64, Vec<Measured>)) -> Vec<f64>,
        target: Target,
    ) -> anyhow::Result<()> {
        let of = |key: &Key| {
            rows.get(key).map(quantity).with_context(|| format!("{name} needs {key:?}"))
        };
        let ratios: Vec<f64> = of(dividend)?.iter().zip(of(divisor)?).map(|(a, b)| a / b).collect();
        self.insert(name, &ratios, target);
        Ok(())
    }

    fn insert(&mut self, name: &'static str, values: &[f64], target: Target) {
        self.ratios.insert(name, median(values.iter().copied()));
        let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = values.iter().copied().fold(0.0, f64::max);
        self.spread.insert(name, (smallest, largest));
        self.targets.insert(name, target);
    }

    /// The tables of `reports/bench.md`.
    pub(crate) fn markdown(&self) -> String {
        let mut out = String::from("# Speed\n\n");
        let versions: Vec<String> =
            self.runtimes.iter().map(|p| format!("{} {}", p.name, p.version)).collect();
        let _infallible = writeln!(
            out,
            "Medians of {} repetitions on {} cores, with {}. Both sides of a pairing are processes \
             of their own. Made by `make bench`.\n\n\
             | ratio | median | target | spread |\n| --- | ---: | ---: | --- |",
            self.repetitions,
            self.cores,
            versions.join(", ")
        );
        for (name, ratio) in &self.ratios {
            let target = match self.targets[name] {
                Target::AtLeast(limit) => format!("≥ {limit}"),
                Target::AtMost(limit) => format!("≤ {limit}"),
                Target::None => String::new(),
            };
            if ratio.is_nan() {
                let _infallible = writeln!(out, "| `{name}` | not measured, no Bun | {target} | |");
                continue;
            }
            let (smallest, largest) = self.spread[name];
            let _infallible = writeln!(
                out,
                "| `{name}` | {ratio:.2} | {target} | {smallest:.2} – {largest:.2} |"
            );
        }
        let _infallible = writeln!(
            out,
            "\nWith busy poll, the Rust side asks the kernel for up to {} µs before it sleeps \
             (`Channel::set_busy_poll`), as in `ping_pong_node_vs_node`, so that it need not be \
             woken; in `ping_pong_node_vs_node_asleep` it sleeps at once.",
            BUSY_POLL.as_micros()
        );
        out.push_str(
            "\n| pairing | API | serialization | size | mode | messages/s | MB/s | round trip µs | \
             CPU µs/message | peak MiB | spread |\n\
             | --- | --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        );
        for row in &self.rows {
            let _infallible = writeln!(
                out,
                "| {} | {} | {} | {} | {} | {:.0} | {:.1} | {} | {:.2} | {:.1} | {:.2} |",
                row.pairing,
                row.api.unwrap_or_default(),
                row.serialization,
                row.size,
                row.mode,
                row.messages_per_s,
                row.mb_per_s,
                row.rtt_us.map(|rtt| format!("{rtt:.1}")).unwrap_or_default(),
                row.cpu_us_per_message,
                row.peak_rss_bytes / (1 << 20) as f64,
                row.spread,
            );
        }
        out
    }
}

impl RowReport {
    fn new(key: &Key, count: u64, all: &[Measured]) -> Self {
        let elapsed = median(all.iter().map(|m| m.elapsed_ns));
        let count = count as f64;
        let bytes = key.size.string_bytes().unwrap_or_else(|| crate::message::text(key.size).len());
        let slowest = all.iter().map(|m| m.elapsed_ns).fold(0.0, f64::max);
        let fastest = all.iter().map(|m| m.elapsed_ns).fold(f64::INFINITY, f64::min);
        Self {
            pairing: key.pairing,
            api: key.api.map(Api::name),
            serialization: key.serialization.name(),
            size: key.size.name(),
            mode: key.mode.name(),
            messages_per_s: count / elapsed * 1e9,
            mb_per_s: count * bytes as f64 / elapsed * 1e3,
            rtt_us: (key.mode == Mode::PingPong).then_some(elapsed / count / 1e3),
            cpu_us_per_message: median(all.iter().map(|m| m.cpu_us)) / count,
            peak_rss_bytes: median(all.iter().map(|m| m.rss)),
            spread: slowest / fastest,
        }
    }
}

fn all<'a>(rows: &'a Rows, key: &Key) -> anyhow::Result<&'a [Measured]> {
    let (_, all) = rows.get(key).with_context(|| format!("nothing measured for {key:?}"))?;
    Ok(all)
}

/// Messages in a nanosecond.
fn rate((count, all): &(u64, Vec<Measured>)) -> Vec<f64> {
    all.iter().map(|m| *count as f64 / m.elapsed_ns).collect()
}

/// Nanoseconds for a message.
fn time((count, all): &(u64, Vec<Measured>)) -> Vec<f64> {
    all.iter().map(|m| m.elapsed_ns / *count as f64).collect()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => (values[n / 2 - 1] + values[n / 2]) / 2.0,
    }
}
