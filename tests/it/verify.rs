//! `probe verify`: what its script froze under transformers, held against the model; and against copies that are not the same.

use std::fs;
use std::io::{Cursor, Read as _};
use std::path::Path;

use serde_json::Value;

use super::workspace::Workspace;

/// The cases of `tests/golden/verify/`.
const CASES: [&str; 13] = [
    "albert",
    "bart",
    "bert",
    "clip",
    "deberta_v2",
    "gemma2",
    "gpt2",
    "llama",
    "llava",
    "mamba",
    "mistral",
    "roberta",
    "t5",
];

/// A folder with a checkpoint in `model/` and what the script froze of it in `frozen.safetensors`.
fn unpacked(case: &str) -> Workspace {
    let w = Workspace::new();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/verify/{case}.zip"));
    let mut zip = zip::ZipArchive::new(Cursor::new(fs::read(path).unwrap())).unwrap();
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let place = if name == "frozen.safetensors" { name } else { format!("model/{name}") };
        w.write(&place, bytes);
    }
    w
}

/// Changes a key of a JSON file.
fn set(w: &Workspace, file: &str, keys: &[&str], value: Value) {
    let mut json: Value = serde_json::from_str(&w.read(file)).unwrap();
    let mut place = &mut json;
    for key in keys {
        place = &mut place[*key];
    }
    *place = value;
    w.write(file, json.to_string());
}

/// What the comparison says, with certificates in a folder of the workspace.
fn verify(w: &Workspace, words: &str) -> (bool, String) {
    let output = w.command(words).env("PROBE_CACHE", w.path("cache")).output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).join("");
    (output.status.success(), text)
}

const AGAINST: &str = "verify model --against frozen.safetensors";

#[test]
fn thirteen_families_are_as_transformers_has_them() {
    for case in CASES {
        let w = unpacked(case);
        let (ok, said) = verify(&w, AGAINST);
        assert!(ok, "{case}: {said}");
        assert!(said.contains("the same tokens; 3 hidden states within"), "{case}: {said}");
    }
}

#[test]
fn decoders_are_as_transformers_has_them_and_have_certificates_of_their_own() {
    for case in ["bart_decoder", "t5_decoder"] {
        let w = unpacked(case);
        let (ok, said) = verify(&w, &format!("{AGAINST} --part decoder"));
        assert!(ok && said.contains("the same tokens; 3 hidden states within"), "{case}: {said}");
        // Of the other part it says nothing.
        let (ok, said) = verify(&w, AGAINST);
        assert!(!ok && said.contains("is of the decoder, and the model was loaded as the encoder"), "{said}");
        assert!(said.contains("add --part decoder"), "{said}");
        let run = "run relative_clause --sample 32 --model model --folds 1 --permutations 2 --map 0 --no-cache -q --force -o";
        let paragraph = "gave the tokens of Hugging Face transformers";
        let (ok, said) = verify(&w, &format!("{run} decoder --part decoder"));
        assert!(ok, "{said}");
        assert!(w.read("decoder/report.html").contains(paragraph), "{case}");
        assert!(verify(&w, &format!("{run} encoder")).0);
        assert!(!w.read("encoder/report.html").contains(paragraph), "{case}");
    }
    let w = unpacked("gpt2");
    let (ok, said) = verify(&w, "verify model --part decoder");
    assert!(!ok && said.contains("--part decoder") && said.contains("is a decoder alone"), "{said}");
    let w = unpacked("t5");
    let (ok, said) = verify(&w, "verify model --part decoder -o v.py");
    assert!(ok && said.contains("probe verify model --part decoder --against"), "{said}");
    assert!(w.read("v.py").contains("PART = \"decoder\""), "{said}");
}

#[test]
fn a_certificate_is_kept_and_runs_of_the_same_model_cite_it() {
    let w = unpacked("gpt2");
    let run = "run relative_clause --sample 32 --model model --folds 1 --permutations 2 --map 0 --no-cache -q --force -o";
    let paragraph = "gave the tokens of Hugging Face transformers";
    assert!(verify(&w, &format!("{run} before")).0);
    assert!(!w.read("before/report.html").contains(paragraph));
    let (ok, said) = verify(&w, &format!("{AGAINST} --json"));
    assert!(ok, "{said}");
    let found: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&found["equal"], &found["certificate"]["sentences"]), (&Value::Bool(true), &Value::from(6)));
    assert!(fs::exists(found["kept"].as_str().unwrap()).unwrap());
    assert!(verify(&w, &format!("{run} after")).0);
    let record: Value = serde_json::from_str(&w.read("after/run.json")).unwrap();
    assert_eq!(record["model"]["certificate"], found["certificate"]);
    assert!(w.read("after/report.html").contains(paragraph));
    // Not of the same weights held otherwise, nor of another model.
    assert!(verify(&w, &format!("{run} held --dtype bf16")).0);
    assert!(!w.read("held/report.html").contains(paragraph));
    set(&w, "model/config.json", &["layer_norm_epsilon"], Value::from(0.5));
    assert!(verify(&w, &format!("{run} other")).0);
    assert!(!w.read("other/report.html").contains(paragraph));
}

#[test]
fn a_wrong_rope_is_found_at_the_first_block() {
    let w = unpacked("llama");
    assert!(verify(&w, AGAINST).0);
    let config: Value = serde_json::from_str(&w.read("model/config.json")).unwrap();
    if config["rope_parameters"].is_object() {
        set(&w, "model/config.json", &["rope_parameters", "rope_theta"], Value::from(5000.0));
    } else {
        set(&w, "model/config.json", &["rope_theta"], Value::from(5000.0));
    }
    let (ok, said) = verify(&w, AGAINST);
    assert!(!ok && said.contains("hidden states part at block 1 (hidden state 1)"), "{said}");
    assert!(!said.contains("tokens part"), "{said}");
}

#[test]
fn a_wrong_epsilon_is_found_where_its_norm_is() {
    let w = unpacked("llama");
    set(&w, "model/config.json", &["rms_norm_eps"], Value::from(1e-5));
    let (ok, said) = verify(&w, AGAINST);
    assert!(!ok && said.contains("hidden states part at block 1 (hidden state 1)"), "{said}");
    let w = unpacked("bert");
    set(&w, "model/config.json", &["layer_norm_eps"], Value::from(1e-3));
    let (ok, said) = verify(&w, AGAINST);
    assert!(!ok && said.contains("hidden states part at the embeddings (hidden state 0)"), "{said}");
}

#[test]
fn other_capitals_are_found_in_the_tokens() {
    let w = unpacked("bert");
    assert!(verify(&w, AGAINST).0);
    set(&w, "model/tokenizer_config.json", &["do_lower_case"], Value::from(false));
    let mut json: Value = serde_json::from_str(&w.read("model/tokenizer.json")).unwrap();
    json["normalizer"]["lowercase"] = Value::from(false);
    w.write("model/tokenizer.json", json.to_string());
    let (ok, said) = verify(&w, AGAINST);
    assert!(
        !ok && said.contains("tokens part in")
            && said.contains("first in `The cat that the dogs chased sleeps.` at token 1"),
        "{said}"
    );
    // The states of the tokens that transformers had are the same.
    assert!(!said.contains("hidden states part"), "{said}");
}

#[test]
fn a_block_that_is_missing_is_said() {
    let w = unpacked("llama");
    set(&w, "model/config.json", &["num_hidden_layers"], Value::from(1));
    let (ok, said) = verify(&w, AGAINST);
    assert!(!ok && said.contains("the number of hidden states: 2 here, 3 in transformers"), "{said}");
}

#[test]
fn the_script_is_written_with_the_sentences_that_are_asked_for() {
    let w = unpacked("bert");
    let (ok, said) = verify(&w, "verify model --text one --text two -o verify-model.py");
    assert!(ok && said.contains("2 sentences") && said.contains("--against verify-"), "{said}");
    let script = w.read("verify-model.py");
    assert!(
        script.contains(r#"SENTENCES = json.loads("[\"one\",\"two\"]")"#)
            && script.contains("REVISION = None"),
        "{script}"
    );
    let (ok, printed) = verify(&w, "verify model --script");
    assert!(
        ok && printed.contains("AutoModel")
            && printed.contains("The cat that the dogs chased sleeps on the mat."),
        "{printed}"
    );
    w.write("own.txt", "a b\n\nc\n");
    assert!(verify(&w, "verify model --sentences own.txt --script").1.contains(r#""[\"a b\",\"c\"]""#));
    let (ok, said) = verify(&w, "verify tiny-bert");
    assert!(!ok && said.contains("inside this program"), "{said}");
}

#[test]
fn files_that_are_damaged_are_named() {
    let w = unpacked("bert");
    let whole = fs::read(w.path("frozen.safetensors")).unwrap();
    for length in [0, 4, 100, whole.len() / 2, whole.len() - 1] {
        w.write("frozen.safetensors", &whole[..length]);
        let (ok, said) = verify(&w, AGAINST);
        assert!(
            !ok && said.contains("frozen.safetensors: ") && said.contains("run the script again"),
            "{length}: {said}"
        );
    }
    fs::copy(w.path("model/model.safetensors"), w.path("frozen.safetensors")).unwrap();
    let (ok, said) = verify(&w, AGAINST);
    assert!(!ok && said.contains("does not say that the script of `probe verify` wrote it"), "{said}");
    let (ok, said) = verify(&w, "verify model --against nowhere.safetensors");
    assert!(!ok && said.contains("cannot read nowhere.safetensors"), "{said}");
}
