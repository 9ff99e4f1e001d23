use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Events that a plan can listen to.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// `'message'`: an ordinary message.
    Message,
    /// `'internalMessage'`: a reserved message.
    InternalMessage,
    /// `'disconnect'`.
    Disconnect,
    /// `'spawn'` of the ChildProcess.
    Spawn,
    /// `'exit'` of the ChildProcess: arguments code and signal.
    Exit,
    /// `'close'` of the ChildProcess: arguments code and signal.
    Close,
    /// `'error'`.
    Error,
    /// `'uncaughtException'` of process.
    UncaughtException,
    /// `'unhandledRejection'` of process.
    UnhandledRejection,
    /// `'beforeExit'` of process: argument code.
    BeforeExit,
    /// `'exit'` of process: argument code.
    ProcessExit,
    /// `'data'` of the child's piped stdout, collected and decoded; recorded once, at its end.
    Stdout,
    /// `'message'` of the cluster worker: `cluster.worker`, or what `cluster-fork` has made.
    WorkerMessage,
    /// `'online'` of the cluster worker. Parent only.
    WorkerOnline,
    /// `'disconnect'` of the cluster worker.
    WorkerDisconnect,
    /// `'exit'` of the cluster worker: arguments code and signal. Parent only.
    WorkerExit,
    /// `'fork'` of cluster. As of all events of cluster, its first argument is the worker's id.
    ClusterFork,
    /// `'online'` of cluster.
    ClusterOnline,
    /// `'listening'` of cluster: the second argument is the address.
    ClusterListening,
    /// `'disconnect'` of cluster.
    ClusterDisconnect,
    /// `'exit'` of cluster: after the worker code and signal.
    ClusterExit,
}

impl Event {
    /// The name used in plans and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::InternalMessage => "internalMessage",
            Self::Disconnect => "disconnect",
            Self::Spawn => "spawn",
            Self::Exit => "exit",
            Self::Close => "close",
            Self::Error => "error",
            Self::UncaughtException => "uncaughtException",
            Self::UnhandledRejection => "unhandledRejection",
            Self::BeforeExit => "beforeExit",
            Self::ProcessExit => "processExit",
            Self::Stdout => "stdout",
            Self::WorkerMessage => "workerMessage",
            Self::WorkerOnline => "workerOnline",
            Self::WorkerDisconnect => "workerDisconnect",
            Self::WorkerExit => "workerExit",
            Self::ClusterFork => "clusterFork",
            Self::ClusterOnline => "clusterOnline",
            Self::ClusterListening => "clusterListening",
            Self::ClusterDisconnect => "clusterDisconnect",
            Self::ClusterExit => "clusterExit",
        }
    }

    /// Whether only the parent can have it.
    pub fn is_for_parent(self) -> bool {
        matches!(
            self,
            Self::Spawn
                | Self::Exit
                | Self::Close
                | Self::Stdout
                | Self::WorkerOnline
                | Self::WorkerExit
                | Self::ClusterFork
                | Self::ClusterOnline
                | Self::ClusterListening
                | Self::ClusterDisconnect
                | Self::ClusterExit
        )
    }

    /// Whether it is one of cluster, or of a cluster worker.
    pub fn is_of_cluster(self) -> bool {
        self.name().starts_with("worker") || self.name().starts_with("cluster")
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a server listens on, or a UDP socket is bound to.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// A TCP port of 127.0.0.1, chosen by the kernel.
    Tcp,
    /// A Unix socket in the folder of the play.
    Unix,
    /// A UDP port of 127.0.0.1, chosen by the kernel.
    Udp4,
}

/// What happens to a handle outside the steps.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum HandleEvent {
    /// It is closed.
    Closed,
    /// The answer of `connections` has come.
    Connections,
    /// Its `'error'`.
    Error,
}

/// A stream that a process has without making it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum OwnStream {
    /// `process.stdout`.
    Stdout,
    /// `subprocess.stdout`. Parent only.
    ChildStdout,
}

/// Properties that a plan can read.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Property {
    /// `connected`.
    Connected,
    /// `channel`.
    Channel,
    /// `killed` of the ChildProcess.
    Killed,
    /// `exitCode` of the ChildProcess.
    ExitCode,
    /// `signalCode` of the ChildProcess.
    SignalCode,
    /// Whether `pid` is a number.
    Pid,
    /// `stdio` of the ChildProcess, as an array of `null` and `stream`.
    Stdio,
}

/// What a process can look at, of itself.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Inspect {
    /// The `NODE_CHANNEL_*` and `NODE_UNIQUE_ID` variables: `{block: {…}, visible: {…}}`, in the
    /// environment block the process was started with and as the program sees them now.
    ChannelVariables,
    /// The same two variables as a process started by this one (without a channel) gets them.
    GrandchildVariables,
    /// The channel's descriptor: `{socket, closeOnExec, nonBlocking}`, three booleans.
    ChannelDescriptor,
    /// Whether the process is `{groupLeader, sessionLeader}`.
    Session,
    /// The runtime's own arguments before the script (`process.execArgv`).
    ExecArgv,
    /// The presence and type of `send`, `disconnect`, `connected` and `channel`:
    /// an object of `typeof` words.
    Surface,
    /// `Surface` as a worker thread of this process sees it.
    WorkerSurface,
    /// Own property names that the channel added to the ChildProcess or process, sorted, apart
    /// from the deprecated `_channel`.
    OwnKeys,
    /// Numbers of listeners the runtime itself has added.
    ListenerCounts,
    /// `typeof` of `channel.ref`, `channel.unref`, `channel.fd`.
    ChannelSurface,
    /// The deprecated `_channel` alias: `{present, own, enumerable}`.
    ChannelAlias,
    /// The memory of the views in the message that came last: `{views, overlapping, shared}`,
    /// how many there are, whether a byte belongs to two of them, and whether they have one
    /// ArrayBuffer together.
    ReceivedViews,
    /// The same without `shared`: `{views, overlapping}`.
    ReceivedOverlaps,
    /// Cluster: `{isPrimary, isWorker, policy, workers, worker}`; the ids of the workers, and of the
    /// own one `{id, state, exitedAfterDisconnect, connected, dead}`.
    Cluster,
}

/// How a cluster primary deals out connections.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum SchedulingPolicy {
    /// `cluster.SCHED_NONE`: the workers share the listening socket.
    None,
    /// `cluster.SCHED_RR`: the primary accepts, and gives the connections to the workers in turn.
    RoundRobin,
}

/// A part of the event loop.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// At once.
    #[default]
    Now,
    /// `process.nextTick`.
    Tick,
    /// A promise reaction.
    Micro,
    /// `setImmediate`.
    Immediate,
    /// `setTimeout(…, 0)`.
    Timer,
}
