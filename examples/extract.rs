//! Sentences to activations: `cargo run --release --example extract -- MODEL STIMULI.csv [OUT.safetensors]`.
//!
//! MODEL is what `probe --model` takes: a folder, a Hub id, or the embedded `tiny-bert`.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::Path;
use std::process::ExitCode;

use mlem_probe::activations::Pooling;
use mlem_probe::extract::{Extract, Extraction};
use mlem_probe::hub::{self, Hub};
use mlem_probe::models::{LoadOptions, Model};
use mlem_probe::progress::Silent;
use mlem_probe::stimuli::Stimuli;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (model, stimuli, out) = match arguments.as_slice() {
        [model, stimuli] => (model, stimuli, None),
        [model, stimuli, out] => (model, stimuli, Some(Path::new(out))),
        _ => {
            eprintln!("usage: extract MODEL STIMULI.csv [OUT.safetensors]");
            return ExitCode::from(2);
        }
    };
    match run(model, Path::new(stimuli), out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            if let Some(hint) = error.hint() {
                eprintln!("hint: {hint}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(model: &str, stimuli: &Path, out: Option<&Path>) -> mlem_probe::Result<()> {
    let stimuli = Stimuli::read(stimuli)?;
    let checkpoint = hub::resolve(model, &Hub::from_env(), &Silent)?;
    let model = Model::load(&checkpoint, &LoadOptions::default())?;

    // Every hidden state, and the mean over each sentence's tokens: one (n_stimuli, d_model) matrix per layer.
    let params = Extract::params().pooling(Pooling::Mean);
    let Extraction { activations, throughput } = params.extract(&stimuli, &model, &Silent)?;

    for (index, layer) in activations.layers().iter().enumerate() {
        let matrix = activations.matrix(index);
        let norms = matrix.rows().into_iter().map(|row| row.dot(&row).sqrt());
        let mean_norm = norms.sum::<f32>() / activations.n_stimuli() as f32;
        println!("layer {layer}: {:?}, mean norm {mean_norm:.4}", matrix.dim());
    }
    println!("{throughput}");
    if let Some(out) = out {
        activations.write(out)?;
    }
    Ok(())
}
