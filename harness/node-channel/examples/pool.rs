//! A pool of Node workers: jobs go to whoever is free, results come back in order. Run with
//! `cargo run --example pool`.

use std::error::Error;
use std::sync::{Mutex, mpsc};
use std::thread;

use js_value::{Graph, Value};
use node_channel::{Child, Fork};

const WORKER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/children/hash.js");
const WORKERS: usize = 3;
const TEXTS: [&str; 9] = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

fn main() -> Result<(), Box<dyn Error>> {
    let workers: Vec<Child> =
        (0..WORKERS).map(|_| Fork::new(WORKER).spawn()).collect::<Result<_, _>>()?;
    let jobs = Mutex::new(TEXTS.iter().enumerate());
    let (results, collected) = mpsc::channel();
    thread::scope(|scope| {
        for mut worker in workers {
            let (jobs, results) = (&jobs, results.clone());
            scope.spawn(move || {
                let ended = work(
                    &mut worker,
                    || jobs.lock().ok()?.next(),
                    |result| results.send(result).is_ok(),
                );
                if let Err(error) = ended {
                    eprintln!("worker {} failed: {error}", worker.id());
                }
            });
        }
        drop(results);
    });
    let mut hashes: Vec<(usize, String)> = collected.iter().collect();
    hashes.sort();
    for (id, hash) in &hashes {
        println!("{:>5}: {}", TEXTS[*id], &hash[..16]);
    }
    println!("{} of {} texts hashed by {WORKERS} workers", hashes.len(), TEXTS.len());
    Ok(())
}

/// Gives one worker jobs, one at a time, until there are none; then lets it end.
fn work<'a>(
    worker: &mut Child,
    mut job: impl FnMut() -> Option<(usize, &'a &'a str)>,
    mut report: impl FnMut((usize, String)) -> bool,
) -> Result<(), Box<dyn Error>> {
    while let Some((id, text)) = job() {
        let mut message = Graph::default();
        let job =
            message.add_object([("id", Value::from(id as f64)), ("text", Value::from(*text))]);
        message.set_root(job);
        worker.channel.send(&message)?;
        let answer = worker.channel.recv()?.ok_or("the worker is gone")?;
        report((id, hash_of(&answer).ok_or("no hash")?));
    }
    worker.channel.close(None)?;
    let status = worker.wait()?;
    if status.success() { Ok(()) } else { Err(status.to_string().into()) }
}

fn hash_of(answer: &Graph) -> Option<String> {
    Some(answer.view().get("hash")?.as_str()?.to_string())
}
