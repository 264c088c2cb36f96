//! What stands around a sentence.

use serde_json::{Map, Value, json};

/// A token and its id.
pub(super) type Token = (String, u64);

/// The sentence between tokens before and after it.
pub(super) fn template(before: &[Token], after: &[Token]) -> Value {
    let piece = |(token, _): &Token| json!({"SpecialToken": {"id": token, "type_id": 0}});
    let sentence = json!({"Sequence": {"id": "A", "type_id": 0}});
    let single: Vec<Value> =
        before.iter().map(piece).chain([sentence]).chain(after.iter().map(piece)).collect();
    let tokens: Map<String, Value> = before
        .iter()
        .chain(after)
        .map(|(token, id)| (token.clone(), json!({"id": token, "ids": [id], "tokens": [token]})))
        .collect();
    // Never used: a stimulus is one sentence.
    let pair = [single.clone(), vec![json!({"Sequence": {"id": "B", "type_id": 1}})]].concat();
    json!({"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": tokens})
}

/// The tokens that a post-processor puts before a sentence and after it, as far as it says so in a way that is known.
pub(super) fn around(post_processor: &Value) -> (Vec<&str>, Vec<&str>) {
    let kind = post_processor.get("type").and_then(Value::as_str).unwrap_or_default();
    let named =
        |key: &str| post_processor.get(key).and_then(|pair| pair.get(0)?.as_str()).into_iter().collect();
    match kind {
        "BertProcessing" | "RobertaProcessing" => (named("cls"), named("sep")),
        "TemplateProcessing" => {
            let (mut before, mut after, mut sentence) = (Vec::new(), Vec::new(), false);
            for piece in post_processor.get("single").and_then(Value::as_array).into_iter().flatten() {
                match piece.get("SpecialToken").and_then(|token| token.get("id")?.as_str()) {
                    Some(token) if sentence => after.push(token),
                    Some(token) => before.push(token),
                    None => sentence = true,
                }
            }
            (before, after)
        }
        "Sequence" => {
            let (mut before, mut after) = (Vec::new(), Vec::new());
            for part in post_processor.get("processors").and_then(Value::as_array).into_iter().flatten() {
                let (first, last) = around(part);
                before.extend(first);
                after.extend(last);
            }
            (before, after)
        }
        _ => (Vec::new(), Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_names_what_it_was_made_of() {
        let token = |name: &str, id| (name.to_owned(), id);
        let made = template(&[token("<s>", 1)], &[token("</s>", 2), token("en_XX", 3)]);
        assert_eq!(around(&made), (vec!["<s>"], vec!["</s>", "en_XX"]));
        let sequence = json!({"type": "Sequence", "processors": [{"type": "ByteLevel"}, made]});
        assert_eq!(around(&sequence).1, ["</s>", "en_XX"]);
        assert_eq!(
            around(&json!({"type": "RobertaProcessing", "cls": ["<s>", 0], "sep": ["</s>", 2]})).0,
            ["<s>"]
        );
        assert_eq!(around(&Value::Null), (vec![], vec![]));
    }
}
