use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    DescriptorKind, Direction, Event, HandleEvent, Inspect, Launch, OwnStream, Part, Property,
    SchedulingPolicy, Transport, Until, When, Wire,
};
#[cfg(doc)]
use super::{RolePlan, Setup};
use crate::Recipe;
use crate::recipe::Thrown;

/// One action of a role. A step that throws is recorded and the next one follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Step {
    /// `child_process.fork()`. Parent only. What is launched is *the child* of the plan.
    Fork(Launch),
    /// `child_process.spawn()`; `stdio` must say where the channel goes.
    Spawn(Launch),
    /// `child_process.spawnSync()`.
    SpawnSync(Launch),
    /// `child_process.execFileSync()`.
    ExecFileSync(Launch),
    /// `cluster.setupPrimary()` and `cluster.fork()`. What is launched is *the child* of the plan;
    /// `send()` and the other steps are of the ChildProcess, `worker.process`.
    ClusterFork {
        /// `cluster.schedulingPolicy`; the runtime's default when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy: Option<SchedulingPolicy>,
        /// Variables for `cluster.fork(env)`.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        env: BTreeMap<String, String>,
    },
    /// `worker.send()`, of `cluster.worker` in the child and of the Worker in the parent.
    WorkerSend {
        /// The message.
        value: Recipe,
    },
    /// `worker.disconnect()`.
    WorkerDisconnect {},
    /// `worker.kill(signal)`.
    WorkerKill {
        /// Name of the signal; Node's default when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signal: Option<String>,
    },
    /// `send()` of the ChildProcess or of process.
    Send {
        /// Name under which the answer and the callback are recorded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The message.
        #[serde(
            default,
            deserialize_with = "crate::recipe::present",
            skip_serializing_if = "Option::is_none"
        )]
        value: Option<Recipe>,
        /// Pass a callback that records its call.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        callback: bool,
        /// The whole list of arguments, in place of `value` and `callback`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arguments: Option<Vec<Recipe>>,
        /// What the callback does after it was recorded. Implies `callback`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        steps: Vec<Self>,
        /// Keep the message under this name, for `set`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bind: Option<String>,
        /// Record `this` of the callback.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        details: bool,
        /// Call the function detached from its owner, as `const { send } = process` would.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        detached: bool,
        /// The second argument: the handle kept under this name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        handle: Option<String>,
        /// Send the native handle inside of it (`handle._handle`), as cluster does.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        native: bool,
        /// `options.keepOpen` of a send with a handle.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        keep_open: bool,
    },
    /// Sends `times` small messages `{"n": 0}`, `{"n": 1}` … in one turn; records nothing.
    Burst {
        /// How many.
        times: u32,
        /// Additional payload of each, in characters, under the key `pad`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pad: Option<u32>,
    },
    /// Assigns a property of a message that was sent with `bind`.
    Set {
        /// The name given in `bind`.
        object: String,
        /// The property.
        key: String,
        /// The new value.
        value: Recipe,
    },
    /// Sends messages whose line is `bytes` long (with its LF), one a turn, until the callback
    /// of one has not been called a turn later: the kernel's buffer is full and exactly that
    /// message is queued. The peer must not be reading.
    Fill {
        /// Length of the line, at least 3.
        bytes: u32,
    },
    /// `disconnect()`.
    Disconnect {},
    /// `channel.ref()`.
    Ref {},
    /// `channel.unref()`.
    Unref {},
    /// `subprocess.ref()`. Parent only.
    RefProcess {},
    /// `subprocess.unref()`. Parent only.
    UnrefProcess {},
    /// `subprocess.kill(signal)`. Parent only.
    Kill {
        /// Name of the signal, or `0`; Node's default when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signal: Option<String>,
    },
    /// `process.exit(code)`.
    Exit {
        /// The code.
        #[serde(default)]
        code: i32,
    },
    /// `process.abort()`.
    Abort {},
    /// Kills the own process with SIGKILL.
    KillSelf {},
    /// Throws an error that the driver does not catch.
    Throw {
        /// The error.
        error: Thrown,
    },
    /// Aborts the AbortController given to the launch with `signal`. Parent only.
    AbortSignal {},
    /// Adds a listener that records its call and then performs `steps` synchronously.
    On {
        /// The event, of the ChildProcess in the parent and of process in the child; for
        /// `uncaughtException`, `unhandledRejection`, `beforeExit`, `processExit` always of
        /// process.
        event: Event,
        /// Name under which calls are recorded, and by which `off` finds it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Add it with `once`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        once: bool,
        /// Make it an async function that rejects with this error after its steps.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rejects: Option<Thrown>,
        /// Record `this` and the number of arguments.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        details: bool,
        /// Perform `steps` only for the first this-many calls; all calls when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        times: Option<u32>,
        /// What it does. A `throw` leaves the listener.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        steps: Vec<Self>,
    },
    /// Removes the listener of that name (`removeListener`); without a name, the one that
    /// [`RolePlan::listeners`] added.
    Off {
        /// The event.
        event: Event,
        /// The listener.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// `removeAllListeners(event)`, or `removeAllListeners()` without one.
    OffAll {
        /// The event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event: Option<Event>,
    },
    /// Reads a property of the ChildProcess (parent) or process (child) and records it.
    Read {
        /// Which.
        property: Property,
    },
    /// Assigns `connected`.
    SetConnected {
        /// The new value.
        value: bool,
    },
    /// Looks at the process and records what it finds.
    Inspect {
        /// At what.
        what: Inspect,
    },
    /// Records a mark now or later.
    Mark {
        /// Its name.
        name: String,
        /// In which part of the event loop.
        #[serde(default)]
        when: When,
    },
    /// Starts the part of the plan that shows a clause: records a mark `section CLAUSE`, and
    /// unless `silent` sends the same words as a message, so that both logs are cut alike.
    Section {
        /// The clause.
        clause: String,
        /// Send no message.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        silent: bool,
    },
    /// Performs steps in one synchronous turn, started from the check phase (`setImmediate`).
    Turn {
        /// The steps; none of them may wait.
        steps: Vec<Self>,
    },
    /// Waits until this role has recorded `count` calls of listeners of the event.
    ///
    /// This and the other two awaits give up, with a `gave-up` record, and the next step
    /// follows: after [`Setup::patience_ms`]; or one settle time after the peer is gone (in the
    /// parent: the child has exited and the channel is closed; in the child: the channel is
    /// closed), unless what is awaited has happened by then or is itself such an event.
    Await {
        /// The event.
        event: Event,
        /// Count only calls whose first argument has exactly this description.
        #[serde(
            default,
            deserialize_with = "crate::recipe::present",
            skip_serializing_if = "Option::is_none"
        )]
        value: Option<Recipe>,
        /// How many, from the start of the role.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        count: u32,
    },
    /// Waits until `count` callbacks of `send` have been recorded.
    AwaitCallbacks {
        /// How many, from the start of the role.
        count: u32,
    },
    /// Creates the signal's file and records it.
    Signal {
        /// Its name.
        name: String,
    },
    /// Waits for a signal of the other role.
    AwaitSignal {
        /// Its name.
        name: String,
        /// Block the whole process meanwhile: no event loop runs, nothing is read.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        blocking: bool,
    },
    /// Waits the calibrated time in which anything that is going to happen by itself does.
    Settle {
        /// Block the whole process meanwhile.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        blocking: bool,
    },
    /// Keeps the process alive, by a timer, until the role ends or `release` is performed.
    Hold {},
    /// Ends `hold`.
    Release {},
    /// Makes a server or a UDP socket, has it listen on the loopback interface or at a path, and
    /// keeps it under a name, by which both roles can reach it. Waits until it listens.
    Listen {
        /// The name.
        name: String,
        /// What it listens on.
        over: Transport,
        /// Make it only: it neither listens nor is it bound.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        idle: bool,
        /// `options.pauseOnConnect` of the server.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pause: bool,
        /// `options.allowHalfOpen` of the server.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        half_open: bool,
        /// `server.maxConnections`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
        /// More options of `server.listen()`, or others in place of its port, host and path.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        options: Option<Recipe>,
    },
    /// Connects to what either role listens on under the name `to`, and keeps the socket. Waits
    /// until it is connected.
    Connect {
        /// Name of the socket.
        name: String,
        /// Where to.
        to: String,
        /// `options.allowHalfOpen` of the socket.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        half_open: bool,
    },
    /// Keeps the next connection of a server. Waits until there is one.
    Accept {
        /// The server.
        from: String,
        /// Name of the socket.
        name: String,
    },
    /// Keeps the next handle that came with a message. Waits until there is one.
    Take {
        /// Its name.
        name: String,
    },
    /// Keeps a stream that the process has anyway.
    Keep {
        /// Its name.
        name: String,
        /// Which.
        what: OwnStream,
    },
    /// Writes text to a socket, or sends it from a UDP socket. Waits for the callback and
    /// records its argument.
    Write {
        /// The socket.
        handle: String,
        /// What is written.
        text: String,
        /// Where a datagram goes: what either role listens on under this name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    },
    /// Waits for data and records it: the next datagram of a UDP socket; of a stream `bytes`
    /// bytes, or all until its end.
    Receive {
        /// The socket.
        handle: String,
        /// How many bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes: Option<u32>,
        /// Leave what was read in the socket's buffer, and record no text: wait until `bytes`
        /// have been read from the kernel.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        buffered: bool,
    },
    /// `socket.end()`. Waits until all is written.
    End {
        /// The socket.
        handle: String,
    },
    /// Looks at a handle and records its description, see [`Tagged::Handle`](crate::Tagged).
    Look {
        /// The handle.
        handle: String,
    },
    /// `server.getConnections()`. The answer is recorded when it comes.
    Connections {
        /// The server.
        handle: String,
    },
    /// `server.close()`, `socket.destroy()` or `close()` of a UDP socket. That it is closed is
    /// recorded when it is.
    Close {
        /// The handle.
        handle: String,
    },
    /// Waits until something was recorded of a handle `count` times.
    AwaitHandle {
        /// The handle.
        handle: String,
        /// What.
        what: HandleEvent,
        /// How many, from the start of the role.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        count: u32,
    },
    /// Replaces a function of the runtime for the rest of the process's life.
    Patch {
        /// `BigInt.prototype.toJSON`, `Object.prototype.toJSON`, `JSON.stringify`, `JSON.parse`,
        /// `process.send`.
        target: String,
        /// What it does from then on.
        behaviour: crate::Behaviour,
    },
    /// Starts the child of the plan with one end of a new channel, and keeps the other. Only the
    /// raw peer performs this step and those after it; see [`Link`](super::Link).
    RawLaunch {
        /// What the channel is made of.
        #[serde(default)]
        over: Wire,
        /// Number of the child's end in the child, 3 to 9.
        #[serde(default = "three")]
        descriptor: u8,
        /// Variables of the child's environment, in place of `NODE_CHANNEL_FD` with the number
        /// and `NODE_CHANNEL_SERIALIZATION_MODE` with the plan's serialization, or beside them.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        env: BTreeMap<String, String>,
        /// Variables that the child does not get.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unset: Vec<String>,
    },
    /// Waits until the child has ended, and records it as the event `exit`. Parent only.
    RawWait {},
    /// Opens a descriptor and keeps it under a name. What listens or is bound can be reached by
    /// this name from the other role.
    RawOpen {
        /// The name.
        name: String,
        /// What.
        kind: DescriptorKind,
        /// Name of the other end, of `tcp`, `unix` and `pipe`. `name` is the reading end of a pipe.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        far: Option<String>,
        /// Leave it blocking, as Node never does.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        blocking: bool,
    },
    /// Writes bytes in one write, and waits until the other side has read them: what the next
    /// step writes comes with another read.
    RawWrite {
        /// The bytes.
        parts: Vec<Part>,
        /// Write so many of them at a time, each time waiting until they were read; 32 KiB when
        /// absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        split: Option<u32>,
        /// Wait only until the kernel has taken all of them. Nothing that is written later can
        /// be waited for.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unread: bool,
        /// Names of descriptors that go with the first byte.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        descriptors: Vec<String>,
        /// The descriptor of that name in place of the channel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<String>,
    },
    /// Writes these bytes again and again, until the kernel takes no more of them. The other side
    /// must not be reading.
    RawFill {
        /// The bytes, at most 4 KiB.
        parts: Vec<Part>,
    },
    /// Reads and records what comes, with the descriptors that come with it.
    RawRead {
        /// How much.
        until: Until,
        /// Names for the descriptors, in their order; others are closed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        keep: Vec<String>,
        /// The descriptor of that name in place of the channel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<String>,
    },
    /// `shutdown(2)`.
    RawShutdown {
        /// Which directions.
        direction: Direction,
        /// The descriptor of that name in place of the channel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<String>,
    },
    /// `close(2)`.
    RawClose {
        /// The descriptor of that name in place of the channel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<String>,
    },
}

impl Step {
    /// The name, as in `do`.
    pub fn name(&self) -> String {
        let json = serde_json::to_value(self).unwrap_or_default();
        json["do"].as_str().unwrap_or_default().to_owned()
    }

    /// Whether it takes more than one turn of the event loop: it cannot stand in a turn, a
    /// listener or a callback.
    pub fn waits(&self) -> bool {
        matches!(
            self,
            Self::Turn { .. }
                | Self::Await { .. }
                | Self::AwaitCallbacks { .. }
                | Self::AwaitSignal { blocking: false, .. }
                | Self::Settle { blocking: false }
                | Self::Fill { .. }
                | Self::Listen { .. }
                | Self::Connect { .. }
                | Self::Accept { .. }
                | Self::Take { .. }
                | Self::Write { .. }
                | Self::Receive { .. }
                | Self::End { .. }
                | Self::AwaitHandle { .. }
        )
    }

    /// Whether only the parent can perform it.
    pub fn is_for_parent(&self) -> bool {
        matches!(
            self,
            Self::Fork(_)
                | Self::Spawn(_)
                | Self::SpawnSync(_)
                | Self::ExecFileSync(_)
                | Self::ClusterFork { .. }
                | Self::RefProcess {}
                | Self::UnrefProcess {}
                | Self::Kill { .. }
                | Self::AbortSignal {}
                | Self::RawLaunch { .. }
                | Self::RawWait {}
        )
    }

    /// Whether only the raw peer can perform it.
    pub fn is_raw(&self) -> bool {
        matches!(
            self,
            Self::RawLaunch { .. }
                | Self::RawWait {}
                | Self::RawOpen { .. }
                | Self::RawWrite { .. }
                | Self::RawFill { .. }
                | Self::RawRead { .. }
                | Self::RawShutdown { .. }
                | Self::RawClose { .. }
        )
    }

    /// Whether the raw peer can perform it.
    pub fn is_for_raw_peer(&self) -> bool {
        self.is_raw()
            || matches!(
                self,
                Self::Signal { .. }
                    | Self::AwaitSignal { .. }
                    | Self::Mark { when: When::Now, .. }
                    | Self::Section { .. }
                    | Self::Settle { .. }
                    | Self::Exit { .. }
                    | Self::KillSelf {}
            )
    }
}

fn three() -> u8 {
    3
}

fn one() -> u32 {
    1
}

fn is_one(count: &u32) -> bool {
    *count == 1
}
