//! What a reader should take away, in a few sentences made of the numbers.

use std::collections::BTreeSet;

use super::super::axis::Axis;
use super::super::words;
use crate::compare::{Comparison, Difference, Quantity};
use crate::profile::{ALPHA, Order};
use crate::text;

/// How many differences are told.
const TOLD: usize = 3;

/// The sentences.
pub(super) fn story(comparison: &Comparison) -> Vec<String> {
    let name = |run: usize| words::visible(&comparison.runs[run].label);
    let mut told = Vec::new();
    let table = &comparison.distances[0];
    let n = comparison.n_runs();
    let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
    let mut pairs: Vec<(f64, usize, usize)> =
        pairs.map(|(i, j)| (table.distance[[i, j]], i, j)).filter(|pair| pair.0.is_finite()).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    if let [(near, a, b), .., (far, c, d)] = pairs[..] {
        told.push(format!(
            "{} and {} have the most alike profiles (warped distance {}), {} and {} the least alike ({}).",
            name(a),
            name(b),
            words::short(near, 3),
            name(c),
            name(d),
            words::short(far, 3)
        ));
    } else if let [(only, a, b)] = pairs[..] {
        told.push(format!(
            "The profiles of {} and {} are {} apart (warped distance per step).",
            name(a),
            name(b),
            words::short(only, 3)
        ));
    }
    told.extend(leaders(comparison));
    told.extend(differences(comparison));
    told.extend(layers(comparison));
    told
}

/// Which effect matters most in each model.
fn leaders(comparison: &Comparison) -> Option<String> {
    let lead = |run: usize| {
        let peaks =
            comparison.effects.iter().filter_map(|effect| Some((effect, comparison.peak(run, effect)?)));
        peaks.reduce(|best, next| if next.1.1.mean > best.1.1.mean { next } else { best })
    };
    let leads: Vec<String> = (0..comparison.n_runs().min(6))
        .filter_map(|run| {
            let (effect, (layer, value)) = lead(run)?;
            let (label, effect) = (words::visible(&comparison.runs[run].label), words::visible(effect));
            let place = Axis::of(&comparison.runs[run].record).place(layer);
            Some(format!("{effect} in {label} ({} at {place})", words::short(value.mean, 3)))
        })
        .collect();
    (!leads.is_empty()).then(|| format!("The largest importance is that of {}.", text::join_and(&leads)))
}

fn differences(comparison: &Comparison) -> Vec<String> {
    let tests = comparison.differences.iter().filter(|test| test.p.is_some()).count();
    if tests == 0 {
        return Vec::new();
    }
    let mut found: Vec<&Difference> =
        comparison.differences.iter().filter(|test| test.is_significant()).collect();
    let mut told = vec![format!(
        "{} of {} of {} {}'s peak or area in two models show a difference (p < {} after Benjamini and Hochberg).",
        text::count(found.len() as u128),
        text::counted(tests as u128, "comparison"),
        if comparison.order == Order::Interaction { "an" } else { "a" },
        comparison.order.noun(),
        words::short(ALPHA, 2)
    )];
    // Areas first: they are in the unit of the profiles, and the largest is what the eye sees.
    found.retain(|test| test.quantity == Quantity::Area);
    found.sort_by(|a, b| b.difference.mean.abs().total_cmp(&a.difference.mean.abs()));
    // Each effect once, where it differs most.
    let mut seen = BTreeSet::new();
    found.retain(|test| seen.insert(&test.effect));
    for test in found.into_iter().take(TOLD) {
        let [a, b] = [test.a, test.b].map(|run| words::visible(&comparison.runs[run].label));
        let (more, less) = if test.difference.mean > 0.0 { (a, b) } else { (b, a) };
        let (high, low) = if test.difference.mean > 0.0 {
            (test.in_a.mean, test.in_b.mean)
        } else {
            (test.in_b.mean, test.in_a.mean)
        };
        told.push(format!(
            "{} matters more in {more} than in {less}: {} against {} on average over depth.",
            words::visible(&test.effect),
            words::short(high, 3),
            words::short(low, 3)
        ));
    }
    told
}

/// Which layers of each pair are the most alike.
fn layers(comparison: &Comparison) -> Option<String> {
    let best = |pair: &crate::compare::LayerSimilarity| {
        let known = pair.rsa.indexed_iter().filter(|(_, value)| value.is_finite());
        let ((i, j), value) = known.reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        Some((*value, pair.a, pair.layers_a[i], pair.b, pair.layers_b[j]))
    };
    let best = comparison.similarities.iter().filter_map(best);
    let (value, a, layer_a, b, layer_b) =
        best.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
    let name = |run: usize| words::visible(&comparison.runs[run].label);
    Some(format!(
        "The most alike layers of two models are {layer_a} of {} and {layer_b} of {}: their distances between stimuli correlate at {} \
         (Spearman).",
        name(a),
        name(b),
        words::short(value, 2)
    ))
}
