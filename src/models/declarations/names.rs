//! What a family calls its weights. `{}` stands for the number of the block.
//!
//! A part that a family does not name, it does not have. Several names that a norm may have stand with `|` between.

mod linear;

pub(in crate::models) use linear::{Linear, linear};

use super::spec::Spec;

/// The names of a family's weights.
#[derive(Debug, Clone, Copy)]
pub(in crate::models) struct Names {
    /// What some checkpoints put before every name.
    pub(in crate::models) prefixes: &'static [&'static str],
    pub(in crate::models) tokens: &'static str,
    /// What other checkpoints call the same table.
    pub(in crate::models) other_tokens: Option<&'static str>,
    pub(in crate::models) positions: &'static str,
    pub(in crate::models) segments: &'static str,
    /// A table of tasks, of which the first is meant.
    pub(in crate::models) tasks: &'static str,
    pub(in crate::models) embedding_norm: Option<&'static str>,
    /// A norm of hidden state 0, before the first block reads it.
    pub(in crate::models) first_norm: Option<&'static str>,
    /// From the embeddings' size to `d_model`.
    pub(in crate::models) embedding_projection: Option<Linear>,
    pub(in crate::models) block: Block,
    /// The names in blocks whose mixer is not attention, where they are others.
    pub(in crate::models) mixing: Option<Block>,
    /// The table of what blocks are given of a token, the layer that makes more of it of hidden state 0, and the norm of that.
    pub(in crate::models) per_layer: Option<[&'static str; 3]>,
    pub(in crate::models) final_norm: Option<&'static str>,
    /// From `d_model` to [`Spec::d_last`].
    pub(in crate::models) last_projection: Option<Linear>,
    /// A convolution, and the norm after it.
    pub(in crate::models) convolution: Option<(&'static str, &'static str)>,
}

/// The names of a block's weights. With `x` the residual stream:
///
/// ```text
/// x = after_attention(x + attention_out(attention(attention_in(x))))
/// (of a decoder that reads an encoder, what [`Cross`] says)
/// x = after_mlp(x + mlp_out(mlp(mlp_in(x))))
/// ```
///
/// What takes attention's place has its norms, and what takes the MLP's place has that one's.
#[derive(Debug, Clone, Copy)]
pub(in crate::models) struct Block {
    pub(in crate::models) attention_in: Option<&'static str>,
    /// What stands before the names of a mixer that is not attention: `layers.{}.mixer`.
    pub(in crate::models) mixer: &'static str,
    /// Whether blocks are of several kinds, so that the first has some of the layers that are named here.
    pub(in crate::models) is_of_kinds: bool,
    pub(in crate::models) qkv: Qkv,
    /// Norms of queries and keys, of each head or of all at once.
    pub(in crate::models) qk_norm: Option<QkNorm>,
    /// A table `(buckets, heads)` of [`super::spec::DistanceBias::Buckets`], which all blocks share, unless it has their number.
    pub(in crate::models) distance_bias: Option<&'static str>,
    /// The layers of [`super::spec::DistanceBias::Disentangled`].
    pub(in crate::models) disentangled: Option<Disentangled>,
    pub(in crate::models) attention: Linear,
    /// For each head a score of nothing, which takes its share of attention, by its whole name.
    pub(in crate::models) sinks: Option<&'static str>,
    /// What each head takes is multiplied by the sigmoid of an output of this layer.
    pub(in crate::models) gate: Option<Linear>,
    pub(in crate::models) attention_out: Option<&'static str>,
    pub(in crate::models) after_attention: Option<&'static str>,
    /// Attention to an encoder's last hidden state, in the blocks of a decoder that reads one.
    pub(in crate::models) cross: Option<Cross>,
    /// What stands after the MLP for a language.
    pub(in crate::models) language: Option<Language>,
    pub(in crate::models) mlp_in: Option<&'static str>,
    pub(in crate::models) mlp: Mlp,
    /// The layers of a mixture of experts, in the blocks that have one.
    pub(in crate::models) experts: Option<Experts>,
    /// A number that the residual stream is multiplied by after the block.
    pub(in crate::models) scalar: Option<&'static str>,
    /// What stands before the names of a second half that is no plain MLP: `layers.{}.ffn`.
    pub(in crate::models) feed_forward: &'static str,
    pub(in crate::models) mlp_out: Option<&'static str>,
    pub(in crate::models) after_mlp: Option<&'static str>,
}

/// Attention to an encoder's last hidden state: `x = after(x + out(cross(before(x))))`.
#[derive(Debug, Clone, Copy)]
pub(in crate::models) struct Cross {
    pub(in crate::models) query: Linear,
    pub(in crate::models) key: Linear,
    pub(in crate::models) value: Linear,
    pub(in crate::models) output: Linear,
    pub(in crate::models) before: Option<&'static str>,
    pub(in crate::models) out: Option<&'static str>,
    pub(in crate::models) after: Option<&'static str>,
}

/// Queries, keys and values.
#[derive(Debug, Clone, Copy)]
pub(in crate::models) enum Qkv {
    /// Three layers.
    Separate(Linear, Linear, Linear),
    /// Three layers, the first of which has for each head its queries and then its gate.
    Gated(Linear, Linear, Linear),
    /// One layer: all queries, then all keys, then all values.
    Stacked(Linear),
    /// One layer: for each head of keys its queries, its key and its value.
    Interleaved(Linear),
    /// The same, with the biases of queries and of values apart, and none for keys.
    InterleavedApart { layer: Linear, query_bias: &'static str, value_bias: &'static str },
    /// One layer, in so many equal parts: of each its queries, its values and its keys.
    Sharded(Linear, usize),
}

/// Norms of queries and keys.
#[derive(Debug, Clone, Copy)]
pub(in crate::models) struct QkNorm {
    pub(in crate::models) query: &'static str,
    pub(in crate::models) key: &'static str,
    pub(in crate::models) over: NormOver,
}

/// An MLP for a language, whose name stands for `{language}`, and a norm before it.
#[derive(Debug, Clone, Copy)]
pub(in crate::models) struct Language {
    pub(in crate::models) norm: Option<&'static str>,
    pub(in crate::models) up: &'static str,
    pub(in crate::models) down: &'static str,
}

/// What a norm of queries or keys is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::models) enum NormOver {
    /// All heads at once.
    All,
    /// Each head, all with the same weights.
    Head,
    /// Each head with weights of its own, without biases; `{head}` in the name stands for its number.
    OwnHead,
}

/// What disentangled attention has beside queries and keys.
#[derive(Debug, Clone, Copy)]
pub(in crate::models) struct Disentangled {
    /// The table of distances, and its norm, which all blocks share.
    pub(in crate::models) table: &'static str,
    pub(in crate::models) norm: &'static str,
    /// The layers that make queries and keys of it, where they are not those of the tokens.
    pub(in crate::models) query: Linear,
    pub(in crate::models) key: Linear,
}

/// An MLP.
#[derive(Debug, Clone, Copy)]
pub(in crate::models) enum Mlp {
    /// `down(act(up(x)))`.
    Plain { up: Linear, down: Linear },
    /// `down(act(gate(x)) · up(x))`.
    Gated { gate: Linear, up: Linear, down: Linear },
    /// The same, with gate and up in one layer, in this order.
    GatedStacked { gate_up: Linear, down: Linear },
    /// The same in the other order.
    StackedGate { up_gate: Linear, down: Linear },
}

/// A mixture of experts.
#[derive(Debug, Clone, Copy)]
pub(in crate::models) struct Experts {
    /// The layer that chooses.
    pub(in crate::models) router: &'static str,
    /// What is added to scores for the choice, by its whole name.
    pub(in crate::models) correction: &'static str,
    pub(in crate::models) layers: ExpertLayers,
    /// The MLP that all tokens go through.
    pub(in crate::models) shared: Mlp,
    /// From what that reads to the one number whose sigmoid multiplies it.
    pub(in crate::models) shared_gate: Option<&'static str>,
    /// From the model's size to that of the experts, and back.
    pub(in crate::models) inner: Option<(Linear, Linear)>,
    /// What the router reads is multiplied by the first, over the root of their number; and each expert's outputs by one of the second.
    pub(in crate::models) scales: Option<[&'static str; 2]>,
}

/// The layers of all experts.
#[derive(Debug, Clone, Copy)]
pub(in crate::models) enum ExpertLayers {
    /// An MLP each; `{expert}` stands for its number.
    Apart(Mlp),
    /// The same, or, in files that newer versions of transformers wrote, two tensors as of [`ExpertLayers::Stacked`], not turned.
    Either { apart: Mlp, gate_up: &'static str, down: &'static str },
    /// One tensor for gates and inner layers of all, `(experts, 2 d, d_model)` with gates first, and one for the outer,
    /// `(experts, d_model, d)`. With `turned` both have inputs before outputs.
    Stacked { gate_up: &'static str, down: &'static str, turned: bool },
    /// The same with inputs before outputs, gates and inner units taking turns, and biases, whose names end in `_bias`.
    Interleaved { gate_up: &'static str, down: &'static str },
}

impl Experts {
    /// A router and experts, with nothing beside them.
    pub(in crate::models) const fn new(router: &'static str, layers: ExpertLayers) -> Self {
        let none = linear("");
        let shared = Mlp::Plain { up: none, down: none };
        Self { router, correction: "", layers, shared, shared_gate: None, inner: None, scales: None }
    }
}

impl Mlp {
    /// Three layers without biases.
    pub(in crate::models) const fn gated(gate: &'static str, up: &'static str, down: &'static str) -> Self {
        Self::Gated {
            gate: linear(gate).bias(false),
            up: linear(up).bias(false),
            down: linear(down).bias(false),
        }
    }

    /// Two layers, both with a bias or both without.
    pub(in crate::models) const fn plain(up: &'static str, down: &'static str, bias: bool) -> Self {
        Self::Plain { up: linear(up).bias(bias), down: linear(down).bias(bias) }
    }
}

impl Qkv {
    /// Three layers, all with a bias or all without.
    pub(in crate::models) const fn separate(
        query: &'static str,
        key: &'static str,
        value: &'static str,
        bias: bool,
    ) -> Self {
        Self::Separate(linear(query).bias(bias), linear(key).bias(bias), linear(value).bias(bias))
    }
}

impl Block {
    /// A block of attention and an MLP, with no norm anywhere.
    pub(in crate::models) const fn new(qkv: Qkv, attention: Linear, mlp: Mlp) -> Self {
        Self {
            attention_in: None,
            mixer: "",
            is_of_kinds: false,
            qkv,
            qk_norm: None,
            distance_bias: None,
            disentangled: None,
            attention,
            sinks: None,
            gate: None,
            attention_out: None,
            after_attention: None,
            cross: None,
            language: None,
            mlp_in: None,
            mlp,
            experts: None,
            scalar: None,
            feed_forward: "",
            mlp_out: None,
            after_mlp: None,
        }
    }

    /// A block of a mixer that is not attention, with a norm before it, and nothing else.
    pub(in crate::models) const fn mixing(mixer: &'static str, norm: &'static str) -> Self {
        let none = linear("");
        let block = Self::new(Qkv::Stacked(none), none, Mlp::Plain { up: none, down: none });
        Self { attention_in: Some(norm), mixer, ..block }
    }

    /// Whether each block has a table of distances of its own.
    pub(in crate::models) fn has_own_distances(&self) -> bool {
        self.distance_bias.is_some_and(|name| name.contains("{}"))
    }

    /// The norm before each half, as most decoders have it.
    pub(in crate::models) const fn norms_before(self, attention: &'static str, mlp: &'static str) -> Self {
        Self { attention_in: Some(attention), mlp_in: Some(mlp), ..self }
    }

    /// The norm after each half, on the residual stream, as in BERT.
    pub(in crate::models) const fn norms_after(self, attention: &'static str, mlp: &'static str) -> Self {
        Self { after_attention: Some(attention), after_mlp: Some(mlp), ..self }
    }
}

/// Whether the table of tokens is the head's too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::models) enum Tied {
    Yes,
    No,
}

/// What heads call a table that they share with the embeddings.
const HEADS: [&str; 7] = [
    "lm_head",
    "lm_head.decoder",
    "cls.predictions.decoder",
    "predictions.decoder",
    "vocab_projector",
    "generator_lm_head",
    "pred_layer.proj",
];

impl Names {
    /// Tensors of the first block that every checkpoint of the family has: whole names, or (ending in a point) how several begin.
    pub(in crate::models) fn landmarks(&self) -> Vec<String> {
        let block = &self.block;
        if block.experts.is_some() || self.mixing.is_some() || block.is_of_kinds {
            return self.norms();
        }
        let mut layers = vec![block.attention];
        match block.qkv {
            Qkv::Separate(query, key, value) | Qkv::Gated(query, key, value) => {
                layers.extend([query, key, value]);
            }
            Qkv::Stacked(layer)
            | Qkv::Interleaved(layer)
            | Qkv::InterleavedApart { layer, .. }
            | Qkv::Sharded(layer, _) => layers.push(layer),
        }
        layers.extend(block.cross.iter().flat_map(|cross| [cross.query, cross.output]));
        match block.mlp {
            Mlp::Plain { up, down } => layers.extend([up, down]),
            Mlp::Gated { gate, up, down } => layers.extend([gate, up, down]),
            Mlp::GatedStacked { gate_up: both, down } | Mlp::StackedGate { up_gate: both, down } => {
                layers.extend([both, down]);
            }
        }
        let whole = layers
            .iter()
            .filter(|layer| !layer.name.is_empty())
            .map(|layer| format!("{}.weight", layer.name));
        let mixed = [block.mixer, block.feed_forward].into_iter().filter(|name| !name.is_empty());
        whole.chain(mixed.map(|name| format!("{name}."))).map(|name| name.replace("{}", "0")).collect()
    }

    /// Norms of the first block, whatever its layers are, and the last norm.
    fn norms(&self) -> Vec<String> {
        let of_blocks: &[Option<&'static str>] =
            if self.mixing.is_some() { &[] } else { &[self.block.attention_in, self.block.mlp_in] };
        let norms = of_blocks.iter().flatten().copied().chain(self.final_norm);
        let mut norms: Vec<String> =
            norms.map(|name| format!("{}.weight", name.replace("{}", "0"))).collect();
        norms.dedup();
        norms
    }

    /// What else the table of tokens may be called, and whether that is so only where the two are tied.
    pub(in crate::models) fn heads(&self) -> impl Iterator<Item = (&'static str, bool)> {
        // One table of an encoder and a decoder has the names of both.
        let both: &[&str] =
            if self.tokens == "shared" { &["encoder.embed_tokens", "decoder.embed_tokens"] } else { &[] };
        let own: &[&str] = if self.tokens == "embeddings.tok_embeddings" { &["decoder"] } else { &[] };
        let heads = HEADS.iter().chain(own).map(|&name| (name, true));
        both.iter().map(|&name| (name, false)).chain(heads)
    }

    /// Token embeddings, and blocks of a mixer that is not attention, with a norm before it.
    pub(in crate::models) const fn mixing(
        tokens: &'static str,
        mixer: &'static str,
        norm: &'static str,
    ) -> Self {
        Self::new(tokens, Block::mixing(mixer, norm))
    }

    /// Token embeddings and blocks, with no prefix, norm or projection.
    #[expect(clippy::large_types_passed_by_value, reason = "a constant, made when the program is compiled")]
    pub(in crate::models) const fn new(tokens: &'static str, block: Block) -> Self {
        Self {
            prefixes: &[""],
            tokens,
            other_tokens: None,
            positions: "",
            segments: "",
            tasks: "",
            embedding_norm: None,
            first_norm: None,
            embedding_projection: None,
            block,
            mixing: None,
            per_layer: None,
            final_norm: None,
            last_projection: None,
            convolution: None,
        }
    }
}

/// A family's reading of a configuration.
#[derive(Debug, Clone)]
pub(in crate::models) struct Declaration {
    pub(in crate::models) spec: Spec,
    pub(in crate::models) names: Names,
}
