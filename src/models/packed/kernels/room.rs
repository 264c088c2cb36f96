//! Memory that a thread's products use again and again.

use std::cell::Cell;

use super::parts::Tile;

/// What products need beside what they are given. It grows to what is asked of it and stays, so that the system is not asked for
/// memory, and memory is not cleared, with every layer.
#[derive(Default)]
pub(super) struct Room {
    pub(super) of: Both,
    /// The sums of a block of rows, or two such.
    pub(super) sums: Vec<f32>,
    /// The sums of all panels.
    pub(super) all_sums: Vec<f32>,
    /// A panel of weights that are held in half precision.
    pub(super) panel: Vec<f32>,
    pub(super) other_panel: Vec<f32>,
}

/// Of either kind of item.
#[derive(Default)]
pub(super) struct Both {
    pub(super) values: Rows<f32>,
    pub(super) tiles: Rows<Tile>,
}

/// Rows of activations as they are multiplied.
pub(super) struct Rows<T> {
    pub(super) input: Vec<T>,
    pub(super) hidden: Vec<T>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { input: Vec::new(), hidden: Vec::new() }
    }
}

/// Gives the thread's room to `work`.
#[inline(always)]
pub(super) fn with(work: impl FnOnce(&mut Room)) {
    thread_local! {
        static ROOM: Cell<Option<Box<Room>>> = const { Cell::new(None) };
    }
    let mut room = ROOM.take().unwrap_or_default();
    work(&mut room);
    ROOM.set(Some(room));
}

/// The first `size` places, which are made if they are not there.
pub(super) fn first<T: Copy>(room: &mut Vec<T>, size: usize, empty: T) -> &mut [T] {
    if room.len() < size {
        room.resize(size, empty);
    }
    &mut room[..size]
}

/// The first `size` places, at the beginning of a cache line.
pub(super) fn aligned(room: &mut Vec<f32>, size: usize) -> &mut [f32] {
    if room.len() < size + LINE {
        room.resize(size + LINE, 0.0);
    }
    let skipped = before_line(room);
    &mut room[skipped..][..size]
}

/// How many values a cache line has.
pub(super) const LINE: usize = 16;

/// How many values stand before the first cache line that begins in `room`, at most [`LINE`].
pub(super) fn before_line(room: &[f32]) -> usize {
    room.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE)
}
