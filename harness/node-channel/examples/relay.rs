//! A relay between two Node processes: each message of one goes to the other, unread. Run with
//! `cargo run --example relay`.

use std::error::Error;
use std::thread;

use node_channel::{Event, Fork, Raw, Receiver, SendOptions, Sender};

const PING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/children/ping.js");
const PONG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/children/pong.js");

fn main() -> Result<(), Box<dyn Error>> {
    let ping = Fork::new(PING).arg("3").spawn()?;
    let pong = Fork::new(PONG).spawn()?;
    let (ping_process, pong_process) = (ping.process(), pong.process());
    let (to_ping, from_ping) = ping.channel.split()?;
    let (to_pong, from_pong) = pong.channel.split()?;
    let forth = thread::spawn(move || relay("ping -> pong", from_ping, to_pong).ok());
    let back = thread::spawn(move || relay("pong -> ping", from_pong, to_ping).ok());
    for direction in [forth, back] {
        let count = direction.join().ok().flatten().ok_or("a direction failed")?;
        println!("{count} messages");
    }
    println!("ping ended: {}; pong ended: {}", ping_process.wait()?, pong_process.wait()?);
    Ok(())
}

/// Passes on messages and handles until the one side ends, then ends the other.
fn relay(
    way: &str,
    mut from: Receiver,
    mut to: Sender,
) -> Result<usize, Box<dyn Error + Send + Sync>> {
    let mut count = 0;
    while let Some(next) = from.wait_raw(None)? {
        match next {
            Raw::Message(bytes) => {
                println!("{way}: {}", String::from_utf8_lossy(bytes));
                to.send_raw(bytes)?;
            }
            Raw::Event(Event::Message(message)) => {
                let handle = message.handle.ok_or("a message without handle is raw")?;
                to.send_with(&message.value, handle, &SendOptions::default())?;
            }
            // Completions, and what the runtimes say to each other.
            Raw::Event(_) => continue,
        }
        // A slow reader holds up a fast writer.
        to.flush(None)?;
        count += 1;
    }
    if to.connected() {
        to.close(None)?;
    }
    Ok(count)
}
