//! The whole pipeline in one program: a grammar, the embedded model, MLEM on every layer, the page.
//!
//! `cargo run --release --example whole_pipeline -- page.html`
#![allow(clippy::print_stdout)] // it shows what it found

use std::error::Error;
use std::path::Path;

use mlem_probe::extract::Extract;
use mlem_probe::files;
use mlem_probe::grammar::{Draw, Grammar};
use mlem_probe::hub::{self, Hub};
use mlem_probe::mlem::Mlem;
use mlem_probe::models::{LoadOptions, Model};
use mlem_probe::profile::{self, ModelRecord, Profile, RunRecord, StimuliRecord};
use mlem_probe::progress::Silent;
use mlem_probe::report::{page, terminal};
use mlem_probe::stimuli::confounds::Confounds;

fn main() -> Result<(), Box<dyn Error>> {
    // Stimuli: 400 sentences, balanced, from a bundled grammar.
    let grammar = Grammar::bundled("long_range_agreement")?;
    let stimuli = grammar.generate(&Draw::Balanced { n: 400, seed: 0 })?.stimuli;

    // Activations: (400, 128) at each of 7 layers.
    let checkpoint = hub::resolve("tiny-bert", &Hub::from_env(), &Silent)?;
    let model = Model::load(&checkpoint, &LoadOptions::default())?;
    let activations = Extract::params().extract(&stimuli, &model, &Silent)?.activations;

    // Profile: every layer, 5 folds of stimuli.
    let save = |_: &Profile| -> Result<(), profile::Error> { Ok(()) };
    let estimator = Mlem::params().permutations(5);
    let nothing_yet = Profile::default();
    let fitted = profile::fit(&estimator, 5, stimuli.features(), &activations, nothing_yet, &Silent, save)?;

    // Report: a table, and a page if a name was given.
    let run = RunRecord {
        stimuli: StimuliRecord {
            name: grammar.name().to_owned(),
            n_stimuli: stimuli.len(),
            features: stimuli.features().names().into_iter().map(str::to_owned).collect(),
            ..StimuliRecord::default()
        },
        model: Some(ModelRecord { id: model.id().to_owned(), ..ModelRecord::default() }),
        layers: activations.layers().to_vec(),
        ..RunRecord::default()
    };
    println!("{}", terminal::render(&fitted.profile, &run, terminal::Options::default()));
    if let Some(path) = std::env::args().nth(1) {
        let correlations = Confounds::of(stimuli.features()).matrix();
        let input = page::Input {
            profile: &fitted.profile,
            run: &run,
            stimuli: &stimuli,
            correlations: &correlations,
            geometry: None,
        };
        files::write(Path::new(&path), page::render(input)?.as_bytes())?;
    }
    Ok(())
}
