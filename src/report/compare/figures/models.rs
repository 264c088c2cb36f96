//! Models, and their layers, against each other.

use std::collections::BTreeSet;

use ndarray::Array2;

use super::super::super::axis::Axis;
use super::super::super::figures::{Exact, Figure, STYLES};
use super::super::super::svg::{Arrangement, Drawing, Heatmap, Mosaic, Shades, Tile};
use super::super::super::words;
use super::columns::Wide;
use crate::compare::{Comparison, DistanceTable, LayerSimilarity, Measure, ModelMap, Quantity, Scale};
use crate::profile::Spread;
use crate::text;

/// How many pairs of models have their layers drawn.
const PAIRS: usize = 10;

fn rows_of(matrix: &Array2<f64>) -> Vec<Vec<f64>> {
    matrix.rows().into_iter().map(|row| row.to_vec()).collect()
}

pub(super) fn distances(comparison: &Comparison, names: &[String]) -> Figure {
    let title = "Distances between models";
    let tile = |table: &DistanceTable| {
        let what = if table.measure == Measure::Warped { "warped, per step" } else { "at matched depth" };
        let of = if table.scale == Scale::Importance { "importances" } else { "shapes" };
        Tile {
            title: format!("{of}, {what}"),
            y_title: String::new(),
            x_title: String::new(),
            rows: names.to_vec(),
            columns: names.to_vec(),
            full: table.distance.iter().copied().filter(|x| x.is_finite()).fold(0.0, f64::max),
            values: rows_of(&table.distance),
        }
    };
    let drawn = comparison.distances.iter().filter(|table| table.measure != Measure::WarpedTotal);
    let first = &comparison.distances[0];
    let mut described = Vec::new();
    for i in 0..names.len() {
        for j in i + 1..names.len() {
            let spread = Spread { mean: first.distance[[i, j]], sd: first.sd[[i, j]], n: 1 };
            described.push(format!("{} to {}: {}", names[i], names[j], words::spread(spread, 3)));
        }
    }
    let description = format!("Warped distances per step. {}.", described.join("; "));
    let svg = Mosaic { name: title, description: &description, across: 2, tiles: drawn.map(tile).collect() };
    Figure {
        id: "distances",
        title,
        short: "Distances",
        note: format!(
            "Between the importances of all {}s over the layers, Euclidean. Warped: dynamic time warping (step pattern \
               symmetric2), divided by the sum of the numbers of layers. At matched depth: the mean distance at the same relative \
               depth, with linear interpolation between layers. Shapes: each model's importances at a mean length of 1, so that only \
               their pattern counts. The table has warped distances and their standard deviation over resampled folds.",
            comparison.order.noun()
        ),
        svg: Drawing::of(|room| svg.render(room)),
        legend: Vec::new(),
        names_curves: true,
        exact: Exact {
            along: "",
            rows: names.to_vec(),
            columns: names.to_vec(),
            mean: rows_of(&first.distance),
            sd: rows_of(&first.sd),
            triangle: true,
            ..Exact::default()
        },
        description,
    }
}

pub(super) fn arrangement(comparison: &Comparison, names: &[String]) -> Option<Figure> {
    let title = "Map and tree of the models";
    let ModelMap { points, stress } = comparison.map.as_ref()?;
    let merges = comparison.tree.as_ref()?;
    let heights: Vec<String> = merges.iter().map(|merge| words::short(merge.height, 3)).collect();
    let description = format!("{} clusters, joined at {}.", merges.len(), text::join_and(&heights));
    let svg = Arrangement {
        name: title,
        description: &description,
        objects: names,
        styles: STYLES,
        points,
        merges,
        x_title: "warped distance at which clusters join",
    };
    Some(Figure {
        id: "tree",
        title,
        short: "Tree",
        note: format!(
            "Of the warped distances of importances. Left: multidimensional scaling, stress {}; who is near whom counts, the axes say \
             nothing. Right: average linkage.",
            words::short(*stress, 2)
        ),
        svg: Drawing::of(|room| svg.render(room)),
        legend: Vec::new(),
        names_curves: true,
        exact: Exact {
            along: "",
            rows: names.to_vec(),
            columns: vec!["x".to_owned(), "y".to_owned()],
            mean: points.iter().map(|point| point.to_vec()).collect(),
            ..Exact::default()
        },
        description,
    })
}

pub(super) fn differences(comparison: &Comparison, names: &[String]) -> Option<Figure> {
    let title = "What matters more where";
    let tests: Vec<_> =
        comparison.differences.iter().filter(|test| test.quantity == Quantity::Area).collect();
    let mut pairs: Vec<(usize, usize)> = tests.iter().map(|test| (test.a, test.b)).collect();
    pairs.dedup();
    let n = comparison.effects.len();
    if pairs.is_empty() || n == 0 {
        return None;
    }
    // The tests stand by pair, then by feature.
    let at = |feature: usize, pair: usize| &tests[pair * n + feature];
    let features: Vec<String> = comparison.effects.iter().map(|name| words::visible(name)).collect();
    let columns: Vec<String> = pairs.iter().map(|&(a, b)| format!("{} − {}", names[a], names[b])).collect();
    let cells = |of: &dyn Fn(usize, usize) -> f64| -> Vec<Vec<f64>> {
        (0..n).map(|feature| (0..pairs.len()).map(|pair| of(feature, pair)).collect()).collect()
    };
    let mean = cells(&|feature, pair| at(feature, pair).difference.mean);
    let starred: BTreeSet<(usize, usize)> = (0..n)
        .flat_map(|feature| (0..pairs.len()).map(move |pair| (feature, pair)))
        .filter(|&(feature, pair)| at(feature, pair).is_significant())
        .collect();
    let full = mean.iter().flatten().copied().filter(|x| x.is_finite()).fold(0.0, |m: f64, x| m.max(x.abs()));
    let description = format!("{} of {} differences are starred.", starred.len(), n * pairs.len());
    let (rows, heads): (Vec<&str>, Vec<&str>) =
        (features.iter().map(String::as_str).collect(), columns.iter().map(String::as_str).collect());
    let svg = Heatmap {
        name: title,
        description: &description,
        rows: &rows,
        columns: &heads,
        x_title: "",
        key: "difference of mean importance over depth",
        values: &|row, column| Some(mean[row][column]),
        shades: Shades::Diverging { full },
        marked: &BTreeSet::new(),
        starred: &starred,
    };
    Some(Figure {
        id: "differences",
        title,
        short: "Differences",
        note: format!(
            "Difference of the mean importance over relative depth; blue where the first model has more. *: p < .05 after Benjamini \
               and Hochberg over all {}s and pairs, by a t-test over paired folds with the variance of Nadeau and Bengio (2003). \
               Peaks are tested in the table of tests.",
            comparison.order.noun()
        ),
        svg: Drawing::of(|room| svg.render(room)),
        legend: Vec::new(),
        names_curves: true,
        exact: Exact {
            along: "",
            rows: features,
            columns,
            sd: cells(&|feature, pair| at(feature, pair).difference.sd),
            mean,
            ..Exact::default()
        },
        description,
    })
}

pub(super) fn layers(comparison: &Comparison, names: &[String]) -> Option<Figure> {
    let title = "Layer against layer";
    let pairs = &comparison.similarities;
    if pairs.is_empty() {
        return None;
    }
    let axis = |run: usize| Axis::of(&comparison.runs[run].record);
    let tile = |pair: &LayerSimilarity, what: &str, matrix: &Array2<f64>| Tile {
        title: format!("{} × {}: {what}", names[pair.a], names[pair.b]),
        y_title: names[pair.a].clone(),
        x_title: names[pair.b].clone(),
        rows: axis(pair.a).names(&pair.layers_a),
        columns: axis(pair.b).names(&pair.layers_b),
        values: rows_of(matrix),
        full: 1.0,
    };
    let shown = pairs.iter().take(PAIRS);
    let tiles = shown.flat_map(|pair| [tile(pair, "RSA", &pair.rsa), tile(pair, "CKA", &pair.cka)]).collect();
    let wide = Wide::of(pairs.iter().flat_map(|pair| &pair.layers_b));
    let first = axis(0);
    let mut exact = Exact { along: first.noun(), columns: first.names(&wide.0), ..Exact::default() };
    for pair in pairs.iter().take(PAIRS) {
        for (what, matrix) in [("RSA", &pair.rsa), ("CKA", &pair.cka)] {
            for (i, layer) in pair.layers_a.iter().enumerate() {
                exact.rows.push(format!("{} {layer} × {}, {what}", names[pair.a], names[pair.b]));
                exact.mean.push(wide.row(&pair.layers_b, matrix.row(i).iter().copied(), f64::NAN));
            }
        }
    }
    let best = |pair: &LayerSimilarity| {
        let known = pair.rsa.iter().copied().filter(|x| x.is_finite());
        let best = known.fold(f64::NAN, f64::max);
        format!("{} × {}: RSA up to {}", names[pair.a], names[pair.b], words::short(best, 2))
    };
    let description = format!("{}.", pairs.iter().take(PAIRS).map(best).collect::<Vec<_>>().join("; "));
    let svg = Mosaic { name: title, description: &description, across: 2, tiles };
    let rest = pairs.len().saturating_sub(PAIRS);
    let rest = if rest > 0 { format!(" {rest} more pairs are in the data.") } else { String::new() };
    Some(Figure {
        id: "layers",
        title,
        short: "Layers",
        note: format!(
            "Do two layers hold the same geometry of the stimuli? RSA: Spearman's correlation of the distances between the same pairs of \
             stimuli. CKA: linear centred kernel alignment, the debiased estimate (Song et al. 2012). The darkest shade is 1.{rest}"
        ),
        svg: Drawing::of(|room| svg.render(room)),
        legend: Vec::new(),
        names_curves: true,
        exact,
        description,
    })
}
