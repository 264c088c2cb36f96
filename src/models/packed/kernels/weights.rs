//! The weights of a linear layer in the order in which they are multiplied.

use std::ops::Range;

use super::PANEL;
use super::pages::filled;
use super::parts::{Parts, Tile, TileWeights};
use super::room::{LINE, before_line};
use crate::models::checkpoint::dtype::{Dtype, Held};
use crate::models::checkpoint::precision::{Form, Precision};

/// Weights, laid out for vectors of f32 or for tiles of bf16 parts.
#[derive(Debug)]
pub(super) enum Weights {
    /// `(panels, inputs, PANEL)`, zeros after the last output; in f32 from the beginning of a cache line, before which `skipped`
    /// values stand.
    Vectors {
        held: Held,
        skipped: usize,
    },
    Tiles(TileWeights),
}

impl Weights {
    /// Lays out `weight`, `(outputs, inputs)`.
    pub(super) fn new(weight: &[f32], outputs: usize, inputs: usize, form: Form) -> Self {
        match parts(form) {
            None => {
                let (panels, skipped) = panels(weight, outputs, inputs);
                Self::Vectors { held: Held::new(panels, form.dtype), skipped }
            }
            Some(parts) if form.dtype == Dtype::F32 => {
                Self::Tiles(TileWeights::new(weight, outputs, inputs, parts).portable(form.portable))
            }
            Some(parts) => {
                let held = Held::new(weight.to_vec(), form.dtype);
                let rounded = held.values(0, weight.len(), &mut Vec::new()).to_vec();
                Self::Tiles(TileWeights::new(&rounded, outputs, inputs, parts).portable(form.portable))
            }
        }
    }

    /// The weight as it was before, `(outputs, inputs)`, to the last digit that is held.
    pub(super) fn unpack(&self, outputs: usize, inputs: usize) -> Vec<f32> {
        let (held, skipped) = match self {
            Self::Tiles(weights) => return weights.unpack(outputs),
            Self::Vectors { held, skipped } => (held, skipped),
        };
        let mut weight = vec![0.0; outputs * inputs];
        let (mut scratch, size) = (Vec::new(), PANEL * inputs);
        for (panel, rows) in weight.chunks_mut(size).enumerate() {
            let panel = held.values(skipped + panel * size, size, &mut scratch);
            for (output, row) in rows.chunks_exact_mut(inputs).enumerate() {
                for (value, &stored) in row.iter_mut().zip(panel.iter().skip(output).step_by(PANEL)) {
                    *value = stored;
                }
            }
        }
        weight
    }

    /// `size` of the panels' values from `start`; none of what is laid out for tiles.
    #[inline]
    pub(super) fn values<'a>(&'a self, start: usize, size: usize, room: &'a mut Vec<f32>) -> &'a [f32] {
        match self {
            Self::Vectors { held, skipped } => held.values(skipped + start, size, room),
            Self::Tiles(_) => &[],
        }
    }

    /// The same where they need not be made.
    #[inline]
    pub(super) fn stored(&self, start: usize, size: usize) -> &[f32] {
        match self {
            Self::Vectors { held: Held::F32(values), skipped } => &values[skipped + start..][..size],
            _ => &[],
        }
    }

    /// The tiles of a range of inputs of panel `index`; none of what is laid out for vectors.
    #[inline]
    pub(super) fn tiles(&self, index: usize, inputs: Range<usize>) -> &[Tile] {
        match self {
            Self::Vectors { .. } => &[],
            Self::Tiles(weights) => weights.panel(index, inputs),
        }
    }
}

/// How many parts numbers are split into, where they are.
fn parts(form: Form) -> Option<Parts> {
    match form.precision {
        Precision::F32 => None,
        // What is bf16 already has one part.
        Precision::Fast => {
            Some(Parts { activations: 2, weights: if form.dtype == Dtype::Bf16 { 1 } else { 2 } })
        }
        Precision::Bf16 => Some(Parts { activations: 1, weights: 1 }),
    }
}

/// `weight`, `(outputs, inputs)`, as `(panels, inputs, PANEL)`, and how many values stand before it.
fn panels(weight: &[f32], outputs: usize, inputs: usize) -> (Vec<f32>, usize) {
    let mut room = filled(0.0, outputs.next_multiple_of(PANEL) * inputs + LINE);
    let skipped = before_line(&room);
    for (output, row) in weight.chunks_exact(inputs).enumerate() {
        let panel = &mut room[skipped + output / PANEL * PANEL * inputs..];
        for (place, &value) in panel.iter_mut().skip(output % PANEL).step_by(PANEL).zip(row) {
            *place = value;
        }
    }
    (room, skipped)
}
