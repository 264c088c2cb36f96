//! RWKV-7 against candle-transformers, whose weights have other names and shapes.

use std::collections::HashMap;
use std::fs;

use candle_core::{DType, Device, Tensor};
use candle_transformers::models::rwkv_v7::{Config, Model as Theirs, ModelVersion, State};
use mlem_probe::hub::{Checkpoint, Weights};
use mlem_probe::models::{LoadOptions, Model};
use mlem_probe::numeric::rng::Stream;
use mlem_probe::tokens::TokenizerText;
use safetensors::SafeTensors;

use crate::models::{TOKENIZER, hidden_states};

const VOCABULARY: usize = 64;
const D: usize = 64;
const N_LAYERS: usize = 2;
const D_MLP: usize = 96;
const RANK: usize = 8;

/// The weights of a file under the original's names, but for the head.
fn originals(bytes: &[u8], d: usize, n_layers: usize) -> HashMap<String, Tensor> {
    let tensors = SafeTensors::deserialize(bytes).unwrap();
    let get = |name: &str| {
        let view = tensors.tensor(name).unwrap();
        Tensor::from_raw_buffer(view.data(), DType::F32, view.shape(), &Device::Cpu).unwrap()
    };
    let mut found = HashMap::new();
    let mut put = |name: String, tensor: Tensor| {
        found.insert(name, tensor.contiguous().unwrap());
    };
    put("emb.weight".to_owned(), get("model.embeddings.weight"));
    let norms = [("ln_out".to_owned(), "model.norm".to_owned())];
    let of_layers = (0..n_layers).flat_map(|layer| {
        let parts =
            [("ln1", "attn_norm"), ("ln2", "ffn_norm"), ("att.ln_x", "attn.g_norm"), ("ln0", "pre_norm")];
        let parts = parts.into_iter().filter(move |&(name, _)| layer == 0 || name != "ln0");
        parts.map(move |(theirs, ours)| {
            (format!("blocks.{layer}.{theirs}"), format!("model.layers.{layer}.{ours}"))
        })
    });
    for (theirs, ours) in norms.into_iter().chain(of_layers) {
        for part in ["weight", "bias"] {
            put(format!("{theirs}.{part}"), get(&format!("{ours}.{part}")));
        }
    }
    for layer in 0..n_layers {
        let ours = |name: &str| get(&format!("model.layers.{layer}.{name}"));
        let row = |tensor: Tensor| tensor.reshape((1, 1, d)).unwrap();
        let mut put = |name: &str, tensor: Tensor| put(format!("blocks.{layer}.{name}"), tensor);
        for part in ["r", "w", "k", "v", "a", "g"] {
            put(&format!("att.x_{part}"), ours(&format!("attn.x_{part}")));
        }
        for (theirs, part) in [("receptance", "r"), ("key", "k"), ("value", "v"), ("output", "o")] {
            put(&format!("att.{theirs}.weight"), ours(&format!("attn.{part}_proj.weight")));
        }
        for part in ["w", "a", "g", "v"] {
            // The first block has no such layer; candle-transformers reads one, and does not use it.
            let from = if part == "v" { layer.max(1) } else { layer };
            let low_rank = |name: &str| get(&format!("model.layers.{from}.attn.{part}_lora.lora.{name}"));
            for (number, index) in [(1, 0), (2, 2)] {
                let weight = low_rank(&format!("{index}.weight"));
                put(&format!("att.{part}{number}"), weight.t().unwrap());
            }
            if part != "g" {
                put(&format!("att.{part}0"), row(low_rank("2.bias")));
            }
        }
        put("att.k_k", row(ours("attn.k_k")));
        put("att.k_a", row(ours("attn.k_a")));
        put("att.r_k", ours("attn.r_k"));
        put("ffn.x_k", row(ours("ffn.x_k")));
        put("ffn.key.weight", ours("ffn.key.weight"));
        put("ffn.value.weight", ours("ffn.value.weight"));
    }
    found
}

/// Random weights of a model of one head, under our names: candle-transformers divides by a constant that is right for heads of
/// 64 units alone.
fn weights() -> HashMap<String, Tensor> {
    let mut stream = Stream::new(7, "weights of a test");
    let mut weights = HashMap::new();
    let mut put = |name: &str, shape: &[usize], centre: f32, spread: f32| {
        let values: Vec<f32> =
            (0..shape.iter().product()).map(|_| centre + spread * stream.normal() as f32).collect();
        let tensor = Tensor::from_vec(values, shape, &Device::Cpu).unwrap();
        weights.insert(format!("model.{name}"), tensor);
    };
    put("embeddings.weight", &[VOCABULARY, D], 0.0, 1.0);
    put("norm.weight", &[D], 1.0, 0.3);
    put("norm.bias", &[D], 0.0, 0.3);
    for layer in 0..N_LAYERS {
        let mut put = |name: &str, shape: &[usize], centre: f32, spread: f32| {
            put(&format!("layers.{layer}.{name}"), shape, centre, spread);
        };
        for norm in ["pre_norm", "attn_norm", "ffn_norm", "attn.g_norm"] {
            put(&format!("{norm}.weight"), &[D], 1.0, 0.3);
            put(&format!("{norm}.bias"), &[D], 0.0, 0.3);
        }
        for part in ["r", "w", "k", "v", "a", "g"] {
            put(&format!("attn.x_{part}"), &[1, 1, D], 0.5, 0.3);
        }
        for part in ["r", "k", "v", "o"] {
            put(&format!("attn.{part}_proj.weight"), &[D, D], 0.0, 0.15);
        }
        for part in ["w", "a", "g", "v"] {
            put(&format!("attn.{part}_lora.lora.0.weight"), &[RANK, D], 0.0, 0.15);
            put(&format!("attn.{part}_lora.lora.2.weight"), &[D, RANK], 0.0, 0.4);
            put(&format!("attn.{part}_lora.lora.2.bias"), &[D], 0.0, 0.5);
        }
        put("attn.k_k", &[D], 1.0, 0.3);
        put("attn.k_a", &[D], 0.7, 0.3);
        put("attn.r_k", &[1, D], 0.0, 0.5);
        put("ffn.x_k", &[D], 0.5, 0.3);
        put("ffn.key.weight", &[D_MLP, D], 0.0, 0.15);
        put("ffn.value.weight", &[D, D_MLP], 0.0, 0.15);
    }
    weights
}

#[test]
fn agrees_with_candle_transformers_on_rwkv7() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    candle_core::safetensors::save(&weights(), &path).unwrap();
    let config = serde_json::json!({
        "model_type": "rwkv7", "vocab_size": VOCABULARY, "hidden_size": D, "head_dim": D, "num_hidden_layers": N_LAYERS,
        "intermediate_size": D_MLP, "decay_low_rank_dim": RANK, "a_low_rank_dim": RANK, "gate_low_rank_dim": RANK,
        "v_low_rank_dim": RANK, "norm_eps": 1e-5, "norm_bias": true, "hidden_act": "sqrelu"
    });
    let checkpoint = Checkpoint {
        id: "random".to_owned(),
        commit: None,
        config: config.to_string(),
        tokenizer: TokenizerText::alone(TOKENIZER),
        weights: Weights::Safetensors(vec![path.clone()]),
        adapter: None,
        sentences: None,
        notes: Vec::new(),
    };
    let ours = Model::load(&checkpoint, &LoadOptions::default()).unwrap();
    let config = Config {
        version: ModelVersion::V7,
        vocab_size: VOCABULARY,
        hidden_size: D,
        num_hidden_layers: N_LAYERS,
        head_size: D,
        intermediate_size: Some(D_MLP),
        rescale_every: 0,
    };
    let mut weights = originals(&fs::read(&path).unwrap(), D, N_LAYERS);
    // A head that hands the last hidden state through.
    weights.insert("head.weight".to_owned(), Tensor::eye(D, DType::F32, &Device::Cpu).unwrap());
    let builder = candle_nn::VarBuilder::from_tensors(weights, DType::F32, &Device::Cpu);
    let theirs = Theirs::new(&config, builder).unwrap();
    for sequence in [vec![3, 9, 27, 17, 51, 9, 9, 0], vec![63]] {
        let mut state = State::new(&config, &Device::Cpu).unwrap();
        let output: Vec<f32> = theirs.forward_seq(&sequence, &mut state).unwrap().to_vec1().unwrap();
        let last = hidden_states(&ours, std::slice::from_ref(&sequence)).pop().unwrap();
        for (found, expected) in last[last.len() - D..].iter().zip(&output) {
            assert!((found - expected).abs() < 1e-4, "{found} {expected}");
        }
    }
}
