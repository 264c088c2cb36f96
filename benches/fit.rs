//! Time of the fit, its score and its importances, at the sizes that people run.
//!
//! `cargo bench --bench fit` prints one row per setting: the least of a few runs. `cargo bench --bench fit -- NAME` runs the
//! settings whose name contains `NAME`.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod data;

use std::time::Instant;

use data::data;
use mlem_probe::mlem::{Mlem, MlemParams, PairBudget};

struct Setting {
    name: &'static str,
    stimuli: usize,
    categorical: usize,
    numeric: usize,
    layers: usize,
    units: usize,
    folds: usize,
    params: MlemParams,
}

fn settings() -> Vec<Setting> {
    let base = || Setting {
        name: "",
        stimuli: 4096,
        categorical: 10,
        numeric: 3,
        layers: 7,
        units: 384,
        folds: 5,
        params: Mlem::params(),
    };
    vec![
        Setting { name: "default run: 7 layers x 128, diagonal", units: 128, ..base() },
        Setting { name: "7 layers x 384, diagonal", ..base() },
        Setting { name: "7 layers x 384, interactions", params: Mlem::params().interactions(true), ..base() },
        Setting {
            name: "7 layers x 384, 16 binary features, interactions",
            categorical: 16,
            numeric: 0,
            params: Mlem::params().interactions(true),
            ..base()
        },
        Setting {
            name: "26,880 stimuli, one layer, interactions, a sample of 2^25 pairs",
            stimuli: 26_880,
            layers: 1,
            params: Mlem::params().interactions(true).permutations(0),
            ..base()
        },
        Setting {
            name: "26,880 stimuli, one layer, interactions, all pairs",
            stimuli: 26_880,
            layers: 1,
            params: Mlem::params().interactions(true).permutations(0).pairs(PairBudget::All),
            ..base()
        },
    ]
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    println!("| setting | design s | fit, score, importance s | s per fit |");
    println!("| --- | --- | --- | --- |");
    for setting in settings() {
        if !wanted.is_empty() && !wanted.iter().any(|part| setting.name.contains(part.as_str())) {
            continue;
        }
        let Setting { name, stimuli, categorical, numeric, layers, units, folds, params } = setting;
        let (features, activations) = data(stimuli, categorical, numeric, layers, units);
        let start = Instant::now();
        let validation = params.cross_validation(&features, folds).unwrap();
        let design = start.elapsed().as_secs_f64();
        let start = Instant::now();
        for layer in &activations {
            validation.fit(layer.view()).unwrap();
        }
        let fits = start.elapsed().as_secs_f64();
        println!("| {name} | {design:.2} | {fits:.2} | {:.3} |", fits / (layers * folds) as f64);
    }
}
