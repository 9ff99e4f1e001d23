//! Memory for long messages.

/// Asks the kernel for huge pages for a buffer: of use where it was not written to before.
///
/// Memory comes from the kernel at the first touch of each page, and that costs more than to copy
/// what goes there. A buffer for short messages is touched once and used again and again; one for a
/// message of 100 MiB has 25,600 pages of 4 KiB to be touched, which makes each of its bytes two to
/// three times as expensive. Of 2 MiB there are 50, but many systems give these to those only who
/// ask.
///
/// A buffer of less than 4 MiB is not worth the call. The advice changes nothing but the speed, so a
/// kernel that does not take it is no error.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "advice is given about addresses")]
pub(super) fn prefer_huge(buffer: &mut Vec<u8>) {
    if buffer.capacity() < WORTHWHILE_BYTES {
        return;
    }
    // The whole first and last page, with what the allocator keeps there: of a mapping that is
    // advised only in part, the kernel makes two, which the allocator cannot grow in place.
    let page = rustix::param::page_size();
    let before = buffer.as_ptr().addr() % page;
    let start = buffer.as_mut_ptr().wrapping_sub(before);
    let length = (before + buffer.capacity()).next_multiple_of(page);
    // SAFETY: Each of these pages is mapped, since some of the buffer is on it. The advice is about
    // the size of pages: it changes neither what is there nor what may be done with it.
    let _only_advice =
        unsafe { rustix::mm::madvise(start.cast(), length, rustix::mm::Advice::LinuxHugepage) };
}

/// Elsewhere the kernel chooses.
#[cfg(not(target_os = "linux"))]
pub(super) fn prefer_huge(_: &mut Vec<u8>) {}

/// Two huge pages of the usual size.
#[cfg(target_os = "linux")]
const WORTHWHILE_BYTES: usize = 4 << 20;
