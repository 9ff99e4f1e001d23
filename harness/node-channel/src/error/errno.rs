//! Names of operating system errors, as Node prints them.

use rustix::io::Errno;

/// The symbolic name of an errno, for those a channel or a spawn can meet.
pub(crate) fn errno_name(raw: i32) -> Option<&'static str> {
    NAMES.iter().find(|(errno, _)| errno.raw_os_error() == raw).map(|(_, name)| *name)
}

/// Whether a failed write says something about the peer, and nothing about this process or a
/// descriptor that was to go along.
pub(crate) fn is_of_the_peer(raw: i32) -> bool {
    // Compared as numbers: what a front end reports need not be an errno.
    [Errno::PIPE, Errno::CONNRESET, Errno::NOTCONN, Errno::CONNREFUSED]
        .map(Errno::raw_os_error)
        .contains(&raw)
}

const NAMES: &[(Errno, &str)] = &[
    (Errno::TOOBIG, "E2BIG"),
    (Errno::ACCESS, "EACCES"),
    (Errno::AGAIN, "EAGAIN"),
    (Errno::BADF, "EBADF"),
    (Errno::BUSY, "EBUSY"),
    (Errno::CANCELED, "ECANCELED"),
    (Errno::CONNREFUSED, "ECONNREFUSED"),
    (Errno::CONNRESET, "ECONNRESET"),
    (Errno::INVAL, "EINVAL"),
    (Errno::IO, "EIO"),
    (Errno::ISDIR, "EISDIR"),
    (Errno::LOOP, "ELOOP"),
    (Errno::MFILE, "EMFILE"),
    (Errno::NAMETOOLONG, "ENAMETOOLONG"),
    (Errno::NFILE, "ENFILE"),
    (Errno::NOBUFS, "ENOBUFS"),
    (Errno::NOENT, "ENOENT"),
    (Errno::NOEXEC, "ENOEXEC"),
    (Errno::NOMEM, "ENOMEM"),
    (Errno::NOTCONN, "ENOTCONN"),
    (Errno::NOTDIR, "ENOTDIR"),
    (Errno::NOTSOCK, "ENOTSOCK"),
    (Errno::PERM, "EPERM"),
    (Errno::PIPE, "EPIPE"),
    (Errno::SRCH, "ESRCH"),
    (Errno::TOOMANYREFS, "ETOOMANYREFS"),
    (Errno::TXTBSY, "ETXTBSY"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_ones_node_prints() {
        assert_eq!(errno_name(Errno::PIPE.raw_os_error()), Some("EPIPE"));
        assert_eq!(errno_name(Errno::NOENT.raw_os_error()), Some("ENOENT"));
        for odd in [0, -1, i32::MIN, i32::MAX] {
            assert_eq!(errno_name(odd), None);
        }
    }
}
