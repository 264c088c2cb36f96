//! Adapters: hidden states against those of peft's models, in which nothing is merged; and files that are not whole or not honest.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use mlem_probe::hub::{self, Hub};
use mlem_probe::models::{Dtype, LoadOptions, Model};
use mlem_probe::progress::Silent;
use safetensors::SafeTensors;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::models::{hidden_states, unzipped};

/// The files of `tests/golden/adapters.zip`, which `adapters.py` there makes, in a folder.
struct Golden {
    home: TempDir,
    cases: Vec<String>,
}

impl Golden {
    fn open() -> Self {
        let (home, names) = unzipped("adapters.zip");
        let cases = names.iter().filter_map(|name| name.strip_suffix("/adapter_config.json"));
        let cases = cases.map(str::to_owned).collect();
        Self { home, cases }
    }

    fn folder(&self, case: &str) -> PathBuf {
        self.home.path().join(case)
    }

    fn config(&self, case: &str) -> Value {
        serde_json::from_slice(&fs::read(self.folder(case).join("adapter_config.json")).unwrap()).unwrap()
    }

    fn base(&self, case: &str) -> PathBuf {
        self.home.path().join("bases").join(self.config(case)["base_model_name_or_path"].as_str().unwrap())
    }

    /// The hub of a user who knows where the base of `case` is.
    fn hub(&self, case: &str) -> Hub {
        let mut hub = Hub::from_variables(|_| None);
        hub.base = Some(self.base(case).display().to_string());
        hub
    }

    fn load(&self, case: &str, options: &LoadOptions) -> Result<Model, String> {
        load(&self.folder(case), &self.hub(case), options)
    }

    fn ids(&self) -> Vec<Vec<u32>> {
        serde_json::from_slice(&fs::read(self.home.path().join("ids.json")).unwrap()).unwrap()
    }

    /// The largest difference of a model's states and those of peft's, relative to the layer's largest magnitude.
    fn worst(&self, case: &str, model: &Model) -> f32 {
        let bytes = fs::read(self.folder(case).join("states.safetensors")).unwrap();
        let states = SafeTensors::deserialize(&bytes).unwrap();
        let mut worst: f32 = 0.0;
        for (sentence, ids) in self.ids().into_iter().enumerate() {
            for (layer, found) in hidden_states(model, &[ids]).into_iter().enumerate() {
                let wanted = states.tensor(&format!("{sentence}.{layer}")).unwrap();
                let wanted: Vec<f32> = wanted
                    .data()
                    .chunks_exact(4)
                    .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
                    .collect();
                assert_eq!(found.len(), wanted.len(), "{case} {layer}");
                let magnitude = wanted.iter().fold(0.0f32, |most, value| most.max(value.abs()));
                for (found, wanted) in found.iter().zip(&wanted) {
                    let difference = (found - wanted).abs() / magnitude;
                    assert!(!difference.is_nan(), "{case} {layer}");
                    worst = worst.max(difference);
                }
            }
        }
        worst
    }
}

fn load(folder: &Path, hub: &Hub, options: &LoadOptions) -> Result<Model, String> {
    let said = |text: String, hint: Option<String>| {
        let hint = hint.unwrap_or_else(|| panic!("{text} has no hint"));
        format!("{text}\nhint: {hint}")
    };
    let found = hub::resolve(&folder.display().to_string(), hub, &Silent);
    let checkpoint = found.map_err(|error| said(error.to_string(), error.hint()))?;
    Model::load(&checkpoint, options).map_err(|error| said(error.to_string(), error.hint()))
}

#[test]
fn states_are_those_of_the_model_that_is_not_merged() {
    let golden = Golden::open();
    assert!(golden.cases.len() > 20);
    for case in &golden.cases {
        for offload in [false, true] {
            let model = golden.load(case, &LoadOptions::default().offload(offload));
            let model = model.unwrap_or_else(|error| panic!("{case}: {error}"));
            let worst = golden.worst(case, &model);
            assert!(worst <= 2e-5, "{case}: {worst:e}");
        }
    }
}

#[test]
fn merged_weights_may_be_held_in_half() {
    let golden = Golden::open();
    let model = golden.load("llama_patterns", &LoadOptions::default().dtype(Dtype::Bf16)).unwrap();
    let worst = golden.worst("llama_patterns", &model);
    assert!((1e-4..0.2).contains(&worst), "{worst:e}");
}

#[test]
fn an_adapter_counts_wherever_it_lies() {
    let golden = Golden::open();
    let case = "llama_patterns";
    let (folder, base) = (golden.folder(case), golden.base(case));
    let write = |config: &Value| fs::write(folder.join("adapter_config.json"), config.to_string()).unwrap();
    let plain = Hub::from_variables(|_| None);
    let options = LoadOptions::default();
    // By the name that it gives itself.
    let mut config = golden.config(case);
    config["base_model_name_or_path"] = json!(base);
    write(&config);
    assert!(golden.worst(case, &load(&folder, &plain, &options).unwrap()) <= 2e-5);
    let error = load(&folder, &plain, &options.clone().untrained(1)).err().unwrap();
    assert!(error.contains("--untrained"), "{error}");
    // Beside the weights of its base.
    for name in ["config.json", "model.safetensors", "tokenizer.json"] {
        fs::copy(base.join(name), folder.join(name)).unwrap();
    }
    assert!(golden.worst(case, &load(&folder, &plain, &options).unwrap()) <= 2e-5);
    let mut without = plain.clone();
    without.no_adapter = true;
    assert!(golden.worst(case, &load(&folder, &without, &options).unwrap()) > 0.01);
    // The folder itself as its base.
    let mut own = plain.clone();
    own.base = Some(folder.display().to_string());
    assert!(golden.worst(case, &load(&folder, &own, &options).unwrap()) <= 2e-5);
    // An adapter of an adapter.
    let other = golden.folder("llama_dora");
    let error = load(&other, &own, &options).err().unwrap();
    assert!(error.contains("is an adapter itself"), "{error}");
    // No base at all, and one that is nowhere.
    config["base_model_name_or_path"] = Value::Null;
    write(&config);
    let error = load(&folder, &plain, &options).err().unwrap();
    assert!(error.contains("--base MODEL"), "{error}");
    config["base_model_name_or_path"] = json!("/nowhere/model");
    write(&config);
    let error = load(&folder, &plain, &options).err().unwrap();
    assert!(error.contains("/nowhere/model (adapter_config.json)") && error.contains("--base"), "{error}");
    // What is no adapter has no base.
    let error = load(&base, &own, &options).err().unwrap();
    assert!(error.starts_with("--base is "), "{error}");
}

/// Tensors by name: shape and bytes.
type Tensors = BTreeMap<String, (Vec<usize>, Vec<u8>)>;

/// The tensors of a file, in f32.
fn tensors(path: &Path) -> Tensors {
    let bytes = fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let owned = |name: &&str| {
        let tensor = file.tensor(name).unwrap();
        assert_eq!(tensor.dtype(), safetensors::Dtype::F32);
        ((*name).to_owned(), (tensor.shape().to_vec(), tensor.data().to_vec()))
    };
    file.names().iter().map(owned).collect()
}

fn save(path: &Path, tensors: &Tensors) {
    let views = tensors.iter().map(|(name, (shape, data))| {
        (name, safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), data).unwrap())
    });
    fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

#[test]
fn a_model_may_be_saved_with_its_adapter_in_it() {
    let golden = Golden::open();
    let case = "llama_patterns";
    let (folder, base) = (golden.folder(case), golden.base(case));
    let adapter = tensors(&folder.join("adapter_model.safetensors"));
    let stems: Vec<String> = adapter
        .keys()
        .filter_map(|name| {
            name.strip_prefix("base_model.model.")?.strip_suffix(".lora_A.weight").map(str::to_owned)
        })
        .collect();
    let mut all = BTreeMap::new();
    let bytes = fs::read(base.join("model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    for name in file.names() {
        let tensor = file.tensor(name).unwrap();
        let halves = tensor.data().chunks_exact(2);
        let floats =
            halves.flat_map(|b| half::f16::from_le_bytes(b.try_into().unwrap()).to_f32().to_le_bytes());
        let stem = name.rsplit_once('.').unwrap();
        let name = if stems.iter().any(|known| known == stem.0) {
            format!("base_model.model.{}.base_layer.{}", stem.0, stem.1)
        } else {
            format!("base_model.model.{name}")
        };
        all.insert(name, (tensor.shape().to_vec(), floats.collect()));
    }
    for (name, tensor) in adapter {
        all.insert(name.replace(".weight", ".default.weight"), tensor);
    }
    fs::remove_file(folder.join("adapter_model.safetensors")).unwrap();
    for name in ["config.json", "tokenizer.json"] {
        fs::copy(base.join(name), folder.join(name)).unwrap();
    }
    save(&folder.join("model.safetensors"), &all);
    let plain = Hub::from_variables(|_| None);
    let model = load(&folder, &plain, &LoadOptions::default()).unwrap();
    assert!(golden.worst(case, &model) <= 2e-5);
    fs::remove_file(folder.join("adapter_config.json")).unwrap();
    let error = load(&folder, &plain, &LoadOptions::default()).err().unwrap();
    assert!(error.contains("not merged") && error.contains("adapter_config.json"), "{error}");
}

#[test]
fn files_that_are_not_whole_are_refused_by_name() {
    let golden = Golden::open();
    let case = "llama_dora";
    let path = golden.folder(case).join("adapter_model.safetensors");
    let whole = tensors(&path);
    let options = LoadOptions::default();
    let fails = |what: &str, change: &dyn Fn(&mut Tensors)| {
        let mut changed = whole.clone();
        change(&mut changed);
        save(&path, &changed);
        let error = golden.load(case, &options).err().unwrap_or_else(|| panic!("{what} is taken"));
        assert!(error.contains("adapter_model.safetensors") && error.contains(what), "{what}: {error}");
    };
    let module = "base_model.model.model.layers.1.mlp.up_proj";
    fails("lora_A", &|all| drop(all.remove(&format!("{module}.lora_A.weight"))));
    fails("lora_B", &|all| drop(all.remove(&format!("{module}.lora_B.weight"))));
    fails("magnitudes", &|all| drop(all.remove(&format!("{module}.lora_magnitude_vector"))));
    fails("layers.1.mlp.up_proj", &|all| all.retain(|name, _| !name.starts_with(module)));
    fails("layers.1.mlp.up_proj", &|all| {
        let tensor = all.get_mut(&format!("{module}.lora_A.weight")).unwrap();
        tensor.0 = vec![2, tensor.1.len() / 8];
    });
    fails("layers.9.self_attn.q_proj", &|all| {
        let q: Vec<_> = all.iter().filter(|(name, _)| name.contains("layers.0.self_attn.q_proj")).collect();
        let moved: Vec<_> =
            q.iter().map(|(name, value)| (name.replace("layers.0", "layers.9"), (*value).clone())).collect();
        all.extend(moved);
    });
    fails("somewhere.weight", &|all| {
        drop(all.insert("base_model.model.somewhere.weight".to_owned(), (vec![1], vec![0; 4])));
    });
    fails("lora_E", &|all| drop(all.insert(format!("{module}.lora_E"), (vec![1], vec![0; 4]))));
    fails("not finite", &|all| {
        let tensor = all.get_mut(&format!("{module}.lora_B.weight")).unwrap();
        tensor.1[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    fails("no tensors", &BTreeMap::clear);
    for end in [0, 7, 100] {
        save(&path, &whole);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..end]).unwrap();
        let error = golden.load(case, &options).err().unwrap();
        assert!(error.contains("adapter_model.safetensors"), "{error}");
    }
    fs::remove_file(&path).unwrap();
    let error = golden.load(case, &options).err().unwrap();
    assert!(error.contains("has no adapter_model.safetensors"), "{error}");
    save(&path, &whole);
    assert!(golden.load(case, &options).is_ok());
}

#[test]
fn what_peft_would_leave_out_is_not_merged_without_a_word() {
    let golden = Golden::open();
    let case = "llama_some_layers";
    let mut config = golden.config(case);
    config["layers_to_transform"] = json!([0]);
    fs::write(golden.folder(case).join("adapter_config.json"), config.to_string()).unwrap();
    let error = golden.load(case, &LoadOptions::default()).err().unwrap();
    assert!(error.contains("layers.1") && error.contains("target_modules"), "{error}");
}
