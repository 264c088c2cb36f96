//! The figures of a comparison.

use std::collections::BTreeSet;

use ndarray::Array2;

use super::super::figures::{Entry, Exact, Figure, STYLES};
use super::super::svg::{Across, Arrangement, Heatmap, Mosaic, Multiple, Multiples, Series, Shades, Tile};
use super::super::words;
use crate::compare::{Comparison, DistanceTable, LayerSimilarity, Measure, Quantity, Scale, depths};
use crate::profile::{Order, Spread};
use crate::text;

/// How many effects have a panel of their own.
const PANELS: usize = 12;
/// How many pairs of models have their layers drawn.
const PAIRS: usize = 10;
/// How many effects are drawn over training.
const TRAINED: usize = 9;

/// All figures, in the order of the page.
pub(super) fn figures(comparison: &Comparison) -> Vec<Figure> {
    let names: Vec<String> = comparison.runs.iter().map(|run| words::visible(&run.label)).collect();
    let mut figures = vec![profiles(comparison, &names), by_feature(comparison, &names)];
    figures.extend(training(comparison));
    figures.push(distances(comparison, &names));
    figures.extend(arrangement(comparison, &names));
    figures.extend(differences(comparison, &names));
    figures.extend(layers(comparison, &names));
    figures
}

/// `names` with their styles, for a legend.
fn legend(names: &[String], peak: impl Fn(usize) -> String) -> Vec<Entry> {
    let entry = |(i, name): (usize, &String)| Entry {
        name: name.clone(),
        style: (i < STYLES).then_some(i),
        peak: peak(i),
    };
    names.iter().enumerate().map(entry).collect()
}

/// Where `feature` peaks in each model, in words.
fn peaks(comparison: &Comparison, feature: &str, names: &[String]) -> String {
    let peak = |(run, name): (usize, &String)| {
        comparison
            .peak(run, feature)
            .map(|(layer, value)| format!("{name} at layer {layer}, {}", words::spread(value, 3)))
    };
    names.iter().enumerate().filter_map(peak).collect::<Vec<_>>().join("; ")
}

/// The columns of a table that has one for each layer of several models: those that there are, whatever their numbers.
struct Wide(Vec<usize>);

impl Wide {
    fn of<'a>(layers: impl Iterator<Item = &'a usize>) -> Self {
        let layers: BTreeSet<usize> = layers.copied().collect();
        Self(layers.into_iter().collect())
    }

    fn names(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    /// A row that has `values` at `layers`, and `empty` elsewhere.
    fn row<T: Copy>(&self, layers: &[usize], values: impl Iterator<Item = T>, empty: T) -> Vec<T> {
        let mut row = vec![empty; self.0.len()];
        for (layer, value) in layers.iter().zip(values) {
            if let Ok(at) = self.0.binary_search(layer) {
                row[at] = value;
            }
        }
        row
    }
}

/// Importances of all features in all models, as a table: one row per model and feature, one column per layer.
fn importances(comparison: &Comparison, names: &[String]) -> Exact {
    let wide = Wide::of(comparison.summaries.iter().flat_map(|summary| &summary.layers));
    let mut exact = Exact { along: "layer", columns: wide.names(), ..Exact::default() };
    for (run, name) in names.iter().enumerate() {
        for feature in &comparison.effects {
            let layers = &comparison.summaries[run].layers;
            let trajectory = comparison.trajectory(run, feature).iter().copied();
            let row = wide.row(layers, trajectory, Spread::UNDEFINED);
            exact.rows.push(format!("{name}: {}", words::visible(feature)));
            exact.mean.push(row.iter().map(|spread| spread.mean).collect());
            exact.sd.push(row.iter().map(|spread| spread.sd).collect());
        }
    }
    exact
}

fn profiles(comparison: &Comparison, names: &[String]) -> Figure {
    let features: Vec<String> = comparison.effects.iter().map(|name| words::visible(name)).collect();
    let series = |run: usize| -> Vec<Series> {
        let one = |(k, feature): (usize, &String)| Series {
            index: k,
            name: features[k].clone(),
            style: (k < STYLES).then_some(k),
            points: comparison.summaries[run]
                .layers
                .iter()
                .zip(comparison.trajectory(run, feature))
                .map(|(&layer, &spread)| (layer as f64, spread))
                .collect(),
        };
        comparison.effects.iter().enumerate().map(one).collect()
    };
    let panels =
        names.iter().enumerate().map(|(run, name)| Multiple { title: name.clone(), series: series(run) });
    let shown = comparison.effects.iter().take(STYLES);
    let description: Vec<String> =
        shown.map(|name| format!("{}: {}", words::visible(name), peaks(comparison, name, names))).collect();
    let description = description.join(". ");
    let svg = Multiples {
        name: "Profiles side by side",
        description: &description,
        across: Across::Layers,
        one_scale: true,
        panels: panels.collect(),
    };
    let (summary, run) = (&comparison.summaries[0], &comparison.runs[0].record);
    let grey = if features.len() > STYLES { " The rest are grey: choose one to bring it out." } else { "" };
    Figure {
        id: "profiles",
        title: "Profiles side by side",
        short: "Profiles",
        note: format!(
            "Importance: {}. Layers as they are counted in each model.{grey}",
            words::importance(summary, run)
        ),
        svg: svg.render(),
        legend: legend(&features, |k| peaks(comparison, &comparison.effects[k], names)),
        names_curves: false,
        data: "comparison",
        exact: importances(comparison, names),
        description,
    }
}

fn by_feature(comparison: &Comparison, names: &[String]) -> Figure {
    let noun = comparison.order.noun();
    let (title, short) = match comparison.order {
        Order::Main => ("One feature across models", "Features"),
        Order::Interaction => ("One interaction across models", "Interactions"),
        Order::Group => ("One group across models", "Groups"),
    };
    let panel = |feature: &String| {
        let series = |(run, name): (usize, &String)| {
            let layers = &comparison.summaries[run].layers;
            let depths = depths(layers);
            let at = layers.iter().zip(comparison.trajectory(run, feature));
            let place = |layer: usize| depths.iter().find(|(l, _)| *l == layer).map(|&(_, depth)| depth);
            Series {
                index: run,
                name: name.clone(),
                style: (run < STYLES).then_some(run),
                points: at.filter_map(|(&layer, &spread)| Some((place(layer)?, spread))).collect(),
            }
        };
        Multiple { title: words::visible(feature), series: names.iter().enumerate().map(series).collect() }
    };
    let total = comparison.effects.len();
    let shown =
        if total > PANELS { format!("The {PANELS} largest of {total} {noun}s. ") } else { String::new() };
    let description = format!("{} {noun}s in {}.", total.min(PANELS), text::join_and(names));
    let svg = Multiples {
        name: title,
        description: &description,
        across: Across::Depth,
        one_scale: false,
        panels: comparison.effects.iter().take(PANELS).map(panel).collect(),
    };
    Figure {
        id: "features",
        title,
        short,
        note: format!(
            "{shown}Importance over relative depth, (layer − 1) / (L − 1): the first block at 0, the last at 1; the embeddings are left \
             out. Each panel has a scale of its own."
        ),
        svg: svg.render(),
        legend: legend(names, |run| format!("{} layers", comparison.summaries[run].layers.len())),
        names_curves: false,
        data: "comparison",
        exact: importances(comparison, names),
        description,
    }
}

fn training(comparison: &Comparison) -> Option<Figure> {
    let title = "Importance over training";
    let all = comparison.checkpoints();
    let steps = |run: usize| {
        let revision = comparison.runs[run].record.model.as_ref().and_then(|model| model.revision.clone());
        words::visible(&revision.unwrap_or_else(|| "default".to_owned()))
    };
    let mut tiles = Vec::new();
    let mut exact = Exact { along: "layer", ..Exact::default() };
    let wide = Wide::of(comparison.summaries.iter().flat_map(|summary| &summary.layers));
    exact.columns = wide.names();
    for checkpoints in &all {
        let layers = &comparison.summaries[*checkpoints.runs.first()?].layers;
        for feature in comparison.effects.iter().take(TRAINED) {
            let row = |&run: &usize| -> Vec<f64> {
                let of = &comparison.summaries[run].layers;
                let at = comparison.trajectory(run, feature);
                let cell =
                    |layer: &usize| of.iter().position(|l| l == layer).map_or(f64::NAN, |i| at[i].mean);
                layers.iter().map(cell).collect()
            };
            let values: Vec<Vec<f64>> = checkpoints.runs.iter().map(row).collect();
            for (&run, row) in checkpoints.runs.iter().zip(&values) {
                exact.rows.push(format!("{} {}", words::visible(feature), steps(run)));
                exact.mean.push(wide.row(layers, row.iter().copied(), f64::NAN));
            }
            tiles.push(Tile {
                title: words::visible(feature),
                y_title: "revision".to_owned(),
                x_title: "layer".to_owned(),
                rows: checkpoints.runs.iter().map(|&run| steps(run)).collect(),
                columns: layers.iter().map(ToString::to_string).collect(),
                full: values.iter().flatten().copied().fold(0.0, f64::max),
                values,
            });
        }
    }
    if tiles.is_empty() {
        return None;
    }
    let models: Vec<String> = all.iter().map(|checkpoints| words::visible(&checkpoints.model)).collect();
    let total = comparison.effects.len();
    let shown = if total > TRAINED {
        format!(" The {TRAINED} largest of {total} {}s.", comparison.order.noun())
    } else {
        String::new()
    };
    let description = format!("Importance by revision and layer of {}.", text::join_and(&models));
    let svg = Mosaic { name: title, description: &description, across: 3, tiles };
    Some(Figure {
        id: "training",
        title,
        short: "Training",
        note: format!(
            "The revisions of {} in the order they were given, from the top; each {} in its own shades, the darkest at its largest \
             importance.{shown}",
            text::join_and(&models),
            comparison.order.noun()
        ),
        svg: svg.render(),
        legend: Vec::new(),
        names_curves: true,
        data: "comparison",
        exact,
        description,
    })
}

fn rows_of(matrix: &Array2<f64>) -> Vec<Vec<f64>> {
    matrix.rows().into_iter().map(|row| row.to_vec()).collect()
}

fn distances(comparison: &Comparison, names: &[String]) -> Figure {
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
        svg: svg.render(),
        legend: Vec::new(),
        names_curves: true,
        data: "comparison",
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

fn arrangement(comparison: &Comparison, names: &[String]) -> Option<Figure> {
    let title = "Map and tree of the models";
    let crate::compare::ModelMap { points, stress } = comparison.map.as_ref()?;
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
        svg: svg.render(),
        legend: Vec::new(),
        names_curves: true,
        data: "comparison",
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

fn differences(comparison: &Comparison, names: &[String]) -> Option<Figure> {
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
        svg: svg.render(),
        legend: Vec::new(),
        names_curves: true,
        data: "comparison",
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

fn layers(comparison: &Comparison, names: &[String]) -> Option<Figure> {
    let title = "Layer against layer";
    let pairs = &comparison.similarities;
    if pairs.is_empty() {
        return None;
    }
    let name = |layers: &[usize]| layers.iter().map(ToString::to_string).collect::<Vec<_>>();
    let tile = |pair: &LayerSimilarity, what: &str, matrix: &Array2<f64>| Tile {
        title: format!("{} × {}: {what}", names[pair.a], names[pair.b]),
        y_title: names[pair.a].clone(),
        x_title: names[pair.b].clone(),
        rows: name(&pair.layers_a),
        columns: name(&pair.layers_b),
        values: rows_of(matrix),
        full: 1.0,
    };
    let shown = pairs.iter().take(PAIRS);
    let tiles = shown.flat_map(|pair| [tile(pair, "RSA", &pair.rsa), tile(pair, "CKA", &pair.cka)]).collect();
    let wide = Wide::of(pairs.iter().flat_map(|pair| &pair.layers_b));
    let mut exact = Exact { along: "layer", columns: wide.names(), ..Exact::default() };
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
             stimuli. CKA: linear centred kernel alignment. The darkest shade is 1.{rest}"
        ),
        svg: svg.render(),
        legend: Vec::new(),
        names_curves: true,
        data: "comparison",
        exact,
        description,
    })
}
