//! MLEM on the distances between models, and what it is worth.

use ndarray::ArrayView2;

use crate::mlem::{self, Distance, FeatureGroup, Mlem, Order, PairBudget, Permute, Undefined, Warning};
use crate::numeric::significance::{holm, p_value};
use crate::stimuli::FeatureTable;
use crate::text;

/// How models are fitted by their metadata.
#[derive(Debug, Clone, PartialEq)]
pub struct MetadataParams {
    /// Relabellings of the models.
    pub draws: usize,
    /// Permutations of each importance.
    pub permutations: usize,
    /// Features whose importance is measured together too.
    pub groups: Vec<FeatureGroup>,
    /// Seed of all that is drawn.
    pub seed: u64,
}

impl Default for MetadataParams {
    fn default() -> Self {
        Self { draws: 999, permutations: 100, groups: Vec::new(), seed: 0 }
    }
}

/// What one feature of the models, or a group of them, has to do with how far apart their profiles are.
#[derive(Debug, Clone, PartialEq)]
pub struct MetadataEffect {
    /// The feature, or the group.
    pub name: String,
    /// Which of the two.
    pub order: Order,
    /// The weight of the feature's distance, all at unit length; NaN of a group.
    pub weight: f64,
    /// Mean drop in Spearman when its values are permuted over models.
    pub importance: f64,
    /// Standard deviation of the drop over permutations.
    pub sd: f64,
    /// Of the hypothesis that it adds nothing to the other features; `None` where it cannot be tested.
    pub p: Option<f64>,
    /// After Holm, over the features (over the groups).
    pub holm: Option<f64>,
    /// By the maximum statistic, over all.
    pub max: Option<f64>,
    /// What is left of it without each of the other features.
    pub without: Vec<Without>,
}

/// An effect in the fit without one feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Without {
    /// The feature that is left out.
    pub left_out: String,
    /// The importance then.
    pub importance: f64,
    /// The p-value then.
    pub p: Option<f64>,
}

/// The fit without one feature.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    /// The feature that is left out.
    pub feature: String,
    /// Spearman's correlation then; NaN where there is none.
    pub score: f64,
    /// Its p-value.
    pub p: Option<f64>,
}

/// MLEM on the distances between models.
#[derive(Debug, Clone, PartialEq)]
pub struct MetadataFit {
    /// How many models.
    pub models: usize,
    /// Spearman's correlation of modelled and measured distances over all pairs of models; NaN where there is none.
    pub score: f64,
    /// Of the hypothesis that no feature has to do with the distances: the share of relabellings of the models with a score at least as
    /// high, each fitted anew.
    pub p: Option<f64>,
    /// How many relabellings.
    pub draws: usize,
    /// Every feature, then every group.
    pub effects: Vec<MetadataEffect>,
    /// The fits without one feature.
    pub left_out: Vec<LeftOut>,
    /// What a reader should know.
    pub warnings: Vec<String>,
}

/// Fits the distances between models `(n_models, n_models)` by their `features`, one row for each, and again without each feature.
///
/// # Errors
///
/// As [`mlem::MlemParams::cross_validation`]: fewer than 8 models, a constant feature, distances that are none.
pub fn fit_metadata(
    distance: ArrayView2<'_, f64>,
    features: &FeatureTable,
    params: &MetadataParams,
) -> mlem::Result<MetadataFit> {
    let mut whole = fit_metadata_once(distance, features, params)?;
    let names: Vec<String> = features.names().into_iter().map(str::to_owned).collect();
    if names.len() < 2 {
        return Ok(whole);
    }
    for left_out in &names {
        let mut rest = features.clone();
        rest.retain(|feature| feature.name() != left_out);
        let groups = groups_without(&params.groups, &names, left_out)?;
        let fitted = fit_metadata_once(distance, &rest, &MetadataParams { groups, ..params.clone() })?;
        whole.left_out.push(LeftOut { feature: left_out.clone(), score: fitted.score, p: fitted.p });
        for effect in &mut whole.effects {
            let same = |other: &&MetadataEffect| (&other.name, other.order) == (&effect.name, effect.order);
            let Some(found) = fitted.effects.iter().find(same) else { continue };
            effect.without.push(Without {
                left_out: left_out.clone(),
                importance: found.importance,
                p: found.p,
            });
        }
    }
    Ok(whole)
}

/// The groups by the names of their features, those alone that have none in common with `left_out`.
fn groups_without(
    groups: &[FeatureGroup],
    names: &[String],
    left_out: &str,
) -> mlem::Result<Vec<FeatureGroup>> {
    let mut kept = Vec::new();
    for group in groups {
        let members: Vec<String> =
            group.columns(names)?.into_iter().map(|column| names[column].clone()).collect();
        if !members.iter().any(|member| member == left_out) {
            kept.push(FeatureGroup { name: group.name.clone(), members });
        }
    }
    Ok(kept)
}

/// As [`fit_metadata`], without the fits that leave a feature out.
///
/// # Errors
///
/// As [`fit_metadata`].
pub fn fit_metadata_once(
    distance: ArrayView2<'_, f64>,
    features: &FeatureTable,
    params: &MetadataParams,
) -> mlem::Result<MetadataFit> {
    let single = distance.mapv(|x| x as f32);
    let validation = Mlem::params()
        .distance(Distance::Precomputed)
        .permute(Permute::Stimuli)
        .permutations(params.permutations.max(1))
        .groups(params.groups.clone())
        .pairs(PairBudget::All)
        .seed(params.seed)
        .cross_validation(features, 1)?;
    let fitted = validation.fit(single.view())?.remove(0);
    let null = (params.draws > 0).then(|| validation.null(single.view(), params.draws)).transpose()?;
    let tests = null.as_ref().map(mlem::Null::importances).unwrap_or_default();
    let largest: Vec<f64> = null.iter().flat_map(mlem::Null::largest).map(|(_, largest)| largest).collect();
    let mut warnings: Vec<String> = validation.warnings().iter().map(said).collect();
    if fitted.scored.value == Err(Undefined::NeuralDistances) {
        warnings.push("all models are equally far apart, so that nothing can be said of them".to_owned());
    }
    let mut effects: Vec<MetadataEffect> = fitted
        .importances
        .iter()
        .enumerate()
        .map(|(k, term)| {
            let test = tests.get(k);
            let p = test.and_then(|test| test.p);
            MetadataEffect {
                name: term.name.clone(),
                order: term.order,
                weight: if term.order == Order::Main { fitted.weights[[k, k]] } else { f64::NAN },
                importance: term.importance,
                sd: term.sd,
                p,
                holm: None,
                max: test.and_then(|test| p.and_then(|_| p_value(test.z, &largest))),
                without: Vec::new(),
            }
        })
        .collect();
    for order in [Order::Main, Order::Group] {
        let tested: Vec<usize> =
            (0..effects.len()).filter(|&k| effects[k].order == order && effects[k].p.is_some()).collect();
        let p: Vec<f64> = tested.iter().filter_map(|&k| effects[k].p).collect();
        for (k, holm) in tested.into_iter().zip(holm(&p)) {
            effects[k].holm = Some(holm);
        }
    }
    Ok(MetadataFit {
        models: features.n_stimuli(),
        score: fitted.scored.value.unwrap_or(f64::NAN),
        p: null.as_ref().and_then(|null| null.score().p),
        draws: params.draws,
        effects,
        left_out: Vec::new(),
        warnings,
    })
}

/// A warning about the features, in words that are true of models.
fn said(warning: &Warning) -> String {
    match warning {
        Warning::Correlated { a, b, r } => format!(
            "the distances of `{a}` and `{b}` correlate over the models (r = {r:.2}): importance may go to either; see what each has without \
             the other, or leave one out (--metadata-drop)"
        ),
        Warning::Confounded { term, others } if !others.is_empty() => format!(
            "`{term}` cannot be told apart from {}: leave one out (--metadata-drop), or add models in which they differ",
            text::join_and(others)
        ),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::numeric::rng::Stream;
    use crate::stimuli::Feature;

    /// Sixteen models of four families in a plane: families are far apart, and a number goes with the second coordinate.
    fn models() -> (Array2<f64>, FeatureTable) {
        let mut stream = Stream::new(1, "models");
        let family = |k: usize| k % 4;
        let size: Vec<f64> = (0..16).map(|k| (k * 7 % 16) as f64).collect();
        let place = |k: usize, noise: f64| [2.0 * family(k) as f64 + noise, 0.1 * size[k]];
        let places: Vec<[f64; 2]> = (0..16).map(|k| place(k, 0.3 * stream.normal())).collect();
        let apart = |a: [f64; 2], b: [f64; 2]| ((a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)).sqrt();
        let distance = Array2::from_shape_fn((16, 16), |(i, j)| apart(places[i], places[j]));
        let names: Vec<Option<&str>> = (0..16).map(|k| Some(["a", "b", "c", "d"][family(k)])).collect();
        let noise: Vec<Option<&str>> = (0..16).map(|_| Some(["x", "y"][stream.index(2)])).collect();
        let features = vec![
            Feature::categorical("family", &names),
            Feature::numeric("size", size.into_iter().map(Some).collect()).unwrap(),
            Feature::categorical("noise", &noise),
        ];
        (distance, FeatureTable::new(16, features).unwrap())
    }

    #[test]
    fn what_shapes_the_distances_is_found_and_stays_without_any_other() {
        let (distance, features) = models();
        let group = FeatureGroup { name: "rest".to_owned(), members: vec!["size".into(), "noise".into()] };
        let params = MetadataParams { draws: 199, groups: vec![group], ..MetadataParams::default() };
        let found = fit_metadata(distance.view(), &features, &params).unwrap();
        assert!(found.p.unwrap() <= 0.01, "{:?}", found.p);
        let [family, size, noise, rest] = &found.effects[..] else { panic!("{found:?}") };
        assert_eq!((family.name.as_str(), rest.name.as_str(), rest.order), ("family", "rest", Order::Group));
        assert!(family.importance > 0.3 && family.p.unwrap() < 0.02 && family.weight > 0.9, "{family:?}");
        assert!(size.importance < family.importance && noise.p.unwrap() > 0.05, "{size:?} {noise:?}");
        assert!(family.holm.unwrap() >= family.p.unwrap() && family.max.unwrap() >= family.p.unwrap());
        // Without size and without noise; a group is there where none of its own is left out.
        let left: Vec<&str> = family.without.iter().map(|without| without.left_out.as_str()).collect();
        assert_eq!(left, ["size", "noise"]);
        assert!(family.without.iter().all(|without| without.importance > 0.3));
        assert_eq!(rest.without.iter().map(|without| &without.left_out).collect::<Vec<_>>(), ["family"]);
        let without_family = found.left_out.iter().find(|left| left.feature == "family").unwrap();
        assert!(without_family.score < found.score - 0.2);
        // The order of the models changes nothing but what is drawn.
        let again = fit_metadata(distance.view(), &features, &params).unwrap();
        assert_eq!(format!("{found:?}"), format!("{again:?}"), "the weight of a group is no number");
        // Without draws there are no p-values, and one feature has nothing to be left out.
        let mut alone = features.clone();
        alone.retain(|feature| feature.name() == "family");
        let plain = MetadataParams { draws: 0, ..MetadataParams::default() };
        let plain = fit_metadata(distance.view(), &alone, &plain).unwrap();
        assert!(plain.p.is_none() && plain.effects[0].p.is_none() && plain.left_out.is_empty());
    }

    #[test]
    fn models_that_are_equally_far_apart_have_no_score() {
        let (_, features) = models();
        let same = Array2::from_shape_fn((16, 16), |(i, j)| f64::from(u8::from(i != j)));
        let params = MetadataParams { draws: 19, permutations: 2, ..MetadataParams::default() };
        let found = fit_metadata(same.view(), &features, &params).unwrap();
        assert!(found.score.is_nan() && found.p.is_none());
        assert!(found.warnings.iter().any(|warning| warning.contains("equally far apart")));
    }
}
