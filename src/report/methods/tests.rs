use super::super::fixtures;
use super::*;
use crate::profile::CeilingRow;

fn of(run: &fixtures::Run) -> String {
    paragraph(&Summary::of(&run.profile), &run.record, &run.dimensions)
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
    for part in ["semidefinite", "ranks of the difference of norms", "values are permuted", "at distance 1"] {
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
        model: Some(0.4),
        pairs: 9,
    }];
    let text = of(&run);
    assert!(text.contains("over 200 bootstrap samples of the held-out stimuli"), "{text}");
    assert!(text.contains("the mean of 3 repeats. For the noise ceiling"), "{text}");
}

#[test]
fn the_measure_of_the_score_is_told() {
    let mut run = fixtures::realistic(3, 64, false);
    assert!(of(&run).contains("The fit is Spearman's correlation of modelled and neural distances"));
    for (scoring, told, lost) in [
        (
            "pearson",
            "The fit is Pearson's correlation of the modelled distance and the square of",
            "drop in this correlation when",
        ),
        (
            "squared-error",
            "squared error of the square of the Euclidean distance, predicted",
            "drop in this R², which is the increase",
        ),
    ] {
        run.record.options.insert("scoring".to_owned(), scoring.into());
        let text = of(&run);
        assert!(text.contains(told) && text.contains(lost) && !text.contains("Spearman"), "{text}");
    }
}

#[test]
fn transforms_are_told_in_their_order() {
    let mut run = fixtures::realistic(3, 64, false);
    assert!(!of(&run).contains("Before the fit"));
    run.record.transforms = vec![Transform::ZScore];
    assert!(of(&run).contains(" Before the fit, every unit was brought to mean 0 and standard deviation 1"));
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
    assert!(!text.contains("euclidean") && !text.contains("permuted") && !text.contains("commit"), "{text}");
    assert_eq!(paragraph(&Summary::of(&crate::profile::Profile::default()), &RunRecord::default(), &[]), "");
}
