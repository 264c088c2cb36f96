//! What is said of the intrinsic dimension of the layers.

use super::axis::Axis;
use crate::geometry::Dimension;
use crate::text;

/// At most so many layers are named.
const NAMED: usize = 10;

/// `400 stimuli`, `391 to 400 stimuli, each once`.
pub(super) fn counts(rows: &[Dimension]) -> String {
    let all = || rows.iter().map(|row| row.stimuli);
    let (least, most) = (all().min().unwrap_or(0), all().max().unwrap_or(0));
    let copies = rows.iter().map(|row| row.copies).max().unwrap_or(0);
    let n = |n: usize| text::count(n as u128);
    let told = if least == most { n(most) } else { format!("{} to {}", n(least), n(most)) };
    let once = match copies {
        0 => String::new(),
        copies => format!(" (those with the same activations as one: at most {} copies left out)", n(copies)),
    };
    format!("{told} stimuli{once}")
}

/// The layers that have none.
pub(super) fn undefined(rows: &[Dimension], axis: &Axis) -> Option<String> {
    let without = rows.iter().filter(|row| !row.dimension.is_finite());
    let names: Vec<String> = without.map(|row| axis.place(row.layer)).collect();
    (!names.is_empty()).then(|| {
        format!(
            "{} {} none: fewer than 8 different stimuli, or each at one distance from the two nearest.",
            text::some(&names, NAMED),
            if names.len() == 1 { "has" } else { "have" }
        )
    })
}

/// The sentence of the methods paragraph.
pub(super) fn methods(rows: &[Dimension]) -> Option<String> {
    rows.iter().any(|row| row.dimension.is_finite()).then(|| {
        format!(
            "The intrinsic dimension of each layer was estimated by TwoNN (Facco et al. 2017) on {}: Euclidean distances, the largest tenth \
             of the ratios left out.",
            counts(rows)
        )
    })
}
