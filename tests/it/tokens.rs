//! What the model reads: tokenizers in layouts of every kind, against frozen tokens of Hugging Face transformers and of the
//! tokenizers library.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use mlem_probe::hub::{self, Hub};
use mlem_probe::models::Tokenizer;
use mlem_probe::progress::Silent;
use mlem_probe::tokens::{self, TokenizerText};
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::workspace::Workspace;

/// The files of an archive of `tests/golden/`.
fn archive(name: &str) -> BTreeMap<String, Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        files.insert(entry.name().unwrap().into_owned(), bytes);
    }
    files
}

pub(crate) fn read(w: &Workspace) -> Result<TokenizerText, hub::Error> {
    let hub = Hub::from_variables(|_| None);
    hub::tokenizer(&w.path("model").display().to_string(), &hub, &Silent).map(|(_, text)| text)
}

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> Workspace {
    let w = Workspace::new();
    for (name, content) in files {
        w.write(&format!("model/{name}"), content);
    }
    w
}

#[test]
fn layouts_give_the_tokens_of_transformers() {
    #[derive(Deserialize)]
    struct Cases {
        sentences: Vec<String>,
        cases: BTreeMap<String, Vec<Option<Vec<u32>>>>,
    }
    let files = archive("tokenizer_layouts.zip");
    let Cases { sentences, cases } = serde_json::from_slice(&files["cases.json"]).unwrap();
    assert!(cases.len() >= 100);
    let (mut wrong, mut refused) = (Vec::new(), 0);
    for (name, expected) in &cases {
        let w = Workspace::new();
        let inside = format!("{name}/");
        for (path, bytes) in files.range(inside.clone()..) {
            let Some(file) = path.strip_prefix(&inside) else { break };
            w.write(&format!("model/{file}"), bytes);
        }
        let text = match read(&w) {
            Ok(text) => text,
            Err(error) => {
                // What is not followed says so, and what to do.
                assert!(error.hint().is_some() && error.to_string().contains("/model/"), "{name}: {error}");
                refused += 1;
                continue;
            }
        };
        let tokenizer = Tokenizer::of(name, &text).unwrap();
        for (sentence, expected) in sentences.iter().zip(expected) {
            let found = tokenizer.encode(sentence).unwrap().tokens;
            if expected.as_ref().is_some_and(|expected| *expected != found) {
                wrong.push(format!("{name}: {sentence:?}\n  {found:?}\n  {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(refused * 20 < cases.len(), "{refused} are refused");
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names of the file")]
struct Texts {
    texts: Vec<String>,
    cases: BTreeMap<String, Case>,
    patterns: BTreeMap<String, Vec<Vec<(usize, usize)>>>,
    sets: BTreeMap<String, (usize, u64)>,
}

#[derive(Deserialize)]
struct Case {
    tokenizer: Value,
    tokens: Vec<Vec<u32>>,
    offsets: Vec<Vec<(usize, usize)>>,
}

fn texts() -> Texts {
    serde_json::from_slice(&archive("tokenizer_texts.zip")["texts.json"]).unwrap()
}

/// `tokenizer` as a model of Llama's would read it: its class puts nothing on top.
fn plain(tokenizer: &Value) -> Tokenizer {
    let w =
        folder(&[("config.json", r#"{"model_type": "llama"}"#), ("tokenizer.json", &tokenizer.to_string())]);
    Tokenizer::of("it", &read(&w).unwrap()).unwrap()
}

#[test]
fn odd_texts_have_the_tokens_and_offsets_of_the_tokenizers_library() {
    let Texts { texts, cases, .. } = texts();
    assert!(texts.len() == 27 && cases.len() >= 12);
    let mut wrong = Vec::new();
    for (name, case) in &cases {
        let tokenizer = plain(&case.tokenizer);
        for ((text, tokens), offsets) in texts.iter().zip(&case.tokens).zip(&case.offsets) {
            let found = tokenizer.encode(text).unwrap();
            let places: Vec<(usize, usize)> =
                found.offsets.iter().map(|place| (place.start, place.end)).collect();
            if found.tokens != *tokens || places != *offsets {
                wrong.push(format!(
                    "{name}: {text:?}\n  {:?} {places:?}\n  {tokens:?} {offsets:?}",
                    found.tokens
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A tokenizer whose pieces are all unknown: their places are where `pattern` has cut.
fn cutter(pattern: &str) -> Value {
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false},
        "post_processor": null, "decoder": null,
        "model": {"type": "WordLevel", "vocab": {"?": 0}, "unk_token": "?"},
    })
}

#[test]
fn patterns_cut_where_oniguruma_cuts() {
    let Texts { texts, patterns, .. } = texts();
    assert!(patterns.len() >= 25);
    let mut wrong = Vec::new();
    for (pattern, expected) in &patterns {
        let tokenizer = plain(&cutter(pattern));
        for (text, expected) in texts.iter().zip(expected) {
            let found = tokenizer.encode(text).unwrap().offsets;
            let found: Vec<(usize, usize)> = found.iter().map(|place| (place.start, place.end)).collect();
            if found != *expected {
                wrong.push(format!("{pattern} in {text:?}\n  {found:?}\n  {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn sets_of_characters_are_those_of_oniguruma() {
    let sets = texts().sets;
    assert!(sets.len() >= 70);
    let characters: String = (0..=0x0010_ffff).filter_map(char::from_u32).collect();
    let wrong = |(set, expected): (&String, &(usize, u64))| {
        // What is left of the characters.
        let mut tokenizer = cutter(set);
        tokenizer["pre_tokenizer"]["behavior"] = "Removed".into();
        let left = plain(&tokenizer).encode(&characters).unwrap().offsets;
        let mut gone: Vec<bool> = vec![true; characters.chars().count()];
        for place in left {
            gone[place].fill(false);
        }
        let gone =
            characters.chars().zip(gone).filter(|(_, gone)| *gone).map(|(c, _)| u64::from(u32::from(c)));
        let (count, sum) = gone.fold((0, 0), |(count, sum), c| (count + 1, sum + c));
        ((count, sum % 1_000_000_007) != *expected)
            .then(|| format!("{set}: {count} characters for {}", expected.0))
    };
    let wrong: Vec<String> = sets.par_iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A tokenizer of BERT's kind with these added tokens.
pub(crate) fn bert(added: &Value) -> String {
    let names = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "dog", "barks", "The", "<", "ent", ">", "[",
        "mask", "]",
    ];
    let vocab: serde_json::Map<String, Value> =
        (0..).zip(names).map(|(id, name): (u32, _)| (name.to_owned(), id.into())).collect();
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added,
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": null, "decoder": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocab},
    })
    .to_string()
}

pub(crate) const BERT: (&str, &str) = ("config.json", r#"{"model_type": "bert"}"#);

#[test]
fn what_is_applied_is_said_with_its_file() {
    let tokenizer = bert(&json!([]));
    let settings = r#"{"tokenizer_class": "BertTokenizerFast", "do_lower_case": false, "additional_special_tokens": ["<ent>"]}"#;
    let w = folder(&[BERT, ("tokenizer.json", &tokenizer), ("tokenizer_config.json", settings)]);
    let shown = w.ok("tokens ./model");
    assert_eq!(
        shown,
        "tokenizer of ./model
  read as by BertTokenizer (tokenizer_config.json names BertTokenizer)
  tokens `[UNK]` (1, found whole), \
         `[SEP]` (3, found whole), `[PAD]` (0, found whole), `[CLS]` (2, found whole), `[MASK]` (4, found whole) (the BertTokenizer \
         itself)
  token `<ent>` (15, found whole) (tokenizer_config.json)
  do_lower_case = false (tokenizer_config.json)
"
    );
    let shown = w.ok("tokens ./model The[MASK]dog<ent>");
    for line in [
        "
The[MASK]dog<ent>
",
        "   8  The     0-3 The
",
        "   4  [MASK]  3-9 [MASK]
",
        "  15  <ent>   12-17 <ent>
",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
    let found: Value = serde_json::from_str(&w.ok("tokens ./model the --json")).unwrap();
    assert_eq!(
        found["sentences"][0]["tokens"][0],
        json!({"id": 5, "piece": "the", "start": 0, "end": 3, "added": false})
    );
    let applied = found["applied"].as_array().unwrap();
    assert!(applied.iter().any(|step| step["from"] == "tokenizer_config.json"), "{found}");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of files and what is said of them")]
fn files_that_are_broken_or_hostile_are_named_with_what_to_do() {
    let tokenizer = bert(&json!([]));
    let refusal = |name: &str, content: &str| {
        let w = folder(&[BERT, ("tokenizer.json", &tokenizer), (name, content)]);
        let error = read(&w).unwrap_err();
        assert!(error.hint().is_some(), "{error}");
        let text = error.to_string();
        text.rsplit_once("/model/").map(|(_, text)| text.to_owned()).unwrap_or(text)
    };
    for (name, content, expected) in [
        (
            "tokenizer_config.json",
            "{",
            "tokenizer_config.json: not valid JSON: EOF while parsing an object at line 1 column 1",
        ),
        ("tokenizer_config.json", "[1]", "tokenizer_config.json: not a JSON object"),
        (
            "tokenizer_config.json",
            r#"{"do_lower_case": "no"}"#,
            r#"tokenizer_config.json: `do_lower_case` is "no", which is neither true nor false"#,
        ),
        (
            "tokenizer_config.json",
            r#"{"mask_token": 7}"#,
            "tokenizer_config.json: `mask_token` is 7, which is no token",
        ),
        (
            "tokenizer_config.json",
            r#"{"mask_token": {"content": "[MASK]"}}"#,
            r#"tokenizer_config.json: `mask_token` is {"content":"[MASK]"}, which is no token"#,
        ),
        (
            "tokenizer_config.json",
            r#"{"added_tokens_decoder": {"x": {"content": "a"}}}"#,
            "tokenizer_config.json: `added_tokens_decoder` is no list of tokens by their ids",
        ),
        (
            "tokenizer_config.json",
            r#"{"added_tokens_decoder": {"3": {"lstrip": true}}}"#,
            r#"tokenizer_config.json: `added_tokens_decoder` is {"lstrip":true}, which is no token"#,
        ),
        (
            "tokenizer_config.json",
            r#"{"additional_special_tokens": "<ent>"}"#,
            "tokenizer_config.json: `additional_special_tokens` is no list of tokens",
        ),
        (
            "tokenizer_config.json",
            r#"{"tokenizer_class": 3}"#,
            "tokenizer_config.json: `tokenizer_class` is 3, which names no class",
        ),
        (
            "tokenizer_config.json",
            r#"{"split_special_tokens": 1}"#,
            "tokenizer_config.json: `split_special_tokens` is 1, which is neither true nor false",
        ),
        (
            "tokenizer_config.json",
            r#"{"fast_tokenizer_files": ["tokenizer.4.0.0.json"]}"#,
            "tokenizer_config.json: `fast_tokenizer_files` names a tokenizer.json for each release of transformers",
        ),
        (
            "special_tokens_map.json",
            r#"{"mask_token": []}"#,
            "special_tokens_map.json: `mask_token` is [], which is no token",
        ),
        (
            "special_tokens_map.json",
            "\"",
            "special_tokens_map.json: not valid JSON: EOF while parsing a string at line 1 column 1",
        ),
        (
            "added_tokens.json",
            r#"{"<ent>": "5"}"#,
            r#"added_tokens.json: `<ent>` has the id "5", which is no whole number"#,
        ),
        (
            "tokenizer.json",
            "{\"added_tokens\": {}}",
            "tokenizer.json: `added_tokens`: invalid type: map, expected a sequence at line 1 column 0",
        ),
        (
            "tokenizer.json",
            "version https://git-lfs.github.com/spec/v1\n",
            "tokenizer.json: a Git LFS pointer, not the file itself",
        ),
        (
            "config.json",
            r#"{"tokenizer_class": "BertJapaneseTokenizer"}"#,
            "config.json: BertJapaneseTokenizer is a program of its own, which cuts words in ways that are not followed here",
        ),
        (
            "config.json",
            r#"{"tokenizer_class": "XLNetTokenizer"}"#,
            "config.json: XLNetTokenizer may read this tokenizer in a way of its own",
        ),
    ] {
        assert_eq!(refusal(name, content), expected, "{name}: {content}");
    }
    let pattern = cutter(r"\X").to_string();
    let text = refusal("tokenizer.json", &pattern);
    assert_eq!(text, r"tokenizer.json: its pattern `\X` has `\X`, which is read in another way here");
    // Half a file of each kind is no tokenizer, and no panic.
    for length in (0..tokenizer.len()).step_by(97) {
        let w = folder(&[BERT, ("tokenizer.json", &tokenizer[..length])]);
        assert!(read(&w).is_err());
    }
    assert!(tokens::read(Path::new("/nowhere")).unwrap().is_none());
}

#[test]
fn a_class_that_nobody_knows_is_read_as_it_is_and_that_is_said() {
    let settings = r#"{"tokenizer_class": "OwnTokenizer", "add_bos_token": true, "bos_token": "[CLS]"}"#;
    let w = folder(&[BERT, ("tokenizer.json", &bert(&json!([]))), ("tokenizer_config.json", settings)]);
    let text = read(&w).unwrap();
    assert_eq!(
        text.doubts,
        [
            "tokenizer_config.json names OwnTokenizer, which is not of transformers: tokenizer.json is read as it is, and no code of the \
             checkpoint is run",
            "tokenizer_config.json has add_bos_token = true, and tokenizer.json does not put `[CLS]`: tokenizer.json is followed, as \
             transformers 5 does",
        ]
    );
}
