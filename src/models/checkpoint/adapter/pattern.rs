//! Patterns of an adapter's configuration: regular expressions as Python has them, on the names of modules.

use std::fmt;

use fancy_regex::Regex;

/// A pattern, as it is written and ready.
pub(super) struct Pattern {
    text: String,
    regex: Regex,
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl Pattern {
    /// The pattern `text`, which has to match all of a name. Says why it is none.
    pub(super) fn whole(text: &str) -> Result<Self, String> {
        Self::new(text, &format!(r"\A(?:{text})\z"))
    }

    /// A name, or the end of one after a dot.
    pub(super) fn ending(text: &str) -> Result<Self, String> {
        Self::new(text, &format!(r"\A(?:.*\.)?(?:{text})\z"))
    }

    /// What stands before the number of a layer.
    pub(super) fn before_number(text: &str) -> Result<Self, String> {
        Self::new(text, &format!(r"\A(?:.*?\.)?(?:{text})\.(\d+)\."))
    }

    fn new(text: &str, regex: &str) -> Result<Self, String> {
        let regex =
            Regex::new(regex).map_err(|error| format!("`{text}` is not a pattern that is read: {error}"))?;
        Ok(Self { text: text.to_owned(), regex })
    }

    /// Whether it matches. Says so where that takes too long to find out.
    pub(super) fn matches(&self, name: &str) -> Result<bool, String> {
        self.regex.is_match(name).map_err(|error| self.failed(&error))
    }

    /// The number that it finds.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, String> {
        let found = self.regex.captures(name).map_err(|error| self.failed(&error))?;
        Ok(found.and_then(|groups| groups.get(groups.len() - 1)?.as_str().parse().ok()))
    }

    fn failed(&self, error: &fancy_regex::Error) -> String {
        format!("the pattern `{}` cannot be followed: {error}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_pythons() {
        let whole = Pattern::whole(r"(?!.*vision).*(q_proj|v_proj)").unwrap();
        assert!(whole.matches("model.layers.0.self_attn.q_proj").unwrap());
        assert!(!whole.matches("vision.layers.0.self_attn.q_proj").unwrap());
        assert!(!whole.matches("model.layers.0.q_proj.other").unwrap());
        assert!(Pattern::whole("a|ab").unwrap().matches("ab").unwrap());
        let ending = Pattern::ending(r"layers\.\d+\.q_proj|v_proj").unwrap();
        assert!(ending.matches("model.layers.12.q_proj").unwrap() && ending.matches("v_proj").unwrap());
        assert!(!ending.matches("my_v_proj").unwrap());
        let number =
            |pattern: &str, name: &str| Pattern::before_number(pattern).unwrap().number(name).unwrap();
        assert_eq!(number("layers", "model.layers.3.experts.7.w1"), Some(3));
        assert_eq!(number(r"(h|layer)", "encoder.layer.11.x"), Some(11));
        assert_eq!(number("layers", "model.blocks.3.x"), None);
        assert!(Pattern::whole("(").unwrap_err().contains("`(`"));
    }

    #[test]
    fn a_pattern_that_never_ends_is_an_error() {
        let hostile = Pattern::whole(r"(?=x)(x+x+)+y\1").unwrap();
        assert!(hostile.matches(&"x".repeat(64)).is_err());
    }
}
