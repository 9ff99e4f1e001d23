//! What a broken runtime says of itself.

use std::fs;
use std::path::Path;

use ipc_conformance_engine::spec::{Clause, Level};
use ipc_plan::Role;

use crate::support::catalogue;

/// What a preload says of itself in its first lines.
pub(crate) struct Header {
    /// The clause that must turn red.
    pub(crate) breaks: &'static Clause,
    /// Clauses that turn red with it.
    pub(crate) also: Vec<&'static Clause>,
    /// The roles in which it is broken.
    pub(crate) roles: Vec<Role>,
}

impl Header {
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        Self::parse(&text).map_err(|mistake| format!("{}: {mistake}", path.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let comments: Vec<&str> =
            text.lines().map_while(|line| line.strip_prefix("//")).map(str::trim).collect();
        let all = |key: &str| -> Vec<&str> {
            comments.iter().filter_map(|line| line.strip_prefix(key)).map(str::trim).collect()
        };
        let one = |key: &str| match all(key)[..] {
            [value] => Ok(value),
            _ => Err(format!("the header needs one line `// {key} …`")),
        };
        if comments.first().is_none_or(|line| line.is_empty() || line.starts_with("Breaks:")) {
            return Err("the header begins with a sentence that says what is broken".to_owned());
        }
        let breaks = clause(one("Breaks:")?)?;
        if breaks.level == Level::Impl {
            return Err(format!("{} is of level impl, and fails nobody", breaks.id));
        }
        let mut also = Vec::new();
        for line in all("Also:") {
            let (ids, reason) = line.split_once(':').unwrap_or((line, ""));
            if reason.trim().is_empty() {
                return Err(format!("`Also: {line}` needs `: ` and a reason"));
            }
            for id in ids.split(',') {
                also.push(clause(id.trim())?);
            }
        }
        let roles = match one("Role:")? {
            "parent" => vec![Role::Parent],
            "child" => vec![Role::Child],
            "both" => Role::ALL.to_vec(),
            other => return Err(format!("`{other}` is no role: parent, child or both")),
        };
        Ok(Self { breaks, also, roles })
    }

    pub(crate) fn names(&self, id: &str) -> bool {
        self.breaks.id == id || self.also.iter().any(|clause| clause.id == id)
    }
}

fn clause(id: &str) -> Result<&'static Clause, String> {
    catalogue().clause(id).ok_or_else(|| format!("there is no clause {id}"))
}
