//! Importances over the layers of each model.

use super::super::super::axis::Axis;
use super::super::super::figures::{Exact, Figure, STYLES};
use super::super::super::svg::{Across, Drawing, Mosaic, Multiple, Multiples, Series, Tile};
use super::super::super::words;
use super::super::scales::importance;
use super::columns::{Wide, legend};
use crate::compare::{Comparison, depths};
use crate::profile::{Order, Spread};
use crate::text;

/// How many effects have a panel of their own.
const PANELS: usize = 12;
/// How many effects are drawn over training.
const TRAINED: usize = 9;

/// Where `effect` peaks in each model, in words.
fn peaks(comparison: &Comparison, effect: &str, names: &[String]) -> String {
    let peak = |(run, name): (usize, &String)| {
        let axis = Axis::of(&comparison.runs[run].record);
        comparison
            .peak(run, effect)
            .map(|(layer, value)| format!("{name} at {}, {}", axis.place(layer), words::spread(value, 3)))
    };
    names.iter().enumerate().filter_map(peak).collect::<Vec<_>>().join("; ")
}

/// Importances of all effects in all models, as a table: one row per model and effect, one column per layer.
fn importances(comparison: &Comparison, names: &[String]) -> Exact {
    let wide = Wide::of(comparison.summaries.iter().flat_map(|summary| &summary.layers));
    let axis = common(comparison);
    let mut exact = Exact { along: axis.noun(), columns: axis.names(&wide.0), ..Exact::default() };
    for (run, name) in names.iter().enumerate() {
        for effect in &comparison.effects {
            let layers = &comparison.summaries[run].layers;
            let trajectory = comparison.trajectory(run, effect).iter().copied();
            let row = wide.row(layers, trajectory, Spread::UNDEFINED);
            exact.rows.push(format!("{name}: {}", words::visible(effect)));
            exact.mean.push(row.iter().map(|spread| spread.mean).collect());
            exact.sd.push(row.iter().map(|spread| spread.sd).collect());
        }
    }
    exact
}

/// The axis that the runs have in common: that of the first.
fn common(comparison: &Comparison) -> Axis {
    Axis::of(&comparison.runs[0].record)
}

/// Where `layer` stands from left to right.
fn position(layers: &[usize], layer: usize, axis: &Axis) -> f64 {
    if axis.is_ordered() { layer as f64 } else { layers.binary_search(&layer).unwrap_or(0) as f64 }
}

pub(super) fn profiles(comparison: &Comparison, names: &[String]) -> Figure {
    let effects: Vec<String> = comparison.effects.iter().map(|name| words::visible(name)).collect();
    let axis = common(comparison);
    let wide = Wide::of(comparison.summaries.iter().flat_map(|summary| &summary.layers));
    let across =
        if axis.is_ordered() { Across::Numbers(axis.title()) } else { Across::Names(axis.names(&wide.0)) };
    let series = |run: usize| -> Vec<Series> {
        let one = |(k, effect): (usize, &String)| Series {
            index: k,
            name: effects[k].clone(),
            style: (k < STYLES).then_some(k),
            dashed: false,
            points: comparison.summaries[run]
                .layers
                .iter()
                .zip(comparison.trajectory(run, effect))
                .map(|(&layer, &spread)| (position(&wide.0, layer, &axis), spread))
                .collect(),
        };
        comparison.effects.iter().enumerate().map(one).collect()
    };
    let panels = names.iter().enumerate().map(|(run, name)| Multiple {
        title: name.clone(),
        series: series(run),
        spans: Vec::new(),
    });
    let shown = comparison.effects.iter().take(STYLES);
    let description: Vec<String> =
        shown.map(|name| format!("{}: {}", words::visible(name), peaks(comparison, name, names))).collect();
    let description = description.join(". ");
    let svg = Multiples {
        name: "Profiles side by side",
        description: &description,
        across,
        one_scale: true,
        panels: panels.collect(),
    };
    let grey = if effects.len() > STYLES { " The rest are grey: choose one to bring it out." } else { "" };
    Figure {
        id: "profiles",
        title: "Profiles side by side",
        short: "Profiles",
        note: format!(
            "Importance: {}.{}{grey}",
            importance(comparison),
            if axis.is_ordered() { " Layers as they are counted in each model." } else { "" }
        ),
        svg: Drawing::of(|room| svg.render(room)),
        legend: legend(&effects, |k| peaks(comparison, &comparison.effects[k], names)),
        names_curves: false,
        exact: importances(comparison, names),
        description,
    }
}

pub(super) fn by_effect(comparison: &Comparison, names: &[String]) -> Figure {
    let noun = comparison.order.noun();
    let (title, short) = match comparison.order {
        Order::Main => ("One feature across models", "Features"),
        Order::Interaction => ("One interaction across models", "Interactions"),
        Order::Group => ("One group across models", "Groups"),
    };
    let panel = |effect: &String| {
        let series = |(run, name): (usize, &String)| {
            let layers = &comparison.summaries[run].layers;
            let depths = depths(layers, comparison.runs[run].is_of_model());
            let at = layers.iter().zip(comparison.trajectory(run, effect));
            let place = |layer: usize| depths.iter().find(|(l, _)| *l == layer).map(|&(_, depth)| depth);
            Series {
                index: run,
                name: name.clone(),
                style: (run < STYLES).then_some(run),
                dashed: false,
                points: at.filter_map(|(&layer, &spread)| Some((place(layer)?, spread))).collect(),
            }
        };
        Multiple {
            title: words::visible(effect),
            series: names.iter().enumerate().map(series).collect(),
            spans: Vec::new(),
        }
    };
    let total = comparison.effects.len();
    let shown =
        if total > PANELS { format!("The {PANELS} largest of {total} {noun}s. ") } else { String::new() };
    let of_model = comparison.runs.iter().all(crate::compare::Run::is_of_model);
    let depth = if of_model {
        "relative depth, (layer − 1) / (L − 1): the first block at 0, the last at 1; the embeddings are left out"
    } else {
        "relative position: the first at 0, the last at 1"
    };
    let description = format!("{} {noun}s in {}.", total.min(PANELS), text::join_and(names));
    let svg = Multiples {
        name: title,
        description: &description,
        across: Across::Depth(if of_model {
            "relative depth (first to last block)"
        } else {
            "relative position (first to last)"
        }),
        one_scale: false,
        panels: comparison.effects.iter().take(PANELS).map(panel).collect(),
    };
    Figure {
        id: "features",
        title,
        short,
        note: format!("{shown}Importance over {depth}. Each panel has a scale of its own."),
        svg: Drawing::of(|room| svg.render(room)),
        legend: legend(names, |run| format!("{} layers", comparison.summaries[run].layers.len())),
        names_curves: false,
        exact: importances(comparison, names),
        description,
    }
}

pub(super) fn training(comparison: &Comparison) -> Option<Figure> {
    let title = "Importance over training";
    let all = comparison.checkpoints();
    let steps = |run: usize| {
        let revision = comparison.runs[run].record.model.as_ref().and_then(|model| model.revision.clone());
        words::visible(&revision.unwrap_or_else(|| "default".to_owned()))
    };
    let mut tiles = Vec::new();
    let axis = common(comparison);
    let mut exact = Exact { along: axis.noun(), ..Exact::default() };
    let wide = Wide::of(comparison.summaries.iter().flat_map(|summary| &summary.layers));
    exact.columns = axis.names(&wide.0);
    for checkpoints in &all {
        let layers = &comparison.summaries[*checkpoints.runs.first()?].layers;
        for effect in comparison.effects.iter().take(TRAINED) {
            let row = |&run: &usize| -> Vec<f64> {
                let of = &comparison.summaries[run].layers;
                let at = comparison.trajectory(run, effect);
                let cell =
                    |layer: &usize| of.iter().position(|l| l == layer).map_or(f64::NAN, |i| at[i].mean);
                layers.iter().map(cell).collect()
            };
            let values: Vec<Vec<f64>> = checkpoints.runs.iter().map(row).collect();
            for (&run, row) in checkpoints.runs.iter().zip(&values) {
                exact.rows.push(format!("{} {}", words::visible(effect), steps(run)));
                exact.mean.push(wide.row(layers, row.iter().copied(), f64::NAN));
            }
            tiles.push(Tile {
                title: words::visible(effect),
                y_title: "revision".to_owned(),
                x_title: axis.title().to_owned(),
                rows: checkpoints.runs.iter().map(|&run| steps(run)).collect(),
                columns: axis.names(layers),
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
        svg: Drawing::of(|room| svg.render(room)),
        legend: Vec::new(),
        names_curves: true,
        exact,
        description,
    })
}
