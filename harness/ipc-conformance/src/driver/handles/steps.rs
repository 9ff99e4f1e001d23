//! The steps on handles.

use ipc_plan::{HandleEvent, OwnStream, Recipe, Seen, Step, Transport};

use super::describe::not_running;
use super::endpoint::Endpoint;
use super::server::Server;
use super::socket::Socket;
use super::udp::Udp;
use super::{HandleId, Object, Thrown, What};
use crate::errors::{error, io_error};
use crate::log::Address;
use crate::process::Process;

/// What a step on a handle waits for.
#[derive(Debug)]
pub(crate) enum HandleWait {
    /// That a role listens under the name `to`; then the step begins.
    Address { step: Box<Step>, to: String },
    /// A connection of the server.
    Connection { server: HandleId, from: String, name: String },
    /// A handle that came with a message.
    Received { name: String },
    /// That something was recorded so often.
    Recorded { handle: HandleId, what: What, count: usize, name: String },
    /// Data, which is recorded then; or only that so much was read.
    Data { handle: HandleId, bytes: Option<u32>, buffered: bool, name: String },
}

impl HandleWait {
    /// What is awaited, in the words of the log.
    pub(crate) fn awaiting(&self) -> String {
        match self {
            Self::Address { to, .. } => format!("address of {to}"),
            Self::Connection { from, .. } => format!("connection of {from}"),
            Self::Received { .. } => "handle".to_owned(),
            Self::Recorded { what: what @ What::Event(_), name, .. } => {
                format!("{} of {name}", what.name())
            }
            Self::Recorded { what, name, .. } => format!("{} {name}", what.name()),
            Self::Data { name, .. } => format!("data of {name}"),
        }
    }
}

impl Process {
    /// Begins a step that waits. `None` if it is over.
    pub(crate) fn begin_on_handle(&mut self, step: Step) -> Option<HandleWait> {
        let name = step.name();
        self.try_begin(step).unwrap_or_else(|thrown| {
            self.threw(&name, None, thrown);
            None
        })
    }

    fn try_begin(&mut self, step: Step) -> Result<Option<HandleWait>, Thrown> {
        Ok(Some(match step {
            Step::Listen { name, over, idle, pause, half_open, .. } => {
                let outcome = self.listen(&name, over, Server::new(pause, half_open), idle);
                self.outcome("listen", &name, outcome);
                return Ok(None);
            }
            Step::Connect { ref to, .. } | Step::Write { to: Some(ref to), .. } => {
                HandleWait::Address { to: to.clone(), step: Box::new(step) }
            }
            Step::Accept { from, name } => {
                let server = self.handles.find(&from)?;
                HandleWait::Connection { server, from, name }
            }
            Step::Take { name } => HandleWait::Received { name },
            Step::Write { handle: name, text, to: None } => {
                let handle = self.handles.find(&name)?;
                self.no_socket(handle, "write")?;
                let count = self.handles.count(handle, What::Write) + 1;
                self.handles.write(handle, &text);
                HandleWait::Recorded { handle, what: What::Write, count, name }
            }
            Step::End { handle: name } => {
                let handle = self.handles.find(&name)?;
                self.no_socket(handle, "end")?;
                let count = self.handles.count(handle, What::End) + 1;
                self.handles.end(handle);
                HandleWait::Recorded { handle, what: What::End, count, name }
            }
            Step::Receive { handle: name, bytes, buffered } => {
                let handle = self.handles.find(&name)?;
                if let Some(socket) = self.handles.socket(handle)
                    && !buffered
                {
                    socket.flow();
                    self.handles.settle(handle);
                }
                HandleWait::Data { handle, bytes, buffered, name }
            }
            Step::AwaitHandle { handle: name, what, count } => {
                let handle = self.handles.find(&name)?;
                let count = count as usize;
                HandleWait::Recorded { handle, what: What::Event(what), count, name }
            }
            _ => return Ok(None),
        }))
    }

    /// Whether a step is over; what it waited for is done then.
    pub(crate) fn is_handle_wait_over(&mut self, wait: &mut HandleWait) -> bool {
        match wait {
            HandleWait::Address { step, to } => {
                let Some(address) = self.log.published(to) else { return false };
                match self.reach(step, &address) {
                    Ok(next) => {
                        *wait = next;
                        false
                    }
                    Err(thrown) => {
                        self.threw(&step.name(), None, thrown);
                        true
                    }
                }
            }
            HandleWait::Connection { server, name, .. } => {
                let accepted = self.handles.server(*server).and_then(|s| s.accepted.pop_front());
                self.keep_next("accept", name, accepted)
            }
            HandleWait::Received { name } => {
                let received = self.handles.unnamed.pop_front();
                self.keep_next("take", name, received)
            }
            HandleWait::Recorded { handle, what, count, .. } => {
                self.handles.count(*handle, *what) >= *count
            }
            HandleWait::Data { handle, bytes, buffered, name } => {
                let wanted = bytes.map(|bytes| bytes as usize);
                let Some((text, ended)) = self.data(*handle, wanted, *buffered) else {
                    return false;
                };
                let value = vec![
                    ("text".to_owned(), Recipe::String(text)),
                    ("ended".to_owned(), Recipe::Bool(ended)),
                ];
                self.outcome("receive", name, Recipe::Object(value));
                true
            }
        }
    }

    /// Performs a step on a handle that does not wait.
    pub(crate) fn perform_on_handle(&mut self, step: &Step) {
        let performed = match step {
            Step::Keep { name, what } => {
                self.keep_stream(name, *what);
                Ok(())
            }
            Step::Look { handle } => self.handles.find(handle).map(|id| {
                let description = self.handles.describe(id);
                self.outcome("look", handle, description);
            }),
            Step::Connections { handle } => self.connections(handle),
            Step::Close { handle } => self.close(handle),
            _ => Ok(()),
        };
        if let Err(thrown) = performed {
            self.threw(&step.name(), None, thrown);
        }
    }

    fn outcome(&mut self, what: &str, handle: &str, value: Recipe) {
        let (what, handle) = (what.to_owned(), handle.to_owned());
        self.log.record(Seen::Handle { handle, what, value });
    }

    fn listen(&mut self, name: &str, over: Transport, mut server: Server, idle: bool) -> Recipe {
        let made = match over {
            Transport::Udp4 => Udp::bind().map(Object::Udp),
            _ if idle => Ok(Object::Server(server)),
            _ => server.listen(over, name).map(|()| Object::Server(server)),
        };
        match made {
            Ok(object) => {
                let id = self.handles.add(object);
                self.handles.keep(name, id);
                let description = self.handles.describe(id);
                if !idle && let Some(address) = self.handles.address(id) {
                    self.log.publish(name, &address);
                }
                description
            }
            Err(failed) => io_error(&failed, "listen", ""),
        }
    }

    /// Begins a step that needed an address.
    fn reach(&mut self, step: &Step, address: &Address) -> Result<HandleWait, Thrown> {
        Ok(match step {
            Step::Write { handle: name, text, .. } => {
                let handle = self.handles.find(name)?;
                let Object::Udp(udp) = &self.handles.entries[handle.0].object else {
                    return Err(no_function("send"));
                };
                let sent = udp.send(text, address).ok_or_else(not_running)?;
                let count = self.handles.count(handle, What::Write) + 1;
                let value = sent.map_or_else(|e| io_error(&e, "send", ""), |()| Recipe::Null);
                self.handles.occur(handle, What::Write, value);
                HandleWait::Recorded { handle, what: What::Write, count, name: name.clone() }
            }
            Step::Connect { name, half_open, .. } => {
                let handle = self.handles.connect(name, address, *half_open);
                HandleWait::Recorded { handle, what: What::Connect, count: 1, name: name.clone() }
            }
            _ => return Err(no_function("connect")),
        })
    }

    fn keep_next(&mut self, what: &str, name: &str, next: Option<HandleId>) -> bool {
        let Some(id) = next else { return false };
        self.handles.keep(name, id);
        let description = self.handles.describe(id);
        self.outcome(what, name, description);
        true
    }

    /// What there is of the data that a step asks for.
    fn data(
        &mut self,
        id: HandleId,
        bytes: Option<usize>,
        buffered: bool,
    ) -> Option<(String, bool)> {
        match &mut self.handles.entries[id.0].object {
            Object::Udp(udp) => {
                let datagram = udp.datagrams.pop_front()?;
                Some((String::from_utf8_lossy(&datagram).into_owned(), false))
            }
            Object::Socket(socket) if buffered => {
                (socket.bytes_read >= bytes.unwrap_or(0)).then(|| (String::new(), false))
            }
            Object::Socket(socket) => socket.has(bytes).then(|| socket.receive(bytes)),
            Object::Server(_) | Object::Native(..) => None,
        }
    }

    fn keep_stream(&mut self, name: &str, what: OwnStream) {
        let socket = match what {
            OwnStream::Stdout => {
                let own = std::io::stdout();
                let shared = std::os::fd::AsFd::as_fd(&own).try_clone_to_owned();
                shared.ok().map(|fd| Socket::output(Endpoint::Own(fd)))
            }
            OwnStream::ChildStdout => {
                let stdout = self.forked.as_mut().and_then(|forked| forked.child.stdout.take());
                stdout.map(|stdout| Socket::new(Endpoint::Own(stdout.into()), false))
            }
        };
        if let Some(socket) = socket {
            let id = self.handles.add(Object::Socket(socket));
            self.handles.keep(name, id);
        }
    }

    fn connections(&mut self, name: &str) -> Result<(), Thrown> {
        let id = self.handles.find(name)?;
        if self.handles.server(id).is_none() {
            return Err(no_function("getConnections"));
        }
        if let Some(key) = self.handles.get_connections(id)
            && self.channel().is_none_or(|channel| channel.request_count(&key).is_err())
        {
            self.handles.count_lost(&key);
        }
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), Thrown> {
        let id = self.handles.find(name)?;
        match &mut self.handles.entries[id.0].object {
            Object::Server(_) => {
                if let Some(key) = self.handles.close_server(id)
                    && self.channel().is_none_or(|channel| channel.notify_close(&key).is_err())
                {
                    self.handles.sockets_closed(&key);
                }
                return Ok(());
            }
            Object::Socket(_) => self.handles.destroy(id),
            Object::Udp(udp) => {
                if !udp.close() {
                    return Err(not_running());
                }
            }
            Object::Native(end, _) => drop(end.take()),
        }
        self.handles.occur(id, What::Event(HandleEvent::Closed), Recipe::Null);
        Ok(())
    }

    fn no_socket(&mut self, id: HandleId, method: &str) -> Result<(), Thrown> {
        self.handles.socket(id).map(drop).ok_or_else(|| no_function(method))
    }
}

fn no_function(method: &str) -> Thrown {
    error("TypeError", format!("handle.{method} is not a function"), None)
}
