//! Quantised checkpoints: FP8 against transformers' dequantised weights, and the names of what is not read.

use std::fs;
use std::path::Path;

use mlem_probe::hub::{self, Hub};
use mlem_probe::models::{LoadOptions, Model};
use mlem_probe::progress::Silent;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::models::{TOKENIZER, hidden_states, unzipped};

/// A tensor: its name, type, shape and bytes.
type New = (String, Dtype, Vec<usize>, Vec<u8>);

/// What becomes of a tensor, of its name, type, shape and bytes.
type Rewrite<'a> = &'a dyn Fn(&str, Dtype, Vec<usize>, Vec<u8>) -> Vec<New>;

/// What becomes of a quantised tensor, of its name and bytes.
type Change<'a> = &'a dyn Fn(&str, Vec<u8>) -> Vec<New>;

/// The files of `tests/golden/quantised.zip`, which `quantised.py` there makes, in a folder, with a tokenizer each.
fn golden() -> (TempDir, Vec<String>) {
    let (home, names) = unzipped("quantised.zip");
    let cases = names.iter().filter_map(|name| name.strip_suffix("/config.json"));
    let cases: Vec<String> = cases.map(str::to_owned).collect();
    for case in &cases {
        fs::write(home.path().join(case).join("tokenizer.json"), TOKENIZER).unwrap();
    }
    (home, cases)
}

fn load(folder: &Path, options: &LoadOptions) -> Result<Model, String> {
    let checkpoint =
        hub::resolve(&folder.display().to_string(), &Hub::from_variables(|_| None), &Silent).unwrap();
    Model::load(&checkpoint, options).map_err(|error| {
        let hint = error.hint().unwrap_or_else(|| panic!("{error} has no hint"));
        format!("{error}\nhint: {hint}")
    })
}

fn worst(folder: &Path, model: &Model) -> f32 {
    let ids: Vec<Vec<u32>> = serde_json::from_slice(&fs::read(folder.join("../ids.json")).unwrap()).unwrap();
    let bytes = fs::read(folder.join("states.safetensors")).unwrap();
    let states = SafeTensors::deserialize(&bytes).unwrap();
    let mut worst: f32 = 0.0;
    for (sentence, ids) in ids.into_iter().enumerate() {
        for (layer, found) in hidden_states(model, &[ids]).into_iter().enumerate() {
            let wanted = states.tensor(&format!("{sentence}.{layer}")).unwrap();
            let wanted: Vec<f32> =
                wanted.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
            let magnitude = wanted.iter().fold(0.0f32, |most, value| most.max(value.abs()));
            for (found, wanted) in found.iter().zip(&wanted) {
                let difference = (found - wanted).abs() / magnitude;
                assert!(!difference.is_nan());
                worst = worst.max(difference);
            }
        }
    }
    worst
}

#[test]
fn floats_of_8_bits_are_read_by_their_scales() {
    let (home, cases) = golden();
    assert_eq!(cases.len(), 5);
    for case in cases {
        let folder = home.path().join(&case);
        for offload in [false, true] {
            let model = load(&folder, &LoadOptions::default().offload(offload));
            let model = model.unwrap_or_else(|error| panic!("{case}: {error}"));
            let worst = worst(&folder, &model);
            assert!(worst <= 2e-5, "{case}: {worst:e}");
        }
    }
}

/// Replaces `quantization_config` of the checkpoint in `folder`.
fn set(folder: &Path, quantization: &Value) {
    let mut config: Value = serde_json::from_slice(&fs::read(folder.join("config.json")).unwrap()).unwrap();
    config["quantization_config"] = quantization.clone();
    fs::write(folder.join("config.json"), config.to_string()).unwrap();
}

/// Writes the tensors of a checkpoint again as `change` has them: name, type, shape and bytes.
fn rewrite(folder: &Path, change: impl Fn(&str, Dtype, Vec<usize>, Vec<u8>) -> Vec<New>) {
    let path = folder.join("model.safetensors");
    let bytes = fs::read(&path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensors: Vec<_> = file
        .tensors()
        .into_iter()
        .flat_map(|(name, view)| change(&name, view.dtype(), view.shape().to_vec(), view.data().to_vec()))
        .collect();
    let views = tensors
        .iter()
        .map(|(name, dtype, shape, data)| (name, TensorView::new(*dtype, shape.clone(), data).unwrap()));
    let written = safetensors::serialize(views, None).unwrap();
    fs::write(&path, written).unwrap();
}

#[test]
fn scales_that_are_not_those_of_the_weights_are_refused() {
    let error_of = |quantization: Option<Value>, change: Rewrite<'_>| {
        let (home, _) = golden();
        let folder = home.path().join("blocks");
        if let Some(quantization) = quantization {
            set(&folder, &quantization);
        }
        rewrite(&folder, change);
        load(&folder, &LoadOptions::default()).err().unwrap()
    };
    let same = |name: &str, dtype, shape, data| vec![(name.to_owned(), dtype, shape, data)];
    let error = error_of(None, &|name, dtype, shape, data| {
        if name.ends_with("layers.0.self_attn.k_proj.weight_scale_inv") {
            vec![]
        } else {
            same(name, dtype, shape, data)
        }
    });
    assert!(
        error.contains("layers.0.self_attn.k_proj.weight`") && error.contains("scales are not there"),
        "{error}"
    );
    let error = error_of(None, &|name, dtype, shape, data| {
        if name.ends_with("layers.1.mlp.down_proj.weight_scale_inv") {
            same(name, dtype, vec![5], data[..20].to_vec())
        } else {
            same(name, dtype, shape, data)
        }
    });
    assert!(error.contains("layers.1.mlp.down_proj") && error.contains("do not go with"), "{error}");
    // The key is gone, and the scales are there.
    let error = error_of(Some(Value::Null), &same);
    assert!(error.contains("quantised with FP8") && error.contains("weight_scale_inv"), "{error}");
    // Scales under a name that nobody is known to read say that there is something to be known.
    for scale in ["scale_weight", "weight.scale", "weight_scales", "input_scale"] {
        let error = error_of(Some(Value::Null), &|name, dtype, shape, data| {
            same(&name.replace("weight_scale_inv", scale), dtype, shape, data)
        });
        assert!(error.contains("quantised with FP8") && error.contains(scale), "{error}");
    }
}

#[test]
fn other_methods_are_told_by_their_names_with_what_to_do() {
    let gone = |name: &str| name.replace(".weight", "");
    let bits8: Change<'_> = &|name, data| {
        vec![
            (name.to_owned(), Dtype::I8, vec![data.len()], data),
            (format!("{}.SCB", gone(name)), Dtype::F32, vec![1], vec![0; 4]),
        ]
    };
    let bits4: Change<'_> = &|name, data| {
        vec![
            (name.to_owned(), Dtype::U8, vec![data.len(), 1], data),
            (format!("{name}.quant_state.bitsandbytes__nf4"), Dtype::U8, vec![1], vec![0]),
        ]
    };
    let gptq: Change<'_> = &|name, _| {
        vec![
            (format!("{}.qweight", gone(name)), Dtype::I32, vec![1], vec![0; 4]),
            (format!("{}.g_idx", gone(name)), Dtype::I32, vec![1], vec![0; 4]),
        ]
    };
    let alone: Change<'_> = &|name, data| vec![(name.to_owned(), Dtype::I8, vec![data.len()], data)];
    for (quantization, change, named) in [
        (
            json!({"quant_method": "bitsandbytes", "load_in_8bit": true}),
            bits8,
            "quantised with bitsandbytes (8 bit)",
        ),
        (
            json!({"quant_method": "bitsandbytes", "load_in_4bit": true}),
            bits4,
            "quantised with bitsandbytes (4 bit)",
        ),
        (json!({"quant_method": "gptq", "bits": 4}), gptq, "quantised with GPTQ"),
        (
            json!({"quant_method": "compressed-tensors", "format": "int-quantized"}),
            alone,
            "quantised with compressed-tensors",
        ),
        (json!({"quant_method": "awq", "bits": 4}), alone, "quantised with AWQ (4 bit)"),
        (json!({"quant_method": "hqq"}), alone, "quantised with HQQ"),
        (json!({"quant_method": "torchao"}), alone, "quantised with torchao"),
    ] {
        let (home, _) = golden();
        let folder = home.path().join("tensor");
        rewrite(&folder, |name, dtype, shape, data| match dtype {
            Dtype::F8_E4M3 => change(name, data),
            _ if name.contains("scale") => Vec::new(),
            _ => vec![(name.to_owned(), dtype, shape, data)],
        });
        set(&folder, &quantization);
        let error = load(&folder, &LoadOptions::default()).err().unwrap();
        assert!(
            error.contains(named) && error.contains("made from") && !error.contains("download"),
            "{error}"
        );
        // Before any training it does not matter how weights are stored.
        assert!(load(&folder, &LoadOptions::default().untrained(1)).is_ok());
        // Without the key it shows in the tensors, but for whole numbers of which nothing is said.
        set(&folder, &Value::Null);
        let error = load(&folder, &LoadOptions::default()).err().unwrap();
        let told =
            error.contains(named) || error.contains("holds I8, not floats") || error.contains("has shape");
        assert!(told && !error.contains("download"), "{error}");
    }
}
