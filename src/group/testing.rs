//! Every curve of a group, tested.

use ndarray::Array2;

use super::agreement::{Agreed, check};
use super::joined::{Neighbourhood, neighbourhood};
use super::{
    Cluster, ClusterBy, Curve, Enhanced, Error, FORMING, Group, Neighbours, NoTest, OneSample, Params, Point,
    Result, Run, Test, Warning,
};
use crate::numeric::bayes_factor::{SCALE, log_bayes_factor};
use crate::numeric::ceiling::agreements;
use crate::numeric::clusters::Measure;
use crate::numeric::flip_tests::{Blocks, Flipped};
use crate::numeric::graph::Graph;
use crate::numeric::one_sample::{bootstrap, critical};
use crate::numeric::sign_flips::Flips;
use crate::numeric::significance::{benjamini_hochberg, holm};
use crate::numeric::tfce::Tfce;
use crate::profile::{Of, ScoreMeasure, Spread, Summary, n_axes};

/// The least entries of which curves are correlated.
const CORRELATED: usize = 3;

/// What the curves of a family are tested with.
struct Tester<'a> {
    params: &'a Params,
    flips: &'a Flips,
    graph: &'a Graph,
    threshold: Option<f64>,
}

impl Group {
    /// Tests `subjects`, which have their labels, with `neighbours` for clusters.
    ///
    /// # Errors
    ///
    /// Fewer than two subjects or one of them twice; other effects, entries or estimators, or no importances ([`super::Error`]).
    pub fn of(subjects: Vec<Run>, neighbours: &Neighbours, params: Params) -> Result<Self> {
        let agreed = check(&subjects, &params)?;
        test(subjects, agreed, neighbours, params)
    }
}

/// Tests `subjects`, which agree in what `agreed` has.
fn test(subjects: Vec<Run>, agreed: Agreed, neighbours: &Neighbours, params: Params) -> Result<Group> {
    let n = subjects.len();
    let names: Vec<String> = agreed.axis.iter().map(|entry| entry.name.clone()).collect();
    let mut warnings = agreed.warnings.clone();
    let Neighbourhood { graph, plane, joined, warnings: of_graph } =
        neighbourhood(&names, neighbours, params.along.as_deref())?;
    if params.cluster.is_some() {
        let n = n_axes(&names);
        if n > 2
            && *neighbours == Neighbours::InARow
            && params.along.as_ref().is_none_or(|along| !along.is_empty())
        {
            return Err(Error::Axes { n, example: names[0].clone() });
        }
        warnings.extend(of_graph);
    }
    let flips = Flips::of(n, params.tail, params.draws, params.seed);
    let threshold = match params.cluster {
        Some(ClusterBy::Threshold(given)) => {
            Some(given.unwrap_or_else(|| critical(FORMING, params.tail, n - 1)))
        }
        _ => None,
    };
    let measure = subjects[0].record.measure();
    let mut curves = vec![values(&agreed, Of::Score, measure)];
    curves.extend(
        agreed.effects.iter().map(|name| values(&agreed, Of::Effect(params.order, name.clone()), measure)),
    );
    warnings.extend(copies(&subjects, &curves));
    let tester = Tester { params: &params, flips: &flips, graph: &graph, threshold };
    let (score, effects) = curves.split_at_mut(1);
    tester.family(score);
    tester.family(effects);
    warnings.extend(reach(&curves, &flips, n, &params));
    for curve in &curves {
        warnings.extend(not_tested(curve, &subjects, &names));
    }
    let (flips, exact) = (flips.count(), flips.is_exact());
    Ok(Group {
        subjects,
        axis: agreed.axis,
        plane,
        joined,
        curves,
        flips,
        exact,
        threshold,
        warnings,
        params,
    })
}

/// The values of all subjects along the axis; not yet tested.
fn values(agreed: &Agreed, of: Of, measure: ScoreMeasure) -> Curve {
    let at = |summary: &Summary, place: usize| -> f64 {
        match &of {
            Of::Score => summary.score().0[place].mean,
            Of::Effect(order, name) => {
                let mut terms = summary.terms.iter();
                let term = terms.find(|term| term.order == *order && term.name == *name);
                term.map_or(f64::NAN, |term| term.at[place].mean)
            }
        }
    };
    let point = |entry: usize| {
        let values: Vec<f64> = agreed
            .summaries
            .iter()
            .zip(&agreed.places)
            .map(|(summary, places)| at(summary, places[entry]))
            .collect();
        Point { spread: Spread::of(&values), test: Err(NoTest::Few), values }
    };
    let points = (0..agreed.axis.len()).map(point).collect();
    Curve { of, measure, points, clusters: Vec::new(), agreements: Vec::new() }
}

impl Tester<'_> {
    /// Tests `curves`, which are one family.
    fn family(&self, curves: &mut [Curve]) {
        let (n, m) = (curves[0].points[0].values.len(), curves[0].points.len());
        let rows =
            Array2::from_shape_fn((n, curves.len() * m), |(i, j)| curves[j / m].points[j % m].values[i]);
        let samples: Vec<Result<OneSample, NoTest>> =
            rows.columns().into_iter().map(|column| OneSample::of(&column.to_vec())).collect();
        let is_tested: Vec<bool> = samples.iter().map(std::result::Result::is_ok).collect();
        let flipped = Flipped::new(rows.view(), &is_tested, self.flips, self.params.tail);
        let p = flipped.p_values();
        let own: Vec<f64> = p.own.iter().copied().flatten().collect();
        let mut corrected = holm(&own).into_iter().zip(benjamini_hochberg(&own));
        let Params { alpha, draws, seed, tail, cluster, .. } = *self.params;
        let listed: Vec<Vec<f64>> = rows.rows().into_iter().map(|row| row.to_vec()).collect();
        let over_subjects = bootstrap(&listed, 1.0 - alpha, draws, seed);
        let (graph, blocks) = (self.graph.copies(curves.len()), Blocks { size: m, count: curves.len() });
        let enhanced =
            (cluster == Some(ClusterBy::Tfce)).then(|| flipped.enhanced(&Tfce::default(), &graph, blocks));
        for (j, sample) in samples.into_iter().enumerate() {
            let test = sample.map(|sample| {
                let (holm, bh) = corrected.next().unwrap_or((1.0, 1.0));
                let enhanced = enhanced.as_ref().map(|all| Enhanced {
                    score: all.scores[j],
                    p: all.p[j].unwrap_or(1.0),
                    p_family: all.p_all[j].unwrap_or(1.0),
                });
                Test {
                    interval: sample.interval(1.0 - alpha),
                    over_subjects: over_subjects[j],
                    p_t: sample.p_value(tail),
                    p: p.own[j].unwrap_or(1.0),
                    p_max: p.max[j].unwrap_or(1.0),
                    log_bf10: log_bayes_factor(sample.t, sample.n, SCALE, tail),
                    sample,
                    holm,
                    bh,
                    enhanced,
                }
            });
            curves[j / m].points[j % m].test = test;
        }
        if let Some(threshold) = self.threshold {
            let t = flipped.observed();
            for found in flipped.clusters(threshold, Measure::Mass, &graph, blocks) {
                let peak = found
                    .cluster
                    .nodes
                    .iter()
                    .copied()
                    .reduce(|a, b| if t[b].abs() > t[a].abs() { b } else { a });
                curves[found.block].clusters.push(Cluster {
                    entries: found.cluster.nodes.iter().map(|node| node % m).collect(),
                    mass: found.cluster.mass,
                    peak: peak.map_or((0, f64::NAN), |node| (node % m, t[node])),
                    p: found.p,
                    p_family: found.p_all,
                });
            }
        }
        for curve in curves {
            let known: Vec<&Point> =
                curve.points.iter().filter(|point| point.values.iter().all(|x| x.is_finite())).collect();
            let of_subject = |i: usize| known.iter().map(|point| point.values[i]).collect();
            let of_all: Vec<Vec<f64>> = (0..n).map(of_subject).collect();
            curve.agreements = if known.len() < CORRELATED { vec![None; n] } else { agreements(&of_all) };
        }
    }
}

/// Subjects whose numbers are all the same.
fn copies(subjects: &[Run], curves: &[Curve]) -> Vec<Warning> {
    let same = |a: usize, b: usize| {
        let mut points = curves.iter().flat_map(|curve| &curve.points);
        points.all(|point| point.values[a].to_bits() == point.values[b].to_bits())
    };
    let folder = |i: usize| subjects[i].folder.clone();
    let first = |b: usize| (0..b).find(|&a| same(a, b));
    (1..subjects.len())
        .filter_map(|b| first(b).map(|a| Warning::Copies { a: folder(a), b: folder(b) }))
        .collect()
}

/// What cannot be significant with so few subjects or draws.
fn reach(curves: &[Curve], flips: &Flips, subjects: usize, params: &Params) -> Option<Warning> {
    let Params { alpha, tail, .. } = *params;
    let (least, exact) = (flips.least_p(), flips.is_exact());
    if least > alpha {
        return Some(Warning::Reach { subjects, least, flips: flips.count(), alpha, tail, exact });
    }
    let tests = curves[1..].iter().flat_map(|curve| &curve.points).filter(|point| point.test.is_ok()).count();
    let least = least * tests as f64;
    (least > alpha).then_some(Warning::Holm { tests, least: least.min(1.0), alpha, exact })
}

/// The entries of `curve` that are not tested, by the reason.
fn not_tested(curve: &Curve, subjects: &[Run], names: &[String]) -> Vec<Warning> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for (point, name) in curve.points.iter().zip(names) {
        let Some(why) = why(point, subjects) else { continue };
        match found.iter_mut().find(|(other, _)| *other == why) {
            Some((_, entries)) => entries.push(name.clone()),
            None => found.push((why, vec![name.clone()])),
        }
    }
    let told = |(why, entries)| Warning::NotTested { name: curve.name().to_owned(), entries, why };
    found.into_iter().map(told).collect()
}

/// Why there is no test of `point`.
pub(super) fn why(point: &Point, subjects: &[Run]) -> Option<String> {
    match point.test {
        Ok(_) => None,
        Err(NoTest::Few) => Some("fewer than two subjects".to_owned()),
        Err(NoTest::Constant) => {
            Some("it is the same number in all subjects, so that there is no variance".to_owned())
        }
        Err(NoTest::Missing(n)) if n == subjects.len() => Some("it is no number in any subject".to_owned()),
        Err(NoTest::Missing(_)) => {
            let lacking: Vec<&str> = point
                .values
                .iter()
                .zip(subjects)
                .filter(|(value, _)| !value.is_finite())
                .map(|(_, run)| run.label.as_str())
                .collect();
            Some(format!("it is no number in {}", crate::text::some(&lacking, 10)))
        }
    }
}
