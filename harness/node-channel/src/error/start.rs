//! What can go wrong before there is a channel.

use std::ffi::OsString;
use std::{fmt, io};

use super::{Blame, errno_name};

/// A child could not be started. No process is left behind.
#[derive(Debug)]
#[non_exhaustive]
pub enum SpawnError {
    /// The operating system could not start the program: it is missing, not executable, or a
    /// resource ran out.
    Program {
        /// The program as it was given.
        program: OsString,
        /// What the operating system said. A missing working directory reads the same as a missing
        /// program.
        source: io::Error,
    },
    /// A descriptor for the child could not be prepared.
    Setup {
        /// What was being done: `socketpair`, `dup`, …
        doing: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// The channel was put at an index that stdio uses already.
    IndexTaken {
        /// The descriptor number.
        index: u32,
    },
    /// A descriptor number beyond what this process, and so the child, may have open.
    IndexTooLarge {
        /// The descriptor number.
        index: u32,
    },
    /// What was to be given to the child holds a NUL byte, which ends each string there.
    NulByte {
        /// Which one it is, in Node's words: `modulePath`, `args[0]`, `options.env['A']`.
        name: String,
        /// The string as it was given.
        value: OsString,
    },
}

impl SpawnError {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Program { .. } | Self::Setup { .. } => Blame::Os,
            Self::IndexTaken { .. } | Self::IndexTooLarge { .. } | Self::NulByte { .. } => {
                Blame::Caller
            }
        }
    }

    /// Node's `error.code`.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Program { source, .. } | Self::Setup { source, .. } => {
                source.raw_os_error().and_then(errno_name)
            }
            Self::IndexTaken { .. } | Self::IndexTooLarge { .. } | Self::NulByte { .. } => {
                Some("ERR_INVALID_ARG_VALUE")
            }
        }
    }

    /// Node's error class.
    pub fn name(&self) -> &'static str {
        match self {
            Self::IndexTaken { .. } | Self::IndexTooLarge { .. } | Self::NulByte { .. } => {
                "TypeError"
            }
            Self::Program { .. } | Self::Setup { .. } => "Error",
        }
    }
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program { program, source } => {
                write!(f, "spawn {} ", program.to_string_lossy())?;
                match self.code() {
                    Some(code) => f.write_str(code),
                    None => source.fmt(f),
                }
            }
            Self::Setup { doing, source } => write!(f, "{doing}: {source}"),
            Self::IndexTaken { index } => {
                write!(f, "descriptor {index} is both the channel and an entry of stdio")
            }
            Self::IndexTooLarge { index } => write!(
                f,
                "descriptor {index} is beyond what this process may have open (see ulimit -n)"
            ),
            Self::NulByte { name, value } => {
                let place = if name.contains('.') { "property" } else { "argument" };
                let value = value.to_string_lossy().replace('\0', "\\x00");
                write!(
                    f,
                    "The {place} '{name}' must be a string without null bytes. Received '{value}'"
                )
            }
        }
    }
}

impl std::error::Error for SpawnError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Program { source, .. } | Self::Setup { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// The environment announces a channel that cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum EnvError {
    /// `NODE_CHANNEL_FD` is not a number ≥ 0.
    NotANumber {
        /// The value found.
        value: OsString,
    },
    /// `NODE_CHANNEL_SERIALIZATION_MODE` is neither `json` nor `advanced`.
    UnknownMode {
        /// The value found.
        value: OsString,
    },
    /// The descriptor is not open: it was closed, or the variable was inherited without the
    /// descriptor.
    NotOpen {
        /// The number announced.
        fd: u64,
    },
    /// The descriptor is open, but is no socket.
    NotASocket {
        /// The number announced.
        fd: u64,
    },
    /// The channel of this process was taken before.
    AlreadyTaken,
    /// The descriptor could not be set up.
    Os {
        /// What the operating system said.
        source: io::Error,
    },
}

impl EnvError {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Os { .. } => Blame::Os,
            Self::AlreadyTaken => Blame::Caller,
            _ => Blame::Peer,
        }
    }

    /// Node's `error.code`.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::NotANumber { .. } => Some("ERR_INTERNAL_ASSERTION"),
            Self::NotOpen { .. } => Some("EBADF"),
            Self::NotASocket { .. } => Some("ENOTSOCK"),
            Self::Os { source } => source.raw_os_error().and_then(errno_name),
            Self::UnknownMode { .. } | Self::AlreadyTaken => None,
        }
    }

    /// Node's error class.
    pub fn name(&self) -> &'static str {
        match self {
            Self::UnknownMode { .. } => "TypeError",
            _ => "Error",
        }
    }
}

impl fmt::Display for EnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotANumber { value } => {
                write!(
                    f,
                    "NODE_CHANNEL_FD is {:?}, not a descriptor number",
                    value.to_string_lossy()
                )
            }
            Self::UnknownMode { value } => write!(
                f,
                "NODE_CHANNEL_SERIALIZATION_MODE is {:?}, neither \"json\" nor \"advanced\"",
                value.to_string_lossy()
            ),
            Self::NotOpen { fd } => write!(f, "descriptor {fd} of NODE_CHANNEL_FD is not open"),
            Self::NotASocket { fd } => write!(f, "descriptor {fd} of NODE_CHANNEL_FD is no socket"),
            Self::AlreadyTaken => f.write_str("the channel of this process was taken before"),
            Self::Os { source } => write!(f, "the inherited channel could not be set up: {source}"),
        }
    }
}

impl std::error::Error for EnvError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Os { source } => Some(source),
            _ => None,
        }
    }
}
