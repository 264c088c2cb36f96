//! Decoders that read an encoder, against frozen states of Hugging Face transformers, and what else is asked of them.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use mlem_probe::hub::{Checkpoint, Weights};
use mlem_probe::models::{Encoding, Error, LoadOptions, Model, Part, Sequences, Site, families};
use mlem_probe::tokens::TokenizerText;
use safetensors::SafeTensors;

use crate::models::{Golden, TOKENIZER, larger, largest_difference};

/// One file of `tests/golden/decoders/`; `decoders.py` there says what is in it.
pub(crate) struct Pairs {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Pairs {
    pub(crate) fn open(case: &str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("tests/golden/decoders/{case}.safetensors.gz"));
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(fs::File::open(file).expect(case)).read_to_end(&mut bytes).unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("decoders");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{case}.safetensors"));
        if fs::read(&path).ok().as_ref() != Some(&bytes) {
            let mut whole = tempfile::NamedTempFile::new_in(&folder).unwrap();
            std::io::Write::write_all(&mut whole, &bytes).unwrap();
            whole.persist(&path).unwrap();
        }
        Self { path, bytes }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn config(&self) -> String {
        let (_, metadata) = SafeTensors::read_metadata(&self.bytes).unwrap();
        metadata.metadata().as_ref().unwrap()["config"].clone()
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            id: "pairs".to_owned(),
            commit: None,
            config: self.config(),
            tokenizer: TokenizerText::alone(TOKENIZER),
            weights: Weights::Safetensors(vec![self.path.clone()]),
            adapter: None,
            sentences: None,
            notes: Vec::new(),
        }
    }

    fn load(&self, options: LoadOptions) -> Model {
        Model::load(&self.checkpoint(), &options.part(Part::Decoder)).unwrap()
    }

    fn integers(&self, name: &str) -> Vec<usize> {
        let tensors = SafeTensors::deserialize(&self.bytes).unwrap();
        let tensor = tensors.tensor(&format!("golden.{name}")).unwrap();
        tensor.data().chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap()) as usize).collect()
    }

    fn split(&self, tokens: &str, lengths: &str) -> Vec<Vec<u32>> {
        let mut tokens = self.integers(tokens).into_iter().map(|token| token as u32);
        self.integers(lengths).into_iter().map(|n| tokens.by_ref().take(n).collect()).collect()
    }

    fn sources(&self) -> Vec<Vec<u32>> {
        self.split("tokens", "lengths")
    }

    fn targets(&self) -> Vec<Vec<u32>> {
        self.split("targets", "label_lengths")
    }

    /// What was frozen of `site`, by layer.
    fn frozen(&self, site: Site) -> Vec<Vec<f32>> {
        let name = if site == Site::Residual { "hidden" } else { site.name() };
        let tensors = SafeTensors::deserialize(&self.bytes).unwrap();
        let layer = |layer: usize| {
            let tensor = tensors.tensor(&format!("golden.{name}.{layer}")).ok()?;
            Some(tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect())
        };
        (0..).map_while(layer).collect()
    }
}

/// The pairs in one batch.
fn batch(sources: &[Vec<u32>], targets: &[Vec<u32>]) -> Sequences {
    Sequences::new(targets.iter().map(Vec::as_slice)).reading(sources.iter().map(Vec::as_slice))
}

/// What every layer has of `site`, flat.
fn taken(model: &Model, site: Site, batch: &Sequences) -> Vec<Vec<f32>> {
    let layers = site.layers(model.spec());
    let mut all = Vec::new();
    model
        .take_at(batch, (site, &layers), |_, values| {
            all.push(values.to_vec());
            Ok(())
        })
        .unwrap();
    assert_eq!(all.len(), layers.len());
    all
}

const SITES: [Site; 6] = [
    Site::Residual,
    Site::Attention,
    Site::Mlp,
    Site::AttentionHeads,
    Site::CrossAttention,
    Site::CrossAttentionHeads,
];

fn cases() -> Vec<&'static str> {
    families().iter().flat_map(|family| family.decoders).copied().collect()
}

#[expect(clippy::print_stdout, reason = "the figure of each case, shown with --nocapture")]
fn matches(case: &str, options: &LoadOptions) {
    let pairs = Pairs::open(case);
    let model = pairs.load(options.clone());
    let (sources, targets) = (pairs.sources(), pairs.targets());
    let whole = batch(&sources, &targets);
    let mut worst = 0f32;
    for site in SITES {
        let (found, expected) = (taken(&model, site, &whole), pairs.frozen(site));
        assert_eq!(found.len(), expected.len(), "{case} {site}");
        for (layer, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let magnitude = expected.iter().fold(0f32, |most, value| most.max(value.abs()));
            let difference = largest_difference(found, expected) / magnitude;
            assert!(difference <= 2e-5, "{case}, {site} {layer}: {difference}");
            worst = larger(worst, difference);
        }
        if options.device.pads() {
            continue;
        }
        // Alone, a pair gives what it gives in a batch, to the last bit.
        let mut start = 0;
        for (source, target) in sources.iter().zip(&targets) {
            let one = batch(std::slice::from_ref(source), std::slice::from_ref(target));
            for (alone, batch) in taken(&model, site, &one).iter().zip(&found) {
                let width = alone.len() / target.len();
                assert!(*alone == batch[start * width..][..alone.len()], "{case} {site}");
            }
            start += target.len();
        }
    }
    println!("{case} on {}: {worst:.1e}", options.device);
}

fn every_case(test: impl Fn(&str) + std::panic::RefUnwindSafe) {
    let fails = |case: &&str| std::panic::catch_unwind(|| test(case)).is_err();
    let wrong: Vec<&str> = cases().into_iter().filter(fails).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn every_decoder_matches_transformers() {
    assert!(cases().len() >= 16);
    every_case(|case| matches(case, &LoadOptions::default()));
}

#[test]
fn every_decoder_matches_transformers_on_padded_batches() {
    every_case(|case| matches(case, &LoadOptions::default().padded()));
}

#[test]
fn texts_are_shifted_as_transformers_does_it() {
    every_case(|case| {
        let pairs = Pairs::open(case);
        let start = Model::declared_of(&pairs.checkpoint(), Part::Decoder).unwrap().decoder.unwrap().start;
        for (label, target) in pairs.split("labels", "label_lengths").into_iter().zip(pairs.targets()) {
            let n = label.len();
            let text = Encoding { tokens: label, special: vec![false; n], offsets: vec![0..1; n] };
            let shifted = start.shift(text);
            assert_eq!(shifted.tokens, target, "{case}");
            assert!(shifted.special[0] && shifted.offsets[0].is_empty(), "{case}");
        }
    });
}

#[test]
fn offloaded_weights_give_the_same_states_to_the_last_bit() {
    every_case(|case| {
        let pairs = Pairs::open(case);
        let (plain, offloaded) =
            (pairs.load(LoadOptions::default()), pairs.load(LoadOptions::default().offload(true)));
        assert!(offloaded.is_offloaded() && !plain.is_offloaded());
        let (sources, targets) = (pairs.sources(), pairs.targets());
        let batches: Vec<Sequences> = sources
            .chunks(2)
            .zip(targets.chunks(2))
            .map(|(sources, targets)| batch(sources, targets))
            .collect();
        let found = std::sync::Mutex::new(vec![Vec::new(); batches.len()]);
        let layers = Site::Residual.layers(plain.spec());
        offloaded
            .take_together(&batches, (Site::Residual, &layers), |batch, _, values| {
                found.lock().unwrap()[batch].push(values.to_vec());
                Ok(())
            })
            .unwrap();
        for (batch, found) in batches.iter().zip(found.into_inner().unwrap()) {
            assert_eq!(found, taken(&plain, Site::Residual, batch), "{case}");
            assert_eq!(taken(&offloaded, Site::Residual, batch), found, "{case}");
        }
    });
}

#[test]
fn an_untrained_decoder_needs_no_weights_and_its_seed_decides() {
    for case in cases() {
        let pairs = Pairs::open(case);
        let bare = Checkpoint { weights: Weights::Absent, ..pairs.checkpoint() };
        let whole = batch(&pairs.sources(), &pairs.targets());
        let states = |seed| {
            let options = LoadOptions::default().part(Part::Decoder).untrained(seed);
            taken(&Model::load(&bare, &options).unwrap(), Site::Residual, &whole)
        };
        let first = states(1);
        assert!(first.iter().flatten().all(|value| value.is_finite()), "{case}");
        assert!(first == states(1) && first != states(2), "{case}");
    }
}

#[test]
fn a_decoder_is_not_its_encoder_and_says_what_it_is() {
    let pairs = Pairs::open("bart");
    let (decoder, encoder) = (
        pairs.load(LoadOptions::default()),
        Model::load(&pairs.checkpoint(), &LoadOptions::default()).unwrap(),
    );
    assert_eq!((decoder.part(), encoder.part()), (Part::Decoder, Part::Encoder));
    assert_eq!((decoder.encoder().map(|spec| spec.n_layers), encoder.encoder()), (Some(1), None));
    // What the encoder reads matters to all but the embeddings.
    let targets = [vec![2u32, 11, 12]];
    let states = |source: Vec<u32>| taken(&decoder, Site::Residual, &batch(&[source], &targets));
    let (one, other) = (states(vec![20, 21]), states(vec![20, 22]));
    assert!(one[0] == other[0] && one[1] != other[1]);
    // Sequences for one are none for the other.
    let plain = Sequences::new([[2u32, 11].as_slice()]);
    let refused =
        |model: &Model, sequences: &Sequences| model.hidden_states(sequences, 1, |_, _| Ok(())).unwrap_err();
    assert!(matches!(refused(&decoder, &plain), Error::Sources { wanted: true }));
    assert!(matches!(refused(&encoder, &batch(&[vec![2]], &targets)), Error::Sources { wanted: false }));
    let shared =
        Sequences::sharing_prefixes([[2u32, 11].as_slice(), &[2, 12]]).reading([[5u32].as_slice(), &[6]]);
    assert!(matches!(refused(&decoder, &shared), Error::SharedPrefixes));
    assert!(matches!(
        refused(&decoder, &batch(&[vec![60]], &targets)),
        Error::TokenOutOfRange { token: 60, .. }
    ));
    assert!(matches!(refused(&decoder, &batch(&[vec![6; 17]], &targets)), Error::TooLong { tokens: 17, .. }));
    assert!(matches!(
        refused(&decoder, &batch(&[vec![6]], &[vec![6; 17]])),
        Error::TooLong { tokens: 17, .. }
    ));
    assert!(matches!(refused(&decoder, &batch(&[vec![]], &targets)), Error::NoTokens { index: 0 }));
}

#[test]
fn a_model_without_such_a_decoder_is_refused_and_so_are_its_weights() {
    for (case, what) in
        [("bert", "has no decoder"), ("gpt2", "is a decoder alone"), ("llama", "is a decoder alone")]
    {
        let options = LoadOptions::default().part(Part::Decoder);
        let error = Model::load(&Golden::open(case).checkpoint(), &options).err().unwrap();
        assert!(error.to_string().contains(what), "{error}");
        assert!(error.hint().unwrap().contains("decoders are read of bart, led"), "{error}");
    }
    // A file of the encoder alone.
    let options = LoadOptions::default().part(Part::Decoder);
    for case in ["t5_encoder", "bart"] {
        let error = Model::load(&Golden::open(case).checkpoint(), &options).err().unwrap();
        assert!(
            error.to_string().contains("is missing from the weights") && error.hint().is_some(),
            "{error}"
        );
    }
    let with = |key: &str, value: serde_json::Value| {
        let pairs = Pairs::open("t5");
        let mut config: serde_json::Value = serde_json::from_str(&pairs.config()).unwrap();
        config[key] = value;
        Model::load(&Checkpoint { config: config.to_string(), ..pairs.checkpoint() }, &options).err()
    };
    for (key, value, said) in [
        ("decoder_start_token_id", serde_json::json!(60), "is 60, and the table of tokens has 40 rows"),
        ("decoder_start_token_id", serde_json::json!("x"), "the number of a token"),
        ("num_decoder_layers", serde_json::json!(0), "positive whole number"),
        ("num_decoder_layers", serde_json::json!(9), "`decoder.block.2."),
        ("is_causal", serde_json::json!(false), "is_causal"),
        ("tie_last_hidden_states", serde_json::json!(false), "tie_last_hidden_states"),
    ] {
        let error = with(key, value).unwrap();
        assert!(error.to_string().contains(said) && error.hint().is_some(), "{error}");
    }
    // As T5's own files have it, padding begins a text where nothing is said.
    assert!(with("decoder_start_token_id", serde_json::Value::Null).is_none());
}
