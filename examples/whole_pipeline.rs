//! The whole pipeline in one program: a grammar, the embedded model, MLEM on every layer, a run directory and its page.
//!
//! `cargo run --release --example whole_pipeline -- runs/mine`
#![allow(clippy::print_stdout)] // it shows what it found

use std::error::Error;
use std::sync::Arc;

use mlem_probe::extract::Extract;
use mlem_probe::grammar::{Draw, Grammar};
use mlem_probe::hub::{self, Hub};
use mlem_probe::models::{LoadOptions, Model};
use mlem_probe::profile::Settings;
use mlem_probe::progress::Silent;
use mlem_probe::report::{page, terminal};
use mlem_probe::rundir::{Fit, ModelRecord, RunDir};
use mlem_probe::stimuli::confounds::Confounds;

fn main() -> Result<(), Box<dyn Error>> {
    // Stimuli: 400 sentences, balanced, from a bundled grammar.
    let grammar = Grammar::bundled("long_range_agreement")?;
    let stimuli = grammar.generate(&Draw::Balanced { n: 400, seed: 0 })?.stimuli;

    // Activations: (400, 128) at each of 7 layers.
    let checkpoint = hub::resolve("tiny-bert", &Hub::from_env(), &Silent)?;
    let model = Model::load(&checkpoint, &LoadOptions::default())?;
    let activations = Extract::params().extract(&stimuli, &model, &Silent)?.activations;

    // Profile: every layer, 5 folds of stimuli, into a run directory, which a rerun goes on from.
    let dir = RunDir::at(std::env::args().nth(1).unwrap_or_else(|| "runs/whole_pipeline".to_owned()));
    let _claimed = dir.claim()?;
    let run = Fit {
        model: Some(ModelRecord { id: model.id().to_owned(), ..ModelRecord::default() }),
        ..Fit::new(grammar.name(), stimuli, Arc::new(activations))
    };
    let run = run.into_dir(&Settings::default(), &dir, &Silent)?;

    // Report: a table, and a page.
    println!("{}", terminal::render(&run.profile, &run.record, terminal::Options::default()));
    let correlations = Confounds::of(run.stimuli.features()).matrix();
    let input = page::Input {
        profile: &run.profile,
        run: &run.record,
        stimuli: &run.stimuli,
        correlations: &correlations,
        geometry: run.geometry.as_ref(),
        controls: &run.controls,
        dimensions: &run.dimensions,
        files: &dir.table_files()?,
    };
    dir.write_page(&page::render(input)?)?;
    println!("page: {}", dir.page().display());
    Ok(())
}
