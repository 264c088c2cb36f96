//! Trains the embedded demonstration model: a 6 × 128 BERT, by masked-token prediction on the sentences that the bundled
//! grammars generate. `cargo run --release --example train_tiny_bert -- assets/tiny-bert` writes its files; a number after the folder
//! is how many layers another one has.
//!
//! See `assets/tiny-bert/README.md` for how long it took and the loss it reached.

#![allow(clippy::print_stderr)] // it tells whoever runs it how far it is

mod model;
mod vocabulary;

use std::{error::Error, fs, path::Path, time::Instant};

use candle_core::{Device, Tensor};
use candle_nn::{AdamW, Optimizer, ParamsAdamW, loss};
use mlem_probe::grammar::{Draw, Grammar};
use mlem_probe::numeric::rng::Stream;

/// Sentences per step, steps, and the steps whose weights are kept besides the first and the last.
const BATCH: usize = 64;
const STEPS: usize = 1500;
const KEPT: [usize; 2] = [100, 400];
/// Layers of the embedded model.
const LAYERS: usize = 6;
/// Grammars the model reads.
const GRAMMARS: [&str; 3] = ["relative_clause", "long_range_agreement", "short_sentence"];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("say which folder to write to")?;
    let n_layers = arguments.next().map_or(Ok(LAYERS), |layers| layers.parse())?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    let mut sentences = Vec::new();
    for name in GRAMMARS {
        sentences.extend(Grammar::bundled(name)?.generate(&Draw::All)?.stimuli.sentences()?.to_vec());
    }
    let tokenizer = vocabulary::tokenizer(&sentences);
    fs::write(folder.join("tokenizer.json"), format!("{tokenizer:#}\n"))?;
    let tokens = vocabulary::encode(&tokenizer, &sentences)?;
    let n_words = tokenizer["model"]["vocab"].as_object().map_or(0, serde_json::Map::len);
    fs::write(folder.join("config.json"), format!("{:#}\n", model::config(n_words, n_layers)))?;

    let bert = model::Bert::new(n_words, n_layers)?;
    let mut optimizer =
        AdamW::new(bert.variables(), ParamsAdamW { weight_decay: 0.01, ..Default::default() })?;
    let (mut order, mut masks) = (Stream::new(0, "order"), Stream::new(0, "masks"));
    let (started, mut smooth) = (Instant::now(), f32::NAN);
    for step in 0..STEPS {
        // Warm up over 200 steps, then down in a straight line.
        let rate = (step as f64 / 200.0).min((STEPS - step) as f64 / (STEPS - 200) as f64);
        optimizer.set_learning_rate(1e-3 * rate.max(1e-3));
        let (batch, places, answers) = draw(&tokens, n_words, &mut order, &mut masks);
        let logits = bert.predict(&Tensor::new(batch, &Device::Cpu)?, &Tensor::new(places, &Device::Cpu)?)?;
        let loss = loss::cross_entropy(&logits, &Tensor::new(answers, &Device::Cpu)?)?;
        optimizer.backward_step(&loss)?;
        let loss = loss.to_scalar::<f32>()?;
        smooth = if smooth.is_nan() { loss } else { 0.99 * smooth + 0.01 * loss };
        if (step + 1).is_multiple_of(100) {
            eprintln!("step {} loss {smooth:.3} seconds {:.0}", step + 1, started.elapsed().as_secs_f64());
        }
        if KEPT.contains(&(step + 1)) {
            bert.save(&folder.join(format!("step{}.planes", step + 1)))?;
        }
    }
    bert.save(&folder.join("model.planes"))
}

/// A batch of sentences of one length with 15% of the words hidden: tokens `(batch, length)`, the places of the hidden
/// words in the flattened batch, and the words that stood there.
fn draw(
    tokens: &[Vec<u32>],
    n_words: usize,
    order: &mut Stream,
    masks: &mut Stream,
) -> (Vec<Vec<u32>>, Vec<u32>, Vec<u32>) {
    let length = tokens[order.index(tokens.len())].len();
    let (mut batch, mut places, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    while batch.len() < BATCH {
        let mut sentence = tokens[order.index(tokens.len())].clone();
        if sentence.len() != length {
            continue;
        }
        for (place, word) in sentence.iter_mut().enumerate().take(length - 1).skip(1) {
            if masks.unit() < 0.15 || (place == length - 2 && places.is_empty()) {
                places.push((batch.len() * length + place) as u32);
                answers.push(*word);
                // BERT's rule: hide eight in ten, replace one by any word, leave one as it is.
                match masks.index(10) {
                    0 => {}
                    1 => *word = masks.index(n_words) as u32,
                    _ => *word = vocabulary::MASK,
                }
            }
        }
        batch.push(sentence);
    }
    (batch, places, answers)
}
