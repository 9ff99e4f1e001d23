//! The hot paths alone, without a socket, for counting instructions.

use anyhow::{bail, ensure};
use node_channel::js_value::Graph;
use node_channel::proto::{Connection, Event, Limits, Role, Serialization, Typed};

use crate::message::{self, Rows, Small};
use crate::plan::{self, Size};

/// Sends a message and receives it, so many times. The path is named by size, API and
/// serialization: `small typed json`.
pub(crate) fn run(path: &str, times: u64) -> anyhow::Result<()> {
    let words: Vec<&str> = path.split(' ').collect();
    let [size, api, serialization] = words[..] else { bail!("{path} is no path") };
    let (serialization, of_plan) = match serialization {
        "json" => (Serialization::Json, plan::Serialization::Json),
        "advanced" => (Serialization::Advanced, plan::Serialization::Advanced),
        other => bail!("{other} is no serialization"),
    };
    let names = Rows::names();
    let small = message::graph(Size::Small, of_plan);
    let rows = message::graph(Size::Rows, of_plan);
    let mut pair = Pair::new(serialization);
    for _ in 0..times {
        match (size, api) {
            ("small", "typed") => {
                pair.sender.send_as(&Small::MESSAGE)?;
                pair.transfer();
                let Some(Typed::Message { value: Small { id: 1, .. }, .. }) =
                    pair.receiver.poll_as()
                else {
                    bail!("another message than was sent");
                };
            }
            ("rows", "typed") => {
                pair.sender.send_as(&Rows::new(&names))?;
                pair.transfer();
                let Some(Typed::Message { value: Rows { rows, .. }, .. }) = pair.receiver.poll_as()
                else {
                    bail!("another message than was sent");
                };
                ensure!(rows.len() == names.len(), "another message than was sent");
            }
            ("small", "value") => pair.exchange(&small)?,
            ("rows", "value") => pair.exchange(&rows)?,
            _ => bail!("{path} is no path"),
        }
    }
    Ok(())
}

/// Both ends of a channel without a socket.
struct Pair {
    sender: Connection,
    receiver: Connection,
}

impl Pair {
    fn new(serialization: Serialization) -> Self {
        Self {
            sender: Connection::new(Role::Parent, serialization, Limits::default()),
            receiver: Connection::new(Role::Child, serialization, Limits::default()),
        }
    }

    /// Takes what was sent from one end to the other.
    fn transfer(&mut self) {
        self.receiver.receive(self.sender.transmit());
        self.sender.transmitted(self.sender.transmit().len());
        while self.sender.poll_event().is_some() {}
    }

    fn exchange(&mut self, message: &Graph) -> anyhow::Result<()> {
        self.sender.send(message)?;
        self.transfer();
        let Some(Event::Message(received)) = self.receiver.poll_event() else {
            bail!("no message");
        };
        ensure!(received.value.len() == message.len(), "another message than was sent");
        Ok(())
    }
}
