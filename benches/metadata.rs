//! The level of the test of models by their metadata (`probe compare --metadata`): the share of data sets in which a feature that has nothing
//! to do with the profiles is significant at .05 (it should be .03 to .07).
//!
//! `cargo bench --bench metadata [-- DATA_SETS]`; 500 by default. `docs/compare.md` has the table.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use mlem_probe::compare::{MetadataParams, fit_metadata_once};
use mlem_probe::numeric::dtw::dtw;
use mlem_probe::numeric::rng::Stream;
use mlem_probe::stimuli::{Feature, FeatureTable};
use ndarray::Array2;
use rayon::prelude::*;

const DRAWS: usize = 199;
/// Features of the stimuli, whose importances are a profile.
const EFFECTS: usize = 6;

/// Models with a family, a date, a size that grows with the date, data and an objective; and the importances of each at each layer,
/// which have nothing to do with them but for the family, in which they differ by `strength`.
fn draw(models: usize, strength: f64, seed: u64) -> (Array2<f64>, FeatureTable) {
    let mut stream = Stream::new(seed, "null models");
    // Of each value about as many models.
    let shared_out = |levels: usize, stream: &mut Stream| {
        let mut values: Vec<usize> = (0..models).map(|k| k % levels).collect();
        stream.shuffle(&mut values);
        values
    };
    let family = shared_out(4, &mut stream);
    let date: Vec<f64> = (0..models).map(|_| 2018.0 + 6.0 * stream.unit()).collect();
    let size: Vec<f64> = date.iter().map(|date| 0.5 * (date - 2018.0) + stream.normal()).collect();
    let mut two = |name: &str, levels: [&'static str; 2]| {
        let values: Vec<Option<&str>> =
            shared_out(2, &mut stream).into_iter().map(|k| Some(levels[k])).collect();
        Feature::categorical(name, &values)
    };
    let (data, objective) = (two("data", ["web", "books"]), two("objective", ["causal", "masked"]));
    let names: Vec<Option<&str>> = family.iter().map(|&k| Some(["a", "b", "c", "d"][k])).collect();
    let number = |name: &str, values: Vec<f64>| {
        Feature::numeric(name, values.into_iter().map(Some).collect()).unwrap()
    };
    let features = vec![
        Feature::categorical("family", &names),
        number("date", date),
        number("size", size),
        data,
        objective,
    ];
    let shared: Vec<Vec<f64>> = (0..4).map(|_| (0..EFFECTS).map(|_| stream.normal()).collect()).collect();
    let profiles: Vec<Array2<f64>> = family
        .iter()
        .map(|&family| {
            let layers = [6, 12, 24][stream.index(3)];
            let own: Vec<[f64; 2]> = (0..EFFECTS).map(|_| [stream.normal(), stream.normal()]).collect();
            Array2::from_shape_fn((layers, EFFECTS), |(layer, k)| {
                let depth = layer as f64 / (layers - 1) as f64;
                let [start, end] = own[k];
                0.2 + 0.05 * (start + (end - start) * depth + strength * shared[family][k])
            })
        })
        .collect();
    let apart = |a: &Array2<f64>, b: &Array2<f64>| {
        let local = |i: usize, j: usize| (&a.row(i) - &b.row(j)).mapv(|x| x * x).sum().sqrt();
        dtw(a.nrows(), b.nrows(), local).unwrap() / (a.nrows() + b.nrows()) as f64
    };
    let distance = Array2::from_shape_fn((models, models), |(i, j)| {
        if i == j { 0.0 } else { apart(&profiles[i.min(j)], &profiles[i.max(j)]) }
    });
    (distance, FeatureTable::new(models, features).unwrap())
}

/// Whether something is significant: all features together, each of the five, any of the features (after Holm, by the maximum); and any of
/// those that have nothing to do with the profiles where the family has.
fn found(models: usize, strength: f64, seed: u64) -> Vec<bool> {
    let (distance, features) = draw(models, strength, seed);
    let params = MetadataParams { draws: DRAWS, permutations: 1, seed, ..MetadataParams::default() };
    let fitted = fit_metadata_once(distance.view(), &features, &params).unwrap();
    let is = |p: Option<f64>| p.is_some_and(|p| p <= 0.05);
    let null = || fitted.effects.iter().skip(usize::from(strength > 0.0));
    let mut all = vec![is(fitted.p)];
    all.extend(fitted.effects.iter().map(|effect| is(effect.p)));
    all.push(null().any(|effect| is(effect.holm)));
    all.push(null().any(|effect| is(effect.max)));
    all
}

fn main() {
    let sets = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(500u64);
    println!(
        "share of {sets} data sets with p ≤ .05; {DRAWS} relabellings; features but the family have no effect"
    );
    println!("models  family  all   family  date  size  data  objective  any, Holm  any, max");
    for models in [10, 16, 32] {
        for strength in [0.0, 1.0] {
            let all: Vec<Vec<bool>> =
                (0..sets).into_par_iter().map(|seed| found(models, strength, seed)).collect();
            let share = |test: usize| all.iter().filter(|hits| hits[test]).count() as f64 / sets as f64;
            println!(
                "{models:<7} {strength:<7} {:<5.3} {:<7.3} {:<5.3} {:<5.3} {:<5.3} {:<10.3} {:<10.3} {:.3}",
                share(0),
                share(1),
                share(2),
                share(3),
                share(4),
                share(5),
                share(6),
                share(7)
            );
        }
    }
}
