use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Event, Inspect, ReadProperty, Recipe};

/// One line of an event log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Position in the log, from 0, without gaps.
    pub seq: u64,
    /// Nanoseconds on a clock that only goes forward, the same for all processes of the host
    /// (`process.hrtime`, `CLOCK_MONOTONIC`). Never compared, only shown.
    pub t: u64,
    /// What was seen.
    pub seen: Seen,
}

/// One observation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Seen {
    /// The driver is about to perform its first step. The first record of every log.
    Started {},
    /// `send()` returned.
    Sent {
        /// The step's `id`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// What it returned.
        returned: Recipe,
    },
    /// A step other than `send` returned something else than `undefined`.
    Returned {
        /// The step's name, as in `do`.
        step: String,
        /// What it returned.
        value: Recipe,
    },
    /// A step threw synchronously.
    Threw {
        /// The step's name, as in `do`.
        step: String,
        /// The step's `id`, for `send`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// What was thrown.
        error: Recipe,
    },
    /// The callback of a `send` was called.
    Callback {
        /// The step's `id`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The arguments it was called with.
        arguments: Vec<Recipe>,
        /// What `this` was (`undefined`, `owner` for the ChildProcess or process, `other`), where
        /// the step asked for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receiver: Option<String>,
    },
    /// A listener was called.
    Event {
        /// The event.
        event: Event,
        /// Name of the listener, where the plan gave one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        listener: Option<String>,
        /// The arguments, without `undefined` at the end.
        arguments: Vec<Recipe>,
        /// How many arguments there were, where the step asked for `details`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count: Option<u32>,
        /// What `this` was, as in `callback`, where the step asked for `details`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receiver: Option<String>,
    },
    /// A property was read.
    Property {
        /// Which.
        property: ReadProperty,
        /// Its value. `channel` is described as `null`, `undefined` or the string `present`.
        value: Recipe,
    },
    /// A mark of the plan was reached.
    Mark {
        /// Its name.
        name: String,
    },
    /// A signal of the plan was given.
    Signal {
        /// Its name.
        name: String,
    },
    /// The process looked at itself.
    Inspected {
        /// At what.
        what: Inspect,
        /// What it found.
        value: Recipe,
    },
    /// A step on a kept handle had an outcome, or something happened to the handle.
    Handle {
        /// Its name; `received` for one that no `take` has named.
        handle: String,
        /// The step, as in `do`; `closed` when it is closed, `error` for its event of this name,
        /// `connections` for the answer to this step.
        what: String,
        /// The outcome: `listen`, `connect`, `accept`, `take` and `look` describe the handle;
        /// `write`, `end` and `closed` have the callback's argument, or `null`; `receive` has
        /// `{text, ended}`; `connections` the number; each of them an error in its place. Ports
        /// are never compared.
        value: Recipe,
    },
    /// `fill` has put messages into the channel until one did not fit into the kernel's buffer.
    Filled {
        /// How many messages were sent. Depends on the kernel; never compared.
        messages: u64,
    },
    /// An `await` can no longer be satisfied: the peer is gone.
    GaveUp {
        /// What was awaited, as `event EVENT` or `signal NAME`.
        awaiting: String,
    },
    /// The plan asks for something that this driver does not do. The last record of its log.
    Unsupported {
        /// The step, as in `do`.
        step: String,
        /// Why not.
        reason: String,
    },
    /// All steps of the role have been performed. Listeners may still be called after it.
    Done {},
}
