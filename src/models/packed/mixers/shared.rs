//! Zamba2 (Glorioso et al. 2024): Mamba-2 that reads, beside the residual stream, what a transformer block makes of the stream and of
//! the embeddings. A few such blocks serve all layers in turns, each with a small addition of a layer's own to its weights.
//!
//! Source: `models/zamba2/modeling_zamba2.py` of Hugging Face transformers. The additions are taken into the weights, so that each
//! layer has a block of its own here.

use super::attention::Attention;
use super::mamba2::Mamba2;
use crate::models::checkpoint::matrix::Matrix;
use crate::models::declarations::names;
use crate::models::declarations::spec;
use crate::models::error::Result;
use crate::models::packed::kernels::linear::{Finish, PackedLinear};
use crate::models::packed::kernels::mlp::PackedMlp;
use crate::models::packed::kernels::norm::Norm;
use crate::models::packed::parts::Parts;
use crate::models::packed::pass::Pass;

/// The mixer with its weights.
pub(in crate::models) struct Shared {
    /// Of the stream and the embeddings side by side.
    pub(in crate::models) norm: Norm,
    pub(in crate::models) attention: Attention,
    pub(in crate::models) mlp_norm: Norm,
    pub(in crate::models) mlp: PackedMlp,
    /// From the block to what is added to the stream for Mamba-2 alone.
    pub(in crate::models) linear: PackedLinear,
    pub(in crate::models) mamba2_norm: Norm,
    pub(in crate::models) mamba2: Mamba2,
    pub(in crate::models) output: PackedLinear,
}

impl Shared {
    pub(super) fn load(of: &spec::Shared, parts: Parts<'_>) -> Result<Self> {
        let names = names::Block { mixer: "layers.{}.mamba_decoder.mamba", ..*parts.names };
        let own = Parts { names: &names, ..parts };
        // Its weights stand where the block is used first.
        let home = Parts { layer: of.home, ..parts };
        let (d, norm) = (parts.spec.d_model, parts.spec.norm);
        let inner = parts.spec.attention.n_heads * parts.spec.attention.d_head;
        let name = |part: &str| format!("layers.{{}}.shared_transformer.{part}");
        let layer = |part: &str, bias, outputs, inputs| {
            home.weights.layer(&name(part), (bias, false), home.layer, outputs, inputs)
        };
        let with_own = |part: &str, list: &str, bias, outputs, inputs| -> Result<Matrix> {
            let whole = layer(part, bias, outputs, inputs)?;
            let list = format!("{list}.{}", of.index);
            let down = layer(&format!("{list}.0"), false, of.rank, inputs)?;
            let up = layer(&format!("{list}.1"), false, outputs, of.rank)?;
            Ok(added(whole, &down, &up))
        };
        let part_of_attention = |part: &str, letter: char| {
            let name = format!("self_attn.{part}");
            if of.attention_added {
                with_own(&name, &format!("self_attn.linear_{letter}_adapter_list"), false, inner, 2 * d)
            } else {
                layer(&name, false, inner, 2 * d)
            }
        };
        let query = part_of_attention("q_proj", 'q')?;
        let key = part_of_attention("k_proj", 'k')?;
        let value = part_of_attention("v_proj", 'v')?;
        let rows = (0..3 * inner).map(|row| (row / inner, row % inner));
        let qkv = Matrix::gather(&[&query, &key, &value], rows);
        let list = "feed_forward.gate_up_proj_adapter_list";
        let gate_up = with_own("feed_forward.gate_up_proj", list, of.bias, 2 * of.d_mlp, d)?;
        let half = |start: usize| Matrix::gather(&[&gate_up], (start..start + of.d_mlp).map(|row| (0, row)));
        let down = layer("feed_forward.down_proj", of.bias, d, of.d_mlp)?;
        Ok(Self {
            norm: home.norm_of(&name("input_layernorm"), 2 * d, norm)?,
            attention: Attention::of(parts, &qkv, layer("self_attn.o_proj", false, d, inner)?.pack())?,
            mlp_norm: home.norm_of(&name("pre_ff_layernorm"), d, norm)?,
            mlp: Matrix::pack_mlp(of.activation, &half(0), Some(&half(of.d_mlp)), &down),
            linear: parts.linear("layers.{}.linear", false, d, d)?,
            mamba2_norm: parts.norm_of("layers.{}.mamba_decoder.input_layernorm", d, norm)?,
            mamba2: Mamba2::load(&of.mamba2, own)?,
            output: Mamba2::output(&of.mamba2, own)?.pack(),
        })
    }

    /// What each token takes from those before it, `(n_tokens, d_inner)`, of the residual stream as it is.
    pub(super) fn mix(&self, x: &[f32], pass: &mut Pass<'_>) -> Vec<f32> {
        let d = self.mlp_norm.weight.len();
        let embedded = pass.carried.embedded.take().unwrap_or_default();
        let rows = x.chunks_exact(d).zip(embedded.chunks_exact(d));
        let mut both: Vec<f32> = rows.flat_map(|(x, embedded)| x.iter().chain(embedded)).copied().collect();
        pass.carried.embedded = Some(embedded);
        self.norm.apply_to_rows(&mut both);
        let mut attended = Vec::new();
        self.attention.mix(&both, pass, &mut attended);
        let mut read = self.attention.output.forward(&attended, Finish::Plain);
        self.mlp_norm.apply_to_rows(&mut read);
        let mut made = vec![0.0; read.len()];
        self.mlp.forward_to(&read, Finish::Plain, &mut made);
        let mut read = self.linear.forward(&made, Finish::Add(x));
        self.mamba2_norm.apply_to_rows(&mut read);
        self.mamba2.mix(&read, pass)
    }
}

/// A layer with the product of two others, of few units between, added to it.
fn added(mut layer: Matrix, down: &Matrix, up: &Matrix) -> Matrix {
    let inputs = layer.inputs;
    for (row, up) in layer.weight.chunks_exact_mut(inputs).zip(up.weight.chunks_exact(up.inputs.max(1))) {
        for (factor, down) in up.iter().zip(down.weight.chunks_exact(inputs)) {
            for (value, down) in row.iter_mut().zip(down) {
                *value += factor * down;
            }
        }
    }
    layer
}
