//! Tokenizers that are built from the files of a vocabulary, against frozen tokens of Hugging Face transformers.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use mlem_probe::hub::{self, Hub};
use mlem_probe::models::Tokenizer;
use mlem_probe::progress::Silent;
use serde::Deserialize;

use crate::workspace::Workspace;

#[derive(Deserialize)]
struct Golden {
    sentences: Vec<String>,
    cases: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
struct Case {
    files: BTreeMap<String, String>,
    tokens: Vec<Vec<u32>>,
}

fn golden() -> Golden {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/vocabularies.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A folder with these files.
fn folder(files: &BTreeMap<String, String>) -> Workspace {
    let w = Workspace::new();
    for (name, content) in files {
        w.write(&format!("model/{name}"), content);
    }
    w
}

fn build(w: &Workspace) -> Result<String, hub::Error> {
    let hub = Hub::from_variables(|_| None);
    hub::tokenizer(&w.path("model").display().to_string(), &hub, &Silent).map(|(_, text)| text.json)
}

#[test]
fn vocabularies_give_the_tokens_of_transformers() {
    let Golden { sentences, cases } = golden();
    assert!(cases.len() >= 16);
    for (name, case) in cases {
        let tokenizer = Tokenizer::parse(&name, &build(&folder(&case.files)).unwrap()).unwrap();
        for (sentence, expected) in sentences.iter().zip(&case.tokens) {
            assert_eq!(&tokenizer.encode(sentence).unwrap().tokens, expected, "{name}: {sentence:?}");
        }
    }
}

#[test]
fn what_would_not_be_exact_is_refused() {
    let refusal = |case: &str, file: &str, content: &str| {
        let mut files = golden().cases.remove(case).unwrap().files;
        files.insert(file.to_owned(), content.to_owned());
        let error = build(&folder(&files)).unwrap_err();
        assert!(error.hint().is_some_and(|hint| hint.contains("save_pretrained") || hint.contains("again")));
        error.to_string()
    };
    let text = refusal("bert", "config.json", r#"{"model_type": "mpnet"}"#);
    assert!(text.ends_with("the vocabulary lacks `<s>`, the bos token"), "{text}");
    let text = refusal("bert", "tokenizer_config.json", r#"{"tokenizer_class": "BertJapaneseTokenizer"}"#);
    assert!(text.contains("a vocabulary that BertJapaneseTokenizer may read"), "{text}");
    let text = refusal("bert", "tokenizer_config.json", r#"{"never_split": ["ab"]}"#);
    assert!(text.ends_with("`never_split` changes the tokens in a way that is not known"), "{text}");
    let text = refusal("bert", "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n");
    assert!(text.ends_with("the vocabulary lacks `[MASK]`, the mask token"), "{text}");
    let text = refusal("gpt2", "vocab.json", "[]");
    assert!(text.ends_with("not a JSON object"), "{text}");
}

/// The files of `tests/golden/spm.zip`: sentencepiece models, and the cases that they are in.
fn sentencepiece() -> (Golden, BTreeMap<String, Vec<u8>>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/spm.zip");
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        files.insert(entry.name().unwrap().into_owned(), bytes);
    }
    (serde_json::from_slice(&files["cases.json"]).unwrap(), files)
}

/// A folder with the files of a case.
fn folder_of(case: &Case, models: &BTreeMap<String, Vec<u8>>) -> Workspace {
    let w = Workspace::new();
    for (name, content) in &case.files {
        match content.strip_prefix('@') {
            Some(model) => w.write(&format!("model/{name}"), &models[model]),
            None => w.write(&format!("model/{name}"), content),
        };
    }
    w
}

#[test]
fn sentencepiece_models_give_the_tokens_of_transformers() {
    let (Golden { sentences, cases }, models) = sentencepiece();
    assert!(cases.len() >= 44);
    let mut wrong = Vec::new();
    for (name, case) in cases {
        let text = build(&folder_of(&case, &models)).unwrap();
        let tokenizer = Tokenizer::parse(&name, &text).unwrap();
        for (sentence, expected) in sentences.iter().zip(&case.tokens) {
            let found = tokenizer.encode(sentence).unwrap().tokens;
            if &found != expected {
                wrong.push(format!("{name}: {sentence:?}\n  {found:?}\n  {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn newer_settings_and_classes_are_read_beside_a_sentencepiece_model() {
    let (Golden { sentences, mut cases }, models) = sentencepiece();
    let mut read = |name: &str, settings: &str| {
        let case = cases.get_mut(name).unwrap();
        case.files.insert("tokenizer_config.json".to_owned(), settings.to_owned());
        Tokenizer::parse(name, &build(&folder_of(case, &models)).unwrap()).unwrap()
    };
    for (name, class) in
        [("t5", "T5Tokenizer"), ("xlm_roberta", "XLMRobertaTokenizer"), ("deberta_v3", "DebertaV2Tokenizer")]
    {
        let with = |more: &str| format!(r#"{{"tokenizer_class": "{class}"{more}}}"#);
        let plain = read(name, &with(""));
        let marked = read(name, &with(r#", "additional_special_tokens": ["<ent>"]"#));
        let list = read(name, &with(r#", "extra_special_tokens": ["<ent>"]"#));
        let by_name = read(name, &with(r#", "extra_special_tokens": {"entity_token": "<ent>"}"#));
        for sentence in sentences.iter().map(String::as_str).chain(["a <ent> b<ent>"]) {
            let tokens = |tokenizer: &Tokenizer| tokenizer.encode(sentence).unwrap().tokens;
            assert_eq!(tokens(&list), tokens(&marked), "{name}: {sentence:?}");
            if !sentence.contains("<ent>") {
                assert_eq!(tokens(&by_name), tokens(&plain), "{name}: {sentence:?}");
            }
        }
        let found = |tokenizer: &Tokenizer| tokenizer.encode("<ent><ent>").unwrap().tokens;
        assert!(found(&by_name).windows(2).any(|pair| pair[0] == pair[1]));
        assert_ne!(found(&by_name), found(&plain));
    }
    let same = [r#"{"tokenizer_class": "T5Tokenizer"}"#, r#"{"tokenizer_class": "MT5TokenizerFast"}"#];
    let [t5, mt5] = same.map(|settings| read("t5", settings));
    for sentence in &sentences {
        assert_eq!(t5.encode(sentence).unwrap().tokens, mt5.encode(sentence).unwrap().tokens);
    }
}

#[test]
fn a_vocabulary_of_tiktoken_and_a_beginning_that_nobody_asks_for_are_said() {
    let (Golden { cases, .. }, models) = sentencepiece();
    let w = folder_of(&cases["llama_bare"], &models);
    let hub = Hub::from_variables(|_| None);
    let read = |w: &Workspace| hub::tokenizer(&w.path("model").display().to_string(), &hub, &Silent);
    let (_, text) = read(&w).unwrap();
    assert!(text.doubts.iter().any(|doubt| doubt.contains("add_bos_token")), "{:?}", text.doubts);
    w.write("model/tokenizer_config.json", r#"{"add_bos_token": false}"#);
    assert!(read(&w).unwrap().1.doubts.is_empty());
    w.write("model/tokenizer.model", "IQ== 0\nIg== 1\n");
    let error = read(&w).unwrap_err();
    assert!(error.to_string().contains("a vocabulary of tiktoken"), "{error}");
    assert!(error.hint().unwrap().contains("tokenizer.json"));
}

#[test]
fn sentencepiece_models_that_nobody_is_known_to_read_so_are_refused() {
    let (Golden { mut cases, .. }, models) = sentencepiece();
    let mut refusal = |case: &str, file: &str, content: &str| {
        let case = cases.get_mut(case).unwrap();
        let before = case.files.insert(file.to_owned(), content.to_owned());
        let error = build(&folder_of(case, &models)).unwrap_err();
        match before {
            Some(before) => case.files.insert(file.to_owned(), before),
            None => case.files.remove(file),
        };
        assert!(error.hint().is_some_and(|hint| hint.contains("save_pretrained") || hint.contains("again")));
        error.to_string()
    };
    let text = refusal("xlm_roberta", "config.json", r#"{"model_type": "xlm-roberta-xl"}"#);
    assert!(
        text.ends_with(
            "sentencepiece.bpe.model: a sentencepiece model that the tokenizer of model_type xlm-roberta-xl may read in a way of \
             its own"
        ),
        "{text}"
    );
    let text = refusal("t5", "tokenizer_config.json", r#"{"tokenizer_class": "XLNetTokenizer"}"#);
    assert!(text.contains("a sentencepiece model that XLNetTokenizer may read"), "{text}");
    let text = refusal("llama", "tokenizer.model", "@unigram");
    assert!(text.ends_with("its algorithm is Unigram, and LlamaTokenizer takes it for BPE"), "{text}");
    let text = refusal("t5", "spiece.model", "{}");
    assert!(text.contains("spiece.model: not a readable sentencepiece model: "), "{text}");
    let text = refusal("mbart", "tokenizer_config.json", r#"{"src_lang": "xx_XX"}"#);
    assert!(text.ends_with("`src_lang` is xx_XX, which is no language of it"), "{text}");
    let text = refusal("m2m_100", "vocab.json", r#"{"<s>": 0}"#);
    assert!(text.contains("vocab.json lacks its piece `"), "{text}");
    let text = refusal("m2m_100", "tokenizer_config.json", r#"{"language_codes": "wmt21"}"#);
    assert!(text.ends_with("its languages are not those of M2M-100"), "{text}");
    let listed = r#"{"added_tokens_decoder": {"900": {"content": "[MASK]", "special": true}}}"#;
    let text = refusal("deberta_v2", "tokenizer_config.json", listed);
    assert!(
        text.ends_with("`[MASK]` is listed as token 900, which the vocabulary does not give it"),
        "{text}"
    );
    let text = refusal("llama", "tokenizer_config.json", r#"{"sp_model_kwargs": {"enable_sampling": true}}"#);
    assert!(text.ends_with("`sp_model_kwargs` changes the tokens in a way that is not known"), "{text}");
    for asked in ["-1", "100001", "4611686018427387904", "\"7\"", "true", "null", "1.5"] {
        let text = refusal("t5", "tokenizer_config.json", &format!(r#"{{"extra_ids": {asked}}}"#));
        assert!(
            text.ends_with(&format!("`extra_ids` is {asked}, which is not a whole number from 0 to 100,000")),
            "{text}"
        );
    }
    for (more, what) in [
        (r#"{"a": "<a>"}"#, "is no list of tokens"),
        (r#""<a>""#, "is no list of tokens"),
        (r#"[{"content": "<a>"}]"#, r#"lists {"content":"<a>"}, which is no token"#),
        (r#"["<a>", ""]"#, r#"lists "", which is no token"#),
    ] {
        let settings = format!(r#"{{"additional_special_tokens": {more}}}"#);
        let text = refusal("albert", "tokenizer_config.json", &settings);
        assert!(text.ends_with(&format!("`additional_special_tokens` {what}")), "{text}");
    }
    let text =
        refusal("m2m_100", "tokenizer_config.json", r#"{"additional_special_tokens": ["</s>", "<a>"]}"#);
    assert!(
        text.ends_with("`additional_special_tokens` lists `<a>`, and the tokenizer of model_type m2m_100 may find it in a way of its own"),
        "{text}"
    );
}

/// `tokenizer.json` with a map of characters, in base 64.
fn with_map(map: &str) -> String {
    let mut tokenizer: serde_json::Value = serde_json::from_str(crate::models::TOKENIZER).unwrap();
    tokenizer["normalizer"] = serde_json::json!({"type": "Precompiled", "precompiled_charsmap": map});
    tokenizer.to_string()
}

#[test]
fn a_map_of_characters_that_points_out_of_itself_is_an_error() {
    // A trie that is cut short, one that is empty, and one of a unit that points elsewhere.
    for (map, parses) in [("BA==", false), ("AAAAAA==", true), ("BAAAAP////8=", true)] {
        let tokenizer = Tokenizer::parse("crafted", &with_map(map));
        assert_eq!(tokenizer.is_ok(), parses, "{map}");
        let (error, whose) = match tokenizer {
            Ok(tokenizer) => (tokenizer.encode("a b").unwrap_err(), "`a b`"),
            Err(error) => (error, "crafted"),
        };
        let text = error.to_string();
        assert!(text.starts_with(&format!("tokenizer.json of {whose}: ")), "{text}");
        assert_eq!(error.hint().unwrap(), "fetch tokenizer.json again");
    }
}

#[test]
fn a_tokenizer_that_breaks_down_says_so_and_no_more() {
    let w = Workspace::new();
    w.ok("generate relative_clause --sample 40 -o s.csv");
    w.write_model("model");
    w.write("model/tokenizer.json", with_map("BAAAAP////8="));
    let text = w.transcript("extract s.csv --model ./model --no-cache --quiet -o a.safetensors");
    assert!(text.starts_with("exit code 1\n--- stdout\n--- stderr\nerror: tokenizer.json of `"), "{text}");
    assert!(text.contains("`: it cannot be used: ") && !text.contains("panicked"), "{text}");
    assert!(text.ends_with("\nhint: fetch tokenizer.json again\n"), "{text}");
}

/// A case of either kind.
pub(crate) struct GoldenCase {
    /// Its files.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// Sentences, and the tokens of each.
    pub(crate) sentences: Vec<(String, Vec<u32>)>,
}

pub(crate) fn golden_case(name: &str) -> GoldenCase {
    let (mut golden, models) = sentencepiece();
    if !golden.cases.contains_key(name) {
        golden = self::golden();
    }
    let Case { files, tokens } = golden.cases.remove(name).unwrap();
    let bytes = |content: String| match content.strip_prefix('@') {
        Some(model) => models[model].clone(),
        None => content.into_bytes(),
    };
    let files = files.into_iter().map(|(name, content)| (name, bytes(content))).collect();
    GoldenCase { files, sentences: golden.sentences.into_iter().zip(tokens).collect() }
}
