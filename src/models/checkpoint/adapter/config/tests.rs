use serde_json::json;

use super::*;

fn parse(value: &Value) -> Result<AdapterConfig> {
    AdapterConfig::parse(Path::new("adapter_config.json"), &value.to_string())
}

#[test]
fn ranks_and_alphas_are_those_of_the_first_pattern_that_matches() {
    let config = parse(&json!({"r": 4, "lora_alpha": 8, "target_modules": ["q", "v"],
        "rank_pattern": {"v": 2, r"layers\.1\..*": 16}, "alpha_pattern": {"model.layers.0.q": 1.0}}));
    let config = config.unwrap();
    assert_eq!(config.scale("model.layers.0.q").unwrap(), (4, 0.25));
    assert_eq!(config.scale("model.layers.1.v").unwrap(), (2, 4.0));
    assert_eq!(config.scale("model.layers.1.q").unwrap(), (16, 0.5));
    let config =
        parse(&json!({"r": 16, "lora_alpha": 8, "use_rslora": true, "target_modules": "all-linear"}))
            .unwrap();
    assert_eq!(config.scale("x").unwrap(), (16, 2.0));
}

#[test]
fn modules_are_targets_as_in_peft() {
    let targets = |value: Value, path: &str| parse(&value).unwrap().targets(path).unwrap();
    let named = json!({"target_modules": ["q", "embed"], "exclude_modules": ["layers.1.q"]});
    assert!(targets(named.clone(), "model.layers.0.q") && targets(named.clone(), "embed"));
    assert!(!targets(named.clone(), "model.layers.1.q") && !targets(named, "model.layers.0.iq"));
    let layers = json!({"target_modules": ["q"], "layers_to_transform": [1, 3]});
    assert!(targets(layers.clone(), "model.layers.3.q") && !targets(layers.clone(), "model.layers.2.q"));
    // A name in full is chosen whatever its layer.
    assert!(targets(layers.clone(), "q") && !targets(layers, "other.q"));
    let pattern = json!({"target_modules": ["q"], "layers_to_transform": 0, "layers_pattern": "h"});
    assert!(targets(pattern.clone(), "transformer.h.0.q") && !targets(pattern, "transformer.layers.0.q"));
    let regex = json!({"target_modules": r".*\.[02]\.(q|k)", "exclude_modules": ".*k"});
    assert!(targets(regex.clone(), "model.layers.2.q") && !targets(regex.clone(), "model.layers.1.q"));
    assert!(!targets(regex, "model.layers.2.k"));
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    let plain = json!({"r": 4, "target_modules": ["q"], "kasa_config": null, "use_qalora": false, "layer_replication": []});
    assert!(parse(&plain).is_ok());
    for (key, value) in [
        ("alora_invocation_tokens", json!([1, 2])),
        ("layer_replication", json!([[0, 2]])),
        ("target_parameters", json!(["experts.gate_up_proj"])),
        ("use_qalora", json!(true)),
        ("megatron_config", json!({"a": 1})),
        ("a_new_key", json!(3)),
        ("init_lora_weights", json!("pissa_niter_4")),
        ("init_lora_weights", json!("olora")),
        ("r", json!(-1)),
        ("r", json!(0)),
        ("lora_alpha", json!("8")),
        ("use_dora", json!("yes")),
        ("rank_pattern", json!({"q": 0})),
        ("rank_pattern", json!({"(": 1})),
        ("alpha_pattern", json!([1])),
        ("target_modules", json!({"a": 1})),
        ("target_modules", json!("(")),
        ("layers_to_transform", json!("first")),
        ("layers_pattern", json!(7)),
        ("trainable_token_indices", json!([-1])),
    ] {
        let mut odd = plain.clone();
        odd[key] = value.clone();
        let error = parse(&odd).unwrap_err();
        let named = error.to_string().contains(key) || value.to_string().contains('(');
        assert!(named && error.to_string().starts_with("adapter_config.json: "), "{key} {value}: {error}");
        assert!(error.hint().is_some());
    }
    for text in ["", "[]", "{", "3"] {
        assert!(AdapterConfig::parse(Path::new("a.json"), text).is_err());
    }
}

#[test]
fn rows_are_those_of_their_table() {
    let rows = |value: Value, path: &str| {
        let config = parse(&json!({"target_modules": ["q"], "trainable_token_indices": value})).unwrap();
        config.rows(path).map(<[usize]>::to_vec)
    };
    assert_eq!(rows(json!([3, 1]), "model.embed_tokens"), Some(vec![3, 1]));
    assert_eq!(rows(json!({"embed_tokens": [2]}), "model.embed_tokens"), Some(vec![2]));
    assert_eq!(rows(json!({"embed_tokens": [2]}), "lm_head"), None);
}
