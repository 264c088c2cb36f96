//! Models before any training, as a control: no weights are needed, and a seed decides.

use mlem_probe::hub::{Checkpoint, Weights};
use mlem_probe::models::{Error, LoadOptions, Model, families};
use serde_json::Value;

use crate::models::{Golden, hidden_states};
use crate::workspace::Workspace;

fn untrained(case: &str, seed: u64) -> Result<Model, Error> {
    let checkpoint = Checkpoint { weights: Weights::Absent, ..Golden::open(case).checkpoint() };
    Model::load(&checkpoint, &LoadOptions::default().untrained(seed))
}

#[test]
fn every_family_has_an_untrained_model_that_its_seed_decides() {
    for family in families().iter().filter(|family| family.model_type != "rwkv7") {
        for case in family.golden {
            let states = |seed| hidden_states(&untrained(case, seed).unwrap(), &[vec![1, 2, 3]]);
            let first = states(1);
            assert!(first.iter().flatten().all(|value| value.is_finite()), "{case}");
            // A layer of a small model may be small, but it is not nothing.
            assert!(first.iter().all(|state| state.iter().any(|&value| value != 0.0)), "{case}");
            assert!(first == states(1) && first != states(2), "{case}");
        }
    }
    let error = untrained("rwkv7", 1).err().unwrap();
    assert!(
        error.to_string().ends_with("untrained weights of model_type `rwkv7` are not supported"),
        "{error}"
    );
}

#[test]
fn a_run_of_an_untrained_model_needs_no_weights_and_says_what_it_is() {
    let w = Workspace::new();
    let assets = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/tiny-bert");
    std::fs::create_dir(w.path("bare")).unwrap();
    for file in ["config.json", "tokenizer.json"] {
        std::fs::copy(format!("{assets}/{file}"), w.path(&format!("bare/{file}"))).unwrap();
    }
    let table = w.ok("relative_clause --sample 100 --model ./bare --untrained=7");
    assert!(table.contains("untrained ./bare"), "{table}");
    let run = w.read("runs/relative_clause-bare-untrained7/run.json");
    let run: Value = serde_json::from_str(&run).unwrap();
    assert_eq!(run["model"]["untrained"], 7);
    let page = w.read("runs/relative_clause-bare-untrained7/report.html");
    assert!(page.contains("The model was not trained: its weights are those of its initialiser (seed 7)."));

    // The embedded model has the same configuration; a seed and no weights decide.
    w.ok("generate relative_clause --sample 100 --balance -o s.csv");
    w.ok("extract s.csv --untrained=7 -o embedded.safetensors");
    w.ok("extract s.csv --model ./bare --untrained=7 -o bare.safetensors");
    w.ok("extract s.csv --untrained -o other.safetensors");
    let read = |name: &str| mlem_probe::activations::Activations::read(&w.path(name)).unwrap();
    let (embedded, bare, other) =
        (read("embedded.safetensors"), read("bare.safetensors"), read("other.safetensors"));
    assert_eq!(bare.provenance().untrained, Some(7));
    assert_eq!(other.provenance().untrained, Some(0));
    assert_eq!(embedded.matrix(6), bare.matrix(6));
    assert_ne!(embedded.matrix(6), other.matrix(6));
    w.ok("fit s.csv bare.safetensors -o fit");
    let run: Value = serde_json::from_str(&w.read("fit/run.json")).unwrap();
    assert_eq!(run["model"]["untrained"], 7);
}
