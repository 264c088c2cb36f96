//! What a tokenizer's normaliser may ask for, looked at before the library sees it: each of some dozens of replacements that double
//! what they find asks for more memory than there is, and so does a map of characters that says it is larger than its file.

use serde_json::Value;

use super::charsmap;

/// Published normalisers lengthen a text by a few times: a blank becomes a sign of three bytes.
const MOST: f64 = 64.0;

/// Refuses a `tokenizer.json` whose normaliser may make a text more than 64 times as long, or has a map of characters that asks for
/// more than it holds.
pub(super) fn check(json: &str) -> Result<(), String> {
    // What is no JSON is the library's to refuse.
    let Ok(tokenizer) = serde_json::from_str::<Value>(json) else { return Ok(()) };
    let Some(normalizer) = tokenizer.get("normalizer") else { return Ok(()) };
    charsmaps(normalizer)?;
    let growth = growth(normalizer);
    if growth > MOST {
        return Err(format!(
            "its normalizer may make a text {growth:.3e} times as long, and at most {MOST} times is taken"
        ));
    }
    Ok(())
}

/// Looks at every map of characters of a normaliser.
fn charsmaps(normalizer: &Value) -> Result<(), String> {
    match normalizer {
        Value::Array(parts) => parts.iter().try_for_each(charsmaps),
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| match value {
            Value::String(map) if name == "precompiled_charsmap" => charsmap::check(map),
            value => charsmaps(value),
        }),
        _ => Ok(()),
    }
}

/// By how much a normaliser lengthens a text at most, what it puts at its ends aside.
fn growth(normalizer: &Value) -> f64 {
    let parts = |name: &str| normalizer.get(name).and_then(Value::as_array).into_iter().flatten();
    let inner: f64 = parts("normalizers").map(growth).product();
    let Some(content) = normalizer.get("content").and_then(Value::as_str) else { return inner };
    let pattern = normalizer.get("pattern");
    let text = pattern.and_then(|pattern| pattern.get("String")).and_then(Value::as_str).unwrap_or_default();
    // An expression may match a single character, or none between any two.
    let own = match text.len() {
        0 => content.len() as f64 + 1.0,
        length => content.len() as f64 / length as f64,
    };
    inner * own.max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_that_double_each_other_are_refused() {
        let of = |count: usize| {
            let step = r#"{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}"#;
            let steps = vec![step; count].join(",");
            check(&format!(r#"{{"normalizer": {{"type": "Sequence", "normalizers": [{steps}]}}}}"#))
        };
        assert!(of(6).is_ok());
        assert!(of(40).unwrap_err().contains("1.100e12 times as long"));
        let blank = r#"{"normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}}"#;
        assert!(
            check(blank).is_ok()
                && check("{}").is_ok()
                && check("[").is_ok()
                && check(r#"{"normalizer": null}"#).is_ok()
        );
        let regex =
            format!(r#"{{"normalizer": {{"pattern": {{"Regex": ""}}, "content": "{}"}}}}"#, "b".repeat(70));
        assert!(check(&regex).is_err());
    }
}
