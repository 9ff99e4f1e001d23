//! Structured clones: whatever is read can be written, in a form that stays the same, and typed
//! reading takes the same payloads and finds the same in them.

#![no_main]

mod tree;

use js_value::clone::{self, Dialect, ReadLimits, TypedError, WriteOptions};
use libfuzzer_sys::fuzz_target;
use serde::de::{Deserialize, IgnoredAny};
use tree::Tree;

fuzz_target!(|bytes: &[u8]| {
    for dialect in [Dialect::Channel, Dialect::V8] {
        if let Some(tree) = typed::<Tree>(bytes, dialect) {
            let graph = clone::read(bytes, &limits(dialect)).expect("the type took it");
            assert!(tree.agrees(graph.view()), "{tree:?}");
        }
        let _skipped = typed::<IgnoredAny>(bytes, dialect);
        let limits = ReadLimits { dialect, ..ReadLimits::default() };
        let options = WriteOptions { dialect, ..WriteOptions::default() };
        let Ok(graph) = clone::read(bytes, &limits) else { continue };
        let mut written = Vec::new();
        // A view without its prototype is read by both and written by one.
        if clone::write(&graph, graph.root(), &options, &mut written).is_err() {
            assert_eq!(dialect, Dialect::V8);
            continue;
        }
        let again = clone::read(&written, &limits).expect("what was written is a clone");
        let mut same = Vec::new();
        clone::write(&again, again.root(), &options, &mut same).expect("it was written before");
        assert_eq!(same, written);
    }
});

/// What a type makes of a payload. It refuses what is no payload, and only that as no payload.
fn typed<'de, T: Deserialize<'de>>(bytes: &'de [u8], dialect: Dialect) -> Option<T> {
    let read = clone::read(bytes, &limits(dialect));
    match clone::from_payload(bytes, &limits(dialect)) {
        Ok(value) => {
            assert!(read.is_ok(), "{read:?}");
            Some(value)
        }
        Err(TypedError::Payload(error)) => {
            assert!(read.is_err(), "{error:?}");
            None
        }
        Err(error) => {
            assert!(read.is_ok(), "{error:?}, {read:?}");
            None
        }
    }
}

/// Each level of what is read as a type takes stack.
fn limits(dialect: Dialect) -> ReadLimits {
    ReadLimits { dialect, max_depth: Some(100) }
}
