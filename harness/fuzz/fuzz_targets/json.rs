//! JSON: whatever is read is written in a form that stays the same, and typed reading takes the same
//! texts and finds the same in them.

#![no_main]

mod tree;

use js_value::json::{self, ParseError, ParseLimits, StringifyOptions, TypedError};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use tree::Tree;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    typed(&text);
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

/// A type that takes anything finds what the value model finds, unless it is no Unicode.
fn typed(text: &str) {
    // Each level takes stack.
    let limits = ParseLimits { max_depth: Some(100) };
    match (json::from_text::<Tree>(text, &limits), json::parse(text, &limits)) {
        (Ok(tree), Ok(graph)) => assert!(tree.agrees(graph.view()), "{text:?}: {tree:?}"),
        // A text that is too deep may have another mistake later, which either may name.
        (Err(TypedError::Text(error)), Err(found)) => {
            let too_deep = |error: &ParseError| matches!(error, ParseError::TooDeep { .. });
            assert!(error == found || too_deep(&error) || too_deep(&found), "{text:?}");
        }
        (Err(TypedError::Type { .. }), Ok(_)) => assert!(text.contains("\\u"), "{text:?}"),
        (typed, read) => panic!("{text:?}: {typed:?}, {read:?}"),
    }
}
