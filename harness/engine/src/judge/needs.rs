//! Whether a history shows what a case needs.

use ipc_plan::Role;
use serde_json::Value;

use crate::history::History;
use crate::spec::{Case, Need};

/// The first need of the case that the history does not meet, in words.
pub(super) fn unmet(case: &Case, history: &History) -> Option<String> {
    let logs = Role::ALL.map(|role| {
        let records = history.log(role).iter();
        (role, records.filter_map(|r| serde_json::to_value(&r.seen).ok()).collect::<Vec<_>>())
    });
    case.needs.iter().find_map(|need| {
        let log = logs.iter().filter(|(role, _)| *role == need.role).flat_map(|(_, log)| log);
        // One is too many of what must not be there; otherwise no more than needed are looked for.
        let found = log.filter(|seen| meets(seen, need)).take(need.count.max(1) as usize).count();
        let enough = if need.count == 0 { found == 0 } else { found == need.count as usize };
        (!enough).then(|| {
            let with: Vec<_> = need.with.iter().map(|(key, v)| format!("{key} = {v}")).collect();
            let count = if need.count == 0 { "no".to_owned() } else { need.count.to_string() };
            format!(
                "{count} {} of the {} with {{{}}}, found {found}",
                need.kind,
                need.role,
                with.join(", ")
            )
        })
    })
}

fn meets(seen: &Value, need: &Need) -> bool {
    need.kind.split('|').any(|kind| seen["kind"] == kind)
        && need.with.iter().all(|(path, want)| at(seen, path).is_some_and(|have| equal(have, want)))
}

/// The value at a path such as `arguments[0].code`. What a description lacks is looked for among
/// its `properties`.
pub(super) fn at<'a>(json: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(json, |json, part| {
        let (key, indices) = part.split_at(part.find('[').unwrap_or(part.len()));
        let json = if key.is_empty() { json } else { json.get(key).or_else(|| own(json, key))? };
        indices.split('[').filter(|i| !i.is_empty()).try_fold(json, |json, index| {
            json.get(index.trim_end_matches(']').parse::<usize>().ok()?)
        })
    })
}

/// The value of an own property that a description lists, such as the `code` of an error.
fn own<'a>(json: &'a Value, key: &str) -> Option<&'a Value> {
    json.get("properties")?.as_array()?.iter().find(|p| p["key"] == key)?.get("value")
}

/// Equality in which 1 and 1.0 are one number.
fn equal(have: &Value, want: &Value) -> bool {
    match (have.as_f64(), want.as_f64()) {
        (Some(have), Some(want)) => have == want,
        _ => have == want,
    }
}
