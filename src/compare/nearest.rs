//! For every layer of a model, the layer of another whose profile is nearest.

use rayon::prelude::*;

use super::Params;
use crate::files::table::{cell, table};
use crate::numeric::rng::Stream;
use crate::numeric::significance::{benjamini_hochberg, holm};

/// The file of the nearest layers.
pub const NEAREST: &str = "nearest.csv";

const HEADER: [&str; 9] =
    ["model_a", "layer_a", "model_b", "layer_b", "distance", "null_mean", "p", "p_holm", "p_bh"];

/// A layer of a model and the layer of another that is nearest to it: by the Euclidean distance of their importances, the same that is
/// warped.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearest {
    /// A run.
    pub a: usize,
    /// One of its layers.
    pub layer_a: usize,
    /// Another run.
    pub b: usize,
    /// Its layer that is nearest; of equals the first.
    pub layer_b: usize,
    /// How far apart they are.
    pub distance: f64,
    /// How far the nearest is on average when the effects of the layer of `a` are permuted; NaN where nothing was drawn.
    pub null_mean: f64,
    /// The share of permutations, the one that was found among them, with a layer of `b` at least as near: what is as high as it is, is so
    /// of any effect. `None` where nothing was drawn, or there is nothing to permute.
    pub p: Option<f64>,
    /// After Holm, over all layers and pairs of runs.
    pub holm: Option<f64>,
    /// After Benjamini and Hochberg, over the same.
    pub bh: Option<f64>,
}

/// How far an order of effects may be from the one that was found and count as no nearer, relatively.
const EQUAL: f64 = 1e-9;

/// Of every layer of every run the nearest of each other run. `vectors` are the importances of each run at each of its `layers`,
/// `(n_layers, n_effects)`.
pub(super) fn find(vectors: &[Vec<Vec<f64>>], layers: &[&[usize]], params: Params) -> Vec<Nearest> {
    let n_effects = vectors.iter().flatten().map(Vec::len).next().unwrap_or(0);
    // An effect without a number somewhere is in none.
    let is_defined = |k: &usize| vectors.iter().flatten().all(|vector| vector[*k].is_finite());
    let used: Vec<usize> = (0..n_effects).filter(is_defined).collect();
    if used.is_empty() {
        return Vec::new();
    }
    let of_used = |all: &Vec<f64>| -> Vec<f64> { used.iter().map(|&k| all[k]).collect() };
    let vectors: Vec<Vec<Vec<f64>>> = vectors.iter().map(|run| run.iter().map(of_used).collect()).collect();
    let mut stream = Stream::new(params.seed, "nearest layers");
    // The same orders for all layers.
    let mut orders: Vec<Vec<usize>> = vec![(0..used.len()).collect(); params.draws];
    for order in &mut orders {
        stream.shuffle(order);
    }
    let n = vectors.len();
    let pairs = (0..n).flat_map(|a| (0..n).filter(move |&b| b != a).map(move |b| (a, b)));
    let all: Vec<(usize, usize, usize)> =
        pairs.flat_map(|(a, b)| (0..layers[a].len()).map(move |i| (a, i, b))).collect();
    let mut rows: Vec<Nearest> = all
        .par_iter()
        .filter_map(|&(a, i, b)| {
            let found = nearest(&vectors[a][i], &vectors[b], &orders)?;
            Some(Nearest {
                a,
                layer_a: layers[a][i],
                b,
                layer_b: layers[b][found.at],
                distance: found.distance,
                null_mean: found.null_mean,
                p: found.p,
                holm: None,
                bh: None,
            })
        })
        .collect();
    let p: Vec<f64> = rows.iter().filter_map(|row| row.p).collect();
    let tested = rows.iter_mut().filter(|row| row.p.is_some());
    for ((row, holm), bh) in tested.zip(holm(&p)).zip(benjamini_hochberg(&p)) {
        (row.holm, row.bh) = (Some(holm), Some(bh));
    }
    rows
}

/// The bytes of `nearest.csv`, of runs that are called `labels`; a cell is empty where there is no number.
pub(super) fn csv(rows: &[Nearest], labels: &[&str]) -> Vec<u8> {
    let maybe = |x: Option<f64>| x.map_or_else(String::new, cell);
    table(
        HEADER,
        rows.iter().map(|row| {
            [
                labels[row.a].to_owned(),
                row.layer_a.to_string(),
                labels[row.b].to_owned(),
                row.layer_b.to_string(),
                cell(row.distance),
                cell(row.null_mean),
                maybe(row.p),
                maybe(row.holm),
                maybe(row.bh),
            ]
        }),
    )
}

/// The nearest of some vectors.
struct Found {
    at: usize,
    distance: f64,
    null_mean: f64,
    p: Option<f64>,
}

/// Which of `others` is nearest to `own`, and how near the nearest is when `own` is put into each of `orders`; `None` where there are none.
fn nearest(own: &[f64], others: &[Vec<f64>], orders: &[Vec<usize>]) -> Option<Found> {
    let apart = |value: &dyn Fn(usize) -> f64, other: &Vec<f64>| -> f64 {
        other.iter().enumerate().map(|(k, x)| (value(k) - x).powi(2)).sum::<f64>().sqrt()
    };
    let least = |value: &dyn Fn(usize) -> f64| {
        let all = others.iter().map(|other| apart(value, other)).enumerate();
        all.reduce(|best, next| if next.1 < best.1 { next } else { best })
    };
    let (at, distance) = least(&|k| own[k])?;
    let drawn: Vec<f64> =
        orders.iter().filter_map(|order| least(&|k| own[order[k]])).map(|(_, distance)| distance).collect();
    let as_near = drawn.iter().filter(|&&other| other <= distance * (1.0 + EQUAL)).count();
    // Of one effect, or of effects that are all alike, any order is the same.
    let varies = own.iter().any(|x| *x != own[0]);
    Some(Found {
        at,
        distance,
        null_mean: drawn.iter().sum::<f64>() / drawn.len() as f64,
        p: (varies && !drawn.is_empty()).then(|| (1 + as_near) as f64 / (1 + drawn.len()) as f64),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(n: usize, draws: usize) -> Vec<Vec<usize>> {
        let mut stream = Stream::new(0, "orders");
        let mut all = vec![(0..n).collect::<Vec<usize>>(); draws];
        for order in &mut all {
            stream.shuffle(order);
        }
        all
    }

    #[test]
    fn the_nearest_is_found_and_its_p_is_the_share_of_orders_as_near() {
        let others =
            [vec![0.0, 0.0, 0.0, 0.0, 1.0], vec![0.5, 0.25, 0.0, 0.0, 0.0], vec![0.5, 0.25, 0.0, 0.0, 0.0]];
        let found = nearest(&[0.5, 0.25, 0.0, 0.0, 0.125], &others, &orders(5, 5000)).unwrap();
        assert_eq!((found.at, found.distance), (1, 0.125), "the first of equals");
        // At distance ⅛ are the orders with .5 and .25 in their places, wherever .125 is: 6 of 120, which come in twos.
        let p = found.p.unwrap();
        assert!((p - 6.0 / 120.0).abs() < 0.01, "{p}");
        assert!(found.null_mean > 0.3);
    }

    #[test]
    fn what_has_no_order_has_no_p() {
        let others = [vec![0.1, 0.3]];
        assert_eq!(nearest(&[0.2, 0.2], &others, &orders(2, 50)).unwrap().p, None);
        assert_eq!(nearest(&[0.2], &[vec![0.1]], &orders(1, 50)).unwrap().p, None);
        let none = nearest(&[0.2, 0.1], &others, &[]).unwrap();
        assert!(none.p.is_none() && none.null_mean.is_nan());
        assert!(nearest(&[0.2], &[], &[]).is_none());
    }
}
