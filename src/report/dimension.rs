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

#[cfg(test)]
mod tests {
    use super::super::{fixtures, page};
    use super::*;

    fn row(layer: usize, dimension: f64, stimuli: usize, copies: usize) -> Dimension {
        Dimension { layer, dimension, likelihood: dimension, stimuli, copies }
    }

    #[test]
    fn the_page_has_the_curve_how_many_stimuli_and_which_layers_have_none() {
        let mut run = fixtures::realistic(3, 64, false);
        run.dimensions = vec![row(0, f64::NAN, 6, 394), row(1, 5.5, 398, 2), row(2, 7.25, 400, 0)];
        let page = page::render(run.input()).unwrap();
        let drawn = page.split("<script type").next().unwrap();
        for said in [
            "id=\"dimension\"",
            "6 to 400 stimuli (those with the same activations as one: at most 394 copies left out)",
            "layer 0 has none",
            "estimated by TwoNN (Facco et al. 2017) on 6 to 400 stimuli",
        ] {
            assert!(drawn.contains(said), "{said}");
        }
        assert!(!drawn.contains("NaN"));
    }

    #[test]
    fn where_no_layer_has_a_dimension_nothing_is_said_of_it() {
        let mut run = fixtures::realistic(1, 64, false);
        run.dimensions = vec![row(0, f64::NAN, 3, 0)];
        assert!(!page::render(run.input()).unwrap().contains("TwoNN"));
        assert!(methods(&[]).is_none());
        assert_eq!(counts(&[row(0, 1.0, 400, 0)]), "400 stimuli");
    }
}
