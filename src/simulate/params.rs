//! What is simulated.

use serde::{Deserialize, Serialize};

use super::{Error, Result};

/// Where activations come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorldKind {
    /// A random positive definite `W`, most of which lies along one random direction.
    Dense,
    /// A random positive definite `W` with few entries off its diagonal.
    Sparse,
    /// A random two-layer network with tanh, of numeric and categorical features; there is no `W`.
    Network,
}

impl WorldKind {
    /// Its name in tables and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dense => "dense",
            Self::Sparse => "sparse",
            Self::Network => "network",
        }
    }
}

/// What is simulated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Worlds.
    pub worlds: Vec<WorldKind>,
    /// How many stimuli.
    pub stimuli: usize,
    /// How many features.
    pub features: usize,
    /// How many dimensions the activations have.
    pub dims: usize,
    /// Noise levels, in standard deviations of each dimension.
    pub noise: Vec<f64>,
    /// How many times everything is drawn anew.
    pub seeds: u64,
    /// The first seed.
    pub seed: u64,
    /// Folds of cross-validation over stimuli.
    pub folds: usize,
    /// On how many of the seeds the stochastic solver, which takes a hundred times as long, is run too; 0: on none.
    pub stochastic_seeds: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            worlds: vec![WorldKind::Dense],
            stimuli: 256,
            features: 16,
            dims: 768,
            noise: vec![0.0, 1.0, 2.0, 3.0, 5.0],
            seeds: 20,
            seed: 0,
            folds: 5,
            stochastic_seeds: 3,
        }
    }
}

impl Options {
    /// Every world with every seed.
    pub(super) fn jobs(&self) -> Vec<(WorldKind, u64)> {
        let seeds = |&world| (0..self.seeds).map(move |k| (world, self.seed + k));
        self.worlds.iter().flat_map(seeds).collect()
    }

    /// Whether every option has a value it can have.
    ///
    /// # Errors
    ///
    /// [`Error::Option`], with the value.
    pub fn check(&self) -> Result<()> {
        let failed = |option, value: String, range| Err(Error::Option { option, value, range });
        if !(16..=4096).contains(&self.stimuli) {
            return failed("stimuli", self.stimuli.to_string(), "from 16 to 4,096");
        }
        if !(1..=32).contains(&self.features) {
            return failed("features", self.features.to_string(), "from 1 to 32");
        }
        if !(1..=16_384).contains(&self.dims) {
            return failed("dims", self.dims.to_string(), "from 1 to 16,384");
        }
        if !(1..=1000).contains(&self.seeds) {
            return failed("seeds", self.seeds.to_string(), "from 1 to 1,000");
        }
        if self.folds < 2 || self.stimuli / self.folds < 3 {
            return failed("folds", self.folds.to_string(), "at least 2, with 3 stimuli in each");
        }
        if let Some(noise) = self.noise.iter().find(|&&noise| !(noise >= 0.0 && noise.is_finite())) {
            return failed("noise", noise.to_string(), "numbers from 0 up");
        }
        if self.noise.is_empty() {
            return failed("noise", "empty".to_owned(), "at least one number");
        }
        if let Some((a, b)) = self.noise.iter().zip(&self.noise[1..]).find(|(a, b)| a >= b) {
            return failed("noise", format!("{a},{b}"), "ascending numbers, each once");
        }
        let repeated = |&k: &usize| self.worlds[..k].contains(&self.worlds[k]);
        if let Some(k) = (0..self.worlds.len()).find(repeated) {
            return failed("world", self.worlds[k].name().to_owned(), "each world once");
        }
        Ok(())
    }
}
