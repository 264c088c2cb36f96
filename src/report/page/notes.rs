//! What to keep in mind: warnings, of which those that are alike are one line that opens.

use serde::Serialize;

use super::super::svg::escape;
use super::super::words;

/// Warnings that say the same of other features or layers.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Note {
    /// The first of them, as markup.
    head: String,
    /// All of them, as markup.
    all: Vec<String>,
}

/// `warnings` by what they say, in the order of the first of each kind. `names` are the words that may differ: features, models.
pub(in crate::report) fn notes(warnings: &[String], names: &[&str]) -> Vec<Note> {
    let mut kinds: Vec<(String, Note)> = Vec::new();
    let mut names: Vec<&str> = names.to_vec();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for warning in warnings {
        let (kind, line) = (kind(warning, &names), markup(warning));
        match kinds.iter_mut().find(|(other, _)| *other == kind) {
            Some((_, note)) => note.all.push(line),
            None => kinds.push((kind, Note { head: line.clone(), all: vec![line] })),
        }
    }
    kinds.into_iter().map(|(_, note)| note).collect()
}

/// `warning` without what may differ between two that are alike: names, numbers, lists of them.
fn kind(warning: &str, names: &[&str]) -> String {
    let mut text = String::new();
    // What stands in backticks is a name.
    for (i, piece) in warning.split('`').enumerate() {
        if i % 2 == 0 { text.push_str(piece) } else { text.push('#') }
    }
    for name in names.iter().filter(|name| !name.is_empty()) {
        text = replace_word(&text, name);
    }
    let mut kind = String::new();
    let mut last_number = false;
    for c in text.replace("-0", "0").replace("−", "").chars() {
        let number = c.is_ascii_digit() || (last_number && (c == '.' || c == ','));
        match (number, last_number) {
            (true, false) => kind.push('0'),
            (true, true) => {}
            (false, _) => kind.push(c),
        }
        last_number = number;
    }
    kind
}

/// `text` with every `name` in it that is a word of its own as `#`.
fn replace_word(text: &str, name: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        let whole = !before.ends_with(is_part) && !after.starts_with(is_part);
        out.push_str(before);
        out.push_str(if whole { "#" } else { name });
        rest = after;
    }
    out + rest
}

/// `text` as markup: what stands in backticks is code.
pub(in crate::report) fn markup(text: &str) -> String {
    let text = words::visible(text);
    let pieces: Vec<&str> = text.split('`').collect();
    // A backtick without another is one.
    let paired = pieces.len() % 2 == 1;
    let mut out = String::new();
    for (i, piece) in pieces.iter().enumerate() {
        let code = i % 2 == 1 && (paired || i + 1 < pieces.len());
        let piece = escape(piece);
        if code {
            out.push_str("<code>");
            out.push_str(&piece);
            out.push_str("</code>");
        } else {
            if i % 2 == 1 {
                out.push('`');
            }
            out.push_str(&piece);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_that_differ_in_names_and_numbers_are_one_line() {
        let warnings = [
            "`a` and `b` correlate (r = 0.62): their importances share credit".to_owned(),
            "`c` and `a b` correlate (r = -0.7): their importances share credit".to_owned(),
            "subj_number is constant".to_owned(),
            "verb is constant".to_owned(),
            "verbs are few".to_owned(),
        ];
        let found = notes(&warnings, &["subj_number", "verb"]);
        let sizes: Vec<usize> = found.iter().map(|note| note.all.len()).collect();
        assert_eq!(sizes, [2, 2, 1]);
        assert!(found.last().unwrap().head.contains("verbs are few"));
    }

    #[test]
    fn backticks_are_code_and_nothing_is_markup() {
        assert_eq!(markup("use `--map <n>` & go"), "use <code>--map &lt;n&gt;</code> &amp; go");
        assert_eq!(markup("a ` alone"), "a ` alone");
    }
}
