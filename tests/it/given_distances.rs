//! Features that are given as distances between stimuli: beside a table, or in its place.

use crate::bad_input::{npy, own_data};
use crate::workspace::Workspace;

/// Distances of 40 stimuli in two features, `(n, n, 2)`: those of `own_data`.
fn distances(n: usize) -> Vec<f32> {
    let differ = |a: usize, b: usize| f32::from(u8::from(a % 2 != b % 2));
    let pairs = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
    pairs.flat_map(|(i, j)| [differ(i, j), 2.0 * differ(i / 2, j / 2)]).collect()
}

#[test]
fn distances_give_the_weights_that_values_give() {
    let w = Workspace::new();
    let (features, activations) = own_data(40, 6);
    w.write("features.csv", features).write("acts.npy", activations);
    w.write("trees.npy", npy(&[40, 40, 2], &distances(40)));
    w.ok("fit features.csv acts.npy -o values --map 0 --quiet");
    w.ok("fit trees.npy acts.npy -o given --map 0 --quiet");
    let renamed = w.read("values/weights.csv").replace("number", "trees_1").replace("gender", "trees_2");
    assert_eq!(w.read("given/weights.csv"), renamed);
    // Beside a table: of two features that are one, the fit says that they cannot be told apart.
    let both = w.transcript("fit features.csv acts.npy --feature-distances trees.npy -o both --map 0");
    assert!(
        both.contains("exit code 0") && both.contains("`trees_1` cannot be told apart from `number`"),
        "{both}"
    );
    // The run's own files are enough for its page.
    w.ok("report given");
}

#[test]
fn a_matrix_that_holds_no_distances_is_refused() {
    let w = Workspace::new();
    let (features, activations) = own_data(40, 6);
    w.write("features.csv", features).write("acts.npy", activations);
    let refused = |values: Vec<f32>, shape: &[usize], message: &str| {
        w.write("bad.npy", npy(shape, &values));
        let said = w.transcript("fit features.csv acts.npy --feature-distances bad.npy -o out --force");
        assert!(said.contains("exit code 1") && said.contains(message), "{said}");
        assert!(!w.path("out/scores.csv").exists());
    };
    let mut one_way = distances(40);
    one_way[2] += 1.0;
    refused(one_way, &[40, 40, 2], "feature `bad_1`: stimulus 0 is 2 from 1, but 1 the other way");
    let mut from_itself = distances(40);
    from_itself[1] = 0.5;
    refused(from_itself, &[40, 40, 2], "feature `bad_2`: stimulus 0 is 0.5 from itself");
    refused(vec![0.0; 40 * 6], &[40, 6], "feature `bad`: 40 rows and 6 columns");
    refused(vec![0.0; 36], &[6, 6], "6 feature values for 40 stimuli");
}

#[test]
fn activations_of_any_magnitude_have_the_same_scores() {
    let w = Workspace::new();
    let n = 24;
    let features = (0..n).map(|i| format!("{},{}\n", ["a", "b"][i % 2], ["c", "d"][i / 2 % 2]));
    w.write("f.csv", std::iter::once("x,y\n".to_owned()).chain(features).collect::<String>());
    let value = |i: usize, j: usize| ((i % 2 * (1 + j)) as f32) + ((i * 7 + j * 13) % 17) as f32 / 8.0;
    for (distance, width) in [("euclidean", 5), ("manhattan", 5), ("norm-diff", 5), ("precomputed", n)] {
        let scores: Vec<String> = [0, -100, 66, 105]
            .map(|exponent| {
                let unit = 2.0_f64.powi(exponent) as f32;
                let cell = |i: usize, j: usize| match distance {
                    "precomputed" => (0..5).map(|k| (value(i, k) - value(j, k)).abs()).sum(),
                    _ => value(i, j),
                };
                let cells = (0..n * width).map(|cell_at| unit * cell(cell_at / width, cell_at % width));
                w.write("a.npy", npy(&[n, width], &cells.collect::<Vec<f32>>()));
                let fit = "fit f.csv a.npy -o out --force --folds 2 --map 0 --null 19 --quiet --distance";
                w.ok(&format!("{fit} {distance}"));
                ["scores", "importance", "weights", "statistics"]
                    .map(|t| w.read(&format!("out/{t}.csv")))
                    .concat()
            })
            .into();
        assert!(!scores[0].contains(",NaN"), "{distance}: {}", scores[0]);
        for other in &scores[1..] {
            assert_eq!(*other, scores[0], "{distance}");
        }
    }
}
