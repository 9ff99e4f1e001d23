//! The process as the plan sees it: its channel, its child, its listeners, its queues.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use ipc_plan::{Event, Recipe, Role, Seen, Serialization, Setup, Step, When};
use js_value::Graph;
use node_channel::{Channel, Child, ExitStatus, MessageId, Undelivered};

use crate::describe;
use crate::errors::{error, undelivered};
use crate::handles::{HandleId, Handles, Occurrence};
use crate::listeners::Listeners;
use crate::log::Log;

/// Something to do before the event loop goes on.
#[derive(Debug)]
pub(crate) enum Task {
    /// Call the listeners.
    Emit(Event, Vec<Recipe>),
    /// An event of the channel.
    Channel(Box<node_channel::Event>),
    /// Something that happened to a handle.
    Handle(Occurrence),
    /// Call the callback of a send that failed before it began.
    Callback(Callback, Recipe),
    /// Hand over the messages that came before there was a listener.
    FlushEarly,
    /// Record a mark.
    Mark(String),
}

/// A message as a listener gets it.
#[derive(Debug)]
pub(crate) struct Incoming {
    value: Graph,
    handle: Option<HandleId>,
}

/// The callback of a send.
#[derive(Clone, Debug)]
pub(crate) struct Callback {
    pub(crate) id: Option<String>,
    pub(crate) steps: Vec<Step>,
}

/// An error that no one caught, on its way out.
#[derive(Clone, Debug)]
pub(crate) struct Uncaught(pub(crate) Recipe);

/// The forked child.
#[derive(Debug)]
pub(crate) struct Forked {
    pub(crate) child: Child,
    /// `ref()`, `unref()` of the process.
    pub(crate) referenced: bool,
    pub(crate) status: Option<ExitStatus>,
    pub(crate) killed: bool,
    /// Collected stdout, where it is a pipe.
    pub(crate) stdout: Option<Vec<u8>>,
    /// Whether `close` is still to come: it waits for the pipes and for the end of the channel,
    /// and never comes after a disconnect() from this side (clause LIFE-002).
    pub(crate) may_close: bool,
    pub(crate) layout: Vec<&'static str>,
}

pub(crate) struct Process {
    pub(crate) role: Role,
    pub(crate) log: Log,
    pub(crate) setup: Setup,
    pub(crate) serialization: Serialization,
    /// Options before the module in the command line, as `process.execArgv`.
    pub(crate) exec_argv: Vec<String>,
    /// The channel of a child. A parent's is its child's.
    own_channel: Option<Channel>,
    pub(crate) forked: Option<Forked>,
    /// Listeners of [`ipc_plan::RolePlan::listeners`], until there is something to listen to.
    pub(crate) initial: Vec<Event>,
    pub(crate) listeners: Listeners,
    pub(crate) ticks: VecDeque<Task>,
    pub(crate) micros: VecDeque<String>,
    pub(crate) immediates: VecDeque<String>,
    pub(crate) timers: VecDeque<(Instant, String)>,
    callbacks: BTreeMap<MessageId, Callback>,
    /// Sends whose completion nobody hears of, apart from errors.
    silent: BTreeMap<MessageId, ()>,
    /// Sends with a handle, whose completion comes in the poll phase.
    pub(crate) with_handle: BTreeSet<MessageId>,
    /// What is to be done in the poll phase.
    pub(crate) polled: VecDeque<Task>,
    /// Messages that came before there was a listener.
    pub(crate) early: VecDeque<Incoming>,
    /// The message that came last.
    pub(crate) message: Graph,
    pub(crate) handles: Handles,
    pub(crate) bound: BTreeMap<String, Graph>,
    pub(crate) hold: bool,
    pub(crate) events_seen: Vec<(Event, Option<Recipe>)>,
    pub(crate) callbacks_seen: u32,
    /// Message of `fill` that has not been completed.
    pub(crate) filling: Option<MessageId>,
    /// Whether a step has waited in vain.
    pub(crate) in_vain: bool,
    /// When the peer was found to be gone.
    pub(crate) peer_gone: Option<Instant>,
}

impl Process {
    pub(crate) fn new(
        role: Role,
        log: Log,
        setup: Setup,
        serialization: Serialization,
        exec_argv: Vec<String>,
        channel: Option<Channel>,
        initial: Vec<Event>,
    ) -> Self {
        let mut process = Self {
            role,
            log,
            setup,
            serialization,
            exec_argv,
            own_channel: channel,
            forked: None,
            initial,
            listeners: Listeners::default(),
            ticks: VecDeque::new(),
            micros: VecDeque::new(),
            immediates: VecDeque::new(),
            timers: VecDeque::new(),
            callbacks: BTreeMap::new(),
            silent: BTreeMap::new(),
            with_handle: BTreeSet::new(),
            polled: VecDeque::new(),
            early: VecDeque::new(),
            message: Graph::default(),
            handles: Handles::default(),
            bound: BTreeMap::new(),
            hold: false,
            events_seen: Vec::new(),
            callbacks_seen: 0,
            filling: None,
            in_vain: false,
            peer_gone: None,
        };
        if role == Role::Child {
            process.add_initial();
        }
        process
    }

    /// Adds the listeners that the plan lists for the role.
    pub(crate) fn add_initial(&mut self) {
        for event in std::mem::take(&mut self.initial) {
            self.add_listener(event, None, false, None, Vec::new());
        }
    }

    pub(crate) fn channel(&mut self) -> Option<&mut Channel> {
        match &mut self.forked {
            Some(forked) => Some(&mut forked.child.channel),
            None => self.own_channel.as_mut(),
        }
    }

    pub(crate) fn channel_ref(&self) -> Option<&Channel> {
        match &self.forked {
            Some(forked) => Some(&forked.child.channel),
            None => self.own_channel.as_ref(),
        }
    }

    pub(crate) fn settle(&self) -> Duration {
        Duration::from_millis(self.setup.settle_ms)
    }

    // ---- queues ----------------------------------------------------------------------------

    /// Queues what the channel and the handles have to report.
    pub(crate) fn pump(&mut self) {
        while let Some(event) = self.channel().and_then(Channel::next_event) {
            self.ticks.push_back(Task::Channel(Box::new(event)));
        }
        while let Some(occurrence) = self.handles.next_occurrence() {
            self.ticks.push_back(Task::Handle(occurrence));
        }
    }

    /// Runs ticks, then microtasks, until there are none: what Node does after each callback.
    pub(crate) fn drain(&mut self) {
        loop {
            self.pump();
            if let Some(task) = self.ticks.pop_front() {
                if let Err(uncaught) = self.run_task(task) {
                    self.uncaught(uncaught);
                }
            } else if let Some(name) = self.micros.pop_front() {
                self.log.record(Seen::Mark { name });
            } else {
                return;
            }
        }
    }

    fn run_task(&mut self, task: Task) -> Result<(), Uncaught> {
        match task {
            Task::Emit(event, arguments) => self.emit(event, &arguments),
            Task::Channel(event) => self.channel_event(*event),
            Task::Handle(occurrence) => {
                self.occurred(occurrence);
                Ok(())
            }
            Task::Callback(callback, error) => self.call_back(&callback, error),
            Task::FlushEarly => self.flush_early(),
            Task::Mark(name) => {
                self.log.record(Seen::Mark { name });
                Ok(())
            }
        }
    }

    fn channel_event(&mut self, event: node_channel::Event) -> Result<(), Uncaught> {
        match event {
            node_channel::Event::Message(message) => {
                let incoming = self.incoming(message)?;
                if !self.listens(Event::Message) {
                    self.early.push_back(incoming);
                    return Ok(());
                }
                self.deliver(Event::Message, incoming)
            }
            node_channel::Event::Reserved(message) => {
                let incoming = self.incoming(message)?;
                self.deliver(Event::InternalMessage, incoming)
            }
            node_channel::Event::SocketCount { key, count } => {
                self.handles.counted(&key, count);
                Ok(())
            }
            node_channel::Event::SocketsClosed { key } => {
                self.handles.sockets_closed(&key);
                Ok(())
            }
            // What Node throws when its turn comes; its callback is never called.
            node_channel::Event::Unserializable { id, error: refused } => {
                self.with_handle.remove(&id);
                self.callbacks.remove(&id);
                Err(Uncaught(error(refused.name(), refused.to_string(), refused.code())))
            }
            node_channel::Event::Sent { result: Err(Undelivered::Unserializable), .. } => Ok(()),
            node_channel::Event::Sent { id, result } if self.with_handle.remove(&id) => {
                let event = node_channel::Event::Sent { id, result };
                match result {
                    Ok(()) => self.polled.push_back(Task::Channel(Box::new(event))),
                    Err(_) => self.ticks.push_back(Task::Channel(Box::new(event))),
                }
                Ok(())
            }
            node_channel::Event::Sent { id, result } => {
                if self.filling == Some(id) {
                    self.filling = None;
                }
                let callback = self.callbacks.remove(&id);
                let silent = self.silent.remove(&id).is_some();
                let error = result.err().map(|e| (e, undelivered(e)));
                match (callback, error) {
                    (Some(callback), None) => self.call_back(&callback, Recipe::Null),
                    (Some(callback), Some((_, error))) => self.call_back(&callback, error),
                    // Messages that a disconnect discards are lost in silence, as in Node.
                    (None, Some((Undelivered::Os { .. }, error))) if silent => {
                        self.emit(Event::Error, &[error])
                    }
                    (None, _) => Ok(()),
                }
            }
            node_channel::Event::Invalid(invalid) => {
                Err(Uncaught(error(invalid.name(), invalid.to_string(), invalid.code())))
            }
            node_channel::Event::Disconnected => {
                self.early.clear();
                self.handles.disconnected();
                // In Node the end of the channel, where it is the last that `close` waits for,
                // emits `close` at once and `disconnect` a tick later.
                self.ticks.push_front(Task::Emit(Event::Disconnect, Vec::new()));
                self.close_if_done()
            }
            // Events of later versions mean nothing to a plan of this one.
            _ => Ok(()),
        }
    }

    fn flush_early(&mut self) -> Result<(), Uncaught> {
        if !self.listens(Event::Message) {
            return Ok(());
        }
        for incoming in std::mem::take(&mut self.early) {
            self.deliver(Event::Message, incoming)?;
        }
        Ok(())
    }

    /// A message, and what Node makes of the handle that came with it.
    fn incoming(&mut self, message: node_channel::Message) -> Result<Incoming, Uncaught> {
        let handle = match message.handle {
            Some(handle) => match self.handles.receive(handle) {
                Ok(id) => Some(id),
                Err(unfit) => return Err(Uncaught(error("Error", unfit.to_string(), None))),
            },
            None => None,
        };
        Ok(Incoming { value: message.value, handle })
    }

    fn deliver(&mut self, event: Event, incoming: Incoming) -> Result<(), Uncaught> {
        let Incoming { value, handle } = incoming;
        let mut arguments = vec![describe::describe(&value)];
        if let Some(id) = handle {
            arguments.push(self.handles.describe(id));
            if self.listens(event) {
                self.handles.announce(id);
            }
        } else if value.view().get("cmd").and_then(|cmd| cmd.as_str()) == Some("NODE_HANDLE") {
            // Where a handle is missing, Node passes null.
            arguments.push(Recipe::Null);
        }
        // What is undefined at the end is not recorded, as by the drivers of other runtimes.
        if arguments == [Recipe::undefined()] {
            arguments.clear();
        }
        self.message = value;
        self.emit(event, &arguments)
    }

    /// Records what happened to a handle.
    fn occurred(&mut self, Occurrence { handle, what, value }: Occurrence) {
        let name = self.handles.happened(handle, what);
        self.log.record(Seen::Handle { handle: name, what: what.name().to_owned(), value });
    }

    fn call_back(&mut self, callback: &Callback, argument: Recipe) -> Result<(), Uncaught> {
        self.callbacks_seen += 1;
        self.log.record(Seen::Callback {
            id: callback.id.clone(),
            arguments: vec![argument],
            receiver: None,
        });
        self.perform_all(&callback.steps)
    }

    /// Remembers who hears of the completion of a message.
    pub(crate) fn expect_completion(&mut self, id: MessageId, callback: Option<Callback>) {
        match callback {
            Some(callback) => {
                self.callbacks.insert(id, callback);
            }
            None => {
                self.silent.insert(id, ());
            }
        }
        self.pump();
    }

    pub(crate) fn mark(&mut self, name: &str, when: When) {
        let name = name.to_owned();
        match when {
            When::Now => self.log.record(Seen::Mark { name }),
            When::Tick => self.ticks.push_back(Task::Mark(name)),
            When::Micro => self.micros.push_back(name),
            When::Immediate => self.immediates.push_back(name),
            // Node's shortest timer.
            When::Timer => {
                self.timers.push_back((Instant::now() + Duration::from_millis(1), name));
            }
        }
    }

    // ---- ends ------------------------------------------------------------------------------

    /// Emits `close` once the child has ended and all that leads to it is closed.
    pub(crate) fn close_if_done(&mut self) -> Result<(), Uncaught> {
        let Some(forked) = &mut self.forked else { return Ok(()) };
        let closed = forked.child.stdout.is_none() && !forked.child.channel.connected();
        match forked.status {
            Some(status) if forked.may_close && closed => {
                forked.may_close = false;
                self.emit(Event::Close, &outcome(status))
            }
            _ => Ok(()),
        }
    }

    /// An exception that nobody caught: to the listeners of `uncaughtException`, or the end.
    pub(crate) fn uncaught(&mut self, Uncaught(error): Uncaught) {
        if self.listens(Event::UncaughtException) {
            let origin = "uncaughtException".into();
            match self.emit(Event::UncaughtException, &[error, origin]) {
                Ok(()) => return,
                Err(_) => self.end(7),
            }
        }
        eprintln!("Uncaught {}", serde_json::to_string(&error).unwrap_or_default());
        self.end(1)
    }

    /// Ends the process with a code, after its `exit` listeners.
    pub(crate) fn end(&mut self, code: i32) -> ! {
        let code = match self.emit(Event::ProcessExit, &[Recipe::Number(f64::from(code))]) {
            Ok(()) => code,
            Err(_) => 7,
        };
        std::process::exit(code)
    }
}

/// The arguments of `exit` and `close`: code and signal.
pub(crate) fn outcome(status: ExitStatus) -> [Recipe; 2] {
    [
        status.code.map_or(Recipe::Null, |code| Recipe::Number(f64::from(code))),
        status.signal.map_or(Recipe::Null, |signal| Recipe::String(signal.to_string())),
    ]
}
