//! A child for Node's `fork()` that sends back each message. From Node:
//! `fork('', {execPath: 'target/debug/examples/echo_child'})`.

use std::error::Error;
use std::process::ExitCode;

use node_channel::{Channel, SendError};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let Some(mut channel) = Channel::from_env()? else {
        eprintln!("echo_child: start me with fork() of node:child_process");
        return Ok(ExitCode::from(2));
    };
    while let Some(message) = channel.recv()? {
        match channel.send(&message) {
            // The parent reads slower than it writes: wait for it.
            Ok(receipt) if !receipt.accepted => channel.flush(None)?,
            Ok(_) => {}
            Err(SendError::Closed) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(ExitCode::SUCCESS)
}
