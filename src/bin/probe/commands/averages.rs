//! `--average`: means of stimuli in the place of stimuli.

use std::sync::Arc;

use mlem_probe::activations::MeanOver;
use mlem_probe::progress::Progress;
use mlem_probe::stimuli::{Averaged, Stimuli};
use mlem_probe::text;

use super::inputs::Layers;
use crate::args::EstimatorArgs;
use crate::failure::{Failure, Result};

/// At most so many features are named in one message.
const NAMED: usize = 10;

/// Stimuli as `--average` has them, and the groups of all that each is the mean of.
pub type Means = (Stimuli, Vec<Vec<usize>>);

/// Applies `--average`, before anything else is done to the features; says which of those that would be fitted it left out, and gives
/// what it said.
pub fn average(
    stimuli: &Stimuli,
    args: &EstimatorArgs,
    progress: &dyn Progress,
) -> Result<Option<(Averaged, Vec<String>)>> {
    args.check()?;
    let Some(column) = &args.average else { return Ok(None) };
    let averaged = stimuli.averaged(column)?;
    if let Some(split) = args.split.iter().find(|split| averaged.differing.contains(split)) {
        let message = format!("stimuli of one `{column}` are in several folds of `{split}`, and become one");
        return Err(Failure::input(message, "give all stimuli that are averaged one fold"));
    }
    if averaged.stimuli.features().iter().all(|feature| feature.name() == column) {
        let message = format!("stimuli of one `{column}` differ in every feature");
        let hint = "average by a column whose stimuli agree in the features that are to be fitted";
        return Err(Failure::input(message, hint));
    }
    if let Some(name) = args.features.iter().find(|name| averaged.differing.contains(name)) {
        let message =
            format!("stimuli of one `{column}` differ in `{name}`, so that their mean has no value of it");
        let hint =
            format!("leave `{name}` out of --features, or average by a column whose stimuli agree in it");
        return Err(Failure::input(message, hint));
    }
    progress.note(&format!(
        "{} stimuli are the means of {} by `{column}`",
        text::count(averaged.groups.len() as u128),
        text::count(stimuli.len() as u128)
    ));
    let mut warnings = Vec::new();
    let names: Vec<String> =
        averaged.differing.iter().filter(|name| args.fits(name)).map(|name| format!("`{name}`")).collect();
    if !names.is_empty() {
        warnings.push(format!(
            "left out, because stimuli of one `{column}` differ in {}: {}",
            if names.len() == 1 { "it" } else { "them" },
            text::some(&names, NAMED)
        ));
    }
    for warning in &warnings {
        progress.warn(warning);
    }
    Ok(Some((averaged, warnings)))
}

/// `activations` with one row, the mean, for each of `groups`.
pub fn means(activations: Layers, groups: &[Vec<usize>]) -> Result<Layers> {
    Ok(Arc::new(MeanOver::new(activations, groups.to_vec())?))
}
