use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Role;

/// What a relay between the two sides does to the channel beside passing everything on.
///
/// Bytes keep their order, and descriptors the byte they came with: nothing here can be told from
/// a slow or unlucky kernel, so a peer that cares has a bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schedule {
    /// Each byte, in both directions, is written alone, with time to read it before the next.
    OneByte,
    /// What comes without a pause of a settle time, in both directions, is written as one.
    Merge,
    /// What a role sends, the end too, reaches the other so many settle times later.
    Delay {
        /// The sender.
        from: Role,
        /// How many settle times.
        settles: u32,
    },
    /// What a role sends, the end too, is not even read. The channel closes when the child ends.
    Stall {
        /// The sender.
        from: Role,
    },
}
