//! What happens between fork and exec: descriptors at chosen numbers, signals, session and groups.

use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::signal::{SigHandler, Signal};
use rustix::fs::{FileType, fstat};
use rustix::io::{Errno, dup2, fcntl_dupfd_cloexec};

/// Descriptors that a child gets beyond the first three, and whether it leads its own session.
///
/// std tells its parent of a failed exec through a pipe (or socket) of its own, which takes the
/// lowest free numbers. If one of those were a target, it would be replaced in the child: a missing
/// program would look started, and std's report would arrive on the channel. So each target is taken in
/// this process until the child runs. A target that somebody else holds here is as good, unless it
/// is closed meanwhile: the child looks before it replaces, and if another has come there, fails,
/// and is started again.
#[derive(Debug, Default)]
pub(super) struct ExecPlan {
    mappings: Vec<Mapping>,
    session: bool,
    no_groups: bool,
}

#[derive(Debug)]
struct Mapping {
    source: OwnedFd,
    target: RawFd,
    /// The pipe or socket that is known to be at `target` in this process.
    known: Arc<AtomicU64>,
}

impl ExecPlan {
    /// Gives the child `source` under the number `target`.
    pub(super) fn map(&mut self, source: OwnedFd, target: RawFd) {
        self.mappings.push(Mapping { source, target, known: Arc::default() });
    }

    /// Makes the child leader of its own session.
    pub(super) fn own_session(&mut self) {
        self.session = true;
    }

    /// Makes the child give up its supplementary groups, where it may.
    pub(super) fn give_up_groups(&mut self) {
        self.no_groups = true;
    }

    /// Starts the command according to the plan.
    pub(super) fn spawn(self, command: &mut Command) -> io::Result<Child> {
        self.install(command)?;
        let mut attempts = 1;
        loop {
            let _reserved = self.reserve(attempts)?;
            let result = command.spawn();
            let changed = result
                .as_ref()
                .is_err_and(|error| error.raw_os_error() == Some(CHANGED.raw_os_error()));
            if !changed || attempts >= MAX_ATTEMPTS {
                return result;
            }
            attempts *= 2;
        }
    }

    /// Takes the targets in this process, or notes who has them: a number that is busy is tried
    /// for so many times, since others may let go of it.
    fn reserve(&self, attempts: usize) -> io::Result<Vec<OwnedFd>> {
        let mut reserved = Vec::with_capacity(self.mappings.len());
        for mapping in &self.mappings {
            for _ in 0..attempts {
                let fd = fcntl_dupfd_cloexec(&mapping.source, mapping.target)?;
                if fd.as_raw_fd() == mapping.target {
                    reserved.push(fd);
                    break;
                }
            }
            mapping.known.store(identity(mapping.target), Ordering::Relaxed);
        }
        Ok(reserved)
    }

    #[expect(unsafe_code, reason = "std has no other way to run code between fork and exec")]
    fn install(&self, command: &mut Command) -> io::Result<()> {
        // The sources lie above all targets, so that placing one cannot overwrite another.
        let above = self.mappings.iter().map(|mapping| mapping.target + 1).max().unwrap_or(3);
        let mut placements = Vec::with_capacity(self.mappings.len());
        for Mapping { source, target, known } in &self.mappings {
            placements.push((fcntl_dupfd_cloexec(source, above)?, *target, Arc::clone(known)));
        }
        let (session, no_groups) = (self.session, self.no_groups);
        let between = move || {
            heed_signals();
            if no_groups {
                let _not_allowed = rustix::thread::set_thread_groups(&[]);
            }
            if session {
                rustix::process::setsid()?;
            }
            for (_, target, known) in &placements {
                let found = identity(*target);
                if found != NOTHING && found != known.load(Ordering::Relaxed) {
                    return Err(CHANGED.into());
                }
            }
            for (source, target, _) in &placements {
                place(source, *target)?;
            }
            Ok(())
        };
        // SAFETY: between fork and exec only async-signal-safe calls are made: signal(3),
        // setgroups(2), setsid(2), fstat(2) and dup2(2). Nothing is allocated, locked or freed; a
        // failure is a bare errno.
        unsafe { command.pre_exec(between) };
        Ok(())
    }
}

/// Lets no signal be ignored because this process ignores it, as libuv does in `uv_spawn`
/// (`src/unix/process.c`). std unblocks them all.
#[expect(unsafe_code, reason = "a handler could be anything")]
fn heed_signals() {
    for signal in Signal::iterator() {
        // SAFETY: the default is no code of this process. Two signals cannot be set, and have it.
        let _always_default = unsafe { nix::sys::signal::signal(signal, SigHandler::SigDfl) };
    }
}

/// Which pipe or socket has this number in this process: what std's report may travel on.
#[expect(unsafe_code, reason = "the descriptor may belong to anybody")]
fn identity(number: RawFd) -> u64 {
    // SAFETY: borrowed for one fstat(2), which answers EBADF if the number is not open.
    let stat = fstat(unsafe { BorrowedFd::borrow_raw(number) }.as_fd());
    match stat.map(|stat| (FileType::from_raw_mode(stat.st_mode), stat.st_ino)) {
        Ok((FileType::Fifo | FileType::Socket, inode)) => inode,
        _ => NOTHING,
    }
}

/// The inode number that no pipe and no socket has.
const NOTHING: u64 = 0;

/// How the child says that a target changed hands. exec(2) itself never says so.
const CHANGED: Errno = Errno::BUSY;

const MAX_ATTEMPTS: usize = 1 << 14;

/// A duplicate of a descriptor of this process that is known by its number only.
#[expect(unsafe_code, reason = "a number is all the caller has")]
pub(super) fn duplicate(number: RawFd) -> io::Result<OwnedFd> {
    if number < 0 {
        return Err(Errno::BADF.into());
    }
    // SAFETY: borrowed for one fcntl(2), which answers EBADF if the number is not open.
    unsafe { BorrowedFd::borrow_raw(number) }.try_clone_to_owned()
}

/// dup2: afterwards `target` is open and survives exec.
#[expect(unsafe_code, reason = "dup2 wants an owner for the number it replaces")]
fn place(source: &OwnedFd, target: RawFd) -> io::Result<()> {
    // SAFETY: this is the forked child, about to exec. Whatever has this number here is a copy that
    // nobody uses again, and the new owner is never dropped.
    let mut target = ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(target) });
    Ok(dup2(source, &mut target)?)
}
