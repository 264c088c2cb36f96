//! The stack of blocks: all of them in memory, or each made ready when its turn comes.

use std::sync::{Arc, Mutex, PoisonError};

use super::block::Block;
use super::recurrent::Recurrent;
use crate::models::checkpoint::weights::Weights;
use crate::models::declarations::names::Declaration;
use crate::models::declarations::rotary::Rotary;
use crate::models::error::Result;

/// A block of either kind.
#[derive(Clone)]
pub(in crate::models) enum Layer {
    /// The same one several times where an architecture shares it.
    Attention(Arc<Block>),
    Recurrent(Arc<Recurrent>),
}

/// All blocks, in order.
pub(in crate::models) enum Stack {
    Ready(Vec<Layer>),
    Offloaded(Box<Offloaded>),
}

/// Blocks whose weights stay in their files.
pub(in crate::models) struct Offloaded {
    declaration: Declaration,
    /// One thread makes a block ready, while no other computes.
    weights: Mutex<Weights>,
    /// Which of the trunk's rotations each block has.
    rotaries: Vec<Option<usize>>,
}

impl Stack {
    /// The blocks of `declaration`, and the distinct rotations of all. With `offload` nothing is read before it is needed, but
    /// of an architecture in which all blocks are one.
    pub(in crate::models) fn load(
        declaration: &Declaration,
        weights: Weights,
        offload: bool,
    ) -> Result<(Self, Vec<Rotary>)> {
        let (rotaries, which) = rotaries(declaration);
        let shared =
            declaration.spec.recurrence.is_none() && !declaration.names.block.attention.name.contains("{}");
        if offload && !shared {
            let declaration = declaration.clone();
            let offloaded = Offloaded { declaration, weights: Mutex::new(weights), rotaries: which };
            return Ok((Self::Offloaded(Box::new(offloaded)), rotaries));
        }
        let mut layers: Vec<Layer> = Vec::with_capacity(which.len());
        for (layer, &rotary) in which.iter().enumerate() {
            let ready = match layers.first().filter(|_| shared) {
                Some(first) => first.clone(),
                None => load(declaration, layer, rotary, &weights)?,
            };
            layers.push(ready);
        }
        Ok((Self::Ready(layers), rotaries))
    }

    /// How many there are.
    pub(in crate::models) fn len(&self) -> usize {
        match self {
            Self::Ready(layers) => layers.len(),
            Self::Offloaded(offloaded) => offloaded.rotaries.len(),
        }
    }

    /// Whether they are made ready one at a time.
    pub(in crate::models) fn is_offloaded(&self) -> bool {
        matches!(self, Self::Offloaded(_))
    }

    /// Block `index`; an offloaded one is made ready now, and let go of when nobody has it any more.
    pub(in crate::models) fn layer(&self, index: usize) -> Result<Layer> {
        match self {
            Self::Ready(layers) => Ok(layers[index].clone()),
            Self::Offloaded(offloaded) => {
                let weights = offloaded.weights.lock().unwrap_or_else(PoisonError::into_inner);
                load(&offloaded.declaration, index, offloaded.rotaries[index], &weights)
            }
        }
    }
}

/// Block `layer` with its weights.
fn load(declaration: &Declaration, layer: usize, rotary: Option<usize>, weights: &Weights) -> Result<Layer> {
    let Declaration { spec, names } = declaration;
    Ok(match &spec.recurrence {
        Some(recurrence) => Layer::Recurrent(Arc::new(Recurrent::load(spec, recurrence, layer, weights)?)),
        None => Layer::Attention(Arc::new(Block::load(spec, &names.block, layer, rotary, weights)?)),
    })
}

/// The distinct rotations of all blocks, and which of them each has.
fn rotaries(declaration: &Declaration) -> (Vec<Rotary>, Vec<Option<usize>>) {
    let mut distinct: Vec<Rotary> = Vec::new();
    let mut which = Vec::new();
    for variant in &declaration.spec.blocks {
        let rotary = variant.rotary.as_ref().filter(|_| declaration.spec.recurrence.is_none());
        which.push(rotary.map(|rotary| {
            distinct.iter().position(|known| known == rotary).unwrap_or_else(|| {
                distinct.push(rotary.clone());
                distinct.len() - 1
            })
        }));
    }
    (distinct, which)
}
