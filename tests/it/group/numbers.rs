//! The numbers: against what MNE, `SciPy`, statsmodels and rsatoolbox give, frozen by `tests/golden/group.py`.

use std::collections::BTreeMap;

use mlem_probe::numeric::ceiling::ceiling;
use mlem_probe::numeric::clusters::Measure;
use mlem_probe::numeric::flip_tests::{Blocks, Flipped};
use mlem_probe::numeric::graph::Graph;
use mlem_probe::numeric::one_sample::{NoTest, OneSample, critical};
use mlem_probe::numeric::sign_flips::{Flips, Tail};
use mlem_probe::numeric::significance::{benjamini_hochberg, benjamini_yekutieli, holm, hommel};
use mlem_probe::numeric::tfce::{self, Heights, Tfce};
use ndarray::Array2;
use serde::Deserialize;

#[derive(Deserialize)]
struct Frozen {
    cases: BTreeMap<String, Case>,
    ceiling: Ceilings,
}

#[derive(Deserialize)]
struct Ceilings {
    rows: Vec<Vec<f64>>,
    spearman: [f64; 2],
}

#[derive(Deserialize)]
struct Case {
    edges: Vec<(usize, usize)>,
    beyond: f64,
    tail: Tail,
    x: Vec<Vec<f64>>,
    flips: usize,
    t: Vec<f64>,
    p_two: Vec<f64>,
    p_greater: Vec<f64>,
    p_less: Vec<f64>,
    low: Vec<f64>,
    high: Vec<f64>,
    p_flips: Vec<usize>,
    p_max: Vec<usize>,
    clusters: Vec<Found>,
    tfce: Vec<f64>,
    p_tfce: Vec<usize>,
    tfce_steps: Vec<f64>,
}

#[derive(Deserialize)]
struct Found {
    nodes: Vec<usize>,
    mass: f64,
    p: usize,
    p_size: usize,
}

impl Case {
    fn rows(&self) -> Array2<f64> {
        Array2::from_shape_fn((self.x.len(), self.t.len()), |(i, j)| self.x[i][j])
    }

    fn graph(&self) -> Graph {
        Graph::new(self.t.len(), &self.edges)
    }

    fn block(&self) -> Blocks {
        Blocks { size: self.t.len(), count: 1 }
    }

    fn column(&self, at: usize) -> Vec<f64> {
        self.x.iter().map(|row| row[at]).collect()
    }
}

fn frozen() -> Frozen {
    serde_json::from_str(include_str!("../../golden/group.json")).unwrap()
}

fn case(name: &str) -> Case {
    frozen().cases.remove(name).unwrap()
}

#[track_caller]
fn near(found: &[f64], frozen: &[f64]) {
    assert_eq!(found.len(), frozen.len());
    for (found, frozen) in found.iter().zip(frozen) {
        assert!((found - frozen).abs() < 1e-6 * frozen.abs().max(1.0), "{found} for {frozen}");
    }
}

/// p-values as so many of all flips.
fn counts(p: &[Option<f64>], flips: usize) -> Vec<f64> {
    p.iter().map(|p| p.unwrap() * flips as f64).collect()
}

#[test]
fn t_intervals_and_p_values_match_scipy() {
    for case in frozen().cases.values() {
        for at in 0..case.t.len() {
            let one = OneSample::of(&case.column(at)).unwrap();
            let (low, high) = one.interval(0.95);
            let p = [Tail::Two, Tail::Greater, Tail::Less].map(|tail| one.p_value(tail));
            near(
                &[one.t, low, high, p[0], p[1], p[2]],
                &[
                    case.t[at],
                    case.low[at],
                    case.high[at],
                    case.p_two[at],
                    case.p_greater[at],
                    case.p_less[at],
                ],
            );
        }
    }
}

#[test]
fn flips_and_the_largest_t_match_all_of_them() {
    for (name, case) in frozen().cases {
        let flips = Flips::of(case.x.len(), case.tail, 0, 0);
        assert_eq!(flips.count(), case.flips, "{name}");
        let tested = vec![true; case.t.len()];
        let flipped = Flipped::new(case.rows().view(), &tested, &flips, case.tail);
        near(&flipped.observed(), &case.t);
        let p = flipped.p_values();
        let whole = |counts: &[usize]| counts.iter().map(|&count| count as f64).collect::<Vec<_>>();
        near(&counts(&p.own, case.flips), &whole(&case.p_flips));
        near(&counts(&p.max, case.flips), &whole(&case.p_max));
    }
}

#[test]
fn clusters_match_mne() {
    for (name, case) in frozen().cases {
        let flips = Flips::of(case.x.len(), case.tail, 0, 0);
        let tested = vec![true; case.t.len()];
        let flipped = Flipped::new(case.rows().view(), &tested, &flips, case.tail);
        for measure in [Measure::Mass, Measure::Size] {
            let found = flipped.clusters(case.beyond, measure, &case.graph(), case.block());
            assert_eq!(found.len(), case.clusters.len(), "{name}");
            for cluster in &case.clusters {
                let one = found.iter().find(|one| one.cluster.nodes == cluster.nodes).unwrap();
                let p = if measure == Measure::Mass { cluster.p } else { cluster.p_size };
                near(
                    &[one.cluster.mass, one.p * case.flips as f64, one.p_all],
                    &[cluster.mass, p as f64, one.p],
                );
            }
            assert!(found.windows(2).all(|two| two[0].cluster.size(measure) >= two[1].cluster.size(measure)));
        }
    }
}

#[test]
fn enhancement_matches_its_integral_and_the_steps_of_mne() {
    for case in frozen().cases.values() {
        let flips = Flips::of(case.x.len(), case.tail, 0, 0);
        let tested = vec![true; case.t.len()];
        let flipped = Flipped::new(case.rows().view(), &tested, &flips, case.tail);
        let enhanced = flipped.enhanced(&Tfce::default(), &case.graph(), case.block());
        near(&enhanced.scores, &case.tfce);
        let p: Vec<f64> = case.p_tfce.iter().map(|&p| p as f64).collect();
        near(&counts(&enhanced.p, case.flips), &p);
        assert_eq!(enhanced.p, enhanced.p_all);
        let steps = Tfce { over: Heights::Steps { start: 0.0, step: 0.2 }, ..Tfce::default() };
        let (mut scratch, mut scores) = (tfce::Scratch::default(), Vec::new());
        steps.scores(&case.t, Tail::Two, &case.graph(), &mut scratch, &mut scores);
        let scores: Vec<f64> = scores.iter().map(|score| score.abs()).collect();
        near(&scores, &case.tfce_steps);
    }
}

/// Enhanced scores and p-values as so many of all flips.
fn steps(case: &Case, extent: f64, height: f64, start: f64, step: f64) -> (Vec<f64>, Vec<f64>) {
    let flips = Flips::of(case.x.len(), Tail::Two, 0, 0);
    let tested = vec![true; case.t.len()];
    let tfce = Tfce { extent, height, over: Heights::Steps { start, step } };
    let flipped = Flipped::new(case.rows().view(), &tested, &flips, Tail::Two);
    let found = flipped.enhanced(&tfce, &case.graph(), case.block());
    let p = counts(&found.p, case.flips);
    (found.scores, p)
}

#[test]
fn enhancement_in_steps_matches_mne_with_its_p_values_and_other_powers() {
    let a = case("A");
    let (scores, p) = steps(&a, 0.5, 2.0, 0.0, 0.2);
    near(&scores, &[7.011_341_669, 97.763_913_08, 18.211_913_08, -9.265_927_261, -33.073_927_26, 3.08]);
    near(&p, &[17.0, 2.0, 5.0, 16.0, 4.0, 38.0]);
    let (scores, p) = steps(&a, 0.5, 2.0, 0.0, 0.1);
    near(&scores, &[6.573_132_815, 100.060_874_1, 18.924_874_07, -8.769_538_3, -33.963_538_3, 2.87]);
    near(&p, &[17.0, 2.0, 5.0, 16.0, 3.0, 40.0]);
    let (scores, _) = steps(&a, 0.5, 2.0, 1.0, 0.2);
    near(&scores, &[7.981_290_121, 98.733_861_54, 19.181_861_54, -10.057_886_86, -33.865_886_86, 3.64]);
    let (scores, _) = steps(&a, 1.0, 1.0, 0.0, 0.2);
    near(&scores, &[7.92, 29.2, 13.52, -7.28, -13.76, 2.2]);
    let (scores, _) = steps(&a, 2.0 / 3.0, 2.0, 0.0, 0.2);
    near(&scores, &[8.420_179_316, 100.544_395_6, 20.992_395_65, -10.400_651_69, -34.208_651_69, 3.08]);
    let (scores, p) = steps(&case("B"), 0.5, 2.0, 0.0, 0.2);
    let frozen = [
        0.027_712_812_92,
        1.295_450_6,
        5.131_652_762,
        0.766_300_338_2,
        9.135_242_374,
        0.766_300_338_2,
        8.051_652_762,
        0.766_300_338_2,
        4.215_242_374,
        12.503_242_37,
        4.215_242_374,
        0.133_844_806_2,
    ];
    near(&scores, &frozen);
    near(&p, &[128.0, 112.0, 61.0, 122.0, 38.0, 122.0, 40.0, 122.0, 67.0, 23.0, 67.0, 128.0]);
}

#[test]
fn graphs_of_channels_and_time_are_those_of_the_frozen_cases() {
    let ring = Graph::new(5, &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)]);
    assert_eq!(Graph::path(4, 1).product(&ring), case("C").graph());
    assert_eq!(Graph::path(4, 1).product(&Graph::path(5, 1)), case("C in a row").graph());
    assert_eq!(Graph::path(4, 2).product(&ring), case("C two steps").graph());
    assert_eq!(Graph::path(3, 1).product(&Graph::path(4, 1)), case("B").graph());
    near(&[critical(0.05, Tail::Two, 7), critical(0.05, Tail::Greater, 7)], &[2.364_624_252, 1.894_578_605]);
}

#[test]
fn a_cluster_is_held_against_its_own_block_and_against_all() {
    // Two copies of one block: what is the largest of one is the largest of all. A block of zeros beside it has no test.
    let one = case("odd two");
    let (n, m) = (one.x.len(), one.t.len());
    let rows = Array2::from_shape_fn((n, 3 * m), |(i, j)| if j < 2 * m { one.x[i][j % m] } else { 0.0 });
    let tested: Vec<bool> = (0..3 * m).map(|j| j < 2 * m).collect();
    let flips = Flips::of(n, Tail::Two, 0, 0);
    let flipped = Flipped::new(rows.view(), &tested, &flips, Tail::Two);
    let (graph, blocks) = (Graph::path(m, 1).copies(3), Blocks { size: m, count: 3 });
    let found = flipped.clusters(one.beyond, Measure::Mass, &graph, blocks);
    assert_eq!(found.len(), 2 * one.clusters.len());
    for cluster in &found {
        let alone = one.clusters.iter().find(|c| c.nodes[0] == cluster.cluster.nodes[0] % m).unwrap();
        near(&[cluster.p * 64.0, cluster.p_all * 64.0], &[alone.p as f64, alone.p as f64]);
    }
    let enhanced = flipped.enhanced(&Tfce::default(), &graph, blocks);
    near(&enhanced.scores[m..2 * m], &one.tfce);
    assert!(
        enhanced.p[2 * m..].iter().all(Option::is_none) && enhanced.p[..2 * m].iter().all(Option::is_some)
    );
    let p = flipped.p_values();
    assert!(p.own[2 * m].is_none() && p.max[2 * m].is_none());
}

#[test]
fn corrections_match_statsmodels() {
    let p = [0.001, 0.012, 0.012, 0.03, 0.04, 0.2, 0.5, 1.0];
    near(&holm(&p), &[0.008, 0.084, 0.084, 0.15, 0.16, 0.6, 1.0, 1.0]);
    near(&benjamini_hochberg(&p), &[0.008, 0.032, 0.032, 0.06, 0.064, 0.266_666_666_7, 0.571_428_571_4, 1.0]);
    let by = [
        0.021_742_857_14,
        0.086_971_428_57,
        0.086_971_428_57,
        0.163_071_428_6,
        0.173_942_857_1,
        0.724_761_904_8,
        1.0,
        1.0,
    ];
    near(&benjamini_yekutieli(&p), &by);
    near(&hommel(&p), &[0.008, 0.072, 0.072, 0.12, 0.16, 0.6, 1.0, 1.0]);
    assert!(hommel(&[]).is_empty() && benjamini_yekutieli(&[]).is_empty());
    near(&hommel(&[0.3]), &[0.3]);
}

#[test]
fn one_sample_of_seven_is_that_of_scipy() {
    // numpy's default_rng(0).normal(size=7) + .8 and default_rng(1).normal(size=7) + .2.
    let first =
        [0.925_730_22, 0.667_895_14, 1.440_422_65, 0.904_900_12, 0.264_330_63, 1.161_595_05, 2.104_000_05];
    let one = OneSample::of(&first).unwrap();
    let (low, high) = one.interval(0.95);
    near(
        &[one.t, one.p_value(Tail::Two), low, high],
        &[4.802_016_216, 0.002_994_565_76, 0.523_291_426_5, 1.610_672_531],
    );
    let second =
        [0.545_584_19, 1.021_618_14, 0.530_437_08, -1.103_157_23, 1.105_355_87, 0.646_374_57, -0.336_953_26];
    let one = OneSample::of(&second).unwrap();
    near(&[one.t, one.p_value(Tail::Two)], &[1.149_760_898, 0.293_999_114_3]);
    for (values, two, one_side) in [(first, 2.0, 1.0), (second, 34.0, 17.0)] {
        for (tail, count) in [(Tail::Two, two), (Tail::Greater, one_side)] {
            let flips = Flips::of(7, tail, 0, 0);
            let rows = Array2::from_shape_vec((7, 1), values.to_vec()).unwrap();
            let p = Flipped::new(rows.view(), &[true], &flips, tail).p_values().own;
            near(&counts(&p, 128), &[count]);
        }
    }
}

#[test]
fn what_has_no_spread_has_no_test() {
    assert_eq!(OneSample::of(&[0.1, 0.1, 0.1]), Err(NoTest::Constant));
    assert_eq!(OneSample::of(&[0.0, 0.0]), Err(NoTest::Constant));
    assert_eq!(OneSample::of(&[0.3]), Err(NoTest::Few));
    assert_eq!(OneSample::of(&[0.3, f64::NAN, f64::NAN]), Err(NoTest::Missing(2)));
    // Rounding is no spread, a small spread is.
    assert_eq!(OneSample::of(&[0.1 + 0.2, 0.3, 0.3]), Err(NoTest::Constant));
    assert!(OneSample::of(&[0.3, 0.300_001, 0.3]).is_ok());
}

#[test]
fn ties_of_flips_count_whatever_rounding_makes_of_them() {
    // Of the sixteen sums of ±1 ± 2 ± 3 ± 4 two are 0, and all others at least as far from it as that of the data, 2.
    let rows = Array2::from_shape_vec((4, 1), vec![0.1, 0.2, 0.3, -0.4]).unwrap();
    let flips = Flips::of(4, Tail::Two, 0, 0);
    let p = Flipped::new(rows.view(), &[true], &flips, Tail::Two).p_values();
    assert_eq!(p.own, [Some(14.0 / 16.0)]);
}

#[test]
fn draws_come_near_all_flips() {
    let one = case("odd two");
    let rows = Array2::from_shape_fn((21, one.t.len()), |(i, j)| one.x[i % 7][j] + 0.01 * (i / 7) as f64);
    let tested = vec![true; one.t.len()];
    let p = |draws: usize| {
        let flips = Flips::of(21, Tail::Two, draws, 5);
        Flipped::new(rows.view(), &tested, &flips, Tail::Two).p_values().own
    };
    let (few, many) = (p(2000), p(40_000));
    for (few, many) in few.iter().zip(&many) {
        assert!((few.unwrap() - many.unwrap()).abs() < 5.0 * (0.25f64 / 2000.0).sqrt());
    }
}

#[test]
fn noise_ceilings_match_rsatoolbox() {
    let Ceilings { rows, spearman } = frozen().ceiling;
    let (lower, upper) = ceiling(&rows).unwrap();
    near(&[lower, upper], &spearman);
    assert_eq!(ceiling(&[vec![1.0, 2.0], vec![3.0, 3.0]]), None);
    assert_eq!(ceiling(&rows[..1]), None);
}
