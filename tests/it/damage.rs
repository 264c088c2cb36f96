//! Files that are damaged: what is said names what it is, and nothing that was whole is lost.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;

use mlem_probe::models::Tokenizer;
use mlem_probe::tokens;

use crate::bad_input::{npy, own_data};
use crate::workspace::{Workspace, names};

/// A folder `model` with the files of the model that the program has inside.
fn with_model() -> Workspace {
    let w = Workspace::new();
    w.write_model("model");
    w.ok("generate short_sentence --sample 4 -o s.csv");
    w
}

#[test]
fn a_run_that_is_refused_leaves_the_one_that_it_was_to_replace() {
    let w = Workspace::new();
    let (features, activations) = own_data(40, 6);
    w.write("s.csv", &features).write("a.npy", activations);
    w.ok("fit s.csv a.npy -o out --map 8 --figures svg --quiet");
    let whole = |w: &Workspace| -> BTreeMap<String, Vec<u8>> {
        let files = names(&w.path("out")).into_iter().filter(|name| w.path("out").join(name).is_file());
        files.map(|name| (name.clone(), fs::read(w.path("out").join(name)).unwrap())).collect()
    };
    let before = whole(&w);
    // For its features, for its activations, and for its table.
    let constant = features.replace("pl", "sg");
    w.write("constant.csv", constant);
    w.write("few.npy", npy(&[20, 6], &[0.5; 120]));
    w.write("ragged.csv", "number\na,b\n");
    for refused in ["constant.csv a.npy --features number", "s.csv few.npy", "ragged.csv a.npy"] {
        let said = w.transcript(&format!("fit {refused} -o out --force"));
        assert!(said.starts_with("exit code 1") && said.contains("hint: "), "{said}");
        assert_eq!(whole(&w), before, "{refused}");
    }
    let said = w.transcript("report out");
    assert!(said.contains("exit code 0") && !said.contains("warning"), "{said}");
    // A run that goes well replaces all of it.
    w.ok("fit s.csv a.npy -o out --map 0 --seed 3 --force --quiet");
    assert!(!w.path("out/figures").exists() && !w.path("out/geometry.csv").exists());
}

#[test]
fn the_tensor_that_holds_no_number_is_named() {
    let w = with_model();
    let mut weights = fs::read(w.path("model/model.safetensors")).unwrap();
    let length = u64::from_le_bytes(weights[..8].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&weights[8..8 + length]).unwrap();
    let tensors = header.as_object().unwrap();
    let name = tensors.keys().find(|name| name.contains("layer.1") && name.ends_with("weight")).unwrap();
    let at = 8 + length + tensors[name]["data_offsets"][0].as_u64().unwrap() as usize;
    weights[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    w.write("model/model.safetensors", weights);
    let said = w.transcript("extract s.csv --model ./model --no-cache -o a.safetensors --quiet");
    assert!(said.contains(&format!("tensor `{name}` of ./model's weights holds NaN\nhint: fetch")), "{said}");
    assert!(!w.path("a.safetensors").exists());
}

#[test]
fn distances_that_are_all_the_same_are_not_missing() {
    let w = Workspace::new();
    let (_, activations) = own_data(40, 6);
    let distances: Vec<f32> = (0..40 * 40).map(|k| if k / 40 == k % 40 { 0.0 } else { 0.5 }).collect();
    w.write("a.npy", activations).write("d.npy", npy(&[40, 40], &distances));
    let said = w.transcript("fit d.npy a.npy -o out --features d");
    assert!(said.contains("error: feature `d` is constant: every two stimuli are 0.5 apart\n"), "{said}");
    let missing: Vec<f32> = (0..40 * 40).map(|k| if k / 40 == k % 40 { 0.0 } else { f32::NAN }).collect();
    w.write("d.npy", npy(&[40, 40], &missing));
    let said = w.transcript("fit d.npy a.npy -o out --features d");
    assert!(said.contains("error: feature `d` is constant: every distance is missing\n"), "{said}");
}

#[test]
fn an_entry_of_the_cache_holds_the_layers_that_it_says() {
    let w = with_model();
    let extract = |more: &str| {
        let words = format!("extract s.csv --model ./model -o a.safetensors {more}");
        let output = w.command(&words).env("PROBE_CACHE", w.path("c")).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    extract("");
    assert!(extract("").contains("from the cache"));
    let entry = w.path("c/activations").join(&names(&w.path("c/activations"))[0]);
    let whole = fs::read(&entry).unwrap();
    // What is changed has its own hash: only what it says can tell.
    let forged = |from: &str, to: &str| {
        let end = whole.iter().position(|&byte| byte == b'\n').unwrap();
        let line = String::from_utf8(whole[..end].to_vec()).unwrap();
        assert!(line.contains(from), "{line}");
        let mut bytes = line.replace(from, to).into_bytes();
        bytes.extend(&whole[end..whole.len() - 32]);
        let hash = blake3::hash(&bytes);
        bytes.extend(hash.as_bytes());
        fs::write(&entry, bytes).unwrap();
        extract("")
    };
    let layers =
        serde_json::from_slice::<serde_json::Value>(whole.split(|&byte| byte == b'\n').next().unwrap());
    let n_layers = layers.unwrap()["n_layers"].as_u64().unwrap();
    let said = forged(&format!("\"n_layers\":{n_layers}"), "\"n_layers\":1000000000000000");
    assert!(said.contains("is damaged (its model is said to have 1,000,000,000,000,000 layers"), "{said}");
    let said = forged("\"layers\":[0,", "\"layers\":[7,");
    assert!(
        said.contains("is damaged (it says that it has other layers than it has): the model runs again"),
        "{said}"
    );
}

#[test]
fn an_error_of_a_vocabulary_names_its_files() {
    let w = with_model();
    let folder = w.path("model");
    fs::remove_file(folder.join("tokenizer.json")).unwrap();
    w.write("model/config.json", r#"{"model_type": "gpt2"}"#);
    w.write("model/vocab.json", r#"{"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3}"#);
    w.write("model/merges.txt", "#version: 0.2\na b\na z\n");
    let text = tokens::read(&folder).unwrap().unwrap();
    let error = Tokenizer::of("it", &text).map(drop).unwrap_err();
    assert!(error.to_string().starts_with("vocab.json and merges.txt of it: "), "{error}");
    assert_eq!(error.hint().unwrap(), "fetch vocab.json and merges.txt again");
}

#[test]
fn a_map_of_characters_asks_for_no_more_than_it_holds() {
    let w = with_model();
    let mut tokenizer: serde_json::Value = serde_json::from_str(&w.read("model/tokenizer.json")).unwrap();
    // A trie of 4 GiB in a file of four more bytes.
    let map = serde_json::json!({"type": "Precompiled", "precompiled_charsmap": "/P///wAAAAA="});
    tokenizer["normalizer"] = serde_json::json!({"type": "Sequence", "normalizers": [map]});
    w.write("model/tokenizer.json", tokenizer.to_string());
    let said = w.transcript("extract s.csv --model ./model --no-cache -o a.safetensors --quiet");
    assert!(
        said.contains(
            "the trie of its map of characters is said to have 4,294,967,292 bytes, and 4 are there"
        ),
        "{said}"
    );
}

#[test]
fn tables_for_a_spreadsheet_hold_no_formula() {
    let w = Workspace::new();
    let row = |i: usize| format!("\"=HYPERLINK(\"\"x{i}\"\")\",{},-{}.5\n", ["=a", "@b"][i % 2], i % 3);
    w.write("s.csv", (0..40).fold("sentence,+k,n\n".to_owned(), |table, i| table + &row(i)));
    w.ok("run s.csv --folds 2 --permutations 1 --map 0 --layers 0 -o out --quiet");
    let before = w.read("out/stimuli.csv");
    w.ok("report out --spreadsheet-safe --quiet");
    assert_eq!(w.read("out/stimuli.csv"), before);
    let copy = w.read("out/spreadsheet/stimuli.csv");
    assert!(copy.starts_with("sentence,'+k,n\n\"'=HYPERLINK(\"\"x0\"\")\",'=a,-0.5\n"), "{copy}");
    for table in names(&w.path("out/spreadsheet")) {
        for cell in w.read(&format!("out/spreadsheet/{table}")).split([',', '\n']) {
            let is_formula = cell.trim_start_matches('"').starts_with(['=', '+', '-', '@']);
            assert!(!is_formula || cell.parse::<f64>().is_ok(), "{table}: {cell}");
        }
    }
    let said = w.transcript("report out");
    assert!(!said.contains("warning"), "{said}");
}

#[test]
fn an_archive_holds_arrays_alone() {
    let w = Workspace::new();
    let (features, activations) = own_data(40, 6);
    w.write("s.csv", features);
    let mut zip = zip::ZipWriter::new(fs::File::create(w.path("a.npz")).unwrap());
    for name in ["layer_0.npy", "layer_1"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&activations).unwrap();
    }
    zip.finish().unwrap();
    let said = w.transcript("fit s.csv a.npz -o out");
    assert!(
        said.contains("a.npz: it holds `layer_1`, whose name is not that of an array (NAME.npy)\nhint: "),
        "{said}"
    );
}

#[test]
fn an_array_is_as_long_as_its_header_says() {
    let w = Workspace::new();
    let (features, activations) = own_data(40, 6);
    w.write("s.csv", features);
    // A second array in the file, and a byte that shifts all numbers behind it.
    let two = [&activations[..], &npy(&[2, 2], &[1.0; 4])].concat();
    let shifted = [&activations[..200], b"x", &activations[200..]].concat();
    for (bytes, there) in [(two, 960 + 128 + 16), (shifted, 961)] {
        w.write("a.npy", bytes);
        let said = w.transcript("fit s.csv a.npy -o out --force");
        let expected = format!(
            "the file goes on after its array: shape [40, 6] of <f4 needs 960 bytes, and {there} are there"
        );
        assert!(said.contains(&expected), "{said}");
    }
}
