//! Probabilities of tokens, by the model's head.

use super::edit::Edit;
use super::error::{Error, Result};
use super::model::{Computation, Model};
use super::packed::head::Head;
use super::sequences::Sequences;

/// What a head's probabilities are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objective {
    /// The next token, given those before it.
    Causal,
    /// A token that is hidden, given those on both sides.
    Masked,
}

impl Objective {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Causal => "causal",
            Self::Masked => "masked",
        }
    }
}

impl Model {
    /// Whether tokens see those before them alone: then a state gives probabilities of the next token, else of its own.
    #[must_use]
    pub fn objective(&self) -> Objective {
        if self.spec.attention.causal { Objective::Causal } else { Objective::Masked }
    }

    /// Whose tensor the last layer of its head is, in words; `None` where the head was not asked for.
    #[must_use]
    pub fn head(&self) -> Option<&str> {
        self.head.as_ref().map(|head| head.from.as_str())
    }

    /// Natural logarithms of probabilities of tokens at places of a batch: for each of `wanted`, in its order, a row of
    /// [`Sequences::tokens`], and the token. Rows ascend.
    ///
    /// # Errors
    ///
    /// [`Error::Cannot`] where the model was loaded without ([`LoadOptions::with_head`](super::LoadOptions::with_head)); as
    /// [`Model::hidden_states_at`].
    pub fn log_probabilities(&self, sequences: &Sequences, wanted: &[(usize, u32)]) -> Result<Vec<f64>> {
        let head = self.require_head()?;
        let mut found = Vec::new();
        self.hidden_states_at(sequences, &[self.spec.n_layers], |_, states| {
            found = self.by_head(head, states, wanted);
            Ok(())
        })?;
        Ok(found)
    }

    /// The same of several batches, block by block, as [`Model::hidden_states_together`].
    ///
    /// # Errors
    ///
    /// As [`Model::log_probabilities`].
    pub fn log_probabilities_together(
        &self,
        batches: &[Sequences],
        wanted: &[Vec<(usize, u32)>],
        visit: impl Fn(usize, Vec<f64>) + Sync,
    ) -> Result<()> {
        let head = self.require_head()?;
        self.hidden_states_together(batches, &[self.spec.n_layers], |batch, _, states| {
            visit(batch, self.by_head(head, states, &wanted[batch]));
            Ok(())
        })
    }

    /// From now on, hidden states are changed by `edit` on their way, whatever is asked of the model; by `None` no more.
    ///
    /// # Errors
    ///
    /// [`Error::Cannot`] on a device other than the processor, for a model of several streams or with an encoder, and for a layer that is
    /// not there.
    pub fn set_edit(&mut self, edit: Option<Edit>) -> Result<()> {
        let id = self.id().to_owned();
        let cannot = |message: &str, remedy: &str| {
            Err(Error::Cannot { id: id.clone(), message: message.to_owned(), remedy: remedy.to_owned() })
        };
        if self.spec.streams.is_some() {
            return cannot(
                "its residual stream is several, and which of them to change is not known",
                "choose another model",
            );
        }
        if self.encoder.is_some() {
            return cannot(
                "hidden states of a decoder beside an encoder are not changed",
                "leave --part out",
            );
        }
        let last = self.spec.n_layers;
        if edit.as_ref().is_some_and(|edit| edit.layer > last) {
            return cannot("there is no such layer to change", &format!("layers are 0 to {last}"));
        }
        match &mut self.computation {
            Computation::Packed(trunk) => trunk.edit = edit,
            Computation::Padded(_) => {
                return cannot("hidden states are changed on the processor alone", "add --device cpu");
            }
        }
        Ok(())
    }

    fn by_head(&self, head: &Head, states: &[f32], wanted: &[(usize, u32)]) -> Vec<f64> {
        head.log_probabilities(states, self.spec.d_at(self.spec.n_layers), wanted)
    }

    fn require_head(&self) -> Result<&Head> {
        self.head.as_ref().ok_or_else(|| Error::Cannot {
            id: self.id().to_owned(),
            message: "the model was loaded without its head".to_owned(),
            remedy: "load it with `LoadOptions::with_head`".to_owned(),
        })
    }
}
