//! What a terminal shows of a comparison: the models, how far they are from each other, and what stands out.

use super::super::notation::{table, wrap};
use super::super::terminal::Options;
use super::super::words;
use super::metadata;
use super::page;
use super::scales::{NAME, importance, measures, name};
use super::story;
use super::values::p;
use crate::compare::{Comparison, Difference, Quantity};
use crate::profile::Spread;
use crate::text;

/// How many effects a model's row names, and a sentence models.
const FEATURES: usize = 3;
/// How many tests of a quantity are shown.
const TESTS: usize = 4;
/// The comparison for a terminal.
#[must_use]
pub fn terminal(comparison: &Comparison, options: Options) -> String {
    let width = options.width.max(40);
    let record = &comparison.runs[0].record;
    let mut out = String::new();
    let title = format!(
        "{}: {}, {}, {} stimuli",
        words::visible(&record.stimuli.name),
        text::counted(comparison.n_runs() as u128, "model"),
        text::counted(comparison.effects.len() as u128, comparison.order.noun()),
        text::count(record.stimuli.n_stimuli as u128)
    );
    wrap(&mut out, &title, width);
    wrap(&mut out, &format!("Importance: {}.", importance(comparison)), width);
    out.push('\n');
    table(&mut out, &models(comparison));
    out.push('\n');
    wrap(&mut out, "Distance of profiles: dynamic time warping per step ± sd over resampled folds.", width);
    table(&mut out, &distances(comparison));
    let tests = tests(comparison);
    if tests.len() > 1 {
        out.push('\n');
        wrap(
            &mut out,
            "Largest differences with p < .05 (t-test over paired folds, after Benjamini and Hochberg):",
            width,
        );
        table(&mut out, &tests);
    }
    if let Some(found) = &comparison.metadata {
        out.push('\n');
        wrap(&mut out, &metadata::summary(found), width);
        out.push('\n');
        table(&mut out, &metadata::table(found));
        if let Some(told) = metadata::left_out(found) {
            wrap(&mut out, &told, width);
        }
    }
    out.push('\n');
    for sentence in story::story(comparison) {
        wrap(&mut out, &sentence, width);
    }
    out
}

fn models(comparison: &Comparison) -> Vec<Vec<String>> {
    let head =
        ["model", "layers", "best fit", "largest peaks (layer, importance)"].map(str::to_owned).to_vec();
    let mixed = measures(comparison).is_some();
    let row = |run: usize| {
        let summary = &comparison.summaries[run];
        let scores = summary.score().0;
        let best = summary.best_layer().map_or_else(
            || words::UNDEFINED.to_owned(),
            |i| {
                let best = format!("{} at {}", words::spread(scores[i], 3), summary.layers[i]);
                let measure = comparison.runs[run].record.measure().label();
                if mixed { format!("{best} ({measure})") } else { best }
            },
        );
        let features = comparison.effects.iter();
        let mut peaks: Vec<(&String, (usize, Spread))> =
            features.filter_map(|feature| Some((feature, comparison.peak(run, feature)?))).collect();
        peaks.sort_by(|a, b| b.1.1.mean.total_cmp(&a.1.1.mean));
        let peaks: Vec<String> = peaks
            .iter()
            .take(FEATURES)
            .map(|(feature, (layer, value))| {
                format!(
                    "{} ({layer}, {})",
                    words::cut(&words::visible(feature), NAME),
                    words::short(value.mean, 2)
                )
            })
            .collect();
        vec![name(comparison, run), summary.layers.len().to_string(), best, peaks.join(", ")]
    };
    std::iter::once(head).chain((0..comparison.n_runs()).map(row)).collect()
}

fn distances(comparison: &Comparison) -> Vec<Vec<String>> {
    let table = &comparison.distances[0];
    let n = comparison.n_runs();
    let mut rows =
        vec![std::iter::once(String::new()).chain((0..n - 1).map(|run| name(comparison, run))).collect()];
    for i in 1..n {
        let mut row = vec![name(comparison, i)];
        for j in 0..i {
            row.push(words::spread(Spread { mean: table.distance[[i, j]], sd: table.sd[[i, j]], n: 1 }, 3));
        }
        rows.push(row);
    }
    rows
}

/// Of each quantity, the largest differences that are significant.
fn tests(comparison: &Comparison) -> Vec<Vec<String>> {
    let of = |quantity: Quantity| {
        let all = comparison.differences.iter();
        let mut found: Vec<&Difference> =
            all.filter(|test| test.quantity == quantity && test.is_significant()).collect();
        found.sort_by(|a, b| b.difference.mean.abs().total_cmp(&a.difference.mean.abs()));
        found.into_iter().take(TESTS)
    };
    let sampled = page::sampled(comparison).is_some();
    let mut head = [comparison.order.noun(), "of", "a", "b", "a − b", "95%", "p"].map(str::to_owned).to_vec();
    if sampled {
        head.push("95% over stimuli".to_owned());
    }
    let row = |test: &Difference| {
        let mut cells = vec![
            words::cut(&words::visible(&test.effect), NAME),
            page::quantity(test.quantity).to_owned(),
            name(comparison, test.a),
            name(comparison, test.b),
            words::short(test.difference.mean, 3),
            page::interval(test.interval),
            p(test.bh),
        ];
        if sampled {
            cells.push(page::over_stimuli(test));
        }
        cells
    };
    std::iter::once(head).chain(Quantity::ALL.into_iter().flat_map(of).map(row)).collect()
}
