//! Encoding against scikit-learn's frozen numbers, against plain loops, and as the program runs it.

use std::fmt::Write as _;

use mlem_probe::baselines::encoding::{Encoding, EncodingParams};
use mlem_probe::mlem::Mlem;
use mlem_probe::numeric::rng::Stream;
use mlem_probe::stimuli::{Feature, FeatureTable};
use ndarray::{Array2, Axis};
use serde_json::Value;

use crate::bad_input::{npy, own_data};
use crate::workspace::Workspace;

struct Golden {
    features: FeatureTable,
    x: Array2<f32>,
    cases: Vec<Value>,
}

fn golden() -> Golden {
    let all: Value = serde_json::from_str(include_str!("../golden/encoding.json")).unwrap();
    let numbers = |name: &str| -> Vec<Option<f64>> {
        all[name].as_array().unwrap().iter().map(Value::as_f64).collect()
    };
    let levels = |name: &str, of: [&'static str; 3]| {
        let values: Vec<Option<&str>> =
            numbers(name).iter().map(|value| value.map(|x| of[x as usize])).collect();
        Feature::categorical(name, &values)
    };
    let features = vec![
        levels("two", ["a", "b", ""]),
        levels("three", ["a", "b", "c"]),
        Feature::numeric("number", numbers("number")).unwrap(),
        levels_of_units(&numbers("unit")),
    ];
    let features = FeatureTable::new(64, features).unwrap();
    let rows: Vec<Vec<f64>> = serde_json::from_value(all["y"].clone()).unwrap();
    Golden {
        features,
        x: Array2::from_shape_fn((64, rows[0].len()), |(i, j)| rows[i][j] as f32),
        cases: all["cases"].as_array().unwrap().clone(),
    }
}

fn levels_of_units(units: &[Option<f64>]) -> Feature {
    let names: Vec<Option<String>> = units.iter().map(|unit| unit.map(|unit| format!("u{unit}"))).collect();
    Feature::categorical("unit", &names)
}

fn near(ours: f64, theirs: &Value) {
    let theirs = theirs.as_f64().unwrap();
    assert!((ours - theirs).abs() < 1e-9 * theirs.abs().max(1.0), "{ours} {theirs}");
}

#[test]
fn encoding_matches_scikit_learn() {
    let Golden { features, x, cases } = golden();
    let half = |odd: usize| (0..64).filter(|i| i % 2 == odd).collect::<Vec<usize>>();
    let (train, test) = (half(0), half(1));
    let mut together = features.clone();
    together.keep_together("unit").unwrap();
    let without = |table: &FeatureTable, rows: &[usize]| {
        let mut table = table.select(rows);
        table.retain(|feature| feature.name() != "unit");
        table
    };
    let part = |rows: &[usize]| x.select(Axis(0), rows);
    for case in &cases {
        let interactions = case["interactions"].as_bool().unwrap();
        let params = Encoding::params().options(Mlem::params().interactions(interactions).permutations(0));
        let chosen = params.fit(&without(&features, &train), part(&train).view()).unwrap();
        near(chosen.penalty(), &case["chosen"]);
        let by_unit = params.fit(&without(&together, &train), part(&train).view()).unwrap();
        near(by_unit.penalty(), &case["chosen_by_unit"]);
        assert_eq!(chosen.coefficients().nrows() as u64, case["columns"].as_u64().unwrap());
        let params = params.penalties(&[case["penalty"].as_f64().unwrap()]);
        let fitted = params.fit(&without(&features, &train), part(&train).view()).unwrap();
        let held_out = without(&features, &test);
        let score = fitted.score(&held_out, part(&test).view()).unwrap();
        near(score.r_squared, &case["r2"]);
        assert_eq!((score.units, score.stimuli), (4, 32));
        let units = fitted.units(&held_out, part(&test).view()).unwrap();
        let mut sum = 0.0;
        for (k, unit) in units.iter().enumerate().take(4) {
            near(unit.r_squared, &case["unit_r2"][k]);
            near(unit.pearson, &case["unit_pearson"][k]);
            sum += unit.pearson;
        }
        assert!((score.pearson - sum / 4.0).abs() < 1e-12);
        assert!(units[4].r_squared.is_nan() && units[4].pearson.is_nan() && units[5].pearson.is_nan());
        for (k, predicted) in fitted.predict(&held_out).unwrap().row(0).iter().enumerate() {
            near(*predicted, &case["predicted"][k]);
        }
    }
}

#[test]
fn the_training_score_is_that_of_the_training_stimuli() {
    let Golden { features, x, cases } = golden();
    let mut table = features.clone();
    let halves: Vec<Option<&str>> = (0..64).map(|i| Some(["even", "odd"][i % 2])).collect();
    table.push(Feature::categorical("half", &halves)).unwrap();
    table.hold_out_by("half").unwrap();
    table.retain(|feature| !["unit", "half"].contains(&feature.name()));
    for case in &cases {
        let options = Mlem::params().interactions(case["interactions"].as_bool().unwrap());
        let params = Encoding::params().options(options).penalties(&[case["penalty"].as_f64().unwrap()]);
        // The second fold holds the odd rows out.
        let fit = params.cross_validation(&table, 2).unwrap().fit(x.view()).unwrap().remove(1);
        near(fit.scored.r_squared, &case["r2"]);
        near(fit.trained.unwrap(), &case["trained"]);
    }
}

/// What the importances of a fitted model are, by permuting the table itself.
fn by_hand(params: &EncodingParams, table: &FeatureTable, x: &Array2<f32>) -> Vec<f64> {
    let fitted = params.fit(table, x.view()).unwrap();
    let n = table.n_stimuli();
    let score = |table: &FeatureTable| {
        let predicted = fitted.predict(table).unwrap();
        let truth = x.mapv(f64::from);
        let mean = truth.mean_axis(Axis(0)).unwrap();
        let errors: f64 = (&truth - &predicted).mapv(|e| e * e).sum();
        1.0 - errors / (&truth - &mean).mapv(|d| d * d).sum()
    };
    let baseline = score(table);
    let mut drops = vec![0.0; 7];
    for permutation in 0..5 {
        let mut stream = Stream::new(0, &format!("given permutation {permutation}"));
        let moved: Vec<Feature> = table
            .iter()
            .map(|feature| {
                let mut order: Vec<usize> = (0..n).collect();
                stream.shuffle(&mut order);
                feature.select(&order)
            })
            .collect();
        let mut order: Vec<usize> = (0..n).collect();
        Stream::new(0, &format!("given groups permutation {permutation}")).shuffle(&mut order);
        let with = |which: &[usize], from: &dyn Fn(usize) -> Feature| {
            let features =
                (0..3).map(|k| if which.contains(&k) { from(k) } else { table.feature(k).clone() });
            baseline - score(&FeatureTable::new(n, features.collect()).unwrap())
        };
        let alone = |which: &[usize]| with(which, &|k| moved[k].clone());
        let mains: Vec<f64> = (0..3).map(|k| alone(&[k])).collect();
        let mut of = mains.clone();
        for (a, b) in [(0, 1), (0, 2), (1, 2)] {
            of.push(alone(&[a, b]) - mains[a] - mains[b]);
        }
        of.push(with(&[0, 2], &|k| table.feature(k).select(&order)));
        drops.iter_mut().zip(of).for_each(|(sum, drop)| *sum += drop / 5.0);
    }
    drops
}

#[test]
fn importances_are_what_permuting_the_table_loses() {
    let Golden { mut features, x, .. } = golden();
    features.retain(|feature| feature.name() != "unit");
    // Constant units count in neither sum.
    let x = x.select(Axis(1), &[0, 1, 2, 3]);
    let group = mlem_probe::mlem::FeatureGroup {
        name: "both".to_owned(),
        members: vec!["two".to_owned(), "number".to_owned()],
    };
    let options = Mlem::params().interactions(true).groups(vec![group]);
    let params = Encoding::params().options(options).penalties(&[3.0]);
    let fitted = params.fit(&features, x.view()).unwrap();
    let found = fitted.importance(&features, x.view()).unwrap();
    let expected = by_hand(&params, &features, &x);
    let names: Vec<&str> = found.iter().map(|of| of.name.as_str()).collect();
    assert_eq!(names, ["two", "three", "number", "two x three", "two x number", "three x number", "both"]);
    for (found, expected) in found.iter().zip(expected) {
        assert!((found.importance - expected).abs() < 1e-10, "{found:?} {expected}");
    }
    // The sums of squares of units add up to those of all.
    let units = fitted.units(&features, x.view()).unwrap();
    let deviations: Vec<f64> = (0..4)
        .map(|k| {
            let column = x.column(k).mapv(f64::from);
            let mean = column.mean().unwrap();
            column.mapv(|y| (y - mean).powi(2)).sum()
        })
        .collect();
    for (k, of) in found.iter().enumerate() {
        let sum: f64 = units.iter().zip(&deviations).map(|(unit, d)| unit.importances[k] * d).sum();
        assert!((sum / deviations.iter().sum::<f64>() - of.importance).abs() < 1e-10);
    }
}

#[test]
fn nothing_of_the_held_out_stimuli_is_in_a_fit() {
    let Golden { mut features, x, .. } = golden();
    features.retain(|feature| feature.name() != "unit");
    let validation = Encoding::params().cross_validation(&features, 4).unwrap();
    let fold_of = features.folds(4, 0);
    let mut spoilt = x.clone();
    let mut stream = Stream::new(1, "spoilt");
    for i in (0..64).filter(|&i| fold_of[i] == 1) {
        spoilt.row_mut(i).mapv_inplace(|_| 10.0 * stream.normal() as f32);
    }
    let (a, b) = (validation.fit(x.view()).unwrap(), validation.fit(spoilt.view()).unwrap());
    assert_eq!((a[1].penalty, a[1].trained), (b[1].penalty, b[1].trained));
    assert!(a[1].scored.r_squared != b[1].scored.r_squared && a[0].trained != b[0].trained);
}

#[test]
fn it_finds_what_was_put_in_and_nothing_else() {
    let n = 240;
    let mut stream = Stream::new(5, "put in");
    let codes: Vec<[usize; 3]> = (0..n).map(|_| [0; 3].map(|_: usize| stream.index(2))).collect();
    let column = |k: usize| {
        let values: Vec<_> = codes.iter().map(|code| Some(["a", "b"][code[k]])).collect();
        Feature::categorical(["x", "y", "z"][k], &values)
    };
    let features = FeatureTable::new(n, (0..3).map(column).collect()).unwrap();
    // The first five units have x, the next five whether x and y differ, the others noise.
    let activations = Array2::from_shape_fn((n, 40), |(i, unit)| {
        let [x, y, _] = codes[i];
        let signal = if unit < 5 {
            x as f64
        } else if unit < 10 {
            f64::from(u8::from(x != y))
        } else {
            0.0
        };
        (2.0 * signal + 0.5 * stream.normal()) as f32
    });
    let options = Mlem::params().interactions(true);
    let fits = Encoding::params().options(options).cross_validation(&features, 5).unwrap();
    for fit in fits.fit(activations.view()).unwrap() {
        let [x, y, z, xy, xz, yz] = &fit.importances[..] else { panic!() };
        assert!(x.importance > 0.3 && y.importance > 0.15 && z.importance.abs() < 0.02, "{fit:?}");
        // Permuting either of two loses what only both tell: an interaction is below 0 where neither alone says anything.
        assert!(xy.importance < -0.1 && xz.importance.abs() < 0.02 && yz.importance.abs() < 0.02, "{fit:?}");
        // 5 (1) + 5 (1) of 10 (1.25) + 30 (.25), less noise.
        assert!((fit.scored.r_squared - 0.5).abs() < 0.1, "{}", fit.scored.r_squared);
        assert!(fit.units[0].r_squared > 0.7 && fit.units[39].r_squared < 0.05);
    }
}

fn workspace(n: usize) -> Workspace {
    let (features, activations) = own_data(n, 6);
    let w = Workspace::new();
    w.write("f.csv", features).write("a.npy", activations);
    w
}

#[test]
fn a_run_of_encoding_has_its_tables_and_its_words() {
    let w = workspace(64);
    let command = "fit f.csv a.npy -o out --quiet --folds 4 --estimator encoding --interactions --per-unit";
    let table = w.ok(command);
    let words = table.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("drop in R² (pooled over units)") && words.contains("R², test"), "{table}");
    let scores = w.read("out/scores.csv");
    assert!(scores.starts_with("layer,fold,split,score,stimuli\n"), "{scores}");
    assert_eq!(scores.lines().filter(|row| row.contains(",train,")).count(), 4, "{scores}");
    let own = w.read("out/encoding.csv");
    assert!(own.starts_with("layer,fold,r2,pearson,penalty,columns,units,stimuli\n"), "{own}");
    assert_eq!(own.lines().count(), 5);
    let units = w.read("out/encoding_units.csv");
    assert!(
        units.starts_with("layer,unit,r2,r2_sd,pearson,pearson_sd,feature,order,importance,sd\n"),
        "{units}"
    );
    let run: Value = serde_json::from_str(&w.read("out/run.json")).unwrap();
    assert_eq!(run["options"]["permute"], "stimuli");
    assert!(run["options"].get("distance").is_none() && run["files"].get("encoding.csv").is_some());
    let page = w.read("out/report.html");
    for word in [
        "ridge regression",
        "naselaris2011encoding",
        "products of the columns",
        "each training stimulus was left out",
    ] {
        assert!(page.contains(word), "{word}");
    }
    assert_eq!(w.ok(command), table);
    assert_eq!(w.ok("report out --quiet"), table);
    let permuted = w.ok("fit f.csv a.npy -o again --quiet --folds 4 --estimator encoding --permute stimuli");
    assert!(permuted.contains("R², test"));
    w.ok("fit f.csv a.npy -o one --quiet --folds 1 --estimator encoding --permutations 0 --map 0");
    let whole = w.read("one/scores.csv");
    assert_eq!(whole.lines().filter(|row| row.contains(",train,")).count(), 1, "{whole}");
}

#[test]
fn what_encoding_cannot_do_is_said_with_what_to_do() {
    let w = workspace(24);
    let constant = npy(&[24, 3], &[1.5; 72]);
    w.write("same.npy", constant);
    let said = w.transcript("fit f.csv same.npy -o same --estimator encoding --map 0 --folds 3");
    assert!(said.contains("folds 0, 1 and 2: no score, because no unit varies"), "{said}");
    let mut table = String::new();
    for (i, row) in w.read("f.csv").lines().enumerate() {
        let who = ["w0", "w1"][i % 2];
        let _ = writeln!(table, "{row},{}", if i == 0 { "who" } else { who });
    }
    w.write("units.csv", table);
    for (command, code, message, hint) in [
        (
            "f.csv a.npy --permute pairs",
            2,
            "--permute pairs is an option of --estimator mlem and frrsa",
            "leave it out",
        ),
        ("f.csv a.npy --null 9", 2, "--null is an option of --estimator mlem", "leave it out"),
        ("f.csv a.npy --distance cosine", 2, "--distance is an option of", "leave it out"),
        ("f.csv a.npy --missing one", 2, "--missing is an option of", "leave it out"),
        ("units.csv a.npy --unit who --folds 2", 1, "fold 0 is trained on a single unit", "--unit"),
        ("f.csv a.npy --group all=nothing", 1, "no feature is called `nothing`", "give names"),
    ] {
        let said = w.transcript(&format!("fit {command} -o out --force --map 0 --estimator encoding"));
        assert!(said.starts_with(&format!("exit code {code}")), "{said}");
        assert!(said.contains(message) && said.contains(hint), "{said}");
    }
}

#[test]
fn several_estimators_stand_side_by_side_on_the_same_folds() {
    let w = workspace(64);
    let command = "fit f.csv a.npy -o out --folds 4 --map 0 --interactions --estimator mlem,frrsa,rsa,decoding,encoding";
    let said = w.transcript(command);
    assert!(said.contains("rsa has no --interactions, and is fitted without"), "{said}");
    assert!(said.contains("5 estimators on the same folds") && said.contains("best fit, held-out"), "{said}");
    let table = w.read("out/estimators.csv");
    assert!(table.starts_with("layer,fold,split,estimator,score,measure,seconds\n"), "{table}");
    for (estimator, measure) in [
        ("mlem", "spearman"),
        ("frrsa", "spearman"),
        ("rsa", "spearman"),
        ("decoding", "skill"),
        ("encoding", "r2"),
    ] {
        // Its run directory is that of the estimator alone.
        let own = if ["rsa", "decoding"].contains(&estimator) { "" } else { "--interactions" };
        w.ok(&format!(
            "fit f.csv a.npy -o alone/{estimator} --quiet --folds 4 --map 0 --estimator {estimator} {own}"
        ));
        for file in ["scores.csv", "importance.csv", "stimuli.csv"] {
            let (a, b) = (format!("out/{estimator}/{file}"), format!("alone/{estimator}/{file}"));
            assert_eq!(w.read(&a), w.read(&b), "{estimator} {file}");
        }
        let scores = w.read(&format!("out/{estimator}/scores.csv"));
        for row in scores.lines().skip(1) {
            let cells: Vec<&str> = row.split(',').collect();
            let same = format!("{},{},{},{estimator},{},{measure},", cells[0], cells[1], cells[2], cells[3]);
            assert!(table.lines().any(|row| row.starts_with(&same)), "{same} in {table}");
        }
    }
    let page = w.read("out/estimators.html");
    for word in ["encoding (R²)", "mlem (Spearman)", "decoding/report.html", "Estimators side by side"] {
        assert!(page.contains(word), "{word}");
    }
    let again = w.ok(&format!("{command} --quiet"));
    assert!(again.contains("5 estimators"));
    // A folder is found where one is asked for: the same for the same, another for another run.
    let auto = |options: &str| {
        let command = format!("fit f.csv a.npy -o auto --quiet --map 0 --estimator rsa,decoding {options}");
        w.ok(&command).lines().filter_map(|line| line.strip_prefix("estimators: ")).collect::<String>()
    };
    for (options, folder) in
        [("--folds 4", "f-a"), ("--folds 3", "f-a-2"), ("--folds 4", "f-a"), ("--folds 3", "f-a-2")]
    {
        assert_eq!(auto(options), format!("runs/{folder}/estimators.csv"), "{options}");
    }
    // One run in the place of several leaves nothing that speaks of these.
    w.ok("fit f.csv a.npy -o runs/f-a-2 --force --quiet --map 0 --estimator rsa");
    let left = crate::workspace::names(&w.path("runs/f-a-2"));
    assert!(left.iter().all(|name| !name.starts_with("estimators")), "{left:?}");
    let json: Value = w
        .ok("fit f.csv a.npy -o two --quiet --folds 4 --map 0 --json --estimator rsa,encoding")
        .split_inclusive("\n}\n")
        .last()
        .map(|last| serde_json::from_str(last).unwrap())
        .unwrap();
    assert_eq!(json["runs"][1]["score"], "r2");
    for (command, message, hint) in [
        ("-o alone/mlem --estimator mlem,rsa", "alone/mlem has a run.json", "--force"),
        ("-o out --estimator mlem", "out has estimators.csv, which is of no run", "-o DIR"),
        ("-o new --estimator rsa,decoding --interactions", "--interactions is an option of", "leave it out"),
        ("-o new --estimator rsa,deco", "invalid value 'deco'", "possible values"),
        ("-o new --estimator frrsa,mlem --folds 2", "2 folds leave no cross-validation", "--folds 3"),
    ] {
        let said = w.transcript(&format!("fit f.csv a.npy --map 0 {command}"));
        assert!(said.contains(message) && said.contains(hint), "{said}");
    }
}
