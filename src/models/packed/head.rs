//! Log-probabilities of tokens: the head, on rows of the last hidden state.
//!
//! Scores of the whole vocabulary are made for few rows at a time, and only the wanted ones are kept.

use super::kernels::linear::{Finish, PackedLinear};
use super::kernels::norm::Norm;
use crate::models::checkpoint::initialize::Role;
use crate::models::checkpoint::matrix::Matrix;
use crate::models::checkpoint::weights::Weights;
use crate::models::declarations::activation::Activation;
use crate::models::declarations::heads::{self, Transform};
use crate::models::declarations::names::Tied;
use crate::models::error::{Error, Result};

/// How many scores are in memory at once, in each thread: 16 MB of them.
const AT_ONCE: usize = 4 << 20;

/// A head with its weights.
pub(in crate::models) struct Head {
    transform: Option<(PackedLinear, Activation, Norm)>,
    last: PackedLinear,
    factor: f32,
    divisor: f32,
    cap: Option<f32>,
    /// Whose tensor the last layer is, in words.
    pub(in crate::models) from: String,
}

impl Head {
    /// The head that is `declared`, of a model of `inputs` units that gives probabilities of `vocab_size` tokens; `tokens` is the table of
    /// tokens. `what` says what it is for: `next tokens`.
    pub(in crate::models) fn load(
        declared: &heads::Head,
        weights: &mut Weights,
        (id, what): (&str, &str),
        tokens: &str,
        [vocab_size, d_model]: [usize; 2],
    ) -> Result<Self> {
        let found = weights.before_head(&declared.landmarks());
        if found.is_none() && (declared.transform.is_some() || declared.tied == Tied::No) {
            return Err(none(declared, weights, (id, what)));
        }
        let of_model = weights.stand_behind(found.unwrap_or_default());
        let transform = declared.transform.as_ref().map(|first| load(first, weights, d_model)).transpose()?;
        let names: Vec<String> = declared.last.iter().map(|name| format!("{name}.weight")).collect();
        let shape = [vocab_size, declared.inputs];
        let stored = weights.stored_name(&names);
        let own = stored.is_some() || (weights.is_drawn() && declared.tied == Tied::No);
        let own = own.then(|| weights.floats(&names, &shape, Role::Drawn)).transpose()?;
        let biases: Vec<String> = declared.biases.iter().map(|&name| name.to_owned()).collect();
        let bias = if biases.is_empty() {
            None
        } else {
            Some(weights.floats(&biases, &[vocab_size], Role::Zero)?)
        };
        let beside = match declared.beside {
            Some(name) => {
                let columns = d_model.saturating_sub(declared.inputs);
                Some(weights.floats(&[name.to_owned()], &[columns, vocab_size], Role::Drawn)?)
            }
            None => None,
        };
        weights.stand_behind(of_model);
        let (weight, from) = match own {
            Some(own) => (own, stored.unwrap_or_else(|| names.concat())),
            None if declared.tied == Tied::Yes => {
                (weights.tied_table(tokens, &names, shape)?, "the table of tokens (tied)".to_owned())
            }
            None => return Err(none(declared, weights, (id, what))),
        };
        let (weight, inputs) = match beside {
            Some(more) => (joined(&weight, &more, vocab_size), d_model),
            None => (weight, declared.inputs),
        };
        let last = PackedLinear::new(&weight, bias.as_deref(), vocab_size, inputs, weights.form());
        let heads::Head { factor, divisor, cap, .. } = *declared;
        Ok(Self { transform, last, factor, divisor, cap, from })
    }

    /// The natural logarithms of the probabilities of tokens: for each pair of a row of `x`, `(rows, d_model)`, and a token. Rows ascend.
    pub(in crate::models) fn log_probabilities(
        &self,
        x: &[f32],
        d_model: usize,
        wanted: &[(usize, u32)],
    ) -> Vec<f64> {
        let vocab_size = self.last.outputs();
        let at_once = (AT_ONCE / vocab_size.max(1)).max(1);
        let mut scores = Vec::new();
        let mut found = Vec::with_capacity(wanted.len());
        let rows: Vec<&[(usize, u32)]> = wanted.chunk_by(|a, b| a.0 == b.0).collect();
        for rows in rows.chunks(at_once) {
            let states: Vec<f32> =
                rows.iter().flat_map(|row| &x[row[0].0 * d_model..][..d_model]).copied().collect();
            scores.resize(rows.len() * vocab_size, 0.0);
            self.scores(states, &mut scores);
            for (row, scores) in rows.iter().zip(scores.chunks_exact(vocab_size)) {
                let total = log_sum_exp(scores);
                found.extend(row.iter().map(|&(_, token)| f64::from(scores[token as usize]) - total));
            }
        }
        found
    }

    /// The scores of all tokens, `(rows, vocab_size)`, of rows of the last hidden state, `(rows, d_model)`.
    fn scores(&self, mut x: Vec<f32>, scores: &mut [f32]) {
        if let Some((dense, activation, norm)) = &self.transform {
            x = dense.forward(&x, Finish::Activate(*activation));
            norm.apply_to_rows(&mut x);
        }
        self.last.forward_to(&x, Finish::Plain, scores);
        for score in &mut *scores {
            *score = *score * self.factor / self.divisor;
            if let Some(cap) = self.cap {
                *score = (*score / cap).tanh() * cap;
            }
        }
    }
}

fn load(first: &Transform, weights: &Weights, inputs: usize) -> Result<(PackedLinear, Activation, Norm)> {
    let weight =
        weights.floats(&[format!("{}.weight", first.dense)], &[first.outputs, inputs], Role::Drawn)?;
    let bias = if first.bias {
        Some(weights.floats(&[format!("{}.bias", first.dense)], &[first.outputs], Role::Zero)?)
    } else {
        None
    };
    let matrix = Matrix { form: weights.form(), ..Matrix::new(weight, bias, first.outputs, inputs) };
    Ok((matrix.pack(), first.activation, weights.norm(first.norm, 0, first.outputs, first.norm_spec)?))
}

/// `weight`, `(rows, columns)`, with the columns of `more`, `(others, rows)`, behind its own.
fn joined(weight: &[f32], more: &[f32], rows: usize) -> Vec<f32> {
    let columns = weight.len() / rows.max(1);
    let row = |at: usize| {
        let others = more.chunks_exact(rows).map(move |column| column[at]);
        weight[at * columns..][..columns].iter().copied().chain(others)
    };
    (0..rows).flat_map(row).collect()
}

/// The error of a checkpoint without the head that is `declared`.
fn none(declared: &heads::Head, weights: &Weights, (id, what): (&str, &str)) -> Error {
    let lacking: Vec<String> = declared.landmarks().iter().map(|name| format!("`{name}`")).collect();
    let others = [
        (
            "discriminator_predictions",
            "it is a discriminator: the generator beside it has the head (google/electra-small-generator)",
        ),
        (
            "lm_predictions.lm_head",
            "it has the head of DeBERTa's authors, which config.json asks for with \"legacy\": false",
        ),
        ("score.weight", "it has the head of a classifier: name the model that it was trained from"),
        ("classifier.", "it has the head of a classifier: name the model that it was trained from"),
    ];
    let found = others.iter().find(|(part, _)| weights.has_part(part));
    let remedy = found.map_or(
        "name a checkpoint that was saved with its head (…ForCausalLM, …ForMaskedLM)",
        |(_, remedy)| remedy,
    );
    Error::Cannot {
        id: id.to_owned(),
        message: format!(
            "this checkpoint has no head for {what}: {} is missing from the weights",
            lacking.join(" or ")
        ),
        remedy: remedy.to_owned(),
    }
}

/// The logarithm of the sum of exponentials, in double precision.
fn log_sum_exp(scores: &[f32]) -> f64 {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = scores.iter().map(|&score| f64::from((score - most).exp())).sum();
    f64::from(most) + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one_whatever_the_scale() {
        for scale in [1.0, 1e3, -1e30] {
            let scores: Vec<f32> = (0..1000).map(|at| (at * 7919 % 1000) as f32 / 1000.0 * scale).collect();
            let total = log_sum_exp(&scores);
            let sum: f64 = scores.iter().map(|&score| (f64::from(score) - total).exp()).sum();
            assert!((sum - 1.0).abs() < 1e-6, "{scale} {sum}");
        }
    }

    #[test]
    fn columns_stand_behind_those_of_the_table() {
        assert_eq!(joined(&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0], 2), [1.0, 2.0, 5.0, 3.0, 4.0, 6.0]);
    }
}
