//! A grammar without some of its templates: what a conclusion is without one of the constructions that it was drawn from.

use std::path::Path;

use super::error::{Error, Result};
use super::ready::Grammar;

impl Grammar {
    /// What its templates are called; those of a feature grammar are the productions of its start.
    #[must_use]
    pub fn templates(&self) -> Vec<&str> {
        self.templates.iter().map(|(label, _)| label.as_str()).collect()
    }

    /// The same grammar without the templates called `without`, with trees at most `depth` deep.
    ///
    /// # Errors
    ///
    /// [`Error::Template`] for a name that none has, a feature grammar, or where no template would be left; else as
    /// [`Grammar::parse`].
    pub fn without(self, without: &[String], depth: usize) -> Result<Self> {
        if without.is_empty() {
            return Ok(self);
        }
        let refused = |name: &str, known: Vec<String>| {
            Err(Error::Template { grammar: self.name.clone(), name: name.to_owned(), known })
        };
        let labels: Vec<String> = self.templates().into_iter().map(str::to_owned).collect();
        if self.document.is_none() {
            return refused(&without[0], Vec::new());
        }
        if let Some(unknown) = without.iter().find(|name| !labels.contains(name)) {
            return refused(unknown, labels);
        }
        if labels.iter().all(|label| without.contains(label)) {
            return refused(&labels.join(", "), Vec::new());
        }
        let folder = Path::new(&self.origin).parent();
        let mut lessened = Self::read_without(&self.text, &self.origin, folder, depth, without)?;
        lessened.without = without.to_vec();
        Ok(lessened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::{DEPTH, Draw};

    fn without(names: &[&str]) -> Result<Grammar> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        Grammar::bundled("short_sentence").unwrap().without(&names, DEPTH)
    }

    #[test]
    fn what_is_left_out_is_not_generated_and_the_rest_is() {
        let whole = Grammar::bundled("short_sentence").unwrap();
        let names: Vec<String> = whole.templates().into_iter().map(str::to_owned).collect();
        assert!(names.len() > 1);
        let all = whole.generate(&Draw::All).unwrap().stimuli.sentences().unwrap().to_vec();
        let mut counts = 0;
        for name in &names {
            let less = without(&[name]).unwrap();
            assert_ne!(less.hash(), whole.hash());
            assert!(!less.templates().contains(&name.as_str()));
            let left = less.generate(&Draw::All).unwrap().stimuli.sentences().unwrap().to_vec();
            assert!(left.len() < all.len() && left.iter().all(|sentence| all.contains(sentence)), "{name}");
            counts += all.len() - left.len();
        }
        assert_eq!(counts, all.len(), "each sentence is of one template");
    }

    #[test]
    fn what_no_template_is_called_is_named_with_what_they_are_called() {
        let error = without(&["templat 1"]).unwrap_err();
        assert!(error.to_string().contains("templat 1") && error.hint().is_some(), "{error}");
        let names: Vec<String> =
            Grammar::bundled("short_sentence").unwrap().templates().into_iter().map(str::to_owned).collect();
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        assert!(without(&all).unwrap_err().to_string().contains("no template"));
    }
}
