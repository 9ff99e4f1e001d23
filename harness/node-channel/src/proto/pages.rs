//! Memory for long messages.

/// Decides what becomes of the memory of a buffer that is empty.
///
/// It takes longer to get memory from the kernel than to fill it. So a buffer for long messages is
/// kept while such messages come, and given back once a number of short ones have.
#[derive(Debug, Default)]
pub(super) struct Keep {
    /// The most bytes that were of use since the buffer was last empty.
    held: usize,
    /// How often it has been emptied since it was last needed as large as it is.
    unused: u32,
}

impl Keep {
    /// Says that so many bytes of the buffer are of use, or were until now.
    pub(super) fn note(&mut self, held: usize) {
        self.held = self.held.max(held);
    }

    /// Whether the buffer, which has become empty or nearly so, keeps its memory.
    pub(super) fn keeps(&mut self, buffer: &Vec<u8>) -> bool {
        let held = std::mem::take(&mut self.held);
        let needed = buffer.capacity() <= KEEP_BYTES || held >= buffer.capacity() / 4;
        self.unused = if needed { 0 } else { self.unused + 1 };
        self.unused < UNUSED
    }

    /// Keeps the memory of a buffer whose bytes are of no use any more, or gives it back.
    pub(super) fn tidy(&mut self, buffer: &mut Vec<u8>) {
        if !self.keeps(buffer) {
            *buffer = Vec::new();
        }
    }
}

/// A buffer that is no larger is always kept.
pub(super) const KEEP_BYTES: usize = 4 << 20;

/// A larger one is given back when it was emptied so often in a row with less than a quarter of it
/// in use.
const UNUSED: u32 = 16;

/// Asks the kernel for huge pages for a buffer: of use where it was not written to before.
///
/// Memory comes from the kernel at the first touch of each page. A buffer for a message of 100 MiB
/// has 25,600 pages of 4 KiB to be touched, which makes each of its bytes two to three times as
/// expensive. Of 2 MiB there are 50, but many systems give these to those only who ask.
///
/// A buffer of less than 4 MiB is not worth the call. The advice changes nothing but the speed, so a
/// kernel that does not take it is no error.
#[cfg(target_os = "linux")]
pub(super) fn prefer_huge(buffer: &mut Vec<u8>) {
    if buffer.capacity() < 2 * HUGE_PAGE {
        return;
    }
    // The whole first and last page, with what the allocator keeps there: of a mapping that is
    // advised only in part, the kernel makes two, which the allocator cannot grow in place.
    let page = rustix::param::page_size();
    let before = buffer.as_ptr().addr() % page;
    let start = buffer.as_mut_ptr().wrapping_sub(before);
    let length = (before + buffer.capacity()).next_multiple_of(page);
    #[expect(unsafe_code, reason = "advice is given about addresses")]
    // SAFETY: The pages are mapped, since some of the buffer is on each. Huge ones change neither
    // what is there nor what may be done with it.
    let _only_advice =
        unsafe { rustix::mm::madvise(start.cast(), length, rustix::mm::Advice::LinuxHugepage) };
}

/// The usual size of one.
#[cfg(target_os = "linux")]
const HUGE_PAGE: usize = 2 << 20;

/// Elsewhere the kernel chooses.
#[cfg(not(target_os = "linux"))]
pub(super) fn prefer_huge(_: &mut Vec<u8>) {}
