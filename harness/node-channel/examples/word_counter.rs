//! A worker in Rust for a Node program, which forks it: `fixtures/children/count-words.js`.

use std::error::Error;

use js_value::{Graph, Value};
use node_channel::Channel;

fn main() -> Result<(), Box<dyn Error>> {
    let mut channel = Channel::from_env()?.ok_or("start me with fork() of node:child_process")?;
    while let Some(message) = channel.recv()? {
        let text = message.view().as_str().ok_or("expected a text")?;
        let words = text.split_whitespace().count();
        let mut answer = Graph::default();
        let root =
            answer.add_object([("text", Value::from(text)), ("words", Value::from(words as f64))]);
        answer.set_root(root);
        channel.send(&answer)?;
    }
    Ok(())
}
