//! Weights of a model before any training: drawn as Hugging Face transformers draws them, but from a seed and each tensor's
//! name, so that a seed gives the same model on any machine, whatever order tensors are asked for in.
//!
//! Source: `_init_weights` of `modeling_utils.py` and of the `modeling_*.py` that differ: linear layers and embeddings are
//! normal with the standard deviation that `config.json` names, norms are 1, biases 0.

use rayon::prelude::*;

use crate::models::declarations::config::Config;
use crate::models::error::{Error, Result};
use crate::numeric::rng::Stream;

/// What a tensor is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::models) enum Role {
    /// A weight that is drawn.
    Drawn,
    /// Weights that are 1, and those that are 0.
    One,
    Zero,
}

/// Draws the weights of an untrained model.
#[derive(Debug)]
pub(in crate::models) struct Initialiser {
    seed: u64,
    deviation: f64,
    scheme: Scheme,
}

/// How a family differs from the rule.
#[derive(Debug)]
enum Scheme {
    Plain,
    /// Layers that write to the residual stream are narrower, by the root of twice the number of blocks (Radford et al. 2019).
    Residual {
        ends: &'static str,
        factor: f64,
    },
    /// The same, and values beyond so many deviations are drawn again.
    Truncated {
        ends: &'static str,
        factor: f64,
        beyond: f64,
    },
    /// Each layer by its inputs (Raffel et al. 2020); the embeddings' deviation is the general one.
    T5 {
        d_model: f64,
        d_kv: f64,
        d_inner: f64,
        d_ff: f64,
    },
    /// Steps between two sizes, decays that grow from 1, and some layers uniform (Gu and Dao 2023; Dao and Gu 2024).
    Mamba {
        steps: (f64, f64, f64),
        step_scale: f64,
        random_steps: bool,
        out_factor: f64,
    },
}

/// A narrower cut would have a value drawn more than a hundred times.
const LEAST_CUTOFF: f64 = 0.01;

impl Initialiser {
    /// The initialiser of a configuration.
    pub(in crate::models) fn new(config: &Config, model_type: &str, seed: u64) -> Result<Self> {
        let n_layers = |key: &str| config.count(key).map(|layers| layers as f64);
        let (scheme, key) = match model_type {
            "t5" | "mt5" => {
                let size = |key: &str| config.count(key).map(|size| size as f64);
                let (d_kv, heads) = (size("d_kv")?, size("num_heads")?);
                let scheme = Scheme::T5 {
                    d_model: size("d_model")?,
                    d_kv,
                    d_inner: d_kv * heads,
                    d_ff: size("d_ff")?,
                };
                (scheme, "initializer_factor")
            }
            "gpt2" => {
                let factor = 1.0 / (2.0 * n_layers("n_layer")?).sqrt();
                (Scheme::Residual { ends: "c_proj.weight", factor }, "initializer_range")
            }
            "modernbert" => {
                let factor = 1.0 / (2.0 * n_layers("num_hidden_layers")?).sqrt();
                let key = "initializer_cutoff_factor";
                let beyond = config.number_or(key, 3.0)?;
                // Values are drawn until one is within.
                if beyond < LEAST_CUTOFF {
                    return Err(
                        config.error(key, format!("is {beyond}, which leaves next to nothing to draw"))
                    );
                }
                (Scheme::Truncated { ends: "Wo.weight", factor, beyond }, "initializer_range")
            }
            "mamba" | "falcon_mamba" | "mamba2" => {
                let number = |key: &str, default| config.number_or(key, default);
                let rescaled = config.flag_or("rescale_prenorm_residual", false)?;
                let scheme = Scheme::Mamba {
                    steps: (
                        number("time_step_min", 0.001)?,
                        number("time_step_max", 0.1)?,
                        number("time_step_floor", 1e-4)?,
                    ),
                    step_scale: number("time_step_scale", 1.0)?,
                    random_steps: config.string_or("time_step_init_scheme", "random")? == "random",
                    out_factor: if rescaled { 1.0 / n_layers("num_hidden_layers")?.sqrt() } else { 1.0 },
                };
                (scheme, "initializer_range")
            }
            "bart" | "mbart" | "m2m_100" | "opt" => (Scheme::Plain, "init_std"),
            "rwkv7" => {
                let (id, model_type) = (config.id().to_owned(), model_type.to_owned());
                return Err(Error::NoInitialiser { id, model_type });
            }
            _ => (Scheme::Plain, "initializer_range"),
        };
        let usual = match (&scheme, key) {
            (Scheme::T5 { .. }, _) => 1.0,
            (Scheme::Mamba { .. }, _) => 0.1,
            _ => 0.02,
        };
        // A model of several parts names it in one of them.
        let inner = ["text_config", "encoder"].into_iter().find_map(|part| config.part(part).transpose());
        let usual = match inner.transpose()? {
            Some(part) => part.number_or(key, usual)?,
            None => usual,
        };
        let deviation = config.number_or(key, usual)?;
        Ok(Self { seed, deviation, scheme })
    }

    /// The tensor called `name` (the `{}` of its block filled in).
    pub(in crate::models) fn draw(&self, name: &str, shape: &[usize], role: Role) -> Vec<f32> {
        let size: usize = shape.iter().product();
        match role {
            Role::One => return vec![1.0; size],
            Role::Zero => return vec![0.0; size],
            Role::Drawn => {}
        }
        match &self.scheme {
            Scheme::Plain => self.normal(name, shape, self.deviation, None),
            Scheme::Residual { ends, factor } => {
                let narrower = if name.ends_with(ends) { *factor } else { 1.0 };
                self.normal(name, shape, self.deviation * narrower, None)
            }
            Scheme::Truncated { ends, factor, beyond } => {
                let narrower = if name.ends_with(ends) { *factor } else { 1.0 };
                self.normal(name, shape, self.deviation * narrower, Some(*beyond))
            }
            Scheme::T5 { d_model, d_kv, d_inner, d_ff } => {
                let ends = |parts: &[&str]| parts.iter().any(|part| name.ends_with(part));
                let spread = if ends(&["Attention.q.weight"]) {
                    (d_model * d_kv).powf(-0.5)
                } else if ends(&["Attention.o.weight"]) {
                    d_inner.powf(-0.5)
                } else if ends(&["wo.weight"]) {
                    d_ff.powf(-0.5)
                } else if ends(&["shared.weight"]) {
                    1.0
                } else {
                    d_model.powf(-0.5)
                };
                self.normal(name, shape, self.deviation * spread, None)
            }
            Scheme::Mamba { .. } => self.mamba(name, shape),
        }
    }

    fn mamba(&self, name: &str, shape: &[usize]) -> Vec<f32> {
        let Scheme::Mamba { steps: (least, most, floor), step_scale, random_steps, out_factor } = self.scheme
        else {
            return Vec::new();
        };
        let part = name.rsplit_once("mixer.").map_or("", |(_, part)| part);
        let last = shape.last().copied().unwrap_or(1);
        match part {
            // Decays of 1, 2, 3, … in each channel, or over the heads.
            "A_log" => (0..shape.iter().product()).map(|at| ((at % last + 1) as f32).ln()).collect(),
            "D" | "norm.weight" => vec![1.0; last],
            "conv1d.weight" | "out_proj.weight" => {
                let bound = 1.0 / (last as f64).sqrt();
                let factor = if part == "out_proj.weight" { out_factor } else { 1.0 };
                self.uniform(name, shape, bound * factor)
            }
            "dt_proj.weight" => {
                let bound = step_scale / (last as f64).sqrt();
                if random_steps {
                    self.uniform(name, shape, bound)
                } else {
                    vec![bound as f32; shape.iter().product()]
                }
            }
            "dt_proj.bias" | "dt_bias" => {
                let mut stream = Stream::new(self.seed, &format!("initial {name}"));
                let (low, high) = (least.ln(), most.ln());
                (0..last)
                    .map(|_| {
                        let step = (low + stream.unit() * (high - low)).exp().max(floor);
                        // What softplus makes the step of.
                        (step + (-(-step).exp_m1()).ln()) as f32
                    })
                    .collect()
            }
            "conv1d.bias" => vec![0.0; last],
            _ => self.normal(name, shape, self.deviation, None),
        }
    }

    /// Normal values, each row from a stream of its own.
    fn normal(&self, name: &str, shape: &[usize], deviation: f64, beyond: Option<f64>) -> Vec<f32> {
        self.rows(name, shape, |stream| {
            let mut value = stream.normal();
            while beyond.is_some_and(|beyond| value.abs() > beyond) {
                value = stream.normal();
            }
            value * deviation
        })
    }

    fn uniform(&self, name: &str, shape: &[usize], bound: f64) -> Vec<f32> {
        self.rows(name, shape, |stream| (2.0 * stream.unit() - 1.0) * bound)
    }

    fn rows(&self, name: &str, shape: &[usize], draw: impl Fn(&mut Stream) -> f64 + Sync) -> Vec<f32> {
        let mut values = vec![0.0; shape.iter().product()];
        let rows = shape.first().copied().unwrap_or(1).max(1);
        let width = (values.len() / rows).max(1);
        values.par_chunks_mut(width).enumerate().for_each(|(row, values)| {
            let mut stream = Stream::new(self.seed, &format!("initial {name} {row}"));
            for value in values {
                *value = draw(&mut stream) as f32;
            }
        });
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deviation(values: &[f32]) -> f64 {
        let squares: f64 = values.iter().map(|&value| f64::from(value).powi(2)).sum();
        (squares / values.len() as f64).sqrt()
    }

    fn initialiser(config: &str, model_type: &str, seed: u64) -> Initialiser {
        Initialiser::new(&Config::parse("x", config).unwrap(), model_type, seed).unwrap()
    }

    #[test]
    fn deviations_are_those_of_transformers() {
        let shape = [400, 300];
        let of = |config: &str, model_type: &str, name: &str| {
            deviation(&initialiser(config, model_type, 1).draw(name, &shape, Role::Drawn))
        };
        let t5 = r#"{"d_model": 64, "d_kv": 16, "num_heads": 9, "d_ff": 100, "initializer_factor": 0.5}"#;
        let mamba = r#"{"initializer_range": 0.2}"#;
        for (found, expected) in [
            (of("{}", "bert", "a.weight"), 0.02),
            (of(r#"{"initializer_range": 0.006}"#, "llama", "a.weight"), 0.006),
            (of(r#"{"init_std": 0.05, "initializer_range": 0.1}"#, "opt", "a.weight"), 0.05),
            (of(r#"{"text_config": {"initializer_range": 0.3}}"#, "gemma3", "a.weight"), 0.3),
            (of(r#"{"n_layer": 8}"#, "gpt2", "h.0.attn.c_proj.weight"), 0.005),
            (of(r#"{"n_layer": 8}"#, "gpt2", "h.0.attn.c_attn.weight"), 0.02),
            (of(t5, "t5", "shared.weight"), 0.5),
            (of(t5, "t5", "layer.0.SelfAttention.q.weight"), 0.5 / 32.0),
            (of(t5, "t5", "layer.0.SelfAttention.k.weight"), 0.5 / 8.0),
            (of(t5, "t5", "layer.0.SelfAttention.o.weight"), 0.5 / 12.0),
            (of(t5, "t5", "layer.1.DenseReluDense.wo.weight"), 0.5 / 10.0),
            (of(mamba, "mamba", "layers.0.mixer.in_proj.weight"), 0.2),
            // A uniform variable's deviation is its bound by the root of 3.
            (of(mamba, "mamba", "layers.0.mixer.out_proj.weight"), 1.0 / 900f64.sqrt()),
        ] {
            assert!((found / expected - 1.0).abs() < 0.01, "{found} {expected}");
        }
        let cut =
            initialiser(r#"{"num_hidden_layers": 2, "initializer_cutoff_factor": 2.0}"#, "modernbert", 1);
        let values = cut.draw("Wqkv.weight", &shape, Role::Drawn);
        assert!(values.iter().all(|value| value.abs() <= 0.04));
        assert!((deviation(&values) / 0.0176 - 1.0).abs() < 0.01);
    }

    #[test]
    fn a_seed_and_a_name_decide() {
        let draw = |seed, name: &str| initialiser("{}", "bert", seed).draw(name, &[3, 5], Role::Drawn);
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
        assert_eq!(initialiser("{}", "bert", 1).draw("a", &[2], Role::One), [1.0, 1.0]);
    }

    #[test]
    fn steps_of_mamba_lie_between_their_limits() {
        let mamba = initialiser("{}", "mamba2", 5);
        for bias in mamba.draw("layers.0.mixer.dt_bias", &[1000], Role::Drawn) {
            let step = f64::from(bias).exp().ln_1p();
            assert!((0.000_99..0.101).contains(&step), "{step}");
        }
        assert_eq!(mamba.draw("layers.0.mixer.A_log", &[2], Role::Drawn), [0.0, 2f32.ln()]);
    }
}
