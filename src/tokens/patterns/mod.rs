//! Patterns of `tokenizer.json` were written for Oniguruma (in the syntax of Ruby), the engine that the Python library has. The one
//! here, fancy-regex, reads some of them in another way without a word: `\p{N}{1,3}+` is possessive, `\w` and `[[:alpha:]]`
//! are other characters. Each is rewritten into one that means the same here, or refused by name.
//!
//! With the cargo feature `onig` the engine is Oniguruma itself, and patterns stay as they are.

mod set;
mod translate;

use serde_json::Value;

use super::document::Document;

/// Rewrites every pattern of a tokenizer; says which, or which cannot be.
pub(super) fn rewrite(document: &mut Document<'_>) -> Result<Vec<String>, String> {
    let mut said = Vec::new();
    if cfg!(feature = "onig") {
        return Ok(said);
    }
    let mut changed = visit(&mut document.normalizer, &mut said)?;
    changed |= visit(&mut document.pre_tokenizer, &mut said)?;
    document.changed |= changed;
    Ok(said)
}

/// Looks for patterns in every part of `value`; whether any was rewritten.
fn visit(value: &mut Value, said: &mut Vec<String>) -> Result<bool, String> {
    let mut changed = false;
    match value {
        Value::Array(parts) => {
            for part in parts {
                changed |= visit(part, said)?;
            }
        }
        Value::Object(parts) => {
            if let Some(pattern) = parts.get_mut("pattern").and_then(|pattern| pattern.get_mut("Regex"))
                && let Some(written) = pattern.as_str()
            {
                let found = translate::translate(written).map_err(|why| {
                    format!("its pattern `{written}` has {why}, which is read in another way here")
                })?;
                if found.otherwise {
                    said.push(format!("the pattern `{written}` as `{}`", found.text));
                }
                if found.text != written {
                    *pattern = found.text.into();
                    changed = true;
                }
            }
            for (_, part) in parts.iter_mut() {
                changed |= visit(part, said)?;
            }
        }
        _ => {}
    }
    Ok(changed)
}
