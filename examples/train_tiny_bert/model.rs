//! A BERT that can be trained: plain tensors under the names of a Hugging Face checkpoint.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use candle_core::{D, DType, Device, Result, Tensor, Var, safetensors};
use candle_nn::ops::{layer_norm_slow, softmax};
use mlem_probe::hub::embedded::{self, HEAD};
use serde_json::{Value, json};

const D_MODEL: usize = 128;
const N_HEADS: usize = 4;
const EPSILON: f64 = 1e-12;

/// The content of `config.json`.
pub fn config(n_words: usize, n_layers: usize) -> Value {
    json!({"architectures": ["BertModel"], "model_type": "bert", "vocab_size": n_words, "hidden_size": D_MODEL,
           "num_hidden_layers": n_layers, "num_attention_heads": N_HEADS, "intermediate_size": 4 * D_MODEL,
           "hidden_act": "gelu", "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
           "max_position_embeddings": 128, "type_vocab_size": 2, "initializer_range": 0.02,
           "layer_norm_eps": EPSILON, "pad_token_id": 0, "position_embedding_type": "absolute"})
}

/// The parameters by name, and how many layers they are of.
pub struct Bert(BTreeMap<String, Var>, usize);

impl Bert {
    /// A model at its start.
    pub fn new(n_words: usize, n_layers: usize) -> Result<Self> {
        let parameter = |(name, (shape, values))| Ok((name, Var::from_vec(values, shape, &Device::Cpu)?));
        let parameters = embedded::start(n_words, n_layers).into_iter().map(parameter);
        Ok(Self(parameters.collect::<Result<_>>()?, n_layers))
    }

    /// All parameters, for the optimizer.
    pub fn variables(&self) -> Vec<Var> {
        self.0.values().cloned().collect()
    }

    /// Writes the checkpoint in f16, packed.
    pub fn save(&self, path: &Path) -> std::result::Result<(), Box<dyn std::error::Error>> {
        let kept = self.0.iter().filter(|(name, _)| !name.starts_with(HEAD));
        let half = kept.map(|(name, var)| Ok((name.clone(), var.to_dtype(DType::F16)?)));
        let file = path.with_extension("safetensors");
        safetensors::save(&half.collect::<Result<HashMap<_, _>>>()?, &file)?;
        fs::write(path, embedded::pack(&fs::read(&file)?)?)?;
        Ok(fs::remove_file(file)?)
    }

    /// Logits `(n_places, n_words)` for the tokens at `places` of the flattened `(batch, length)` `tokens`.
    pub fn predict(&self, tokens: &Tensor, places: &Tensor) -> Result<Tensor> {
        let (batch, length) = tokens.dims2()?;
        let words = &self.0["embeddings.word_embeddings.weight"];
        let mut x = words.embedding(&tokens.flatten_all()?)?.reshape((batch, length, D_MODEL))?;
        x = x.broadcast_add(&self.0["embeddings.position_embeddings.weight"].narrow(0, 0, length)?)?;
        x = x.broadcast_add(&self.0["embeddings.token_type_embeddings.weight"].narrow(0, 0, 1)?)?;
        x = self.norm("embeddings.LayerNorm", &x)?.reshape((batch * length, D_MODEL))?;
        for layer in (0..self.1).map(|layer| format!("encoder.layer.{layer}")) {
            let heads = |part: &str| {
                let heads = self.linear(&format!("{layer}.attention.self.{part}"), &x)?;
                heads.reshape((batch, length, N_HEADS, D_MODEL / N_HEADS))?.transpose(1, 2)?.contiguous()
            };
            let (q, k, v) = (heads("query")?, heads("key")?, heads("value")?);
            let scores = (q.matmul(&k.t()?.contiguous()?)? / ((D_MODEL / N_HEADS) as f64).sqrt())?;
            let mixed = softmax(&scores, D::Minus1)?.matmul(&v)?;
            let mixed = mixed.transpose(1, 2)?.reshape((batch * length, D_MODEL))?;
            let mixed = self.linear(&format!("{layer}.attention.output.dense"), &mixed)?;
            x = self.norm(&format!("{layer}.attention.output.LayerNorm"), &(x + mixed)?)?;
            let inner = self.linear(&format!("{layer}.intermediate.dense"), &x)?.gelu_erf()?;
            let outer = self.linear(&format!("{layer}.output.dense"), &inner)?;
            x = self.norm(&format!("{layer}.output.LayerNorm"), &(x + outer)?)?;
        }
        let hidden = self.linear(&format!("{HEAD}dense"), &x.index_select(places, 0)?)?.gelu_erf()?;
        let hidden = self.norm(&format!("{HEAD}LayerNorm"), &hidden)?;
        hidden.matmul(&words.t()?)?.broadcast_add(&self.0[&format!("{HEAD}bias")])
    }

    fn linear(&self, name: &str, x: &Tensor) -> Result<Tensor> {
        x.matmul(&self.0[&format!("{name}.weight")].t()?)?.broadcast_add(&self.0[&format!("{name}.bias")])
    }

    fn norm(&self, name: &str, x: &Tensor) -> Result<Tensor> {
        layer_norm_slow(
            x,
            &self.0[&format!("{name}.weight")],
            &self.0[&format!("{name}.bias")],
            EPSILON as f32,
        )
    }
}
