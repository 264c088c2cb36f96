//! A batch with padding: every sequence as long as the longest.

use candle_core::{Device, Result, Tensor};

use crate::models::sequences::Sequences;

/// Where the tokens of a batch stand in `(batch, length)`.
pub(super) struct Padded {
    pub(super) batch: usize,
    pub(super) length: usize,
    /// For each place which of [`Sequences::tokens`] stands there; none after a sequence's end.
    tokens: Vec<Option<u32>>,
    /// Where each of [`Sequences::tokens`] is computed; not there if they are all places in their order.
    places: Option<Tensor>,
    device: Device,
}

impl Padded {
    pub(super) fn new(sequences: &Sequences, device: &Device) -> Result<Self> {
        let (batch, length) = (sequences.len(), sequences.longest());
        let mut tokens = vec![None; batch * length];
        let mut places = Vec::with_capacity(sequences.tokens().len());
        for (index, sequence) in sequences.iter().enumerate() {
            let start = index * length;
            for (place, &token) in tokens[start..].iter_mut().zip(sequence.path) {
                *place = Some(token);
            }
            // A common beginning is computed in each of its sequences, and taken from the first.
            places.extend((start + sequence.shared..start + sequence.path.len()).map(|place| place as u32));
        }
        let in_order = places.len() == tokens.len();
        let places = if in_order { None } else { Some(Tensor::new(places, device)?) };
        Ok(Self { batch, length, tokens, places, device: device.clone() })
    }

    /// Whether some sequence is shorter than another.
    pub(super) fn has_padding(&self) -> bool {
        self.tokens.iter().any(Option::is_none)
    }

    /// `values`, one for each of [`Sequences::tokens`], at their places; 0 in the padding.
    pub(super) fn spread(&self, values: &[u32]) -> Result<Tensor> {
        let spread = self.tokens.iter().map(|token| token.map_or(0, |token| values[token as usize]));
        Tensor::from_iter(spread, &self.device)
    }

    /// 1 for tokens and 0 for padding, `(batch, length)`.
    pub(super) fn is_token(&self) -> Vec<bool> {
        self.tokens.iter().map(Option::is_some).collect()
    }

    /// `x`, `(batch, length, d)`, with 0 in the padding.
    pub(super) fn without_what_follows(&self, x: &Tensor) -> Result<Tensor> {
        if !self.has_padding() {
            return Ok(x.clone());
        }
        let is_token = self.is_token().into_iter().map(|token| if token { 1f32 } else { 0.0 });
        let is_token = Tensor::from_iter(is_token, x.device())?;
        x.broadcast_mul(&is_token.reshape((self.batch, self.length, 1))?)
    }

    /// The rows of `x`, `(batch * length, …)`, that are of tokens, in the order of [`Sequences::tokens`].
    pub(super) fn without_padding(&self, x: &Tensor) -> Result<Tensor> {
        match &self.places {
            Some(places) => x.index_select(places, 0),
            None => Ok(x.clone()),
        }
    }
}
