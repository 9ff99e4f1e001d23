//! What one measurement does: said by the orchestrator, done by both sides.

use std::env;
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// The variable of the environment that holds a [`Plan`] as JSON.
pub(crate) const VARIABLE: &str = "BENCH_PLAN";

/// One measurement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) mode: Mode,
    pub(crate) size: Size,
    pub(crate) serialization: Serialization,
    /// Messages to send before those that are measured: a runtime compiles what runs often, and
    /// memory is there from the second time on.
    pub(crate) warm_up: u64,
    /// Messages to send and to measure.
    pub(crate) count: u64,
    /// The command that plays the child, with its arguments.
    pub(crate) child: Vec<String>,
    /// How a Rust side reads and writes messages.
    #[serde(default)]
    pub(crate) api: Api,
    /// How the bare socket is used, where that is what is measured.
    #[serde(default)]
    pub(crate) bare: Bare,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Mode {
    /// The parent sends, the child counts.
    #[serde(rename = "one-way")]
    OneWay,
    /// The child sends each message back before the parent sends the next.
    #[serde(rename = "ping-pong")]
    PingPong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Size {
    #[serde(rename = "small")]
    Small,
    #[serde(rename = "1.3 KB")]
    Rows,
    #[serde(rename = "1 MiB")]
    Mib,
    #[serde(rename = "64 MiB")]
    Mib64,
    #[serde(rename = "100 MiB")]
    Mib100,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Serialization {
    Json,
    Advanced,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Api {
    /// Rust types, without the value model.
    #[default]
    Typed,
    /// The same, with [`BUSY_POLL`].
    TypedBusyPoll,
    /// The value model.
    Value,
}

/// For how long a side polls before it sleeps, where that is measured: longer than the peer needs to
/// answer.
pub(crate) const BUSY_POLL: Duration = Duration::from_micros(100);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bare {
    /// One system call for each message; otherwise one for each 64 KiB.
    pub(crate) single: bool,
    /// The reader looks for newlines.
    pub(crate) scan: bool,
}

impl Plan {
    pub(crate) fn from_env() -> anyhow::Result<Self> {
        let text = env::var(VARIABLE).with_context(|| format!("{VARIABLE} holds no plan"))?;
        serde_json::from_str(&text).with_context(|| format!("{VARIABLE} holds no plan: {text}"))
    }
}

impl Mode {
    pub(crate) const ALL: [Self; 2] = [Self::OneWay, Self::PingPong];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OneWay => "one-way",
            Self::PingPong => "ping-pong",
        }
    }
}

impl Size {
    /// Those that each pairing is measured with.
    pub(crate) const USUAL: [Self; 3] = [Self::Small, Self::Rows, Self::Mib];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Rows => "1.3 KB",
            Self::Mib => "1 MiB",
            Self::Mib64 => "64 MiB",
            Self::Mib100 => "100 MiB",
        }
    }

    /// The length of the string, for sizes that are one.
    pub(crate) fn string_bytes(self) -> Option<usize> {
        match self {
            Self::Small | Self::Rows => None,
            Self::Mib => Some(1 << 20),
            Self::Mib64 => Some(64 << 20),
            Self::Mib100 => Some(100 << 20),
        }
    }
}

impl Serialization {
    pub(crate) const ALL: [Self; 2] = [Self::Json, Self::Advanced];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Advanced => "advanced",
        }
    }
}

impl Api {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Typed => "typed",
            Self::TypedBusyPoll => "typed, busy poll",
            Self::Value => "value",
        }
    }
}
