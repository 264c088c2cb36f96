//! Time of the fit, its score and its importances, at the sizes that people run.
//!
//! `cargo bench --bench fit` prints one row per setting: the least of a few runs. `cargo bench --bench fit -- NAME` runs the
//! settings whose name contains `NAME`.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use mlem_probe::mlem::{Mlem, MlemParams, PairBudget};
use mlem_probe::numeric::rng::Stream;
use mlem_probe::stimuli::{Feature, FeatureTable};
use ndarray::Array2;

/// The shape of the data: ten features of two levels and three numeric ones of seven values, as `relative_clause` has, or as many
/// as are asked for.
struct Data {
    features: FeatureTable,
    layers: Vec<Array2<f32>>,
}

fn data(n_stimuli: usize, n_categorical: usize, n_numeric: usize, n_layers: usize, d_model: usize) -> Data {
    let mut stream = Stream::new(0, "bench");
    let mut features = Vec::new();
    let mut codes: Vec<Vec<f64>> = Vec::new();
    for index in 0..n_categorical {
        let column: Vec<usize> = (0..n_stimuli).map(|_| stream.index(2)).collect();
        let names: Vec<Option<String>> = column.iter().map(|code| Some(code.to_string())).collect();
        features.push(Feature::categorical(&format!("c{index}"), &names));
        codes.push(column.iter().map(|&code| code as f64).collect());
    }
    for index in 0..n_numeric {
        let levels: Vec<f64> = (0..7).map(|_| 2.0 + 5.0 * stream.unit()).collect();
        let column: Vec<f64> = (0..n_stimuli).map(|_| levels[stream.index(7)]).collect();
        features.push(
            Feature::numeric(&format!("n{index}"), column.iter().copied().map(Some).collect()).unwrap(),
        );
        codes.push(column.iter().map(|x| x / 7.0).collect());
    }
    let layers = (0..n_layers)
        .map(|_| {
            let mix =
                Array2::from_shape_fn((codes.len(), d_model), |(k, _)| stream.normal() / (1 + k) as f64);
            Array2::from_shape_fn((n_stimuli, d_model), |(i, unit)| {
                let signal: f64 =
                    codes.iter().enumerate().map(|(k, column)| column[i] * mix[[k, unit]]).sum();
                (signal + 0.3 * stream.normal()) as f32
            })
        })
        .collect();
    Data { features: FeatureTable::new(n_stimuli, features).unwrap(), layers }
}

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
        let data = data(stimuli, categorical, numeric, layers, units);
        let start = Instant::now();
        let validation = params.cross_validation(&data.features, folds).unwrap();
        let design = start.elapsed().as_secs_f64();
        let start = Instant::now();
        for layer in &data.layers {
            validation.fit(layer.view()).unwrap();
        }
        let fits = start.elapsed().as_secs_f64();
        println!("| {name} | {design:.2} | {fits:.2} | {:.3} |", fits / (layers * folds) as f64);
    }
}
