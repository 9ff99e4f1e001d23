//! Forks `fixtures/children/worker.js` and prints what it reports. Run with `cargo run --example
//! parent`.

use std::error::Error;

use js_value::json;
use node_channel::Fork;

const WORKER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/children/worker.js");

fn main() -> Result<(), Box<dyn Error>> {
    let mut worker = Fork::new(WORKER).spawn()?;
    let job = r#"{"type": "start", "steps": 5, "input": [1, 2, 3, 4]}"#;
    worker.channel.send(&json::parse(job, &json::ParseLimits::default())?)?;
    while let Some(message) = worker.channel.recv()? {
        let message = message.view();
        let number = |key| message.get(key).and_then(|value| value.as_f64()).unwrap_or(f64::NAN);
        match message.get("type").as_ref().and_then(|kind| kind.as_str()) {
            Some("ready") => println!("worker {} is ready", number("pid")),
            Some("progress") => println!("step {} of {}", number("step"), number("steps")),
            Some("result") => {
                println!("sum: {}", number("sum"));
                break;
            }
            _ => return Err("the worker could not do it".into()),
        }
    }
    worker.channel.disconnect()?;
    println!("worker ended: {}", worker.wait()?);
    Ok(())
}
