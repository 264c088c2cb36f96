//! What a fit tracks, in the words of a methods paragraph.

use serde_json::Value;

use super::words;
use crate::activations::Transform;
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
