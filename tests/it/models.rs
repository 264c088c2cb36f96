//! Hidden states against frozen ones of Hugging Face transformers, and the messages for checkpoints that are wrong.

use std::collections::HashMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use mlem_probe::hub::{Checkpoint, Weights};
use mlem_probe::models::{DeviceChoice, LoadOptions, Model, Sequences, families};
use mlem_probe::tokens::TokenizerText;
use safetensors::SafeTensors;

/// A tokenizer for models whose tests give token ids.
pub(crate) const TOKENIZER: &str = r#"{"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
    "normalizer": null, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
    "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "a": 1, "b": 2, "c": 3}, "unk_token": "[UNK]"}}"#;

/// One file of `tests/golden/hidden_states/`; `hidden_states.py` there says what is in it.
pub(crate) struct Golden {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Golden {
    /// A case by its name, or a file of one by its whole path.
    pub(crate) fn open(case: &str) -> Self {
        if Path::new(case).is_absolute() {
            let path = PathBuf::from(case);
            let bytes = fs::read(&path).unwrap();
            return Self { path, bytes };
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/hidden_states");
        let file = fs::File::open(folder.join(format!("{case}.safetensors.gz"))).expect(case);
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
        // A model that is offloaded reads the file after this is gone: it stays where the build is, whole or not at all.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hidden_states");
        let path = folder.join(format!("{case}.safetensors"));
        if fs::read(&path).ok().as_ref() != Some(&bytes) {
            fs::create_dir_all(&folder).unwrap();
            let mut whole = tempfile::NamedTempFile::new_in(&folder).unwrap();
            whole.write_all(&bytes).unwrap();
            whole.persist(&path).unwrap();
        }
        Self { path, bytes }
    }

    pub(crate) fn config(&self) -> String {
        let (_, metadata) = SafeTensors::read_metadata(&self.bytes).unwrap();
        metadata.metadata().as_ref().unwrap()["config"].clone()
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            id: "golden".to_owned(),
            commit: None,
            config: self.config(),
            tokenizer: TokenizerText::alone(TOKENIZER),
            weights: Weights::Safetensors(vec![self.path.clone()]),
            adapter: None,
            sentences: None,
            notes: Vec::new(),
        }
    }

    fn integers(&self, name: &str) -> Vec<usize> {
        let tensors = SafeTensors::deserialize(&self.bytes).unwrap();
        let tensor = tensors.tensor(name).unwrap();
        tensor.data().chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap()) as usize).collect()
    }

    /// The sequences that were run.
    pub(crate) fn sequences(&self) -> Vec<Vec<u32>> {
        let mut tokens = self.integers("golden.tokens").into_iter().map(|token| token as u32);
        self.integers("golden.lengths").into_iter().map(|n| tokens.by_ref().take(n).collect()).collect()
    }

    /// Hidden state `layer`, flat.
    pub(crate) fn hidden(&self, layer: usize) -> Vec<f32> {
        let tensors = SafeTensors::deserialize(&self.bytes).unwrap();
        let tensor = tensors.tensor(&format!("golden.hidden.{layer}")).unwrap();
        tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
    }
}

/// How a model is loaded on a device, of which one is the processor with padded batches.
pub(crate) fn on(device: DeviceChoice) -> LoadOptions {
    match device {
        DeviceChoice::CpuPadded => LoadOptions::default().padded(),
        device => LoadOptions::default().device(device),
    }
}

/// Every hidden state of `sequences` in one batch, flat.
pub(crate) fn hidden_states(model: &Model, sequences: &[Vec<u32>]) -> Vec<Vec<f32>> {
    let mut states = Vec::new();
    let batch = Sequences::new(sequences.iter().map(Vec::as_slice));
    model
        .hidden_states(&batch, model.spec().n_layers, |layer, state| {
            assert_eq!(layer, states.len());
            states.push(state.to_vec());
            Ok(())
        })
        .unwrap();
    states
}

/// The larger of two numbers, where NaN is larger than any: what has become NaN is within no bound.
pub(crate) fn larger(a: f32, b: f32) -> f32 {
    if b > a || b.is_nan() { b } else { a }
}

#[test]
fn what_is_not_a_number_is_within_no_bound() {
    for numbers in [[f32::NAN, 0.0, 1.0], [0.0, f32::NAN, 1.0], [0.0, 1.0, f32::NAN]] {
        assert!(numbers.into_iter().fold(0.0, larger).is_nan());
    }
    assert_eq!([0.5, 2.0, 1.0].into_iter().fold(0.0, larger), 2.0);
}

pub(crate) fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, larger)
}

#[expect(clippy::print_stdout, reason = "the figure of each case, shown with --nocapture")]
pub(crate) fn matches_transformers(case: &str, options: &LoadOptions) {
    let golden = Golden::open(case);
    let model = Model::load(&golden.checkpoint(), options).unwrap();
    let sequences = golden.sequences();
    let states = hidden_states(&model, &sequences);
    assert_eq!(states.len(), model.spec().n_layers + 1);
    let mut worst = 0.0f32;
    for (layer, state) in states.iter().enumerate() {
        let expected = golden.hidden(layer);
        let magnitude = expected.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        let difference = largest_difference(state, &expected);
        assert!(difference <= 2e-5 * magnitude, "{case}, hidden state {layer}: {difference} of {magnitude}");
        worst = larger(worst, difference / magnitude);
    }
    println!("{case}, {}: {worst:.1e}", options.precision);
    if model.spec().attention.causal {
        shared_prefixes_change_nothing(&model, &sequences);
    }
    // Alone, a sequence gives what it gives in a batch, to the last bit.
    let mut start = 0;
    for sequence in &sequences {
        let alone = hidden_states(&model, std::slice::from_ref(sequence));
        for (state, batch) in alone.iter().zip(&states) {
            let size = state.len();
            let d_model = size / sequence.len();
            assert!(*state == batch[start * d_model..][..size], "{case}");
        }
        start += sequence.len();
    }
}

/// What each sequence's tokens give when beginnings are computed once is what they give alone, to the last bit.
fn shared_prefixes_change_nothing(model: &Model, sequences: &[Vec<u32>]) {
    let mut longer = sequences.to_vec();
    for sequence in sequences {
        for kept in 1..sequence.len() {
            longer.push([&sequence[..kept], &[7, 8]].concat());
        }
    }
    let limit = model.spec().n_positions.unwrap_or(usize::MAX);
    longer.retain(|sequence| sequence.len() <= limit);
    longer.sort();
    let batch = Sequences::sharing_prefixes(longer.iter().map(Vec::as_slice));
    assert!(batch.shares_prefixes());
    let mut states = Vec::new();
    let collect = |_: usize, state: &[f32]| {
        states.push(state.to_vec());
        Ok(())
    };
    model.hidden_states(&batch, model.spec().n_layers, collect).unwrap();
    for (tokens, sequence) in longer.iter().zip(batch.iter()) {
        let alone = hidden_states(model, std::slice::from_ref(tokens));
        for (layer, (state, alone)) in states.iter().zip(alone).enumerate() {
            let d_model = model.spec().d_at(layer);
            for (&row, alone) in sequence.path.iter().zip(alone.chunks_exact(d_model)) {
                assert!(state[row as usize * d_model..][..d_model] == *alone);
            }
        }
    }
}

#[test]
fn every_family_matches_transformers() {
    for family in families() {
        assert!(family.golden.len() >= 2, "{}", family.name);
    }
    every_case(|case| matches_transformers(case, &LoadOptions::default()));
}

/// Runs a test of every golden case, and names those that fail it.
pub(crate) fn every_case(test: impl Fn(&str) + std::panic::RefUnwindSafe) {
    let cases = families().iter().flat_map(|family| family.golden.iter());
    let fails = |case: &&&str| std::panic::catch_unwind(|| test(case)).is_err();
    let wrong: Vec<&&str> = cases.filter(fails).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// The files of `tests/golden/FILE`, in a folder, and their names in its order.
pub(crate) fn unzipped(file: &str) -> (tempfile::TempDir, Vec<String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    let mut archive = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let name = entry.name().unwrap().to_string();
        let place = home.path().join(&name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::io::copy(&mut entry, &mut fs::File::create(place).unwrap()).unwrap();
        names.push(name);
    }
    (home, names)
}

/// Says, past the test harness that keeps what tests print to itself, why a test did not run.
pub(crate) fn not_run(why: &str) {
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    std::io::stderr().write_all(format!("\nNOT RUN: {name}: {why}\n").as_bytes()).unwrap();
}

#[test]
fn agrees_with_candle_transformers_on_bert() {
    use candle_core::{DType, Device, Tensor};
    use candle_transformers::models::bert::{BertModel, Config};

    let golden = Golden::open("bert");
    let ours = Model::load(&golden.checkpoint(), &LoadOptions::default()).unwrap();
    let weights =
        candle_nn::VarBuilder::from_buffered_safetensors(golden.bytes.clone(), DType::F32, &Device::Cpu);
    let config: Config = serde_json::from_str(&golden.config()).unwrap();
    let theirs = BertModel::load(weights.unwrap(), &config).unwrap();
    for sequence in golden.sequences() {
        let tokens = Tensor::new(sequence.as_slice(), &Device::Cpu).unwrap().unsqueeze(0).unwrap();
        let output = theirs.forward(&tokens, &tokens.zeros_like().unwrap(), None).unwrap();
        let output: Vec<f32> = output.flatten_all().unwrap().to_vec1().unwrap();
        let states = hidden_states(&ours, &[sequence]);
        assert!(largest_difference(&output, &states[3]) <= 1e-5);
    }
}

/// The golden checkpoint with `edit` made in its configuration.
fn with_config(edit: &[(&str, serde_json::Value)]) -> Checkpoint {
    let golden = Golden::open("bert");
    let mut config: HashMap<String, serde_json::Value> = serde_json::from_str(&golden.config()).unwrap();
    config.extend(edit.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    Checkpoint { config: serde_json::to_string(&config).unwrap(), ..golden.checkpoint() }
}

fn refusal(checkpoint: &Checkpoint) -> (String, String) {
    let error = Model::load(checkpoint, &LoadOptions::default()).err().expect("should be refused");
    (error.to_string(), error.hint().unwrap_or_default())
}

#[test]
fn an_unsupported_model_type_lists_what_is_supported() {
    let (text, hint) = refusal(&with_config(&[("model_type", "bertt".into())]));
    assert_eq!(text, "config.json of golden: model_type `bertt` is not supported");
    assert!(hint.ends_with("(the nearest name is bert)"), "{hint}");
    for family in families() {
        assert!(hint.contains(family.model_type), "{hint}");
    }
}

#[test]
fn a_model_type_that_cannot_be_had_says_why() {
    for (model_type, reason) in
        [("canine", "two lengths"), ("funnel", "several lengths"), ("xlnet", "a segment of its own")]
    {
        let (text, hint) = refusal(&with_config(&[("model_type", model_type.into())]));
        assert!(
            text.contains(&format!("`{model_type}` is not supported: ")) && text.contains(reason),
            "{text}"
        );
        assert!(hint.contains("supported: "), "{hint}");
    }
}

#[test]
fn a_configuration_that_would_change_numbers_is_refused_by_name() {
    let cases: &[(&str, serde_json::Value, &str)] = &[
        ("position_embedding_type", "relative_key".into(), "`position_embedding_type` is \"relative_key\""),
        ("hidden_act", "laplace".into(), "`hidden_act` is `laplace`; supported are gelu"),
        ("is_decoder", true.into(), "`is_decoder` is true"),
        ("hidden_size", 33.into(), "`hidden_size` is 33, not a multiple of 4 heads"),
        ("num_hidden_layers", (-1).into(), "`num_hidden_layers` is -1, which is not a positive whole number"),
        ("vocab_size", serde_json::Value::Null, "`vocab_size` is missing"),
        ("layer_norm_eps", "tiny".into(), "`layer_norm_eps` is \"tiny\", which is not a number"),
        ("rope_theta", 10_000.into(), "`rope_theta` = 10000 is not understood"),
    ];
    for (key, value, expected) in cases {
        let (text, hint) = refusal(&with_config(&[(key, value.clone())]));
        assert!(text.starts_with("config.json of golden: ") && text.contains(expected), "{text}");
        assert!(!hint.is_empty());
    }
}

#[test]
fn a_configuration_that_is_not_json_says_where() {
    let checkpoint = Checkpoint { config: "{\n  \"a\": }".to_owned(), ..Golden::open("bert").checkpoint() };
    let (text, _) = refusal(&checkpoint);
    assert!(text.starts_with("config.json of golden, line 2, column"), "{text}");
}

#[test]
fn a_missing_tensor_is_named_with_its_shape() {
    let (text, hint) = refusal(&with_config(&[("num_hidden_layers", 4.into())]));
    let start = "golden: tensor `encoder.layer.3.attention.output.dense.weight` [32, 32] is missing from the weights, whose names begin with ";
    assert!(text.starts_with(start) && text.contains("`encoder.layer.` (48)"), "{text}");
    assert!(hint.contains("one checkpoint"));
}

#[test]
fn a_misshapen_tensor_is_named_with_both_shapes() {
    let (text, _) = refusal(&with_config(&[("vocab_size", 61.into())]));
    assert_eq!(
        text,
        "golden: tensor `embeddings.word_embeddings.weight` has shape [60, 32], but config.json calls for [61, 32]"
    );
}

#[test]
fn a_truncated_weights_file_is_refused_with_its_path() {
    let golden = Golden::open("bert");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    for length in [golden.bytes.len() - 1, golden.bytes.len() / 2, 100, 7, 0] {
        fs::write(&path, &golden.bytes[..length]).unwrap();
        let checkpoint =
            Checkpoint { weights: Weights::Safetensors(vec![path.clone()]), ..golden.checkpoint() };
        let (text, hint) = refusal(&checkpoint);
        let (what, remedy) = match length {
            0 => ("it is an empty file, not safetensors weights", "fetch the file again"),
            _ => ("not a readable safetensors file: ", "fetch it again"),
        };
        assert!(text.starts_with(&format!("{}: {what}", path.display())), "{length}: {text}");
        assert!(hint.contains(remedy), "{length}: {hint}");
    }
    let checkpoint = Checkpoint {
        weights: Weights::Embedded(golden.bytes[..1000].to_vec().leak()),
        ..golden.checkpoint()
    };
    assert!(refusal(&checkpoint).0.starts_with("golden: not a readable safetensors file"));
}

#[test]
fn a_weights_file_that_is_not_there_is_named() {
    let path = PathBuf::from("nowhere/model.safetensors");
    let checkpoint =
        Checkpoint { weights: Weights::Safetensors(vec![path]), ..Golden::open("bert").checkpoint() };
    assert!(refusal(&checkpoint).0.starts_with("cannot read nowhere/model.safetensors"));
}

#[test]
fn a_broken_tokenizer_is_refused() {
    let checkpoint =
        Checkpoint { tokenizer: TokenizerText::alone("{}"), ..Golden::open("bert").checkpoint() };
    let (text, _) = refusal(&checkpoint);
    assert!(text.starts_with("tokenizer.json of golden: "), "{text}");
}

#[test]
fn sequences_that_the_model_cannot_take_are_refused() {
    let model = Model::load(&Golden::open("bert").checkpoint(), &LoadOptions::default()).unwrap();
    let refused = |sequence: &[u32]| {
        model
            .hidden_states(&Sequences::new([[1, 2].as_slice(), sequence]), 3, |_, _| Ok(()))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(refused(&[60]), "token 60 is outside the model's vocabulary of 60");
    assert_eq!(refused(&[1; 13]), "a sequence of 13 tokens is longer than the model's 12 positions");
    assert_eq!(refused(&[]), "sequence 1 of the batch has no tokens");
    let shared = Sequences::sharing_prefixes([[1, 2].as_slice(), &[1, 3]]);
    let error = model.hidden_states(&shared, 3, |_, _| Ok(())).unwrap_err();
    assert_eq!(error.to_string(), "sequences that share prefixes need a causal model");
}
