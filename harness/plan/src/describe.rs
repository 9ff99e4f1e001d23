use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Role;

/// What a driver says of itself when started with the argument `describe`: one line of JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Describe {
    /// Version of the driver contract, [`PROTOCOL`](crate::PROTOCOL).
    pub protocol: u32,
    /// Name of the runtime: `node`, `bun`, `deno`, `rust`.
    pub name: String,
    /// The runtime's own version, without a leading `v`.
    pub version: String,
    /// The Node version that the runtime announces itself as (`process.versions.node`), if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Roles that the driver can play.
    pub roles: Vec<Role>,
    /// Names of optional things the runtime can do, such as `serialization.json`, or
    /// [`FORKS_OTHERS`](crate::FORKS_OTHERS).
    pub capabilities: Vec<String>,
}
