//! Checkpoints under the names that the pages use, small and of random weights, in the layout of the Python hub's cache: so that
//! every command runs without a network. They are the frozen models of `tests/golden/hidden_states`, with more words, places and
//! blocks; a piece of text is a letter or a byte.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// A commit that no repository has.
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// Places that a model has for tokens.
const PLACES: usize = 512;

/// The files of a checkpoint: names and bytes.
pub type Files = Vec<(String, Vec<u8>)>;

/// A cache of the Hub with every model that a page names.
pub struct World(TempDir);

impl World {
    pub fn new() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        world.hub("google-bert/bert-base-uncased", &["main"], &bert(1));
        world.hub("sentence-transformers/all-MiniLM-L6-v2", &["main"], &bert(2));
        world.hub("openai-community/gpt2", &["main"], &gpt2());
        world.hub("allenai/OLMoE-1B-7B-0924", &["main"], &olmoe());
        let steps = ["main", "step1000", "step10000", "step143000"];
        world.hub("EleutherAI/pythia-70m", &steps, &neox());
        world.hub(
            "someone/their-lora",
            &["main"],
            &lora("meta-llama/Llama-3.2-1B", "q_proj", ["model.layers.0.self_attn", ""], 32),
        );
        for (id, case) in [("google-t5/t5-small", "decoders/t5"), ("facebook/bart-base", "decoders/bart")] {
            if golden(case).exists() {
                world.hub(id, &["main"], &bytes_of(grown(case, 257, None), "PreTrainedTokenizerFast"));
            }
        }
        world
    }

    /// The folder that `HF_HUB_CACHE` names.
    pub fn cache(&self) -> &Path {
        self.0.path()
    }

    /// Keeps `files` as what `id` is at `revisions`.
    fn hub(&self, id: &str, revisions: &[&str], files: &Files) {
        let repo = self.repo(id);
        for (name, bytes) in files {
            write(&repo.join("snapshots").join(COMMIT).join(name), bytes);
        }
        for revision in revisions {
            write(&repo.join("refs").join(revision), COMMIT.as_bytes());
        }
    }

    fn repo(&self, id: &str) -> PathBuf {
        self.0.path().join(format!("models--{}", id.replace('/', "--")))
    }

    /// Puts the checkpoint in `folder` in the place of MiniLM.
    pub fn with_minilm(&self, folder: &Path) {
        let snapshot = self.repo("sentence-transformers/all-MiniLM-L6-v2").join("snapshots").join(COMMIT);
        for name in ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"] {
            fs::copy(folder.join(name), snapshot.join(name)).unwrap();
        }
    }
}

/// Writes a file and the folders above it.
pub fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A BERT of so many blocks.
pub fn bert(blocks: usize) -> Files {
    let mut files = grown("hidden_states/bert", 5 + 2 * LETTERS.chars().count(), Some(blocks));
    files.push(("tokenizer.json".to_owned(), letters().to_string().into_bytes()));
    settings(files, "BertTokenizer")
}

/// A decoder of two blocks.
pub fn llama() -> Files {
    bytes_of(grown("hidden_states/llama", 257, None), "PreTrainedTokenizerFast")
}

fn gpt2() -> Files {
    bytes_of(grown("hidden_states/gpt2", 257, Some(6)), "GPT2Tokenizer")
}

fn olmoe() -> Files {
    bytes_of(grown("hidden_states/olmoe", 257, None), "GPTNeoXTokenizer")
}

fn neox() -> Files {
    bytes_of(grown("hidden_states/gpt_neox", 257, Some(1)), "GPTNeoXTokenizer")
}

/// An adapter of one layer: `module` in the block `at`, before and behind which the names of its weights have something.
pub fn lora(base: &str, module: &str, at: [&str; 2], width: usize) -> Files {
    let config = json!({
        "peft_type": "LORA", "base_model_name_or_path": base, "task_type": "FEATURE_EXTRACTION", "r": 2, "lora_alpha": 4,
        "target_modules": [module], "layers_to_transform": [0], "bias": "none", "lora_dropout": 0.0, "inference_mode": true,
    });
    let name = |part: &str| format!("base_model.model.{}.{module}{}.{part}.weight", at[0], at[1]);
    let data: Vec<u8> =
        (0..2 * width).flat_map(|k| (((k * 37 % 19) as f32 - 9.0) / 30.0).to_le_bytes()).collect();
    let tensor = |shape: [usize; 2]| TensorView::new(Dtype::F32, shape.to_vec(), &data).unwrap();
    let tensors = [(name("lora_A"), tensor([2, width])), (name("lora_B"), tensor([width, 2]))];
    vec![
        ("adapter_config.json".to_owned(), config.to_string().into_bytes()),
        ("adapter_model.safetensors".to_owned(), safetensors::serialize(tensors, None).unwrap()),
    ]
}

/// The configuration and weights of a frozen model, with `words` tokens, [`PLACES`] and so many blocks (those it has for `None`).
fn grown(case: &str, words: usize, blocks: Option<usize>) -> Files {
    let mut bytes = Vec::new();
    GzDecoder::new(fs::File::open(golden(case)).expect(case)).read_to_end(&mut bytes).unwrap();
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let config = &metadata.metadata().as_ref().unwrap()["config"];
    let mut config: Map<String, Value> = serde_json::from_str(config).unwrap();
    let frozen = SafeTensors::deserialize(&bytes).unwrap();
    let size = |key: &str| config.get(key).and_then(Value::as_u64).map(|size| size as usize);
    let old_words = size("vocab_size").unwrap();
    let old_places = size("max_position_embeddings").or_else(|| size("n_positions"));
    let old_blocks = size("num_hidden_layers").or_else(|| size("n_layer"));
    let (old_blocks, blocks) = (old_blocks.unwrap_or(1), blocks.unwrap_or(old_blocks.unwrap_or(1)));
    for (key, value) in [
        ("vocab_size", words),
        ("max_position_embeddings", PLACES),
        ("n_positions", PLACES),
        ("num_hidden_layers", blocks),
        ("n_layer", blocks),
        // `--heads 0-7`.
        ("n_head", 8),
    ] {
        config.entry(key).and_modify(|old| *old = value.into());
    }
    let mut tensors = Vec::new();
    for (name, tensor) in frozen.tensors().into_iter().filter(|(name, _)| !name.starts_with("golden.")) {
        let mut shape = tensor.shape().to_vec();
        let rows = if shape[0] == old_words && shape.len() == 2 {
            words
        } else if ["position_embeddings", "embed_positions", "wpe"].iter().any(|part| name.contains(part)) {
            // BART has two more than it says.
            PLACES + shape[0] - old_places.unwrap_or(shape[0])
        } else {
            shape[0]
        };
        let data = more_rows(tensor.data(), shape[0], rows);
        shape[0] = rows;
        let names = if old_blocks == blocks { vec![name] } else { copies(&name, old_blocks, blocks) };
        tensors.extend(names.into_iter().map(|name| (name, shape.clone(), data.clone())));
    }
    let views = tensors
        .iter()
        .map(|(name, shape, data)| (name, TensorView::new(Dtype::F32, shape.clone(), data).unwrap()));
    vec![
        ("config.json".to_owned(), Value::from(config).to_string().into_bytes()),
        ("model.safetensors".to_owned(), safetensors::serialize(views, None).unwrap()),
    ]
}

/// A file of `tests/golden`.
fn golden(case: &str) -> PathBuf {
    super::root().join(format!("tests/golden/{case}.safetensors.gz"))
}

/// As many rows, those beyond the old ones turned: each is another one.
fn more_rows(data: &[u8], old: usize, rows: usize) -> Vec<u8> {
    let width = data.len() / old;
    let row = |at: usize| {
        let mut row = data[at % old * width..][..width].to_vec();
        row.rotate_left(at / old * 4 % width);
        row
    };
    (0..rows).flat_map(row).collect()
}

/// The names of a tensor in `blocks` blocks, where it is of one of `old`: the first number in its name.
fn copies(name: &str, old: usize, blocks: usize) -> Vec<String> {
    let parts: Vec<&str> = name.split('.').collect();
    let Some((at, block)) =
        parts.iter().enumerate().find_map(|(at, part)| Some((at, part.parse::<usize>().ok()?)))
    else {
        return vec![name.to_owned()];
    };
    let of = |block: usize| {
        let number = block.to_string();
        let mut parts = parts.clone();
        parts[at] = &number;
        parts.join(".")
    };
    (0..blocks).filter(|k| k % old == block).map(of).collect()
}

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789.,;:?!'\"-";

/// WordPiece by letters.
fn letters() -> Value {
    let specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map(str::to_owned);
    let first = LETTERS.chars().map(|letter| letter.to_string());
    let further = LETTERS.chars().map(|letter| format!("##{letter}"));
    let words = specials.into_iter().chain(first).chain(further);
    let vocab: Map<String, Value> = (0..).zip(words).map(|(id, word): (u32, _)| (word, id.into())).collect();
    let special = |(id, name): (u32, &str)| json!({"id": id, "content": name, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true});
    let added: Vec<Value> = (0..).zip(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]).map(special).collect();
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added,
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"}, "decoder": null,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}, "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}},
        },
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocab},
    })
}

/// Adds a tokenizer of bytes, of the class.
fn bytes_of(mut files: Files, class: &str) -> Files {
    // Bytes as GPT-2 writes them: those that can be seen stand for themselves, the others from U+0100 on.
    let seen = |byte: u32| matches!(byte, 33..=126 | 161..=172 | 174..=255);
    let mut unseen = 256..;
    let letter =
        |byte| char::from_u32(if seen(byte) { byte } else { unseen.next().unwrap() }).unwrap().to_string();
    let words = (0..256).map(letter).chain(["<|endoftext|>".to_owned()]);
    let vocab: Map<String, Value> = (0..).zip(words).map(|(id, word): (u32, _)| (word, id.into())).collect();
    let bytes =
        json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null, "pre_tokenizer": bytes, "post_processor": null,
        "decoder": bytes, "added_tokens": [{"id": 256, "content": "<|endoftext|>", "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true}],
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "", "end_of_word_suffix": "",
            "fuse_unk": false, "byte_fallback": false, "vocab": vocab, "merges": []},
    });
    files.push(("tokenizer.json".to_owned(), tokenizer.to_string().into_bytes()));
    settings(files, class)
}

fn settings(mut files: Files, class: &str) -> Files {
    let settings = json!({"tokenizer_class": class});
    files.push(("tokenizer_config.json".to_owned(), settings.to_string().into_bytes()));
    files
}
