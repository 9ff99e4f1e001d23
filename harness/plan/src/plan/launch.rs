use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Recipe;

/// What a launch step starts, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Launch {
    /// What is started.
    #[serde(default, skip_serializing_if = "Program::is_driver")]
    pub program: Program,
    /// `args`; any value, so that wrong ones can be tried.
    #[serde(
        default,
        deserialize_with = "crate::recipe::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub args: Option<Recipe>,
    /// `options.stdio`; any value. For `fork` Node's default when absent, for `spawn`
    /// `["inherit", "inherit", "inherit", "ipc"]`.
    #[serde(
        default,
        deserialize_with = "crate::recipe::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub stdio: Option<Recipe>,
    /// `options.serialization`; any value. The plan's when absent.
    #[serde(
        default,
        deserialize_with = "crate::recipe::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub serialization: Option<Recipe>,
    /// The whole `options` argument, in place of all others: any value.
    #[serde(
        default,
        deserialize_with = "crate::recipe::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub options: Option<Recipe>,
    /// `options.silent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent: Option<bool>,
    /// `options.detached`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detached: Option<bool>,
    /// `options.shell`. For `spawn`: the driver's command is then given as one quoted string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<bool>,
    /// Additional variables of the child's environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Put before `execArgv`, or passed as the parent's own flags are where the runtime does so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exec_argv: Option<Vec<String>>,
    /// `options.signal`: pass the signal of an AbortController, for `abort-signal`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub signal: bool,
    /// `options.timeout`, as a multiple of the settle time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_settles: Option<u32>,
    /// `options.killSignal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kill_signal: Option<String>,
    /// Launch from a worker thread of the parent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_worker: bool,
}

/// What a launch step starts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Program {
    /// The driver in the child role.
    #[default]
    Driver,
    /// An executable that does not exist.
    MissingProgram,
    /// The child's runtime with a module that does not exist.
    MissingModule,
    /// `modulePath` is this value, which is wrong or unusual.
    Module(Recipe),
    /// `modulePath` is the driver's path as a `file:` URL object.
    ModuleUrl,
    /// Another executable, by name, with its arguments.
    Command(Vec<String>),
}

impl Program {
    fn is_driver(&self) -> bool {
        matches!(self, Self::Driver)
    }
}
