//! A relay in the child's place, which copies the channel in both directions and writes it down.
//!
//! ```text
//! parent ── socket ── relay ── socket ── child
//!                       └── recording
//! ```
//!
//! The relay is this program, started in place of the child's with [`main`]: it finds the channel
//! at `NODE_CHANNEL_FD`, makes a second socket pair, and starts the real program with an end of
//! it at the same number, and with its own arguments, environment, working directory and other
//! descriptors. What differs for the two:
//!
//! - The pid that the parent sees is the relay's. Signals come by way of it; one that stops a
//!   process stops the relay, and a key press that interrupts is not sent twice.
//! - A program that cannot be started shows as an exit with 127.
//! - More bytes can be under way: those in the relay and in a second pair of sockets.
//! - The channel closes when the child has ended, even if another process holds its end.
//!
//! It ends as the child has ended, once all that the child has sent was passed on.
//!
//! Without a channel, the real program takes its place at once.

mod child;
mod lane;
mod messages;
mod recording;
mod relay;
mod signals;
mod start;
mod wire;

use std::ffi::OsString;
use std::path::PathBuf;

use ipc_plan::Schedule;
use serde::{Deserialize, Serialize};

pub use messages::{Decode, Decoded, Line, LineKind, Messages, lines, undecoded};
pub use recording::{End, Entry, OnWire, RecordingError, SCHEMA, check_room, read};
pub use signals::{Forwarder, end_like, wait};
pub use start::{main, run};

/// The first word of a relay's arguments; the second is the [`Order`] in JSON, and the rest is the
/// child's command.
pub const RELAY: &str = "tap-relay";

/// What a relay is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The recording that it appends to.
    pub record: PathBuf,
    /// What it does beside passing everything on.
    #[serde(default)]
    pub schedule: Option<Schedule>,
    /// The settle time of the schedule, in milliseconds.
    #[serde(default)]
    pub settle_ms: u64,
}

impl Order {
    /// The words to put before the command of a child, after the program that runs [`main`].
    pub fn words(&self) -> [String; 2] {
        [RELAY.to_owned(), serde_json::to_string(self).unwrap_or_default()]
    }
}

/// The arguments of a relay or of the stage between it and the child, if these are such.
///
/// A parent may put flags for the child's program before them (`execArgv`); they are put where
/// they belong.
pub fn arguments(arguments: impl IntoIterator<Item = OsString>) -> Option<Vec<OsString>> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    let flag = |word: &OsString| word.as_encoded_bytes().starts_with(b"-");
    let place = arguments.iter().position(|word| !flag(word))?;
    if arguments[place] != RELAY && arguments[place] != child::STAGE {
        return None;
    }
    // The word, the order and the program come before what the program gets.
    let own = arguments.len().min(place + 3);
    arguments[..own].rotate_left(place);
    Some(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &[&str], expect: Option<&[&str]>) {
        let found = arguments(given.iter().map(OsString::from));
        let expect = expect.map(|words| words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(found, expect);
    }

    #[test]
    fn flags_before_the_relay_are_the_program_s() {
        check(&["tap-relay", "{}", "node", "x.js"], Some(&["tap-relay", "{}", "node", "x.js"]));
        check(
            &["--a", "--b", "tap-relay", "{}", "node", "x.js"],
            Some(&["tap-relay", "{}", "node", "--a", "--b", "x.js"]),
        );
        check(&["run", "tap-relay"], None);
        check(&[], None);
    }
}
