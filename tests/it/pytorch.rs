//! Weights in PyTorch's own formats: equal to the same in safetensors, and errors for files that are damaged.

use std::fs;
use std::path::{Path, PathBuf};

use mlem_probe::hub::{Checkpoint, Weights};
use mlem_probe::models::{LoadOptions, Model};

use crate::models::{Golden, hidden_states};

const FILES: [(&str, &str); 3] = [("zip_f32", "bart"), ("zip_f16", "bert_f16"), ("old_bf16", "bert_bf16")];

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/pytorch/{file}.bin"))
}

fn load(case: &str, path: &Path) -> mlem_probe::models::Result<Model> {
    let weights = Weights::Pytorch(vec![path.to_owned()]);
    Model::load(&Checkpoint { weights, ..Golden::open(case).checkpoint() }, &LoadOptions::default())
}

#[test]
fn pytorchs_files_give_what_safetensors_give() {
    for (file, case) in FILES {
        let expected = Model::load(&Golden::open(case).checkpoint(), &LoadOptions::default()).unwrap();
        let found = load(case, &path(file)).unwrap();
        let sequences = [vec![5, 0, 59, 5], vec![7]];
        assert_eq!(hidden_states(&found, &sequences), hidden_states(&expected, &sequences), "{file}");
    }
}

#[test]
fn a_pytorch_file_that_is_cut_short_is_refused_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("pytorch_model.bin");
    for (file, case) in FILES {
        let bytes = fs::read(path(file)).unwrap();
        for length in [0, 1, 7, 100, bytes.len() / 2, bytes.len() - 1] {
            fs::write(&cut, &bytes[..length]).unwrap();
            let error = load(case, &cut).err().expect("should be refused");
            let (what, remedy) = match length {
                0 => ("it is an empty file, not PyTorch weights", "fetch the file again"),
                _ => ("not a readable PyTorch file: ", "fetch it again"),
            };
            let start = format!("{}: {what}", cut.display());
            assert!(error.to_string().starts_with(&start), "{file}, {length}: {error}");
            assert!(error.hint().unwrap().contains(remedy), "{file}, {length}");
        }
    }
}

#[test]
fn no_damaged_byte_of_a_pytorch_file_makes_more_than_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let damaged = folder.path().join("pytorch_model.bin");
    for (file, case) in FILES {
        let bytes = fs::read(path(file)).unwrap();
        // The pickle is at the start, the archive's directory at the end.
        let places = (0..4000).step_by(13).chain((bytes.len() - 2000..bytes.len()).step_by(41));
        for (place, mask) in places.zip([0xff, 0x01, 0x80, 0x20].into_iter().cycle()) {
            let mut bytes = bytes.clone();
            bytes[place] ^= mask;
            fs::write(&damaged, &bytes).unwrap();
            if let Err(error) = load(case, &damaged) {
                assert!(!error.to_string().is_empty());
            }
        }
    }
}

#[test]
fn a_pytorch_file_of_another_model_names_the_tensor_and_both_shapes() {
    let error = load("bert_bf16", &path("zip_f16")).err().unwrap().to_string();
    let expected =
        "tensor `embeddings.word_embeddings.weight` has shape [60, 24], but config.json calls for [60, 32]";
    assert!(error.ends_with(expected), "{error}");
    let error = load("gpt2", &path("zip_f16")).err().unwrap().to_string();
    let expected = "golden: tensor `wte.weight` [60, 32] is missing from the weights, whose names begin with `encoder.layer.` (32), ";
    assert!(error.starts_with(expected), "{error}");
}
