//! Log-probabilities against frozen ones of transformers, and `probe surprisal` as a user has it.

mod command;
mod erasure;
mod frozen;

use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use mlem_probe::hub::{self, Hub};
use mlem_probe::models::{LoadOptions, Model, Objective, families};
use mlem_probe::progress::Silent;
use mlem_probe::surprisal::{Params, Scores};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// A frozen model of `tests/golden/hidden_states` with a head.
pub struct Case {
    name: &'static str,
    /// What stands before the names of the base.
    before: &'static str,
    /// Other keys of `config.json`.
    keys: &'static str,
    /// Whether norms have the names of TensorFlow's days.
    old: bool,
    /// The tensors of the head: name, shape, whether it is a norm's weight.
    head: &'static [(&'static str, &'static [usize], bool)],
    /// Of each token of the frozen sequences that has one, its log-probability, with spaces between.
    logprobs: &'static str,
}

/// The values of a tensor of a head, by the formula that `frozen.py` has too.
fn head(shape: &[usize], norm: bool, seed: usize) -> Vec<u8> {
    let value = |at: usize| {
        let drawn = ((at * 7919 + 13 * seed) % 1001) as f32 / 1001.0;
        (drawn - 0.5) * 0.8 + f32::from(u8::from(norm))
    };
    (0..shape.iter().product()).flat_map(|at| value(at).to_le_bytes()).collect()
}

/// A tokenizer whose words are `t00` to `t59`, the numbers of tokens; `t04` hides others, and `t01` begins texts.
pub fn words() -> [(&'static str, String); 2] {
    let vocab: Map<String, Value> = (0..60).map(|id: u32| (format!("t{id:02}"), id.into())).collect();
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null, "post_processor": null, "decoder": null,
        "pre_tokenizer": {"type": "WhitespaceSplit"}, "model": {"type": "WordLevel", "vocab": vocab, "unk_token": "t00"},
    });
    let settings =
        json!({"tokenizer_class": "PreTrainedTokenizerFast", "mask_token": "t04", "bos_token": "t01"});
    [("tokenizer.json", tokenizer.to_string()), ("tokenizer_config.json", settings.to_string())]
}

/// The tensors of a frozen model that are no results: name, shape and bytes.
type Tensors = Vec<(String, Vec<usize>, Vec<u8>)>;

impl Case {
    pub fn of(name: &str) -> &'static Self {
        frozen::CASES.iter().find(|case| case.name == name).unwrap()
    }

    /// The configuration, the tensors, and the sentences.
    fn parts(&self) -> (Map<String, Value>, Tensors, Vec<String>) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/hidden_states");
        let file = std::fs::File::open(path.join(format!("{}.safetensors.gz", self.name))).unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut GzDecoder::new(file), &mut bytes).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        let mut config: Map<String, Value> =
            serde_json::from_str(&metadata.metadata().as_ref().unwrap()["config"]).unwrap();
        let keys: Map<String, Value> = serde_json::from_str(self.keys).unwrap();
        config.extend(keys);
        let stored = SafeTensors::deserialize(&bytes).unwrap();
        let integers = |name: &str| -> Vec<usize> {
            let data = stored.tensor(name).unwrap().data().chunks_exact(8);
            data.map(|bytes| i64::from_le_bytes(bytes.try_into().unwrap()) as usize).collect()
        };
        let mut tokens = integers("golden.tokens").into_iter().map(|token| format!("t{token:02}"));
        let lengths = integers("golden.lengths").into_iter();
        let sentences = lengths.map(|n| tokens.by_ref().take(n).collect::<Vec<_>>().join(" ")).collect();
        let mut tensors: Tensors = Vec::new();
        for (name, tensor) in stored.tensors().into_iter().filter(|(name, _)| !name.starts_with("golden.")) {
            let name = if name.starts_with(self.before) { name } else { format!("{}{name}", self.before) };
            tensors.push((name, tensor.shape().to_vec(), tensor.data().to_vec()));
        }
        for (seed, (name, shape, norm)) in (1..).zip(self.head) {
            let mut name = (*name).to_owned();
            if self.old {
                name = name
                    .replace("LayerNorm.weight", "LayerNorm.gamma")
                    .replace("LayerNorm.bias", "LayerNorm.beta");
            }
            tensors.push((name, shape.to_vec(), head(shape, *norm, seed)));
        }
        (config, tensors, sentences)
    }

    /// The checkpoint in `folder`, its tensors under other names where `rename` says so, and none where it gives none; with its sentences.
    pub fn write(&self, folder: &Path, rename: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let (config, tensors, sentences) = self.parts();
        std::fs::create_dir_all(folder).unwrap();
        for (name, text) in words() {
            std::fs::write(folder.join(name), text).unwrap();
        }
        std::fs::write(folder.join("config.json"), Value::from(config).to_string()).unwrap();
        let views = tensors.iter().filter_map(|(name, shape, data)| {
            Some((rename(name)?, TensorView::new(Dtype::F32, shape.clone(), data).unwrap()))
        });
        let bytes = safetensors::serialize(views, None).unwrap();
        std::fs::write(folder.join("model.safetensors"), bytes).unwrap();
        sentences
    }
}

fn load(folder: &Path, options: LoadOptions) -> Result<Model, String> {
    let hub = Hub::from_variables(|_| None);
    let checkpoint =
        hub::resolve(&folder.display().to_string(), &hub, &Silent).map_err(|error| error.to_string())?;
    Model::load(&checkpoint, &options.with_head())
        .map_err(|error| format!("{error}\n{}", error.hint().unwrap_or_default()))
}

/// The largest difference of scores and the frozen log-probabilities.
fn worst(case: &Case, scores: &Scores) -> f64 {
    let tokens = scores.sentences.iter().flat_map(|sentence| &sentence.tokens);
    let found: Vec<f64> = tokens.filter_map(|token| token.logprob).collect();
    let frozen: Vec<f64> = case.logprobs.split_whitespace().map(|number| number.parse().unwrap()).collect();
    assert_eq!(found.len(), frozen.len(), "{}", case.name);
    let differences = found.iter().zip(&frozen).map(|(found, frozen)| (found - frozen).abs());
    differences
        .fold(0.0, |worst, difference| if difference.is_nan() { difference } else { difference.max(worst) })
}

fn case_in_folder(case: &Case) -> (TempDir, PathBuf, Vec<String>) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("model");
    let sentences = case.write(&folder, |name| Some(name.to_owned()));
    (home, folder, sentences)
}

#[test]
#[expect(clippy::print_stdout, reason = "the figure of each case, shown with --nocapture")]
fn log_probabilities_are_those_of_transformers() {
    for case in frozen::CASES {
        let (_home, folder, sentences) = case_in_folder(case);
        let mut found = Vec::new();
        for options in [LoadOptions::default(), LoadOptions::default().offload(true)] {
            let model = load(&folder, options).unwrap();
            for batch_tokens in [None, Some(1), Some(7)] {
                let scores =
                    Params { batch_tokens, ..Params::default() }.score(&sentences, &model, &Silent).unwrap();
                let error = worst(case, &scores);
                assert!(error < 2e-5, "{} {batch_tokens:?}: {error}", case.name);
                found.push((error, scores.sentences));
            }
        }
        println!("{:12} {:.1e}", case.name, found[0].0);
        // What runs together changes nothing, to the last bit.
        assert!(found.iter().all(|other| other.1 == found[0].1), "{}", case.name);
    }
}

#[test]
fn heads_are_found_under_other_names() {
    let home = tempfile::tempdir().unwrap();
    let renamed = |case: &str, name: &str, rename: &dyn Fn(&str) -> Option<String>| {
        let folder = home.path().join(name);
        let sentences = Case::of(case).write(&folder, rename);
        let model = load(&folder, LoadOptions::default()).unwrap();
        let scores = Params::default().score(&sentences, &model, &Silent).unwrap();
        let error = worst(Case::of(case), &scores);
        assert!(error < 2e-5, "{name}: {error}");
        model.head().unwrap().to_owned()
    };
    let bare =
        |before: &'static str| move |name: &str| Some(name.strip_prefix(before).unwrap_or(name).to_owned());
    assert_eq!(renamed("gpt2", "bare", &bare("transformer.")), "the table of tokens (tied)");
    assert_eq!(renamed("bert", "bare-bert", &bare("bert.")), "the table of tokens (tied)");
    assert_eq!(renamed("llama", "wrapped", &|name| Some(format!("module.{name}"))), "module.lm_head.weight");
    assert_eq!(
        renamed("llama", "compiled", &|name| Some(format!("_orig_mod.{name}"))),
        "_orig_mod.lm_head.weight"
    );
    let newer = |name: &str| Some(name.replace("embed_out", "lm_head"));
    assert_eq!(renamed("gpt_neox", "newer", &newer), "lm_head.weight");
    // The table of tokens stored under the head's name alone.
    let alone = |name: &str| Some(name.replace("transformer.wte.weight", "lm_head.weight"));
    assert_eq!(renamed("gpt2", "alone", &alone), "lm_head.weight");
    let twice = |name: &str| Some(name.replace("cls.predictions.bias", "cls.predictions.decoder.bias"));
    assert_eq!(renamed("bert", "decoder-bias", &twice), "the table of tokens (tied)");
}

#[test]
fn a_head_that_is_not_there_is_named() {
    let home = tempfile::tempdir().unwrap();
    let said = |case: &str, name: &str, rename: &dyn Fn(&str) -> Option<String>| {
        let folder = home.path().join(name);
        Case::of(case).write(&folder, rename);
        load(&folder, LoadOptions::default()).err().unwrap_or_else(|| panic!("{name}"))
    };
    let without = |part: &'static str| move |name: &str| (!name.contains(part)).then(|| name.to_owned());
    let llama = said("llama", "llama", &without("lm_head"));
    assert!(llama.contains("no head for next tokens") && llama.contains("`lm_head.weight`"), "{llama}");
    let bert = said("bert", "bert", &without("cls."));
    assert!(
        bert.contains("no head for masked tokens") && bert.contains("cls.predictions.transform.dense"),
        "{bert}"
    );
    let bias = said("bert", "bias", &without("cls.predictions.bias"));
    assert!(bias.contains("`cls.predictions.decoder.bias`") && bias.contains("missing"), "{bias}");
    let other =
        |name: &str| Some(name.replace("generator_predictions.dense", "discriminator_predictions.dense"));
    let discriminator = said("electra", "electra", &other);
    assert!(discriminator.contains("generator"), "{discriminator}");
    let score = |name: &str| Some(name.replace("lm_head", "score"));
    assert!(said("llama", "classifier", &score).contains("classifier"));
}

#[test]
fn untrained_models_have_heads_too() {
    for name in ["gpt2", "llama", "bert", "modernbert"] {
        let (_home, folder, sentences) = case_in_folder(Case::of(name));
        let model = load(&folder, LoadOptions::default().untrained(3)).unwrap();
        let scores = Params::default().score(&sentences, &model, &Silent).unwrap();
        // Drawn from a narrow distribution, all of 60 tokens are about as likely.
        let tokens = scores.sentences.iter().flat_map(|sentence| &sentence.tokens);
        let found: Vec<f64> = tokens.filter_map(|token| token.logprob).collect();
        let mean = found.iter().sum::<f64>() / found.len() as f64;
        assert!((mean + 60f64.ln()).abs() < 0.3, "{name} {mean}");
    }
}

#[test]
fn what_no_family_has_a_head_for_is_refused() {
    for (model_type, part) in
        [("t5", "encoder–decoders"), ("clip_text_model", "not known here"), ("rwkv7", "not known here")]
    {
        let family = families().iter().find(|family| family.model_type == model_type).unwrap();
        let golden = crate::models::Golden::open(family.golden[0]);
        let error = Model::load(&golden.checkpoint(), &LoadOptions::default().with_head());
        let error = error.err().unwrap().to_string();
        assert!(error.contains(part), "{model_type}: {error}");
    }
    // Loaded without its head, a model says so.
    let golden = crate::models::Golden::open("gpt2");
    let model = Model::load(&golden.checkpoint(), &LoadOptions::default()).unwrap();
    assert!(model.head().is_none() && model.objective() == Objective::Causal);
    let error = Params::default().score(&["a b".to_owned()], &model, &Silent).unwrap_err();
    assert!(error.to_string().contains("without its head"), "{error}");
}
