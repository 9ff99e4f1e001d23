//! A tokio service whose worker crashes: no order is lost that the service confirmed. Run with
//! `cargo run --example surviving_service --features tokio`.
//!
//! A message that `send()` took, or even that was written, may still die with the worker. What
//! counts is the worker's own answer: the service keeps every order until that comes, and gives what
//! is left to the next worker. So an order is delivered at least once; the worker tells a repeated
//! one by its id.

use std::collections::VecDeque;
use std::error::Error;
use std::path::Path;
use std::time::Duration;

use js_value::{Graph, Value};
use node_channel::Fork;
use node_channel::tokio::Child;
use tokio::sync::{mpsc, oneshot};

const WORKER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/children/ledger.js");
const ORDERS: u64 = 20;
/// Each worker crashes with this order.
const CRASH_AFTER: u64 = 6;

/// An order, and whom to tell that it is delivered.
struct Order {
    id: u64,
    item: String,
    delivered: oneshot::Sender<()>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let ledger = std::env::temp_dir().join(format!("ledger-{}", std::process::id()));
    let (orders, incoming) = mpsc::channel(8);
    let service = tokio::spawn({
        let ledger = ledger.clone();
        async move { serve(incoming, &ledger).await }
    });

    let mut confirmed = Vec::new();
    for id in 0..ORDERS {
        let (delivered, confirmation) = oneshot::channel();
        orders.send(Order { id, item: format!("item-{id}"), delivered }).await?;
        confirmed.push((id, confirmation));
    }
    drop(orders);
    let mut told = Vec::new();
    for (id, confirmation) in confirmed {
        confirmation.await?;
        told.push(id);
    }
    let starts = service.await??;

    let lines = std::fs::read_to_string(&ledger)?;
    std::fs::remove_file(&ledger)?;
    let lost =
        told.iter().filter(|id| !lines.lines().any(|line| line == format!("{id} item-{id}")));
    println!("{} orders confirmed, {} of them lost", told.len(), lost.count());
    println!("{} lines written by {starts} workers", lines.lines().count());
    Ok(())
}

/// Gives orders to a worker, and to the next one if it ends. Answers how many it took.
async fn serve(
    mut incoming: mpsc::Receiver<Order>,
    ledger: &Path,
) -> Result<usize, Box<dyn Error + Send + Sync>> {
    // Everything that no worker has confirmed, oldest first.
    let mut open: VecDeque<Order> = VecDeque::new();
    let mut starts = 0;
    loop {
        let mut worker =
            Fork::new(WORKER).arg(ledger).arg(CRASH_AFTER.to_string()).spawn_tokio()?;
        starts += 1;
        let done = give_all(&mut worker, &mut open, &mut incoming).await;
        worker.channel.close().await.ok();
        println!("worker {starts} ended: {}; {} orders open", worker.wait().await?, open.len());
        match done {
            Ok(()) => return Ok(starts),
            Err(error) => println!("{error}; starting another"),
        }
        // A worker that cannot start at all is not started in a loop.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Sends what is open and what comes in, until all is confirmed; an error if the worker ends first.
async fn give_all(
    worker: &mut Child,
    open: &mut VecDeque<Order>,
    incoming: &mut mpsc::Receiver<Order>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    for order in &*open {
        worker.channel.send(&message(order))?;
    }
    let mut more = true;
    while more || !open.is_empty() {
        // Both futures may be dropped at any time: nothing is lost with them.
        tokio::select! {
            order = incoming.recv(), if more => match order {
                Some(order) => {
                    // Kept first: if the worker is gone, the next one gets it.
                    let message = message(&order);
                    open.push_back(order);
                    worker.channel.send(&message)?;
                }
                None => more = false,
            },
            answer = worker.channel.recv() => {
                let answer = answer?.ok_or("the worker is gone")?;
                let id = answer.view().get("done").and_then(|id| id.as_f64());
                // Confirmed by the worker: only now the customer is told.
                if let Some(at) = open.iter().position(|order| Some(order.id as f64) == id)
                    && let Some(order) = open.remove(at)
                {
                    order.delivered.send(()).ok();
                }
            }
        }
    }
    Ok(())
}

fn message(order: &Order) -> Graph {
    let mut message = Graph::default();
    let id = Value::from(order.id as f64);
    let root = message.add_object([("id", id), ("item", Value::from(order.item.as_str()))]);
    message.set_root(root);
    message
}
