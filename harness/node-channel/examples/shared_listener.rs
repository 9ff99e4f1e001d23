//! One listening socket served by several Node workers, each of which sends it back when it has
//! done its share. Run with `cargo run --example shared_listener`.

use std::error::Error;
use std::io::Read;
use std::net::{TcpListener, TcpStream};

use js_value::Graph;
use node_channel::{Child, Fork, SendOptions};

const WORKER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/children/server.js");
const WORKERS: usize = 3;
const SHARE: usize = 2;

fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        let mut worker = Fork::new(WORKER).arg(SHARE.to_string()).spawn()?;
        // A handle is given away; the clone keeps the socket here too.
        let shared = listener.try_clone()?;
        worker.channel.send_with(&Graph::from("serve"), shared, &SendOptions::default())?;
        worker.channel.recv()?.ok_or("the worker is gone")?;
        workers.push(worker);
    }
    drop(listener);

    // The kernel gives a connection to whichever worker takes it first.
    for _ in 0..WORKERS * SHARE {
        let mut answer = String::new();
        TcpStream::connect(address)?.read_to_string(&mut answer)?;
        let who = workers.iter().position(|worker| answer == format!("pid {}", worker.id()));
        println!("served by worker {}", who.ok_or("served by a stranger")?);
    }

    for (number, worker) in workers.iter_mut().enumerate() {
        let listener = take_back(worker)?;
        println!(
            "worker {number} sent {} back",
            if listener.local_addr()? == address { "the same socket" } else { "another socket" }
        );
        println!("worker {number} ended: {}", worker.wait()?);
    }
    Ok(())
}

fn take_back(worker: &mut Child) -> Result<TcpListener, Box<dyn Error>> {
    let message = worker.channel.recv_message()?.ok_or("the worker is gone")?;
    let listener = TcpListener::try_from(message.handle.ok_or("no socket came back")?)?;
    while worker.channel.recv()?.is_some() {}
    Ok(listener)
}
