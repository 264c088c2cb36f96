//! Models as stimuli, in words and tables.

use super::super::words;
use super::values::p;
use crate::compare::{Metadata, MetadataEffect};
use crate::profile::Spread;
use crate::text;

/// The widest that a name may be in a terminal.
const NAME: usize = 26;

/// What was fitted, in a sentence or two.
pub(super) fn summary(metadata: &Metadata) -> String {
    let fit = &metadata.fit;
    let tested = match fit.p {
        Some(share) => format!(
            ", p {} ({} of the models, each fitted anew)",
            p(Some(share)),
            text::counted(fit.draws as u128, "relabelling")
        ),
        None => String::new(),
    };
    format!(
        "Models as stimuli: {} by {} of {}. The distance of two profiles is {}; Spearman's correlation with the modelled one is {}{tested}.",
        text::counted(fit.models as u128, "model"),
        text::counted(
            fit.effects.iter().filter(|effect| effect.weight.is_finite()).count() as u128,
            "feature"
        ),
        words::visible(&metadata.file),
        metadata.distance.describe(),
        words::short(fit.score, 2),
    )
}

/// How it is tested and what is left out, for the notes of a page.
pub(super) fn methods() -> &'static str {
    "MLEM is fitted to the squared distances between the profiles of all pairs of models, a weight for each feature, none below 0. Importance is \
     the drop in Spearman when a feature's values are permuted over models. p: of the hypothesis that a feature adds nothing to the others \
     (Freedman and Lane 1983); p max: corrected by the maximum statistic (Westfall and Young 1993). Without another: all of it was fitted \
     again without each other feature in turn; the importances that a feature then has, and its largest p-value. The same models serve \
     for fitting and evaluation."
}

/// The heads of the columns of [`rows`].
pub(super) const HEAD: [&str; 8] =
    ["feature", "weight", "importance", "p", "Holm", "p max", "without another", "largest p"];

/// A row for each feature and group, the most important first.
pub(super) fn rows(metadata: &Metadata) -> Vec<[String; 8]> {
    let mut effects: Vec<&MetadataEffect> = metadata.fit.effects.iter().collect();
    effects.sort_by(|a, b| b.importance.total_cmp(&a.importance));
    let row = |effect: &&MetadataEffect| {
        let known = || effect.without.iter().map(|without| without.importance).filter(|x| x.is_finite());
        let (least, most) =
            known().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (x.min(low), x.max(high)));
        let range = if least <= most {
            format!("{} to {}", words::short(least, 2), words::short(most, 2))
        } else {
            words::UNDEFINED.to_owned()
        };
        let largest = effect.without.iter().filter_map(|without| without.p).max_by(f64::total_cmp);
        let spread = Spread { mean: effect.importance, sd: effect.sd, n: 2 };
        [
            words::visible(&effect.name),
            if effect.weight.is_finite() {
                words::short(effect.weight, 2)
            } else {
                words::UNDEFINED.to_owned()
            },
            words::spread(spread, 2),
            p(effect.p),
            p(effect.holm),
            p(effect.max),
            range,
            p(largest),
        ]
    };
    effects.iter().map(row).collect()
}

/// [`rows`] for a terminal, with their heads.
pub(super) fn table(metadata: &Metadata) -> Vec<Vec<String>> {
    let head = HEAD.map(str::to_owned).to_vec();
    let cut = |mut row: [String; 8]| {
        row[0] = words::cut(&row[0], NAME);
        row.to_vec()
    };
    std::iter::once(head).chain(rows(metadata).into_iter().map(cut)).collect()
}

/// What is left of the fit without each feature.
pub(super) fn left_out(metadata: &Metadata) -> Option<String> {
    let told: Vec<String> = metadata
        .fit
        .left_out
        .iter()
        .map(|left| format!("{} without {}", words::short(left.score, 2), words::visible(&left.feature)))
        .collect();
    (!told.is_empty()).then(|| format!("Spearman is {}.", text::join_and(&told)))
}
