//! Activations that were recorded more than once: their mean is fitted, and their noise ceiling told.

use crate::bad_input::npy;
use crate::workspace::Workspace;

const N: usize = 60;
const D: usize = 5;

/// A table of two features of [`N`] stimuli.
fn features() -> String {
    let rows = (0..N).map(|i| format!("{},{}\n", ["sg", "pl"][i % 2], ["m", "f", "n"][i % 3]));
    std::iter::once("number,gender\n".to_owned()).chain(rows).collect()
}

/// A recording of what [`features`] explain, with noise that the number of the `repeat` decides.
fn recording(repeat: u64, noise: f32) -> Vec<u8> {
    let mut state = repeat.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    let signal = |i: usize, unit: usize| match unit {
        0 => 2.0 * (i % 2) as f32,
        1 | 2 => f32::from(u8::from(i % 3 == unit)),
        _ => 0.0,
    };
    let values: Vec<f32> = (0..N * D).map(|cell| signal(cell / D, cell % D) + noise * draw()).collect();
    npy(&[N, D], &values)
}

/// The columns lower, upper and spearman of every row of `ceiling.csv`.
fn bounds(csv: &str) -> Vec<[f64; 3]> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        [2, 3, 4].map(|k| cells[k].parse().unwrap())
    };
    csv.lines().skip(1).map(row).collect()
}

#[test]
fn repeats_are_averaged_and_their_ceiling_is_told() {
    let w = Workspace::new();
    w.write("f.csv", features());
    for k in 1..=3 {
        w.write(&format!("{k}.npy"), recording(k, 2.0));
    }
    let table = w.ok("fit f.csv 1.npy --repeat 2.npy --repeat 3.npy -o out --force --folds 3 --bootstrap 9");
    assert!(table.contains("\nceiling, upper") && table.contains("\none repeat"), "{table}");
    let rows = bounds(&w.read("out/ceiling.csv"));
    assert_eq!(rows.len(), 3);
    for [lower, upper, model] in rows {
        assert!(lower < upper && upper < 1.0 && model < upper, "{lower} {upper} {model}");
    }
    let page = w.read("out/report.html");
    assert!(page.contains("class=\"ceiling\"") && page.contains("mean of 3 repeats"));
    assert!(page.contains("over 9 bootstrap samples"));
    // The tables are enough for the same page.
    w.ok("report out");
    // But for the seconds that the page itself took.
    let figures = |page: &str| page.split(">time</th>").next().map(str::to_owned);
    assert_eq!(figures(&w.read("out/report.html")), figures(&page));
    // Without the repeats, nothing of them is left.
    w.ok("fit f.csv 1.npy -o out --force --folds 3");
    assert!(!w.path("out/ceiling.csv").exists() && !w.read("out/report.html").contains("class=\"ceiling\""));
}

#[test]
fn equal_repeats_have_a_ceiling_of_one_and_the_fit_of_one() {
    let w = Workspace::new();
    w.write("f.csv", features()).write("a.npy", recording(1, 1.0));
    w.ok("fit f.csv a.npy -o one --folds 3");
    w.ok("fit f.csv a.npy --repeat a.npy -o two --folds 3");
    assert_eq!(w.read("one/scores.csv"), w.read("two/scores.csv"));
    assert!(
        bounds(&w.read("two/ceiling.csv")).iter().all(|[lower, upper, _]| (*lower, *upper) == (1.0, 1.0))
    );
}

#[test]
fn what_is_no_repeat_is_named() {
    let w = Workspace::new();
    w.write("f.csv", features()).write("a.npy", recording(1, 1.0));
    w.write("short.npy", npy(&[N - 1, D], &vec![0.5; (N - 1) * D]));
    w.write("deep.npy", npy(&[2, N, D], &vec![0.5; 2 * N * D]));
    let said = |file: &str| w.transcript(&format!("fit f.csv a.npy --repeat {file} -o out --force"));
    for (file, message) in [
        ("short.npy", "short.npy: layer 0 is 59 stimuli × 5 units, but 60 × 5 in the first (a.npy)"),
        ("deep.npy", "deep.npy: the layers are [0, 1], but [0] in the first (a.npy)"),
        ("none.npy", "none.npy"),
    ] {
        let said = said(file);
        assert!(said.contains("exit code 1") && said.contains(message), "{said}");
    }
    let other = w.transcript("fit f.csv a.npy --repeat a.npy -o out --force --estimator rsa");
    assert!(other.contains("--repeat is an option of --estimator mlem"), "{other}");
}

#[test]
fn a_recording_without_differences_has_no_ceiling_and_that_is_said() {
    let w = Workspace::new();
    w.write("f.csv", features())
        .write("a.npy", recording(1, 1.0))
        .write("b.npy", npy(&[N, D], &[0.5; N * D]));
    let said = w.transcript("fit f.csv a.npy --repeat b.npy -o out --folds 1 --map 0 --permutations 0");
    assert!(said.contains("layer 0: no noise ceiling in 1 of 1 fold, because a recording"), "{said}");
}

#[test]
fn estimators_without_a_ceiling_take_the_mean_of_the_recordings() {
    let w = Workspace::new();
    w.write("f.csv", features()).write("1.npy", recording(1, 2.0)).write("2.npy", recording(2, 2.0));
    let said =
        w.transcript("fit f.csv 1.npy --repeat 2.npy -o out --folds 3 --map 0 --estimator mlem,encoding");
    assert!(
        said.contains("encoding has no --repeat: it is fitted to the mean of the 2 recordings"),
        "{said}"
    );
    assert!(w.path("out/mlem/ceiling.csv").exists() && !w.path("out/encoding/ceiling.csv").exists());
    assert!(w.read("out/encoding/run.json").contains("mean of the 2 recordings"));
    let report = w.transcript("report out");
    assert!(report.contains("of several estimators") && report.contains("encoding"), "{report}");
}
