//! How a family draws its weights before any training.
//!
//! Source: `_init_weights` of `modeling_utils.py` of Hugging Face transformers, and of the `modeling_*.py` that differ: linear
//! layers and embeddings are normal with the standard deviation that `config.json` names, norms are 1, biases 0.

use super::config::Config;
use crate::models::error::{Error, Result};

/// How a tensor's values are drawn. What depends on a layer's inputs takes the tensor's last side for their number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::models) enum Draw {
    /// Normal, with this standard deviation.
    Normal { deviation: f64 },
    /// The same, and values beyond so many deviations are drawn again.
    Truncated { deviation: f64, beyond: f64 },
    /// Uniform, up to `factor / √inputs` on both sides of 0.
    Uniform { factor: f64 },
    /// Uniform, as far as the inputs and outputs together say (Glorot and Bengio 2010).
    Glorot,
    /// All are `factor / √inputs`.
    Same { factor: f64 },
    /// All are 1.
    One,
    /// All are 0.
    Zero,
    /// The logarithms of 1, 2, 3, … along the last side.
    CountedLog,
    /// The logarithms of numbers that are uniform between two.
    UniformLog { least: f64, most: f64 },
    /// What softplus makes of is the logarithm of decays, whose squares are uniform between those of two.
    Ring { least: f64, most: f64 },
    /// What softplus makes steps of that are spread evenly over the logarithms of two sizes.
    Steps { least: f64, most: f64, floor: f64 },
}

/// How the weights of a model are drawn.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::models) struct Initial {
    /// For tensors whose names end so; the first that fits counts.
    pub(in crate::models) rules: Vec<(&'static str, Draw)>,
    /// For all others, but norms, which are 1, and biases, which are 0.
    pub(in crate::models) otherwise: Draw,
}

/// The number under `key`, of a model of several parts in one of them, or `usual`.
pub(in crate::models) fn deviation(config: &Config, key: &str, usual: f64) -> Result<f64> {
    let inner = ["text_config", "encoder"].into_iter().find_map(|part| config.part(part).transpose());
    let usual = match inner.transpose()? {
        Some(part) => part.number_or(key, usual)?,
        None => usual,
    };
    config.number_or(key, usual)
}

/// All normal, with the deviation under `key`, or `usual`.
pub(in crate::models) fn usually(config: &Config, key: &str, usual: f64) -> Result<Initial> {
    Ok(Initial { rules: Vec::new(), otherwise: Draw::Normal { deviation: deviation(config, key, usual)? } })
}

/// As most families do it.
pub(in crate::models) fn plain(config: &Config) -> Result<Initial> {
    usually(config, "initializer_range", 0.02)
}

/// The same, under the key of BART and what comes from it.
pub(in crate::models) fn init_std(config: &Config) -> Result<Initial> {
    usually(config, "init_std", 0.02)
}

/// For a family of which it is not known.
pub(in crate::models) fn unknown(config: &Config) -> Result<Initial> {
    Err(Error::NoInitialiser { id: config.id().to_owned(), model_type: config.string("model_type")? })
}
