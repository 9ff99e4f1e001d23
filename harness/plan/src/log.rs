use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DescriptorKind, Event, Inspect, ReadProperty, Recipe};

/// One line of an event log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Position in the log, from 0, without gaps. Another process of the same role begins again.
    pub seq: u64,
    /// Nanoseconds on a clock that only goes forward, the same for all processes of the host
    /// (`process.hrtime`, `CLOCK_MONOTONIC`). Shown, and compared only to tell who had ended
    /// its steps when another gave up.
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
    /// The raw peer has read.
    RawRead {
        /// Name of the descriptor; none for the channel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<String>,
        /// What came.
        pieces: Vec<RawPiece>,
        /// Why nothing more comes: `end` where the other side has closed, or the name of an error.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended: Option<String>,
    },
    /// An `await` can no longer be satisfied: the peer is gone.
    GaveUp {
        /// What was awaited, as `event EVENT` or `signal NAME`; the step, for those of the raw
        /// peer.
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

/// Bytes that the raw peer has read, and what came with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawPiece {
    /// How they are written here.
    pub form: RawForm,
    /// The bytes.
    pub bytes: String,
    /// The descriptors that came with them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub descriptors: Vec<RawDescriptor>,
}

/// How bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawForm {
    /// A whole line, without its LF.
    Line,
    /// The payload of a whole frame, whose length was right, in hexadecimal digits.
    Frame,
    /// Text that is neither.
    Text,
    /// Bytes that are no UTF-8, in hexadecimal digits.
    Hex,
    /// More than 4 KiB of any of these: how many, and a hash of them.
    Long,
}

/// A descriptor that came with bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawDescriptor {
    /// What it is.
    pub kind: DescriptorKind,
    /// Whether it is non-blocking.
    pub non_blocking: bool,
    /// With which byte of the piece it came, from 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub at: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
