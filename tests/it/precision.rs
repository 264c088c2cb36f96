//! What `--precision` makes of the numbers.

use std::collections::HashMap;

use mlem_probe::hub::Checkpoint;
use mlem_probe::models::{LoadOptions, Model, Precision};

use crate::models::{Golden, every_case, hidden_states, largest_difference, matches_transformers, not_run};

#[test]
fn every_family_matches_transformers_in_fast_precision() {
    every_case(|case| matches_transformers(case, &LoadOptions::default().precision(Precision::Fast)));
}

#[test]
fn the_processors_tiles_give_the_bits_of_their_portable_form_in_every_family() {
    if !Precision::tiles() {
        not_run("this processor has no matrix tiles (AMX)");
        return;
    }
    every_case(|case| {
        let golden = Golden::open(case);
        let options = LoadOptions::default().precision(Precision::Bf16);
        let states = |options: &LoadOptions| {
            let model = Model::load(&golden.checkpoint(), options).unwrap();
            assert_eq!(model.precision(), Precision::Bf16);
            hidden_states(&model, &golden.sequences())
        };
        assert!(states(&options) == states(&options.clone().portable()), "{case}");
    });
}

/// Layers of 256 inputs and more are products of parts; the golden cases have none.
#[test]
fn layers_in_parts_are_within_the_bound_and_the_same_in_tiles_and_portably() {
    let sizes: [(&str, &[(&str, u32)]); 4] = [
        ("bert", &[("hidden_size", 256), ("intermediate_size", 512), ("num_attention_heads", 4)]),
        ("gpt2", &[("n_embd", 256), ("n_inner", 512), ("n_head", 4)]),
        (
            "llama",
            &[
                ("hidden_size", 256),
                ("intermediate_size", 320),
                ("num_attention_heads", 4),
                ("num_key_value_heads", 2),
                ("head_dim", 64),
            ],
        ),
        ("t5", &[("d_model", 256), ("d_ff", 512), ("num_heads", 4), ("d_kv", 64)]),
    ];
    for (case, sizes) in sizes {
        let golden = Golden::open(case);
        let mut config: HashMap<String, serde_json::Value> = serde_json::from_str(&golden.config()).unwrap();
        config.extend(sizes.iter().map(|&(key, value)| (key.to_owned(), value.into())));
        let checkpoint =
            Checkpoint { config: serde_json::to_string(&config).unwrap(), ..golden.checkpoint() };
        let sequences = golden.sequences();
        let states = |options: LoadOptions| {
            hidden_states(&Model::load(&checkpoint, &options.untrained(1)).unwrap(), &sequences)
        };
        let fast = LoadOptions::default().precision(Precision::Fast);
        let (exact, portable) = (states(LoadOptions::default()), states(fast.clone().portable()));
        for (layer, (state, exact)) in portable.iter().zip(&exact).enumerate() {
            let magnitude = exact.iter().fold(0.0f32, |most, value| most.max(value.abs()));
            let error = largest_difference(state, exact) / magnitude;
            assert!(error <= 2e-5, "{case}, hidden state {layer}: {error}");
            assert!(layer == 0 || error > 0.0, "{case}, hidden state {layer}: nothing was in parts");
        }
        if Precision::tiles() {
            assert!(states(fast) == portable, "{case}");
        } else {
            not_run("this processor has no matrix tiles (AMX)");
        }
    }
}

#[test]
fn one_product_of_bf16_is_as_far_off_as_bf16_is() {
    for case in ["bert", "gpt2", "llama"] {
        let golden = Golden::open(case);
        let options = LoadOptions::default().precision(Precision::Bf16);
        let model = Model::load(&golden.checkpoint(), &options).unwrap();
        let states = hidden_states(&model, &golden.sequences());
        let expected = golden.hidden(model.spec().n_layers);
        let magnitude = expected.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        let error = largest_difference(&states[model.spec().n_layers], &expected) / magnitude;
        assert!((2e-4..3e-2).contains(&error), "{case}: {error}");
    }
}

#[test]
fn what_runs_is_what_is_said() {
    let checkpoint = Golden::open("bert").checkpoint();
    let runs = |options: &LoadOptions| Model::load(&checkpoint, options).map(|model| model.precision());
    let fast = LoadOptions::default().precision(Precision::Fast);
    let expected = if Precision::tiles() { Precision::Fast } else { Precision::F32 };
    assert_eq!(runs(&fast).unwrap(), expected);
    assert_eq!(runs(&LoadOptions::default()).unwrap(), Precision::F32);
    assert_eq!(runs(&fast.padded()).unwrap(), Precision::F32);
    let error = runs(&LoadOptions::default().precision(Precision::Bf16).padded()).unwrap_err();
    assert_eq!(error.to_string(), "bf16 precision is the processor's; on a GPU products are f32");
    assert!(error.hint().unwrap().contains("--device cpu"));
}
