//! What a fit tracks, and what its score is, in the words of a methods paragraph.

use serde_json::Value;

use super::words;
use crate::activations::Transform;
use crate::profile::ScoreMeasure;
use crate::rundir::RunRecord;
use crate::text;

/// `the square of the Euclidean distance`, or what else W was fitted to; `None` where the record does not tell.
pub(super) fn target(run: &RunRecord) -> Option<String> {
    let distance = match option(run, "distance")? {
        "norm-diff" => "the difference of norms".to_owned(),
        "precomputed" => "the given distance".to_owned(),
        "euclidean" => "the Euclidean distance".to_owned(),
        "mahalanobis" => "the Mahalanobis distance".to_owned(),
        "crossnobis" => crossvalidated(run),
        name => format!("the {} distance", words::visible(name)),
    };
    Some(match option(run, "target") {
        Some("rank") => format!("the ranks of {distance}"),
        _ if option(run, "distance") == Some("crossnobis") => distance,
        _ => format!("the square of {distance}"),
    })
}

/// What the score of a metric is, as a sentence.
pub(super) fn fit(run: &RunRecord) -> String {
    let target = || target(run).unwrap_or_else(|| "what W was fitted to".to_owned());
    match run.measure() {
        ScoreMeasure::Pearson => {
            format!("The fit is Pearson's correlation of the modelled distance and {}.", target())
        }
        ScoreMeasure::SquaredError => format!(
            "The fit is R²: one less the squared error of {}, predicted from the modelled distance by a line (of a slope that is not \
             negative) that was fitted to the pairs W was fitted to, as a share of its squared deviations from the mean of the pairs that \
             are evaluated; it is below 0 where that mean predicts better.",
            target()
        ),
        _ => "The fit is Spearman's correlation of modelled and neural distances, with mid-ranks for ties."
            .to_owned(),
    }
}

fn option<'a>(run: &'a RunRecord, name: &str) -> Option<&'a str> {
    run.options.get(name).and_then(Value::as_str)
}

/// What the cross-validated distance is, and over what.
fn crossvalidated(run: &RunRecord) -> String {
    let white = run.transforms.iter().any(|step| matches!(step, Transform::Whiten(_)));
    let name = if white {
        "Mahalanobis distance (crossnobis; Walther et al. 2016)"
    } else {
        "squared Euclidean distance"
    };
    let over = match (option(run, "partition"), run.options.get("repeats").and_then(Value::as_u64)) {
        (Some(column), _) => format!("the partitions of column {}", words::visible(column)),
        (_, Some(n)) => text::counted(u128::from(n), "recording"),
        _ => "partitions".to_owned(),
    };
    format!(
        "the cross-validated {name}, the mean over pairs of {over} of the inner product of the two differences between conditions (an \
         unbiased estimate that may be negative),"
    )
}
