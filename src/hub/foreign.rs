//! What a folder or a repository holds in place of what is read: weights of other programs, in other forms, under other names.
//!
//! It goes by names alone, so that it serves for a folder and for what a server lists.

use std::fs;
use std::path::Path;

use super::folder::{INDEX, PYTORCH, PYTORCH_INDEX, WEIGHTS};
use crate::text::visible;

/// How many names of a folder are looked at.
const NAMES: usize = 5_000;

/// Something that is there in place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Foreign {
    /// What it is: `its weights are …`.
    pub(super) what: String,
    /// What to do.
    pub(super) remedy: String,
}

/// Where a form of weights is told by the end of a name, or by the beginning of one: which is looked at, what it is called, and the
/// remedy.
struct Form {
    begins: &'static [&'static str],
    ends: &'static [&'static str],
    name: &'static str,
    remedy: &'static str,
}

const ORIGINAL: &str = "take the checkpoint that it was made from (its model card names it), in safetensors";
const CONVERT_TF: &str = "in Python, with transformers 4.57 and TensorFlow, `AutoModel.from_pretrained(DIR, from_tf=True)\
    .save_pretrained(OUT)` writes safetensors";

/// The forms, those first that stand beside no others.
const FORMS: &[Form] = &[
    Form {
        begins: &["consolidated", "original/consolidated"],
        ends: &[".safetensors", ".pth", ".pt"],
        name: "in Mistral's or Meta's own format",
        remedy: "take the repository in transformers' format (the same name with -hf, or model.safetensors beside it), or convert it: \
                 transformers has convert_mistral_weights_to_hf.py and convert_llama_weights_to_hf.py",
    },
    Form {
        begins: &[],
        ends: &[".gguf"],
        name: "in GGUF (llama.cpp)",
        remedy: "take the checkpoint that it was made from (its model card names it), in safetensors; or, in Python, \
                 `AutoModelForCausalLM.from_pretrained(DIR, gguf_file=FILE).save_pretrained(OUT)` writes what the file holds, which is \
                 rounded where it is quantised",
    },
    Form { begins: &["ggml"], ends: &[".bin"], name: "in GGML (llama.cpp before GGUF)", remedy: ORIGINAL },
    Form {
        begins: &[],
        ends: &[".distcp", "_model_states.pt", "_optim_states.pt", "zero_to_fp32.py"],
        name: "in the parts of the processes that trained it (DeepSpeed, FSDP)",
        remedy: "put them together first: `python zero_to_fp32.py . OUT` beside DeepSpeed's, `accelerate merge-weights DIR OUT` for FSDP's",
    },
    Form { begins: &[], ends: &["tf_model.h5", ".h5", ".keras"], name: "TensorFlow's", remedy: CONVERT_TF },
    Form {
        begins: &[],
        ends: &[".ckpt.index", ".ckpt.meta", "saved_model.pb"],
        name: "TensorFlow's",
        remedy: "convert them first: transformers has a script for each architecture, convert_ARCHITECTURE_original_tf_checkpoint_to_pytorch.py",
    },
    Form {
        begins: &[],
        ends: &["flax_model.msgpack", ".msgpack"],
        name: "Flax's",
        remedy: "in Python, with transformers 4.57 and Flax, `AutoModel.from_pretrained(DIR, from_flax=True).save_pretrained(OUT)` \
                 writes safetensors",
    },
    Form {
        begins: &[],
        ends: &[".onnx", ".onnx_data"],
        name: "in ONNX, a graph without the model's own names",
        remedy: ORIGINAL,
    },
    Form { begins: &["openvino"], ends: &[".xml", ".bin"], name: "in OpenVINO's form", remedy: ORIGINAL },
    Form {
        begins: &[],
        ends: &[".tflite", ".mlmodel", "rust_model.ot", ".nemo", ".engine"],
        name: "in the form of another program",
        remedy: ORIGINAL,
    },
];

/// The names in `folder` and in the folders in it.
pub(super) fn listing(folder: &Path) -> Vec<String> {
    let entries = |folder: &Path| -> Vec<(String, bool)> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(NAMES);
        entries
            .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path().is_dir()))
            .collect()
    };
    let mut names = Vec::new();
    for (name, is_folder) in entries(folder) {
        if is_folder {
            let inside = entries(&folder.join(&name));
            names.extend(
                inside.into_iter().filter(|(_, deeper)| !deeper).map(|(inner, _)| format!("{name}/{inner}")),
            );
        } else {
            names.push(name);
        }
    }
    names.sort_by_key(|name| (name.matches('/').count(), name.clone()));
    names.truncate(NAMES);
    names
}

/// What stands among `names` in place of weights that are read.
pub(super) fn weights(names: &[String]) -> Option<Foreign> {
    if [WEIGHTS, INDEX, PYTORCH, PYTORCH_INDEX].iter().any(|usual| names.iter().any(|name| name == usual)) {
        return None;
    }
    if let Some(found) = variant(names) {
        return Some(found);
    }
    let form = FORMS.iter().find_map(|form| {
        let found = names.iter().find(|name| {
            let base = name.rsplit('/').next().unwrap_or_default();
            let begins = form.begins.is_empty()
                || form.begins.iter().any(|begin| name.starts_with(begin) || base.starts_with(begin));
            begins && form.ends.iter().any(|end| name.ends_with(end))
        })?;
        Some(Foreign {
            what: format!("its weights are {} ({})", form.name, visible(found)),
            remedy: form.remedy.to_owned(),
        })
    });
    form.or_else(|| inside(names)).or_else(|| renamed(names))
}

/// Weights beside which the usual name has another word: `model.fp16.safetensors`.
fn variant(names: &[String]) -> Option<Foreign> {
    let word = |name: &str, begin: &str, end: &str| {
        let word = name.strip_prefix(begin)?.strip_suffix(end)?;
        (!word.is_empty() && !word.contains('/')).then(|| word.to_owned())
    };
    let (name, usual) = names.iter().find_map(|name| {
        let index = word(name, "model.safetensors.index.", ".json").map(|_| INDEX);
        let shard = name.contains("-of-");
        let single = word(name, "model.", ".safetensors").filter(|_| !shard).map(|_| WEIGHTS);
        let old = word(name, "pytorch_model.", ".bin").filter(|_| !shard).map(|_| PYTORCH);
        index.or(single).or(old).map(|usual| (name, usual))
    })?;
    Some(Foreign {
        what: format!("its weights are a variant of the usual ones ({})", visible(name)),
        remedy: format!(
            "none is chosen among variants: to use this one, give it the usual name (cp {} {usual})",
            visible(name)
        ),
    })
}

/// Checkpoints in folders inside: `checkpoint-500`, as a trainer leaves them.
fn inside(names: &[String]) -> Option<Foreign> {
    let holds = |file: &str| {
        names
            .iter()
            .filter_map(move |name| name.strip_suffix(file)?.strip_suffix('/'))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let mut folders = holds("config.json");
    folders.retain(|folder| names.iter().any(|name| name.starts_with(folder.as_str()) && is_weights(name)));
    let shown: Vec<String> = folders.iter().take(4).map(|folder| format!("{}/", visible(folder))).collect();
    (!shown.is_empty()).then(|| Foreign {
        what: format!(
            "checkpoints stand in folders inside it ({}{})",
            shown.join(", "),
            if folders.len() > 4 { ", …" } else { "" }
        ),
        remedy: "name one of them".to_owned(),
    })
}

fn is_weights(name: &str) -> bool {
    [".safetensors", ".bin", ".safetensors.index.json", ".bin.index.json"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// A single file of weights of an unusual name.
fn renamed(names: &[String]) -> Option<Foreign> {
    let other = |end: &str| {
        let not = ["adapter_model", "training_args", "optimizer", "scheduler", "rng_state", "trainer_state"];
        names.iter().find(|name| {
            name.ends_with(end) && !name.contains('/') && !not.iter().any(|not| name.starts_with(not))
        })
    };
    if let Some((shard, usual)) =
        [(".safetensors", INDEX), (".bin", PYTORCH_INDEX)].into_iter().find_map(|(end, index)| {
            let shard = names
                .iter()
                .find(|name| name.ends_with(end) && name.contains("-of-") && !name.contains('/'))?;
            Some((shard, index))
        })
    {
        return Some(Foreign {
            what: format!("parts of its weights are there ({}), and no {usual}", visible(shard)),
            remedy: format!(
                "fetch {usual} too: it says which file holds which tensor (that of a variant takes this name)"
            ),
        });
    }
    let found = |name: &String, usual: &str| Foreign {
        what: format!("a file of another name may hold its weights ({})", visible(name)),
        remedy: format!("if it does, give it the usual name: cp {} {usual}", visible(name)),
    };
    let torch = || [".bin", ".pt", ".pth", ".ckpt"].into_iter().find_map(other);
    other(".safetensors")
        .map(|name| found(name, WEIGHTS))
        .or_else(|| torch().map(|name| found(name, PYTORCH)))
}

/// What stands among `names` in place of a tokenizer that is read.
pub(super) fn tokenizer(names: &[String]) -> Option<Foreign> {
    let found = names.iter().find_map(|name| {
        let what = match name.as_str() {
            "tekken.json" => "its tokenizer is Mistral's own (tekken.json)",
            _ if name.ends_with(".tiktoken") => "its tokenizer is tiktoken's",
            _ if name.ends_with("vocab.bpe") || name == "encoder.json" => {
                "its tokenizer is in the files of the first GPT-2"
            }
            _ => return None,
        };
        Some(format!("{what} ({})", visible(name)))
    })?;
    Some(Foreign { what: found, remedy: SAVE_TOKENIZER.to_owned() })
}

/// What to do without a tokenizer that is read.
pub(super) const SAVE_TOKENIZER: &str = "save it with the fast tokenizer: in Python, \
    `AutoTokenizer.from_pretrained(NAME).save_pretrained(DIR)` writes tokenizer.json";

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Option<Foreign> {
        weights(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn every_form_is_called_what_it_is() {
        for (names, what) in [
            (["config.json", "model.fp16.safetensors"].as_slice(), "variant"),
            (&["model.safetensors.index.fp16.json", "model.fp16-00001-of-00002.safetensors"], "variant"),
            (&["pytorch_model.fp16.bin"], "variant"),
            (&["params.json", "consolidated.safetensors"], "Mistral's or Meta's"),
            (&["original/consolidated.00.pth"], "Mistral's or Meta's"),
            (&["model-q4.gguf"], "GGUF"),
            (&["ggml-model-q4_0.bin"], "GGML"),
            (&["onnx/model.onnx"], "ONNX"),
            (&["openvino_model.bin", "openvino_model.xml"], "OpenVINO"),
            (&["openvino/openvino_model.xml"], "OpenVINO"),
            (&["tf_model.h5"], "TensorFlow"),
            (&["bert_model.ckpt.index"], "TensorFlow"),
            (&["saved_model.pb"], "TensorFlow"),
            (&["flax_model.msgpack"], "Flax"),
            (&["global_step5/mp_rank_00_model_states.pt"], "DeepSpeed"),
            (&["checkpoint-5/config.json", "checkpoint-5/model.safetensors"], "checkpoint-5/"),
            (
                &["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
                "no model.safetensors.index",
            ),
            (&["model.fp16-00001-of-00002.safetensors"], "no model.safetensors.index"),
            (&["pytorch_model-00001-of-00002.bin"], "no pytorch_model.bin.index"),
            (&["pytorch_model.pt"], "another name"),
            (&["weights.safetensors"], "another name"),
        ] {
            let found = of(names).unwrap();
            assert!(found.what.contains(what) && !found.remedy.is_empty(), "{names:?}: {found:?}");
        }
        for names in [
            ["config.json", "README.md"].as_slice(),
            &["optimizer.pt", "training_args.bin"],
            &["a/config.json"],
        ] {
            assert_eq!(of(names), None, "{names:?}");
        }
        assert!(
            of(&["model.fp16.safetensors"])
                .unwrap()
                .remedy
                .ends_with("model.fp16.safetensors model.safetensors)")
        );
    }
}
