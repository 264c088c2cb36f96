//! Weights that stay in their files, and weights in half precision: the same numbers.

use std::fs;
use std::path::Path;

use mlem_probe::activations::Pooling;
use mlem_probe::extract::Extract;
use mlem_probe::hub::Checkpoint;
use mlem_probe::models::{Dtype, LoadOptions, Model, Sequences};
use mlem_probe::progress::Silent;
use mlem_probe::stimuli::{FeatureTable, Stimuli};

use crate::models::{Golden, hidden_states, largest_difference};
use crate::workspace::Workspace;

/// Every case of the golden tests.
fn cases() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/hidden_states");
    let mut cases: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().to_str().unwrap().replace(".safetensors.gz", ""))
        .collect();
    cases.sort();
    cases
}

fn load(case: &str, options: &LoadOptions) -> Model {
    Model::load(&Golden::open(case).checkpoint(), options).unwrap()
}

/// Sequences of several lengths, of tokens that every model has.
fn sequences() -> Vec<Vec<u32>> {
    vec![vec![5, 9, 3], vec![7], vec![2, 2, 11, 4, 8], vec![5, 9, 6, 1]]
}

#[test]
fn offloaded_models_give_the_same_states_to_the_last_bit() {
    let cases = cases();
    assert!(cases.len() > 90);
    for case in cases {
        let plain = load(&case, &LoadOptions::default());
        let offloaded = load(&case, &LoadOptions::default().offload(true));
        let shared = case.starts_with("albert");
        assert_eq!((plain.is_offloaded(), offloaded.is_offloaded()), (false, !shared), "{case}");
        let expected = hidden_states(&plain, &sequences());
        assert_eq!(hidden_states(&offloaded, &sequences()), expected, "{case}");
        // Three batches together, of some layers.
        let batches: Vec<Sequences> =
            sequences().chunks(2).map(|batch| Sequences::new(batch.iter().map(Vec::as_slice))).collect();
        let last = plain.spec().n_layers;
        let found = std::sync::Mutex::new(vec![Vec::new(); batches.len()]);
        offloaded
            .hidden_states_together(&batches, &[0, last], |batch, layer, states| {
                found.lock().unwrap()[batch].push((layer, states.to_vec()));
                Ok(())
            })
            .unwrap();
        for (found, sequences) in found.into_inner().unwrap().iter().zip(sequences().chunks(2)) {
            let states = hidden_states(&plain, sequences);
            let expected = [(0, states[0].clone()), (last, states[last].clone())];
            assert_eq!(found.as_slice(), expected, "{case}");
        }
    }
}

#[test]
fn half_precision_changes_nothing_where_a_checkpoint_is_stored_so() {
    for (case, dtype) in [("bert_bf16", Dtype::Bf16), ("bert_f16", Dtype::F16)] {
        let expected = hidden_states(&load(case, &LoadOptions::default()), &sequences());
        for offload in [false, true] {
            let options = LoadOptions::default().dtype(dtype).offload(offload);
            assert_eq!(hidden_states(&load(case, &options), &sequences()), expected, "{case} {offload}");
        }
    }
    for case in ["bert", "llama", "gpt2", "rwkv7", "deberta_v2_conv"] {
        let expected = hidden_states(&load(case, &LoadOptions::default()), &sequences());
        for (dtype, bound) in [(Dtype::F16, 2e-2), (Dtype::Bf16, 0.1)] {
            let options = LoadOptions::default().dtype(dtype);
            let found = hidden_states(&load(case, &options), &sequences());
            let offloaded = hidden_states(&load(case, &options.offload(true)), &sequences());
            assert_eq!(found, offloaded, "{case} {dtype}");
            assert_ne!(found, expected, "{case} {dtype}");
            for (layer, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let largest = expected.iter().fold(0f32, |largest, x| largest.max(x.abs()));
                let off = largest_difference(found, expected);
                assert!(off <= bound * largest, "{case} {dtype} layer {layer}: {off} of {largest}");
            }
        }
    }
}

#[test]
fn extraction_is_the_same_with_offloaded_weights() {
    let words = ["a b c", "c", "a b b a", "b", "a b c", "c c a"];
    let sentences: Vec<String> = words.iter().map(|&words| words.to_owned()).collect();
    let stimuli = Stimuli::new(sentences, FeatureTable::new(words.len(), vec![]).unwrap()).unwrap();
    for case in ["bert", "gpt2", "rwkv7", "opt_projected"] {
        let extract = |options: &LoadOptions, batch_tokens| {
            let params = Extract::params().pooling(Pooling::Last).batch_tokens(batch_tokens);
            params.extract(&stimuli, &load(case, options), &Silent).unwrap()
        };
        let plain = extract(&LoadOptions::default(), 384);
        for batch_tokens in [1, 5, 384] {
            let offloaded = extract(&LoadOptions::default().offload(true), batch_tokens);
            assert_eq!(offloaded.activations, plain.activations, "{case} {batch_tokens}");
        }
        let half = extract(&LoadOptions::default().dtype(Dtype::Bf16), 384);
        assert_eq!(half.activations.provenance().dtype.as_deref(), Some("bf16"));
        assert_ne!(half.activations.matrix(1), plain.activations.matrix(1));
    }
}

#[test]
fn what_an_offloaded_model_lacks_is_named_when_its_turn_comes() {
    let golden = Golden::open("bert");
    let mut config: serde_json::Value = serde_json::from_str(&golden.config()).unwrap();
    let n_layers = config["num_hidden_layers"].as_u64().unwrap();
    config["num_hidden_layers"] = (n_layers + 1).into();
    let checkpoint = Checkpoint { config: config.to_string(), ..golden.checkpoint() };
    let model = Model::load(&checkpoint, &LoadOptions::default().offload(true)).unwrap();
    let batch = Sequences::new([[1u32, 2].as_slice()]);
    let run = |deepest| model.hidden_states(&batch, deepest, |_, _| Ok(()));
    run(n_layers as usize).unwrap();
    let error = run(n_layers as usize + 1).unwrap_err().to_string();
    assert!(
        error.contains(&format!("layer.{n_layers}."))
            && error.contains("] is missing from the weights, whose names begin with `"),
        "{error}"
    );
    let options = LoadOptions::default().offload(true).padded();
    let error = Model::load(&golden.checkpoint(), &options).map(drop).unwrap_err();
    assert!(error.to_string().starts_with("--offload is for the processor"), "{error}");
    assert_eq!(error.hint().unwrap(), "add --device cpu, or leave --offload out");
}

#[test]
fn the_program_offloads_and_halves() {
    let w = Workspace::new();
    w.ok("generate relative_clause --sample 40 -o s.csv");
    w.write_model("model");
    let extract = |out: &str, options: &str| {
        w.ok(&format!("extract s.csv --model ./model --no-cache -o {out}.safetensors {options}"));
        fs::read(w.path(&format!("{out}.safetensors"))).unwrap()
    };
    let plain = extract("plain", "");
    assert!(extract("offloaded", "--offload") == plain);
    let half = extract("half", "--dtype bf16");
    assert!(half != plain && extract("both", "--dtype bf16 --offload") == half);
    assert!(
        w.transcript("extract s.csv --dtype f64 -o x.safetensors")
            .contains("possible values: f32, f16, bf16")
    );
}
