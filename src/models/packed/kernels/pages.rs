//! Memory of weights, in large pages where the system gives them.
//!
//! Every block of rows goes through all weights of a layer, a panel at a time: in pages of 4 KiB, which page is where is looked up for
//! every thousand values, and a model is loaded page by page.

/// `size` times `empty`.
pub(super) fn filled<T: Copy>(empty: T, size: usize) -> Vec<T> {
    let mut values: Vec<T> = Vec::with_capacity(size);
    // Before anything is written: a page is as large as it is when it is first written to.
    #[cfg(target_os = "linux")]
    in_large_pages(values.spare_capacity_mut());
    values.resize(size, empty);
    values
}

/// Asks for large pages for what of `memory` is whole pages. Where the system has none, nothing changes.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "a system call about memory")]
fn in_large_pages<T>(memory: &mut [std::mem::MaybeUninit<T>]) {
    use nix::sys::mman::{MmapAdvise, madvise};
    use std::ptr::NonNull;

    /// The least that is worth asking for, and what a range begins and ends at.
    const LARGE: usize = 2 << 20;
    let bytes = size_of_val(memory);
    let start: *mut u8 = memory.as_mut_ptr().cast();
    let skipped = start.align_offset(LARGE);
    let Some(whole) = bytes.checked_sub(skipped).map(|left| left / LARGE * LARGE).filter(|&left| left > 0)
    else {
        return;
    };
    // SAFETY: `skipped` and `whole` together are no more than the bytes of `memory`, which is borrowed mutably; the advice changes no
    // content.
    let range = NonNull::new(unsafe { start.add(skipped) });
    if let Some(range) = range {
        // Refused by a kernel without large pages; then pages stay as they are.
        // SAFETY: as above.
        let _ = unsafe { madvise(range.cast(), whole, MmapAdvise::MADV_HUGEPAGE) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_is_filled_whatever_the_size() {
        for size in [0, 1, 1000, 1 << 19, (3 << 20) + 5] {
            let mut values = filled(1.5f32, size);
            assert_eq!(values.len(), size);
            assert!(values.iter().all(|&value| value == 1.5));
            values.push(2.0);
        }
    }
}
