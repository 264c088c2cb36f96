//! Options of what is done to activations before the fit.

use clap::Args;
use mlem_probe::activations::Transform;
use mlem_probe::mlem::Distance;

use super::list::{self, List};
use super::ranges::Ranges;
use crate::failure::{Failure, Result};

/// What is done to activations between the model and the fit.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Transforms")]
pub struct TransformArgs {
    /// Keep these units alone, e.g. 0-99,128; before every other transform
    #[arg(long, value_name = "UNITS")]
    pub units: Option<Ranges>,
    /// Bring every unit to mean 0 and standard deviation 1 within each value of this column (a session, a subject); before the
    /// transforms that follow. It is no feature
    #[arg(long, value_name = "COLUMN")]
    pub z_score_by: Option<String>,
    /// Done to every layer, in this order: minus-layer0, minus-previous, minus-token-mean, z-score, minus-group-mean:COLUMN,
    /// residual:A+B (what is not linear in these columns), whiten:COLUMN (by the noise among stimuli of one value), pca:K
    #[arg(long, value_name = "T,...", value_parser = list::of(step))]
    pub transform: Vec<List<Transform>>,
    /// With --distance mahalanobis or crossnobis: the column of what was repeated, a condition or a stimulus. The noise is how its repetitions differ,
    /// and its covariance is shrunk (Ledoit and Wolf); last of all transforms. It is no feature
    #[arg(long, value_name = "COLUMN")]
    pub noise_from: Option<String>,
    /// Add Gaussian noise of LEVEL standard deviations of each unit; after every other transform
    #[arg(long, value_name = "LEVEL", value_parser = level, allow_negative_numbers = true)]
    pub noise: Option<f64>,
}

impl TransformArgs {
    /// The transforms in their order, noise being drawn under `seed`.
    pub fn steps(&self, seed: u64) -> Vec<Transform> {
        let units = self.units.as_ref().map(|units| Transform::Units(units.as_slice().to_vec()));
        let noise = self.noise.map(|level| Transform::Noise { level, seed });
        let within = self.z_score_by.clone().map(Transform::ZScoreBy);
        let whiten = self.noise_from.clone().map(Transform::Whiten);
        units.into_iter().chain(within).chain(list::all(&self.transform)).chain(noise).chain(whiten).collect()
    }

    /// Columns that say how stimuli belong together, and are no features.
    pub fn structure(&self) -> Vec<&str> {
        [&self.z_score_by, &self.noise_from].into_iter().flatten().map(String::as_str).collect()
    }

    /// Whether they go with the neural distance.
    ///
    /// # Errors
    ///
    /// A usage mistake, where distances would be transformed as if they were activations.
    pub fn check(&self, distance: Distance) -> Result<()> {
        match (distance, &self.noise_from) {
            (Distance::Mahalanobis, None) => {
                return Err(Failure::usage(
                    "--distance mahalanobis takes the covariance of the noise from repetitions, and none are named",
                    "name the column of what was repeated with --noise-from",
                ));
            }
            (Distance::Mahalanobis | Distance::Crossnobis, Some(_)) => {}
            (_, Some(column)) => {
                return Err(Failure::usage(
                    "--noise-from is of --distance mahalanobis and crossnobis",
                    format!(
                        "write --distance mahalanobis, or --transform whiten:{column} for another distance"
                    ),
                ));
            }
            _ => {}
        }
        if distance == Distance::Precomputed && !self.steps(0).is_empty() {
            return Err(Failure::usage(
                "--transform, --units, --z-score-by and --noise are for activations, and --distance precomputed takes distances",
                "transform the activations that the distances were computed from, or leave one of the two out",
            ));
        }
        Ok(())
    }
}

fn step(text: &str) -> std::result::Result<Transform, String> {
    let step = text.parse::<Transform>().map_err(|error| match error.hint() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    })?;
    match step {
        Transform::Units(_) => Err("write --units".to_owned()),
        Transform::Noise { .. } => Err("write --noise".to_owned()),
        step => Ok(step),
    }
}

fn level(text: &str) -> std::result::Result<f64, String> {
    let level = text.parse().ok().filter(|level: &f64| level.is_finite() && *level >= 0.0);
    level.ok_or_else(|| "give a number from 0".to_owned())
}
