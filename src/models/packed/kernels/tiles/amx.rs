//! Intel's AMX. Its intrinsics are not stable in Rust: the instructions are written out.
#![expect(unsafe_code, reason = "the tiles' instructions, a system call, and vector intrinsics")]

use std::arch::asm;
use std::arch::x86_64::{
    __cpuid_count, __m512, __m512i, _mm512_castsi512_ps, _mm512_castsi512_si256, _mm512_cvtepu16_epi32,
    _mm512_extracti64x4_epi64, _mm512_loadu_ps, _mm512_slli_epi32, _mm512_storeu_si512, _mm512_sub_ps,
};
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::LazyLock;

use crate::models::packed::kernels::PANEL;
use crate::models::packed::kernels::multiply::{Block, Multiply, Taken};
use crate::models::packed::kernels::parts::{self, DEPTH, Parts, ROWS, SIDE, Tile};
use crate::models::packed::kernels::room::{Both, Rows};
use crate::models::packed::kernels::simd::Simd;
use crate::models::packed::kernels::weights::Weights;

/// Proof that the processor has tiles, and that this process may use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Amx(());

impl Amx {
    /// Asks once a process.
    pub(in super::super) fn detect() -> Option<Self> {
        static FOUND: LazyLock<bool> = LazyLock::new(|| has_instructions() && permitted());
        FOUND.then_some(Self(()))
    }

    /// Makes this thread's tiles ready.
    pub(in super::super) fn begin(self) -> Ready {
        Ready::new(self)
    }
}

/// Whether the processor has tiles of bf16, and the vectors that go with them.
fn has_instructions() -> bool {
    const AMX_BF16: u32 = 1 << 22;
    const AMX_TILE: u32 = 1 << 24;
    let vectors = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bf16");
    let tiles = __cpuid_count(7, 0).edx;
    vectors && tiles & AMX_BF16 != 0 && tiles & AMX_TILE != 0
}

/// Asks Linux for the tiles' registers, for every thread of this process.
fn permitted() -> bool {
    const ARCH_PRCTL: i64 = 158;
    const ARCH_REQ_XCOMP_PERM: u64 = 0x1023;
    const XFEATURE_XTILEDATA: u64 = 18;
    let result: i64;
    // SAFETY: a system call that takes numbers and touches no memory of ours; it overwrites rcx and r11.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => result,
            in("rdi") ARCH_REQ_XCOMP_PERM,
            in("rsi") XFEATURE_XTILEDATA,
            out("rcx") _,
            out("r11") _,
            options(nostack),
        );
    }
    result == 0
}

/// Eight tiles of 16 rows of 64 bytes, from when this is made until it is dropped. They belong to the thread.
#[derive(Debug)]
pub(in super::super) struct Ready(PhantomData<*const ()>);

impl Ready {
    fn new(_: Amx) -> Self {
        /// What the processor is told: a version, and for each tile the bytes of a row and how many rows there are.
        #[repr(C, align(64))]
        struct Shape([u8; 64]);
        let mut shape = Shape([0; 64]);
        shape.0[0] = 1;
        for tile in 0..8 {
            shape.0[16 + 2 * tile] = (DEPTH * 2) as u8;
            shape.0[48 + tile] = SIDE as u8;
        }
        // SAFETY: an `Amx` is proof that the instruction is there and permitted; it reads 64 bytes.
        unsafe {
            asm!("ldtilecfg [{}]", in(reg) &raw const shape, options(nostack, readonly, preserves_flags));
        }
        Self(PhantomData)
    }

    /// What multiplies numbers of so many parts.
    #[expect(clippy::unused_self, reason = "what is ready is proof, and has to outlive the tiles")]
    pub(in super::super) fn multiply(&self, parts: Parts) -> Tiles<'_> {
        Tiles { parts, ready: PhantomData }
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        // SAFETY: as in `new`. Nothing is in the tiles that is still needed.
        unsafe { asm!("tilerelease", options(nomem, nostack, preserves_flags)) };
    }
}

/// The tiles of this thread.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Tiles<'a> {
    parts: Parts,
    ready: PhantomData<&'a Ready>,
}

impl Multiply for Tiles<'_> {
    type Item = Tile;
    const ROWS: usize = ROWS;
    const VALUES: usize = 160 << 10;

    fn size(self, rows: usize, inputs: usize) -> usize {
        parts::tiles_of_rows(rows, inputs, self.parts.activations)
    }

    fn empty(self) -> Tile {
        Tile::ZERO
    }

    fn take<S: Simd>(self, _simd: S, x: Taken<'_>, room: &mut [Tile]) {
        // SAFETY: `self` exists only where the processor has these features.
        unsafe { split_rows(x, self.parts.activations, room) };
    }

    fn put<S: Simd>(self, _simd: S, sums: &[f32], block: Block, panel: usize, to: &mut [Tile]) {
        let parts = self.parts.activations;
        let tiles = &mut to[block.first / ROWS * self.size(ROWS, block.inputs)..];
        let tiles = &mut tiles[panel * parts * 2..][..parts * 2];
        // SAFETY: as above.
        unsafe { split_sums(sums, block.rows, parts, tiles) };
    }

    fn panel<'a>(
        self,
        weights: &'a Weights,
        _inputs: usize,
        index: usize,
        range: Range<usize>,
        _room: &'a mut Vec<f32>,
    ) -> &'a [Tile] {
        weights.tiles(index, range)
    }

    fn ahead(self, weights: &Weights, _inputs: usize, index: usize, range: Range<usize>) -> &[Tile] {
        weights.tiles(index, range)
    }

    fn rows(room: &mut Both) -> &mut Rows<Tile> {
        &mut room.tiles
    }

    #[inline(always)]
    fn product<S: Simd>(
        self,
        _simd: S,
        x: &[Tile],
        block: Block,
        weights: &[Tile],
        ahead: &[Tile],
        sums: &mut [f32],
        begin: bool,
    ) {
        let size = self.size(ROWS, block.inputs);
        let x = &x[block.first / ROWS * size..][..size];
        let sums = &mut sums[..ROWS * PANEL];
        match (self.parts, block.rows > SIDE) {
            (Parts { activations: 2, weights: 2 }, true) => steps::<2, 2, 2>(x, weights, ahead, sums, begin),
            (Parts { activations: 2, weights: 2 }, false) => steps::<2, 2, 1>(x, weights, ahead, sums, begin),
            (Parts { activations: 2, .. }, true) => steps::<2, 1, 2>(x, weights, ahead, sums, begin),
            (Parts { activations: 2, .. }, false) => steps::<2, 1, 1>(x, weights, ahead, sums, begin),
            (_, true) => steps::<1, 1, 2>(x, weights, ahead, sums, begin),
            (_, false) => steps::<1, 1, 1>(x, weights, ahead, sums, begin),
        }
    }
}

/// Loads a tile whose rows of 64 bytes stand one after another.
macro_rules! load {
    ($tile:literal, $from:expr) => {
        asm!(
            concat!("tileloadd tmm", $tile, ", [{from} + {row}]"),
            from = in(reg) $from,
            row = in(reg) 64usize,
            options(nostack, readonly, preserves_flags),
        )
    };
}

/// Adds the product of two tiles, of activations and of weights, to a third.
macro_rules! multiply {
    ($sums:literal, $x:literal, $weights:literal) => {
        asm!(
            concat!("tdpbf16ps tmm", $sums, ", tmm", $x, ", tmm", $weights),
            options(nomem, nostack, preserves_flags),
        )
    };
}

/// Adds the products of a panel's weights with a block of rows (two tiles of them, or one) to its sums, which are tiles 0 and 1,
/// and 2 and 3 for the second rows. Tiles 4 and 5 are activations, 6 and 7 weights.
///
/// `X` and `W` are how many parts there are. Each load is followed by what can be done with it, so that products never wait for
/// more than one.
#[inline(never)]
fn steps<const X: usize, const W: usize, const HALVES: usize>(
    x: &[Tile],
    weights: &[Tile],
    ahead: &[Tile],
    sums: &mut [f32],
    begin: bool,
) {
    const ROW: usize = PANEL * size_of::<f32>();
    let second = sums[SIDE * PANEL..ROWS * PANEL].as_mut_ptr();
    let first = sums.as_mut_ptr();
    // SAFETY: a `Tiles` exists only while this thread's tiles are ready. Sums are 32 rows of 32, of which each tile is 16 of 16.
    unsafe {
        if begin {
            asm!("tilezero tmm0", "tilezero tmm1", options(nomem, nostack, preserves_flags));
            if HALVES == 2 {
                asm!("tilezero tmm2", "tilezero tmm3", options(nomem, nostack, preserves_flags));
            }
        } else {
            asm!("tileloadd tmm0, [{from} + {row}]", "tileloadd tmm1, [{from} + {row} + 64]",
                from = in(reg) first, row = in(reg) ROW, options(nostack, readonly, preserves_flags));
            if HALVES == 2 {
                asm!("tileloadd tmm2, [{from} + {row}]", "tileloadd tmm3, [{from} + {row} + 64]",
                    from = in(reg) second, row = in(reg) ROW, options(nostack, readonly, preserves_flags));
            }
        }
    }
    let chunks = x.chunks_exact(X * 2).zip(weights.chunks_exact(W * 2));
    let lines = (size_of_val(ahead) / 64).div_ceil(chunks.len().max(1));
    let mut line: *const u8 = ahead.as_ptr().cast();
    for (x, weights) in chunks {
        // SAFETY: as above; each tile is 1 KiB. Fetching ahead reads nothing, wherever it points.
        unsafe {
            load!("4", &raw const x[0]);
            if W == 2 {
                load!("6", &raw const weights[2]);
                multiply!("0", "4", "6");
                load!("7", &raw const weights[3]);
                multiply!("1", "4", "7");
                if HALVES == 2 {
                    load!("5", &raw const x[1]);
                    multiply!("2", "5", "6");
                    multiply!("3", "5", "7");
                }
            }
            load!("6", &raw const weights[0]);
            multiply!("0", "4", "6");
            load!("7", &raw const weights[1]);
            multiply!("1", "4", "7");
            if HALVES == 2 {
                if W == 1 {
                    load!("5", &raw const x[1]);
                }
                multiply!("2", "5", "6");
                multiply!("3", "5", "7");
            }
            if X == 2 {
                load!("4", &raw const x[2]);
                multiply!("0", "4", "6");
                multiply!("1", "4", "7");
                if HALVES == 2 {
                    load!("5", &raw const x[3]);
                    multiply!("2", "5", "6");
                    multiply!("3", "5", "7");
                }
            }
            for _ in 0..lines {
                asm!("prefetcht1 [{}]", in(reg) line, options(nostack, readonly, preserves_flags));
                line = line.wrapping_add(64);
            }
        }
    }
    // SAFETY: as for loading the sums.
    unsafe {
        asm!("tilestored [{to} + {row}], tmm0", "tilestored [{to} + {row} + 64], tmm1",
            to = in(reg) first, row = in(reg) ROW, options(nostack, preserves_flags));
        if HALVES == 2 {
            asm!("tilestored [{to} + {row}], tmm2", "tilestored [{to} + {row} + 64], tmm3",
                to = in(reg) second, row = in(reg) ROW, options(nostack, preserves_flags));
        }
    }
}

/// [`parts::split_rows`], with vectors.
#[target_feature(enable = "avx512f,avx512bf16")]
fn split_rows(x: Taken<'_>, parts: usize, tiles: &mut [Tile]) {
    let chunks = x.inputs.div_ceil(DEPTH);
    let blocks = tiles.chunks_exact_mut(chunks * parts * 2);
    for (first, block) in (0..x.len()).step_by(ROWS).zip(blocks) {
        for (chunk, tiles) in block.chunks_exact_mut(parts * 2).enumerate() {
            let inside = chunk * DEPTH..x.inputs.min((chunk + 1) * DEPTH);
            for row in 0..ROWS.min(x.len() - first) {
                let x = &x.row(first + row)[inside.clone()];
                let mut filled = [0.0; DEPTH];
                let values = x.first_chunk().unwrap_or_else(|| {
                    filled[..x.len()].copy_from_slice(x);
                    &filled
                });
                split_32(values, row, parts, tiles);
            }
        }
    }
}

/// Splits the first rows of sums, `(ROWS, PANEL)`, into the tiles of their parts.
#[target_feature(enable = "avx512f,avx512bf16")]
fn split_sums(sums: &[f32], rows: usize, parts: usize, tiles: &mut [Tile]) {
    for (row, values) in sums.as_chunks().0.iter().take(rows).enumerate() {
        split_32(values, row, parts, tiles);
    }
}

/// [`parts::put`], with vectors.
#[inline]
#[target_feature(enable = "avx512f,avx512bf16")]
fn split_32(values: &[f32; DEPTH], row: usize, parts: usize, tiles: &mut [Tile]) {
    // SAFETY: the vectors are the two halves of 32 values.
    let (low, high) = unsafe { (_mm512_loadu_ps(values.as_ptr()), _mm512_loadu_ps(values[SIDE..].as_ptr())) };
    let first = rounded(low, high);
    let mut store = |part: usize, bits: __m512i| {
        let place = &mut tiles[part * 2 + row / SIDE].0[row % SIDE * DEPTH..][..DEPTH];
        // SAFETY: there is room for 32 numbers of 2 bytes.
        unsafe { _mm512_storeu_si512(place.as_mut_ptr().cast(), bits) };
    };
    store(0, first);
    if parts == 2 {
        let widen = |half| _mm512_castsi512_ps(_mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(half)));
        let low = _mm512_sub_ps(low, widen(_mm512_castsi512_si256(first)));
        let high = _mm512_sub_ps(high, widen(_mm512_extracti64x4_epi64::<1>(first)));
        store(1, rounded(low, high));
    }
}

/// 32 numbers rounded to bf16, as [`parts::round`] does it.
#[inline]
#[target_feature(enable = "avx512f,avx512bf16")]
fn rounded(low: __m512, high: __m512) -> __m512i {
    let bits;
    // SAFETY: the instruction is one of the feature's, and works on registers.
    unsafe {
        asm!("vcvtne2ps2bf16 {bits}, {high}, {low}", bits = lateout(zmm_reg) bits, high = in(zmm_reg) high,
            low = in(zmm_reg) low, options(pure, nomem, nostack, preserves_flags));
    }
    bits
}
