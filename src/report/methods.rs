//! The methods paragraph of a paper, generated from what was run.

use serde_json::Value;

use super::estimators::Words;
use super::inference;
use super::words;
use crate::activations::Transform;
use crate::mlem::FeatureGroup;
use crate::profile::{Order, SpreadOver, Summary};
use crate::rundir::RunRecord;
use crate::text;

/// How many characters of a hash identify it in a text.
const HASH: usize = 12;

/// The paragraph. What the record does not tell is left out rather than guessed.
pub(super) fn paragraph(summary: &Summary, run: &RunRecord) -> String {
    let words = Words::of(run);
    let sentences = match words.method(run, summary.n_folds) {
        // What was not run is not described.
        _ if summary.layers.is_empty() => vec![data(summary, run), program(run)],
        Some(method) => {
            let distances = features(run).filter(|_| words.score == "Spearman");
            vec![data(summary, run), transforms(run), distances, Some(method), program(run)]
        }
        None => vec![
            data(summary, run),
            transforms(run),
            features(run),
            model(summary, run),
            score(summary),
            importance(summary, run),
            groups(run),
            inference::null(summary, run),
            inference::bootstrap(run),
            inference::ceiling(summary, run),
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
    let drawn = run.stimuli.source.drawn.as_ref().map(|drawn| format!(" ({})", words::visible(drawn)));
    let layers = match (summary.layers.as_slice(), &run.model) {
        ([], _) => return None,
        ([_], _) => String::new(),
        ([first, .., last], Some(_)) if *first == 0 => {
            format!(
                ", separately at each of {} layers (0–{last}, where 0 is the embeddings)",
                summary.layers.len()
            )
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
    Some(format!(
        "The representations of {} stimuli from {stimuli}{} in {activations}{commit} were analysed with {}{layers}.{}{}{}",
        text::count(run.stimuli.n_stimuli as u128),
        drawn.unwrap_or_default(),
        Words::of(run).name,
        untrained.unwrap_or_default(),
        products.unwrap_or_default(),
        pooling.unwrap_or_default(),
    ))
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
    let distance = match option(run, "distance")? {
        "norm-diff" => "the difference of norms".to_owned(),
        "precomputed" => "the given distance".to_owned(),
        "euclidean" => "the Euclidean distance".to_owned(),
        name => format!("the {} distance", words::visible(name)),
    };
    let target = match option(run, "target") {
        Some("rank") => format!("the ranks of {distance}"),
        _ => format!("the square of {distance}"),
    };
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
    Some(format!(
        "With d the vector of feature distances of a pair of stimuli, the modelled distance is d'Wd, with W {metric}, at unit \
         Frobenius norm. W maximises the correlation of the modelled distance with {target} between activations, over pairs \
         of distinct training stimuli{}; it was found {solver}.",
        budget.unwrap_or_default()
    ))
}

fn score(summary: &Summary) -> Option<String> {
    let split = if summary.n_folds > 1 {
        format!(
            "Stimuli were split into {} folds: W was fitted to pairs within the training stimuli and evaluated on pairs \
             within the held-out ones",
            summary.n_folds
        )
    } else {
        "The same stimuli served for fitting and evaluation".to_owned()
    };
    (summary.n_folds > 0).then(|| {
        format!("The fit is Spearman's correlation of modelled and neural distances, with mid-ranks for ties. {split}.")
    })
}

fn importance(summary: &Summary, run: &RunRecord) -> Option<String> {
    if summary.terms.is_empty() {
        return None;
    }
    let threshold = run.options.get("conditional").and_then(Value::as_f64);
    let permuted = match option(run, "permute")? {
        "stimuli" if threshold.is_some() => {
            "when its values are permuted across stimuli within strata of the features that it correlates with (for an \
             interaction: the drops of its two features, less that of permuting both)"
        }
        "stimuli" => {
            "when its values are permuted across stimuli (for an interaction: the drops of its two features, less that of \
             permuting both)"
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
        "The importance of a feature is the drop in this correlation {permuted}{}; {over}.{}",
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
mod tests {
    use super::super::fixtures;
    use super::*;
    use crate::profile::CeilingRow;

    fn of(run: &fixtures::Run) -> String {
        paragraph(&Summary::of(&run.profile), &run.record)
    }

    #[test]
    fn the_paragraph_says_what_was_run() {
        let run = fixtures::realistic(13, 64, false);
        let text = of(&run);
        for part in [
            "64 stimuli from relative_clause (4096 of 26880, balanced, seed 0) in google-bert/bert-base-uncased",
            "(commit 86b5e0934494)",
            "at each of 13 layers (0–12, where 0 is the embeddings). Token vectors were pooled by their mean.",
            "scaling to [0, 1] (13 features). A missing value is at distance 0",
            "W diagonal and non-negative, at unit Frobenius norm",
            "with the square of the Euclidean distance between activations",
            "(a seeded sample of at most 33,554,432 where there are more)",
            "Stimuli were split into 5 folds",
            "across pairs of stimuli, all others kept, averaged over 10 permutations",
            "probe 0.1.0 (mlem-probe; seed 0, stimuli ",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn products_that_are_not_f32_are_told() {
        let mut run = fixtures::realistic(3, 64, false);
        assert!(!of(&run).contains("linear layers"));
        let mut with = |precision: &str| {
            if let Some(model) = &mut run.record.model {
                model.precision = Some(precision.to_owned());
            }
            of(&run)
        };
        let text = with("fast");
        assert!(text.contains("three products of bfloat16 parts (Henry, Tang and Heinecke 2019)"), "{text}");
        let text = with("bf16");
        assert!(text.contains("computed as products of bf16 numbers, summed in single precision"), "{text}");
    }

    #[test]
    fn options_change_the_paragraph() {
        let mut run = fixtures::realistic(3, 64, true);
        let mut set = |name: &str, value: &str| run.record.options.insert(name.to_owned(), value.into());
        set("distance", "norm-diff");
        set("target", "rank");
        set("permute", "stimuli");
        set("missing", "one");
        let text = of(&run);
        for part in
            ["semidefinite", "ranks of the difference of norms", "values are permuted", "at distance 1"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn samples_of_stimuli_and_repeats_are_told() {
        let mut run = fixtures::realistic(3, 64, false);
        let plain = of(&run);
        assert!(!plain.contains("bootstrap") && !plain.contains("ceiling"), "{plain}");
        run.record.options.insert("bootstrap".to_owned(), 200.into());
        run.record.options.insert("repeats".to_owned(), 3.into());
        run.profile.ceiling = vec![CeilingRow {
            layer: 0,
            fold: 0,
            lower: Some(0.5),
            upper: Some(0.6),
            spearman: Some(0.4),
            pairs: 9,
        }];
        let text = of(&run);
        assert!(text.contains("over 200 bootstrap samples of the held-out stimuli"), "{text}");
        assert!(text.contains("the mean of 3 repeats. The noise ceiling"), "{text}");
    }

    #[test]
    fn transforms_are_told_in_their_order() {
        let mut run = fixtures::realistic(3, 64, false);
        assert!(!of(&run).contains("Before the fit"));
        run.record.transforms = vec![Transform::ZScore];
        assert!(
            of(&run).contains(" Before the fit, every unit was brought to mean 0 and standard deviation 1")
        );
        run.record.transforms = vec![Transform::MinusPrevious, Transform::Pca(20)];
        let text = of(&run);
        assert!(
            text.contains(
                "in this order: the layer before was subtracted from every layer; vectors were reduced to their first 20"
            ),
            "{text}"
        );
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let text = of(&fixtures::hostile());
        assert!(
            !text.contains("euclidean") && !text.contains("permuted") && !text.contains("commit"),
            "{text}"
        );
        assert_eq!(paragraph(&Summary::of(&crate::profile::Profile::default()), &RunRecord::default()), "");
    }
}
