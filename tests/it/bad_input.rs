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
    assert_snapshot!(Workspace::new().transcript("relative_cluase"), @"
    exit code 1
    --- stdout
    --- stderr
    error: no bundled grammar is called `relative_cluase`
    hint: did you mean relative_clause?
    ");
}

#[test]
fn unknown_model() {
    assert_snapshot!(Workspace::new().transcript("--model bert-bsae relative_clause --sample 64 --quiet"), @"
    exit code 1
    --- stdout
    --- stderr
    error: bert-bsae is not in the cache [DIR]/hf/hub, and HF_HUB_OFFLINE is set
    hint: did you mean bert-base, bart-base or albert-base? unset HF_HUB_OFFLINE, or name a folder that holds config.json, tokenizer.json and model.safetensors (--model ./DIR), or leave --model out to use the model embedded in this program
    ");
}

#[test]
fn no_network() {
    let w = Workspace::new();
    let mut command = w.command("--model bert-base relative_clause --sample 64 --quiet");
    let output = command.env_remove("HF_HUB_OFFLINE").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @"
    error: cannot reach http://127.0.0.1:9 for google-bert/bert-base-uncased: Connection refused (os error 111)
    hint: check the connection (HTTPS_PROXY and HF_ENDPOINT are honoured). Without a network, name a folder that holds config.json, tokenizer.json and model.safetensors (--model ./DIR), or leave --model out to use the model embedded in this program; a cache filled on another machine serves too (HF_HUB_CACHE, HF_HUB_OFFLINE=1)
    ");
    assert_snapshot!(w.transcript("--model bert-base relative_clause --sample 64 --quiet"), @"
    exit code 1
    --- stdout
    --- stderr
    error: google-bert/bert-base-uncased is not in the cache [DIR]/hf/hub, and HF_HUB_OFFLINE is set
    hint: unset HF_HUB_OFFLINE, or name a folder that holds config.json, tokenizer.json and model.safetensors (--model ./DIR), or leave --model out to use the model embedded in this program
    ");
}

#[test]
fn stimuli_without_sentences() {
    let w = Workspace::new();
    w.write("s.csv", "number\nsg\npl\n");
    assert_snapshot!(w.transcript("s.csv"), @"
    exit code 1
    --- stdout
    --- stderr
    error: the stimuli have no `sentence` column, and a model needs sentences
    hint: name the column that holds them with --text, or give activations of your own to `probe fit`
    ");
    assert_snapshot!(w.transcript("extract s.csv -o a.safetensors"), @"
    exit code 1
    --- stdout
    --- stderr
    error: the stimuli have no `sentence` column, and a model needs sentences
    hint: name the column that holds them with --text, or give activations of your own to `probe fit`
    ");
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
    // It is left out with a warning, unless it was asked for by name.
    assert_snapshot!(w.transcript("fit s.csv a.npy -o out --force --features tense"), @"
    exit code 1
    --- stdout
    --- stderr
    error: feature `tense` is constant: every stimulus has `past`
    hint: leave it out (--drop tense), or add stimuli in which it differs
    ");
}

#[test]
fn too_few_stimuli() {
    let w = Workspace::new();
    let (features, activations) = own_data(6, 4);
    w.write("s.csv", features).write("a.npy", activations);
    assert_snapshot!(w.transcript("fit s.csv a.npy -o out --force"), @"
    exit code 1
    --- stdout
    --- stderr
    error: 6 stimuli, and a fit needs at least 8
    hint: generate or record more stimuli
    ");
    let (features, activations) = own_data(20, 4);
    w.write("s.csv", features).write("a.npy", activations);
    assert_snapshot!(w.transcript("fit s.csv a.npy --folds 15 -o out --force"), @"
    exit code 1
    --- stdout
    --- stderr
    error: 15 folds of 20 stimuli leave fewer than 3 stimuli in a fold
    hint: use --folds 6 or fewer
    ");
    assert_snapshot!(w.transcript("fit s.csv a.npy --folds 0 -o out --force"), @"
    exit code 1
    --- stdout
    --- stderr
    error: folds is 0, and must be at least 1
    ");
}

#[test]
fn activations_with_nan() {
    let w = Workspace::new();
    let (features, _) = own_data(20, 2);
    let mut values: Vec<f32> = (0..40).map(|i| i as f32).collect();
    values[13] = f32::NAN;
    w.write("s.csv", features).write("a.npy", npy(&[20, 2], &values));
    assert_snapshot!(w.transcript("fit s.csv a.npy -o out --force"), @"
    exit code 1
    --- stdout
    --- stderr
    error: layer 0, stimulus 6: unit 1 is NaN
    hint: leave out the stimulus, or the unit with --units; or find out where the recording or the model overflows
    ");
}

#[test]
fn equal_activations() {
    let w = Workspace::new();
    let (features, _) = own_data(20, 2);
    w.write("s.csv", features).write("a.npy", npy(&[20, 2], &[1.0; 40]));
    assert_snapshot!(w.transcript("fit s.csv a.npy -o out --force"), @"
    exit code 0
    --- stdout
    s.csv × a.npy: 20 stimuli, 2 features, 1 layer
    Importance: drop in Spearman when a term's distances are permuted across pairs of stimuli, 5
    permutations; mean ± sd over 5 folds of held-out stimuli.

    layer           0
    number          —
    gender          —
    Spearman, test  —
    —: no number could be computed.

    tables: out
    page:   out/report.html
    --- stderr
    warning: layer 0, folds 0, 1, 2, 3 and 4: no score, because all neural distances are equal (the activations do not differ: check --pool and --layers)
    ");
}

#[test]
fn rows_that_differ() {
    let w = Workspace::new();
    let (features, _) = own_data(20, 2);
    let (_, activations) = own_data(19, 2);
    w.write("s.csv", features).write("a.npy", activations);
    assert_snapshot!(w.transcript("fit s.csv a.npy -o out --force"), @"
    exit code 1
    --- stdout
    --- stderr
    error: layer 0: the features have 20 rows and the activations 19
    hint: one row of activations per stimulus, in the same order: extract them again from these stimuli
    ");
}

#[test]
fn files_that_are_cut_short_or_are_something_else() {
    let w = Workspace::new();
    let (features, activations) = own_data(20, 2);
    w.write("s.csv", features).write("cut.npy", &activations[..activations.len() - 7]);
    w.write("not.npz", "hello").write("cut.safetensors", [40, 0, 0, 0, 0, 0, 0, 0, b'{']);
    assert_snapshot!(w.transcript("fit s.csv cut.npy -o out --force"), @"
    exit code 1
    --- stdout
    --- stderr
    error: cut.npy: the file is cut short: shape [20, 2] of <f4 needs 160 bytes, and 153 are there
    hint: arrays are (n_stimuli, d) each, or a single one of (n_layers, n_stimuli, d), of real numbers
    ");
    assert_snapshot!(w.transcript("fit s.csv not.npz -o out --force"), @"
    exit code 1
    --- stdout
    --- stderr
    error: not.npz: not a readable .npz file: invalid Zip archive: Could not find EOCD
    hint: arrays are (n_stimuli, d) each, or a single one of (n_layers, n_stimuli, d), of real numbers
    ");
    assert_snapshot!(w.transcript("fit s.csv cut.safetensors -o out --force"), @"
    exit code 1
    --- stdout
    --- stderr
    error: cut.safetensors: not a readable safetensors file: a header of 40 bytes in 9
    hint: arrays are (n_stimuli, d) each, or a single one of (n_layers, n_stimuli, d), of real numbers
    ");
    assert_snapshot!(w.transcript("fit s.csv missing.npy -o out --force"), @"
    exit code 1
    --- stdout
    --- stderr
    error: cannot read missing.npy: No such file or directory (os error 2)
    hint: check the path; it is read from the folder the command runs in
    ");
    assert_snapshot!(w.transcript("fit s.csv s.csv -o out --force"), @"
    exit code 1
    --- stdout
    --- stderr
    error: s.csv: the ending says no format of activations
    hint: use .safetensors or .npy, or, to read, .npz or .pt (torch.save)
    ");
}

#[test]
fn a_folder_that_cannot_be_written() {
    let w = Workspace::new();
    w.write("taken", "a file");
    assert_snapshot!(w.transcript("relative_clause --sample 64 --quiet -o taken"), @"
    exit code 1
    --- stdout
    --- stderr
    error: cannot write taken: File exists (os error 17)
    hint: a file stands where a folder is needed; choose another name with -o
    ");
    assert_eq!(w.read("taken"), "a file");
}

#[test]
fn an_unknown_feature_or_layer() {
    let w = Workspace::new();
    assert_snapshot!(w.transcript("relative_clause --sample 64 --quiet --drop subj_nubmer -o out"), @"
    exit code 1
    --- stdout
    --- stderr
    error: no feature is called `subj_nubmer`
    hint: did you mean subj_number or obj_number?
    ");
    assert_snapshot!(w.transcript("relative_clause --sample 64 --quiet --layers 5-9 -o out"), @"
    exit code 1
    --- stdout
    --- stderr
    error: layer 7 does not exist: tiny-bert has layers 0 to 6
    hint: use --layers 0-6, or part of it
    ");
    assert_snapshot!(w.transcript("relative_clause --sample 64 --quiet --layers 9-5 -o out"), @"
    exit code 2
    --- stdout
    --- stderr
    error: invalid value '9-5' for '--layers <LAYERS>': `9-5` runs backwards; write 5-9

    For more information, try '--help'.
    ");
    assert_snapshot!(w.transcript("relative_clause --sample 64 --quiet --revision step1 -o out"), @"
    exit code 1
    --- stdout
    --- stderr
    error: tiny-bert has no revision `step1`
    hint: did you mean step0? it has step0, step100, step400 and final
    ");
}

#[test]
fn usage_mistakes_exit_with_2() {
    let w = Workspace::new();
    assert_snapshot!(w.transcript(""), @"
    exit code 2
    --- stdout
    --- stderr
    error: the following required arguments were not provided:
      <SOURCE>

    Usage: probe <SOURCE>

    For more information, try '--help'.
    ");
    assert_snapshot!(w.transcript("relative_clause --distance euclid"), @"
    exit code 2
    --- stdout
    --- stderr
    error: invalid value 'euclid' for '--distance <DISTANCE>'
      [possible values: euclidean, manhattan, cosine, correlation, mahalanobis, crossnobis, norm-diff, precomputed]

      tip: a similar value exists: 'euclidean'

    For more information, try '--help'.
    ");
    assert_snapshot!(w.transcript("extract s.csv -o acts.txt"), @"
    exit code 2
    --- stdout
    --- stderr
    error: acts.txt: the ending says no format that activations are written in
    hint: give -o a name that ends in .safetensors (all that is known) or .npy (the numbers alone)
    ");
}

#[test]
fn a_run_that_fails_leaves_earlier_tables_intact() {
    let w = Workspace::new();
    let (features, activations) = own_data(40, 4);
    w.write("s.csv", features).write("a.npy", activations);
    w.ok("fit s.csv a.npy -o out --force");
    let before = w.read("out/scores.csv");
    let mut values: Vec<f32> = (0..160).map(|i| (i % 7) as f32).collect();
    values[3] = f32::INFINITY;
    w.write("a.npy", npy(&[40, 4], &values));
    assert_eq!(w.command("fit s.csv a.npy -o out --force").output().unwrap().status.code(), Some(1));
    assert_eq!(w.read("out/scores.csv"), before);
}
