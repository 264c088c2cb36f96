//! Scores by Pearson's correlation and by squared error: against loops over pairs in NumPy, and wherever the program shows them.

use std::fs;

use mlem_probe::baselines::frrsa::FrRsa;
use mlem_probe::baselines::rsa::Rsa;
use mlem_probe::mlem::{Constraint, Missing, Mlem, MlemParams, PairBudget, Scoring, Target};
use mlem_probe::stimuli::{Feature, FeatureTable};
use ndarray::{Array2, ArrayView2};

use crate::bad_input::npy;
use crate::workspace::Workspace;

const N: usize = 30;

/// The stimuli of scoring.py.
fn features() -> FeatureTable {
    let text = |values: Vec<Option<String>>, name: &str| {
        Feature::categorical(name, &values.iter().map(Option::as_deref).collect::<Vec<_>>())
    };
    let number = (0..N).map(|i| Some(["sg", "pl"][i * 7 % 5 % 2].to_owned())).collect();
    let tense = (0..N).map(|i| (i % 11 != 3).then(|| ["past", "pres", "fut"][i * i % 7 % 3].to_owned()));
    let length = (0..N).map(|i| Some((i * i * 3 % 17) as f64 / 4.0)).collect();
    let fold = (0..N).map(|i| Some((i % 3).to_string())).collect();
    let all = vec![
        text(number, "number"),
        text(tense.collect(), "tense"),
        Feature::numeric("length", length).unwrap(),
        text(fold, "fold"),
    ];
    let mut table = FeatureTable::new(N, all).unwrap();
    table.hold_out_by("fold").unwrap();
    table.retain(|feature| feature.name() != "fold");
    table
}

/// The activations of scoring.py.
fn activations(repeat: usize) -> Array2<f32> {
    Array2::from_shape_fn((N, 4), |(i, unit)| {
        let noise = (i * i * (3 + repeat) + 5 * i * unit + 11 * unit * unit + 7 * repeat) % 13;
        let past = i % 11 == 3 || i * i % 7 % 3 == 0;
        let signal = match unit {
            0 => 9.0 * f64::from(u8::from(i * 7 % 5 % 2 == 0)),
            1 => 6.0 * f64::from(u8::from(past)),
            2 => ((i * i * 3 % 17) as f64 / 2.0).round_ties_even(),
            _ => 0.0,
        };
        (noise as f64 + signal) as f32
    })
}

fn near(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() < 1e-6, "{what}: {found}, expected {expected}");
}

#[test]
fn scores_are_those_of_numpy() {
    let (features, x) = (features(), activations(0));
    // Of each fold Pearson on the held-out and on the training pairs, then R² on both: scoring.py, NumPy 2.4.6 and SciPy 1.17.1.
    let frozen = [
        (
            (false, Target::Squared, Missing::Zero),
            [
                [0.360_404_445, 0.295_744_558, 0.129_391_517, 0.087_464_843],
                [0.156_948_142, 0.414_543_980, -0.430_614_322, 0.171_846_711],
                [0.477_814_666, 0.187_519_542, -0.065_790_861, 0.035_163_579],
            ],
        ),
        (
            (true, Target::Squared, Missing::Zero),
            [
                [0.309_790_572, 0.299_391_885, 0.093_863_203, 0.089_635_501],
                [0.136_938_204, 0.438_308_609, -0.634_420_623, 0.192_114_437],
                [0.335_765_010, 0.233_449_563, -0.055_495_895, 0.054_498_699],
            ],
        ),
        (
            (false, Target::Rank, Missing::Zero),
            [
                [0.321_977_270, 0.250_989_276, 0.099_119_555, 0.062_995_616],
                [0.159_505_746, 0.386_987_003, -0.061_858_985, 0.149_758_940],
                [0.446_349_840, 0.163_904_121, 0.108_063_944, 0.026_864_561],
            ],
        ),
        (
            (true, Target::Rank, Missing::One),
            [
                [0.327_340_858, 0.259_412_106, 0.101_267_466, 0.067_294_641],
                [0.174_481_830, 0.394_616_792, -0.055_567_739, 0.155_722_412],
                [0.341_560_108, 0.212_419_195, 0.100_296_928, 0.045_121_914],
            ],
        ),
    ];
    for ((interactions, target, missing), folds) in frozen {
        let constraint = if interactions { Constraint::None } else { Constraint::Spd };
        for (scoring, [test, train]) in [(Scoring::Pearson, [0, 1]), (Scoring::SquaredError, [2, 3])] {
            let params = Mlem::params().interactions(interactions).target(target).missing(missing);
            let params = params.constraint(constraint).scoring(scoring).permutations(0);
            let fits = params.cross_validation(&features, 3).unwrap().fit(x.view()).unwrap();
            for (fit, expected) in fits.iter().zip(folds) {
                let what = format!("{params:?} fold {}", fit.fold);
                near(fit.scored.value.unwrap(), expected[test], &what);
                near(fit.trained.unwrap().value.unwrap(), expected[train], &what);
                near(fit.objective, expected[1], &what);
            }
        }
    }
}

#[test]
fn rsa_correlations_are_those_of_numpy() {
    // The sum, each feature, and what is left of it: scoring.py.
    let frozen = [
        [
            0.259_312_822,
            0.321_206_212,
            -0.053_751_811,
            0.303_113_108,
            0.400_900_774,
            -0.169_163_660,
            0.390_138_925,
        ],
        [
            0.156_000_309,
            0.241_247_524,
            0.000_085_066,
            -0.036_781_196,
            0.257_982_110,
            0.011_377_628,
            -0.099_513_571,
        ],
        [
            0.467_986_050,
            0.417_469_396,
            0.156_351_235,
            0.185_597_033,
            0.477_978_307,
            0.180_062_873,
            0.234_406_498,
        ],
    ];
    let (features, x) = (features(), activations(0));
    let rsa = |scoring| Rsa::params().options(Mlem::params().scoring(scoring));
    let fits = rsa(Scoring::Pearson).cross_validation(&features, 3).unwrap().fit(x.view()).unwrap();
    for (fit, expected) in fits.iter().zip(frozen) {
        near(fit.scored.value.unwrap(), expected[0], "sum");
        for (k, feature) in fit.features.iter().enumerate() {
            near(feature.correlation, expected[1 + k], &feature.name);
            near(feature.partial, expected[4 + k], &feature.name);
        }
    }
    let refused = rsa(Scoring::SquaredError).cross_validation(&features, 3).map(drop).unwrap_err();
    assert!(refused.to_string().contains("which fits no scale"), "{refused}");
}

#[test]
fn ceilings_are_those_of_numpy() {
    // Lower bound, upper bound and model of each fold, by Pearson and by R²: scoring.py.
    let frozen = [
        [[0.052_613_068, 0.598_012_883, 0.376_668_369], [0.005_752_749, 0.365_921_838, 0.135_469_793]],
        [[0.203_175_297, 0.658_732_525, 0.410_978_057], [0.048_161_543, 0.444_824_199, 0.057_728_606]],
        [[0.226_310_829, 0.666_474_682, 0.462_722_508], [0.064_965_898, 0.469_362_792, 0.056_624_906]],
    ];
    let features = features();
    let repeats: Vec<Array2<f32>> = (0..3).map(activations).collect();
    let views: Vec<ArrayView2<'_, f32>> = repeats.iter().map(|repeat| repeat.view()).collect();
    let mean = (&repeats[0] + &repeats[1] + &repeats[2]) / 3.0;
    for (kind, scoring) in [Scoring::Pearson, Scoring::SquaredError].into_iter().enumerate() {
        let validation =
            Mlem::params().permutations(0).scoring(scoring).cross_validation(&features, 3).unwrap();
        let fits = validation.fit(mean.view()).unwrap();
        let weights: Vec<Array2<f64>> = fits.into_iter().map(|fit| fit.weights).collect();
        for (found, expected) in validation.ceiling(&views, &weights).unwrap().iter().zip(frozen) {
            let [lower, upper, model] = expected[kind];
            near(found.lower.unwrap(), lower, "lower");
            near(found.upper.unwrap(), upper, "upper");
            near(found.model.unwrap(), model, "model");
            assert_eq!(found.pairs, 45);
        }
    }
}

/// What the methods of the paper's estimators give on all stimuli.
fn on_all(params: &MlemParams, features: &FeatureTable, x: &Array2<f32>) -> f64 {
    let fitted = params.fit(features, x.view()).unwrap();
    fitted.score(features, x.view()).unwrap().value.unwrap()
}

#[test]
fn on_the_training_pairs_pearson_is_the_objective_and_r_squared_its_square() {
    let (features, x) = (features(), activations(1));
    for target in [Target::Squared, Target::Rank] {
        let params = Mlem::params().target(target).interactions(true);
        let objective = params.fit(&features, x.view()).unwrap().objective();
        near(on_all(&params.clone().scoring(Scoring::Pearson), &features, &x), objective, "Pearson");
        let r_squared = on_all(&params.scoring(Scoring::SquaredError), &features, &x);
        near(r_squared, objective * objective, "R²");
    }
    // The same of a ridge, whose weights are others.
    let fitted = |scoring| {
        let options = Mlem::params().scoring(scoring).pairs(PairBudget::All);
        let fitted = FrRsa::params().options(options).fractions(&[0.5]).fit(&features, x.view()).unwrap();
        (fitted.score(&features, x.view()).unwrap().value.unwrap(), fitted.model().objective())
    };
    let ((pearson, objective), (r_squared, _)) = (fitted(Scoring::Pearson), fitted(Scoring::SquaredError));
    near(pearson, objective, "Pearson");
    near(r_squared, objective * objective, "R²");
}

#[test]
fn what_is_not_defined_has_no_score_and_is_said() {
    let features = features();
    let flat = Array2::from_elem((N, 3), 0.1f32);
    for scoring in [Scoring::Pearson, Scoring::SquaredError] {
        let params = Mlem::params().scoring(scoring);
        let fits = params.cross_validation(&features, 3).unwrap().fit(flat.view()).unwrap();
        for fit in &fits {
            assert!(
                fit.scored.value.is_err() && fit.warnings[0].to_string().contains("all neural distances")
            );
            assert!(fit.importances.iter().all(|term| term.importance.is_nan()));
        }
        // A feature that does not vary in a fold: there is nothing to be scored, though a line predicts something.
        let column: Vec<Option<&str>> = (0..N).map(|i| Some(if i == 1 { "b" } else { "a" })).collect();
        let fold: Vec<Option<&str>> = (0..N).map(|i| Some(["x", "y"][i % 2])).collect();
        let both = vec![Feature::categorical("rare", &column), Feature::categorical("fold", &fold)];
        let mut rare = FeatureTable::new(N, both).unwrap();
        rare.hold_out_by("fold").unwrap();
        rare.retain(|feature| feature.name() != "fold");
        let fits = params.cross_validation(&rare, 2).unwrap().fit(activations(0).view()).unwrap();
        assert!(fits[0].scored.value.is_err(), "{fits:?}");
        assert!(fits[0].warnings[0].to_string().contains("all modelled distances"), "{fits:?}");
    }
}

#[test]
fn what_nothing_explains_has_an_r_squared_of_no_more_than_nothing() {
    // Distances fall where the feature differs: no slope, and the mean of the training pairs is predicted.
    let column: Vec<Option<&str>> = (0..N).map(|i| Some(["a", "b"][i % 2])).collect();
    let fold: Vec<Option<&str>> = (0..N).map(|i| Some(["x", "y", "z"][i / 2 % 3])).collect();
    let both = vec![Feature::categorical("odd", &column), Feature::categorical("fold", &fold)];
    let mut table = FeatureTable::new(N, both).unwrap();
    table.hold_out_by("fold").unwrap();
    table.retain(|feature| feature.name() != "fold");
    let x = Array2::from_shape_fn((N, 1), |(i, _)| (i / 2) as f32 * if i % 4 < 2 { 1.0 } else { -1.0 });
    let params = Mlem::params().scoring(Scoring::SquaredError);
    for fit in params.cross_validation(&table, 3).unwrap().fit(x.view()).unwrap() {
        let score = fit.scored.value.unwrap();
        assert!((-0.5..=1e-12).contains(&score), "{score}");
        assert!(
            fit.warnings.iter().any(|warning| warning.to_string().contains("no feature's distance grows"))
        );
        assert_eq!(fit.importances[0].importance, 0.0);
    }
}

fn own_data(w: &Workspace) {
    let rows = (0..60).map(|i| {
        let size = if i % 13 == 4 { String::new() } else { (i * i % 11).to_string() };
        format!("{},{},{size}\n", ["sg", "pl"][i % 2], ["m", "f", "n"][i / 2 % 3])
    });
    w.write("f.csv", "number,gender,word size\n".to_owned() + &rows.collect::<String>());
    for k in 0..3 {
        let cell = |cell: usize| {
            let (i, unit) = (cell / 5, cell % 5);
            let noise = (cell * cell * (k + 3) + 17 * cell) % 101;
            let signal = [2 * (i % 2), i / 2 % 3, 0, 0, 0][unit];
            signal as f32 + noise as f32 / 60.0
        };
        w.write(&format!("{k}.npy"), npy(&[60, 5], &(0..300).map(cell).collect::<Vec<f32>>()));
    }
}

#[test]
fn the_word_spearman_stands_beside_no_other_number() {
    let w = Workspace::new();
    own_data(&w);
    for (scoring, name, label) in [("pearson", "pearson", "Pearson"), ("squared-error", "r2", "R²")] {
        let mut commands = vec![(
            format!(
                "fit f.csv 0.npy --repeat 1.npy --repeat 2.npy --null 19 --bootstrap 5 --per-unit --interactions --group both=number,gender \
                 --permute stimuli --scoring {scoring} -o {name}"
            ),
            vec![name.to_owned()],
        )];
        let others = if scoring == "pearson" { "frrsa,rsa" } else { "frrsa,mlem" };
        let folders = others.split(',').map(|of| format!("several-{name}/{of}")).collect();
        commands.push((
            format!("fit f.csv 0.npy --estimator {others} --scoring {scoring} --folds 3 -o several-{name}"),
            folders,
        ));
        for (command, folders) in commands {
            let shown = w.ok(&command);
            assert!(!shown.to_lowercase().contains("spearman"), "{shown}");
            assert!(shown.contains(&format!("{label}, test")), "{shown}");
            for folder in folders {
                for entry in fs::read_dir(w.path(&folder)).unwrap() {
                    let path = entry.unwrap().path();
                    if path.is_file() {
                        let text = String::from_utf8(fs::read(&path).unwrap()).unwrap().to_lowercase();
                        let at = text.find("spearman");
                        let around = at.map(|at| text[..at].chars().rev().take(90).collect::<String>());
                        assert!(at.is_none(), "{}: {around:?}", path.display());
                    }
                }
                let scores = w.read(&format!("{folder}/scores.csv"));
                assert!(scores.starts_with(&format!("layer,fold,split,{name},pairs\n")), "{scores}");
                // The tables are enough for the same.
                let again = w.ok(&format!("report {folder}"));
                assert!(again.contains(&format!("{label}, test")) && !again.contains("pearman"), "{again}");
            }
        }
        assert!(w.read(&format!("{name}/statistics.csv")).contains(&format!("\n0,{name},score,")));
        assert!(w.read(&format!("{name}/units.csv")).starts_with(&format!("layer,unit,{name},{name}_sd,")));
        let json: serde_json::Value = serde_json::from_str(&w.ok(&format!("report {name} --json"))).unwrap();
        assert!(json[name].is_array() && json["spearman"].is_null(), "{json}");
        let several = w.read(&format!("several-{name}/estimators.csv"));
        assert!(several.lines().skip(1).all(|line| line.contains(&format!(",{name},"))), "{several}");
    }
    // Runs of other scores are not on one scale.
    w.ok("fit f.csv 0.npy -o ranks --map 0");
    let said = w.transcript("compare ranks pearson -o both");
    assert!(
        said.contains("the score differs, so that importances are not on one scale: scoring is spearman in ranks, pearson in pearson"),
        "{said}"
    );
    assert!(said.contains("drop in the score (Spearman in ranks, Pearson in pearson)"), "{said}");
    assert!(said.contains(" at 0 (Spearman)") && said.contains(" at 0 (Pearson)"), "{said}");
    assert!(said.contains("differences are not tested") && !said.contains("matters more"), "{said}");
    assert!(
        w.read("both/compare.html").contains("drop in the score (Spearman in ranks, Pearson in pearson)")
    );
    // Nor are those of estimators with scores of their own; controls beside a run change nothing of it.
    w.ok("fit f.csv 0.npy -o decoded --map 0 --estimator decoding");
    let said = w.transcript("compare ranks decoded -o both");
    assert!(said.contains("by its own estimator, whose scores are Spearman in ranks, "), "{said}");
}

#[test]
fn measures_that_an_estimator_lacks_are_refused_with_what_to_do() {
    let w = Workspace::new();
    own_data(&w);
    let fails = |options: &str| {
        let said = w.transcript(&format!("fit f.csv 0.npy -o out {options}"));
        assert!(said.starts_with("exit code 2"), "{said}");
        said
    };
    for estimator in ["decoding", "encoding"] {
        for scoring in ["spearman", "pearson"] {
            let said = fails(&format!("--estimator {estimator} --scoring {scoring}"));
            assert!(said.contains("--scoring is an option of --estimator mlem, frrsa and rsa"), "{said}");
        }
    }
    let said = fails("--estimator rsa --scoring squared-error");
    assert!(said.contains("--scoring squared-error is an option of --estimator mlem and frrsa"), "{said}");
    let said = fails("--scoring kendall");
    assert!(said.contains("spearman") && said.contains("squared-error"), "{said}");
    // Of several, those that lack it are fitted without, and that is said.
    let said = w.transcript(
        "fit f.csv 0.npy --estimator mlem,rsa,decoding --scoring squared-error --folds 2 --map 0 -o mixed",
    );
    assert!(said.contains("rsa has no --scoring squared-error, and is fitted without"), "{said}");
    assert!(said.contains("decoding has no --scoring squared-error, and is fitted without"), "{said}");
    let table = w.read("mixed/estimators.csv");
    for row in [",mlem,", ",rsa,", ",decoding,"].into_iter().zip([",r2,", ",spearman,", ",skill,"]) {
        assert!(table.lines().any(|line| line.contains(row.0) && line.contains(row.1)), "{table}");
    }
}
