//! Fits one layer: feature distances on one side, an array of activations on the other.
//!
//! `cargo run --release --example fit_layer`
#![allow(clippy::print_stdout)]

use mlem_probe::mlem::Mlem;
use mlem_probe::numeric::rng::Stream;
use mlem_probe::stimuli::{Feature, FeatureTable};
use ndarray::Array2;

fn main() -> Result<(), mlem_probe::Error> {
    // 200 stimuli with three features; a layer of 64 units follows the first two.
    let n_stimuli = 200;
    let mut stream = Stream::new(1, "example");
    let number: Vec<usize> = (0..n_stimuli).map(|_| stream.index(2)).collect();
    let zipf: Vec<f64> = (0..n_stimuli).map(|_| 3.0 + 4.0 * stream.unit()).collect();
    let clause: Vec<usize> = (0..n_stimuli).map(|_| stream.index(2)).collect();
    let words = |codes: &[usize], words: [&'static str; 2]| -> Vec<_> {
        codes.iter().map(|&code| Some(words[code])).collect()
    };
    let features = FeatureTable::new(
        n_stimuli,
        vec![
            Feature::categorical("number", &words(&number, ["sg", "pl"])),
            Feature::numeric("zipf", zipf.iter().copied().map(Some).collect())?,
            Feature::categorical("clause", &words(&clause, ["subject", "object"])),
        ],
    )?;
    // (n_stimuli, d_model)
    let directions = Array2::from_shape_fn((2, 64), |_| stream.normal());
    let activations = Array2::from_shape_fn((n_stimuli, 64), |(i, unit)| {
        let signal = number[i] as f64 * directions[[0, unit]] + 0.3 * zipf[i] * directions[[1, unit]];
        (signal + 0.2 * stream.normal()) as f32
    });

    let fitted = Mlem::params().interactions(true).permutations(20).fit(&features, activations.view())?;
    let scored = fitted.score(&features, activations.view())?;
    if let Ok(spearman) = scored.value {
        println!("Spearman {spearman:.3} over {} pairs", scored.pairs);
    }
    for term in fitted.importance(&features, activations.view())? {
        println!("{:<16} {:>7.4} ± {:.4}", term.name, term.importance, term.sd);
    }
    println!("W (unit Frobenius norm):\n{:.3}", fitted.weights());
    for warning in fitted.warnings() {
        println!("{warning}");
    }
    Ok(())
}
