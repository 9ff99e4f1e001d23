//! Performs the steps that do not wait.

use ipc_plan::{Event, ReadProperty, Recipe, Seen, Step, When};
use js_value::{Graph, Kind, Object, Property, PropertyKey, Value};
use node_channel::{KeepAlive, Receipt, SendError, Signal};

use crate::errors::error;
use crate::handles::{Given, Thrown};
use crate::process::{Callback, Process, Task, Uncaught};
use crate::{build, inspect, launch, validate};

impl Process {
    /// Performs steps in one go. An exception of `throw` leaves them.
    pub(crate) fn perform_all(&mut self, steps: &[Step]) -> Result<(), Uncaught> {
        for step in steps {
            self.perform(step)?;
        }
        Ok(())
    }

    /// Performs a step that does not wait.
    pub(crate) fn perform(&mut self, step: &Step) -> Result<(), Uncaught> {
        match step {
            Step::Fork(launch) => launch::launch(self, launch, launch::Method::Fork),
            Step::Spawn(launch) => launch::launch(self, launch, launch::Method::Spawn),
            Step::Send { .. } => self.send_step(step),
            Step::Burst { times, pad } => {
                for n in 0..*times {
                    let mut graph = Graph::default();
                    let mut entries = vec![("n", Value::Number(f64::from(n)))];
                    if let Some(pad) = pad {
                        entries.push(("pad", Value::String("x".repeat(*pad as usize).into())));
                    }
                    let root = graph.add_object(entries);
                    graph.set_root(root);
                    self.send_unrecorded(&graph);
                }
            }
            Step::Set { object, key, value } => self.set(object, key, value),
            Step::Disconnect {} => return self.disconnect(),
            Step::Ref {} => {
                if let Some(channel) = self.channel() {
                    channel.update_keep_alive(KeepAlive::reference);
                }
            }
            Step::Unref {} => {
                if let Some(channel) = self.channel() {
                    channel.update_keep_alive(KeepAlive::unreference);
                }
            }
            Step::RefProcess {} | Step::UnrefProcess {} => {
                if let Some(forked) = &mut self.forked {
                    forked.referenced = matches!(step, Step::RefProcess {});
                }
            }
            Step::Kill { signal } => self.kill(signal.as_deref()),
            Step::Exit { code } => self.end(*code),
            Step::Abort {} => std::process::abort(),
            Step::KillSelf {} => {
                let own = rustix::process::getpid();
                let _killed = rustix::process::kill_process(own, rustix::process::Signal::KILL);
                // The signal is on its way.
                loop {
                    std::thread::park();
                }
            }
            Step::Throw { error: thrown } => {
                return Err(Uncaught(error(&thrown.class, thrown.message.clone(), None)));
            }
            Step::On { event, name, once, times, steps, .. } => {
                self.add_listener(*event, name.clone(), *once, *times, steps.clone());
            }
            Step::Off { event, name } => self.remove_listener(*event, name.as_deref()),
            Step::OffAll { event } => self.remove_all_listeners(*event),
            Step::Read { property } => self.read(*property),
            Step::Inspect { what } => {
                let value = inspect::inspect(self, *what);
                self.log.record(Seen::Inspected { what: *what, value });
            }
            Step::Mark { name, when } => self.mark(name, *when),
            Step::Section { clause, silent } => {
                let name = format!("section {clause}");
                if !silent {
                    self.send_unrecorded(&Graph::from(name.as_str()));
                }
                self.mark(&name, When::Now);
            }
            Step::Signal { name } => self.log.signal(name),
            Step::AwaitSignal { name, blocking: true } => self.block_for(name),
            Step::Settle { blocking: true } => std::thread::sleep(self.settle()),
            Step::Keep { .. }
            | Step::Look { .. }
            | Step::Connections { .. }
            | Step::Close { .. } => self.perform_on_handle(step),
            Step::Hold {} => self.hold = true,
            Step::Release {} => self.hold = false,
            // Everything else waits, or was refused by `validate`.
            _ => {}
        }
        Ok(())
    }

    fn send_step(&mut self, step: &Step) {
        let Step::Send {
            id,
            value,
            callback,
            arguments,
            steps,
            bind,
            handle,
            native,
            keep_open,
            ..
        } = step
        else {
            return;
        };
        let (message, called_back) = match arguments.as_deref().and_then(validate::simple) {
            Some((message, name)) => (message, name.map(|name| name.map(str::to_owned))),
            None => {
                let wanted = *callback || !steps.is_empty();
                (value.as_ref(), wanted.then_some(None))
            }
        };
        let callback = called_back
            .map(|name| Callback { id: name.or_else(|| id.clone()), steps: steps.clone() });
        let graph = match message.map(build::build) {
            Some(Ok(graph)) => graph,
            // `validate` has built it before.
            Some(Err(_)) | None => Graph::default(),
        };
        let sent = match handle {
            Some(name) => match self.send_with(&graph, name, *native, *keep_open) {
                Ok(sent) => sent,
                Err(thrown) => return self.threw("send", id.clone(), thrown),
            },
            None => self.channel().map(|channel| channel.send(&graph)),
        };
        let closed = match sent {
            Some(Ok(receipt)) => {
                if let Some(name) = bind {
                    self.bound.insert(name.clone(), graph);
                }
                let returned = Recipe::Bool(receipt.accepted);
                self.log.record(Seen::Sent { id: id.clone(), returned });
                return self.expect_completion(receipt.id, callback);
            }
            Some(Err(SendError::Closed)) => SendError::Closed,
            Some(Err(refused)) => {
                let error = error(refused.name(), refused.to_string(), refused.code());
                return self.threw("send", id.clone(), error);
            }
            None => {
                let message = "there is no channel".to_owned();
                return self.threw("send", id.clone(), error("TypeError", message, None));
            }
        };
        // What Node's send() makes of a closed channel.
        let error = error(closed.name(), closed.to_string(), closed.code());
        self.ticks.push_back(match callback {
            Some(callback) => Task::Callback(callback, error),
            None => Task::Emit(Event::Error, vec![error]),
        });
        self.log.record(Seen::Sent { id: id.clone(), returned: Recipe::Bool(false) });
    }

    /// Sends a message with a handle, or without it if there is nothing of it to send.
    fn send_with(
        &mut self,
        message: &Graph,
        name: &str,
        native: bool,
        keep_open: bool,
    ) -> Result<Option<Result<Receipt, SendError>>, Thrown> {
        // Node looks at the handle only if the channel is open.
        let given = match self.channel() {
            Some(channel) if channel.connected() => self.handles.give(name, native, keep_open)?,
            _ => None,
        };
        let Some(channel) = self.channel() else { return Ok(None) };
        let Some(Given { handle, options }) = given else { return Ok(Some(channel.send(message))) };
        let sent = channel.send_with(message, handle, &options);
        if let Ok(receipt) = &sent {
            self.with_handle.insert(receipt.id);
        }
        Ok(Some(sent.map_err(SendError::from)))
    }

    /// Sends a message of the driver's own, whose answer is not recorded.
    pub(crate) fn send_unrecorded(&mut self, graph: &Graph) -> Option<node_channel::MessageId> {
        match self.channel()?.send(graph) {
            Ok(receipt) => {
                self.expect_completion(receipt.id, None);
                Some(receipt.id)
            }
            Err(refused) => {
                let error = error(refused.name(), refused.to_string(), refused.code());
                self.ticks.push_back(Task::Emit(Event::Error, vec![error]));
                None
            }
        }
    }

    fn set(&mut self, object: &str, key: &str, value: &Recipe) {
        let plain = match value {
            Recipe::Bool(b) => Value::Bool(*b),
            Recipe::Number(n) => Value::Number(*n),
            Recipe::String(text) => Value::String(text.as_str().into()),
            _ => Value::Null,
        };
        let Some(graph) = self.bound.get_mut(object) else { return };
        if let Value::Object(id) = graph.root().clone() {
            let object: &mut Object = graph.object_mut(id);
            if matches!(object.kind, Kind::Plain) {
                object.properties.insert(PropertyKey::String(key.into()), Property::data(plain));
            }
        }
    }

    fn disconnect(&mut self) -> Result<(), Uncaught> {
        let refused = match self.channel() {
            Some(channel) => match channel.disconnect() {
                Ok(()) => {
                    if let Some(forked) = &mut self.forked {
                        forked.may_close = false;
                    }
                    self.pump();
                    return Ok(());
                }
                Err(refused) => error(refused.name(), refused.to_string(), refused.code()),
            },
            None => error("TypeError", "there is no channel".to_owned(), None),
        };
        if self.channel().is_some() && self.listens(Event::Error) {
            return self.emit(Event::Error, &[refused]);
        }
        self.threw("disconnect", None, refused);
        Ok(())
    }

    fn kill(&mut self, signal: Option<&str>) {
        let signal = match signal.unwrap_or("SIGTERM") {
            // A probe sends nothing.
            "0" => None,
            name => match Signal::from_name(name) {
                Some(signal) => Some(signal),
                None => {
                    let message = format!("Unknown signal: {name}");
                    let error = error("TypeError", message, Some("ERR_UNKNOWN_SIGNAL"));
                    return self.threw("kill", None, error);
                }
            },
        };
        let Some(forked) = &mut self.forked else { return };
        let sent = match signal {
            Some(signal) => forked.child.kill(signal).unwrap_or(false),
            None => matches!(forked.child.try_wait(), Ok(None)),
        };
        forked.killed |= sent;
        self.log.record(Seen::Returned { step: "kill".to_owned(), value: Recipe::Bool(sent) });
    }

    fn read(&mut self, property: ReadProperty) {
        let status = self.forked.as_ref().and_then(|forked| forked.status);
        let value = match property {
            ReadProperty::Connected => match self.channel_ref() {
                Some(channel) => Recipe::Bool(channel.connected()),
                None if self.forked.is_some() => Recipe::Bool(false),
                None => Recipe::undefined(),
            },
            ReadProperty::Channel => match self.channel_ref() {
                Some(channel) if channel.fd().is_some() => "present".into(),
                Some(_) => Recipe::Null,
                None => Recipe::undefined(),
            },
            ReadProperty::Killed => {
                Recipe::Bool(self.forked.as_ref().is_some_and(|forked| forked.killed))
            }
            ReadProperty::ExitCode => status
                .and_then(|status| status.code)
                .map_or(Recipe::Null, |code| Recipe::Number(f64::from(code))),
            ReadProperty::SignalCode => status
                .and_then(|status| status.signal)
                .map_or(Recipe::Null, |signal| Recipe::String(signal.to_string())),
            ReadProperty::Pid => Recipe::Bool(self.forked.is_some()),
            ReadProperty::Stdio => self.forked.as_ref().map_or_else(Recipe::undefined, |forked| {
                let entries = forked.layout.iter().map(|entry| match *entry {
                    "pipe" => "stream".into(),
                    _ => Recipe::Null,
                });
                Recipe::Array(entries.collect())
            }),
        };
        self.log.record(Seen::Property { property, value });
    }

    /// Blocks the whole process until a signal is given.
    fn block_for(&mut self, name: &str) {
        let patience = self.setup.patience(self.role, self.in_vain);
        let start = std::time::Instant::now();
        while !self.log.signalled(name) {
            if start.elapsed() > patience {
                return self.give_up(format!("signal {name}"));
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }

    /// What was awaited does not come.
    pub(crate) fn give_up(&mut self, awaiting: String) {
        self.log.record(Seen::GaveUp { awaiting });
        self.in_vain = true;
    }

    pub(crate) fn threw(&mut self, step: &str, id: Option<String>, error: Recipe) {
        self.log.record(Seen::Threw { step: step.to_owned(), id, error });
    }
}
