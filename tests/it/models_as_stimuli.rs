//! `probe compare --metadata`, and `probe simulate --oracle`.

use std::fmt::Write as _;

use crate::bad_input::npy;
use crate::workspace::Workspace;

/// Nine runs over the same stimuli: those of family `a` have one feature in their numbers, the others the other.
fn runs() -> Workspace {
    let w = Workspace::new();
    let mut table = "number,gender\n".to_owned();
    for i in 0..32 {
        let _ = writeln!(table, "{},{}", ["sg", "pl"][i % 2], ["f", "m"][i / 2 % 2]);
    }
    w.write("s.csv", table);
    let mut models = "model,family,year,size,name\n".to_owned();
    for model in 0..9usize {
        let values: Vec<f32> = (0..32 * 4)
            .map(|at| {
                let (i, unit) = (at / 4, at % 4);
                let noise = ((i * 37 + unit * 11 + model * 53 + i * i * 7) % 29) as f32 / 29.0;
                let told = if model % 3 == 0 { i % 2 } else { i / 2 % 2 };
                noise + if unit < 2 { 2.0 * told as f32 } else { 0.0 }
            })
            .collect();
        w.write(&format!("m{model}.npy"), npy(&[32, 4], &values));
        w.ok(&format!("fit s.csv m{model}.npy -o runs/m{model} -q --map 0 --folds 2"));
        let family = if model % 3 == 0 { "a" } else { "b" };
        let _ = writeln!(models, "m{model},{family},{},{}.5,n{model}", 2018 + model * 4 % 7, model % 4);
    }
    w.write("models.csv", models);
    w
}

#[test]
fn models_are_fitted_by_their_metadata() {
    let w = runs();
    let folders = (0..9).map(|k| format!("runs/m{k}")).collect::<Vec<_>>().join(" ");
    let compare = format!("compare {folders} -o c --draws 20");
    let said = w.transcript(&format!("{compare} --metadata models.csv --metadata-draws 199"));
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("Models as stimuli: 9 models by 3 features of models.csv"), "{said}");
    assert!(said.contains("for each model: name") && said.contains("199 relabellings"), "{said}");
    let rows = w.read("c/metadata.csv");
    let row = |begins: &str| rows.lines().find(|line| line.starts_with(begins)).unwrap().to_owned();
    let cells = |begins: &str| row(begins).split(',').map(str::to_owned).collect::<Vec<String>>();
    let number = |begins: &str, at: usize| cells(begins)[at].parse::<f64>().unwrap();
    assert!(
        number(",family,main,importance", 4) > 0.3 && number(",family,main,importance", 7) < 0.05,
        "{rows}"
    );
    assert!(number(",,,spearman", 4) > number("family,,,spearman", 4) + 0.2, "{rows}");
    assert!(rows.contains("year,family,main,importance,") && rows.contains("size,,,spearman,"), "{rows}");
    assert!(w.read("c/compare.html").contains("id=\"metadata\""));
    // The same again, by other names, in groups, and with other distances.
    w.ok(&format!("{compare} -q --metadata models.csv --metadata-draws 199"));
    assert_eq!(rows, w.read("c/metadata.csv"));
    let words = "--metadata-draws 0 --metadata-drop name --metadata-group when=year,size";
    for distance in ["vector", "matched-depth"] {
        let said = w
            .ok(&format!("{compare} --json -q --metadata models.csv --metadata-distance {distance} {words}"));
        let told: serde_json::Value = serde_json::from_str(&said).unwrap();
        let found = &told["metadata"];
        assert_eq!(found["distance"], distance);
        assert!(found["p"].is_null() && found["spearman"].as_f64().unwrap() > 0.4, "{found}");
        assert_eq!(found["features"][3]["order"], "group");
    }
    w.write("named.csv", w.read("models.csv").replace("model,", "who,").replace("m4,", "four,"));
    let labels = "--labels m0,m1,m2,m3,four,m5,m6,m7,m8";
    w.ok(&format!("{compare} -q {labels} --metadata named.csv --metadata-name who --metadata-draws 9"));
    // A comparison without it leaves none behind.
    w.ok(&format!("{compare} -q"));
    assert!(!w.path("c/metadata.csv").exists() && !w.read("c/compare.html").contains("id=\"metadata\""));
}

#[test]
fn metadata_that_cannot_be_used_is_said() {
    let w = runs();
    let folders = (0..9).map(|k| format!("runs/m{k}")).collect::<Vec<_>>().join(" ");
    let models = w.read("models.csv");
    w.write("lacking.csv", models.replace("m3,", "m33,"));
    w.write("twice.csv", models.clone() + "m3,a,2019,1,x\n");
    w.write(
        "same.csv",
        "model,family\n".to_owned() + &(0..9).map(|k| format!("m{k},a\n")).collect::<Vec<_>>().concat(),
    );
    w.write("nan.csv", models.replace("m3,a", "m3,"));
    for (options, says, hint) in [
        ("--metadata lacking.csv", "lacking.csv has no row of m3", "did you mean m"),
        ("--metadata twice.csv", "has `m3` twice", "--labels"),
        ("--metadata same.csv", "tells the models apart", "a family, a size, a year"),
        ("--metadata none.csv", "none.csv", ""),
        ("--metadata models.csv --metadata-name modell", "no column is called `modell`", "--metadata-name"),
        ("--metadata models.csv --metadata-drop familly", "familly", "did you mean family?"),
        ("--metadata models.csv --metadata-group g=nothing", "nothing", ""),
        ("--metadata models.csv --metadata-distance dtww", "dtww", "write dtw"),
        ("--metadata-drop family", "--metadata", ""),
    ] {
        let said = w.transcript(&format!("compare {folders} -o bad --draws 5 {options}"));
        assert!(said.contains(says) && said.contains(hint), "{options}: {said}");
        assert!(!w.path("bad/metadata.csv").exists(), "{options}");
    }
    // A gap is missing, not a value; two runs are too few.
    w.ok(&format!("compare {folders} -o gap -q --draws 5 --metadata nan.csv --metadata-draws 19"));
    let said = w.transcript("compare runs/m0 runs/m1 -o bad --metadata models.csv");
    assert!(said.contains("2 models are too few") && said.contains("leave --metadata out"), "{said}");
}

#[test]
fn worlds_are_asked_of_every_estimator() {
    let w = Workspace::new();
    let of = "simulate --oracle -o o --stimuli 60 --features 6 --dims 12 --seeds 2 --noise 0,1 --folds 3 -q";
    let said = w.ok(of);
    assert!(said.contains("2 of 6 features have no part in a world"), "{said}");
    assert!(said.contains("network: score on held-out stimuli") && said.contains("encoding (R²)"), "{said}");
    let rows = w.read("o/answers.csv");
    assert_eq!(rows.lines().count(), 1 + 2 * 6 * 2);
    assert!(rows.lines().nth(1).unwrap().starts_with("network,0,oracle,0,Spearman,1,1,"), "{rows}");
    assert_eq!(w.read("o/answer_importance.csv").lines().count(), 1 + 2 * 6 * 2 * 6);
    w.ok(of);
    assert_eq!(rows, w.read("o/answers.csv"));
    let sparse = w.ok(&format!("{of} --world sparse,dense --json"));
    assert!(sparse.contains("answers.csv"), "{sparse}");
    for (options, says) in [
        ("--features 3", "features is 3, and must be at least 4"),
        ("--folds 2", "at least 3 for feature-reweighted RSA"),
        ("--exact-only", "cannot be used with"),
        ("--noise 1,0", "ascending"),
    ] {
        let said = w.transcript(&format!("simulate --oracle -o bad --stimuli 60 --seeds 1 {options}"));
        assert!(said.contains(says), "{options}: {said}");
    }
}
