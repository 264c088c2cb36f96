//! Configurations with values that no model has: where they are refused the error has a hint, and none is the end of the program.

use mlem_probe::hub::{Checkpoint, Weights};
use mlem_probe::models::{LoadOptions, Model, families};
use serde_json::{Map, Value, json};

use crate::models::Golden;

/// Values that a size cannot have, and that other keys may not have either.
fn wild() -> Vec<Value> {
    vec![
        json!(1u64 << 50),
        json!(u64::MAX),
        json!(-1),
        json!(0),
        json!(2.5),
        json!(1e300),
        json!("x"),
        json!([]),
        json!({}),
        json!(true),
    ]
}

/// Loads `config` with the weights of `checkpoint`, or as an untrained model; says whether it was refused.
fn refused(checkpoint: &Checkpoint, config: &Value, untrained: bool, what: &str) -> bool {
    let checkpoint = Checkpoint { config: config.to_string(), ..checkpoint.clone() };
    let error = if untrained {
        let absent = Checkpoint { weights: Weights::Absent, ..checkpoint };
        Model::load(&absent, &LoadOptions::default().untrained(1)).err()
    } else {
        Model::load(&checkpoint, &LoadOptions::default()).err()
    };
    if let Some(error) = &error {
        assert!(error.hint().is_some(), "{what}: {error} has no hint");
    }
    error.is_some()
}

/// The same object with `value` under `key`.
fn with(object: &Map<String, Value>, key: &str, value: Value) -> Value {
    let mut object = object.clone();
    object.insert(key.to_owned(), value);
    object.into()
}

#[test]
fn no_value_of_any_key_ends_the_program() {
    // Every key meets some of the values, and every value many of the keys.
    let values = wild();
    let mut turn = 0;
    let mut next = || {
        turn += 1;
        values[turn % values.len()].clone()
    };
    for family in families() {
        let checkpoint = Golden::open(family.golden[1]).checkpoint();
        let config: Map<String, Value> = serde_json::from_str(&checkpoint.config).unwrap();
        let name = family.model_type;
        for (key, old) in &config {
            for round in 0..3 {
                let value = next();
                let what = format!("{name}: {key} = {value}");
                // A part without keys is a model of billions, which is not drawn here.
                let untrained = round == 0 && !old.is_object();
                refused(&checkpoint, &with(&config, key, value), untrained, &what);
            }
            for inner in old.as_object().into_iter().flat_map(Map::keys) {
                let value = next();
                let what = format!("{name}: {key}.{inner} = {value}");
                let part = with(old.as_object().unwrap(), inner, value);
                refused(&checkpoint, &with(&config, key, part), false, &what);
            }
            // The largest size that is not refused for itself. (A large machine may have room for it in an untrained model.)
            let largest = with(&config, key, json!((1u64 << 31) - 1));
            refused(&checkpoint, &largest, false, &format!("{name}: {key} = {}", largest[key]));
            let mut without = config.clone();
            without.remove(key);
            refused(&checkpoint, &without.into(), false, &format!("{name} without {key}"));
        }
    }
}

#[test]
fn sizes_that_no_model_has_are_named() {
    let checkpoint = Golden::open("bert").checkpoint();
    let config: Map<String, Value> = serde_json::from_str(&checkpoint.config).unwrap();
    for key in
        ["num_hidden_layers", "vocab_size", "hidden_size", "intermediate_size", "max_position_embeddings"]
    {
        let config = with(&config, key, json!(1u64 << 50));
        assert!(refused(&checkpoint, &config, true, key), "{key}");
        let checkpoint = Checkpoint { config: config.to_string(), ..checkpoint.clone() };
        let error = Model::load(&checkpoint, &LoadOptions::default()).err().unwrap();
        assert_eq!(
            error.to_string(),
            format!("config.json of golden: `{key}` is 1125899906842624, which is more than any model has")
        );
    }
    // A size that a model may have, and no machine has room for.
    let config = with(&config, "vocab_size", json!((1u64 << 31) - 1)).as_object().unwrap().clone();
    let config = with(&config, "hidden_size", json!(1 << 20));
    let absent = Checkpoint { config: config.to_string(), weights: Weights::Absent, ..checkpoint };
    let error = Model::load(&absent, &LoadOptions::default().untrained(1)).err().unwrap();
    assert_eq!(
        error.to_string(),
        "golden: tensor `embeddings.word_embeddings.weight` [2147483647, 1048576] does not fit into the memory that is left"
    );
    assert!(error.hint().unwrap().contains("config.json"));
}
