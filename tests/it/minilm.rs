//! all-MiniLM-L6-v2 against frozen hidden states of Hugging Face transformers, when `PROBE_TEST_MINILM` names its folder;
//! `tests/golden/fetch_minilm.sh` gets it.

#![allow(clippy::print_stderr)]

use std::path::PathBuf;
use std::{env, fs};

use mlem_probe::activations::Pooling;
use mlem_probe::extract::Extract;
use mlem_probe::hub::{Checkpoint, Weights};
use mlem_probe::models::{DeviceChoice, LoadOptions, Model, Precision};
use mlem_probe::progress::Silent;
use mlem_probe::stimuli::{FeatureTable, Stimuli};
use mlem_probe::tokens::TokenizerText;
use safetensors::SafeTensors;

use crate::models::{larger, not_run, on};

/// The checkpoint, or `None` (with a word about it) when the tier is off.
fn checkpoint() -> Option<Checkpoint> {
    let Ok(folder) = env::var("PROBE_TEST_MINILM") else {
        eprintln!("skipped: PROBE_TEST_MINILM does not name the folder of all-MiniLM-L6-v2");
        return None;
    };
    let folder = PathBuf::from(folder);
    let text = |name| fs::read_to_string(folder.join(name)).unwrap();
    Some(Checkpoint {
        id: "minilm".to_owned(),
        commit: None,
        config: text("config.json"),
        tokenizer: TokenizerText::alone(&text("tokenizer.json")),
        weights: Weights::Safetensors(vec![folder.join("model.safetensors")]),
        adapter: None,
        sentences: None,
        notes: Vec::new(),
    })
}

fn stimuli(sentences: &[String]) -> Stimuli {
    Stimuli::new(sentences.to_vec(), FeatureTable::new(sentences.len(), vec![]).unwrap()).unwrap()
}

#[test]
fn matches_transformers_on_minilm() {
    matches_transformers(DeviceChoice::Cpu);
}

#[test]
fn fast_precision_is_within_its_bound_on_minilm() {
    let Some(checkpoint) = checkpoint() else { return };
    let options = LoadOptions::default().precision(Precision::Fast);
    // The portable form takes minutes for the whole of it; its bits are those of the tiles.
    if !Precision::tiles() {
        not_run("this processor has no matrix tiles (AMX)");
        return;
    }
    let sentences: Vec<String> = sentences();
    let extract = |options: &LoadOptions| {
        let model = Model::load(&checkpoint, options).unwrap();
        Extract::params().extract(&stimuli(&sentences), &model, &Silent).unwrap().activations
    };
    let (fast, exact) = (extract(&options), extract(&LoadOptions::default()));
    for layer in 0..7 {
        let largest = |values: &mut dyn Iterator<Item = f32>| values.fold(0.0, larger);
        let magnitude = largest(&mut exact.matrix(layer).iter().map(|value| value.abs()));
        let pairs = fast.matrix(layer).into_iter().zip(exact.matrix(layer));
        let error = largest(&mut pairs.map(|(a, b)| (a - b).abs())) / magnitude;
        eprintln!("fast, layer {layer}: {error:.1e} of the largest magnitude");
        assert!(error <= 2e-5, "layer {layer}: {error}");
    }
}

/// The frozen sentences.
fn sentences() -> Vec<String> {
    let bytes = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/minilm.safetensors")).unwrap();
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    serde_json::from_str(&metadata.metadata().as_ref().unwrap()["sentences"]).unwrap()
}

#[test]
fn matches_transformers_on_minilm_in_padded_batches() {
    matches_transformers(DeviceChoice::CpuPadded);
}

fn matches_transformers(device: DeviceChoice) {
    let Some(checkpoint) = checkpoint() else { return };
    let model = Model::load(&checkpoint, &on(device)).unwrap();
    let bytes = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/minilm.safetensors")).unwrap();
    let golden = SafeTensors::deserialize(&bytes).unwrap();
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let metadata = metadata.metadata().as_ref().unwrap();
    let sentences: Vec<String> = serde_json::from_str(&metadata["sentences"]).unwrap();
    let same_length: Vec<usize> = serde_json::from_str(&metadata["none"]).unwrap();
    let same_length: Vec<String> = same_length.into_iter().map(|row| sentences[row].clone()).collect();
    for (pooling, sentences) in [(Pooling::Mean, &sentences), (Pooling::None, &same_length)] {
        let params = Extract::params().pooling(pooling);
        let found = params.extract(&stimuli(sentences), &model, &Silent).unwrap().activations;
        assert_eq!(found.layers().len(), 7);
        for layer in 0..7 {
            let expected = golden.tensor(&format!("{pooling}.{layer}")).unwrap();
            assert_eq!(expected.shape(), found.matrix(layer).shape());
            let expected = expected.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()));
            let differences = found.matrix(layer).into_iter().zip(expected).map(|(a, b)| (a - b).abs());
            let largest = differences.fold(0.0, larger);
            eprintln!("{device}, {pooling}, layer {layer}: largest difference {largest:.1e}");
            assert!(largest <= 1e-5, "{pooling}, layer {layer}: {largest}");
        }
        // Alone, a sentence gives what it gives in a batch: to the last bit, where there is no padding.
        let most = if device.pads() { 1e-5 } else { 0.0 };
        for (row, sentence) in sentences.iter().enumerate() {
            let alone = params.extract(&stimuli(std::slice::from_ref(sentence)), &model, &Silent).unwrap();
            for layer in 0..7 {
                let (alone, batch) = (alone.activations.matrix(layer), found.matrix(layer));
                let mut pairs = alone.row(0).into_iter().zip(batch.row(row));
                assert!(pairs.all(|(a, b)| (a - b).abs() <= most), "{pooling}, layer {layer}, {sentence}");
            }
        }
    }
}
