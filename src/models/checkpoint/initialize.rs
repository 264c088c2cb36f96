//! Weights of a model before any training: drawn as its family's [`Initial`] says, from a seed and each tensor's name, so that
//! a seed gives the same model on any machine, whatever order tensors are asked for in.

use rayon::prelude::*;

use crate::models::declarations::initial::{Draw, Initial};
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
    initial: Initial,
}

impl Initialiser {
    /// An initialiser that draws as `initial` says.
    pub(in crate::models) fn new(initial: Initial, seed: u64) -> Self {
        Self { seed, initial }
    }

    /// The tensor called `name` (the `{}` of its block filled in).
    pub(in crate::models) fn draw(&self, name: &str, shape: &[usize], role: Role) -> Vec<f32> {
        let rule = self.initial.rules.iter().find(|(ends, _)| name.ends_with(ends));
        let draw = match (rule, role) {
            (Some(&(_, draw)), _) => draw,
            (None, Role::Drawn) => self.initial.otherwise,
            (None, Role::One) => Draw::One,
            (None, Role::Zero) => Draw::Zero,
        };
        let size: usize = shape.iter().product();
        let last = shape.last().copied().unwrap_or(1);
        match draw {
            Draw::Normal { deviation } => self.normal(name, shape, deviation, None),
            Draw::Truncated { deviation, beyond } => self.normal(name, shape, deviation, Some(beyond)),
            Draw::Uniform { factor } => {
                let bound = factor / (last as f64).sqrt();
                self.rows(name, shape, |stream| (2.0 * stream.unit() - 1.0) * bound)
            }
            Draw::Glorot => {
                let sides: usize = shape.iter().sum();
                let bound = (6.0 / sides as f64).sqrt();
                self.rows(name, shape, |stream| (2.0 * stream.unit() - 1.0) * bound)
            }
            Draw::Same { factor } => vec![(factor / (last as f64).sqrt()) as f32; size],
            Draw::One => vec![1.0; size],
            Draw::Zero => vec![0.0; size],
            Draw::CountedLog => (0..size).map(|at| ((at % last + 1) as f32).ln()).collect(),
            Draw::UniformLog { least, most } => {
                // As far above 0 as the logarithm needs.
                let number = |stream: &mut Stream| least + stream.unit() * (most - least);
                self.rows(name, shape, |stream| number(stream).max(1e-4).ln())
            }
            Draw::Ring { least, most } => {
                let (low, high) = (least * least, most * most);
                self.rows(name, shape, |stream| {
                    let square = low + stream.unit() * (high - low);
                    (square.powf(-0.5) - 1.0).ln()
                })
            }
            Draw::Steps { least, most, floor } => {
                let mut stream = Stream::new(self.seed, &format!("initial {name}"));
                let (low, high) = (least.ln(), most.ln());
                let steps = (0..size).map(|_| {
                    let step = (low + stream.unit() * (high - low)).exp().max(floor);
                    // What softplus makes the step of.
                    (step + (-(-step).exp_m1()).ln()) as f32
                });
                steps.collect()
            }
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
    use crate::models::declarations::config::Config;
    use crate::models::declarations::registry;

    fn deviation(values: &[f32]) -> f64 {
        let squares: f64 = values.iter().map(|&value| f64::from(value).powi(2)).sum();
        (squares / values.len() as f64).sqrt()
    }

    fn initialiser(config: &str, model_type: &str, seed: u64) -> Initialiser {
        let mut keys: serde_json::Value = serde_json::from_str(config).unwrap();
        keys["model_type"] = model_type.into();
        let config = Config::parse("x", &keys.to_string()).unwrap();
        let family = registry::family(&config).unwrap();
        Initialiser::new((family.initial)(&config).unwrap(), seed)
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
