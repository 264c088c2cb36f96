//! A WordPiece tokenizer whose words are those of the training sentences, and single letters for any other word.

use std::collections::BTreeSet;
use std::error::Error;

use serde_json::{Map, Value, json};
use tokenizers::Tokenizer;

/// The token that hides a word.
pub const MASK: u32 = 4;
const SPECIAL: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/// The content of `tokenizer.json`, in the form of an uncased BERT's.
pub fn tokenizer(sentences: &[String]) -> Value {
    let mut words = BTreeSet::new();
    for sentence in sentences {
        let lower = sentence.to_lowercase();
        let spaced =
            lower.chars().flat_map(|c| if c.is_alphanumeric() { vec![c] } else { vec![' ', c, ' '] });
        words.extend(spaced.collect::<String>().split_whitespace().map(str::to_owned));
    }
    let letters = ('a'..='z').chain('0'..='9').map(String::from);
    let pieces: Vec<String> = letters.flat_map(|letter| [format!("##{letter}"), letter]).collect();
    words.extend(pieces);
    words.extend([".", ",", "?", "!", "'", "-"].map(str::to_owned));
    let all = SPECIAL.iter().map(|&token| token.to_owned()).chain(words);
    let vocabulary: Map<String, Value> = all.enumerate().map(|(id, word)| (word, json!(id))).collect();
    let special = |(id, token): (usize, &&str)| {
        json!({"id": id, "content": token, "single_word": false, "lstrip": false, "rstrip": false,
               "normalized": false, "special": true})
    };
    json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": SPECIAL.iter().enumerate().map(special).collect::<Vec<_>>(),
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                       "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                       {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                     {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}},
                     {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                               "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": vocabulary}
    })
}

/// The tokens of every sentence, `[CLS]` and `[SEP]` included.
pub fn encode(tokenizer: &Value, sentences: &[String]) -> Result<Vec<Vec<u32>>, Box<dyn Error>> {
    let tokenizer = Tokenizer::from_bytes(tokenizer.to_string()).map_err(|error| error.to_string())?;
    let encode = |sentence: &String| tokenizer.encode(sentence.as_str(), true).map(|e| e.get_ids().to_vec());
    Ok(sentences.iter().map(encode).collect::<Result<_, _>>().map_err(|error| error.to_string())?)
}
