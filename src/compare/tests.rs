use super::fixtures::{run, three};
use super::*;
use crate::profile::{Importance, Of};

fn compared(runs: Vec<Run>) -> Comparison {
    Comparison::of(runs, Params { draws: 50, ..Params::default() }).unwrap()
}

#[test]
fn models_that_peak_alike_are_near_whatever_their_depth() {
    let comparison = compared(three());
    assert_eq!(comparison.runs[0].label, "small");
    for table in &comparison.distances {
        if table.measure != Measure::WarpedTotal {
            let d = &table.distance;
            assert!(d[[0, 1]] < 0.3 * d[[0, 2]] && d[[0, 1]] < 0.3 * d[[1, 2]], "{:?} {d}", table.measure);
        }
        assert!(table.sd[[0, 2]].is_finite() && table.interval[[0, 2]].0.is_finite());
    }
    let tree = comparison.tree.as_ref().unwrap();
    assert_eq!((tree[0].a, tree[0].b), (0, 1));
    assert_eq!(comparison.map.as_ref().unwrap().points.len(), 3);
    assert_eq!(comparison.warnings, []);
}

#[test]
fn a_peak_elsewhere_is_found_and_the_same_peak_is_not() {
    let comparison = compared(three());
    let test = |a: usize, b: usize, feature: &str, quantity: Quantity| {
        let all = comparison.differences.iter();
        all.clone().find(|d| (d.a, d.b, d.effect.as_str(), d.quantity) == (a, b, feature, quantity)).unwrap()
    };
    let moved = test(1, 2, "feature_0", Quantity::PeakDepth);
    assert_eq!(moved.difference.mean, -1.0);
    assert!(moved.is_significant() && moved.holm.unwrap() >= moved.bh.unwrap());
    let stayed = test(0, 1, "feature_0", Quantity::PeakDepth);
    assert_eq!((stayed.difference.mean, stayed.p), (0.0, Some(1.0)));
    // 3 pairs × 3 features × 3 quantities.
    assert_eq!(comparison.differences.len(), 27);
}

#[test]
fn samples_of_the_stimuli_tell_what_moves_with_them_from_what_does_not() {
    // In every draw the second model has 0.1 more of one feature, and the other moves to either side.
    let runs = || {
        let mut runs = vec![run("a", 5, 3, &[0.2, 0.8]), run("b", 5, 3, &[0.2, 0.8])];
        label(&mut runs, &[]);
        for (more, run) in runs.iter_mut().enumerate() {
            for draw in 1..=99 {
                for layer in 1..=5 {
                    for (feature, value) in [
                        ("feature_0", 0.1 * more as f64 + 0.001 * f64::from(draw)),
                        ("feature_1", 0.01 * more as f64 * (f64::from(draw) - 50.0)),
                    ] {
                        let of = Of::Effect(Order::Main, feature.to_owned());
                        run.samples.push(Sample { layer, draw: draw as usize, of, value });
                    }
                }
            }
        }
        runs
    };
    let comparison = compared(runs());
    let area = |feature: &str| {
        let mut all = comparison.differences.iter();
        let found = all.find(|d| d.effect == feature && d.quantity == Quantity::Area).unwrap();
        found.over_stimuli.unwrap()
    };
    let (certain, unsure) = (area("feature_0"), area("feature_1"));
    assert!((certain.interval.0 + 0.1).abs() < 1e-9 && (certain.interval.1 + 0.1).abs() < 1e-9);
    // Two tests, of which this is the smaller: 2 / 100, twice.
    assert!((certain.p - 0.02).abs() < 1e-9 && (certain.holm - 0.04).abs() < 1e-9);
    assert!(unsure.interval.0 < -0.4 && unsure.interval.1 > 0.4 && unsure.p == 1.0);
    let csv = String::from_utf8(comparison.to_csv()).unwrap();
    assert_eq!(csv.matches("difference_over_stimuli,a,b,").count(), 6);
    // One run without samples has nothing to pair.
    let mut one = runs();
    one[1].samples.clear();
    assert!(compared(one).differences.iter().all(|difference| difference.over_stimuli.is_none()));
}

#[test]
fn a_run_against_itself_differs_in_nothing() {
    let mut runs = vec![run("a", 5, 3, &[0.2, 0.8]), run("a", 5, 3, &[0.2, 0.8])];
    label(&mut runs, &[]);
    assert_eq!(runs[1].label, "a#2");
    let comparison = compared(runs);
    assert!(comparison.distances.iter().all(|table| table.distance[[0, 1]] == 0.0));
    assert!(comparison.differences.iter().all(|d| d.p == Some(1.0)));
}

#[test]
fn the_table_is_the_same_every_time_and_on_any_number_of_threads() {
    let csv = || compared(three()).to_csv();
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(csv);
    assert_eq!(csv(), one);
    assert!(!String::from_utf8(one).unwrap().contains("NaN"));
}

#[test]
fn what_cannot_be_compared_is_said_with_the_folders() {
    let refused = |runs: Vec<Run>| Comparison::of(runs, Params::default()).unwrap_err();
    let a = || run("a", 4, 5, &[0.0, 0.5]);
    assert_eq!(refused(vec![a()]).to_string(), "1 run to compare: there must be two or more");
    let mut none = run("none", 4, 5, &[0.1]);
    none.profile.importances.clear();
    let error = refused(vec![a(), none]);
    assert_eq!(error.to_string(), "runs/none has no importance of any feature");
    assert!(error.hint().unwrap().contains("--permutations"));
    let mut other = run("other", 4, 5, &[0.0, 0.5]);
    for row in &mut other.profile.importances {
        row.feature = row.feature.replace("feature", "slot");
    }
    let error = refused(vec![a(), other]).to_string();
    assert_eq!(error, "runs/a and runs/other are over other features: they share 0 of 2 and 2");
}

#[test]
fn what_differs_is_warned_of_and_nothing_unpaired_is_tested() {
    let mut b = run("b", 4, 5, &[0.0, 0.5, 0.7]);
    b.record.options.insert("permute".to_owned(), "stimuli".into());
    b.record.stimuli.hash = "11".to_owned();
    let mut runs = vec![run("a", 4, 5, &[0.0, 0.5]), b];
    label(&mut runs, &[]);
    let comparison = compared(runs);
    let said: Vec<String> = comparison.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(said[0].contains("not over the same stimuli (runs/a; runs/b)"));
    assert!(said[1].starts_with("runs/b was fitted with feature_2 too"));
    assert!(said[2].contains("permute is pairs in runs/a, stimuli in runs/b"));
    assert!(said[3].contains("differences are not tested"));
    assert_eq!(comparison.effects.len(), 2);
    assert!(comparison.differences.is_empty());
}

#[test]
fn one_layer_one_fold_and_no_numbers_are_no_trouble() {
    let mut shallow = run("shallow", 0, 1, &[0.3, 0.6]);
    let one = run("one", 1, 1, &[0.3, 0.6]);
    for row in shallow.profile.importances.iter_mut().filter(|row| row.feature == "feature_1") {
        row.importance = f64::NAN;
    }
    let mut runs = vec![shallow, one];
    label(&mut runs, &[]);
    let comparison = compared(runs.clone());
    let said: Vec<String> = comparison.warnings.iter().map(ToString::to_string).collect();
    assert!(
        said.iter().any(|text| text.contains("single fold"))
            && said.iter().any(|text| text.contains("feature_1"))
    );
    assert!(comparison.distances[0].distance[[0, 1]].is_finite());
    // Where nothing is left to compare, there is no distance, and no tree.
    for row in &mut runs[1].profile.importances {
        row.importance = f64::NAN;
    }
    let comparison = compared(runs);
    assert!(comparison.distances[0].distance[[0, 1]].is_nan());
    assert_eq!((comparison.tree.as_ref(), comparison.map.as_ref()), (None, None));
    assert!(!String::from_utf8(comparison.to_csv()).unwrap().contains("NaN"));
}

#[test]
fn revisions_of_one_model_are_its_checkpoints() {
    let at = |revision: &str| {
        let mut run = run("tiny", 4, 3, &[0.5]);
        run.record.model.as_mut().unwrap().revision = Some(revision.to_owned());
        run
    };
    let mut runs = vec![at("step0"), run("other", 4, 3, &[0.5]), at("step100")];
    label(&mut runs, &[]);
    assert_eq!(runs[2].label, "tiny@step100");
    let comparison = compared(runs);
    assert_eq!(comparison.checkpoints(), [Checkpoints { model: "tiny".to_owned(), runs: vec![0, 2] }]);
}

#[test]
fn interactions_are_compared_where_they_are_asked_for() {
    let mut runs = three();
    let of = |order| Params { draws: 20, order, ..Params::default() };
    let error = Comparison::of(runs.clone(), of(Order::Interaction)).unwrap_err();
    assert_eq!(error.to_string(), "runs/org/small has no importance of any interaction");
    assert_eq!(error.hint().unwrap(), "fit again with --interactions");
    // The interaction of the first two has a hundredth of the first one's importance.
    for run in &mut runs {
        let main = run.profile.importances.clone().into_iter().filter(|row| row.feature == "feature_0");
        run.profile.importances.extend(main.map(|row| Importance {
            order: Order::Interaction,
            feature: "feature_0 x feature_1".to_owned(),
            importance: row.importance / 100.0,
            ..row
        }));
    }
    let main = Comparison::of(runs.clone(), of(Order::Main)).unwrap();
    let interactions = Comparison::of(runs, of(Order::Interaction)).unwrap();
    assert_eq!(
        (main.effects.len(), interactions.effects.as_slice()),
        (3, &["feature_0 x feature_1".to_owned()][..])
    );
    let (layer, peak) = interactions.peak(2, "feature_0 x feature_1").unwrap();
    assert_eq!(layer, main.peak(2, "feature_0").unwrap().0);
    assert!((100.0 * peak.mean - main.peak(2, "feature_0").unwrap().1.mean).abs() < 1e-12);
    // 3 pairs × 1 interaction × 3 quantities, and the peak that moved is found.
    assert_eq!(interactions.differences.len(), 9);
    let moved = |d: &&Difference| (d.a, d.b, d.quantity) == (1, 2, Quantity::PeakDepth);
    assert_eq!(interactions.differences.iter().find(moved).unwrap().difference.mean, -1.0);
    assert_eq!(interactions.trajectory(0, "feature_0"), &[]);
}
