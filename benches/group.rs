//! The level of the tests over subjects: the share of data sets without any effect in which something is significant at .05 (it should be
//! .03 to .07), and how long 1,000 flips of a large group take.
//!
//! `cargo bench --bench group [-- LOTS [DATA_SETS [FIRST_SEED]]]`: so many independent lots (4) of so many data sets (500) each, with seeds
//! from the first on (500), each lot on its own and then all together. `docs/group.md` has the table.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use mlem_probe::numeric::clusters::Measure;
use mlem_probe::numeric::flip_tests::{Blocks, Flipped};
use mlem_probe::numeric::graph::Graph;
use mlem_probe::numeric::one_sample::{OneSample, critical};
use mlem_probe::numeric::rng::Stream;
use mlem_probe::numeric::sign_flips::{Flips, Tail};
use mlem_probe::numeric::tfce::Tfce;
use ndarray::Array2;
use rayon::prelude::*;

const TIMES: usize = 40;
const FEATURES: usize = 4;
const DRAWS: usize = 999;

/// What noise is like along the axis.
#[derive(Clone, Copy)]
enum Noise {
    White,
    /// Each time has most of the one before.
    Smooth,
    /// Smooth, and of few large values in some subjects: t with 3 degrees of freedom.
    Heavy,
    /// Smooth, and not symmetric: what sign flips assume does not hold.
    Skewed,
}

const NOISES: [(&str, Noise); 4] = [
    ("white", Noise::White),
    ("smooth", Noise::Smooth),
    ("heavy tails", Noise::Heavy),
    ("skewed", Noise::Skewed),
];

/// `(subjects, FEATURES · TIMES)`, of mean 0.
fn draw(subjects: usize, noise: Noise, seed: u64) -> Array2<f64> {
    let mut stream = Stream::new(seed, "null groups");
    let mut rows = Array2::zeros((subjects, FEATURES * TIMES));
    for mut row in rows.rows_mut() {
        let shared = stream.normal();
        let scale = match noise {
            Noise::Heavy => {
                let chi: f64 = (0..3).map(|_| stream.normal().powi(2)).sum();
                (3.0 / chi).sqrt()
            }
            _ => 1.0,
        };
        let mut last = stream.normal();
        for (i, x) in row.iter_mut().enumerate() {
            last = match noise {
                Noise::White => stream.normal(),
                _ if i % TIMES == 0 => 0.5 * shared + 0.75f64.sqrt() * stream.normal(),
                _ => 0.9 * last + 0.19f64.sqrt() * stream.normal(),
            };
            *x = match noise {
                // A log-normal number less its mean; skewness 1.75.
                Noise::Skewed => (0.5 * last).exp() - 0.125f64.exp(),
                _ => scale * last,
            };
        }
    }
    rows
}

/// Whether something is found that is not there: by one t with its p-value of t and of flips, the largest t, clusters within one
/// feature and over all, and enhancement.
fn found(subjects: usize, noise: Noise, tail: Tail, seed: u64) -> [bool; 6] {
    let rows = draw(subjects, noise, seed);
    let flips = Flips::of(subjects, tail, DRAWS, seed);
    let tested = vec![true; rows.ncols()];
    let flipped = Flipped::new(rows.view(), &tested, &flips, tail);
    let (graph, blocks) = (Graph::path(TIMES, 1).copies(FEATURES), Blocks { size: TIMES, count: FEATURES });
    let p = flipped.p_values();
    let least = |p: &mut dyn Iterator<Item = f64>| p.fold(1.0, f64::min) <= 0.05;
    let one = OneSample::of(&rows.column(TIMES / 2).to_vec()).unwrap();
    let clusters = flipped.clusters(critical(0.05, tail, subjects - 1), Measure::Mass, &graph, blocks);
    let enhanced = flipped.enhanced(&Tfce::default(), &graph, blocks);
    [
        one.p_value(tail) <= 0.05,
        p.own[TIMES / 2].unwrap() <= 0.05,
        least(&mut p.max.iter().copied().flatten()),
        least(&mut clusters.iter().filter(|cluster| cluster.block == 0).map(|cluster| cluster.p)),
        least(&mut clusters.iter().map(|cluster| cluster.p_all)),
        least(&mut enhanced.p_all.iter().copied().flatten()),
    ]
}

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|word| word.parse::<u64>().ok());
    let (lots, sets, first) =
        (numbers.next().unwrap_or(4), numbers.next().unwrap_or(500), numbers.next().unwrap_or(500));
    println!(
        "share of {sets} data sets without an effect, {lots} lots; {FEATURES} features, {TIMES} times, {DRAWS} draws where not all flips"
    );
    println!(
        "noise        subjects  side     lot  one t   one flip  largest t  clusters  clusters over features  TFCE"
    );
    for (name, noise) in NOISES {
        for (subjects, tail) in [(10, Tail::Two), (20, Tail::Two), (20, Tail::Greater)] {
            let all: Vec<[bool; 6]> = (first..first + lots * sets)
                .into_par_iter()
                .map(|seed| found(subjects, noise, tail, seed))
                .collect();
            let row = |lot: &str, found: &[[bool; 6]]| {
                let share =
                    |test: usize| found.iter().filter(|hits| hits[test]).count() as f64 / found.len() as f64;
                println!(
                    "{name:<12} {subjects:<9} {:<8} {lot:<4} {:<7.3} {:<9.3} {:<10.3} {:<9.3} {:<23.3} {:.3}",
                    format!("{tail:?}").to_lowercase(),
                    share(0),
                    share(1),
                    share(2),
                    share(3),
                    share(4),
                    share(5)
                );
            };
            for (lot, found) in all.chunks(sets as usize).enumerate() {
                row(&lot.to_string(), found);
            }
            row("all", &all);
        }
    }
    let (subjects, times, features) = (20, 200, 8);
    let mut stream = Stream::new(0, "large group");
    let rows = Array2::from_shape_fn((subjects, times * features), |_| stream.normal());
    let (tested, flips) = (vec![true; times * features], Flips::of(subjects, Tail::Two, 1000, 0));
    let flipped = Flipped::new(rows.view(), &tested, &flips, Tail::Two);
    let (graph, blocks) = (Graph::path(times, 1).copies(features), Blocks { size: times, count: features });
    let timed = |name: &str, run: &dyn Fn()| {
        let begun = Instant::now();
        run();
        println!("{name}: {:.3} s", begun.elapsed().as_secs_f64());
    };
    println!("{times} times, {features} features, {subjects} subjects, 1,000 flips:");
    timed("largest t", &|| drop(flipped.p_values()));
    timed("clusters", &|| drop(flipped.clusters(2.09, Measure::Mass, &graph, blocks)));
    timed("TFCE", &|| drop(flipped.enhanced(&Tfce::default(), &graph, blocks)));
}
