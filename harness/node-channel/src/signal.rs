//! Signals, by number and by the name Node prints.

use std::fmt;

/// A signal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signal(rustix::process::Signal);

impl Signal {
    /// Ctrl-C at a terminal.
    pub const INT: Self = Self(rustix::process::Signal::INT);
    /// A request to end.
    pub const TERM: Self = Self(rustix::process::Signal::TERM);
    /// The end without a word.
    pub const KILL: Self = Self(rustix::process::Signal::KILL);
    /// The terminal went away.
    pub const HUP: Self = Self(rustix::process::Signal::HUP);
    /// Stop until CONT.
    pub const STOP: Self = Self(rustix::process::Signal::STOP);
    /// Go on.
    pub const CONT: Self = Self(rustix::process::Signal::CONT);

    /// The signal with this number, if it has a name.
    pub fn from_number(number: i32) -> Option<Self> {
        rustix::process::Signal::from_named_raw(number).map(Self)
    }

    /// The signal with this name, as `SIGTERM`.
    pub fn from_name(name: &str) -> Option<Self> {
        (1..64).filter_map(Self::from_number).find(|signal| signal.name() == name)
    }

    /// Its number on this system.
    pub fn number(self) -> i32 {
        self.0.as_raw()
    }

    /// Its name, as `SIGTERM`.
    pub fn name(self) -> &'static str {
        use rustix::process::Signal as S;
        match self.0 {
            S::HUP => "SIGHUP",
            S::INT => "SIGINT",
            S::QUIT => "SIGQUIT",
            S::ILL => "SIGILL",
            S::TRAP => "SIGTRAP",
            S::ABORT => "SIGABRT",
            S::BUS => "SIGBUS",
            S::FPE => "SIGFPE",
            S::KILL => "SIGKILL",
            S::USR1 => "SIGUSR1",
            S::SEGV => "SIGSEGV",
            S::USR2 => "SIGUSR2",
            S::PIPE => "SIGPIPE",
            S::ALARM => "SIGALRM",
            S::TERM => "SIGTERM",
            #[cfg(target_os = "linux")]
            S::STKFLT => "SIGSTKFLT",
            S::CHILD => "SIGCHLD",
            S::CONT => "SIGCONT",
            S::STOP => "SIGSTOP",
            S::TSTP => "SIGTSTP",
            S::TTIN => "SIGTTIN",
            S::TTOU => "SIGTTOU",
            S::URG => "SIGURG",
            S::XCPU => "SIGXCPU",
            S::XFSZ => "SIGXFSZ",
            S::VTALARM => "SIGVTALRM",
            S::PROF => "SIGPROF",
            S::WINCH => "SIGWINCH",
            S::IO => "SIGIO",
            #[cfg(target_os = "linux")]
            S::POWER => "SIGPWR",
            S::SYS => "SIGSYS",
            _ => "SIG?",
        }
    }

    pub(crate) fn raw(self) -> rustix::process::Signal {
        self.0
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Signal;

    #[test]
    fn every_named_signal_has_a_name_and_is_found_by_it() {
        let named: Vec<Signal> = (1..32).filter_map(Signal::from_number).collect();
        assert!(named.len() >= 30, "{named:?}");
        for signal in named {
            assert!(
                signal.name().starts_with("SIG") && !signal.name().contains('?'),
                "{}",
                signal.number()
            );
            assert_eq!(Signal::from_name(signal.name()), Some(signal));
        }
        assert_eq!(Signal::from_name("SIGNOPE"), None);
    }
}
