//! What a model runs on; and the computation of GPUs, run here on the processor: padded batches of candle's own operations.

use insta::assert_snapshot;
use mlem_probe::activations::{Activations, Pooling};
use mlem_probe::extract::Extract;
use mlem_probe::extract::cache::Request;
use mlem_probe::models::{DeviceChoice, Dtype, Model, Sequences, families};
use mlem_probe::progress::Silent;
use mlem_probe::stimuli::Span;

use crate::extract::{SENTENCES, model_on, stimuli};
use crate::models::{Golden, hidden_states, larger, on};
use crate::workspace::Workspace;

fn load(case: &str, device: DeviceChoice) -> Model {
    let model = Model::load(&Golden::open(case).checkpoint(), &on(device)).unwrap();
    assert_eq!(model.device(), device);
    model
}

/// The largest difference between two sets of hidden states, in parts of the largest magnitude of its hidden state.
fn worst(found: &[Vec<f32>], expected: &[Vec<f32>]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let of_layer = |(found, expected): (&Vec<f32>, &Vec<f32>)| {
        assert_eq!(found.len(), expected.len());
        let magnitude = expected.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs() / magnitude);
        differences.fold(0.0, larger)
    };
    found.iter().zip(expected).map(of_layer).fold(0.0, larger)
}

#[expect(clippy::print_stdout, reason = "the figure of each case, shown with --nocapture")]
pub(crate) fn matches(case: &str) {
    let golden = Golden::open(case);
    let sequences = golden.sequences();
    assert!(sequences.iter().any(|sequence| sequence.len() != sequences[0].len()), "{case} has no padding");
    let padded = load(case, DeviceChoice::CpuPadded);
    let states = hidden_states(&padded, &sequences);
    let frozen: Vec<Vec<f32>> = (0..=padded.spec().n_layers).map(|layer| golden.hidden(layer)).collect();
    let packed = hidden_states(&load(case, DeviceChoice::Cpu), &sequences);
    let (from_frozen, from_packed) = (worst(&states, &frozen), worst(&states, &packed));
    println!("{case}: {from_frozen:.1e} from transformers, {from_packed:.1e} from packed tokens");
    assert!(from_frozen <= 2e-5, "{case}: {from_frozen}");
    assert!(from_packed <= 2e-5, "{case}: {from_packed}");
    // What stands in the padding does not matter: alone, a sequence has none.
    let mut start = 0;
    for sequence in &sequences {
        let alone = hidden_states(&padded, std::slice::from_ref(sequence));
        let of_batch: Vec<Vec<f32>> = states
            .iter()
            .zip(&alone)
            .map(|(batch, alone)| {
                let d_model = alone.len() / sequence.len();
                batch[start * d_model..][..alone.len()].to_vec()
            })
            .collect();
        assert!(worst(&alone, &of_batch) <= 2e-5, "{case}");
        start += sequence.len();
    }
}

#[test]
fn every_family_matches_transformers_on_padded_batches() {
    let cases = families().iter().flat_map(|family| family.golden.iter());
    let wrong: Vec<&str> =
        cases.filter(|case| std::panic::catch_unwind(|| matches(case)).is_err()).copied().collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// Weights in half precision are the same weights on either path.
#[test]
fn weights_are_held_in_half_on_a_device_too() {
    let sequences = [vec![5, 9, 3], vec![7], vec![2, 2, 11, 4, 8]];
    for case in ["bert", "albert", "llama", "gpt2", "opt_projected", "deberta_v2_conv", "mamba2", "rwkv7"] {
        for dtype in [Dtype::F16, Dtype::Bf16] {
            let states = |device| {
                let options = on(device).dtype(dtype);
                let model = Model::load(&Golden::open(case).checkpoint(), &options).unwrap();
                hidden_states(&model, &sequences)
            };
            let difference = worst(&states(DeviceChoice::CpuPadded), &states(DeviceChoice::Cpu));
            assert!(difference <= 2e-5, "{case}, {dtype}: {difference}");
        }
    }
}

/// In programs that are built for a GPU, the GPU itself; the promise is 1e-3.
#[cfg(any(feature = "cuda", feature = "metal"))]
#[test]
#[expect(clippy::print_stdout, reason = "the figures, shown with --nocapture")]
fn every_family_matches_transformers_on_the_gpu() {
    let gpu = DeviceChoice::Auto.resolve().unwrap();
    if gpu == DeviceChoice::Cpu {
        return eprintln!("!!!!!!!! SKIPPED: no GPU answers, so hidden states were not compared with its");
    }
    for case in families().iter().flat_map(|family| family.golden.iter()) {
        let golden = Golden::open(case);
        let model = load(case, gpu);
        let frozen: Vec<Vec<f32>> = (0..=model.spec().n_layers).map(|layer| golden.hidden(layer)).collect();
        let difference = worst(&hidden_states(&model, &golden.sequences()), &frozen);
        println!("{case} on {gpu}: {difference:.1e}");
        assert!(difference <= 1e-3, "{case}: {difference}");
    }
}

#[test]
fn only_the_layers_that_are_asked_for_are_given() {
    for device in [DeviceChoice::Cpu, DeviceChoice::CpuPadded] {
        let model = load("gpt2", device);
        let tokens: [&[u32]; 3] = [&[5, 6, 7], &[5, 6], &[9, 1, 1, 2]];
        let all = hidden_states(&model, &tokens.map(<[u32]>::to_vec));
        let mut found = Vec::new();
        let visit = |layer: usize, states: &[f32]| {
            found.push((layer, states.to_vec()));
            Ok(())
        };
        model.hidden_states_at(&Sequences::new(tokens), &[0, 2], visit).unwrap();
        assert_eq!(found, [(0, all[0].clone()), (2, all[2].clone())]);
    }
}

#[test]
fn common_beginnings_may_be_shared_in_padded_batches_too() {
    let model = load("llama", DeviceChoice::CpuPadded);
    let tokens: [&[u32]; 3] = [&[5, 6, 7], &[5, 6, 8, 9], &[5, 1]];
    let batch = Sequences::sharing_prefixes(tokens);
    let apart = hidden_states(&model, &tokens.map(<[u32]>::to_vec));
    let mut layer = 0;
    let visit = |_: usize, states: &[f32]| {
        let d_model = states.len() / batch.tokens().len();
        let by_sequence = batch.iter().flat_map(|sequence| sequence.path.iter());
        let found: Vec<f32> = by_sequence
            .flat_map(|&token| states[token as usize * d_model..][..d_model].iter().copied())
            .collect();
        assert!(worst(&[found], std::slice::from_ref(&apart[layer])) <= 2e-5);
        layer += 1;
        Ok(())
    };
    model.hidden_states(&batch, 2, visit).unwrap();
    assert_eq!(layer, 3);
}

/// The largest difference of activations between padded batches and packed tokens is small, however they are pooled.
#[test]
fn activations_are_those_of_packed_tokens() {
    for case in ["bert", "gpt2", "opt_projected"] {
        let (packed, padded) = (model_on(case, DeviceChoice::Cpu), model_on(case, DeviceChoice::CpuPadded));
        let poolings =
            [Pooling::Mean, Pooling::First, Pooling::Last, Pooling::Max, Pooling::Min, Pooling::None];
        for pooling in poolings {
            let sentences =
                if pooling == Pooling::None { &["a b", "c d", "b b"] } else { SENTENCES.as_slice() };
            for (batch_tokens, special) in [(1, true), (11, false), (8192, true)] {
                let params =
                    Extract::params().pooling(pooling).special_tokens(special).batch_tokens(batch_tokens);
                let take = |model| params.extract(&stimuli(sentences), model, &Silent).unwrap().activations;
                let (found, expected) = (take(&padded), take(&packed));
                assert_eq!(found.provenance(), expected.provenance());
                for index in 0..expected.layers().len() {
                    let values = |of: &Activations| of.matrix(index).iter().copied().collect::<Vec<f32>>();
                    let difference = worst(&[values(&found)], &[values(&expected)]);
                    assert!(difference <= 2e-5, "{case}, {pooling}, {batch_tokens}: {difference}");
                }
            }
        }
    }
}

#[test]
fn words_of_one_sentence_are_pooled_each_by_itself() {
    let word = |start, end| Span { start, end };
    let sentences = ["a b c d", "a b c d", "d a", "a b c d", "a b c d"];
    let spans = vec![word(0, 3), word(4, 5), word(0, 1), word(0, 3), word(2, 7)];
    let words = stimuli(&sentences).with_words(spans).unwrap();
    let take =
        |device| Extract::params().extract(&words, &model_on("bert", device), &Silent).unwrap().activations;
    let (found, expected) = (take(DeviceChoice::CpuPadded), take(DeviceChoice::Cpu));
    for index in 0..4 {
        let difference = &found.matrix(index) - &expected.matrix(index);
        assert!(difference.iter().all(|value| value.abs() <= 2e-5), "{difference}");
    }
}

#[test]
fn padding_is_counted() {
    let model = model_on("bert", DeviceChoice::CpuPadded);
    let throughput = Extract::params().extract(&stimuli(&SENTENCES), &model, &Silent).unwrap().throughput;
    // Six distinct sentences in one batch, as long as the longest: 9 tokens, two of them the tokenizer's.
    assert_eq!((throughput.tokens, throughput.tokens_run, throughput.padding), (35, 32, 54 - 32));
    let text = throughput.to_string();
    assert!(text.ends_with("9 % of tokens shared, 40.7 % of what was run is padding"), "{text}");
}

#[test]
fn means_of_groups_are_those_of_their_tokens() {
    // A token that a group names twice counts twice.
    let groups: [(usize, &[u32]); 5] = [(1, &[0, 1]), (0, &[2]), (1, &[1]), (2, &[0, 1, 3]), (2, &[3, 0, 3])];
    let tokens: [&[u32]; 3] = [&[5, 6, 7], &[5, 6], &[9, 1, 1, 2]];
    let rows: [&[usize]; 5] = [&[3, 4], &[2], &[4], &[5, 6, 8], &[8, 5, 8]];
    for device in [DeviceChoice::Cpu, DeviceChoice::CpuPadded] {
        let model = load("bert", device);
        let states = hidden_states(&model, &tokens.map(<[u32]>::to_vec));
        let compare = |layer: usize, means: &[f32]| {
            for (rows, mean) in rows.iter().zip(means.chunks_exact(32)) {
                for (unit, mean) in mean.iter().enumerate() {
                    let sum: f32 = rows.iter().map(|row| states[layer][row * 32 + unit]).sum();
                    assert!((sum / rows.len() as f32 - mean).abs() <= 1e-5, "{device}");
                }
            }
            Ok(())
        };
        model.means_at(&Sequences::new(tokens), &[1, 3], &groups, compare).unwrap();
        for wrong in [[(1, [2].as_slice())], [(3, &[0])], [(0, &[])]] {
            let error = model.means_at(&Sequences::new(tokens), &[1], &wrong, |_, _| Ok(())).unwrap_err();
            assert_eq!(error.to_string(), "group 0 has no tokens, or one that is not in the batch");
        }
    }
}

#[test]
#[cfg(not(feature = "cuda"))]
fn a_device_that_the_program_was_not_built_for() {
    assert_snapshot!(Workspace::new().transcript("relative_clause --sample 64 --quiet --device cuda:1"), @r"
    exit code 1
    --- stdout
    --- stderr
    error: cuda:1: this program was built without the feature `cuda`
    hint: build it with `cargo build --release --features cuda`, or leave --device out
    ");
}

#[test]
fn a_device_that_there_is_not() {
    assert_snapshot!(Workspace::new().transcript("relative_clause --device gpu"), @r"
    exit code 2
    --- stdout
    --- stderr
    error: invalid value 'gpu' for '--device <DEVICE>': write auto, cpu, cuda:0 (or another number) or metal

    For more information, try '--help'.
    ");
}

#[test]
fn a_run_says_what_it_was_on() {
    let w = Workspace::new();
    w.ok("short_sentence --sample 40 --folds 2 --layers 1 --device cpu -o run");
    let run: serde_json::Value = serde_json::from_str(&w.read("run/run.json")).unwrap();
    assert_eq!(run["model"]["device"], "cpu");
    assert!(w.read("run/report.html").contains("device"));
}

/// Numbers from two devices are the same to rounding only: neither is taken for the other's.
#[test]
fn activations_of_one_device_are_not_another_s() {
    let checkpoint = Golden::open("bert").checkpoint();
    let stimuli = stimuli(&SENTENCES);
    let params = Extract::params();
    let key = |device| {
        let options = on(device);
        Request::new(&params, &stimuli, &checkpoint, &options).unwrap().key().to_owned()
    };
    assert_ne!(key(DeviceChoice::Cpu), key(DeviceChoice::CpuPadded));
    assert_eq!(key(DeviceChoice::Auto), key(DeviceChoice::Auto.resolve().unwrap()));
}
