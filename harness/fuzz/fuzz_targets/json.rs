//! JSON: whatever is read is written in a form that stays the same, and typed reading takes the same
//! texts.

#![no_main]

use js_value::json::{self, ParseLimits, StringifyOptions};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    // Without a limit typed reading has one of its own.
    let limits = ParseLimits { max_depth: Some(10_000) };
    let read = json::parse(&text, &limits);
    let skipped = json::from_text::<IgnoredAny>(&text, &limits);
    assert_eq!(read.is_ok(), skipped.is_ok(), "{text:?}: {skipped:?}");
    let Ok(graph) = read else { return };
    let options = StringifyOptions::default();
    let written = json::stringify(&graph, &options).expect("JSON has no cycles");
    let written = written.expect("every JSON text stands for a value");
    let again = json::parse(&written, &limits).expect("what was written is JSON");
    let same = json::stringify(&again, &options).expect("JSON has no cycles");
    assert_eq!(same.as_deref(), Some(&*written));
});
