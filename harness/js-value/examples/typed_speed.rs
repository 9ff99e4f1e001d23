//! What a small message and a long string cost as JSON text, beside serde_json in the same run, and
//! what a small message and many bytes cost as payloads of structured clones.
//!
//! `cargo run --release -p js-value --features serde --example typed_speed`

use std::hint::black_box;
use std::time::Instant;

use js_value::clone::{self, ReadLimits, WriteOptions};
use js_value::json::{self, ParseLimits, StringifyOptions};
use serde::{Deserialize, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
struct Message<'a> {
    r#type: &'a str,
    id: u32,
    v: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
struct Fixed<'a> {
    r#type: &'a str,
    id: u32,
    v: [u32; 3],
}

fn main() {
    const TEXT: &str = r#"{"type":"x","id":1,"v":[1,2,3]}"#;
    let limits = ParseLimits::default();
    let message = Message { r#type: "x", id: 1, v: vec![1, 2, 3] };
    let mut out = Vec::new();
    let mut other = Vec::new();
    compare(
        "write a small message",
        None,
        || {
            out.clear();
            json::to_text(black_box(&message), &mut out).expect("it has a JSON form");
            black_box(&out);
        },
        || {
            other.clear();
            serde_json::to_writer(&mut other, black_box(&message)).expect("it has a JSON form");
            black_box(&other);
        },
    );
    compare(
        "read it, v: Vec<u32>",
        None,
        || drop(black_box(json::from_text::<Message<'_>>(black_box(TEXT), &limits))),
        || drop(black_box(serde_json::from_str::<Message<'_>>(black_box(TEXT)))),
    );
    compare(
        "read it, v: [u32; 3]",
        None,
        || drop(black_box(json::from_text::<Fixed<'_>>(black_box(TEXT), &limits))),
        || drop(black_box(serde_json::from_str::<Fixed<'_>>(black_box(TEXT)))),
    );
    compare(
        "read it as values",
        None,
        || drop(black_box(json::parse(black_box(TEXT), &limits))),
        || drop(black_box(serde_json::from_str::<serde_json::Value>(black_box(TEXT)))),
    );
    let graph = json::parse(TEXT, &limits).expect("it is JSON");
    let value: serde_json::Value = serde_json::from_str(TEXT).expect("it is JSON");
    compare(
        "write it from values",
        None,
        || drop(black_box(json::stringify(black_box(&graph), &StringifyOptions::default()))),
        || drop(black_box(serde_json::to_string(black_box(&value)))),
    );

    let long = "x".repeat(1 << 20);
    let text = format!("\"{long}\"");
    let mut out = Vec::with_capacity(2 << 20);
    let mut other = Vec::with_capacity(2 << 20);
    compare(
        "write 1 MiB of string",
        Some(text.len()),
        || {
            out.clear();
            json::to_text(black_box(&long), &mut out).expect("it has a JSON form");
        },
        || {
            other.clear();
            serde_json::to_writer(&mut other, black_box(&long)).expect("it has a JSON form");
        },
    );
    compare(
        "borrow 1 MiB of string",
        Some(text.len()),
        || drop(black_box(json::from_text::<&str>(black_box(&text), &limits))),
        || drop(black_box(serde_json::from_str::<&str>(black_box(&text)))),
    );
    let mut copy = Vec::with_capacity(2 << 20);
    compare(
        "copy 1 MiB",
        Some(text.len()),
        || {
            copy.clear();
            copy.extend_from_slice(black_box(text.as_bytes()));
        },
        || drop(black_box(text.clone())),
    );

    clones(&message);
}

/// The same in payloads of structured clones.
fn clones(message: &Message<'_>) {
    let (limits, options) = (ReadLimits::default(), WriteOptions::default());
    let mut out = Vec::new();
    let write = |out: &mut Vec<u8>| {
        out.clear();
        clone::to_payload(black_box(message), &options, out).expect("it has a payload");
        black_box(&out);
    };
    write(&mut out);
    let payload = out.clone();
    time("write a payload", None, || write(&mut out));
    time("read it, v: Vec<u32>", None, || {
        drop(black_box(clone::from_payload::<Message<'_>>(black_box(&payload), &limits)));
    });
    time("read it, v: [u32; 3]", None, || {
        drop(black_box(clone::from_payload::<Fixed<'_>>(black_box(&payload), &limits)));
    });
    time("read it as values", None, || drop(black_box(clone::read(black_box(&payload), &limits))));

    let bytes = vec![7; 1 << 20];
    let mut out = Vec::with_capacity(2 << 20);
    let mut write = || {
        out.clear();
        let bytes = Bytes(black_box(&bytes));
        clone::to_payload(&bytes, &options, &mut out).expect("it has a payload");
    };
    time("write 1 MiB of bytes", Some(bytes.len()), &mut write);
    time("borrow 1 MiB of bytes", Some(bytes.len()), || {
        drop(black_box(clone::from_payload::<&[u8]>(black_box(&out), &limits)));
    });
}

/// Bytes as bytes, not as a sequence.
struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// Runs it for a while and prints the best time.
fn time(what: &str, bytes: Option<usize>, mut call: impl FnMut()) {
    let runs = if bytes.is_some() { 20 } else { 20_000 };
    let best = (0..40).map(|_| nanoseconds(runs, &mut call)).fold(f64::INFINITY, f64::min);
    println!("{what:24} {best:8.0} ns");
}

/// Runs both in turns for a while and prints the best time of each.
fn compare(what: &str, bytes: Option<usize>, mut ours: impl FnMut(), mut other: impl FnMut()) {
    let runs = if bytes.is_some() { 20 } else { 20_000 };
    let mut best = [f64::INFINITY; 2];
    for _ in 0..40 {
        best[0] = best[0].min(nanoseconds(runs, &mut ours));
        best[1] = best[1].min(nanoseconds(runs, &mut other));
    }
    let [ours, other] = best;
    print!("{what:24} {ours:8.0} ns, serde_json {other:8.0} ns, ratio {:.2}", ours / other);
    match bytes {
        Some(bytes) => println!(", {:.1} GB/s", bytes as f64 / ours),
        None => println!(),
    }
}

fn nanoseconds(runs: u32, call: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..runs {
        call();
    }
    start.elapsed().as_nanos() as f64 / f64::from(runs)
}
