//! The methods paragraph of a paper, generated from what was run.

use serde_json::Value;

use super::controls;
use super::estimators::Words;
use super::inference;
use super::words;
use super::{dimension, distances};
use crate::activations::Transform;
use crate::extract::SENTENCE;
use crate::geometry::Dimension;
use crate::mlem::FeatureGroup;
use crate::models::{Part, Site};
use crate::profile::{Order, ScoreMeasure, SpreadOver, Summary};
use crate::rundir::RunRecord;
use crate::text;

/// How many characters of a hash identify it in a text.
const HASH: usize = 12;

/// The paragraph. What the record does not tell is left out rather than guessed.
pub(super) fn paragraph(summary: &Summary, run: &RunRecord, dimensions: &[Dimension]) -> String {
    let words = Words::of(run);
    let sentences = match words.method(run, &scored_on(summary, run)) {
        // What was not run is not described.
        _ if summary.layers.is_empty() => vec![data(summary, run), program(run)],
        Some(method) => {
            let distances = features(run).filter(|_| run.measure().is_of_pairs());
            let groups = groups(run).filter(|_| run.measure() == ScoreMeasure::RSquared);
            vec![
                data(summary, run),
                transforms(run),
                distances,
                Some(method),
                groups,
                means(run),
                controls::methods(run),
                dimension::methods(dimensions),
                program(run),
            ]
        }
        None => vec![
            data(summary, run),
            transforms(run),
            features(run),
            model(summary, run),
            score(summary, run),
            importance(summary, run),
            groups(run),
            inference::null(summary, run),
            inference::bootstrap(run),
            inference::ceiling(summary, run),
            controls::methods(run),
            dimension::methods(dimensions),
            program(run),
        ],
    };
    sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn option<'a>(run: &'a RunRecord, name: &str) -> Option<&'a str> {
    run.options.get(name).and_then(Value::as_str)
}

fn start(hash: &str) -> String {
    hash.chars().take(HASH).collect()
}

fn data(summary: &Summary, run: &RunRecord) -> Option<String> {
    let (stimuli, activations) = words::title(run);
    let commit = run.model.as_ref().and_then(|model| model.commit.as_deref());
    let commit = commit.map(|commit| format!(" (commit {})", start(commit))).unwrap_or_default();
    let untrained = run.model.as_ref().and_then(|model| model.untrained).map(|seed| {
        format!(" The model was not trained: its weights are those of its initialiser (seed {seed}).")
    });
    let adapter = run.model.as_ref().and_then(|model| model.adapter.as_ref()).map(|adapter| {
        let commit = adapter.base_commit.as_deref().map(|commit| format!(" (commit {})", start(commit)));
        format!(
            " The model is an adapter (Hu et al. 2022) of {}{}, merged into its weights: {}.",
            words::visible(&adapter.base),
            commit.unwrap_or_default(),
            words::visible(&adapter.merged.describe())
        )
    });
    let products = run.model.as_ref().and_then(|model| model.precision.as_deref()).map(|precision| {
        match precision {
            "fast" => " The model's linear layers were computed as three products of bfloat16 parts (Henry, Tang and \
                       Heinecke 2019), summed in single precision."
                .to_owned(),
            other => format!(
                " The model's linear layers were computed as products of {} numbers, summed in single precision.",
                words::visible(other)
            ),
        }
    });
    let verified = run.model.as_ref().and_then(|model| model.certificate.as_ref()).map(|found| {
        format!(
            " On {}, this implementation of the model gave the tokens of Hugging Face transformers {} (PyTorch {}), and each of its \
             {} hidden states within {:.0e} of the state's largest magnitude (checkpoint {}).",
            text::counted(found.sentences as u128, "sentence"),
            words::visible(&found.transformers),
            words::visible(&found.torch),
            found.differences.len(),
            found.largest,
            start(&found.checkpoint)
        )
    });
    let drawn = run.stimuli.source.drawn.as_ref().map(|drawn| format!(" ({})", words::visible(drawn)));
    let layers = match (summary.layers.as_slice(), &run.model) {
        ([], _) => return None,
        ([_], _) => String::new(),
        (layers, _) if run.site.is_some_and(Site::is_of_heads) => {
            let heads = text::counted(layers.len() as u128, "attention head");
            format!(", separately for each of {heads}")
        }
        ([first, .., last], Some(_)) if *first == 0 && run.site.unwrap_or_default().is_of_states() => {
            format!(
                ", separately at each of {} layers (0–{last}, where 0 is the embeddings)",
                summary.layers.len()
            )
        }
        (layers, None) if !summary.labels.is_empty() => {
            let names: Vec<String> =
                (0..layers.len()).map(|index| words::visible(&summary.layer_name(index))).collect();
            format!(", separately for each of {} ({})", layers.len(), text::join_and(&names))
        }
        ([first, .., last], _) => {
            format!(", separately at each of {} layers ({first}–{last})", summary.layers.len())
        }
    };
    let pooling = run.model.as_ref().map(|model| match model.pooling.as_str() {
        "none" => " The vectors of all tokens were taken side by side.".to_owned(),
        "first" | "last" => format!(" The vector of the {} token stands for its stimulus.", model.pooling),
        "" => String::new(),
        "max" => " Token vectors were pooled by their maximum.".to_owned(),
        "min" => " Token vectors were pooled by their minimum.".to_owned(),
        pooling => format!(" Token vectors were pooled by their {}.", words::visible(pooling)),
    });
    let site = run.site.and_then(site);
    let part = run.part.filter(|&part| part == Part::Decoder).map(|_| {
        let text = match run.target.as_deref() {
            None | Some(SENTENCE) => "the sentence itself".to_owned(),
            Some(column) => format!("the text in column {}", words::visible(column)),
        };
        format!(
            " Activations are those of the model's decoder, which read {text} behind its start token, shifted by one as in training, and \
             attended to the encoder's last hidden state of the sentence."
        )
    });
    Some(format!(
        "The representations of {} stimuli from {stimuli}{} in {activations}{commit} were analysed with {}{layers}.{}{}{}{}{}{}{}",
        text::count(run.stimuli.n_stimuli as u128),
        drawn.unwrap_or_default(),
        Words::of(run).name,
        part.unwrap_or_default(),
        site.unwrap_or_default(),
        adapter.unwrap_or_default(),
        untrained.unwrap_or_default(),
        products.unwrap_or_default(),
        pooling.unwrap_or_default(),
        verified.unwrap_or_default(),
    ))
}

/// What activations are that are not hidden states.
fn site(site: Site) -> Option<&'static str> {
    match site {
        Site::Residual => None,
        Site::Attention => Some(
            " The activations of a layer are what its attention adds to the residual stream (layers are counted from 0, the \
             first block).",
        ),
        Site::Mlp => Some(
            " The activations of a layer are what its MLP adds to the residual stream (layers are counted from 0, the first \
             block).",
        ),
        Site::AttentionHeads => Some(
            " The activations of a head are what it takes from the tokens that it attends to, before the output projection \
             (layers and heads are counted from 0).",
        ),
        Site::Streams => Some(
            " The activations of a layer are all streams of its hidden state side by side (Gemma 3n), of the last before they become one.",
        ),
        Site::CrossAttention => Some(
            " The activations of a layer are what its attention to the encoder adds to the residual stream (layers are counted from \
             0, the first block).",
        ),
        Site::CrossAttentionHeads => Some(
            " The activations of a head are what it takes from the encoder's last hidden state, before the output projection \
             (layers and heads are counted from 0).",
        ),
        Site::Router => Some(
            " The activations of a layer are the probabilities that its router gives to the experts, before some are chosen \
             (layers are counted from 0, the first block).",
        ),
    }
}

fn transforms(run: &RunRecord) -> Option<String> {
    let steps: Vec<String> = run.transforms.iter().map(Transform::describe).collect();
    match steps.as_slice() {
        [] => None,
        [only] => Some(format!("Before the fit, {only}.")),
        several => Some(format!("Before the fit, in this order: {}.", several.join("; "))),
    }
}

fn features(run: &RunRecord) -> Option<String> {
    let missing = match option(run, "missing") {
        Some("one") => " A missing value is at distance 1 from any other.",
        Some("zero") => " A missing value is at distance 0 from any other.",
        _ => "",
    };
    (!run.stimuli.features.is_empty()).then(|| {
        format!(
            "Between two stimuli, the distance of a categorical feature is 1 where its values differ and 0 otherwise, that \
             of a numeric feature the absolute difference after scaling to [0, 1] ({}).{missing}",
            text::counted(run.stimuli.features.len() as u128, "feature")
        )
    })
}

fn model(summary: &Summary, run: &RunRecord) -> Option<String> {
    let interactions = match run.options.get("interactions") {
        Some(Value::Bool(interactions)) => *interactions,
        _ => summary.terms.iter().any(|term| term.order == Order::Interaction),
    };
    let free = option(run, "constraint") == Some("none");
    let metric = match (interactions, free) {
        (true, false) => "symmetric positive semidefinite, so that features interact",
        (true, true) => "symmetric and unconstrained, so that features interact (FR-RSA-I)",
        (false, false) => "diagonal and non-negative",
        (false, true) => "diagonal and unconstrained",
    };
    let target = distances::target(run)?;
    let budget =
        run.options.get("pairs").and_then(|pairs| pairs.as_u64().or_else(|| pairs.get("atmost")?.as_u64()));
    let budget = budget.map(|n| {
        format!(" (a seeded sample of at most {} where there are more)", text::count(u128::from(n)))
    });
    let solver = match option(run, "solver") {
        Some("stochastic") => {
            "by stochastic gradient ascent with a soft rank (AdamW, learning rate 0.1, patience 50)"
        }
        _ if option(run, "estimator") == Some("frrsa") => {
            "by fractional ridge regression, its fraction chosen by cross-validation within the training stimuli"
        }
        _ => "exactly, as a convex problem",
    };
    let coupling = if interactions {
        " An entry of W off the diagonal says how much farther apart stimuli are that differ in both features than the two \
         differences alone make them, whatever the values; it does not say that a conjunction of values is represented."
    } else {
        ""
    };
    Some(format!(
        "With d the vector of feature distances of a pair of stimuli, the modelled distance is d'Wd, with W {metric}, at unit \
         Frobenius norm. W maximises the correlation of the modelled distance with {target} between activations, over pairs \
         of distinct training stimuli{}; it was found {solver}.{coupling}",
        budget.unwrap_or_default()
    ))
}

/// `5 folds`, and what made them.
fn folds(summary: &Summary, run: &RunRecord) -> String {
    match (option(run, "split"), option(run, "unit")) {
        (Some(column), _) => {
            format!("the {} folds of column {}", summary.n_folds, words::visible(column))
        }
        (_, Some(column)) => format!(
            "{} folds, those of one value of column {} together",
            summary.n_folds,
            words::visible(column)
        ),
        _ => format!("{} folds", summary.n_folds),
    }
}

/// What other estimators than a metric are scored on.
fn scored_on(summary: &Summary, run: &RunRecord) -> String {
    match (option(run, "split"), option(run, "unit")) {
        (Some(column), _) if summary.n_folds < 2 && summary.holds_out => format!(
            "on the test stimuli of column {} (a single split, so that there are no intervals over folds)",
            words::visible(column)
        ),
        _ if summary.n_folds < 2 => "on all stimuli".to_owned(),
        (None, None) => format!("on each of {} folds of held-out stimuli", summary.n_folds),
        _ => format!("on each fold of held-out stimuli ({})", folds(summary, run)),
    }
}

fn means(run: &RunRecord) -> Option<String> {
    let column = words::visible(option(run, "average")?);
    let within = match option(run, "partition") {
        Some(partition) => format!(" within each value of {}", words::visible(partition)),
        None => String::new(),
    };
    Some(format!("Activations were averaged over the stimuli of each value of {column}{within}."))
}

fn score(summary: &Summary, run: &RunRecord) -> Option<String> {
    let split = if summary.n_folds > 1 {
        let folds = folds(summary, run);
        format!(
            "Stimuli were split into {folds}: W was fitted to pairs within the training stimuli and evaluated on pairs \
             within the held-out ones"
        )
    } else if let (true, Some(column)) = (summary.holds_out, option(run, "split")) {
        format!(
            "W was fitted to pairs within the training stimuli that column {} names and evaluated on pairs within its test stimuli: a \
             single split, so that there are no intervals over folds",
            words::visible(column)
        )
    } else {
        "The same stimuli served for fitting and evaluation".to_owned()
    };
    let means = means(run).map_or(String::new(), |means| format!(" {means}"));
    let fit = distances::fit(run);
    (summary.n_folds > 0).then(|| format!("{fit} {split}.{means}"))
}

fn importance(summary: &Summary, run: &RunRecord) -> Option<String> {
    if summary.terms.is_empty() {
        return None;
    }
    let threshold = run.options.get("conditional").and_then(Value::as_f64);
    let permuted = match option(run, "permute")? {
        "stimuli" if threshold.is_some() => {
            "when its values are permuted across stimuli within strata of the features that it correlates with (for an \
             interaction: the drop of permuting both of its features, less the drops of each)"
        }
        "stimuli" => {
            "when its values are permuted across stimuli (for an interaction: the drop of permuting both of its \
             features, less the drops of each)"
        }
        _ => "when its distances are permuted across pairs of stimuli, all others kept",
    };
    let times = run.options.get("permutations").and_then(Value::as_u64);
    let times = times.map(|n| format!(", averaged over {}", text::counted(u128::from(n), "permutation")));
    let strata = threshold.map(|r| {
        format!(
            " A stratum is a joint level of the features whose distances correlate with the feature's own beyond {} in \
             absolute value, numeric ones with more than five values in quintiles.",
            words::short(r, 2)
        )
    });
    let over = match summary.spread_over {
        SpreadOver::Folds => "means and standard deviations are over folds",
        SpreadOver::Permutations => "standard deviations are over permutations",
    };
    Some(format!(
        "The importance of a feature is the drop in {} {permuted}{}; {over}.{}",
        match run.measure() {
            ScoreMeasure::SquaredError =>
                "this R², which is the increase in squared error as a share of the variance,",
            _ => "this correlation",
        },
        times.unwrap_or_default(),
        strata.unwrap_or_default()
    ))
}

fn groups(run: &RunRecord) -> Option<String> {
    let groups: Vec<FeatureGroup> = serde_json::from_value(run.options.get("groups")?.clone()).ok()?;
    let described: Vec<String> = groups
        .iter()
        .map(|group| {
            format!("{} ({})", words::visible(&group.name), words::visible(&group.members.join(", ")))
        })
        .collect();
    let what = match option(run, "permute") {
        Some("stimuli") => "the values of its features are permuted across stimuli in one order",
        _ => "every term that one of its features is a part of is permuted across pairs in one order",
    };
    (!groups.is_empty()).then(|| {
        format!(
            "The importance of a group of features is the drop when {what}: {}.",
            text::join_and(&described)
        )
    })
}

fn program(run: &RunRecord) -> Option<String> {
    let hash = &run.stimuli.hash;
    let hash = if hash.is_empty() { String::new() } else { format!(", stimuli {}", start(hash)) };
    (!run.version.is_empty()).then(|| {
        format!("Computed with probe {} (mlem-probe; seed {}{hash}).", words::visible(&run.version), run.seed)
    })
}

#[cfg(test)]
mod tests;
