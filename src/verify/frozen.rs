//! What the script wrote: tokens and hidden states of transformers.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::{Error, Result};
use crate::files;
use crate::files::memory::has_room;
use crate::files::tensors::{self, Number};
use crate::models::Part;

/// How the metadata is called.
const ABOUT: &str = "probe_verify";

/// A file of the script, open.
#[derive(Debug)]
pub struct Frozen {
    path: PathBuf,
    file: File,
    about: About,
    tokens: Vec<Vec<u32>>,
    /// Of a decoder, what its encoder read; else nothing.
    sources: Vec<Vec<u32>>,
    /// Where each hidden state stands, and its units.
    layers: Vec<(u64, Number, usize)>,
}

/// What the script says of itself.
#[derive(Debug, Deserialize)]
struct About {
    model: String,
    #[serde(default)]
    model_type: String,
    #[serde(default)]
    part: Part,
    sentences: Vec<String>,
    #[serde(default)]
    missing: Vec<String>,
    transformers: String,
    torch: String,
}

impl Frozen {
    /// Opens the file at `path`.
    ///
    /// # Errors
    ///
    /// [`Error::Files`], [`Error::Frozen`].
    pub fn open(path: &Path) -> Result<Self> {
        let wrong = |message: String| Error::Frozen { path: path.to_owned(), message };
        let failed = |source| files::Error::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let (metadata, start) = tensors::header(&file, 0..length)
            .map_err(|message| wrong(format!("not a readable safetensors file: {message}")))?;
        let about = metadata.metadata().as_ref().and_then(|fields| fields.get(ABOUT));
        let about = about
            .ok_or_else(|| wrong("it does not say that the script of `probe verify` wrote it".to_owned()))?;
        let about: About =
            serde_json::from_str(about).map_err(|error| wrong(format!("what it says of itself: {error}")))?;
        let numbers = |name: &str| -> Result<Vec<f32>> {
            let info = metadata.info(name).ok_or_else(|| wrong(format!("it has no `{name}`")))?;
            let (Some(Number::I64), &[count]) = (tensors::whole_number(info.dtype), info.shape.as_slice())
            else {
                return Err(wrong(format!("`{name}` is no list of whole numbers")));
            };
            let offset = start + info.data_offsets.0 as u64;
            Ok(tensors::numbers(&file, offset, Number::I64, count).map_err(failed)?)
        };
        let tokens =
            split(&numbers("lengths")?, &numbers("tokens")?, about.sentences.len()).map_err(wrong)?;
        let sources = match about.part {
            Part::Encoder => Vec::new(),
            Part::Decoder => {
                let (lengths, sources) = (numbers("source_lengths")?, numbers("sources")?);
                split(&lengths, &sources, about.sentences.len()).map_err(wrong)?
            }
        };
        let n_tokens: usize = tokens.iter().map(Vec::len).sum();
        let mut layers = Vec::new();
        while let Some(info) = metadata.info(&format!("layer.{}", layers.len())) {
            let (Some(number), &[rows, columns]) = (tensors::number(info.dtype), info.shape.as_slice())
            else {
                return Err(wrong(format!("hidden state {} is no matrix of floats", layers.len())));
            };
            if rows != n_tokens || columns == 0 {
                let (layer, shape) = (layers.len(), &info.shape);
                return Err(wrong(format!("hidden state {layer} is {shape:?}, of {n_tokens} tokens")));
            }
            layers.push((start + info.data_offsets.0 as u64, number, columns));
        }
        if layers.is_empty() {
            return Err(wrong("it has no hidden state".to_owned()));
        }
        Ok(Self { path: path.to_owned(), file, about, tokens, sources, layers })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The model, as the script was told.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.about.model
    }

    /// The type of the model.
    #[must_use]
    pub fn model_type(&self) -> &str {
        &self.about.model_type
    }

    /// The version of transformers.
    #[must_use]
    pub fn transformers(&self) -> &str {
        &self.about.transformers
    }

    /// The version of PyTorch.
    #[must_use]
    pub fn torch(&self) -> &str {
        &self.about.torch
    }

    /// Weights that transformers did not find, and drew at random.
    #[must_use]
    pub fn missing(&self) -> &[String] {
        &self.about.missing
    }

    /// Which part of an encoder–decoder it is of.
    #[must_use]
    pub fn part(&self) -> Part {
        self.about.part
    }

    /// Of a decoder, what its encoder read of each sentence; else nothing.
    #[must_use]
    pub fn sources(&self) -> &[Vec<u32>] {
        &self.sources
    }

    /// The sentences.
    #[must_use]
    pub fn sentences(&self) -> &[String] {
        &self.about.sentences
    }

    /// The tokens of each sentence.
    #[must_use]
    pub fn tokens(&self) -> &[Vec<u32>] {
        &self.tokens
    }

    /// How many hidden states there are, the embeddings included.
    #[must_use]
    pub fn n_states(&self) -> usize {
        self.layers.len()
    }

    /// How many units hidden state `layer` has.
    #[must_use]
    pub fn width(&self, layer: usize) -> usize {
        self.layers[layer].2
    }

    /// Hidden state `layer`, `(n_tokens, d_model)` flat, the tokens of all sentences one after another.
    ///
    /// # Errors
    ///
    /// [`Error::Files`]; [`Error::Frozen`] where one of the numbers is none.
    pub fn states(&self, layer: usize) -> Result<Vec<f32>> {
        let wrong = |message: String| Error::Frozen { path: self.path.clone(), message };
        let (offset, number, columns) = self.layers[layer];
        let count = columns * self.tokens.iter().map(Vec::len).sum::<usize>();
        if !has_room(count as u64 * 4) {
            return Err(wrong(format!("there is no room for hidden state {layer}")));
        }
        let failed = |source| files::Error::Read { path: self.path.clone(), source };
        let values = tensors::numbers(&self.file, offset, number, count).map_err(failed)?;
        match values.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(wrong(format!(
                "transformers has {} in hidden state {layer}, token {}: the model overflows in single precision",
                values[at],
                at / columns
            ))),
            None => Ok(values),
        }
    }
}

/// `tokens` in sentences of `lengths`.
fn split(lengths: &[f32], tokens: &[f32], n_sentences: usize) -> std::result::Result<Vec<Vec<u32>>, String> {
    if lengths.len() != n_sentences || n_sentences == 0 {
        return Err(format!("it has {n_sentences} sentences and the lengths of {}", lengths.len()));
    }
    // Numbers beyond this are not what they are written as any more.
    let is_whole = |value: &f32| (0.0..16_777_216.0).contains(value);
    if !lengths.iter().chain(tokens).all(is_whole) {
        return Err("a token or a length is no number that a tokenizer has".to_owned());
    }
    let mut rest = tokens;
    let mut sentences = Vec::with_capacity(n_sentences);
    for &length in lengths {
        let Some((sentence, after)) = rest.split_at_checked(length as usize).filter(|_| length > 0.0) else {
            return Err("its tokens and the lengths of its sentences do not go together".to_owned());
        };
        sentences.push(sentence.iter().map(|&token| token as u32).collect());
        rest = after;
    }
    if rest.is_empty() {
        Ok(sentences)
    } else {
        Err("its tokens and the lengths of its sentences do not go together".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_split_by_lengths_that_go_with_them() {
        assert_eq!(split(&[2.0, 1.0], &[5.0, 6.0, 7.0], 2).unwrap(), [vec![5, 6], vec![7]]);
        for (lengths, tokens, n) in [
            (&[2.0][..], &[5.0][..], 1),
            (&[1.0], &[5.0, 6.0], 1),
            (&[1.0], &[5.0], 2),
            (&[-1.0, 2.0], &[5.0], 2),
            (&[0.0, 1.0], &[5.0], 2),
            (&[1.0], &[1e9], 1),
            (&[], &[], 0),
        ] {
            assert!(split(lengths, tokens, n).is_err(), "{lengths:?}");
        }
    }
}
