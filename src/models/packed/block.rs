//! A block: a mixer and an MLP, each added to the residual stream, with norms where an architecture has them.

use super::cross::Cross;
use super::kernels::linear::Finish;
use super::kernels::norm::Norm;
use super::language::Language;
use super::mixers::Mixer;
use super::mlps::FeedForward;
use super::parts::Parts;
use super::pass::{Pass, Room, Tap, sized};
use super::streams::{PerLayer, Updates};
use crate::models::checkpoint::initialize::Role;
use crate::models::checkpoint::weights::in_block;
use crate::models::declarations::spec;
use crate::models::error;
use crate::models::site::Site;

/// A block with its weights; [`names::Block`](crate::models::declarations::names::Block) says where its norms stand.
pub(in crate::models) struct Block {
    pub(in crate::models) mixer_in: Option<Norm>,
    pub(in crate::models) mixer: Mixer,
    pub(in crate::models) mixer_out: Option<Norm>,
    pub(in crate::models) after_mixer: Option<Norm>,
    pub(in crate::models) cross: Option<Cross>,
    pub(in crate::models) parallel: bool,
    pub(in crate::models) mlp_in: Option<Norm>,
    pub(in crate::models) mlp: Option<FeedForward>,
    pub(in crate::models) mlp_out: Option<Norm>,
    pub(in crate::models) language: Option<Language>,
    pub(in crate::models) after_mlp: Option<Norm>,
    pub(in crate::models) per_layer: Option<PerLayer>,
    pub(in crate::models) updates: Option<Updates>,
    /// What the residual stream is multiplied by after the block.
    pub(in crate::models) scalar: f32,
}

impl Block {
    pub(in crate::models) fn load(parts: Parts<'_>) -> error::Result<Self> {
        let names = parts.names;
        let has_mixer = parts.block().mixer != spec::Mixer::None;
        let has_mlp = parts.block().feed_forward != spec::FeedForward::None;
        Ok(Self {
            mixer_in: parts.norm(names.attention_in.filter(|_| has_mixer && !parts.block().bare))?,
            mixer: Mixer::load(parts)?,
            mixer_out: parts.norm(names.attention_out)?,
            after_mixer: parts.norm(names.after_attention)?,
            cross: Cross::load(parts)?,
            parallel: parts.spec.parallel,
            mlp_in: parts.norm(names.mlp_in.filter(|_| has_mlp))?,
            mlp: FeedForward::load(parts)?,
            mlp_out: parts.norm(names.mlp_out)?,
            language: Language::load(parts)?,
            after_mlp: parts.norm(names.after_mlp)?,
            per_layer: PerLayer::load(parts)?,
            updates: Updates::load(parts)?,
            scalar: match names.scalar {
                Some(name) => {
                    parts.weights.floats(&[in_block(name, parts.layer)], &[1], Role::One)?.iter().product()
                }
                None => 1.0,
            },
        })
    }

    /// Takes the residual stream `x`, `(n_tokens, d_model)`, through the block.
    pub(in crate::models) fn forward(&self, x: &mut Vec<f32>, pass: &mut Pass<'_>) {
        let mut room = std::mem::take(&mut pass.room);
        let mut tap = std::mem::take(&mut pass.tap);
        tap.values.clear();
        if let Some(updates) = &self.updates {
            let mut streams = std::mem::take(&mut pass.carried.streams);
            updates.predict(x, &mut streams);
            let expected = x.clone();
            self.forward_in(x, pass, &mut room, &mut tap);
            updates.correct(&expected, x, &mut streams);
            if let Some(per_layer) = &self.per_layer {
                updates.add(&per_layer.forward(&updates.scaled(x), pass), x, &mut streams);
            }
            pass.carried.streams = streams;
        } else {
            self.forward_in(x, pass, &mut room, &mut tap);
            if let Some(per_layer) = &self.per_layer {
                let added = per_layer.forward(x, pass);
                x.iter_mut().zip(added).for_each(|(x, added)| *x += added);
            }
        }
        if self.scalar != 1.0 {
            for x in &mut *x {
                *x *= self.scalar;
            }
        }
        (pass.room, pass.tap) = (room, tap);
    }

    fn forward_in(&self, x: &mut Vec<f32>, pass: &mut Pass<'_>, room: &mut Room, tap: &mut Tap) {
        let Room { read, mixed, wrote } = room;
        let size = x.len();
        if let Some(output) = self.mixer.output() {
            if let Some(norm) = &self.mixer_in {
                normalized(x, norm, read);
            }
            let reads: &[f32] = if self.mixer_in.is_some() { read } else { x };
            self.mixer.mix(reads, pass, mixed);
            if let Some(taken) = tap.at(Site::AttentionHeads) {
                *taken = self.mixer.heads(mixed);
            }
            // What runs beside the mixer reads the residual stream as it was.
            match &self.mlp_in {
                Some(norm) if self.parallel => normalized(x, norm, read),
                None if self.parallel && self.mixer_in.is_none() => read.clone_from(x),
                _ => {}
            }
            add(x, wrote, self.mixer_out.as_ref(), tap.at(Site::Attention), |_, finish, y| {
                output.forward_to(mixed, finish, sized(y, size));
            });
            if let Some(norm) = &self.after_mixer {
                norm.apply_to_rows(x);
            }
            if let Some(updates) = &self.updates {
                updates.beside(read, x);
            }
        }
        if let Some(cross) = &self.cross {
            if let Some(norm) = &cross.before {
                normalized(x, norm, read);
            }
            cross.mix(if cross.before.is_some() { read } else { x }, pass, mixed);
            if let Some(taken) = tap.at(Site::CrossAttentionHeads) {
                taken.clone_from(mixed);
            }
            add(x, wrote, cross.out.as_ref(), tap.at(Site::CrossAttention), |_, finish, y| {
                cross.output.forward_to(mixed, finish, sized(y, size));
            });
            if let Some(norm) = &cross.after {
                norm.apply_to_rows(x);
            }
        }
        let Some(mlp) = &self.mlp else { return };
        if let Some(norm) = self.mlp_in.as_ref().filter(|_| !self.parallel) {
            normalized(x, norm, read);
        }
        let reads_stream = self.mlp_in.is_none() && !self.parallel;
        if let Some(taken) = tap.at(Site::Router) {
            *taken = mlp.probabilities(if reads_stream { x } else { read });
        }
        add(x, wrote, self.mlp_out.as_ref(), tap.at(Site::Mlp), |x, finish, y| {
            mlp.forward_to(if reads_stream { x } else { read }, finish, sized(y, size), pass);
        });
        if let Some(language) = &self.language {
            language.apply(x);
        }
        if let Some(norm) = &self.after_mlp {
            norm.apply_to_rows(x);
        }
    }
}

/// Adds to the residual stream `x` what `write` writes, through `norm` if there is one; `wrote` is room for it, and what is added goes
/// to `taken` too, where that is asked for. `write` is given the stream as it is.
fn add(
    x: &mut Vec<f32>,
    wrote: &mut Vec<f32>,
    norm: Option<&Norm>,
    taken: Option<&mut Vec<f32>>,
    write: impl FnOnce(&[f32], Finish<'_>, &mut Vec<f32>),
) {
    if norm.is_none() && taken.is_none() {
        write(x, Finish::Add(x), wrote);
    } else {
        write(x, Finish::Plain, wrote);
        if let Some(norm) = norm {
            norm.apply_to_rows(wrote);
        }
        if let Some(taken) = taken {
            taken.clone_from(wrote);
        }
        for (wrote, residual) in wrote.iter_mut().zip(x.iter()) {
            *wrote += residual;
        }
    }
    std::mem::swap(x, wrote);
}

/// Rows of `x` through `norm`, to `read`.
fn normalized(x: &[f32], norm: &Norm, read: &mut Vec<f32>) {
    read.clear();
    read.extend_from_slice(x);
    norm.apply_to_rows(read);
}
