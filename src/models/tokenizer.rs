//! A checkpoint's tokenizer: a sentence becomes token ids, with the model's own special tokens around it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::str::FromStr;
use std::sync::Once;

use super::error::{Error, Result};
use super::growth;
use crate::tokens::{ROLES, TokenizerText};

/// A checkpoint's tokenizer.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    /// The file, or files, that it was read from.
    file: String,
    /// What tokens are called that stand for something.
    roles: BTreeMap<&'static str, Option<String>>,
}

/// What hides a word, and what begins a text, by the usual names, where no file says what they are called.
const USUAL: [&[&str]; 2] =
    [&["[MASK]", "<mask>"], &["<bos>", "<s>", "<|begin_of_text|>", "<|endoftext|>", "<|startoftext|>"]];

/// A sentence in tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoding {
    /// The tokens' ids.
    pub tokens: Vec<u32>,
    /// Which of them the tokenizer added: `[CLS]`, `[SEP]`, `<s>`, …
    pub special: Vec<bool>,
    /// Where each token stands in the sentence, in Unicode scalars; empty for an added one.
    pub offsets: Vec<Range<usize>>,
}

impl Tokenizer {
    /// Parses `tokenizer.json` of checkpoint `id`.
    ///
    /// Its padding and truncation are switched off: they are for training batches, and published checkpoints pad every
    /// sentence to 128 tokens or cut it there.
    ///
    /// # Errors
    ///
    /// [`Error::Tokenizer`] when the text is not a tokenizer.
    pub fn parse(id: &str, json: &str) -> Result<Self> {
        Self::of(id, &TokenizerText::alone(json))
    }

    /// The tokenizer of checkpoint `id`, as its class reads it.
    ///
    /// # Errors
    ///
    /// As [`Tokenizer::parse`].
    pub fn of(id: &str, text: &TokenizerText) -> Result<Self> {
        let TokenizerText { json, file, split_special_tokens, roles, .. } = text;
        let wrong = |message| Error::Tokenizer { file: file.clone(), id: id.to_owned(), message };
        growth::check(json).map_err(wrong)?;
        let inner = caught(|| {
            let mut tokenizer = tokenizers::Tokenizer::from_str(json)?;
            tokenizer.with_padding(None).with_truncation(None)?;
            tokenizer.set_encode_special_tokens(*split_special_tokens);
            Ok(tokenizer)
        });
        Ok(Self { inner: inner.map_err(wrong)?, file: file.clone(), roles: roles.clone() })
    }

    /// What `token` is called.
    #[must_use]
    pub fn piece(&self, token: u32) -> Option<String> {
        self.inner.id_to_token(token)
    }

    /// The number of the token that is called `piece`.
    #[must_use]
    pub fn id(&self, piece: &str) -> Option<u32> {
        self.inner.token_to_id(piece)
    }

    /// The token that a text's hidden token is read as, if there is one: `[MASK]`, `<mask>`.
    #[must_use]
    pub fn mask(&self) -> Option<u32> {
        self.role(0)
    }

    /// The token that begins a text, if there is one: `<s>`, `<|endoftext|>`.
    #[must_use]
    pub fn bos(&self) -> Option<u32> {
        self.role(1)
    }

    fn role(&self, at: usize) -> Option<u32> {
        match self.roles.get(ROLES[at]) {
            Some(name) => self.id(name.as_deref()?),
            None => USUAL[at].iter().find_map(|name| self.id(name)),
        }
    }

    /// Whether `token` stands for what the tokenizer does not know.
    #[must_use]
    pub fn is_unknown(&self, token: u32) -> bool {
        // The names that every published tokenizer uses.
        ["[UNK]", "<unk>"].iter().any(|name| self.inner.token_to_id(name) == Some(token))
    }

    /// The tokens of `sentence`.
    ///
    /// # Errors
    ///
    /// [`Error::Tokenizer`] when the tokenizer has no token for a part of it, not even an unknown one, or breaks down on it.
    pub fn encode(&self, sentence: &str) -> Result<Encoding> {
        self.encode_words(sentence).map(|(encoding, _)| encoding)
    }

    /// The same, with the word that each token is a part of, as the tokenizer cuts words, from 0; none for an added one.
    ///
    /// # Errors
    ///
    /// As [`Tokenizer::encode`].
    pub fn encode_words(&self, sentence: &str) -> Result<(Encoding, Vec<Option<u32>>)> {
        let encoding = caught(|| self.inner.encode_char_offsets(sentence, true)).map_err(|message| {
            Error::Tokenizer { file: self.file.clone(), id: format!("`{sentence}`"), message }
        })?;
        let words = encoding.get_word_ids().to_vec();
        let encoding = Encoding {
            tokens: encoding.get_ids().to_vec(),
            special: encoding.get_special_tokens_mask().iter().map(|&mask| mask == 1).collect(),
            offsets: encoding.get_offsets().iter().map(|&(start, end)| start..end).collect(),
        };
        Ok((encoding, words))
    }
}

thread_local! {
    /// Whether a panic of this thread is caught, and so nothing to print.
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// What `work` gives, or says is wrong: in an error, or in a panic, which is how the crate meets a map of characters that points
/// out of itself.
fn caught<T>(work: impl FnOnce() -> tokenizers::Result<T>) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !CAUGHT.get() {
                before(panic);
            }
        }));
    });
    let outer = CAUGHT.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    CAUGHT.set(outer);
    match result {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(panic) => {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
            Err(format!("it cannot be used: {said}"))
        }
    }
}
