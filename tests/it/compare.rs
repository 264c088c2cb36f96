//! Models against each other: against independent implementations, and as a user runs it.

use mlem_probe::numeric::cka::{Estimate, Kernel};
use mlem_probe::numeric::dtw::dtw;
use mlem_probe::numeric::linkage::average;
use ndarray::Array2;
use serde::Deserialize;

use crate::workspace::{Workspace, names};

#[derive(Deserialize)]
struct Frozen {
    trajectories: Vec<Vec<Vec<f64>>>,
    warped: Vec<Warped>,
    distances: Vec<Vec<f64>>,
    linkage: Vec<[f64; 4]>,
    x: Vec<Vec<f64>>,
    y: Vec<Vec<f64>>,
    cka: f64,
    cka_debiased: f64,
}

#[derive(Deserialize)]
struct Warped {
    a: usize,
    b: usize,
    distance: f64,
    normalized: f64,
}

fn frozen() -> Frozen {
    serde_json::from_str(include_str!("../golden/compare.json")).unwrap()
}

#[test]
fn warping_matches_dtw_python() {
    let Frozen { trajectories, warped, .. } = frozen();
    assert_eq!(warped.len(), 6);
    for Warped { a, b, distance, normalized } in warped {
        let (x, y) = (&trajectories[a], &trajectories[b]);
        let cost = |i: usize, j: usize| {
            x[i].iter().zip(&y[j]).map(|(x, y): (&f64, &f64)| (x - y).powi(2)).sum::<f64>().sqrt()
        };
        let found = dtw(x.len(), y.len(), cost).unwrap();
        assert!((found - distance).abs() < 1e-6, "{a} {b}: {found} {distance}");
        assert!((found / (x.len() + y.len()) as f64 - normalized).abs() < 1e-6);
    }
}

#[test]
fn average_linkage_matches_scipy() {
    let Frozen { distances, linkage, .. } = frozen();
    let found = average(distances.len(), |i, j| distances[i][j]).unwrap();
    assert_eq!(found.len(), linkage.len());
    for (merge, [a, b, height, size]) in found.iter().zip(linkage) {
        assert_eq!((merge.a as f64, merge.b as f64, merge.size as f64), (a, b, size));
        assert!((merge.height - height).abs() < 1e-6);
    }
}

#[test]
fn linear_cka_matches_numpy() {
    let Frozen { x, y, cka, cka_debiased, .. } = frozen();
    for (estimate, frozen) in [(Estimate::Biased, cka), (Estimate::Debiased, cka_debiased)] {
        let kernel = |rows: &[Vec<f64>]| {
            let matrix = Array2::from_shape_fn((rows.len(), rows[0].len()), |(i, j)| rows[i][j] as f32);
            Kernel::of(matrix.view(), estimate).unwrap()
        };
        let found = kernel(&x).alignment(&kernel(&y)).unwrap();
        assert!((found - frozen).abs() < 1e-6, "{estimate:?}: {found} {frozen}");
    }
}

/// The cells of a row of `comparison.csv` whose beginning is `start`.
fn rows<'a>(csv: &'a str, start: &str) -> Vec<Vec<&'a str>> {
    csv.lines().filter(|line| line.starts_with(start)).map(|line| line.split(',').collect()).collect()
}

#[test]
fn checkpoints_are_run_and_compared_in_one_command() {
    let w = Workspace::new();
    let options = "--sample 200 --folds 3 --bootstrap 49";
    let told = w.ok(&format!("relative_clause {options} --revision step0,step400,final -o out"));
    assert!(told.contains("comparison:") && told.contains("tiny-bert@step400"), "{told}");
    let files = names(&w.path("out"));
    assert_eq!(files, ["compare.html", "comparison.csv", "final", "nearest.csv", "step0", "step400"]);
    let csv = w.read("out/comparison.csv");
    // 3 pairs × 7 layers × 7 layers, each by RSA and both estimates of CKA.
    assert_eq!(rows(&csv, "layers,").len(), 3 * 49 * 3);
    assert_eq!(rows(&csv, "importance,").len(), 3 * 13 * 7);
    let first = &rows(&csv, "importance,tiny-bert@step0,")[0];
    assert_eq!((first[4], first[6]), ("0", ""), "the embeddings have no relative depth");
    // 3 pairs × 13 features × 3 quantities, over folds and over stimuli.
    assert_eq!((rows(&csv, "difference,").len(), rows(&csv, "difference_over_stimuli,").len()), (117, 117));
    let page = w.read("out/compare.html");
    assert!(page.contains("Over stimuli: 49 samples"));
    let drawn = page.split("<script").next().unwrap();
    assert!(drawn.contains("Importance over training") && !drawn.contains("NaN"));
    // The same from the run directories and files of activations.
    for revision in ["step0", "final"] {
        w.ok(&format!("extract out/{revision}/stimuli.csv --revision {revision} -o {revision}.safetensors"));
    }
    let activations = "--activations step0.safetensors --activations final.safetensors";
    w.ok(&format!("compare out/step0 out/final {activations} --figures svg -o again"));
    assert!(names(&w.path("again/figures")).contains(&"profiles.svg".to_owned()));
    let again = w.read("again/comparison.csv");
    let similar = |csv: &str| rows(csv, "layers,tiny-bert@step0,tiny-bert@final,").concat().join(",");
    assert_eq!(similar(&csv), similar(&again));
    assert!(!similar(&csv).is_empty());
}

#[test]
fn every_layer_has_the_nearest_of_each_other_model() {
    let w = Workspace::new();
    let run = "short_sentence --sample 60 --folds 2 --permutations 2 --map 0 -q";
    w.ok(&format!("{run} --layers 1,3 -o a"));
    w.ok(&format!("{run} --revision step0 --layers 0-3 -o b"));
    w.ok(&format!("{run} --layers 3,6 -o c"));
    let json = w.ok("compare a b c -o out -q --json --draws 200");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let table = w.read("out/nearest.csv");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let found: Vec<Vec<String>> =
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    // Each layer of each of three runs, against two others.
    assert_eq!(found.len(), 2 * (2 + 4 + 2));
    assert_eq!(json["nearest"].as_array().unwrap().len(), found.len());
    let importances = |run: &str| -> Vec<(usize, String, f64)> {
        let text = w.read(&format!("{run}/importance.csv"));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows = reader.records().map(|row| row.unwrap());
        rows.map(|row| (row[0].parse().unwrap(), row[2].to_owned(), row[4].parse().unwrap())).collect()
    };
    let vector = |rows: &[(usize, String, f64)], layer: usize| -> Vec<f64> {
        let mut names: Vec<&String> = rows.iter().map(|row| &row.1).collect();
        names.sort();
        names.dedup();
        let mean = |name: &String| {
            let of: Vec<f64> =
                rows.iter().filter(|row| row.0 == layer && row.1 == *name).map(|row| row.2).collect();
            of.iter().sum::<f64>() / of.len() as f64
        };
        names.into_iter().map(mean).collect()
    };
    // Layer 3 of the same model is the same, and nearer than any order of its features.
    let labels: Vec<&str> =
        json["models"].as_array().unwrap().iter().map(|model| model["label"].as_str().unwrap()).collect();
    let row = |a: usize, layer: &str, b: usize| {
        found.iter().find(|row| row[0] == labels[a] && row[1] == layer && row[2] == labels[b]).unwrap()
    };
    assert_eq!(row(0, "3", 2)[3..5], ["3", "0"]);
    assert!(row(0, "3", 2)[6].parse::<f64>().unwrap() < 0.05, "{:?}", row(0, "3", 2));
    let (a, b) = (importances("a"), importances("b"));
    let distances: Vec<f64> = (0..4)
        .map(|layer| {
            let [x, y] = [vector(&a, 1), vector(&b, layer)];
            x.iter().zip(&y).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt()
        })
        .collect();
    let least = distances.iter().copied().fold(f64::INFINITY, f64::min);
    let told = row(0, "1", 1);
    assert!((told[4].parse::<f64>().unwrap() - least).abs() < 1e-5, "{told:?} {distances:?}");
    assert!((distances[told[3].parse::<usize>().unwrap()] - least).abs() < 1e-9);
    assert!(w.read("out/compare.html").contains("<h2>Nearest layers</h2>"));
    w.ok("compare a b -o none -q --draws 0");
    assert!(w.read("none/nearest.csv").lines().nth(1).unwrap().ends_with(",,,,"));
}

#[test]
fn interactions_are_compared_on_request() {
    let w = Workspace::new();
    w.ok("long_range_agreement --sample 100 --folds 2 --interactions --layers 0,3,6 --revision step0,final -o out");
    w.ok("compare out/step0 out/final --order interaction --figures svg -o i");
    let of = |folder: &str, name: &str| rows(&w.read(folder), name).len();
    let (mains, interactions) =
        (of("out/comparison.csv", "importance,"), of("i/comparison.csv", "importance,"));
    // Two models, three layers: k features, and k (k − 1) / 2 interactions of them.
    let k = mains / 6;
    assert_eq!((mains % 6, interactions), (0, 6 * k * (k - 1) / 2));
    assert!(rows(&w.read("i/comparison.csv"), "difference,").iter().all(|row| row[3].contains(" x ")));
    assert!(w.read("i/compare.html").contains("which interactions of features organise"));
    assert!(w.read("i/figures/features.svg").contains("One interaction across models"));
    let told = w.transcript("compare out/step0 out/final --order group -o g");
    assert!(told.contains("out/step0 has no importance of any group"), "{told}");
    assert!(told.contains("hint: fit again with --group NAME=FEATURE,..."), "{told}");
}

#[test]
fn models_are_run_and_compared_in_one_command() {
    let w = Workspace::new();
    w.ok("long_range_agreement --sample 100 --folds 2 --model tiny-bert,tiny-bert --json");
    assert_eq!(
        names(&w.path("runs")),
        [
            "long_range_agreement-comparison",
            "long_range_agreement-tiny-bert",
            "long_range_agreement-tiny-bert-2"
        ]
    );
    let csv = w.read("runs/long_range_agreement-comparison/comparison.csv");
    for row in rows(&csv, "distance,") {
        assert_eq!(row[8], "0", "{row:?}");
    }
}

#[test]
fn what_cannot_be_compared_is_said() {
    let w = Workspace::new();
    w.ok("relative_clause --sample 60 --folds 2 -o a");
    w.ok("short_sentence --sample 60 --folds 2 -o b");
    let told = |words: &str| {
        let text = w.transcript(words);
        text.split("--- stderr\n").nth(1).unwrap_or_default().to_owned() + &text[..12]
    };
    let one = told("compare a -o out");
    assert!(one.contains("two run directories") && one.contains("exit code 2"), "{one}");
    let other = told("compare a b -o out");
    assert!(other.contains("a and b are over other features") && other.contains("short_sentence"), "{other}");
    std::fs::remove_file(w.path("b/importance.csv")).unwrap();
    assert!(told("compare a b -o out").contains("cannot read b/importance.csv"));
    assert!(told("compare a nowhere -o out").contains("nowhere"));
    let few = told("compare a a --activations x.npy -o out");
    assert!(few.contains("1 file of activations for 2 run directories"), "{few}");
}
