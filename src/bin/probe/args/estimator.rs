//! Options of the fit.

use clap::Args;
use mlem_probe::mlem::{
    Constraint, Distance, FeatureGroup, Missing, MlemParams, PairBudget, Permute, Target,
};

use super::named;
use crate::failure::{Failure, Result};

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
    /// What is permuted for an importance [default: pairs]
    #[arg(long, value_parser = named::<Permute>(&["pairs", "stimuli"]))]
    pub permute: Option<Permute>,
    /// Measure the importance of several features together too, as often as you like: `noun=subj_*`, `noun=subj_number,verb`
    #[arg(long, value_name = "NAME=F,...", value_parser = feature_group)]
    pub group: Vec<FeatureGroup>,
    /// Permute a feature only among stimuli that agree in the features whose distances correlate with its own beyond R;
    /// implies --permute stimuli
    #[arg(long, value_name = "R", num_args = 0..=1, require_equals = true, default_missing_value = "0.2")]
    pub conditional: Option<f64>,
    /// Draws of the null at every layer, for p-values: the stimuli of the activations are shuffled against the features
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub null: usize,
    /// Samples of the stimuli with replacement, for the differences in score between layers (`layer_differences.csv`)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub bootstrap: usize,
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
            .permute(self.permuted())
            .permutations(self.permutations)
            .groups(self.group.clone())
            .conditional(self.conditional)
            .nulls(self.null)
            .seed(seed)
    }
}

impl EstimatorArgs {
    /// What is permuted, as it was asked for or as other options need it.
    pub fn permuted(&self) -> Permute {
        let implied = if self.conditional.is_some() { Permute::Stimuli } else { Permute::Pairs };
        self.permute.unwrap_or(implied)
    }

    /// Whether the options go together.
    ///
    /// # Errors
    ///
    /// A usage mistake, with the options that exclude each other.
    pub fn check(&self) -> Result<()> {
        if self.conditional.is_some() && self.permuted() == Permute::Pairs {
            return Err(Failure::usage(
                "--conditional permutes values across stimuli, and --permute pairs asks for distances across pairs",
                "leave one of the two out",
            ));
        }
        Ok(())
    }
}

fn feature_group(text: &str) -> std::result::Result<FeatureGroup, String> {
    let (name, members) = text.split_once('=').unwrap_or((text, ""));
    let members: Vec<String> =
        members.split(',').map(str::trim).filter(|member| !member.is_empty()).map(str::to_owned).collect();
    if name.trim().is_empty() || members.is_empty() {
        return Err("write a name and its features: noun=subj_* or noun=subj_number,obj_number".to_owned());
    }
    Ok(FeatureGroup { name: name.trim().to_owned(), members })
}

fn pair_budget(text: &str) -> std::result::Result<PairBudget, String> {
    if text == "all" {
        return Ok(PairBudget::All);
    }
    text.parse().map(PairBudget::AtMost).map_err(|_| "give a whole number or `all`".to_owned())
}
