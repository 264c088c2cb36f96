//! Options of the fit.

use clap::Args;
use mlem_probe::mlem::{Constraint, Distance, Missing, MlemParams, PairBudget, Permute, Target};

use super::named;

/// How MLEM is fitted and scored.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Estimator")]
pub struct EstimatorArgs {
    /// Read these features as categories even if they look like numbers
    #[arg(long, value_name = "F,...", value_delimiter = ',')]
    pub categorical: Vec<String>,
    /// Fit only these features (default: all)
    #[arg(long, value_name = "F,...", value_delimiter = ',')]
    pub features: Vec<String>,
    /// Leave these features out
    #[arg(long, value_name = "F,...", value_delimiter = ',')]
    pub drop: Vec<String>,
    /// Fit every pair of features too (W with off-diagonal entries)
    #[arg(long)]
    pub interactions: bool,
    /// Neural distance
    #[arg(long, default_value = "euclidean", value_parser =
        named::<Distance>(&["euclidean", "manhattan", "cosine", "norm-diff", "precomputed"]))]
    pub distance: Distance,
    /// What the fit tracks: the squared neural distance, or its rank
    #[arg(long, default_value = "squared", value_parser = named::<Target>(&["squared", "rank"]))]
    pub target: Target,
    /// W positive (semi)definite, or unconstrained
    #[arg(long, default_value = "spd", value_parser = named::<Constraint>(&["spd", "none"]))]
    pub constraint: Constraint,
    /// Feature distance when a value is missing on either side
    #[arg(long, default_value = "zero", value_parser = named::<Missing>(&["zero", "one"]))]
    pub missing: Missing,
    /// Folds of cross-validation over stimuli; 1 fits and scores on all of them
    #[arg(long, value_name = "K", default_value_t = 5)]
    pub folds: usize,
    /// Permutations per importance
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub permutations: usize,
    /// What is permuted for an importance
    #[arg(long, default_value = "pairs", value_parser = named::<Permute>(&["pairs", "stimuli"]))]
    pub permute: Permute,
    /// Fit every single unit of every layer too, into units.csv
    #[arg(long)]
    pub per_unit: bool,
    /// Stimuli on the map of each layer; 0 draws no maps
    #[arg(long, value_name = "N", default_value_t = 400)]
    pub map: usize,
    /// Pairs of stimuli to use: a number (a seeded sample above it) or `all`
    #[arg(long, value_name = "N|all", default_value = "33554432", value_parser = pair_budget)]
    pub pairs: PairBudget,
}

impl EstimatorArgs {
    /// The estimator's parameters, drawing from `seed`.
    pub fn params(&self, seed: u64) -> MlemParams {
        mlem_probe::mlem::Mlem::params()
            .interactions(self.interactions)
            .distance(self.distance)
            .target(self.target)
            .constraint(self.constraint)
            .missing(self.missing)
            .pairs(self.pairs)
            .permute(self.permute)
            .permutations(self.permutations)
            .seed(seed)
    }
}

fn pair_budget(text: &str) -> Result<PairBudget, String> {
    if text == "all" {
        return Ok(PairBudget::All);
    }
    text.parse().map(PairBudget::AtMost).map_err(|_| "give a whole number or `all`".to_owned())
}
