//! The stack of blocks: all of them in memory, or each made ready when its turn comes.

use std::sync::{Arc, Mutex, PoisonError};

use super::block::Block;
use super::parts::Parts;
use crate::models::checkpoint::weights::Weights;
use crate::models::declarations::names::Declaration;
use crate::models::declarations::rotary::Rotary;
use crate::models::declarations::spec::Mixer;
use crate::models::error::Result;

/// All blocks, in order.
pub(in crate::models) enum Stack {
    /// The same one several times where an architecture shares it.
    Ready(Vec<Arc<Block>>),
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
        let names = &declaration.names.block;
        let shared = !names.attention.name.contains("{}") && !names.mixer.contains("{}");
        if offload && !shared {
            if weights.is_adapted() {
                // Whether all of an adapter is used shows once each block has been made ready.
                for (layer, &rotary) in which.iter().enumerate() {
                    load(declaration, layer, rotary, &weights)?;
                }
            }
            weights.finish()?;
            let declaration = declaration.clone();
            let offloaded = Offloaded { declaration, weights: Mutex::new(weights), rotaries: which };
            return Ok((Self::Offloaded(Box::new(offloaded)), rotaries));
        }
        let mut blocks: Vec<Arc<Block>> = Vec::with_capacity(which.len());
        for (layer, &rotary) in which.iter().enumerate() {
            let ready = match blocks.first().filter(|_| shared) {
                Some(first) => Arc::clone(first),
                None => load(declaration, layer, rotary, &weights)?,
            };
            blocks.push(ready);
        }
        weights.finish()?;
        Ok((Self::Ready(blocks), rotaries))
    }

    /// How many there are.
    pub(in crate::models) fn len(&self) -> usize {
        match self {
            Self::Ready(blocks) => blocks.len(),
            Self::Offloaded(offloaded) => offloaded.rotaries.len(),
        }
    }

    /// Whether they are made ready one at a time.
    pub(in crate::models) fn is_offloaded(&self) -> bool {
        matches!(self, Self::Offloaded(_))
    }

    /// Block `index`; an offloaded one is made ready now, and let go of when nobody has it any more.
    pub(in crate::models) fn block(&self, index: usize) -> Result<Arc<Block>> {
        match self {
            Self::Ready(blocks) => Ok(Arc::clone(&blocks[index])),
            Self::Offloaded(offloaded) => {
                let weights = offloaded.weights.lock().unwrap_or_else(PoisonError::into_inner);
                load(&offloaded.declaration, index, offloaded.rotaries[index], &weights)
            }
        }
    }
}

/// Block `layer` with its weights.
fn load(
    declaration: &Declaration,
    layer: usize,
    rotary: Option<usize>,
    weights: &Weights,
) -> Result<Arc<Block>> {
    let Declaration { spec, names } = declaration;
    let attends = spec.blocks[layer].mixer == Mixer::Attention;
    let names = names.mixing.as_ref().filter(|_| !attends).unwrap_or(&names.block);
    let parts = Parts { spec, names, layer, rotary, weights };
    Ok(Arc::new(Block::load(parts)?))
}

/// The distinct rotations of all blocks, and which of them each has.
fn rotaries(declaration: &Declaration) -> (Vec<Rotary>, Vec<Option<usize>>) {
    let mut distinct: Vec<Rotary> = Vec::new();
    let mut which = Vec::new();
    for variant in &declaration.spec.blocks {
        which.push(variant.rotary.as_ref().map(|rotary| {
            distinct.iter().position(|known| known == rotary).unwrap_or_else(|| {
                distinct.push(rotary.clone());
                distinct.len() - 1
            })
        }));
    }
    (distinct, which)
}
