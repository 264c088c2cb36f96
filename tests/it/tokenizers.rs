//! Tokenizers that are built from the files of a vocabulary, against frozen tokens of Hugging Face transformers.

use std::collections::BTreeMap;
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
    hub::tokenizer(&w.path("model").display().to_string(), &hub, &Silent).map(|(_, text)| text)
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
    assert!(
        text.ends_with(
            "vocab.txt: a vocabulary that the tokenizer of model_type mpnet may read in a way of its own"
        ),
        "{text}"
    );
    let text = refusal("bert", "tokenizer_config.json", r#"{"tokenizer_class": "BertJapaneseTokenizer"}"#);
    assert!(text.contains("a vocabulary that BertJapaneseTokenizer may read"), "{text}");
    let text = refusal("bert", "tokenizer_config.json", r#"{"never_split": ["ab"]}"#);
    assert!(text.ends_with("`never_split` changes the tokens in a way that is not known"), "{text}");
    let text = refusal("bert", "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n");
    assert!(text.ends_with("the vocabulary lacks `[MASK]`, the mask token"), "{text}");
    let text = refusal("gpt2", "vocab.json", "[]");
    assert!(text.ends_with("not a JSON object"), "{text}");
}
