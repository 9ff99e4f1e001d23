use std::io;
use std::path::PathBuf;

use ipc_plan::Role;

use crate::play::PlayError;
use crate::spec::Mistakes;

/// Why a runtime cannot take part.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeError {
    /// A name that cannot be part of a pairing.
    #[error("use the runtime name `{name}`: a name consists of letters, digits, `-`, `_` and `.`")]
    BadName {
        /// The name.
        name: String,
    },
    /// A name that has a meaning of its own.
    #[error("use the runtime name `{name}`: it is that of the {by}; give the runtime another")]
    Taken {
        /// The name.
        name: &'static str,
        /// Whose it is.
        by: &'static str,
    },
    /// A name that was given twice.
    #[error("tell the runtimes apart: two have the name `{name}`")]
    Twice {
        /// The name.
        name: String,
    },
    /// A file of a runtime that decides nothing.
    #[error(
        "use the runtime `{name}` as the reference: its file does not say `reference = true`, as that of a Node does; name a Node with `--reference`"
    )]
    NoReference {
        /// The name.
        name: String,
    },
    /// A runtime file that is none.
    #[error("read the runtime file: it has mistakes\n{0}")]
    File(#[from] Mistakes),
    /// A folder of runtime files that cannot be read.
    #[error("read the folder of runtime files {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Neither a known runtime nor one with a command.
    #[error(
        "find the runtime `{name}`: it is none of node, bun, deno and rust, and there is no file of it; say how it is started with `--runtime {name}=COMMAND`"
    )]
    Unknown {
        /// The name.
        name: String,
    },
    /// A command that a shell could not split into words either.
    #[error(
        "read the command of the runtime `{name}`: `{command}` has an open quote or no words; write `{name}=PROGRAM ARGUMENTS`"
    )]
    BadCommand {
        /// The runtime.
        name: String,
        /// The command.
        command: String,
    },
    /// No such program.
    #[error("find the program `{program}` of the runtime `{name}` {place}; {hint}")]
    NotFound {
        /// The runtime.
        name: String,
        /// The program.
        program: String,
        /// Where it was looked for.
        place: &'static str,
        /// What to do.
        hint: String,
    },
    /// The file is there and is no program.
    #[error("start the runtime `{name}`: {} is not executable; `chmod +x` it, or name another with `{name}=COMMAND`", path.display())]
    NotExecutable {
        /// The runtime.
        name: String,
        /// The file.
        path: PathBuf,
    },
    /// The script to run is not there.
    #[error("find the driver {}; reinstall ipc-conformance, or build it in this repository with `cargo build`", path.display())]
    NoDriver {
        /// The script.
        path: PathBuf,
    },
    /// A path that a plan cannot express.
    #[error("use {} for the runtime `{name}`: its path is not UTF-8; move it, or link to it", path.display())]
    NotUtf8 {
        /// The runtime.
        name: String,
        /// The path.
        path: PathBuf,
    },
    /// The kernel refused to run it.
    #[error(
        "start the runtime `{name}` with `{command}`: {error}; check that the program is made for this machine"
    )]
    NotStarted {
        /// The runtime.
        name: String,
        /// The command.
        command: String,
        /// Why.
        error: String,
    },
    /// `describe` ended badly.
    #[error("describe the runtime `{name}`: `{command}` {ending}; {output}")]
    Died {
        /// The runtime.
        name: String,
        /// The command.
        command: String,
        /// How it ended.
        ending: String,
        /// What it printed; of very much the beginning.
        output: String,
    },
    /// `describe` printed something else than a description.
    #[error(
        "read what `{command}` says of the runtime `{name}`: {error}; {output} where one line of JSON belongs; check that the command runs a driver"
    )]
    Garbage {
        /// The runtime.
        name: String,
        /// The command.
        command: String,
        /// Why it is none.
        error: String,
        /// The start of what it printed.
        output: String,
    },
    /// `describe` did not end.
    #[error(
        "describe the runtime `{name}`: `{command}` had not ended after {seconds} s and was killed; {output}; check that it does not wait for input"
    )]
    Hung {
        /// The runtime.
        name: String,
        /// The command.
        command: String,
        /// The limit.
        seconds: u64,
        /// The start of what it printed.
        output: String,
    },
    /// Its driver speaks another version of the contract.
    #[error(
        "use the runtime `{name}`: its driver speaks version {found} of the driver contract, and version {expected} is needed; take the driver of this release"
    )]
    WrongProtocol {
        /// The runtime.
        name: String,
        /// What it speaks.
        found: u64,
        /// What is needed.
        expected: u32,
    },
    /// A Node that is older than what the clauses describe.
    #[error(
        "use {program}: Node {oldest} or newer is needed, found {found} at {program}; install one from https://nodejs.org, or name another program"
    )]
    TooOld {
        /// The oldest that can be used.
        oldest: u32,
        /// The version.
        found: String,
        /// The program.
        program: String,
    },
    /// Another version than its file says.
    #[error(
        "use the runtime `{name}`: its file says version {expected}, and it is {found}; {hint}"
    )]
    OtherVersion {
        /// The runtime.
        name: String,
        /// What the file says.
        expected: String,
        /// What its driver reports.
        found: String,
        /// What to do.
        hint: String,
    },
    /// Its driver does not keep the contract.
    #[error("believe the driver of the runtime `{name}`: {}given {given}, it must {expected}, but {observed}; see the driver contract in the documentation of ipc-plan", role_words(*role))]
    Unbelievable {
        /// The runtime.
        name: String,
        /// The role it was in.
        role: Option<Role>,
        /// What it was given.
        given: &'static str,
        /// What it must do.
        expected: String,
        /// What it did.
        observed: String,
    },
    /// It was not the runtime's fault.
    #[error(transparent)]
    Play(#[from] PlayError),
}

fn role_words(role: Option<Role>) -> String {
    role.map(|role| format!("in the {role} role, ")).unwrap_or_default()
}

impl RuntimeError {
    /// Whether what the user wrote can name no runtime; otherwise the machine lacks something.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::BadName { .. }
                | Self::BadCommand { .. }
                | Self::Taken { .. }
                | Self::Twice { .. }
                | Self::NoReference { .. }
                | Self::File(_)
                | Self::Folder { .. }
        )
    }
}
