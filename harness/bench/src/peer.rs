//! A side of a measurement on `node-channel`; `fixtures/bench/peer.cjs` is the same in JavaScript.

use std::env;
use std::time::Instant;

use anyhow::{Context as _, bail};
use js_value::Graph;
use node_channel::{Batch, Channel, Child, Fork, Receipt, SendError};
use serde::Deserialize;

use crate::bare;
use crate::message::{self, Rows, Small};
use crate::plan::{Api, BUSY_POLL, Mode, Plan, Serialization, Size};
use crate::usage::{Measured, Usage};

/// Forks the child of the plan, does what the plan says and prints what that took.
pub(crate) fn parent() -> anyhow::Result<()> {
    let plan = Plan::from_env()?;
    let message = Ready::new(&plan);
    measure(&plan, |channel, count| match plan.mode {
        Mode::OneWay => {
            let mut left = count;
            while left > 0 {
                let mut batch = channel.batch();
                while left > 0 {
                    left -= 1;
                    if !message.send(&mut batch)?.accepted {
                        break;
                    }
                }
                drop(batch);
                if left > 0 {
                    channel.flush(None)?;
                }
            }
            Ok(())
        }
        Mode::PingPong => {
            for _ in 0..count {
                message.send(&mut channel.batch())?;
                receive(channel, &plan)?;
            }
            Ok(())
        }
    })
}

/// Feeds the child of the plan with lines made beforehand, past the library.
pub(crate) fn feed() -> anyhow::Result<()> {
    let plan = Plan::from_env()?;
    measure(&plan, |channel, count| {
        bare::feed(channel.fd().context("an open channel")?, &plan, count)
    })
}

/// Counts or echoes what the parent sends.
pub(crate) fn child() -> anyhow::Result<()> {
    let plan = Plan::from_env()?;
    let mut channel = Channel::from_env()?.context("started without a channel")?;
    prepare(&mut channel, &plan);
    let start = channel.recv()?.context("the start")?;
    if start.view().as_str() != Some("start") {
        bail!("{start:?} instead of the start");
    }
    let mut before = Usage::now();
    for count in [plan.warm_up, plan.count] {
        before = Usage::now();
        channel.send(&Graph::from("ready"))?;
        for _ in 0..count {
            if plan.mode == Mode::PingPong {
                echo(&mut channel, &plan)?;
            } else {
                receive(&mut channel, &plan)?;
            }
        }
    }
    channel.send_as(&Usage::now().since(before))?;
    channel.close(None)?;
    Ok(())
}

fn measure(
    plan: &Plan,
    send: impl Fn(&mut Channel, u64) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut child = fork(plan)?;
    let channel = &mut child.channel;
    prepare(channel, plan);
    channel.send(&Graph::from("start"))?;
    let (mut before, mut begun) = (Usage::now(), Instant::now());
    for count in [plan.warm_up, plan.count] {
        channel.recv()?.context("the child's word that it is ready")?;
        (before, begun) = (Usage::now(), Instant::now());
        send(channel, count)?;
        channel.flush(None)?;
    }
    let theirs: Usage = channel.recv_as()?.context("what the child used")?;
    let elapsed = begun.elapsed().as_nanos() as f64;
    let ours = Usage::now().since(before);
    let _may_be_gone = channel.disconnect();
    child.wait()?;
    Measured::new(elapsed, [ours, theirs]).print()
}

fn prepare(channel: &mut Channel, plan: &Plan) {
    if plan.api == Api::TypedBusyPoll {
        channel.set_busy_poll(BUSY_POLL);
    }
}

fn fork(plan: &Plan) -> anyhow::Result<Child> {
    let [program, arguments @ ..] = &plan.child[..] else { bail!("a plan without a child") };
    let mut fork = Fork::program(program);
    fork.args(arguments).serialization(match plan.serialization {
        Serialization::Json => node_channel::Serialization::Json,
        Serialization::Advanced => node_channel::Serialization::Advanced,
    });
    fork.spawn().with_context(|| format!("in {:?}", env::current_dir()))
}

/// A message, ready to be sent again and again.
enum Ready {
    Value(Graph),
    Small,
    Rows(Vec<String>),
    Text(String),
    Bytes(Vec<u8>),
}

impl Ready {
    fn new(plan: &Plan) -> Self {
        match (plan.api, plan.size.string_bytes()) {
            (Api::Value, _) => Self::Value(message::graph(plan.size, plan.serialization)),
            (_, None) if plan.size == Size::Small => Self::Small,
            (_, None) => Self::Rows(Rows::names()),
            (_, Some(bytes)) => match plan.serialization {
                Serialization::Json => Self::Text("x".repeat(bytes)),
                Serialization::Advanced => Self::Bytes(vec![b'x'; bytes]),
            },
        }
    }

    fn send(&self, batch: &mut Batch<'_>) -> Result<Receipt, SendError> {
        match self {
            Self::Value(graph) => batch.send(graph),
            Self::Small => batch.send_as(&Small::MESSAGE),
            Self::Rows(names) => batch.send_as(&Rows::new(names)),
            Self::Text(text) => batch.send_as(text),
            Self::Bytes(bytes) => batch.send_as(&Bytes(bytes)),
        }
    }
}

/// Bytes that travel as a Buffer.
struct Bytes<'a>(&'a [u8]);

impl serde::Serialize for Bytes<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&[u8]>::deserialize(deserializer).map(Self)
    }
}

/// Takes the next message and looks at all of it.
fn receive(channel: &mut Channel, plan: &Plan) -> anyhow::Result<()> {
    let gone = "the peer ended too early";
    let fits = match (plan.api, plan.size.string_bytes(), plan.serialization) {
        (Api::Value, ..) => !channel.recv()?.context(gone)?.view().is_undefined(),
        (_, Some(bytes), Serialization::Json) => {
            channel.recv_as::<&str>()?.context(gone)?.len() == bytes
        }
        (_, Some(bytes), Serialization::Advanced) => {
            channel.recv_as::<Bytes<'_>>()?.context(gone)?.0.len() == bytes
        }
        (_, None, _) if plan.size == Size::Small => {
            channel.recv_as::<Small<'_>>()?.context(gone)?.v == Small::MESSAGE.v
        }
        (_, None, _) => channel.recv_as::<Rows<'_>>()?.context(gone)?.rows.len() == 20,
    };
    if fits { Ok(()) } else { bail!("another message than was sent") }
}

/// Sends the next message back.
fn echo(channel: &mut Channel, plan: &Plan) -> anyhow::Result<()> {
    let gone = "the peer ended too early";
    match (plan.api, plan.size.string_bytes(), plan.serialization) {
        (Api::Value, ..) => {
            let message = channel.recv()?.context(gone)?;
            channel.send(&message)?;
        }
        (_, Some(_), Serialization::Json) => {
            let message: String = channel.recv_as()?.context(gone)?;
            channel.send_as(&message)?;
        }
        (_, Some(_), Serialization::Advanced) => {
            let message = channel.recv_as::<Bytes<'_>>()?.context(gone)?.0.to_vec();
            channel.send_as(&Bytes(&message))?;
        }
        (_, None, _) if plan.size == Size::Small => {
            let Small { id, v, .. } = channel.recv_as()?.context(gone)?;
            channel.send_as(&Small { r#type: "x", id, v })?;
        }
        (_, None, _) => {
            let names = Rows::names();
            let rows = channel.recv_as::<Rows<'_>>()?.context(gone)?.rows.len();
            channel.send_as(&Rows::new(&names[..rows]))?;
        }
    }
    channel.flush(None)?;
    Ok(())
}
