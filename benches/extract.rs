//! Extraction with models of MiniLM-L6's and BERT-base's shapes and random weights, in every precision that this processor has:
//! `cargo bench --bench extract`.
//!
//! `extract_vs_transformers.py` beside this file compares a checkpoint with Hugging Face transformers.
#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::HashMap;
use std::path::Path;

use candle_core::{Device, Tensor};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mlem_probe::extract::Extract;
use mlem_probe::hub::{Checkpoint, Weights};
use mlem_probe::models::{LoadOptions, Model, Precision};
use mlem_probe::progress::Silent;
use mlem_probe::stimuli::{FeatureTable, Stimuli};
use mlem_probe::tokens::TokenizerText;

const NOUNS: [&str; 8] = ["woman", "girl", "queen", "lady", "man", "boy", "king", "clerk"];
const VERBS: [&str; 2] = ["sees", "likes"];

/// Sentences of 12 tokens, as in the relative-clause set.
fn sentences() -> Vec<String> {
    let mut sentences = Vec::new();
    for subject in NOUNS {
        for object in NOUNS {
            for embedded in NOUNS {
                let [verb, other] = VERBS;
                sentences.push(format!("the {subject} {verb} the {object} who the {embedded} {other} ."));
            }
        }
    }
    sentences
}

/// An encoder of BERT's kind with 12 heads, four times as wide in its hidden layers.
fn checkpoint(folder: &Path, d: usize, n_layers: usize) -> Checkpoint {
    let d_mlp = 4 * d;
    let words = ["the", "who", "."].iter().chain(&NOUNS).chain(&VERBS);
    let mut vocabulary: Vec<String> =
        ["[UNK]", "[CLS]", "[SEP]"].iter().chain(words).map(|&word| word.to_owned()).collect();
    vocabulary.dedup();
    let mut tensors = HashMap::new();
    let mut add = |name: &str, shape: &[usize]| {
        let scale = 1.0 / (shape[shape.len() - 1] as f32).sqrt();
        tensors.insert(name.to_owned(), Tensor::randn(0f32, scale, shape, &Device::Cpu).unwrap());
    };
    add("embeddings.word_embeddings.weight", &[vocabulary.len(), d]);
    add("embeddings.position_embeddings.weight", &[512, d]);
    add("embeddings.token_type_embeddings.weight", &[2, d]);
    let mut norms = vec!["embeddings.LayerNorm".to_owned()];
    for layer in 0..n_layers {
        let layer = format!("encoder.layer.{layer}");
        let attention = format!("{layer}.attention");
        for (name, outputs, inputs) in [
            (format!("{attention}.self.query"), d, d),
            (format!("{attention}.self.key"), d, d),
            (format!("{attention}.self.value"), d, d),
            (format!("{attention}.output.dense"), d, d),
            (format!("{layer}.intermediate.dense"), d_mlp, d),
            (format!("{layer}.output.dense"), d, d_mlp),
        ] {
            add(&format!("{name}.weight"), &[outputs, inputs]);
            add(&format!("{name}.bias"), &[outputs]);
        }
        norms.push(format!("{attention}.output.LayerNorm"));
        norms.push(format!("{layer}.output.LayerNorm"));
    }
    for norm in norms {
        add(&format!("{norm}.weight"), &[d]);
        add(&format!("{norm}.bias"), &[d]);
    }
    let path = folder.join(format!("{d}.safetensors"));
    candle_core::safetensors::save(&tensors, &path).unwrap();
    let config = serde_json::json!({
        "model_type": "bert", "vocab_size": vocabulary.len(), "hidden_size": d, "num_hidden_layers": n_layers,
        "num_attention_heads": 12, "intermediate_size": d_mlp,
    });
    let ids: serde_json::Map<String, serde_json::Value> =
        vocabulary.into_iter().zip(0u32..).map(|(word, id)| (word, id.into())).collect();
    let tokenizer = serde_json::json!({
        "version": "1.0", "added_tokens": [], "pre_tokenizer": { "type": "WhitespaceSplit" },
        "post_processor": { "type": "BertProcessing", "cls": ["[CLS]", 1], "sep": ["[SEP]", 2] },
        "model": { "type": "WordLevel", "vocab": ids, "unk_token": "[UNK]" },
    });
    Checkpoint {
        id: "random".to_owned(),
        commit: None,
        config: config.to_string(),
        tokenizer: TokenizerText::alone(&tokenizer.to_string()),
        weights: Weights::Safetensors(vec![path]),
        adapter: None,
        sentences: None,
        notes: Vec::new(),
    }
}

fn extract(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let sentences = sentences();
    let features = FeatureTable::new(sentences.len(), vec![]).unwrap();
    let stimuli = Stimuli::new(sentences, features).unwrap();
    let mut group = criterion.benchmark_group("extract");
    group.sample_size(10).throughput(Throughput::Elements(stimuli.len() as u64));
    for (name, d, n_layers) in [("MiniLM", 384, 6), ("BERT-base", 768, 12)] {
        let checkpoint = checkpoint(folder.path(), d, n_layers);
        for precision in [Precision::F32, Precision::Fast, Precision::Bf16] {
            if precision != Precision::F32 && !Precision::tiles() {
                continue;
            }
            let model = Model::load(&checkpoint, &LoadOptions::default().precision(precision)).unwrap();
            for batch_tokens in [192, 384, 768] {
                let params = Extract::params().batch_tokens(batch_tokens);
                let name = format!("{name} shape, {precision}, 12 tokens, batches of {batch_tokens}");
                group.bench_function(name, |bencher| {
                    bencher.iter(|| params.extract(&stimuli, &model, &Silent).unwrap());
                });
            }
        }
    }
}

criterion_group!(benches, extract);
criterion_main!(benches);
