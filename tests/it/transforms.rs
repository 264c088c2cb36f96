//! What is done to activations before the fit, in every command that can do it.

use insta::assert_snapshot;
use mlem_probe::activations::{Activations, Transform};
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
