//! Tests: what transformers writes for every supported type of models with nothing set is understood, and every other name of a size
//! is known.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::config::Config;
use super::{registry, sizes};

/// What is refused of which release, and the key that it is refused for: there releases differ.
const REFUSED: &[(&str, &str, &str)] =
    &[("4.57", "olmo3", "rope_theta"), ("5.24", "xmod", "default_language")];

/// Keys of `attribute_map` that are no sizes.
const NO_SIZES: [&str; 10] = [
    "attention_probs_dropout_prob",
    "initializer_range",
    "boi_token_id",
    "eoi_token_id",
    "image_token_id",
    "bos_index",
    "eos_index",
    "pad_index",
    "rope_theta",
    "num_hidden_layers",
];

fn frozen() -> BTreeMap<String, BTreeMap<String, Value>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/default_configs.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn defaults_of_transformers_are_understood() {
    let mut wrong = Vec::new();
    for (release, types) in frozen() {
        assert!(types.len() > 80, "{release}");
        for (model_type, of) in types {
            let config = Config::parse("default", of["config"].as_str().unwrap()).unwrap();
            let refused = registry::declare(&config).err().map(|error| error.to_string());
            let expected = REFUSED.iter().find(|(of, name, _)| *of == release && *name == model_type);
            let expected = expected.map(|(_, _, key)| *key);
            match (&refused, expected) {
                (None, None) => {}
                (Some(text), Some(key)) if text.contains(&format!("`{key}`")) => {}
                _ => wrong.push(format!("{release} {model_type}: {refused:?}, expected {expected:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn other_names_of_sizes_are_those_of_transformers() {
    for (release, types) in frozen() {
        for (model_type, of) in types {
            for (other, usual) in of["attribute_map"].as_object().unwrap() {
                let known =
                    sizes::other_names(&model_type).iter().chain(sizes::lately_other_names(&model_type));
                let known = known.copied().find(|(name, _)| name == other).map(|(_, usual)| usual);
                let is_size = !NO_SIZES.contains(&other.as_str()) || known.is_some();
                assert!(
                    !is_size || known == usual.as_str(),
                    "{release} {model_type}: {other} is {usual}, here {known:?}"
                );
            }
        }
    }
}
