//! The JSON Schemas under `specs/schema` are what the types generate, and say what is really
//! written. `make schemas` writes them again.

use std::fs;
use std::path::{Path, PathBuf};

use ipc_conformance_engine::history::History;
use ipc_conformance_engine::results::Results;
use ipc_conformance_engine::spec::Catalogue;
use ipc_conformance_engine::tap::Entry;
use ipc_plan::{Describe, Plan, Recipe, Record};
use schemars::{Schema, schema_for};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs/schema")
}

fn schemas() -> [(&'static str, Schema); 7] {
    [
        ("describe", schema_for!(Describe)),
        ("history", schema_for!(History)),
        ("log-record", schema_for!(Record)),
        ("plan", schema_for!(Plan)),
        ("recipe", schema_for!(Recipe)),
        ("results", schema_for!(Results)),
        ("wire-entry", schema_for!(Entry)),
    ]
}

#[test]
fn the_schemas_are_fresh() {
    let update = std::env::var_os("UPDATE_SCHEMAS").is_some();
    if update {
        fs::create_dir_all(folder()).unwrap();
    }
    let mut stale = Vec::new();
    for (name, schema) in schemas() {
        let path = folder().join(format!("{name}.schema.json"));
        let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        if update {
            fs::write(&path, text).unwrap();
        } else if fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "the schemas {stale:?} are not fresh: run `make schemas`");
}

#[test]
fn no_schema_is_left_over() {
    let known = schemas().map(|(name, _)| format!("{name}.schema.json"));
    let found = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let strange: Vec<_> =
        found.filter(|name| !known.iter().any(|known| name == known.as_str())).collect();
    assert!(strange.is_empty(), "nothing generates {strange:?}");
}

#[test]
fn every_plan_of_the_suite_is_valid() {
    let validator = validator("plan");
    for case in Catalogue::embedded().unwrap().cases {
        let plan = serde_json::to_value(&case.plan).unwrap();
        if let Err(error) = validator.validate(&plan) {
            panic!("{}: {error} at {}", case.id, error.instance_path());
        }
    }
}

#[test]
fn the_schemas_refuse_what_the_types_refuse() {
    let plan = validator("plan");
    for text in ["{}", "[]", r#"{"protocol": "1", "id": "x", "parent": {}, "child": {}}"#] {
        let json: Value = serde_json::from_str(text).unwrap();
        assert!(serde_json::from_value::<Plan>(json.clone()).is_err(), "{text}");
        assert!(!plan.is_valid(&json), "{text}");
    }
    let record = validator("log-record");
    let json = serde_json::json!({ "seq": 0, "t": 1, "seen": { "kind": "strange" } });
    assert!(serde_json::from_value::<Record>(json.clone()).is_err());
    assert!(!record.is_valid(&json));
}

fn validator(name: &str) -> jsonschema::Validator {
    let (_, schema) = schemas().into_iter().find(|(known, _)| *known == name).unwrap();
    jsonschema::validator_for(schema.as_value()).unwrap()
}
