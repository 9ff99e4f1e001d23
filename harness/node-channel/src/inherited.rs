//! The child role: the channel that a parent left in the environment.

use std::env;
use std::ffi::OsStr;
use std::os::fd::{AsFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FileType, fstat};
use rustix::io::{Errno, fcntl_getfd};

use crate::channel::Channel;
use crate::error::EnvError;
use crate::proto::{Limits, Role, Serialization};

/// Where a parent announces the descriptor.
pub const CHANNEL_FD: &str = "NODE_CHANNEL_FD";

/// Where a parent announces the serialization.
pub const SERIALIZATION_MODE: &str = "NODE_CHANNEL_SERIALIZATION_MODE";

impl Channel {
    /// The channel to the parent that forked this process; `None` if it forked without one.
    ///
    /// Call it once, early. The descriptor becomes non-blocking and close-on-exec, so programs that
    /// this one starts do not inherit it; to keep the two variables from them, see [`scrub`] and
    /// [`remove_variables`].
    ///
    /// # Errors
    ///
    /// When the variables announce a channel that cannot be used: see [`EnvError`].
    /// [`AlreadyTaken`](EnvError::AlreadyTaken) if an earlier call gave it.
    pub fn from_env() -> Result<Option<Self>, EnvError> {
        Self::from_env_with(Limits::default())
    }

    /// As [`from_env`](Self::from_env), with limits for a parent that is not trusted.
    ///
    /// # Errors
    ///
    /// Those of [`from_env`](Self::from_env).
    pub fn from_env_with(limits: Limits) -> Result<Option<Self>, EnvError> {
        let variable = env::var_os(CHANNEL_FD);
        let mode = env::var_os(SERIALIZATION_MODE);
        let Some((announced, serialization)) = parse(variable.as_deref(), mode.as_deref())? else {
            return Ok(None);
        };
        static TAKEN: AtomicBool = AtomicBool::new(false);
        if TAKEN.swap(true, Ordering::Relaxed) {
            return Err(EnvError::AlreadyTaken);
        }
        let socket = take(announced).inspect_err(|_| TAKEN.store(false, Ordering::Relaxed))?;
        Self::new(socket, Role::Child, serialization, limits)
            .map(Some)
            .map_err(|source| EnvError::Os { source })
    }
}

/// Keeps the channel's variables from a program about to be started, as Node does for its
/// grandchildren.
pub fn scrub(command: &mut Command) -> &mut Command {
    command.env_remove(CHANNEL_FD).env_remove(SERIALIZATION_MODE)
}

/// Removes the channel's variables from the environment of this process, as Node does at its start.
///
/// # Safety
///
/// As for [`std::env::remove_var`]: no other thread may read or write the environment meanwhile,
/// through Rust or through C. At the top of `main`, before any thread is started, that is the case.
#[expect(unsafe_code, reason = "the environment is shared by all threads")]
pub unsafe fn remove_variables() {
    for name in [CHANNEL_FD, SERIALIZATION_MODE] {
        // SAFETY: the caller vouches for it.
        unsafe { env::remove_var(name) };
    }
}

/// Reads the two variables as Node does: the number as `parseInt(value, 10)`, an empty one as none.
fn parse(
    variable: Option<&OsStr>,
    mode: Option<&OsStr>,
) -> Result<Option<(u64, Serialization)>, EnvError> {
    let Some(variable) = variable.filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let announced = parse_int(&variable.to_string_lossy())
        .ok_or_else(|| EnvError::NotANumber { value: variable.to_owned() })?;
    match mode.unwrap_or_default().as_encoded_bytes() {
        b"" | b"json" => Ok(Some((announced, Serialization::Json))),
        b"advanced" => Ok(Some((announced, Serialization::Advanced))),
        _ => Err(EnvError::UnknownMode { value: mode.map(OsStr::to_owned).unwrap_or_default() }),
    }
}

/// `parseInt(text, 10)` where it gives a number ≥ 0.
fn parse_int(text: &str) -> Option<u64> {
    let text =
        text.trim_start_matches(|c: char| c.is_whitespace() && c != '\u{85}' || c == '\u{feff}');
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let mut number = 0_u64;
    for digit in digits.get(..end).filter(|digits| !digits.is_empty())?.bytes() {
        number = number.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    }
    (!negative || number == 0).then_some(number)
}

/// Takes the inherited descriptor with this number.
#[expect(unsafe_code, reason = "a descriptor that exec left behind has only a number")]
fn take(announced: u64) -> Result<OwnedFd, EnvError> {
    let fd = announced;
    let number = RawFd::try_from(announced).map_err(|_| EnvError::NotOpen { fd })?;
    // SAFETY: the parent left this descriptor for whoever reads NODE_CHANNEL_FD, and the caller
    // does so once per process, so nothing else owns it. If it is not open, it is given up below
    // without being closed.
    let socket = unsafe { OwnedFd::from_raw_fd(number) };
    let problem = match (fcntl_getfd(&socket), fstat(socket.as_fd())) {
        (Ok(_), Ok(stat)) if FileType::from_raw_mode(stat.st_mode) == FileType::Socket => {
            return Ok(socket);
        }
        (Err(Errno::BADF), _) => EnvError::NotOpen { fd },
        (Ok(_), Ok(_)) => EnvError::NotASocket { fd },
        (Err(error), _) | (_, Err(error)) => EnvError::Os { source: error.into() },
    };
    // Not ours after all.
    let _number = socket.into_raw_fd();
    Err(problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variable: &str, expected: Option<u64>) {
        assert_eq!(parse_int(variable), expected, "{variable:?}");
    }

    #[test]
    fn numbers_are_read_as_parse_int_does() {
        check("3", Some(3));
        check(" \t\n\u{a0}\u{feff}+12", Some(12));
        check("3abc", Some(3));
        check("3.7", Some(3));
        check("0x10", Some(0));
        check("-0", Some(0));
        check("007", Some(7));
        check("99999999999999999999999", Some(u64::MAX));
        check("-1", None);
        check("abc", None);
        check("", None);
        check("-", None);
        check("+ 3", None);
        check("\u{660}", None);
    }

    #[test]
    fn modes() {
        let mode = |mode: &str| parse(Some(OsStr::new("3")), Some(OsStr::new(mode)));
        assert!(matches!(parse(None, Some(OsStr::new("bogus"))), Ok(None)));
        assert!(matches!(parse(Some(OsStr::new("")), None), Ok(None)));
        assert!(matches!(parse(Some(OsStr::new("3")), None), Ok(Some((3, Serialization::Json)))));
        assert!(matches!(mode(""), Ok(Some((3, Serialization::Json)))));
        assert!(matches!(mode("json"), Ok(Some((3, Serialization::Json)))));
        assert!(matches!(mode("advanced"), Ok(Some((3, Serialization::Advanced)))));
        for unknown in ["JSON", " json", "x"] {
            assert!(
                matches!(mode(unknown), Err(EnvError::UnknownMode { value }) if value == unknown)
            );
        }
    }

    #[test]
    fn a_descriptor_that_is_not_open_is_an_error() {
        assert!(matches!(take(1_000_000), Err(EnvError::NotOpen { fd: 1_000_000 })));
        assert!(matches!(take(u64::MAX), Err(EnvError::NotOpen { .. })));
    }

    #[test]
    fn a_file_is_no_channel() {
        let file = std::fs::File::open("/dev/null").unwrap();
        let number = file.into_raw_fd();
        assert!(matches!(take(number as u64), Err(EnvError::NotASocket { .. })));
    }
}
