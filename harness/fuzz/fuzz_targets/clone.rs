//! Structured clones: whatever is read can be written, in a form that stays the same.

#![no_main]

use js_value::clone::{self, Dialect, ReadLimits, WriteOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for dialect in [Dialect::Channel, Dialect::V8] {
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
