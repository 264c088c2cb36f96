//! The level and the power of the null of an importance: the share of data sets whose p-value is at most .05, for effects that are
//! none (it should be about .05) and for a weak one (the more the better).
//!
//! `cargo bench --bench nulls [-- DATA_SETS] [pairs|stimuli]`; 300, and both kinds of importance by default. `docs/nulls.md` has the table.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use mlem_probe::mlem::{Mlem, Permute};
use mlem_probe::numeric::rng::Stream;
use mlem_probe::stimuli::{Feature, FeatureTable};
use ndarray::Array2;
use rayon::prelude::*;

const STIMULI: usize = 64;
const UNITS: usize = 24;
const DRAWS: usize = 199;

/// A kind of world: how strongly the first two of four binary features move the activations, and how the second is tied to the first.
struct World {
    name: &'static str,
    strengths: [f64; 2],
    /// The chance that the second feature is a copy of the first.
    tied: f64,
    interactions: bool,
    /// The effects whose p-values are counted.
    effects: &'static [usize],
}

const MAINS: [&[usize]; 3] = [&[0, 1, 2, 3], &[1, 2, 3], &[2, 3]];
const INTERACTIONS: &[usize] = &[4, 5, 6, 7, 8, 9];

const fn world(name: &'static str, strengths: [f64; 2], tied: f64, effects: &'static [usize]) -> World {
    World { name, strengths, tied, interactions: effects[0] >= 4, effects }
}

const WORLDS: [World; 10] = [
    world("no effect at all", [0.0, 0.0], 0.0, MAINS[0]),
    world("no effect at all: interactions", [0.0, 0.0], 0.0, INTERACTIONS),
    world("one strong feature", [1.2, 0.0], 0.0, MAINS[1]),
    world("one strong feature: interactions", [1.2, 0.0], 0.0, INTERACTIONS),
    world("two strong features", [1.2, 1.2], 0.0, MAINS[2]),
    world("two strong features: interactions", [1.2, 1.2], 0.0, INTERACTIONS),
    world("correlated at .5 with a strong one", [1.2, 0.0], 0.5, MAINS[1]),
    world("correlated at .5: interactions", [1.2, 0.0], 0.5, INTERACTIONS),
    world("power: .25 beside 1.2", [1.2, 0.25], 0.0, &[1]),
    world("power: .25 beside 2.0", [2.0, 0.25], 0.0, &[1]),
];

/// The features, and the activations `(STIMULI, UNITS)`.
fn draw(world: &World, seed: u64) -> (FeatureTable, Array2<f32>) {
    let mut stream = Stream::new(seed, world.name);
    let mut codes = [[0usize; 4]; STIMULI];
    for row in &mut codes {
        for code in row.iter_mut() {
            *code = usize::from(stream.normal() > 0.0);
        }
        if uniform(&mut stream) < world.tied {
            row[1] = row[0];
        }
    }
    let mut activations = Array2::from_shape_fn((STIMULI, UNITS), |_| stream.normal());
    for (feature, strength) in world.strengths.into_iter().enumerate() {
        let direction: Vec<f64> = (0..UNITS).map(|_| stream.normal()).collect();
        for (row, codes) in activations.rows_mut().into_iter().zip(&codes) {
            let sign = if codes[feature] == 1 { strength } else { -strength };
            row.into_iter().zip(&direction).for_each(|(x, d)| *x += sign * d);
        }
    }
    let column = |feature: usize| {
        let values: Vec<Option<&str>> = codes.iter().map(|row| Some(["x", "y"][row[feature]])).collect();
        Feature::categorical(["a", "b", "c", "d"][feature], &values)
    };
    let features = FeatureTable::new(STIMULI, (0..4).map(column).collect()).unwrap();
    (features, activations.mapv(|x| x as f32))
}

/// Uniform on `(0, 1)`, from two normal numbers.
fn uniform(stream: &mut Stream) -> f64 {
    let (x, y) = (stream.normal(), stream.normal());
    (y.atan2(x) / std::f64::consts::TAU).rem_euclid(1.0)
}

fn main() {
    let sets = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(300);
    println!(
        "share of p ≤ .05 of {sets} data sets; {STIMULI} stimuli, {UNITS} units, 4 folds, {DRAWS} draws"
    );
    for world in &WORLDS {
        let kinds = [("pairs", Permute::Pairs), ("stimuli", Permute::Stimuli)];
        for (word, permute) in kinds {
            let other = if word == "pairs" { "stimuli" } else { "pairs" };
            if std::env::args().any(|named| named == other) {
                continue;
            }
            let of_set = |seed: u64| -> Vec<bool> {
                let (features, activations) = draw(world, seed);
                let params = Mlem::params().interactions(world.interactions).permute(permute).permutations(1);
                let validation = params.seed(seed).cross_validation(&features, 4).unwrap();
                let null = validation.null(activations.view(), DRAWS).unwrap();
                let tests = null.importances();
                world.effects.iter().map(|&k| tests[k].p.is_some_and(|p| p <= 0.05)).collect()
            };
            let found: Vec<Vec<bool>> = (0..sets).into_par_iter().map(of_set).collect();
            let (hits, tests) = (
                found.iter().flatten().filter(|&&hit| hit).count(),
                found.iter().map(Vec::len).sum::<usize>(),
            );
            println!("{:<40} {word:<22} {:.3} of {tests} tests", world.name, hits as f64 / tests as f64);
        }
    }
}
