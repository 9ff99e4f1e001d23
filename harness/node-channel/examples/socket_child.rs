//! A child for Node's `fork()` that serves the connections that it is sent. From Node:
//! `child.send('serve', socket)`; for advanced serialization too.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use js_value::Graph;
use node_channel::{Channel, Counted};

fn main() -> Result<(), Box<dyn Error>> {
    let mut channel = Channel::from_env()?.ok_or("start me with fork() of node:child_process")?;
    while let Some(message) = channel.recv_message()? {
        let Some(handle) = message.handle else {
            channel.send(&message.value)?;
            continue;
        };
        let stream = Counted::<TcpStream>::try_from(handle)?;
        // Node closed its copy, so this one may block.
        stream.set_nonblocking(false)?;
        channel.send(&Graph::from("serving"))?;
        std::thread::spawn(move || serve(&stream));
    }
    Ok(())
}

/// Answers each line in capitals. As long as the stream lives, Node's server counts it.
fn serve(mut stream: &TcpStream) -> std::io::Result<()> {
    for line in BufReader::new(stream).lines() {
        stream.write_all(line?.to_uppercase().as_bytes())?;
    }
    Ok(())
}
