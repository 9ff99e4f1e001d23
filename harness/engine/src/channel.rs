//! What the raw peer and the relay know of a channel: where it is announced, where a message ends,
//! and bytes with descriptors on a socket.

use std::env;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::process::Command;

use command_fds::{CommandFdExt, FdMapping};
use ipc_plan::Serialization;
use rustix::io::{Errno, FdFlags, fcntl_getfd, fcntl_setfd, retry_on_intr};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// Where a parent announces the number of the descriptor.
pub(crate) const FD_VARIABLE: &str = "NODE_CHANNEL_FD";
/// Where a parent announces the serialization.
pub(crate) const SERIALIZATION_VARIABLE: &str = "NODE_CHANNEL_SERIALIZATION_MODE";

/// Bytes before the payload of a frame.
pub(crate) const PREFIX: usize = 4;
/// Descriptors in one message: the kernel passes no more.
const MOST_DESCRIPTORS: usize = 253;

/// The descriptor that the parent has announced, and its number. None that is not open or not
/// accepted: it is somebody else's, and is left as it is. To be called once in a process.
#[expect(unsafe_code, reason = "a descriptor that exec left behind has only a number")]
pub(crate) fn inherited(accept: impl Fn(BorrowedFd<'_>) -> bool) -> Option<(RawFd, OwnedFd)> {
    let number = env::var(FD_VARIABLE).ok()?.parse().ok().filter(|number: &RawFd| *number >= 0)?;
    // SAFETY: the parent left it for whoever reads the variable, which is done once, so nothing
    // else in this process owns it. If it is not open, it is given up below without being closed.
    let fd = unsafe { OwnedFd::from_raw_fd(number) };
    if fcntl_getfd(&fd).is_ok() && accept(fd.as_fd()) && fcntl_setfd(&fd, FdFlags::CLOEXEC).is_ok()
    {
        return Some((number, fd));
    }
    let _number = fd.into_raw_fd();
    None
}

/// Gives a descriptor to a command, which has it with this number.
pub(crate) fn give(command: &mut Command, fd: OwnedFd, number: RawFd) -> io::Result<()> {
    let mapping = FdMapping { parent_fd: fd, child_fd: number };
    command.fd_mappings(vec![mapping]).map(|_| ()).map_err(io::Error::other)
}

/// The first whole message, and how many bytes it takes with what is around it.
pub(crate) fn first_message(serialization: Serialization, bytes: &[u8]) -> Option<(&[u8], usize)> {
    match serialization {
        Serialization::Json => {
            let end = bytes.iter().position(|byte| *byte == b'\n')?;
            Some((&bytes[..end], end + 1))
        }
        Serialization::Advanced => {
            let (length, rest) = bytes.split_first_chunk::<PREFIX>()?;
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            Some((rest.get(..length)?, PREFIX + length))
        }
    }
}

/// One read, with all descriptors that came with its bytes. They are closed on exec.
pub(crate) fn receive(
    fd: BorrowedFd<'_>,
    buffer: &mut [u8],
    flags: RecvFlags,
) -> Result<(usize, Vec<OwnedFd>), Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = flags | RecvFlags::CMSG_CLOEXEC;
    let message =
        retry_on_intr(|| recvmsg(fd, &mut [IoSliceMut::new(buffer)], &mut control, flags))?;
    let came = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    Ok((message.bytes, came.flatten().collect()))
}

/// One write, with descriptors at its first byte.
pub(crate) fn send(
    fd: BorrowedFd<'_>,
    bytes: &[u8],
    descriptors: &[BorrowedFd<'_>],
    flags: SendFlags,
) -> Result<usize, Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(Errno::INVAL);
    }
    let flags = flags | SendFlags::NOSIGNAL;
    retry_on_intr(|| sendmsg(fd, &[IoSlice::new(bytes)], &mut control, flags))
}
