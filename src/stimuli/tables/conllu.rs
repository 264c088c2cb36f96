//! The notation of CoNLL-U: sentences of words with their features and heads, and where each word stands in its sentence.

use std::path::Path;

use super::super::{Result, Span};
use super::raw::{Fault, Faults};

/// A syntactic word.
#[derive(Debug)]
pub(super) struct Word {
    pub form: String,
    pub lemma: Option<String>,
    pub upos: Option<String>,
    pub xpos: Option<String>,
    /// `(name, value)`, in the order of the file.
    pub feats: Vec<(String, String)>,
    /// The word that it depends on, from 1; 0 for the root.
    pub head: Option<usize>,
    pub deprel: Option<String>,
}

/// What stands in the text: a word, or one token that is several words (`del` is `de` and `el`).
#[derive(Debug)]
struct Token {
    form: String,
    /// Its words, from 0, the last one excluded.
    words: std::ops::Range<usize>,
    space_after: bool,
}

/// A sentence of a treebank.
#[derive(Debug)]
pub(super) struct Sentence {
    /// The line that it begins in.
    pub line: u64,
    text: Option<String>,
    tokens: Vec<Token>,
    pub words: Vec<Word>,
}

/// The sentences of a treebank.
pub(super) fn parse(text: &str, path: &Path) -> Result<Vec<Sentence>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut sentences, mut faults) = (Vec::new(), Faults::default());
    let mut open: Option<Sentence> = None;
    for (line, row) in (1..).zip(text.lines().chain([""])) {
        let row = row.trim_end_matches('\r');
        if row.trim().is_empty() {
            sentences.extend(open.take().filter(|sentence| !sentence.words.is_empty()));
            continue;
        }
        let sentence =
            open.get_or_insert_with(|| Sentence { line, text: None, tokens: Vec::new(), words: Vec::new() });
        if let Some(comment) = row.strip_prefix('#') {
            if let Some((key, value)) = comment.split_once('=')
                && key.trim() == "text"
            {
                sentence.text = Some(value.trim().to_owned());
            }
        } else if let Err((message, hint)) = sentence.add(row) {
            faults.push(Fault::new(line, message, hint));
        }
    }
    faults.require_none(path)?;
    Ok(sentences)
}

impl Sentence {
    /// Adds a line: a word, a token of several words, or an empty node, which stands nowhere in the text.
    fn add(&mut self, row: &str) -> Result<(), (String, &'static str)> {
        let fields: Vec<&str> = row.split('\t').collect();
        let &[id, form, lemma, upos, xpos, feats, head, deprel, _, misc] = fields.as_slice() else {
            let message = format!("{} columns, and CoNLL-U has ten", fields.len());
            return Err((message, "divide the columns by single tabs"));
        };
        let space_after = !misc.split('|').any(|part| part == "SpaceAfter=No");
        let next = self.words.len() + 1;
        if let Some((first, last)) = id.split_once('-') {
            let (Ok(first), Ok(last)) = (first.parse::<usize>(), last.parse::<usize>()) else {
                return Err((
                    format!("`{id}` is no number of words"),
                    "a token of several words is numbered 3-4",
                ));
            };
            if first != next || last < first {
                return Err((
                    format!("token `{id}` where word {next} is next"),
                    "number the words of a sentence from 1",
                ));
            }
            self.tokens.push(Token { form: form.to_owned(), words: first - 1..last, space_after });
            return Ok(());
        }
        if id.contains('.') {
            return Ok(());
        }
        if id.parse::<usize>() != Ok(next) {
            return Err((
                format!("word `{id}` where word {next} is next"),
                "number the words of a sentence from 1",
            ));
        }
        let given = |field: &str| Some(field.to_owned()).filter(|field| field != "_");
        let head = match head {
            "_" => None,
            head => Some(head.parse().map_err(|_| {
                (
                    format!("`{head}` is no number of a word"),
                    "the seventh column is the number of the head, 0 for the root",
                )
            })?),
        };
        let feats = feats.split('|').filter_map(|feat| feat.split_once('='));
        self.words.push(Word {
            form: form.to_owned(),
            // Only `_` for a word that is not the underscore itself says that there is none.
            lemma: given(lemma),
            upos: given(upos),
            xpos: given(xpos),
            feats: feats.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            head,
            deprel: given(deprel),
        });
        if self.tokens.last().is_none_or(|token| token.words.end < next) {
            self.tokens.push(Token { form: form.to_owned(), words: next - 1..next, space_after });
        }
        Ok(())
    }

    /// The sentence, where each word stands in it, and whether that is the text that the file gives. A word that is part of a token
    /// has a part of it where the words spell the token, else all of it.
    pub(super) fn placed(&self) -> (String, Vec<Span>, bool) {
        let given = self.text.as_ref().and_then(|text| Some((text.clone(), self.places(text)?)));
        let declared = self.text.is_none() || given.is_some();
        let (text, places) = given.unwrap_or_else(|| {
            let text = self.joined();
            let places = self.places(&text).unwrap_or_default();
            (text, places)
        });
        let mut spans = Vec::with_capacity(self.words.len());
        for (token, start) in self.tokens.iter().zip(places) {
            let words =
                &self.words[token.words.start.min(self.words.len())..token.words.end.min(self.words.len())];
            let whole = Span { start, end: start + token.form.chars().count() as u32 };
            let spelled: String = words.iter().map(|word| word.form.as_str()).collect();
            let mut at = start;
            for word in words {
                let end = at + word.form.chars().count() as u32;
                spans.push(if spelled == token.form { Span { start: at, end } } else { whole });
                at = end;
            }
        }
        (text, spans, declared)
    }

    /// The tokens with blanks between them, where the file does not say that there is none.
    fn joined(&self) -> String {
        let mut text = String::new();
        for (at, token) in self.tokens.iter().enumerate() {
            text.push_str(&token.form);
            if token.space_after && at + 1 < self.tokens.len() {
                text.push(' ');
            }
        }
        text
    }

    /// Where each token begins in `text`, in characters, if it holds them all in order with nothing but blanks between.
    fn places(&self, text: &str) -> Option<Vec<u32>> {
        let mut places = Vec::with_capacity(self.tokens.len());
        let (mut rest, mut at) = (text, 0);
        for token in &self.tokens {
            let trimmed = rest.trim_start();
            at += rest[..rest.len() - trimmed.len()].chars().count() as u32;
            places.push(at);
            rest = trimmed.strip_prefix(token.form.as_str())?;
            at += token.form.chars().count() as u32;
        }
        rest.trim().is_empty().then_some(places)
    }
}
