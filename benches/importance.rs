//! Time of nulls: scores and importances of activations whose stimuli are shuffled against the features.
//!
//! `cargo bench --bench importance` prints the seconds of 1,000 draws for each setting; `-- NAME` runs the settings whose name
//! contains `NAME`, and `-- NAME --draws 100` as many draws.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use mlem_probe::mlem::{Mlem, MlemParams, Permute};
use mlem_probe::numeric::rng::Stream;
use mlem_probe::stimuli::{Feature, FeatureTable};
use ndarray::Array2;

/// The shape of the features of `relative_clause`: ten of two levels, three numeric of seven values; and one layer that they
/// move.
fn data(n_stimuli: usize, d_model: usize) -> (FeatureTable, Array2<f32>) {
    let mut stream = Stream::new(0, "bench");
    let mut features = Vec::new();
    let mut codes: Vec<Vec<f64>> = Vec::new();
    for index in 0..10 {
        let column: Vec<usize> = (0..n_stimuli).map(|_| stream.index(2)).collect();
        let names: Vec<Option<String>> = column.iter().map(|code| Some(code.to_string())).collect();
        features.push(Feature::categorical(&format!("c{index}"), &names));
        codes.push(column.iter().map(|&code| code as f64).collect());
    }
    for index in 0..3 {
        let levels: Vec<f64> = (0..7).map(|_| 2.0 + 5.0 * stream.unit()).collect();
        let column: Vec<f64> = (0..n_stimuli).map(|_| levels[stream.index(7)]).collect();
        let values = column.iter().copied().map(Some).collect();
        features.push(Feature::numeric(&format!("n{index}"), values).unwrap());
        codes.push(column.iter().map(|x| x / 7.0).collect());
    }
    let mix = Array2::from_shape_fn((codes.len(), d_model), |(k, _)| stream.normal() / (1 + k) as f64);
    let layer = Array2::from_shape_fn((n_stimuli, d_model), |(i, unit)| {
        let signal: f64 = codes.iter().enumerate().map(|(k, column)| column[i] * mix[[k, unit]]).sum();
        (signal + 0.3 * stream.normal()) as f32
    });
    (FeatureTable::new(n_stimuli, features).unwrap(), layer)
}

fn settings() -> Vec<(&'static str, usize, MlemParams)> {
    vec![
        ("4,096 stimuli, 13 terms", 4096, Mlem::params()),
        ("4,096 stimuli, 13 terms, stimuli permuted", 4096, Mlem::params().permute(Permute::Stimuli)),
        ("4,096 stimuli, 13 terms, scores alone", 4096, Mlem::params().permutations(0)),
        ("1,024 stimuli, 13 terms", 1024, Mlem::params()),
    ]
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let (mut wanted, mut draws) = (Vec::new(), 1000);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--draws" => draws = arguments.next().unwrap().parse().unwrap(),
            _ => wanted.push(argument),
        }
    }
    println!("| one layer x 384, 5 folds, 5 permutations | draws | s |");
    println!("| --- | --- | --- |");
    for (name, stimuli, params) in settings() {
        if !wanted.is_empty() && !wanted.iter().any(|part| name.contains(part.as_str())) {
            continue;
        }
        let (features, layer) = data(stimuli, 384);
        let validation = params.cross_validation(&features, 5).unwrap();
        let start = Instant::now();
        let null = validation.null(layer.view(), draws).unwrap();
        let seconds = start.elapsed().as_secs_f64();
        println!("| {name} | {} | {seconds:.1} |", null.draws());
    }
}
