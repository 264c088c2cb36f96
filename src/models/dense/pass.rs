//! What all blocks of a pass share, and what they leave for each other.

use std::cell::RefCell;
use std::collections::BTreeMap;

use candle_core::{Device, Result, Tensor};

use super::padded::Padded;
use crate::models::declarations::rotary::Rotary;
use crate::models::packed::distances::DistanceTable;
use crate::models::packed::kernels::distances::Bias;
use crate::models::site::Site;

/// Added to a score, it leaves nothing of it; twice it is still a number, so that a row which sees nothing at all (in the
/// padding) comes out as numbers too, and 0 times these is 0.
const UNSEEN: f32 = -1e30;

/// Which tokens a token sees, of those that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Visible {
    pub(super) causal: bool,
    pub(super) reach: Option<usize>,
}

impl Visible {
    /// Whether the token at `query` sees that at `key`.
    fn sees(self, query: usize, key: usize) -> bool {
        !(self.causal && key > query) && self.reach.is_none_or(|reach| query.abs_diff(key) <= reach)
    }
}

/// A batch's pass through the blocks.
pub(super) struct Pass<'a> {
    pub(super) padded: &'a Padded,
    pub(super) batch: usize,
    pub(super) length: usize,
    pub(super) device: Device,
    /// For each of the trunk's rotations its cosines and sines, `(length, pairs)` each.
    pub(super) rotations: Vec<(Tensor, Tensor)>,
    /// `(1, n_heads, length, length)`.
    pub(super) bias: Option<Tensor>,
    /// For each kind of layer what is added to its scores, `(1 or batch, 1, 1 or length, length)`, if something is.
    masks: Vec<(Visible, Option<Tensor>)>,
    /// What a decoder reads of an encoder.
    pub(super) read: Option<Read>,
    pub(super) carried: Carried,
    pub(super) tap: Tap,
}

/// What a decoder reads of an encoder.
pub(super) struct Read {
    /// The encoder's last hidden state, `(sources * length, d_source)`.
    pub(super) states: Tensor,
    /// How many places each of the encoder's sequences takes.
    pub(super) length: usize,
    /// Which of these each of the decoder's sequences reads, `(batch,)`.
    pub(super) of: Tensor,
    /// What is added to scores, `(batch, 1, 1, length)`, so that padding is not seen.
    pub(super) mask: Option<Tensor>,
}

impl Read {
    /// Of the encoder's `states` in `padded`, those that the decoder's sequences read.
    pub(super) fn new(states: Tensor, padded: &Padded, of: &[usize]) -> Result<Self> {
        let length = padded.length;
        let device = states.device();
        let mask = if padded.has_padding() {
            let tokens = padded.is_token();
            let seen = of.iter().flat_map(|&source| &tokens[source * length..][..length]);
            let scores = seen.map(|&token| if token { 0.0 } else { UNSEEN });
            Some(Tensor::from_iter(scores, device)?.reshape((of.len(), 1, 1, length))?)
        } else {
            None
        };
        let of = Tensor::from_iter(of.iter().map(|&source| source as u32), device)?;
        Ok(Self { states, length, of, mask })
    }
}

/// What is taken of a block beside the residual stream.
#[derive(Debug, Default)]
pub(super) struct Tap {
    pub(super) site: Site,
    /// `(batch * length, …)`, if the block has it.
    pub(super) values: Option<Tensor>,
}

impl Tap {
    /// Keeps `values`, which were made at `site`, if that is asked for.
    pub(super) fn keep(&mut self, site: Site, values: &Tensor) {
        if self.site == site {
            self.values = Some(values.clone());
        }
    }
}

/// What a block leaves for those after it, beside the residual stream.
#[derive(Debug, Default)]
pub(super) struct Carried {
    /// The first block's values (RWKV-7).
    pub(super) first_values: Option<Tensor>,
    /// Hidden state 0, where blocks read it (Zamba2).
    pub(super) embedded: Option<Tensor>,
    /// The keys and values of blocks, by their numbers, for those that make none (Gemma 3n and 4).
    pub(super) keys: RefCell<BTreeMap<usize, (Tensor, Tensor)>>,
    /// What blocks are given of the tokens, `(batch * length, n_layers, d)`.
    pub(super) per_layer: Option<Tensor>,
    /// All streams (Gemma 3n).
    pub(super) streams: Vec<Tensor>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(
        padded: &'a Padded,
        rotaries: &[Rotary],
        distances: Option<&DistanceTable>,
        visible: impl Iterator<Item = Visible>,
        (site, device): (Site, &Device),
    ) -> Result<Self> {
        let length = padded.length;
        let mut rotations = Vec::with_capacity(rotaries.len());
        for rotary in rotaries {
            let (cosines, sines) = rotary.tables(length);
            let table = |values| Tensor::from_vec(values, (length, rotary.frequencies.len()), device);
            rotations.push((table(cosines)?, table(sines)?));
        }
        let mut masks: Vec<(Visible, Option<Tensor>)> = Vec::new();
        for kind in visible {
            if masks.iter().all(|(known, _)| *known != kind) {
                masks.push((kind, mask(kind, padded, device)?));
            }
        }
        let bias =
            distances.map(|distances| by_pair(&distances.up_to(length), length, device)).transpose()?;
        Ok(Self {
            padded,
            batch: padded.batch,
            length,
            device: device.clone(),
            rotations,
            bias,
            masks,
            read: None,
            carried: Carried::default(),
            tap: Tap { site, values: None },
        })
    }

    /// What is added to the scores of layers in which tokens see this, if something is.
    pub(super) fn mask(&self, visible: Visible) -> Option<&Tensor> {
        self.masks.iter().find(|(kind, _)| *kind == visible).and_then(|(_, mask)| mask.as_ref())
    }
}

/// What is added to scores so that tokens see what they should: nothing where everything is seen.
fn mask(visible: Visible, padded: &Padded, device: &Device) -> Result<Option<Tensor>> {
    let (batch, length) = (padded.batch, padded.length);
    let score = |seen: bool| if seen { 0.0 } else { UNSEEN };
    let pairs = || (0..length).flat_map(|query| (0..length).map(move |key| visible.sees(query, key)));
    let of_pairs = if pairs().all(|seen| seen) {
        None
    } else {
        Some(Tensor::from_iter(pairs().map(score), device)?.reshape((1, 1, length, length))?)
    };
    // What comes before the end of a sequence does not see what comes after it where attention is causal.
    let of_keys = if visible.causal || !padded.has_padding() {
        None
    } else {
        let keys = padded.is_token().into_iter().map(score);
        Some(Tensor::from_iter(keys, device)?.reshape((batch, 1, 1, length))?)
    };
    match (of_pairs, of_keys) {
        (Some(pairs), Some(keys)) => pairs.broadcast_add(&keys).map(Some),
        (one, other) => Ok(one.or(other)),
    }
}

/// The values of distances for each query and key, `(1, n_heads, length, length)`.
pub(super) fn by_pair(bias: &Bias, length: usize, device: &Device) -> Result<Tensor> {
    let width = 2 * bias.longest - 1;
    let values = bias.values.chunks_exact(width).flat_map(|head| {
        (0..length).flat_map(move |query| {
            let first = bias.longest - 1 - query;
            head[first..first + length].iter().copied()
        })
    });
    Tensor::from_iter(values, device)?.reshape((1, bias.values.len() / width, length, length))
}
