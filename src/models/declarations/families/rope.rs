//! The keys of rotary positions, as configurations old and new have them.
//!
//! Source: `modeling_rope_utils.py` of Hugging Face transformers. New files keep everything in `rope_parameters`; older ones
//! have `rope_theta`, `partial_rotary_factor` and `rope_scaling` beside each other.

use crate::models::declarations::config::Config;
use crate::models::declarations::rotary::{Rotary, Scaling};
use crate::models::error::Result;

/// No head of a model has as many units as this; each pair of them has a frequency, made before any weight is looked at.
const MOST: usize = 1 << 13;

/// What a configuration says of its rotation.
pub(super) struct Rope {
    pub(super) rotary: Rotary,
    /// The longest sequence that the rotation is right for, where it is shorter than the model's.
    pub(super) n_positions: Option<usize>,
}

/// What a family assumes where a configuration is silent.
#[derive(Clone, Copy)]
pub(super) struct Defaults {
    pub(super) theta: f64,
    /// The part of a head that is turned.
    pub(super) part: f64,
    /// The length of sequences in the first training, for a family that has one of its own.
    pub(super) original: Option<f64>,
    /// Units of a head, for a family that does not take what is left of the model's size.
    pub(super) d_head: Option<usize>,
}

impl Defaults {
    pub(super) const PLAIN: Self = Self { theta: 10_000.0, part: 1.0, original: None, d_head: None };
}

/// What a family has whose layers of two kinds have bases of their own, this one under `key`.
pub(super) fn with_base(config: &Config, key: &str, usual: f64) -> Result<Defaults> {
    Ok(Defaults { theta: config.number_or(key, usual)?, ..Defaults::PLAIN })
}

impl Rope {
    /// The shorter of two limits: that of this rotation, and the model's own.
    pub(super) fn limit(&self, n_positions: usize) -> usize {
        self.n_positions.unwrap_or(n_positions).min(n_positions)
    }
}

/// The rotation of heads of `d_head` units, for a model of `n_positions`.
pub(super) fn read(config: &Config, d_head: usize, n_positions: usize, defaults: Defaults) -> Result<Rope> {
    // Older keys are read first, and give way to the newer.
    let theta = config.number_or("rope_theta", defaults.theta)?;
    let part = config.number_or("partial_rotary_factor", defaults.part)?;
    read_part(config, d_head, n_positions, Defaults { theta, part, ..defaults })
}

/// The same, of `rope_parameters` or `rope_scaling` alone.
pub(super) fn read_part(
    config: &Config,
    d_head: usize,
    n_positions: usize,
    defaults: Defaults,
) -> Result<Rope> {
    let scaling = config.part("rope_scaling")?;
    let parameters = config.part("rope_parameters")?;
    // Where both are there, the older counts.
    let part = scaling.filter(|scaling| !scaling.is_empty()).or(parameters);
    of_part(config, &part.unwrap_or_else(|| Config::empty(config)), d_head, n_positions, defaults)
}

/// The rotation of one kind of layer, where each kind has an object of parameters.
pub(super) fn of_kind(
    config: &Config,
    parameters: Config,
    d_head: usize,
    n_positions: usize,
    defaults: Defaults,
) -> Result<Rope> {
    // transformers looks for it beside the kinds, and never inside of one.
    of_part(config, &parameters.without(&["truncate"]), d_head, n_positions, defaults)
}

/// The rotation of a part of a head, by the angles that it would have in the whole.
pub(super) fn proportional(
    config: &Config,
    parameters: Config,
    d_head: usize,
    n_positions: usize,
    defaults: Defaults,
) -> Result<Rope> {
    let part = parameters.number_or("partial_rotary_factor", 1.0)?;
    let theta = parameters.number_or("rope_theta", defaults.theta)?;
    let plain = parameters.without(&["rope_type", "partial_rotary_factor", "rope_theta"]);
    let whole = of_part(config, &plain, d_head, n_positions, Defaults { theta, ..defaults })?;
    let turned = (part * d_head as f64 / 2.0) as usize;
    let frequencies = whole.rotary.frequencies.iter().enumerate();
    let frequencies = frequencies.map(|(pair, &angle)| if pair < turned { angle } else { 0.0 }).collect();
    Ok(Rope { rotary: Rotary { frequencies, ..whole.rotary }, ..whole })
}

/// The rotation that an object of parameters describes.
pub(super) fn of_part(
    config: &Config,
    parameters: &Config,
    d_head: usize,
    n_positions: usize,
    defaults: Defaults,
) -> Result<Rope> {
    let theta = parameters.number_or("rope_theta", defaults.theta)?;
    let part = parameters.number_or("partial_rotary_factor", defaults.part)?;
    let old_kind = parameters.string_or("type", "default")?;
    let mut kind = parameters.string_or("rope_type", &old_kind)?;
    // LongRoPE under the names that Phi-3 first had for it.
    if kind == "su" || (kind == "yarn" && parameters.has("short_factor")) {
        "longrope".clone_into(&mut kind);
    }
    // Of models that see: a token of text has the same place in all dimensions.
    for of_images in ["mrope_section", "mrope_interleaved"] {
        parameters.ignore(of_images);
    }
    let number =
        |key: &str| parameters.number_if_any(key)?.ok_or_else(|| parameters.error(key, "is missing"));
    let original = || -> Result<f64> {
        let own = parameters.number_if_any("original_max_position_embeddings")?;
        let outer = config.number_if_any("original_max_position_embeddings")?;
        // What stands outside counts.
        Ok(outer.or(defaults.original).or(own).unwrap_or(n_positions as f64))
    };
    let mut limit = None;
    let scaling = match kind.as_str() {
        "default" | "mrope" => Scaling::None,
        "linear" => Scaling::Linear { factor: number("factor")? },
        // Changes only sequences that are longer than the model's positions, and those are refused.
        "dynamic" => {
            for unused in ["factor", "original_max_position_embeddings"] {
                parameters.ignore(unused);
            }
            limit = Some(n_positions);
            Scaling::None
        }
        "llama3" => Scaling::Llama3 {
            factor: number("factor")?,
            low: number("low_freq_factor")?,
            high: number("high_freq_factor")?,
            original: original()?,
        },
        "yarn" => yarn(parameters, n_positions, original()?)?,
        // Another list of factors is for sequences that are longer than those of the first training.
        "longrope" => {
            let original = original()?;
            parameters.ignore("long_factor");
            limit = Some(original as usize);
            let factor = parameters.number_if_any("factor")?.unwrap_or(n_positions as f64 / original);
            let usual = if factor <= 1.0 { 1.0 } else { (1.0 + factor.ln() / original.ln()).sqrt() };
            let factors = parameters.numbers("short_factor")?;
            let factors = factors.ok_or_else(|| parameters.error("short_factor", "is missing"))?;
            let pairs = (d_head as f64 * part) as usize / 2;
            if factors.len() != pairs {
                return Err(parameters
                    .error("short_factor", format!("has {} values for {pairs} pairs", factors.len())));
            }
            Scaling::Long { factors, scale: parameters.number_or("attention_factor", usual)? }
        }
        other => {
            let known = "default, linear, dynamic, llama3, yarn and longrope";
            return Err(parameters.error("rope_type", format!("is `{other}`; supported are {known}")));
        }
    };
    parameters.finish()?;
    Ok(Rope { rotary: rotary(parameters, d_head, theta, part, &scaling)?, n_positions: limit })
}

fn yarn(parameters: &Config, n_positions: usize, original: f64) -> Result<Scaling> {
    let factor = parameters.number_if_any("factor")?.unwrap_or(n_positions as f64 / original);
    let by = |times: f64| if factor <= 1.0 { 1.0 } else { 0.1 * times * factor.ln() + 1.0 };
    let usual = match (parameters.number_if_any("mscale")?, parameters.number_if_any("mscale_all_dim")?) {
        (Some(scale), Some(all)) if scale != 0.0 && all != 0.0 => by(scale) / by(all),
        _ => by(1.0),
    };
    Ok(Scaling::Yarn {
        factor,
        fast: parameters.number_or("beta_fast", 32.0)?,
        slow: parameters.number_or("beta_slow", 1.0)?,
        original,
        truncate: parameters.flag_or("truncate", true)?,
        scale: parameters.number_or("attention_factor", usual)?,
    })
}

fn rotary(config: &Config, d_head: usize, theta: f64, part: f64, scaling: &Scaling) -> Result<Rotary> {
    if d_head > MOST {
        return Err(config.error("head_dim", format!("comes to {d_head} units, more than any model has")));
    }
    let dims = (d_head as f64 * part) as usize;
    // Of an odd number, the last unit is turned with one more.
    if dims < 2 || dims > d_head || dims.next_multiple_of(2) > d_head {
        return Err(config.error("partial_rotary_factor", format!("turns {dims} of a head's {d_head} units")));
    }
    if !dims.is_multiple_of(2) && matches!(scaling, Scaling::Yarn { .. }) {
        let message = format!("turns {dims} units of a head, an odd number, which YaRN has no rule for");
        return Err(config.error("partial_rotary_factor", message));
    }
    Ok(Rotary::new(dims, theta, scaling))
}
