//! What all blocks of a pass share, and what they leave for each other.

use std::collections::BTreeMap;

use super::distances::DistanceTable;
use super::kernels::distances::Bias;
use crate::models::declarations::rotary::Rotary;
use crate::models::sequences::Sequences;
use crate::models::site::Site;

/// A batch's pass through the blocks.
pub(in crate::models) struct Pass<'a> {
    pub(in crate::models) sequences: &'a Sequences,
    /// Each token's place in its sequence.
    pub(in crate::models) positions: Vec<u32>,
    /// For each of the trunk's rotations its cosines and sines, `(longest, pairs)` each, and `pairs`.
    pub(in crate::models) rotations: Vec<(Vec<f32>, Vec<f32>, usize)>,
    pub(in crate::models) bias: Option<Bias>,
    /// What a decoder reads of an encoder.
    pub(in crate::models) read: Option<Read<'a>>,
    pub(in crate::models) carried: Carried,
    pub(in crate::models) room: Room,
    pub(in crate::models) tap: Tap,
    /// Room for queries, keys and values.
    pub(in crate::models) qkv: Vec<f32>,
}

/// What a decoder reads of an encoder.
pub(in crate::models) struct Read<'a> {
    /// The encoder's last hidden state, `(n_source_tokens, d_source)`.
    pub(in crate::models) states: Vec<f32>,
    /// The sequences that these are the tokens of.
    pub(in crate::models) sequences: &'a Sequences,
    /// Which of them each of the decoder's sequences reads.
    pub(in crate::models) of: &'a [usize],
}

/// What is taken of a block beside the residual stream.
#[derive(Debug, Default)]
pub(in crate::models) struct Tap {
    pub(in crate::models) site: Site,
    /// `(n_tokens, …)`; empty where the block has none.
    pub(in crate::models) values: Vec<f32>,
}

impl Tap {
    /// Where to put what is made at `site`, if it is asked for.
    pub(in crate::models) fn at(&mut self, site: Site) -> Option<&mut Vec<f32>> {
        (self.site == site).then_some(&mut self.values)
    }
}

/// Memory that blocks use again, one after another.
#[derive(Debug, Default)]
pub(in crate::models) struct Room {
    /// What a part of a block reads.
    pub(in crate::models) read: Vec<f32>,
    /// What the last layer of a mixer takes.
    pub(in crate::models) mixed: Vec<f32>,
    /// What a part of a block writes.
    pub(in crate::models) wrote: Vec<f32>,
}

/// `room` made to hold `size` values, of whatever it held.
pub(in crate::models) fn sized(room: &mut Vec<f32>, size: usize) -> &mut Vec<f32> {
    room.resize(size, 0.0);
    room
}

/// What a block leaves for those after it, beside the residual stream.
#[derive(Debug, Default)]
pub(in crate::models) struct Carried {
    /// The first block's values, `(n_tokens, d_model)` (RWKV-7).
    pub(in crate::models) first_values: Option<Vec<f32>>,
    /// Hidden state 0, `(n_tokens, d_model)`, where blocks read it (Zamba2).
    pub(in crate::models) embedded: Option<Vec<f32>>,
    /// The keys and values of blocks, by their numbers, `(n_tokens, 2 n_kv_heads d_head)`, for those that make none (Gemma 3n and 4).
    pub(in crate::models) keys: BTreeMap<usize, Vec<f32>>,
    /// What blocks are given of the tokens, `(n_tokens, n_layers d)`.
    pub(in crate::models) per_layer: Vec<f32>,
    /// All streams, `(n_tokens, d_model)` each; the place of the one that blocks read is empty (Gemma 3n).
    pub(in crate::models) streams: Vec<Vec<f32>>,
}

impl<'a> Pass<'a> {
    pub(in crate::models) fn new(
        sequences: &'a Sequences,
        rotaries: &[Rotary],
        distances: Option<&DistanceTable>,
        site: Site,
    ) -> Self {
        let longest = sequences.longest();
        let rotations = rotaries.iter().map(|rotary| {
            let (cosines, sines) = rotary.tables(longest);
            (cosines, sines, rotary.frequencies.len())
        });
        Self {
            sequences,
            positions: sequences.positions(),
            rotations: rotations.collect(),
            bias: distances.map(|distances| distances.up_to(longest)),
            read: None,
            carried: Carried::default(),
            room: Room::default(),
            tap: Tap { site, values: Vec::new() },
            qkv: Vec::new(),
        }
    }
}
