//! What is done to activations before the fit, in every command that can do it.

use insta::assert_snapshot;
use mlem_probe::activations::{Activations, Beside, Column, Provenance, Transform};
use mlem_probe::progress::Silent;
use ndarray::Array2;
use serde_json::Value;

use crate::workspace::Workspace;

fn read(w: &Workspace, name: &str) -> Activations {
    Activations::read(&w.path(name)).unwrap()
}

#[test]
fn extract_run_and_fit_do_the_same() {
    let w = Workspace::new();
    let options = "--units 0-99,120 --transform minus-layer0,z-score,pca:20 --noise 0.1 --seed 3";
    w.ok("generate relative_clause --sample 120 --balance --seed 3 -o s.csv");
    w.ok("extract s.csv -o plain.safetensors");
    w.ok(&format!("extract s.csv --layers 2,5 {options} -o done.safetensors"));
    w.ok(&format!("fit s.csv plain.safetensors --layers 2,5 {options} --map 0 -o fit"));
    w.ok(&format!("relative_clause --sample 120 --layers 2,5 {options} --map 0 -o run"));
    w.ok("fit s.csv done.safetensors --seed 3 --map 0 -o later");
    for table in ["scores.csv", "importance.csv", "weights.csv"] {
        assert_eq!(w.read(&format!("run/{table}")), w.read(&format!("fit/{table}")), "{table}");
        assert_eq!(w.read(&format!("run/{table}")), w.read(&format!("later/{table}")), "{table}");
    }
    let done = read(&w, "done.safetensors");
    assert_eq!((done.layers(), done.matrix(0).dim()), ([2, 5].as_slice(), (120, 20)));
    let names: Vec<String> = done.provenance().transforms.iter().map(Transform::to_string).collect();
    assert_eq!(names, ["units:0-99,120", "minus-layer0", "z-score", "pca:20", "noise:0.1:3"]);
    for run in ["run", "fit", "later"] {
        let record: Value = serde_json::from_str(&w.read(&format!("{run}/run.json"))).unwrap();
        assert_eq!(record["transforms"], serde_json::json!(names), "{run}");
        assert!(
            w.read(&format!("{run}/report.html")).contains("reduced to their first 20 principal"),
            "{run}"
        );
    }
}

#[test]
fn what_a_block_adds_is_a_difference_of_layers() {
    let w = Workspace::new();
    w.ok("generate relative_clause --sample 40 -o s.csv");
    w.ok("extract s.csv -o plain.safetensors");
    w.ok("extract s.csv --layers 4 --transform minus-previous -o four.safetensors");
    let (plain, four) = (read(&w, "plain.safetensors"), read(&w, "four.safetensors"));
    assert_eq!(four.layers(), [4]);
    assert_eq!(four.matrix(0), &plain.matrix(4) - &plain.matrix(3));
}

#[test]
fn the_same_token_at_the_same_position_is_centred() {
    let w = Workspace::new();
    w.ok("generate relative_clause --sample 200 --balance -o s.csv");
    w.ok("extract s.csv --layers 0,3 --at verb --pool first --transform minus-token-mean -o a.safetensors");
    let found = read(&w, "a.safetensors");
    // In the embeddings a token at its position is one vector, so nothing is left; later its context is.
    assert!(found.matrix(0).iter().all(|value| value.abs() < 1e-5));
    assert!(found.matrix(1).iter().any(|value| value.abs() > 0.1));
    assert_snapshot!(w.transcript("extract s.csv --transform minus-token-mean -o b.safetensors"), @"
    exit code 1
    --- stdout
    --- stderr
    error: minus-token-mean is for single tokens, but stimulus 0 is the mean of 12
    hint: use --pool first or --pool last, or --at a slot that is one token in every stimulus
    ");
    assert_snapshot!(w.transcript("fit s.csv a.safetensors --transform minus-token-mean -o out --force"), @"
    exit code 1
    --- stdout
    --- stderr
    error: minus-token-mean needs to know which token each vector is of
    hint: take the activations of single tokens: --pool first, --pool last or --at a slot of one token, in `probe extract` or `probe run`
    ");
}

#[test]
fn mistakes_are_named() {
    let w = Workspace::new();
    let (features, activations) = crate::bad_input::own_data(40, 6);
    w.write("s.csv", features).write("a.npy", activations);
    assert_snapshot!(w.transcript("fit s.csv a.npy --transform zscore -o out --force"), @"
    exit code 2
    --- stdout
    --- stderr
    error: invalid value 'zscore' for '--transform <T,...>': no transform is called `zscore`; did you mean z-score?

    For more information, try '--help'.
    ");
    assert_snapshot!(w.transcript("fit s.csv a.npy --transform pca:7 -o out --force"), @"
    exit code 1
    --- stdout
    --- stderr
    error: pca:7 of layer 0: there are 40 stimuli and 6 units
    hint: ask for at most 6
    ");
    assert_snapshot!(w.transcript("fit s.csv a.npy --units 3,6-8 -o out --force"), @"
    exit code 1
    --- stdout
    --- stderr
    error: layer 0 has no unit 6: it has units 0 to 5
    hint: choose layers of the same size with --layers, or units that all of them have with --units
    ");
    assert_snapshot!(w.transcript("fit s.csv a.npy --layers 0 --transform minus-previous,minus-layer0 -o out --force"), @"
    exit code 1
    --- stdout
    --- stderr
    error: minus-layer0 leaves nothing of layer 0, and no other layer was asked for
    hint: subtracted from itself, layer 0 is nothing: ask for others with --layers
    ");
    assert_snapshot!(w.transcript("fit s.csv a.npy --noise -1 -o out --force"), @"
    exit code 2
    --- stdout
    --- stderr
    error: invalid value '-1' for '--noise <LEVEL>': give a number from 0

    For more information, try '--help'.
    ");
    let square = Array2::<f32>::eye(40);
    w.write("d.npy", crate::bad_input::npy(&[40, 40], square.as_slice().unwrap()));
    assert_snapshot!(w.transcript("fit s.csv d.npy --distance precomputed --transform z-score -o out --force"), @"
    exit code 2
    --- stdout
    --- stderr
    error: --transform, --units, --z-score-by and --noise are for activations, and --distance precomputed takes distances
    hint: transform the activations that the distances were computed from, or leave one of the two out
    ");
}

#[test]
fn whitened_distances_are_those_that_scikit_learn_and_numpy_give() {
    // scikit-learn 1.9.1 and NumPy 2.4.6: `ledoit_wolf(residuals, assume_centered=True)[0] * 12 / 8`, where residuals are of the means of
    // rows of one number modulo 4, its inverse, and `default_rng(0).normal(size=(12, 5)) * [1, 2, 3, 4, 5] + 3` in f32.
    let numbers = "3.125730 2.735790 4.921268 3.419600 0.321653 \
         3.361595 5.608000 5.841243 0.185059 -3.327107 \
         2.376726 3.082652 -3.975092 2.124833 -3.229555 \
         2.267733 1.911482 2.051100 4.646522 8.212567 \
         2.871465 5.732927 1.004416 4.406040 7.517351 \
         3.094012 1.513002 0.234824 1.169097 4.100976 \
         1.990382 2.581649 2.522325 5.163382 4.073296 \
         3.355373 1.692343 2.611159 6.135902 10.467156 \
         1.740934 6.027848 7.037626 6.125246 4.322278 \
         2.686077 5.916041 8.880775 10.206539 9.575519 \
         3.357380 0.583363 2.986638 5.625900 -3.441807 \
         3.395122 3.859727 5.088128 -1.736472 -0.308513";
    let numbers: Vec<f32> = numbers.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let matrix = Array2::from_shape_vec((12, 5), numbers).unwrap();
    let plain = Activations::new(vec![0], vec![matrix], Provenance::default()).unwrap();
    let groups = (0..4).map(|k| (k..12).step_by(4).collect()).collect();
    let columns = [Column { name: "condition".to_owned(), groups, without: Vec::new(), numbers: None }];
    let beside = Beside { columns: &columns, ..Beside::default() };
    let steps = ["whiten:condition".parse().unwrap()];
    let found = plain.transform(&steps, None, beside, &Silent).unwrap();
    let white = found.matrix(0).mapv(f64::from);
    for (i, j, expected) in [(0, 1, 2.654_548_258_3), (0, 4, 6.310_404_092_7), (2, 11, 19.795_226_848_6)] {
        let squared = (&white.row(i) - &white.row(j)).mapv(|x| x * x).sum();
        assert!((squared - expected).abs() < 1e-6 * expected, "{i} {j}: {squared} {expected}");
    }
}
