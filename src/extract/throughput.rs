//! What an extraction took.

use std::fmt;
use std::time::Duration;

use crate::activations::Activations;
use crate::text;

/// Activations, in memory unless it is said otherwise, and what they took.
#[derive(Debug, Clone)]
pub struct Extraction<A = Activations> {
    /// The activations.
    pub activations: A,
    /// What they took.
    pub throughput: Throughput,
}

/// How much was run, and how fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Throughput {
    /// How many stimuli.
    pub stimuli: usize,
    /// How many tokens they have.
    pub tokens: usize,
    /// How many tokens were run: stimuli with the same tokens run once, and so do common beginnings in causal models.
    pub tokens_run: usize,
    /// How many places of padded batches held no token; packed batches have none.
    pub padding: usize,
    /// Tokenizing, running and pooling.
    pub time: Duration,
}

impl fmt::Display for Throughput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.time.as_secs_f64();
        let rate = |count: usize| text::count((count as f64 / seconds.max(1e-9)).round() as u128);
        let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
        write!(
            f,
            "{} stimuli ({} tokens) in {seconds:.1} s: {} stimuli/s, {} tokens/s, ",
            text::count(self.stimuli as u128),
            text::count(self.tokens as u128),
            rate(self.stimuli),
            rate(self.tokens),
        )?;
        if self.tokens_run < self.tokens {
            write!(f, "{:.0} % of tokens shared, ", share(self.tokens - self.tokens_run, self.tokens))?;
        }
        match self.padding {
            0 => f.write_str("no padding"),
            padding => {
                write!(f, "{:.1} % of what was run is padding", share(padding, padding + self.tokens_run))
            }
        }
    }
}
