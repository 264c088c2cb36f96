//! JSON, of which only the beginning may be here: what kind of document it is, by its first keys.

use std::collections::BTreeSet;

use super::names::Kind;

/// What a text that begins with `{` or `[` is; `None` where it does not go on as JSON.
pub(super) fn kind(text: &str, is_whole: bool, lines: bool) -> Option<(Kind, String)> {
    let said = |kind: Kind, what: String| Some((kind, what));
    let scan = scan(text)?;
    if let Some(end) = scan.end {
        let rest = text[end..].trim_start();
        if rest.starts_with(['{', '[']) {
            return said(Kind::JsonLines, "a value of JSON on each line".to_owned());
        }
        if !rest.is_empty() {
            return None;
        }
        if lines {
            return said(Kind::JsonLines, "one value of JSON, and its name".to_owned());
        }
    } else if is_whole && !text.trim_end().ends_with(['}', ']', ',', '"']) {
        return None;
    }
    if let Some(list) = text.strip_prefix('[') {
        return match list.trim_start().chars().next() {
            Some('{') => said(Kind::JsonRecords, "a list whose first entry is an object".to_owned()),
            _ => said(Kind::Json, "a list".to_owned()),
        };
    }
    let has = |names: &[&str]| names.iter().all(|name| scan.keys.contains(*name));
    let named = |names: &[&str]| format!("the keys {}", names.join(", "));
    for (kind, names) in DOCUMENTS {
        if has(names) {
            return said(*kind, named(names));
        }
    }
    said(Kind::Json, "an object".to_owned())
}

/// Keys that tell what an object is; the first that fits counts.
const DOCUMENTS: &[(Kind, &[&str])] = &[
    (Kind::SyntaxGym, &["items", "predictions"]),
    (Kind::SyntaxGym, &["items", "region_meta"]),
    (Kind::SyntaxGym, &["items", "meta"]),
    (Kind::AdapterConfig, &["peft_type"]),
    (Kind::AdapterConfig, &["base_model_name_or_path", "target_modules"]),
    (Kind::WeightIndex, &["weight_map"]),
    (Kind::Tokenizer, &["model", "pre_tokenizer"]),
    (Kind::Tokenizer, &["added_tokens", "truncation"]),
    (Kind::ModelConfig, &["model_type"]),
    (Kind::ModelConfig, &["architectures"]),
    (Kind::MistralConfig, &["dim", "n_layers"]),
    (Kind::RunRecord, &["version", "command", "seed"]),
    (Kind::Notebook, &["cells", "nbformat"]),
    (Kind::Notebook, &["cells", "metadata"]),
];

/// What was seen of a value of JSON.
struct Scan {
    /// The keys of the object itself, not of those inside it.
    keys: BTreeSet<String>,
    /// Where it ends, if that is here.
    end: Option<usize>,
}

/// Goes through a value of JSON as far as it is here; `None` where an object or a list cannot go on so.
fn scan(text: &str) -> Option<Scan> {
    let mut keys = BTreeSet::new();
    let mut open = Vec::new();
    let mut string: Option<usize> = None;
    let mut escaped = false;
    let mut last: Option<&str> = None;
    let mut word = String::new();
    for (at, c) in text.char_indices() {
        if let Some(start) = string {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    last = Some(&text[start..at]);
                    string = None;
                }
                _ => {}
            }
            continue;
        }
        let goes_on = c.is_ascii_alphanumeric() || "+-.".contains(c);
        if !goes_on && !word.is_empty() && !is_bare(&std::mem::take(&mut word)) {
            return None;
        }
        match c {
            '"' => string = Some(at + 1),
            ':' if open.len() == 1 => keys.extend(last.take().map(str::to_owned)),
            '{' | '[' => open.push(c),
            '}' | ']' => {
                if open.pop()? != if c == '}' { '{' } else { '[' } {
                    return None;
                }
                if open.is_empty() {
                    return Some(Scan { keys, end: Some(at + 1) });
                }
            }
            _ if goes_on => word.push(c),
            c if c.is_whitespace() || c == ',' || c == ':' => {}
            _ => return None,
        }
    }
    Some(Scan { keys, end: None })
}

/// Whether a word may stand without quotes. NaN and Infinity are not JSON, and Python writes them.
fn is_bare(word: &str) -> bool {
    ["true", "false", "null", "NaN", "Infinity", "-Infinity"].contains(&word) || word.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Kind> {
        kind(text, true, false).map(|(kind, _)| kind)
    }

    #[test]
    fn documents_are_told_by_their_own_keys() {
        assert_eq!(of(r#"{"a": {"model_type": 1}}"#), Some(Kind::Json));
        assert_eq!(of(r#"{"b": "{[", "model_type": "bert"}"#), Some(Kind::ModelConfig));
        assert_eq!(of(r#"{"peft_type": "LORA", "model_type": "x"}"#), Some(Kind::AdapterConfig));
        assert_eq!(of(r#"[{"sentence": "a"}]"#), Some(Kind::JsonRecords));
        assert_eq!(of("[1, NaN]"), Some(Kind::Json));
    }

    #[test]
    fn lines_of_json_are_told_from_one_value() {
        assert_eq!(of("{\"a\": 1}\n{\"a\": 2}\n"), Some(Kind::JsonLines));
        assert_eq!(of("{\n\"a\": \"}\\\"\"\n}\n"), Some(Kind::Json));
        assert_eq!(kind("{\"a\": 1}\n", true, true).map(|(kind, _)| kind), Some(Kind::JsonLines));
    }

    #[test]
    fn what_only_begins_as_json_is_none() {
        for text in [
            "[lexicon.noun]\nwords = [\"a\"]\n[slots]\n",
            "[WARNING] no\nsuch thing",
            "{a} [b]}",
            "[slots]\n[x]\n",
            "[[template]]",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
