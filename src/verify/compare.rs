//! A model against what transformers made of the same sentences: tokens first, then hidden states layer by layer.

use std::fmt;

use super::certificate::Certificate;
use super::error::{Error, Result};
use super::frozen::Frozen;
use crate::files::Parts;
use crate::models::{Model, Part, Sequences};
use crate::progress::{Progress, Unit};

/// The largest difference that counts as rounding, relative to the layer's largest magnitude.
pub const TOLERANCE: f64 = 2e-5;

/// What was found.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Of each hidden state that both have, the largest difference relative to its largest magnitude. Empty where the states were
    /// not compared.
    pub differences: Vec<f64>,
    /// Where they part, first things first; empty where they do not.
    pub partings: Vec<Parting>,
    /// What was found, if they do not part.
    pub certificate: Option<Certificate>,
}

/// A place where the model parts from transformers.
#[derive(Debug, Clone, PartialEq)]
pub enum Parting {
    /// Other tokens.
    Tokens {
        /// Of how many sentences.
        sentences: usize,
        /// Of how many in all.
        of: usize,
        /// The first of these.
        sentence: String,
        /// Which token is the first that differs, from 0.
        at: usize,
        /// The pieces here from there on, a few.
        here: Vec<String>,
        /// The same in transformers.
        there: Vec<String>,
    },
    /// A token that transformers gave is none of the model's.
    States(String),
    /// Another number of hidden states, or of units.
    Sizes {
        /// What is not equal.
        what: &'static str,
        /// How many here.
        here: usize,
        /// How many there.
        there: usize,
    },
    /// Other numbers.
    Layer {
        /// The first hidden state with others.
        layer: usize,
        /// How many hidden states there are.
        of: usize,
        /// The largest difference relative to the largest magnitude.
        difference: f64,
        /// The sentence of that difference.
        sentence: String,
        /// The token of it, from 0.
        token: usize,
    },
}

impl fmt::Display for Parting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tokens { sentences, of, sentence, at, here, there } => write!(
                f,
                "tokens part in {sentences} of {of} sentences, first in `{sentence}` at token {at}: {} here, {} in transformers",
                pieces(here),
                pieces(there)
            ),
            Self::States(why) => write!(f, "hidden states cannot be compared: {why}"),
            Self::Sizes { what, here, there } => write!(f, "{what}: {here} here, {there} in transformers"),
            Self::Layer { layer, of, difference, sentence, token } => {
                let what = match layer {
                    0 => "the embeddings (hidden state 0)".to_owned(),
                    layer if layer + 1 == *of => {
                        format!("block {layer} or the final norm (hidden state {layer}, the last)")
                    }
                    layer => format!("block {layer} (hidden state {layer})"),
                };
                write!(
                    f,
                    "hidden states part at {what}: they differ by {difference:.1e} of the layer's largest magnitude, in \
                     `{sentence}` at token {token}"
                )
            }
        }
    }
}

fn pieces(pieces: &[String]) -> String {
    if pieces.is_empty() { "no token".to_owned() } else { pieces.join(" ") }
}

/// How many pieces are shown of two lists of tokens that part.
const SHOWN: usize = 4;

/// Compares `model` with `frozen`; `checkpoint` is its fingerprint.
///
/// # Errors
///
/// [`super::Error::Models`] where the model cannot run; a file that cannot be read, or has numbers that are none.
pub fn compare(model: &Model, checkpoint: &str, frozen: &Frozen, progress: &dyn Progress) -> Result<Outcome> {
    if model.part() != frozen.part() {
        let (path, there, here) = (frozen.path().to_owned(), frozen.part(), model.part());
        return Err(Error::OtherPart { path, there, here });
    }
    let mut partings: Vec<Parting> = tokens(model, frozen)?.into_iter().collect();
    let mut differences = Vec::new();
    let (here, there) = (model.spec().n_layers + 1, frozen.n_states());
    if here != there {
        partings.push(Parting::Sizes { what: "the number of hidden states", here, there });
    }
    // The states are those of the tokens that transformers had, whatever the tokens are here.
    match states(model, frozen, progress)? {
        Ok(found) => {
            let (sizes, found): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| one.1.is_err());
            partings.extend(sizes.into_iter().filter_map(|(_, size)| size.err()).take(1));
            let found: Vec<(usize, Largest)> =
                found.into_iter().filter_map(|(layer, largest)| Some((layer, largest.ok()?))).collect();
            differences = found.iter().map(|(_, largest)| largest.relative).collect();
            let first = found.iter().find(|(_, largest)| largest.relative > TOLERANCE);
            partings.extend(first.map(|(layer, largest)| {
                let (sentence, token) = place(frozen, largest.row);
                Parting::Layer {
                    layer: *layer,
                    of: here,
                    difference: largest.relative,
                    sentence: frozen.sentences()[sentence].clone(),
                    token,
                }
            }));
        }
        Err(why) => partings.push(Parting::States(why)),
    }
    let mut hash = Parts::default();
    frozen.sentences().iter().for_each(|sentence| hash.add(sentence));
    let certificate = partings.is_empty().then(|| Certificate {
        checkpoint: checkpoint.to_owned(),
        model: model.id().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        transformers: frozen.transformers().to_owned(),
        torch: frozen.torch().to_owned(),
        sentences: frozen.sentences().len(),
        sentences_hash: hash.hash(),
        tokens: frozen.tokens().iter().map(Vec::len).sum(),
        largest: differences.iter().copied().fold(0.0, f64::max),
        differences: differences.clone(),
    });
    Ok(Outcome { differences, partings, certificate })
}

/// Where the tokens part, if they do.
fn tokens(model: &Model, frozen: &Frozen) -> Result<Option<Parting>> {
    let tokenizer = model.tokenizer();
    let mut first = None;
    let mut parted = 0;
    let start = model.spec().decoder.as_ref().map(|decoder| decoder.start);
    for (index, (sentence, there)) in frozen.sentences().iter().zip(frozen.tokens()).enumerate() {
        let text = tokenizer.encode(sentence)?;
        // What parts for the encoder parts for the decoder too, unless it is the last token.
        let (here, there) = match (start, frozen.sources().get(index)) {
            (Some(_), Some(source)) if text.tokens != *source => (text.tokens, source),
            (Some(start), _) => (start.shift(text).tokens, there),
            (None, _) => (text.tokens, there),
        };
        if here == *there {
            continue;
        }
        parted += 1;
        if first.is_none() {
            let at = here.iter().zip(there).take_while(|(a, b)| a == b).count();
            let shown = |tokens: &[u32]| -> Vec<String> {
                let piece =
                    |&token: &u32| format!("`{}` ({token})", tokenizer.piece(token).unwrap_or_default());
                tokens.iter().skip(at).take(SHOWN).map(piece).collect()
            };
            first = Some((sentence.clone(), at, shown(&here), shown(there)));
        }
    }
    let of = frozen.sentences().len();
    Ok(first.map(|(sentence, at, here, there)| Parting::Tokens {
        sentences: parted,
        of,
        sentence,
        at,
        here,
        there,
    }))
}

/// The largest difference of a hidden state.
#[derive(Debug, Clone, Copy)]
struct Largest {
    relative: f64,
    /// The token that has it, of all sentences.
    row: usize,
}

/// The largest difference of each hidden state, or a difference in size; or why the model takes none of the tokens.
#[allow(clippy::type_complexity, reason = "a failure of the program, one of the tokens, one of a size")]
fn states(
    model: &Model,
    frozen: &Frozen,
    progress: &dyn Progress,
) -> Result<std::result::Result<Vec<(usize, std::result::Result<Largest, Parting>)>, String>> {
    let deepest = model.spec().n_layers.min(frozen.n_states() - 1);
    let sequences: Vec<&[u32]> = frozen.tokens().iter().map(Vec::as_slice).collect();
    let mut sequences = Sequences::new(sequences);
    if frozen.part() == Part::Decoder {
        sequences = sequences.reading(frozen.sources().iter().map(Vec::as_slice));
    }
    let mut found = Vec::new();
    let mut failed = None;
    progress.begin("compare", deepest as u64 + 1, Unit::Items);
    let ran = model.hidden_states(&sequences, deepest, |layer, here| {
        if failed.is_none() {
            match frozen.states(layer) {
                Ok(there) => found.push((layer, largest(here, &there, frozen.width(layer)))),
                Err(error) => failed = Some(error),
            }
        }
        progress.advance(1);
        Ok(())
    });
    progress.end();
    match (ran, failed) {
        (_, Some(error)) => Err(error),
        (Ok(()), None) => Ok(Ok(found)),
        (
            Err(
                error @ (crate::models::Error::TokenOutOfRange { .. } | crate::models::Error::TooLong { .. }),
            ),
            None,
        ) => Ok(Err(error.to_string())),
        (Err(error), None) => Err(error.into()),
    }
}

fn largest(here: &[f32], there: &[f32], width: usize) -> std::result::Result<Largest, Parting> {
    if here.len() != there.len() {
        let rows = there.len() / width;
        return Err(Parting::Sizes {
            what: "the number of units",
            here: here.len() / rows.max(1),
            there: width,
        });
    }
    let magnitude = there.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    let scale = if magnitude > 0.0 { f64::from(magnitude) } else { 1.0 };
    let mut largest = Largest { relative: 0.0, row: 0 };
    for (at, (&a, &b)) in here.iter().zip(there).enumerate() {
        let relative = (f64::from(a) - f64::from(b)).abs() / scale;
        // What is no number here differs without end.
        let relative = if relative.is_nan() { f64::INFINITY } else { relative };
        if relative > largest.relative {
            largest = Largest { relative, row: at / width };
        }
    }
    Ok(largest)
}

/// The sentence and the token of a row.
fn place(frozen: &Frozen, row: usize) -> (usize, usize) {
    let mut rest = row;
    for (sentence, tokens) in frozen.tokens().iter().enumerate() {
        if rest < tokens.len() {
            return (sentence, rest);
        }
        rest -= tokens.len();
    }
    (0, row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_relative_to_the_largest_magnitude() {
        let found = largest(&[1.0, 2.0, 3.0, -8.5], &[1.0, 2.0, 3.5, -8.0], 2).unwrap();
        assert_eq!((found.relative, found.row), (0.0625, 1));
        assert!(largest(&[f32::NAN], &[1.0], 1).unwrap().relative.is_infinite());
        assert_eq!(largest(&[0.0; 4], &[0.0; 4], 2).unwrap().relative, 0.0);
        let sizes = largest(&[0.0; 6], &[0.0; 4], 2).unwrap_err();
        assert_eq!(sizes, Parting::Sizes { what: "the number of units", here: 3, there: 2 });
    }
}
