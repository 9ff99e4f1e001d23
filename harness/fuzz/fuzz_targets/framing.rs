//! Framing: however the stream is chopped, the same comes of it, and no input does harm.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use node_channel::proto::{Connection, Limits, Role, Serialization};

#[derive(Arbitrary, Debug)]
struct Input {
    advanced: bool,
    max_message_bytes: Option<u16>,
    max_depth: Option<u8>,
    chops: Vec<u8>,
    stream: Vec<u8>,
}

fuzz_target!(|input: Input| {
    let whole = play(&input, &[usize::MAX]);
    let chops: Vec<usize> = input.chops.iter().map(|chop| usize::from(*chop) + 1).collect();
    assert_eq!(whole, play(&input, &chops));
    assert_eq!(whole, play(&input, &[1]));
});

/// The events and the answers of an end that reads the stream in pieces of these sizes.
fn play(input: &Input, chops: &[usize]) -> (Vec<String>, Vec<u8>) {
    let serialization =
        if input.advanced { Serialization::Advanced } else { Serialization::Json };
    let mut limits = Limits::none();
    limits.max_message_bytes = input.max_message_bytes.map(usize::from);
    limits.max_depth = input.max_depth.map(usize::from);
    let mut end = Connection::new(Role::Child, serialization, limits);
    let mut events = Vec::new();
    let mut answers = Vec::new();
    let mut rest = &input.stream[..];
    let mut chops = chops.iter().cycle();
    while !rest.is_empty() {
        let size = chops.next().map_or(rest.len(), |chop| rest.len().min(*chop));
        let (piece, after) = rest.split_at(size);
        rest = after;
        end.receive(piece);
        answers.extend_from_slice(end.transmit());
        end.transmitted(end.transmit().len());
        while let Some(event) = end.poll_event() {
            events.push(format!("{event:?}"));
        }
    }
    end.receive_end();
    while let Some(event) = end.poll_event() {
        events.push(format!("{event:?}"));
    }
    (events, answers)
}
