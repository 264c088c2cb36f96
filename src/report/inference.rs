//! The sentences of the methods paragraph about nulls, resampling and the noise ceiling.

use serde_json::Value;

use crate::profile::{ScoreMeasure, Summary};
use crate::rundir::RunRecord;
use crate::text;

/// What p-values and intervals are of.
pub(super) fn null(summary: &Summary, run: &RunRecord) -> Option<String> {
    if !summary.is_tested() {
        return None;
    }
    let draws = run.options.get("null").and_then(Value::as_u64);
    let draws = draws.map(|n| format!("{} times ", text::count(u128::from(n)))).unwrap_or_default();
    let tests = if summary.terms.is_empty() {
        "corrected over layers"
    } else {
        "corrected over all importances, and over the layers' scores apart from them,"
    };
    let own = if summary.terms.is_empty() {
        ""
    } else {
        ". An importance was held against the null of its own effect (Freedman and Lane 1983; Winkler et al. 2014): what a linear model of \
         the activations by all other features left of them was shuffled over the stimuli, the weights of squared distances fitted \
         again over all pairs, and the statistic is the weight of the effect"
    };
    let intervals = if summary.n_folds > 1 {
        " Intervals over folds are Student's with the variance of Nadeau and Bengio (2003), which allows for the overlap of \
         training sets."
    } else {
        ""
    };
    Some(format!(
        "For the null distribution of the score the stimuli of the activations were shuffled {draws}within folds against the \
         features, and the model fitted and scored again{own}; p-values are one-sided, (1 + the number of draws at least as large)/(1 + \
         draws), {tests} after Holm, after Benjamini and Hochberg, and by the largest statistic of each draw, in standard deviations of \
         its null (Westfall and Young 1993).{intervals}",
    ))
}

/// How layers were compared.
pub(super) fn bootstrap(run: &RunRecord) -> Option<String> {
    let draws = run.options.get("bootstrap").and_then(Value::as_u64).filter(|&draws| draws > 0)?;
    Some(format!(
        "Differences in score between layers were taken over {} of the held-out stimuli of every fold with replacement, the \
         same for all layers and with W as it was fitted; intervals are percentiles, p-values two-sided and corrected over \
         pairs of layers after Holm and after Benjamini and Hochberg.",
        text::counted(u128::from(draws), "bootstrap sample")
    ))
}

/// What the noise ceiling is.
pub(super) fn ceiling(summary: &Summary, run: &RunRecord) -> Option<String> {
    let repeats = run.options.get("repeats").and_then(Value::as_u64).filter(|_| summary.has_ceiling())?;
    let measured = match run.measure() {
        ScoreMeasure::Pearson => Some(
            "it is Pearson's correlation of one repeat's distances with the mean of the others' (lower bound) and of all (upper bound)",
        ),
        ScoreMeasure::SquaredError => Some(
            "it is what a line explains of one repeat's distances by the mean of the others' (lower bound), and the largest share that any \
             distances can explain, that of their first principal component (upper bound)",
        ),
        _ => None,
    };
    if let Some(bounds) = measured {
        return Some(format!(
            "The activations are the mean of {repeats} repeats. For the noise ceiling (after Nili et al., 2014) what is fitted of the \
             distances was standardised within each repeat; {bounds}, over the pairs that the fit is evaluated on, averaged over repeats. \
             The model's fit to single repeats, averaged likewise, is held against it."
        ));
    }
    Some(format!(
        "The activations are the mean of {repeats} repeats. For the noise ceiling (Nili et al., 2014) the distances of each repeat were \
         ranked; it is Spearman's correlation of one repeat's distances with the mean ranks of the others (lower bound) and of all \
         (upper bound), over the pairs that the fit is evaluated on, averaged over repeats. The model's correlation with single \
         repeats, its ties in random order, averaged likewise, is held against it."
    ))
}
