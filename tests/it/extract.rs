//! Stimuli and a model to activations: what does not change the result, and the messages for what cannot be run.

use mlem_probe::activations::{Activations, PooledTokens, Pooling};
use mlem_probe::extract::Extract;
use mlem_probe::hub::Checkpoint;
use mlem_probe::models::{DeviceChoice, LoadOptions, Model};
use mlem_probe::progress::Silent;
use mlem_probe::stimuli::{Feature, FeatureTable, Span, Stimuli};
use mlem_probe::tokens::TokenizerText;

use crate::models::{Golden, hidden_states, on};

/// A word-level tokenizer that adds `[CLS]` and `[SEP]`, and whose file asks for padding and truncation.
const TOKENIZER: &str = r#"{"version": "1.0",
    "truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0},
    "padding": {"strategy": {"Fixed": 10}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0,
                "pad_type_id": 0, "pad_token": "[PAD]"},
    "added_tokens": [], "normalizer": null, "pre_tokenizer": {"type": "Whitespace"},
    "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 5], "cls": ["[CLS]", 4]}, "decoder": null,
    "model": {"type": "WordLevel", "unk_token": "[UNK]",
              "vocab": {"[PAD]": 0, "[UNK]": 1, "a": 2, "b": 3, "[CLS]": 4, "[SEP]": 5, "c": 6, "d": 7, "far": 70}}}"#;

fn model_of(case: &str) -> Model {
    model_on(case, DeviceChoice::Cpu)
}

/// The model of a golden file, whose tokenizer knows the words of [`SENTENCES`].
pub(crate) fn model_on(case: &str, device: DeviceChoice) -> Model {
    let checkpoint =
        Checkpoint { tokenizer: TokenizerText::alone(TOKENIZER), ..Golden::open(case).checkpoint() };
    Model::load(&checkpoint, &on(device)).unwrap()
}

pub(crate) fn stimuli(sentences: &[&str]) -> Stimuli {
    let values: Vec<Option<String>> = sentences.iter().map(|s| Some(s.len().to_string())).collect();
    let features = FeatureTable::new(sentences.len(), vec![Feature::categorical("size", &values)]).unwrap();
    Stimuli::new(sentences.iter().map(|&s| s.to_owned()).collect(), features).unwrap()
}

pub(crate) const SENTENCES: [&str; 7] = ["a b c", "d", "a a a a a a a", "b c", "d", "what b", "c b a d c"];

fn extract(params: &Extract, sentences: &[&str]) -> Activations {
    params.extract(&stimuli(sentences), &model_of("bert"), &Silent).unwrap().activations
}

fn refusal(params: &Extract, sentences: &[&str]) -> (String, String) {
    let error = params.extract(&stimuli(sentences), &model_of("bert"), &Silent).unwrap_err();
    (error.to_string(), error.hint().unwrap_or_default())
}

#[test]
fn every_layer_is_the_pooled_hidden_state() {
    let model = model_of("bert");
    let tokens = [vec![4, 2, 3, 6, 5], vec![4, 1, 3, 5]];
    for (pooling, special) in [(Pooling::Mean, true), (Pooling::Mean, false), (Pooling::Last, false)] {
        let params = Extract::params().pooling(pooling).special_tokens(special);
        let found = extract(&params, &["a b c", "what b"]);
        assert_eq!(found.layers(), [0, 1, 2, 3]);
        for (row, tokens) in tokens.iter().enumerate() {
            let states = hidden_states(&model, std::slice::from_ref(tokens));
            let kept = if special { 0..tokens.len() } else { 1..tokens.len() - 1 };
            for (layer, state) in states.iter().enumerate() {
                for unit in 0..32 {
                    let values: Vec<f32> = kept.clone().map(|token| state[token * 32 + unit]).collect();
                    let expected = match pooling {
                        Pooling::Last => values[values.len() - 1],
                        _ => values.iter().sum::<f32>() / values.len() as f32,
                    };
                    let difference = (found.matrix(layer)[[row, unit]] - expected).abs();
                    assert!(difference <= 1e-5, "{pooling} {layer} {row} {unit}: {difference}");
                }
            }
        }
    }
}

#[test]
fn batches_and_their_order_change_nothing() {
    let whole = extract(&Extract::params(), &SENTENCES);
    for batch_tokens in [0, 1, 6, 11] {
        let parts = extract(&Extract::params().batch_tokens(batch_tokens), &SENTENCES);
        assert!(parts == whole, "{batch_tokens}");
    }
    let mut reversed = SENTENCES;
    reversed.reverse();
    let reversed = extract(&Extract::params().batch_tokens(9), &reversed);
    for index in 0..whole.layers().len() {
        let turned = reversed.matrix(index);
        assert!(whole.matrix(index).rows().into_iter().eq(turned.rows().into_iter().rev()));
    }
}

#[test]
fn threads_change_nothing() {
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| extract(&Extract::params().batch_tokens(7), &SENTENCES))
    };
    assert!(on(1) == on(3));
}

#[test]
fn some_layers_are_those_of_all() {
    let all = extract(&Extract::params(), &SENTENCES);
    let some = extract(&Extract::params().layers(vec![2, 0, 2]), &SENTENCES);
    assert_eq!(some.layers(), [0, 2]);
    assert_eq!(some.matrix(1), all.matrix(2));
    assert_eq!(some.provenance(), all.provenance());
}

#[test]
fn without_pooling_tokens_stand_side_by_side() {
    let params = Extract::params().pooling(Pooling::None);
    let found = extract(&params, &["a b", "c d"]);
    let states = hidden_states(&model_of("bert"), &[vec![4, 2, 3, 5]]);
    assert_eq!(found.matrix(3).dim(), (2, 4 * 32));
    for (value, expected) in found.matrix(3).row(0).iter().zip(&states[3]) {
        assert!((value - expected).abs() <= 1e-5);
    }
    let (text, hint) = refusal(&params, &["a b", "c d", "a"]);
    assert_eq!(
        text,
        "without pooling all stimuli need as many tokens, but stimulus 2 has 3 and stimulus 0 has 4"
    );
    assert!(hint.contains("--pool mean"));
}

#[test]
fn what_cannot_be_run_is_named_with_its_row() {
    let params = Extract::params();
    let (text, hint) = refusal(&params, &["a", "a b c d a b c d a b c"]);
    assert_eq!(text, "stimulus 1 has 13 tokens, but golden has 12 positions: `a b c d a b c d a b c`");
    assert!(hint.contains("shorten it"));
    let (text, hint) = refusal(&params.clone().special_tokens(false), &["a", "b", "  "]);
    assert_eq!(text, "stimulus 2 has no tokens to pool: `  `");
    assert!(hint.contains("empty"));
    let (text, hint) = refusal(&params.clone().layers(vec![1, 4]), &["a"]);
    assert_eq!(text, "layer 4 does not exist: golden has layers 0 to 3");
    assert_eq!(hint, "use --layers 0-3, or part of it");
    let (text, _) = refusal(&params, &["a far b"]);
    assert_eq!(text, "stimulus 0 has the token 70 (`far`), but the table of golden has 60 rows: `a far b`");
    let (text, _) = refusal(&params, &[]);
    assert_eq!(text, "there are no stimuli");
}

#[test]
fn features_alone_are_refused() {
    let features = stimuli(&["a"]).features().clone();
    let stimuli = Stimuli::without_sentences(features);
    let error = Extract::params().extract(&stimuli, &model_of("bert"), &Silent).unwrap_err();
    assert!(error.to_string().contains("no `sentence` column"), "{error}");
}

#[test]
fn a_model_that_overflows_is_named_by_layer_and_stimulus() {
    let golden = Golden::open("bert");
    let mut config: serde_json::Value = serde_json::from_str(&golden.config()).unwrap();
    config["layer_norm_eps"] = (-10).into();
    let checkpoint = Checkpoint {
        config: config.to_string(),
        tokenizer: TokenizerText::alone(TOKENIZER),
        ..golden.checkpoint()
    };
    let model = Model::load(&checkpoint, &LoadOptions::default()).unwrap();
    let error = Extract::params().extract(&stimuli(&["a"]), &model, &Silent).unwrap_err();
    assert_eq!(error.to_string(), "layer 0, stimulus 0: unit 0 is NaN");
}

#[test]
fn the_throughput_counts_what_was_run() {
    let throughput =
        Extract::params().extract(&stimuli(&SENTENCES), &model_of("bert"), &Silent).unwrap().throughput;
    assert_eq!((throughput.stimuli, throughput.tokens, throughput.tokens_run), (7, 35, 32));
    let text = throughput.to_string();
    assert!(text.starts_with("7 stimuli (35 tokens) in 0.0 s: ") && text.ends_with("no padding"), "{text}");
}

#[test]
fn a_slot_pools_the_tokens_that_its_characters_are_in() {
    let span = |start, end| Some(Span { start, end });
    let with_spans = |spans: Vec<Vec<Option<Span>>>| {
        stimuli(&["a bé c", "d b"]).with_spans(vec!["subj".to_owned(), "verb".to_owned()], spans).unwrap()
    };
    let model = model_of("bert");
    let params = Extract::params().at("verb".to_owned());
    let both = with_spans(vec![vec![span(0, 1), span(2, 6)], vec![span(0, 1), span(2, 3)]]);
    let found = params.extract(&both, &model, &Silent).unwrap().activations;
    // [CLS] a bé c [SEP]: the span holds the third and the fourth token.
    let first = hidden_states(&model, &[vec![4, 2, 1, 6, 5]]);
    let second = hidden_states(&model, &[vec![4, 7, 3, 5]]);
    for unit in 0..32 {
        let mean = f32::midpoint(first[3][2 * 32 + unit], first[3][3 * 32 + unit]);
        assert!((found.matrix(3)[[0, unit]] - mean).abs() < 1e-6);
        assert!((found.matrix(3)[[1, unit]] - second[3][2 * 32 + unit]).abs() < 1e-6);
    }
    let missing = with_spans(vec![vec![span(0, 1), span(2, 6)], vec![span(0, 1), None]]);
    let error = params.extract(&missing, &model, &Silent).unwrap_err();
    assert_eq!(error.to_string(), "stimulus 1 has no `verb`");
    let error = Extract::params().at("object".to_owned()).extract(&both, &model, &Silent).unwrap_err();
    assert_eq!(error.to_string(), "no slot is called `object`");
    assert_eq!(error.hint().unwrap(), "the slots are subj and verb");
    let (text, hint) = refusal(&params, &["a"]);
    assert_eq!(text, "no slot is called `verb`");
    assert!(hint.contains("keep the .json beside"), "{hint}");
}

#[test]
fn a_causal_model_computes_common_beginnings_once() {
    let sentences = ["a b c", "a b d", "a c", "a b c"];
    let run = |batch_tokens| {
        Extract::params()
            .batch_tokens(batch_tokens)
            .extract(&stimuli(&sentences), &model_of("gpt2"), &Silent)
            .unwrap()
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let (shared, apart) = pool.install(|| (run(1000), run(0)));
    assert!(shared.activations == apart.activations);
    // [CLS] a, then b (c [SEP], d [SEP]) or c [SEP].
    assert_eq!((shared.throughput.tokens, shared.throughput.tokens_run), (19, 9));
    assert!(shared.throughput.to_string().ends_with("53 % of tokens shared, no padding"));
    assert_eq!(apart.throughput.tokens_run, 14);
}

#[test]
fn the_word_of_a_word_level_stimulus_is_pooled_by_itself() {
    let model = model_of("bert");
    let span = |start, end| Span { start, end };
    let words = stimuli(&["a bé c", "d b"]).with_words(vec![span(2, 6), span(2, 3)]).unwrap();
    let found = Extract::params().extract(&words, &model, &Silent).unwrap().activations;
    let spans = vec![vec![Some(span(2, 6))], vec![Some(span(2, 3))]];
    let slots = stimuli(&["a bé c", "d b"]).with_spans(vec!["verb".to_owned()], spans).unwrap();
    let at_slot =
        Extract::params().at("verb".to_owned()).extract(&slots, &model, &Silent).unwrap().activations;
    for index in 0..4 {
        assert_eq!(found.matrix(index), at_slot.matrix(index));
    }
    let at_word =
        Extract::params().at("word".to_owned()).extract(&words, &model, &Silent).unwrap().activations;
    assert!(at_word == found);
}

#[test]
fn the_token_that_a_vector_is_of_is_known() {
    let model = model_of("bert");
    let tokens = |pooling, sentences: &[&str]| {
        Extract::params().pooling(pooling).pooled_tokens(&stimuli(sentences), model.tokenizer())
    };
    let single = |keys: &[(u32, u32)]| PooledTokens::new(keys.iter().map(|&key| vec![key]).collect());
    assert_eq!(tokens(Pooling::First, &["a b", "d"]).ok(), single(&[(4, 0), (4, 0)]));
    assert_eq!(tokens(Pooling::Last, &["a b", "d"]).ok(), single(&[(5, 3), (5, 2)]));
    let side_by_side = vec![vec![(4, 0), (2, 1), (5, 2)], vec![(4, 0), (7, 1), (5, 2)]];
    assert_eq!(tokens(Pooling::None, &["a", "d"]).ok(), PooledTokens::new(side_by_side));
    let bare = Extract::params().special_tokens(false);
    assert_eq!(bare.pooled_tokens(&stimuli(&["d"]), model.tokenizer()).ok(), single(&[(7, 1)]));
    let error = bare.pooled_tokens(&stimuli(&["d", "a b"]), model.tokenizer()).unwrap_err();
    assert_eq!(error.to_string(), "minus-token-mean is for single tokens, but stimulus 1 is the mean of 2");
}
