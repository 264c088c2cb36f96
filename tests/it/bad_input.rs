//! What users get wrong, and what they are told: what was wrong, where, and what to do. Earlier results stay.

use std::fmt::Write;

use insta::assert_snapshot;

use crate::workspace::Workspace;

/// Features and activations of `n` stimuli in `d` dimensions whose distances follow the features.
pub fn own_data(n: usize, d: usize) -> (String, Vec<u8>) {
    let mut features = "number,gender\n".to_owned();
    let mut values = Vec::new();
    for i in 0..n {
        let (number, gender) = (i % 2, (i / 2) % 2);
        let _ = writeln!(features, "{},{}", ["sg", "pl"][number], ["f", "m"][gender]);
        let noise = |k: usize| ((i * 31 + k * 17) % 13) as f32 / 40.0;
        values
            .extend((0..d).map(|k| noise(k) + if k % 2 == 0 { number as f32 } else { gender as f32 / 2.0 }));
    }
    (features, npy(&[n, d], &values))
}

/// An `.npy` file.
pub fn npy(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let shape = shape.iter().fold(String::new(), |shape, n| shape + &n.to_string() + ", ");
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}");
    header += &" ".repeat(63 - (10 + header.len()) % 64);
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

#[test]
fn unknown_grammar() {
    assert_snapshot!(Workspace::new().transcript("relative_cluase"), @"");
}

#[test]
fn unknown_model() {
    assert_snapshot!(Workspace::new().transcript("--model bert-bsae relative_clause --sample 64"), @"");
}

#[test]
fn no_network() {
    let w = Workspace::new();
    let mut command = w.command("--model bert-base relative_clause --sample 64");
    let output = command.env_remove("HF_HUB_OFFLINE").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @"");
    assert_snapshot!(w.transcript("--model bert-base relative_clause --sample 64"), @"");
}

#[test]
fn stimuli_without_sentences() {
    let w = Workspace::new();
    w.write("s.csv", "number\nsg\npl\n");
    assert_snapshot!(w.transcript("s.csv"), @"");
    assert_snapshot!(w.transcript("extract s.csv -o a.safetensors"), @"");
}

#[test]
fn constant_feature() {
    let w = Workspace::new();
    let (features, activations) = own_data(40, 6);
    let constant: String = features
        .lines()
        .enumerate()
        .map(|(i, l)| l.to_owned() + if i == 0 { ",tense\n" } else { ",past\n" })
        .collect();
    w.write("s.csv", constant).write("a.npy", activations);
    assert_snapshot!(w.transcript("fit s.csv a.npy -o out"), @"");
}

#[test]
fn too_few_stimuli() {
    let w = Workspace::new();
    let (features, activations) = own_data(6, 4);
    w.write("s.csv", features).write("a.npy", activations);
    assert_snapshot!(w.transcript("fit s.csv a.npy -o out"), @"");
    let (features, activations) = own_data(20, 4);
    w.write("s.csv", features).write("a.npy", activations);
    assert_snapshot!(w.transcript("fit s.csv a.npy --folds 15 -o out"), @"");
    assert_snapshot!(w.transcript("fit s.csv a.npy --folds 0 -o out"), @"");
}

#[test]
fn activations_with_nan() {
    let w = Workspace::new();
    let (features, _) = own_data(20, 2);
    let mut values: Vec<f32> = (0..40).map(|i| i as f32).collect();
    values[13] = f32::NAN;
    w.write("s.csv", features).write("a.npy", npy(&[20, 2], &values));
    assert_snapshot!(w.transcript("fit s.csv a.npy -o out"), @"");
}

#[test]
fn equal_activations() {
    let w = Workspace::new();
    let (features, _) = own_data(20, 2);
    w.write("s.csv", features).write("a.npy", npy(&[20, 2], &[1.0; 40]));
    assert_snapshot!(w.transcript("fit s.csv a.npy -o out"), @"");
}

#[test]
fn rows_that_differ() {
    let w = Workspace::new();
    let (features, _) = own_data(20, 2);
    let (_, activations) = own_data(19, 2);
    w.write("s.csv", features).write("a.npy", activations);
    assert_snapshot!(w.transcript("fit s.csv a.npy -o out"), @"");
}

#[test]
fn files_that_are_cut_short_or_are_something_else() {
    let w = Workspace::new();
    let (features, activations) = own_data(20, 2);
    w.write("s.csv", features).write("cut.npy", &activations[..activations.len() - 7]);
    w.write("not.npz", "hello").write("cut.safetensors", [40, 0, 0, 0, 0, 0, 0, 0, b'{']);
    assert_snapshot!(w.transcript("fit s.csv cut.npy -o out"), @"");
    assert_snapshot!(w.transcript("fit s.csv not.npz -o out"), @"");
    assert_snapshot!(w.transcript("fit s.csv cut.safetensors -o out"), @"");
    assert_snapshot!(w.transcript("fit s.csv missing.npy -o out"), @"");
    assert_snapshot!(w.transcript("fit s.csv s.csv -o out"), @"");
}

#[test]
fn a_folder_that_cannot_be_written() {
    let w = Workspace::new();
    w.write("taken", "a file");
    assert_snapshot!(w.transcript("relative_clause --sample 64 -o taken"), @"");
    assert_eq!(w.read("taken"), "a file");
}

#[test]
fn an_unknown_feature_or_layer() {
    let w = Workspace::new();
    assert_snapshot!(w.transcript("relative_clause --sample 64 --drop subj_nubmer -o out"), @"");
    assert_snapshot!(w.transcript("relative_clause --sample 64 --layers 5-9 -o out"), @"");
    assert_snapshot!(w.transcript("relative_clause --sample 64 --layers 9-5 -o out"), @"");
    assert_snapshot!(w.transcript("relative_clause --sample 64 --revision step1 -o out"), @"");
}

#[test]
fn usage_mistakes_exit_with_2() {
    let w = Workspace::new();
    assert_snapshot!(w.transcript(""), @"");
    assert_snapshot!(w.transcript("relative_clause --distance euclid"), @"");
    assert_snapshot!(w.transcript("extract s.csv -o acts.npy"), @"");
}

#[test]
fn a_run_that_fails_leaves_earlier_tables_intact() {
    let w = Workspace::new();
    let (features, activations) = own_data(40, 4);
    w.write("s.csv", features).write("a.npy", activations);
    w.ok("fit s.csv a.npy -o out");
    let before = w.read("out/scores.csv");
    let mut values: Vec<f32> = (0..160).map(|i| (i % 7) as f32).collect();
    values[3] = f32::INFINITY;
    w.write("a.npy", npy(&[40, 4], &values));
    assert_eq!(w.command("fit s.csv a.npy -o out").output().unwrap().status.code(), Some(1));
    assert_eq!(w.read("out/scores.csv"), before);
}
