//! What stands beside activations, stimulus by stimulus, and transforms of them ask for.

use ndarray::Array2;

use super::tokens::PooledTokens;
use crate::numeric::spectral::orthonormal;

/// What is known of the stimuli that activations are of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// Which tokens were pooled.
    pub tokens: Option<&'a PooledTokens>,
    /// Columns of their table.
    pub columns: &'a [Column],
}

impl<'a> From<Option<&'a PooledTokens>> for Beside<'a> {
    fn from(tokens: Option<&'a PooledTokens>) -> Self {
        Self { tokens, columns: &[] }
    }
}

/// A column of the table of the stimuli.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The stimuli of each value, counted from 0.
    pub groups: Vec<Vec<usize>>,
    /// The stimuli without a value, ascending.
    pub without: Vec<usize>,
    /// Its values where they are numbers, one for each stimulus.
    pub numbers: Option<Vec<Option<f64>>>,
}

impl Column {
    /// How many sets of stimuli it tells apart: those of each value, and those without one.
    pub(super) fn levels(&self) -> usize {
        self.groups.len() + usize::from(!self.without.is_empty())
    }

    /// How much of the stimuli it explains at the most, beside a constant.
    pub(super) fn degrees(&self) -> usize {
        match &self.numbers {
            Some(numbers) => 1 + usize::from(numbers.contains(&None)),
            None => self.levels().saturating_sub(1),
        }
    }

    /// An orthonormal basis `(n_stimuli, rank)` of what is linear in `columns`, and a constant: the indicators of the values of a
    /// column and of none, or its numbers, and whether there is one.
    pub(super) fn basis(columns: &[&Column], n: usize) -> Array2<f64> {
        let mut all: Vec<Vec<f64>> = vec![vec![1.0; n]];
        for column in columns {
            let Some(numbers) = &column.numbers else {
                let without = Some(&column.without).filter(|without| !without.is_empty());
                for group in column.groups.iter().chain(without) {
                    let mut indicator = vec![0.0; n];
                    for &stimulus in group {
                        indicator[stimulus] = 1.0;
                    }
                    all.push(indicator);
                }
                continue;
            };
            let known: Vec<f64> = numbers.iter().flatten().copied().collect();
            let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
            // Centred, so that large numbers leave their digits to the differences.
            all.push(numbers.iter().map(|number| number.map_or(0.0, |x| x - mean)).collect());
            all.push(numbers.iter().map(|number| f64::from(u8::from(number.is_none()))).collect());
        }
        let x = Array2::from_shape_fn((n, all.len()), |(stimulus, column)| all[column][stimulus]);
        orthonormal(x.view())
    }
}
