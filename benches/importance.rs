//! Time of nulls: scores and importances of activations whose stimuli are shuffled against the features.
//!
//! `cargo bench --bench importance` prints the seconds of 1,000 draws for each setting; `-- NAME` runs the settings whose name
//! contains `NAME`, and `-- NAME --draws 100` as many draws.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod data;

use std::time::Instant;

use data::data;
use mlem_probe::mlem::{Mlem, MlemParams, Permute};

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
        let (features, layers) = data(stimuli, 10, 3, 1, 384);
        let validation = params.cross_validation(&features, 5).unwrap();
        let start = Instant::now();
        let null = validation.null(layers[0].view(), draws).unwrap();
        let seconds = start.elapsed().as_secs_f64();
        println!("| {name} | {} | {seconds:.1} |", null.draws());
    }
}
