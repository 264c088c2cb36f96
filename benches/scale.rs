//! Time of whole fits (design, weights, scores, importances; five folds) against stimuli, features and layers, beside what
//! the machine could do at best.
//!
//! `cargo bench --bench scale` prints the tables of `benches/README.md` and writes `benches/scale.svg`; `-- stimuli` (or
//! `features`, `layers`) prints one of them.
//!
//! Two floors are measured on the same machine in the same run. *flops*: the dot products of `d_model` numbers that the
//! distances of the used pairs take, at the rate of a product of two matrices that stay in the cache. *bytes*: what is read
//! of the held-out pairs for their importances (a pattern, a modelled distance and a rank of four bytes each, and as much
//! for every numeric feature once a permutation), at the rate of a sum over an array that does not fit.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod data;

use std::fmt::Write as _;
use std::time::Instant;

use data::data;
use mlem_probe::mlem::{Mlem, MlemParams};
use ndarray::Array2;
use rayon::prelude::*;

const FOLDS: usize = 5;
const PERMUTATIONS: usize = 5;
/// The default budget of pairs.
const BUDGET: f64 = (1u64 << 25) as f64;

/// What the machine does in a second, on all cores.
struct Machine {
    flops: f64,
    bytes: f64,
}

impl Machine {
    fn measured() -> Self {
        let hands = rayon::current_num_threads();
        let best = |work: &(dyn Fn() -> f64 + Sync)| {
            let rate = || {
                let start = Instant::now();
                let done: f64 = (0..hands).into_par_iter().map(|_| work()).sum();
                done / start.elapsed().as_secs_f64()
            };
            (0..5).map(|_| rate()).fold(0.0, f64::max)
        };
        let x = Array2::<f64>::from_shape_fn((256, 384), |(i, j)| (i * j % 7) as f64);
        let flops = best(&|| {
            (0..20).for_each(|_| {
                std::hint::black_box(x.dot(&x.t()));
            });
            20.0 * 2.0 * 256.0 * 256.0 * 384.0
        });
        let long = vec![1u64; 1 << 25];
        let bytes = best(&|| {
            std::hint::black_box(long.iter().copied().fold(0u64, u64::wrapping_add));
            (long.len() * 8) as f64
        });
        Self { flops, bytes }
    }
}

/// The shape of one measurement.
#[derive(Clone, Copy)]
struct Shape {
    stimuli: usize,
    categorical: usize,
    numeric: usize,
    layers: usize,
    units: usize,
    interactions: bool,
}

impl Shape {
    fn seconds(self) -> f64 {
        let (features, layers) = data(self.stimuli, self.categorical, self.numeric, self.layers, self.units);
        let params: MlemParams = Mlem::params().interactions(self.interactions).permutations(PERMUTATIONS);
        let start = Instant::now();
        let validation = params.cross_validation(&features, FOLDS).unwrap();
        for layer in &layers {
            validation.fit(layer.view()).unwrap();
        }
        start.elapsed().as_secs_f64()
    }

    /// Seconds for the flops, and for the bytes.
    fn floors(self, machine: &Machine) -> (f64, f64) {
        let all = (self.stimuli as f64).powi(2) / 2.0;
        let used = all.min(BUDGET);
        let held_out = used / FOLDS as f64;
        let features = self.categorical + self.numeric;
        let terms = if self.interactions { features * (features + 1) / 2 } else { features };
        let layers = self.layers as f64;
        let flops = layers * (used + held_out) * 2.0 * self.units as f64;
        let rankings = (PERMUTATIONS * terms) as f64 * 12.0;
        let permuted = (PERMUTATIONS * (1 + self.numeric)) as f64 * 4.0;
        let bytes = layers * held_out * (rankings + permuted);
        (flops / machine.flops, bytes / machine.bytes)
    }
}

/// A line of the plot: a name, and seconds against what grows.
type Curve = (String, Vec<(f64, f64)>);

fn measure(what: &str, machine: &Machine, rows: Vec<(usize, Vec<Shape>)>, names: &[&str]) -> Vec<Curve> {
    print!("\n| {what} |");
    for name in names {
        print!(" {name}: s | flops: s | bytes: s |");
    }
    println!("\n| ---: |{}", " ---: | ---: | ---: |".repeat(names.len()));
    let mut curves: Vec<Curve> = names.iter().map(|name| (format!("{what}: {name}"), Vec::new())).collect();
    for (x, shapes) in rows {
        print!("| {x} |");
        for (shape, (_, curve)) in shapes.into_iter().zip(&mut curves) {
            let seconds = shape.seconds();
            let (flops, bytes) = shape.floors(machine);
            print!(" {seconds:.2} | {flops:.2} | {bytes:.2} |");
            curve.push((x as f64, seconds));
        }
        println!();
    }
    curves
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let asked = |what: &str| wanted.is_empty() || wanted.iter().any(|part| part == what);
    let machine = Machine::measured();
    println!(
        "{:.0} Gflop/s in f64, {:.1} GB/s, {} threads",
        machine.flops / 1e9,
        machine.bytes / 1e9,
        rayon::current_num_threads()
    );
    let base =
        Shape { stimuli: 4096, categorical: 10, numeric: 3, layers: 1, units: 384, interactions: false };
    let both = |shape: Shape| vec![shape, Shape { interactions: true, ..shape }];
    let names = ["diagonal", "interactions"];
    let mut curves = Vec::new();
    if asked("stimuli") {
        let rows = [1024, 2048, 4096, 8192, 16384, 26880].map(|n| (n, both(Shape { stimuli: n, ..base })));
        curves.extend(measure("stimuli", &machine, rows.into(), &names));
    }
    if asked("features") {
        // A quarter numeric, as in the bundled sets.
        let shape = |n: usize| Shape { categorical: n - n / 4, numeric: n / 4, ..base };
        let rows = [4, 8, 16, 24, 32, 40].map(|n| (n, both(shape(n))));
        curves.extend(measure("features", &machine, rows.into(), &names));
    }
    if asked("layers") {
        let rows = [1, 2, 4, 8, 13, 25].map(|n| (n, both(Shape { layers: n, ..base })));
        curves.extend(measure("layers", &machine, rows.into(), &names));
    }
    if wanted.is_empty() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/scale.svg"), plot(&curves)).unwrap();
    }
}

/// Every curve on logarithmic axes, in one panel for each thing that grows.
fn plot(curves: &[Curve]) -> String {
    const WIDTH: f64 = 230.0;
    const HEIGHT: f64 = 200.0;
    let seconds = || curves.iter().flat_map(|(_, points)| points.iter().map(|point| point.1.log10()));
    let low = seconds().fold(f64::INFINITY, f64::min).floor();
    let high = seconds().fold(f64::NEG_INFINITY, f64::max).ceil();
    let y = |log: f64| 20.0 + HEIGHT * (high - log) / (high - low);
    let panels = curves.len().div_ceil(2);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"270\" viewBox=\"0 0 {w} 270\" \
         font-family=\"sans-serif\" font-size=\"11\" role=\"img\" aria-label=\"Seconds of a fit against stimuli, \
         features and layers, on logarithmic axes\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>",
        w = 60.0 + panels as f64 * (WIDTH + 30.0)
    );
    for (panel, pair) in curves.chunks(2).enumerate() {
        let left = 50.0 + panel as f64 * (WIDTH + 30.0);
        let xs = || pair[0].1.iter().map(|point| point.0.log10());
        let (from, to) = (xs().fold(f64::INFINITY, f64::min), xs().fold(f64::NEG_INFINITY, f64::max));
        let x = |log: f64| left + 10.0 + (WIDTH - 20.0) * (log - from) / (to - from);
        for decade in low as i32..=high as i32 {
            let at = y(f64::from(decade));
            let _ = write!(svg, "<path d=\"M{left} {at:.1}h{WIDTH}\" stroke=\"#ddd\"/>");
            if panel == 0 {
                let label = 10f64.powi(decade);
                let _ =
                    write!(svg, "<text x=\"44\" y=\"{:.1}\" text-anchor=\"end\">{label} s</text>", at + 4.0);
            }
        }
        for (index, point) in pair[0].1.iter().enumerate() {
            let (at, label) = (x(point.0.log10()), point.0.to_string());
            let room = 6.0 * label.len() as f64 + 4.0;
            // The next label has the place where the two would meet.
            if pair[0].1.get(index + 1).is_none_or(|next| x(next.0.log10()) - at >= room) {
                let _ = write!(svg, "<text x=\"{at:.1}\" y=\"236\" text-anchor=\"middle\">{label}</text>");
            }
        }
        let what = pair[0].0.split(':').next().unwrap();
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"256\" text-anchor=\"middle\">{what}</text>",
            left + WIDTH / 2.0
        );
        for ((name, points), (colour, dash, below)) in
            pair.iter().zip([("#0072b2", "none", 16.0), ("#d55e00", "5 3", -6.0)])
        {
            let path: Vec<String> = points
                .iter()
                .map(|point| format!("{:.1} {:.1}", x(point.0.log10()), y(point.1.log10())))
                .collect();
            let _ = write!(
                svg,
                "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>",
                path.join("L")
            );
            let last = points.last().unwrap();
            let _ = write!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"{colour}\">{}</text>",
                left + WIDTH - 4.0,
                y(last.1.log10()) + below,
                name.split(": ").nth(1).unwrap()
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}
