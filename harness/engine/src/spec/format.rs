//! The spec files as they are written.

use std::sync::LazyLock;

use ipc_plan::{Event, Link, Recipe, RolePlan, Schedule, Serialization, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Level, Need, Order};
use super::schema::Form;

pub(super) static CLAUSE: LazyLock<Form<RawClause>> = LazyLock::new(Form::new);
pub(super) static UNTESTED: LazyLock<Form<RawUntested>> = LazyLock::new(Form::new);
pub(super) static REQUIREMENTS: LazyLock<Form<RawRequirements>> = LazyLock::new(Form::new);
pub(super) static CASE: LazyLock<Form<RawCase>> = LazyLock::new(Form::new);
pub(super) static EVENT: LazyLock<Form<Event>> = LazyLock::new(Form::new);
pub(super) static NEED: LazyLock<Form<Need>> = LazyLock::new(Form::new);
pub(super) static STEP: LazyLock<Form<Step>> = LazyLock::new(Form::new);
pub(super) static VALUE: LazyLock<Form<RawValue>> = LazyLock::new(Form::new);

/// One `[[clause]]` of `clauses/*.toml`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawClause {
    pub(crate) id: String,
    pub(crate) level: Level,
    pub(crate) sentence: String,
    pub(crate) source: String,
    pub(crate) since: u32,
    #[serde(default)]
    pub(crate) until: Option<u32>,
}

/// One `[[untested]]` of `untested.toml`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawUntested {
    pub(crate) clauses: Vec<String>,
    pub(crate) reason: String,
}

/// A file `requirements/node-MAJOR.toml`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRequirements {
    /// The seal over the list; absent while the set is open.
    #[serde(default)]
    pub(crate) frozen: Option<String>,
    pub(crate) clauses: Vec<String>,
}

/// One `[[case]]` of `cases/*.toml`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCase {
    pub(crate) id: String,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) clauses: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) order: Order,
    #[serde(default)]
    pub(crate) link: Link,
    #[serde(default)]
    pub(crate) schedule: Option<Schedule>,
    #[serde(default)]
    pub(crate) serialization: Serialization,
    #[serde(default)]
    pub(crate) needs: Vec<Need>,
    #[serde(default)]
    pub(crate) parent: Option<RolePlan>,
    #[serde(default)]
    pub(crate) child: Option<RolePlan>,
    #[serde(default)]
    pub(crate) template: Option<Template>,
    #[serde(default)]
    pub(crate) values: Option<Vec<RawValue>>,
}

/// A plan made from a list of values.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Template {
    Exchange,
}

/// One value of an `exchange`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawValue {
    pub(crate) clause: String,
    pub(crate) value: Recipe,
    #[serde(default = "yes")]
    pub(crate) parent: bool,
    #[serde(default = "yes")]
    pub(crate) child: bool,
}

fn yes() -> bool {
    true
}
