//! A row of the table of what is supported.

use super::config::Config;
use super::initial::{self, Initial};
use super::names::Declaration;
use crate::models::error::Result;

/// A supported architecture.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// `model_type` in `config.json`.
    pub model_type: &'static str,
    /// The architecture's name.
    pub name: &'static str,
    /// The frozen models of `tests/golden/hidden_states/` that are compared with Hugging Face transformers, state by state.
    pub golden: &'static [&'static str],
    /// The same of its decoders, in `tests/golden/decoders/`; none where there is no decoder that reads an encoder.
    pub decoders: &'static [&'static str],
    /// Reads the configuration.
    pub(in crate::models) declare: fn(&Config) -> Result<Declaration>,
    /// Reads the configuration of the decoder that reads what the other declares.
    pub(in crate::models) decoder: Option<fn(&Config, Declaration) -> Result<Declaration>>,
    /// Says how weights are drawn before any training.
    pub(in crate::models) initial: fn(&Config) -> Result<Initial>,
}

/// A row, of a family that draws its weights as most do.
pub(super) const fn row(
    model_type: &'static str,
    name: &'static str,
    golden: &'static [&'static str],
    declare: fn(&Config) -> Result<Declaration>,
) -> Family {
    Family { model_type, name, golden, decoders: &[], declare, decoder: None, initial: initial::plain }
}

impl Family {
    /// How transformers numbers the hidden states, where that is not as here: its state `k` is this one's `k + 1`, and the last is there
    /// before the norm and after it.
    #[must_use]
    pub fn states_in_transformers(&self) -> Option<&'static str> {
        match self.model_type {
            "mamba" | "mamba2" | "falcon_mamba" => Some("from 1, the last before the norm and after it"),
            "gemma3n" | "gemma3n_text" => Some(
                "all streams at once, the last before they are one; here the stream that blocks read, and then what the last norm gives",
            ),
            _ => None,
        }
    }

    /// What was checked of it, and against what.
    #[must_use]
    pub fn checked(&self) -> &'static str {
        match self.model_type {
            "rwkv7" => "a plain recurrence in float64: transformers has none of them",
            _ => "Hugging Face transformers 5.24 in float32",
        }
    }

    /// The same row, of a family that has a decoder beside its encoder.
    pub(super) const fn with_decoder(
        self,
        decoders: &'static [&'static str],
        decoder: fn(&Config, Declaration) -> Result<Declaration>,
    ) -> Self {
        Self { decoders, decoder: Some(decoder), ..self }
    }

    /// The same row, of a family that draws its weights otherwise.
    pub(super) const fn drawn(self, initial: fn(&Config) -> Result<Initial>) -> Self {
        Self { initial, ..self }
    }
}
